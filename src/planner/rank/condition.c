/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/condition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/strbuf.h"

struct reader {
    const struct delexed_question *q;
    const struct links *links;
    const struct dataset_index *index;
    struct arena *arena;
    struct reading_list *out;
    bool named;
};

static const char *const comparison_names[COMPARISONS] = {
    [COMPARE_EQUAL] = "=",          [COMPARE_NOT_EQUAL] = "!=",   [COMPARE_LESS] = "<",
    [COMPARE_LESS_EQUAL] = "<=",    [COMPARE_GREATER] = ">",      [COMPARE_GREATER_EQUAL] = ">=",
    [COMPARE_LIKE] = "like",        [COMPARE_NOT_LIKE] = "notlike", [COMPARE_IN] = "in",
    [COMPARE_NOT_IN] = "notin",     [COMPARE_BETWEEN] = "between", [COMPARE_NULL] = "null",
    [COMPARE_NOT_NULL] = "notnull",
};

static const enum comparison ordered[] = {COMPARE_EQUAL,   COMPARE_NOT_EQUAL,
                                          COMPARE_GREATER, COMPARE_LESS,
                                          COMPARE_GREATER_EQUAL, COMPARE_LESS_EQUAL};
#define ORDERED_COUNT (sizeof(ordered) / sizeof(ordered[0]))

struct symbol reading_symbol(const struct reading *reading)
{
    static const char *const names[READING_KINDS] = {
        [READING_VALUE] = "value",      [READING_PART] = "likep",   [READING_NUMBER] = "num",
        [READING_DATE] = "date",        [READING_YEAR] = "yd",      [READING_NULL] = "null",
        [READING_BETWEEN] = "bt",       [READING_PATTERN] = "like", [READING_UNMATCHED] = "unm",
        [READING_HAVING] = "hav",       [READING_LIMIT] = "lim",
    };
    return reading->kind == READING_VALUE ? value_link_symbol(reading->link)
                                          : symbol_from(names[reading->kind]);
}

static struct symbol flag(bool value)
{
    return symbol_number(value);
}

static const struct token *token_at(const struct reader *r, size_t i)
{
    return &r->links->tokens->items[i];
}

/* Starts a candidate; NULL when there are too many. */
static struct reading *begin(struct reader *r, enum reading_kind kind, int column,
                             enum comparison comparison, size_t a, size_t b)
{
    if (r->out->count == CONDITIONS_MAX)
        return NULL;
    struct reading *reading = &r->out->items[r->out->count++];
    *reading = (struct reading){.kind = kind,
                                .column = column,
                                .comparison = comparison,
                                .begin = (uint16_t)a,
                                .end = (uint16_t)b,
                                .features = feature_set_init(r->arena, r->named)};
    return reading;
}

static void add_with_last(struct feature_set *out, const char *kind, const struct symbol *words,
                          size_t count, struct symbol last)
{
    struct symbol all[FEATURE_WORDS_MAX];
    memcpy(all, words, count * sizeof(*words));
    all[count] = last;
    feature_add(out, kind, all, count + 1);
}

static bool is_filler(const struct delexed *item)
{
    static const char *const fillers[] = {"the", "of", "a", ",", "\"", "'"};
    if (item->kind == DELEXED_WORD)
        for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
            if (strcmp(item->word.text, fillers[i]) == 0)
                return true;
    return item->kind == DELEXED_COLUMN || item->kind == DELEXED_TABLE ||
           item->kind == DELEXED_UNKNOWN || item->kind == DELEXED_VALUE ||
           item->kind == DELEXED_NUMBER;
}

static bool is_cue(const struct delexed *item)
{
    return (item->kind == DELEXED_CUE && item->cue != CUE_INTRODUCTION) ||
           item->kind == DELEXED_DATE;
}

/* The words before the span, each with what the condition would do. */
static void add_words_before(const struct reader *r, struct feature_set *out, size_t a,
                             struct symbol use)
{
    struct symbol said[3];
    size_t count = 0;
    for (size_t i = a; i-- > 0 && count < 3;)
        if (!is_filler(&r->q->words.items[i]))
            said[2 - count++] = r->q->words.items[i].word;
    const struct symbol *from = said + 3 - count;
    add_with_last(out, "f1", said + 2, count > 0 ? 1 : 0, use);
    add_with_last(out, "f2", count >= 2 ? said + 1 : from, count >= 2 ? 2 : count, use);
    for (size_t i = 0; i < count; i++)
        FEATURE(out, "fb", from[i], use);
}

/* The cues near the span. */
static void add_cues(const struct reader *r, struct feature_set *out, size_t a, size_t b,
                     struct symbol use)
{
    const struct delexed_list *classes = &r->q->classes;
    struct symbol before[2];
    size_t count = 0;
    for (size_t i = a; i-- > 0 && i + 6 >= a && count < 2;)
        if (is_cue(&classes->items[i]))
            before[1 - count++] = classes->items[i].word;
    struct symbol nearest = count > 0 ? before[1] : SYMBOL("-");
    struct symbol next = SYMBOL("-");
    for (size_t i = b; i < classes->count && i < b + 3; i++)
        if (is_cue(&classes->items[i])) {
            next = classes->items[i].word;
            break;
        }
    FEATURE(out, "cu", nearest, use);
    add_with_last(out, "cu2", before + 2 - count, count, use);
    FEATURE(out, "ca", next, use);
    FEATURE(out, "cuca", nearest, next, use);
    FEATURE(out, "cp1", delexed_at(classes, (ptrdiff_t)a - 1).word, use);
    FEATURE(out, "cn1", delexed_at(classes, (ptrdiff_t)b).word, use);
}

/* `use` is the comparison and the class of literal, "=v". */
static void add_context(const struct reader *r, struct feature_set *out, size_t a, size_t b,
                        const char *use_text)
{
    struct symbol use = symbol_from(use_text);
    struct symbol before[3], after[2];
    for (ptrdiff_t i = 0; i < 3; i++)
        before[i] = delexed_at(&r->q->words, (ptrdiff_t)a - 3 + i).word;
    for (ptrdiff_t i = 0; i < 2; i++)
        after[i] = delexed_at(&r->q->words, (ptrdiff_t)b + i).word;
    for (size_t n = 1; n <= 3; n++)
        add_with_last(out, "p", before + 3 - n, n, use);
    add_with_last(out, "n", after, 1, use);
    add_with_last(out, "n", after, 2, use);
    add_words_before(r, out, a, use);
    add_cues(r, out, a, b, use);
    FEATURE(out, "op", use);
}

static int distance_to(const struct mention *m, size_t a, size_t b)
{
    return m->end <= a ? (int)(a - m->end) : m->begin >= b ? (int)(m->begin - b) : 0;
}

/* How the column is mentioned near the span, and whether it is the nearest one. */
static void add_column(const struct reader *r, struct feature_set *out, size_t column, size_t a,
                       size_t b)
{
    const struct mention *best = NULL;
    float best_value = 0;
    for (size_t k = 0; k < r->links->columns[column].count; k++) {
        const struct mention *m = &r->links->columns[column].items[k];
        float value = m->score - 0.08F * (float)distance_to(m, a, b);
        if (!best || value > best_value) {
            best = m;
            best_value = value;
        }
    }
    if (!best) {
        FEATURE_PLAIN(out, "cm");
        return;
    }
    int distance = distance_to(best, a, b);
    struct symbol side = symbol_from(best->end <= a ? "b" : "a");
    struct symbol score = symbol_number((long)(best->score * 4));
    FEATURE(out, "cm", score);
    FEATURE(out, "cd", symbol_number(distance < 6 ? distance : 6), side);
    FEATURE(out, "cmd", score, symbol_number(distance < 4 ? distance : 4), side);
    float nearest = 99;
    for (size_t c = 0; c < r->index->column_count; c++)
        for (size_t k = 0; k < r->links->columns[c].count; k++) {
            const struct mention *m = &r->links->columns[c].items[k];
            if (m->score > 0.5F)
                nearest = fminf(nearest, (float)distance_to(m, a, b) - m->score);
        }
    FEATURE(out, "near", flag((float)distance - best->score <= nearest + 1e-6F));
}

static float own_most(const struct reader *r, size_t a, size_t b)
{
    float most = 0;
    for (size_t i = a; i < b; i++)
        most = fmaxf(most, r->links->own[i]);
    return most;
}

static bool well_mentioned(const struct reader *r, size_t column)
{
    const struct column_links *links = &r->links->columns[column];
    return links->count > 0 && links->items[0].score > 0.6F;
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
        if (token_at(r, i)->is_word && str_find(str_from(text), token_at(r, i)->word) < 0)
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
    const struct token *first = token_at(r, a), *last = token_at(r, b - 1);
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
    FEATURE(out, "kqc", kind, flag(first->quote > 0), flag(first->capital));
    FEATURE(out, "comp", symbol_number(rivals < 5 ? rivals : 5));
    FEATURE(out, "len", symbol_number(b - a < 4 ? (long)(b - a) : 4));
    FEATURE(out, "own", symbol_number((long)(4 * own_most(r, a, b))), kind);
    FEATURE(out, "namecol", flag(link->column == r->index->name_column));
    FEATURE(out, "key", flag(info->key));
    FEATURE(out, "sm", symbol_number(digits_of(info->distinct) < 3 ? digits_of(info->distinct) : 3),
            kind);
    if (covered)
        FEATURE_PLAIN(out, "covered");
    bool opens = a == 0 || token_at(r, a - 1)->quote != first->quote;
    bool closes = b == links->tokens->count || token_at(r, b)->quote != last->quote;
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
            struct reading *reading = begin(r, READING_VALUE, (int)link->column, comparison,
                                            link->begin, link->end);
            if (!reading)
                return;
            bool exact = same_case(r, link, text);
            reading->link = link->kind;
            reading->value = text;
            reading->other_case = !exact;
            add_context(r, &reading->features, link->begin, link->end, negated ? "!=v" : "=v");
            add_column(r, &reading->features, link->column, link->begin, link->end);
            add_value_features(r, &reading->features, link, kind);
            FEATURE(&reading->features, "case", flag(exact));
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
        const char *text = arena_printf(
            r->arena, "%%%s%%", token_text(r->links->tokens, a, b, r->arena));
        if (already_read(r, link, text, COMPARE_LIKE))
            continue;
        struct reading *reading = begin(r, READING_PART, (int)link->column, COMPARE_LIKE, a, b);
        if (!reading)
            return;
        long values = 0;
        for (size_t k = 0; k < r->links->value_count; k++)
            values += r->links->values[k].column == link->column &&
                      r->links->values[k].begin == a && r->links->values[k].end == b;
        struct symbol kind = value_link_symbol(link->kind);
        reading->value = text;
        add_context(r, &reading->features, a, b, "likepv");
        add_column(r, &reading->features, link->column, a, b);
        FEATURE(&reading->features, "lk", kind);
        FEATURE(&reading->features, "lkcap", flag(token_at(r, a)->capital), kind);
        FEATURE(&reading->features, "lkamb", symbol_number(values < 4 ? values : 4));
        FEATURE(&reading->features, "lkown", symbol_number((long)(4 * own_most(r, a, b))));
    }
}

static const char *use_of(enum comparison comparison, const char *class, struct arena *arena)
{
    return arena_printf(arena, "%s%s", comparison_names[comparison], class);
}

static const char *number_text(struct arena *arena, double number)
{
    return number == floor(number) && fabs(number) < 1e15 ? arena_printf(arena, "%.0f", number)
                                                          : arena_printf(arena, "%.15g", number);
}

static bool is_year(const struct token *token)
{
    return token->digits && token->number > 1500 && token->number < 2100 &&
           token->number == floor(token->number);
}

static bool column_of_years(const struct column_info *info)
{
    return (info->flags & COLUMN_HAS_YEAR) ||
           (info->has_range && info->low > 1500 && info->high < 2100);
}

/* A year in a column of dates kept as text. */
static void read_year(struct reader *r, size_t i, size_t column)
{
    static const enum comparison uses[] = {COMPARE_LIKE, COMPARE_GREATER, COMPARE_LESS};
    const char *year = number_text(r->arena, token_at(r, i)->number);
    for (size_t k = 0; k < 3; k++) {
        struct reading *reading = begin(r, READING_YEAR, (int)column, uses[k], i, i + 1);
        if (!reading)
            return;
        reading->value = uses[k] == COMPARE_LIKE ? arena_printf(r->arena, "%%%s%%", year) : year;
        add_context(r, &reading->features, i, i + 1, use_of(uses[k], "d", r->arena));
        add_column(r, &reading->features, column, i, i + 1);
        FEATURE_PLAIN(&reading->features, "yeardate");
    }
}

static bool number_hits(const struct reader *r, size_t i, int column)
{
    for (size_t v = 0; v < r->links->value_count; v++) {
        const struct value_link *link = &r->links->values[v];
        if (link->kind == VALUE_LINK_NUMBER && link->begin == i &&
            (column < 0 || (int)link->column == column))
            return true;
    }
    return false;
}

static void read_number(struct reader *r, size_t i, size_t column)
{
    const struct token *token = token_at(r, i);
    const struct column_info *info = &r->index->columns[column];
    bool in_range = info->has_range && info->low <= token->number && token->number <= info->high;
    for (size_t k = 0; k < ORDERED_COUNT; k++) {
        struct reading *reading = begin(r, READING_NUMBER, (int)column, ordered[k], i, i + 1);
        if (!reading)
            return;
        reading->number = info->number;
        reading->amount = token->number;
        reading->value = info->number ? number_text(r->arena, token->number)
                                      : arena_strndup(r->arena, token->word.bytes,
                                                      token->word.length);
        struct feature_set *out = &reading->features;
        struct symbol use = symbol_from(comparison_names[ordered[k]]);
        add_context(r, out, i, i + 1, use_of(ordered[k], "n", r->arena));
        add_column(r, out, column, i, i + 1);
        FEATURE(out, "inr", flag(in_range), use);
        FEATURE(out, "hit", flag(number_hits(r, i, (int)column)), use);
        FEATURE(out, "dig", flag(token->digits));
        FEATURE(out, "yr", flag(is_year(token)), flag(column_of_years(info)));
        FEATURE(out, "q", flag(token->quote > 0));
        FEATURE(out, "type", symbol_from(info->number ? "n" : "t"));
        FEATURE(out, "id", flag(info->key || info->foreign || (info->flags & COLUMN_LAST_ID)));
        FEATURE(out, "big", flag(token->number > 12));
    }
}

/* A bound on a count, and a limit. */
static void read_count_and_limit(struct reader *r, size_t i)
{
    const struct token *token = token_at(r, i);
    int nearest = 9;
    for (size_t c = 0; c < r->index->column_count; c++)
        for (size_t k = 0; k < r->links->columns[c].count; k++) {
            const struct mention *m = &r->links->columns[c].items[k];
            int distance = distance_to(m, i, i + 1);
            if (m->score > 0.6F && distance < nearest)
                nearest = distance;
        }
    bool table = false;
    for (size_t k = i + 1; k < r->links->tokens->count && k < i + 3; k++)
        table |= r->links->table_word[k];
    const char *text = number_text(r->arena, token->number);
    for (size_t k = 0; k < ORDERED_COUNT; k++) {
        struct reading *reading = begin(r, READING_HAVING, -1, ordered[k], i, i + 1);
        if (!reading)
            return;
        struct feature_set *out = &reading->features;
        reading->number = true;
        reading->amount = token->number;
        reading->value = text;
        add_context(r, out, i, i + 1, use_of(ordered[k], "h", r->arena));
        FEATURE_PLAIN(out, "hav");
        FEATURE(out, "small", symbol_number(token->number < 4 ? (long)token->number : 4));
        FEATURE(out, "hn", symbol_number(nearest < 5 ? nearest : 5));
        FEATURE(out, "htab", flag(table));
        FEATURE(out, "hn1", delexed_at(&r->q->words, (ptrdiff_t)i + 1).word);
    }
    struct reading *reading =
        token->number > 0 ? begin(r, READING_LIMIT, -1, COMPARE_EQUAL, i, i + 1) : NULL;
    if (!reading)
        return;
    reading->number = true;
    reading->amount = token->number;
    reading->value = text;
    add_context(r, &reading->features, i, i + 1, "ll");
    FEATURE_PLAIN(&reading->features, "lim");
}

static void read_numbers(struct reader *r)
{
    bool wide = r->index->column_count > CONDITION_WIDE_COLUMNS;
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        const struct token *token = token_at(r, i);
        if (!token->has_number)
            continue;
        bool hit = number_hits(r, i, -1);
        for (size_t c = 0; c < r->index->column_count; c++) {
            const struct column_info *info = &r->index->columns[c];
            bool year_of_date = is_year(token) && !info->number && (info->flags & COLUMN_HAS_DATE);
            if (year_of_date)
                read_year(r, i, c);
            else if (!info->wordy && (well_mentioned(r, c) || (!wide && (info->number || hit))))
                read_number(r, i, c);
        }
        if (token->number == floor(token->number) && token->number >= 0 && token->number < 1000)
            read_count_and_limit(r, i);
    }
}

static void read_dates(struct reader *r)
{
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        const struct token *token = token_at(r, i);
        if (!token->date)
            continue;
        const char *text = arena_strndup(r->arena, token->word.bytes, token->word.length);
        for (size_t c = 0; c < r->index->column_count; c++) {
            bool moment = r->index->columns[c].flags & COLUMN_HAS_MOMENT;
            if (!moment && !(well_mentioned(r, c) && !r->index->columns[c].number))
                continue;
            for (size_t k = 0; k <= ORDERED_COUNT; k++) {
                bool like = k == ORDERED_COUNT;
                enum comparison comparison = like ? COMPARE_LIKE : ordered[k];
                struct reading *reading =
                    begin(r, READING_DATE, (int)c, comparison, i, i + 1);
                if (!reading)
                    return;
                reading->value = like ? arena_printf(r->arena, "%s%%", text) : text;
                add_context(r, &reading->features, i, i + 1, use_of(comparison, "n", r->arena));
                add_column(r, &reading->features, c, i, i + 1);
                FEATURE(&reading->features, "dt", flag(moment),
                        symbol_from(comparison_names[comparison]));
                if (token->quote)
                    FEATURE_PLAIN(&reading->features, "q");
            }
        }
    }
}

static void read_nulls(struct reader *r)
{
    static const enum comparison uses[] = {COMPARE_NULL, COMPARE_NOT_NULL};
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        enum cue cue = (enum cue)r->links->cues.cue[i];
        if (cue != CUE_MISSING && cue != CUE_NEGATION)
            continue;
        for (size_t c = 0; c < r->index->column_count; c++)
            for (size_t k = 0; k < 2 && well_mentioned(r, c); k++) {
                struct reading *reading = begin(r, READING_NULL, (int)c, uses[k], i, i + 1);
                if (!reading)
                    return;
                reading->value = "null";
                add_context(r, &reading->features, i, i + 1, use_of(uses[k], "0", r->arena));
                add_column(r, &reading->features, c, i, i + 1);
                FEATURE(&reading->features, "nullk", token_at(r, i)->lower,
                        symbol_from(comparison_names[uses[k]]));
            }
    }
}

/* Two numbers near each other. */
static void read_between(struct reader *r)
{
    size_t first = SIZE_MAX;
    for (size_t k = 0; k < r->links->tokens->count; k++) {
        if (!token_at(r, k)->has_number)
            continue;
        size_t i = first;
        first = k;
        if (i == SIZE_MAX || k - i > 4)
            continue;
        double x = token_at(r, i)->number, y = token_at(r, k)->number;
        for (size_t c = 0; c < r->index->column_count; c++) {
            const struct column_info *info = &r->index->columns[c];
            if (!info->number)
                continue;
            struct reading *reading =
                begin(r, READING_BETWEEN, (int)c, COMPARE_BETWEEN, i, k + 1);
            if (!reading)
                return;
            struct feature_set *out = &reading->features;
            reading->number = true;
            reading->amount = fmin(x, y);
            reading->value = number_text(r->arena, fmin(x, y));
            reading->value_to = number_text(r->arena, fmax(x, y));
            add_context(r, out, i, i + 1, "btb");
            add_column(r, out, c, i, k + 1);
            struct symbol middle[3];
            size_t count = 0;
            for (size_t m = i + 1; m < k; m++)
                middle[count++] = r->q->words.items[m].word;
            feature_add(out, "mid", middle, count);
            FEATURE(out, "yr", flag(is_year(token_at(r, i))), flag(column_of_years(info)));
        }
    }
}

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
            (r->index->column_count > CONDITION_WIDE_COLUMNS && !well_mentioned(r, c)))
            continue;
        for (size_t k = 0; k < sizeof(uses) / sizeof(uses[0]); k++) {
            bool like = uses[k].comparison == COMPARE_LIKE;
            if (!like && (known || !token_at(r, a)->quote))
                continue;
            struct reading *reading = begin(r, like ? READING_PATTERN : READING_UNMATCHED, (int)c,
                                            uses[k].comparison, a, b);
            if (!reading)
                return;
            struct feature_set *out = &reading->features;
            struct symbol use = symbol_from(comparison_names[uses[k].comparison]);
            struct strbuf value = strbuf_init(QUESTION_LENGTH_MAX + 4);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            strbuf_printf(&value, uses[k].format, text);
#pragma GCC diagnostic pop
            reading->value = arena_strdup(r->arena, strbuf_text(&value));
            strbuf_clear(&value);
            add_context(r, out, a, b, uses[k].use);
            add_column(r, out, c, a, b);
            FEATURE(out, "has", flag(known), use);
            FEATURE(out, "cap", flag(token_at(r, a)->capital));
            FEATURE(out, "nm", flag(c == r->index->name_column));
            FEATURE(out, "tl", symbol_number(length < 3 ? (long)length : 3), use);
        }
    }
}

/* Is a pattern spoken of in the few words before token `i`? */
static bool pattern_before(const struct reader *r, size_t i)
{
    for (size_t k = i; k-- > 0 && k + 6 >= i;) {
        enum cue cue = (enum cue)r->links->cues.cue[k];
        const char *word = token_at(r, k)->lower.text;
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
        const struct token *token = token_at(r, i);
        if (token->quote) {
            size_t end = i + 1;
            while (end < tokens->count && token_at(r, end)->quote == token->quote)
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
            read_text(r, i, i + 1,
                      arena_strndup(r->arena, token->word.bytes, token->word.length));
    }
}

void read_conditions(const struct delexed_question *question, bool named, struct arena *arena,
                     struct reading_list *out)
{
    *out = (struct reading_list){
        .items = arena_array(arena, CONDITIONS_MAX, sizeof(struct reading))};
    struct reader r = {.q = question,
                       .links = question->links,
                       .index = question->links->index,
                       .arena = arena,
                       .out = out,
                       .named = named};
    read_values(&r);
    read_parts(&r);
    read_numbers(&r);
    read_dates(&r);
    read_nulls(&r);
    read_between(&r);
    read_texts(&r);
    for (size_t i = 0; i < out->count; i++)
        feature_set_finish(&out->items[i].features);
}
