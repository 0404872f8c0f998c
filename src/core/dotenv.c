/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dotenv.h"

#include <string.h>

#include "core/strbuf.h"

struct scanner {
    struct str text;
    size_t at;
    unsigned line;
};

static bool at_end(const struct scanner *scanner)
{
    return scanner->at >= scanner->text.length;
}

static char peek(const struct scanner *scanner)
{
    return at_end(scanner) ? '\n' : scanner->text.bytes[scanner->at];
}

static void advance(struct scanner *scanner)
{
    if (peek(scanner) == '\n')
        scanner->line++;
    scanner->at++;
}

static void skip_blanks(struct scanner *scanner)
{
    while (peek(scanner) == ' ' || peek(scanner) == '\t' || peek(scanner) == '\r')
        advance(scanner);
}

/* The rest of the line, without its line feed, which is taken too. */
static struct str take_line(struct scanner *scanner)
{
    size_t start = scanner->at;
    while (peek(scanner) != '\n')
        scanner->at++;
    struct str line = str_slice(scanner->text, start, scanner->at);
    advance(scanner);
    return line;
}

static struct str take_name(struct scanner *scanner)
{
    size_t start = scanner->at;
    while (char_is_alnum(peek(scanner)) || peek(scanner) == '_')
        scanner->at++;
    struct str name = str_slice(scanner->text, start, scanner->at);
    return name.length > 0 && char_is_digit(name.bytes[0]) ? STR("") : name;
}

/* Ends at a '#' after a blank. */
static struct str without_comment(struct str value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.bytes[i] == '#' && (i == 0 || char_is_space(value.bytes[i - 1])))
            return str_slice(value, 0, i);
    return value;
}

static void add_escape(struct strbuf *value, char c)
{
    static const char letters[] = "nrt\\\"$";
    static const char meanings[] = "\n\r\t\\\"$";
    const char *letter = strchr(letters, c);
    if (!letter || c == '\0') {
        strbuf_add_char(value, '\\');
        strbuf_add_char(value, c);
        return;
    }
    strbuf_add_char(value, meanings[letter - letters]);
}

/* Behind the opening quote. A missing end leaves the scanner where it was, so that one bad line
 * doesn't swallow the others. */
static void take_quoted(struct scanner *scanner, char quote, struct arena *arena,
                        struct dotenv_entry *entry)
{
    struct scanner inside = *scanner;
    struct strbuf value = strbuf_init(DOTENV_SIZE_MAX);
    while (!at_end(&inside) && peek(&inside) != quote) {
        if (quote == '"' && peek(&inside) == '\\' && inside.at + 1 < inside.text.length) {
            advance(&inside);
            add_escape(&value, peek(&inside));
        } else {
            strbuf_add_char(&value, peek(&inside));
        }
        advance(&inside);
    }
    if (at_end(&inside)) {
        entry->problem = "the closing quote is missing";
    } else {
        advance(&inside);
        *scanner = inside;
        entry->value = arena_strndup(arena, strbuf_text(&value), value.length);
    }
    strbuf_clear(&value);
    if (str_trim(without_comment(take_line(scanner))).length > 0 && !entry->problem) {
        entry->problem = "something follows the closing quote";
        entry->value = NULL;
    }
}

static void take_entry(struct scanner *scanner, struct arena *arena, struct dotenv_entry *entry)
{
    *entry = (struct dotenv_entry){.line = scanner->line};
    struct str name = take_name(scanner);
    if (str_equal(name, STR("export")) && (peek(scanner) == ' ' || peek(scanner) == '\t')) {
        skip_blanks(scanner);
        name = take_name(scanner);
    }
    skip_blanks(scanner);
    if (name.length == 0 || peek(scanner) != '=') {
        entry->problem = name.length == 0 ? "the line does not begin with a name"
                                          : "there is no '=' after the name";
        take_line(scanner);
        return;
    }
    advance(scanner);
    entry->name = arena_strndup(arena, name.bytes, name.length);
    skip_blanks(scanner);
    char quote = peek(scanner);
    if (quote == '"' || quote == '\'') {
        advance(scanner);
        take_quoted(scanner, quote, arena, entry);
        return;
    }
    struct str value = str_trim(without_comment(take_line(scanner)));
    entry->value = arena_strndup(arena, value.bytes, value.length);
}

bool dotenv_parse(struct str text, struct arena *arena, struct dotenv *out, struct error *err)
{
    if (text.length > DOTENV_SIZE_MAX)
        return error_set(err, ERROR_TOO_LARGE, "more than %zu bytes", DOTENV_SIZE_MAX);
    if (text.length > 0 && memchr(text.bytes, '\0', text.length))
        return error_set(err, ERROR_CONFIG, "a NUL byte: this is no text");
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_slice(text, 3, text.length);
    struct scanner scanner = {.text = text, .line = 1};
    struct dotenv found = {0};
    size_t capacity = 0;
    while (!at_end(&scanner)) {
        skip_blanks(&scanner);
        if (peek(&scanner) == '\n' || peek(&scanner) == '#') {
            take_line(&scanner);
            continue;
        }
        if (found.count == DOTENV_ENTRIES_MAX)
            return error_set(err, ERROR_TOO_LARGE, "more than %d entries", DOTENV_ENTRIES_MAX);
        found.entries =
            arena_grow(arena, found.entries, found.count, &capacity, sizeof(*found.entries));
        take_entry(&scanner, arena, &found.entries[found.count++]);
    }
    *out = found;
    return true;
}

const char *dotenv_find(const struct dotenv *dotenv, const char *name)
{
    for (size_t i = dotenv->count; i > 0; i--) {
        const struct dotenv_entry *entry = &dotenv->entries[i - 1];
        if (entry->value && strcmp(entry->name, name) == 0)
            return entry->value;
    }
    return NULL;
}
