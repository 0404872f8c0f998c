/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as a FastAPI service reads it, which is as Python's json module does: what it takes (also
 * NaN, Infinity, numbers of any size, single surrogates, duplicate keys of which the last wins) and
 * what it says about the rest, to the character. Values lie in an arena and in the text; what a
 * request means by them is for api/schema.h to say.
 */
#ifndef QUERENT_API_JSON_BODY_H
#define QUERENT_API_JSON_BODY_H

#include <jansson.h>

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"

/* Python stops at about 1,000 levels; values are freed on the small stacks of tasks here. */
#define BODY_DEPTH_MAX 100
/* Digits of a whole number; Python's limit. */
#define BODY_DIGITS_MAX 4300

enum body_kind {
    BODY_NULL,
    BODY_BOOLEAN,
    BODY_INTEGER,
    BODY_NUMBER, /* written with a fraction or an exponent, or NaN, Infinity */
    BODY_STRING,
    BODY_LIST,
    BODY_OBJECT,
};

struct body_value {
    enum body_kind kind;
    bool truth;
    struct str text; /* of a string, decoded; of a number, as it was written */
    double number;   /* of BODY_NUMBER */
    size_t count;    /* items of a list, keys of an object */
    struct body_value *first, *last;
    struct body_value *next; /* in the list or object that it is in */
    struct str key;          /* in an object */
};

/* Why a body can't be read. */
struct body_problem {
    const char *message; /* "Expecting value"; NULL: wrong encoding, too deep, too many digits */
    size_t offset;       /* in characters, from 0 */
};

/* NULL with *problem filled. The value borrows from `bytes`. */
struct body_value *body_decode(struct arena *arena, struct str bytes, struct body_problem *problem);

/* The member of an object; NULL when there is none. */
const struct body_value *body_member(const struct body_value *object, const char *name);

/* As Python's json.dumps() would, compact; NaN and infinities become null, single surrogates
 * U+FFFD. */
void body_print(const struct body_value *value, struct strbuf *out);

/* The same as a new reference, in which a whole number past 64 bits is a real one. */
json_t *body_to_json(const struct body_value *value);

#endif
