/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent of its own for each test, over the files of a folder: the program that includes this says what
 * is in the folder (prepare) and who writes the SQL in the planner's place (scripted_by), and lists its
 * tests, functions of a world, with AGENT_TEST().
 */
#ifndef QUERENT_TESTS_UNIT_AGENT_SUPPORT_H
#define QUERENT_TESTS_UNIT_AGENT_SUPPORT_H

#include "home_support.h"

#include <stdio.h>
#include <sys/stat.h>

#include "agent/workflow.h"
#include "core/clock.h"
#include "engine/worker.h"
#include "llm/llm_priv.h"

struct world {
    struct agent *agent;
    struct arena *arena; /* of the test */
    struct question question;
    struct run *run; /* the last */
    bool ok;         /* it was */
};

static char folder[96]; /* HOME/data is the program's own */
static const char *const data_paths[] = {folder};

/* The program's: what is there before each test; NULL: the agent's own driver. */
static void prepare(void);
static const struct llm_driver *const scripted_by;

static inline void write_file(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void set(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

static inline void run_in_task(void *arg)
{
    struct world *world = arg;
    struct error err = {0};
    world->ok = workflow_run(world->run, &err);
}

/* Asks world->question in a task of its own; the run before is gone. */
static inline void run_question(struct world *world)
{
    struct error err = {0};
    run_free(world->run);
    world->run = run_new(world->agent, &world->question, &err);
    assert_non_null(world->run);
    struct task *task = task_ref(task_start(world->agent->loop, NULL, run_in_task, world, &err));
    assert_true(task_join(task, &err));
    task_unref(task);
}

static void (*current)(struct world *world);

static bool in_agent(void *arg, struct error *err)
{
    struct world world = {.question = {.text = "revenue of sales", .use_cache = true}};
    struct agent_options options = {.data_paths = data_paths, .data_path_count = 1};
    world.agent = agent_open(task_loop(task_current()), &options, err);
    if (!world.agent)
        return false;
    struct llm scripted = {.driver = scripted_by};
    struct llm *real = world.agent->llm;
    if (scripted_by)
        world.agent->llm = &scripted;
    world.arena = arena_new();
    int64_t count;
    bool cleared = cache_clear(world.agent->cache, CACHE_TYPES, NULL, false, &count, err);
    if (cleared)
        current(&world);
    run_free(world.run);
    arena_free(world.arena);
    world.agent->llm = real;
    agent_close(world.agent);
    return cleared;
}

static void run_one(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "test"};
    current = *state;
    prepare();
    if (!task_run_main(&options, in_agent, NULL, &err))
        fail_msg("%s", err.message);
}

static int make_folder(void **state)
{
    struct error err = {0};
    if (!settings_load(&err) || make_home(state) != 0 || !clock_set_now("2024-03-15T12:00:00Z"))
        return -1;
    snprintf(folder, sizeof(folder), "%s/files", home);
    return mkdir(folder, 0700);
}

/* With the test's own name, where cmocka's macro would tell run_one's. */
#define AGENT_TEST_BETWEEN(function, before, after) {#function, run_one, before, after, (void *)(function)}
#define AGENT_TEST(function) AGENT_TEST_BETWEEN(function, NULL, NULL)

#endif
