/* SPDX-License-Identifier: Apache-2.0 */
#include "verified/words.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct reader {
    struct str text;
    struct arena *arena;
    struct verified_words *out;
};

static const struct {
    const char *bytes;
    char plain; /* '\0': none of it stays */
} marks[] = {
    {"\xE2\x80\x98", '\''}, {"\xE2\x80\x99", '\''}, /* quotes and apostrophes */
    {"\xE2\x80\x9C", '"'},  {"\xE2\x80\x9D", '"'},
    {"\xE2\x80\x93", '-'},  {"\xE2\x80\x94", '-'},  /* dashes */
    {"\xC2\xA0", ' '},                              /* a blank that does not break */
};

/* The character at `at` in its plain form, and how many bytes it takes; '\x80' for a letter that is
 * not ASCII. */
static char plain_at(struct str text, size_t at, size_t *size)
{
    *size = 1;
    if ((unsigned char)text.bytes[at] < 0x80)
        return text.bytes[at];
    struct str rest = str_slice(text, at, text.length);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (str_starts(rest, str_from(marks[i].bytes))) {
            *size = strlen(marks[i].bytes);
            return marks[i].plain;
        }
    while (at + *size < text.length && ((unsigned char)text.bytes[at + *size] & 0xC0) == 0x80)
        ++*size;
    return '\x80';
}

static char next_plain(struct str text, size_t at)
{
    size_t size;
    return at < text.length ? plain_at(text, at, &size) : '\0';
}

static bool is_letter(char c)
{
    return char_is_alnum(c) || c == '\x80' || c == '_';
}

/* Letter by letter: folded as a whole, a German "Busse" (buses) would be a "Buße" (a fine). */
static utf8proc_int32_t lower(utf8proc_int32_t code, void *context)
{
    return utf8proc_tolower(code);
}

static struct str folded(struct arena *arena, struct str word)
{
    bool ascii = true;
    char *out = arena_strndup(arena, word.bytes, word.length);
    for (size_t i = 0; i < word.length; i++) {
        ascii &= (unsigned char)out[i] < 0x80;
        out[i] = char_lower(out[i]);
    }
    if (ascii)
        return (struct str){out, word.length};
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t length =
        utf8proc_map_custom((const utf8proc_uint8_t *)out, (utf8proc_ssize_t)word.length, &mapped,
                            UTF8PROC_COMPOSE | UTF8PROC_STABLE, lower, NULL);
    struct str text = {out, word.length};
    if (length >= 0)
        text = arena_str(arena, (struct str){(const char *)mapped, (size_t)length});
    free(mapped);
    return text;
}

static void add(struct reader *reader, struct str text, size_t begin, size_t end, bool slot)
{
    struct verified_words *out = reader->out;
    if (out->count == VERIFIED_WORDS_MAX) {
        out->too_many = true;
        return;
    }
    out->items[out->count++] = (struct verified_word){text, begin, end, slot};
}

/* "what's" is "what is", "don't" is "do not"; nothing is said of "customer's". */
static const struct {
    const char *written, *first, *second;
} contractions[] = {
    {"what's", "what", "is"},     {"who's", "who", "is"},         {"where's", "where", "is"},
    {"when's", "when", "is"},     {"how's", "how", "is"},         {"that's", "that", "is"},
    {"there's", "there", "is"},   {"it's", "it", "is"},           {"isn't", "is", "not"},
    {"aren't", "are", "not"},     {"wasn't", "was", "not"},       {"weren't", "were", "not"},
    {"don't", "do", "not"},       {"doesn't", "does", "not"},     {"didn't", "did", "not"},
    {"hasn't", "has", "not"},     {"haven't", "have", "not"},     {"hadn't", "had", "not"},
    {"can't", "can", "not"},      {"cannot", "can", "not"},       {"couldn't", "could", "not"},
    {"won't", "will", "not"},     {"wouldn't", "would", "not"},   {"shouldn't", "should", "not"},
};

static void add_word(struct reader *reader, size_t begin, size_t end)
{
    struct str word = folded(reader->arena, str_slice(reader->text, begin, end));
    char plain[16];
    size_t length = 0;
    for (size_t at = begin, size; at < end && length + 1 < sizeof(plain); at += size)
        plain[length++] = char_lower(plain_at(reader->text, at, &size));
    plain[length] = '\0';
    for (size_t i = 0; i < sizeof(contractions) / sizeof(contractions[0]); i++)
        if (strcmp(plain, contractions[i].written) == 0) {
            add(reader, str_from(contractions[i].first), begin, end, false);
            add(reader, str_from(contractions[i].second), begin, end, false);
            return;
        }
    add(reader, word, begin, end, false);
}

/* Letters and digits; with an apostrophe between letters, a point or comma between digits. */
static size_t word_end(struct str text, size_t at)
{
    while (at < text.length) {
        size_t size;
        char c = plain_at(text, at, &size), next = next_plain(text, at + size);
        bool joins = (c == '\'' && is_letter(next)) ||
                     ((c == '.' || c == ',') && char_is_digit(next) &&
                      char_is_digit(text.bytes[at - 1]));
        if (!is_letter(c) && !joins)
            break;
        at += size;
    }
    return at;
}

static bool is_name(struct str text)
{
    if (text.length == 0 || text.length > SLOT_NAME_MAX || !char_is_alpha(text.bytes[0]))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!char_is_digit(text.bytes[i]) && text.bytes[i] != '_' &&
            (text.bytes[i] < 'a' || text.bytes[i] > 'z'))
            return false;
    return true;
}

/* "{name}": its length, 0 when it is none. */
static size_t read_slot(struct reader *reader, size_t at)
{
    struct str rest = str_slice(reader->text, at, reader->text.length);
    ptrdiff_t close = str_find(rest, STR("}"));
    struct str name = str_slice(rest, 1, close > 0 ? (size_t)close : rest.length);
    if (close < 0 || !is_name(name)) {
        reader->out->bad_slot = str_cut_utf8(name, SLOT_NAME_MAX);
        if (reader->out->bad_slot.length == 0)
            reader->out->bad_slot = STR("{}");
        return 0;
    }
    add(reader, name, at, at + (size_t)close + 1, true);
    return (size_t)close + 1;
}

static bool ends_here(struct str text, size_t at)
{
    for (size_t size; at < text.length; at += size) {
        char c = plain_at(text, at, &size);
        if (!char_is_space(c) && c != '?' && c != '!' && c != '.' && c != '"' && c != '\'')
            return false;
    }
    return true;
}

/* A mark that says nothing: quotes, a comma, a hyphen between letters, what ends the sentence. */
static bool is_mute(struct str text, size_t at, char c, char next)
{
    char before = at > 0 ? text.bytes[at - 1] : ' ';
    bool after_letter = is_letter((unsigned char)before < 0x80 ? before : '\x80');
    if (c == '"' || c == '\'' || c == '`')
        return true;
    if (c == ',')
        return !char_is_digit(next);
    if (c == '-')
        return after_letter && is_letter(next) && !char_is_digit(next);
    return (c == '?' || c == '!' || c == '.') && ends_here(text, at);
}

void verified_words_read(struct str text, bool is_template, struct arena *arena,
                         struct verified_words *out)
{
    struct reader reader = {text, arena, out};
    *out = (struct verified_words){
        .items = arena_array(arena, VERIFIED_WORDS_MAX, sizeof(*out->items))};
    for (size_t at = 0, size; at < text.length && !out->too_many; at += size) {
        char c = plain_at(text, at, &size);
        char next = next_plain(text, at + size);
        if (char_is_space(c) || is_mute(text, at, c, next))
            continue;
        if (is_letter(c)) {
            size = word_end(text, at) - at;
            add_word(&reader, at, at + size);
            continue;
        }
        size_t slot = is_template && c == '{' ? read_slot(&reader, at) : 0;
        if (slot > 0)
            size = slot;
        else
            add(&reader, str_slice(text, at, at + size), at, at + size, false);
    }
}

bool verified_word_equal(const struct verified_word *a, const struct verified_word *b)
{
    return a->slot == b->slot && str_equal(a->text, b->text);
}

/* Are words of a value two things of a list ("North, West"; "'North' 'West'")? */
static bool is_list_gap(struct str text, size_t begin, size_t end)
{
    size_t quotes = 0, commas = 0;
    for (size_t at = begin, size; at < end; at += size) {
        char c = plain_at(text, at, &size);
        quotes += c == '"' || c == '\'' || c == '`';
        commas += c == ',';
    }
    return commas > 0 || quotes > 1;
}

static bool same_gap(struct str a, const struct verified_word *in_a, struct str b,
                     const struct verified_word *in_b)
{
    return is_list_gap(a, in_a[0].end, in_a[1].begin) == is_list_gap(b, in_b[0].end, in_b[1].begin);
}

bool verified_same_words(struct str a, struct str b, struct arena *arena)
{
    struct verified_words x, y;
    verified_words_read(a, false, arena, &x);
    verified_words_read(b, false, arena, &y);
    if (x.too_many || y.too_many || x.count != y.count)
        return false;
    for (size_t i = 0; i < x.count; i++)
        if (!verified_word_equal(&x.items[i], &y.items[i]) ||
            (i > 0 && !same_gap(a, &x.items[i - 1], b, &y.items[i - 1])))
            return false;
    return true;
}
