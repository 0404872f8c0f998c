/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run gives a language model, and that each part of it is a part of the cache's keys: a change of
 * one is a miss. The model is a scripted one in the provider's place; the rest is real.
 */
#include "agent_support.h"
#include "chat_double.h"

#include "agent/model_input.h"
#include "prompt/prompt.h"

static const struct llm_driver *const scripted_by = NULL;

/* The linker puts this in the place of prompt_version() (see meson.build). */
static const char *version = "0000000000000001";
const char *__wrap_prompt_version(void);
const char *__wrap_prompt_version(void)
{
    return version;
}

#define DECISION(sql)                                                                         \
    "{\"dataset\":\"sales\",\"reason\":\"it has revenue\",\"assumptions\":[\"all of it\"]," \
    "\"periods\":[],\"sql\":\"" sql "\",\"question_back\":null,\"no_answer\":null}"
#define SUM DECISION("SELECT sum(revenue) AS total FROM sales")

static char conversation[STORE_ID_SIZE];

/* How often the model was asked to decide. */
static size_t ask(struct world *world, const char *text)
{
    static const struct chat_double_reply sum = {.text = SUM};
    chat_double_script(&sum, 1);
    world->question.text = text;
    run_question(world);
    if (!world->ok)
        print_error("%s\n", world->run->error.message);
    size_t decisions = 0;
    for (size_t i = 0; i < chat_double.calls; i++)
        decisions += chat_double.requests[i].schema != NULL;
    return decisions;
}

static const char revenue[] = "revenue of sales";

static void the_same_is_not_asked_again(struct world *world)
{
    assert_int_equal(ask(world, revenue), 1);
    assert_true(world->ok);
    assert_int_equal(world->run->status, RUN_ANSWERED);
    assert_string_equal(world->run->statement->sql, "SELECT sum(revenue) AS total FROM sales");
    assert_string_equal(world->run->selection.reason, "it has revenue");
    assert_int_equal(world->run->step_count, RUN_STEPS);
    assert_int_equal(ask(world, revenue), 0);
    assert_true(world->ok);
    assert_string_equal(world->run->proposal.assumptions[0], "all of it");
}

static void other_prompts_are_asked_anew(struct world *world)
{
    ask(world, revenue);
    version = "0000000000000002";
    assert_int_equal(ask(world, revenue), 1);
    version = "0000000000000001";
    assert_int_equal(ask(world, revenue), 0);
}

static void another_model_is_asked_anew(struct world *world)
{
    struct error err = {0};
    ask(world, revenue);
    world->question.model = "double-2";
    assert_int_equal(ask(world, revenue), 0); /* it may not be chosen */
    assert_true(settings_set("QUERENT_MODELS_ALLOWED", "double-3, double-2", &err));
    assert_int_equal(ask(world, revenue), 1);
    assert_string_equal(chat_double.requests[0].model, "double-2");
    assert_string_equal(world->run->proposal.model, "double-2");
    assert_int_equal(ask(world, revenue), 0);
    assert_string_equal(world->run->proposal.model, "double-2");
    world->question.model = NULL;
    assert_int_equal(ask(world, revenue), 0);
    assert_null(world->run->proposal.model);
}

static void another_temperature_is_asked_anew(struct world *world)
{
    ask(world, revenue);
    world->question.temperature = 0.5;
    assert_int_equal(ask(world, revenue), 1);
    assert_true(chat_double.requests[0].temperature == 0.5);
    assert_int_equal(ask(world, revenue), 0);
    world->question.temperature = 0;
    assert_int_equal(ask(world, revenue), 0);
}

static void what_it_may_see_counts(struct world *world)
{
    struct error err = {0};
    ask(world, revenue);
    assert_true(settings_set("QUERENT_MODEL_SEES", "schema", &err));
    assert_int_equal(ask(world, revenue), 1);
    assert_true(settings_set("QUERENT_MODEL_SEES", "aggregates", &err));
    assert_int_equal(ask(world, revenue), 1);
    assert_true(settings_set("QUERENT_MODEL_SEES", "rows", &err));
    assert_int_equal(ask(world, revenue), 0);
}

static void what_was_said_before_counts(struct world *world)
{
    ask(world, revenue);
    assert_int_equal(ask(world, "and by region?"), 1);
    assert_null(strstr(strbuf_text(&chat_double.sent), "conversation so far"));
    assert_int_equal(ask(world, revenue), 0);
    snprintf(conversation, sizeof(conversation), "%s", world->run->conversation_id);
    world->question.conversation_id = conversation;
    assert_int_equal(ask(world, "and by region?"), 1);
    assert_non_null(strstr(strbuf_text(&chat_double.sent),
                           "revenue of sales\nSQL: SELECT sum(revenue) AS total FROM sales"));
    assert_true(world->run->previous_lost); /* there is no tree: the planner must not go on */
    assert_string_equal(world->run->previous_dataset->id, "sales");
}

static void examples_count(struct world *world)
{
    static const char document[] = "table_name: sales\nsource: {file: sales.csv}\n%s";
    char text[512];
    struct error err = {0};
    ask(world, revenue);
    assert_int_equal(world->run->request.example_count, 0);
    snprintf(text, sizeof(text), document,
             "verified_queries:\n"
             "  - question: What is the revenue of all sales?\n"
             "    sql: SELECT sum(revenue) FROM sales\n"
             "  - question: How many cities are there?\n"
             "    sql: SELECT count(*) FROM sales\n");
    write_file("sales.yaml", text);
    assert_true(agent_refresh(world->agent, &err));
    assert_int_equal(ask(world, revenue), 1);
    assert_int_equal(world->run->request.example_count, 1);
    assert_non_null(strstr(strbuf_text(&chat_double.sent),
                           "What is the revenue of all sales?\nSQL: SELECT sum(revenue) FROM sales"));
    assert_int_equal(ask(world, revenue), 0);
}

static void a_reply_depends_on_prompts_and_model(struct world *world)
{
    struct error err = {0};
    world->question.reply_suffices = true;
    ask(world, revenue);
    assert_int_equal(ask(world, revenue), 0);
    assert_int_equal(chat_double.calls, 0);
    assert_int_equal(world->run->cache_hits[CACHE_RESPONSE], CACHE_HIT_MEMORY);
    version = "0000000000000002";
    assert_int_equal(ask(world, revenue), 1);
    version = "0000000000000001";
    assert_true(settings_set("QUERENT_MODELS_ALLOWED", "double-2", &err));
    world->question.model = "double-2";
    assert_int_equal(ask(world, revenue), 1);
    assert_int_equal(ask(world, revenue), 0);
    struct usage usage;
    world->question.model = "double-2";
    assert_int_equal(ask(world, "revenue of all"), 1);
    assert_true(run_usage(world->run, &usage));
    assert_string_equal(usage.model, "double-2");
    world->question.model = NULL;
    assert_int_equal(ask(world, revenue), 0);
    /* One that may not be chosen is the usual one. */
    world->question.model = "double-9";
    assert_int_equal(ask(world, revenue), 0);
    assert_int_not_equal(world->run->cache_hits[CACHE_RESPONSE], CACHE_MISS);
    world->question.model = NULL;
    assert_true(settings_set("QUERENT_MODEL_SEES", "schema", &err));
    assert_int_equal(ask(world, revenue), 1);
}

/* Another server may have another model of that name. */
static void the_server_counts(struct world *world)
{
    struct error err = {0};
    for (int reply_suffices = 0; reply_suffices < 2; reply_suffices++) {
        world->question.reply_suffices = reply_suffices;
        assert_true(settings_set("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", &err));
        (void)ask(world, revenue);
        assert_int_equal(ask(world, revenue), 0);
        assert_true(settings_set("OPENAI_BASE_URL",
                                 reply_suffices ? "http://127.0.0.1:2/v1" : "http://127.0.0.1:3/v1",
                                 &err));
        assert_int_equal(ask(world, revenue), 1);
    }
}

static const struct chat_double_reply *script;
static size_t script_length;

static size_t ask_scripted(struct world *world, const char *text)
{
    struct error err = {0};
    chat_double_script(script, script_length);
    run_free(world->run);
    world->question.text = text;
    world->run = run_new(world->agent, &world->question, &err);
    struct task *task = task_ref(task_start(world->agent->loop, NULL, run_in_task, world, &err));
    assert_true(task_join(task, &err));
    task_unref(task);
    return chat_double.calls;
}

/* What the planner says in the model's place is not the model's, nor kept. */
static void who_stands_in_is_not_kept(struct world *world)
{
    static const struct chat_double_reply down[] = {{.error = ERROR_MODEL}};
    script = down;
    script_length = 1;
    world->question.reply_suffices = true;
    assert_true(ask_scripted(world, "total revenue by region") > 0);
    assert_true(world->ok);
    assert_int_equal(world->run->status, RUN_ANSWERED);
    assert_non_null(strstr(run_response_json(world->run), "built-in planner has answered"));
    assert_int_equal(ask(world, "total revenue by region"), 1);
}

/* What it answers before the model is asked is kept, and costs no call, not even for the words. */
static void who_comes_first_is_kept(struct world *world)
{
    static const char sure[] = "total revenue by region";
    struct error err = {0};
    for (int reply_suffices = 0; reply_suffices < 2; reply_suffices++) {
        world->question.reply_suffices = reply_suffices;
        assert_true(settings_set("QUERENT_PLANNER_FIRST", "off", &err));
        (void)ask(world, sure);
        assert_true(settings_set("QUERENT_PLANNER_FIRST", "on", &err));
        (void)ask(world, sure);
        assert_int_equal(chat_double.calls, 0);
        if (!reply_suffices)
            assert_non_null(world->run->proposal.query);
        (void)ask(world, sure);
        assert_int_equal(chat_double.calls, 0);
        assert_int_not_equal(world->run->cache_hits[reply_suffices ? CACHE_RESPONSE
                                                                   : CACHE_SQL_GENERATION],
                             CACHE_MISS);
        assert_true(settings_set("QUERENT_PLANNER_FIRST", "off", &err));
        assert_int_equal(ask(world, sure), 0);
        assert_true(settings_set("QUERENT_MODEL_BRIEF", reply_suffices ? "auto" : "on", &err));
        assert_int_equal(ask(world, sure), 1);
    }
}

static void failed_statements_are_repaired_and_counted(struct world *world)
{
    static const struct chat_double_reply replies[] = {
        {DECISION("SELECT sum(revenue_sum) AS total FROM sales")},
        {DECISION("SELECT sum(revenue) AS total FROM sales WHERE region = 'north'")},
        {DECISION("SELECT sum(revenue) AS total FROM sales WHERE region = 'North'")},
        {"It is 1."},
    };
    script = replies;
    script_length = 4;
    ask_scripted(world, "what came in from up there");
    assert_true(world->ok);
    assert_int_equal(world->run->repairs, 1);
    assert_non_null(strstr(strbuf_text(&chat_double.sent), "revenue_sum: sales.revenue"));
    size_t generated = 0;
    for (size_t i = 0; i < world->run->step_count; i++)
        generated += world->run->steps[i].step == STEP_GENERATE;
    assert_int_equal(generated, 2);
}

static void to_explain_alone_asks_nobody(struct world *world)
{
    world->question.dry = true;
    assert_int_equal(ask(world, revenue), 0);
    assert_true(world->ok);
    assert_non_null(strstr(world->run->proposal.explanation, "CREATE TABLE sales"));
    world->question.dry = false;
    assert_int_equal(ask(world, revenue), 1);
}

static void prepare(void)
{
    set("QUERENT_LLM", "openai");
    set("QUERENT_PLANNER_FIRST", "off"); /* the double is a model that nobody knows */
    set("QUERENT_MODEL_BRIEF", "off");
    set("QUERENT_MODEL_SEES", "rows");
    set("QUERENT_MODELS_ALLOWED", "none");
    write_file("sales.csv", "region,revenue\nNorth,1\nSouth,2\n");
    write_file("sales.yaml", "table_name: sales\nsource: {file: sales.csv}\n");
}

static int tear_down(void **state)
{
    strbuf_clear(&chat_double.sent);
    return remove_home(state);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        AGENT_TEST(the_same_is_not_asked_again),
        AGENT_TEST(other_prompts_are_asked_anew),
        AGENT_TEST(another_model_is_asked_anew),
        AGENT_TEST(another_temperature_is_asked_anew),
        AGENT_TEST(what_it_may_see_counts),
        AGENT_TEST(what_was_said_before_counts),
        AGENT_TEST(examples_count),
        AGENT_TEST(a_reply_depends_on_prompts_and_model),
        AGENT_TEST(the_server_counts),
        AGENT_TEST(who_stands_in_is_not_kept),
        AGENT_TEST(who_comes_first_is_kept),
        AGENT_TEST(failed_statements_are_repaired_and_counted),
        AGENT_TEST(to_explain_alone_asks_nobody),
    };
    return cmocka_run_group_tests(tests, make_folder, tear_down);
}
