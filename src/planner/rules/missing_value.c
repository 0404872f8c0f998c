/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/missing_value.h"

#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/rules/business_priv.h"
#include "planner/rules/meaning.h"

#define WORD_LENGTH_MIN 3
#define LIKE_A_VALUE 0.3  /* cosine to the nearest value of the column that is meant */
#define LIKE_A_COLUMN 0.6 /* then it is another word for the column, not for a value */
#define VALUES_NAMED_MAX 8
#define COMPARED_MAX 400 /* values of one column that are compared by letters */
#define NEAR_LETTERS 2   /* letters of difference that a nearest value may have */

/* How a word stands in the question. */
enum place {
    PLACE_NONE,
    PLACE_BESIDE_COLUMN, /* "the marketing department", "status shipped" */
    PLACE_FOLLOW_UP,     /* "what about drones?", "only drones" */
    PLACE_PREPOSITION,   /* "in the west" */
    PLACE_SAID,          /* "that were shipped" */
    PLACE_ADJECTIVE,     /* "shipped orders" */
};

struct search {
    const struct plan_request *request;
    const struct ask *ask;
    const struct missing_value_words *words;
    struct arena *arena;
};

/* ------------------------------------------------------------------ which words are open */

static const char never_values[] =
    "general detail details particular order total average database data dataset table system "
    "company business world case cases fact terms addition short place question questions answer "
    "each every day week month months year years quarter time times today yesterday tomorrow date "
    "past recent years people person anyone anybody everyone everybody someone thing things "
    "something anything everything nothing following previous current currently them themselves "
    "kind kinds type types sort sorts group groups list lists number numbers "
    "named called held used offered provided made located based affiliated done given charge "
    "early late big small high low long short "
    "whole store shop school office program programme "
    "least most more less than first last next highest lowest best worst new old";

static bool was_linked(const struct search *s, const struct ask_word *word)
{
    const struct token_list *tokens = s->words->tokens;
    for (size_t i = 0; tokens && i < tokens->count; i++)
        if (tokens->items[i].begin < word->end && tokens->items[i].end > word->begin &&
            (s->words->linked[i] || tokens->items[i].stop))
            return true;
    return false;
}

static const struct dataset_index *index_of(const struct search *s, const struct dataset *dataset)
{
    const struct plan_dataset *const lists[] = {s->request->datasets, s->request->joinable};
    const size_t counts[] = {s->request->dataset_count, s->request->joinable_count};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++)
            if (lists[l][i].dataset == dataset)
                return lists[l][i].index;
    return NULL;
}

static bool means_a_column(const struct search *s, const char *word)
{
    for (size_t i = 0; i < s->ask->scope_count; i++)
        if (meaning_near_names(index_of(s, s->ask->scope[i].dataset), word) > LIKE_A_COLUMN)
            return true;
    return false;
}

/* Names of amounts that mean one thing each. Where the data has none so called, or one that is
 * usually called so, no other amount may stand in for it, however near it is in meaning. */
static const char amounts[] = "profit profits profitability margin margins tax taxes vat discount "
                              "discounts debt debts commission commissions refund refunds";
static const char takings[] = "revenue revenues turnover takings income sales earnings";

static bool is_unlike_others(const struct search *s, size_t i)
{
    return ask_word_in(s->ask, i, amounts) ||
           (ask_word_in(s->ask, i, takings) && dataset_is_about(s->ask->scope[0].dataset, ABOUT_SPENDING));
}

static bool is_open(const struct search *s, size_t i)
{
    const struct ask *ask = s->ask;
    const struct ask_word *word = ask_word_at(ask, i);
    return i < ask->word_count && !word->mark && !word->quoted && word->cue == CUE_NONE &&
           word->mention < 0 && !word->in_period && !word->number && !word->explained &&
           strlen(word->text) >= WORD_LENGTH_MIN && !ask_word_in(ask, i, never_values) &&
           !ask_is_described(ask, word->stem) &&
           (is_unlike_others(s, i) || (!was_linked(s, word) && !means_a_column(s, word->text)));
}

/* ------------------------------------------------------------------ where they stand */

static bool is_article(const struct ask *ask, size_t i)
{
    return ask_word_in(ask, i, "the a an our my its their all any");
}

static const struct mention *mention_at(const struct ask *ask, size_t i)
{
    return i < ask->word_count && ask->words[i].mention >= 0 ? &ask->mentions[ask->words[i].mention]
                                                             : NULL;
}

static const struct column *category_at(const struct ask *ask, size_t i)
{
    const struct mention *m = mention_at(ask, i);
    return m && m->kind == MENTION_COLUMN && m->column->kind == VALUE_TEXT &&
                   column_is_group(m->column)
               ? m->column
               : NULL;
}

/* The end of a phrase: nothing more is said about the word before. */
static bool is_end(const struct ask *ask, size_t i)
{
    const struct ask_word *word = ask_word_at(ask, i);
    return i >= ask->word_count || word->mark || word->in_period || word->cue != CUE_NONE;
}

static enum place place_of(const struct search *s, size_t first, size_t last,
                           const struct column **column)
{
    const struct ask *ask = s->ask;
    size_t before = first;
    while (before > 0 && is_article(ask, before - 1))
        before--;
    bool preposition = before > 0 && ask_word_in(ask, before - 1, "of for in from with at among");
    bool verb = before > 0 && ask_word_in(ask, before - 1, "is are was were be been being");
    *column = category_at(ask, last);
    if (*column && !is_end(ask, last) && (preposition || before < first))
        return PLACE_BESIDE_COLUMN;
    *column = before > 0 ? category_at(ask, verb && before > 1 ? before - 2 : before - 1) : NULL;
    bool ends = last >= ask->word_count || ask->words[last].mark;
    if (*column && ends && before == first)
        return PLACE_BESIDE_COLUMN;
    const struct mention *after = mention_at(ask, last);
    if (after && after->kind == MENTION_TABLE)
        return PLACE_ADJECTIVE;
    if (!is_end(ask, last))
        return PLACE_NONE;
    enum cue cue = before > 0 ? ask->words[before - 1].cue : CUE_NONE;
    if (s->request->previous && (before == 0 || cue == CUE_WHAT_ABOUT || cue == CUE_ONLY ||
                                 cue == CUE_AND || cue == CUE_NOT || preposition))
        return PLACE_FOLLOW_UP;
    bool ours = before < first && ask_word_in(ask, first - 1, "our my"); /* "our competitors" */
    return preposition || ours ? PLACE_PREPOSITION : verb ? PLACE_SAID : PLACE_NONE;
}

static bool ends_in(const char *word, const char *ending)
{
    size_t length = strlen(word), end = strlen(ending);
    return length > end + 2 && strcmp(word + length - end, ending) == 0;
}

/* "The names of schools", "airlines in the list": a plural after what a thing has is the thing
 * itself. After an amount it narrows it: "the revenue of toys". */
static bool names_the_rows(const struct search *s, size_t first, size_t last)
{
    const struct ask *ask = s->ask;
    const struct ask_word *word = &ask->words[last - 1];
    if (word->capital || !ends_in(word->text, "s"))
        return false;
    for (size_t i = first; i > 0; i--) {
        const struct mention *m = mention_at(ask, i - 1);
        if (m)
            return m->kind == MENTION_TABLE ||
                   (m->kind == MENTION_COLUMN && !column_is_measure(m->column));
    }
    return false;
}

/* ------------------------------------------------------------------ which column is meant */

static bool filters(const struct condition *c, const struct column *column)
{
    if (!c)
        return false;
    if (c->left && c->left->column == column)
        return true;
    for (size_t i = 0; i < c->part_count; i++)
        if (filters(c->parts[i], column))
            return true;
    return false;
}

static bool is_grouped_by(const struct query *query, const struct column *column)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (query->group[i]->column == column)
            return true;
    return false;
}

/* The column whose values are nearest in meaning; in a follow-up one that was spoken of before. */
static const struct column *find_column(const struct search *s, const char *word, enum place place)
{
    const struct column *found = NULL;
    double best = LIKE_A_VALUE;
    const struct query *previous = place == PLACE_FOLLOW_UP ? s->request->previous : NULL;
    for (size_t k = 0; k < s->ask->scope_count; k++) {
        const struct dataset *dataset = s->ask->scope[k].dataset;
        const struct dataset_index *index = index_of(s, dataset);
        for (size_t c = 0; c < dataset->column_count; c++) {
            const struct column *column = &dataset->columns[c];
            if (column->kind != VALUE_TEXT || !column_is_group(column))
                continue;
            bool spoken_of =
                previous && (filters(previous->where, column) || is_grouped_by(previous, column));
            double likeness = spoken_of ? 2 : meaning_near_values(index, c, word);
            if (likeness > best) {
                best = likeness;
                found = column;
            }
        }
    }
    return found;
}

/* ------------------------------------------------------------------ what is said */

/* The stored value that differs by a letter or two; NULL: there is none. */
static const char *nearest_by_letters(const struct column *column, const char *word)
{
    const char *best = NULL;
    unsigned least = NEAR_LETTERS + 1;
    for (size_t i = 0; i < column->profile.value_count && i < COMPARED_MAX; i++) {
        const char *value = column->profile.values[i].text;
        unsigned distance = str_distance(str_from(value), str_from(word), NEAR_LETTERS);
        if (distance < least && strlen(word) > 2 * distance) {
            least = distance;
            best = value;
        }
    }
    return best;
}

static const char *value_list(const struct column *column, size_t count, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < count && i < column->profile.value_count; i++)
        text =
            arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "", column->profile.values[i].text);
    return text;
}

static const char *column_sentence(const struct search *s, const char *word,
                                   const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    const char *name = column_words(column, s->arena);
    if (profile->values_complete && profile->value_count <= VALUES_NAMED_MAX)
        return arena_printf(s->arena, "%s has no '%s'; it has: %s.", name, word,
                            value_list(column, VALUES_NAMED_MAX, s->arena));
    const char *near = nearest_by_letters(column, word);
    if (near)
        return arena_printf(s->arena, "I find no %s '%s'. The nearest is %s.", name, word, near);
    return arena_printf(s->arena, "I find no %s '%s'. There are %s and others.", name, word,
                        value_list(column, VALUES_NAMED_MAX / 2, s->arena));
}

static const char *columns_sentence(const struct search *s, const char *word)
{
    const struct dataset *dataset = s->ask->scope[0].dataset;
    const char *columns = "";
    for (size_t i = 0; i < dataset->column_count && i < VALUES_NAMED_MAX; i++)
        columns = arena_printf(s->arena, "%s%s%s", columns, i > 0 ? ", " : "",
                               column_words(&dataset->columns[i], s->arena));
    return arena_printf(s->arena, "I find nothing called '%s' in %s. It holds: %s.", word,
                        dataset_title(dataset), columns);
}

/* Where nothing says which column is meant, the first short list shows what values look like. */
static const char *table_sentence(const struct search *s, const char *word)
{
    const struct dataset *dataset = s->ask->scope[0].dataset;
    const char *lists = "";
    size_t named = 0;
    for (size_t i = 0; i < dataset->column_count && named < 3; i++) {
        const struct column *column = &dataset->columns[i];
        const struct column_profile *profile = &column->profile;
        if (column->kind != VALUE_TEXT || !profile->values_complete || profile->value_count < 2 ||
            profile->value_count > VALUES_NAMED_MAX)
            continue;
        lists = arena_printf(s->arena, "%s%s%s (%s)", lists, named++ > 0 ? ", " : "",
                             column_words(column, s->arena),
                             value_list(column, VALUES_NAMED_MAX, s->arena));
    }
    if (named == 0)
        return columns_sentence(s, word);
    return arena_printf(s->arena, "I find nothing called '%s' in %s. It can be narrowed by %s.",
                        word, dataset_title(dataset), lists);
}

/* ------------------------------------------------------------------ the whole */

/* What to say of words [first, last), of which nothing is known; NULL: they are no value. */
static const char *sentence_about(const struct search *s, size_t first, size_t last,
                                  const char *phrase)
{
    const struct column *column;
    const char *word = s->ask->words[last - 1].text;
    enum place place = place_of(s, first, last, &column);
    bool said_of_it = ends_in(word, "ing") || ends_in(word, "ed");
    if (is_unlike_others(s, last - 1))
        return columns_sentence(s, phrase);
    if (place == PLACE_NONE)
        return NULL;
    if (!column || (place == PLACE_BESIDE_COLUMN && said_of_it))
        column = find_column(s, word, place);
    if (column)
        return column_sentence(s, phrase, column);
    bool plainly = place == PLACE_PREPOSITION || place == PLACE_FOLLOW_UP;
    return plainly && !names_the_rows(s, first, last) ? table_sentence(s, phrase) : NULL;
}

static const char *phrase_of(const struct search *s, size_t first, size_t last)
{
    size_t begin = s->ask->words[first].begin, end = s->ask->words[last - 1].end;
    return arena_strndup(s->arena, s->ask->question.bytes + begin, end - begin);
}

bool missing_value(const struct plan_request *request, const struct dataset *main,
                   const struct missing_value_words *words, struct arena *arena,
                   struct missing_value *out)
{
    const struct ask *ask = ask_read(request, main, arena);
    struct search s = {.request = request, .ask = ask, .words = words, .arena = arena};
    for (size_t i = 0; i < ask->word_count; i++) {
        size_t last = i;
        while (last < ask->word_count && is_open(&s, last))
            last++;
        if (last == i)
            continue;
        out->word = phrase_of(&s, i, last);
        out->sentence = sentence_about(&s, i, last, out->word);
        if (out->sentence)
            return true;
        i = last;
    }
    return false;
}
