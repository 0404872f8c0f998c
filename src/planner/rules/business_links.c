/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the words of a question name: tables, columns, metrics, named filters (business_names.c) and
 * stored values (business_values.c). Every match is a candidate; the longest and surest that do not
 * overlap are kept.
 */
#include "planner/rules/business_links.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 400

/* ---- what was found */

void linker_add(struct linker *l, struct mention mention)
{
    if (l->count == CANDIDATES_MAX)
        return;
    l->found = arena_grow(l->ask->arena, l->found, l->count, &l->capacity, sizeof(*l->found));
    l->found[l->count++] = mention;
}

/* ---- choosing */

static int compare_found(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    double x_value = (double)(x->last - x->first) + 2 * x->score;
    double y_value = (double)(y->last - y->first) + 2 * y->score;
    if (x_value != y_value)
        return x_value > y_value ? -1 : 1;
    if (x->scope != y->scope)
        return x->scope - y->scope;
    return (x->first > y->first) - (x->first < y->first);
}

static bool words_free(const struct ask *ask, const struct mention *mention)
{
    for (size_t i = mention->first; i < mention->last; i++)
        if (ask->words[i].mention >= 0 || ask->words[i].in_period)
            return false;
    return true;
}

static void choose(struct linker *l)
{
    struct ask *ask = l->ask;
    if (l->count > 0)
        qsort(l->found, l->count, sizeof(*l->found), compare_found);
    for (size_t i = 0; i < l->count && ask->mention_count < ASK_MENTIONS_MAX; i++) {
        if (!words_free(ask, &l->found[i]))
            continue;
        for (size_t k = l->found[i].first; k < l->found[i].last; k++)
            ask->words[k].mention = (int)ask->mention_count;
        ask->mentions[ask->mention_count++] = l->found[i];
    }
    l->count = 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* "product category": the table only says whose category is meant. */
static bool owns_next(const struct ask *ask, const struct mention *table,
                      const struct mention *next)
{
    const char *word = ask->words[table->last - 1].text;
    size_t length = strlen(word);
    bool plural = word[length - 1] == 's' &&
                  ask->words[table->last - 1].end == ask->words[table->last - 1].begin + length;
    plural |= ask_word_in(ask, table->last - 1, "people staff children men women");
    return table->kind == MENTION_TABLE && next->kind == MENTION_COLUMN &&
           table->scope == next->scope && table->last == next->first && !plural;
}

static void put_in_order(struct ask *ask)
{
    qsort(ask->mentions, ask->mention_count, sizeof(*ask->mentions), compare_places);
    size_t kept = 0;
    for (size_t i = 0; i < ask->mention_count; i++) {
        if (i + 1 < ask->mention_count && owns_next(ask, &ask->mentions[i], &ask->mentions[i + 1]))
            ask->mentions[i + 1].first = ask->mentions[i].first;
        else
            ask->mentions[kept++] = ask->mentions[i];
    }
    ask->mention_count = kept;
    for (size_t i = 0; i < ask->mention_count; i++)
        for (size_t k = ask->mentions[i].first; k < ask->mentions[i].last; k++)
            ask->words[k].mention = (int)i;
}

/* ---- periods: their words are taken, unless a stored value or a longer name says more */

static bool stronger_name(const struct linker *l, size_t begin, size_t end, bool ambiguous)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct mention *m = &l->found[i];
        size_t first = l->ask->words[m->first].begin, last = l->ask->words[m->last - 1].end;
        bool covers = first <= begin && last >= end;
        bool longer = last - first > end - begin;
        if (covers && m->score > 0.9 && (longer || (ambiguous && m->kind == MENTION_VALUE)))
            return true;
    }
    return false;
}

static void take_words(struct ask *ask, size_t begin, size_t end)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->words[i].begin >= begin && ask->words[i].end <= end)
            ask->words[i].in_period = true;
}

static void take_periods(struct linker *l)
{
    struct period_list *periods = &l->ask->periods;
    size_t kept = 0;
    for (size_t i = 0; i < periods->count; i++) {
        struct period *period = &periods->items[i];
        if (stronger_name(l, period->begin, period->end, period->ambiguous))
            continue;
        take_words(l->ask, period->begin, period->end);
        periods->items[kept++] = *period;
    }
    periods->count = kept;
    if (periods->group_end == 0)
        return;
    if (stronger_name(l, periods->group_begin, periods->group_end, false)) {
        periods->group_by = UNIT_NONE;
        periods->group_unspecified = false;
    } else {
        take_words(l->ask, periods->group_begin, periods->group_end);
        if (periods->trend_end > 0 &&
            !stronger_name(l, periods->trend_begin, periods->trend_end, false))
            take_words(l->ask, periods->trend_begin, periods->trend_end);
    }
}

/* ---- what was read before of the same question */

#define ASKS_KEPT_MAX 24

struct ask_memo {
    bool read;
    struct ask_word *words;
    size_t word_count;
    const struct period_calendar *calendar; /* by which the periods were found */
    struct period_list periods;
    const struct ask *asks[ASKS_KEPT_MAX]; /* as they were read */
    size_t ask_count;
};

struct ask_memo *ask_memo_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct ask_memo));
}

static struct period_list copy_periods(struct arena *arena, const struct period_list *periods)
{
    struct period_list copy = *periods;
    if (copy.count > 0)
        copy.items = arena_memdup(arena, copy.items, copy.count * sizeof(*copy.items));
    return copy;
}

/* Readings note what they use in the words, and give periods up: each gets its own. */
static struct ask *copy_ask(struct arena *arena, const struct ask *ask)
{
    struct ask *copy = arena_memdup(arena, ask, sizeof(*ask));
    if (ask->word_count > 0)
        copy->words = arena_memdup(arena, ask->words, ask->word_count * sizeof(*ask->words));
    copy->periods = copy_periods(arena, &ask->periods);
    return copy;
}

/* Where the table's today is another than the question's. */
static const struct period_calendar *calendar_of(const struct plan_request *request,
                                                 const struct dataset *dataset)
{
    const struct period_calendar *own = NULL;
    for (size_t i = 0; i < request->dataset_count && !own; i++)
        if (request->datasets[i].dataset == dataset)
            own = request->datasets[i].calendar;
    for (size_t i = 0; i < request->joinable_count && !own; i++)
        if (request->joinable[i].dataset == dataset)
            own = request->joinable[i].calendar;
    return own ? own : &request->calendar;
}

/* The words and periods, which no table has a say in but by its calendar. */
static void read_words(struct linker *l, struct ask_memo *memo)
{
    struct ask *ask = l->ask;
    if (memo->read) {
        struct ask plain = {
            .words = memo->words, .word_count = memo->word_count, .periods = memo->periods};
        struct ask *copy = copy_ask(ask->arena, &plain);
        ask->words = copy->words;
        ask->word_count = copy->word_count;
        ask->periods = copy->periods;
        if (ask->calendar != memo->calendar)
            period_find(ask->question, ask->calendar, ask->arena, &ask->periods);
        return;
    }
    struct sb_stemmer *stemmer = l->stemmer = sb_stemmer_new("english", "UTF_8");
    linker_read_words(l);
    sb_stemmer_delete(stemmer);
    l->stemmer = NULL;
    period_find(ask->question, ask->calendar, ask->arena, &ask->periods);
    struct ask *copy = copy_ask(ask->arena, ask);
    memo->read = true;
    memo->calendar = ask->calendar;
    memo->words = copy->words;
    memo->word_count = copy->word_count;
    memo->periods = copy->periods;
}

/* ---- the whole */

static void read_links(struct linker *l, const struct dataset *main,
                       const struct plan_request *others)
{
    struct ask *ask = l->ask;
    ask_find_scope(ask, main, others);
    for (size_t s = 0; s < ask->scope_count; s++)
        linker_find_names(l, (int)s);
    take_periods(l);
    choose(l);
    ask_find_cues(ask);
    linker_find_misspelled(l);
    choose(l);
    put_in_order(ask);
}

struct ask *ask_read(const struct plan_request *request, const struct dataset *main,
                     struct arena *arena)
{
    struct ask_memo *memo = request->asks ? request->asks : ask_memo_new(arena);
    for (size_t i = 0; i < memo->ask_count; i++)
        if (memo->asks[i]->scope[0].dataset == main)
            return copy_ask(arena, memo->asks[i]);
    struct ask *ask = arena_alloc(arena, sizeof(*ask));
    struct linker l = {.ask = ask};
    ask->arena = arena;
    ask->question = request->question;
    ask->calendar = calendar_of(request, main);
    read_words(&l, memo);
    read_links(&l, main, request);
    if (request->asks && memo->ask_count < ASKS_KEPT_MAX)
        memo->asks[memo->ask_count++] = copy_ask(arena, ask);
    return ask;
}
