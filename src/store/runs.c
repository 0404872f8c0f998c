/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for runs, their events and how they end. */
#include "store/store.h"

#include <string.h>

#include "core/alloc.h"
#include "core/metrics.h"
#include "core/random.h"
#include "store/check.h"

#define ABANDONED_MIN 16
#define ABANDONED_MAX 4096 /* more than run at once; what comes beyond waits for the next start */

const char *store_run_state_name(enum run_state state)
{
    static const char *const names[RUN_STATES] = {
        [RUN_ACTIVE] = "active", [RUN_COMPLETE] = "complete",   [RUN_FAILED] = "failed",
        [RUN_CUT] = "cut",       [RUN_CANCELLED] = "cancelled",
    };
    return names[state];
}

/* The ids and the title of a run that begins; the call points to them. */
struct run_names {
    char run_id[STORE_ID_SIZE], conversation_id[STORE_ID_SIZE], message_id[STORE_ID_SIZE];
    char title[STORE_TITLE_SIZE];
};

static bool prepare_run_begin(const struct run_begin *begin, struct run_names *names,
                              struct call_run_begin *call, struct error *err)
{
    bool create = !begin->conversation_id, make_run_id = begin->run_id[0] == '\0';
    if (!check_name("the user id", begin->user_id, err) ||
        !check_text("the question", begin->question, STORE_QUESTION_SIZE_MAX, err) ||
        (!create && !check_conversation_id(begin->conversation_id, err)))
        return false;
    if (create && begin->new_conversation_id &&
        !check_conversation_id(begin->new_conversation_id, err))
        return false;
    if (!make_run_id && !id_is_valid(begin->run_id, "query_"))
        return error_set(err, ERROR_INVALID, "the run's id is not 'query_' and %d digits",
                         ID_DIGITS);
    const char *given = create ? begin->new_conversation_id : begin->conversation_id;
    if (given)
        memcpy(names->conversation_id, given, strlen(given) + 1);
    else
        ordered_id(names->conversation_id, STORE_ID_SIZE, "conv_");
    if (make_run_id)
        ordered_id(names->run_id, STORE_ID_SIZE, "query_");
    else
        memcpy(names->run_id, begin->run_id, STORE_ID_SIZE);
    ordered_id(names->message_id, STORE_ID_SIZE, "msg_");
    title_make(begin->question, names->title, sizeof(names->title));
    *call = (struct call_run_begin){
        .run_id = names->run_id,
        .conversation_id = names->conversation_id,
        .message_id = names->message_id,
        .user_id = begin->user_id,
        .question = begin->question,
        .title = names->title,
        .create = create,
    };
    clock_print_utc(clock_now_ms(), call->now);
    return true;
}

static void tell_names(struct run_begin *begin, const struct run_names *names)
{
    memcpy(begin->run_id, names->run_id, STORE_ID_SIZE);
    memcpy(begin->conversation_id_out, names->conversation_id, STORE_ID_SIZE);
}

/* Only those that were begun here have been counted. */
static void count_run_out(struct store *store)
{
    size_t count = atomic_load(&store->runs_under_way);
    while (count > 0 && !atomic_compare_exchange_weak(&store->runs_under_way, &count, count - 1))
        ;
}

TASK_WAITS bool store_run_begin(struct store *store, struct run_begin *begin, struct error *err)
{
    struct run_names names;
    struct call_run_begin call;
    if (!prepare_run_begin(begin, &names, &call, err) ||
        !call_driver(store, STORE_RUN_BEGIN, &call, err))
        return false;
    atomic_fetch_add(&store->runs_under_way, 1);
    tell_names(begin, &names);
    return true;
}

static bool check_event(const char *run_id, const struct stored_event *event, struct error *err)
{
    return check_run_id(run_id, err) &&
           check_range("the event's sequence", event->sequence, 1, STORE_EVENTS_MAX, err) &&
           check_text("the event", event->json, STORE_JSON_SIZE_MAX, err) &&
           (!strchr(event->json, STORE_EVENT_MARK) ||
            error_set(err, ERROR_INVALID, "the event is no JSON: it has a control character"));
}

static bool check_events(const char *run_id, const struct stored_event *events, size_t count,
                         struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!check_event(run_id, &events[i], err))
            return false;
        if (i > 0 && events[i].sequence <= events[i - 1].sequence)
            return error_set(err, ERROR_CONFLICT, "event %lld of run '%s' comes behind a later one",
                             (long long)events[i].sequence, run_id);
    }
    return true;
}

static bool check_run_end(const struct run_end *end, struct error *err)
{
    if (end->state != RUN_COMPLETE && end->state != RUN_FAILED && end->state != RUN_CANCELLED)
        return error_set(err, ERROR_INVALID, "a run ends as complete, failed or cancelled");
    return check_events(end->run_id, end->events, end->event_count, err) &&
           usage_check(end->usage, err) && usage_check(end->embedding_usage, err) &&
           check_run_id(end->run_id, err) && check_conversation_id(end->conversation_id, err) &&
           check_text("the result", end->result, STORE_JSON_SIZE_MAX, err) &&
           check_optional("the answer", end->content, STORE_TEXT_SIZE_MAX, err) &&
           check_optional("the statement", end->sql, STORE_TEXT_SIZE_MAX, err) &&
           check_optional("the metadata", end->metadata, STORE_TEXT_SIZE_MAX, err);
}

TASK_WAITS bool store_run_end(struct store *store, const struct run_end *end, struct error *err)
{
    char message_id[STORE_ID_SIZE];
    struct call_run_end call = {.end = end, .message_id = end->content ? message_id : NULL};
    if (!check_run_end(end, err))
        return false;
    ordered_id(message_id, sizeof(message_id), "msg_");
    clock_print_utc(clock_now_ms(), call.now);
    if (!call_driver(store, STORE_RUN_END, &call, err))
        return false;
    count_run_out(store);
    return true;
}

TASK_WAITS bool store_run_record(struct store *store, struct run_begin *begin,
                                 const struct run_end *end, struct error *err)
{
    struct run_names names;
    struct call_run_record call;
    char message_id[STORE_ID_SIZE];
    if (!prepare_run_begin(begin, &names, &call.begin, err))
        return false;
    struct run_end ended = *end;
    ended.run_id = names.run_id;
    ended.conversation_id = names.conversation_id;
    if (!check_run_end(&ended, err))
        return false;
    ordered_id(message_id, sizeof(message_id), "msg_");
    call.end = (struct call_run_end){.end = &ended,
                                     .message_id = end->content ? message_id : NULL};
    memcpy(call.end.now, call.begin.now, sizeof(call.end.now));
    if (!call_driver(store, STORE_RUN_RECORD, &call, err))
        return false;
    tell_names(begin, &names);
    return true;
}

TASK_WAITS bool store_run_event(struct store *store, const char *run_id, int64_t sequence,
                                const char *json, struct error *err)
{
    struct call_run_event call = {.run_id = run_id, .event = {.sequence = sequence, .json = json}};
    return check_event(run_id, &call.event, err) && call_driver(store, STORE_RUN_EVENT, &call, err);
}

TASK_WAITS bool store_run_events_add(struct store *store, const char *run_id,
                                     const struct stored_event *events, size_t count,
                                     struct error *err)
{
    struct call_run_events_add call = {run_id, events, count};
    return check_events(run_id, events, count, err) && check_run_id(run_id, err) &&
           call_driver(store, STORE_RUN_EVENTS_ADD, &call, err);
}

TASK_WAITS bool store_run_ask_cancel(struct store *store, const char *run_id, struct error *err)
{
    char id[STORE_ID_SIZE];
    if (!check_run_id(run_id, err))
        return false;
    memcpy(id, run_id, strlen(run_id) + 1);
    return call_driver(store, STORE_RUN_ASK_CANCEL, id, err);
}

TASK_WAITS bool store_runs_to_cancel(struct store *store, struct arena *arena,
                                     const char *const **out, size_t *count, struct error *err)
{
    struct call_runs_to_cancel call = {.arena = arena};
    if (!call_driver(store, STORE_RUNS_TO_CANCEL, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_run_get(struct store *store, const char *run_id, struct arena *arena,
                              struct stored_run *out, struct error *err)
{
    struct call_run_get call = {.run_id = run_id, .arena = arena, .out = out};
    return check_run_id(run_id, err) && call_driver(store, STORE_RUN_GET, &call, err);
}

TASK_WAITS bool store_run_events(struct store *store, const char *run_id, int64_t after,
                                 struct arena *arena, struct stored_event **out, size_t *count,
                                 struct error *err)
{
    struct call_run_events call = {.run_id = run_id, .after = after, .arena = arena};
    if (!check_run_id(run_id, err) || !call_driver(store, STORE_RUN_EVENTS, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

void store_run_abandon(struct store *store, const char *run_id)
{
    if (!id_is_valid(run_id, "query_"))
        return;
    count_run_out(store);
    pthread_mutex_lock(&store->mutex);
    if (store->abandoned_count == store->abandoned_capacity &&
        store->abandoned_capacity < ABANDONED_MAX) {
        store->abandoned_capacity =
            store->abandoned_capacity > 0 ? 2 * store->abandoned_capacity : ABANDONED_MIN;
        store->abandoned =
            xrealloc(store->abandoned, store->abandoned_capacity * sizeof(*store->abandoned));
    }
    if (store->abandoned_count < store->abandoned_capacity)
        memcpy(store->abandoned[store->abandoned_count++], run_id, strlen(run_id) + 1);
    pthread_mutex_unlock(&store->mutex);
}

/* Copies of the ids, so that more can be added meanwhile. */
static void copy_abandoned(struct store *store, struct call_mark_cut_runs *call)
{
    pthread_mutex_lock(&store->mutex);
    const char **ids = arena_array(call->arena, store->abandoned_count, sizeof(*ids));
    for (size_t i = 0; i < store->abandoned_count; i++)
        ids[i] = arena_strdup(call->arena, store->abandoned[i]);
    call->abandoned = ids;
    call->abandoned_count = store->abandoned_count;
    pthread_mutex_unlock(&store->mutex);
}

static bool is_among(const char *id, const struct call_mark_cut_runs *call)
{
    for (size_t i = 0; i < call->abandoned_count; i++)
        if (strcmp(call->abandoned[i], id) == 0)
            return true;
    return false;
}

/* Those of the call; another call may have done some of them already. */
static void forget_abandoned(struct store *store, const struct call_mark_cut_runs *call)
{
    size_t kept = 0;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->abandoned_count; i++)
        if (!is_among(store->abandoned[i], call))
            memmove(store->abandoned[kept++], store->abandoned[i], STORE_ID_SIZE);
    store->abandoned_count = kept;
    pthread_mutex_unlock(&store->mutex);
}

TASK_WAITS bool store_mark_cut_runs(struct store *store, struct arena *arena,
                                    struct stored_run **out, size_t *count, struct error *err)
{
    struct call_mark_cut_runs call = {.arena = arena};
    clock_print_utc(clock_now_ms(), call.now);
    copy_abandoned(store, &call);
    if (!call_driver(store, STORE_MARK_CUT_RUNS, &call, err))
        return false;
    forget_abandoned(store, &call);
    metrics_add(METRIC_RUNS, OUTCOME_CUT, 0, (int64_t)call.count);
    *out = call.out;
    *count = call.count;
    return true;
}
