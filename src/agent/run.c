/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/answer_delta.h"
#include "agent/cached.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/random.h"

_Static_assert((int)RUN_STEPS == METRIC_STEP_MAX, "core/metrics.h says how many");

#define RUN_MAGIC 0x52554e31u /* "RUN1" */
#define EVENT_SIZE_MAX (4 * 1024 * 1024)
#define STEP_SIZE 512 /* mostly enough for a step as JSON */

const char *run_status_name(enum run_status status)
{
    static const char *const names[RUN_STATUSES] = {
        [RUN_ANSWERED] = "answered",
        [RUN_NEEDS_CLARIFICATION] = "needs_clarification",
        [RUN_NO_ANSWER] = "no_answer",
    };
    return names[status];
}

const char *run_step_name(enum run_step step)
{
    static const char *const names[RUN_STEPS] = {
        [STEP_RETRIEVE] = "vector_search", [STEP_METADATA] = "load_metadata",
        [STEP_SELECT] = "select_dataset",  [STEP_GENERATE] = "generate_sql",
        [STEP_EXECUTE] = "execute_query",  [STEP_ANSWER] = "generate_response",
    };
    return names[step];
}

const char *step_status_name(enum step_status status)
{
    static const char *const names[STEP_STATUSES] = {
        [STEP_STARTED] = "started",
        [STEP_DONE] = "completed",
        [STEP_FAILED] = "failed",
    };
    return names[status];
}

const char *run_event_name(enum run_event_kind kind)
{
    static const char *const names[RUN_EVENT_KINDS] = {
        [EVENT_RUN_START] = "run_start",     [EVENT_STEP_START] = "step_start",
        [EVENT_STEP_UPDATE] = "step_update", [EVENT_ANSWER_DELTA] = ANSWER_DELTA_NAME,
        [EVENT_COMPLETE] = "complete",       [EVENT_ERROR] = "error",
    };
    return names[kind];
}

static bool question_check(const struct question *question, struct error *err)
{
    struct str text = str_from(question->text);
    if (str_trim(text).length == 0)
        return error_set(err, ERROR_INVALID, "the question is empty; ask something about the data");
    if (!str_is_utf8(text))
        return error_set(err, ERROR_INVALID, "the question is not valid UTF-8 text");
    if (str_count_utf8(text) > QUESTION_LENGTH_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the question has %zu characters; at most %d",
                         str_count_utf8(text), QUESTION_LENGTH_MAX);
    if (question->sample_rows > SAMPLE_ROWS_MAX)
        return error_set(err, ERROR_INVALID, "sample_rows is %zu; at most %d",
                         question->sample_rows, SAMPLE_ROWS_MAX);
    return true;
}

static void copy_question(struct run *run, const struct question *question)
{
    struct arena *arena = run->arena;
    struct str text = str_trim(str_from(question->text));
    run->question = *question;
    run->question.text = arena_strndup(arena, text.bytes, text.length);
    run->question.user_id = arena_strdup(arena, question->user_id ? question->user_id : "local");
    if (question->conversation_id)
        run->question.conversation_id = arena_strdup(arena, question->conversation_id);
    if (question->model)
        run->question.model = arena_strdup(arena, question->model);
    if (question->sample_rows == 0)
        run->question.sample_rows = SAMPLE_ROWS_DEFAULT;
    const char **filter = arena_array(arena, question->dataset_filter_count, sizeof(*filter));
    for (size_t i = 0; i < question->dataset_filter_count; i++)
        filter[i] = arena_strdup(arena, question->dataset_filter[i]);
    run->question.dataset_filter = filter;
}

struct run *run_new(struct agent *agent, const struct question *question, struct error *err)
{
    if (!question_check(question, err))
        return NULL;
    struct run *run = xcalloc(1, sizeof(*run));
    run->magic = RUN_MAGIC;
    run->agent = agent;
    run->knowledge = agent_take_knowledge(agent);
    run->arena = arena_new();
    ordered_id(run->id, sizeof(run->id), "query_");
    clock_print_utc(clock_now_ms(), run->started_at);
    run->started_us = clock_monotonic_us();
    copy_question(run, question);
    return run;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    assert(run->magic == RUN_MAGIC);
    run->magic = 0;
    arena_free(run->arena);
    knowledge_unref(run->knowledge);
    verified_set_unref(run->verified_set);
    free(run);
}

bool run_is_models(const struct run *run)
{
    return llm_writes_answers(run->agent->llm) && !run->verified && !run->proposal.query &&
           run->proposal.outcome != LLM_DESCRIBE;
}

bool run_is_recalled(const struct run *run)
{
    enum cache_level level = run->cache_hits[CACHE_RESPONSE];
    return level == CACHE_HIT_MEMORY || level == CACHE_HIT_STORE;
}

void run_emit(struct run *run, enum run_event_kind kind, const struct step_record *step,
              const char *json)
{
    assert(run->magic == RUN_MAGIC);
    bool is_end = kind == EVENT_COMPLETE || kind == EVENT_ERROR;
    /* The workflow itself is bounded far below; but who follows others hears the steps of each that
     * leads. Whoever waits is told of the end in any case. */
    if (run->event_count >= RUN_EVENTS_MAX && !is_end)
        return;
    run->events = arena_grow(run->arena, run->events, run->event_count, &run->event_capacity,
                             sizeof(*run->events));
    struct run_event *event = &run->events[run->event_count++];
    *event = (struct run_event){kind, step, json};
    if (run->listener)
        run->listener(run->listener_context, event);
    if (step || kind == EVENT_ANSWER_DELTA)
        cached_reply_tell(run, kind, json);
}

static void add_step(const struct step_record *record, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    json_add_key(out, "step");
    json_add_text(out, run_step_name(record->step));
    json_add_key(out, "status");
    json_add_text(out, step_status_name(record->status));
    json_add_key(out, "started_at");
    json_add_text(out, record->started_at);
    json_add_key(out, "duration_ms");
    json_add_double(out, (double)(record->duration_us / 10) / 100);
    json_add_key(out, "cache_hit");
    strbuf_add(out, record->cache_hit ? "true" : "false");
    json_add_key(out, "message");
    json_add_text(out, record->words);
    json_add_key(out, "detail");
    strbuf_add(out, record->detail ? record->detail : "{}");
    strbuf_add_char(out, '}');
}

const char *run_step_json(struct run *run, struct step_record *record)
{
    if (!record->json) {
        struct strbuf json = strbuf_init(EVENT_SIZE_MAX);
        strbuf_reserve(&json, STEP_SIZE);
        add_step(record, &json);
        record->json = arena_strndup(run->arena, strbuf_text(&json), json.length);
        strbuf_clear(&json);
    }
    return record->json;
}

static void emit_step(struct run *run, enum run_event_kind kind, struct step_record *record)
{
    run_emit(run, kind, record, run_step_json(run, record));
}

struct step_record *run_step_begin(struct run *run, enum run_step step)
{
    assert(run->magic == RUN_MAGIC);
    /* Events point to records, so each has its own place; run->steps holds copies made at the end
     * of a step. */
    struct step_record *record = arena_alloc(run->arena, sizeof(*record));
    record->step = step;
    record->status = STEP_STARTED;
    record->duration_us = clock_monotonic_us();
    clock_print_utc(clock_now_ms(), record->started_at);
    struct step_record *started = arena_memdup(run->arena, record, sizeof(*record));
    started->duration_us = 0;
    emit_step(run, EVENT_STEP_START, started);
    return record;
}

void run_step_end(struct run *run, struct step_record *record, bool ok)
{
    record->status = ok ? STEP_DONE : STEP_FAILED;
    record->duration_us = clock_monotonic_us() - record->duration_us;
    emit_step(run, EVENT_STEP_UPDATE, record);
    metrics_observe(METRIC_STEP_DURATION, record->step, record->duration_us);
    run->steps = arena_grow(run->arena, run->steps, run->step_count, &run->step_capacity,
                            sizeof(*run->steps));
    run->steps[run->step_count++] = *record;
}

void run_step_cached(struct run *run, enum run_step step, const char *words, const char *detail)
{
    run->steps = arena_grow(run->arena, run->steps, run->step_count, &run->step_capacity,
                            sizeof(*run->steps));
    struct step_record *record = &run->steps[run->step_count++];
    *record = (struct step_record){
        .step = step, .status = STEP_DONE, .cache_hit = true, .words = words, .detail = detail};
    clock_print_utc(clock_now_ms(), record->started_at);
}

void run_tell_steps(struct run *run)
{
    for (size_t i = 0; i < run->step_count; i++)
        emit_step(run, EVENT_STEP_UPDATE, &run->steps[i]);
}
