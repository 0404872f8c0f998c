/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readers: one for digits, one for number words. Each gives a number and where it ends; what may
 * stand behind both ("million", "percent", "times", "in five") is read by the same code.
 */
#include "agent/claim.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define WORD_LENGTH_MAX 16
#define WORDS_MAX 24 /* of one number in words */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ characters */

int claim_digit_value(unsigned character)
{
    /* The zeros of the scripts whose ten digits follow one another. */
    static const unsigned zeros[] = {
        '0',     0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
        0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,
        0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
        0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
        0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
        0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
        0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0};
    for (size_t i = 0; i < COUNT(zeros); i++)
        if (character >= zeros[i] && character < zeros[i] + 10)
            return (int)(character - zeros[i]);
    return -1;
}

/* The character at a place and its length; bytes that are not UTF-8 are characters of their own. */
static unsigned character_at(struct str text, size_t at, size_t *length)
{
    unsigned char first = (unsigned char)text.bytes[at];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    *length = 1;
    if (more == 0)
        return first;
    unsigned value = first & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if (at + i >= text.length || ((unsigned char)text.bytes[at + i] & 0xC0) != 0x80)
            return first;
        value = value << 6 | ((unsigned char)text.bytes[at + i] & 0x3F);
    }
    *length = more + 1;
    return value;
}

static bool is_digit_at(struct str text, size_t at)
{
    return at < text.length && char_is_digit(text.bytes[at]);
}

static bool is_alpha_at(struct str text, size_t at)
{
    return at < text.length && (char_is_alpha(text.bytes[at]) || (unsigned char)text.bytes[at] >= 0x80);
}

/* Numbers that are single characters of scripts and styles without ten digits in a row: Roman, ringed,
 * Chinese. Nothing holds them. */
static bool is_strange_number(unsigned character)
{
    static const unsigned ranges[][2] = {
        {0x00B9, 0x00B9}, {0x2070, 0x2079}, {0x2080, 0x2089}, {0x215F, 0x218B},
        {0x2460, 0x249B}, {0x24EA, 0x24FF}, {0x2776, 0x2793}, {0x3021, 0x3029}, {0x3220, 0x3229},
        {0x3280, 0x3289}, {0x1F100, 0x1F10C}};
    static const unsigned chinese[] = {0x767E, 0x5343, 0x842C, 0x4E07, 0x5104, 0x4EBF, 0x5146};
    for (size_t i = 0; i < COUNT(ranges); i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    for (size_t i = 0; i < COUNT(chinese); i++)
        if (character == chinese[i])
            return true;
    return character >= 0x80 && claim_digit_value(character) >= 0;
}

/* "½" and the like; 0: it is none. */
static double fraction_character(unsigned character)
{
    static const struct {
        unsigned character;
        double value;
    } rows[] = {{0x00BC, 0.25},   {0x00BD, 0.5},    {0x00BE, 0.75},   {0x2153, 1.0 / 3},
                {0x2154, 2.0 / 3}, {0x2155, 0.2},    {0x2156, 0.4},    {0x2157, 0.6},
                {0x2158, 0.8},     {0x2159, 1.0 / 6}, {0x215A, 5.0 / 6}, {0x215B, 0.125},
                {0x215C, 0.375},   {0x215D, 0.625},  {0x215E, 0.875}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].character == character)
            return rows[i].value;
    return 0;
}

/* ------------------------------------------------------------------ number words */

enum word_kind {
    WORD_UNIT,    /* one to nineteen */
    WORD_TEN,     /* twenty to ninety */
    WORD_SCALE,   /* hundred, thousand */
    WORD_PLURAL,  /* hundreds, thousands */
    WORD_ORDINAL, /* second, third */
    WORD_PART,    /* half, third, quarter: behind "a", "one", "two" */
    WORD_TIMES,   /* twice, double */
    WORD_GROWTH,  /* doubled */
    WORD_STRANGE, /* of other languages, and what no reading is known for */
};

static const struct number_word {
    const char *word;
    enum word_kind kind;
    double value;
} number_words[] = {
    {"zero", WORD_UNIT, 0},          {"one", WORD_UNIT, 1},
    {"two", WORD_UNIT, 2},           {"three", WORD_UNIT, 3},
    {"four", WORD_UNIT, 4},          {"five", WORD_UNIT, 5},
    {"six", WORD_UNIT, 6},           {"seven", WORD_UNIT, 7},
    {"eight", WORD_UNIT, 8},         {"nine", WORD_UNIT, 9},
    {"ten", WORD_UNIT, 10},          {"eleven", WORD_UNIT, 11},
    {"twelve", WORD_UNIT, 12},       {"thirteen", WORD_UNIT, 13},
    {"fourteen", WORD_UNIT, 14},     {"fifteen", WORD_UNIT, 15},
    {"sixteen", WORD_UNIT, 16},      {"seventeen", WORD_UNIT, 17},
    {"eighteen", WORD_UNIT, 18},     {"nineteen", WORD_UNIT, 19},
    {"twenty", WORD_TEN, 20},        {"thirty", WORD_TEN, 30},
    {"forty", WORD_TEN, 40},         {"fourty", WORD_TEN, 40},
    {"fifty", WORD_TEN, 50},         {"sixty", WORD_TEN, 60},
    {"seventy", WORD_TEN, 70},       {"eighty", WORD_TEN, 80},
    {"ninety", WORD_TEN, 90},        {"hundred", WORD_SCALE, 1e2},
    {"thousand", WORD_SCALE, 1e3},   {"million", WORD_SCALE, 1e6},
    {"billion", WORD_SCALE, 1e9},    {"trillion", WORD_SCALE, 1e12},
    {"dozen", WORD_SCALE, 12},       {"lakh", WORD_SCALE, 1e5},
    {"crore", WORD_SCALE, 1e7},      {"couple", WORD_UNIT, 2},
    {"dozens", WORD_PLURAL, 24},     {"hundreds", WORD_PLURAL, 1e2},
    {"thousands", WORD_PLURAL, 1e3}, {"millions", WORD_PLURAL, 1e6},
    {"billions", WORD_PLURAL, 1e9},  {"trillions", WORD_PLURAL, 1e12},
    {"second", WORD_ORDINAL, 2},     {"third", WORD_ORDINAL, 3},
    {"fourth", WORD_ORDINAL, 4},     {"fifth", WORD_ORDINAL, 5},
    {"sixth", WORD_ORDINAL, 6},      {"seventh", WORD_ORDINAL, 7},
    {"eighth", WORD_ORDINAL, 8},     {"ninth", WORD_ORDINAL, 9},
    {"tenth", WORD_ORDINAL, 10},     {"eleventh", WORD_ORDINAL, 11},
    {"twelfth", WORD_ORDINAL, 12},   {"twentieth", WORD_ORDINAL, 20},
    {"half", WORD_PART, 0.5},        {"halves", WORD_PART, 0.5},
    {"halved", WORD_PART, 0.5},      {"halving", WORD_PART, 0.5},
    {"quarters", WORD_PART, 0.25},   {"quarter", WORD_PART, 0.25},
    {"thirds", WORD_PART, 1.0 / 3},  {"fifths", WORD_PART, 0.2},
    {"sixths", WORD_PART, 1.0 / 6},  {"tenths", WORD_PART, 0.1},
    {"twice", WORD_TIMES, 2},        {"thrice", WORD_TIMES, 3},
    {"double", WORD_TIMES, 2},       {"doubled", WORD_GROWTH, 2},
    {"doubles", WORD_GROWTH, 2},      {"doubling", WORD_GROWTH, 2},
    {"triple", WORD_TIMES, 3},       {"tripled", WORD_GROWTH, 3},
    {"triples", WORD_GROWTH, 3},      {"tripling", WORD_GROWTH, 3},
    {"quadruple", WORD_TIMES, 4},    {"quadrupled", WORD_GROWTH, 4},
    {"quintupled", WORD_GROWTH, 5},   {"twofold", WORD_TIMES, 2},
    {"threefold", WORD_TIMES, 3},    {"fourfold", WORD_TIMES, 4},
    {"fivefold", WORD_TIMES, 5},     {"sixfold", WORD_TIMES, 6},
    {"sevenfold", WORD_TIMES, 7},    {"eightfold", WORD_TIMES, 8},
    {"ninefold", WORD_TIMES, 9},          {"tenfold", WORD_TIMES, 10},
    {"hundredfold", WORD_TIMES, 100}, {"umpteen", WORD_STRANGE, 0},
    {"zillion", WORD_STRANGE, 0},    {"gazillion", WORD_STRANGE, 0},
    {"tausend", WORD_STRANGE, 0},    {"hundert", WORD_STRANGE, 0},
    {"millionen", WORD_STRANGE, 0},  {"milliarden", WORD_STRANGE, 0},
    {"mille", WORD_STRANGE, 0},      {"milliard", WORD_STRANGE, 0},
    {"milliards", WORD_STRANGE, 0},  {"millones", WORD_STRANGE, 0},
    {"milioni", WORD_STRANGE, 0},    {"miljoen", WORD_STRANGE, 0},
    {"nil", WORD_UNIT, 0},
};

static struct str word_at(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.length && char_is_alpha(text.bytes[end]))
        end++;
    return str_slice(text, at, end);
}

static const struct number_word *find_word(struct str word)
{
    if (word.length < 3 || word.length > WORD_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < COUNT(number_words); i++)
        if (str_equal_nocase(word, str_from(number_words[i].word)))
            return &number_words[i];
    return NULL;
}

bool claim_is_word(struct str word)
{
    return find_word(word) != NULL;
}

bool claim_may_begin(struct str letters)
{
    for (size_t i = 0; i < COUNT(number_words); i++) {
        struct str word = str_from(number_words[i].word);
        if (letters.length <= word.length &&
            str_equal_nocase(letters, str_slice(word, 0, letters.length)))
            return true;
    }
    return false;
}

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.length && (text.bytes[at] == ' ' || text.bytes[at] == '\n'))
        at++;
    return at;
}

/* The word at or behind blanks and one hyphen. */
static struct str next_word(struct str text, size_t at, size_t *begin)
{
    if (at < text.length && text.bytes[at] == '-')
        at++;
    else
        at = skip_blanks(text, at);
    *begin = at;
    return word_at(text, at);
}

static bool word_is(struct str word, const char *text)
{
    return str_equal_nocase(word, str_from(text));
}

/* The word that ends right before a place, blanks and a hyphen between. */
static struct str word_before(struct str text, size_t at)
{
    while (at > 0 && (text.bytes[at - 1] == ' ' || text.bytes[at - 1] == '\n' ||
                      text.bytes[at - 1] == '-'))
        at--;
    size_t begin = at;
    while (begin > 0 && char_is_alpha(text.bytes[begin - 1]))
        begin--;
    return str_slice(text, begin, at);
}

struct number {
    double value, unit; /* unit: of the last digit written */
    size_t end;
};

/* "one hundred and five", "twenty-five", "two thousand", "one point five". */
static bool read_words(struct str text, size_t at, struct number *out)
{
    double total = 0, group = 0;
    size_t end = at;
    bool any = false;
    for (size_t count = 0; count < WORDS_MAX; count++) {
        size_t begin = at;
        struct str word = any ? next_word(text, at, &begin) : word_at(text, at);
        if (any && word_is(word, "and")) { /* between two number words only */
            word = next_word(text, begin + word.length, &begin);
            const struct number_word *after = find_word(word);
            if (!after || after->kind > WORD_TEN || group + total < 100)
                break;
        }
        const struct number_word *row = find_word(word);
        if (!row || row->kind > WORD_SCALE)
            break;
        bool small = group > 0 && fmod(group, 100) != 0 && row->kind != WORD_SCALE;
        if (small && !(row->kind == WORD_UNIT && row->value < 10 && fmod(group, 10) == 0 &&
                       fmod(group, 100) >= 20))
            break; /* "five six" are two numbers */
        if (row->kind != WORD_SCALE)
            group += row->value;
        else if (row->value == 100)
            group = (group > 0 ? group : 1) * 100;
        else {
            total += (group > 0 ? group : 1) * row->value;
            group = 0;
        }
        any = true;
        at = end = begin + word.length;
    }
    *out = (struct number){total + group, 1, end};
    return any;
}

/* ------------------------------------------------------------------ digits */

static bool is_group(struct str text, size_t at)
{
    return is_digit_at(text, at) && is_digit_at(text, at + 1) && is_digit_at(text, at + 2) &&
           !is_digit_at(text, at + 3);
}

/* Digits in groups of three behind a first one of at most three; false when they are in none. */
static bool read_grouped(struct str text, size_t at, char separator, struct number *out)
{
    size_t i = at, first = 0;
    double value = 0;
    for (; is_digit_at(text, i); i++, first++)
        value = value * 10 + (text.bytes[i] - '0');
    if (first > 3 || first == 0)
        return false;
    size_t groups = 0;
    for (; i < text.length && text.bytes[i] == separator && is_group(text, i + 1); i += 4, groups++)
        for (size_t j = 1; j <= 3; j++)
            value = value * 10 + (text.bytes[i + j] - '0');
    *out = (struct number){value, 1, i};
    return groups > 0;
}

static void read_fraction(struct str text, char point, struct number *number)
{
    size_t i = number->end;
    if (i >= text.length || text.bytes[i] != point || !is_digit_at(text, i + 1))
        return;
    for (i++; is_digit_at(text, i); i++) {
        number->unit /= 10;
        number->value += (text.bytes[i] - '0') * number->unit;
    }
    number->end = i;
}

static void read_exponent(struct str text, struct number *number)
{
    size_t i = number->end;
    if (i >= text.length || (text.bytes[i] != 'e' && text.bytes[i] != 'E'))
        return;
    i++;
    bool negative = i < text.length && text.bytes[i] == '-';
    if (i < text.length && (text.bytes[i] == '-' || text.bytes[i] == '+'))
        i++;
    int exponent = 0;
    if (!is_digit_at(text, i))
        return;
    for (; is_digit_at(text, i); i++)
        exponent = exponent < 400 ? exponent * 10 + (text.bytes[i] - '0') : exponent;
    double factor = pow(10, negative ? -exponent : exponent);
    number->value *= factor;
    number->unit *= factor;
    number->end = i;
}

static struct number read_plain(struct str text, size_t at)
{
    struct number number = {0, 1, at};
    for (; is_digit_at(text, number.end); number.end++)
        number.value = number.value * 10 + (text.bytes[number.end] - '0');
    return number;
}

/* All ways to read the digits at a place. */
static size_t read_digits(struct str text, size_t at, struct number out[CLAIM_READINGS_MAX])
{
    size_t count = 0;
    static const struct {
        char separator, point;
    } styles[] = {{',', '.'}, {'.', ','}, {'\'', '.'}, {' ', '.'}};
    for (size_t i = 0; i < COUNT(styles); i++)
        if (read_grouped(text, at, styles[i].separator, &out[count])) {
            read_fraction(text, styles[i].point, &out[count]);
            count++;
        }
    struct number plain = read_plain(text, at);
    size_t length = 0;
    double part = plain.end < text.length
                      ? fraction_character(character_at(text, plain.end, &length))
                      : 0;
    if (part > 0) { /* "2½" */
        out[count++] = (struct number){plain.value + part, 0.01, plain.end + length};
        return count;
    }
    struct number decimal = plain, comma = plain;
    read_fraction(text, '.', &decimal);
    read_exponent(text, &decimal);
    read_fraction(text, ',', &comma);
    /* "1,234" is no decimal, and "1.234" may be one; "1,23" is one. */
    if (count == 0 || decimal.end > plain.end || out[0].end == plain.end + 4)
        if (count == 0 || text.bytes[plain.end] != ',')
            out[count++] = decimal;
    if (comma.end > plain.end && comma.end != plain.end + 4)
        out[count++] = comma;
    return count;
}

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
        struct number whole = read_plain(text, at);
        if (whole.end == at && !read_words(text, at, &whole))
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
        unsigned sign = character_at(text, at - back, &length);
        if (length == back && (sign == 0x20AC || sign == 0xA3 || sign == 0xA5))
            at -= back;
    }
    if (at < text.length && text.bytes[at] == '~')
        claim->bound = CLAIM_ABOUT;
    if (at > 0 && text.bytes[at - 1] == '-' &&
        (at == 1 || char_is_space(text.bytes[at - 2]) || text.bytes[at - 2] == '('))
        claim->negative = true;
    struct str word = word_before(text, at);
    if (word_is(word, "a") || word_is(word, "an"))
        word = word_before(text, (size_t)(word.bytes - text.bytes));
    claim->negative |= word_is(word, "minus") || word_is(word, "negative");
    if (word_is(word, "than")) {
        struct str before = word_before(text, (size_t)(word.bytes - text.bytes));
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
    size_t count = read_digits(text, at, numbers);
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
    size_t begin = skip_blanks(text, end);
    struct str article = word_at(text, begin);
    if (!word_is(article, "a") && !word_is(article, "an"))
        return;
    struct str scale = next_word(text, begin + article.length, &begin);
    const struct number_word *row = find_word(scale);
    if (row && row->kind == WORD_SCALE) {
        out->reading_count = 0;
        add_reading(out, CLAIM_AMOUNT, row->value / 2, row->value / 20, begin + scale.length);
    }
}

/* False for words that are numbers in other places only. */
static bool claim_of_part(struct str text, const struct number_word *row, size_t at, size_t end,
                          struct claim *out)
{
    struct str before = word_before(text, at);
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
    struct str word = next_word(text, number.end, &begin);
    const struct number_word *row = find_word(word);
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
    struct str before = word_before(text, at);
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
    struct str next = next_word(text, number.end, &begin);
    return number.value == 1 && word_is(word_at(text, at), "one") && number.end == at + 3 &&
           !word_is(next, "point") && !word_is(next, "percent");
}

static bool claim_of_words(struct str text, size_t at, struct claim *out)
{
    struct str word = word_at(text, at);
    const struct number_word *row = find_word(word);
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
    if (!read_words(text, at, &number))
        return false;
    size_t begin;
    if (word_is(next_word(text, number.end, &begin), "point")) { /* "one point five" */
        out->end = begin + 5;
        return true;
    }
    if (read_parts(text, number, out))
        return true;
    if (is_pronoun(text, number, at)) {
        read_share(text, &number, out);
        return out->reading_count > 0;
    }
    if (row->value == 2 && word_is(word, "couple") && !word_is(word_before(text, at), "a"))
        return false;
    add_number(text, number, out);
    out->plain = false;
    return true;
}

bool claim_next(struct str prose, size_t from, struct claim *out)
{
    for (size_t at = from; at < prose.length;) {
        size_t length;
        unsigned character = character_at(prose, at, &length);
        if (char_is_digit((char)character) && character < 0x80) {
            claim_of_digits(prose, at, out);
            return true;
        }
        if (character < 0x80 && char_is_alpha((char)character)) {
            bool inside = at > 0 && (is_alpha_at(prose, at - 1) || prose.bytes[at - 1] == '_');
            if (!inside && claim_of_words(prose, at, out))
                return true;
            at += word_at(prose, at).length;
            continue;
        }
        double part = fraction_character(character);
        if (part > 0 || is_strange_number(character)) {
            *out = (struct claim){.begin = at, .end = at + length};
            if (part > 0)
                add_part(out, 1, part, at + length);
            return true;
        }
        at += length;
    }
    return false;
}
