/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_message.h"

#include <string.h>

#include "core/strbuf.h"

static bool is_useful(struct str line)
{
    static const char *const starts[] = {"Candidate", "Did you mean"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (str_starts(line, str_from(starts[i])))
            return str_find(line, STR("SET ")) < 0;
    return false;
}

static bool ends_word(char c)
{
    return char_is_space(c) || strchr("\"'`(),;:<>", c) != NULL;
}

/* A word with two slashes, or one at its start, or the name of a database file. */
static bool is_path(struct str word)
{
    size_t slashes = 0;
    for (size_t i = 0; i < word.length; i++)
        slashes += word.bytes[i] == '/';
    return slashes > 1 || (slashes == 1 && word.length > 1 && word.bytes[0] == '/') ||
           str_find(word, STR(".duckdb")) >= 0;
}

static void add_word(struct strbuf *out, struct str word)
{
    if (is_path(word))
        strbuf_add(out, "...");
    else
        strbuf_add_str(out, word);
}

static void add_line(struct strbuf *out, struct str line)
{
    /* What follows is advice on settings, which users can't change. */
    ptrdiff_t advice = str_find(line, STR(" (SET "));
    if (advice >= 0)
        line = str_slice(line, 0, (size_t)advice);
    if (out->length > 0 && line.length > 0)
        strbuf_add_char(out, ' ');
    size_t start = 0;
    for (size_t i = 0; i <= line.length; i++) {
        if (i < line.length && !ends_word(line.bytes[i]))
            continue;
        add_word(out, str_slice(line, start, i));
        if (i < line.length)
            strbuf_add_char(out, char_is_space(line.bytes[i]) ? ' ' : line.bytes[i]);
        start = i + 1;
    }
}

void engine_message_clean(const char *raw, char out[ERROR_MESSAGE_MAX])
{
    struct strbuf text = strbuf_init(4 * ERROR_MESSAGE_MAX);
    struct str rest = str_from(raw), line;
    bool first = true;
    while (str_split(&rest, '\n', &line)) {
        if (str_starts(line, STR("LINE ")))
            break;
        line = str_trim(line);
        if (first || is_useful(line))
            add_line(&text, line);
        first = first && line.length == 0;
    }
    struct str kept = str_cut_utf8(str_trim(strbuf_str(&text)), ERROR_MESSAGE_MAX - 1);
    memcpy(out, kept.bytes, kept.length);
    out[kept.length] = '\0';
    strbuf_clear(&text);
}
