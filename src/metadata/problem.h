/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problems: what is wrong or worth knowing about documents and data files, with the place. A
 * problem with one document never stops the others, so they are collected, not returned.
 */
#ifndef QUERENT_METADATA_PROBLEM_H
#define QUERENT_METADATA_PROBLEM_H

#include <stdarg.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/strbuf.h"

enum problem_severity {
    PROBLEM_ERROR,   /* the document or file can't be used */
    PROBLEM_WARNING, /* it is used, and something in it is likely a mistake */
    PROBLEM_NOTE,    /* it is used, and a person should know this */
    PROBLEM_SEVERITIES
};
const char *problem_severity_name(enum problem_severity severity);

struct problem {
    const char *path; /* of the document or data file; may be NULL */
    int line, column; /* from 1; 0: no place */
    enum problem_severity severity;
    const char *message;
};

#define PROBLEMS_MAX 1000 /* kept in a list; the rest is only counted */

/* A growing list; everything in it lives in the arena. Start with {.arena = arena}. */
struct problem_list {
    struct arena *arena;
    struct problem *items;
    size_t count, capacity;
    size_t error_count; /* errors alone, also those that were not kept */
};

/* `place` gives path, line, column and severity; its message is not used. */
void problem_add(struct problem_list *list, const struct problem *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies all of `from` to the end of `to`. */
void problem_list_append(struct problem_list *to, const struct problem_list *from);

/* "examples/staff.yaml:12:5: error: ..." without a newline. */
void problem_print(struct strbuf *out, const struct problem *problem);

#endif
