/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL fragments of the metadata: the expression of a metric and the condition of a named filter.
 * They are written by people, for one dataset, and are compiled in: columns are quoted and get the
 * table's alias; whatever is not plain expression syntax over the dataset's columns is refused.
 */
#ifndef QUERENT_PLANNER_PRINT_FRAGMENT_H
#define QUERENT_PLANNER_PRINT_FRAGMENT_H

#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "metadata/dataset.h"

#define FRAGMENT_SIZE_MAX 4000

struct fragment {
    struct str text;
    const struct dataset *dataset;
    const char *alias;  /* "t0": put before columns; "" for none */
    char quote;         /* around names: '"' or '`' */
    const char *filter; /* a condition put on every aggregate as FILTER (WHERE ...); NULL: none */
};

/* Appends the compiled fragment. ERROR_METADATA when it is refused. */
bool fragment_compile(const struct fragment *fragment, struct strbuf *out, struct error *err);

/* Is it one sum or count over rows, so that parts add up to the whole? Decides whether shares and
 * totals of it make sense. */
bool fragment_adds_up(const char *expression);

#endif
