/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workflow over a real store, catalog and engine, with a scripted driver in the planner's place:
 * repairs, refusals, cancel and deadline, and that a run always ends once and on disk.
 */
#include "sales_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/workflow.h"
#include "engine/worker.h"

/* What the scripted driver answers: one statement a call, the last one for all further calls. */
static const char *const *script;
static size_t script_length, generate_calls;
static char seen_failure[256];

static const char *scripted_model_id(const struct llm *llm)
{
    return "scripted";
}

static bool scripted_select(struct llm *llm, struct llm_request *request,
                            struct llm_selection *out, struct error *err)
{
    *out = (struct llm_selection){request->plan.datasets[0].dataset, "the only one"};
    return true;
}

static bool scripted_generate(struct llm *llm, struct llm_request *request,
                              struct llm_proposal *out, struct error *err)
{
    size_t i = generate_calls < script_length ? generate_calls : script_length - 1;
    generate_calls++;
    if (request->failure)
        snprintf(seen_failure, sizeof(seen_failure), "%.255s", request->failure->message);
    *out = (struct llm_proposal){
        .outcome = LLM_QUERY,
        .sql = script[i],
        .dataset = request->plan.datasets[0].dataset,
        .reading = "a reading",
        .sureness = 1,
    };
    return true;
}

static const struct llm_driver scripted_driver = {
    .name = "scripted",
    .model_id = scripted_model_id,
    .select = scripted_select,
    .generate = scripted_generate,
};

struct world {
    struct agent *agent;
    struct run *run;
    int ends;        /* EVENT_COMPLETE and EVENT_ERROR together */
    int more_events; /* after the first one */
    uint64_t deadline_ms;
    uint64_t cancel_after_ms;
    bool ok;
};

static void listen(void *context, const struct run_event *event)
{
    struct world *world = context;
    world->ends += event->kind == EVENT_COMPLETE || event->kind == EVENT_ERROR;
    for (int i = 0; i < world->more_events && event->kind == EVENT_RUN_START; i++)
        run_emit(world->run, EVENT_STEP_START, NULL, "{}");
}

static void run_in_task(void *arg)
{
    struct world *world = arg;
    struct error err = {0};
    world->ok = workflow_run(world->run, &err);
}

static void ask(struct world *world, const char *const *statements, size_t count)
{
    script = statements;
    script_length = count;
    generate_calls = 0;
    seen_failure[0] = '\0';
    world->ends = 0;
    struct question question = {.text = "a question"};
    struct error err = {0};
    world->run = run_new(world->agent, &question, &err);
    assert_non_null(world->run);
    world->run->listener = listen;
    world->run->listener_context = world;
    struct task_options options = {.name = "run", .deadline_ms = world->deadline_ms};
    struct task *task = task_ref(
        task_start(world->agent->loop, &options, run_in_task, world, &err));
    if (world->cancel_after_ms > 0) {
        assert_true(task_sleep(world->cancel_after_ms, &err));
        task_cancel(task);
    }
    assert_true(task_join(task, &err));
    task_unref(task);
    assert_int_equal(world->ends, 1);
}

/* How the run stands in the store, in the run's arena. */
static struct stored_run stored(const struct world *world)
{
    struct stored_run run = {0};
    struct error err = {0};
    assert_true(store_run_get(world->agent->store, world->run->id, world->run->arena, &run, &err));
    return run;
}

static struct message last_message(const struct world *world)
{
    struct message *messages;
    size_t count;
    struct error err = {0};
    assert_true(store_messages_last(world->agent->store, world->run->conversation_id, 10,
                                    world->run->arena, &messages, &count, &err));
    assert_int_equal(count, 2);
    return messages[1];
}

static const char good[] = "SELECT sum(revenue) AS total FROM sales";
static const char wrong[] = "SELECT sum(revenu) AS total FROM sales";
static const char forbidden[] = "SELECT * FROM read_csv('/etc/passwd')";
static const char slow[] =
    "SELECT count(*) AS n FROM sales AS a, sales AS b, sales AS c, sales AS d "
    "WHERE a.revenue + b.revenue + c.revenue + d.revenue = -1";

static void a_good_statement_is_answered(struct world *world)
{
    ask(world, (const char *const[]){good}, 1);
    assert_true(world->ok);
    assert_int_equal(world->run->status, RUN_ANSWERED);
    assert_int_equal(stored(world).state, RUN_COMPLETE);
    assert_string_equal(last_message(world).content, world->run->answer);
    assert_string_equal(last_message(world).sql, good);
    struct stored_event *events;
    size_t count;
    struct error err = {0};
    assert_true(store_run_events(world->agent->store, world->run->id, 0, world->run->arena, &events,
                                 &count, &err));
    assert_int_equal(count, world->run->event_count - 1); /* all but the end, which is the result */
    run_free(world->run);
}

/* As who follows one leader after the other hears them: the end is told and kept all the same. */
static void however_many_events_came_the_end_is_told(struct world *world)
{
    world->more_events = RUN_EVENTS_MAX + 1;
    ask(world, (const char *const[]){good}, 1);
    assert_true(world->ok);
    assert_int_equal(world->run->event_count, RUN_EVENTS_MAX + 1);
    assert_int_equal(stored(world).state, RUN_COMPLETE);
    world->more_events = 0;
    run_free(world->run);
}

static void a_failed_statement_is_repaired(struct world *world)
{
    ask(world, (const char *const[]){wrong, good}, 2);
    assert_true(world->ok);
    assert_int_equal(world->run->repairs, 1);
    assert_non_null(strstr(seen_failure, "revenu"));
    assert_int_equal(world->run->statement_count, 2);
    run_free(world->run);
}

static void repairs_are_bounded_and_refusals_reported(struct world *world)
{
    ask(world, (const char *const[]){forbidden}, 1);
    assert_false(world->ok);
    assert_int_equal(generate_calls, 3); /* QUERENT_MAX_REPAIRS is 2 */
    assert_int_equal(world->run->statement_count, 1); /* the same text is never run twice */
    assert_int_equal(world->run->error.code, ERROR_SQL_REFUSED);
    assert_int_equal(stored(world).state, RUN_FAILED);
    assert_non_null(strstr(last_message(world).content, "could not be answered"));
    run_free(world->run);
}

static void a_cancelled_run_ends_at_once_and_is_kept(struct world *world)
{
    world->cancel_after_ms = 300;
    ask(world, (const char *const[]){slow}, 1);
    assert_false(world->ok);
    assert_int_equal(world->run->error.code, ERROR_CANCELLED);
    assert_int_equal(stored(world).state, RUN_CANCELLED);
    assert_non_null(strstr(last_message(world).content, "it was cancelled"));
    assert_string_equal(last_message(world).metadata, "{\"status\":\"cancelled\"}");
    assert_true(world->run->duration_us < 30 * 1000 * 1000);
    world->cancel_after_ms = 0;
    run_free(world->run);
}

static void a_late_run_ends_and_is_kept(struct world *world)
{
    world->deadline_ms = 300;
    ask(world, (const char *const[]){slow}, 1);
    assert_false(world->ok);
    assert_int_equal(world->run->error.code, ERROR_DEADLINE);
    assert_int_equal(stored(world).state, RUN_FAILED);
    world->deadline_ms = 0;
    run_free(world->run);
}

static void wrong_questions_are_refused_at_once(struct world *world)
{
    static char text[QUESTION_LENGTH_MAX + 2];
    memset(text, 'x', QUESTION_LENGTH_MAX + 1);
    static const struct {
        const char *text;
        size_t sample_rows;
        enum error_code code;
    } rows[] = {{" \n", 0, ERROR_INVALID},
                {"\xFF", 0, ERROR_INVALID},
                {text, 0, ERROR_TOO_LARGE},
                {"x", SAMPLE_ROWS_MAX + 1, ERROR_INVALID}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct question question = {.text = rows[i].text, .sample_rows = rows[i].sample_rows};
        struct error err = {0};
        assert_null(run_new(world->agent, &question, &err));
        assert_int_equal(err.code, rows[i].code);
    }
    text[QUESTION_LENGTH_MAX] = '\0';
    struct question question = {.text = text, .sample_rows = SAMPLE_ROWS_MAX};
    struct error err = {0};
    struct run *run = run_new(world->agent, &question, &err);
    assert_non_null(run);
    run_free(run);
}

static void (*current)(struct world *world);

static void with_agent(struct agent *agent)
{
    struct world world = {.agent = agent};
    current(&world);
}

static bool in_agent(void *arg, struct error *err)
{
    return sales_with_llm(&scripted_driver, with_agent, err);
}

static void run_one(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "test"};
    current = *state;
    if (!task_run_main(&options, in_agent, NULL, &err))
        fail_msg("%s", err.message);
}

#define TEST(function) cmocka_unit_test_prestate(run_one, (void *)(function))

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(a_good_statement_is_answered),
        TEST(however_many_events_came_the_end_is_told),
        TEST(a_failed_statement_is_repaired),
        TEST(repairs_are_bounded_and_refusals_reported),
        TEST(a_cancelled_run_ends_at_once_and_is_kept),
        TEST(a_late_run_ends_and_is_kept),
        TEST(wrong_questions_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, set_up_sales, remove_home);
}
