/* SPDX-License-Identifier: Apache-2.0 */
/* What a model is given to say what the rows say, and which rows it may be given. */
#include <string.h>

#include "core/settings.h"
#include "llm/model_priv.h"
#include "sql/allow_lists.h"
#include "sql/tokenizer.h"

#define PART_SIZE_MAX (64 * 1024)
#define ROWS_SHOWN_MAX 60
#define ROWS_SIZE_MAX (24 * 1024)
#define CELL_SIZE_MAX 200
#define FACTS_SIZE_MAX (16 * 1024)
#define ANSWER_TOKENS_MAX 700

/* ------------------------------------------------------------------ what may be seen */

enum llm_sees llm_sees_setting(void)
{
    return (enum llm_sees)(settings_integer("QUERENT_MODEL_SEES") - 1);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

/* Aggregates that put many cells together, and don't just pick or list some. */
static bool sums_up(const struct token *token)
{
    static const char *const names[] = {"count", "sum", "avg", "median", "stddev", "stddev_pop",
                                        "stddev_samp", "variance", "var_pop", "var_samp", "min",
                                        "max", "quantile_cont", "approx_count_distinct"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_word(token, names[i]))
            return true;
    return false;
}

/* Is every row of the result one of a group, or the only one? Of the statement that is asked at last alone;
 * what is unclear is none. */
static bool is_aggregate(const struct token_list *tokens)
{
    size_t depth = 0, items = 0, sums = 0;
    bool in_list = false, summed = false, grouped = false, over = false;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        depth += is_sign(token, "(");
        depth -= is_sign(token, ")") && depth > 0;
        over |= is_word(token, "over") || is_word(token, "union") || is_word(token, "with");
        if (in_list && sums_up(token) && is_sign(token + 1, "("))
            summed = true;
        if (depth > 0)
            continue;
        bool ends = in_list && (is_sign(token, ",") || is_word(token, "from"));
        items += ends;
        sums += ends && summed;
        summed = summed && !ends;
        in_list = is_word(token, "select") || (in_list && !is_word(token, "from"));
        grouped |= is_word(token, "group");
    }
    return !over && items > 0 && (sums == items || (grouped && sums > 0));
}

/* Rows of a group each are rows again when the group is a key. */
static bool names_key_or_masked(const struct llm_request *request, const struct token_list *tokens,
                                bool keys)
{
    const struct plan_request *plan = &request->plan;
    for (size_t t = 0; t < tokens->count; t++) {
        const struct token *token = &tokens->items[t];
        if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
            continue;
        for (size_t i = 0; i < plan->dataset_count + plan->joinable_count; i++) {
            const struct dataset *dataset = i < plan->dataset_count
                                                ? plan->datasets[i].dataset
                                                : plan->joinable[i - plan->dataset_count].dataset;
            for (size_t c = 0; c < dataset->column_count; c++) {
                const struct column *column = &dataset->columns[c];
                bool matters = (keys && column->unique) ||
                               !model_shows_values(LLM_SEES_ROWS, dataset, column);
                if (matters && str_equal_nocase(token->value, str_from(column->name)))
                    return true;
            }
        }
    }
    return false;
}

static bool shows_masked(const struct llm_request *request, const struct token_list *tokens)
{
    const struct plan_request *plan = &request->plan;
    bool masked = false, star = false;
    for (size_t i = 0; i < plan->dataset_count; i++)
        masked |= plan->datasets[i].dataset->access.mask_model.count > 0;
    for (size_t i = 0; i < plan->joinable_count; i++)
        masked |= plan->joinable[i].dataset->access.mask_model.count > 0;
    for (size_t i = 1; i < tokens->count && masked; i++)
        star |= is_sign(&tokens->items[i], "*") &&
                (is_word(&tokens->items[i - 1], "select") || is_sign(&tokens->items[i - 1], ",") ||
                 is_sign(&tokens->items[i - 1], "."));
    return star || names_key_or_masked(request, tokens, false);
}

bool llm_may_see_rows(const struct llm_request *request, const struct llm_proposal *proposal)
{
    struct token_list tokens;
    enum refusal refusal;
    struct token fault;
    if (request->sees == LLM_SEES_SCHEMA || !proposal->sql ||
        !tokenize(str_from(proposal->sql), request->arena, &tokens, &refusal, &fault) ||
        shows_masked(request, &tokens))
        return false;
    return request->sees == LLM_SEES_ROWS ||
           (is_aggregate(&tokens) && !names_key_or_masked(request, &tokens, true));
}

/* ------------------------------------------------------------------ the prompt */

static void add_cell(struct strbuf *out, const struct cell *cell)
{
    struct strbuf text = strbuf_init(PART_SIZE_MAX);
    if (cell->type == CELL_NULL)
        strbuf_add(&text, "null");
    else
        cell_print(cell, &text);
    model_add_line(out, strbuf_text(&text), CELL_SIZE_MAX);
    strbuf_clear(&text);
}

/* A line of names, then a line for each row. */
static size_t add_rows(struct strbuf *out, const struct rows *rows)
{
    for (size_t c = 0; c < rows->column_count; c++) {
        strbuf_add(out, c > 0 ? " | " : "");
        model_add_line(out, rows->columns[c].name, CELL_SIZE_MAX);
    }
    size_t r = 0;
    for (; r < rows->row_count && r < ROWS_SHOWN_MAX && out->length < ROWS_SIZE_MAX; r++) {
        strbuf_add_char(out, '\n');
        for (size_t c = 0; c < rows->column_count; c++) {
            strbuf_add(out, c > 0 ? " | " : "");
            add_cell(out, rows_cell(rows, r, c));
        }
    }
    return r;
}

static void add_assumptions(struct strbuf *out, const struct llm_proposal *proposal)
{
    for (size_t i = 0; i < proposal->assumption_count; i++) {
        strbuf_add(out, i > 0 ? "\n- " : "- ");
        model_add_line(out, proposal->assumptions[i], MODEL_SENTENCE_MAX);
    }
}

static struct str answer_question(const struct llm_answer_request *request)
{
    const struct llm_proposal *proposal = request->proposal;
    const struct rows *rows = request->rows;
    struct arena *arena = request->request->arena;
    struct strbuf periods = strbuf_init(PART_SIZE_MAX), assumed = strbuf_init(PART_SIZE_MAX);
    struct strbuf cells = strbuf_init(PART_SIZE_MAX);
    model_add_periods(&periods, proposal->periods, proposal->period_count);
    add_assumptions(&assumed, proposal);
    size_t shown = add_rows(&cells, rows);
    const char *size =
        arena_printf(arena, "%s%zu %s%s", rows->truncated ? "cut, the first " : "", rows->row_count,
                     plural(rows->row_count, "row", "rows"),
                     shown < rows->row_count
                         ? arena_printf(arena, " of which the first %zu are shown", shown)
                         : "");
    const struct prompt_value values[] = {
        {"question", str_trim(request->request->plan.question)},
        {"reading", str_from(proposal->reading)},
        {"periods", strbuf_str(&periods)},
        {"assumptions", strbuf_str(&assumed)},
        {"size", str_from(size)},
        {"rows", strbuf_str(&cells)},
        {"facts", str_cut_utf8(str_trim(str_from(request->facts)), FACTS_SIZE_MAX)},
    };
    struct str text = prompt_render(PROMPT_ANSWER_QUESTION, values, 7, arena);
    strbuf_clear(&periods);
    strbuf_clear(&assumed);
    strbuf_clear(&cells);
    return text;
}

TASK_WAITS bool model_write_answer(struct llm *llm, const struct llm_answer_request *request,
                                   struct error *err)
{
    if (!request->rows || !llm_may_see_rows(request->request, request->proposal))
        return error_set(err, ERROR_MODEL, "the model may not see the rows (QUERENT_MODEL_SEES)");
    struct arena *arena = request->request->arena;
    struct chat_message message = {CHAT_USER, answer_question(request)};
    struct chat_request call = {
        .arena = arena,
        .model = request->request->model,
        .system = prompt_render(PROMPT_ANSWER_SYSTEM, NULL, 0, arena),
        .messages = &message,
        .message_count = 1,
        .output_tokens_max = ANSWER_TOKENS_MAX,
        .on_text = request->on_text,
        .on_text_context = request->context,
    };
    struct chat_reply reply;
    if (!model_call(llm, &call, request->usage, &reply, err))
        return false;
    if (reply.stop == CHAT_REFUSED)
        return error_set(err, ERROR_MODEL, "the model declined to write the answer");
    if (reply.stop == CHAT_CUT)
        return error_set(err, ERROR_MODEL, "the model's answer is longer than %d tokens",
                         ANSWER_TOKENS_MAX);
    return true;
}
