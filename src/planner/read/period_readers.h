/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of single stretches of time. Each begins at word i, fills in *out, and gives the
 * number of words that it used, 0 for none.
 */
#ifndef QUERENT_PLANNER_READ_PERIOD_READERS_H
#define QUERENT_PLANNER_READ_PERIOD_READERS_H

#include "planner/read/period_words.h"

/* Words of the question that the span reader `r` reads. */
#define IS(i, word) period_word_is(r->text, i, word)
#define IN(i, list) period_word_in(r->text, i, list)

/* ---- years (period_years.c) */

size_t span_read_year(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_decade(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_fiscal_year(const struct span_reader *r, size_t i, struct span *out);

/* ---- months and days (period_dates.c) */

size_t span_read_month(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_relative_month(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_day_of_month(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_numeric_date(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_near_day(const struct span_reader *r, size_t i, struct span *out);

/* ---- quarters and halves (period_quarters.c) */

size_t span_read_quarter(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_year_first(const struct span_reader *r, size_t i, struct span *out);

/* ---- from today (period_relative.c) */

size_t span_read_relative_unit(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_ago(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_to_date(const struct span_reader *r, size_t i, struct span *out);

/* ---- weeks and seasons (period_weeks.c) */

size_t span_read_week(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_weekday(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_weekend(const struct span_reader *r, size_t i, struct span *out);
size_t span_read_season(const struct span_reader *r, size_t i, struct span *out);

/* ---- parts that several readers need */

/* Word i; beyond the last one that is no word at all. */
const struct period_word *span_word(const struct span_reader *r, size_t i);
int64_t days_of_date(int year, int month, int day);
int64_t days_add_months(int64_t days, int months);
int span_year_now(const struct span_reader *r);
/* The fiscal year that is named after the calendar year in which it ends. */
struct span span_fiscal_year(const struct span_reader *r, int year);
/* The month that word i names, 1..12, or 0. Weak: the word means other things too. */
int span_month(const struct span_reader *r, size_t i, bool *weak);
/* Four digits that may be a year. */
bool word_is_year(const struct period_word *word);
/* "2024", "of 2024", ", 2024", "'24", "last year", "of this year", "FY24" */
size_t span_read_year_after(const struct span_reader *r, size_t i, int *year, bool *fiscal);
/* A number of units: "3", "three", "a", "couple of", "few"; 0 words: none said. */
size_t span_read_count(const struct span_reader *r, size_t i, int *count);

#endif
