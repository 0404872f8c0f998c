/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "planner/business.h"
#include "planner/print.h"
#include "planner_shop.h"

#define CASES "tests/cases/business.txt"

static const struct plan_dataset all[] = {{.dataset = &shop_orders, .score = 0.9},
                                          {.dataset = &shop_customers, .score = 0.6},
                                          {.dataset = &shop_products, .score = 0.5}};

static struct plan_request ask(const char *question)
{
    return (struct plan_request){
        .question = str_from(question),
        .datasets = all,
        .dataset_count = 3,
        .calendar = {"2026-11-22", 1, 1},
        .dialect = DIALECT_DUCKDB,
    };
}

static const char *sql_of(const char *question, struct arena *arena, struct business_candidate *out)
{
    struct plan_request request = ask(question);
    struct business_candidate *list;
    size_t count;
    struct error err = {0};
    if (!business_candidates(&request, arena, &list, &count))
        return "nothing";
    *out = list[0];
    const char *sql = query_print(list[0].query, DIALECT_DUCKDB, arena, &err);
    return sql ? sql : arena_strdup(arena, err.message);
}

/* Question, SQL and reading on three lines; a blank line between cases. */
static void cases_are_read_as_written(void **state)
{
    FILE *file = fopen(CASES, "r");
    assert_non_null(file);
    static char line[3][4000];
    int cases = 0, wrong = 0;
    bool more = true;
    while (more) {
        int lines = 0;
        while (lines < 3 && (more = fgets(line[lines], sizeof(line[0]), file) != NULL)) {
            line[lines][strcspn(line[lines], "\n")] = '\0';
            if (line[lines][0] && line[lines][0] != '#')
                lines++;
        }
        if (lines < 3)
            break;
        cases++;
        struct arena *arena = arena_new();
        struct business_candidate best = {0};
        const char *sql = sql_of(line[0], arena, &best);
        const char *reading = best.reading ? best.reading : "nothing";
        if (strcmp(sql, line[1]) != 0 || strcmp(reading, line[2]) != 0) {
            wrong++;
            fprintf(stderr, "%s\n%s\n%s\n(%.2f: %s)\n\n", line[0], sql, reading, best.score,
                    best.explanation ? best.explanation : "");
        }
        arena_free(arena);
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    assert_true(cases >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_read_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
