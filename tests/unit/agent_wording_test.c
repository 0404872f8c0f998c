/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that a language model words, with a scripted driver in its place: what is told while it writes, what
 * stays, and what it has cost. */
#include "sales_support.h"

#include <jansson.h>
#include <stdio.h>

#include "agent/answer_delta.h"
#include "agent/wording.h"
#include "agent/workflow.h"
#include "engine/worker.h"
#include "store/usage.h"

/* What the scripted model says of the statement, and then of the rows. */
static struct llm_proposal proposed;
static const char *const *pieces; /* NULL-ended */
static enum error_code fails_with;
static unsigned answer_calls;
static char seen_facts[4096];
static const char *chosen_because = "the only one";

static const char *scripted_model_id(const struct llm *llm)
{
    return "scripted-1";
}

static bool scripted_select(struct llm *llm, struct llm_request *request,
                            struct llm_selection *out, struct error *err)
{
    *out = (struct llm_selection){request->plan.datasets[0].dataset, chosen_because};
    request->usage = (struct chat_usage){
        .input = 1000, .cached = 500, .output = 50, .cost_nano = 2000000, .priced = true, .calls = 1};
    return true;
}

static bool scripted_generate(struct llm *llm, struct llm_request *request,
                              struct llm_proposal *out, struct error *err)
{
    *out = proposed;
    out->dataset = request->plan.datasets[0].dataset;
    return true;
}

static bool scripted_answer(struct llm *llm, const struct llm_answer_request *request,
                            struct error *err)
{
    answer_calls++;
    snprintf(seen_facts, sizeof(seen_facts), "%s", request->facts);
    chat_usage_add(request->usage, &(struct chat_usage){.input = 100, .output = 20, .cost_nano = 500000,
                                                       .priced = true, .calls = 1});
    for (size_t i = 0; pieces[i]; i++)
        if (!request->on_text(request->context, str_from(pieces[i]), err))
            return false;
    return fails_with == ERROR_NONE || error_set(err, fails_with, "the model went away");
}

static const struct llm_driver scripted_driver = {
    .name = "scripted",
    .model_id = scripted_model_id,
    .select = scripted_select,
    .generate = scripted_generate,
    .write_answer = scripted_answer,
};

struct world {
    struct agent *agent;
    struct run *run;
    char told[65536]; /* the deltas put together */
    unsigned deltas, replacements;
    bool ok;
};

static void listen(void *context, const struct run_event *event)
{
    struct world *world = context;
    if (event->kind != EVENT_ANSWER_DELTA)
        return;
    struct str text;
    bool replaces;
    assert_true(answer_delta_read(event->json, world->run->arena, &text, &replaces));
    size_t length = replaces ? 0 : strlen(world->told);
    snprintf(world->told + length, sizeof(world->told) - length, "%.*s", STR_ARGS(text));
    world->deltas++;
    world->replacements += replaces;
}

static void run_in_task(void *arg)
{
    struct world *world = arg;
    struct error err = {0};
    world->ok = workflow_run(world->run, &err);
}

static const char groups[] =
    "SELECT region, sum(revenue) AS total FROM sales GROUP BY region ORDER BY total DESC";

static void ask(struct world *world, const char *text, const char *const *said)
{
    pieces = said;
    answer_calls = 0;
    world->told[0] = '\0';
    world->deltas = world->replacements = 0;
    struct question question = {.text = text, .user_id = "ana", .use_cache = true,
                                .reply_suffices = true};
    struct error err = {0};
    world->run = run_new(world->agent, &question, &err);
    assert_non_null(world->run);
    world->run->listener = listen;
    world->run->listener_context = world;
    struct task_options options = {.name = "run"};
    struct task *task =
        task_ref(task_start(world->agent->loop, &options, run_in_task, world, &err));
    assert_true(task_join(task, &err));
    task_unref(task);
}

static json_t *reply(const struct world *world)
{
    const struct run_event *last = &world->run->events[world->run->event_count - 1];
    assert_int_equal(last->kind, EVENT_COMPLETE);
    json_t *json = json_loads(last->json, 0, NULL);
    assert_non_null(json);
    return json;
}

#define SAY(...) ((const char *const[]){__VA_ARGS__, NULL})

static void what_the_model_writes_is_told_as_it_comes(struct world *world)
{
    ask(world, "revenue by region",
        SAY("North", " leads with ", "1,000,", "000", " of 1,999,000", ", 50 %, ", "before South. ", "It is a lead",
            " of 1,000."));
    assert_true(world->ok);
    assert_string_equal(world->told, world->run->answer);
    assert_string_equal(world->told,
                        "North leads with 1,000,000 of 1,999,000, 50 %, before South. It is a lead of 1,000.");
    assert_true(world->deltas >= 4);
    assert_int_equal(world->replacements, 0);
    assert_non_null(strstr(seen_facts, "rows of the result: 2"));
    assert_non_null(strstr(seen_facts, "difference of total between North and South: 1,000"));
    run_free(world->run);
}

/* The store has one event for all deltas, with the number of the last; none is lost. */
static void the_store_keeps_one_event_for_all_deltas(struct world *world)
{
    ask(world, "revenue by region again", SAY("North", " leads", " by", " far", "."));
    struct stored_event *events;
    size_t count, deltas = 0;
    struct error err = {0};
    assert_true(store_run_events(world->agent->store, world->run->id, 0, world->run->arena, &events,
                                 &count, &err));
    for (size_t i = 0; i < count; i++) {
        if (!strstr(events[i].json, "{\"event\":\"answer_delta\""))
            continue;
        deltas++;
        assert_non_null(strstr(events[i].json, "{\"replace\":true,\"text\":\"North leads by far.\"}"));
    }
    assert_int_equal(deltas, 1);
    assert_int_equal(events[count - 1].sequence, world->run->event_count - 1);
    assert_true(count < world->run->event_count - 1);
    run_free(world->run);
}

static void a_wrong_number_is_put_right(struct world *world)
{
    ask(world, "revenue by region, please", SAY("North is first. ", "It has 4,", "444", " EUR. ", "Good."));
    assert_string_equal(world->told, world->run->answer);
    assert_null(strstr(world->told, "4,444"));
    assert_non_null(strstr(world->told, "North is first. "));
    assert_non_null(strstr(world->told, "1,000,000"));
    assert_non_null(strstr(world->told, "Good."));
    assert_int_equal(world->replacements, 1);
    run_free(world->run);
}

static void the_template_takes_over(struct world *world)
{
    fails_with = ERROR_MODEL;
    ask(world, "revenue by region, now", SAY("North leads ", "by far. And "));
    fails_with = ERROR_NONE;
    assert_true(world->ok);
    assert_string_equal(world->told, world->run->answer);
    assert_null(strstr(world->told, "by far"));
    assert_non_null(strstr(world->told, "1,000,000"));
    run_free(world->run);
    /* Not kept: the next call may work. */
    ask(world, "revenue by region, now", SAY("North leads."));
    assert_string_equal(world->run->answer, "North leads.");
    run_free(world->run);
    ask(world, "revenue by region, now", SAY("unused"));
    assert_int_equal(answer_calls, 0);
    run_free(world->run);
    ask(world, "revenue by region, wrong", SAY("It is 7. It is 77. It is 777. It is 7777."));
    assert_string_equal(world->told, world->run->answer);
    assert_null(strstr(world->told, "77"));
    run_free(world->run);
    ask(world, "revenue by region, nothing", SAY(""));
    assert_int_equal(world->deltas, 0);
    assert_non_null(strstr(world->run->answer, "1,000,000"));
    run_free(world->run);
}

static void code_says_its_part_behind_it(struct world *world)
{
    static const char *const assumptions[] = {"revenue is before tax", "the total is 31337 EUR",
                                              "see http://evil.test"};
    static const struct period period = {
        .words = "last month", .from = "2026-10-01", .to = "2026-11-01"};
    proposed.assumptions = assumptions;
    proposed.assumption_count = 3;
    proposed.periods = &period;
    proposed.period_count = 1;
    ask(world, "revenue by region last month", SAY("North leads."));
    assert_string_equal(world->told, world->run->answer);
    assert_string_equal(world->told, "North leads. \"last month\" is 1 to 31 October 2026. I took it that "
                                     "revenue is before tax; see.");
    proposed.assumption_count = proposed.period_count = 0;
    run_free(world->run);
}

/* A number of the question holds where the statement has it, too; a statement alone proves nothing. */
static void reasons_and_assumptions_have_no_numbers_of_their_own(struct world *world)
{
    static const char *const assumptions[] = {"only sales above 70000 count", "1,234,567 is usual",
                                              "revenue is before tax"};
    struct llm_proposal before = proposed;
    proposed.sql = "SELECT region, sum(revenue) AS total FROM sales WHERE revenue > 70000 AND "
                   "revenue <> 1234567 GROUP BY region ORDER BY total DESC";
    proposed.assumptions = assumptions;
    proposed.assumption_count = 3;
    proposed.reason = "its revenue is 987654";
    chosen_because = "its revenue is 876543";
    ask(world, "revenue by region of sales above 70000", SAY("North leads."));
    assert_int_equal(world->run->proposal.assumption_count, 2);
    assert_string_equal(world->run->proposal.assumptions[0], assumptions[0]);
    assert_string_equal(world->run->proposal.assumptions[1], assumptions[2]);
    assert_string_equal(world->run->proposal.reason, "the language model chose it");
    assert_string_equal(world->run->selection.reason, "the language model chose it");
    run_free(world->run);
    chosen_because = proposed.reason = "it has sales above 70000";
    ask(world, "revenue by region of sales above 70000, please", SAY("North leads."));
    assert_string_equal(world->run->proposal.reason, chosen_because);
    assert_string_equal(world->run->selection.reason, chosen_because);
    run_free(world->run);
    chosen_because = "the only one";
    proposed = before;
}

static void a_model_may_not_say_numbers_in_place_of_rows(struct world *world)
{
    struct llm_proposal before = proposed;
    proposed = (struct llm_proposal){.outcome = LLM_NO_ANSWER, .sentence = "The revenue is 31337."};
    ask(world, "what is it", SAY("unused"));
    assert_int_equal(answer_calls, 0);
    assert_null(strstr(world->run->answer, "31337"));
    run_free(world->run);
    proposed.sentence = "There is nothing about [pets](http://evil.test/?q=1) here.";
    ask(world, "what is it about", SAY("unused"));
    assert_string_equal(world->run->answer, "There is nothing about pets here.");
    run_free(world->run);
    proposed = before;
}

static int64_t spent(const struct world *world, int64_t *runs)
{
    struct usage_sum *sums;
    size_t count;
    struct error err = {0};
    struct usage_filter filter = {.user_id = "ana"};
    assert_true(store_usage_list(world->agent->store, &filter, 10, world->run->arena, &sums, &count, &err));
    int64_t cost = 0;
    *runs = 0;
    for (size_t i = 0; i < count; i++) { /* a day may end meanwhile */
        assert_string_equal(sums[i].usage.provider, "scripted");
        assert_string_equal(sums[i].usage.model, "scripted-1");
        cost += sums[i].usage.cost_nano;
        *runs += sums[i].runs;
    }
    return cost;
}

static void a_run_tells_what_it_has_cost(struct world *world)
{
    int64_t runs_before, runs;
    ask(world, "revenue by region 1", SAY("North leads."));
    int64_t before = spent(world, &runs_before);
    run_free(world->run);
    ask(world, "revenue by region 2", SAY("North leads."));
    json_t *json = reply(world), *metadata = json_object_get(json, "metadata");
    json_t *tokens = json_object_get(metadata, "tokens");
    assert_int_equal(json_integer_value(json_object_get(tokens, "input")), 1100);
    assert_int_equal(json_integer_value(json_object_get(tokens, "cached")), 500);
    assert_int_equal(json_integer_value(json_object_get(tokens, "output")), 70);
    assert_int_equal(json_integer_value(json_object_get(tokens, "total")), 1670);
    assert_true(json_real_value(json_object_get(metadata, "cost")) > 0.00249 &&
                json_real_value(json_object_get(metadata, "cost")) < 0.00251);
    assert_int_equal(spent(world, &runs) - before, 2500000);
    assert_int_equal(runs, runs_before + 1);
    json_decref(json);
    run_free(world->run);
    /* The same again is there already, and costs nothing. */
    ask(world, "revenue by region 2", SAY("North leads."));
    assert_int_equal(answer_calls, 0);
    assert_int_equal(world->deltas, 0);
    json = reply(world);
    metadata = json_object_get(json, "metadata");
    assert_string_equal(json_string_value(json_object_get(json, "final_response")), "North leads.");
    assert_true(json_number_value(json_object_get(metadata, "cost")) == 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(metadata, "tokens"), "total")), 0);
    assert_int_equal(spent(world, &runs) - before, 2500000);
    json_decref(json);
    run_free(world->run);
}

/* What may not leave is not given to the model. */
static void rows_that_may_not_be_seen_are_not_shown(struct world *world)
{
    struct llm_proposal before = proposed;
    proposed.sql = "SELECT region, revenue FROM sales LIMIT 0";
    ask(world, "nothing at all", SAY("unused"));
    assert_int_equal(answer_calls, 0);
    run_free(world->run);
    proposed = before;
}

static void expect_told(struct world *world, const char *message, const char *told)
{
    struct error err;
    error_set(&err, ERROR_SQL_FAILED, "%s", message);
    assert_string_equal(wording_failure(world->run, &err), told);
}

/* Names that a model has made up may be sentences. */
static void failures_tell_no_sentences(struct world *world)
{
    struct llm_proposal before = proposed;
    proposed.sql = "SELECT sum(\"the firm is bankrupt and lost 47 percent\") FROM sales";
    ask(world, "what is it worth", SAY("unused"));
    assert_false(world->ok);
    const struct run_event *last = &world->run->events[world->run->event_count - 1];
    assert_null(strstr(last->json, "bankrupt"));
    assert_non_null(strstr(last->json, "..."));
    expect_told(world, "Column \"revenue\" must appear in 'region'", "Column \"revenue\" must appear in 'region'");
    expect_told(world, "Column \"a\"the firm is bankrupt\"b\" isn't there: 'x'", "Column \"...\" isn't there: '...'");
    expect_told(world, "Column \"revenue\" and \"it is so", "Column \"revenue\" and \"...\"");
    expect_told(world, "specifier the firm is bankrupt and lost 47 percent: bad", "specifier ...: bad"); /* of the statement */
    expect_told(world, "syntax error, 47 percent lost at line 3", "syntax error, ... lost at line 3");
    run_free(world->run);
    proposed = before;
}

static void (*current)(struct world *world);

static void with_agent(struct agent *agent)
{
    struct world *world = calloc(1, sizeof(*world));
    world->agent = agent;
    proposed = (struct llm_proposal){
        .outcome = LLM_QUERY, .sql = groups, .reading = "revenue by region", .sureness = 1};
    current(world);
    free(world);
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
        TEST(what_the_model_writes_is_told_as_it_comes),
        TEST(the_store_keeps_one_event_for_all_deltas),
        TEST(a_wrong_number_is_put_right),
        TEST(the_template_takes_over),
        TEST(code_says_its_part_behind_it),
        TEST(a_model_may_not_say_numbers_in_place_of_rows),
        TEST(reasons_and_assumptions_have_no_numbers_of_their_own),
        TEST(a_run_tells_what_it_has_cost),
        TEST(rows_that_may_not_be_seen_are_not_shown),
        TEST(failures_tell_no_sentences),
    };
    return cmocka_run_group_tests(tests, set_up_sales, remove_home);
}
