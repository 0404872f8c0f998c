/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .env format: one NAME=VALUE a line.
 *
 *     # a comment
 *     export NAME=value with blanks   # ends here
 *     SINGLE='taken as it is, # and over
 *     several lines'
 *     DOUBLE="escapes: \n \r \t \\ \" \$"
 *
 * Nothing is expanded or executed.
 */
#ifndef QUERENT_CORE_DOTENV_H
#define QUERENT_CORE_DOTENV_H

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"

#define DOTENV_SIZE_MAX ((size_t)64 * 1024)
#define DOTENV_ENTRIES_MAX 1000

struct dotenv_entry {
    const char *name;    /* NULL when the line has none */
    const char *value;   /* NULL when there is a problem */
    const char *problem; /* what is wrong with the line, or NULL */
    unsigned line;       /* from 1 */
};

struct dotenv {
    struct dotenv_entry *entries; /* in the arena, in the order of the file */
    size_t count;
};

/* A bad line becomes an entry with a problem and spoils no other. ERROR_TOO_LARGE past a limit,
 * ERROR_CONFIG for a NUL byte. */
bool dotenv_parse(struct str text, struct arena *arena, struct dotenv *out, struct error *err);
/* The value of the last good line with that name, or NULL. */
const char *dotenv_find(const struct dotenv *dotenv, const char *name);

#endif
