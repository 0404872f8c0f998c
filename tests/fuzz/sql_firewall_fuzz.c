/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql/firewall.h"
#include "sql/tokenizer.h"

static struct column columns[] = {{.name = "id"}, {.name = "name"}, {.name = "Target €"}};
static const struct dataset staff = {.table_name = "staff", .columns = columns, .column_count = 3};
static const struct dataset orders = {.table_name = "orders",
                                      .columns = columns,
                                      .column_count = 2,
                                      .source = {.table = "shop.orders"}};
static const struct dataset *const datasets[] = {&staff, &orders};
static const struct firewall_policy policy = {datasets, 2};

static void must(bool true_fact)
{
    if (!true_fact)
        abort();
}

/* What was let through, tokenized again: no token of a kind that is never allowed, and cut at
 * token borders only, with nothing but blanks between. */
static void check_allowed(struct str sql, struct arena *arena)
{
    struct token_list list;
    struct token fault;
    enum refusal refusal;
    must(tokenize(sql, arena, &list, &refusal, &fault));
    must(list.count > 0 && sql.length <= SQL_SIZE_MAX);
    const char *end = sql.bytes;
    for (size_t i = 0; i < list.count; i++) {
        const struct token *token = &list.items[i];
        bool semicolon = token->kind == TOKEN_OPERATOR && str_equal_text(token->text, ";");
        must(!semicolon || i == list.count - 1);
        for (; end < token->text.bytes; end++)
            must(strchr(" \t\r\n", *end) != NULL);
        end = token->text.bytes + token->text.length;
    }
    const struct token *first = &list.items[0];
    must(str_equal_nocase(first->text, STR("select")) ||
         str_equal_nocase(first->text, STR("with")) || str_equal(first->text, STR("(")));
}

/* Nothing in a verdict or a sentence may depend on more than the statement. */
static void check_refused(const struct firewall_verdict *verdict, const struct error *err)
{
    must(verdict->code && err->code == ERROR_SQL_REFUSED && err->message[0]);
    must(verdict->line >= 1 && verdict->column >= 1);
    must(str_is_utf8(str_from(verdict->token)));
    for (const char *c = verdict->token; *c; c++)
        must((unsigned char)*c >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new();
    struct firewall_verdict verdict, again;
    struct error err = {0};
    struct str sql = {(const char *)bytes, size};
    bool allowed = firewall_check(&policy, sql, arena, &verdict, &err);
    must(allowed == verdict.allowed && verdict.datasets_read_count <= 2);
    if (allowed)
        check_allowed(sql, arena);
    else
        check_refused(&verdict, &err);
    must(firewall_check(&policy, sql, arena, &again, &err) == allowed);
    must(again.datasets_read_count == verdict.datasets_read_count);
    arena_free(arena);
    return 0;
}
