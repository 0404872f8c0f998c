/* SPDX-License-Identifier: Apache-2.0 */
/* Knowledge is taken and given back by several threads while refreshes put newer ones in its place
 * (under ThreadSanitizer: make check-tsan). */
#include "agent_support.h"

#include <pthread.h>

#define THREADS 4
#define REFRESHES 5

static const struct llm_driver *const scripted_by = NULL;

static void write_data(int64_t rows)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, "region,revenue\n");
    for (int64_t i = 0; i < rows; i++)
        strbuf_printf(&text, "North,%lld\n", (long long)i);
    write_file("sales.csv", strbuf_text(&text));
    strbuf_clear(&text);
}

static void prepare(void)
{
    write_data(10);
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

static void threads_take_while_it_is_replaced(struct world *world)
{
    struct agent *agent = world->agent;
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

static void two_tasks_refresh_at_once(struct world *world)
{
    struct agent *agent = world->agent;
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

static void nothing_new_keeps_it(struct world *world)
{
    struct agent *agent = world->agent;
    struct error err = {0};
    const struct knowledge *before = agent->knowledge;
    assert_true(agent_refresh(agent, &err));
    assert_ptr_equal(agent->knowledge, before);
    assert_int_equal(atomic_load(&before->references), 1);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        AGENT_TEST(threads_take_while_it_is_replaced),
        AGENT_TEST(two_tasks_refresh_at_once),
        AGENT_TEST(nothing_new_keeps_it),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_home);
}
