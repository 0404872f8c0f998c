/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads tests/hostile: the made-up schema as datasets, and the corpora as cases. Shared by the
 * tests that run them through the firewall, through DuckDB's parse and through DuckDB itself.
 *
 * A corpus is text: a case is a comment line with its origin ("# where the idea is from"), for
 * refused statements a line with the expected code ("= function_not_allowed"), then the
 * statement; an empty line ends it. In statements \xHH stands for a byte and \R(TEXT,N) for N times
 * TEXT, so that odd bytes and long statements stay readable.
 */
#ifndef QUERENT_TESTS_SQL_CORPUS_H
#define QUERENT_TESTS_SQL_CORPUS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/strbuf.h"
#include "sql/firewall.h"

#define CORPUS_CASES_MAX 600
#define CORPUS_FILE_MAX (1024 * 1024)

struct corpus_case {
    int line;           /* where the statement starts */
    const char *origin; /* the comment before it */
    const char *code;   /* the expected code; NULL: allowed */
    const char *excuse; /* why the second opinion lets it pass; NULL: it does not */
    struct str sql;
};

struct corpus {
    struct corpus_case cases[CORPUS_CASES_MAX];
    size_t count;
};

static inline struct str corpus_read_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        abort();
    }
    char *bytes = arena_alloc(arena, CORPUS_FILE_MAX);
    size_t length = fread(bytes, 1, CORPUS_FILE_MAX - 1, file);
    fclose(file);
    return (struct str){bytes, length};
}

/* Puts the bytes that \xHH and \R(TEXT,N) stand for into the statement. */
static inline struct str corpus_unescape(struct str text, struct arena *arena)
{
    struct strbuf out = strbuf_init(CORPUS_FILE_MAX);
    for (size_t i = 0; i < text.length; i++) {
        struct str rest = str_slice(text, i, text.length);
        if (str_starts(rest, STR("\\x")) && rest.length >= 4) {
            char digits[3] = {rest.bytes[2], rest.bytes[3], '\0'};
            strbuf_add_char(&out, (char)strtol(digits, NULL, 16));
            i += 3;
            continue;
        }
        ptrdiff_t close = str_starts(rest, STR("\\R(")) ? str_find(rest, STR("\\)")) : -1;
        if (close < 0) {
            strbuf_add_char(&out, text.bytes[i]);
            continue;
        }
        size_t comma = (size_t)close;
        while (rest.bytes[comma] != ',')
            comma--;
        for (int n = atoi(rest.bytes + comma + 1); n > 0; n--)
            strbuf_add_str(&out, str_slice(rest, 3, comma));
        i += (size_t)close + 1;
    }
    struct str copy = arena_str(arena, strbuf_str(&out));
    strbuf_clear(&out);
    return copy;
}

static inline void corpus_read(const char *path, struct arena *arena, struct corpus *out)
{
    struct str rest = corpus_read_file(path, arena), line;
    struct corpus_case now = {0};
    struct strbuf sql = strbuf_init(CORPUS_FILE_MAX);
    int number = 0;
    out->count = 0;
    for (bool more = true; more;) {
        more = str_split(&rest, '\n', &line);
        number++;
        if (more && line.length > 0 && line.bytes[0] == '#' && sql.length == 0) {
            now.origin = arena_strndup(arena, line.bytes, line.length);
        } else if (more && line.length > 2 && line.bytes[0] == '=' && sql.length == 0) {
            now.code = arena_strndup(arena, line.bytes + 2, line.length - 2);
        } else if (more && line.length > 2 && line.bytes[0] == '~' && sql.length == 0) {
            now.excuse = arena_strndup(arena, line.bytes + 2, line.length - 2);
        } else if (more && line.length > 0) {
            now.line = sql.length == 0 ? number : now.line;
            if (sql.length > 0)
                strbuf_add_char(&sql, '\n');
            strbuf_add_str(&sql, line);
        } else if (sql.length > 0) {
            if (out->count == CORPUS_CASES_MAX)
                abort();
            now.sql = corpus_unescape(strbuf_str(&sql), arena);
            out->cases[out->count++] = now;
            now = (struct corpus_case){0};
            strbuf_reset(&sql);
        }
    }
    strbuf_clear(&sql);
}

static inline struct dataset *corpus_dataset(struct str line, struct arena *arena)
{
    struct dataset *dataset = arena_alloc(arena, sizeof *dataset);
    dataset->columns = arena_array(arena, 32, sizeof *dataset->columns);
    struct str part;
    while (str_split(&line, '|', &part)) {
        part = str_trim(part);
        if (!dataset->table_name) {
            dataset->table_name = arena_strndup(arena, part.bytes, part.length);
            continue;
        }
        size_t space = part.length;
        while (part.bytes[space - 1] != ' ')
            space--;
        struct column *column = &dataset->columns[dataset->column_count++];
        column->name = arena_strndup(arena, part.bytes, space - 1);
        column->type = arena_strndup(arena, part.bytes + space, part.length - space);
    }
    dataset->id = dataset->table_name;
    return dataset;
}

/* The policy that allows all tables of tests/hostile/schema.txt. */
static inline struct firewall_policy corpus_policy(struct arena *arena)
{
    struct str rest = corpus_read_file("tests/hostile/schema.txt", arena), line;
    const struct dataset **datasets = arena_array(arena, 16, sizeof *datasets);
    size_t count = 0;
    while (str_split(&rest, '\n', &line)) {
        if (line.length > 0 && line.bytes[0] != '#')
            datasets[count++] = corpus_dataset(line, arena);
    }
    return (struct firewall_policy){datasets, count};
}

#endif
