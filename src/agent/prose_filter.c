/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three stages, each fed by the one before: bytes to characters (with entities resolved), characters
 * without mark-up, words without links.
 *
 *     TEXT ── "<x" ──► TAG ── ">" ──► TEXT        TEXT ── "[" ──► NOTE ── "]" ──► CLOSED ── "(" ──► ADDRESS ── ")" ──► TEXT
 *     TEXT ── "![" ──► PICTURE ── "]" ──► CLOSED
 */
#include "agent/prose_filter.h"

#include <string.h>

#include "agent/claim.h"

#define MARKUP_MAX 2000 /* characters; then it was none */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum state { TEXT, LESS, TAG, NOTE, PICTURE, CLOSED, ADDRESS };

void prose_filter_init(struct prose_filter *filter, const struct rows *rows, struct strbuf *out)
{
    *filter = (struct prose_filter){.rows = rows, .out = out};
}

/* ------------------------------------------------------------------ words */

static bool is_cell(const struct prose_filter *filter, struct str word)
{
    const struct rows *rows = filter->rows;
    for (size_t i = 0; rows && i < rows->row_count * rows->column_count; i++)
        if (rows->cells[i].type == CELL_TEXT && str_equal_nocase(str_trim(rows->cells[i].text), word))
            return true;
    return false;
}

static bool starts_nocase(struct str text, const char *prefix)
{
    return str_equal_nocase(str_slice(text, 0, strlen(prefix)), str_from(prefix));
}

static const char *const schemes[] = {"http",       "https", "www",  "ftp", "data",
                                      "javascript", "mailto", "file", "vbscript", "blob"};

static bool has_scheme(struct str word)
{
    if (str_find(word, STR("://")) >= 0 || str_find(word, STR("//")) == 0 ||
        starts_nocase(word, "www."))
        return true;
    ptrdiff_t colon = str_find(word, STR(":"));
    if (colon <= 0 || (size_t)colon + 1 == word.length)
        return false;
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (str_equal_nocase(str_slice(word, 0, (size_t)colon), str_from(schemes[i])))
            return true;
    return false;
}

/* "example.com", with or without a path: programs make links of it. */
static bool has_host(struct str word)
{
    static const char *const ends[] = {"com", "net",  "org",  "io",   "dev", "ai",  "app", "co",
                                       "info", "biz", "xyz",  "me",   "tv",  "cc",  "ru",  "cn",
                                       "de",   "uk",  "fr",   "eu",   "us",  "site", "online",
                                       "tech", "cloud", "live", "link", "click", "top", "shop",
                                       "test", "example", "invalid", "localhost", "onion", "zip"};
    size_t length = 0;
    while (length < word.length && !strchr("/?#:", word.bytes[length]))
        length++;
    struct str host = str_slice(word, 0, length);
    ptrdiff_t at = str_find(host, STR("@"));
    if (at >= 0)
        host = str_slice(host, (size_t)at + 1, host.length);
    size_t dot = host.length;
    while (dot > 0 && host.bytes[dot - 1] != '.')
        dot--;
    if (dot < 2)
        return false;
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_equal_nocase(str_slice(host, dot, host.length), str_from(ends[i])))
            return true;
    return false;
}

static struct str bare_word(struct str word)
{
    while (word.length > 0 && strchr("(\"'", word.bytes[0]))
        word = str_slice(word, 1, word.length);
    while (word.length > 0 && strchr(".,;:!?)\"'", word.bytes[word.length - 1]))
        word.length--;
    return word;
}

static bool is_link(const struct prose_filter *filter, struct str word)
{
    word = bare_word(word);
    if (has_scheme(word))
        return true;
    return has_host(word) && !is_cell(filter, word);
}

/* May be told before its end is known: letters that no link begins with. */
static bool is_free(struct str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!char_is_alpha(word.bytes[i]))
            return false;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        struct str scheme = str_from(schemes[i]);
        if (word.length <= scheme.length &&
            str_equal_nocase(word, str_slice(scheme, 0, word.length)))
            return false;
    }
    return true;
}

static void end_word(struct prose_filter *filter)
{
    struct str word = {filter->token, filter->token_length};
    if (!filter->token_long && !is_link(filter, word))
        strbuf_add_str(filter->out, str_slice(word, filter->token_told, word.length));
    filter->token_length = filter->token_told = 0;
    filter->token_long = false;
}

static void add_to_word(struct prose_filter *filter, const char *bytes, size_t length)
{
    if (filter->token_length + length > sizeof(filter->token)) {
        filter->token_long = true; /* the rest is dropped */
        return;
    }
    memcpy(filter->token + filter->token_length, bytes, length);
    filter->token_length += length;
    struct str word = {filter->token, filter->token_length};
    if (!is_free(word))
        return;
    strbuf_add_str(filter->out, str_slice(word, filter->token_told, word.length));
    filter->token_told = word.length;
}

static void add_blank(struct prose_filter *filter, char blank)
{
    end_word(filter);
    filter->last_digit = false;
    if (blank != '\n')
        filter->line_breaks = filter->line_breaks > 0 ? filter->line_breaks : 0;
    else if (++filter->line_breaks > 2)
        return;
    strbuf_add_char(filter->out, blank);
}

/* ------------------------------------------------------------------ characters without mark-up */

/* Where people write no blanks, whole sentences are one word without this. */
static bool ends_word(unsigned character)
{
    return character == 0x3001 || character == 0x3002 || character == 0xFF0C || character == 0xFF01 ||
           character == 0xFF1F || character == 0xFF1B;
}

static void encode(struct prose_filter *filter, unsigned character)
{
    char bytes[4];
    size_t length = 0;
    if (character < 0x80)
        bytes[length++] = (char)character;
    else if (character < 0x800)
        bytes[length++] = (char)(0xC0 | character >> 6);
    else if (character < 0x10000) {
        bytes[length++] = (char)(0xE0 | character >> 12);
        bytes[length++] = (char)(0x80 | (character >> 6 & 0x3F));
    } else {
        bytes[length++] = (char)(0xF0 | character >> 18);
        bytes[length++] = (char)(0x80 | (character >> 12 & 0x3F));
        bytes[length++] = (char)(0x80 | (character >> 6 & 0x3F));
    }
    if (character >= 0x80)
        bytes[length++] = (char)(0x80 | (character & 0x3F));
    filter->line_breaks = 0;
    filter->last_digit = character < 0x80 && char_is_digit((char)character);
    add_to_word(filter, bytes, length);
    if (ends_word(character))
        end_word(filter);
}

static bool in_ranges(unsigned character, const unsigned (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    return false;
}

/* Invisible ones and those that change how others are shown. */
static bool is_dropped(unsigned character)
{
    static const unsigned ranges[][2] = {
        {0x00, 0x08},     {0x0B, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x034F, 0x034F},
        {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
        {0x202A, 0x202E}, {0x2060, 0x206F}, {0x20D0, 0x20FF}, {0x3164, 0x3164}, {0xD800, 0xDFFF},
        {0xE000, 0xF8FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFF},
        {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF}};
    return in_ranges(character, ranges, COUNT(ranges)) || character == '*' || character == '`' ||
           character == '\\';
}

static bool is_raised(unsigned character)
{
    static const unsigned ranges[][2] = {
        {0xB2, 0xB3}, {0xB9, 0xB9}, {0x2070, 0x2079}, {0x2080, 0x2089}};
    return in_ranges(character, ranges, COUNT(ranges));
}

/* "m²" is a unit; elsewhere raised digits are notes. */
static bool is_unit_power(const struct prose_filter *filter, unsigned character)
{
    return (character == 0xB2 || character == 0xB3) && filter->token_length > 0 &&
           char_lower(filter->token[filter->token_length - 1]) == 'm';
}

static unsigned plain_character(unsigned character)
{
    static const unsigned rows[][2] = {
        {0x066A, '%'}, {0x066B, '.'}, {0x066C, ','}, {0x2010, '-'}, {0x2011, '-'}, {0x2012, '-'},
        {0x2212, '-'}, {0xFE63, '-'}, {0x2044, '/'}, {0x2215, '/'}, {0xFE6A, '%'}, {0x00A0, ' '},
        {0x1680, ' '}, {0x202F, ' '}, {0x205F, ' '}, {0x3000, ' '}, {0x2028, '\n'}, {0x2029, '\n'},
        {'\t', ' '}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i][0] == character)
            return rows[i][1];
    if (character >= 0x2000 && character <= 0x200A)
        return ' ';
    if (character >= 0xFF01 && character <= 0xFF5E)
        return character - 0xFF01 + '!';
    if (character >= 0x1D400 && character <= 0x1D6A3) { /* letters as mathematicians write them */
        unsigned place = (character - 0x1D400) % 52;
        return place < 26 ? 'A' + place : 'a' + place - 26;
    }
    int digit = claim_digit_value(character);
    return digit >= 0 ? '0' + (unsigned)digit : character;
}

static void add_plain(struct prose_filter *filter, unsigned character)
{
    if (filter->mark) {
        filter->mark = false;
        encode(filter, '!');
    }
    if (character == ' ' || character == '\n') {
        add_blank(filter, (char)character);
        return;
    }
    if (is_raised(character) && !is_unit_power(filter, character))
        return;
    if (character >= 0x300 && character <= 0x36F && filter->last_digit)
        return;
    bool line_begins = filter->token_length == 0 &&
                       (filter->out->length == 0 || filter->line_breaks > 0);
    if (character == '#' && line_begins)
        return;
    encode(filter, character);
}

static void flush_note(struct prose_filter *filter)
{
    for (size_t i = 0; i < filter->note_length; i++)
        add_plain(filter, (unsigned char)filter->note[i]);
    filter->note_length = 0;
}

static void add_character(struct prose_filter *filter, unsigned character);

/* "[1]" is dropped as a whole; of "[words]" the words stay. */
static void add_in_note(struct prose_filter *filter, unsigned character)
{
    if (character == ']') {
        filter->note_length = 0;
        filter->state = CLOSED;
    } else if (character < 0x80 && char_is_digit((char)character) &&
               filter->note_length < sizeof(filter->note)) {
        filter->note[filter->note_length++] = (char)character;
    } else {
        filter->state = TEXT;
        flush_note(filter);
        add_character(filter, character);
    }
}

/* In what is dropped up to a character, or as long as mark-up may be. */
static void drop_until(struct prose_filter *filter, unsigned character, unsigned end, int then)
{
    if (character == end)
        filter->state = then;
    else if (character == '\n' || ++filter->dropped > MARKUP_MAX)
        filter->state = TEXT;
}

static void add_in_text(struct prose_filter *filter, unsigned character)
{
    if (character == '[') {
        filter->state = filter->mark ? PICTURE : NOTE;
        filter->mark = false;
        filter->dropped = 0;
        return;
    }
    if (character == ']') {
        filter->state = CLOSED;
        return;
    }
    if (character == '<') {
        filter->state = LESS;
        return;
    }
    if (character == '!' && !filter->mark) {
        filter->mark = true;
        return;
    }
    add_plain(filter, character);
}

static void add_character(struct prose_filter *filter, unsigned character)
{
    character = plain_character(character);
    if (is_dropped(character))
        return;
    switch (filter->state) {
    case LESS: {
        bool tag = character == '/' || character == '!' || character == '?' || character >= 0x80 ||
                   char_is_alpha((char)character);
        filter->state = tag ? TAG : TEXT;
        filter->dropped = 0;
        if (!tag) {
            add_plain(filter, '<');
            add_in_text(filter, character);
        }
        return;
    }
    case TAG:
        drop_until(filter, character, '>', TEXT);
        return;
    case NOTE:
        add_in_note(filter, character);
        return;
    case PICTURE:
        drop_until(filter, character, ']', CLOSED);
        return;
    case CLOSED:
        filter->state = character == '(' ? ADDRESS : TEXT;
        filter->dropped = 0;
        if (character != '(' && character != ':')
            add_in_text(filter, character);
        return;
    case ADDRESS:
        drop_until(filter, character, ')', TEXT);
        return;
    default:
        add_in_text(filter, character);
    }
}

/* ------------------------------------------------------------------ bytes and entities */

static bool entity_character(struct str name, unsigned *out)
{
    static const struct {
        const char *name;
        unsigned character;
    } rows[] = {{"amp", '&'},    {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
                {"apos", '\''},  {"nbsp", ' '},      {"percnt", '%'},    {"comma", ','},
                {"period", '.'}, {"minus", '-'},     {"half", 0xBD},     {"frac12", 0xBD},
                {"shy", 0xAD},   {"zwnj", 0x200C},   {"zwj", 0x200D},    {"euro", 0x20AC},
                {"pound", 0xA3}, {"lsqb", '['},      {"rsqb", ']'},      {"excl", '!'},
                {"lpar", '('},   {"rpar", ')'},      {"num", '#'},       {"colon", ':'},
                {"sol", '/'},    {"ensp", ' '},      {"emsp", ' '},      {"thinsp", ' '}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_equal_text(name, rows[i].name)) {
            *out = rows[i].character;
            return true;
        }
    if (name.length < 2 || name.bytes[0] != '#')
        return false;
    bool hex = char_lower(name.bytes[1]) == 'x';
    unsigned value = 0;
    for (size_t i = hex ? 2 : 1; i < name.length; i++) {
        char c = char_lower(name.bytes[i]);
        unsigned digit = char_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
        if ((!char_is_digit(c) && !(hex && c >= 'a' && c <= 'f')) || value > 0x10FFFF)
            return false;
        value = value * (hex ? 16 : 10) + digit;
    }
    *out = value;
    return value > 0 && value <= 0x10FFFF;
}

static void flush_entity(struct prose_filter *filter)
{
    size_t length = filter->entity_length;
    filter->entity_length = 0;
    for (size_t i = 0; i < length; i++)
        add_character(filter, (unsigned char)filter->entity[i]);
}

static void resolve_character(struct prose_filter *filter, unsigned character)
{
    if (filter->entity_length == 0) {
        if (character == '&')
            filter->entity[filter->entity_length++] = '&';
        else
            add_character(filter, character);
        return;
    }
    bool part = character < 0x80 && (char_is_alnum((char)character) || character == '#');
    unsigned resolved;
    struct str name = {filter->entity + 1, filter->entity_length - 1};
    if (character == ';' && entity_character(name, &resolved)) {
        filter->entity_length = 0;
        add_character(filter, resolved);
    } else if (part && filter->entity_length < sizeof(filter->entity)) {
        filter->entity[filter->entity_length++] = (char)character;
    } else {
        flush_entity(filter);
        resolve_character(filter, character);
    }
}

static size_t sequence_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3
           : first < 0xF5 ? 4 : 0;
}

static void add_byte(struct prose_filter *filter, unsigned char byte)
{
    if (filter->partial_length > 0 && (byte & 0xC0) != 0x80)
        filter->partial_length = 0; /* what was begun is no character */
    if (filter->partial_length == 0 && sequence_length(byte) == 0)
        return;
    filter->partial[filter->partial_length++] = byte;
    size_t length = sequence_length(filter->partial[0]);
    if (filter->partial_length < length)
        return;
    unsigned character = length == 1 ? byte : filter->partial[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (filter->partial[i] & 0x3F);
    filter->partial_length = 0;
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (character >= smallest[length])
        resolve_character(filter, character);
}

void prose_filter_add(struct prose_filter *filter, struct str piece)
{
    for (size_t i = 0; i < piece.length; i++)
        add_byte(filter, (unsigned char)piece.bytes[i]);
}

void prose_filter_end(struct prose_filter *filter)
{
    flush_entity(filter);
    flush_note(filter);
    if (filter->state == LESS)
        add_plain(filter, '<');
    if (filter->mark)
        encode(filter, '!');
    filter->mark = false;
    end_word(filter);
}

const char *prose_filter_text(const char *text, size_t length_max, struct arena *arena)
{
    struct strbuf out = strbuf_init(4 * length_max + PROSE_TOKEN_MAX);
    struct prose_filter filter;
    prose_filter_init(&filter, NULL, &out);
    prose_filter_add(&filter, str_slice(str_from(text), 0, 4 * length_max));
    prose_filter_end(&filter);
    struct str kept = str_trim(str_cut_utf8(strbuf_str(&out), length_max));
    const char *plain = arena_strndup(arena, kept.bytes, kept.length);
    strbuf_clear(&out);
    return plain;
}
