/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/firewall.h"

#include <stdio.h>
#include <string.h>

#include "core/strbuf.h"
#include "sql/allow_lists.h"
#include "sql/firewall_priv.h"

/* Refusals that speak of the statement as a whole have no token worth quoting. */
static bool quotes_token(enum refusal refusal)
{
    return refusal_what(refusal)[0] != 't' || strncmp(refusal_what(refusal), "the ", 4) != 0 ||
           refusal == REFUSAL_SYNTAX;
}

static void fill_sentence(const struct firewall_verdict *verdict, enum refusal refusal,
                          struct error *err)
{
    const char *what = refusal_what(refusal);
    char quoted[sizeof verdict->token + 4] = "";
    if (verdict->token[0] && quotes_token(refusal)) {
        bool has_quotes = verdict->token[0] == '\'' || verdict->token[0] == '"';
        snprintf(quoted, sizeof quoted, has_quotes ? " %s" : " '%s'", verdict->token);
    }
    const char *said = refusal_said(refusal);
    if (refusal == REFUSAL_SYNTAX && !verdict->token[0]) {
        what = "the statement";
        said = "ends too early";
    }
    (void)error_set(err, ERROR_SQL_REFUSED, "%s%s at line %d, column %d %s%s%s%s", what, quoted,
                    verdict->line, verdict->column, said,
                    verdict->nearest ? "; did you mean '" : "",
                    verdict->nearest ? verdict->nearest : "", verdict->nearest ? "'?" : "");
}

/* What to write instead of an operator or a word of another dialect. */
static const char *nearest_operator(enum refusal refusal, struct str text)
{
    static const struct {
        const char *text, *ours;
    } hints[] = {
        {"->", "json_extract_string"},
        {"~", "regexp_matches"},
        {"!", "NOT"},
        {"`", "\""},
        {"&", "AND"},
        {"regexp", "regexp_matches"},
        {"rlike", "regexp_matches"},
    };
    if (refusal != REFUSAL_OPERATOR && refusal != REFUSAL_CHARACTER && refusal != REFUSAL_CONSTRUCT)
        return NULL;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (str_equal_nocase(str_from(hints[i].text), text))
            return hints[i].ours;
    }
    return NULL;
}

bool firewall_refuse(struct firewall *fw, enum refusal refusal, const struct token *token,
            const char *nearest)
{
    struct firewall_verdict *verdict = fw->verdict;
    verdict->allowed = false;
    verdict->code = refusal_code(refusal);
    verdict->line = token->line;
    verdict->column = token->column;
    verdict->nearest = nearest ? nearest : nearest_operator(refusal, token->text);
    token_show(token->text, verdict->token, sizeof verdict->token);
    fill_sentence(verdict, refusal, fw->err);
    return false;
}

bool refuse_unexpected(struct firewall *fw)
{
    const struct token *token = current(fw);
    if (is_operator(token, ";"))
        return firewall_refuse(fw, REFUSAL_MANY_STATEMENTS, token, NULL);
    if (token->kind == TOKEN_WORD && is_reserved_word(token->text) &&
        is_known_column(fw, token->text))
        return firewall_refuse(fw, REFUSAL_RESERVED, token,
                      arena_printf(fw->arena, "\"%.*s\"", STR_ARGS(token->text)));
    if (token->kind == TOKEN_WORD && is_refused_construct(token->text))
        return firewall_refuse(fw, REFUSAL_CONSTRUCT, token, NULL);
    return firewall_refuse(fw, REFUSAL_SYNTAX, token, NULL);
}

const struct token *current(const struct firewall *fw)
{
    return &fw->tokens[fw->at];
}

const struct token *ahead(const struct firewall *fw, size_t count)
{
    size_t at = fw->at;
    while (count > 0 && fw->tokens[at].kind != TOKEN_END) {
        at++;
        count--;
    }
    return &fw->tokens[at];
}

bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

bool is_operator(const struct token *token, const char *text)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, text);
}

bool accept_word(struct firewall *fw, const char *word)
{
    bool found = is_word(current(fw), word);
    fw->at += found;
    return found;
}

bool accept_operator(struct firewall *fw, const char *text)
{
    bool found = is_operator(current(fw), text);
    fw->at += found;
    return found;
}

bool expect_word(struct firewall *fw, const char *word)
{
    return accept_word(fw, word) || refuse_unexpected(fw);
}

bool expect_operator(struct firewall *fw, const char *text)
{
    return accept_operator(fw, text) || refuse_unexpected(fw);
}

bool is_known_column(const struct firewall *fw, struct str name)
{
    for (size_t i = 0; i < fw->policy->dataset_count; i++) {
        const struct dataset *dataset = fw->policy->datasets[i];
        for (size_t j = 0; j < dataset->column_count; j++) {
            if (str_equal_nocase(str_from(dataset->columns[j].name), name))
                return true;
        }
    }
    return false;
}

static bool is_known_table(const struct firewall *fw, struct str name)
{
    for (size_t i = 0; i < fw->policy->dataset_count; i++) {
        if (str_equal_nocase(str_from(fw->policy->datasets[i]->table_name), name))
            return true;
    }
    return false;
}

bool is_name(const struct firewall *fw, const struct token *token)
{
    return token->kind == TOKEN_QUOTED ||
           (token->kind == TOKEN_WORD && !is_reserved_word(token->text));
}

bool read_name(struct firewall *fw, const struct token **name)
{
    const struct token *token = current(fw);
    if (!is_name(fw, token))
        return refuse_unexpected(fw);
    if (token->odd && !is_known_column(fw, token->value) && !is_known_table(fw, token->value))
        return firewall_refuse(fw, REFUSAL_LOOK_ALIKE, token, NULL);
    fw->at++;
    *name = token;
    return true;
}

bool read_name_list(struct firewall *fw)
{
    const struct token *name;
    if (!expect_operator(fw, "("))
        return false;
    do {
        if (!read_name(fw, &name))
            return false;
    } while (accept_operator(fw, ","));
    return expect_operator(fw, ")");
}

bool enter(struct firewall *fw)
{
    if (fw->depth >= SQL_DEPTH_MAX)
        return firewall_refuse(fw, REFUSAL_TOO_DEEP, current(fw), NULL);
    fw->depth++;
    return true;
}

void leave(struct firewall *fw)
{
    fw->depth--;
}

/* ((SELECT ..) UNION (SELECT ..)) holds a query; ((SELECT ..) + 1) does not. */
bool holds_query(const struct firewall *fw, size_t at)
{
    static const char *const follow[] = {"union", "intersect", "except", "order",
                                         "limit", "offset",    "fetch"};
    const struct token *next = &fw->tokens[at + 1];
    if (is_word(next, "select") || is_word(next, "with") || is_word(next, "values"))
        return true;
    if (!is_operator(next, "(") || !holds_query(fw, at + 1))
        return false;
    const struct token *after = &fw->tokens[fw->partners[at + 1] + 1];
    for (size_t i = 0; i < sizeof follow / sizeof *follow; i++) {
        if (is_word(after, follow[i]))
            return true;
    }
    return is_operator(after, ")");
}

/* Finds the other half of each parenthesis, so that the reader can look past one. */
static bool match_parentheses(struct firewall *fw, const struct token_list *list)
{
    size_t open[SQL_DEPTH_MAX];
    size_t depth = 0;
    fw->partners = arena_array(fw->arena, list->count + 1, sizeof *fw->partners);
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->items[i];
        if (is_operator(token, "(")) {
            if (depth == SQL_DEPTH_MAX)
                return firewall_refuse(fw, REFUSAL_TOO_DEEP, token, NULL);
            open[depth++] = i;
        } else if (is_operator(token, ")")) {
            if (depth == 0)
                return firewall_refuse(fw, REFUSAL_UNBALANCED, token, NULL);
            fw->partners[i] = open[--depth];
            fw->partners[open[depth]] = i;
        }
    }
    return depth == 0 || firewall_refuse(fw, REFUSAL_UNBALANCED, &list->items[open[depth - 1]], NULL);
}

static bool read_statement(struct firewall *fw)
{
    const struct token *first = current(fw);
    if (first->kind == TOKEN_END || is_operator(first, ";"))
        return firewall_refuse(fw, REFUSAL_EMPTY, first, NULL);
    if (!is_word(first, "select") && !is_word(first, "with") && !is_operator(first, "("))
        return firewall_refuse(fw, REFUSAL_STATEMENT, first, NULL);
    if (!read_query(fw))
        return false;
    if (accept_operator(fw, ";") && current(fw)->kind != TOKEN_END)
        return firewall_refuse(fw, REFUSAL_MANY_STATEMENTS, current(fw), NULL);
    return current(fw)->kind == TOKEN_END || refuse_unexpected(fw);
}

static void list_datasets_read(struct firewall *fw)
{
    struct firewall_verdict *verdict = fw->verdict;
    size_t count = fw->policy->dataset_count;
    verdict->datasets_read = arena_array(fw->arena, count + 1, sizeof *verdict->datasets_read);
    for (size_t i = 0; i < count; i++) {
        if (fw->reads[i])
            verdict->datasets_read[verdict->datasets_read_count++] = i;
    }
}

bool firewall_check(const struct firewall_policy *policy, struct str sql, struct arena *arena,
                    struct firewall_verdict *verdict, struct error *err)
{
    struct firewall fw = {.policy = policy, .arena = arena, .verdict = verdict, .err = err};
    struct token_list list;
    struct token fault;
    enum refusal refusal;
    *verdict = (struct firewall_verdict){0};
    if (!tokenize(sql, arena, &list, &refusal, &fault))
        return firewall_refuse(&fw, refusal, &fault, NULL);
    fw.tokens = list.items;
    fw.reads = arena_array(arena, policy->dataset_count + 1, sizeof *fw.reads);
    if (!match_parentheses(&fw, &list) || !read_statement(&fw))
        return false;
    list_datasets_read(&fw);
    verdict->allowed = true;
    return true;
}
