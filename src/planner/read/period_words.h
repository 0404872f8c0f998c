/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the period reader share: the question as words, and stretches of days. */
#ifndef QUERENT_PLANNER_READ_PERIOD_WORDS_H
#define QUERENT_PLANNER_READ_PERIOD_WORDS_H

#include "core/clock.h"
#include "planner/read/period.h"

#define PERIOD_WORDS_MAX 800 /* of one question; the rest is not looked at */
#define PERIODS_MAX 8
#define PERIOD_UNITS_MAX 1000 /* "last 1000 days" */

struct period_word {
    size_t begin, end;
    char text[24]; /* lower case; longer words are cut, none of ours is */
    bool number;   /* digits only */
    bool date;     /* 2024-03-04, 3/4/2024, 2024-03 */
    bool mark;     /* a single , - ? ... */
    bool capital;  /* starts with a capital letter */
    bool ordinal;  /* 1st, 2nd, third */
    int value;     /* of numbers, number words and ordinals; -1: none */
    int digits;
};

struct period_text {
    struct period_word *words;
    size_t count;
};

void period_words_read(struct str question, struct arena *arena, struct period_text *out);
/* Is word i that text? False past the end. */
static inline bool period_word_is(const struct period_text *text, size_t i, const char *word)
{
    return i < text->count && text->words[i].text[0] == word[0] &&
           strcmp(text->words[i].text, word) == 0;
}
/* Is it one of the words of a blank-separated list? */
bool period_word_in(const struct period_text *text, size_t i, const char *list);

/* A stretch of days [from, to) and how it was said. */
struct span {
    int64_t from, to;
    int64_t moment; /* "2 years ago": the very day, which "since" means; 0: none */
    bool from_open, to_open;
    enum time_unit unit;
    enum time_unit named; /* said without its year, as month, quarter or year half (index) */
    int index;            /* month 1..12, quarter 1..4; with `day` a day of a month */
    int day;
    bool half; /* a half year: index 1 or 2 */
    bool year_given;
    bool relative; /* "previous month": may mean the one before another period */
    bool counted;  /* "last 3 months": N units */
    bool ambiguous;
    const char *assumption; /* static text, or NULL */
};

/* What span_read() found at a word. */
struct span_found {
    bool known;
    size_t used;
    struct span span;
};

struct span_reader {
    const struct period_text *text;
    struct span_found *found; /* of each word and of what is beyond the last; not of parts of parts */
    int64_t today;
    int week_start, fiscal_start;
    int depth; /* "the start of the first week of ...": bounded */
};

/* Reads a period that starts at word i; gives the number of words, 0 for none. The longest
 * reading wins. */
size_t span_read(const struct span_reader *reader, size_t i, struct span *out);

/* The unit that holds a day. Fiscal: quarters and years as the fiscal year cuts them. */
struct span span_unit(const struct span_reader *reader, int64_t day, enum time_unit unit,
                      bool fiscal);
/* `count` units later (or earlier), the same number of units long. */
int64_t span_shift(int64_t day, enum time_unit unit, int count);
/* Puts a yearless month, quarter or day into that year. */
void span_set_year(struct span *span, int year);
/* The latest one that has begun by today. */
void span_assume_year(const struct span_reader *reader, struct span *span);

enum time_unit unit_of_word(const struct period_text *text, size_t i, bool *plural);

#endif
