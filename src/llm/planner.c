/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in planner as a driver: no model, no network. Reading the question is CPU work for
 * the pool; the best candidates are then tried through the run, and their results decide how sure
 * the planner is. Repairing means taking the next candidate: one that failed is out.
 */
#include "llm/llm.h"

#include <string.h>

#include "core/log.h"
#include "engine/engine.h"
#include "llm/llm_priv.h"
#include "planner/query.h"
#include "planner/rules/follow_up.h"
#include "retrieval/retrieval.h"
#include "task/task.h"

struct reading {
    const struct planner *planner;
    struct llm_request *request;
    struct plan *plan;
    bool tried; /* the candidates were executed */
    const char **too_large; /* of each candidate, why it could not be executed whole; NULL */
};

struct reading_job {
    struct reading *reading;
    struct error *error;
};

static const char *planner_model_id(const struct llm *llm)
{
    return planner_version(llm->planner);
}

static void read_question(void *arg)
{
    const struct reading_job *job = arg;
    struct reading *reading = job->reading;
    reading->plan = planner_read(reading->planner, &reading->request->plan, reading->request->arena,
                                 job->error);
}

static bool read_once(struct llm *llm, struct llm_request *request, struct reading **out,
                      struct error *err)
{
    struct reading *reading = request->state;
    if (!reading) {
        reading = arena_alloc(request->arena, sizeof(*reading));
        reading->planner = llm->planner;
        reading->request = request;
        struct reading_job job = {reading, err};
        if (!task_offload(read_question, &job, err) || !reading->plan)
            return false;
        request->state = reading;
    }
    *out = reading;
    return true;
}

#define UNDERSTOOD_SCORE 0.4 /* of a reading that explains every word, two of them misspelled */

/* Any question can be bent into a query; one of whose words the data knows next to nothing must
 * not be. Follow-ups and questions about the data itself name nothing of their own, and the planner
 * may know what retrieval does not: a misspelled name, another word for a column. */
static bool fits_no_dataset(const struct llm_request *request, const struct plan *plan)
{
    bool understood = plan->candidate_count > 0 && plan->unknown_count == 0 &&
                      plan->candidates[0].score >= UNDERSTOOD_SCORE;
    return request->explained < RETRIEVAL_EXPLAINED_MIN && !plan->follow_up && !understood &&
           plan->meta.kind == PLAN_META_NONE;
}

/* "Delete all visits": nothing that is asked here changes data. Later in a conversation such words
 * speak of the answer: "drop the region". */
static bool asks_for_change(const struct llm_request *request)
{
    static const char *const words[] = {"delete", "drop", "insert", "truncate", "alter", "update"};
    if (request->plan.previous)
        return false;
    struct str rest = str_trim(request->plan.question), first = {0};
    str_split(&rest, ' ', &first);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(first, str_from(words[i])) && rest.length > 0)
            return true;
    return false;
}

static const char *no_dataset_sentence(const struct llm_request *request)
{
    const struct plan_request *plan = &request->plan;
    if (plan->dataset_count == 0)
        return "There is no dataset to ask about.";
    return arena_printf(request->arena,
                        "I don't find what you ask about in the data. The nearest dataset is "
                        "\"%s\"; ask \"which datasets are there?\" to see all of them.",
                        dataset_title(plan->datasets[0].dataset));
}

static bool planner_select(struct llm *llm, struct llm_request *request, struct llm_selection *out,
                           struct error *err)
{
    struct reading *reading;
    if (!read_once(llm, request, &reading, err))
        return false;
    const struct plan *plan = reading->plan;
    *out = (struct llm_selection){0};
    if (plan->meta.kind != PLAN_META_NONE) {
        out->dataset = plan->meta.dataset;
        out->reason = "the question is about the data itself";
        return true;
    }
    if (fits_no_dataset(request, plan)) {
        out->reason = "no dataset knows the words of the question";
        return true;
    }
    if (plan->candidate_count == 0) {
        out->reason =
            plan->no_answer ? plan->no_answer : "nothing in the data matches the question";
        return true;
    }
    out->dataset = plan->candidates[0].dataset;
    out->reason = plan->follow_up
                      ? "the question goes on from the one before"
                      : arena_printf(request->arena, "it has what the question speaks of: %s",
                                     plan->candidates[0].reading);
    return true;
}

/* Only what is wrong with the statement itself counts against a candidate. No engine, no time,
 * cancelled: that ends the run, and must not look like a question that can't be answered. */
static bool is_candidates_fault(enum error_code code)
{
    return code == ERROR_SQL_FAILED || code == ERROR_SQL_REFUSED || code == ERROR_RESULT_TOO_LARGE;
}

/* The statement is right, and too much: whoever is told of another reading in its place is told
 * something that he did not ask. */
static bool is_of_size(const struct error *failure)
{
    return failure->code == ERROR_RESULT_TOO_LARGE ||
           (failure->code == ERROR_SQL_FAILED && strcmp(failure->message, ENGINE_MEMORY_TEXT) == 0);
}

static bool try_candidate(struct llm_request *request, struct reading *reading, size_t i,
                          struct error *err)
{
    struct plan *plan = reading->plan;
    const struct rows *rows = NULL;
    struct error failure = {0};
    bool ok =
        request->try_statement(request->try_context, plan->candidates[i].sql, &rows, &failure);
    if (!ok && !is_candidates_fault(failure.code)) {
        *err = failure;
        return false;
    }
    if (!ok)
        log_info("candidate %zu failed: %s", i + 1, failure.message);
    if (ok || !is_of_size(&failure)) {
        plan_observe(plan, i, rows);
        return true;
    }
    reading->too_large[i] = arena_strdup(request->arena, failure.message);
    plan_observe_too_large(plan, i);
    return true;
}

/* Executes the best few, while that can matter; the planner sees what each gave. */
static bool try_candidates(struct llm_request *request, struct reading *reading, struct error *err)
{
    struct plan *plan = reading->plan;
    size_t next;
    while (!plan_is_settled(plan, request->sureness_min) &&
           (next = plan_next(plan, request->sureness_min)) != SIZE_MAX)
        if (!try_candidate(request, reading, next, err))
            return false;
    return true;
}

static bool same_words(const struct plan *plan, const struct plan_decision *decision)
{
    return decision->reading_count == 2 &&
           strcmp(plan->candidates[decision->readings[0]].reading,
                  plan->candidates[decision->readings[1]].reading) == 0;
}

/* A difference that words can't tell is none that the asker could decide: the likelier one is proposed. */
static bool is_asked_in_vain(const struct plan *plan, const struct plan_decision *decision)
{
    return decision->outcome == PLAN_ASK && same_words(plan, decision) &&
           plan->candidates[decision->readings[0]].dataset ==
               plan->candidates[decision->readings[1]].dataset;
}

/* Of the candidate that would be proposed, whether it was not executed yet, but must be. */
static bool is_untried(const struct plan *plan, const struct plan_decision *decision, size_t *which)
{
    if (decision->outcome == PLAN_ANSWER) {
        *which = decision->winner;
        return plan_is_foreseen(plan, *which);
    }
    *which = decision->readings[0];
    return is_asked_in_vain(plan, decision) && !plan_is_executed(plan, *which);
}

/* What is answered was executed itself, and not only foreseen from another's rows: else that comes
 * now, and where it fails, the others' turn. */
static bool decide(struct llm_request *request, struct reading *reading,
                   struct plan_decision *out, struct error *err)
{
    struct plan *plan = reading->plan;
    size_t which;
    if (!reading->too_large)
        reading->too_large = arena_array(request->arena, plan->candidate_count, sizeof(char *));
    for (;;) {
        if (!reading->tried && !try_candidates(request, reading, err))
            return false;
        plan_decide(plan, request->sureness_min, request->arena, out);
        if (reading->tried || !is_untried(plan, out, &which))
            break;
        if (!try_candidate(request, reading, which, err))
            return false;
    }
    reading->tried = true;
    return true;
}

static void propose_candidate(const struct llm_request *request, const struct reading *reading,
                              size_t i, const struct plan_decision *decision,
                              struct llm_proposal *out)
{
    const struct plan_candidate *candidate = &reading->plan->candidates[i];
    if (reading->too_large[i]) {
        out->outcome = LLM_NO_ANSWER;
        out->dataset = candidate->dataset;
        out->sentence = arena_printf(request->arena, "I read that as: %s. But %s.",
                                     candidate->reading, reading->too_large[i]);
        out->passing = true;
        return;
    }
    out->outcome = LLM_QUERY;
    out->dataset = candidate->dataset;
    out->sql = candidate->sql;
    out->query = candidate->query;
    out->reading = candidate->reading;
    out->reason = arena_printf(request->arena, "reads the question as: %s", candidate->reading);
    out->assumptions = candidate->assumptions;
    out->assumption_count = candidate->assumption_count;
    out->periods = candidate->periods;
    out->period_count = candidate->period_count;
    out->sureness = decision->sureness;
    out->explanation = decision->explanation;
}

static void propose_question_back(const struct llm_request *request, const struct plan *plan,
                                  const struct plan_decision *decision, struct llm_proposal *out)
{
    const char **options = arena_array(request->arena, 2, sizeof(*options));
    bool by_dataset = same_words(plan, decision);
    for (size_t i = 0; i < decision->reading_count; i++) {
        const struct plan_candidate *candidate = &plan->candidates[decision->readings[i]];
        options[out->option_count++] =
            by_dataset ? arena_printf(request->arena, "%s, in %s", candidate->reading,
                                      dataset_title(candidate->dataset))
                       : candidate->reading;
    }
    out->outcome = LLM_ASK;
    out->options = options;
    out->sentence = by_dataset ? arena_printf(request->arena, "Did you mean: %s; or %s?",
                                              options[0], options[1])
                               : decision->sentence;
    out->sureness = decision->sureness;
    if (decision->reading_count > 0)
        out->dataset = plan->candidates[decision->readings[0]].dataset;
}

#define LEANS 0.5 /* from here on a question goes on from the one before */

static bool names_measure(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        if (e->kind == EXPRESSION_METRIC || e->kind == EXPRESSION_ARITHMETIC ||
            e->kind == EXPRESSION_SHARE || e->kind == EXPRESSION_FILTERED ||
            (e->kind == EXPRESSION_AGGREGATE && e->left->kind != EXPRESSION_STAR))
            return true;
    }
    return false;
}

/* "And by region?" after an answer that has no tree: read alone it would be another question. */
static void ask_for_whole_question(const struct llm_request *request, struct llm_proposal *out)
{
    if (!request->plan.previous_lost || out->outcome != LLM_QUERY ||
        follow_up_lean(request->plan.question) < LEANS || names_measure(out->query))
        return;
    *out = (struct llm_proposal){
        .outcome = LLM_ASK,
        .dataset = out->dataset,
        .sureness = out->sureness,
        .sentence = "The last answer is of a statement that can't be changed step by step. "
                    "What do you want to know? Please ask the whole question.",
    };
}

static bool planner_generate(struct llm *llm, struct llm_request *request, struct llm_proposal *out,
                             struct error *err)
{
    struct reading *reading;
    if (!read_once(llm, request, &reading, err))
        return false;
    struct plan *plan = reading->plan;
    *out = (struct llm_proposal){0};
    if (plan->meta.kind != PLAN_META_NONE) {
        out->outcome = LLM_DESCRIBE;
        out->dataset = plan->meta.dataset;
        out->sentence = plan->meta.sentence;
        out->sureness = 1;
        return true;
    }
    if (asks_for_change(request)) {
        out->outcome = LLM_NO_ANSWER;
        out->sentence = "I only read data and never change it. Ask what is in it instead.";
        return true;
    }
    if (fits_no_dataset(request, plan)) {
        out->outcome = LLM_NO_ANSWER;
        out->sentence = no_dataset_sentence(request);
        return true;
    }
    struct plan_decision decision = {0};
    if (!decide(request, reading, &decision, err))
        return false;
    switch (decision.outcome) {
    case PLAN_ANSWER:
        propose_candidate(request, reading, decision.winner, &decision, out);
        break;
    case PLAN_ASK:
        if (is_asked_in_vain(plan, &decision)) {
            propose_candidate(request, reading, decision.readings[0], &decision, out);
            break;
        }
        propose_question_back(request, plan, &decision, out);
        break;
    default:
        out->outcome = LLM_NO_ANSWER;
        out->sentence = decision.sentence;
        out->sureness = decision.sureness;
    }
    ask_for_whole_question(request, out);
    return true;
}

struct understanding {
    const struct planner *planner;
    struct plan_request request;
    double sureness_min;
    struct llm_questions *questions;
    size_t kept;
};

/* The ideas are worded by rules (agent/suggest.c), so reading them by rules is enough: over all of
 * tests/cases, what the whole planner reads besides is one question in a thousand. */
static bool is_understood(const struct understanding *job, struct arena *arena)
{
    return planner_reads_by_rules(&job->request, job->sureness_min, arena) ||
           planner_read_meta(&job->request, arena).kind != PLAN_META_NONE;
}

/* In an arena of its own, of which nothing is kept. */
static void keep_understood(void *arg)
{
    struct understanding *job = arg;
    struct arena *arena = arena_new();
    struct llm_questions *questions = job->questions;
    for (size_t i = 0; i < questions->count && job->kept < questions->wanted; i++) {
        struct arena_mark mark = arena_mark(arena);
        job->request.question = str_from(questions->items[i]);
        if (is_understood(job, arena))
            questions->items[job->kept++] = questions->items[i];
        arena_rollback(arena, mark);
    }
    arena_free(arena);
}

static size_t planner_keep_understood(struct llm *llm, const struct llm_request *request,
                                      const struct query *previous, struct llm_questions *questions)
{
    struct understanding job = {
        .planner = llm->planner,
        .request = request->plan,
        .sureness_min = request->sureness_min,
        .questions = questions,
    };
    job.request.previous = previous;
    job.request.previous_question = request->plan.question;
    job.request.explain = false;
    struct error ignored = {0}; /* no time left: no suggestion */
    return task_offload(keep_understood, &job, &ignored) ? job.kept : 0;
}

const struct llm_driver llm_planner_driver = {
    .name = "planner",
    .model_id = planner_model_id,
    .select = planner_select,
    .generate = planner_generate,
    .keep_understood = planner_keep_understood,
};
