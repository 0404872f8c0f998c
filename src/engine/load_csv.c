/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/load_csv.h"

#include <string.h>
#include <strings.h>

#include "core/strbuf.h"

#define GUESS_SIZE (1u << 20)
#define SENTENCE_WORDS 5 /* a value of a one-column list is shorter */
/* Beyond this a record is taken as it is: the file is refused for its columns anyway. */
#define FIELDS_KEPT_MAX (LOAD_COLUMNS_MAX + 1)

struct cursor {
    struct str text;
    size_t at;
    uint64_t line;
    char delimiter;
    uint64_t open_quote_line;
};

static bool at_end(const struct cursor *c)
{
    return c->at >= c->text.length;
}

/* Takes a line's end: CR, LF or both. */
static bool take_line_end(struct cursor *c)
{
    if (at_end(c) || (c->text.bytes[c->at] != '\n' && c->text.bytes[c->at] != '\r'))
        return false;
    if (c->text.bytes[c->at] == '\r' && c->at + 1 < c->text.length &&
        c->text.bytes[c->at + 1] == '\n')
        c->at++;
    c->at++;
    c->line++;
    return true;
}

/* Passes over a quoted field, the cursor being on its quote. */
static void skip_quoted(struct cursor *c)
{
    uint64_t line = c->line;
    for (c->at++; !at_end(c);) {
        if (c->text.bytes[c->at] != '"') {
            if (!take_line_end(c))
                c->at++;
            continue;
        }
        c->at++;
        if (at_end(c) || c->text.bytes[c->at] != '"')
            return;
        c->at++;
    }
    if (!c->open_quote_line)
        c->open_quote_line = line;
}

/* Passes over one field and gives its raw text; false when it was the record's last. */
static bool take_field(struct cursor *c, struct str *raw)
{
    size_t start = c->at;
    if (!at_end(c) && c->text.bytes[c->at] == '"')
        skip_quoted(c);
    while (!at_end(c) && c->text.bytes[c->at] != c->delimiter && c->text.bytes[c->at] != '\n' &&
           c->text.bytes[c->at] != '\r')
        c->at++;
    *raw = str_slice(c->text, start, c->at);
    if (!at_end(c) && c->text.bytes[c->at] == c->delimiter) {
        c->at++;
        return true;
    }
    return false;
}

static struct str unquote(struct str raw, struct arena *arena)
{
    if (raw.length < 2 || raw.bytes[0] != '"' || raw.bytes[raw.length - 1] != '"')
        return raw;
    char *text = arena_alloc(arena, raw.length);
    size_t length = 0;
    for (size_t i = 1; i + 1 < raw.length; i++) {
        text[length++] = raw.bytes[i];
        if (raw.bytes[i] == '"' && i + 2 < raw.length && raw.bytes[i + 1] == '"')
            i++;
    }
    return (struct str){text, length};
}

/* Takes a record and counts its fields; the fields themselves go to `fields` when not NULL. */
static size_t take_record(struct cursor *c, struct str *fields, struct arena *arena)
{
    size_t count = 0;
    bool more = true;
    while (more) {
        struct str raw;
        more = take_field(c, &raw);
        if (fields && count < FIELDS_KEPT_MAX)
            fields[count] = unquote(raw, arena);
        count++;
    }
    take_line_end(c);
    return count;
}

static void note_length(struct csv_survey *survey, size_t fields, uint64_t line)
{
    survey->several_records += fields > 1;
    if (fields < survey->first_count && survey->short_records++ == 0)
        survey->short_line = line;
    survey->long_records += fields > survey->first_count;
    if (fields > survey->first_count && survey->long_line == 0) {
        survey->long_line = line;
        survey->long_fields = fields;
    }
}

static void skip_line(struct cursor *c)
{
    while (!at_end(c) && !take_line_end(c))
        c->at++;
}

void csv_look(struct str text, const struct csv_dialect *dialect, struct arena *arena,
              struct csv_survey *out)
{
    struct cursor c = {.text = text, .line = 1, .delimiter = dialect->delimiter};
    if (str_starts(text, STR("\xef\xbb\xbf")))
        c.at = 3;
    for (uint64_t i = 0; i < dialect->skip && !at_end(&c); i++)
        skip_line(&c);
    *out = (struct csv_survey){0};
    out->first = arena_array(arena, FIELDS_KEPT_MAX, sizeof(*out->first));
    while (!at_end(&c)) {
        if (take_line_end(&c))
            continue; /* an empty line */
        if (dialect->comment && c.text.bytes[c.at] == dialect->comment) {
            skip_line(&c);
            continue;
        }
        uint64_t line = c.line;
        if (out->records++ == 0) {
            out->first_count = take_record(&c, out->first, arena);
            out->several_records += out->first_count > 1;
        } else {
            note_length(out, take_record(&c, NULL, arena), line);
        }
    }
    out->open_quote_line = c.open_quote_line;
}

static size_t count_words(struct str line)
{
    size_t words = 0;
    for (size_t i = 0; i < line.length; i++)
        words += !char_is_space(line.bytes[i]) && (i == 0 || char_is_space(line.bytes[i - 1]));
    return words;
}

bool csv_is_prose(struct str text, const struct csv_survey *survey)
{
    if ((survey->short_records + survey->long_records) * 2 > survey->records)
        return true;
    if (survey->first_count != 1)
        return false;
    struct str rest = str_slice(text, 0, GUESS_SIZE), line;
    size_t lines = 0, sentences = 0;
    while (str_split(&rest, '\n', &line)) {
        size_t words = count_words(line);
        lines += words > 0;
        sentences += words >= SENTENCE_WORDS;
    }
    return sentences * 2 > lines;
}

char csv_guess_delimiter(struct str text, struct arena *arena)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    struct str start = str_slice(text, 0, GUESS_SIZE);
    char best = 0;
    uint64_t best_records = 0;
    for (size_t i = 0; i < sizeof(candidates); i++) {
        struct csv_dialect dialect = {.delimiter = candidates[i]};
        struct csv_survey survey;
        csv_look(start, &dialect, arena, &survey);
        if (survey.first_count > 1 && survey.several_records > best_records &&
            survey.several_records * 2 > survey.records) {
            best = candidates[i];
            best_records = survey.several_records;
        }
    }
    return best;
}

static bool is_taken(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

/* Control characters become blanks, so that a name stays on its line. */
static char *plain_name(struct str field, struct arena *arena)
{
    struct str trimmed = str_trim(field);
    struct str cut = str_is_utf8(trimmed) ? str_cut_utf8(trimmed, LOAD_NAME_MAX) : STR("");
    char *name = arena_strndup(arena, cut.bytes, cut.length);
    for (char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return name;
}

const char **csv_name_columns(const struct str *fields, size_t count, struct arena *arena,
                              size_t *renamed)
{
    const char **names = arena_array(arena, count, sizeof(*names));
    *renamed = 0;
    for (size_t i = 0; i < count; i++) {
        const char *own = plain_name(fields[i], arena);
        if (*own == '\0')
            own = arena_printf(arena, "column_%zu", i + 1);
        const char *name = own;
        for (unsigned n = 2; is_taken(names, i, name); n++)
            name = arena_printf(arena, "%s_%u", own, n);
        names[i] = name;
        *renamed += !str_equal_text(str_trim(fields[i]), name);
    }
    return names;
}
