/* SPDX-License-Identifier: Apache-2.0 */
/* How the front of the store checks arguments; its files (store.c, conversations.c, runs.c,
 * keys.c, ...) include this and nothing else does. */
#ifndef QUERENT_STORE_CHECK_H
#define QUERENT_STORE_CHECK_H

#include <string.h>

#include "store/store_priv.h"

#define ID_DIGITS 16

static inline bool check_text(const char *name, const char *text, size_t size_max, struct error *err)
{
    if (!text)
        return error_set(err, ERROR_INVALID, "%s is missing", name);
    size_t size = strnlen(text, size_max + 1);
    if (size > size_max)
        return error_set(err, ERROR_TOO_LARGE, "%s has more than %zu bytes", name, size_max);
    return str_is_utf8((struct str){text, size}) ||
           error_set(err, ERROR_INVALID, "%s is not valid UTF-8", name);
}

static inline bool check_optional(const char *name, const char *text, size_t size_max, struct error *err)
{
    return !text || check_text(name, text, size_max, err);
}

/* A name: a text that is short and not empty. */
static inline bool check_name(const char *name, const char *text, struct error *err)
{
    if (!check_text(name, text, STORE_NAME_SIZE_MAX, err))
        return false;
    return text[0] != '\0' || error_set(err, ERROR_INVALID, "%s is empty", name);
}

static inline bool check_range(const char *name, int64_t number, int64_t min, int64_t max,
                        struct error *err)
{
    return (number >= min && number <= max) ||
           error_set(err, ERROR_INVALID, "%s is %lld, and must be between %lld and %lld", name,
                     (long long)number, (long long)min, (long long)max);
}

static inline bool id_is_valid(const char *id, const char *prefix)
{
    size_t length = strlen(prefix);
    return id && strncmp(id, prefix, length) == 0 &&
           strspn(id + length, "0123456789abcdef") == ID_DIGITS && id[length + ID_DIGITS] == '\0';
}

/* What can't be an id names nothing, and is not repeated in the message. */
static inline bool check_id(const char *what, const char *id, const char *prefix, struct error *err)
{
    return id_is_valid(id, prefix) ||
           error_set(err, ERROR_NOT_FOUND,
                     "the %s does not exist: its id is not '%s' and %d digits", what, prefix,
                     ID_DIGITS);
}

static inline bool check_conversation_id(const char *id, struct error *err)
{
    return check_id("conversation", id, "conv_", err);
}

static inline bool check_run_id(const char *id, struct error *err)
{
    return check_id("run", id, "query_", err);
}

TASK_WAITS static inline bool call_driver(struct store *store, enum store_operation operation, void *call,
                                   struct error *err)
{
    return store->driver->call(store, operation, call, err);
}

#endif
