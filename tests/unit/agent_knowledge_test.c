/* SPDX-License-Identifier: Apache-2.0 */
/* Knowledge is taken and given back by several threads while refreshes put newer ones in its place
 * (under ThreadSanitizer: make check-tsan). */
#include "home_support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "engine/worker.h"

#define THREADS 4
#define REFRESHES 5

static char data[128];
static const char *const data_paths[] = {data};

static void write_data(int64_t rows)
{
    FILE *file = fopen(data, "w");
    assert_non_null(file);
    fprintf(file, "region,revenue\n");
    for (int64_t i = 0; i < rows; i++)
        fprintf(file, "North,%lld\n", (long long)i);
    fclose(file);
}

struct reader {
    pthread_t thread;
    struct agent *agent;
    atomic_bool *stop;
    size_t taken;
    int64_t last_rows; /* never fewer than before: each refresh adds rows */
    bool ok;
};

static void *read_knowledge(void *arg)
{
    struct reader *reader = arg;
    reader->ok = true;
    while (!atomic_load(reader->stop)) {
        struct knowledge *knowledge = agent_take_knowledge(reader->agent);
        struct knowledge *second = knowledge_ref(knowledge);
        const struct dataset *dataset = &knowledge->catalog->datasets[0];
        reader->ok &= knowledge_index(second, dataset) && dataset->row_count >= reader->last_rows;
        reader->last_rows = dataset->row_count;
        knowledge_unref(knowledge);
        knowledge_unref(second);
        reader->taken++;
    }
    return NULL;
}

static void threads_take_while_it_is_replaced(struct agent *agent)
{
    atomic_bool stop = false;
    struct reader readers[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++) {
        readers[i].agent = agent;
        readers[i].stop = &stop;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_knowledge, &readers[i]), 0);
    }
    bool refreshed = true;
    struct error err = {0};
    for (int i = 1; i <= REFRESHES; i++) {
        write_data(10 + i);
        refreshed &= agent_refresh(agent, &err);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_true(readers[i].ok && readers[i].taken > 0);
    }
    assert_true(refreshed);
    assert_int_equal(agent->knowledge->catalog->datasets[0].row_count, 10 + REFRESHES);
    assert_int_equal(atomic_load(&agent->knowledge->references), 1);
}

static void refresh_in_task(void *arg)
{
    struct error err = {0};
    assert_true(agent_refresh(arg, &err));
}

static void two_tasks_refresh_at_once(struct agent *agent)
{
    struct error err = {0};
    write_data(50);
    struct task *tasks[2];
    for (size_t i = 0; i < 2; i++)
        tasks[i] = task_ref(task_start(agent->loop, &(struct task_options){.name = "refresh"},
                                       refresh_in_task, agent, &err));
    for (size_t i = 0; i < 2; i++) {
        assert_true(task_join(tasks[i], &err));
        task_unref(tasks[i]);
    }
    assert_int_equal(agent->knowledge->catalog->datasets[0].row_count, 50);
    assert_int_equal(atomic_load(&agent->knowledge->references), 1);
}

static void nothing_new_keeps_it(struct agent *agent)
{
    struct error err = {0};
    const struct knowledge *before = agent->knowledge;
    assert_true(agent_refresh(agent, &err));
    assert_ptr_equal(agent->knowledge, before);
    assert_int_equal(atomic_load(&before->references), 1);
}

static void (*current)(struct agent *agent);

static bool in_agent(void *arg, struct error *err)
{
    struct agent_options options = {.data_paths = data_paths, .data_path_count = 1};
    struct agent *agent = agent_open(task_loop(task_current()), &options, err);
    if (!agent)
        return false;
    current(agent);
    agent_close(agent);
    return true;
}

static void run_one(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "test"};
    current = *state;
    write_data(10);
    if (!task_run_main(&options, in_agent, NULL, &err))
        fail_msg("%s", err.message);
}

static int set_up(void **state)
{
    struct error err = {0};
    if (!settings_load(&err) || make_home(state) != 0)
        return -1;
    snprintf(data, sizeof(data), "%s/sales.csv", home);
    return 0;
}

#define TEST(function) cmocka_unit_test_prestate(run_one, (void *)(function))

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(threads_take_while_it_is_replaced),
        TEST(two_tasks_refresh_at_once),
        TEST(nothing_new_keeps_it),
    };
    return cmocka_run_group_tests(tests, set_up, remove_home);
}
