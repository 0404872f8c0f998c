/* SPDX-License-Identifier: Apache-2.0 */
/* From rows, or from what there is to say without rows, to the answer. */
#include "agent/answer.h"

#include "agent/wording.h"
#include "agent/steps/steps.h"
#include "agent/suggest.h"
#include "agent/ties.h"
#include "core/log.h"

static const enum run_status statuses[LLM_OUTCOMES] = {
    [LLM_QUERY] = RUN_ANSWERED,
    [LLM_DESCRIBE] = RUN_ANSWERED,
    [LLM_ASK] = RUN_NEEDS_CLARIFICATION,
    [LLM_NO_ANSWER] = RUN_NO_ANSWER,
};

/* Suggestions are tried before they are made: one that would be asked back helps nobody. */
TASK_WAITS static void suggest(struct run *run, const struct rows *rows, struct answer *answer)
{
    const struct llm_proposal *proposal = &run->proposal;
    const char **ideas = arena_array(run->arena, SUGGESTION_IDEAS_MAX, sizeof(*ideas));
    struct llm_questions questions = {.items = ideas, .wanted = SUGGESTIONS_MAX};
    questions.count = suggest_ideas(run->question.text, proposal->query, proposal->dataset, rows,
                                    run->arena, ideas);
    answer->suggestions = ideas;
    answer->suggestion_count =
        llm_keep_understood(run->agent->llm, &run->request, proposal->query, &questions);
}

/* The model's words in place of the template's, where there is one to ask. */
TASK_WAITS static bool word_by_model(struct run *run, struct answer *answer, struct step_record *record,
                                     struct error *err)
{
    struct wording written;
    if (!wording_write(run, &answer->parts, answer->prose, &written, err))
        return false;
    run->wording_broke = written.broke;
    if (written.prose)
        answer->prose = written.prose;
    record->detail = arena_printf(run->arena, "{\"written_by\":\"%s\",\"mended\":%u}",
                                  written.prose ? "model" : "template", written.wrong);
    if (written.failure)
        log_warn("run '%s': the answer is made by template: %s", run->id, written.failure);
    return true;
}

static const char *words_of_status(enum run_status status)
{
    return status == RUN_NEEDS_CLARIFICATION ? "asked back, with what might be meant"
           : status == RUN_NO_ANSWER         ? "said that there is no answer, and why"
                                             : "answered";
}

/* That of the table that the answer is about. */
static struct period_calendar calendar_of_answer(const struct run *run)
{
    const struct plan_request *plan = &run->request.plan;
    for (size_t i = 0; i < plan->dataset_count + plan->joinable_count; i++) {
        const struct plan_dataset *item = i < plan->dataset_count
                                              ? &plan->datasets[i]
                                              : &plan->joinable[i - plan->dataset_count];
        if (item->dataset == run->proposal.dataset && item->calendar)
            return *item->calendar;
    }
    return plan->calendar;
}

TASK_WAITS bool step_answer(struct run *run, struct step_record *record, struct error *err)
{
    const struct llm_proposal *proposal = &run->proposal;
    bool by_model = wording_wanted(run);
    struct ties ties;
    ties_find(run, &ties);
    struct answer_input input = {
        .question = run->question.text,
        .proposal = proposal,
        .rows = run->statement ? run->statement->rows : NULL,
        .ties = &ties,
        .calendar = calendar_of_answer(run),
        .retrieved = &run->retrieved,
        .by_model = run_is_models(run),
        .for_model = by_model,
    };
    struct answer answer = {0};
    answer_write(&input, run->arena, &answer);
    if (by_model && !answer.parts.empty && !word_by_model(run, &answer, record, err))
        return false;
    if (answer.suggestion_count == 0)
        suggest(run, input.rows, &answer);
    run->status = statuses[proposal->outcome];
    run->answer = proposal->notice
                      ? arena_printf(run->arena, "%s %s", answer.prose, proposal->notice)
                      : answer.prose;
    run->chart = answer.chart;
    run->suggestions = answer.suggestions;
    run->suggestion_count = answer.suggestion_count;
    const char *words = words_of_status(run->status);
    record->words = input.rows ? arena_printf(run->arena,
                                              "%s; every number checked against the rows", words)
                               : words;
    return true;
}
