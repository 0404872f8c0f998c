/* SPDX-License-Identifier: Apache-2.0 */
#include "core/spelling.h"

#include <string.h>

static const char *const spellings[] = {
    "kWh", "MWh", "GWh",  "TWh", "Wh",    "mAh",    "kVA",  "kW",   "MW",  "GW",
    "kJ",  "MJ",  "dB",   "Hz",  "kHz",   "MHz",    "GHz",  "pH",   "CO2", "SO2",
    "NO2", "NOx", "PM10", "iOS", "macOS", "iPhone", "iPad", "eBay", "PhD", "USD",
    "EUR", "GBP", "CHF",  "JPY", "GDP",   "VAT",    "SKU",  "KPI",
};
#define SPELLING_COUNT (sizeof(spellings) / sizeof(spellings[0]))

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter_or_digit(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80;
}

/* Before a capital that begins a word, a blank, a sign or the end. */
static bool word_ends(struct str name, size_t at)
{
    if (at >= name.length || !is_letter_or_digit(name.bytes[at]))
        return true;
    return is_upper(name.bytes[at]) && at + 1 < name.length && !is_upper(name.bytes[at + 1]) &&
           is_letter_or_digit(name.bytes[at + 1]);
}

/* After a blank or sign, or where the case or a digit lets a word begin. */
static bool word_begins(struct str name, size_t at)
{
    if (at == 0 || !is_letter_or_digit(name.bytes[at - 1]))
        return true;
    return is_upper(name.bytes[at]) && !is_upper(name.bytes[at - 1]);
}

/* The length of the word that begins at `at`; 0: none of them does. */
static size_t spelling_at(struct str name, size_t at)
{
    if (at >= name.length || !word_begins(name, at))
        return 0;
    struct str rest = str_slice(name, at, name.length);
    for (size_t i = 0; i < SPELLING_COUNT; i++) {
        if (spellings[i][0] != rest.bytes[0])
            continue;
        struct str spelling = str_from(spellings[i]);
        if (str_starts(rest, spelling) && word_ends(name, at + spelling.length))
            return spelling.length;
    }
    return 0;
}

size_t spelling_add_word(struct strbuf *words, struct str name, size_t at)
{
    size_t length = spelling_at(name, at), end = at + length;
    if (length == 0)
        return 0;
    if (words->length > 0 && words->bytes[words->length - 1] != ' ')
        strbuf_add_char(words, ' ');
    for (size_t i = at; i < end; i++)
        strbuf_add_char(words, char_lower(name.bytes[i]));
    if (end < name.length && is_letter_or_digit(name.bytes[end]))
        strbuf_add_char(words, ' ');
    return length;
}

/* Where `word` stands in the name in a spelling of its own; NULL. */
static const char *find_spelling(struct str word, struct str name)
{
    for (size_t at = 0; at + word.length <= name.length; at++)
        if (spelling_at(name, at) == word.length &&
            str_equal_nocase(str_slice(name, at, at + word.length), word))
            return name.bytes + at;
    return NULL;
}

const char *spelling_restore(const char *words, struct str name, struct arena *arena)
{
    char *copy = NULL;
    struct str rest = str_from(words), word;
    while (str_split(&rest, ' ', &word)) {
        const char *own = find_spelling(word, name);
        if (!own)
            continue;
        if (!copy)
            copy = arena_strdup(arena, words);
        memcpy(copy + (word.bytes - words), own, word.length);
    }
    return copy ? copy : words;
}
