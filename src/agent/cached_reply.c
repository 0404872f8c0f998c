/* SPDX-License-Identifier: Apache-2.0 */
/* Whole replies in the cache: what is said, and the steps that led to it, as length-prefixed fields:
 * a hit copies bytes and parses no JSON. */
#include "agent/cached.h"

#include <string.h>

#include "agent/cached_parts.h"
#include "core/clock.h"
#include "core/settings.h"
#include "engine/protocol.h"

#define REPLY_SIZE_MAX (4 * 1024 * 1024) /* a larger one is not kept */
#define ZONE_STEP_MS (15 * 60 * 1000)    /* all time zones are whole quarters of an hour off UTC */

static bool may_use(const struct run *run)
{
    return run->question.use_cache && run->question.reply_suffices;
}

/* Without the time that its run took, which no two answers have in common. */
static struct str metadata_of(const struct message *message)
{
    struct str metadata = str_from(message->metadata ? message->metadata : "");
    const char *duration = strstr(metadata.bytes, MESSAGE_DURATION_KEY);
    return duration ? str_slice(metadata, 0, (size_t)(duration - metadata.bytes)) : metadata;
}

/* What was said before, as far as the workflow looks at it. */
static void add_history(struct cache_parts *parts, const struct run *run)
{
    cache_parts_add_integer(parts, (int64_t)run->history_count);
    for (size_t i = 0; i < run->history_count; i++) {
        const struct message *message = &run->history[i];
        cache_parts_add_integer(parts, message->role);
        cache_parts_add_text(parts, message->content);
        cache_parts_add_text(parts, message->sql ? message->sql : "");
        cache_parts_add(parts, metadata_of(message));
    }
}

/* Days begin at different times where datasets name their own time zones. */
static void add_day(struct cache_parts *parts, const struct run *run)
{
    int64_t now_ms = clock_now_ms();
    cache_parts_add_integer(parts, clock_today(settings_utc_offset_minutes(now_ms)));
    cache_parts_add_integer(parts, run->knowledge->own_zones ? now_ms / ZONE_STEP_MS : 0);
}

/* Everything that the workflow is given. The catalog's version stands for all datasets: which of them
 * matter is not known before the work is done. */
static void make_key(struct run *run)
{
    const struct question *question = &run->question;
    struct cache_parts parts = {.arena = run->arena};
    cache_parts_add_text(&parts, llm_model_id(run->agent->llm));
    cache_parts_add_text(&parts, planner_words_id(run->agent->planner));
    const struct embedder *server = run->agent->server_embedder;
    cache_parts_add_text(&parts, server ? embedder_model_id(server) : "");
    cache_parts_add_text(&parts, run->knowledge->catalog->version);
    cache_parts_add_integer(&parts, run->verified_set ? run->verified_set->version : 0);
    cache_parts_add_text(&parts, run->knowledge->restricted ? question->user_id : "");
    cache_parts_add(&parts, cache_parts_fold_blanks(run->arena, question->text));
    cache_parts_add_integer(&parts, (int64_t)question->dataset_filter_count);
    for (size_t i = 0; i < question->dataset_filter_count; i++)
        cache_parts_add_text(&parts, question->dataset_filter[i]);
    cache_parts_add_integer(&parts, (int64_t)question->sample_rows);
    cache_parts_add_integer(&parts, question->explain);
    if (llm_writes_answers(run->agent->llm)) {
        cache_parts_add_llm(&parts, run);
        const char *model = llm_allowed_model(run->agent->llm, question->model);
        cache_parts_add_text(&parts, model ? model : "");
        cache_parts_add_double(&parts, question->temperature);
        cache_parts_add_integer(&parts, llm_sees_setting());
    }
    add_history(&parts, run);
    add_day(&parts, run);
    cache_parts_add_integer(&parts, settings_integer("QUERENT_WEEK_START"));
    cache_parts_add_integer(&parts, settings_integer("QUERENT_FISCAL_YEAR_START"));
    cache_parts_add_integer(&parts, settings_integer("QUERENT_MAX_REPAIRS"));
    cache_parts_add_double(&parts, settings_double("QUERENT_SURENESS"));
    cache_parts_add_limits(&parts);
    run->reply_key = cache_parts_key(&parts, CACHE_RESPONSE);
}

/* ------------------------------------------------------------------ reading and writing */

static void add_text(struct strbuf *out, const char *text)
{
    wire_add_u8(out, text != NULL);
    if (text)
        wire_add_text(out, str_from(text));
}

static const char *read_text(struct run *run, struct wire_reader *in)
{
    if (!wire_u8(in))
        return NULL;
    struct str text = wire_text(in, REPLY_SIZE_MAX);
    return in->failed ? NULL : arena_strndup(run->arena, text.bytes, text.length);
}

static bool unpack(struct run *run, struct str value)
{
    struct wire_reader in = wire_reader_init(value);
    uint8_t status = wire_u8(&in);
    const char *answer = read_text(run, &in);
    struct reply reply = {
        .sql = read_text(run, &in),
        .dataset_id = read_text(run, &in),
        .body = read_text(run, &in),
        .metadata = read_text(run, &in),
        .message_metadata = read_text(run, &in),
    };
    uint32_t steps = wire_u32(&in);
    if (in.failed || status >= RUN_STATUSES || !answer || !reply.body || !reply.metadata ||
        !reply.message_metadata || steps > RUN_EVENTS_MAX)
        return false;
    for (uint32_t i = 0; i < steps && !in.failed; i++) {
        uint8_t step = wire_u8(&in);
        const char *words = read_text(run, &in), *detail = read_text(run, &in);
        if (!in.failed && step < RUN_STEPS)
            run_step_cached(run, (enum run_step)step, words, detail);
    }
    if (in.failed) {
        run->step_count = 0;
        return false;
    }
    run->status = (enum run_status)status;
    run->answer = answer;
    run->reply = reply;
    return true;
}

TASK_WAITS bool cached_reply_get(struct run *run)
{
    if (!may_use(run))
        return false;
    make_key(run);
    struct str value;
    enum cache_level level =
        cache_get(run->agent->cache, CACHE_RESPONSE, &run->reply_key, run->arena, &value);
    if (level == CACHE_MISS || !unpack(run, value))
        return false;
    run->cache_hits[CACHE_RESPONSE] = level;
    return true;
}

bool cached_reply_get_shared(struct run *run)
{
    struct str value;
    if (!may_use(run) ||
        !cache_peek(run->agent->cache, CACHE_RESPONSE, &run->reply_key, run->arena, &value) ||
        !unpack(run, value))
        return false;
    run->cache_hits[CACHE_RESPONSE] = CACHE_HIT_SHARED;
    return true;
}

/* ------------------------------------------------------------------ equal questions at the same time */

/* What the leader tells: the kind of event, then its JSON. */
static void hear(void *context, struct str news)
{
    struct run *run = context;
    struct wire_reader in = wire_reader_init(news);
    uint8_t kind = wire_u8(&in);
    const char *json = read_text(run, &in);
    if (in.failed || !json || kind >= RUN_EVENT_KINDS)
        return;
    run->has_deltas |= kind == EVENT_ANSWER_DELTA;
    run_emit(run, (enum run_event_kind)kind, NULL, json);
}

TASK_WAITS bool cached_reply_lead(struct run *run, struct error *err)
{
    const struct cache_flight_listener listener = {hear, run};
    return !may_use(run) || cache_flight_join(run->agent->cache, CACHE_RESPONSE, &run->reply_key,
                                              &listener, &run->flight, err);
}

void cached_reply_tell(struct run *run, enum run_event_kind kind, const char *json)
{
    if (!run->flight || !task_check(NULL)) /* that this run was stopped concerns no other */
        return;
    struct strbuf news = strbuf_init(CACHE_NEWS_MAX);
    wire_add_u8(&news, (uint8_t)kind);
    add_text(&news, json);
    if (strbuf_ok(&news))
        cache_flight_tell(run->flight, strbuf_str(&news));
    strbuf_clear(&news);
}

void cached_reply_land(struct run *run, bool ok, const struct error *err)
{
    if (!ok && (err->code == ERROR_CANCELLED || err->code == ERROR_DEADLINE))
        cache_flight_pass(run->flight);
    else
        cache_flight_land(run->flight);
    run->flight = NULL;
}

void cached_reply_put(struct run *run)
{
    /* Rows that depend on the time of day are true only now. */
    if (!may_use(run) || run->proposal.passing || run->wording_broke || run->retrieval_notice ||
        (run->statement && !run->statement->may_cache))
        return;
    struct strbuf value = strbuf_init(REPLY_SIZE_MAX);
    wire_add_u8(&value, (uint8_t)run->status);
    add_text(&value, run->answer);
    add_text(&value, run->reply.sql);
    add_text(&value, run->reply.dataset_id);
    add_text(&value, run->reply.body);
    add_text(&value, run->reply.metadata);
    add_text(&value, run->reply.message_metadata);
    wire_add_u32(&value, (uint32_t)run->step_count);
    for (size_t i = 0; i < run->step_count; i++) {
        wire_add_u8(&value, (uint8_t)run->steps[i].step);
        add_text(&value, run->steps[i].words);
        add_text(&value, run->steps[i].detail);
    }
    if (strbuf_ok(&value))
        cache_put(run->agent->cache, CACHE_RESPONSE, &run->reply_key, strbuf_str(&value),
                  run->reply.dataset_id);
    strbuf_clear(&value);
}
