/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for votes and verified queries. */
#include "store/verified.h"

#include <string.h>

#include "core/random.h"
#include "store/store_priv.h"

#define ID_DIGITS 16

static const char *const state_names[VERIFIED_STATES] = {
    [VERIFIED_CANDIDATE] = "candidate",
    [VERIFIED_APPROVED] = "approved",
    [VERIFIED_PARKED] = "parked",
    [VERIFIED_RETIRED] = "retired",
};

const char *verified_state_name(enum verified_state state)
{
    return state_names[state];
}

bool verified_state_from(const char *name, enum verified_state *out)
{
    for (enum verified_state state = 0; state < VERIFIED_STATES; state++)
        if (strcmp(state_names[state], name) == 0) {
            *out = state;
            return true;
        }
    return false;
}

TASK_WAITS static bool call_driver(struct store *store, enum store_operation operation, void *call,
                                   struct error *err)
{
    return store->driver->call(store, operation, call, err);
}

/* ---- checks ---- */

struct text_limit {
    const char *what, *text;
    size_t size_max;
    bool required; /* there, and not empty */
};

static bool check_texts(const struct text_limit *limits, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct text_limit *limit = &limits[i];
        size_t size = limit->text ? strnlen(limit->text, limit->size_max + 1) : 0;
        if (size == 0 && limit->required)
            return error_set(err, ERROR_INVALID, "%s is missing", limit->what);
        if (size > limit->size_max)
            return error_set(err, ERROR_TOO_LARGE, "%s has more than %zu bytes", limit->what,
                             limit->size_max);
        if (limit->text && !str_is_utf8((struct str){limit->text, size}))
            return error_set(err, ERROR_INVALID, "%s is not valid UTF-8", limit->what);
    }
    return true;
}

#define CHECK_TEXTS(limits, err) check_texts(limits, sizeof(limits) / sizeof((limits)[0]), err)

/* What can't be an id names nothing, and is not repeated. */
static bool check_id(const char *what, const char *id, const char *prefix, struct error *err)
{
    size_t length = strlen(prefix);
    bool valid = id && strncmp(id, prefix, length) == 0 &&
                 strspn(id + length, "0123456789abcdef") == ID_DIGITS &&
                 id[length + ID_DIGITS] == '\0';
    return valid || error_set(err, ERROR_NOT_FOUND, "the %s does not exist", what);
}

static bool check_record(const struct verified_record *record, struct error *err)
{
    const struct text_limit limits[] = {
        {"the question", record->question, STORE_QUESTION_SIZE_MAX, true},
        {"the SQL", record->sql, STORE_VERIFIED_SQL_MAX, true},
        {"the list of variants", record->variants, STORE_VERIFIED_JSON_MAX, true},
        {"the list of slots", record->slots, STORE_VERIFIED_JSON_MAX, true},
        {"the dataset", record->dataset_id, STORE_NAME_SIZE_MAX, false},
        {"the owner", record->owner, STORE_NAME_SIZE_MAX, false},
        {"who proposed it", record->proposed_by, STORE_NAME_SIZE_MAX, false},
        {"the reason", record->reason, STORE_COMMENT_SIZE_MAX, false},
        {"the data's schema", record->schema, STORE_NAME_SIZE_MAX, false},
    };
    return CHECK_TEXTS(limits, err);
}

/* ---- votes ---- */

TASK_WAITS bool store_answer_find(struct store *store, const char *user_id, const char *run_id,
                                  const char *message_id, const char *conversation_id,
                                  struct arena *arena, struct answered *out, struct error *err)
{
    struct call_answer_find call = {user_id, run_id, message_id, conversation_id, arena, out};
    const struct text_limit limits[] = {{"the user id", user_id, STORE_NAME_SIZE_MAX, true}};
    if (!run_id && !message_id)
        return error_set(err, ERROR_INVALID, "neither message_id nor query_id is given");
    return CHECK_TEXTS(limits, err) && (!run_id || check_id("run", run_id, "query_", err)) &&
           (!message_id || check_id("message", message_id, "msg_", err)) &&
           (!conversation_id || check_id("conversation", conversation_id, "conv_", err)) &&
           call_driver(store, STORE_ANSWER_FIND, &call, err);
}

static void make_names(struct arena *arena, struct verified_record *record)
{
    char id[STORE_ID_SIZE], now[TIMESTAMP_SIZE];
    random_id(id, sizeof(id), "verified_");
    clock_print_utc(clock_now_ms(), now);
    record->id = arena_strdup(arena, id);
    record->created_at = record->updated_at = arena_strdup(arena, now);
    record->approved_at = record->state == VERIFIED_APPROVED ? record->created_at : NULL;
    record->revision = 0;
}

TASK_WAITS bool store_feedback_put(struct store *store, const struct feedback *feedback,
                                   const struct verified_record *candidate, struct arena *arena,
                                   const char **candidate_id, struct error *err)
{
    struct verified_record record = {0};
    struct call_feedback call = {.feedback = feedback, .arena = arena};
    const struct text_limit limits[] = {
        {"the user id", feedback->user_id, STORE_NAME_SIZE_MAX, true},
        {"the corrected SQL", feedback->corrected_sql, STORE_VERIFIED_SQL_MAX, false},
        {"the comment", feedback->comment, STORE_COMMENT_SIZE_MAX, false},
    };
    if (candidate) {
        record = *candidate;
        record.state = VERIFIED_CANDIDATE;
        make_names(arena, &record);
        call.candidate = &record;
    }
    clock_print_utc(clock_now_ms(), call.now);
    if (!CHECK_TEXTS(limits, err) || (candidate && !check_record(&record, err)) ||
        !call_driver(store, STORE_FEEDBACK_PUT, &call, err))
        return false;
    *candidate_id = call.candidate_id;
    return true;
}

/* ---- verified queries ---- */

TASK_WAITS bool store_verified_add(struct store *store, struct arena *arena,
                                   struct verified_record *record, struct error *err)
{
    make_names(arena, record);
    return check_record(record, err) && call_driver(store, STORE_VERIFIED_ADD, record, err);
}

TASK_WAITS bool store_verified_get(struct store *store, const char *id, struct arena *arena,
                                   struct verified_record *out, struct error *err)
{
    struct call_verified_get call = {id, arena, out};
    return check_id("verified query", id, "verified_", err) &&
           call_driver(store, STORE_VERIFIED_GET, &call, err);
}

TASK_WAITS bool store_verified_update(struct store *store, struct arena *arena,
                                      struct verified_record *record, struct error *err)
{
    char now[TIMESTAMP_SIZE];
    clock_print_utc(clock_now_ms(), now);
    struct verified_record changed = *record;
    changed.updated_at = arena_strdup(arena, now);
    if (record->state == VERIFIED_APPROVED && !record->approved_at)
        changed.approved_at = changed.updated_at;
    if (!check_id("verified query", record->id, "verified_", err) || !check_record(record, err) ||
        !call_driver(store, STORE_VERIFIED_UPDATE, &changed, err))
        return false;
    changed.revision++;
    *record = changed;
    return true;
}

TASK_WAITS bool store_verified_list(struct store *store, const enum verified_state *state,
                                    size_t limit, const char *cursor, struct arena *arena,
                                    struct verified_record **out, size_t *count, const char **next,
                                    struct error *err)
{
    struct call_verified_list call = {
        .state = state ? verified_state_name(*state) : NULL,
        .before = INT64_MAX,
        .limit = limit,
        .arena = arena,
    };
    if (limit < 1 || limit > STORE_PAGE_MAX)
        return error_set(err, ERROR_INVALID, "the limit is not between 1 and %d", STORE_PAGE_MAX);
    if (cursor && (!str_to_i64(str_from(cursor), &call.before) || call.before < 1))
        return error_set(err, ERROR_INVALID, "the cursor is not one that a list has given");
    if (!call_driver(store, STORE_VERIFIED_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    *next = call.more ? arena_printf(arena, "%lld", (long long)call.before) : NULL;
    return true;
}

TASK_WAITS bool store_verified_load(struct store *store, struct arena *arena,
                                    struct verified_record **out, size_t *count, int64_t *version,
                                    struct error *err)
{
    struct call_verified_list call = {.arena = arena};
    if (!call_driver(store, STORE_VERIFIED_LOAD, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    *version = call.version;
    return true;
}

TASK_WAITS bool store_verified_version(struct store *store, int64_t *version, struct error *err)
{
    return call_driver(store, STORE_VERIFIED_VERSION, version, err);
}
