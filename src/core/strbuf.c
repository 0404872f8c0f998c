/* SPDX-License-Identifier: Apache-2.0 */
#include "core/strbuf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

struct strbuf strbuf_init(size_t length_max)
{
    return (struct strbuf){.length_max = length_max};
}

void strbuf_clear(struct strbuf *buf)
{
    if (!buf)
        return;
    free(buf->bytes);
    *buf = strbuf_init(buf->length_max);
}

void strbuf_reset(struct strbuf *buf)
{
    buf->length = 0;
    buf->failed = false;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

/* Makes room for `more` bytes and a NUL; false when that would pass the maximum. */
static bool reserve(struct strbuf *buf, size_t more)
{
    if (buf->failed || more > buf->length_max || buf->length > buf->length_max - more) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity > 0 ? buf->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    buf->bytes = xrealloc(buf->bytes, capacity);
    buf->capacity = capacity;
    return true;
}

void strbuf_reserve(struct strbuf *buf, size_t more)
{
    bool failed = buf->failed;
    (void)reserve(buf, more);
    buf->failed = failed;
    if (buf->bytes) /* maybe new, and nothing may ever be added */
        buf->bytes[buf->length] = '\0';
}

void strbuf_add_bytes(struct strbuf *buf, const void *bytes, size_t length)
{
    if (!reserve(buf, length))
        return;
    if (length > 0)
        memcpy(buf->bytes + buf->length, bytes, length);
    buf->length += length;
    buf->bytes[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
    strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_add_str(struct strbuf *buf, struct str text)
{
    strbuf_add_bytes(buf, text.bytes, text.length);
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    if (!reserve(buf, 1))
        return;
    buf->bytes[buf->length++] = c;
    buf->bytes[buf->length] = '\0';
}

void strbuf_add_repeat(struct strbuf *buf, char c, size_t count)
{
    if (!reserve(buf, count))
        return;
    memset(buf->bytes + buf->length, c, count);
    buf->length += count;
    buf->bytes[buf->length] = '\0';
}

/* Into the room that is there; only what does not fit is printed twice. */
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = buf->failed ? 0 : buf->capacity - buf->length;
    int length = vsnprintf(room > 0 ? buf->bytes + buf->length : NULL, room, format, args);
    assert(length >= 0);
    if (reserve(buf, (size_t)length)) {
        if ((size_t)length >= room)
            vsnprintf(buf->bytes + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    } else if (room > 0) {
        buf->bytes[buf->length] = '\0';
    }
    va_end(again);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vprintf(buf, format, args);
    va_end(args);
}

void strbuf_truncate(struct strbuf *buf, size_t length)
{
    if (length >= buf->length)
        return;
    buf->length = length;
    buf->bytes[length] = '\0';
}

const char *strbuf_text(const struct strbuf *buf)
{
    return buf->bytes ? buf->bytes : "";
}

struct str strbuf_str(const struct strbuf *buf)
{
    return (struct str){strbuf_text(buf), buf->length};
}

bool strbuf_ok(const struct strbuf *buf)
{
    return !buf->failed;
}
