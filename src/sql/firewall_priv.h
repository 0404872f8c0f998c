/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the parts of the firewall: firewall.c (the entry, names, sentences), firewall_query.c
 * (SELECT, WITH, FROM) and firewall_expression.c.
 *
 * A recursive-descent reader of the SELECT that is allowed, without a tree: it only has to know
 * where it stands, because whether a name is a table, a function, an alias or a column depends on
 * that. Functions named read_* take tokens off the front and return false once refused; then the
 * verdict is filled and everything unwinds.
 */
#ifndef QUERENT_SQL_FIREWALL_PRIV_H
#define QUERENT_SQL_FIREWALL_PRIV_H

#include "sql/firewall.h"
#include "sql/tokenizer.h"

#define SQL_DEPTH_MAX 32   /* parentheses and queries inside one another */
#define SQL_CHAIN_MAX 64   /* a + b + c ...: the engine's own limit is 100 levels */
#define SQL_TERMS_MAX 256  /* a AND b OR c ... in one expression */
#define SQL_TABLES_MAX 32  /* places where rows come from */
#define SQL_SELECTS_MAX 48 /* SELECTs in all */
#define SQL_VALUES_MAX 500 /* rows of VALUES in all */

/* A name that WITH has made; lists end at the outermost. */
struct cte {
    struct str name;
    const struct cte *outer;
};

struct firewall {
    const struct firewall_policy *policy;
    struct arena *arena;
    const struct token *tokens;
    size_t *partners; /* of a parenthesis: the index of its other half */
    size_t at;
    int depth;
    size_t table_count, select_count, values_count;
    const struct cte *ctes;
    bool *reads; /* per dataset of the policy */
    struct firewall_verdict *verdict;
    struct error *err;
};

/* Fills the verdict and returns false. */
bool firewall_refuse(struct firewall *fw, enum refusal refusal, const struct token *token,
            const char *nearest);
/* Refuses the current token, with the best reason for where it stands. */
bool refuse_unexpected(struct firewall *fw);

const struct token *current(const struct firewall *fw);
const struct token *ahead(const struct firewall *fw, size_t count);
bool is_word(const struct token *token, const char *word);
bool is_operator(const struct token *token, const char *text);
/* Takes the current token if it is that word or operator. */
bool accept_word(struct firewall *fw, const char *word);
bool accept_operator(struct firewall *fw, const char *text);
/* The same, and refuses anything else. */
bool expect_word(struct firewall *fw, const char *word);
bool expect_operator(struct firewall *fw, const char *text);

/* A name of a column, table or alias may stand here (quoted, or a word that is not reserved). */
bool is_name(const struct firewall *fw, const struct token *token);
bool read_name(struct firewall *fw, const struct token **name);
/* ( name, ... ) */
bool read_name_list(struct firewall *fw);
bool is_known_column(const struct firewall *fw, struct str name);

bool enter(struct firewall *fw);
void leave(struct firewall *fw);

/* The parenthesis at index `at` holds a query, not an expression or a join. */
bool holds_query(const struct firewall *fw, size_t at);

/* firewall_query.c */
bool read_query(struct firewall *fw);
bool read_query_in_parentheses(struct firewall *fw);
bool read_order_keys(struct firewall *fw);

/* firewall_expression.c */
bool read_expression(struct firewall *fw);
bool read_expressions(struct firewall *fw); /* one or more, with commas */
/* ( [name] [PARTITION BY ..] [ORDER BY ..] [frame] ) */
bool read_window(struct firewall *fw);

#endif
