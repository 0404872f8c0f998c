/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/problem.h"

const char *problem_severity_name(enum problem_severity severity)
{
    static const char *const names[PROBLEM_SEVERITIES] = {
        [PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};
    return names[severity];
}

static struct problem *add_slot(struct problem_list *list, const struct problem *problem)
{
    if (problem->severity == PROBLEM_ERROR)
        list->error_count++;
    if (list->count >= PROBLEMS_MAX)
        return NULL;
    list->items =
        arena_grow(list->arena, list->items, list->count, &list->capacity, sizeof(*list->items));
    struct problem *slot = &list->items[list->count++];
    *slot = *problem;
    slot->path = problem->path ? arena_strdup(list->arena, problem->path) : NULL;
    return slot;
}

void problem_add(struct problem_list *list, const struct problem *place, const char *format, ...)
{
    struct problem *slot = add_slot(list, place);
    if (!slot)
        return;
    va_list args;
    va_start(args, format);
    slot->message = arena_vprintf(list->arena, format, args);
    va_end(args);
}

void problem_list_append(struct problem_list *to, const struct problem_list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct problem *slot = add_slot(to, &from->items[i]);
        if (slot)
            slot->message = arena_strdup(to->arena, from->items[i].message);
    }
}

void problem_print(struct strbuf *out, const struct problem *problem)
{
    if (problem->path)
        strbuf_add(out, problem->path);
    if (problem->line > 0)
        strbuf_printf(out, ":%d:%d", problem->line, problem->column);
    strbuf_printf(out, "%s%s: %s", problem->path ? ": " : "",
                  problem_severity_name(problem->severity), problem->message);
}
