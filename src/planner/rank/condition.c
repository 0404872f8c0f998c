/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored values, missing values and plain texts as conditions; numbers and dates are read in
 * condition_numbers.c.
 */
#include "planner/rank/condition.h"

#include <math.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/rank/condition_reader.h"

/* ---- for all readers */

static const char *const comparison_names[COMPARISONS] = {
    [COMPARE_EQUAL] = "=",          [COMPARE_NOT_EQUAL] = "!=",     [COMPARE_LESS] = "<",
    [COMPARE_LESS_EQUAL] = "<=",    [COMPARE_GREATER] = ">",        [COMPARE_GREATER_EQUAL] = ">=",
    [COMPARE_LIKE] = "like",        [COMPARE_NOT_LIKE] = "notlike", [COMPARE_IN] = "in",
    [COMPARE_NOT_IN] = "notin",     [COMPARE_BETWEEN] = "between",  [COMPARE_NULL] = "null",
    [COMPARE_NOT_NULL] = "notnull",
};

const char *comparison_symbol_name(enum comparison comparison)
{
    return comparison_names[comparison];
}

struct symbol reading_symbol(const struct reading *reading)
{
    static const char *const names[READING_KINDS] = {
        [READING_VALUE] = "value", [READING_PART] = "likep",   [READING_NUMBER] = "num",
        [READING_DATE] = "date",   [READING_YEAR] = "yd",      [READING_NULL] = "null",
        [READING_BETWEEN] = "bt",  [READING_PATTERN] = "like", [READING_UNMATCHED] = "unm",
        [READING_HAVING] = "hav",  [READING_LIMIT] = "lim",
    };
    return reading->kind == READING_VALUE ? value_link_symbol(reading->link)
                                          : symbol_from(names[reading->kind]);
}

struct symbol symbol_flag(bool value)
{
    return symbol_number(value);
}

const struct token *reader_token(const struct reader *r, size_t i)
{
    return &r->links->tokens->items[i];
}

struct reading *reader_begin(struct reader *r, enum reading_kind kind, int column,
                             enum comparison comparison, size_t a, size_t b)
{
    if (r->out->count == CONDITIONS_MAX)
        return NULL;
    r->out->items = arena_grow(r->arena, r->out->items, r->out->count, &r->out->capacity,
                               sizeof(*r->out->items));
    struct reading *reading = &r->out->items[r->out->count++];
    *reading = (struct reading){.kind = kind,
                                .column = column,
                                .comparison = comparison,
                                .begin = (uint16_t)a,
                                .end = (uint16_t)b,
                                .features = feature_set_init(r->arena, r->named)};
    return reading;
}

const char *reader_use_of(enum comparison comparison, const char *class, struct arena *arena)
{
    return arena_printf(arena, "%s%s", comparison_symbol_name(comparison), class);
}

/* ---- stored values */

static float own_most(const struct reader *r, size_t a, size_t b)
{
    float most = 0;
    for (size_t i = a; i < b; i++)
        most = fmaxf(most, r->links->own[i]);
    return most;
}

/* Is the value written in the question letter for letter? */
static bool same_case(const struct reader *r, const struct value_link *link, const char *text)
{
    char spoken[VALUE_KEY_SIZE], stored[VALUE_KEY_SIZE];
    const char *surface = token_text(r->links->tokens, link->begin, link->end, r->arena);
    size_t a = words_key(str_from(surface), spoken, sizeof(spoken));
    size_t b = words_key(str_from(text), stored, sizeof(stored));
    if (a == 0 || a != b || memcmp(spoken, stored, a) != 0)
        return false;
    for (size_t i = link->begin; i < link->end; i++)
        if (reader_token(r, i)->is_word && str_find(str_from(text), reader_token(r, i)->word) < 0)
            return false;
    return true;
}

static long digits_of(int64_t number)
{
    long digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

static void add_value_features(struct reader *r, struct feature_set *out,
                               const struct value_link *link, struct symbol kind)
{
    const struct links *links = r->links;
    const struct column_info *info = &r->index->columns[link->column];
    size_t a = link->begin, b = link->end;
    const struct token *first = reader_token(r, a), *last = reader_token(r, b - 1);
    long rivals = 0, same = 0;
    bool covered = false;
    for (size_t v = 0; v < links->value_count; v++) {
        const struct value_link *o = &links->values[v];
        bool here = o->begin == a && o->end == b && o->kind != VALUE_LINK_NUMBER;
        rivals += here;
        same += here && o->column == link->column;
        covered |= o->begin <= a && o->end >= b && (size_t)(o->end - o->begin) > b - a;
    }
    FEATURE(out, "k", kind);
    FEATURE(out, "kqc", kind, symbol_flag(first->quote > 0), symbol_flag(first->capital));
    FEATURE(out, "comp", symbol_number(rivals < 5 ? rivals : 5));
    FEATURE(out, "len", symbol_number(b - a < 4 ? (long)(b - a) : 4));
    FEATURE(out, "own", symbol_number((long)(4 * own_most(r, a, b))), kind);
    FEATURE(out, "namecol", symbol_flag(link->column == r->index->name_column));
    FEATURE(out, "key", symbol_flag(info->key));
    FEATURE(out, "sm", symbol_number(digits_of(info->distinct) < 3 ? digits_of(info->distinct) : 3),
            kind);
    if (covered)
        FEATURE_PLAIN(out, "covered");
    bool opens = a == 0 || reader_token(r, a - 1)->quote != first->quote;
    bool closes = b == links->tokens->count || reader_token(r, b)->quote != last->quote;
    if ((first->quote && !opens) || (last->quote && !closes))
        FEATURE_PLAIN(out, "partquote");
    if (links->table_word[a])
        FEATURE_PLAIN(out, "tabword");
    FEATURE(out, "amb", symbol_number(same < 4 ? same : 4));
    if (link->kind == VALUE_LINK_PART || link->kind == VALUE_LINK_PARTS ||
        link->kind == VALUE_LINK_ALIKE)
        FEATURE(out, "score", symbol_number((long)(link->score * 10)), kind);
}

static bool already_read(const struct reader *r, const struct value_link *link, const char *text,
                         enum comparison comparison)
{
    for (size_t i = 0; i < r->out->count; i++) {
        const struct reading *o = &r->out->items[i];
        if (o->begin == link->begin && o->end == link->end && o->column == (int)link->column &&
            o->comparison == comparison && strcmp(o->value, text) == 0)
            return true;
    }
    return false;
}

static void read_values(struct reader *r)
{
    for (size_t v = 0; v < r->links->value_count; v++) {
        const struct value_link *link = &r->links->values[v];
        if (link->kind == VALUE_LINK_NUMBER)
            continue;
        const char *text = dataset_index_value(r->index, link->column, link->value);
        struct symbol kind = value_link_symbol(link->kind);
        for (int negated = 0; negated < 2; negated++) {
            enum comparison comparison = negated ? COMPARE_NOT_EQUAL : COMPARE_EQUAL;
            if (already_read(r, link, text, comparison))
                continue;
            struct reading *reading = reader_begin(r, READING_VALUE, (int)link->column, comparison,
                                                   link->begin, link->end);
            if (!reading)
                return;
            bool exact = same_case(r, link, text);
            reading->link = link->kind;
            reading->value = text;
            reading->other_case = !exact;
            reader_add_context(r, &reading->features, link->begin, link->end,
                               negated ? "!=v" : "=v");
            reader_add_column(r, &reading->features, link->column, link->begin, link->end);
            add_value_features(r, &reading->features, link, kind);
            FEATURE(&reading->features, "case", symbol_flag(exact));
        }
    }
}

/* A word that is part of stored values may be meant as a part: LIKE '%word%'. */
static void read_parts(struct reader *r)
{
    for (size_t v = 0; v < r->links->value_count; v++) {
        const struct value_link *link = &r->links->values[v];
        if (link->kind != VALUE_LINK_PART && link->kind != VALUE_LINK_PARTS)
            continue;
        size_t a = link->begin, b = link->end;
        const char *text =
            arena_printf(r->arena, "%%%s%%", token_text(r->links->tokens, a, b, r->arena));
        if (already_read(r, link, text, COMPARE_LIKE))
            continue;
        struct reading *reading =
            reader_begin(r, READING_PART, (int)link->column, COMPARE_LIKE, a, b);
        if (!reading)
            return;
        long values = 0;
        for (size_t k = 0; k < r->links->value_count; k++)
            values += r->links->values[k].column == link->column &&
                      r->links->values[k].begin == a && r->links->values[k].end == b;
        struct symbol kind = value_link_symbol(link->kind);
        reading->value = text;
        reader_add_context(r, &reading->features, a, b, "likepv");
        reader_add_column(r, &reading->features, link->column, a, b);
        FEATURE(&reading->features, "lk", kind);
        FEATURE(&reading->features, "lkcap", symbol_flag(reader_token(r, a)->capital), kind);
        FEATURE(&reading->features, "lkamb", symbol_number(values < 4 ? values : 4));
        FEATURE(&reading->features, "lkown", symbol_number((long)(4 * own_most(r, a, b))));
    }
}

/* ---- missing values */

static void read_nulls(struct reader *r)
{
    static const enum comparison uses[] = {COMPARE_NULL, COMPARE_NOT_NULL};
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        enum cue cue = (enum cue)r->links->cues.cue[i];
        if (cue != CUE_MISSING && cue != CUE_NEGATION)
            continue;
        for (size_t c = 0; c < r->index->column_count; c++)
            for (size_t k = 0; k < 2 && reader_well_mentioned(r, c); k++) {
                struct reading *reading = reader_begin(r, READING_NULL, (int)c, uses[k], i, i + 1);
                if (!reading)
                    return;
                reading->value = "null";
                reader_add_context(r, &reading->features, i, i + 1,
                                   reader_use_of(uses[k], "0", r->arena));
                reader_add_column(r, &reading->features, c, i, i + 1);
                FEATURE(&reading->features, "nullk", reader_token(r, i)->lower,
                        symbol_from(comparison_symbol_name(uses[k])));
            }
    }
}

/* ---- texts that are no stored value */

/* The five ways to use a text: contains, starts, ends, equals, differs. */
static void read_text(struct reader *r, size_t a, size_t b, const char *text)
{
    static const struct {
        enum comparison comparison;
        const char *format, *use;
    } uses[] = {{COMPARE_LIKE, "%%%s%%", "likecl"},
                {COMPARE_LIKE, "%s%%", "likesl"},
                {COMPARE_LIKE, "%%%s", "likeel"},
                {COMPARE_EQUAL, "%s", "=xl"},
                {COMPARE_NOT_EQUAL, "%s", "!=xl"}};
    bool known = false;
    for (size_t v = 0; v < r->links->value_count; v++)
        known |= r->links->values[v].begin == a && r->links->values[v].end == b &&
                 r->links->values[v].kind == VALUE_LINK_EXACT;
    size_t length = str_count_utf8(str_from(text));
    for (size_t c = 0; c < r->index->column_count; c++) {
        if (r->index->columns[c].number ||
            (r->index->column_count > CONDITION_WIDE_COLUMNS && !reader_well_mentioned(r, c)))
            continue;
        for (size_t k = 0; k < sizeof(uses) / sizeof(uses[0]); k++) {
            bool like = uses[k].comparison == COMPARE_LIKE;
            if (!like && (known || !reader_token(r, a)->quote))
                continue;
            struct reading *reading = reader_begin(r, like ? READING_PATTERN : READING_UNMATCHED,
                                                   (int)c, uses[k].comparison, a, b);
            if (!reading)
                return;
            struct feature_set *out = &reading->features;
            struct symbol use = symbol_from(comparison_symbol_name(uses[k].comparison));
            struct strbuf value = strbuf_init(QUESTION_SIZE_MAX + 4);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            strbuf_printf(&value, uses[k].format, text);
#pragma GCC diagnostic pop
            reading->value = arena_strdup(r->arena, strbuf_text(&value));
            strbuf_clear(&value);
            reader_add_context(r, out, a, b, uses[k].use);
            reader_add_column(r, out, c, a, b);
            FEATURE(out, "has", symbol_flag(known), use);
            FEATURE(out, "cap", symbol_flag(reader_token(r, a)->capital));
            FEATURE(out, "nm", symbol_flag(c == r->index->name_column));
            FEATURE(out, "tl", symbol_number(length < 3 ? (long)length : 3), use);
        }
    }
}

/* Is a pattern spoken of in the few words before token `i`? */
static bool pattern_before(const struct reader *r, size_t i)
{
    for (size_t k = i; k-- > 0 && k + 6 >= i;) {
        enum cue cue = (enum cue)r->links->cues.cue[k];
        const char *word = reader_token(r, k)->lower.text;
        if (cue == CUE_CONTAINS || cue == CUE_STARTS || cue == CUE_ENDS ||
            strcmp(word, "word") == 0 || strcmp(word, "with") == 0)
            return true;
    }
    return false;
}

static void read_texts(struct reader *r)
{
    const struct token_list *tokens = r->links->tokens;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = reader_token(r, i);
        if (token->quote) {
            size_t end = i + 1;
            while (end < tokens->count && reader_token(r, end)->quote == token->quote)
                end++;
            struct str text = tokens->quotes[token->quote - 1];
            while (text.length > 0 && strchr(".,?", text.bytes[text.length - 1]))
                text.length--;
            if (text.length > 0)
                read_text(r, i, end, arena_strndup(r->arena, text.bytes, text.length));
            i = end - 1;
            continue;
        }
        bool letter = token->word.length == 1 && strcmp(token->lower.text, "a") != 0;
        if (i > 0 && token->is_word && !token->digits && (token->capital || letter) &&
            r->links->own[i] < 0.6F && pattern_before(r, i))
            read_text(r, i, i + 1, arena_strndup(r->arena, token->word.bytes, token->word.length));
    }
}

/* ---- the whole */

void read_conditions(const struct delexed_question *question, bool named, struct arena *arena,
                     struct reading_list *out)
{
    *out = (struct reading_list){0};
    struct reader r = {.q = question,
                       .links = question->links,
                       .index = question->links->index,
                       .arena = arena,
                       .out = out,
                       .named = named};
    read_values(&r);
    read_parts(&r);
    read_number_conditions(&r);
    read_date_conditions(&r);
    read_nulls(&r);
    read_between_conditions(&r);
    read_texts(&r);
    for (size_t i = 0; i < out->count; i++)
        feature_set_finish(&out->items[i].features);
}
