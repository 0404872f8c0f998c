/* SPDX-License-Identifier: Apache-2.0 */
/* Which values of a body pass as a number or a truth: the lax coercions of pydantic 2. */
#ifndef QUERENT_API_COERCE_H
#define QUERENT_API_COERCE_H

#include "api/json_body.h"

enum coerce_result {
    COERCE_OK,
    COERCE_WRONG_KIND, /* null, a list, an object, ... */
    COERCE_UNPARSABLE, /* a text or number that means none */
    COERCE_FRACTION,
    COERCE_NOT_FINITE,
    COERCE_TOO_BIG,
};

struct whole {
    int64_t value;
    int beyond; /* -1 or 1: below or above what 64 bits hold */
};

enum coerce_result coerce_integer(const struct body_value *value, struct whole *out);
/* May give NaN and infinities. */
enum coerce_result coerce_number(const struct body_value *value, double *out);
enum coerce_result coerce_boolean(const struct body_value *value, bool *out);

#endif
