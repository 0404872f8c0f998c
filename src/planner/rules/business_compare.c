/* SPDX-License-Identifier: Apache-2.0 */
/* Two periods side by side: what changed from the one to the other. */
#include <string.h>

#include "planner/print/fragment.h"
#include "planner/rules/business_reading.h"

/* With only the other period said, this one runs to today and so must that one. */
bool build_compared_periods(struct builder *b, struct period *now, struct period *before)
{
    struct reading *r = b->r;
    struct period_list list;
    *before = *r->compared;
    if (r->period_count > 0) {
        *now = *r->periods[0];
        return before->from && before->to && now->from && now->to;
    }
    static const char *const to_date[TIME_UNITS] = {[UNIT_DAY] = "today",
                                                    [UNIT_WEEK] = "this week so far",
                                                    [UNIT_MONTH] = "month to date",
                                                    [UNIT_QUARTER] = "quarter to date",
                                                    [UNIT_YEAR] = "year to date"};
    if (!to_date[before->unit])
        return false;
    period_find(str_from(to_date[before->unit]), r->ask->calendar, b->arena, &list);
    if (list.count != 1)
        return false;
    *now = list.items[0];
    struct period shifted;
    struct period whole = *now;
    if (before->unit == UNIT_YEAR) {
        if (!period_year_before(&whole, b->arena, &shifted))
            return false;
        before->from = shifted.from;
        before->to = shifted.to;
    }
    reading_assume(r, arena_printf(b->arena, "%s is compared with %s",
                                   period_bounds(now->from, now->to, b->arena),
                                   period_bounds(before->from, before->to, b->arena)));
    return before->from && before->to;
}

static void note_unfinished(struct builder *b, const struct period *now)
{
    const char *today = b->r->ask->calendar->today;
    if (strcmp(now->to, today) > 0 && strcmp(now->from, today) <= 0 && b->r->period_count > 0) {
        const char *name = period_name(now->from, now->to, b->arena);
        if (name)
            reading_assume(b->r, arena_printf(b->arena, "%s is not over yet", name));
    }
}

/* "october_2026", "in_2025", "ytd_2026"; else what is passed. */
static const char *period_label(struct builder *b, const struct period *period,
                                const char *otherwise)
{
    const char *name = period_name(period->from, period->to, b->arena);
    if (!name && strcmp(period->from + 4, "-01-01") == 0 &&
        strncmp(period->from, period->to, 4) == 0)
        return arena_printf(b->arena, "ytd_%.4s", period->from);
    char *label = arena_strdup(b->arena, name ? name : otherwise);
    for (char *c = label; *c; c++)
        *c = char_is_alnum(*c) ? char_lower(*c) : '_';
    if (char_is_digit(label[0]))
        label = arena_printf(b->arena, "in_%s", label);
    return label;
}

void build_comparison(struct builder *b, const struct expression *value, struct period *now,
                      struct period *before)
{
    if (strcmp(now->from, before->from) < 0) {
        struct period later = *before;
        *before = *now;
        *now = later;
    }
    note_unfinished(b, now);
    const struct condition *in_now = build_period(b, now), *in_before = build_period(b, before);
    const struct expression *a = expression_filtered(b->arena, value, in_before);
    const struct expression *c = expression_filtered(b->arena, value, in_now);
    const struct expression *change = expression_arithmetic(b->arena, c, '-', a);
    const struct expression *hundred = expression_literal(b->arena, VALUE_DECIMAL, "100.0");
    const struct expression *percent = expression_arithmetic(
        b->arena, expression_arithmetic(b->arena, hundred, '*', change), '/', a);
    query_select(b->arena, b->query, a, period_label(b, before, "before"));
    query_select(b->arena, b->query, c, period_label(b, now, "now"));
    query_select(b->arena, b->query, change, "change");
    query_select(b->arena, b->query, percent, "change_percent");
    query_where(b->arena, b->query, condition_or(b->arena, in_now, in_before));
    if (b->query->group_count > 0) {
        bool drop = b->r->change == CUE_DROP;
        query_order(b->arena, b->query, change, b->r->extreme == CUE_LEAST ? drop : !drop);
    }
}

/* "Did sales go up this year": not over yet, it is no match for the whole of another. */
static bool is_year_so_far(const struct reading *r)
{
    const struct period *period = r->periods[0];
    const char *today = r->ask->calendar->today;
    return period->unit == UNIT_YEAR && strcmp(period->from, today) <= 0 &&
           strcmp(period->to, today) > 0 && strcmp(period->from + 4, "-01-01") == 0 &&
           strcmp(period->to + 4, "-01-01") == 0;
}

struct query *build_periods_beside(struct builder *b)
{
    struct reading *r = b->r;
    struct period now = {0}, before = {0}, previous;
    if (r->measure_count == 0 || !r->time.column)
        return NULL;
    if (!r->compared && r->change != CUE_NONE && r->period_count == 1 && r->bucket == UNIT_NONE &&
        period_previous(r->periods[0], b->arena, &previous)) {
        r->compared = arena_memdup(b->arena, &previous, sizeof(previous));
        if (is_year_so_far(r)) /* this far into the year before, too */
            r->period_count = 0;
        else
            reading_assume(r, arena_printf(b->arena, "compared with the period before, %s",
                                           period_bounds(previous.from, previous.to, b->arena)));
    }
    if (!r->compared || r->bucket != UNIT_NONE || !build_compared_periods(b, &now, &before))
        return NULL;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct expression *group = build_column(b, &r->groups[i]);
        query_select(b->arena, b->query, group, NULL);
        query_group(b->arena, b->query, group);
    }
    build_comparison(b, build_measure(b, &r->measures[0]), &now, &before);
    query_where(b->arena, b->query, build_filters(b));
    if (r->group_count > 0)
        b->query->limit = r->limit;
    return b->query;
}
