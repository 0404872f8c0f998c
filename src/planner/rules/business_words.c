/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a question as business readings see them: stems, exact numbers, quoted spans. */
#include <libstemmer.h>
#include <string.h>

#include "planner/rules/business_links.h"

#define WORD_LENGTH_MAX 100
#define NUMBER_LENGTH_MAX 40 /* characters: 38 digits and a point at most, in any engine */

/* The stemmer cuts "expensive" to "expens", which "expenses" has, too: as an adjective in "-ive"
 * says what something is like, it is no other form of the noun. */
static bool is_cut_adjective(const char *word, size_t length, size_t stem_length)
{
    return length > 3 && stem_length + 3 == length && strcmp(word + length - 3, "ive") == 0;
}

const char *word_stem(struct sb_stemmer *stemmer, const char *word, struct arena *arena)
{
    size_t length = strlen(word);
    if (!stemmer || length > STEMMED_LENGTH_MAX)
        return word;
    const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)word, (int)length);
    if (!stem)
        return word;
    size_t stem_length = (size_t)sb_stemmer_length(stemmer);
    if (is_cut_adjective(word, length, stem_length))
        return word;
    return arena_strndup(arena, (const char *)stem, stem_length);
}

static size_t number_length(struct str s, size_t at)
{
    size_t end = at;
    while (end < s.length) {
        char c = s.bytes[end];
        bool more = end + 1 < s.length && char_is_digit(s.bytes[end + 1]);
        if (char_is_digit(c) || ((c == '.' || c == ',') && more && end > at))
            end++;
        else
            break;
    }
    return end - at;
}

/* "1,000" is 1000; "10k" and "2 million" are spelled out. NULL when it is no number, or one with more
 * digits than any that is stored. */
static const char *number_text(struct ask *ask, struct str digits, const char *rest)
{
    static const struct {
        const char *word, *zeros;
    } scales[] = {
        {"k", "000"}, {"m", "000000"}, {"thousand", "000"}, {"million", "000000"}, {"", ""}};
    char text[48];
    size_t length = 0;
    bool point = false;
    if (digits.length > NUMBER_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.bytes[i] == ',')
            continue;
        point |= digits.bytes[i] == '.';
        text[length++] = digits.bytes[i];
    }
    text[length] = '\0';
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
        if (strcmp(rest, scales[i].word) == 0 && (!point || !*scales[i].zeros))
            return arena_printf(ask->arena, "%s%s", text, scales[i].zeros);
    return NULL;
}

static const char *number_word(const char *text)
{
    static const char *const words[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    static const char *const digits[] = {"0", "1", "2", "3",  "4",  "5", "6",
                                         "7", "8", "9", "10", "11", "12"};
    for (size_t i = 2; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0)
            return digits[i];
    return NULL;
}

static struct ask_word *add_word(struct linker *l, size_t begin, size_t end)
{
    struct ask *ask = l->ask;
    if (ask->word_count >= l->word_max)
        return NULL;
    struct ask_word *word = &ask->words[ask->word_count++];
    size_t length = end - begin > WORD_LENGTH_MAX ? WORD_LENGTH_MAX : end - begin;
    char *text = arena_strndup(ask->arena, ask->question.bytes + begin, length);
    *word = (struct ask_word){.begin = begin, .end = end, .mention = -1};
    word->capital = text[0] >= 'A' && text[0] <= 'Z';
    for (char *c = text; *c; c++)
        *c = char_lower(*c);
    size_t plain = strlen(text);
    if (plain > 2 && strcmp(text + plain - 2, "'s") == 0)
        text[plain - 2] = '\0';
    word->text = text;
    word->stem = word_stem(l->stemmer, text, ask->arena);
    word->stem_hash = stem_hash(word->stem);
    return word;
}

static size_t read_quoted(struct linker *l, size_t at)
{
    struct str s = l->ask->question;
    char quote = s.bytes[at];
    if (quote == '\'' && at > 0 && is_letter(s.bytes[at - 1]))
        return 0;
    for (size_t end = at + 1; end < s.length && end - at <= 100; end++) {
        bool closes = s.bytes[end] == quote &&
                      (quote == '"' || end + 1 == s.length || !is_letter(s.bytes[end + 1]));
        if (!closes)
            continue;
        struct ask_word *word = end > at + 1 ? add_word(l, at + 1, end) : NULL;
        if (word)
            word->quoted = true;
        return end + 1 - at;
    }
    return 0;
}

static size_t read_plain(struct linker *l, size_t at)
{
    struct str s = l->ask->question;
    size_t end = at, digits = char_is_digit(s.bytes[at]) ? number_length(s, at) : 0;
    end += digits;
    while (end < s.length && (is_letter(s.bytes[end]) || s.bytes[end] == '_' ||
                              (s.bytes[end] == '\'' && end > at && end + 1 < s.length &&
                               is_letter(s.bytes[end + 1]))))
        end++;
    struct ask_word *word = add_word(l, at, end);
    if (word && digits > 0 && digits <= strlen(word->text)) /* a long word's text is cut */
        word->number = number_text(l->ask, str_slice(s, at, at + digits), word->text + digits);
    else if (word)
        word->number = number_word(word->text);
    return end - at;
}

void linker_read_words(struct linker *l)
{
    struct str s = l->ask->question;
    l->word_max = s.length < ASK_WORDS_MAX ? s.length : ASK_WORDS_MAX;
    l->ask->words = arena_array(l->ask->arena, l->word_max, sizeof(*l->ask->words));
    for (size_t i = 0; i < s.length && l->ask->word_count < l->word_max;) {
        char c = s.bytes[i];
        size_t used = c == '"' || c == '\'' ? read_quoted(l, i) : 0;
        if (used == 0 && is_letter(c))
            used = read_plain(l, i);
        if (used == 0 && !char_is_space(c)) {
            struct ask_word *word = add_word(l, i, i + 1);
            if (word)
                word->mark = true;
        }
        i += used > 0 ? used : 1;
    }
}

bool ask_word_in(const struct ask *ask, size_t i, const char *list)
{
    if (i >= ask->word_count)
        return false;
    return str_list_has(list, ' ', ask->words[i].text);
}
