/* SPDX-License-Identifier: Apache-2.0 */
/* planner_find_links(): what the words of a question are in the data, for others than the planner. */
#include <stdlib.h>
#include <string.h>

#include "planner/plan.h"
#include "planner/read/link.h"

#define MENTION_RAW_MIN 0.75F /* of a column's name: what is below is hardly meant */
#define MENTION_SPREAD 0.1F   /* names that fit the same words so little worse are told too */
#define VALUE_SCORE_MIN 0.4F
#define SPAN_LINKS_MAX 4 /* of the same words: what fits more says nothing */

struct finding {
    const struct token_list *tokens;
    struct arena *scratch, *arena;
    struct plan_link *items;
    size_t count, capacity;
};

static void add(struct finding *finding, const struct plan_link *link)
{
    finding->items = arena_grow(finding->scratch, finding->items, finding->count, &finding->capacity,
                                sizeof(*finding->items));
    finding->items[finding->count++] = *link;
}

static void add_columns(struct finding *finding, const struct links *links)
{
    const struct dataset *dataset = links->index->dataset;
    for (size_t c = 0; c < links->index->column_count; c++)
        for (size_t m = 0; m < links->columns[c].count; m++) {
            const struct mention *mention = &links->columns[c].items[m];
            if (mention->raw < MENTION_RAW_MIN)
                continue;
            add(finding, &(struct plan_link){.dataset = dataset,
                                             .column = &dataset->columns[c],
                                             .begin = mention->begin,
                                             .end = mention->end,
                                             .score = (double)mention->raw});
        }
}

/* Values that are found as they are written say nothing new, but which column they are in. */
static void add_values(struct finding *finding, const struct links *links)
{
    const struct dataset *dataset = links->index->dataset;
    for (size_t v = 0; v < links->value_count; v++) {
        const struct value_link *value = &links->values[v];
        const char *text = dataset_index_value(links->index, value->column, value->value);
        if (value->kind == VALUE_LINK_NUMBER || value->score < VALUE_SCORE_MIN || !text)
            continue;
        add(finding, &(struct plan_link){.dataset = dataset,
                                         .column = &dataset->columns[value->column],
                                         .value = text,
                                         .begin = value->begin,
                                         .end = value->end,
                                         .score = (double)value->score});
    }
}

static bool overlap(const struct plan_link *a, const struct plan_link *b)
{
    return a->begin < b->end && b->begin < a->end;
}

/* Whether longer words, or the same ones with a better fit, say what these do. */
static bool is_outdone(const struct finding *finding, const struct plan_link *link)
{
    for (size_t i = 0; i < finding->count; i++) {
        const struct plan_link *other = &finding->items[i];
        if (other == link || !overlap(other, link) || (other->value == NULL) != (link->value == NULL))
            continue;
        size_t length = link->end - link->begin, other_length = other->end - other->begin;
        if (other_length > length && other->score >= link->score - (double)MENTION_SPREAD)
            return true;
        if (other->score > link->score + (double)MENTION_SPREAD && other_length >= length)
            return true;
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    const struct plan_link *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    int names = strcmp(x->dataset->id, y->dataset->id);
    if (names != 0 || x->column == y->column)
        return names != 0 ? names : strcmp(x->value ? x->value : "", y->value ? y->value : "");
    return x->column < y->column ? -1 : 1;
}

/* The best of each span, in the order of the question. */
static size_t keep_best(struct finding *finding, struct plan_link **out)
{
    struct plan_link *kept = arena_array(finding->arena, finding->count + 1, sizeof(*kept));
    size_t count = 0, same = 0;
    for (size_t i = 0; i < finding->count; i++)
        if (!is_outdone(finding, &finding->items[i]))
            kept[count++] = finding->items[i];
    if (count > 1)
        qsort(kept, count, sizeof(*kept), compare);
    size_t all = count;
    count = 0;
    for (size_t i = 0; i < all; i++) {
        bool again = i > 0 && kept[i].begin == kept[count - 1].begin &&
                     kept[i].end == kept[count - 1].end;
        same = again ? same + 1 : 0;
        if (same < SPAN_LINKS_MAX)
            kept[count++] = kept[i];
    }
    for (size_t i = 0; i < count; i++)
        kept[i].words =
            token_text(finding->tokens, kept[i].begin, kept[i].end, finding->arena);
    *out = kept;
    return count;
}

static void find_in(struct finding *finding, const struct planner *planner,
                    const struct plan_dataset *datasets, size_t count, const struct cue_marks *cues)
{
    for (size_t i = 0; i < count; i++) {
        if (!datasets[i].index)
            continue;
        const struct links *links = link_question(planner->lexicon, datasets[i].index,
                                                  finding->tokens, cues, finding->scratch);
        add_columns(finding, links);
        add_values(finding, links);
    }
}

size_t planner_find_links(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct plan_link **out)
{
    *out = NULL;
    if (request->question.length > QUESTION_SIZE_MAX || !str_is_utf8(request->question))
        return 0;
    struct arena *scratch = arena_pool_take(planner->scratch);
    struct stemmer *stemmer = stemmer_new();
    struct token_list tokens;
    token_read(planner->lexicon, stemmer, request->question, scratch, &tokens);
    stemmer_free(stemmer);
    for (size_t i = 0; i < request->dataset_count; i++)
        if (request->datasets[i].index)
            link_keep_abbreviations(request->datasets[i].index, &tokens);
    struct cue_marks cues;
    cue_mark(planner->lexicon, &tokens, scratch, &cues);
    struct finding finding = {.tokens = &tokens, .scratch = scratch, .arena = arena};
    find_in(&finding, planner, request->datasets, request->dataset_count, &cues);
    find_in(&finding, planner, request->joinable, request->joinable_count, &cues);
    size_t count = keep_best(&finding, out);
    arena_pool_give(planner->scratch, scratch);
    return count;
}
