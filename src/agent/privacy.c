/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/privacy.h"

#include "sql/select_list.h"

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

/* Every group is there, made of all rows: else a single one can be had, and the average says nothing. */
static bool has_all_groups(const struct select_list *list, const struct rows *rows,
                           const struct token_list *tokens)
{
    static const char *const cutting[] = {"where", "having", "limit", "fetch", "qualify", "offset", "sample",
                                          "tablesample", "join"};
    for (size_t i = 0; i < sizeof(cutting) / sizeof(cutting[0]); i++)
        if (count_word(tokens, cutting[i]) > 0)
            return false;
    return list->whole && !rows->truncated && count_word(tokens, "select") == 1;
}

/* An aggregate over a few rows tells of each of them. */
static bool are_wide_groups(int64_t row_count, const struct rows *rows)
{
    return row_count >= 0 && (uint64_t)row_count / PRIVACY_GROUP_MIN >= rows->row_count;
}

bool privacy_may_show_rows(const struct run *run)
{
    const struct statement *statement = run->statement;
    struct select_list list;
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (run->request.sees == LLM_SEES_SCHEMA || !statement || !statement->rows ||
        !tokenize(str_from(statement->sql), run->arena, &tokens, &refusal, &fault))
        return false;
    struct read_tables tables = find_tables(run, &tokens);
    if (tables.masked)
        return false;
    return run->request.sees == LLM_SEES_ROWS ||
           (select_list_read(str_from(statement->sql), run->arena, &list) && select_list_is_aggregated(&list) &&
            (count_word(&tokens, "group") == 0 || has_all_groups(&list, statement->rows, &tokens)) &&
            are_wide_groups(tables.row_count, statement->rows));
}
