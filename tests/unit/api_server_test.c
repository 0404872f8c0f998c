/* SPDX-License-Identifier: Apache-2.0 */
/* How many loops a server has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/api.h"

static void loops_are_bounded(void **state)
{
    static const struct {
        unsigned loops;
        size_t runs_max, workers_max;
        long processors;
        unsigned count;
    } rows[] = {
        {0, 256, 0, 1, 1},    {0, 256, 0, 2, 2},   {0, 256, 0, 4, 4},    {0, 256, 0, 16, 4},
        {0, 256, 0, -1, 1},   {0, 3, 0, 16, 3},    {0, 256, 2, 16, 2},   {0, 256, 8, 16, 4},
        {16, 256, 4, 16, 4},  {16, 256, 0, 2, 16}, {16, 256, 20, 2, 16}, {8, 1, 8, 2, 1},
        {64, 256, 64, 1, 64},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct api_options options = {.loops = rows[i].loops,
                                            .runs_max = rows[i].runs_max,
                                            .workers_max = rows[i].workers_max};
        assert_int_equal(api_loop_count(&options, rows[i].processors), rows[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loops_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
