/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "eval/database.h"

/* A file of JSON objects, one a line, and what to do with each. */
struct lines {
    const char *path;
    bool (*take)(void *context, json_t *line, struct error *err);
    void *context;
};

static bool take_line(const struct lines *lines, const char *text, size_t length, size_t number,
                      struct error *err)
{
    json_error_t problem;
    if (str_trim((struct str){text, length}).length == 0)
        return true;
    if (length > EVAL_LINE_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, "'%s', line %zu: more than %zu bytes", lines->path,
                         number, EVAL_LINE_BYTES_MAX);
    json_t *line = json_loadb(text, length, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &problem);
    bool ok =
        json_is_object(line) || error_set(err, ERROR_INVALID, "'%s', line %zu: %s", lines->path,
                                          number, line ? "not an object" : problem.text);
    ok = ok && (lines->take(lines->context, line, err) ||
                error_wrap(err, "'%s', line %zu", lines->path, number));
    json_decref(line);
    return ok;
}

static bool read_lines(const struct lines *lines, struct error *err)
{
    FILE *file = fopen(lines->path, "re");
    if (!file)
        return error_set(err, ERROR_IO, "'%s' can't be read: %s", lines->path, strerror(errno));
    char *text = NULL;
    size_t capacity = 0, number = 0;
    ssize_t length;
    bool ok = true;
    while (ok && (length = getline(&text, &capacity, file)) >= 0)
        ok = take_line(lines, text, (size_t)length, ++number, err);
    if (ok && ferror(file))
        ok = error_set(err, ERROR_IO, "'%s' can't be read: %s", lines->path, strerror(errno));
    free(text);
    fclose(file);
    return ok;
}

/* ---- the set ---- */

struct reading {
    struct eval_set *set;
    size_t limit, capacity;
};

static bool take_question(void *context, json_t *line, struct error *err)
{
    struct reading *reading = context;
    struct eval_set *set = reading->set;
    struct eval_question question = {.json = line};
    set->question_total++;
    if (reading->limit > 0 && set->question_count >= reading->limit)
        return true;
    if (json_unpack(line, "{s:s, s:s, s:s}", "id", &question.id, "db_id", &question.db_id,
                    "question", &question.text) != 0)
        return error_set(err, ERROR_INVALID, "id, db_id and question are needed");
    if (!eval_database_id_is_fit(question.db_id))
        return error_set(err, ERROR_INVALID, "'%s' is no name of a database", question.db_id);
    if (set->question_count == EVAL_QUESTIONS_MAX)
        return error_set(err, ERROR_TOO_LARGE, "more than %d questions", EVAL_QUESTIONS_MAX);
    question.conversation = json_string_value(json_object_get(line, "conversation"));
    question.difficulty = json_string_value(json_object_get(line, "difficulty"));
    json_array_append(set->lines, line);
    set->questions = arena_grow(set->arena, set->questions, set->question_count, &reading->capacity,
                                sizeof(*set->questions));
    set->questions[set->question_count++] = question;
    return true;
}

static bool read_info(const char *folder, struct eval_set *set, struct error *err)
{
    json_error_t problem;
    const char *path = arena_printf(set->arena, "%s/set.json", folder);
    set->info = json_load_file(path, 0, &problem);
    if (!json_is_object(set->info))
        return error_set(err, ERROR_INVALID, "'%s': %s", path,
                         set->info ? "not an object" : problem.text);
    const char *name = json_string_value(json_object_get(set->info, "name"));
    const char *databases = json_string_value(json_object_get(set->info, "databases"));
    const char *match = json_string_value(json_object_get(set->info, "match"));
    set->name = name ? name : folder;
    set->databases = arena_printf(set->arena, "%s/%s", folder, databases ? databases : "databases");
    set->as_of = json_string_value(json_object_get(set->info, "as_of"));
    if (match && strcmp(match, "rows") != 0 && strcmp(match, "answers") != 0)
        return error_set(err, ERROR_INVALID,
                         "'%s': match is '%s'; results are judged by rows or answers", path, match);
    set->judging = match && strcmp(match, "answers") == 0 ? EVAL_BY_ANSWERS : EVAL_BY_ROWS;
    return true;
}

bool eval_set_read(const char *folder, size_t limit, struct eval_set *out, struct error *err)
{
    *out = (struct eval_set){.arena = arena_new(), .lines = json_array()};
    struct reading reading = {.set = out, .limit = limit};
    const char *path = arena_printf(out->arena, "%s/questions.jsonl", folder);
    const struct lines lines = {path, take_question, &reading};
    bool ok = read_info(folder, out, err) && read_lines(&lines, err);
    if (ok && out->question_count == 0)
        ok = error_set(err, ERROR_INVALID, "'%s' has no questions", path);
    if (!ok)
        eval_set_clear(out);
    return ok;
}

void eval_set_clear(struct eval_set *set)
{
    json_decref(set->info);
    json_decref(set->lines);
    if (set->arena)
        arena_free(set->arena);
    *set = (struct eval_set){0};
}

/* ---- predictions ---- */

static bool take_prediction(void *context, json_t *line, struct error *err)
{
    const char *id = json_string_value(json_object_get(line, "id"));
    if (!id)
        return error_set(err, ERROR_INVALID, "a prediction needs an id");
    json_object_set(context, id, line);
    return true;
}

json_t *eval_predictions_read(const char *path, struct error *err)
{
    json_t *predictions = json_object();
    const struct lines lines = {path, take_prediction, predictions};
    if (read_lines(&lines, err))
        return predictions;
    json_decref(predictions);
    return NULL;
}
