/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling a provider. A call is at most CHAT_TRIES_MAX tries in all: those that http_fetch() makes
 * while nothing has come, and those after a stream broke before its text was passed on. A part of
 * the request that a server refuses is left out, and stays out for that model once a call without
 * it has worked.
 */
#include "llm/chat_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/random.h"
#include "core/settings.h"

#define CHAT_TRIES_MAX 3
#define CHAT_CHANGES_MAX 5 /* parts left out in one call */
#define WAIT_FIRST_MS 500
#define BYTES_PER_TOKEN 3.5
#define MEMBERS_SIZE 1024 /* of a body, beside its texts */

static const struct chat_driver *const drivers[] = {
    &chat_anthropic_driver,
    &chat_openai_driver,
};

/* -- opening -- */

static bool open_driver(struct chat_model *model, struct error *err)
{
    const char *prices = settings_text("QUERENT_MODEL_PRICES");
    if (prices && !model_prices_check(prices, err))
        return false;
    model->prices = prices ? arena_strdup(model->arena, prices) : NULL;
    const char *id = settings_text("QUERENT_MODEL");
    model->model_id = id ? arena_strdup(model->arena, id) : NULL;
    model->idle_ms = (uint64_t)settings_integer("QUERENT_MODEL_IDLE_S") * 1000;
    endpoint_add_header(&model->endpoint, "content-type", "application/json");
    if (!model->driver->open(model, err))
        return false;
    const struct upstream_options options = {
        .name = model->own_host || model->driver->own_models_only ? model->driver->title
                                                                  : "Model server",
        .concurrent_max = (unsigned)settings_integer("QUERENT_MODEL_CALLS_MAX"),
    };
    model->upstream = upstream_open(&options);
    return true;
}

struct chat_model *chat_open(const char *name, struct error *err)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (strcmp(drivers[i]->name, name) != 0)
            continue;
        struct chat_model *model = xcalloc(1, sizeof(*model));
        model->driver = drivers[i];
        model->arena = arena_new();
        model->endpoint.arena = model->arena;
        pthread_mutex_init(&model->lock, NULL);
        if (open_driver(model, err))
            return model;
        chat_close(model);
        return NULL;
    }
    error_set(err, ERROR_CONFIG, "there is no provider '%s' of language models", name);
    return NULL;
}

void chat_close(struct chat_model *model)
{
    if (!model)
        return;
    upstream_close(model->upstream);
    endpoint_wipe(&model->endpoint);
    pthread_mutex_destroy(&model->lock);
    arena_free(model->arena);
    free(model);
}

const char *chat_provider(const struct chat_model *model)
{
    return model->driver->name;
}

const char *chat_model_id(const struct chat_model *model)
{
    return model->model_id;
}

const char *chat_model_warning(const struct chat_model *model, const char *id, const char *today,
                               struct arena *arena)
{
    const char *provider = model->driver->name;
    const struct model_facts *facts = model_find(provider, id);
    if (!facts && !model->own_host)
        return NULL; /* what another server calls its models is its own affair */
    if (!facts)
        return arena_printf(arena,
                            "the model '%s' is not known to this version: its cost is known only "
                            "if QUERENT_MODEL_PRICES says it",
                            id);
    if (!facts->retires)
        return NULL;
    bool gone = strcmp(facts->retires, today) < 0;
    return arena_printf(arena, "the model '%s' %s%s%s; set QUERENT_MODEL to %s", id,
                        gone ? "was retired" : "will be retired", *facts->retires ? " on " : "",
                        facts->retires, model_print_choices(provider, id, arena));
}

/* -- requests -- */

const char *chat_request_model(const struct chat_model *model, const struct chat_request *request)
{
    return request->model ? request->model : model->model_id;
}

unsigned chat_output_tokens(const struct chat_model *model, const struct chat_request *request,
                            unsigned fields)
{
    unsigned tokens =
        request->output_tokens_max > 0 ? request->output_tokens_max : CHAT_OUTPUT_TOKENS_DEFAULT;
    const struct model_facts *facts =
        model_find(model->driver->name, chat_request_model(model, request));
    bool may_think =
        facts ? facts->thinking != MODEL_THINKS_NOT && !(fields & CHAT_THINKING) : model->own_host;
    if (may_think && tokens <= UINT32_MAX - CHAT_THINKING_TOKENS)
        tokens += CHAT_THINKING_TOKENS;
    if (facts && facts->output_tokens_max > 0 && tokens > facts->output_tokens_max)
        tokens = facts->output_tokens_max;
    return tokens;
}

void chat_add_temperature(const struct chat_model *model, const struct chat_request *request,
                          struct strbuf *out)
{
    json_add_key(out, "temperature");
    json_add_double(out, fmin(fmax(request->temperature, 0), model->driver->temperature_max));
}

void chat_add_member_text(struct strbuf *out, const char *key, struct str text)
{
    json_add_key(out, key);
    json_add_string(out, text);
}

void chat_print_schema_words(const struct chat_request *request, struct strbuf *out)
{
    if (request->schema)
        strbuf_printf(out,
                      "Reply with one JSON object and nothing else: no words before or after it, "
                      "no code fence. It must obey this JSON schema:\n%s",
                      request->schema);
}

static size_t body_size_hint(const struct chat_request *request)
{
    size_t size = MEMBERS_SIZE + request->system.length + request->context.length;
    for (size_t i = 0; i < request->message_count; i++)
        size += request->messages[i].text.length + 64;
    size += request->schema ? strlen(request->schema) : 0;
    return size + size / 16; /* escapes */
}

unsigned chat_known_refusals(struct chat_model *model, const char *model_id)
{
    unsigned refused = 0;
    pthread_mutex_lock(&model->lock);
    for (size_t i = 0; i < model->habit_count; i++)
        if (strcmp(model->habits[i].model_id, model_id) == 0)
            refused = model->habits[i].refused;
    pthread_mutex_unlock(&model->lock);
    return refused;
}

static void remember_refusals(struct chat_model *model, const char *model_id, unsigned refused)
{
    if (refused == 0 || strlen(model_id) > CHAT_MODEL_ID_MAX)
        return;
    pthread_mutex_lock(&model->lock);
    size_t i = 0;
    while (i < model->habit_count && strcmp(model->habits[i].model_id, model_id) != 0)
        i++;
    if (i < CHAT_HABITS_MAX) {
        snprintf(model->habits[i].model_id, sizeof(model->habits[i].model_id), "%s", model_id);
        model->habits[i].refused |= refused;
        if (i == model->habit_count)
            model->habit_count++;
    }
    pthread_mutex_unlock(&model->lock);
}

struct str chat_print_request(const struct chat_model *model, const struct chat_request *request)
{
    /* What a server has refused is part of what is sent; the lock is why it can't be const inside.
     */
    struct chat_model *own = (struct chat_model *)(uintptr_t)model;
    unsigned refused = chat_known_refusals(own, chat_request_model(model, request));
    struct strbuf body = strbuf_init(CHAT_BODY_MAX);
    strbuf_reserve(&body, body_size_hint(request));
    model->driver->write(model, request, model->driver->choose_fields(model, request, refused),
                         &body);
    struct str text = arena_str(request->arena, strbuf_str(&body));
    strbuf_clear(&body);
    return text;
}

/* -- calling -- */

struct call {
    struct chat_model *model;
    const struct chat_request *request;
    const char *model_id;
    unsigned refused, refused_now, fields; /* enum chat_field; now: only for this request */
    unsigned tries, changes;
    uint64_t started_us;
    struct chat_usage lost; /* tokens of the tries that broke */
    bool heard;             /* one of them had said something */
    enum chat_cause cause;  /* of the failure */
    struct chat_reading reading;
    struct fetch_response response;
};

TASK_WAITS static bool on_body(void *context, struct str piece, struct error *err)
{
    return chat_reading_add(context, piece, err);
}

/* One request and its reply. True when there was a response, whatever it says. */
TASK_WAITS static bool fetch(struct call *call, struct error *err)
{
    const struct chat_model *model = call->model;
    struct strbuf body = strbuf_init(CHAT_BODY_MAX);
    strbuf_reserve(&body, body_size_hint(call->request));
    call->fields =
        model->driver->choose_fields(model, call->request, call->refused | call->refused_now);
    model->driver->write(model, call->request, call->fields, &body);
    chat_reading_init(&call->reading, model, call->request, call->fields);
    call->reading.started_us = call->started_us;
    bool ok = strbuf_ok(&body);
    if (!ok) {
        error_set(err, ERROR_TOO_LARGE, "the request for the model is over %d MB",
                  CHAT_BODY_MAX / (1024 * 1024));
    } else {
        const struct fetch_request request = {
            .upstream = model->upstream,
            .method = "POST",
            .url = model->driver->url(model, call->model_id, call->request->arena),
            .headers = model->endpoint.headers,
            .header_count = model->endpoint.header_count,
            .body = strbuf_str(&body),
            .idle_ms = model->idle_ms,
            .repeatable = true,
            .place = call->request->place,
            .limit = call->model_id, /* vendors count by model */
            .tries_max = CHAT_TRIES_MAX - call->tries,
            .is_final = chat_problem_is_final,
            .on_body = on_body,
            .context = &call->reading,
            .over = &call->reading.over,
            .failure = ERROR_MODEL,
        };
        call->response = (struct fetch_response){0};
        ok = http_fetch(&request, call->request->arena, &call->response, err);
        call->tries += call->response.tries > 0 ? call->response.tries : 1;
    }
    strbuf_clear(&body);
    return ok;
}

/* The field whose refusal the problem speaks of, among those that were sent; 0: none. */
static unsigned find_refused(const struct call *call, const struct server_problem *problem,
                             bool *passing)
{
    bool lasting = chat_problem_is_lasting(problem);
    struct strbuf words = strbuf_init(4096);
    strbuf_printf(&words, "%s %s %s", problem->message, problem->param, problem->code);
    for (size_t i = 0; i < words.length; i++)
        words.bytes[i] = char_lower(words.bytes[i]);
    unsigned found = 0;
    for (const struct chat_refusal *row = call->model->driver->refusals; row->words && !found;
         row++) {
        struct str rest = str_from(row->words), word;
        bool sent = call->fields & row->field, named = false;
        while (sent && !named && str_split(&rest, '|', &word))
            named = (word.length > 0 || !lasting) && str_find(strbuf_str(&words), word) >= 0;
        if (named) {
            found = row->field;
            *passing = row->passing;
        }
    }
    strbuf_clear(&words);
    return found;
}

/* Leaves out what was refused; false when nothing was, or enough was left out. */
static bool change_request(struct call *call, const struct server_problem *problem)
{
    bool passing = false;
    if ((problem->status != 400 && problem->status != 422) || call->changes == CHAT_CHANGES_MAX)
        return false;
    unsigned field = find_refused(call, problem, &passing);
    if (field == 0)
        return false;
    /* Another's temperature may be taken all the same. */
    passing |= field == CHAT_TEMPERATURE && call->request->temperature > 0;
    *(passing ? &call->refused_now : &call->refused) |= field;
    call->changes++;
    call->tries = call->tries > 0 ? call->tries - 1 : 0; /* it was no try of the same */
    return true;
}

static uint64_t wait_before_repeat_ms(unsigned tries)
{
    unsigned char dice;
    random_bytes(&dice, sizeof(dice));
    uint64_t wait_ms = (uint64_t)WAIT_FIRST_MS << (tries > 0 ? tries - 1 : 0);
    return wait_ms - wait_ms / 4 * dice / 255;
}

static const char *request_id(const struct call *call)
{
    return arena_strdup(
        call->request->arena,
        fetch_response_header(&call->response, call->model->driver->request_id_header));
}

/* One try: the price may depend on how long its prompt is. */
static void price_try(const struct call *call, struct chat_usage *usage)
{
    const struct model_name name = {call->model->driver->name, call->model_id,
                                    call->reading.model_id};
    usage->calls = 1;
    model_price_usage(&name, call->model->prices, usage);
    usage->unpriced = !usage->priced;
}

/* All tries of it are one call. */
static void sum_tries(struct chat_usage *usage)
{
    usage->calls = 1;
    usage->unpriced = !usage->priced;
}

static bool tells_tokens(const struct chat_usage *usage)
{
    return usage->input + usage->cached + usage->cache_written + usage->output > 0;
}

static void fill_reply(struct call *call, struct chat_reply *out)
{
    struct chat_reading *reading = &call->reading;
    struct arena *arena = call->request->arena;
    bool declined = reading->stop == CHAT_REFUSED && reading->declined.length > 0;
    const char *model_id = *reading->model_id ? reading->model_id : call->model_id;
    *out = (struct chat_reply){
        .text = arena_str(arena, strbuf_str(declined ? &reading->declined : &reading->text)),
        .stop = reading->stop,
        .model = arena_strdup(arena, model_id),
        .request_id = request_id(call),
        .usage = reading->usage,
        .tries = call->tries,
        .first_text_us = reading->first_text_us,
    };
    price_try(call, &out->usage);
    chat_usage_add(&out->usage, &call->lost);
    sum_tries(&out->usage);
}

enum outcome { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_AGAIN };

static bool is_upstream_failure(const struct call *call, const struct error *err)
{
    return err->code == ERROR_MODEL && !call->reading.caller_failed;
}

/* After a stream that broke: again, unless someone has read of it, it would break again, or there
 * is no time. */
TASK_WAITS static enum outcome after_break(struct call *call, bool passing, struct error *err)
{
    uint64_t wait_ms = wait_before_repeat_ms(call->tries);
    if (!passing || call->reading.passed_on || call->tries >= CHAT_TRIES_MAX ||
        wait_ms >= task_time_left_ms())
        return OUTCOME_FAILED;
    log_info("%s is asked again: %s", call->model->title, err->message);
    return task_sleep(wait_ms, err) ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

/* After a status that says no. */
static enum outcome after_refusal(struct call *call, struct chat_reply *out, struct error *err)
{
    const struct fetch_response *response = &call->response;
    struct server_problem problem =
        chat_read_problem(call->model, response->status, response->body, call->request->arena);
    if (chat_problem_is_filtered(&problem)) {
        call->reading.stop = CHAT_REFUSED;
        strbuf_add_str(&call->reading.declined, str_from(problem.message));
        fill_reply(call, out);
        return OUTCOME_DONE;
    }
    if (change_request(call, &problem))
        return OUTCOME_AGAIN;
    call->cause = chat_problem_cause(call->model, &problem);
    chat_explain(call->model, call->model_id, &problem, call->tries, err);
    return OUTCOME_FAILED;
}

TASK_WAITS static enum outcome try_call(struct call *call, struct chat_reply *out,
                                        struct error *err)
{
    struct chat_reading *reading = &call->reading;
    bool responded = fetch(call, err);
    /* Cut after the stream had said that it was whole: nothing is missing. */
    bool whole = !responded && reading->over && is_upstream_failure(call, err);
    if (!responded && !whole) {
        if (reading->error.code != ERROR_NONE)
            *err = reading->error;
        bool broke = reading->began && is_upstream_failure(call, err);
        if (!broke && is_upstream_failure(call, err))
            call->cause = CHAT_CAUSE_AWAY;
        bool passing = reading->error.code == ERROR_NONE || reading->passing;
        return broke ? after_break(call, passing, err) : OUTCOME_FAILED;
    }
    if (!whole && (call->response.status < 200 || call->response.status > 299))
        return after_refusal(call, out, err);
    if (!chat_reading_finish(reading, err))
        return is_upstream_failure(call, err) ? after_break(call, reading->passing, err)
                                              : OUTCOME_FAILED;
    fill_reply(call, out);
    return OUTCOME_DONE;
}

/* A stream that broke is paid for, too. */
static void keep_lost(struct call *call)
{
    call->heard |= call->reading.first_text_us > 0;
    if (!tells_tokens(&call->reading.usage))
        return;
    price_try(call, &call->reading.usage);
    chat_usage_add(&call->lost, &call->reading.usage);
}

/* And so is a call of which nothing came in the end; one that was refused has cost nothing. */
static void tell_lost(const struct call *call, struct chat_reply *out)
{
    *out = (struct chat_reply){.tries = call->tries};
    if (!call->heard && !tells_tokens(&call->lost))
        return;
    out->usage = call->lost;
    sum_tries(&out->usage);
}

/* What /health/ready tells. A question that was given up says nothing about the provider. */
static void keep_state(struct chat_model *model, const struct error *err)
{
    if (err && err->code != ERROR_MODEL)
        return;
    pthread_mutex_lock(&model->lock);
    model->state.called = true;
    model->state.ok = !err;
    model->state.at_ms = clock_real_ms();
    snprintf(model->state.message, sizeof(model->state.message), "%s", err ? err->message : "");
    pthread_mutex_unlock(&model->lock);
}

void chat_last_state(struct chat_model *model, struct server_state *out)
{
    pthread_mutex_lock(&model->lock);
    *out = model->state;
    pthread_mutex_unlock(&model->lock);
}

bool chat_try_enter(struct chat_model *model, struct upstream_pass *place)
{
    return upstream_try_enter(model->upstream, place);
}

TASK_WAITS bool chat_enter(struct chat_model *model, struct upstream_pass *place, struct error *err)
{
    if (upstream_enter(model->upstream, ERROR_MODEL, place, err))
        return true;
    if (err->code == ERROR_DEADLINE)
        error_wrap(err, "no call of %s was free", model->title);
    return false;
}

TASK_WAITS bool chat_complete(struct chat_model *model, const struct chat_request *request,
                              struct chat_reply *out, struct error *err)
{
    const char *model_id = chat_request_model(model, request);
    struct call *call = arena_alloc(request->arena, sizeof(*call));
    *call = (struct call){model, request, model_id, .refused = chat_known_refusals(model, model_id),
                          .started_us = clock_monotonic_us()};
    enum outcome outcome = OUTCOME_AGAIN;
    struct error failure = {0};
    while (outcome == OUTCOME_AGAIN) {
        failure = (struct error){0};
        outcome = try_call(call, out, &failure);
        if (outcome != OUTCOME_DONE)
            keep_lost(call);
        chat_reading_clear(&call->reading);
    }
    if (outcome == OUTCOME_DONE)
        remember_refusals(model, model_id, call->refused);
    keep_state(model, outcome == OUTCOME_DONE || call->reading.caller_failed ? NULL : &failure);
    if (outcome == OUTCOME_FAILED) {
        tell_lost(call, out);
        out->cause = call->cause;
        *err = failure;
    }
    return outcome == OUTCOME_DONE;
}

/* -- counting -- */

void chat_usage_add(struct chat_usage *sum, const struct chat_usage *more)
{
    if (more->calls == 0)
        return;
    sum->priced = more->priced && (sum->priced || sum->calls == 0);
    sum->unpriced += more->unpriced > 0 || more->priced ? more->unpriced : more->calls;
    sum->input += more->input;
    sum->cached += more->cached;
    sum->cache_written += more->cache_written;
    sum->output += more->output;
    sum->cost_nano += more->cost_nano;
    sum->calls += more->calls;
}

int64_t chat_estimate_tokens(const struct chat_model *model, const struct chat_request *request)
{
    return (int64_t)((double)chat_print_request(model, request).length / BYTES_PER_TOKEN) + 1;
}
