/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error codes, one row each (an X-macro table: define ERROR_CODE, include, undefine).
 * ERROR_CODE(symbol, name for clients, HTTP status, exit code, may be retried, meaning)
 * Names are part of the API: they are never changed, only added.
 */
ERROR_CODE(NONE, "ok", 200, 0, false, "nothing failed")
ERROR_CODE(INTERNAL, "internal", 500, 1, false, "a fault of the program itself")
ERROR_CODE(USAGE, "usage", 400, 2, false, "a command or option that is not understood")
ERROR_CODE(CONFIG, "config", 500, 2, false, "a setting or the set-up is wrong")
ERROR_CODE(INVALID, "invalid", 422, 1, false, "an input has a wrong form or value")
ERROR_CODE(TOO_LARGE, "too_large", 413, 1, false, "an input passes a limit on size")
ERROR_CODE(NOT_FOUND, "not_found", 404, 1, false, "the named thing does not exist")
ERROR_CODE(CONFLICT, "conflict", 409, 1, true, "the thing was changed or is in use by another")
ERROR_CODE(CANCELLED, "cancelled", 499, 1, false, "the work was cancelled")
ERROR_CODE(DEADLINE, "deadline", 504, 1, true, "the time limit was reached")
ERROR_CODE(FULL, "full", 503, 1, true, "a queue or a resource is full; try again later")
ERROR_CODE(IO, "io", 500, 1, true, "reading or writing a file failed")
ERROR_CODE(STORE, "store", 500, 1, true, "the store failed")
ERROR_CODE(METADATA, "metadata", 422, 1, false, "a metadata document is wrong")
ERROR_CODE(DATA, "data", 422, 1, false, "a data file can't be read as a table")
ERROR_CODE(SQL_REFUSED, "sql_refused", 422, 1, false, "the firewall refused the statement")
ERROR_CODE(SQL_FAILED, "sql_failed", 502, 1, false, "the engine refused or failed the statement")
ERROR_CODE(ENGINE, "engine", 502, 1, true, "an engine is not available or died")
ERROR_CODE(RESULT_TOO_LARGE, "result_too_large", 413, 1, false, "a result passes a limit on size")
ERROR_CODE(MODEL, "model", 502, 1, true, "a model failed or answered out of form")
