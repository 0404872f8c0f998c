/* SPDX-License-Identifier: Apache-2.0 */
/* How the SQL of the engines differs; a new engine is a row in dialect.c. */
#ifndef QUERENT_PLANNER_PRINT_DIALECT_H
#define QUERENT_PLANNER_PRINT_DIALECT_H

#include "core/strbuf.h"
#include "engine/engine.h"
#include "planner/query.h"

/* A NULL word: it can't be said there. */
struct dialect {
    char quote;
    bool joins;
    bool windows;         /* rank() OVER (...) */
    bool date_types;      /* DATE '...'; else dates are texts that compare as texts */
    bool divides_exactly; /* 1 / 2 is 0.5 */
    bool filter;          /* FILTER (WHERE ...) after an aggregate */
    const char *median;   /* "%s" stands for the value, "%%" for a percent sign; so below */
    const char *weekday, *weekday_number; /* its name, and a number that grows from Monday on */
    const char *like;     /* a LIKE that ignores case */
    const char *not_like;
    const char *text_type, *number_type;
    const char *safe_cast; /* a cast that gives null where the text is no such value */
    const char *zone_type, *zone_suffix; /* of an instant at the start of a UTC day */
    /* Prints the value cut to the bucket's unit of time. */
    bool (*bucket)(struct strbuf *out, const struct expression *bucket, const char *value);
};

extern const struct dialect dialects[SQL_DIALECTS];

#endif
