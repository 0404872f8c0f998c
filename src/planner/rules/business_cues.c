/* SPDX-License-Identifier: Apache-2.0 */
/* Words that say what to do with the data rather than what is in it. The longest phrase wins; what
 * a column, value or period has taken is no cue. */
#include "planner/rules/business_priv.h"

#include <pthread.h>
#include <string.h>

#include "planner/read/words.h"

static const struct {
    enum cue cue;
    const char *phrases;
} cues[] = {
    {CUE_COUNT, "headcount, how many, number of, count of, count, counts, how often"},
    {CUE_MUCH, "how much"},
    {CUE_SUM, "total, totals, sum, overall, altogether, combined"},
    {CUE_AVERAGE, "average, avg, mean, on average, typical"},
    {CUE_MEDIAN, "median, the median"},
    {CUE_HIGH, "best selling, bestselling, best - selling, top selling, "
               "sold best, sells best, sell best, highest, largest, biggest, maximum, max, greatest, best, strongest, "
               "longest, most expensive, most costly, priciest, costliest, dearest"},
    {CUE_LOW, "lowest, smallest, minimum, min, worst, weakest, cheapest, shortest, "
              "least expensive, least costly, slowest"},
    {CUE_MOST, "most, the most, most popular, most common, most frequent"},
    {CUE_LEAST, "least, fewest, least popular, least common"},
    {CUE_TOP, "top, leading"},
    {CUE_BOTTOM, "bottom"},
    {CUE_FIRST, "first"},
    {CUE_LAST, "last"},
    {CUE_LATEST, "latest, newest, most recent, recent, most recently, recently"},
    {CUE_EARLIEST, "earliest, oldest"},
    {CUE_SHARE, "share, shares, percentage, percent, %, proportion, fraction"},
    {CUE_DISTINCT, "different, distinct, unique"},
    {CUE_BY, "by, per, each, every, for each, for every, in each, of each, across, "
             "broken down by, break down by, split by, grouped by, group by, "
             "breakdown by, with respect to"},
    {CUE_STOP, "breakdown of"},
    {CUE_WHICH, "which, who, what"},
    {CUE_NOT,
     "not, never, with no, have no, has no, had no, did not, didn't, haven't, "
     "have not, has not, hasn't, not, without, excluding, exclude, except, except for, other than, "
     "but not, non, isn't, outside of, outside, wasn't, weren't, ignoring, leaving out, leave out, aren't"},
    {CUE_MORE,
     "more than, older than, longer than, over, above, greater than, higher than, larger than, "
     "exceeding, bigger than, >"},
    {CUE_LESS,
     "less than, younger than, shorter than, under, below, fewer than, lower than, smaller than, "
     "cheaper than, <"},
    {CUE_AT_LEAST, "at least, no less than, minimum of"},
    {CUE_AT_MOST, "at most, no more than, up to"},
    {CUE_BETWEEN, "between"},
    {CUE_SORT, "sort, sorted, sort by, sorted by, order by, ordered by, ranked by, "
               "rank by, rank, ranked"},
    {CUE_ASCENDING, "ascending, lowest first, smallest first"},
    {CUE_DESCENDING, "descending, highest first, largest first"},
    {CUE_ALPHABET, "alphabetically, alphabetical, alphabetical order"},
    {CUE_GROWTH, "growth, grow, grew, grown, growing, increase, increased, increasing, gain, gained, "
                 "rose, rise, risen, rising, improved, improve, go up, goes up, going up, went up, "
                 "gone up"},
    {CUE_DROP, "drop, dropped, dropping, decline, declined, declining, decrease, decreased, "
               "decreasing, lost, lose, fell, fall, falling, fallen, shrank, shrink, shrinking, "
               "go down, goes down, going down, went down, gone down"},
    {CUE_CHANGE, "change, changed, changes, difference"},
    {CUE_COMPARE, "compare, compared, comparison, versus, vs"},
    {CUE_WHEN, "when"},
    {CUE_ROWS, "rows, row, records, record, entries, lines, readings, measurements, observations, "
               "data points"},
    {CUE_SAMPLE, "sample, preview, example, examples"},
    {CUE_LIST, "list, list all"},
    {CUE_ONLY, "only, just"},
    {CUE_INSTEAD, "instead"},
    {CUE_ALL, "all"},
    {CUE_WHAT_ABOUT, "what about, how about, and what about"},
    {CUE_WHY, "why, how come"},
    {CUE_THESE, "these, those, them"},
    {CUE_ALSO, "also, too, as well"},
    {CUE_AND, "and"},
    {CUE_OR, "or"},
};

static const char stop_words[] =
    "a an the of in on at to for from with is are was were be been do does did has have had "
    "having i me my we us our you your it its they their there here that this show give tell "
    "get find display see want need know please can could would will should let let's than "
    "then as into during within around about s t many much any some such so up down out data "
    "dataset table value values amount amounts figure figures number numbers result results "
    "make made come comes came go goes went look looks like per cent each other same question "
    "answer hi hello thanks whose where how being if no yes ok okay also both either sold "
    "sell bought buy placed place happened happen take taken report overview summary "
    "summarize summarise calculate compute break broken grouped group split time exist exists "
    "available earn earned generate generated rate most worth contain contains include "
    "includes including between over lot not now again filter filters condition conditions "
    "remove add one ones reverse reversed way round switch breakdown drill use try work works "
    "working live lives living located based youngest older tallest heaviest lightest";

/* The number of words that the phrase takes at i, or 0. */
static size_t phrase_at(const struct ask *ask, size_t i, struct str phrase)
{
    struct str rest = phrase, part;
    size_t k = i;
    while (str_split(&rest, ' ', &part)) {
        if (k >= ask->word_count || ask->words[k].mention >= 0 || ask->words[k].in_period ||
            ask->words[k].quoted || !str_equal_text(part, ask->words[k].text))
            return 0;
        k++;
    }
    return k - i;
}

/* A bit for how a word begins: its first two letters. */
static uint64_t beginning(const char *word)
{
    bool two = char_is_alnum(word[0]) && char_is_alnum(word[1]);
    unsigned second = two ? (unsigned char)word[1] : 0;
    return (uint64_t)1 << (((unsigned char)word[0] * 7 + second) & 63);
}

#define CUE_PHRASES (sizeof(cues) / sizeof(cues[0]))

/* Of each cue the beginnings of its phrases. */
static uint64_t beginnings[CUE_PHRASES];

static void note_beginnings(void)
{
    for (size_t k = 0; k < CUE_PHRASES; k++) {
        struct str rest = str_from(cues[k].phrases), phrase;
        while (str_split(&rest, ',', &phrase))
            beginnings[k] |= beginning(str_trim(phrase).bytes);
    }
}

static size_t longest_phrase(const struct ask *ask, size_t i, const char *phrases)
{
    if (!strstr(phrases, ask->words[i].text)) /* mostly; then there is nothing to take apart */
        return 0;
    struct str rest = str_from(phrases), part;
    size_t best = 0;
    while (str_split(&rest, ',', &part)) {
        size_t used = phrase_at(ask, i, str_trim(part));
        if (used > best)
            best = used;
    }
    return best;
}

void ask_find_cues(struct ask *ask)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, note_beginnings);
    for (size_t i = 0; i < ask->word_count;) {
        size_t best = 0;
        enum cue cue = CUE_NONE;
        uint64_t begins = beginning(ask->words[i].text);
        for (size_t k = 0; k < CUE_PHRASES; k++) {
            if (!(beginnings[k] & begins))
                continue;
            size_t used = longest_phrase(ask, i, cues[k].phrases);
            if (used > best) {
                best = used;
                cue = cues[k].cue;
            }
        }
        if (best == 0) {
            struct ask_word *word = &ask->words[i];
            bool plain = word->mention < 0 && !word->in_period && !word->quoted;
            struct str written = str_slice(ask->question, word->begin, word->end);
            bool stop = ask_word_in(ask, i, stop_words) &&
                        !word_is_no_pronoun(written, ask->question);
            if (plain && (word->mark || stop))
                word->cue = CUE_STOP;
            i++;
            continue;
        }
        for (size_t k = 0; k < best; k++)
            ask->words[i + k].cue = cue;
        i += best;
    }
}

bool ask_has(const struct ask *ask, enum cue cue, size_t *at)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->words[i].cue == cue) {
            if (at)
                *at = i;
            return true;
        }
    return false;
}

/* ---- around a place of the question */

const struct ask_word *ask_word_at(const struct ask *ask, size_t i)
{
    static const struct ask_word none = {.text = "", .stem = "", .mention = -1};
    return i < ask->word_count ? &ask->words[i] : &none;
}

enum cue ask_cue_before(const struct ask *ask, size_t i, size_t *at)
{
    for (size_t steps = 0; i > 0 && steps < 5; steps++) {
        const struct ask_word *word = ask_word_at(ask, --i);
        if (word->mention >= 0 || word->in_period)
            return CUE_NONE;
        if (word->cue == CUE_STOP && word->mark && word->text[0] != '$')
            return CUE_NONE;
        if (word->cue != CUE_STOP && word->cue != CUE_NONE) {
            *at = i;
            return word->cue;
        }
        if (word->cue == CUE_NONE && !word->number)
            return CUE_NONE;
    }
    return CUE_NONE;
}

int ask_list_before(const struct ask *ask, size_t i)
{
    bool glue = false;
    while (i > 0) {
        const struct ask_word *word = ask_word_at(ask, --i);
        if (word->mention >= 0)
            return glue ? word->mention : -1;
        if (word->in_period && glue && word->end == ask->periods.group_end)
            return ASK_LIST_OF_PERIOD;
        if (word->cue == CUE_AND || word->cue == CUE_OR || strcmp(word->text, ",") == 0)
            glue = true;
        else if (word->cue != CUE_STOP || word->mark)
            return -1;
    }
    return -1;
}

bool cue_is_superlative(enum cue cue)
{
    return cue == CUE_HIGH || cue == CUE_LOW || cue == CUE_MOST || cue == CUE_LEAST ||
           cue == CUE_TOP || cue == CUE_BOTTOM;
}
