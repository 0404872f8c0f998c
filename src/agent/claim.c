/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readers: one for digits (claim_digits.c), one for number words (claim_words.c). Each gives a
 * number and where it ends; what may stand behind both ("million", "percent", "times", "in five") is
 * read by the same code.
 */
#include "agent/claim_priv.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ what stands behind */

static bool follows(struct str text, size_t at, const char *word, size_t *end)
{
    struct str found = str_slice(text, at, at + strlen(word));
    *end = at + found.length;
    bool letters = char_is_alpha(word[strlen(word) - 1]);
    return str_equal_nocase(found, str_from(word)) &&
           !(letters && *end < text.length && char_is_alnum(text.bytes[*end]));
}

static double read_scale(struct str text, size_t *at)
{
    static const struct {
        const char *word;
        double factor;
        bool exact; /* the case matters: "M", not "m" */
    } rows[] = {{" hundred", 1e2},  {" thousand", 1e3}, {" million", 1e6}, {" billion", 1e9},
                {" trillion", 1e12}, {" dozen", 12},     {" lakh", 1e5},    {" crore", 1e7},
                {"-million", 1e6},   {"-billion", 1e9},  {"k", 1e3},        {" k", 1e3},
                {"M", 1e6, true},    {" M", 1e6, true},  {"mn", 1e6},       {" mn", 1e6},
                {"bn", 1e9},         {" bn", 1e9},       {"B", 1e9, true},  {"T", 1e12, true},
                {" mio", 1e6},       {" mio.", 1e6}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t end;
        if (!follows(text, *at, rows[i].word, &end) ||
            (rows[i].exact && !str_equal(str_slice(text, *at, end), str_from(rows[i].word))))
            continue;
        *at = end;
        double more = read_scale(text, at); /* "hundred thousand" */
        return rows[i].factor * more;
    }
    return 1;
}

static bool read_percent(struct str text, size_t *at)
{
    static const char *const words[] = {"%",         " %",      " percent",       "-percent",
                                        " per cent", "percent", " percentage point", " pp",
                                        " percentage points", "pp", "\xE2\x80\xAF%"};
    size_t end;
    for (size_t i = 0; i < COUNT(words); i++)
        if (follows(text, *at, words[i], &end)) {
            *at = end;
            return true;
        }
    return false;
}

static bool read_times(struct str text, size_t *at)
{
    static const char *const words[] = {"x",     " times", "\xC3\x97", " \xC3\x97",
                                        "-fold", " fold",  "fold",     " x"};
    size_t end;
    for (size_t i = 0; i < COUNT(words); i++)
        if (follows(text, *at, words[i], &end)) {
            *at = end;
            return true;
        }
    return false;
}

static void add_reading(struct claim *claim, enum claim_kind kind, double value, double tolerance,
                        size_t end)
{
    if (claim->reading_count == CLAIM_READINGS_MAX)
        return;
    claim->readings[claim->reading_count++] = (struct claim_reading){kind, value, tolerance, end};
    if (end > claim->end)
        claim->end = end;
}

/* "one in five", "3 out of 4": a share. */
static void read_share(struct str text, const struct number *number, struct claim *claim)
{
    static const char *const words[] = {" in every ", " in ", " out of every ", " out of ", " of every "};
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t at = number->end + strlen(words[i]);
        if (!str_equal_nocase(str_slice(text, number->end, at), str_from(words[i])))
            continue;
        struct number whole = claim_read_plain(text, at);
        if (whole.end == at && !claim_read_words(text, at, &whole))
            return;
        if (whole.value > number->value && whole.value <= 100)
            add_reading(claim, CLAIM_PERCENT, 100 * number->value / whole.value, 0.5, whole.end);
        return;
    }
}

/* What the number is, with what stands behind it. */
static void add_number(struct str text, struct number number, struct claim *claim)
{
    static const char *const ordinals[] = {"st", "nd", "rd", "th"};
    size_t at = number.end;
    for (size_t i = 0; i < COUNT(ordinals); i++)
        if (follows(text, at, ordinals[i], &at)) {
            add_reading(claim, CLAIM_ORDINAL, number.value, 0, at);
            return;
        }
    at = number.end;
    double factor = read_scale(text, &at);
    claim->plain &= at == number.end && number.unit == 1;
    double value = number.value * factor, tolerance = 0.5000001 * number.unit * factor;
    tolerance += fabs(value) * 1e-12;
    if (read_percent(text, &at)) {
        claim->plain = false;
        add_reading(claim, CLAIM_PERCENT, value, tolerance, at);
        return;
    }
    if (read_times(text, &at)) {
        claim->plain = false;
        add_reading(claim, CLAIM_TIMES, value, tolerance, at);
        return;
    }
    /* Rounded to one digit a number would be anything; a tenth of it is left. */
    if (tolerance > 0.1 * value && value != 0)
        tolerance = 0.1 * value;
    add_reading(claim, CLAIM_AMOUNT, value, tolerance, at);
    size_t end;
    if (factor == 1 && follows(text, at, "m", &end)) /* "5m": metres, or millions */
        add_reading(claim, CLAIM_AMOUNT, value * 1e6, tolerance * 1e6, end);
    read_share(text, &number, claim);
}

/* ------------------------------------------------------------------ what stands before */

static void read_before(struct str text, struct claim *claim)
{
    static const struct {
        const char *word;
        enum claim_bound bound;
    } rows[] = {{"over", CLAIM_ABOVE},     {"above", CLAIM_ABOVE},    {"exceeding", CLAIM_ABOVE},
                {"exceeds", CLAIM_ABOVE},  {"exceeded", CLAIM_ABOVE}, {"nearly", CLAIM_BELOW},
                {"almost", CLAIM_BELOW},   {"under", CLAIM_BELOW},    {"below", CLAIM_BELOW},
                {"about", CLAIM_ABOUT},    {"around", CLAIM_ABOUT},   {"roughly", CLAIM_ABOUT},
                {"approximately", CLAIM_ABOUT}, {"some", CLAIM_ABOUT}, {"circa", CLAIM_ABOUT},
                {"approx", CLAIM_ABOUT}};
    size_t at = claim->begin;
    while (at > 0 && strchr("$~(", text.bytes[at - 1]) && text.bytes[at - 1])
        at--;
    for (size_t back = 2; back <= 3 && at >= back; back++) { /* the euro, pound and yen signs */
        size_t length;
        unsigned sign = claim_character_at(text, at - back, &length);
        if (length == back && (sign == 0x20AC || sign == 0xA3 || sign == 0xA5))
            at -= back;
    }
    if (at < text.length && text.bytes[at] == '~')
        claim->bound = CLAIM_ABOUT;
    if (at > 0 && text.bytes[at - 1] == '-' &&
        (at == 1 || char_is_space(text.bytes[at - 2]) || text.bytes[at - 2] == '('))
        claim->negative = true;
    struct str word = claim_word_before(text, at);
    if (word_is(word, "a") || word_is(word, "an"))
        word = claim_word_before(text, (size_t)(word.bytes - text.bytes));
    claim->negative |= word_is(word, "minus") || word_is(word, "negative");
    if (word_is(word, "than")) {
        struct str before = claim_word_before(text, (size_t)(word.bytes - text.bytes));
        claim->bound = word_is(before, "less") || word_is(before, "fewer") ? CLAIM_BELOW : CLAIM_ABOVE;
    }
    if (word_is(word, "least") || word_is(word, "most"))
        claim->bound = word_is(word, "least") ? CLAIM_ABOVE : CLAIM_BELOW;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (word_is(word, rows[i].word))
            claim->bound = rows[i].bound;
}

/* ------------------------------------------------------------------ claims */

static void claim_of_digits(struct str text, size_t at, struct claim *out)
{
    struct number numbers[CLAIM_READINGS_MAX];
    *out = (struct claim){.begin = at, .end = at, .plain = true};
    size_t count = claim_read_digits(text, at, numbers);
    for (size_t i = 0; i < count; i++)
        add_number(text, numbers[i], out);
    out->glued = at > 0 && (is_alpha_at(text, at - 1) || text.bytes[at - 1] == '_');
    /* "1O0": letters within digits look like digits. */
    size_t after = out->end;
    while (is_alpha_at(text, after))
        after++;
    if (after > out->end && is_digit_at(text, after)) {
        out->reading_count = 0;
        while (is_digit_at(text, after) || is_alpha_at(text, after))
            after++;
        out->end = after;
    }
    read_before(text, out);
}

/* "half", "a third", "two thirds", "three quarters"; `times`: how many of them. */
static void add_part(struct claim *claim, double times, double part, size_t end)
{
    add_reading(claim, CLAIM_PERCENT, 100 * times * part, 0.5, end);
    add_reading(claim, CLAIM_TIMES, times * part, 0.01, end);
}

/* "half a million" is no share. */
static void read_half(struct str text, size_t end, struct claim *out)
{
    size_t begin = claim_skip_blanks(text, end);
    struct str article = claim_word_at(text, begin);
    if (!word_is(article, "a") && !word_is(article, "an"))
        return;
    struct str scale = claim_next_word(text, begin + article.length, &begin);
    const struct number_word *row = claim_find_word(scale);
    if (row && row->kind == WORD_SCALE) {
        out->reading_count = 0;
        add_reading(out, CLAIM_AMOUNT, row->value / 2, row->value / 20, begin + scale.length);
    }
}

/* False for words that are numbers in other places only. */
static bool claim_of_part(struct str text, const struct number_word *row, size_t at, size_t end,
                          struct claim *out)
{
    struct str before = claim_word_before(text, at);
    bool article = word_is(before, "a") || word_is(before, "one") || word_is(before, "an");
    if (row->value == 0.5) { /* "the first half of 2024" is a period */
        if (word_is(before, "first") || word_is(before, "second") || word_is(before, "other"))
            return false;
        add_part(out, 1, 0.5, end);
        read_half(text, end, out);
        return true;
    }
    size_t ignored;
    if (!article || !follows(text, end, " of", &ignored))
        return false; /* quarters of years */
    add_part(out, 1, row->value, end);
    return true;
}

/* "two thirds", "three-quarters" behind a number in words; "a third". */
static bool read_parts(struct str text, struct number number, struct claim *out)
{
    size_t begin;
    struct str word = claim_next_word(text, number.end, &begin);
    const struct number_word *row = claim_find_word(word);
    double part = !row ? 0 : row->kind == WORD_PART ? row->value
                  : row->kind == WORD_ORDINAL && number.value == 1 ? 1 / row->value : 0;
    if (part == 0 || number.value > 9)
        return false;
    add_part(out, number.value, part, begin + word.length);
    return true;
}

static bool claim_of_ordinal(struct str text, const struct number_word *row, size_t at, size_t end,
                             struct claim *out)
{
    struct str before = claim_word_before(text, at);
    if (word_is(before, "a") || word_is(before, "one")) {
        size_t ignored;
        bool share = follows(text, end, " of", &ignored) || word_is(before, "one") ||
                     (row->value == 3 && out->bound != CLAIM_EXACT);
        if (share && row->value > 2)
            add_part(out, 1, 1 / row->value, end);
        if (row->value == 2 || !share)
            return out->reading_count > 0; /* "a second", "a third one" */
        return true;
    }
    if (row->value == 2 && (word_is(before, "per") || word_is(before, "each")))
        return false;
    add_reading(out, CLAIM_ORDINAL, row->value, 0, end);
    return true;
}

/* "One" alone is mostly a pronoun: "the one that", "one of them". */
static bool is_pronoun(struct str text, struct number number, size_t at)
{
    size_t begin;
    struct str next = claim_next_word(text, number.end, &begin);
    return number.value == 1 && word_is(claim_word_at(text, at), "one") && number.end == at + 3 &&
           !word_is(next, "point") && !word_is(next, "percent");
}

static bool claim_of_words(struct str text, size_t at, struct claim *out)
{
    struct str word = claim_word_at(text, at);
    const struct number_word *row = claim_find_word(word);
    if (!row)
        return false;
    size_t end = at + word.length;
    struct number number;
    *out = (struct claim){.begin = at, .end = end};
    read_before(text, out);
    switch (row->kind) {
    case WORD_STRANGE:
        return true;
    case WORD_PLURAL:
        add_reading(out, CLAIM_MAGNITUDE, row->value, 0, end);
        return true;
    case WORD_GROWTH:
        add_reading(out, CLAIM_GROWTH, row->value, 0.05 * row->value, end);
        return true;
    case WORD_TIMES:
        if (end < text.length && text.bytes[end] == '-') /* "double-digit" */
            return true;
        add_reading(out, CLAIM_TIMES, row->value, 0.05 * row->value, end);
        return true;
    case WORD_PART:
        return claim_of_part(text, row, at, end, out);
    case WORD_ORDINAL:
        return claim_of_ordinal(text, row, at, end, out);
    default:
        break;
    }
    if (!claim_read_words(text, at, &number))
        return false;
    size_t begin;
    if (word_is(claim_next_word(text, number.end, &begin), "point")) { /* "one point five" */
        out->end = begin + 5;
        return true;
    }
    if (read_parts(text, number, out))
        return true;
    if (is_pronoun(text, number, at)) {
        read_share(text, &number, out);
        return out->reading_count > 0;
    }
    if (row->value == 2 && word_is(word, "couple") && !word_is(claim_word_before(text, at), "a"))
        return false;
    add_number(text, number, out);
    out->plain = false;
    return true;
}

bool claim_next(struct str prose, size_t from, struct claim *out)
{
    for (size_t at = from; at < prose.length;) {
        size_t length;
        unsigned character = claim_character_at(prose, at, &length);
        if (char_is_digit((char)character) && character < 0x80) {
            claim_of_digits(prose, at, out);
            return true;
        }
        if (character < 0x80 && char_is_alpha((char)character)) {
            bool inside = at > 0 && (is_alpha_at(prose, at - 1) || prose.bytes[at - 1] == '_');
            if (!inside && claim_of_words(prose, at, out))
                return true;
            at += claim_word_at(prose, at).length;
            continue;
        }
        double part = claim_fraction_of(character);
        if (part > 0 || claim_is_strange(character)) {
            *out = (struct claim){.begin = at, .end = at + length};
            if (part > 0)
                add_part(out, 1, part, at + length);
            return true;
        }
        at += length;
    }
    return false;
}
