/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firewall's reader of expressions. Precedence does not matter here, only what may stand
 * where: an expression is tests joined by AND and OR, a test is sums compared, a sum is operands
 * joined by arithmetic.
 */
#include "sql/allow_lists.h"
#include "sql/firewall_priv.h"

static bool read_operand(struct firewall *fw);

static bool accept_any(struct firewall *fw, const char *const *operators, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (accept_operator(fw, operators[i]))
            return true;
    }
    return false;
}

/* operand + operand * operand ... */
static bool read_sum(struct firewall *fw)
{
    static const char *const arithmetic[] = {"+", "-", "*", "/", "//", "%", "^", "**", "||"};
    for (int count = 0;; count++) {
        if (count > SQL_CHAIN_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
        if (!read_operand(fw))
            return false;
        if (!accept_any(fw, arithmetic, sizeof arithmetic / sizeof *arithmetic))
            return true;
    }
}

/* Tests. */

/* After a comparison: a sum, or ANY | ALL | SOME ( query ). */
static bool read_compared(struct firewall *fw)
{
    if (accept_word(fw, "any") || accept_word(fw, "all") || accept_word(fw, "some")) {
        if (!is_operator(current(fw), "(") || !holds_query(fw, fw->at))
            return refuse_unexpected(fw);
        return read_query_in_parentheses(fw);
    }
    return read_sum(fw);
}

static bool read_between(struct firewall *fw)
{
    return read_sum(fw) && expect_word(fw, "and") && read_sum(fw);
}

/* IN ( query ) or IN ( expression, ... ) */
static bool read_in(struct firewall *fw)
{
    if (!is_operator(current(fw), "("))
        return refuse_unexpected(fw);
    if (holds_query(fw, fw->at))
        return read_query_in_parentheses(fw);
    fw->at++;
    return read_expressions(fw) && expect_operator(fw, ")");
}

static bool read_like(struct firewall *fw)
{
    return read_sum(fw) && (!accept_word(fw, "escape") || read_sum(fw));
}

static bool read_similar(struct firewall *fw)
{
    return expect_word(fw, "to") && read_like(fw);
}

static const struct {
    const char *word;
    bool (*read)(struct firewall *fw);
} tests[] = {
    {"between", read_between}, {"in", read_in},           {"like", read_like},
    {"ilike", read_like},      {"similar", read_similar}, {"glob", read_sum},
};

/* IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM sum */
static bool read_is(struct firewall *fw)
{
    (void)accept_word(fw, "not");
    if (accept_word(fw, "distinct"))
        return expect_word(fw, "from") && read_sum(fw);
    if (accept_word(fw, "null") || accept_word(fw, "true") || accept_word(fw, "false") ||
        accept_word(fw, "unknown"))
        return true;
    return refuse_unexpected(fw);
}

/* One more part of a test, if there is one; *found says so. */
static bool read_test_part(struct firewall *fw, bool *found)
{
    static const char *const comparisons[] = {"=", "==", "<>", "!=", "<=", ">=", "<", ">"};
    *found = true;
    if (accept_any(fw, comparisons, sizeof comparisons / sizeof *comparisons))
        return read_compared(fw);
    if (accept_word(fw, "is"))
        return read_is(fw);
    if (accept_word(fw, "isnull") || accept_word(fw, "notnull"))
        return true;
    bool negated = accept_word(fw, "not");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (accept_word(fw, tests[i].word))
            return tests[i].read(fw);
    }
    *found = false;
    return !negated || refuse_unexpected(fw);
}

static bool read_test(struct firewall *fw)
{
    for (int count = 0; accept_word(fw, "not"); count++) {
        if (count > SQL_CHAIN_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
    }
    bool found = read_sum(fw);
    if (!found)
        return false;
    for (int count = 0; found; count++) {
        if (count > SQL_CHAIN_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
        if (!read_test_part(fw, &found))
            return false;
    }
    return true;
}

bool read_expression(struct firewall *fw)
{
    if (!enter(fw))
        return false;
    int count = 0;
    do {
        if (++count > SQL_TERMS_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
        if (!read_test(fw))
            return false;
    } while (accept_word(fw, "and") || accept_word(fw, "or"));
    leave(fw);
    return true;
}

bool read_expressions(struct firewall *fw)
{
    do {
        if (!read_expression(fw))
            return false;
    } while (accept_operator(fw, ","));
    return true;
}

/* Types. */

/* ( n [, n] ) */
static bool read_type_size(struct firewall *fw)
{
    if (!accept_operator(fw, "("))
        return true;
    for (int count = 0; count < 2; count++) {
        if (current(fw)->kind != TOKEN_NUMBER)
            return refuse_unexpected(fw);
        fw->at++;
        if (!accept_operator(fw, ","))
            break;
    }
    return expect_operator(fw, ")");
}

/* The second words of DOUBLE PRECISION, CHARACTER VARYING, TIMESTAMP WITH TIME ZONE. */
static bool read_type_rest(struct firewall *fw, const struct token *name)
{
    if (is_word(name, "double"))
        (void)accept_word(fw, "precision");
    else if (is_word(name, "character") || is_word(name, "char"))
        (void)accept_word(fw, "varying");
    if (!read_type_size(fw))
        return false;
    bool zoned = is_word(name, "timestamp") || is_word(name, "time");
    bool with = is_word(current(fw), "with") || is_word(current(fw), "without");
    if (!zoned || !with || !is_word(ahead(fw, 1), "time"))
        return true;
    fw->at += 2;
    return expect_word(fw, "zone");
}

static bool read_type(struct firewall *fw)
{
    const struct token *token = current(fw);
    if (token->kind != TOKEN_WORD)
        return refuse_unexpected(fw);
    if (!allow_type(token->text))
        return firewall_refuse(fw, REFUSAL_TYPE, token, nearest_type(token->text));
    fw->at++;
    return read_type_rest(fw, token);
}

/* Forms with words inside the parentheses. The word itself and "(" are taken already. */

static bool read_cast(struct firewall *fw)
{
    return read_expression(fw) && expect_word(fw, "as") && read_type(fw) &&
           expect_operator(fw, ")");
}

static bool read_extract(struct firewall *fw)
{
    const struct token *field = current(fw);
    if ((field->kind != TOKEN_WORD && field->kind != TOKEN_STRING) ||
        !allow_extract_field(field->value))
        return firewall_refuse(fw, REFUSAL_UNIT, field, NULL);
    fw->at++;
    return expect_word(fw, "from") && read_expression(fw) && expect_operator(fw, ")");
}

/* POSITION(x IN y) */
static bool read_position(struct firewall *fw)
{
    return read_sum(fw) && expect_word(fw, "in") && read_sum(fw) && expect_operator(fw, ")");
}

/* SUBSTRING(x FROM n FOR n) or SUBSTRING(x, n, n) */
static bool read_substring(struct firewall *fw)
{
    if (!read_expression(fw))
        return false;
    if (accept_operator(fw, ","))
        return read_expressions(fw) && expect_operator(fw, ")");
    if (accept_word(fw, "from") && !read_expression(fw))
        return false;
    if (accept_word(fw, "for") && !read_expression(fw))
        return false;
    return expect_operator(fw, ")");
}

/* TRIM([BOTH | LEADING | TRAILING] [x] [FROM] y) or TRIM(x, y) */
static bool read_trim(struct firewall *fw)
{
    if (!accept_word(fw, "both") && !accept_word(fw, "leading"))
        (void)accept_word(fw, "trailing");
    if (accept_word(fw, "from"))
        return read_expression(fw) && expect_operator(fw, ")");
    if (!read_expressions(fw))
        return false;
    if (accept_word(fw, "from") && !read_expression(fw))
        return false;
    return expect_operator(fw, ")");
}

static const struct {
    const char *word;
    bool (*read)(struct firewall *fw);
} forms[] = {
    {"cast", read_cast},         {"try_cast", read_cast},       {"extract", read_extract},
    {"position", read_position}, {"substring", read_substring}, {"trim", read_trim},
};

/* CASE [x] WHEN y THEN z ... [ELSE z] END */
static bool read_case(struct firewall *fw)
{
    if (!is_word(current(fw), "when") && !read_expression(fw))
        return false;
    if (!is_word(current(fw), "when"))
        return refuse_unexpected(fw);
    for (int count = 0; accept_word(fw, "when"); count++) {
        if (count >= SQL_TERMS_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
        if (!read_expression(fw) || !expect_word(fw, "then") || !read_expression(fw))
            return false;
    }
    if (accept_word(fw, "else") && !read_expression(fw))
        return false;
    return expect_word(fw, "end");
}

/* INTERVAL '1 day' | INTERVAL '1' DAY | INTERVAL 1 DAY | INTERVAL (x) DAY */
static bool read_interval(struct firewall *fw)
{
    const struct token *token = current(fw);
    bool text = token->kind == TOKEN_STRING;
    if (text || token->kind == TOKEN_NUMBER) {
        fw->at++;
    } else {
        if (!expect_operator(fw, "(") || !read_expression(fw) || !expect_operator(fw, ")"))
            return false;
    }
    const struct token *unit = current(fw);
    if (unit->kind == TOKEN_WORD && allow_interval_unit(unit->text)) {
        fw->at++;
        return true;
    }
    return text || firewall_refuse(fw, REFUSAL_UNIT, unit, NULL);
}

/* Function calls. */

/* UNBOUNDED PRECEDING | FOLLOWING, CURRENT ROW, x PRECEDING | FOLLOWING */
static bool read_frame_bound(struct firewall *fw)
{
    if (accept_word(fw, "current"))
        return expect_word(fw, "row");
    if (!accept_word(fw, "unbounded") && !read_sum(fw))
        return false;
    return accept_word(fw, "preceding") || expect_word(fw, "following");
}

static bool read_frame_exclusion(struct firewall *fw)
{
    if (accept_word(fw, "current"))
        return expect_word(fw, "row");
    if (accept_word(fw, "no"))
        return expect_word(fw, "others");
    return accept_word(fw, "group") || expect_word(fw, "ties");
}

static bool read_frame(struct firewall *fw)
{
    if (accept_word(fw, "between")) {
        if (!read_frame_bound(fw) || !expect_word(fw, "and") || !read_frame_bound(fw))
            return false;
    } else if (!read_frame_bound(fw)) {
        return false;
    }
    return !accept_word(fw, "exclude") || read_frame_exclusion(fw);
}

bool read_window(struct firewall *fw)
{
    const struct token *name;
    if (!expect_operator(fw, "("))
        return false;
    bool clause = is_word(current(fw), "partition") || is_word(current(fw), "order") ||
                  is_word(current(fw), "rows") || is_word(current(fw), "range") ||
                  is_word(current(fw), "groups");
    if (!clause && !is_operator(current(fw), ")") && !read_name(fw, &name))
        return false;
    if (accept_word(fw, "partition") && (!expect_word(fw, "by") || !read_expressions(fw)))
        return false;
    if (accept_word(fw, "order") && (!expect_word(fw, "by") || !read_order_keys(fw)))
        return false;
    bool framed = accept_word(fw, "rows") || accept_word(fw, "range") || accept_word(fw, "groups");
    return (!framed || read_frame(fw)) && expect_operator(fw, ")");
}

/* The length that lpad() and rpad() make: anything but a small literal has no bound. */
static bool check_length(struct firewall *fw)
{
    const struct token *token = current(fw), *next = ahead(fw, 1);
    int64_t number = -1;
    bool alone = is_operator(next, ",") || is_operator(next, ")");
    if (token->kind == TOKEN_NUMBER && alone && str_to_i64(token->text, &number) &&
        number <= SQL_LENGTH_MAX)
        return true;
    return firewall_refuse(fw, REFUSAL_BOUND, token, NULL);
}

static bool read_arguments(struct firewall *fw, const struct allowed_function *function,
                           const struct token *name)
{
    int most = function->flags & FUNCTION_ONE ? 1 : function->flags & FUNCTION_TWO ? 2 : 64;
    int count = 0;
    if (is_operator(current(fw), ")") && !(function->flags & FUNCTION_LENGTH))
        return true;
    if ((function->flags & FUNCTION_STAR) && accept_operator(fw, "*"))
        return true;
    do {
        count++;
        if (count > most)
            return firewall_refuse(fw, REFUSAL_FUNCTION_UNBOUNDED, name, NULL);
        if (count == 2 && (function->flags & FUNCTION_LENGTH) && !check_length(fw))
            return false;
        if (!read_expression(fw))
            return false;
    } while (accept_operator(fw, ","));
    if (count < 2 && (function->flags & FUNCTION_LENGTH))
        return firewall_refuse(fw, REFUSAL_BOUND, current(fw), NULL);
    return true;
}

/* IGNORE NULLS | RESPECT NULLS */
static bool read_null_treatment(struct firewall *fw)
{
    if (!accept_word(fw, "ignore") && !accept_word(fw, "respect"))
        return true;
    return expect_word(fw, "nulls");
}

/* [DISTINCT] arguments [ORDER BY ..] ) */
static bool read_call_inside(struct firewall *fw, const struct allowed_function *function,
                             const struct token *name)
{
    bool aggregate = function->flags & (FUNCTION_AGGREGATE | FUNCTION_WINDOW);
    bool distinct = accept_word(fw, "distinct") || accept_word(fw, "all");
    if (distinct && !aggregate)
        return firewall_refuse(fw, REFUSAL_CLAUSE_OF_FUNCTION, name, NULL);
    if (!read_arguments(fw, function, name))
        return false;
    if (aggregate && accept_word(fw, "order") && (!expect_word(fw, "by") || !read_order_keys(fw)))
        return false;
    return read_null_treatment(fw) && expect_operator(fw, ")");
}

/* [WITHIN GROUP (ORDER BY ..)] [FILTER (WHERE ..)] [OVER name | OVER (..)] */
static bool read_call_clauses(struct firewall *fw)
{
    const struct token *name;
    if (is_word(current(fw), "within") && is_word(ahead(fw, 1), "group")) {
        fw->at += 2;
        if (!expect_operator(fw, "(") || !expect_word(fw, "order") || !expect_word(fw, "by") ||
            !read_order_keys(fw) || !expect_operator(fw, ")"))
            return false;
    }
    if (is_word(current(fw), "filter") && is_operator(ahead(fw, 1), "(")) {
        fw->at += 2;
        (void)accept_word(fw, "where");
        if (!read_expression(fw) || !expect_operator(fw, ")"))
            return false;
    }
    if (!read_null_treatment(fw))
        return false;
    if (!accept_word(fw, "over"))
        return true;
    return is_operator(current(fw), "(") ? read_window(fw) : read_name(fw, &name);
}

/* name ( ... ): the current token is the name, quoted or not, keyword or not. */
static bool read_call(struct firewall *fw)
{
    const struct token *name = current(fw);
    const struct allowed_function *function = allow_function(name->value);
    if (!function)
        return firewall_refuse(fw, function_refusal(name->value), name, nearest_function(name->value));
    fw->at += 2;
    if (!read_call_inside(fw, function, name))
        return false;
    if (function->flags & (FUNCTION_AGGREGATE | FUNCTION_WINDOW))
        return read_call_clauses(fw);
    if (is_word(current(fw), "over") ||
        (is_word(current(fw), "filter") && is_operator(ahead(fw, 1), "(")))
        return firewall_refuse(fw, REFUSAL_CLAUSE_OF_FUNCTION, name, NULL);
    return true;
}

/* Operands. */

/* ( query ), ( expression ) or a row ( a, b ) */
static bool read_parentheses(struct firewall *fw)
{
    if (holds_query(fw, fw->at))
        return read_query_in_parentheses(fw);
    fw->at++;
    return read_expressions(fw) && expect_operator(fw, ")");
}

/* name, table.name, schema.table.name, up to four parts; after a dot any word is a name. */
static bool read_column(struct firewall *fw)
{
    const struct token *name;
    const struct token *first = current(fw);
    if (!read_name(fw, &name))
        return false;
    for (int parts = 1; is_operator(current(fw), "."); parts++) {
        if (parts == 4)
            return refuse_unexpected(fw);
        fw->at++;
        if (current(fw)->kind == TOKEN_WORD)
            fw->at++;
        else if (!read_name(fw, &name))
            return false;
    }
    if (is_operator(current(fw), "("))
        return firewall_refuse(fw, REFUSAL_FUNCTION, &fw->tokens[fw->at - 1], NULL);
    bool alone = fw->at > 0 && &fw->tokens[fw->at - 1] == first;
    if (alone && is_hidden_function(first->value) && !is_known_column(fw, first->value))
        return firewall_refuse(fw, REFUSAL_FUNCTION_SYSTEM, first, NULL);
    return true;
}

/* DATE '2024-01-01' and its like. */
static bool is_typed_literal(const struct firewall *fw)
{
    static const char *const names[] = {"date", "time", "timestamp", "timestamptz", "datetime"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_word(current(fw), names[i]))
            return ahead(fw, 1)->kind == TOKEN_STRING;
    }
    return false;
}

static bool read_word(struct firewall *fw)
{
    bool call = is_operator(ahead(fw, 1), "(");
    if (is_typed_literal(fw)) {
        fw->at += 2;
        return true;
    }
    if (accept_word(fw, "null") || accept_word(fw, "true") || accept_word(fw, "false"))
        return true;
    if (accept_word(fw, "case"))
        return read_case(fw);
    if (is_word(current(fw), "interval") && !is_operator(ahead(fw, 1), ".") &&
        (call || ahead(fw, 1)->kind == TOKEN_STRING || ahead(fw, 1)->kind == TOKEN_NUMBER)) {
        fw->at++;
        return read_interval(fw);
    }
    if (!call)
        return read_column(fw);
    if (accept_word(fw, "exists"))
        return read_query_in_parentheses(fw);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (is_word(current(fw), forms[i].word)) {
            fw->at += 2;
            return forms[i].read(fw);
        }
    }
    return read_call(fw);
}

static bool read_primary(struct firewall *fw)
{
    const struct token *token = current(fw);
    if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_STRING) {
        fw->at++;
        return true;
    }
    if (is_operator(token, "("))
        return read_parentheses(fw);
    if (token->kind == TOKEN_QUOTED)
        return is_operator(ahead(fw, 1), "(") ? read_call(fw) : read_column(fw);
    return token->kind == TOKEN_WORD ? read_word(fw) : refuse_unexpected(fw);
}

/* [- +] primary, then ::type, AT TIME ZONE x, COLLATE name, any number of them. */
static bool read_operand(struct firewall *fw)
{
    for (int count = 0; accept_operator(fw, "-") || accept_operator(fw, "+"); count++) {
        if (count >= SQL_CHAIN_MAX)
            return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
    }
    if (!read_primary(fw))
        return false;
    for (int count = 0; count < SQL_CHAIN_MAX; count++) {
        if (accept_operator(fw, "::")) {
            if (!read_type(fw))
                return false;
        } else if (accept_word(fw, "collate")) {
            const struct token *name;
            if (!read_name(fw, &name))
                return false;
            if (!allow_collation(name->value))
                return firewall_refuse(fw, REFUSAL_COLLATION, name, NULL);
        } else if (is_word(current(fw), "at") && is_word(ahead(fw, 1), "time")) {
            fw->at += 2;
            if (!expect_word(fw, "zone") || !read_primary(fw))
                return false;
        } else {
            return true;
        }
    }
    return firewall_refuse(fw, REFUSAL_TOO_MANY_TERMS, current(fw), NULL);
}
