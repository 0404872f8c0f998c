/* SPDX-License-Identifier: Apache-2.0 */
/* What a model is given to say what the rows say. Which rows it may be given is the caller's to decide. */
#include <string.h>

#include "core/settings.h"
#include "llm/model_priv.h"

#define PART_SIZE_MAX (64 * 1024)
#define ROWS_SIZE_MAX (24 * 1024)
#define CELL_SIZE_MAX 200
#define FACTS_SIZE_MAX (16 * 1024)
#define ANSWER_TOKENS_MAX 700

enum llm_sees llm_sees_setting(void)
{
    return (enum llm_sees)(settings_integer("QUERENT_MODEL_SEES") - 1);
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
    for (; r < rows->row_count && out->length < ROWS_SIZE_MAX; r++) {
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
    if (request->request->sees == LLM_SEES_SCHEMA) /* whoever asks: no cell leaves */
        return error_set(err, ERROR_MODEL, "the model may not see the rows (QUERENT_MODEL_SEES)");
    struct arena *arena = request->request->arena;
    struct chat_message message = {CHAT_USER, answer_question(request)};
    struct chat_request call = {
        .arena = arena,
        .model = request->request->model,
        .temperature = request->request->temperature,
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
