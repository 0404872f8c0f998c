/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a reading: its assumptions, its periods, the words that nothing explains. */
#include <string.h>

#include "planner/print/describe.h"
#include "planner/rules/business_reading.h"

/* ---- assumptions */

static void assume_measures(struct reading *r)
{
    for (size_t i = 0; i < r->measure_count; i++) {
        const struct measure *m = &r->measures[i];
        if (m->stated || !m->ref.column || m->ref.metric)
            continue;
        const char *words = column_words(m->ref.column, r->ask->arena);
        const char *how = m->aggregate == AGGREGATE_SUM   ? "sum of"
                          : m->aggregate == AGGREGATE_AVG ? "average"
                          : m->aggregate == AGGREGATE_MIN ? "lowest"
                          : m->aggregate == AGGREGATE_MAX ? "highest"
                                                          : "number of";
        reading_assume(r, arena_printf(r->ask->arena, "you mean the %s %s", how, words));
    }
}

static void assume_periods(struct reading *r)
{
    for (size_t i = 0; i < r->ask->periods.count; i++) {
        const struct period *p = &r->ask->periods.items[i];
        if (p->assumption)
            reading_assume(r, p->assumption);
        bool shifted = p == r->compared && r->period_count == 0; /* said with the comparison */
        if (p->assumption || shifted || (!p->from && !p->to))
            continue;
        const char *bounds = period_bounds(p->from, p->to, r->ask->arena);
        const char *name = period_name(p->from, p->to, r->ask->arena);
        if (!name || !strcasestr(p->words, name))
            reading_assume(r, arena_printf(r->ask->arena, "\"%s\" is %s", p->words, bounds));
    }
}

/* ---- words that nothing explains */

bool ask_is_described(const struct ask *ask, const char *stem)
{
    const struct dataset *dataset = ask->scope[0].dataset;
    const char *const texts[] = {dataset->title, dataset->description, dataset->table_name,
                                 dataset->grain};
    if (strlen(stem) < 4)
        return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i] && strcasestr(texts[i], stem))
            return true;
    return false;
}

/* "energy type", "membership category", "wind speed": a word for what a column holds adds nothing
 * to it. */
static bool names_a_kind(const struct ask *ask, size_t i)
{
    int before = i > 0 ? ask->words[i - 1].mention : -1;
    const struct mention *m = before >= 0 ? &ask->mentions[before] : NULL;
    if (m && m->kind == MENTION_COLUMN && column_is_measure(m->column))
        return ask_word_in(ask, i, "speed speeds level levels size rate rates reading readings");
    return m && ask_word_in(ask, i, "type types kind kinds category categories class") &&
           (m->kind == MENTION_VALUE ||
            (m->kind == MENTION_COLUMN && column_is_group(m->column)));
}

/* "New customers per year": those of that time are the new ones. */
static bool is_new_of_a_time(const struct reading *r, size_t i)
{
    bool time = r->bucket != UNIT_NONE || r->period_count > 0;
    const struct mention *after =
        ask_word_at(r->ask, i + 1)->mention >= 0
            ? &r->ask->mentions[ask_word_at(r->ask, i + 1)->mention]
            : NULL;
    return time && ask_word_in(r->ask, i, "new") && after && after->kind == MENTION_TABLE &&
           after->scope == 0;
}

void reading_find_unknown(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t content = 0;
    r->unknown = arena_array(ask->arena, ask->word_count + 1, sizeof(*r->unknown));
    for (size_t i = 0; i < ask->word_count; i++) {
        const struct ask_word *word = &ask->words[i];
        if (word->mark || word->cue == CUE_STOP)
            continue;
        content++;
        bool explained = word->mention >= 0 || word->in_period || word->cue != CUE_NONE ||
                         word->explained || names_a_kind(ask, i) ||
                         is_new_of_a_time(r, i) ||
                         ask_is_described(ask, word->stem);
        if (!explained)
            r->unknown[r->unknown_count++] = word->text;
    }
    if (content > 0 && r->unknown_count > 0)
        reading_doubt(r, "unknown words",
                      1.0 / (1.0 + 1.2 * (double)r->unknown_count +
                             2.0 * (double)r->unknown_count / (double)content));
}

/* ---- the candidate */

void reading_finish(struct reading *r, const struct query *query, struct business_candidate *out)
{
    struct arena *arena = r->ask->arena;
    assume_measures(r);
    assume_periods(r);
    reading_find_unknown(r);
    *out = (struct business_candidate){
        .query = query,
        .dataset = query->tables[0].dataset,
        .score = r->score,
        .reading = query_describe(query, arena),
        .periods = r->ask->periods.items,
        .period_count = r->ask->periods.count,
        .assumptions = r->assumptions,
        .assumption_count = r->assumption_count,
        .unknown = r->unknown,
        .unknown_count = r->unknown_count,
        .counts_units = r->counts_units,
        .explanation = arena_strdup(arena, strbuf_text(&r->explanation)),
    };
}
