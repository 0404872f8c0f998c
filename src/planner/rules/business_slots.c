/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in a reading: doubts, assumptions, measures, groups, filters; none of them twice. */
#include "planner/rules/business_reading.h"

#include <string.h>

bool reading_is_plural(const char *word)
{
    size_t length = strlen(word);
    return length > 2 && word[length - 1] == 's' && !strchr("sui", word[length - 2]);
}

void reading_doubt(struct reading *r, const char *name, double factor)
{
    r->score *= factor;
    strbuf_printf(&r->explanation, "%s%s x%.2f", r->explanation.length > 0 ? ", " : "", name,
                  factor);
}

void reading_assume(struct reading *r, const char *sentence)
{
    for (size_t i = 0; i < r->assumption_count; i++)
        if (strcmp(r->assumptions[i], sentence) == 0)
            return;
    if (r->assumption_count < READING_ASSUMPTIONS_MAX)
        r->assumptions[r->assumption_count++] = sentence;
}

bool reading_add_measure(struct reading *r, struct ref ref, enum aggregate aggregate, bool stated)
{
    for (size_t i = 0; i < r->measure_count; i++)
        if (r->measures[i].ref.column == ref.column && r->measures[i].ref.metric == ref.metric &&
            r->measures[i].aggregate == aggregate)
            return true;
    if (r->measure_count == READING_MEASURES_MAX)
        return false;
    r->measures[r->measure_count++] =
        (struct measure){.ref = ref, .aggregate = aggregate, .stated = stated};
    return true;
}

bool reading_add_group(struct reading *r, int scope, const struct column *column)
{
    if (!column || r->group_count == READING_GROUPS_MAX)
        return false;
    for (size_t i = 0; i < r->group_count; i++)
        if (r->groups[i].column == column)
            return true;
    r->groups[r->group_count++] = (struct ref){.scope = scope, .column = column};
    return true;
}

struct filter *reading_add_filter(struct reading *r, struct filter filter)
{
    if (r->filter_count == READING_FILTERS_MAX)
        return NULL;
    r->filters[r->filter_count] = filter;
    return &r->filters[r->filter_count++];
}
