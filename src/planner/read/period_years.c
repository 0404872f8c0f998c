/* SPDX-License-Identifier: Apache-2.0 */
/* Years, decades, fiscal years: "2024", "the nineties", "FY24"; and years said after a month. */
#include "planner/read/period_readers.h"

#include <string.h>

/* ---- years */

bool word_is_year(const struct period_word *word)
{
    return word->number && word->digits == 4 && word->value >= 1900 && word->value <= 2100;
}

/* "How did sales develop over 2025": no amount above that. */
static bool develops_over_a_year(const struct span_reader *r, size_t i)
{
    bool develops = false;
    for (size_t k = 0; k < r->text->count; k++)
        develops |= IN(k, "develop developed development evolve evolved evolution change changed "
                          "trend trends progress progressed move moved");
    return develops && IS(i - 1, "over") && span_word(r, i)->value <= span_year_now(r);
}

/* Words before a number that make it a year, and words that make it a plain number. */
static bool year_in_context(const struct span_reader *r, size_t i, bool *ambiguous)
{
    static const char sure[] = "in of during since until till year years only from through "
                               "throughout for calendar vs versus";
    static const char likely[] = "before after between to and or by compared with against show me "
                                 "the our my , - about than compare comparing total";
    static const char never[] = "top first last bottom over above below under least most exceeding "
                                "exceeds equals = > < $ # number id room order limit nearly "
                                "around approximately exactly";
    static const char units[] = "kg km m meters miles dollars euros usd eur gbp units rows percent "
                                "% people orders items products customers times hours days weeks "
                                "months years seats points votes pounds grams cm mm mph kmh "
                                "employees students records";
    if (IN(i + 1, units))
        return false;
    *ambiguous = false;
    if (i > 0 && develops_over_a_year(r, i))
        return true;
    if (i > 0 && IN(i - 1, never))
        return false;
    bool beside = IN(i + 1, "vs versus") ||
                  (word_is_year(span_word(r, i + 2)) && IN(i + 1, "and or , to -") && i > 0 &&
                   IN(i - 1, "compare comparing"));
    if (beside || (i > 0 && IN(i - 1, sure)))
        return true;
    if (i > 0 && IN(i - 1, "than") && i > 1 && IN(i - 2, "more less greater fewer higher lower"))
        return false;
    bool end = i + 1 >= r->text->count || span_word(r, i + 1)->mark || IN(i + 1, "vs versus");
    *ambiguous = true;
    return i == 0 || IN(i - 1, likely) || end;
}

size_t span_read_year(const struct span_reader *r, size_t i, struct span *out)
{
    const struct period_word *word = span_word(r, i);
    bool ambiguous = false;
    bool weak;
    if (!word_is_year(word) || !year_in_context(r, i, &ambiguous) ||
        (i > 0 && span_month(r, i - 1, &weak) > 0)) /* 30 February 2023 */
        return 0;
    *out = (struct span){.from = days_of_date(word->value, 1, 1),
                         .to = days_of_date(word->value + 1, 1, 1),
                         .unit = UNIT_YEAR,
                         .year_given = true,
                         .ambiguous = ambiguous};
    return 1;
}

/* "the 1990s", "the 90s", "nineties" */
size_t span_read_decade(const struct span_reader *r, size_t i, struct span *out)
{
    const char *text = span_word(r, i)->text;
    size_t length = strlen(text);
    int digits = span_word(r, i)->digits;
    if ((digits != 4 && digits != 2) || length != (size_t)digits + 1 || text[digits] != 's' ||
        text[digits - 1] != '0')
        return 0;
    int year = 0;
    for (int k = 0; k < digits; k++)
        year = year * 10 + (text[k] - '0');
    if (digits == 2)
        year += year > span_year_now(r) % 100 ? 1900 : 2000;
    if (year < 1900 || year > 2100)
        return 0;
    *out = (struct span){.from = days_of_date(year, 1, 1),
                         .to = days_of_date(year + 10, 1, 1),
                         .unit = UNIT_YEAR,
                         .year_given = true,
                         .counted = true};
    return 1;
}

struct span span_fiscal_year(const struct span_reader *r, int year)
{
    int64_t from = days_of_date(r->fiscal_start == 1 ? year : year - 1, r->fiscal_start, 1);
    return (struct span){
        .from = from, .to = days_add_months(from, 12), .unit = UNIT_YEAR, .year_given = true};
}

/* A fiscal year's number: 2024, 24, 2023/24 has two. */
static size_t read_fiscal_number(const struct span_reader *r, size_t i, int *year)
{
    const struct period_word *word = span_word(r, i);
    if (!word->number || (word->digits != 2 && !word_is_year(word)))
        return 0;
    *year = word->digits == 2 ? 2000 + word->value : word->value;
    const struct period_word *second = span_word(r, i + 2);
    if (word->digits == 4 && IN(i + 1, "/ -") && second->number && second->digits == 2 &&
        second->value == (word->value + 1) % 100) {
        *year = word->value + 1;
        return 3;
    }
    return 1;
}

/* "FY24", "FY 2024", "fiscal 2024", "fiscal year 2024", "financial year 2023/24" */
size_t span_read_fiscal_year(const struct span_reader *r, size_t i, struct span *out)
{
    const char *text = span_word(r, i)->text;
    int year = 0;
    size_t used = 0;
    if (text[0] == 'f' && text[1] == 'y' && char_is_digit(text[2])) {
        size_t digits = strspn(text + 2, "0123456789");
        if (text[2 + digits] || (digits != 2 && digits != 4))
            return 0;
        for (size_t k = 0; k < digits; k++)
            year = year * 10 + (text[2 + k] - '0');
        year += digits == 2 ? 2000 : 0;
        used = 1;
    } else if (IN(i, "fy fiscal financial")) {
        size_t at = i + 1 + (IS(i + 1, "year") && !IS(i, "fy"));
        size_t number = read_fiscal_number(r, at, &year);
        used = number ? at + number - i : 0;
    }
    if (used == 0 || year < 1900 || year > 2100)
        return 0;
    *out = span_fiscal_year(r, year);
    return used;
}

/* ---- the year that follows a month or quarter */

size_t span_read_year_after(const struct span_reader *r, size_t i, int *year, bool *fiscal)
{
    size_t at = i;
    if (IN(at, "of in ,"))
        at++;
    *fiscal = false;
    if (IS(at, "the") || IS(at, "year"))
        at++;
    if (word_is_year(span_word(r, at))) {
        *year = span_word(r, at)->value;
        return at + 1 - i;
    }
    if (IS(i, "'") && span_word(r, i + 1)->number && span_word(r, i + 1)->digits == 2) {
        *year = 2000 + span_word(r, i + 1)->value;
        return 2;
    }
    if (IN(at, "last previous prior this current next") && IS(at + 1, "year")) {
        *year = span_year_now(r) + (IS(at, "next") ? 1 : IN(at, "this current") ? 0 : -1);
        return at + 2 - i;
    }
    struct span fiscal_span;
    size_t used = span_read_fiscal_year(r, at, &fiscal_span);
    if (used == 0)
        return 0;
    *fiscal = true;
    *year = date_from_days(fiscal_span.to - 1).year;
    return at + used - i;
}
