/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/period_words.h"

#include <string.h>

static const char *const number_words[] = {"zero", "one",    "two",   "three", "four",
                                           "five", "six",    "seven", "eight", "nine",
                                           "ten",  "eleven", "twelve"};
static const char *const ordinal_words[] = {"",       "first", "second", "third",
                                            "fourth", "fifth", "sixth",  "seventh",
                                            "eighth", "ninth", "tenth"};

static bool date_char(char c)
{
    return char_is_digit(c) || c == '-' || c == '/' || c == '.';
}

/* Length of a numeric date at `at`: three groups of digits, or year-month; else 0. */
static size_t date_length(struct str s, size_t at)
{
    size_t end = at, groups = 1;
    size_t lengths[4] = {0};
    char separator = 0;
    while (end < s.length && date_char(s.bytes[end]) && groups <= 3) {
        char c = s.bytes[end];
        if (char_is_digit(c)) {
            lengths[groups - 1]++;
        } else {
            bool more = end + 1 < s.length && char_is_digit(s.bytes[end + 1]);
            if (!more || (separator && c != separator) || groups == 3)
                break;
            separator = c;
            groups++;
        }
        end++;
    }
    if (end < s.length && char_is_alnum(s.bytes[end]) && s.bytes[end] != 'T')
        return 0;
    bool year_first = lengths[0] == 4 && lengths[1] <= 2;
    if (groups == 3 && year_first && lengths[2] <= 2)
        return end - at;
    if (groups == 3 && lengths[0] <= 2 && lengths[1] <= 2 && lengths[2] == 4)
        return end - at;
    return groups == 2 && separator == '-' && year_first && lengths[1] == 2 ? end - at : 0;
}

static bool word_char(struct str s, size_t i)
{
    char c = s.bytes[i];
    if (char_is_alnum(c) || (unsigned char)c >= 0x80)
        return true;
    return c == '\'' && i > 0 && i + 1 < s.length && char_is_alpha(s.bytes[i + 1]) &&
           char_is_alnum(s.bytes[i - 1]);
}

static void word_value(struct period_word *word)
{
    size_t length = strlen(word->text), digits = 0;
    while (char_is_digit(word->text[digits]))
        digits++;
    word->value = -1;
    word->digits = (int)digits;
    const char *rest = word->text + digits;
    if (digits > 0 && digits <= 9) {
        word->number = digits == length;
        word->ordinal = strcmp(rest, "st") == 0 || strcmp(rest, "nd") == 0 ||
                        strcmp(rest, "rd") == 0 || strcmp(rest, "th") == 0;
        if (word->number || word->ordinal) {
            word->value = 0;
            for (size_t i = 0; i < digits; i++)
                word->value = word->value * 10 + (word->text[i] - '0');
        }
        return;
    }
    for (size_t i = 0; i < sizeof(number_words) / sizeof(number_words[0]); i++)
        if (word->text[0] == number_words[i][0] && strcmp(word->text, number_words[i]) == 0)
            word->value = (int)i;
    for (size_t i = 1; i < sizeof(ordinal_words) / sizeof(ordinal_words[0]); i++)
        if (word->text[0] == ordinal_words[i][0] && strcmp(word->text, ordinal_words[i]) == 0) {
            word->value = (int)i;
            word->ordinal = true;
        }
}

/* "year's" is "year", "1990's" is "1990s". */
static void strip_possessive(struct period_word *word)
{
    size_t length = strlen(word->text);
    if (length > 2 && strcmp(word->text + length - 2, "'s") == 0)
        memcpy(word->text + length - 2, char_is_digit(word->text[length - 3]) ? "s" : "\0", 2);
}

static struct period_word *add_word(struct period_text *out, struct str s, size_t begin, size_t end)
{
    struct period_word *word = &out->words[out->count++];
    *word = (struct period_word){.begin = begin, .end = end, .value = -1};
    size_t length = end - begin;
    if (length >= sizeof(word->text))
        length = sizeof(word->text) - 1;
    for (size_t i = 0; i < length; i++)
        word->text[i] = char_lower(s.bytes[begin + i]);
    word->text[length] = '\0';
    word->capital = s.bytes[begin] >= 'A' && s.bytes[begin] <= 'Z';
    return word;
}

/* The en dash and em dash count as '-'. */
static size_t dash_length(struct str s, size_t at)
{
    struct str three = str_slice(s, at, at + 3);
    return str_equal_text(three, "\xe2\x80\x93") || str_equal_text(three, "\xe2\x80\x94") ? 3 : 0;
}

void period_words_read(struct str s, struct arena *arena, struct period_text *out)
{
    size_t most = s.length < PERIOD_WORDS_MAX ? s.length : PERIOD_WORDS_MAX;
    *out = (struct period_text){.words = arena_array(arena, most, sizeof(*out->words))};
    bool quoted = false;
    for (size_t i = 0; i < s.length && out->count < most;) {
        if (s.bytes[i] == '"')
            quoted = !quoted; /* what is quoted is a value, never a period */
        if (quoted || char_is_space(s.bytes[i]) || s.bytes[i] == '"') {
            i++;
            continue;
        }
        size_t end = i, dash = dash_length(s, i);
        size_t date = char_is_digit(s.bytes[i]) ? date_length(s, i) : 0;
        if (dash > 0) {
            struct period_word *word = add_word(out, s, i, i + dash);
            memcpy(word->text, "-", 2);
            word->mark = true;
            i += dash;
        } else if (date > 0) {
            add_word(out, s, i, i + date)->date = true;
            i += date;
        } else if (word_char(s, i)) {
            while (end < s.length && word_char(s, end) && dash_length(s, end) == 0)
                end++;
            struct period_word *word = add_word(out, s, i, end);
            strip_possessive(word);
            word_value(word);
            i = end;
        } else {
            add_word(out, s, i, i + 1)->mark = true;
            i++;
        }
    }
}

bool period_word_in(const struct period_text *text, size_t i, const char *list)
{
    if (i >= text->count)
        return false;
    return str_list_has(list, ' ', text->words[i].text);
}
