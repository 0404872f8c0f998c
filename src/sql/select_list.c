/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/select_list.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reader {
    const struct token *tokens;
    size_t count;
    size_t begin, end;       /* of the outermost select list */
    size_t group, group_end; /* behind GROUP BY; 0: there is none */
    bool whole;
};

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool is_one_of(const struct token *token, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(token, words[i]))
            return true;
    return false;
}

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static int depth_step(const struct token *token)
{
    return is_sign(token, "(") ? 1 : is_sign(token, ")") ? -1 : 0;
}

/* One word of the outermost select; false when there is more than one select. */
static bool note_word(struct reader *reader, size_t i)
{
    static const char *const sets[] = {"union", "except", "intersect"};
    static const char *const ends[] = {"having", "order", "limit", "qualify", "window", "offset"};
    static const char *const cuts[] = {"having", "limit", "qualify", "offset"};
    const struct token *token = &reader->tokens[i];
    if (is_one_of(token, sets, COUNT(sets)) || (is_word(token, "select") && reader->begin > 0))
        return false;
    if (is_word(token, "select"))
        reader->begin = i + 1;
    else if (is_word(token, "from") && reader->begin > 0 && reader->end == 0)
        reader->end = i;
    else if (is_word(token, "group") && i + 1 < reader->count &&
             is_word(&reader->tokens[i + 1], "by"))
        reader->group = i + 2;
    reader->whole &= !is_one_of(token, cuts, COUNT(cuts));
    if (reader->group > 0 && reader->group_end == reader->count &&
        is_one_of(token, ends, COUNT(ends)))
        reader->group_end = i;
    return true;
}

/* The outermost select, behind any WITH. */
static bool find_select(struct reader *reader)
{
    int depth = 0;
    reader->group_end = reader->count;
    for (size_t i = 0; i < reader->count; i++) {
        depth += depth_step(&reader->tokens[i]);
        if (depth == 0 && !note_word(reader, i))
            return false;
    }
    if (reader->begin == 0 || reader->end <= reader->begin)
        return false;
    if (is_word(&reader->tokens[reader->begin], "distinct")) {
        reader->whole = false;
        reader->begin++;
    }
    return true;
}

/* The end of the next part of a list; what is in brackets is no part. */
static size_t part_end(const struct reader *reader, size_t at, size_t end)
{
    for (int depth = 0; at < end; at++) {
        depth += depth_step(&reader->tokens[at]);
        if (depth == 0 && is_sign(&reader->tokens[at], ","))
            break;
    }
    return at;
}

static bool same_tokens(const struct reader *reader, size_t a, size_t a_end, size_t b, size_t b_end)
{
    if (a_end - a != b_end - b)
        return false;
    for (size_t i = 0; i < a_end - a; i++)
        if (!str_equal_nocase(reader->tokens[a + i].value, reader->tokens[b + i].value))
            return false;
    return true;
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* Without its new name: "sum(a) AS total", "sum(a) total". */
static size_t bare_end(const struct reader *reader, size_t begin, size_t end)
{
    const struct token *last = &reader->tokens[end - 1];
    if (end - begin > 2 && is_word(last - 1, "as"))
        return end - 2;
    bool behind_brackets = end - begin > 3 && is_sign(last - 1, ")") && is_name(last);
    return behind_brackets && !is_word(last, "end") ? end - 1 : end;
}

/* A window, or a select of its own: a value for each row. */
static bool has_rows(const struct reader *reader, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (is_word(&reader->tokens[i], "over") || is_word(&reader->tokens[i], "select"))
            return true;
    return false;
}

/* As it is written, by its place or by its new name. */
static bool is_key(const struct reader *reader, size_t begin, size_t end, size_t place,
                   enum select_kind kind)
{
    size_t bare = bare_end(reader, begin, end);
    struct str alias = bare < end ? reader->tokens[end - 1].value : (struct str){0};
    if (reader->group == 0)
        return false;
    if (is_word(&reader->tokens[reader->group], "all"))
        return kind == SELECT_OTHER && !has_rows(reader, begin, end);
    for (size_t at = reader->group, key_end; at < reader->group_end; at = key_end + 1) {
        key_end = part_end(reader, at, reader->group_end);
        const struct token *key = &reader->tokens[at];
        int64_t number;
        if (same_tokens(reader, at, key_end, begin, bare))
            return true;
        if (key_end == at + 1 &&
            ((alias.length > 0 && str_equal_nocase(key->value, alias)) ||
             (key->kind == TOKEN_NUMBER && str_to_i64(key->text, &number) &&
              number == (int64_t)place + 1)))
            return true;
    }
    return false;
}

static const char *const summing[] = {
    "count",     "sum",       "avg",       "mean",     "median",   "stddev",
    "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "quantile_cont",
    "percentile_cont", "corr", "approx_count_distinct", "count_if", "countif"};
static const char *const picking[] = {
    "min",  "max",       "first",      "last",         "any_value", "arg_min", "arg_max", "list",
    "mode", "array_agg", "string_agg", "group_concat", "min_by",    "max_by",  "listagg", "histogram",
    "arbitrary", "argmin", "argmax", "arg_min_null", "arg_max_null", "quantile", "quantile_disc",
    "percentile_disc", "approx_quantile", "reservoir_quantile", "approx_top_k"};

static enum select_kind kind_of(const struct reader *reader, size_t begin, size_t end)
{
    enum select_kind kind = SELECT_OTHER;
    if (has_rows(reader, begin, end))
        return kind;
    for (size_t i = begin; i + 1 < end; i++) {
        const struct token *token = &reader->tokens[i];
        if (!is_sign(&reader->tokens[i + 1], "("))
            continue;
        if (is_one_of(token, picking, COUNT(picking)))
            kind = SELECT_PICKED;
        else if (kind == SELECT_OTHER && is_one_of(token, summing, COUNT(summing)))
            kind = SELECT_SUMMED;
    }
    return kind;
}

struct span {
    size_t begin, end;
};

/* Where the bracket closes that is opened at a place. */
static size_t closing(const struct reader *reader, size_t open, size_t end)
{
    int depth = 0;
    for (size_t i = open; i < end; i++) {
        depth += depth_step(&reader->tokens[i]);
        if (depth == 0)
            return i;
    }
    return end;
}

/* The AS of a cast; `end`: there is none. */
static size_t find_as(const struct reader *reader, size_t at, size_t end)
{
    for (int depth = 0; at < end; at++) {
        depth += depth_step(&reader->tokens[at]);
        if (depth == 0 && is_word(&reader->tokens[at], "as"))
            break;
    }
    return at;
}

/* Takes off one layer of brackets, of a type or of a function that leaves an amount what it is: "(x)",
 * "x::DECIMAL", "round(x, 2)", "coalesce(x, 0)", "cast(x AS DOUBLE)". */
static bool unwrap(const struct reader *reader, struct span *span)
{
    static const char *const functions[] = {"round", "coalesce", "ifnull", "cast"};
    const struct token *tokens = reader->tokens;
    size_t begin = span->begin, end = span->end;
    if (end - begin > 2 && is_name(&tokens[end - 1]) && is_sign(&tokens[end - 2], "::")) {
        span->end = end - 2;
        return true;
    }
    bool called = end - begin > 3 && is_one_of(&tokens[begin], functions, COUNT(functions));
    size_t open = begin + called;
    if (end - begin < 3 || !is_sign(&tokens[open], "(") || closing(reader, open, end) != end - 1)
        return false;
    bool cast = called && is_word(&tokens[begin], "cast");
    size_t inner = cast     ? find_as(reader, open + 1, end - 1)
                   : called ? part_end(reader, open + 1, end - 1)
                            : end - 1;
    bool number_behind = inner + 2 == end - 1 && tokens[inner + 1].kind == TOKEN_NUMBER;
    if (cast ? inner == end - 1 : inner != end - 1 && !number_behind)
        return false;
    *span = (struct span){open + 1, inner};
    return true;
}

/* sum(x), count(*), count(x) FILTER (...), with what is in it in one pair of brackets. */
static void read_sum(const struct reader *reader, size_t begin, size_t end, struct select_column *out)
{
    static const char *const adding[] = {"sum", "count"};
    const struct token *tokens = reader->tokens;
    struct span span = {begin, bare_end(reader, begin, end)};
    while (unwrap(reader, &span))
        continue;
    begin = span.begin;
    end = span.end;
    if (end - begin < 4 || !is_one_of(&tokens[begin], adding, COUNT(adding)) ||
        !is_sign(&tokens[begin + 1], "(") || is_word(&tokens[begin + 2], "distinct"))
        return;
    size_t close = closing(reader, begin + 1, end);
    bool filtered = close + 2 < end && is_word(&tokens[close + 1], "filter") &&
                    closing(reader, close + 2, end) == end - 1;
    out->adds = close + 1 == end || filtered;
    out->counts = out->adds && is_word(&tokens[begin], "count");
    size_t of = begin + 2;
    if (close == of + 3 && is_name(&tokens[of]) && is_sign(&tokens[of + 1], "."))
        of += 2;
    if (out->adds && close == of + 1 && is_name(&tokens[of]))
        out->column = tokens[of].value;
}

/* "a" and "t.a", alone or as all that a function is called with. */
static void read_source(const struct reader *reader, size_t begin, size_t end,
                        struct select_column *out)
{
    const struct token *tokens = reader->tokens;
    end = bare_end(reader, begin, end);
    if (end - begin > 3 && tokens[begin].kind == TOKEN_WORD && is_sign(&tokens[begin + 1], "(") &&
        is_sign(&tokens[end - 1], ")")) {
        out->function = tokens[begin].value;
        begin += 2;
        end--;
        out->distinct = end - begin > 1 && is_word(&tokens[begin], "distinct");
        begin += out->distinct;
    }
    if (end - begin == 3 && is_name(&tokens[begin]) && is_sign(&tokens[begin + 1], "."))
        begin += 2;
    if (end - begin == 1 && is_name(&tokens[begin]))
        out->source = tokens[begin].value;
    else if (!(end - begin == 1 && (is_sign(&tokens[begin], "*") || tokens[begin].kind == TOKEN_NUMBER)))
        out->function = (struct str){0};
}

static void read_bucket(const struct reader *reader, size_t begin, size_t end,
                        struct select_column *out)
{
    for (size_t i = begin; i + 2 < end; i++)
        if (is_word(&reader->tokens[i], "date_trunc") && is_sign(&reader->tokens[i + 1], "(") &&
            reader->tokens[i + 2].kind == TOKEN_STRING)
            out->bucket = reader->tokens[i + 2].value;
}

static bool has_star(const struct reader *reader, size_t begin, size_t end)
{
    return is_sign(&reader->tokens[end - 1], "*") && (end - begin == 1 || is_sign(&reader->tokens[end - 2], "."));
}

/* Rows of one table as they are stored: nothing joined, grouped or taken from another SELECT. */
static bool is_of_records(const struct reader *reader)
{
    static const char *const ends[] = {"where", "order"};
    size_t i = reader->end + 1;
    for (; i < reader->count && !is_one_of(&reader->tokens[i], ends, COUNT(ends)); i++)
        if (is_sign(&reader->tokens[i], ",") || is_sign(&reader->tokens[i], "(") ||
            is_word(&reader->tokens[i], "join"))
            return false;
    return reader->group == 0 && is_word(&reader->tokens[0], "select");
}

bool select_list_read(struct str sql, struct arena *arena, struct select_list *out)
{
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (!tokenize(sql, arena, &tokens, &refusal, &fault))
        return false;
    struct reader reader = {.tokens = tokens.items, .count = tokens.count, .whole = true};
    size_t capacity = 0;
    *out = (struct select_list){0};
    if (!find_select(&reader))
        return false;
    out->whole = reader.whole;
    out->of_records = is_of_records(&reader);
    for (size_t at = reader.begin, end; at < reader.end; at = end + 1) {
        end = part_end(&reader, at, reader.end);
        if (end == at || has_star(&reader, at, end))
            return false;
        out->items = arena_grow(arena, out->items, out->count, &capacity, sizeof(*out->items));
        struct select_column *item = &out->items[out->count];
        *item = (struct select_column){.kind = kind_of(&reader, at, end)};
        if (is_key(&reader, at, end, out->count, item->kind))
            item->kind = SELECT_KEY;
        read_sum(&reader, at, end, item);
        read_bucket(&reader, at, end, item);
        read_source(&reader, at, end, item);
        out->count++;
    }
    return out->count > 0;
}

bool select_list_is_aggregated(const struct select_list *list)
{
    bool any = false;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != SELECT_KEY && list->items[i].kind != SELECT_SUMMED)
            return false;
        any |= list->items[i].kind == SELECT_SUMMED;
    }
    return any;
}
