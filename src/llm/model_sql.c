/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model names and does not write: metric('x'), condition('x') and join_of(a, b) become the
 * expressions of the metadata, with the names of the tables at that place of the statement.
 */
#include <string.h>

#include "llm/model_priv.h"
#include "planner/print/dialect.h"
#include "planner/print/fragment.h"
#include "sql/allow_lists.h"
#include "sql/firewall.h"
#include "sql/tokenizer.h"

#define DEPTH_MAX 200
#define ARGUMENTS_MAX 3

/* A table as a SELECT names it. */
struct reference {
    const struct dataset *dataset;
    struct str name; /* its alias, else its name, as written */
    size_t scope;    /* the SELECT */
};

struct completion {
    const struct decision *decision;
    struct token_list tokens;
    size_t *scopes; /* of each token: the number of the parenthesis that its SELECT is in */
    struct reference *references;
    size_t reference_count;
    struct strbuf *out;
    struct error *err;
};

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_QUOTED ||
           (token->kind == TOKEN_WORD && !is_reserved_word(token->text));
}

/* ------------------------------------------------------------------ tables of a SELECT */

/* Parentheses that begin with SELECT are statements of their own; others belong to the one around. */
static bool find_scopes(struct completion *completion)
{
    size_t stack[DEPTH_MAX + 1] = {0}, depth = 0, scopes = 1;
    for (size_t i = 0; i < completion->tokens.count; i++) {
        const struct token *token = &completion->tokens.items[i], *next = token + 1;
        if (is_sign(token, ")") && depth > 0)
            depth--;
        completion->scopes[i] = stack[depth];
        if (!is_sign(token, "("))
            continue;
        if (depth == DEPTH_MAX)
            return false;
        bool statement = is_word(next, "select") || is_word(next, "with");
        stack[depth + 1] = statement ? scopes++ : stack[depth];
        depth++;
    }
    return true;
}

static void find_references(struct completion *completion)
{
    const struct token_list *tokens = &completion->tokens;
    for (size_t i = 1; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i], *before = token - 1, *next = token + 1;
        if (!is_name(token) || !(is_word(before, "from") || is_word(before, "join") ||
                                 is_sign(before, ",")))
            continue;
        const struct dataset *dataset = model_find_table(completion->decision, token->value);
        if (!dataset || is_sign(next, "."))
            continue;
        if (is_word(next, "as"))
            next++;
        completion->references[completion->reference_count++] = (struct reference){
            .dataset = dataset,
            .name = is_name(next) ? next->text : token->text,
            .scope = completion->scopes[i],
        };
    }
}

static size_t count_references(const struct completion *completion, size_t scope)
{
    size_t count = 0;
    for (size_t i = 0; i < completion->reference_count; i++)
        count += completion->references[i].scope == scope;
    return count;
}

/* ------------------------------------------------------------------ calls */

struct call {
    size_t name, end; /* tokens: the function's name, and after the closing parenthesis */
    struct str arguments[ARGUMENTS_MAX];
    size_t argument_count;
};

/* Names and texts alone, with commas between. */
static bool read_call(const struct token_list *tokens, size_t at, struct call *out)
{
    *out = (struct call){.name = at};
    for (size_t i = at + 2; i + 1 < tokens->count && out->argument_count < ARGUMENTS_MAX; i += 2) {
        const struct token *token = &tokens->items[i], *next = token + 1;
        if (token->kind != TOKEN_STRING && token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
            return false;
        out->arguments[out->argument_count++] = token->value;
        if (is_sign(next, ")")) {
            out->end = i + 2;
            return true;
        }
        if (!is_sign(next, ","))
            return false;
    }
    return false;
}

/* The dataset's own name for it may be before the name: 'staff.payroll'. */
static struct str without_table(struct str name, const struct dataset *dataset)
{
    struct str table = str_from(dataset->table_name);
    if (name.length > table.length + 1 && name.bytes[table.length] == '.' &&
        str_equal_nocase(str_slice(name, 0, table.length), table))
        return str_slice(name, table.length + 1, name.length);
    return name;
}

static const char *find_metric(const struct dataset *dataset, struct str name)
{
    for (size_t i = 0; i < dataset->metric_count; i++)
        if (str_equal_nocase(without_table(name, dataset), str_from(dataset->metrics[i].name)))
            return dataset->metrics[i].expression;
    return NULL;
}

static const char *find_condition(const struct dataset *dataset, struct str name)
{
    for (size_t i = 0; i < dataset->filter_count; i++)
        if (str_equal_nocase(without_table(name, dataset), str_from(dataset->filters[i].name)))
            return dataset->filters[i].expression;
    return NULL;
}

static void add_known(struct strbuf *out, const struct decision *decision, bool metrics)
{
    for (size_t t = 0; t < decision->table_count; t++) {
        const struct dataset *dataset = decision->tables[t];
        size_t count = metrics ? dataset->metric_count : dataset->filter_count;
        for (size_t i = 0; i < count; i++) {
            strbuf_add(out, out->length > 0 ? ", " : "");
            strbuf_add(out, metrics ? dataset->metrics[i].name : dataset->filters[i].name);
        }
    }
}

static bool refuse_unknown(struct completion *completion, const char *what, struct str name,
                           bool metrics)
{
    struct strbuf known = strbuf_init(2000);
    struct str shown = str_cut_utf8(name, 100);
    add_known(&known, completion->decision, metrics);
    error_set(completion->err, ERROR_SQL_REFUSED,
              "there is no %s '%.*s' of the tables that this SELECT reads; there are: %s", what,
              STR_ARGS(shown), known.length > 0 ? strbuf_text(&known) : "none");
    strbuf_clear(&known);
    return false;
}

/* A result is called as the metric is, where the model gives it no name. */
static void add_label(struct completion *completion, const struct call *call)
{
    const struct token *items = completion->tokens.items, *before = &items[call->name],
                       *after = &items[call->end];
    bool first = call->name > 0 && (is_word(before - 1, "select") || is_sign(before - 1, ","));
    if (!first || !(is_sign(after, ",") || is_word(after, "from")))
        return;
    for (size_t i = call->name; i-- > 0 && completion->scopes[i] == completion->scopes[call->name];)
        if (is_sign(&items[i], "(") || is_word(&items[i], "by") || is_word(&items[i], "from"))
            return;
        else if (is_word(&items[i], "select"))
            break;
    strbuf_add(completion->out, " AS \"");
    for (size_t i = 0; i < call->arguments[0].length; i++)
        if (call->arguments[0].bytes[i] != '"')
            strbuf_add_char(completion->out, call->arguments[0].bytes[i]);
    strbuf_add_char(completion->out, '"');
}

static const struct relationship *find_relationship(const struct reference *from,
                                                    const struct reference *to, struct str column)
{
    for (size_t i = 0; i < from->dataset->relationship_count; i++) {
        const struct relationship *relationship = &from->dataset->relationships[i];
        if (strcmp(relationship->dataset_id, to->dataset->id) == 0 &&
            (column.length == 0 || str_equal_nocase(column, str_from(relationship->column))))
            return relationship;
    }
    return NULL;
}

static void add_side(struct strbuf *out, const struct reference *reference, const char *column,
                     char quote)
{
    strbuf_add_str(out, reference->name);
    strbuf_printf(out, ".%c", quote);
    for (const char *c = column; *c; c++) {
        if (*c == quote)
            strbuf_add_char(out, *c);
        strbuf_add_char(out, *c);
    }
    strbuf_add_char(out, quote);
}

/* The key of a reference whose rows a join of the same FROM repeats, as orders repeat their
 * customers; NULL: none does. */
static const char *repeated_key(const struct completion *completion,
                                const struct reference *reference)
{
    for (size_t i = 0; i < completion->reference_count; i++) {
        const struct reference *other = &completion->references[i];
        if (other->scope != reference->scope || other->dataset == reference->dataset)
            continue;
        const struct relationship *there = find_relationship(other, reference, STR("")),
                                  *here = find_relationship(reference, other, STR(""));
        if (there && there->kind == RELATIONSHIP_MANY_TO_ONE)
            return there->other_column;
        if (here && here->kind == RELATIONSHIP_ONE_TO_MANY)
            return here->column;
    }
    return NULL;
}

/* A metric adds up or counts the rows of its own table: where a join repeats them, its number would
 * be wrong. The number of rows is that of different keys. */
static bool put_repeated_metric(struct completion *completion, const struct call *call,
                                const struct reference *reference, const char *key,
                                const char *expression)
{
    if (!metric_counts_rows(expression))
        return error_set(completion->err, ERROR_SQL_REFUSED,
                         "metric('%.*s') is of the rows of %s, which the join repeats; take it in a "
                         "SELECT of its own over %s, and join that",
                         STR_ARGS(str_cut_utf8(call->arguments[0], 100)),
                         reference->dataset->table_name, reference->dataset->table_name);
    strbuf_add(completion->out, "count(DISTINCT ");
    add_side(completion->out, reference, key,
             dialects[completion->decision->request->plan.dialect].quote);
    strbuf_add_char(completion->out, ')');
    add_label(completion, call);
    return true;
}

static bool put_expression(struct completion *completion, const struct call *call, bool is_metric)
{
    size_t scope = completion->scopes[call->name];
    bool several = count_references(completion, scope) > 1;
    for (size_t i = 0; i < completion->reference_count && call->argument_count == 1; i++) {
        const struct reference *reference = &completion->references[i];
        const char *expression =
            reference->scope != scope ? NULL
            : is_metric               ? find_metric(reference->dataset, call->arguments[0])
                                      : find_condition(reference->dataset, call->arguments[0]);
        if (!expression)
            continue;
        const char *key = is_metric ? repeated_key(completion, reference) : NULL;
        if (key)
            return put_repeated_metric(completion, call, reference, key, expression);
        enum sql_dialect dialect = completion->decision->request->plan.dialect;
        struct fragment fragment = {
            .text = str_from(expression),
            .dataset = reference->dataset,
            .alias = several ? arena_str(completion->decision->arena, reference->name).bytes : "",
            .quote = dialects[dialect].quote,
        };
        strbuf_add_char(completion->out, '(');
        if (!fragment_compile(&fragment, completion->out, completion->err))
            return false;
        strbuf_add_char(completion->out, ')');
        if (is_metric)
            add_label(completion, call);
        return true;
    }
    return refuse_unknown(completion, is_metric ? "metric" : "condition",
                          call->argument_count > 0 ? call->arguments[0] : STR(""), is_metric);
}

static bool put_metric(struct completion *completion, const struct call *call)
{
    return put_expression(completion, call, true);
}

static bool put_condition(struct completion *completion, const struct call *call)
{
    return put_expression(completion, call, false);
}

static const struct reference *find_reference(const struct completion *completion, size_t scope,
                                              struct str name)
{
    const struct reference *by_table = NULL;
    for (size_t i = 0; i < completion->reference_count; i++) {
        const struct reference *reference = &completion->references[i];
        if (reference->scope != scope)
            continue;
        struct str alias = reference->name;
        if (alias.length > 1 && alias.bytes[0] == '"')
            alias = str_slice(alias, 1, alias.length - 1);
        if (str_equal_nocase(alias, name))
            return reference;
        if (!by_table && str_equal_nocase(name, str_from(reference->dataset->table_name)))
            by_table = reference;
    }
    return by_table;
}

static bool put_join(struct completion *completion, const struct call *call)
{
    size_t scope = completion->scopes[call->name];
    const struct reference *sides[2] = {NULL, NULL};
    for (size_t i = 0; i < 2 && i < call->argument_count; i++)
        sides[i] = find_reference(completion, scope, call->arguments[i]);
    struct str column = call->argument_count == 3 ? call->arguments[2] : STR("");
    const struct relationship *relationship = NULL;
    size_t from = 0;
    for (; from < 2 && sides[0] && sides[1]; from++)
        if ((relationship = find_relationship(sides[from], sides[1 - from], column)))
            break;
    if (!relationship)
        return error_set(completion->err, ERROR_SQL_REFUSED,
                         "there is no join listed between the tables of join_of(); use the joins "
                         "that are listed, with tables of the same FROM");
    char quote = dialects[completion->decision->request->plan.dialect].quote;
    add_side(completion->out, sides[from], relationship->column, quote);
    strbuf_add(completion->out, " = ");
    add_side(completion->out, sides[1 - from], relationship->other_column, quote);
    return true;
}

static const struct {
    const char *name;
    bool (*put)(struct completion *completion, const struct call *call);
} functions[] = {
    {"metric", put_metric},
    {"condition", put_condition},
    {"join_of", put_join},
};
#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* FUNCTION_COUNT: none of ours is called there. */
static size_t function_at(const struct token_list *tokens, size_t at)
{
    size_t f = FUNCTION_COUNT;
    if (tokens->items[at].kind == TOKEN_WORD && is_sign(&tokens->items[at + 1], "("))
        for (f = 0; f < FUNCTION_COUNT; f++)
            if (is_word(&tokens->items[at], functions[f].name))
                break;
    return f;
}

static bool complete(struct completion *completion, const char *sql)
{
    const struct token_list *tokens = &completion->tokens;
    const char *done = sql;
    for (size_t i = 0; i < tokens->count; i++) {
        size_t f = function_at(tokens, i);
        struct call call;
        if (f == FUNCTION_COUNT)
            continue;
        if (!read_call(tokens, i, &call))
            return error_set(completion->err, ERROR_SQL_REFUSED,
                             "%s() takes names alone, as they are listed", functions[f].name);
        const char *begin = tokens->items[i].text.bytes;
        strbuf_add_bytes(completion->out, done, (size_t)(begin - done));
        if (!functions[f].put(completion, &call))
            return false;
        done = tokens->items[call.end - 1].text.bytes + 1;
        i = call.end - 1;
    }
    strbuf_add(completion->out, done);
    return strbuf_ok(completion->out) ||
           error_set(completion->err, ERROR_SQL_REFUSED, "the statement is longer than %d bytes",
                     SQL_SIZE_MAX);
}

bool model_complete_sql(const struct decision *decision, const char *sql, const char **out,
                        struct error *err)
{
    struct strbuf text = strbuf_init(SQL_SIZE_MAX);
    struct completion completion = {.decision = decision, .out = &text, .err = err};
    enum refusal refusal;
    struct token fault;
    *out = sql;
    if (strlen(sql) > SQL_SIZE_MAX ||
        !tokenize(str_from(sql), decision->arena, &completion.tokens, &refusal, &fault))
        return true; /* the firewall says what is wrong with it */
    size_t count = completion.tokens.count;
    completion.scopes = arena_array(decision->arena, count + 1, sizeof(*completion.scopes));
    completion.references =
        arena_array(decision->arena, count + 1, sizeof(*completion.references));
    if (!find_scopes(&completion))
        return true;
    find_references(&completion);
    bool ok = complete(&completion, sql);
    if (ok)
        *out = arena_str(decision->arena, strbuf_str(&text)).bytes;
    strbuf_clear(&text);
    return ok;
}
