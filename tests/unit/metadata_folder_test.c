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

#include "metadata/folder.h"

struct fixture {
    char folder[64];
    struct arena *arena;
    struct problem_list problems;
    struct metadata_entries entries;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    strcpy(f->folder, "/tmp/querent-folder-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->arena = arena_new();
    f->problems.arena = f->arena;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

static const char *path_of(struct fixture *f, const char *name)
{
    return arena_printf(f->arena, "%s/%s", f->folder, name);
}

static void put(struct fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(path_of(f, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static bool walk(struct fixture *f)
{
    memset(&f->entries, 0, sizeof(f->entries));
    return folder_walk(f->folder, folder_is_document, f->arena, &f->entries, &f->problems, &f->err);
}

static void documents_are_found_in_order(void **state)
{
    struct fixture *f = *state;
    put(f, "b.yaml", "x");
    put(f, "a.yml", "x");
    put(f, "a.yaml.bak", "x");
    put(f, ".hidden.yaml", "x");
    put(f, "data.csv", "x");
    assert_int_equal(mkdir(path_of(f, "sub"), 0700), 0);
    put(f, "sub/c.yaml", "x");
    assert_true(walk(f));
    assert_int_equal(f->entries.count, 3);
    assert_string_equal(f->entries.items[0].path, path_of(f, "a.yml"));
    assert_string_equal(f->entries.items[2].path, path_of(f, "sub/c.yaml"));
    assert_int_equal(f->problems.count, 0);
}

static void loops_of_links_end(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(path_of(f, "sub"), 0700), 0);
    put(f, "sub/c.yaml", "x");
    assert_int_equal(symlink("..", path_of(f, "sub/up")), 0);
    assert_int_equal(symlink("loop.yaml", path_of(f, "loop.yaml")), 0);
    assert_int_equal(symlink("/dev/zero", path_of(f, "zero.yaml")), 0);
    assert_int_equal(mkfifo(path_of(f, "pipe.yaml"), 0600), 0);
    assert_true(walk(f));
    assert_int_equal(f->entries.count, 1);
    assert_int_equal(f->problems.count, 2); /* the link to itself, and the one to /dev/zero */
    struct str out;
    assert_false(folder_read_file(path_of(f, "pipe.yaml"), NULL, 100, f->arena, &out, &f->err));
    assert_int_equal(f->err.code, ERROR_INVALID);
    assert_false(folder_read_file("/dev/zero", NULL, 100, f->arena, &out, &f->err));
}

static void expect_one_problem(struct fixture *f, const char *name, const char *words)
{
    assert_int_equal(f->problems.count, 1);
    assert_string_equal(f->problems.items[0].path, path_of(f, name));
    if (!strstr(f->problems.items[0].message, words))
        fail_msg("'%s' lacks '%s'", f->problems.items[0].message, words);
    f->problems.count = 0;
}

static void links_that_lead_out_are_left_out(void **state)
{
    struct fixture *f = *state;
    char *own = f->folder + strlen(f->folder);
    assert_int_equal(mkdir(path_of(f, "outside"), 0700), 0);
    put(f, "outside/secret.yaml", "x");
    assert_int_equal(mkdir(path_of(f, "inside"), 0700), 0);
    put(f, "inside/a.yaml", "x");
    const char *outside = path_of(f, "outside"), *inside = path_of(f, "inside");
    strcpy(own, "/inside"); /* from here on the place is the inner folder */
    assert_int_equal(symlink("../outside/secret.yaml", path_of(f, "file.yaml")), 0);
    assert_true(walk(f));
    assert_int_equal(f->entries.count, 1);
    assert_string_equal(f->entries.items[0].path, path_of(f, "a.yaml"));
    expect_one_problem(f, "file.yaml", "leads out of the folder");
    assert_int_equal(unlink(path_of(f, "file.yaml")), 0);
    assert_int_equal(symlink(outside, path_of(f, "folder")), 0);
    assert_true(walk(f));
    assert_int_equal(f->entries.count, 1);
    expect_one_problem(f, "folder", "leads out of the folder");
    assert_int_equal(unlink(path_of(f, "folder")), 0);
    /* A name that only begins like the folder's is not below it. */
    assert_int_equal(mkdir(arena_printf(f->arena, "%s-not", inside), 0700), 0);
    assert_int_equal(symlink("../inside-not", path_of(f, "folder")), 0);
    assert_true(walk(f));
    expect_one_problem(f, "folder", "leads out of the folder");
    *own = '\0';
}

static void links_within_the_folder_are_followed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(path_of(f, "sub"), 0700), 0);
    put(f, "sub/a.yaml", "x");
    assert_int_equal(symlink("sub/a.yaml", path_of(f, "b.yaml")), 0);
    assert_int_equal(symlink(path_of(f, "sub/a.yaml"), path_of(f, "c.yaml")), 0);
    assert_int_equal(symlink(".", path_of(f, "self")), 0);
    assert_true(walk(f));
    assert_int_equal(f->entries.count, 3);
    assert_int_equal(f->problems.count, 0);
    /* The folder itself may be given through a link. */
    const char *link = arena_printf(f->arena, "%s-link", f->folder);
    assert_int_equal(symlink(f->folder, link), 0);
    memset(&f->entries, 0, sizeof(f->entries));
    assert_true(
        folder_walk(link, folder_is_document, f->arena, &f->entries, &f->problems, &f->err));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(f->entries.count, 3);
    assert_int_equal(f->problems.count, 0);
}

/* Between the walk and the reading somebody puts a link in the file's place. */
static void an_exchanged_file_is_not_read(void **state)
{
    struct fixture *f = *state;
    struct str out;
    put(f, "a.yaml", "x");
    assert_true(walk(f));
    assert_int_equal(unlink(path_of(f, "a.yaml")), 0);
    assert_int_equal(symlink("/etc/passwd", path_of(f, "a.yaml")), 0);
    const struct metadata_entry *entry = &f->entries.items[0];
    assert_false(folder_read_file(entry->path, entry->root, 100000, f->arena, &out, &f->err));
    assert_non_null(strstr(f->err.message, "leads out of the folder"));
    assert_true(folder_read_file(entry->path, NULL, 1000000, f->arena, &out, &f->err));
}

static void depth_has_a_limit(void **state)
{
    struct fixture *f = *state;
    const char *name = "d";
    for (int depth = 1; depth <= FOLDER_DEPTH_MAX + 1; depth++) {
        assert_int_equal(mkdir(path_of(f, name), 0700), 0);
        put(f, arena_printf(f->arena, "%s/x.yaml", name), "x");
        name = arena_printf(f->arena, "%s/d", name);
    }
    assert_true(walk(f));
    assert_int_equal(f->entries.count, FOLDER_DEPTH_MAX);
    assert_int_equal(f->problems.count, 1);
}

static void a_place_may_be_a_file_or_missing(void **state)
{
    struct fixture *f = *state;
    put(f, "notes.txt", "x");
    assert_true(folder_walk(path_of(f, "notes.txt"), folder_is_document, f->arena, &f->entries,
                            &f->problems, &f->err));
    assert_int_equal(f->entries.count, 1);
    assert_false(folder_walk(path_of(f, "none"), folder_is_document, f->arena, &f->entries,
                             &f->problems, &f->err));
    assert_int_equal(f->err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(f->err.message, "there is no such file or folder"));
}

static void signatures_change_with_the_file(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", "one");
    const char *first = folder_signature(path_of(f, "a.yaml"), f->arena);
    assert_string_equal(first, folder_signature(path_of(f, "a.yaml"), f->arena));
    put(f, "b.yaml", "two"); /* as editors save: another file takes the name */
    assert_int_equal(rename(path_of(f, "b.yaml"), path_of(f, "a.yaml")), 0);
    assert_string_not_equal(first, folder_signature(path_of(f, "a.yaml"), f->arena));
    assert_null(folder_signature(path_of(f, "b.yaml"), f->arena));
}

static void files_are_read_up_to_the_limit(void **state)
{
    struct fixture *f = *state;
    struct str out;
    put(f, "a.yaml", "12345");
    assert_true(folder_read_file(path_of(f, "a.yaml"), NULL, 5, f->arena, &out, &f->err));
    assert_true(str_equal_text(out, "12345"));
    assert_false(folder_read_file(path_of(f, "a.yaml"), NULL, 4, f->arena, &out, &f->err));
    assert_int_equal(f->err.code, ERROR_TOO_LARGE);
}

static void drivers_are_found_by_name(void **state)
{
    struct fixture *f = *state;
    const struct metadata_driver *driver = metadata_driver_find("folder", &f->err);
    assert_non_null(driver);
    put(f, "a.yaml", "x: 1");
    assert_true(metadata_list(driver, f->folder, f->arena, &f->entries, &f->problems, &f->err));
    assert_int_equal(f->entries.count, 1);
    struct str out;
    assert_true(metadata_read(driver, &f->entries.items[0], f->arena, &out, &f->err));
    assert_true(str_equal_text(out, "x: 1"));
    assert_null(metadata_driver_find("floder", &f->err));
    assert_string_equal(f->err.message, "metadata source 'floder' is not known; known: folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(documents_are_found_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loops_of_links_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_that_lead_out_are_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_within_the_folder_are_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exchanged_file_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_has_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_may_be_a_file_or_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signatures_change_with_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_read_up_to_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drivers_are_found_by_name, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
