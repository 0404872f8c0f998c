/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/load_retain.h"
#include "engine/process.h"

#define SIZE 1000

static char folder[64], other[80];

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool is_there(const char *name)
{
    struct stat status;
    return lstat(in_folder(name), &status) == 0;
}

static void make_file(const char *name, size_t size, time_t age)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        fputc('x', file);
    assert_int_equal(fclose(file), 0);
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, 0), 0);
}

/* Two old databases, one of today; a path known for each. */
static void fill(void)
{
    make_file("old.duckdb", SIZE, 3 * RETAIN_SECONDS);
    make_file("old.profile", 1, 3 * RETAIN_SECONDS);
    make_file("less.duckdb", SIZE, 2 * RETAIN_SECONDS);
    make_file("less.profile", 1, 2 * RETAIN_SECONDS);
    make_file("today.duckdb", SIZE, RETAIN_SECONDS / 2);
    make_file("today.profile", 1, RETAIN_SECONDS / 2);
    make_file("notes.txt", 10 * SIZE, 9 * RETAIN_SECONDS); /* not ours */
    make_file("paths/a", 1, 4 * RETAIN_SECONDS);
    make_file("paths/b", 1, RETAIN_SECONDS);
}

/* As a process does that has just started. */
static void hold(uint64_t bytes_max)
{
    struct arena *arena = arena_new();
    retain_hold(other, bytes_max, arena);
    retain_hold(folder, bytes_max, arena);
    arena_free(arena);
}

static void what_fits_stays(void **state)
{
    fill();
    hold(3 * SIZE);
    assert_true(is_there("old.duckdb") && is_there("old.profile") && is_there("paths/a"));
}

static void the_oldest_go_first(void **state)
{
    fill();
    hold(3 * SIZE - 1);
    assert_false(is_there("old.duckdb") || is_there("old.profile") || is_there("paths/a"));
    assert_true(is_there("less.duckdb") && is_there("less.profile") && is_there("paths/b"));
    assert_true(is_there("today.duckdb") && is_there("notes.txt"));
}

static void what_was_used_today_stays(void **state)
{
    fill();
    retain_touch(in_folder("old.duckdb"));
    hold(1);
    assert_true(is_there("old.duckdb") && is_there("today.duckdb"));
    assert_false(is_there("less.duckdb"));
}

static void nothing_goes_while_another_process_is_there(void **state)
{
    fill();
    int fd = open(in_folder("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_SH), 0);
    hold(1);
    assert_true(is_there("old.duckdb"));
    /* And this process holds it now. */
    assert_int_not_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

static void links_are_not_followed(void **state)
{
    fill();
    make_file("precious", SIZE, 9 * RETAIN_SECONDS);
    char target[256];
    snprintf(target, sizeof(target), "%s", in_folder("precious"));
    assert_int_equal(symlink(target, in_folder("link.duckdb")), 0);
    hold(1);
    assert_true(is_there("precious"));
    assert_true(is_there("link.duckdb")); /* made by somebody else */
}

static int set_up(void **state)
{
    strcpy(folder, "/tmp/querent-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(other, sizeof(other), "%s/other", folder);
    return mkdir(other, 0700) == 0 ? mkdir(in_folder("paths"), 0700) : -1;
}

static int tear_down(void **state)
{
    process_remove_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_fits_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_go_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_used_today_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_goes_while_another_process_is_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
