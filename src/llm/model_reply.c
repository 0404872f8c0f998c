/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a decision: the schema that providers hold a model to, and a reader that bears with those that
 * can't. What is said is checked later; here, only how. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "llm/json_mend.h"
#include "llm/model_priv.h"
#include "sql/firewall.h"

/* In the order in which a model should think. All members are required: the subset that all providers take. */
const char model_reply_schema[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"dataset\":{\"type\":\"string\"},"
    "\"reason\":{\"type\":\"string\"},"
    "\"assumptions\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"periods\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"words\":{\"type\":\"string\"},\"from\":{\"type\":\"string\"},\"to\":{\"type\":\"string\"}},"
    "\"required\":[\"words\",\"from\",\"to\"],\"additionalProperties\":false}},"
    "\"sql\":{\"type\":[\"string\",\"null\"]},"
    "\"question_back\":{\"type\":[\"string\",\"null\"]},"
    "\"no_answer\":{\"type\":[\"string\",\"null\"]}},"
    "\"required\":[\"dataset\",\"reason\",\"assumptions\",\"periods\",\"sql\",\"question_back\","
    "\"no_answer\"],\"additionalProperties\":false}";

/* Small models lose themselves in more: what they write beside a statement makes it no better. Null says that
 * there is no answer. */
const char model_brief_schema[] =
    "{\"type\":\"object\",\"properties\":{\"sql\":{\"type\":[\"string\",\"null\"]}},"
    "\"required\":[\"sql\"],\"additionalProperties\":false}";

/* ------------------------------------------------------------------ pieces */

/* NULL for what is no text, or an empty one, or says in words that it is none. */
static const char *read_text(const json_t *object, const char *key, size_t length_max,
                             struct arena *arena)
{
    const json_t *item = json_object_get(object, key);
    if (!json_is_string(item))
        return NULL;
    struct str text = str_trim((struct str){json_string_value(item), json_string_length(item)});
    if (text.length == 0 || str_equal_nocase(text, STR("null")) ||
        str_equal_nocase(text, STR("none")) || memchr(text.bytes, '\0', text.length))
        return NULL;
    return arena_str(arena, str_cut_utf8(text, length_max)).bytes;
}

static const char *read_sentence(const json_t *object, const char *key, struct arena *arena)
{
    return read_text(object, key, MODEL_SENTENCE_MAX, arena);
}

/* Without a code fence, and without what ends it: one statement needs no semicolon. */
static const char *plain_sql(const char *text, struct arena *arena)
{
    struct str sql = str_trim(str_from(text));
    if (str_starts(sql, STR("```"))) {
        ptrdiff_t line = str_find(sql, STR("\n"));
        sql = line < 0 ? STR("") : str_slice(sql, (size_t)line + 1, sql.length);
        ptrdiff_t end = str_find(sql, STR("```"));
        sql = str_trim(end < 0 ? sql : str_slice(sql, 0, (size_t)end));
    }
    while (sql.length > 0 && sql.bytes[sql.length - 1] == ';')
        sql = str_trim(str_slice(sql, 0, sql.length - 1));
    return sql.length > 0 ? arena_str(arena, sql).bytes : NULL;
}

static void read_assumptions(const json_t *object, struct arena *arena, struct model_reply *out)
{
    const json_t *list = json_object_get(object, "assumptions");
    out->assumptions = arena_array(arena, MODEL_LIST_MAX, sizeof(*out->assumptions));
    for (size_t i = 0; i < json_array_size(list) && out->assumption_count < MODEL_LIST_MAX; i++) {
        const json_t *item = json_array_get(list, i);
        struct str text = str_trim((struct str){json_string_value(item), json_string_length(item)});
        if (json_is_string(item) && text.length > 0 && !memchr(text.bytes, '\0', text.length))
            out->assumptions[out->assumption_count++] =
                arena_str(arena, str_cut_utf8(text, MODEL_SENTENCE_MAX)).bytes;
    }
}

/* NULL unless it is a date. */
static const char *read_date(const json_t *object, const char *key, struct arena *arena)
{
    const char *text = read_text(object, key, 10, arena);
    struct date date;
    return text && date_parse(str_from(text), &date) ? text : NULL;
}

static void read_periods(const json_t *object, struct arena *arena, struct model_reply *out)
{
    const json_t *list = json_object_get(object, "periods");
    out->periods = arena_array(arena, MODEL_LIST_MAX, sizeof(*out->periods));
    for (size_t i = 0; i < json_array_size(list) && out->period_count < MODEL_LIST_MAX; i++) {
        const json_t *item = json_array_get(list, i);
        struct period period = {.words = read_sentence(item, "words", arena),
                                .from = read_date(item, "from", arena),
                                .to = read_date(item, "to", arena)};
        if (period.words && (period.from || period.to))
            out->periods[out->period_count++] = period;
    }
}

/* ------------------------------------------------------------------ the whole */

static json_t *find_object(struct str text, struct arena *arena, json_error_t *error)
{
    const char *brace = text.length > 0 ? memchr(text.bytes, '{', text.length) : NULL;
    if (!brace) {
        snprintf(error->text, sizeof(error->text), "there is no object");
        return NULL;
    }
    return json_load_mended(str_slice(text, (size_t)(brace - text.bytes), text.length),
                            JSON_DISABLE_EOF_CHECK, arena, error);
}

/* A model that was not held to the form may send the statement alone. */
static const char *find_bare_sql(struct str text, struct arena *arena)
{
    ptrdiff_t fence = str_find(text, STR("```"));
    struct str rest = str_trim(fence < 0 ? text : str_slice(text, (size_t)fence, text.length));
    const char *sql = plain_sql(arena_str(arena, rest).bytes, arena);
    struct str start = str_slice(str_from(sql), 0, 6);
    return sql && (str_equal_nocase(start, STR("select")) ||
                   str_equal_nocase(str_slice(start, 0, 4), STR("with")))
               ? sql
               : NULL;
}

bool model_read_reply(struct str text, struct arena *arena, struct model_reply *out,
                      struct error *err)
{
    *out = (struct model_reply){0};
    if (text.length > CHAT_REPLY_SIZE_MAX)
        return error_set(err, ERROR_MODEL, "the reply is too long");
    json_error_t problem = {0};
    json_t *object = find_object(text, arena, &problem);
    if (!json_is_object(object)) {
        json_decref(object);
        out->sql = find_bare_sql(text, arena);
        return out->sql || error_set(err, ERROR_MODEL, "the reply is not the JSON object asked for: %s",
                                     problem.text);
    }
    out->dataset = read_sentence(object, "dataset", arena);
    out->reason = read_sentence(object, "reason", arena);
    const char *sql = read_text(object, "sql", SQL_SIZE_MAX + 1, arena);
    out->sql = sql ? plain_sql(sql, arena) : NULL;
    out->question_back = read_sentence(object, "question_back", arena);
    out->no_answer = read_sentence(object, "no_answer", arena);
    if (json_object_size(object) == 1 && json_is_null(json_object_get(object, "sql")))
        out->no_answer = "The language model finds no answer in these tables.";
    read_assumptions(object, arena, out);
    read_periods(object, arena, out);
    json_decref(object);
    return out->sql || out->question_back || out->no_answer ||
           error_set(err, ERROR_MODEL,
                     "the reply has no \"sql\", no \"question_back\" and no \"no_answer\"");
}
