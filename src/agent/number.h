/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them: thousands separators, no more digits than help, the unit.
 * The exact values stand in the rows; prose may round, and rounds only here.
 */
#ifndef QUERENT_AGENT_NUMBER_H
#define QUERENT_AGENT_NUMBER_H

#include "core/arena.h"
#include "engine/rows.h"

/* "1,234,567", "1,234.57", "0.0123"; infinities and NaN give "not a number". */
const char *number_print(double number, struct arena *arena);
/* Whole numbers exactly, of any length: "-12345678901234567890" -> "-12,345,678,901,234,567,890". */
const char *number_print_digits(struct str digits, struct arena *arena);
/* "45 %", "3.2 %", "under 0.1 %". */
const char *percent_print(double percent, struct arena *arena);

/* A cell for prose: numbers as above with the unit, dates as "5 October 2026", months of a time
 * bucket as "October 2026", true and false as "yes" and "no", null as "none", text cut to 80
 * characters. `unit` (of the column's metadata) and `bucket` may be NULL and UNIT_NONE. */
const char *cell_print_words(const struct cell *cell, const struct result_column *column,
                             const char *unit, int bucket, struct arena *arena);

#endif
