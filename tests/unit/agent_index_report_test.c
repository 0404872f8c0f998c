/* SPDX-License-Identifier: Apache-2.0 */
/* Reading again tells each dataset's outcome and what it cost: nothing where nothing changed. */
#include "home_support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/index_report.h"
#include "engine/worker.h"

static char folder[128];
static const char *const data_paths[] = {folder};

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *name)
{
    assert_int_equal(unlink(in_folder(name)), 0);
}

static struct index_report read_again(struct agent *agent, struct refresh_request request,
                                      struct arena *arena, struct strbuf *json)
{
    struct knowledge *before, *after;
    struct error err = {0};
    if (!agent_refresh_as(agent, &request, &before, &after, &err))
        fail_msg("%s", err.message);
    struct index_report report = index_report_make(before, after, arena);
    strbuf_reset(json);
    index_report_json(&report, json);
    knowledge_unref(before);
    knowledge_unref(after);
    return report;
}

static void expect_costs(const struct index_report *report, size_t loaded, size_t profiled,
                         size_t embedded)
{
    assert_int_equal(report->work.files_loaded, loaded);
    assert_int_equal(report->work.files_profiled, profiled);
    assert_int_equal(report->embeddings_made, embedded);
}

/* {"dataset_id":"x","outcome":"y" is in it. */
static void expect_outcome(const struct strbuf *json, const char *id, const char *outcome)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"dataset_id\":\"%s\",\"outcome\":\"%s\"", id, outcome);
    if (!strstr(json->bytes, text))
        fail_msg("no %s in %s", text, json->bytes);
}

static void outcomes_and_costs(struct agent *agent, struct arena *arena)
{
    static const char *const pears[] = {"pears"};
    struct strbuf json = strbuf_init(1 << 20);
    struct index_report report = read_again(agent, (struct refresh_request){0}, arena, &json);
    assert_int_equal(report.counts[INDEX_UNCHANGED], 2);
    assert_false(index_report_has_changes(&report));
    expect_costs(&report, 0, 0, 0);

    write_file("pears.csv", "n\n1\n2\n");
    write_file("figs.csv", "n\n7\n");
    report = read_again(agent, (struct refresh_request){0}, arena, &json);
    assert_true(index_report_has_changes(&report));
    expect_outcome(&json, "pears", "changed");
    expect_outcome(&json, "figs", "added");
    expect_outcome(&json, "apples", "unchanged");
    expect_costs(&report, 2, 2, 2);

    /* All read anew: what content is known is not profiled again. */
    report = read_again(agent, (struct refresh_request){.anew = true}, arena, &json);
    assert_int_equal(report.counts[INDEX_UNCHANGED], 3);
    expect_costs(&report, 3, 0, 3);
    report = read_again(
        agent, (struct refresh_request){.anew = true, .only = pears, .only_count = 1}, arena, &json);
    expect_costs(&report, 1, 0, 1);

    /* Of others only what is new is looked at. */
    write_file("apples.csv", "n\n3\n3\n");
    report = read_again(agent, (struct refresh_request){.only = pears, .only_count = 1}, arena,
                        &json);
    expect_outcome(&json, "apples", "unchanged");
    expect_costs(&report, 0, 0, 0);

    /* Of files with the same name the second has a made up id. */
    assert_int_equal(mkdir(in_folder("more"), 0700), 0);
    write_file("more/pears.csv", "n\n8\n");
    report = read_again(agent, (struct refresh_request){0}, arena, &json);
    expect_outcome(&json, "pears_2", "added");
    static const char *const second[] = {"pears_2"};
    report = read_again(
        agent, (struct refresh_request){.anew = true, .only = second, .only_count = 1}, arena, &json);
    expect_costs(&report, 1, 0, 1);

    /* A bad document takes its own dataset along and no other. */
    remove_file("figs.csv");
    write_file("apples.yaml", "dataset_id: apples\ntable_name: apples\ncolumns: [\n");
    write_file("bad.yaml", "dataset_id: bad\ntable_name: bad\ncolumns: 5\n");
    report = read_again(agent, (struct refresh_request){0}, arena, &json);
    assert_int_equal(report.counts[INDEX_FAILED], 2);
    assert_int_equal(report.items[0].change, INDEX_FAILED);
    assert_true(report.items[0].line > 0 && report.items[0].message);
    expect_outcome(&json, "figs", "removed");
    expect_outcome(&json, "pears", "unchanged");
    json_t *read = json_loads(json.bytes, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(read, "failed")), 2);
    assert_int_equal(json_integer_value(json_object_get(read, "datasets_left_out")), 0);
    json_decref(read);

    /* What is still wrong is told again. */
    report = read_again(agent, (struct refresh_request){0}, arena, &json);
    assert_int_equal(report.counts[INDEX_FAILED], 2);
    assert_false(index_report_has_changes(&report));
    strbuf_clear(&json);
}

static bool in_agent(void *arg, struct error *err)
{
    struct agent_options options = {.data_paths = data_paths, .data_path_count = 1};
    struct agent *agent = agent_open(task_loop(task_current()), &options, err);
    struct arena *arena = arena_new();
    if (!agent)
        return false;
    bool first = arg != NULL;
    if (first) {
        assert_int_equal(agent->knowledge->catalog->work.files_profiled, 2);
        assert_int_equal(agent->knowledge->embeddings_made, 2);
        outcomes_and_costs(agent, arena);
    } else { /* a start with nothing changed */
        assert_int_equal(agent->knowledge->catalog->work.files_profiled, 0);
        assert_int_equal(agent->knowledge->embeddings_made, 0);
    }
    arena_free(arena);
    agent_close(agent);
    return true;
}

static void an_index_has_outcomes_and_costs(void **state)
{
    struct error err = {0};
    const struct task_options options = {.name = "test"};
    write_file("apples.csv", "n\n1\n2\n3\n");
    write_file("pears.csv", "n\n1\n");
    for (int round = 0; round < 2; round++)
        if (!task_run_main(&options, in_agent, round == 0 ? folder : NULL, &err))
            fail_msg("%s", err.message);
}

static int set_up(void **state)
{
    struct error err = {0};
    if (!settings_load(&err) || make_home(state) != 0)
        return -1;
    snprintf(folder, sizeof(folder), "%s/files", home);
    return mkdir(folder, 0700);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_has_outcomes_and_costs),
    };
    return cmocka_run_group_tests(tests, set_up, remove_home);
}
