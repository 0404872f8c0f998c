/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are kept by kind, ordered by size, so that a claim costs two searches however many rows there are. */
#include "agent/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"

#define NAME_LENGTH_MAX 80
#define NAMES_MAX 2000
#define TEXTS_MIN 3 /* of a column, to say what they are like */
#define DATES_MAX 4000
#define ROUND_SHARE 0.1 /* "over 5,000" may be 5,500 */

/* Signed values, ordered by size. */
struct numbers {
    double *items;
    size_t count, capacity;
};

struct evidence {
    struct arena *arena;
    const struct evidence_input *input;
    struct numbers amounts, percents, changes, ratios, growths;
    struct str *names;
    size_t name_count, name_capacity;
    struct date *dates;
    size_t date_count, date_capacity;
    size_t row_count;
};

/* ------------------------------------------------------------------ collecting */

static void add(struct evidence *evidence, struct numbers *numbers, double value)
{
    if (!isfinite(value))
        return;
    numbers->items = arena_grow(evidence->arena, numbers->items, numbers->count,
                                &numbers->capacity, sizeof(*numbers->items));
    numbers->items[numbers->count++] = value;
}

static int compare_size(const void *a, const void *b)
{
    double left = fabs(*(const double *)a), right = fabs(*(const double *)b);
    return (left > right) - (left < right);
}

static void sort(struct numbers *numbers)
{
    if (numbers->count > 1)
        qsort(numbers->items, numbers->count, sizeof(*numbers->items), compare_size);
}

static bool has_claim(struct str text)
{
    struct claim claim;
    return claim_next(text, 0, &claim);
}

static void add_name(struct evidence *evidence, struct str name)
{
    name = str_trim(name);
    if (name.length < 2 || name.length > NAME_LENGTH_MAX || evidence->name_count == NAMES_MAX ||
        !has_claim(name))
        return;
    evidence->names = arena_grow(evidence->arena, evidence->names, evidence->name_count,
                                 &evidence->name_capacity, sizeof(*evidence->names));
    evidence->names[evidence->name_count++] = name;
}

static bool add_date(struct evidence *evidence, const char *text, size_t length)
{
    struct date date;
    if (!text || length < 10 || !date_parse(str_slice((struct str){text, length}, 0, 10), &date))
        return false;
    if (evidence->date_count == DATES_MAX)
        return true;
    evidence->dates = arena_grow(evidence->arena, evidence->dates, evidence->date_count,
                                 &evidence->date_capacity, sizeof(*evidence->dates));
    evidence->dates[evidence->date_count++] = date;
    return true;
}

/* "Revenue 999999" as a title must not make that true: only what looks like a part of a name. */
static bool is_harmless_name(struct str name)
{
    struct claim claim;
    for (size_t at = 0; claim_next(name, at, &claim); at = claim.end)
        for (size_t i = 0; i < claim.reading_count; i++) {
            double value = claim.readings[i].value;
            if (claim.readings[i].kind == CLAIM_MAGNITUDE || value < 0 ||
                (value > 99 && (value < 1900 || value > 2100 || value != floor(value))))
                return false;
        }
    return true;
}

static bool is_percent_name(const char *name)
{
    static const char *const words[] = {"percent", "pct", "share", "rate", "ratio"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

/* What numbers in the texts of a column are. One text among others that has a number may be anybody's claim;
 * where most have one, as "Order 10248", they are parts of names. */
enum text_numbers { TEXTS_ARE_WORDS, TEXTS_HAVE_NUMBERS, TEXTS_ARE_NUMBERS };

static enum text_numbers look_at_texts(const struct rows *rows, size_t column)
{
    size_t texts = 0, numbers = 0, with_numbers = 0;
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct cell *cell = rows_cell(rows, row, column);
        double ignored;
        if (cell->type != CELL_TEXT)
            continue;
        texts++;
        numbers += cell_to_double(cell, &ignored);
        with_numbers += cell->text.length <= NAME_LENGTH_MAX / 2 && has_claim(cell->text);
    }
    if (texts < TEXTS_MIN)
        return TEXTS_ARE_WORDS;
    return numbers == texts ? TEXTS_ARE_NUMBERS
           : 5 * with_numbers >= 4 * texts ? TEXTS_HAVE_NUMBERS : TEXTS_ARE_WORDS;
}

/* A whole number is a percentage only where its column says so: 45 customers are no 45 %. */
static void add_cell(struct evidence *evidence, const struct result_column *column,
                     enum text_numbers numbers, const struct cell *cell)
{
    double number;
    if (cell->type == CELL_TEXT && !value_kind_is_number(column->kind)) {
        if (value_kind_is_time(column->kind) &&
            add_date(evidence, cell->text.bytes, cell->text.length))
            return;
        if (numbers == TEXTS_ARE_NUMBERS && cell_to_double(cell, &number))
            add(evidence, &evidence->amounts, number);
        else if (numbers == TEXTS_HAVE_NUMBERS || is_harmless_name(cell->text))
            add_name(evidence, cell->text);
        return;
    }
    if (!cell_to_double(cell, &number))
        return;
    add(evidence, &evidence->amounts, number);
    bool whole = cell->type == CELL_INTEGER || column->kind == VALUE_INTEGER;
    bool named = is_percent_name(column->name);
    if (whole && !named)
        return;
    add(evidence, &evidence->percents, number);
    add(evidence, &evidence->ratios, number);
    if (fabs(number) <= 1 && number != 0)
        add(evidence, &evidence->percents, 100 * number);
}

/* Behind a name that the statement makes up as it likes: "the revenue is 5", AS 'the revenue is 5'; `p` where none
 * begins. */
static const char *name_end(const char *sql, const char *p)
{
    const char *before = p;
    while (before > sql && char_is_space(before[-1]))
        before--;
    bool named = *p == '"' || (*p == '\'' && before - sql >= 2 && strncasecmp(before - 2, "as", 2) == 0);
    const char *end = named ? strchr(p + 1, *p) : NULL;
    return end ? end + 1 : p;
}

static bool in_sql(const char *sql, double value)
{
    for (const char *p = sql; p && *p;) {
        const char *behind = name_end(sql, p);
        if (behind > p) {
            p = behind;
            continue;
        }
        if (!char_is_digit(*p) || (p > sql && (char_is_alnum(p[-1]) || p[-1] == '_'))) {
            p++;
            continue;
        }
        char *end;
        double number = strtod(p, &end);
        if (fabs(number - value) <= 1e-9 * fabs(value))
            return true;
        /* "2024-05-01" is three numbers, which strtod() reads one by one. */
        p = end > p ? end : p + 1;
    }
    return false;
}

/* The numbers that a text states; with `sql` only those that are in it too. */
static void add_text(struct evidence *evidence, const char *text, const char *sql)
{
    struct str prose = str_from(text);
    struct claim claim;
    for (size_t at = 0; claim_next(prose, at, &claim); at = claim.end)
        for (size_t i = 0; i < claim.reading_count; i++) {
            const struct claim_reading *reading = &claim.readings[i];
            if (sql && !in_sql(sql, reading->value) && !in_sql(sql, reading->value / 100))
                continue;
            bool percent = reading->kind == CLAIM_PERCENT || reading->kind == CLAIM_TIMES;
            add(evidence, percent ? &evidence->percents : &evidence->amounts, reading->value);
        }
}

/* "total_revenue_2024" is said as "total revenue 2024". */
static void add_metadata_name(struct evidence *evidence, const char *text)
{
    struct str name = str_trim(str_from(text));
    if (name.length == 0 || name.length > NAME_LENGTH_MAX || !is_harmless_name(name))
        return;
    add_name(evidence, name);
    char *words = arena_strndup(evidence->arena, name.bytes, name.length);
    bool changed = false;
    for (char *p = words; *p; p++)
        if (*p == '_') {
            *p = ' ';
            changed = true;
        }
    if (changed)
        add_name(evidence, str_from(words));
}

static void add_facts(struct evidence *evidence)
{
    struct numbers *const kinds[] = {
        [FACT_AMOUNT] = &evidence->amounts,
        [FACT_PERCENT] = &evidence->percents,
        [FACT_CHANGE] = &evidence->changes,
        [FACT_RATIO] = &evidence->ratios,
        [FACT_GROWTH] = &evidence->growths,
    };
    for (size_t i = 0; i < evidence->input->fact_count; i++) {
        const struct fact *fact = &evidence->input->facts[i];
        add(evidence, kinds[fact->kind], fact->value);
    }
}

/* The end of a period is the day after it; people name its last day. */
static bool last_day(const struct period *period, struct date *out)
{
    if (!period->to || !date_parse(str_slice(str_from(period->to), 0, 10), out))
        return false;
    *out = date_from_days(date_to_days(*out) - 1);
    return true;
}

static void add_periods(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->input->period_count; i++) {
        const struct period *period = &evidence->input->periods[i];
        struct date last;
        char text[DATE_SIZE];
        (void)add_date(evidence, period->from, period->from ? strlen(period->from) : 0);
        if (last_day(period, &last)) {
            date_print(last, text);
            (void)add_date(evidence, text, strlen(text));
        }
        add_text(evidence, period->words, NULL);
    }
}

struct evidence *evidence_new(const struct evidence_input *input, struct arena *arena)
{
    struct evidence *evidence = arena_alloc(arena, sizeof(*evidence));
    evidence->arena = arena;
    evidence->input = input;
    const struct rows *rows = input->rows;
    evidence->row_count = rows ? rows->row_count : 0;
    for (size_t column = 0; rows && column < rows->column_count; column++) {
        enum text_numbers numbers = look_at_texts(rows, column);
        for (size_t row = 0; row < rows->row_count; row++)
            add_cell(evidence, &rows->columns[column], numbers, rows_cell(rows, row, column));
    }
    add_facts(evidence);
    add_periods(evidence);
    add_text(evidence, input->question, input->sql ? input->sql : "");
    for (size_t i = 0; i < input->text_count; i++)
        add_text(evidence, input->texts[i], NULL);
    for (size_t i = 0; i < input->name_count; i++)
        add_metadata_name(evidence, input->names[i]);
    sort(&evidence->amounts);
    sort(&evidence->percents);
    sort(&evidence->changes);
    sort(&evidence->ratios);
    sort(&evidence->growths);
    return evidence;
}

/* ------------------------------------------------------------------ the sentence around a claim */

static struct str sentence_around(struct str prose, size_t begin, size_t end)
{
    while (begin > 0 && !(strchr(".!?\n", prose.bytes[begin - 1]) &&
                          (begin == prose.length || char_is_space(prose.bytes[begin]))))
        begin--;
    while (end < prose.length && !(strchr(".!?\n", prose.bytes[end]) &&
                                   (end + 1 == prose.length || char_is_space(prose.bytes[end + 1]))))
        end++;
    return str_slice(prose, begin, end);
}

/* Whether it has a word that begins with one of these. */
static bool has_word(struct str text, const char *const *stems, size_t count)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!char_is_alpha(text.bytes[i]) || (i > 0 && char_is_alpha(text.bytes[i - 1])))
            continue;
        for (size_t j = 0; j < count; j++) {
            struct str stem = str_from(stems[j]);
            if (str_equal_nocase(str_slice(text, i, i + stem.length), stem))
                return true;
        }
    }
    return false;
}

static bool falls(struct str sentence)
{
    static const char *const stems[] = {"fell",  "fall",  "down",   "drop",  "declin", "decreas",
                                        "lower", "loss",  "lost",   "less",  "minus",  "negativ",
                                        "below", "shrank", "shrunk", "shrink", "reduc", "under",
                                        "deficit", "fewer", "worse", "slip",  "contract", "lose"};
    return has_word(sentence, stems, sizeof(stems) / sizeof(stems[0]));
}

static bool rises(struct str sentence)
{
    static const char *const stems[] = {"rose", "ris",  "up",     "increas", "grew",  "grow",
                                        "gain", "more", "higher", "jump",    "climb", "above"};
    return has_word(sentence, stems, sizeof(stems) / sizeof(stems[0]));
}

/* ------------------------------------------------------------------ holding */

struct range {
    double low, high; /* of sizes */
};

static struct range range_of(const struct claim *claim, const struct claim_reading *reading)
{
    double value = reading->value, tolerance = reading->tolerance, wide = ROUND_SHARE * value;
    if (reading->kind == CLAIM_MAGNITUDE)
        return (struct range){value, 999 * value};
    if (reading->kind == CLAIM_PERCENT && wide < 1)
        wide = 1;
    switch (claim->bound) {
    case CLAIM_ABOVE:
        return (struct range){value - tolerance, value + (wide > tolerance ? wide : tolerance)};
    case CLAIM_BELOW:
        return (struct range){value - (wide > tolerance ? wide : tolerance), value + tolerance};
    case CLAIM_ABOUT:
        wide = wide / 2 > tolerance ? wide / 2 : tolerance;
        return (struct range){value - wide, value + wide};
    default:
        return (struct range){value - tolerance, value + tolerance};
    }
}

/* Whether there is a positive one within, and a negative one. Zero is both. */
static void find_within(const struct numbers *numbers, struct range range, bool *positive,
                        bool *negative)
{
    size_t low = 0, high = numbers->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fabs(numbers->items[middle]) < range.low)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < numbers->count && fabs(numbers->items[low]) <= range.high; low++) {
        *positive |= numbers->items[low] >= 0;
        *negative |= numbers->items[low] <= 0;
        if (*positive && *negative)
            return;
    }
}

/* A minus that was not written must be said: "fell by 12 %". */
static bool sign_fits(const struct claim *claim, struct str sentence, bool positive, bool negative)
{
    if (claim->negative)
        return negative;
    return positive || (negative && falls(sentence));
}

static bool change_fits(const struct claim *claim, struct str sentence, bool positive, bool negative)
{
    if (claim->negative)
        return negative;
    return (positive && (!falls(sentence) || rises(sentence))) || (negative && falls(sentence));
}

static bool holds_reading(const struct evidence *evidence, const struct claim *claim,
                          const struct claim_reading *reading, struct str sentence)
{
    struct range range = range_of(claim, reading);
    bool positive = false, negative = false;
    switch (reading->kind) {
    case CLAIM_ORDINAL:
        if (reading->value >= 1 && reading->value <= (double)evidence->row_count)
            return true;
        find_within(&evidence->amounts, (struct range){reading->value, reading->value}, &positive,
                    &negative);
        return positive;
    case CLAIM_AMOUNT:
    case CLAIM_MAGNITUDE:
        find_within(&evidence->amounts, range, &positive, &negative);
        return sign_fits(claim, sentence, positive, negative);
    case CLAIM_TIMES:
        find_within(&evidence->ratios, range, &positive, &negative);
        find_within(&evidence->growths, range, &positive, &negative);
        return positive;
    case CLAIM_GROWTH:
        find_within(&evidence->growths, range, &positive, &negative);
        return positive;
    default:
        break;
    }
    find_within(&evidence->percents, range, &positive, &negative);
    if (sign_fits(claim, sentence, positive, negative))
        return true;
    positive = negative = false;
    find_within(&evidence->changes, range, &positive, &negative);
    return change_fits(claim, sentence, positive, negative);
}

/* ------------------------------------------------------------------ dates */

static int month_of(struct str word)
{
    static const char *const names[] = {"january", "february", "march",     "april",   "may",
                                        "june",    "july",     "august",    "september", "october",
                                        "november", "december"};
    for (int i = 0; i < 12; i++)
        if (str_equal_nocase(word, str_from(names[i])) ||
            (word.length == 3 && str_equal_nocase(word, str_slice(str_from(names[i]), 0, 3))))
            return i + 1;
    return 0;
}

#define LISTED_DAYS_MAX 10

/* A day of a list: "13", "13th", "and". */
static bool is_listed(struct str word)
{
    size_t digits = 0;
    while (digits < word.length && char_is_digit(word.bytes[digits]))
        digits++;
    struct str rest = str_slice(word, digits, word.length);
    if (digits == 0)
        return str_equal_nocase(word, STR("and")) || str_equal_nocase(word, STR("or"));
    return digits <= 2 && (rest.length == 0 || rest.length == 2);
}

static bool ends_in_list(struct str prose, size_t at)
{
    while (at < prose.length && (prose.bytes[at] == ' ' || prose.bytes[at] == ','))
        at++;
    size_t end = at;
    while (end < prose.length && char_is_alnum(prose.bytes[end]))
        end++;
    struct str next = str_slice(prose, at, end);
    return next.length == 0 || is_listed(next) || (next.length == 4 && char_is_digit(next.bytes[0]));
}

/* "January 13, 12 and 11": the month that a list of days has ahead of it; 0. What is counted ("and 11 orders") is
 * none of them. */
static int month_of_list_ahead(struct str prose, size_t begin, size_t end)
{
    if (!ends_in_list(prose, end))
        return 0;
    for (size_t words = 0; words < 2 * LISTED_DAYS_MAX; words++) {
        while (begin > 0 && (prose.bytes[begin - 1] == ' ' || prose.bytes[begin - 1] == ','))
            begin--;
        end = begin;
        while (begin > 0 && char_is_alnum(prose.bytes[begin - 1]))
            begin--;
        struct str word = str_slice(prose, begin, end);
        if (!is_listed(word))
            return words > 0 ? month_of(word) : 0;
    }
    return 0;
}

static struct str word_behind(struct str prose, size_t at)
{
    while (at < prose.length && (prose.bytes[at] == ' ' || prose.bytes[at] == ','))
        at++;
    size_t end = at;
    while (end < prose.length && char_is_alpha(prose.bytes[end]))
        end++;
    return str_slice(prose, at, end);
}

static struct str word_ahead(struct str prose, size_t at)
{
    while (at > 0 && (prose.bytes[at - 1] == ' ' || prose.bytes[at - 1] == ','))
        at--;
    size_t begin = at;
    while (begin > 0 && char_is_alpha(prose.bytes[begin - 1]))
        begin--;
    return str_slice(prose, begin, at);
}

/* Of a date that is known, or within a period; 0 means any. */
static bool is_known_date(const struct evidence *evidence, int year, int month, int day)
{
    for (size_t i = 0; i < evidence->date_count; i++) {
        const struct date *date = &evidence->dates[i];
        if ((year == 0 || date->year == year) && (month == 0 || date->month == month) &&
            (day == 0 || date->day == day))
            return true;
    }
    for (size_t i = 0; day == 0 && year > 0 && i < evidence->input->period_count; i++) {
        const struct period *period = &evidence->input->periods[i];
        struct date from, to;
        if (!period->from || !last_day(period, &to) ||
            !date_parse(str_slice(str_from(period->from), 0, 10), &from))
            continue;
        int at = 12 * year + (month > 0 ? month : from.month);
        if (at >= 12 * from.year + from.month && at <= 12 * to.year + to.month)
            return true;
        if (month == 0 && year >= from.year && year <= to.year)
            return true;
    }
    return false;
}

static bool is_known_quarter(const struct evidence *evidence, int quarter)
{
    for (int month = 3 * quarter - 2; month <= 3 * quarter; month++) {
        if (is_known_date(evidence, 0, month, 0))
            return true;
        for (size_t i = 0; i < evidence->date_count; i++)
            if (is_known_date(evidence, evidence->dates[i].year, month, 0))
                return true;
    }
    return false;
}

/* "2024-03-01", with a time behind it or not. */
static bool holds_iso_date(const struct evidence *evidence, struct str prose,
                           const struct claim *claim, size_t *end)
{
    struct date date;
    struct str text = str_slice(prose, claim->begin, claim->begin + 10);
    if (text.length < 10 || !date_parse(text, &date) ||
        !is_known_date(evidence, date.year, date.month, date.day))
        return false;
    *end = claim->begin + 10;
    return *end == prose.length || !char_is_alnum(prose.bytes[*end]);
}

static bool holds_date_part(const struct evidence *evidence, struct str prose,
                            const struct claim *claim, size_t *end)
{
    if (holds_iso_date(evidence, prose, claim, end))
        return true;
    struct str text = str_slice(prose, claim->begin, claim->end);
    int64_t number;
    struct str digits = text;
    bool ordinal = claim->reading_count > 0 && claim->readings[0].kind == CLAIM_ORDINAL;
    if (ordinal)
        digits = str_slice(text, 0, text.length - 2);
    if (!(claim->plain || ordinal) || !str_to_i64(digits, &number) || number <= 0 || number > 9999)
        return false;
    *end = claim->end;
    if (claim->glued)
        return claim->begin > 0 && char_lower(prose.bytes[claim->begin - 1]) == 'q' &&
               (claim->begin == 1 || !char_is_alpha(prose.bytes[claim->begin - 2])) &&
               number <= 4 && is_known_quarter(evidence, (int)number);
    int before = month_of(word_ahead(prose, claim->begin));
    int behind = month_of(word_behind(prose, claim->end));
    if (digits.length == 4)
        return is_known_date(evidence, (int)number, before, 0);
    if (!before && !behind)
        before = month_of_list_ahead(prose, claim->begin, claim->end);
    return digits.length <= 2 && (before || behind) &&
           is_known_date(evidence, 0, behind ? behind : before, (int)number);
}

/* ------------------------------------------------------------------ names */

static bool is_edge(struct str prose, size_t at)
{
    return at == 0 || at >= prose.length || !char_is_alnum(prose.bytes[at]) ||
           !char_is_alnum(prose.bytes[at - 1]);
}

/* Whether the claim is a part of a name that stands there as a whole. */
static bool within_name(const struct evidence *evidence, struct str prose, const struct claim *claim,
                        size_t *end)
{
    for (size_t i = 0; i < evidence->name_count; i++) {
        struct str name = evidence->names[i];
        for (size_t at = claim->begin + 1; at-- > 0 && at + name.length > claim->begin;) {
            if (at + name.length <= prose.length && is_edge(prose, at) &&
                is_edge(prose, at + name.length) &&
                str_equal_nocase(str_slice(prose, at, at + name.length), name)) {
                *end = at + name.length;
                return true;
            }
        }
    }
    return false;
}

/* ------------------------------------------------------------------ the whole */

bool evidence_holds(const struct evidence *evidence, struct str prose, const struct claim *claim,
                    size_t *end)
{
    struct str sentence = sentence_around(prose, claim->begin, claim->end);
    for (size_t i = 0; i < claim->reading_count && !claim->glued; i++)
        if (holds_reading(evidence, claim, &claim->readings[i], sentence)) {
            *end = claim->readings[i].end;
            return true;
        }
    return holds_date_part(evidence, prose, claim, end) ||
           within_name(evidence, prose, claim, end);
}

struct str evidence_find_unheld(const struct evidence *evidence, struct str prose)
{
    struct claim claim;
    size_t end;
    for (size_t at = 0; claim_next(prose, at, &claim); at = end) {
        if (!evidence_holds(evidence, prose, &claim, &end))
            return str_slice(prose, claim.begin, claim.end);
        if (end <= at) /* cannot be; but a loop must end */
            end = claim.end;
    }
    return (struct str){"", 0};
}
