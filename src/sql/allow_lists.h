/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firewall knows: functions, types, units of time, collations, reserved words. All of
 * these are plain tables in allow_lists.c. Names compare without ASCII case.
 */
#ifndef QUERENT_SQL_ALLOW_LISTS_H
#define QUERENT_SQL_ALLOW_LISTS_H

#include <stdbool.h>

#include "core/str.h"
#include "sql/tokenizer.h"

enum function_flags {
    FUNCTION_SCALAR = 1 << 0,
    FUNCTION_AGGREGATE = 1 << 1, /* takes DISTINCT, ORDER BY, FILTER, WITHIN GROUP, OVER */
    FUNCTION_WINDOW = 1 << 2,    /* takes OVER, IGNORE NULLS */
    FUNCTION_STAR = 1 << 3,      /* takes * */
    FUNCTION_LENGTH = 1 << 4,    /* the second argument is a length: a literal, see below */
    FUNCTION_ONE = 1 << 5,       /* one argument only: with a second one it builds a list */
    FUNCTION_TWO = 1 << 6,       /* two arguments only, for the same reason */
};

#define SQL_LENGTH_MAX 100 /* of FUNCTION_LENGTH's second argument */

struct allowed_function {
    const char *name;
    unsigned flags;
};

/* NULL when the function is not allowed. */
const struct allowed_function *allow_function(struct str name);
/* Why a function that is not allowed is refused; the best of REFUSAL_FUNCTION and its kin. */
enum refusal function_refusal(struct str name);
/* The allowed function meant by a name of another dialect or a misspelling, or NULL. */
const char *nearest_function(struct str name);

bool allow_type(struct str name);
/* A type that exists but is not allowed has none nearest. */
const char *nearest_type(struct str name);
bool allow_interval_unit(struct str name);
bool allow_extract_field(struct str name);
bool allow_collation(struct str name);

/* Words that can't be a name without double quotes. */
bool is_reserved_word(struct str word);
/* Words that start a statement that writes or shows the system. */
bool is_statement_word(struct str word);
/* Words that start a construct that is never allowed; for a better sentence than "syntax". */
bool is_refused_construct(struct str word);
/* Functions that DuckDB lets be written without parentheses, as if they were columns. */
bool is_hidden_function(struct str word);
/* Names that new tables (WITH) can't have, so that none can stand for one of the system's. */
bool is_system_name(struct str name);

#endif
