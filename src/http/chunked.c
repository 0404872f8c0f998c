/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     SIZE ──► EXTENSION ──► SIZE_LF ──► DATA ──► DATA_CR ──► DATA_LF ──► SIZE ...
 *        └──────────────────────┘  └─ size 0 ──► TRAILER_START ──► TRAILER ──► TRAILER_LF ─┐
 *                                                 │        ▲───────────────────────────────┘
 *                                                 └─ CR ──► END_LF ──► done
 */
#include "http/parser.h"

#define SIZE_DIGITS_MAX 15 /* leading zeros count */

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER,
    TRAILER_LF,
    END_LF,
};

static int hex_value(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_text(char c)
{
    unsigned char byte = (unsigned char)c;
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool take_size(struct chunked *chunked, char c, size_t body_max, struct refusal *why)
{
    int value = hex_value(c);
    if (value >= 0) {
        if (++chunked->digits > SIZE_DIGITS_MAX)
            return refuse(why, 400, "a bad size of a chunk");
        chunked->left = chunked->left * 16 + (uint64_t)value;
        return true;
    }
    if (chunked->digits == 0 || (c != '\r' && c != ';'))
        return refuse(why, 400, "a bad size of a chunk");
    /* Its declared size counts: there is no use in waiting for what won't fit. */
    if (chunked->left > body_max - chunked->total)
        return refuse(why, 413, "the body of the request is too large");
    chunked->total += chunked->left;
    chunked->digits = 0;
    chunked->state = c == '\r' ? SIZE_LF : EXTENSION;
    return true;
}

static bool take_extension(struct chunked *chunked, char c, struct refusal *why)
{
    if (c == '\r')
        chunked->state = SIZE_LF;
    else if (!is_text(c))
        return refuse(why, 400, "a control character in a chunk's extension");
    else if (++chunked->extension_bytes > CHUNK_EXTENSIONS_MAX)
        return refuse(why, 413, "the extensions of the chunks are too large");
    return true;
}

static bool take_trailer(struct chunked *chunked, char c, struct refusal *why)
{
    bool start = chunked->state == TRAILER_START;
    if (c == '\r')
        chunked->state = start ? END_LF : TRAILER_LF;
    else if (!is_text(c) || (start && (c == ' ' || c == '\t' || c == ':')))
        return refuse(why, 400, "a bad trailer");
    else if (++chunked->trailer_bytes > CHUNK_TRAILERS_MAX)
        return refuse(why, 431, "the trailers are too large");
    else
        chunked->state = TRAILER;
    return true;
}

/* `c` must be the one that ends a line or chunk. */
static bool take_end(struct chunked *chunked, char c, struct refusal *why)
{
    if (c != (chunked->state == DATA_CR ? '\r' : '\n'))
        return refuse(why, 400, "a chunk that does not end with CR and LF");
    switch (chunked->state) {
    case SIZE_LF:
        chunked->state = chunked->left > 0 ? DATA : TRAILER_START;
        break;
    case DATA_CR:
        chunked->state = DATA_LF;
        break;
    case DATA_LF:
        chunked->state = SIZE;
        break;
    case TRAILER_LF:
        chunked->state = TRAILER_START;
        break;
    default:
        chunked->done = true;
        break;
    }
    return true;
}

static bool take_byte(struct chunked *chunked, char c, size_t body_max, struct refusal *why)
{
    switch (chunked->state) {
    case SIZE:
        return take_size(chunked, c, body_max, why);
    case EXTENSION:
        return take_extension(chunked, c, why);
    case TRAILER_START:
    case TRAILER:
        return take_trailer(chunked, c, why);
    default:
        return take_end(chunked, c, why);
    }
}

bool chunked_next(struct chunked *chunked, size_t body_max, struct str *bytes, struct str *data,
                  struct refusal *why)
{
    *data = (struct str){"", 0};
    while (bytes->length > 0 && !chunked->done) {
        if (chunked->state == DATA) {
            size_t length = bytes->length < chunked->left ? bytes->length : (size_t)chunked->left;
            *data = str_slice(*bytes, 0, length);
            *bytes = str_slice(*bytes, length, bytes->length);
            chunked->left -= length;
            if (chunked->left == 0)
                chunked->state = DATA_CR;
            return true;
        }
        if (!take_byte(chunked, bytes->bytes[0], body_max, why))
            return false;
        *bytes = str_slice(*bytes, 1, bytes->length);
    }
    return true;
}
