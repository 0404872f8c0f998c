/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/fragment.h"

#include <string.h>
#include <strings.h>

#define FRAGMENT_DEPTH_MAX 32

/* Words that may stand in an expression as they are. All else must be a column or a call. */
static const char *const plain_words[] = {
    "and",   "as",           "asc",     "between",  "bigint",  "boolean",   "by",        "case",
    "cast",  "current_date", "date",    "day",      "decimal", "desc",      "distinct",  "double",
    "else",  "end",          "escape",  "false",    "filter",  "float",     "from",      "hour",
    "ilike", "in",           "integer", "interval", "is",      "like",      "minute",    "month",
    "not",   "null",         "numeric", "or",       "over",    "partition", "precision", "quarter",
    "real",  "second",       "text",    "then",     "time",    "timestamp", "true",      "varchar",
    "week",  "when",         "where",   "year",
};

/* Words that never are part of an expression, even where a call could stand. */
static const char *const refused_words[] = {
    "alter",   "attach", "call",   "copy",   "create",  "delete", "drop",   "exec",
    "execute", "export", "import", "insert", "install", "join",   "load",   "pragma",
    "select",  "set",    "table",  "union",  "update",  "use",    "values", "with",
};

static const char *const aggregate_functions[] = {
    "any_value",     "approx_count_distinct",
    "avg",           "bool_and",
    "bool_or",       "count",
    "max",           "median",
    "min",           "mode",
    "quantile_cont", "stddev",
    "stddev_pop",    "stddev_samp",
    "sum",           "var_pop",
    "var_samp",      "variance",
};

#define WORD_IN(list, word) word_in(list, sizeof(list) / sizeof((list)[0]), word)

static bool word_in(const char *const *list, size_t count, struct str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(str_from(list[i]), word))
            return true;
    return false;
}

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_SIGN,
    TOKEN_WRONG
};

struct token {
    enum token_kind kind;
    struct str text; /* as written, with its quotes */
};

static size_t quoted_end(struct str s, size_t at)
{
    char quote = s.bytes[at];
    for (size_t i = at + 1; i < s.length; i++) {
        if (s.bytes[i] != quote)
            continue;
        if (i + 1 < s.length && s.bytes[i + 1] == quote)
            i++;
        else
            return i + 1;
    }
    return 0;
}

static bool word_char(char c)
{
    return char_is_alnum(c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t sign_length(struct str s, size_t at)
{
    static const char *const pairs[] = {"<=", ">=", "<>", "!=", "||"};
    struct str two = str_slice(s, at, at + 2);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (str_equal_text(two, pairs[i]))
            return 2;
    if (str_equal_text(two, "--") || str_equal_text(two, "/*"))
        return 0;
    return strchr("+-*/%(),<>=", s.bytes[at]) && s.bytes[at] ? 1 : 0;
}

static struct token next_token(struct str s, size_t *at)
{
    while (*at < s.length && char_is_space(s.bytes[*at]))
        ++*at;
    if (*at >= s.length)
        return (struct token){.kind = TOKEN_END};
    size_t start = *at, end = start;
    enum token_kind kind = TOKEN_WRONG;
    char c = s.bytes[start];
    if (c == '\'' || c == '"') {
        end = quoted_end(s, start);
        kind = c == '"' ? TOKEN_QUOTED : TOKEN_TEXT;
    } else if (char_is_digit(c)) {
        kind = TOKEN_NUMBER;
        while (end < s.length && (char_is_digit(s.bytes[end]) || s.bytes[end] == '.'))
            end++;
        if (end < s.length && word_char(s.bytes[end]))
            end = 0;
    } else if (word_char(c)) {
        kind = TOKEN_WORD;
        while (end < s.length && word_char(s.bytes[end]))
            end++;
    } else {
        kind = TOKEN_SIGN;
        end = start + sign_length(s, start);
    }
    if (end <= start)
        return (struct token){.kind = TOKEN_WRONG, .text = str_slice(s, start, start + 1)};
    *at = end;
    return (struct token){.kind = kind, .text = str_slice(s, start, end)};
}

static bool token_is(struct token token, const char *text)
{
    return (token.kind == TOKEN_SIGN || token.kind == TOKEN_WORD) &&
           str_equal_nocase(token.text, str_from(text));
}

static const struct column *column_of(const struct dataset *dataset, struct token token)
{
    char name[256];
    size_t length = 0;
    struct str text = token.text;
    if (token.kind == TOKEN_QUOTED)
        text = str_slice(text, 1, text.length - 1);
    for (size_t i = 0; i < text.length; i++) {
        if (length + 1 >= sizeof(name))
            return NULL;
        name[length++] = text.bytes[i];
        if (token.kind == TOKEN_QUOTED && text.bytes[i] == '"')
            i++;
    }
    name[length] = '\0';
    return dataset_column(dataset, name);
}

static void add_column(const struct fragment *fragment, const struct column *column,
                       struct strbuf *out)
{
    if (*fragment->alias)
        strbuf_printf(out, "%s.", fragment->alias);
    strbuf_add_char(out, fragment->quote);
    for (const char *c = column->name; *c; c++) {
        if (*c == fragment->quote)
            strbuf_add_char(out, *c);
        strbuf_add_char(out, *c);
    }
    strbuf_add_char(out, fragment->quote);
}

/* What the compiler knows between two tokens. */
struct state {
    struct token previous;
    int depth;
    /* For every open parenthesis: does it belong to an aggregate, so that a filter follows it? */
    bool aggregate[FRAGMENT_DEPTH_MAX];
    bool extract[FRAGMENT_DEPTH_MAX];
};

static bool refuse(const struct fragment *fragment, struct token token, const char *why,
                   struct error *err)
{
    struct str shown = str_cut_utf8(token.text, 60);
    return error_set(err, ERROR_METADATA, "expression of '%s': '%.*s' %s",
                     fragment->dataset->table_name, STR_ARGS(shown), why);
}

static bool open_parenthesis(const struct fragment *fragment, struct state *state,
                             struct token token, struct error *err)
{
    if (state->depth >= FRAGMENT_DEPTH_MAX)
        return refuse(fragment, token, "is nested too deeply", err);
    state->aggregate[state->depth] =
        state->previous.kind == TOKEN_WORD && WORD_IN(aggregate_functions, state->previous.text);
    state->extract[state->depth] = token_is(state->previous, "extract");
    state->depth++;
    return true;
}

static bool close_parenthesis(const struct fragment *fragment, struct state *state,
                              struct token token, struct token next, struct strbuf *out,
                              struct error *err)
{
    if (state->depth == 0)
        return refuse(fragment, token, "closes nothing", err);
    state->depth--;
    if (!fragment->filter || !state->aggregate[state->depth])
        return true;
    if (token_is(next, "filter") || token_is(next, "over"))
        return refuse(fragment, next, "can't be limited to a part of the rows", err);
    strbuf_printf(out, " FILTER (WHERE %s)", fragment->filter);
    return true;
}

static bool add_word(const struct fragment *fragment, struct state *state, struct token token,
                     struct token next, struct strbuf *out, struct error *err)
{
    bool call = token_is(next, "(");
    bool field =
        state->depth > 0 && state->extract[state->depth - 1] && token_is(state->previous, "(");
    bool typed = next.kind == TOKEN_TEXT; /* DATE '...' */
    const struct column *column = column_of(fragment->dataset, token);
    if (token.kind == TOKEN_WORD && WORD_IN(refused_words, token.text) && (call || !column))
        return refuse(fragment, token, "is not allowed in an expression", err);
    if (column && !field && !typed && (!call || token.kind == TOKEN_QUOTED)) {
        add_column(fragment, column, out);
        return true;
    }
    if (token.kind == TOKEN_QUOTED)
        return refuse(fragment, token, "is not a column", err);
    if (call || WORD_IN(plain_words, token.text)) {
        strbuf_add_str(out, token.text);
        return true;
    }
    return refuse(fragment, token, "is not a column", err);
}

static bool needs_space(struct token previous, struct token token)
{
    if (previous.kind == TOKEN_END || token_is(previous, "(") || token_is(token, ")") ||
        token_is(token, ","))
        return false;
    bool word = previous.kind == TOKEN_WORD;
    bool keyword = word && WORD_IN(plain_words, previous.text);
    return !(token_is(token, "(") && word && !keyword);
}

static bool add_token(const struct fragment *fragment, struct state *state, struct token token,
                      struct token next, struct strbuf *out, struct error *err)
{
    if (needs_space(state->previous, token))
        strbuf_add_char(out, ' ');
    if (token.kind == TOKEN_WRONG)
        return refuse(fragment, token, "is not allowed in an expression", err);
    if (token.kind == TOKEN_WORD || token.kind == TOKEN_QUOTED)
        return add_word(fragment, state, token, next, out, err);
    if (token_is(token, "(") && !open_parenthesis(fragment, state, token, err))
        return false;
    strbuf_add_str(out, token.text);
    if (token_is(token, ")"))
        return close_parenthesis(fragment, state, token, next, out, err);
    return true;
}

bool fragment_compile(const struct fragment *fragment, struct strbuf *out, struct error *err)
{
    if (fragment->text.length > FRAGMENT_SIZE_MAX || !str_is_utf8(fragment->text))
        return error_set(err, ERROR_METADATA, "expression of '%s' is too long or not UTF-8",
                         fragment->dataset->table_name);
    struct state state = {.previous = {.kind = TOKEN_END}};
    size_t at = 0;
    struct token token = next_token(fragment->text, &at);
    if (token.kind == TOKEN_END)
        return error_set(err, ERROR_METADATA, "expression of '%s' is empty",
                         fragment->dataset->table_name);
    while (token.kind != TOKEN_END) {
        struct token next = next_token(fragment->text, &at);
        if (!add_token(fragment, &state, token, next, out, err))
            return false;
        state.previous = token;
        token = next;
    }
    if (state.depth > 0)
        return error_set(err, ERROR_METADATA, "expression of '%s' has an open parenthesis",
                         fragment->dataset->table_name);
    return true;
}

bool fragment_adds_up(const char *expression)
{
    struct str text = str_from(expression);
    size_t at = 0;
    struct token name = next_token(text, &at);
    if (!token_is(name, "sum") && !token_is(name, "count"))
        return false;
    int depth = 0;
    for (struct token token; (token = next_token(text, &at)).kind != TOKEN_END;) {
        if (token.kind == TOKEN_WRONG || token_is(token, "distinct"))
            return false;
        depth += token_is(token, "(");
        depth -= token_is(token, ")");
        if (depth == 0)
            return next_token(text, &at).kind == TOKEN_END;
    }
    return false;
}
