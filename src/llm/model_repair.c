/* SPDX-License-Identifier: Apache-2.0 */
/* What a model is told when its statement came to nothing: why, the nearest names that there are, and, for
 * texts that no row holds, those that some do. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "llm/model_priv.h"
#include "sql/allow_lists.h"
#include "sql/firewall.h"
#include "sql/tokenizer.h"

#define PART_SIZE_MAX (32 * 1024)
#define NAMES_MAX 10   /* unknown ones that are spoken of */
#define NEAREST_MAX 3  /* of each */
#define VALUES_MAX 5   /* missing ones that are spoken of */
#define NEAR_VALUES_MAX 6
#define VALUE_MAX 120
#define FAILURE_MAX 2000
#define DISTANCE_MAX 3

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool read_tokens(const struct decision *decision, const char *sql, struct token_list *out)
{
    enum refusal refusal;
    struct token fault;
    return strlen(sql) <= SQL_SIZE_MAX &&
           tokenize(str_from(sql), decision->arena, out, &refusal, &fault);
}

/* ------------------------------------------------------------------ likeness */

static bool holds(struct str where, struct str what)
{
    for (size_t i = 0; what.length > 0 && i + what.length <= where.length; i++)
        if (str_equal_nocase(str_slice(where, i, i + what.length), what))
            return true;
    return false;
}

/* 0: the same but for case; higher is further off; UINT_MAX: not alike. */
static unsigned unlikeness(struct str name, struct str other, struct arena *arena)
{
    if (str_equal_nocase(name, other))
        return 0;
    struct arena_mark mark = arena_mark(arena);
    char *a = arena_strndup(arena, name.bytes, name.length);
    char *b = arena_strndup(arena, other.bytes, other.length);
    for (char *c = a; *c; c++)
        *c = char_lower(*c);
    for (char *c = b; *c; c++)
        *c = char_lower(*c);
    unsigned max = name.length < 2 * DISTANCE_MAX ? (unsigned)name.length / 2 : DISTANCE_MAX;
    unsigned distance = str_distance(str_from(a), str_from(b), max);
    arena_rollback(arena, mark);
    if (distance <= max && max > 0)
        return distance;
    return name.length >= 3 && (holds(other, name) || (other.length >= 3 && holds(name, other)))
               ? DISTANCE_MAX + 1
               : (unsigned)-1;
}

struct nearest {
    struct {
        const struct dataset *dataset;
        const struct column *column; /* NULL: the table itself */
        unsigned unlikeness;
    } items[NEAREST_MAX];
    size_t count;
};

static void keep_nearest(struct nearest *nearest, const struct dataset *dataset,
                         const struct column *column, unsigned far)
{
    size_t at = nearest->count;
    while (at > 0 && nearest->items[at - 1].unlikeness > far)
        at--;
    if (at == NEAREST_MAX || far == (unsigned)-1)
        return;
    if (nearest->count < NEAREST_MAX)
        nearest->count++;
    for (size_t i = nearest->count - 1; i > at; i--)
        nearest->items[i] = nearest->items[i - 1];
    nearest->items[at].dataset = dataset;
    nearest->items[at].column = column;
    nearest->items[at].unlikeness = far;
}

/* ------------------------------------------------------------------ names */

static bool is_name_known(const struct decision *decision, struct str name)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        const struct dataset *dataset = decision->tables[t];
        if (str_equal_nocase(name, str_from(dataset->table_name)))
            return true;
        for (size_t c = 0; c < dataset->column_count; c++)
            if (!model_is_hidden(dataset, &dataset->columns[c]) &&
                str_equal_nocase(name, str_from(dataset->columns[c].name)))
                return true;
    }
    return false;
}

static void find_nearest(const struct decision *decision, struct str name, struct nearest *out)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        const struct dataset *dataset = decision->tables[t];
        keep_nearest(out, dataset, NULL,
                     unlikeness(name, str_from(dataset->table_name), decision->arena));
        for (size_t c = 0; c < dataset->column_count; c++)
            if (!model_is_hidden(dataset, &dataset->columns[c]))
                keep_nearest(out, dataset, &dataset->columns[c],
                             unlikeness(name, str_from(dataset->columns[c].name),
                                        decision->arena));
    }
}

/* Columns of that name are of other tables than the statement's, where the engine did not find it. */
static void find_owners(const struct decision *decision, struct str name, struct nearest *out)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        const struct dataset *dataset = decision->tables[t];
        for (size_t c = 0; c < dataset->column_count; c++)
            if (!model_is_hidden(dataset, &dataset->columns[c]) &&
                str_equal_nocase(name, str_from(dataset->columns[c].name)))
                keep_nearest(out, dataset, &dataset->columns[c], 0);
    }
}

static bool was_told(const struct token_list *tokens, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_equal_nocase(tokens->items[i].value, tokens->items[at].value))
            return true;
    return false;
}

static void add_nearest(struct strbuf *out, struct str name, const struct nearest *nearest)
{
    strbuf_add(out, out->length > 0 ? "\n- " : "- ");
    strbuf_printf(out, "%.*s: ", STR_ARGS(name));
    for (size_t i = 0; i < nearest->count; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        model_add_name(out, nearest->items[i].dataset->table_name);
        if (nearest->items[i].column) {
            strbuf_add_char(out, '.');
            model_add_name(out, nearest->items[i].column->name);
        }
    }
}

/* For each name of the statement that is none of the data: those that are most like it; for those that the
 * message speaks of: where they are. */
static void add_names(struct strbuf *out, const struct decision *decision,
                      const struct token_list *tokens, struct str failure)
{
    size_t told = 0;
    for (size_t i = 0; i < tokens->count && told < NAMES_MAX; i++) {
        const struct token *token = &tokens->items[i];
        if ((token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED) ||
            (token->kind == TOKEN_WORD && is_reserved_word(token->text)) ||
            is_sign(token + 1, "(") || is_sign(token + 1, ".") || was_told(tokens, i))
            continue;
        struct nearest nearest = {0};
        if (!is_name_known(decision, token->value))
            find_nearest(decision, token->value, &nearest);
        else if (holds(failure, token->value))
            find_owners(decision, token->value, &nearest);
        if (nearest.count == 0)
            continue;
        add_nearest(out, token->value, &nearest);
        told++;
    }
}

/* ------------------------------------------------------------------ values */

/* The column before the operator at `at`: name = , lower(name) = . */
static struct str column_before(const struct token_list *tokens, size_t at)
{
    while (at > 0 && is_sign(&tokens->items[at - 1], ")"))
        at--;
    const struct token *token = at > 0 ? &tokens->items[at - 1] : NULL;
    return token && (token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) ? token->value
                                                                               : STR("");
}

/* The column that the text at `at` is compared with; empty when it is not compared for equality. */
static struct str compared_column(const struct token_list *tokens, size_t at)
{
    size_t i = at;
    while (i > 0 && (is_sign(&tokens->items[i - 1], ",") ||
                     tokens->items[i - 1].kind == TOKEN_STRING))
        i--;
    if (i >= 2 && is_sign(&tokens->items[i - 1], "(") && is_word(&tokens->items[i - 2], "in")) {
        bool negated = i >= 3 && is_word(&tokens->items[i - 3], "not");
        return column_before(tokens, negated ? i - 3 : i - 2);
    }
    if (i != at || at == 0)
        return STR("");
    const struct token *sign = &tokens->items[at - 1];
    if (is_sign(sign, "=") || is_word(sign, "like") || is_word(sign, "ilike"))
        return column_before(tokens, at - 1);
    return STR("");
}

static struct str without_wildcards(struct str text)
{
    while (text.length > 0 && text.bytes[0] == '%')
        text = str_slice(text, 1, text.length);
    while (text.length > 0 && text.bytes[text.length - 1] == '%')
        text = str_slice(text, 0, text.length - 1);
    return text;
}

/* A text column whose values are known, all of them. */
static const struct column *find_listed(const struct decision *decision, struct str name,
                                        const struct dataset **dataset)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        *dataset = decision->tables[t];
        for (size_t c = 0; c < (*dataset)->column_count; c++) {
            const struct column *column = &(*dataset)->columns[c];
            if (str_equal_nocase(name, str_from(column->name)))
                return column->kind == VALUE_TEXT && column->profile.values_complete ? column : NULL;
        }
    }
    return NULL;
}

/* Is it stored as it is written, or like that where a pattern is given? */
static bool is_stored(const struct column *column, struct str text, bool pattern)
{
    struct str plain = without_wildcards(text);
    for (size_t i = 0; i < column->profile.value_count; i++) {
        struct str value = str_from(column->profile.values[i].text);
        if (pattern ? holds(value, plain) : str_equal(value, text))
            return true;
    }
    return false;
}

static size_t add_near_values(struct strbuf *out, const struct decision *decision,
                              const struct column *column, struct str text)
{
    size_t count = 0;
    const struct column_profile *profile = &column->profile;
    for (unsigned far = 0; far <= DISTANCE_MAX + 1 && count < NEAR_VALUES_MAX; far++)
        for (size_t i = 0; i < profile->value_count && count < NEAR_VALUES_MAX; i++) {
            if (unlikeness(text, str_from(profile->values[i].text), decision->arena) != far)
                continue;
            strbuf_add(out, count++ > 0 ? ", " : "");
            model_add_value(out, profile->values[i].text, VALUE_MAX);
        }
    for (size_t i = 0; count == 0 && i < profile->value_count && i < NEAR_VALUES_MAX; i++) {
        strbuf_add(out, i > 0 ? ", " : "among others ");
        model_add_value(out, profile->values[i].text, VALUE_MAX);
    }
    return profile->value_count;
}

struct str model_missing_values(const struct decision *decision, const char *sql)
{
    struct token_list tokens;
    struct strbuf out = strbuf_init(PART_SIZE_MAX);
    size_t told = 0;
    if (decision->request->sees == LLM_SEES_SCHEMA || !read_tokens(decision, sql, &tokens))
        return STR("");
    for (size_t i = 0; i < tokens.count && told < VALUES_MAX; i++) {
        const struct token *token = &tokens.items[i];
        if (token->kind != TOKEN_STRING)
            continue;
        const struct dataset *dataset;
        const struct column *column =
            find_listed(decision, compared_column(&tokens, i), &dataset);
        bool pattern = i > 0 && (is_word(token - 1, "like") || is_word(token - 1, "ilike"));
        if (!column || is_stored(column, token->value, pattern) ||
            !model_shows_values(decision->request->sees, dataset, column))
            continue;
        strbuf_add(&out, told++ > 0 ? "\n- no row has " : "- no row has ");
        strbuf_add_str(&out, str_cut_utf8(token->text, VALUE_MAX));
        strbuf_add(&out, " in ");
        model_add_name(&out, column->name);
        if (decision->request->sees != LLM_SEES_ROWS)
            continue;
        strbuf_add(&out, "; there is ");
        if (add_near_values(&out, decision, column, without_wildcards(token->value)) == 0)
            strbuf_add(&out, "none at all");
    }
    struct str text = arena_str(decision->arena, strbuf_str(&out));
    strbuf_clear(&out);
    return text;
}

/* ------------------------------------------------------------------ values that code puts right */

/* The one stored value that differs in case alone; NULL: none, or several. */
static const char *other_case(const struct column *column, struct str text)
{
    const char *found = NULL;
    for (size_t i = 0; i < column->profile.value_count; i++) {
        const char *value = column->profile.values[i].text;
        if (!str_equal_nocase(str_trim(str_from(value)), str_trim(text)))
            continue;
        if (found)
            return NULL;
        found = value;
    }
    return found;
}

/* As it is spelled: LIKE tells capitals apart. */
static bool is_within_value(const struct column *column, struct str text)
{
    for (size_t i = 0; text.length > 0 && i < column->profile.value_count; i++) {
        struct str value = str_from(column->profile.values[i].text);
        for (size_t at = 0; at + text.length <= value.length; at++)
            if (memcmp(value.bytes + at, text.bytes, text.length) == 0)
                return true;
    }
    return false;
}

static void add_literal(struct strbuf *out, const char *before, struct str text, const char *after)
{
    strbuf_printf(out, "'%s", before);
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\'')
            strbuf_add_char(out, '\'');
        strbuf_add_char(out, text.bytes[i]);
    }
    strbuf_printf(out, "%s'", after);
}

/* What is written in place of the text at `at`; false: it stays. */
static bool add_stored(struct strbuf *out, const struct decision *decision,
                       const struct token_list *tokens, size_t at)
{
    const struct dataset *dataset;
    const struct token *token = &tokens->items[at];
    const struct column *column = find_listed(decision, compared_column(tokens, at), &dataset);
    bool pattern = at > 0 && (is_word(token - 1, "like") || is_word(token - 1, "ilike"));
    if (!column || is_stored(column, token->value, false) ||
        !model_shows_values(decision->request->sees, dataset, column) ||
        (pattern && (memchr(token->value.bytes, '%', token->value.length) ||
                     memchr(token->value.bytes, '_', token->value.length))))
        return false;
    const char *stored = other_case(column, token->value);
    if (stored)
        add_literal(out, "", str_from(stored), "");
    else if (pattern && is_within_value(column, token->value))
        add_literal(out, "%", token->value, "%");
    else
        return false;
    return true;
}

const char *model_mend_values(const struct decision *decision, const char *sql)
{
    struct token_list tokens;
    if (decision->request->sees != LLM_SEES_ROWS || (decision->request->without & LLM_PART_VALUES) ||
        !read_tokens(decision, sql, &tokens))
        return NULL;
    struct strbuf out = strbuf_init(SQL_SIZE_MAX);
    const char *done = sql;
    for (size_t i = 0; i < tokens.count; i++) {
        struct str text = tokens.items[i].text;
        if (tokens.items[i].kind != TOKEN_STRING)
            continue;
        strbuf_add_bytes(&out, done, (size_t)(text.bytes - done));
        done = text.bytes;
        if (add_stored(&out, decision, &tokens, i))
            done = text.bytes + text.length;
    }
    strbuf_add(&out, done);
    const char *mended = strbuf_ok(&out) ? arena_str(decision->arena, strbuf_str(&out)).bytes : sql;
    strbuf_clear(&out);
    return strcmp(mended, sql) != 0 ? mended : NULL;
}

/* ------------------------------------------------------------------ the message */

/* What the engine says of names and grammar quotes the statement; all else may quote a cell, in any form. */
const char *model_failure_text(const struct decision *decision, const struct error *failure)
{
    static const char *const harmless[] = {"Binder Error", "Catalog Error", "Parser Error",
                                           ENGINE_MEMORY_TEXT};
    if (failure->code != ERROR_SQL_FAILED ||
        (decision->request->sees == LLM_SEES_ROWS && !decision->request->masks))
        return failure->message;
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (strncmp(failure->message, harmless[i], strlen(harmless[i])) == 0)
            return failure->message;
    return "it fails on the values of the data";
}

struct str model_repair_text(const struct decision *decision, const char *sql, const char *failure,
                             struct str values)
{
    struct strbuf names = strbuf_init(PART_SIZE_MAX), why = strbuf_init(PART_SIZE_MAX);
    struct token_list tokens = {0};
    struct str told = str_from(failure);
    /* The engine's words may quote a cell. */
    if (decision->request->sees != LLM_SEES_ROWS || decision->request->masks)
        told = model_without_values(decision, told, true);
    model_add_line(&why, arena_str(decision->arena, told).bytes, FAILURE_MAX);
    if (sql && read_tokens(decision, sql, &tokens))
        add_names(&names, decision, &tokens, str_from(failure));
    const struct prompt_value parts[] = {
        {"failure", strbuf_str(&why)},
        {"statement", str_from(sql)},
        {"names", strbuf_str(&names)},
        {"values", values},
    };
    struct str text = prompt_render(decision->brief ? PROMPT_REPAIR_BRIEF : PROMPT_REPAIR, parts, 4,
                                    decision->arena);
    strbuf_clear(&names);
    strbuf_clear(&why);
    return text;
}
