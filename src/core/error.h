/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a code and a sentence.
 *
 * A function that can fail returns bool (or a pointer) and fills a struct error, its last
 * parameter. error_set() returns false, so a failure is one line:
 *
 *     return error_set(err, ERROR_NOT_FOUND, "dataset '%s' does not exist", id);
 *
 * Messages say what failed first, quote names, start in lower case and end without a full stop; a
 * hint on what to do follows after "; ". As an error rises it is wrapped:
 * error_wrap(err, "file '%s'", path) gives "file 'x': ...". No secret belongs in a message.
 * Library code does not log errors; the top of the run or the command does, once.
 *
 * core/error_codes.h holds the table of codes: one row each.
 */
#ifndef QUERENT_CORE_ERROR_H
#define QUERENT_CORE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define ERROR_MESSAGE_MAX 1024

enum error_code {
#define ERROR_CODE(symbol, name, http_status, exit_code, retry, meaning) ERROR_##symbol,
#include "core/error_codes.h"
#undef ERROR_CODE
    ERROR_CODES
};

struct error {
    enum error_code code; /* ERROR_NONE: nothing failed */
    char message[ERROR_MESSAGE_MAX];
};

/* Fills *err and returns false. A NULL err is allowed. A message that is too long is cut. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message, keeps the code, returns false. */
bool error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *err);

/* The stable name for clients ("sql_refused"), the HTTP status, the exit code of the command
 * line, and whether the same request may succeed when tried again. */
const char *error_name(enum error_code code);
int error_http_status(enum error_code code);
int error_exit_code(enum error_code code);
bool error_may_retry(enum error_code code);
const char *error_meaning(enum error_code code);

#endif
