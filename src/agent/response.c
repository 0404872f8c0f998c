/* SPDX-License-Identifier: Apache-2.0 */
/* The QueryResponse of the API (spec section 2), written straight from the run. */
#include "agent/embedding.h"
#include "agent/run.h"
#include "agent/verified.h"
#include "core/json.h"
#include "planner/print/query_json.h"

#define RESPONSE_SIZE_MAX (32 * 1024 * 1024)
#define SAMPLE_SIZE_MAX (24 * 1024 * 1024) /* of it: the rest is small */
#define COST_NANO_MAX ((int64_t)1 << 53)
#define REST_SIZE 4096                     /* mostly enough for ids, times and steps */

static void add_texts(struct strbuf *out, const char *key, const char *const *texts, size_t count)
{
    json_add_key(out, key);
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_add_separator(out);
        json_add_text(out, texts[i]);
    }
    strbuf_add_char(out, ']');
}

static void add_steps(struct run *run, struct strbuf *out)
{
    json_add_key(out, "steps");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < run->step_count; i++) {
        json_add_separator(out);
        strbuf_add(out, run_step_json(run, &run->steps[i]));
    }
    strbuf_add_char(out, ']');
}

static void add_columns(const struct rows *rows, struct strbuf *out)
{
    json_add_key(out, "columns");
    strbuf_add_char(out, '[');
    for (size_t i = 0; rows && i < rows->column_count; i++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        json_add_key(out, "name");
        json_add_text(out, rows->columns[i].name);
        json_add_key(out, "type");
        json_add_text(out, value_kind_name(rows->columns[i].kind));
        json_add_key(out, "engine_type");
        json_add_text(out, rows->columns[i].type);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

/* Rows as a list of objects; fewer than were asked for where cells are so large that the reply
 * would pass its limit. */
static void add_sample(const struct rows *rows, size_t row_max, struct strbuf *out)
{
    struct strbuf sample = strbuf_init(SAMPLE_SIZE_MAX);
    size_t count = rows->row_count < row_max ? rows->row_count : row_max;
    rows_print_json(rows, count, &sample);
    while (!strbuf_ok(&sample) && count > 0) {
        count /= 2;
        strbuf_reset(&sample);
        rows_print_json(rows, count, &sample);
    }
    strbuf_add_str(out, strbuf_str(&sample));
    strbuf_clear(&sample);
}

static void add_rows(const struct run *run, struct strbuf *out)
{
    const struct rows *rows = run->statement ? run->statement->rows : NULL;
    json_add_key(out, "sql_query");
    json_add_text(out, run->statement ? run->statement->sql : NULL);
    add_columns(rows, out);
    json_add_key(out, "row_count");
    json_add_integer(out, rows ? (int64_t)rows->row_count : 0);
    json_add_key(out, "truncated");
    strbuf_add(out, rows && rows->truncated ? "true" : "false");
    json_add_key(out, "data_sample");
    if (rows)
        add_sample(rows, run->question.sample_rows, out);
    else
        strbuf_add(out, "[]");
}

static void add_periods(const struct llm_proposal *proposal, struct strbuf *out)
{
    json_add_key(out, "periods");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < proposal->period_count; i++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        json_add_key(out, "words");
        json_add_text(out, proposal->periods[i].words);
        json_add_key(out, "from");
        json_add_text(out, proposal->periods[i].from);
        json_add_key(out, "to");
        json_add_text(out, proposal->periods[i].to);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void add_candidates(const struct run *run, struct strbuf *out)
{
    json_add_key(out, "candidates");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < run->retrieved.hit_count; i++) {
        const struct retrieval_hit *hit = &run->retrieved.hits[i];
        json_add_separator(out);
        strbuf_add_char(out, '{');
        json_add_key(out, "dataset_id");
        json_add_text(out, hit->dataset->id);
        json_add_key(out, "score");
        json_add_double(out, (double)(int)(hit->score * 10000) / 10000);
        json_add_key(out, "reason");
        json_add_text(out, hit->reason);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void add_timings(const struct run *run, struct strbuf *out)
{
    json_add_key(out, "timings");
    strbuf_add_char(out, '{');
    for (enum run_step step = 0; step < RUN_STEPS; step++) {
        uint64_t total_us = 0;
        for (size_t i = 0; i < run->step_count; i++)
            if (run->steps[i].step == step)
                total_us += run->steps[i].duration_us;
        json_add_key(out, run_step_name(step));
        json_add_double(out, (double)(total_us / 10) / 100);
    }
    strbuf_add_char(out, '}');
}

/* {"sql_result":"memory"}: only what hit. */
static void add_cache_hits(const struct run *run, struct strbuf *out)
{
    json_add_key(out, "cache_hits");
    strbuf_add_char(out, '{');
    for (enum cache_type type = 0; type < CACHE_TYPES; type++) {
        if (run->cache_hits[type] == CACHE_MISS)
            continue;
        json_add_key(out, cache_type_name(type));
        json_add_text(out, cache_level_name(run->cache_hits[type]));
    }
    strbuf_add_char(out, '}');
}

static const char *chosen_dataset(const struct run *run)
{
    const struct dataset *dataset =
        run->proposal.dataset ? run->proposal.dataset : run->selection.dataset;
    return dataset ? dataset->id : NULL;
}

/* What was done with less than it should: by the planner in a model's place, without the server's
 * embeddings. */
static void add_notice(const struct run *run, struct strbuf *out)
{
    const char *first = run->proposal.notice, *second = run->retrieval_notice;
    if (!first && !second)
        return;
    json_add_key(out, "notice");
    json_add_text(out, first && second ? arena_printf(run->arena, "%s %s", first, second)
                       : first         ? first
                                       : second);
}

/* Members of the metadata that are the same for whoever asks the same. */
static void add_metadata(const struct run *run, struct strbuf *out)
{
    const struct llm_proposal *proposal = &run->proposal;
    json_add_key(out, "selected_dataset");
    json_add_text(out, chosen_dataset(run));
    json_add_key(out, "model");
    json_add_text(out, run->verified      ? "verified"
                       : proposal->model ? proposal->model
                                         : llm_model_id(run->agent->llm));
    json_add_key(out, "sureness");
    json_add_double(out, (double)(int)(proposal->sureness * 1000) / 1000);
    json_add_key(out, "reading");
    json_add_text(out, proposal->reading);
    json_add_key(out, "repairs");
    json_add_integer(out, run->repairs);
    add_notice(run, out);
    add_texts(out, "assumptions", proposal->assumptions, proposal->assumption_count);
    add_texts(out, "options", proposal->options, proposal->option_count);
    add_periods(proposal, out);
    add_candidates(run, out);
    if (run->verified) {
        json_add_key(out, "verified");
        verified_json(run->verified, out);
    }
    if (run->question.explain) {
        json_add_key(out, "explanation");
        json_add_text(out, proposal->explanation);
    }
}

/* What a server says it has used can be absurd; a JSON number keeps no more. */
static int64_t cost_kept(int64_t cost_nano)
{
    return cost_nano > COST_NANO_MAX ? COST_NANO_MAX : cost_nano;
}

bool run_usage(const struct run *run, struct usage *out)
{
    const struct chat_usage *usage = &run->request.usage;
    *out = (struct usage){
        .provider = llm_name(run->agent->llm),
        .model = run->request.model ? run->request.model : llm_model_id(run->agent->llm),
        .calls = usage->calls,
        .input = usage->input,
        .cached = usage->cached,
        .cache_written = usage->cache_written,
        .output = usage->output,
        .cost_nano = cost_kept(usage->cost_nano),
        .unpriced = usage->unpriced,
    };
    return usage->calls > 0;
}

/* Of this run alone: an answer that was there already has cost nothing more. */
static void add_usage(const struct run *run, struct strbuf *out)
{
    struct usage usage;
    (void)run_usage(run, &usage); /* zeros are told, too */
    json_add_key(out, "tokens");
    usage_tokens_json(&usage, out);
    json_add_key(out, "cost");
    usage_cost_json(&usage, out);
    if (usage.unpriced > 0) {
        json_add_key(out, "unpriced_calls");
        json_add_integer(out, usage.unpriced);
    }
    if (!embedding_usage(run, &usage))
        return;
    json_add_key(out, "embedding");
    strbuf_add_char(out, '{');
    json_add_key(out, "model");
    json_add_text(out, usage.model);
    json_add_key(out, "tokens");
    json_add_integer(out, usage.input);
    json_add_key(out, "cost");
    usage_cost_json(&usage, out);
    strbuf_add_char(out, '}');
}

/* What a follow-up needs of this answer, kept with the assistant's message. */
static void add_message_metadata(const struct run *run, struct strbuf *out)
{
    const struct llm_proposal *proposal = &run->proposal;
    json_add_key(out, "status");
    json_add_text(out, run_status_name(run->status));
    json_add_key(out, "dataset_id");
    json_add_text(out, proposal->dataset ? proposal->dataset->id : NULL);
    if (run->verified) {
        json_add_key(out, "verified");
        verified_json(run->verified, out);
    }
    if (proposal->outcome == LLM_QUERY && proposal->query) {
        json_add_key(out, "query");
        query_to_json(proposal->query, out);
    }
}

static void add_body(const struct run *run, struct strbuf *out)
{
    json_add_key(out, "final_response");
    json_add_text(out, run->answer);
    add_rows(run, out);
    json_add_key(out, "chart");
    strbuf_add(out, run->chart ? run->chart : "null");
    add_texts(out, "suggestions", run->suggestions, run->suggestion_count);
}

/* Members of a JSON object, without its braces. */
static const char *members(struct run *run, void (*add)(const struct run *run, struct strbuf *out))
{
    struct strbuf out = strbuf_init(RESPONSE_SIZE_MAX);
    strbuf_add_char(&out, '{'); /* no comma before the first */
    add(run, &out);
    const char *text = arena_strdup(run->arena, strbuf_text(&out) + 1);
    strbuf_clear(&out);
    return text;
}

void run_make_reply(struct run *run)
{
    run->reply = (struct reply){
        .sql = run->statement ? run->statement->sql : NULL,
        .dataset_id = chosen_dataset(run),
        .body = members(run, add_body),
        .metadata = members(run, add_metadata),
        .message_metadata = members(run, add_message_metadata),
    };
}

const char *run_response_json(struct run *run)
{
    struct strbuf out = strbuf_init(RESPONSE_SIZE_MAX);
    struct str body = str_from(run->reply.body), metadata = str_from(run->reply.metadata);
    strbuf_reserve(&out, body.length + metadata.length + REST_SIZE);
    strbuf_add_char(&out, '{');
    json_add_key(&out, "query_id");
    json_add_text(&out, run->id);
    json_add_key(&out, "conversation_id");
    json_add_text(&out, run->conversation_id);
    json_add_key(&out, "timestamp");
    json_add_text(&out, run->started_at);
    json_add_key(&out, "user_id");
    json_add_text(&out, run->question.user_id);
    json_add_key(&out, "status");
    json_add_text(&out, run_status_name(run->status));
    add_steps(run, &out);
    strbuf_add_char(&out, ',');
    strbuf_add_str(&out, body);
    json_add_key(&out, "metadata");
    strbuf_add_char(&out, '{');
    json_add_key(&out, "execution_time_ms");
    json_add_double(&out, (double)(run->duration_us / 10) / 100);
    add_cache_hits(run, &out);
    add_timings(run, &out);
    add_usage(run, &out);
    strbuf_add_char(&out, ',');
    strbuf_add_str(&out, metadata);
    strbuf_add(&out, "}}");
    const char *json = arena_strndup(run->arena, strbuf_text(&out), out.length);
    strbuf_clear(&out);
    return json;
}
