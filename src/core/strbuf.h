/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strbuf: a growing text with a maximum. It remembers its first failure (growing past the
 * maximum), ignores what is added after it, and is checked once at the end with strbuf_ok().
 *
 *     struct strbuf sql = strbuf_init(SQL_SIZE_MAX);
 *     strbuf_add(&sql, "SELECT ");
 *     ...
 *     if (!strbuf_ok(&sql)) ...
 *     strbuf_clear(&sql);
 *
 * The text always ends with a NUL that is not counted. The struct is the caller's; the memory in
 * it is owned by the strbuf and freed by strbuf_clear().
 */
#ifndef QUERENT_CORE_STRBUF_H
#define QUERENT_CORE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct strbuf {
    char *bytes; /* NULL while empty and never grown; use strbuf_text() */
    size_t length;
    size_t capacity;
    size_t length_max;
    bool failed;
};

struct strbuf strbuf_init(size_t length_max);
/* Frees the memory; the buffer is empty and may be used again. NULL and cleared are allowed. */
void strbuf_clear(struct strbuf *buf);
/* Empties the text and the failure, keeps the memory. */
void strbuf_reset(struct strbuf *buf);

/* Makes room for about so many more bytes at once; a hint that never fails. */
void strbuf_reserve(struct strbuf *buf, size_t more);
void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_str(struct strbuf *buf, struct str text);
void strbuf_add_bytes(struct strbuf *buf, const void *bytes, size_t length);
void strbuf_add_char(struct strbuf *buf, char c);
/* `c`, `count` times. */
void strbuf_add_repeat(struct strbuf *buf, char c, size_t count);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Keeps the first `length` bytes; longer is a no-op. */
void strbuf_truncate(struct strbuf *buf, size_t length);

/* The text so far, NUL-ended, borrowed until the next change; "" when empty. */
const char *strbuf_text(const struct strbuf *buf);
struct str strbuf_str(const struct strbuf *buf);
/* False when anything was lost because of the maximum. */
bool strbuf_ok(const struct strbuf *buf);

#endif
