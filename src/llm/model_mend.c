/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mends a statement that the engine does not understand, where there is one way to mend it: no call is made.
 * Models write SQL as most engines of their examples take it: a column after the wrong table's alias, a
 * misspelled name put right, a group's name that is not in GROUP BY, numbers that are stored as text, a table that is
 * not joined, the name of both sides of a join, a table in place of the one that has the columns. What the engine says is known of DuckDB; the words of others are not
 * found, and nothing is done.
 */
#include <string.h>

#include "llm/model_priv.h"
#include "planner/print/dialect.h"
#include "sql/allow_lists.h"
#include "sql/firewall.h"
#include "sql/tokenizer.h"

#define REFERENCES_MAX 32
#define DISTANCE_MAX 2
#define NAME_LENGTH_MIN 4 /* of a name that may be misspelled */

/* A table as the statement names it. */
struct reference {
    const struct dataset *dataset;
    struct str name;
};

struct mending {
    const struct decision *decision;
    struct str sql;
    struct token_list tokens;
    struct reference references[REFERENCES_MAX];
    size_t reference_count;
    struct str name; /* that the engine speaks of */
    struct strbuf *out;
};

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_QUOTED ||
           (token->kind == TOKEN_WORD && !is_reserved_word(token->text));
}

static void find_references(struct mending *mending)
{
    for (size_t i = 1; i < mending->tokens.count; i++) {
        const struct token *token = &mending->tokens.items[i], *next = token + 1;
        if (!is_name(token) || mending->reference_count == REFERENCES_MAX ||
            !(is_word(token - 1, "from") || is_word(token - 1, "join") || is_sign(token - 1, ",")))
            continue;
        const struct dataset *dataset = model_find_table(mending->decision, token->value);
        if (!dataset || is_sign(next, "."))
            continue;
        next += is_word(next, "as");
        mending->references[mending->reference_count++] =
            (struct reference){dataset, is_name(next) ? next->text : token->text};
    }
}

static bool ends_select(const struct token *token)
{
    static const char *const words[] = {"union", "intersect", "except"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(token, words[i]))
            return true;
    return false;
}

static bool ends_groups(const struct token *token)
{
    static const char *const words[] = {"having", "order", "limit", "offset", "qualify", "window"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(token, words[i]))
            return true;
    return false;
}

/* Is the token the name that the engine speaks of, and a column's? */
static bool is_spoken_of(const struct mending *mending, const struct token *token)
{
    return (token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) &&
           str_equal_nocase(token->value, mending->name) && !is_sign(token + 1, "(") &&
           !is_sign(token + 1, ".");
}

static const struct column *find_column(const struct dataset *dataset, struct str name)
{
    for (size_t c = 0; c < dataset->column_count; c++)
        if (!model_is_hidden(dataset, &dataset->columns[c]) &&
            str_equal_nocase(name, str_from(dataset->columns[c].name)))
            return &dataset->columns[c];
    return NULL;
}

/* ------------------------------------------------------------------ names */

/* The one table of the statement that has the column; NULL: none, or several. */
static const struct reference *find_owner(const struct mending *mending)
{
    const struct reference *owner = NULL;
    for (size_t i = 0; i < mending->reference_count; i++)
        if (find_column(mending->references[i].dataset, mending->name)) {
            if (owner)
                return NULL;
            owner = &mending->references[i];
        }
    return owner;
}

static unsigned distance_of(struct str name, const char *other, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    char *a = arena_strndup(arena, name.bytes, name.length), *b = arena_strdup(arena, other);
    for (char *c = a; *c; c++)
        *c = char_lower(*c);
    for (char *c = b; *c; c++)
        *c = char_lower(*c);
    unsigned distance = str_distance(str_from(a), str_from(b), DISTANCE_MAX);
    arena_rollback(arena, mark);
    return distance;
}

/* The one column of the statement's tables that is most like the name. */
static const char *find_like(const struct mending *mending)
{
    const char *like = NULL;
    unsigned least = DISTANCE_MAX + 1;
    for (size_t i = 0; i < mending->reference_count; i++) {
        const struct dataset *dataset = mending->references[i].dataset;
        for (size_t c = 0; c < dataset->column_count; c++) {
            const struct column *column = &dataset->columns[c];
            unsigned distance = distance_of(mending->name, column->name, mending->decision->arena);
            if (model_is_hidden(dataset, column) || distance > least ||
                (like && strcmp(like, column->name) == 0))
                continue;
            like = distance < least ? column->name : NULL; /* two are none */
            least = distance;
        }
    }
    return mending->name.length >= NAME_LENGTH_MIN && least <= DISTANCE_MAX ? like : NULL;
}

/* ------------------------------------------------------------------ joins */

/* A table that the statement lacks: it has the column, and one key leads to it. */
struct missing {
    const struct dataset *dataset;
    const struct reference *from;
    const char *column, *other_column; /* of `from`; of the table */
    size_t ways;
};

static void add_way(struct missing *missing, const struct reference *from,
                    const struct dataset *dataset, const char *column, const char *other_column)
{
    const struct column *key = find_column(dataset, str_from(other_column));
    if (!key || !key->unique || !find_column(from->dataset, str_from(column)))
        return; /* hidden, or rows would be multiplied */
    if (missing->ways > 0 && missing->dataset == dataset && missing->from == from &&
        strcmp(missing->column, column) == 0 && strcmp(missing->other_column, other_column) == 0)
        return; /* declared on both sides */
    *missing = (struct missing){dataset, from, column, other_column, missing->ways + 1};
}

static void find_ways(const struct mending *mending, const struct dataset *dataset,
                      struct missing *missing)
{
    for (size_t i = 0; i < mending->reference_count; i++) {
        const struct reference *from = &mending->references[i];
        for (size_t r = 0; r < from->dataset->relationship_count; r++) {
            const struct relationship *way = &from->dataset->relationships[r];
            if (strcmp(way->dataset_id, dataset->id) == 0)
                add_way(missing, from, dataset, way->column, way->other_column);
        }
        for (size_t r = 0; r < dataset->relationship_count; r++) {
            const struct relationship *way = &dataset->relationships[r];
            if (strcmp(way->dataset_id, from->dataset->id) == 0)
                add_way(missing, from, dataset, way->other_column, way->column);
        }
    }
}

static bool ends_from(const struct token *token)
{
    return is_word(token, "where") || is_word(token, "group") || ends_groups(token) ||
           ends_select(token);
}

/* Where the FROM of the SELECT around the token ends: the last token of it; 0: not found. */
static size_t end_of_from(const struct mending *mending, size_t at)
{
    const struct token *items = mending->tokens.items;
    size_t depth = 0;
    while (at > 0 && !(depth == 0 && is_word(&items[at], "select"))) {
        depth += is_sign(&items[at], ")");
        depth -= is_sign(&items[at], "(") && depth > 0;
        at--;
    }
    bool from = false;
    if (!is_word(&items[at], "select"))
        return 0;
    depth = 0;
    for (; at < mending->tokens.count; at++) {
        if (depth == 0 && ((from && ends_from(&items[at])) || is_sign(&items[at], ")")))
            break;
        depth += is_sign(&items[at], "(");
        depth -= is_sign(&items[at], ")");
        from |= depth == 0 && is_word(&items[at], "from");
    }
    return from ? at - 1 : 0;
}

static void add_side(struct strbuf *out, struct str table, const char *column)
{
    strbuf_add_str(out, table);
    strbuf_add_char(out, '.');
    model_add_name(out, column);
}

static void add_join_text(struct strbuf *out, const struct missing *missing)
{
    struct strbuf table = strbuf_init(2 * SQL_NAME_MAX + 2);
    model_add_name(&table, missing->dataset->table_name);
    strbuf_add(out, " JOIN ");
    strbuf_add_str(out, strbuf_str(&table));
    strbuf_add(out, " ON ");
    add_side(out, missing->from->name, missing->column);
    strbuf_add(out, " = ");
    add_side(out, strbuf_str(&table), missing->other_column);
    strbuf_clear(&table);
}

/* The column is of one table that the statement does not read. */
static bool add_join(struct mending *mending)
{
    const struct decision *decision = mending->decision;
    const struct token *items = mending->tokens.items;
    struct missing missing = {0};
    size_t at = 0;
    for (size_t t = 0; t < decision->table_count; t++)
        if (find_column(decision->tables[t], mending->name))
            find_ways(mending, decision->tables[t], &missing);
    while (at < mending->tokens.count && !is_spoken_of(mending, &items[at]))
        at++;
    size_t end = at < mending->tokens.count ? end_of_from(mending, at) : 0;
    if (missing.ways != 1 || end == 0)
        return false;
    const char *done = mending->sql.bytes;
    for (size_t i = 0; i < mending->tokens.count; i++) {
        const struct token *token = &items[i];
        const char *after = token->text.bytes + token->text.length;
        if (i >= 2 && is_spoken_of(mending, token) && is_sign(token - 1, ".")) {
            strbuf_add_bytes(mending->out, done, (size_t)(items[i - 2].text.bytes - done));
            model_add_name(mending->out, missing.dataset->table_name);
            done = token[-1].text.bytes;
        }
        if (i == end) {
            strbuf_add_bytes(mending->out, done, (size_t)(after - done));
            add_join_text(mending->out, &missing);
            done = after;
        }
    }
    strbuf_add(mending->out, done);
    return true;
}

/* ------------------------------------------------------------------ the wrong table */

static bool is_column(const struct mending *mending, const struct token *token)
{
    if (!is_name(token) || is_sign(token + 1, "(") || is_sign(token + 1, "."))
        return false;
    for (size_t t = 0; t < mending->decision->table_count; t++)
        if (find_column(mending->decision->tables[t], token->value))
            return true;
    return false;
}

static bool has_all_columns(const struct mending *mending, const struct dataset *dataset)
{
    for (size_t i = 0; i < mending->tokens.count; i++)
        if (is_column(mending, &mending->tokens.items[i]) &&
            !find_column(dataset, mending->tokens.items[i].value))
            return false;
    return find_column(dataset, mending->name) != NULL;
}

/* The one table that has all that is asked of another one. Of what is counted FROM alone says what it is. */
static const struct dataset *find_whole(const struct mending *mending)
{
    const struct dataset *whole = NULL;
    size_t selects = 0;
    for (size_t i = 0; i < mending->tokens.count; i++) {
        selects += is_word(&mending->tokens.items[i], "select");
        if (is_sign(&mending->tokens.items[i], "*"))
            return NULL;
    }
    if (selects != 1 || mending->reference_count != 1)
        return NULL;
    for (size_t t = 0; t < mending->decision->table_count; t++) {
        if (!has_all_columns(mending, mending->decision->tables[t]))
            continue;
        if (whole)
            return NULL;
        whole = mending->decision->tables[t];
    }
    return whole;
}

/* In FROM, and before columns. An alias stays. */
static bool change_table(struct mending *mending)
{
    const struct dataset *whole = find_whole(mending);
    const char *done = mending->sql.bytes;
    if (!whole)
        return false;
    for (size_t i = 0; i < mending->tokens.count; i++) {
        const struct token *token = &mending->tokens.items[i];
        bool after_from = i > 0 && is_word(token - 1, "from");
        if (!is_name(token) || !(after_from || is_sign(token + 1, ".")) ||
            !str_equal_nocase(token->value,
                              str_from(mending->references[0].dataset->table_name)))
            continue;
        strbuf_add_bytes(mending->out, done, (size_t)(token->text.bytes - done));
        model_add_name(mending->out, whole->table_name);
        done = token->text.bytes + token->text.length;
    }
    strbuf_add(mending->out, done);
    return true;
}

/* Every time that the name stands there, with another qualifier or another name. */
static bool mend_name(struct mending *mending)
{
    const struct reference *owner = find_owner(mending);
    if (!owner && change_table(mending))
        return true;
    const char *like = owner ? NULL : find_like(mending), *done = mending->sql.bytes;
    if (!owner && !like)
        return add_join(mending);
    for (size_t i = 0; i < mending->tokens.count; i++) {
        const struct token *token = &mending->tokens.items[i];
        bool qualified = i >= 2 && is_sign(token - 1, ".");
        if (!is_spoken_of(mending, token) || (owner && !qualified))
            continue;
        const struct token *from = owner ? token - 2 : token;
        struct str name = owner ? from->text : token->text;
        strbuf_add_bytes(mending->out, done, (size_t)(name.bytes - done));
        if (owner)
            strbuf_add_str(mending->out, owner->name);
        else
            model_add_name(mending->out, like);
        done = name.bytes + name.length;
    }
    strbuf_add(mending->out, done);
    return true;
}

/* ------------------------------------------------------------------ tables */

/* orders.region of FROM orders AS o: the one name that the table has here. */
static const struct reference *find_renamed(const struct mending *mending)
{
    const struct reference *renamed = NULL;
    for (size_t i = 0; i < mending->reference_count; i++)
        if (str_equal_nocase(str_from(mending->references[i].dataset->table_name), mending->name)) {
            if (renamed)
                return NULL;
            renamed = &mending->references[i];
        }
    return renamed;
}

static bool is_qualifier(const struct mending *mending, const struct token *token)
{
    return is_name(token) && str_equal_nocase(token->value, mending->name) && is_sign(token + 1, ".");
}

static bool join_table(struct mending *mending)
{
    const struct token *items = mending->tokens.items;
    const struct dataset *dataset = model_find_table(mending->decision, mending->name);
    struct missing missing = {0};
    size_t at = 0;
    if (dataset)
        find_ways(mending, dataset, &missing);
    while (at < mending->tokens.count && !is_qualifier(mending, &items[at]))
        at++;
    size_t end = at < mending->tokens.count ? end_of_from(mending, at) : 0;
    if (missing.ways != 1 || end == 0)
        return false;
    const char *cut = items[end].text.bytes + items[end].text.length;
    strbuf_add_bytes(mending->out, mending->sql.bytes, (size_t)(cut - mending->sql.bytes));
    add_join_text(mending->out, &missing);
    strbuf_add(mending->out, cut);
    return true;
}

/* A table is spoken of that FROM does not name, or names otherwise. */
static bool mend_table(struct mending *mending)
{
    const struct reference *renamed = find_renamed(mending);
    const char *done = mending->sql.bytes;
    if (!renamed)
        return join_table(mending);
    for (size_t i = 0; i < mending->tokens.count; i++) {
        const struct token *token = &mending->tokens.items[i];
        if (!is_qualifier(mending, token))
            continue;
        strbuf_add_bytes(mending->out, done, (size_t)(token->text.bytes - done));
        strbuf_add_str(mending->out, renamed->name);
        done = token->text.bytes + token->text.length;
    }
    strbuf_add(mending->out, done);
    return true;
}

/* a.id = b.id at this token, the id being the name that the engine speaks of? */
static bool joins_by_name(const struct mending *mending, size_t at)
{
    const struct token *items = &mending->tokens.items[at];
    return at + 6 < mending->tokens.count && is_name(&items[0]) && is_sign(&items[1], ".") &&
           is_sign(&items[3], "=") && is_name(&items[4]) && is_sign(&items[5], ".") &&
           str_equal_nocase(items[2].value, mending->name) &&
           str_equal_nocase(items[6].value, mending->name);
}

/* id of FROM a JOIN b ON a.id = b.id: it does not matter whose. With outer joins, several SELECTs or a third table it may. */
static bool mend_ambiguous(struct mending *mending)
{
    static const char *const others[] = {"left", "right", "full", "using", "natural"};
    const struct token *items = mending->tokens.items, *owner = NULL;
    size_t selects = 0;
    for (size_t i = 0; i < mending->tokens.count; i++) {
        selects += is_word(&items[i], "select");
        for (size_t w = 0; w < sizeof(others) / sizeof(others[0]); w++)
            if (is_word(&items[i], others[w]))
                return false;
        if (!owner && joins_by_name(mending, i))
            owner = &items[i];
    }
    if (!owner || selects != 1 || mending->reference_count != 2)
        return false;
    const char *done = mending->sql.bytes;
    for (size_t i = 1; i < mending->tokens.count; i++) {
        const struct token *token = &items[i];
        if (!is_spoken_of(mending, token) || is_sign(token - 1, ".") || is_word(token - 1, "as"))
            continue;
        strbuf_add_bytes(mending->out, done, (size_t)(token->text.bytes - done));
        strbuf_add_str(mending->out, owner->text);
        strbuf_add_char(mending->out, '.');
        done = token->text.bytes;
    }
    strbuf_add(mending->out, done);
    return true;
}

/* ------------------------------------------------------------------ groups */

/* The tokens of the SELECT that the token at `at` stands in, without its parentheses' insides; 0: none. */
struct select {
    size_t begin, from, group, end; /* SELECT; FROM; after BY of GROUP BY, 0: none; after its last token */
    size_t list_end;                /* where HAVING, ORDER, ... begin */
    bool sums_up;                   /* an aggregate is in its list */
};

/* Of the first SELECT whose list has the name outside of parentheses. */
static bool read_select(const struct mending *mending, size_t begin, struct select *out)
{
    const struct token *items = mending->tokens.items;
    bool has_name = false;
    size_t depth = 0, i = begin + 1;
    *out = (struct select){.begin = begin};
    for (; i < mending->tokens.count; i++) {
        const struct token *token = &items[i];
        if (depth == 0 && (is_sign(token, ")") || ends_select(token)))
            break;
        depth += is_sign(token, "(");
        depth -= is_sign(token, ")");
        if (out->from == 0 && is_sign(token, "(") && items[i - 1].kind == TOKEN_WORD)
            out->sums_up = true; /* or it may: then nothing is done */
        if (depth > 0)
            continue;
        has_name |= out->from == 0 && is_spoken_of(mending, token);
        if (out->from == 0 && is_word(token, "from"))
            out->from = i;
        if (is_word(token, "group") && is_word(token + 1, "by"))
            out->group = i + 2;
        if (out->list_end == 0 && out->from > 0 && ends_groups(token))
            out->list_end = i;
    }
    out->end = i;
    if (out->list_end == 0)
        out->list_end = i;
    return has_name && out->from > 0;
}

/* Grouped by a key, every other column of its table has one value in a group. */
static bool groups_by_key(const struct mending *mending, const struct select *select)
{
    for (size_t i = select->group; i < select->list_end; i++)
        for (size_t r = 0; r < mending->reference_count; r++) {
            const struct dataset *dataset = mending->references[r].dataset;
            const struct column *key =
                find_column(dataset, mending->tokens.items[i].value);
            if (key && key->unique && find_column(dataset, mending->name))
                return true;
        }
    return false;
}

/* SELECT name, count(*) ... GROUP BY id, and SELECT name ... ORDER BY count(*). */
static bool mend_groups(struct mending *mending)
{
    const struct token *items = mending->tokens.items;
    struct select select = {0};
    size_t at = 0;
    while (at < mending->tokens.count &&
           !(is_word(&items[at], "select") && read_select(mending, at, &select)))
        at++;
    if (at == mending->tokens.count ||
        (select.group > 0 ? !groups_by_key(mending, &select) : select.sums_up))
        return false;
    size_t name = select.begin + 1;
    while (!is_spoken_of(mending, &items[name]))
        name++;
    const struct token *from = is_sign(&items[name - 1], ".") ? &items[name - 2] : &items[name];
    const char *end = items[name].text.bytes + items[name].text.length;
    const struct token *last = &items[select.list_end - 1];
    const char *cut = last->text.bytes + last->text.length;
    strbuf_add_bytes(mending->out, mending->sql.bytes, (size_t)(cut - mending->sql.bytes));
    strbuf_add(mending->out, select.group > 0 ? ", " : " GROUP BY ");
    strbuf_add_bytes(mending->out, from->text.bytes, (size_t)(end - from->text.bytes));
    strbuf_add(mending->out, cut);
    return true;
}

/* ------------------------------------------------------------------ numbers that are text */

static bool holds_numbers(const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    double number;
    for (size_t i = 0; i < profile->value_count; i++)
        if (!str_to_double(str_trim(str_from(profile->values[i].text)), &number))
            return false;
    return column->kind == VALUE_TEXT && profile->values_complete && profile->value_count > 0;
}

/* avg(price) where all that is stored are numbers. */
static bool mend_numbers(struct mending *mending)
{
    const struct token *items = mending->tokens.items;
    const char *done = mending->sql.bytes;
    for (size_t i = 0; i + 3 < mending->tokens.count; i++) {
        bool qualified = is_sign(&items[i + 3], ".");
        const struct token *column = &items[qualified ? i + 4 : i + 2];
        if (!str_equal_nocase(items[i].text, mending->name) || !is_sign(&items[i + 1], "(") ||
            !is_name(column) || (qualified && i + 5 >= mending->tokens.count) ||
            !is_sign(column + 1, ")"))
            continue;
        const char *begin = items[i + 2].text.bytes, *end = column->text.bytes + column->text.length;
        for (size_t r = 0; r < mending->reference_count; r++) {
            const struct column *found =
                find_column(mending->references[r].dataset, column->value);
            if (!found || !holds_numbers(found))
                continue;
            strbuf_add_bytes(mending->out, done, (size_t)(begin - done));
            strbuf_printf(mending->out, "TRY_CAST(%.*s AS DOUBLE)", (int)(end - begin), begin);
            done = end;
            break;
        }
    }
    strbuf_add(mending->out, done);
    return true;
}

/* ------------------------------------------------------------------ what the engine says */

static const struct {
    const char *before, *after; /* of the name */
    bool (*mend)(struct mending *mending);
} sayings[] = {
    {"Referenced column \"", "\" not found", mend_name},
    {"does not have a column named \"", "\"", mend_name},
    {"column \"", "\" must appear in the GROUP BY clause", mend_groups},
    {"No function matches the given name and argument types '", "(VARCHAR)'", mend_numbers},
    {"Referenced table \"", "\" not found", mend_table},
    {"Ambiguous reference to column name \"", "\"", mend_ambiguous},
};

static bool read_saying(const char *failure, size_t which, struct str *name)
{
    const char *begin = strstr(failure, sayings[which].before);
    const char *start = begin ? begin + strlen(sayings[which].before) : NULL;
    const char *end = start ? strstr(start, sayings[which].after) : NULL;
    if (!end || memchr(start, '"', (size_t)(end - start)))
        return false;
    *name = (struct str){start, (size_t)(end - start)};
    return name->length > 0;
}

const char *model_mend_sql(const struct decision *decision, const char *sql, const char *failure)
{
    struct strbuf out = strbuf_init(SQL_SIZE_MAX);
    struct mending mending = {.decision = decision, .sql = str_from(sql), .out = &out};
    const char *mended = NULL;
    enum refusal refusal;
    struct token fault;
    if (strlen(sql) > SQL_SIZE_MAX ||
        !tokenize(mending.sql, decision->arena, &mending.tokens, &refusal, &fault))
        return NULL;
    find_references(&mending);
    for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]) && !mended; i++)
        if (read_saying(failure, i, &mending.name) && sayings[i].mend(&mending) && strbuf_ok(&out))
            mended = arena_str(decision->arena, strbuf_str(&out)).bytes;
    strbuf_clear(&out);
    return mended && strcmp(mended, sql) != 0 ? mended : NULL;
}
