/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Business questions: what the mentions and cues of a question add up to.
 *
 * For each dataset that could be the main table: every mention gets a use (business_mentions.c,
 * business_numbers.c), cues give ranking, share, comparison, what is left open is settled
 * (business_settle.c); then one of a few shapes of query is built (business_build.c). Doubts lower
 * the score; every doubt has a name for --explain.
 */
#include "planner/rules/business.h"

#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/rules/business_reading.h"
#include "planner/rules/follow_up.h"

#define MAIN_TABLES_MAX 12
#define MAIN_TABLES_TRIED_MAX 24

/* ---- what the cues ask for as a whole */

/* "top 5", "5 best", "first 10 rows": the number beside the word, not one of a period. */
static int64_t number_beside(struct reading *r, size_t at)
{
    for (int side = 1; side >= -1; side -= 2) {
        if (side < 0 && at == 0)
            break;
        struct ask_word *word = side > 0
                                    ? (at + 1 < r->ask->word_count ? &r->ask->words[at + 1] : NULL)
                                    : &r->ask->words[at - 1];
        int64_t number;
        if (!word || !word->number || word->in_period || word->explained ||
            !str_to_i64(str_from(word->number), &number) || number < 1 || number > 10000)
            continue;
        word->explained = true;
        return number;
    }
    return 0;
}

static void read_limit(struct reading *r)
{
    static const enum cue cues[] = {CUE_TOP,   CUE_BOTTOM, CUE_HIGH,   CUE_LOW,
                                    CUE_MOST,  CUE_LEAST,  CUE_LATEST, CUE_EARLIEST,
                                    CUE_FIRST, CUE_LAST,   CUE_SAMPLE, CUE_ROWS};
    for (size_t i = 0; i < sizeof(cues) / sizeof(cues[0]) && r->limit == 0; i++) {
        size_t at;
        if (!ask_has(r->ask, cues[i], &at))
            continue;
        r->limit = number_beside(r, at);
        if (r->limit > 0 && cue_is_superlative(cues[i]) && r->extreme == CUE_NONE)
            r->extreme = cues[i];
        if (r->limit > 0 && cue_is_superlative(cues[i]))
            r->ranked = true;
    }
}

static void read_cues(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t at;
    r->share = ask_has(ask, CUE_SHARE, &at);
    r->distinct = ask_has(ask, CUE_DISTINCT, NULL);
    read_limit(r);
    for (size_t i = 0; i < ask->word_count; i++) {
        enum cue cue = ask->words[i].cue;
        if (r->extreme == CUE_NONE && cue_is_superlative(cue))
            r->extreme = cue;
        if (cue == CUE_GROWTH || cue == CUE_DROP || cue == CUE_CHANGE)
            r->change = cue;
    }
    for (size_t i = 0; i < ask->word_count; i++)
        r->who |= ask->words[i].mention < 0 && ask_word_in(ask, i, "who");
    if (ask_has(ask, CUE_COUNT, &at) && r->measure_count == 0)
        reading_count(r, at);
}

/* ---- one reading */

static struct reading *reading_new(struct ask *ask)
{
    struct reading *r = arena_alloc(ask->arena, sizeof(*r));
    r->ask = ask;
    r->score = 0.97;
    r->explanation = strbuf_init(1000);
    r->uses = arena_array(ask->arena, ask->mention_count + 1, sizeof(*r->uses));
    return r;
}

struct reading *reading_slots(struct ask *ask)
{
    struct reading *r = reading_new(ask);
    reading_use_mentions(r);
    read_cues(r);
    reading_read_time(r);
    return r;
}

/* Does anything that is asked for belong to the main table? */
static bool uses_main(const struct reading *r)
{
    bool uses = r->period_count > 0 || r->bucket != UNIT_NONE || r->compared;
    for (size_t i = 0; i < r->ask->mention_count; i++)
        uses |= r->ask->mentions[i].scope == 0;
    for (size_t i = 0; i < r->measure_count; i++)
        uses |= r->measures[i].ref.scope == 0;
    return uses;
}

static struct reading *read_business(struct ask *ask)
{
    struct reading *r = reading_slots(ask);
    reading_arithmetic(r);
    reading_settle(r);
    reading_apply_numbers(r);
    if (ask->mention_count > 0 && !uses_main(r)) /* rows would come once per row of this table */
        reading_doubt(r, "nothing of the main table", 0.6);
    return r;
}

/* ---- all readings */

static int compare_candidates(const void *a, const void *b)
{
    double x = ((const struct business_candidate *)a)->score;
    double y = ((const struct business_candidate *)b)->score;
    return (x < y) - (x > y);
}

/* The more the words lean on the question before, the less likely they stand alone. */
static size_t add_follow_ups(const struct plan_request *request, struct arena *arena,
                             struct business_candidate *list, size_t made)
{
    size_t added = 0;
    follow_up_candidates(request, arena, list + made, &added);
    double alone = 1 - 0.5 * follow_up_lean(request->question);
    for (size_t i = 0; i < made && added > 0; i++)
        list[i].score *= alone;
    return made + added;
}

/* Only what hangs on a dataset that was found can be the main table instead of it. */
static bool points_to_candidate(const struct plan_request *request, const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->relationship_count; i++)
        for (size_t k = 0; k < request->dataset_count; k++)
            if (dataset->relationships[i].dataset_id &&
                strcmp(dataset->relationships[i].dataset_id, request->datasets[k].dataset->id) == 0)
                return true;
    return false;
}

bool business_candidates(const struct plan_request *request, struct arena *arena,
                         struct business_candidate **out, size_t *count)
{
    struct business_candidate *list =
        arena_array(arena, MAIN_TABLES_MAX + FOLLOW_UPS_MAX, sizeof(*list));
    size_t made = 0, tried = 0;
    for (size_t i = 0; i < request->dataset_count + request->joinable_count; i++) {
        bool own = i < request->dataset_count;
        const struct plan_dataset *main =
            own ? &request->datasets[i] : &request->joinable[i - request->dataset_count];
        if (made == MAIN_TABLES_MAX || tried == MAIN_TABLES_TRIED_MAX)
            break;
        if (!own && !points_to_candidate(request, main->dataset))
            continue;
        tried++;
        struct ask *ask = ask_read(request, main->dataset, arena);
        if (ask->mention_count == 0 && !own)
            continue;
        struct reading *r = read_business(ask);
        if (!own)
            reading_doubt(r, "not among the nearest datasets", 0.9);
        const struct query *query = reading_query(r);
        if (query) {
            reading_finish(r, query, &list[made]);
            list[made].score *= own ? 0.9 + 0.1 * main->score : 1.0;
            made++;
        }
        strbuf_clear(&r->explanation);
    }
    if (request->previous)
        made = add_follow_ups(request, arena, list, made);
    qsort(list, made, sizeof(*list), compare_candidates);
    *out = list;
    *count = made < BUSINESS_CANDIDATES_MAX ? made : BUSINESS_CANDIDATES_MAX;
    return made > 0;
}
