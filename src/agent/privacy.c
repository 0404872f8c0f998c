/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/privacy.h"

#include "sql/select_list.h"

static bool is_operator(const struct token *token, const char *text)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, text);
}

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
    struct select_list list;
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (run->request.sees == LLM_SEES_SCHEMA || !statement || !statement->rows)
        return false;
    if (!tokenize(str_from(statement->sql), run->arena, &tokens, &refusal, &fault) ||
        names_masked_column(run, &tokens) || has_star(run, &tokens))
        return false;
    return run->request.sees == LLM_SEES_ROWS ||
           (select_list_read(str_from(statement->sql), run->arena, &list) &&
            select_list_is_aggregated(&list) && are_wide_groups(run, statement->rows));
}
