/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void missing_folders_are_made_for_one_user(void **state)
{
    struct error err = {0};
    struct stat status;
    assert_true(directory_make(in_folder("a/b/c"), &err));
    assert_int_equal(stat(in_folder("a/b/c"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(chmod(in_folder("a"), 0755), 0);
    assert_true(directory_make(in_folder("a/b/c/"), &err)); /* all there */
    assert_int_equal(stat(in_folder("a"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0755);
}

static void the_first_that_fails_is_named(void **state)
{
    struct error err = {0};
    FILE *file = fopen(in_folder("file"), "w");
    assert_non_null(file);
    fclose(file);
    assert_false(directory_make(in_folder("file"), &err));
    assert_non_null(strstr(err.message, "/file' can't be made"));
    assert_false(directory_make(in_folder("file/below/it"), &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_non_null(strstr(err.message, "/file' can't be made"));
    assert_false(directory_make("", &err));
}

static int set_up(void **state)
{
    strcpy(folder, "/tmp/querent-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a/b/c", "a/b", "a"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        rmdir(in_folder(names[i]));
    unlink(in_folder("file"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_folders_are_made_for_one_user),
        cmocka_unit_test(the_first_that_fails_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
