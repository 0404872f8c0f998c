/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/workflow.h"

#include <stdio.h>
#include <string.h>

#include "agent/answer_delta.h"
#include "agent/cached.h"
#include "agent/embedding.h"
#include "agent/steps/steps.h"
#include "agent/wording.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/random.h"
#include "core/settings.h"

#define DETAIL_SIZE_MAX (4 * 1024 * 1024)
#define SAVE_TIME_MAX_MS 10000 /* to save how a cancelled or late run ended */

struct step_row {
    step_fn work;
};

static const struct step_row steps[RUN_STEPS] = {
    [STEP_RETRIEVE] = {step_retrieve}, [STEP_METADATA] = {step_metadata},
    [STEP_SELECT] = {step_select},     [STEP_GENERATE] = {step_generate},
    [STEP_EXECUTE] = {step_execute},   [STEP_ANSWER] = {step_answer},
};

/* What the calls of a step have cost goes into its detail. */
static void add_usage(struct run *run, struct step_record *record, const struct chat_usage *before)
{
    const struct chat_usage *after = &run->request.usage;
    if (after->calls <= before->calls)
        return;
    struct usage usage = {
        .calls = after->calls - before->calls,
        .input = after->input - before->input,
        .cached = after->cached - before->cached,
        .cache_written = after->cache_written - before->cache_written,
        .output = after->output - before->output,
        .cost_nano = after->cost_nano - before->cost_nano,
        .unpriced = after->unpriced - before->unpriced,
    };
    struct strbuf json = strbuf_init(DETAIL_SIZE_MAX);
    struct str detail = str_from(record->detail ? record->detail : "{}");
    strbuf_add_str(&json, str_slice(detail, 0, detail.length - 1)); /* without its end */
    json_add_key(&json, "model_calls");
    json_add_integer(&json, after->calls - before->calls);
    json_add_key(&json, "tokens");
    usage_tokens_json(&usage, &json);
    json_add_key(&json, "cost");
    usage_cost_json(&usage, &json);
    if (usage.unpriced > 0) {
        json_add_key(&json, "unpriced_calls");
        json_add_integer(&json, usage.unpriced);
    }
    strbuf_add_char(&json, '}');
    record->detail = arena_strdup(run->arena, strbuf_text(&json));
    strbuf_clear(&json);
}

TASK_WAITS static bool take_step(struct run *run, enum run_step step, struct error *err)
{
    struct step_record *record = run_step_begin(run, step);
    const struct chat_usage before = run->request.usage;
    bool ok = steps[step].work(run, record, err);
    add_usage(run, record, &before);
    if (!ok && !record->words)
        record->words = arena_strdup(run->arena, wording_failure(run, err));
    run_step_end(run, record, ok);
    return ok;
}

/* A statement that the firewall or the engine refused may be written anew, a bounded number of
 * times; anything else (no time left, no engine) won't get better by another statement. */
static bool may_repair(struct run *run, struct error *err)
{
    if (err->code != ERROR_SQL_FAILED && err->code != ERROR_SQL_REFUSED)
        return false;
    if (run->repairs >= settings_integer("QUERENT_MAX_REPAIRS"))
        return false;
    run->repairs++;
    metrics_add(METRIC_REPAIRS, 0, 0, 1);
    struct error *failure = arena_memdup(run->arena, err, sizeof(*err));
    run->request.failed_sql = run->proposal.sql;
    run->request.failure = failure;
    error_clear(err);
    return true;
}

/* The question's path, top to bottom. */
TASK_WAITS static bool answer_question(struct run *run, struct error *err)
{
    if (!take_step(run, STEP_RETRIEVE, err) || !take_step(run, STEP_METADATA, err) ||
        !take_step(run, STEP_SELECT, err))
        return false;
    do {
        if (!take_step(run, STEP_GENERATE, err))
            return false;
        if (run->proposal.outcome != LLM_QUERY || take_step(run, STEP_EXECUTE, err))
            return take_step(run, STEP_ANSWER, err);
    } while (may_repair(run, err));
    return false;
}

static struct run_begin beginning(const struct run *run)
{
    struct run_begin begin = {
        .user_id = run->question.user_id,
        .conversation_id = run->question.conversation_id,
        .question = run->question.text,
    };
    snprintf(begin.run_id, sizeof(begin.run_id), "%s", run->id);
    return begin;
}

TASK_WAITS static bool save_question(struct run *run, struct error *err)
{
    struct run_begin begin = beginning(run);
    if (!store_run_begin(run->agent->store, &begin, err))
        return false;
    snprintf(run->conversation_id, sizeof(run->conversation_id), "%s", begin.conversation_id_out);
    run->saved = true;
    return true;
}

static const char *error_json(struct run *run, const struct error *err)
{
    struct strbuf json = strbuf_init(64 * 1024);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "query_id");
    json_add_text(&json, run->id);
    json_add_key(&json, "conversation_id");
    json_add_text(&json, run->conversation_id);
    json_add_key(&json, "error");
    json_add_text(&json, err->message);
    json_add_key(&json, "code");
    json_add_text(&json, error_name(err->code));
    strbuf_add_char(&json, '}');
    const char *text = arena_strdup(run->arena, strbuf_text(&json));
    strbuf_clear(&json);
    return text;
}

/* The run's log so far, as a stream sends it. The last event is not in it: it is the result. */
static struct stored_event *events_to_store(struct run *run, size_t *count)
{
    struct stored_event *events = arena_array(run->arena, run->event_count, sizeof(*events));
    for (size_t i = 0; i < run->event_count; i++) {
        events[i].sequence = (int64_t)i + 1;
        events[i].json = arena_printf(run->arena, "{\"event\":\"%s\",\"data\":%s}",
                                      run_event_name(run->events[i].kind), run->events[i].json);
    }
    *count = run->event_count;
    if (run->has_deltas)
        *count = answer_deltas_join(events, run->event_count, run->arena);
    return events;
}

static const char *message_metadata(const struct run *run)
{
    struct usage usage;
    (void)run_usage(run, &usage);
    return arena_printf(
        run->arena, "{%s" MESSAGE_DURATION_KEY "%.2f,\"tokens_used\":%lld}",
        run->reply.message_metadata, (double)run->duration_us / 1000,
        (long long)(usage.input + usage.cached + usage.cache_written + usage.output));
}

/* How the run ended, for the store. */
static struct run_end outcome(struct run *run, bool ok, const char *json)
{
    struct run_end end = {
        .run_id = run->id,
        .conversation_id = run->conversation_id,
        .state = RUN_FAILED,
        .result = json,
    };
    end.events = events_to_store(run, &end.event_count);
    struct usage *usage = arena_alloc(run->arena, sizeof(*usage));
    end.usage = run_usage(run, usage) ? usage : NULL;
    struct usage *embedding = arena_alloc(run->arena, sizeof(*embedding));
    end.embedding_usage = embedding_usage(run, embedding) ? embedding : NULL;
    if (ok) {
        end.state = RUN_COMPLETE;
        end.content = run->answer;
        end.sql = run->reply.sql;
        end.metadata = message_metadata(run);
    } else if (run->error.code == ERROR_CANCELLED) {
        end.state = RUN_CANCELLED;
        end.content = "This question could not be answered: it was cancelled.";
        end.metadata = "{\"status\":\"cancelled\"}";
    } else {
        end.content = arena_printf(run->arena, "This question could not be answered: %s.",
                                   run->error.message);
    }
    return end;
}

/* Runs on even when the run was cancelled or is late: how it ended must be on disk. */
TASK_WAITS static bool save_outcome(struct run *run, bool ok, const char *json, struct error *err)
{
    if (!run->saved)
        return true;
    struct run_end end = outcome(run, ok, json);
    task_shield_begin(SAVE_TIME_MAX_MS);
    bool saved = store_run_end(run->agent->store, &end, err);
    task_shield_end();
    return saved || error_wrap(err, "saving the answer");
}

static void emit_start(struct run *run)
{
    struct strbuf json = strbuf_init(4096);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "query_id");
    json_add_text(&json, run->id);
    json_add_key(&json, "conversation_id");
    json_add_text(&json, run->conversation_id);
    strbuf_add_char(&json, '}');
    run_emit(run, EVENT_RUN_START, NULL, arena_strdup(run->arena, strbuf_text(&json)));
    strbuf_clear(&json);
}

/* Waits for the run's turn; then does the work, unless an equal question has been answered meanwhile
 * or is being answered: then its steps are told here too, and its answer is taken. The turn comes first.
 * Otherwise who leads could wait for a place that only those have who wait for him, and a caller for
 * another's turn. */
TASK_WAITS static bool answer_once(struct run *run, struct error *err)
{
    if (run->admit && !run->admit(run->admit_context, err))
        return false;
    bool leads = cached_reply_lead(run, err), ok = true;
    if (!leads && err->code != ERROR_NONE)
        return false;
    if (cached_reply_get_shared(run)) {
        if (leads) /* who followed has told them */
            run_tell_steps(run);
    } else if ((ok = answer_question(run, err))) {
        run_make_reply(run);
        cached_reply_put(run);
    } else {
        const char *told = wording_failure(run, err);
        if (told != err->message)
            error_set(err, err->code, "%s", told);
    }
    cached_reply_land(run, ok, err);
    return ok;
}

/* An answer that is there already: question and answer are saved together. */
TASK_WAITS static bool tell_cached(struct run *run, struct error *err)
{
    run->duration_us = clock_monotonic_us() - run->started_us;
    struct run_begin begin = beginning(run);
    /* The response names the conversation, so a new one's id is made before it is saved. */
    if (begin.conversation_id) {
        snprintf(run->conversation_id, sizeof(run->conversation_id), "%s", begin.conversation_id);
    } else {
        ordered_id(run->conversation_id, sizeof(run->conversation_id), "conv_");
        begin.new_conversation_id = run->conversation_id;
    }
    const char *json = run_response_json(run);
    struct run_end end = outcome(run, true, json); /* no events: they are the steps of the result */
    if (!store_run_record(run->agent->store, &begin, &end, err))
        return false;
    run->saved = true;
    emit_start(run);
    run_tell_steps(run);
    run_emit(run, EVENT_COMPLETE, NULL, json);
    return true;
}

TASK_WAITS static void tell_failure(struct run *run, struct error *err)
{
    run->duration_us = clock_monotonic_us() - run->started_us;
    if (err->code == ERROR_CANCELLED) /* whatever was going on then */
        (void)error_set(err, ERROR_CANCELLED, "the question was cancelled");
    run->error = *err;
    const char *json = error_json(run, err);
    struct error save_error = {0};
    if (!save_outcome(run, false, json, &save_error)) {
        log_error("run '%s': %s", run->id, save_error.message);
        store_run_abandon(run->agent->store, run->id); /* its conversation says so later */
    }
    run_emit(run, EVENT_ERROR, NULL, json);
}

static void count_usage(const struct usage *usage)
{
    static const char *const names[] = {"anthropic", "openai"};
    const int64_t tokens[METRIC_TOKENS_MAX] = {usage->input, usage->cached, usage->cache_written,
                                               usage->output};
    unsigned provider = 0;
    while (provider + 1 < METRIC_PROVIDER_MAX && strcmp(names[provider], usage->provider) != 0)
        provider++;
    for (unsigned kind = 0; kind < METRIC_TOKENS_MAX; kind++)
        if (tokens[kind] > 0)
            metrics_add(METRIC_MODEL_TOKENS, provider, kind, tokens[kind]);
    metrics_add(METRIC_MODEL_CALLS, provider, 0, usage->calls);
    metrics_add(METRIC_MODEL_COST, provider, 0, usage->cost_nano / 1000);
}

static void count(const struct run *run, bool ok, bool cached)
{
    static const enum metric_outcome outcomes[RUN_STATUSES] = {
        [RUN_ANSWERED] = OUTCOME_ANSWERED,
        [RUN_NEEDS_CLARIFICATION] = OUTCOME_NEEDS_CLARIFICATION,
        [RUN_NO_ANSWER] = OUTCOME_NO_ANSWER,
    };
    unsigned outcome = outcomes[run->status];
    if (!ok)
        outcome = run->error.code == ERROR_CANCELLED ? OUTCOME_CANCELLED
                                                     : OUTCOME_FAILED + run->error.code;
    metrics_add(METRIC_RUNS, outcome, 0, 1);
    struct usage usage;
    if (run_usage(run, &usage))
        count_usage(&usage);
    embedding_count(run);
    metrics_observe(METRIC_RUN_DURATION, cached, run->duration_us);
}

TASK_WAITS bool workflow_run(struct run *run, struct error *err)
{
    run->verified_set = agent_take_verified(run->agent);
    bool ok = run_load_history(run, err);
    if (ok && cached_reply_get(run)) {
        ok = tell_cached(run, err);
        if (!ok)
            tell_failure(run, err);
        count(run, ok, true);
        return ok;
    }
    ok = ok && save_question(run, err);
    if (ok) {
        emit_start(run);
        ok = answer_once(run, err);
    }
    run->duration_us = clock_monotonic_us() - run->started_us;
    const char *json = ok ? run_response_json(run) : NULL;
    /* An answer that isn't kept must not look as if it were. */
    ok = ok && save_outcome(run, true, json, err);
    if (ok)
        run_emit(run, EVENT_COMPLETE, NULL, json);
    else
        tell_failure(run, err);
    count(run, ok, false);
    return ok;
}
