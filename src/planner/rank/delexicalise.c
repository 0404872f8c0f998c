/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/delexicalise.h"

#include <math.h>
#include <string.h>

static struct delexed make(enum delexed_kind kind, const char *word)
{
    return (struct delexed){symbol_from(word), kind, CUE_NONE};
}

/* The column that fits each token best. */
static void best_columns(const struct links *links, uint32_t *out, float *score)
{
    for (size_t c = 0; c < links->index->column_count; c++)
        for (size_t k = 0; k < links->columns[c].count; k++) {
            const struct mention *m = &links->columns[c].items[k];
            for (size_t i = m->begin; i < m->end; i++)
                if (m->score > score[i]) {
                    score[i] = m->score;
                    out[i] = (uint32_t)c;
                }
        }
}

static struct delexed delex_token(const struct lexicon *lexicon, const struct links *links,
                                  size_t i, uint32_t best)
{
    const struct token *token = &links->tokens->items[i];
    if (token->quote)
        return make(DELEXED_VALUE, "VAL");
    if (token->date)
        return make(DELEXED_DATE, "DATE");
    if (token->has_number && token->digits)
        return make(DELEXED_NUMBER, "NUM");
    if (links->value_score[i] >= 0.8F && (token->capital || links->own[i] < 0.6F) && !token->stop)
        return make(DELEXED_VALUE, "VAL");
    bool column = links->own[i] >= 0.55F && !token->stop;
    if (links->table_word[i] && !(column && links->own[i] >= 0.9F))
        return make(DELEXED_TABLE, "TAB");
    if (column)
        return make(DELEXED_COLUMN, links->index->columns[best].number ? "COLn" : "COLt");
    if (token->has_number)
        return make(DELEXED_NUMBER, "NUM");
    if (!token->is_word || lexicon_is_frequent(lexicon, token->lower.hash))
        return (struct delexed){token->lower, DELEXED_WORD, CUE_NONE};
    if (lexicon_is_frequent(lexicon, token->stem.hash))
        return (struct delexed){token->stem, DELEXED_WORD, CUE_NONE};
    enum cue cue = (enum cue)links->cues.cue[i];
    if (cue != CUE_NONE)
        return (struct delexed){cue_symbol(cue), DELEXED_CUE, cue};
    return make(DELEXED_UNKNOWN, "UNK");
}

/* The same with classes: a cue is one unless it is part of a strongly linked column. */
static struct delexed class_token(const struct links *links, size_t i, struct delexed word)
{
    enum cue cue = (enum cue)links->cues.cue[i];
    if (cue != CUE_NONE && !(word.kind == DELEXED_COLUMN && links->own[i] >= 0.9F))
        return (struct delexed){cue_symbol(cue), DELEXED_CUE, cue};
    return word;
}

static bool collapses(const struct delexed *a, const struct delexed *b)
{
    bool kind = a->kind == DELEXED_VALUE || a->kind == DELEXED_TABLE ||
                a->kind == DELEXED_UNKNOWN || a->kind == DELEXED_COLUMN;
    return kind && a->word.hash == b->word.hash;
}

/* Words of one column, value or phrase made one. */
static void merge(const struct delexed_list *from, const uint16_t *phrases, struct arena *arena,
                  struct delexed_list *out)
{
    out->items = arena_array(arena, from->count + 1, sizeof(*out->items));
    uint16_t last = 0;
    for (size_t i = 0; i < from->count; i++) {
        const struct delexed *item = &from->items[i];
        uint16_t phrase = phrases ? phrases[i] : 0;
        bool same_phrase = phrase != 0 && phrase == last && item->kind != DELEXED_WORD &&
                           item->kind != DELEXED_COLUMN;
        last = phrase;
        if (same_phrase ||
            (out->count > 0 && collapses(item, &out->items[out->count - 1])))
            continue;
        out->items[out->count++] = *item;
    }
}

struct delexed_question *delexicalise(const struct lexicon *lexicon, const struct links *links,
                                      struct arena *arena)
{
    size_t n = links->tokens->count;
    struct delexed_question *q = arena_alloc(arena, sizeof(*q));
    uint32_t *best = arena_array(arena, n + 1, sizeof(*best));
    float *score = arena_array(arena, n + 1, sizeof(*score));
    best_columns(links, best, score);
    q->links = links;
    q->words = (struct delexed_list){arena_array(arena, n + 1, sizeof(struct delexed)), n};
    q->classes = (struct delexed_list){arena_array(arena, n + 1, sizeof(struct delexed)), n};
    q->sign = arena_array(arena, n + 1, sizeof(bool));
    for (size_t i = 0; i < n; i++) {
        q->words.items[i] = delex_token(lexicon, links, i, best[i]);
        q->classes.items[i] = class_token(links, i, q->words.items[i]);
        q->sign[i] = lexicon_is_sign(lexicon, q->words.items[i].word.hash);
    }
    merge(&q->words, NULL, arena, &q->merged_words);
    merge(&q->classes, links->cues.id, arena, &q->merged_classes);
    for (size_t c = 0; c < links->index->column_count; c++)
        q->mentioned_count +=
            links->columns[c].count > 0 && links->columns[c].items[0].score > 0.55F;
    return q;
}

struct delexed delexed_at(const struct delexed_list *list, ptrdiff_t place)
{
    if (place < 0)
        return make(DELEXED_EDGE, "^");
    if ((size_t)place >= list->count)
        return make(DELEXED_EDGE, "$");
    return list->items[place];
}

static bool is_word(const struct delexed *item, const char *word)
{
    return item->kind == DELEXED_WORD && strcmp(item->word.text, word) == 0;
}

/* Runs of one to three items, edges included. */
static void add_runs(struct feature_set *out, const char *kind, const struct delexed_list *list)
{
    for (ptrdiff_t i = -1; i <= (ptrdiff_t)list->count; i++) {
        struct symbol words[3];
        for (ptrdiff_t n = 0; n < 3 && i + n <= (ptrdiff_t)list->count; n++) {
            words[n] = delexed_at(list, i + n).word;
            feature_add(out, kind, words, (size_t)n + 1);
        }
    }
}

static bool is_content(const struct delexed *item)
{
    return item->kind == DELEXED_COLUMN || item->kind == DELEXED_TABLE ||
           item->kind == DELEXED_UNKNOWN || item->kind == DELEXED_VALUE || is_word(item, "the") ||
           is_word(item, "of") || is_word(item, "a");
}

/* Pairs and triples of what is left when columns, values and articles are taken out. */
static void add_skips(struct feature_set *out, const char *kind, const struct delexed_list *list)
{
    struct symbol window[3];
    size_t filled = 0;
    for (ptrdiff_t i = -1; i <= (ptrdiff_t)list->count; i++) {
        struct delexed item = delexed_at(list, i);
        if (is_content(&item))
            continue;
        if (filled == 3)
            memmove(window, window + 1, 2 * sizeof(window[0]));
        window[filled < 3 ? filled++ : 2] = item.word;
        if (filled >= 2)
            feature_add(out, kind, window + filled - 2, 2);
        if (filled == 3)
            feature_add(out, kind, window, 3);
    }
}

/* Classes alone, in order, and every pair of them. */
static void add_classes(struct feature_set *out, const struct delexed_list *list)
{
    struct symbol kept[TOKENS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct delexed *item = &list->items[i];
        bool class = (item->kind == DELEXED_CUE && item->cue != CUE_INTRODUCTION) ||
                     item->kind == DELEXED_VALUE || item->kind == DELEXED_NUMBER ||
                     item->kind == DELEXED_DATE;
        if (class)
            kept[count++] = item->word;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 1; n <= 3; n++)
            feature_add(out, "k", kept + i, i + n <= count ? n : count - i);
        for (size_t k = 0; k < count && k < 24; k++)
            if (i < 24 && kept[i].hash < kept[k].hash)
                FEATURE(out, "kk", kept[i], kept[k]);
    }
}

static void add_counts(struct feature_set *out, const struct delexed_question *q)
{
    static const char *const counted[] = {"COLn", "COLt", "VAL", "NUM", "UNK", "TAB"};
    for (size_t k = 0; k < sizeof(counted) / sizeof(counted[0]); k++) {
        struct symbol word = symbol_from(counted[k]);
        long n = 0;
        for (size_t i = 0; i < q->merged_words.count; i++)
            n += q->merged_words.items[i].word.hash == word.hash;
        FEATURE(out, "n", word, symbol_number(n < 4 ? n : 4));
    }
    FEATURE(out, "nc", symbol_number(q->mentioned_count < 6 ? (long)q->mentioned_count : 6));
}

void question_features(const struct delexed_question *q, struct feature_set *out)
{
    add_runs(out, "g", &q->merged_words);
    add_runs(out, "cg", &q->merged_classes);
    add_skips(out, "s", &q->merged_words);
    add_skips(out, "cs", &q->merged_classes);
    add_classes(out, &q->merged_classes);
    add_counts(out, q);
    struct symbol start[4];
    for (ptrdiff_t i = 0; i < 4; i++)
        start[i] = delexed_at(&q->merged_words, i - 1).word;
    feature_add(out, "b", start, 4);
    for (size_t i = 0; i < q->links->tokens->count; i++) {
        const char *word = q->links->tokens->items[i].lower.text;
        size_t length = strlen(word);
        if (length > 4 && strcmp(word + length - 3, "est") == 0)
            FEATURE_PLAIN(out, "est");
    }
    feature_set_finish(out);
}

static struct symbol flag(bool value)
{
    return symbol_number(value);
}

static struct symbol type_of(const struct column_info *info)
{
    return symbol_from(info->number ? "n" : "t");
}

/* What the column is, whatever the question. */
static void add_column_kind(const struct delexed_question *q, size_t c, struct feature_set *out)
{
    const struct dataset_index *index = q->links->index;
    const struct column_info *info = &index->columns[c];
    FEATURE(out, "t", type_of(info));
    FEATURE(out, "u", flag(info->unique));
    if (c == index->name_column) {
        FEATURE_PLAIN(out, "namecol");
        FEATURE(out, "namecol", delexed_at(&q->words, 0).word, delexed_at(&q->words, 1).word);
    }
    if (info->key)
        FEATURE_PLAIN(out, "pk");
    if (info->foreign)
        FEATURE_PLAIN(out, "fk");
    if (info->last_word.text)
        FEATURE(out, "last", info->last_word);
    if (info->distinct <= 1)
        FEATURE_PLAIN(out, "const");
    bool valued = false;
    for (size_t v = 0; v < q->links->value_count; v++) {
        const struct value_link *link = &q->links->values[v];
        valued |= link->column == c &&
                  (link->kind == VALUE_LINK_EXACT || link->kind == VALUE_LINK_STEM ||
                   link->kind == VALUE_LINK_PARTS || link->kind == VALUE_LINK_NUMBER);
    }
    FEATURE(out, "vals", flag(valued));
}

/* The words around the first mention of the table: "which TAB has", "names of all TAB". */
static void add_table_context(const struct delexed_question *q, const char *kind,
                              struct feature_set *out)
{
    ptrdiff_t n = (ptrdiff_t)q->merged_words.count;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (q->merged_words.items[i].kind != DELEXED_TABLE)
            continue;
        struct symbol before = delexed_at(&q->merged_words, i - 1).word;
        struct symbol after = delexed_at(&q->merged_words, i + 1).word;
        FEATURE(out, kind, SYMBOL("b"), before);
        FEATURE(out, kind, SYMBOL("a"), after);
        FEATURE(out, kind, before, after);
        FEATURE(out, kind, delexed_at(&q->merged_words, i - 2).word, before, after);
        return;
    }
    FEATURE(out, kind, SYMBOL("-"));
}

static void add_unmentioned(const struct delexed_question *q, size_t c, struct feature_set *out)
{
    const struct dataset_index *index = q->links->index;
    bool other = false;
    for (size_t e = 0; e < index->column_count; e++)
        other |= q->links->columns[e].count > 0 && q->links->columns[e].items[0].score > 0.8F;
    FEATURE_PLAIN(out, "none");
    FEATURE(out, "none", flag(other));
    struct symbol start[2] = {delexed_at(&q->words, 0).word, delexed_at(&q->words, 1).word};
    if (c == index->name_column) {
        FEATURE(out, "nonename", flag(other));
        feature_add(out, "nonename", start, 2);
        FEATURE(out, "nonename", delexed_at(&q->merged_words, 0).word,
                delexed_at(&q->merged_words, 1).word, delexed_at(&q->merged_words, 2).word);
    }
    if (index->columns[c].key)
        feature_add(out, "nonepk", start, 2);
    if (c == index->name_column || index->columns[c].key)
        add_table_context(q, c == index->name_column ? "nametab" : "keytab", out);
}

/* How far the mention is better than those of other columns over the same words. */
static float dominance(const struct delexed_question *q, size_t c, const struct mention *m)
{
    float rival = 0;
    for (size_t e = 0; e < q->links->index->column_count; e++)
        for (size_t k = 0; e != c && k < q->links->columns[e].count; k++) {
            const struct mention *o = &q->links->columns[e].items[k];
            if (o->begin < m->end && o->end > m->begin)
                rival = fmaxf(rival, o->score * (1 + 0.1F * (float)(o->end - o->begin)));
        }
    return m->score - rival + 0.1F * (float)(m->end - m->begin) * m->score;
}

/* Up to three words that say something before token `end`, nearest last; their number. */
static size_t words_before(const struct delexed_list *list, size_t end, struct symbol out[3])
{
    size_t count = 0;
    struct symbol found[3];
    for (size_t i = end; i-- > 0 && count < 3;) {
        const struct delexed *item = &list->items[i];
        bool skip = item->kind == DELEXED_NUMBER || is_content(item) || is_word(item, ",");
        if (!skip)
            found[count++] = item->word;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = found[count - 1 - i];
    return count;
}

static bool is_cue_context(const struct delexed *item, bool numbers)
{
    return (item->kind == DELEXED_CUE && item->cue != CUE_INTRODUCTION) ||
           item->kind == DELEXED_DATE || (numbers && item->kind == DELEXED_NUMBER);
}

/* Up to `max` cue classes before token `end`, nearest last. */
static size_t cues_before(const struct delexed_list *classes, size_t end, size_t max,
                          struct symbol *out)
{
    struct symbol found[2];
    size_t count = 0;
    for (size_t i = end; i-- > 0 && count < max;)
        if (is_cue_context(&classes->items[i], false))
            found[count++] = classes->items[i].word;
    for (size_t i = 0; i < count; i++)
        out[i] = found[count - 1 - i];
    return count;
}

/* Adds kind(prefix, words...). */
static void add_with(struct feature_set *out, const char *kind, struct symbol prefix,
                     const struct symbol *words, size_t count)
{
    struct symbol all[FEATURE_WORDS_MAX];
    all[0] = prefix;
    memcpy(all + 1, words, count * sizeof(*words));
    feature_add(out, kind, all, count + 1);
}

/* The words around tokens a .. b - 1. */
static void add_neighbours(const struct delexed_question *q, size_t a, size_t b,
                           struct symbol prefix, struct symbol type, struct feature_set *out)
{
    struct symbol before[3], after[3];
    for (ptrdiff_t i = 0; i < 3; i++) {
        before[i] = delexed_at(&q->words, (ptrdiff_t)a - 3 + i).word;
        after[i] = delexed_at(&q->words, (ptrdiff_t)b + i).word;
    }
    for (size_t n = 1; n <= 3; n++) {
        add_with(out, "p", prefix, before + 3 - n, n);
        add_with(out, "n", prefix, after, n);
    }
    FEATURE(out, "pn", prefix, before[2], after[0]);
    FEATURE(out, "p1t", prefix, before[2], type);
    struct symbol said[3];
    size_t count = words_before(&q->words, a, said);
    for (size_t n = 1; n <= 3; n++) {
        size_t m = n < count ? n : count;
        add_with(out, n == 1 ? "fw1" : n == 2 ? "fw2" : "fw3", prefix, said + count - m, m);
    }
    struct symbol class_before[2] = {delexed_at(&q->classes, (ptrdiff_t)a - 2).word,
                                     delexed_at(&q->classes, (ptrdiff_t)a - 1).word};
    struct symbol class_after[2] = {delexed_at(&q->classes, (ptrdiff_t)b).word,
                                    delexed_at(&q->classes, (ptrdiff_t)b + 1).word};
    FEATURE(out, "cp", prefix, class_before[1]);
    add_with(out, "cp", prefix, class_before, 2);
    FEATURE(out, "cn", prefix, class_after[0]);
    add_with(out, "cn", prefix, class_after, 2);
}

/* The nearest cues before and after the mention. */
static void add_cues(const struct delexed_question *q, size_t a, size_t b, struct symbol prefix,
                     struct symbol type, struct feature_set *out)
{
    struct symbol cues[2];
    size_t count = cues_before(&q->classes, a, 2, cues);
    struct symbol nearest = count > 0 ? cues[count - 1] : SYMBOL("-");
    FEATURE(out, "cu1", prefix, nearest);
    add_with(out, "cu2", prefix, cues, count);
    FEATURE(out, "cu1t", prefix, nearest, type);
    struct symbol next = SYMBOL("-");
    for (size_t i = b; i < q->classes.count; i++)
        if (is_cue_context(&q->classes.items[i], true)) {
            next = q->classes.items[i].word;
            break;
        }
    FEATURE(out, "ca1", prefix, next);
}

static bool in_list(const struct delexed *item, bool backwards)
{
    return item->kind == DELEXED_COLUMN || is_word(item, ",") || is_word(item, "and") ||
           is_word(item, "or") || is_word(item, "the") || is_word(item, "their") ||
           is_word(item, "its") ||
           (backwards &&
            (is_word(item, "also") || is_word(item, "as") || is_word(item, "well")));
}

/* What stands before and after the list of columns that the mention is part of. */
static void add_chain(const struct delexed_question *q, size_t a, size_t b, struct symbol prefix,
                      struct feature_set *out)
{
    size_t head = a, end = b;
    while (head > 0 && in_list(&q->words.items[head - 1], true))
        head--;
    while (end < q->words.count && in_list(&q->words.items[end], false))
        end++;
    ptrdiff_t h = (ptrdiff_t)head, e = (ptrdiff_t)end;
    if (head < a) {
        FEATURE(out, "cch", prefix, delexed_at(&q->classes, h - 1).word);
        FEATURE(out, "cch", prefix, delexed_at(&q->classes, h - 2).word,
                delexed_at(&q->classes, h - 1).word);
        FEATURE(out, "ch", prefix, delexed_at(&q->words, h - 1).word);
        FEATURE(out, "ch", prefix, delexed_at(&q->words, h - 2).word,
                delexed_at(&q->words, h - 1).word);
        FEATURE(out, "chs", prefix, delexed_at(&q->words, h).word);
    } else {
        FEATURE(out, "nochain", prefix);
    }
    FEATURE(out, "ce", prefix, delexed_at(&q->words, e).word);
    FEATURE(out, "ce", prefix, delexed_at(&q->words, e).word, delexed_at(&q->words, e + 1).word);
}

/* Where the mention stands among the good mentions of all columns: 0 the first; -1 when it is none
 * of them. */
static int mention_place(const struct delexed_question *q, size_t a, bool *last)
{
    bool starts[TOKENS_MAX + 1] = {false};
    for (size_t c = 0; c < q->links->index->column_count; c++)
        for (size_t k = 0; k < q->links->columns[c].count; k++)
            if (q->links->columns[c].items[k].score > 0.6F)
                starts[q->links->columns[c].items[k].begin] = true;
    int place = 0;
    for (size_t i = 0; i < a; i++)
        place += starts[i];
    *last = starts[a];
    for (size_t i = a + 1; i < q->words.count; i++)
        *last &= !starts[i];
    return starts[a] ? place : -1;
}

static void add_place(const struct delexed_question *q, size_t a, size_t b, struct symbol prefix,
                      struct feature_set *out)
{
    size_t n = q->words.count;
    bool last;
    int place = mention_place(q, a, &last);
    struct symbol order = symbol_number(place < 3 ? place : 3);
    FEATURE(out, "oi", prefix, order);
    FEATURE(out, "oi", prefix, order, delexed_at(&q->words, 0).word,
            delexed_at(&q->words, 1).word);
    if (last)
        FEATURE(out, "lastm", prefix);
    FEATURE(out, "pos", prefix, symbol_number((long)(4 * a / n)));
    bool number_after = false, near = false;
    for (size_t i = b; i < n; i++) {
        enum delexed_kind kind = q->words.items[i].kind;
        number_after |= kind == DELEXED_NUMBER;
        if (!near && i < b + 6 && (kind == DELEXED_VALUE || kind == DELEXED_NUMBER)) {
            near = true;
            FEATURE(out, "nx", prefix, q->words.items[i].word,
                    symbol_number(i - b < 3 ? (long)(i - b) : 3));
        }
    }
    if (number_after)
        FEATURE(out, "numafter", prefix);
    for (size_t i = 0; i < n; i++)
        if (q->sign[i] && (i < a || i >= b))
            FEATURE(out, i < a ? "bef" : "aft", prefix, q->words.items[i].word);
}

static struct symbol prefix_of(const struct mention *m, float dominant)
{
    static const char *const names[2][3] = {{"+", "=", "-"}, {"w+", "w=", "w-"}};
    int grade = dominant > 0 && m->score > 0.5F ? 0 : dominant > -0.15F && m->score > 0.5F ? 1 : 2;
    return symbol_from(names[m->score >= 0.6F ? 0 : 1][grade]);
}

void column_features(const struct delexed_question *q, size_t c, struct feature_set *out)
{
    const struct column_links *links = &q->links->columns[c];
    struct symbol type = type_of(&q->links->index->columns[c]);
    add_column_kind(q, c, out);
    if (links->count == 0)
        add_unmentioned(q, c, out);
    for (size_t k = 0; k < links->count; k++) {
        const struct mention *m = &links->items[k];
        if (k > 0 && m->score < 0.6F * links->items[0].score)
            continue;
        float dominant = dominance(q, c, m);
        long rounded = lroundf(dominant * 4);
        rounded = rounded < -4 ? -4 : rounded > 4 ? 4 : rounded;
        struct symbol score = symbol_number((long)(m->score * 5));
        if (k == 0) {
            FEATURE(out, "sc", score);
            FEATURE(out, "raw", symbol_number((long)(m->raw * 4)));
            FEATURE(out, "dom", symbol_number(rounded));
            FEATURE(out, "len", symbol_number(m->end - m->begin));
            FEATURE(out, "scdom", score, symbol_number(rounded));
            FEATURE(out, "g", prefix_of(m, dominant));
        }
        struct symbol prefix = prefix_of(m, dominant);
        bool dimension = m->end - m->begin == 1 && m->raw <= 0.46F;
        struct symbol cue =
            dimension ? cue_symbol((enum cue)q->links->cues.cue[m->begin]) : SYMBOL("-");
        add_neighbours(q, m->begin, m->end, prefix, type, out);
        add_cues(q, m->begin, m->end, prefix, type, out);
        FEATURE(out, "dim", prefix, cue, type);
        add_chain(q, m->begin, m->end, prefix, out);
        add_place(q, m->begin, m->end, prefix, out);
    }
    feature_set_finish(out);
}
