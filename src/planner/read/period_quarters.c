/* SPDX-License-Identifier: Apache-2.0 */
/* Quarters and half years: "Q2", "first half of 2024", "2024 Q3"; and other periods after their
 * year. */
#include "planner/read/period_readers.h"

#include <string.h>

static int quarter_of(const struct span_reader *r, size_t i, size_t *used, bool *half)
{
    const struct period_word *word = span_word(r, i);
    const char *text = word->text;
    *half = false;
    *used = 1;
    if (strlen(text) == 2 && text[0] == 'q' && text[1] >= '1' && text[1] <= '4')
        return text[1] - '0';
    if (strlen(text) == 2 && char_is_digit(text[0]) && text[1] == 'q' && text[0] <= '4')
        return text[0] - '0';
    *half = true;
    if (strlen(text) == 2 && text[0] == 'h' && (text[1] == '1' || text[1] == '2'))
        return text[1] - '0';
    *used = 2;
    if (word->ordinal && word->value >= 1 && word->value <= 2 && IS(i + 1, "half"))
        return word->value;
    if (IS(i, "last") && IS(i + 1, "half") && IN(i + 2, "of"))
        return 2;
    *half = false;
    if (IS(i, "quarter") && span_word(r, i + 1)->number && span_word(r, i + 1)->value >= 1 &&
        span_word(r, i + 1)->value <= 4)
        return span_word(r, i + 1)->value;
    if (word->ordinal && word->value >= 1 && word->value <= 4 && IS(i + 1, "quarter"))
        return word->value;
    if (IN(i, "last final") && IS(i + 1, "quarter") && IS(i + 2, "of"))
        return 4;
    return 0;
}

size_t span_read_quarter(const struct span_reader *r, size_t i, struct span *out)
{
    size_t used = 0, year_words;
    bool half = false, fiscal = false;
    int quarter = quarter_of(r, i, &used, &half), year = 0;
    if (quarter == 0 || quarter > 4)
        return 0;
    *out = (struct span){.unit = half ? UNIT_MONTH : UNIT_QUARTER,
                         .named = UNIT_QUARTER,
                         .index = quarter,
                         .half = half,
                         .counted = half};
    year_words = span_read_year_after(r, i + used, &year, &fiscal);
    if (year_words == 0) {
        if (used == 2 && IS(i, "last"))
            return 0; /* "last quarter" is another thing */
        if (IS(i + used, "of") && IS(i + used + 1, "the") && IS(i + used + 2, "year"))
            used += 3;
        span_assume_year(r, out);
        return used;
    }
    out->year_given = true;
    if (fiscal) {
        struct span whole = span_fiscal_year(r, year);
        int months = half ? 6 : 3;
        out->from = days_add_months(whole.from, (quarter - 1) * months);
        out->to = days_add_months(out->from, months);
    } else {
        span_set_year(out, year);
    }
    return used + year_words;
}

/* "2024 Q1", "FY24 Q1", "2024 March" */
size_t span_read_year_first(const struct span_reader *r, size_t i, struct span *out)
{
    size_t used = 0, year_words = 1;
    bool half = false, fiscal = false, weak;
    int year = span_word(r, i)->value;
    struct span whole;
    if (!word_is_year(span_word(r, i))) {
        year_words = span_read_fiscal_year(r, i, &whole);
        fiscal = true;
        if (year_words == 0)
            return 0;
    }
    size_t at = i + year_words + IN(i + year_words, "- ,");
    int index = quarter_of(r, at, &used, &half);
    if (index > 0) {
        *out = (struct span){.unit = half ? UNIT_MONTH : UNIT_QUARTER,
                             .named = UNIT_QUARTER,
                             .index = index,
                             .half = half,
                             .year_given = true,
                             .counted = half};
        span_set_year(out, year);
        if (fiscal) {
            out->from = days_add_months(whole.from, (index - 1) * (half ? 6 : 3));
            out->to = days_add_months(out->from, half ? 6 : 3);
        }
        return at + used - i;
    }
    index = fiscal ? 0 : span_month(r, at, &weak);
    if (index == 0 || at != i + 1)
        return 0;
    *out =
        (struct span){.unit = UNIT_MONTH, .named = UNIT_MONTH, .index = index, .year_given = true};
    span_set_year(out, year);
    return 2;
}
