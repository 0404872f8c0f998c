/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, years, dates and pairs of numbers as conditions; numbers also as bounds and limits. */
#include "planner/rank/condition_reader.h"

#include <math.h>
#include <string.h>

static const enum comparison ordered[] = {COMPARE_EQUAL, COMPARE_NOT_EQUAL,     COMPARE_GREATER,
                                          COMPARE_LESS,  COMPARE_GREATER_EQUAL, COMPARE_LESS_EQUAL};
#define ORDERED_COUNT (sizeof(ordered) / sizeof(ordered[0]))

/* ---- numbers */

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
    const char *year = number_text(r->arena, reader_token(r, i)->number);
    for (size_t k = 0; k < 3; k++) {
        struct reading *reading = reader_begin(r, READING_YEAR, (int)column, uses[k], i, i + 1);
        if (!reading)
            return;
        reading->value = uses[k] == COMPARE_LIKE ? arena_printf(r->arena, "%%%s%%", year) : year;
        reader_add_context(r, &reading->features, i, i + 1, reader_use_of(uses[k], "d", r->arena));
        reader_add_column(r, &reading->features, column, i, i + 1);
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
    const struct token *token = reader_token(r, i);
    const struct column_info *info = &r->index->columns[column];
    bool in_range = info->has_range && info->low <= token->number && token->number <= info->high;
    for (size_t k = 0; k < ORDERED_COUNT; k++) {
        struct reading *reading =
            reader_begin(r, READING_NUMBER, (int)column, ordered[k], i, i + 1);
        if (!reading)
            return;
        reading->number = info->number;
        reading->amount = token->number;
        reading->value = info->number
                             ? number_text(r->arena, token->number)
                             : arena_strndup(r->arena, token->word.bytes, token->word.length);
        struct feature_set *out = &reading->features;
        struct symbol use = symbol_from(comparison_symbol_name(ordered[k]));
        reader_add_context(r, out, i, i + 1, reader_use_of(ordered[k], "n", r->arena));
        reader_add_column(r, out, column, i, i + 1);
        FEATURE(out, "inr", symbol_flag(in_range), use);
        FEATURE(out, "hit", symbol_flag(number_hits(r, i, (int)column)), use);
        FEATURE(out, "dig", symbol_flag(token->digits));
        FEATURE(out, "yr", symbol_flag(is_year(token)), symbol_flag(column_of_years(info)));
        FEATURE(out, "q", symbol_flag(token->quote > 0));
        FEATURE(out, "type", symbol_from(info->number ? "n" : "t"));
        FEATURE(out, "id",
                symbol_flag(info->key || info->foreign || (info->flags & COLUMN_LAST_ID)));
        FEATURE(out, "big", symbol_flag(token->number > 12));
    }
}

/* ---- bounds on a count, limits */

/* A bound on a count, and a limit. */
static void read_count_and_limit(struct reader *r, size_t i)
{
    const struct token *token = reader_token(r, i);
    int nearest = 9;
    for (size_t c = 0; c < r->index->column_count; c++)
        for (size_t k = 0; k < r->links->columns[c].count; k++) {
            const struct mention *m = &r->links->columns[c].items[k];
            int distance = mention_distance(m, i, i + 1);
            if (m->score > 0.6F && distance < nearest)
                nearest = distance;
        }
    bool table = false;
    for (size_t k = i + 1; k < r->links->tokens->count && k < i + 3; k++)
        table |= r->links->table_word[k];
    const char *text = number_text(r->arena, token->number);
    for (size_t k = 0; k < ORDERED_COUNT; k++) {
        struct reading *reading = reader_begin(r, READING_HAVING, -1, ordered[k], i, i + 1);
        if (!reading)
            return;
        struct feature_set *out = &reading->features;
        reading->number = true;
        reading->amount = token->number;
        reading->value = text;
        reader_add_context(r, out, i, i + 1, reader_use_of(ordered[k], "h", r->arena));
        FEATURE_PLAIN(out, "hav");
        FEATURE(out, "small", symbol_number(token->number < 4 ? (long)token->number : 4));
        FEATURE(out, "hn", symbol_number(nearest < 5 ? nearest : 5));
        FEATURE(out, "htab", symbol_flag(table));
        FEATURE(out, "hn1", delexed_at(&r->q->words, (ptrdiff_t)i + 1).word);
    }
    struct reading *reading =
        token->number > 0 ? reader_begin(r, READING_LIMIT, -1, COMPARE_EQUAL, i, i + 1) : NULL;
    if (!reading)
        return;
    reading->number = true;
    reading->amount = token->number;
    reading->value = text;
    reader_add_context(r, &reading->features, i, i + 1, "ll");
    FEATURE_PLAIN(&reading->features, "lim");
}

void read_number_conditions(struct reader *r)
{
    bool wide = r->index->column_count > CONDITION_WIDE_COLUMNS;
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        const struct token *token = reader_token(r, i);
        if (!token->has_number)
            continue;
        bool hit = number_hits(r, i, -1);
        for (size_t c = 0; c < r->index->column_count; c++) {
            const struct column_info *info = &r->index->columns[c];
            bool year_of_date = is_year(token) && !info->number && (info->flags & COLUMN_HAS_DATE);
            if (year_of_date)
                read_year(r, i, c);
            else if (!info->wordy &&
                     (reader_well_mentioned(r, c) || (!wide && (info->number || hit))))
                read_number(r, i, c);
        }
        if (token->number == floor(token->number) && token->number >= 0 && token->number < 1000)
            read_count_and_limit(r, i);
    }
}

/* ---- dates and pairs */

void read_date_conditions(struct reader *r)
{
    for (size_t i = 0; i < r->links->tokens->count; i++) {
        const struct token *token = reader_token(r, i);
        if (!token->date)
            continue;
        const char *text = arena_strndup(r->arena, token->word.bytes, token->word.length);
        for (size_t c = 0; c < r->index->column_count; c++) {
            bool moment = r->index->columns[c].flags & COLUMN_HAS_MOMENT;
            if (!moment && !(reader_well_mentioned(r, c) && !r->index->columns[c].number))
                continue;
            for (size_t k = 0; k <= ORDERED_COUNT; k++) {
                bool like = k == ORDERED_COUNT;
                enum comparison comparison = like ? COMPARE_LIKE : ordered[k];
                struct reading *reading =
                    reader_begin(r, READING_DATE, (int)c, comparison, i, i + 1);
                if (!reading)
                    return;
                reading->value = like ? arena_printf(r->arena, "%s%%", text) : text;
                reader_add_context(r, &reading->features, i, i + 1,
                                   reader_use_of(comparison, "n", r->arena));
                reader_add_column(r, &reading->features, c, i, i + 1);
                FEATURE(&reading->features, "dt", symbol_flag(moment),
                        symbol_from(comparison_symbol_name(comparison)));
                if (token->quote)
                    FEATURE_PLAIN(&reading->features, "q");
            }
        }
    }
}

void read_between_conditions(struct reader *r)
{
    size_t first = SIZE_MAX;
    for (size_t k = 0; k < r->links->tokens->count; k++) {
        if (!reader_token(r, k)->has_number)
            continue;
        size_t i = first;
        first = k;
        if (i == SIZE_MAX || k - i > 4)
            continue;
        double x = reader_token(r, i)->number, y = reader_token(r, k)->number;
        for (size_t c = 0; c < r->index->column_count; c++) {
            const struct column_info *info = &r->index->columns[c];
            if (!info->number)
                continue;
            struct reading *reading =
                reader_begin(r, READING_BETWEEN, (int)c, COMPARE_BETWEEN, i, k + 1);
            if (!reading)
                return;
            struct feature_set *out = &reading->features;
            reading->number = true;
            reading->amount = fmin(x, y);
            reading->value = number_text(r->arena, fmin(x, y));
            reading->value_to = number_text(r->arena, fmax(x, y));
            reader_add_context(r, out, i, i + 1, "btb");
            reader_add_column(r, out, c, i, k + 1);
            struct symbol middle[3];
            size_t count = 0;
            for (size_t m = i + 1; m < k; m++)
                middle[count++] = r->q->words.items[m].word;
            feature_add(out, "mid", middle, count);
            FEATURE(out, "yr", symbol_flag(is_year(reader_token(r, i))),
                    symbol_flag(column_of_years(info)));
        }
    }
}
