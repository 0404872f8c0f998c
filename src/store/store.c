/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of the store: picks the driver, checks every argument against its limit, makes ids,
 * times and titles. What is written here holds for every driver.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/metrics.h"
#include "core/random.h"
#include "store/check.h"

#define TTL_MAX_S (INT64_C(10) * 366 * 24 * 3600)
#define SCHEME_LENGTH_MAX 32
#define CURSOR_SIZE 96 /* bytes that hold any cursor and its NUL */
#define CURSOR_SEED 0x63757273
#define ABANDONED_MIN 16
#define ABANDONED_MAX 4096 /* more than run at once; what comes beyond waits for the next start */

static const struct store_driver *const drivers[] = {
    &sqlite_driver,
};

/* ---- opening ---- */

/* The scheme of "scheme:rest"; empty for a path. A ':' after a '/' belongs to a path. */
static struct str scheme_of(const char *url)
{
    size_t length = strcspn(url, ":/");
    bool is_path = url[length] != ':' || length == 0;
    return (struct str){url, is_path ? 0 : length};
}

static const struct store_driver *find_driver(struct str scheme)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
        if (str_equal_text(scheme, drivers[i]->scheme))
            return drivers[i];
    return NULL;
}

struct store *store_open(const char *url, struct error *err)
{
    struct str scheme = scheme_of(url);
    const struct store_driver *driver = scheme.length > 0 ? find_driver(scheme) : drivers[0];
    const char *location = scheme.length > 0 ? url + scheme.length + 1 : url;
    if (!driver) {
        /* Only the scheme is repeated: the rest of a url may hold a password. */
        error_set(err, ERROR_CONFIG,
                  "the store's url starts with '%.*s:', which is not known; allowed are %s or the "
                  "path of a file; see DATABASE_URL",
                  (int)(scheme.length < SCHEME_LENGTH_MAX ? scheme.length : SCHEME_LENGTH_MAX),
                  scheme.bytes, drivers[0]->form);
        return NULL;
    }
    if (location[0] == '\0') {
        error_set(err, ERROR_CONFIG,
                  "the store's url names no file; allowed are %s or the path of "
                  "a file; see DATABASE_URL",
                  driver->form);
        return NULL;
    }
    struct store *store = driver->open(location, err);
    if (store) {
        store->driver = driver;
        pthread_mutex_init(&store->mutex, NULL);
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    free(store->abandoned);
    pthread_mutex_destroy(&store->mutex);
    store->driver->close(store);
}

int store_schema_version(const struct store *store)
{
    return store->schema_version;
}

TASK_WAITS bool store_health(struct store *store, struct error *err)
{
    return call_driver(store, STORE_HEALTH, NULL, err);
}

/* ---- conversations ---- */

TASK_WAITS bool store_conversation_create(struct store *store, const char *user_id,
                                          const char *title, struct arena *arena,
                                          struct conversation *out, struct error *err)
{
    char id[STORE_ID_SIZE], now[TIMESTAMP_SIZE], short_title[STORE_TITLE_SIZE];
    if (!check_name("the user id", user_id, err) ||
        !check_optional("the title", title, STORE_QUESTION_SIZE_MAX, err))
        return false;
    ordered_id(id, sizeof(id), "conv_");
    clock_print_utc(clock_now_ms(), now);
    title_make(title ? title : "", short_title, sizeof(short_title));
    struct conversation conversation = {
        .id = arena_strdup(arena, id),
        .user_id = arena_strdup(arena, user_id),
        .title = arena_strdup(arena, short_title),
        .created_at = arena_strdup(arena, now),
        .updated_at = arena_strdup(arena, now),
    };
    if (!call_driver(store, STORE_CONVERSATION_CREATE, &conversation, err))
        return false;
    *out = conversation;
    return true;
}

TASK_WAITS bool store_conversation_get(struct store *store, const char *user_id, const char *id,
                                       struct arena *arena, struct conversation *out,
                                       struct error *err)
{
    struct call_conversation call = {.user_id = user_id, .id = id, .arena = arena, .out = out};
    return (!user_id || check_name("the user id", user_id, err)) && check_conversation_id(id, err) &&
           call_driver(store, STORE_CONVERSATION_GET, &call, err);
}

/*
 * A cursor is a place as numbers, then a sum over them, the kind of list and whose it is: so that
 * what another list has given, or what was mistyped, is told apart. People should take it as it
 * is; but the sum is no secret and opens nothing: whoever lists is asked for the user all the same.
 */
static void cursor_print(char cursor[CURSOR_SIZE], const char *list, const int64_t *numbers,
                         size_t count)
{
    uint64_t sum = hash64_str(str_from(list), CURSOR_SEED);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        sum = hash64_combine(sum, (uint64_t)numbers[i]);
        used += (size_t)snprintf(cursor + used, CURSOR_SIZE - used, "%lld.", (long long)numbers[i]);
    }
    snprintf(cursor + used, CURSOR_SIZE - used, "%016llx", (unsigned long long)sum);
}

static bool cursor_parse(const char *cursor, const char *list, int64_t *numbers, size_t count,
                         struct error *err)
{
    char expected[CURSOR_SIZE] = "";
    struct str rest = {cursor, strnlen(cursor, CURSOR_SIZE)}, part;
    bool valid = true;
    for (size_t i = 0; i < count && valid; i++)
        valid = str_split(&rest, '.', &part) && str_to_i64(part, &numbers[i]) && numbers[i] >= 0;
    if (valid)
        cursor_print(expected, list, numbers, count);
    return (valid && strcmp(cursor, expected) == 0) ||
           error_set(err, ERROR_INVALID,
                     "the cursor is not one that this list has given; without one, it starts anew");
}

/* The list that a cursor belongs to. A kind has no blank in it. */
static const char *list_name(struct arena *arena, const char *kind, const char *whose)
{
    return arena_printf(arena, "%s %s", kind, whose);
}

static const char *place_print(struct arena *arena, const char *list,
                               const struct list_place *place)
{
    const int64_t numbers[] = {place->snapshot, place->activity, place->sequence};
    char cursor[CURSOR_SIZE];
    cursor_print(cursor, list, numbers, 3);
    return arena_strdup(arena, cursor);
}

static bool place_parse(const char *cursor, const char *list, struct list_place *place,
                        struct error *err)
{
    int64_t numbers[3];
    if (!cursor_parse(cursor, list, numbers, 3, err))
        return false;
    *place = (struct list_place){numbers[0], numbers[1], numbers[2]};
    return true;
}

TASK_WAITS bool store_conversation_list(struct store *store, const char *user_id, size_t limit,
                                        const char *cursor, struct arena *arena,
                                        struct conversation **out, size_t *count, const char **next,
                                        struct error *err)
{
    struct call_conversation_list call = {
        .user_id = user_id,
        .limit = limit,
        .after = {INT64_MAX, INT64_MAX, INT64_MAX},
        .arena = arena,
    };
    if (!check_name("the user id", user_id, err) ||
        !check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_PAGE_MAX,
                     err) ||
        (cursor && !place_parse(cursor, list_name(arena, "conversations", user_id), &call.after,
                                err)) ||
        !call_driver(store, STORE_CONVERSATION_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    *next =
        call.more ? place_print(arena, list_name(arena, "conversations", user_id), &call.next) : NULL;
    return true;
}

TASK_WAITS bool store_conversation_delete(struct store *store, const char *user_id, const char *id,
                                          struct error *err)
{
    struct call_conversation call = {.user_id = user_id, .id = id};
    clock_print_utc(clock_now_ms(), call.now);
    return (!user_id || check_name("the user id", user_id, err)) && check_conversation_id(id, err) &&
           call_driver(store, STORE_CONVERSATION_DELETE, &call, err);
}

TASK_WAITS bool store_messages_last(struct store *store, const char *conversation_id, size_t limit,
                                    struct arena *arena, struct message **out, size_t *count,
                                    struct error *err)
{
    struct call_messages call = {
        .conversation_id = conversation_id,
        .limit = limit,
        .arena = arena,
    };
    if (!check_conversation_id(conversation_id, err) ||
        !check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_PAGE_MAX,
                     err) ||
        !call_driver(store, STORE_MESSAGES_LAST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_messages_page(struct store *store, const char *conversation_id, size_t limit,
                                    const char *cursor, struct arena *arena, struct message **out,
                                    size_t *count, const char **next, struct error *err)
{
    struct call_messages call = {
        .conversation_id = conversation_id,
        .limit = limit,
        .arena = arena,
        .before = INT64_MAX,
    };
    if (!check_conversation_id(conversation_id, err) ||
        !check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_PAGE_MAX,
                     err))
        return false;
    const char *list = list_name(arena, "messages", conversation_id);
    if ((cursor && !cursor_parse(cursor, list, &call.before, 1, err)) ||
        !call_driver(store, STORE_MESSAGES_PAGE, &call, err))
        return false;
    char place[CURSOR_SIZE];
    cursor_print(place, list, &call.first, 1);
    *out = call.out;
    *count = call.count;
    *next = call.more ? arena_strdup(arena, place) : NULL;
    return true;
}

/* ---- runs ---- */

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

TASK_WAITS bool store_run_begin(struct store *store, struct run_begin *begin, struct error *err)
{
    struct run_names names;
    struct call_run_begin call;
    if (!prepare_run_begin(begin, &names, &call, err) ||
        !call_driver(store, STORE_RUN_BEGIN, &call, err))
        return false;
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
    return call_driver(store, STORE_RUN_END, &call, err);
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

/* ---- removing for good ---- */

static void print_before(int64_t before_ms, char out[TIMESTAMP_SIZE])
{
    out[0] = '\0';
    if (before_ms != STORE_SWEEP_NONE)
        clock_print_utc(before_ms, out);
}

TASK_WAITS bool store_sweep(struct store *store, struct store_sweep *sweep, struct error *err)
{
    struct arena *arena = arena_new();
    struct store_sweep found = *sweep;
    struct call_sweep call = {.sweep = &found, .arena = arena};
    print_before(sweep->deleted_before_ms, call.deleted);
    print_before(sweep->quiet_before_ms, call.quiet);
    bool ok = call_driver(store, STORE_SWEEP_FIND, &call, err) &&
              (!call.id || call_driver(store, STORE_SWEEP_BITE, &call, err));
    if (ok) {
        found.messages += call.messages;
        found.conversations += call.gone;
        if (call.id && !call.gone && !call.skipped)
            found.place--; /* the rest of it with the next call */
        *sweep = found;
    }
    arena_free(arena);
    return ok;
}

/* ---- cache ---- */

static bool check_cache(const struct call_cache *call, struct error *err)
{
    if (call->key.length > STORE_CACHE_KEY_SIZE_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the cache key has more than %d bytes",
                         STORE_CACHE_KEY_SIZE_MAX);
    return check_name("the cache type", call->type, err);
}

TASK_WAITS bool store_cache_get(struct store *store, const char *type, struct str key,
                                struct arena *arena, struct str *value, bool *found,
                                struct error *err)
{
    struct call_cache call = {.type = type, .key = key, .arena = arena};
    call.now_ms = clock_now_ms();
    if (!check_cache(&call, err) || !call_driver(store, STORE_CACHE_GET, &call, err))
        return false;
    *found = call.found;
    *value = call.value;
    return true;
}

TASK_WAITS bool store_cache_put(struct store *store, const char *type, struct str key,
                                struct str value, int64_t ttl_s, const char *dataset_id,
                                struct error *err)
{
    struct call_cache call = {.type = type, .key = key, .value = value, .dataset_id = dataset_id};
    call.now_ms = clock_now_ms();
    if (!check_cache(&call, err) || !check_range("the time to live", ttl_s, 1, TTL_MAX_S, err) ||
        (dataset_id && !check_name("the dataset id", dataset_id, err)))
        return false;
    if (value.length > STORE_CACHE_VALUE_SIZE_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the cache value has more than %d bytes",
                         STORE_CACHE_VALUE_SIZE_MAX);
    call.expires_ms = call.now_ms + ttl_s * 1000;
    return call_driver(store, STORE_CACHE_PUT, &call, err);
}

TASK_WAITS bool store_cache_stats(struct store *store, struct arena *arena,
                                  struct cache_type_stats **out, size_t *count, struct error *err)
{
    struct call_cache_stats call = {.now_ms = clock_now_ms(), .arena = arena};
    if (!call_driver(store, STORE_CACHE_STATS, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_cache_clear(struct store *store, const char *type, const char *dataset_id,
                                  bool expired_only, int64_t *count, int64_t *clearing,
                                  struct error *err)
{
    struct call_cache_clear call = {
        .type = type,
        .dataset_id = dataset_id,
        .expired_only = expired_only,
        .now_ms = clock_now_ms(),
        .after = {0, INT64_MIN},
    };
    if (!check_optional("the cache type", type, STORE_NAME_SIZE_MAX, err) ||
        !check_optional("the dataset id", dataset_id, STORE_NAME_SIZE_MAX, err))
        return false;
    int64_t cleared = 0;
    while (!call.ended) {
        if (!call_driver(store, STORE_CACHE_CLEAR, &call, err))
            return false;
        call.begun = true;
        call.after = call.reached;
        cleared += call.count;
    }
    *count = cleared;
    *clearing = call.clearing;
    return true;
}

TASK_WAITS bool store_cache_hits(struct store *store, const struct cache_hits *hits, size_t count,
                                 struct error *err)
{
    struct call_cache_hits call = {hits, count};
    return call_driver(store, STORE_CACHE_HITS, &call, err);
}

TASK_WAITS bool store_cache_clearings(struct store *store, int64_t after, struct arena *arena,
                                      struct cache_clearing **out, size_t *count,
                                      struct error *err)
{
    struct call_cache_clearings call = {.after = after, .arena = arena};
    if (!call_driver(store, STORE_CACHE_CLEARINGS, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

/* ---- embeddings ---- */

static bool check_embedding(const struct call_embedding *call, size_t dimensions, struct error *err)
{
    return check_name("the dataset id", call->dataset_id, err) &&
           check_name("the version", call->version, err) &&
           check_name("the model id", call->model_id, err) &&
           check_range("the number of dimensions",
                       dimensions > INT64_MAX ? INT64_MAX : (int64_t)dimensions, 1,
                       STORE_DIMENSIONS_MAX, err);
}

/* Floats lie on disk in little-endian order, the lowest byte first. */
static void floats_swap(void *floats, size_t dimensions)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        return;
    uint32_t word;
    for (char *at = floats; dimensions-- > 0; at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        word = __builtin_bswap32(word);
        memcpy(at, &word, sizeof(word));
    }
}

TASK_WAITS bool store_embedding_get(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, float *vector,
                                    size_t dimensions, bool *found, struct error *err)
{
    struct call_embedding call = {
        .dataset_id = dataset_id,
        .version = version,
        .model_id = model_id,
        .vector = {NULL, dimensions * sizeof(float)},
        .out = vector,
    };
    if (!check_embedding(&call, dimensions, err) ||
        !call_driver(store, STORE_EMBEDDING_GET, &call, err))
        return false;
    *found = call.found;
    if (call.found)
        floats_swap(vector, dimensions);
    return true;
}

TASK_WAITS bool store_embedding_put(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, const float *vector,
                                    size_t dimensions, struct error *err)
{
    struct call_embedding call = {
        .dataset_id = dataset_id,
        .version = version,
        .model_id = model_id,
    };
    if (!check_embedding(&call, dimensions, err))
        return false;
    struct arena *arena = arena_new();
    void *floats = arena_memdup(arena, vector, dimensions * sizeof(float));
    floats_swap(floats, dimensions);
    call.vector = (struct str){floats, dimensions * sizeof(float)};
    bool done = call_driver(store, STORE_EMBEDDING_PUT, &call, err);
    arena_free(arena);
    return done;
}
