/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/strbuf.h"

struct error_row {
    const char *name;
    int http_status;
    int exit_code;
    bool may_retry;
    const char *meaning;
};

static const struct error_row rows[ERROR_CODES] = {
#define ERROR_CODE(symbol, name, http_status, exit_code, retry, meaning)                           \
    [ERROR_##symbol] = {name, http_status, exit_code, retry, meaning},
#include "core/error_codes.h"
#undef ERROR_CODE
};

/* vsnprintf() cuts at a byte; don't leave half a character at the end. */
static void end_at_character(char *message)
{
    struct str whole = str_from(message);
    if (whole.length + 1 < ERROR_MESSAGE_MAX)
        return;
    size_t length = whole.length;
    while (length > 0 && whole.length - length < 4 &&
           !str_is_utf8(str_slice(whole, 0, length)))
        length--;
    message[length] = '\0';
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    assert(code > ERROR_NONE && code < ERROR_CODES);
    if (!err)
        return false;
    char message[ERROR_MESSAGE_MAX]; /* the arguments may point into *err */
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    end_at_character(message);
    err->code = code;
    memcpy(err->message, message, sizeof(message));
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    if (!err)
        return false;
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (length < 0)
        return false;
    struct strbuf whole = strbuf_init(2 * ERROR_MESSAGE_MAX);
    strbuf_printf(&whole, "%s: %s", message, err->message);
    struct str kept = str_cut_utf8(strbuf_str(&whole), sizeof(message) - 1);
    memcpy(message, kept.bytes, kept.length);
    message[kept.length] = '\0';
    strbuf_clear(&whole);
    end_at_character(message);
    memcpy(err->message, message, sizeof(message));
    return false;
}

void error_clear(struct error *err)
{
    err->code = ERROR_NONE;
    err->message[0] = '\0';
}

const char *error_name(enum error_code code)
{
    return rows[code].name;
}

int error_http_status(enum error_code code)
{
    return rows[code].http_status;
}

int error_exit_code(enum error_code code)
{
    return rows[code].exit_code;
}

bool error_may_retry(enum error_code code)
{
    return rows[code].may_retry;
}

const char *error_meaning(enum error_code code)
{
    return rows[code].meaning;
}
