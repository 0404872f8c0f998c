/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the audit trail. */
#include "store/check.h"

#define AUDIT_DETAIL_SIZE_MAX (64 * 1024)

bool audit_act_check(const struct audit_act *act, struct error *err)
{
    return check_optional("the user id", act->user_id, STORE_NAME_SIZE_MAX, err) &&
           check_name("the way of the act", act->via, err) &&
           check_optional("the address", act->address, STORE_NAME_SIZE_MAX, err) &&
           check_name("the action", act->action, err) &&
           check_optional("the act's target", act->target, STORE_NAME_SIZE_MAX, err) &&
           check_optional("the act's detail", act->detail, AUDIT_DETAIL_SIZE_MAX, err);
}

TASK_WAITS bool store_audit_add(struct store *store, const struct audit_act *act,
                                struct error *err)
{
    struct call_audit_add call = {.act = act, .target = act->target};
    clock_print_utc(clock_now_ms(), call.now);
    return audit_act_check(act, err) && call_driver(store, STORE_AUDIT_ADD, &call, err);
}

/* The places in both lists; people should take it as it is. */
static bool cursor_parse(const char *cursor, struct audit_place *place, struct error *err)
{
    int64_t *const numbers[] = {&place->run, &place->act};
    struct str rest = {cursor, strnlen(cursor, 64)}, part;
    bool valid = true;
    for (size_t i = 0; i < 2 && valid; i++)
        valid = str_split(&rest, '.', &part) && str_to_i64(part, numbers[i]) && *numbers[i] >= 0;
    return (valid && !rest.bytes) ||
           error_set(err, ERROR_INVALID, "the cursor is not one that a list has given");
}

TASK_WAITS bool store_audit_list(struct store *store, const struct audit_filter *filter,
                                 size_t limit, const char *cursor, struct arena *arena,
                                 struct audit_record **out, size_t *count, const char **next,
                                 struct error *err)
{
    struct call_audit_list call = {
        .filter = *filter,
        .limit = limit,
        .place = {INT64_MAX, INT64_MAX},
        .arena = arena,
    };
    if (!check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_PAGE_MAX,
                     err) ||
        !check_optional("the user id", filter->user_id, STORE_NAME_SIZE_MAX, err) ||
        !check_optional("the action", filter->action, STORE_NAME_SIZE_MAX, err) ||
        (cursor && !cursor_parse(cursor, &call.place, err)) ||
        !call_driver(store, STORE_AUDIT_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    *next = call.more ? arena_printf(arena, "%lld.%lld", (long long)call.place.run,
                                     (long long)call.place.act)
                      : NULL;
    return true;
}
