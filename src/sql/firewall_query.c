/* SPDX-License-Identifier: Apache-2.0 */
/* The firewall's reader of queries: WITH, SELECT, FROM, set operations, ORDER BY, LIMIT. */
#include <string.h>

#include "sql/allow_lists.h"
#include "sql/firewall_priv.h"

/* Tables. */

static bool is_cte(const struct firewall *fw, struct str name)
{
    for (const struct cte *cte = fw->ctes; cte; cte = cte->outer) {
        if (str_equal_nocase(cte->name, name))
            return true;
    }
    return false;
}

static char *lower_copy(struct arena *arena, struct str text)
{
    char *copy = arena_strndup(arena, text.bytes, text.length);
    for (char *c = copy; *c; c++)
        *c = char_lower(*c);
    return copy;
}

/* A misspelling, a part of the name, or the only table that there is. */
static const char *nearest_table(const struct firewall *fw, struct str name)
{
    size_t count = fw->policy->dataset_count;
    const char *nearest = count == 1 ? fw->policy->datasets[0]->table_name : NULL;
    unsigned best = 4;
    struct str wanted = str_from(lower_copy(fw->arena, name));
    for (size_t i = 0; i < count; i++) {
        const char *table = fw->policy->datasets[i]->table_name;
        struct str known = str_from(lower_copy(fw->arena, str_from(table)));
        unsigned distance = str_distance(known, wanted, best);
        bool part = known.length >= 3 && wanted.length >= 3 &&
                    (str_find(wanted, known) >= 0 || str_find(known, wanted) >= 0);
        if (part && distance > 2)
            distance = 2;
        if (distance < best) {
            best = distance;
            nearest = table;
        }
    }
    return nearest;
}

/* Datasets are asked for by their own name; a qualified one only exactly as the metadata has it. */
static bool is_dataset(const struct dataset *dataset, struct str name, bool qualified)
{
    if (str_equal_nocase(str_from(dataset->table_name), name))
        return true;
    return qualified && dataset->source.table &&
           str_equal_nocase(str_from(dataset->source.table), name);
}

static bool mark_table(struct firewall *fw, const struct token *token, bool qualified)
{
    struct str name = token->value;
    if (!qualified && is_cte(fw, name))
        return true;
    for (size_t i = 0; i < fw->policy->dataset_count; i++) {
        if (is_dataset(fw->policy->datasets[i], name, qualified)) {
            fw->reads[i] = true;
            return true;
        }
    }
    if (qualified)
        return firewall_refuse(fw, REFUSAL_SCHEMA, token, nearest_table(fw, fw->tokens[fw->at - 1].value));
    return firewall_refuse(fw, REFUSAL_TABLE, token, nearest_table(fw, name));
}

/* name(...) where a table should be. */
static bool refuse_table_function(struct firewall *fw, const struct token *name)
{
    enum refusal refusal = function_refusal(name->value);
    bool telling = refusal == REFUSAL_FUNCTION_FILES || refusal == REFUSAL_FUNCTION_SYSTEM;
    return firewall_refuse(fw, telling ? refusal : REFUSAL_TABLE_FUNCTION, name, NULL);
}

/* name or schema.name. The parts are looked up as one name with dots, as the metadata has it. */
static bool read_table_name(struct firewall *fw)
{
    const struct token *part = current(fw);
    if (part->kind == TOKEN_WORD && is_operator(ahead(fw, 1), "("))
        return refuse_table_function(fw, part);
    if (!read_name(fw, &part))
        return false;
    struct token whole = *part;
    bool qualified = false;
    while (accept_operator(fw, ".")) {
        qualified = true;
        /* After a dot any word is a name. */
        if (current(fw)->kind == TOKEN_WORD)
            part = &fw->tokens[fw->at++];
        else if (!read_name(fw, &part))
            return false;
        whole.value = str_from(
            arena_printf(fw->arena, "%.*s.%.*s", STR_ARGS(whole.value), STR_ARGS(part->value)));
        whole.text.length = (size_t)(part->text.bytes + part->text.length - whole.text.bytes);
    }
    if (is_operator(current(fw), "("))
        return refuse_table_function(fw, part);
    return mark_table(fw, &whole, qualified);
}

/* [AS] alias [(columns)] */
static bool read_table_alias(struct firewall *fw)
{
    const struct token *name;
    bool named = accept_word(fw, "as");
    if (!named && !is_name(fw, current(fw)))
        return true;
    if (!read_name(fw, &name))
        return false;
    return !is_operator(current(fw), "(") || read_name_list(fw);
}

static bool read_joined(struct firewall *fw);

static bool read_table(struct firewall *fw)
{
    const struct token *token = current(fw);
    if (++fw->table_count > SQL_TABLES_MAX)
        return firewall_refuse(fw, REFUSAL_TOO_MANY_TABLES, token, NULL);
    if (token->kind == TOKEN_STRING)
        return firewall_refuse(fw, REFUSAL_FILE, token, NULL);
    bool lateral = accept_word(fw, "lateral");
    if (is_operator(current(fw), "(")) {
        if (holds_query(fw, fw->at))
            return read_query_in_parentheses(fw) && read_table_alias(fw);
        if (lateral)
            return refuse_unexpected(fw);
        fw->at++;
        if (!enter(fw) || !read_joined(fw) || !expect_operator(fw, ")"))
            return false;
        leave(fw);
        return read_table_alias(fw);
    }
    /* LATERAL of a function call or of unnest(): rows that come from no table. */
    if (lateral)
        return firewall_refuse(fw, REFUSAL_TABLE_FUNCTION, current(fw), NULL);
    return read_table_name(fw) && read_table_alias(fw);
}

/* What may stand before JOIN; *found says whether a join starts here. */
static bool read_join_words(struct firewall *fw, bool *found)
{
    static const char *const kinds[] = {"natural", "asof",  "inner", "left", "right",
                                        "full",    "cross", "semi",  "anti"};
    size_t start = fw->at;
    if (is_word(current(fw), "positional"))
        return firewall_refuse(fw, REFUSAL_CONSTRUCT, current(fw), NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        (void)accept_word(fw, kinds[i]);
    if (fw->at > start)
        (void)accept_word(fw, "outer");
    *found = accept_word(fw, "join");
    return *found || fw->at == start || refuse_unexpected(fw);
}

/* table JOIN table ON .. JOIN .. */
static bool read_joined(struct firewall *fw)
{
    if (!read_table(fw))
        return false;
    for (;;) {
        bool found = false;
        if (!read_join_words(fw, &found))
            return false;
        if (!found)
            return true;
        if (!read_table(fw))
            return false;
        if (accept_word(fw, "on")) {
            if (!read_expression(fw))
                return false;
        } else if (accept_word(fw, "using")) {
            if (!read_name_list(fw))
                return false;
        }
    }
}

static bool read_from(struct firewall *fw)
{
    do {
        if (!read_joined(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

/* The select list. */

/* [EXCLUDE name | (names)]; REPLACE and RENAME are not allowed. */
static bool read_star_end(struct firewall *fw)
{
    const struct token *name;
    if (!accept_word(fw, "exclude"))
        return true;
    return is_operator(current(fw), "(") ? read_name_list(fw) : read_name(fw, &name);
}

/* * or t.*; *found is false when the item is an expression. */
static bool read_star(struct firewall *fw, bool *found)
{
    *found = true;
    if (accept_operator(fw, "*"))
        return read_star_end(fw);
    if (is_name(fw, current(fw)) && is_operator(ahead(fw, 1), ".") &&
        is_operator(ahead(fw, 2), "*")) {
        const struct token *name;
        if (!read_name(fw, &name))
            return false;
        fw->at += 2;
        return read_star_end(fw);
    }
    *found = false;
    return true;
}

static bool read_select_item(struct firewall *fw)
{
    const struct token *name;
    bool star;
    if (!read_star(fw, &star))
        return false;
    if (star)
        return true;
    if (!read_expression(fw))
        return false;
    if (accept_word(fw, "as")) {
        /* After AS any word is a name. */
        if (current(fw)->kind == TOKEN_WORD) {
            fw->at++;
            return true;
        }
        return read_name(fw, &name);
    }
    return !is_name(fw, current(fw)) || read_name(fw, &name);
}

static bool read_select_list(struct firewall *fw)
{
    if (accept_word(fw, "distinct")) {
        if (accept_word(fw, "on")) {
            if (!expect_operator(fw, "(") || !read_expressions(fw) || !expect_operator(fw, ")"))
                return false;
        }
    } else {
        (void)accept_word(fw, "all");
    }
    do {
        if (!read_select_item(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

/* Clauses. */

static bool read_group_item(struct firewall *fw);

/* ( item, ... ), perhaps empty */
static bool read_group_items(struct firewall *fw)
{
    if (!expect_operator(fw, "(") || !enter(fw))
        return false;
    if (!is_operator(current(fw), ")")) {
        do {
            if (!read_group_item(fw))
                return false;
        } while (accept_operator(fw, ","));
    }
    leave(fw);
    return expect_operator(fw, ")");
}

static bool read_group_item(struct firewall *fw)
{
    const struct token *next = ahead(fw, 1);
    if (is_word(current(fw), "grouping") && is_word(next, "sets")) {
        fw->at += 2;
        return read_group_items(fw);
    }
    if ((is_word(current(fw), "rollup") || is_word(current(fw), "cube")) &&
        is_operator(next, "(")) {
        fw->at++;
        return read_group_items(fw);
    }
    if (is_operator(current(fw), "(") && is_operator(next, ")"))
        return read_group_items(fw);
    return read_expression(fw);
}

static bool read_group_by(struct firewall *fw)
{
    if (!expect_word(fw, "by"))
        return false;
    if (accept_word(fw, "all"))
        return true;
    do {
        if (!read_group_item(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

/* WINDOW name AS (..), .. */
static bool read_named_windows(struct firewall *fw)
{
    const struct token *name;
    do {
        if (!read_name(fw, &name) || !expect_word(fw, "as") || !read_window(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

static const struct {
    const char *word;
    bool (*read)(struct firewall *fw);
} clauses[] = {
    {"from", read_from},         {"where", read_expression},     {"group", read_group_by},
    {"having", read_expression}, {"window", read_named_windows}, {"qualify", read_expression},
};

static bool read_select(struct firewall *fw)
{
    if (++fw->select_count > SQL_SELECTS_MAX)
        return firewall_refuse(fw, REFUSAL_TOO_MANY_TABLES, current(fw), NULL);
    if (!read_select_list(fw))
        return false;
    for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++) {
        if (accept_word(fw, clauses[i].word) && !clauses[i].read(fw))
            return false;
    }
    return true;
}

static bool read_values(struct firewall *fw)
{
    do {
        if (++fw->values_count > SQL_VALUES_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_ROWS, current(fw), NULL);
        if (!expect_operator(fw, "(") || !read_expressions(fw) || !expect_operator(fw, ")"))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

bool read_order_keys(struct firewall *fw)
{
    do {
        if (!accept_word(fw, "all") && !read_expression(fw))
            return false;
        if (!accept_word(fw, "asc"))
            (void)accept_word(fw, "desc");
        if (accept_word(fw, "nulls") && !accept_word(fw, "first") && !expect_word(fw, "last"))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

static bool read_whole_number(struct firewall *fw)
{
    const struct token *token = current(fw);
    int64_t number;
    if (token->kind != TOKEN_NUMBER || !str_to_i64(token->text, &number))
        return firewall_refuse(fw, REFUSAL_LIMIT, token, NULL);
    fw->at++;
    return true;
}

/* LIMIT n, OFFSET n [ROWS], FETCH FIRST n ROWS ONLY, each at most once, in any order. */
static bool read_limits(struct firewall *fw)
{
    bool limited = false, moved = false;
    for (;;) {
        if (!limited && accept_word(fw, "limit")) {
            limited = true;
            if (!read_whole_number(fw))
                return false;
        } else if (!moved && accept_word(fw, "offset")) {
            moved = true;
            if (!read_whole_number(fw))
                return false;
            if (!accept_word(fw, "rows"))
                (void)accept_word(fw, "row");
        } else if (!limited && accept_word(fw, "fetch")) {
            limited = true;
            if (!accept_word(fw, "first") && !expect_word(fw, "next"))
                return false;
            if (!read_whole_number(fw))
                return false;
            if (!accept_word(fw, "rows") && !expect_word(fw, "row"))
                return false;
            if (!expect_word(fw, "only"))
                return false;
        } else {
            return true;
        }
    }
}

/* Queries. */

/* name [(columns)] AS [[NOT] MATERIALIZED] ( query ). The name is known only after its own query:
 * inside, it still means the table of that name. */
static bool read_cte(struct firewall *fw)
{
    const struct token *name;
    if (is_word(current(fw), "recursive"))
        return firewall_refuse(fw, REFUSAL_CONSTRUCT, current(fw), NULL);
    if (!read_name(fw, &name))
        return false;
    if (is_system_name(name->value) || strpbrk(arena_str(fw->arena, name->value).bytes, "./\\:*?"))
        return firewall_refuse(fw, REFUSAL_NAME, name, NULL);
    if (is_operator(current(fw), "(") && !read_name_list(fw))
        return false;
    if (!expect_word(fw, "as"))
        return false;
    bool materialized = accept_word(fw, "materialized");
    if (!materialized && accept_word(fw, "not") && !expect_word(fw, "materialized"))
        return false;
    if (!read_query_in_parentheses(fw))
        return false;
    struct cte *cte = arena_alloc(fw->arena, sizeof *cte);
    *cte = (struct cte){name->value, fw->ctes};
    fw->ctes = cte;
    return true;
}

static bool read_with(struct firewall *fw)
{
    do {
        if (!read_cte(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

/* SELECT .., VALUES .., or a query in parentheses. */
static bool read_query_term(struct firewall *fw)
{
    const struct token *token = current(fw);
    if (is_operator(token, "("))
        return read_query_in_parentheses(fw);
    if (accept_word(fw, "select"))
        return read_select(fw);
    if (is_word(token, "values") && fw->depth > 1) {
        fw->at++;
        return read_values(fw);
    }
    if (token->kind == TOKEN_WORD && is_statement_word(token->text))
        return firewall_refuse(fw, REFUSAL_STATEMENT, token, NULL);
    return refuse_unexpected(fw);
}

static bool accept_set_operation(struct firewall *fw)
{
    if (!accept_word(fw, "union") && !accept_word(fw, "intersect") && !accept_word(fw, "except"))
        return false;
    if (!accept_word(fw, "all"))
        (void)accept_word(fw, "distinct");
    return true;
}

bool read_query(struct firewall *fw)
{
    if (!enter(fw))
        return false;
    const struct cte *outer = fw->ctes;
    if (accept_word(fw, "with") && !read_with(fw))
        return false;
    do {
        if (!read_query_term(fw))
            return false;
    } while (accept_set_operation(fw));
    if (accept_word(fw, "order") && (!expect_word(fw, "by") || !read_order_keys(fw)))
        return false;
    if (!read_limits(fw))
        return false;
    fw->ctes = outer;
    leave(fw);
    return true;
}

bool read_query_in_parentheses(struct firewall *fw)
{
    return expect_operator(fw, "(") && read_query(fw) && expect_operator(fw, ")");
}
