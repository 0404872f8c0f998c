/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/token.h"

#include <stdint.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/read/cue.h"

/* The question with typographic quotes made plain, and where each byte came from. */
struct plain_text {
    char *bytes;
    uint16_t *origin;
    size_t length;
};

static const struct {
    const char *from;
    char to;
} plain_quotes[] = {
    {"\xE2\x80\x98", '\''}, {"\xE2\x80\x99", '\''}, {"\xE2\x80\x9C", '"'}, {"\xE2\x80\x9D", '"'},
    {"``", '"'},            {"''", '"'},
};

static void make_plain(struct str question, struct arena *arena, struct plain_text *out)
{
    out->bytes = arena_array(arena, question.length + 1, sizeof(*out->bytes));
    out->origin = arena_array(arena, question.length + 1, sizeof(*out->origin));
    for (size_t i = 0; i < question.length;) {
        struct str rest = str_slice(question, i, question.length);
        char c = rest.bytes[0];
        size_t size = 1;
        for (size_t k = 0; k < sizeof(plain_quotes) / sizeof(plain_quotes[0]); k++)
            if (str_starts(rest, str_from(plain_quotes[k].from))) {
                c = plain_quotes[k].to;
                size = strlen(plain_quotes[k].from);
                break;
            }
        out->origin[out->length] = (uint16_t)i;
        out->bytes[out->length++] = c;
        i += size;
    }
    out->origin[out->length] = (uint16_t)question.length;
    out->bytes[out->length] = '\0';
}

static bool is_letter(char c)
{
    return char_is_alpha(c) || (unsigned char)c >= 0x80;
}

static size_t digits_at(const char *text)
{
    size_t n = 0;
    while (char_is_digit(text[n]))
        n++;
    return n;
}

/* Length of "2024-02-29", with "T13:00[:00]" or " 13:00" after it, or of "29/2/2024"; else 0. */
static size_t date_at(const char *text)
{
    size_t a = digits_at(text);
    char mark = text[a];
    if ((a == 4 && mark == '-') || ((a == 1 || a == 2) && mark == '/')) {
        size_t b = digits_at(text + a + 1);
        if (b < 1 || b > 2 || text[a + 1 + b] != mark)
            return 0;
        size_t at = a + b + 2;
        size_t c = digits_at(text + at);
        if (mark == '/')
            return c == 4 ? at + c : 0;
        if (c < 1 || c > 2)
            return 0;
        at += c;
        if ((text[at] == ' ' || text[at] == 'T') && digits_at(text + at + 1) == 2 &&
            text[at + 3] == ':' && digits_at(text + at + 4) == 2) {
            at += 6;
            if (text[at] == ':' && digits_at(text + at + 1) == 2)
                at += 3;
        }
        return at;
    }
    return 0;
}

/* Length of "1,234.5", "12.5", "7", with a minus when `sign`; else 0. */
static size_t number_at(const char *text, bool sign)
{
    size_t at = sign && text[0] == '-' ? 1 : 0;
    size_t n = digits_at(text + at);
    if (n == 0)
        return 0;
    at += n;
    while (n <= 3 && text[at] == ',' && digits_at(text + at + 1) == 3)
        at += 4;
    if (text[at] == '.' && char_is_digit(text[at + 1]))
        at += 1 + digits_at(text + at + 1);
    return at;
}

/* Length of a word; "don't" is one, "Peter's" ends before the mark (*skip is then 2). */
static size_t letters_at(const char *text, size_t *skip)
{
    size_t n = 0;
    while (is_letter(text[n]))
        n++;
    *skip = 0;
    if (n > 0 && text[n] == '\'' && !is_letter(text[n + 1] ? text[n + 2] : '\0')) {
        char c = char_lower(text[n + 1]);
        if (c == 's')
            *skip = 2;
        else if (c == 't' && char_lower(text[n - 1]) == 'n')
            n += 2;
    }
    return n;
}

/* Marks[i] is 1 + the index of the quoted span around byte i. */
static void find_quotes(const struct plain_text *text, struct arena *arena, uint8_t *marks,
                        struct token_list *out)
{
    out->quotes = arena_array(arena, 32, sizeof(*out->quotes));
    for (size_t i = 0; i < text->length && out->quote_count < 32; i++) {
        char mark = text->bytes[i];
        if (mark != '"' && mark != '\'')
            continue;
        bool single = mark == '\'';
        if (single && i > 0 && (is_letter(text->bytes[i - 1]) || char_is_digit(text->bytes[i - 1])))
            continue;
        size_t end = i + 1;
        while (end < text->length &&
               (text->bytes[end] != mark || (single && is_letter(text->bytes[end + 1]))))
            end++;
        if (end >= text->length || end == i + 1)
            continue;
        struct str inside = {text->bytes + i + 1, end - i - 1};
        if (str_trim(inside).length == 0)
            continue;
        out->quotes[out->quote_count++] = arena_str(arena, str_trim(inside));
        memset(marks + i + 1, (int)out->quote_count, inside.length);
        i = end;
    }
}

static void set_number(const struct lexicon *lexicon, struct token *token)
{
    char plain[64];
    size_t length = 0;
    for (size_t i = 0; i < token->word.length && length + 1 < sizeof(plain); i++)
        if (token->word.bytes[i] != ',')
            plain[length++] = token->word.bytes[i];
    struct str text = {plain, length};
    bool digits = char_is_digit(plain[0]) || (plain[0] == '-' && length > 1);
    if (digits && str_to_double(text, &token->number))
        token->has_number = token->digits = true;
    else
        token->has_number = lexicon_number(lexicon, token->lower.hash, &token->number);
}

/* Length of the token at `at`; *skip more bytes belong to it but not to its word. */
static size_t token_length(const struct plain_text *text, size_t at, bool *date, size_t *skip)
{
    const char *rest = text->bytes + at;
    *skip = 0;
    size_t length = date_at(rest);
    *date = length > 0;
    bool sign = at > 0 && (text->bytes[at - 1] == ' ' || text->bytes[at - 1] == '(');
    if (length == 0)
        length = number_at(rest, sign);
    if (length == 0)
        length = letters_at(rest, skip);
    return length > 0 ? length : 1;
}

void token_read(const struct lexicon *lexicon, struct stemmer *stemmer, struct str question,
                struct arena *arena, struct token_list *out)
{
    *out = (struct token_list){0};
    if (question.length > QUESTION_SIZE_MAX) {
        question = str_cut_utf8(question, QUESTION_SIZE_MAX);
        out->truncated = true;
    }
    struct plain_text *text = arena_alloc(arena, sizeof(*text));
    make_plain(question, arena, text);
    uint8_t *marks = arena_array(arena, text->length + 1, 1);
    find_quotes(text, arena, marks, out);
    out->items = arena_array(arena, TOKENS_MAX, sizeof(*out->items));
    for (size_t at = 0; at < text->length;) {
        if (char_is_space(text->bytes[at]) || (unsigned char)text->bytes[at] < 0x20) {
            at++;
            continue;
        }
        if (out->count == TOKENS_MAX) {
            out->truncated = true;
            return;
        }
        struct token *token = &out->items[out->count];
        size_t skip;
        size_t length = token_length(text, at, &token->date, &skip);
        token->word = (struct str){text->bytes + at, length};
        token->begin = text->origin[at];
        token->end = text->origin[at + length];
        token->lower = symbol_from(word_fold(arena, token->word));
        struct str stem = stemmer_stem(stemmer, str_from(token->lower.text));
        token->stem = symbol_from(arena_strndup(arena, stem.bytes, stem.length));
        token->is_word = is_letter(token->word.bytes[0]) || char_is_digit(token->word.bytes[0]);
        token->capital = out->count > 0 && token->word.bytes[0] >= 'A' && token->word.bytes[0] <= 'Z';
        token->stop = lexicon_is_stop(lexicon, token->lower.hash);
        token->quote = marks[at];
        if (!token->date)
            set_number(lexicon, token);
        out->count++;
        at += length + skip;
    }
}

static bool is_identifier_part(const struct token *token)
{
    return !token->quote && (token->is_word || str_equal_text(token->word, "_"));
}

/* Where the run of tokens from `from` on ends that have nothing between them. */
static size_t run_end(const struct token_list *tokens, size_t from)
{
    size_t end = from;
    while (end < tokens->count && is_identifier_part(&tokens->items[end]) &&
           (end == from || tokens->items[end].begin == tokens->items[end - 1].end))
        end++;
    return end;
}

static bool names_identifier(struct str text, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_identifier(text, names[i]))
            return true;
    return false;
}

void token_join_identifiers(struct token_list *tokens, struct str question,
                            const struct str *names, size_t count, struct arena *arena)
{
    size_t kept = 0;
    for (size_t i = 0; i < tokens->count;) {
        struct token token = tokens->items[i];
        size_t end = run_end(tokens, i);
        struct str text = end > i + 1
                              ? str_slice(question, token.begin, tokens->items[end - 1].end)
                              : (struct str){0};
        if (is_identifier(text) && names_identifier(text, names, count)) {
            token.word = (struct str){arena_strndup(arena, text.bytes, text.length), text.length};
            token.lower = token.stem = symbol_from(word_fold(arena, token.word));
            token.end = tokens->items[end - 1].end;
            token.has_number = token.digits = token.date = token.stop = false;
            token.is_word = token.identifier = true;
        } else {
            end = i + 1;
        }
        tokens->items[kept++] = token;
        i = end;
    }
    tokens->count = kept;
}

const char *token_text(const struct token_list *tokens, size_t begin, size_t end,
                       struct arena *arena)
{
    struct strbuf text = strbuf_init(QUESTION_SIZE_MAX * 2);
    for (size_t i = begin; i < end && i < tokens->count; i++) {
        if (i > begin)
            strbuf_add_char(&text, ' ');
        strbuf_add_str(&text, tokens->items[i].word);
    }
    const char *copy = arena_strdup(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return copy;
}
