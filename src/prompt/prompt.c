/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt/prompt.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/strbuf.h"
#include "prompt/prompt_priv.h"

static const struct {
    const char *name;
    const char *values[PROMPT_VALUES_MAX + 1];
} prompts[PROMPTS] = {
    [PROMPT_DECIDE_SYSTEM] = {"decide.system", {"dialect"}},
    [PROMPT_DECIDE_BRIEF] = {"decide.brief", {"dialect"}},
    [PROMPT_DECIDE_CONTEXT] = {"decide.context", {"tables", "metrics", "conditions", "joins", "keys"}},
    [PROMPT_DECIDE_QUESTION] = {"decide.question",
                                {"examples", "conversation", "today", "periods", "links", "question"}},
    [PROMPT_REPAIR] = {"repair", {"failure", "statement", "names", "values"}},
    [PROMPT_REPAIR_BRIEF] = {"repair.brief", {"failure", "names", "values"}},
    [PROMPT_ANSWER_SYSTEM] = {"answer.system", {NULL}},
    [PROMPT_ANSWER_QUESTION] = {"answer.question",
                                {"question", "reading", "periods", "assumptions", "size", "rows",
                                 "facts"}},
    [PROMPT_DIALECT_DUCKDB] = {"dialect.duckdb", {NULL}},
    [PROMPT_DIALECT_SQLITE] = {"dialect.sqlite", {NULL}},
    [PROMPT_DIALECT_POSTGRESQL] = {"dialect.postgresql", {NULL}},
    [PROMPT_DIALECT_TRINO] = {"dialect.trino", {NULL}},
    [PROMPT_DIALECT_DOMO] = {"dialect.domo", {NULL}},
};

static const enum prompt cards[SQL_DIALECTS] = {
    [DIALECT_DUCKDB] = PROMPT_DIALECT_DUCKDB,       [DIALECT_SQLITE] = PROMPT_DIALECT_SQLITE,
    [DIALECT_POSTGRES] = PROMPT_DIALECT_POSTGRESQL, [DIALECT_TRINO] = PROMPT_DIALECT_TRINO,
    [DIALECT_DOMO] = PROMPT_DIALECT_DOMO,
};

struct str prompt_dialect_card(enum sql_dialect dialect)
{
    return str_trim(prompt_texts[cards[dialect]]);
}

const char *prompt_name(enum prompt prompt)
{
    return prompts[prompt].name;
}

struct str prompt_text(enum prompt prompt)
{
    return prompt_texts[prompt];
}

const char *const *prompt_value_names(enum prompt prompt)
{
    return prompts[prompt].values;
}

/* ------------------------------------------------------------------ rendering */

struct rendering {
    const struct prompt_value *values;
    size_t count;
    struct strbuf *out;
};

static struct str value_of(const struct rendering *rendering, struct str name)
{
    for (size_t i = 0; i < rendering->count; i++)
        if (str_equal_text(name, rendering->values[i].name))
            return rendering->values[i].text;
    assert(!"a prompt's value is missing");
    return STR("");
}

/* The next {{name}}: what is before it, and its name; false when there is none. */
static bool next_value(struct str *rest, struct str *before, struct str *name)
{
    ptrdiff_t begin = str_find(*rest, STR("{{"));
    ptrdiff_t end = begin < 0 ? -1 : str_find(*rest, STR("}}"));
    if (end < begin || end < 0)
        return false;
    *before = str_slice(*rest, 0, (size_t)begin);
    *name = str_slice(*rest, (size_t)begin + 2, (size_t)end);
    *rest = str_slice(*rest, (size_t)end + 2, rest->length);
    return true;
}

/* Has it a place for a value, and none of them anything to put there? */
static bool is_empty(const struct rendering *rendering, struct str text)
{
    struct str before, name;
    bool any = false;
    while (next_value(&text, &before, &name)) {
        any = true;
        if (value_of(rendering, name).length > 0)
            return false;
    }
    return any;
}

static void add_paragraph(struct rendering *rendering, struct str text)
{
    struct str before, name;
    if (text.length == 0 || is_empty(rendering, text))
        return;
    if (rendering->out->length > 0)
        strbuf_add(rendering->out, "\n\n");
    while (next_value(&text, &before, &name)) {
        strbuf_add_str(rendering->out, before);
        strbuf_add_str(rendering->out, value_of(rendering, name));
    }
    strbuf_add_str(rendering->out, text);
}

/* Takes what is before the separator, or all of the rest. */
static struct str take(struct str *rest, struct str separator, size_t keep)
{
    ptrdiff_t at = str_find(*rest, separator);
    struct str part = at < 0 ? *rest : str_slice(*rest, 0, (size_t)at);
    *rest = at < 0 ? (struct str){"", 0}
                   : str_slice(*rest, (size_t)at + separator.length - keep, rest->length);
    return part;
}

struct str prompt_render(enum prompt prompt, const struct prompt_value *values, size_t count,
                         struct arena *arena)
{
    struct strbuf out = strbuf_init(PROMPT_SIZE_MAX);
    struct rendering rendering = {values, count, &out};
    struct str rest = str_trim(prompt_texts[prompt]);
    while (rest.length > 0) {
        struct str part = take(&rest, STR("\n\n# "), 2);
        if (is_empty(&rendering, part))
            continue;
        while (part.length > 0)
            add_paragraph(&rendering, take(&part, STR("\n\n"), 0));
    }
    struct str text = arena_str(arena, strbuf_str(&out));
    strbuf_clear(&out);
    return text;
}

/* ------------------------------------------------------------------ version */

static char version[17];

static void make_version(void)
{
    char hex[SHA256_HEX_SIZE];
    struct sha256 *sha = sha256_new();
    for (size_t i = 0; i < PROMPTS; i++) {
        sha256_add_field(sha, str_from(prompts[i].name));
        sha256_add_field(sha, prompt_texts[i]);
    }
    sha256_end(sha, hex);
    snprintf(version, sizeof(version), "%.16s", hex);
}

const char *prompt_version(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_version);
    return version;
}
