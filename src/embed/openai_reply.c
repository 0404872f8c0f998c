/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply of /embeddings. Nothing of it is believed: each text has exactly one vector, of the length
 * that was asked for, with finite numbers that are not all zero. Servers that don't know base64 send
 * numbers, whatever they were asked for; some leave out `index`, and then the order counts.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "embed/openai_priv.h"

/* Of a reply, beside its texts' vectors: what a gateway may add. Each text has two brackets and a few members. */
#define BRACKETS_REST_MAX 64
#define BRACKETS_TEXT_MAX 4
#define MEMBERS_REST_MAX 256
#define MEMBERS_TEXT_MAX (16 + 8192) /* of a model with longer vectors than are set, too: its length is told */
#define TOKENS_MAX ((double)((int64_t)1 << 40))

static bool fail(struct embed_reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct embed_reading *reading, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reading->problem, sizeof(reading->problem), format, args);
    va_end(args);
    return false;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The next byte of the text's four-digit groups; false where a digit is none. */
static bool decode_byte(struct str text, size_t at, unsigned char *out)
{
    size_t digit = at / 3 * 4 + at % 3;
    int high = base64_digit(text.bytes[digit]), low = base64_digit(text.bytes[digit + 1]);
    unsigned shift = 2 * (unsigned)(at % 3) + 2;
    if (high < 0 || low < 0)
        return false;
    *out = (unsigned char)((unsigned)high << shift | (unsigned)low >> (6 - shift));
    return true;
}

bool embed_decode_base64(struct str text, float *out, size_t count)
{
    size_t size = count * sizeof(float), padding = (3 - size % 3) % 3;
    if (text.length != (size + 2) / 3 * 4)
        return false;
    for (size_t i = 0; i < padding; i++)
        if (text.bytes[text.length - 1 - i] != '=')
            return false;
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[sizeof(float)];
        for (size_t k = 0; k < sizeof(bytes); k++)
            if (!decode_byte(text, i * sizeof(float) + k, &bytes[k]))
                return false;
        uint32_t bits = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                        (uint32_t)bytes[3] << 24;
        memcpy(&out[i], &bits, sizeof(bits));
    }
    return true;
}

static bool wrong_length(struct embed_reading *reading, size_t given)
{
    reading->dimensions_given = given;
    return fail(reading, "a vector of %zu numbers where %zu were asked for", given,
                reading->dimensions);
}

static bool read_text_vector(struct embed_reading *reading, struct str text, float *row)
{
    if (embed_decode_base64(text, row, reading->dimensions))
        return true;
    size_t padding = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("=")) ? 1 : 0;
    size_t size = text.length / 4 * 3 - (text.length >= 4 ? padding : 0);
    if (text.length % 4 == 0 && size % sizeof(float) == 0 &&
        size != reading->dimensions * sizeof(float))
        return wrong_length(reading, size / sizeof(float));
    return fail(reading, "a vector that is no whole base64");
}

static bool read_vector(struct embed_reading *reading, const json_t *vector, float *row)
{
    if (json_is_string(vector))
        return read_text_vector(
            reading, (struct str){json_string_value(vector), json_string_length(vector)}, row);
    if (!json_is_array(vector))
        return fail(reading, "a vector that is none");
    if (json_array_size(vector) != reading->dimensions)
        return wrong_length(reading, json_array_size(vector));
    for (size_t i = 0; i < reading->dimensions; i++) {
        const json_t *number = json_array_get(vector, i);
        if (!json_is_number(number))
            return fail(reading, "a vector with something that is no number");
        row[i] = (float)json_number_value(number);
    }
    return true;
}

static bool check_row(struct embed_reading *reading, const float *row)
{
    double square = 0;
    for (size_t i = 0; i < reading->dimensions; i++)
        square += (double)row[i] * row[i];
    return (isfinite(square) && square > 0) ||
           fail(reading, isfinite(square) ? "a vector of zeros"
                                          : "a vector whose numbers are out of range");
}

/* Which text the item is of: what it says, else its place. */
static bool find_row(struct embed_reading *reading, const json_t *item, size_t place,
                     const bool *seen, size_t *out)
{
    const json_t *index = json_object_get(item, "index");
    json_int_t number = json_is_integer(index) ? json_integer_value(index) : (json_int_t)place;
    if (index && !json_is_null(index) && !json_is_integer(index))
        return fail(reading, "an index that is no number");
    if (number < 0 || (size_t)number >= reading->count)
        return fail(reading, "a vector of a text that was not sent");
    *out = (size_t)number;
    return !seen[*out] || fail(reading, "two vectors of one text");
}

static bool read_items(struct embed_reading *reading, const json_t *data, bool *seen)
{
    if (!json_is_array(data))
        return fail(reading, "no vectors");
    if (json_array_size(data) != reading->count)
        return fail(reading, "%zu vectors for %zu texts", json_array_size(data), reading->count);
    for (size_t i = 0; i < reading->count; i++) {
        const json_t *item = json_array_get(data, i);
        size_t row;
        if (!find_row(reading, item, i, seen, &row) ||
            !read_vector(reading, json_object_get(item, "embedding"), reading->rows[row]) ||
            !check_row(reading, reading->rows[row]))
            return false;
        seen[row] = true;
    }
    return true;
}

static int64_t read_tokens(const json_t *usage)
{
    static const char *const names[] = {"total_tokens", "prompt_tokens"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *number = json_object_get(usage, names[i]);
        double value = json_is_number(number) ? json_number_value(number) : -1;
        if (value >= 0 && value <= TOKENS_MAX)
            return (int64_t)value;
    }
    return -1;
}

/* Parsed, a pair of brackets takes eighty times its bytes, a number twenty times: they are counted before. What
 * is within texts counts too: a reply's have none. */
static bool is_in_bounds(const struct embed_reading *reading)
{
    size_t brackets = 0, commas = 0;
    for (size_t i = 0; i < reading->body.length; i++) {
        char c = reading->body.bytes[i];
        brackets += c == '{' || c == '[';
        commas += c == ',';
    }
    return brackets <= BRACKETS_REST_MAX + reading->count * BRACKETS_TEXT_MAX &&
           commas <= MEMBERS_REST_MAX + reading->count * MEMBERS_TEXT_MAX;
}

void embed_read_vectors(void *arg)
{
    struct embed_reading *reading = arg;
    json_error_t ignored;
    reading->tokens = -1;
    if (!is_in_bounds(reading)) {
        (void)fail(reading, "something that is no reply of /embeddings: far more than so many "
                            "vectors have");
        return;
    }
    json_t *document = json_loadb(reading->body.bytes, reading->body.length, 0, &ignored);
    bool *seen = xcalloc(reading->count + 1, sizeof(*seen));
    reading->tokens = read_tokens(json_object_get(document, "usage"));
    reading->ok = json_is_object(document)
                      ? read_items(reading, json_object_get(document, "data"), seen)
                      : fail(reading, "something that is no reply of /embeddings");
    free(seen);
    json_decref(document);
}
