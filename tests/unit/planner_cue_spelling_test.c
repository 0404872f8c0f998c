/* SPDX-License-Identifier: Apache-2.0 */
/* Misspelled cue words are read as meant; words of the data and quotations stay. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "planner/rules/cue_spelling.h"
#include "planner_shop.h"

static void restores(const char *question, const char *expected)
{
    struct arena *arena = arena_new();
    struct plan_dataset dataset = {.dataset = &shop_orders};
    struct plan_request request = {
        .question = str_from(question), .datasets = &dataset, .dataset_count = 1};
    struct str restored = cue_spelling_restore(&request, arena);
    if (!str_equal_text(restored, expected))
        fail_msg("\"%s\" became \"%.*s\"", question, STR_ARGS(restored));
    arena_free(arena);
}

static void one_letter_is_forgiven(void **state)
{
    restores("avrage revenue", "average revenue");
    restores("totl revenue, hihgest first?", "total revenue, highest first?");
    restores("Averge cost", "average cost");
    restores("revenue by monthy", "revenue by monthly");
}

static void other_words_stay(void **state)
{
    static const char *const questions[] = {
        "average revenue", "avge revenue", "the slowest one", "numbers of 2024", "\"avrage\" orders",
        "tot", "", " ", "?", "revenue in avrage-town", "caf\xC3\xA9 totals",
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        restores(questions[i], questions[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_letter_is_forgiven),
        cmocka_unit_test(other_words_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
