/* SPDX-License-Identifier: Apache-2.0 */
/* The features of a condition candidate: the words and cues around its span, and its column. */
#include "planner/rank/condition_reader.h"

#include <math.h>
#include <string.h>

/* ---- words and cues around the span */

static void add_with_last(struct feature_set *out, const char *kind, const struct symbol *words,
                          size_t count, struct symbol last)
{
    struct symbol all[FEATURE_WORDS_MAX];
    memcpy(all, words, count * sizeof(*words));
    all[count] = last;
    feature_add(out, kind, all, count + 1);
}

static bool is_filler(const struct delexed *item)
{
    static const char *const fillers[] = {"the", "of", "a", ",", "\"", "'"};
    if (item->kind == DELEXED_WORD)
        for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
            if (strcmp(item->word.text, fillers[i]) == 0)
                return true;
    return item->kind == DELEXED_COLUMN || item->kind == DELEXED_TABLE ||
           item->kind == DELEXED_UNKNOWN || item->kind == DELEXED_VALUE ||
           item->kind == DELEXED_NUMBER;
}

static bool is_cue(const struct delexed *item)
{
    return (item->kind == DELEXED_CUE && item->cue != CUE_INTRODUCTION) ||
           item->kind == DELEXED_DATE;
}

/* The words before the span, each with what the condition would do. */
static void add_words_before(const struct reader *r, struct feature_set *out, size_t a,
                             struct symbol use)
{
    struct symbol said[3];
    size_t count = 0;
    for (size_t i = a; i-- > 0 && count < 3;)
        if (!is_filler(&r->q->words.items[i]))
            said[2 - count++] = r->q->words.items[i].word;
    const struct symbol *from = said + 3 - count;
    add_with_last(out, "f1", said + 2, count > 0 ? 1 : 0, use);
    add_with_last(out, "f2", count >= 2 ? said + 1 : from, count >= 2 ? 2 : count, use);
    for (size_t i = 0; i < count; i++)
        FEATURE(out, "fb", from[i], use);
}

/* The cues near the span. */
static void add_cues(const struct reader *r, struct feature_set *out, size_t a, size_t b,
                     struct symbol use)
{
    const struct delexed_list *classes = &r->q->classes;
    struct symbol before[2];
    size_t count = 0;
    for (size_t i = a; i-- > 0 && i + 6 >= a && count < 2;)
        if (is_cue(&classes->items[i]))
            before[1 - count++] = classes->items[i].word;
    struct symbol nearest = count > 0 ? before[1] : SYMBOL("-");
    struct symbol next = SYMBOL("-");
    for (size_t i = b; i < classes->count && i < b + 3; i++)
        if (is_cue(&classes->items[i])) {
            next = classes->items[i].word;
            break;
        }
    FEATURE(out, "cu", nearest, use);
    add_with_last(out, "cu2", before + 2 - count, count, use);
    FEATURE(out, "ca", next, use);
    FEATURE(out, "cuca", nearest, next, use);
    FEATURE(out, "cp1", delexed_at(classes, (ptrdiff_t)a - 1).word, use);
    FEATURE(out, "cn1", delexed_at(classes, (ptrdiff_t)b).word, use);
}

void reader_add_context(const struct reader *r, struct feature_set *out, size_t a, size_t b,
                        const char *use_text)
{
    struct symbol use = symbol_from(use_text);
    struct symbol before[3], after[2];
    for (ptrdiff_t i = 0; i < 3; i++)
        before[i] = delexed_at(&r->q->words, (ptrdiff_t)a - 3 + i).word;
    for (ptrdiff_t i = 0; i < 2; i++)
        after[i] = delexed_at(&r->q->words, (ptrdiff_t)b + i).word;
    for (size_t n = 1; n <= 3; n++)
        add_with_last(out, "p", before + 3 - n, n, use);
    add_with_last(out, "n", after, 1, use);
    add_with_last(out, "n", after, 2, use);
    add_words_before(r, out, a, use);
    add_cues(r, out, a, b, use);
    FEATURE(out, "op", use);
}

/* ---- the column */

int mention_distance(const struct mention *m, size_t a, size_t b)
{
    return m->end <= a ? (int)(a - m->end) : m->begin >= b ? (int)(m->begin - b) : 0;
}

void reader_add_column(const struct reader *r, struct feature_set *out, size_t column, size_t a,
                       size_t b)
{
    const struct mention *best = NULL;
    float best_value = 0;
    for (size_t k = 0; k < r->links->columns[column].count; k++) {
        const struct mention *m = &r->links->columns[column].items[k];
        float value = m->score - 0.08F * (float)mention_distance(m, a, b);
        if (!best || value > best_value) {
            best = m;
            best_value = value;
        }
    }
    if (!best) {
        FEATURE_PLAIN(out, "cm");
        return;
    }
    int distance = mention_distance(best, a, b);
    struct symbol side = symbol_from(best->end <= a ? "b" : "a");
    struct symbol score = symbol_number((long)(best->score * 4));
    FEATURE(out, "cm", score);
    FEATURE(out, "cd", symbol_number(distance < 6 ? distance : 6), side);
    FEATURE(out, "cmd", score, symbol_number(distance < 4 ? distance : 4), side);
    float nearest = 99;
    for (size_t c = 0; c < r->index->column_count; c++)
        for (size_t k = 0; k < r->links->columns[c].count; k++) {
            const struct mention *m = &r->links->columns[c].items[k];
            if (m->score > 0.5F)
                nearest = fminf(nearest, (float)mention_distance(m, a, b) - m->score);
        }
    FEATURE(out, "near", symbol_flag((float)distance - best->score <= nearest + 1e-6F));
}

bool reader_well_mentioned(const struct reader *r, size_t column)
{
    const struct column_links *links = &r->links->columns[column];
    return links->count > 0 && links->items[0].score > 0.6F;
}
