/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/privacy.h"

#include "sql/select_list.h"

#define COUNTED_MAX 32 /* aggregates whose rows are counted */
#define SQL_MAX 65536

static bool has_value(const struct token_list *tokens, struct str value)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (str_equal_nocase(tokens->items[i].value, value))
            return true;
    return false;
}

static size_t count_word(const struct token_list *tokens, const char *word)
{
    size_t count = 0;
    for (size_t i = 0; i < tokens->count; i++)
        count += tokens->items[i].kind == TOKEN_WORD &&
                 str_equal_nocase(tokens->items[i].text, str_from(word));
    return count;
}

/* What the statement reads, by the names of tables in it, whatever else they may stand for there. */
struct read_tables {
    bool masked;       /* one keeps columns from models */
    int64_t row_count; /* the smallest of them; -1: not known */
};

static struct read_tables find_tables(const struct run *run, const struct token_list *tokens)
{
    const struct plan_request *plan = &run->request.plan;
    struct read_tables out = {.row_count = -1};
    bool any = false;
    for (size_t i = 0; i < plan->dataset_count + plan->joinable_count; i++) {
        const struct dataset *dataset = i < plan->dataset_count
                                            ? plan->datasets[i].dataset
                                            : plan->joinable[i - plan->dataset_count].dataset;
        if (!has_value(tokens, str_from(dataset->table_name)))
            continue;
        out.masked |= dataset->access.mask_model.count > 0;
        if (!any || dataset->row_count < out.row_count)
            out.row_count = dataset->row_count;
        any = true;
    }
    return out;
}

static bool has_any(const struct token_list *tokens, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (count_word(tokens, words[i]) > 0)
            return true;
    return false;
}
#define HAS_ANY(tokens, ...)                                                                       \
    has_any(tokens, (const char *const[]){__VA_ARGS__},                                            \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* All rows of one table, or those of a condition: what is joined, cut or selected before may be of a single one. */
static bool is_of_one_table(const struct token_list *tokens)
{
    return count_word(tokens, "select") == 1 &&
           !HAS_ANY(tokens, "having", "limit", "fetch", "qualify", "offset", "sample", "tablesample", "join");
}

/* Every group is there, made of all rows: else a single one can be had. */
static bool has_all_groups(const struct select_list *list, const struct rows *rows,
                           const struct token_list *tokens)
{
    return count_word(tokens, "where") == 0 && list->whole && !rows->truncated;
}

/* An aggregate over a few rows tells of each of them. */
static bool are_wide_groups(int64_t row_count, const struct rows *rows)
{
    return row_count >= 0 && (uint64_t)row_count / PRIVACY_GROUP_MIN >= rows->row_count;
}

/* ------------------------------------------------------------------ how many rows are behind */

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static bool is_word_of(const struct token *token, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(words[i])))
            return true;
    return false;
}
#define IS_WORD_OF(token, ...)                                                                     \
    is_word_of(token, (const char *const[]){__VA_ARGS__},                                          \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool is_aggregate(const struct token *token)
{
    return IS_WORD_OF(token, "count", "sum", "avg", "mean", "median", "stddev", "stddev_pop", "stddev_samp",
                      "variance", "var_pop", "var_samp", "approx_count_distinct");
}

/* What an aggregate may be taken of, and what may be done with it: nothing that can pick a row by its values,
 * as CASE, FILTER, comparisons and quotients can. */
static bool may_be_in_list(const struct token *token, bool inside)
{
    static const char *const signs[] = {"+", "-", "*", ",", ".", "(", ")", "::"};
    if (token->kind != TOKEN_OPERATOR)
        return !IS_WORD_OF(token, "case", "filter", "over", "between", "in", "like", "ilike", "is", "not",
                           "and", "or");
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (is_sign(token, signs[i]))
            return true;
    return is_sign(token, "/") && !inside;
}

static bool may_be_called(const struct token *name, bool inside)
{
    return IS_WORD_OF(name, "cast", "decimal", "numeric") ||
           (!inside && (is_aggregate(name) ||
                        IS_WORD_OF(name, "coalesce", "round", "floor", "ceil", "ceiling", "as", "distinct")));
}

struct counter {
    const struct token *tokens;
    size_t end; /* of the select list: its FROM */
    struct strbuf *out;
    size_t count; /* of what was added to the list */
    bool products, quotients; /* in the column that is read */
};

static size_t call_end(const struct counter *counter, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < counter->end; i++) {
        depth += is_sign(&counter->tokens[i], "(") ? 1 : is_sign(&counter->tokens[i], ")") ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return counter->end;
}

/* A name of a column, or what might be one. */
static bool is_column(const struct token *token)
{
    return (token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) && !is_sign(token + 1, "(") &&
           !is_sign(token + 1, ".") && !is_sign(token - 1, "::") &&
           !IS_WORD_OF(token, "as", "distinct") && !IS_WORD_OF(token - 1, "as");
}

static bool is_twice(const struct token *tokens, size_t begin, size_t at)
{
    for (size_t i = begin; i < at; i++)
        if (is_column(&tokens[i]) && str_equal_nocase(tokens[i].value, tokens[at].value))
            return true;
    return false;
}

/* One product of two at most, of different columns, added up: the higher the power of a column is that is
 * added up, the more the greatest of its values is all that counts. */
static bool is_plain_product(struct counter *counter, size_t name, size_t begin, size_t end)
{
    size_t products = 0;
    bool twice = false;
    for (size_t i = begin; i < end; i++) {
        products += is_sign(&counter->tokens[i], "*");
        twice |= is_column(&counter->tokens[i]) && is_twice(counter->tokens, begin, i);
    }
    counter->products |= products > 0;
    return products == 0 || (products == 1 && !twice && IS_WORD_OF(&counter->tokens[name], "sum", "avg", "mean"));
}

/* Adds `, count(nullif(a * b, 0))` for sum(a * b) and the like, of which nulls and zeros are no part; false where
 * something else is in it. */
static bool count_rows_of(struct counter *counter, size_t name)
{
    size_t begin = name + 2, end = call_end(counter, name + 1);
    begin += IS_WORD_OF(&counter->tokens[begin], "distinct");
    if (begin >= end || end == counter->end || counter->count == COUNTED_MAX)
        return false;
    for (size_t i = begin; i < end; i++) {
        bool call = counter->tokens[i].kind == TOKEN_WORD && is_sign(&counter->tokens[i + 1], "(");
        if (!may_be_in_list(&counter->tokens[i], true) || (call && !may_be_called(&counter->tokens[i], true)))
            return false;
    }
    if (end == begin + 1 && is_sign(&counter->tokens[begin], "*"))
        return true; /* count(*) is asked for anyhow */
    if (!is_plain_product(counter, name, begin, end))
        return false;
    const char *from = counter->tokens[begin].text.bytes, *to = counter->tokens[end].text.bytes;
    bool counts = IS_WORD_OF(&counter->tokens[name], "count", "approx_count_distinct");
    strbuf_printf(counter->out, counts ? ", count(%.*s)" : ", count(nullif(%.*s, 0))", (int)(to - from), from);
    counter->count++;
    return true;
}

/* One column of the list that is no key. A quotient of two totals of products is next to a single value. */
static bool count_column(struct counter *counter, size_t begin, size_t end)
{
    counter->products = counter->quotients = false;
    for (size_t i = begin; i < end; i++) {
        const struct token *token = &counter->tokens[i];
        bool call = token->kind == TOKEN_WORD && i + 1 < end && is_sign(token + 1, "(");
        if (!may_be_in_list(token, false) || (call && !may_be_called(token, false)))
            return false;
        counter->quotients |= is_sign(token, "/");
        if (!call || !is_aggregate(token))
            continue;
        if (!count_rows_of(counter, i))
            return false;
        i = call_end(counter, i + 1);
    }
    return !(counter->products && counter->quotients);
}

static bool count_columns(struct counter *counter, const struct select_list *list, size_t begin)
{
    int depth = 0;
    size_t item = 0, from = begin;
    for (size_t i = begin; i <= counter->end; i++) {
        const struct token *token = &counter->tokens[i];
        depth += is_sign(token, "(") ? 1 : is_sign(token, ")") ? -1 : 0;
        if (i < counter->end && !(depth == 0 && is_sign(token, ",")))
            continue;
        if (item >= list->count ||
            (list->items[item].kind != SELECT_KEY && !count_column(counter, from, i)))
            return false;
        item++;
        from = i + 1;
    }
    return item == list->count;
}

/* The same statement with the numbers of rows that are behind each of its totals; NULL where that can't be said. */
static const char *counting_sql(const struct run *run, const struct select_list *list,
                                const struct token_list *tokens, size_t *added)
{
    const char *sql = run->statement->sql;
    size_t end = 1;
    int depth = 0;
    while (end < tokens->count && !(depth == 0 && IS_WORD_OF(&tokens->items[end], "from"))) {
        depth += is_sign(&tokens->items[end], "(") ? 1 : is_sign(&tokens->items[end], ")") ? -1 : 0;
        end++;
    }
    for (size_t i = end + 1; i < tokens->count && !IS_WORD_OF(&tokens->items[i], "where", "group", "order"); i++)
        if (is_sign(&tokens->items[i], ",")) /* another table */
            return NULL;
    struct strbuf out = strbuf_init(SQL_MAX);
    struct counter counter = {.tokens = tokens->items, .end = end, .out = &out, .count = 1};
    const char *from = tokens->items[end].text.bytes;
    strbuf_printf(&out, "%.*s, count(*)", (int)(from - sql), sql);
    bool ok = end < tokens->count && count_columns(&counter, list, 1);
    strbuf_printf(&out, " %s", from);
    const char *text = ok && strbuf_ok(&out) ? arena_strdup(run->arena, strbuf_text(&out)) : NULL;
    strbuf_clear(&out);
    *added = counter.count;
    return text;
}

/* Each total of at least so many rows: one of fewer tells of single ones. */
TASK_WAITS static bool has_rows_behind(struct run *run, const struct select_list *list,
                                       const struct token_list *tokens)
{
    size_t added;
    const char *sql = counting_sql(run, list, tokens, &added);
    const struct statement *counted = sql ? run_statement(run, sql) : NULL;
    const struct rows *rows = counted ? counted->rows : NULL;
    if (!rows || rows->truncated || rows->column_count != list->count + added)
        return false;
    for (size_t row = 0; row < rows->row_count; row++)
        for (size_t i = list->count; i < rows->column_count; i++) {
            const struct cell *cell = rows_cell(rows, row, i);
            if (cell->type != CELL_INTEGER || cell->integer < PRIVACY_GROUP_MIN)
                return false;
        }
    return true;
}

/* ------------------------------------------------------------------ the decision */

TASK_WAITS static bool is_of_many_rows(struct run *run, const struct token_list *tokens, int64_t row_count)
{
    const struct rows *rows = run->statement->rows;
    struct select_list list;
    return select_list_read(str_from(run->statement->sql), run->arena, &list) &&
           select_list_is_aggregated(&list) && is_of_one_table(tokens) &&
           (count_word(tokens, "group") == 0 || has_all_groups(&list, rows, tokens)) &&
           are_wide_groups(row_count, rows) && has_rows_behind(run, &list, tokens);
}

TASK_WAITS bool privacy_may_show_rows(struct run *run)
{
    const struct statement *statement = run->statement;
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (run->request.sees == LLM_SEES_SCHEMA || !statement || !statement->rows ||
        !tokenize(str_from(statement->sql), run->arena, &tokens, &refusal, &fault))
        return false;
    struct read_tables tables = find_tables(run, &tokens);
    return !tables.masked && (run->request.sees == LLM_SEES_ROWS ||
                              is_of_many_rows(run, &tokens, tables.row_count));
}
