/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/privacy.h"

#include <string.h>

#include "sql/tokenizer.h"

/* ------------------------------------------------------------------ aggregated statements */

struct select {
    const struct token *items;
    size_t begin, end; /* of the outermost select list */
    size_t group;      /* behind GROUP BY; 0: there is none */
    size_t group_end;
};

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool is_operator(const struct token *token, const char *text)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, text);
}

static int depth_step(const struct token *token)
{
    return is_operator(token, "(") ? 1 : is_operator(token, ")") ? -1 : 0;
}

/* The outermost select, behind any WITH; false for set operations and what is not understood. */
static bool find_select(const struct token_list *tokens, struct select *out)
{
    static const char *const ends[] = {"having", "order", "limit", "qualify", "window", "offset"};
    int depth = 0;
    *out = (struct select){.items = tokens->items};
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        depth += depth_step(token);
        if (depth != 0)
            continue;
        if (is_word(token, "union") || is_word(token, "except") || is_word(token, "intersect"))
            return false;
        if (is_word(token, "select")) {
            if (out->begin > 0)
                return false;
            out->begin = i + 1;
        } else if (is_word(token, "from") && out->begin > 0 && out->end == 0) {
            out->end = i;
        } else if (is_word(token, "group") && i + 1 < tokens->count &&
                   is_word(&tokens->items[i + 1], "by")) {
            out->group = i + 2;
            out->group_end = tokens->count;
        }
        for (size_t j = 0; out->group > 0 && j < sizeof(ends) / sizeof(ends[0]); j++)
            if (is_word(token, ends[j]) && out->group_end == tokens->count)
                out->group_end = i;
    }
    return out->begin > 0 && out->end > out->begin && !is_word(&out->items[out->begin], "distinct");
}

static bool is_aggregate(const struct token *token)
{
    static const char *const names[] = {"count",  "sum",      "avg",         "mean",     "median",
                                        "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp",
                                        "quantile_cont", "percentile_cont", "corr",
                                        "approx_count_distinct", "count_if", "countif"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_word(token, names[i]))
            return true;
    return false;
}

/* Those that hand out a single value as it is. */
static bool gives_values(const struct token *token)
{
    static const char *const names[] = {"min",      "max",        "first",     "last",    "any_value",
                                        "arg_min", "arg_max",
                                        "list",     "array_agg",  "string_agg", "group_concat",
                                        "mode",     "min_by",     "max_by",    "listagg", "histogram"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_word(token, names[i]))
            return true;
    return false;
}

/* With no window behind it: that would be a value for each row. */
static bool has_aggregate(const struct token *items, size_t begin, size_t end)
{
    bool found = false;
    for (size_t i = begin; i + 1 < end; i++) {
        if (is_word(&items[i], "over") || is_word(&items[i], "select") || gives_values(&items[i]))
            return false;
        found |= is_aggregate(&items[i]) && is_operator(&items[i + 1], "(");
    }
    return found;
}

static bool same_tokens(const struct token *items, size_t a, size_t a_end, size_t b, size_t b_end)
{
    if (a_end - a != b_end - b)
        return false;
    for (size_t i = 0; i < a_end - a; i++)
        if (!str_equal_nocase(items[a + i].value, items[b + i].value))
            return false;
    return true;
}

/* The next part of a list, without what is in brackets. */
static size_t part_end(const struct token *items, size_t at, size_t end)
{
    for (int depth = 0; at < end; at++) {
        depth += depth_step(&items[at]);
        if (depth == 0 && is_operator(&items[at], ","))
            break;
    }
    return at;
}

/* Whether the result is grouped by that column: as it is written, by its place or by its new name. */
static bool is_grouped_by(const struct select *select, size_t begin, size_t end, size_t place)
{
    const struct token *items = select->items;
    if (select->group == 0)
        return false;
    if (is_word(&items[select->group], "all"))
        return true;
    size_t bare_end = end;
    struct str alias = {0};
    if (end - begin > 2 && is_word(&items[end - 2], "as")) {
        bare_end = end - 2;
        alias = items[end - 1].value;
    }
    for (size_t at = select->group; at < select->group_end;) {
        size_t key_end = part_end(items, at, select->group_end);
        int64_t number;
        if (same_tokens(items, at, key_end, begin, bare_end))
            return true;
        if (key_end == at + 1 && alias.bytes && str_equal_nocase(items[at].value, alias))
            return true;
        if (key_end == at + 1 && items[at].kind == TOKEN_NUMBER &&
            str_to_i64(items[at].text, &number) && number == (int64_t)place + 1)
            return true;
        at = key_end + 1;
    }
    return false;
}

bool privacy_is_aggregated(struct str sql, struct arena *arena)
{
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    struct select select;
    if (!tokenize(sql, arena, &tokens, &refusal, &fault) || !find_select(&tokens, &select))
        return false;
    bool any = false;
    size_t place = 0;
    for (size_t at = select.begin; at < select.end; place++) {
        size_t end = part_end(select.items, at, select.end);
        bool aggregate = has_aggregate(select.items, at, end);
        if (!aggregate && !is_grouped_by(&select, at, end, place))
            return false;
        any |= aggregate;
        at = end + 1;
    }
    return any;
}

/* ------------------------------------------------------------------ what may be shown */

/* Anywhere in the statement: a name that stands for another column is no reason to look closer. */
static bool names_masked_column(const struct run *run, const struct token_list *tokens)
{
    const struct plan_request *plan = &run->request.plan;
    for (size_t i = 0; i < plan->dataset_count + plan->joinable_count; i++) {
        const struct dataset *dataset = i < plan->dataset_count
                                            ? plan->datasets[i].dataset
                                            : plan->joinable[i - plan->dataset_count].dataset;
        for (size_t j = 0; j < dataset->access.mask_model.count; j++)
            for (size_t k = 0; k < tokens->count; k++)
                if (str_equal_nocase(tokens->items[k].value,
                                     str_from(dataset->access.mask_model.items[j])))
                    return true;
    }
    return false;
}

static bool has_star(const struct run *run, const struct token_list *tokens)
{
    const struct dataset *dataset = run->proposal.dataset;
    if (!dataset || dataset->access.mask_model.count == 0)
        return false;
    for (size_t i = 0; i < tokens->count; i++)
        if (is_operator(&tokens->items[i], "*") && i > 0 && !is_operator(&tokens->items[i - 1], "("))
            return true;
    return false;
}

/* An aggregate over a few rows tells of each of them; a text that comes out of one is a cell. */
static bool are_wide_groups(const struct run *run, const struct rows *rows)
{
    const struct dataset *dataset = run->proposal.dataset;
    int64_t total = dataset ? dataset->row_count : -1;
    return rows->row_count <= 1 || (total >= 0 && (uint64_t)total >= PRIVACY_GROUP_MIN * rows->row_count);
}

bool privacy_may_show_rows(const struct run *run)
{
    const struct statement *statement = run->statement;
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (run->request.sees == LLM_SEES_SCHEMA || !statement || !statement->rows)
        return false;
    if (!tokenize(str_from(statement->sql), run->arena, &tokens, &refusal, &fault) ||
        names_masked_column(run, &tokens) || has_star(run, &tokens))
        return false;
    return run->request.sees == LLM_SEES_ROWS ||
           (privacy_is_aggregated(str_from(statement->sql), run->arena) &&
            are_wide_groups(run, statement->rows));
}
