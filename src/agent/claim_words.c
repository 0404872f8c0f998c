/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in words. */
#include "agent/claim_priv.h"

#include <math.h>

#define WORD_LENGTH_MAX 16
#define WORDS_MAX 24 /* of one number in words */

static const struct number_word number_words[] = {
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

struct str claim_word_at(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.length && char_is_alpha(text.bytes[end]))
        end++;
    return str_slice(text, at, end);
}

const struct number_word *claim_find_word(struct str word)
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
    return claim_find_word(word) != NULL;
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

size_t claim_skip_blanks(struct str text, size_t at)
{
    while (at < text.length && (text.bytes[at] == ' ' || text.bytes[at] == '\n'))
        at++;
    return at;
}

struct str claim_next_word(struct str text, size_t at, size_t *begin)
{
    if (at < text.length && text.bytes[at] == '-')
        at++;
    else
        at = claim_skip_blanks(text, at);
    *begin = at;
    return claim_word_at(text, at);
}

struct str claim_word_before(struct str text, size_t at)
{
    while (at > 0 && (text.bytes[at - 1] == ' ' || text.bytes[at - 1] == '\n' ||
                      text.bytes[at - 1] == '-'))
        at--;
    size_t begin = at;
    while (begin > 0 && char_is_alpha(text.bytes[begin - 1]))
        begin--;
    return str_slice(text, begin, at);
}

bool claim_read_words(struct str text, size_t at, struct number *out)
{
    double total = 0, group = 0;
    size_t end = at;
    bool any = false;
    for (size_t count = 0; count < WORDS_MAX; count++) {
        size_t begin = at;
        struct str word = any ? claim_next_word(text, at, &begin) : claim_word_at(text, at);
        if (any && word_is(word, "and")) { /* between two number words only */
            word = claim_next_word(text, begin + word.length, &begin);
            const struct number_word *after = claim_find_word(word);
            if (!after || after->kind > WORD_TEN || group + total < 100)
                break;
        }
        const struct number_word *row = claim_find_word(word);
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
