/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for conversations and their messages, and the cursors of their lists. */
#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/random.h"
#include "store/check.h"

#define CURSOR_SIZE 96 /* bytes that hold any cursor and its NUL */
#define CURSOR_SEED 0x63757273

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
