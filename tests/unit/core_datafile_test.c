/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "core/datafile.h"

/* The tests run from the build folder, so the source tree counts. */
static void finds_files_of_the_source_tree(void **state)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *path = datafile_find(arena, DATAFILE_DATA, "embeddings/q256.bin", NULL, &err);
    assert_non_null(path);
    assert_int_equal(access(path, R_OK), 0);
    assert_non_null(datafile_find(arena, DATAFILE_DATA, "embeddings/q256.bin", "", &err));
    arena_free(arena);
}

static void a_setting_decides_alone(void **state)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    assert_string_equal(datafile_find(arena, DATAFILE_DATA, "none", "VERSION", &err), "VERSION");
    assert_null(datafile_find(arena, DATAFILE_DATA, "embeddings/q256.bin", "no-such-file", &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "no-such-file"));
    arena_free(arena);
}

static void says_where_it_looked(void **state)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    assert_null(datafile_find(arena, DATAFILE_LIBRARY, "no/such.so", NULL, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "no/such.so"));
    assert_non_null(strstr(err.message, "deps"));
    /* A folder is no file. */
    assert_null(datafile_find(arena, DATAFILE_DATA, "embeddings", NULL, &err));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_files_of_the_source_tree),
        cmocka_unit_test(a_setting_decides_alone),
        cmocka_unit_test(says_where_it_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
