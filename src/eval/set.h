/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question set: a folder with set.json, questions.jsonl and SQLite databases (docs/eval.md says
 * what is in them), and predictions for it.
 */
#ifndef QUERENT_EVAL_SET_H
#define QUERENT_EVAL_SET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"

#define EVAL_QUESTIONS_MAX 200000
#define EVAL_LINE_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct eval_question {
    const char *id, *db_id, *text;
    const char *conversation; /* NULL: it stands alone */
    const char *difficulty;   /* NULL: not said */
    const json_t *json;       /* all of the line */
};

enum eval_judging { EVAL_BY_ROWS, EVAL_BY_ANSWERS };

struct eval_set {
    const char *name;
    const char *databases; /* folder of the SQLite files */
    const char *as_of;     /* what "now" means; NULL */
    enum eval_judging judging;
    struct eval_question *questions;
    size_t question_count, question_total; /* read; in the file */
    struct arena *arena;
    json_t *info, *lines;
};

/* At most `limit` questions (0: all). ERROR_IO, ERROR_INVALID with file and line. Blocks. */
bool eval_set_read(const char *folder, size_t limit, struct eval_set *out, struct error *err);
void eval_set_clear(struct eval_set *set);

/* Predictions by id: a JSON object of the lines. The caller frees it with json_decref(). */
json_t *eval_predictions_read(const char *path, struct error *err);

#endif
