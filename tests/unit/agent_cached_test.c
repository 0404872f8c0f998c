/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run takes from the cache: for everything that a cached value depends on, that a change of
 * it is a miss. A scripted driver in the planner's place counts how often it is asked.
 */
#include "agent_support.h"

static const char *model = "model-1";
static const char *script = NULL; /* the statement; NULL: one over the chosen dataset */
static bool fails_first; /* the script is the first statement alone */
static size_t selected, generated;

static const char *scripted_model_id(const struct llm *llm)
{
    return model;
}

static bool scripted_select(struct llm *llm, struct llm_request *request, struct llm_selection *out,
                            struct error *err)
{
    selected++;
    *out = (struct llm_selection){request->plan.datasets[0].dataset, "the first"};
    return true;
}

static bool scripted_generate(struct llm *llm, struct llm_request *request,
                              struct llm_proposal *out, struct error *err)
{
    static const char *const assumptions[] = {"an assumption"};
    static const struct period periods[] = {{.begin = 1,
                                             .end = 2,
                                             .words = "last month",
                                             .from = "2024-02-01",
                                             .unit = UNIT_MONTH,
                                             .comparison = true,
                                             .assumption = "as said"}};
    generated++;
    if (fails_first && request->failure)
        script = NULL;
    const struct dataset *dataset = request->plan.datasets[0].dataset;
    *out = (struct llm_proposal){
        .outcome = LLM_QUERY,
        .sql = script ? script
                      : arena_printf(request->arena, "SELECT sum(revenue) AS total FROM %s",
                                     dataset->table_name),
        .dataset = dataset,
        .reading = "a reading",
        .assumptions = assumptions,
        .assumption_count = 1,
        .periods = periods,
        .period_count = 1,
        .sureness = 0.1 + 0.2, /* kept to the last bit */
        .explanation = "why",
    };
    return true;
}

static const struct llm_driver scripted_driver = {
    .name = "scripted",
    .model_id = scripted_model_id,
    .select = scripted_select,
    .generate = scripted_generate,
};

static const struct llm_driver *const scripted_by = &scripted_driver;

/* Which types hit: "selection generation result", without those that did not; or where the whole
 * reply came from: "memory". */
static const char *ask(struct world *world)
{
    static char hits[64];
    selected = generated = 0;
    run_question(world);
    const enum cache_level *levels = world->run->cache_hits;
    if (levels[CACHE_RESPONSE]) {
        assert_int_equal(selected + generated, 0);
        return cache_level_name(levels[CACHE_RESPONSE]);
    }
    snprintf(hits, sizeof(hits), "%s%s%s", levels[CACHE_DATASET_SELECTION] ? "selection " : "",
             levels[CACHE_SQL_GENERATION] ? "generation " : "",
             levels[CACHE_SQL_RESULT] ? "result" : "");
    assert_int_equal(selected, levels[CACHE_DATASET_SELECTION] ? 0 : 1);
    if (world->ok && !fails_first)
        assert_int_equal(generated, levels[CACHE_SQL_GENERATION] ? 0 : 1);
    return hits;
}

#define ALL "selection generation result"
#define ONLY_RESULT "result" /* another decision for the same statement on the same data */

static void refresh(struct world *world)
{
    struct error err = {0};
    char before[65];
    snprintf(before, sizeof(before), "%s", world->agent->knowledge->catalog->version);
    if (!agent_refresh(world->agent, &err))
        fail_msg("%s", err.message);
    assert_string_not_equal(before, world->agent->knowledge->catalog->version);
}

/* ------------------------------------------------------------------ tests */

static void the_same_again_is_a_hit(struct world *world)
{
    assert_string_equal(ask(world), "");
    assert_true(world->ok);
    assert_string_equal(ask(world), ALL);
    const struct llm_proposal *proposal = &world->run->proposal;
    assert_string_equal(proposal->reading, "a reading");
    assert_int_equal(proposal->assumption_count, 1);
    assert_string_equal(proposal->assumptions[0], "an assumption");
    assert_int_equal(proposal->period_count, 1);
    assert_string_equal(proposal->periods[0].from, "2024-02-01");
    assert_null(proposal->periods[0].to);
    assert_int_equal(proposal->periods[0].unit, UNIT_MONTH);
    assert_true(proposal->periods[0].comparison);
    assert_true(proposal->sureness == 0.1 + 0.2);
    assert_null(proposal->explanation); /* it was not asked for */
    assert_int_equal(world->run->statement->rows->row_count, 1);
    assert_int_equal(world->run->cache_hits[CACHE_SQL_RESULT], CACHE_HIT_MEMORY);
    assert_non_null(
        strstr(run_response_json(world->run), "\"cache_hits\":{\"sql_result\":\"memory\""));
}

static void use_cache_false_neither_reads_nor_writes(struct world *world)
{
    world->question.use_cache = false;
    assert_string_equal(ask(world), "");
    assert_true(world->ok);
    world->question.use_cache = true;
    assert_string_equal(ask(world), ""); /* nothing was written */
    world->question.use_cache = false;
    assert_string_equal(ask(world), ""); /* nothing is read */
    assert_non_null(strstr(run_response_json(world->run), "\"cache_hits\":{}"));
    world->question.use_cache = true;
    assert_string_equal(ask(world), ALL);
}

static void another_model_decides_anew(struct world *world)
{
    ask(world);
    model = "model-2";
    assert_string_equal(ask(world), ONLY_RESULT);
    model = "model-1";
    assert_string_equal(ask(world), ALL);
}

static void another_reference_date_decides_anew(struct world *world)
{
    ask(world);
    assert_true(clock_set_now("2024-03-16"));
    assert_string_equal(ask(world), ONLY_RESULT);
    assert_true(clock_set_now("2024-03-15T12:00:00Z"));
}

static void other_settings_decide_anew(struct world *world)
{
    static const struct {
        const char *name, *value, *before, *hits;
    } rows[] = {
        {"QUERENT_SURENESS", "0.9", "0.5", ONLY_RESULT},
        {"QUERENT_WEEK_START", "sunday", "monday", ONLY_RESULT},
        {"QUERENT_FISCAL_YEAR_START", "4", "1", ONLY_RESULT},
        {"QUERENT_ROW_LIMIT", "7", "1000", ""},
        {"QUERENT_RESULT_BYTES_MAX", "2000000", "1000000", ""},
        {"QUERENT_WORKER_MEMORY_MB", "600", "512", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set(rows[i].name, rows[i].before);
        ask(world);
        assert_string_equal(ask(world), ALL);
        set(rows[i].name, rows[i].value);
        assert_string_equal(ask(world), rows[i].hits);
        set(rows[i].name, rows[i].before);
        assert_string_equal(ask(world), ALL);
    }
}

static void another_filter_decides_anew(struct world *world)
{
    static const char *const only_trips[] = {"trips"};
    ask(world);
    assert_string_equal(world->run->proposal.dataset->id, "sales");
    world->question.dataset_filter = only_trips;
    world->question.dataset_filter_count = 1;
    assert_string_equal(ask(world), "");
    assert_string_equal(world->run->proposal.dataset->id, "trips");
    assert_string_equal(ask(world), ALL);
    assert_string_equal(world->run->proposal.dataset->id, "trips");
}

static void changed_data_is_read_anew(struct world *world)
{
    ask(world);
    write_file("sales.csv", "region,revenue\nNorth,1\nSouth,2\nWest,3000\n");
    refresh(world);
    assert_string_equal(ask(world), "");
    assert_int_equal(world->run->statement->rows->row_count, 1);
    assert_string_equal(ask(world), ALL);
}

static void a_changed_document_is_read_anew(struct world *world)
{
    ask(world);
    write_file("sales.yaml", "table_name: sales\nsource: {file: sales.csv}\n"
                             "description: what was sold, net\n");
    refresh(world);
    assert_string_equal(ask(world), "");
}

static void a_change_of_another_dataset_is_none(struct world *world)
{
    static const char *const only_sales[] = {"sales"};
    world->question.dataset_filter = only_sales;
    world->question.dataset_filter_count = 1;
    ask(world);
    assert_string_equal(ask(world), ALL);
    write_file("trips.csv", "city,revenue\nLisbon,1\nPorto,12345\n");
    refresh(world);
    assert_non_null(strstr(ask(world), "result"));
}

static void another_caller_is_another_where_access_is_restricted(struct world *world)
{
    ask(world);
    world->question.user_id = "ana";
    assert_string_equal(ask(world), ALL); /* open to all */
    write_file("sales.yaml", "table_name: sales\nsource: {file: sales.csv}\n"
                             "access: {roles: [sales]}\n");
    refresh(world);
    assert_string_equal(ask(world), "");
    assert_string_equal(ask(world), ALL);
    world->question.user_id = "ben";
    assert_string_equal(ask(world), "");
}

static void an_explained_answer_is_another(struct world *world)
{
    ask(world);
    world->question.explain = true;
    assert_string_equal(ask(world), ONLY_RESULT);
    assert_string_equal(ask(world), ALL);
    assert_string_equal(world->run->proposal.explanation, "why");
}

static void what_tells_the_time_is_run_again(struct world *world)
{
    static const struct {
        const char *sql, *hits;
    } rows[] = {
        {"SELECT count(*) AS n FROM sales WHERE current_date > DATE '2020-01-01'",
         "selection generation "},
        {"SELECT NOW() IS NULL AS never, count(*) AS n FROM sales", "selection generation "},
        {"SELECT age ( DATE '2020-01-01' ) IS NULL AS never, count(*) AS n FROM sales",
         "selection generation "},
        {"SELECT count(*) AS nowhere FROM sales", ALL},
        {"SELECT count(*) AS age FROM sales", ALL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[32];
        snprintf(text, sizeof(text), "sales question %zu", i);
        world->question.text = text;
        script = rows[i].sql;
        ask(world);
        if (!world->ok)
            fail_msg("%s: %s", rows[i].sql, world->run->error.message);
        assert_string_equal(ask(world), rows[i].hits);
    }
}

/* Who asks next is not given a statement that failed; and what a repair has brought is kept. */
static void a_failure_is_not_kept(struct world *world)
{
    static const char wrong[] = "SELECT sum(revenu) AS total FROM sales";
    script = wrong;
    ask(world);
    assert_false(world->ok);
    script = NULL;
    ask(world);
    assert_true(world->ok);
    assert_int_equal(world->run->repairs, 0);
    assert_int_equal(generated, 1);
    assert_int_equal(world->run->cache_hits[CACHE_SQL_GENERATION], CACHE_MISS);
    assert_int_equal(world->run->cache_hits[CACHE_SQL_RESULT], CACHE_MISS);
    world->question.text = "what came in at last";
    script = wrong;
    fails_first = true;
    ask(world);
    assert_true(world->ok);
    assert_int_equal(world->run->repairs, 1);
    fails_first = false;
    assert_string_equal(ask(world), ALL);
    assert_int_equal(world->run->repairs, 0);
    script = NULL;
}

/* ------------------------------------------------------------------ whole replies */

#define WHOLE "memory"

/* The response from the answer on, without what tells of time and cache. */
static const char *body_of(struct run *run)
{
    const char *json = run_response_json(run), *from = strstr(json, "\"final_response\""),
               *to = strstr(json, "\"metadata\":{\"execution_time_ms\"");
    assert_non_null(from);
    assert_non_null(to);
    return arena_strndup(run->arena, from, (size_t)(to - from));
}

static void a_reply_is_taken_whole(struct world *world)
{
    struct arena *arena = arena_new();
    world->question.reply_suffices = true;
    assert_string_equal(ask(world), "");
    const char *body = arena_strdup(arena, body_of(world->run));
    const char *answer = arena_strdup(arena, world->run->answer);
    const char *id = arena_strdup(arena, world->run->id);
    assert_string_equal(ask(world), WHOLE);
    assert_string_equal(body_of(world->run), body);
    assert_string_not_equal(world->run->id, id);
    assert_int_equal(world->run->step_count, RUN_STEPS);
    assert_true(world->run->steps[0].cache_hit);

    /* It is kept like any other: in a conversation of its own, ready for follow-ups. */
    struct error err = {0};
    struct message *messages;
    struct stored_run stored;
    size_t count;
    assert_true(store_messages_last(world->agent->store, world->run->conversation_id, 10, arena,
                                    &messages, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(messages[1].content, answer);
    assert_non_null(messages[1].sql);
    assert_non_null(strstr(messages[1].metadata, "\"dataset_id\":\"sales\""));
    assert_true(store_run_get(world->agent->store, world->run->id, arena, &stored, &err));
    assert_int_equal(stored.state, RUN_COMPLETE);
    assert_string_equal(stored.result, run_response_json(world->run));
    arena_free(arena);
}

static void rows_are_wanted_where_a_reply_does_not_suffice(struct world *world)
{
    world->question.reply_suffices = true;
    ask(world);
    world->question.reply_suffices = false;
    assert_string_equal(ask(world), ALL);
    assert_non_null(world->run->statement);
}

static void a_reply_depends_on_all_it_is_given(struct world *world)
{
    static const char *const only_sales[] = {"sales"};
    static const struct {
        const char *name, *value, *before;
    } rows[] = {
        {"QUERENT_SURENESS", "0.9", "0.5"},        {"QUERENT_WEEK_START", "sunday", "monday"},
        {"QUERENT_FISCAL_YEAR_START", "4", "1"},   {"QUERENT_ROW_LIMIT", "7", "1000"},
        {"QUERENT_RESULT_BYTES_MAX", "2000000", "1000000"},
        {"QUERENT_WORKER_MEMORY_MB", "600", "512"}, {"QUERENT_MAX_REPAIRS", "1", "2"},
    };
    world->question.reply_suffices = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set(rows[i].name, rows[i].before);
        ask(world);
        assert_string_equal(ask(world), WHOLE);
        set(rows[i].name, rows[i].value);
        assert_string_not_equal(ask(world), WHOLE);
        set(rows[i].name, rows[i].before);
        assert_string_equal(ask(world), WHOLE);
    }
    model = "model-2";
    assert_string_not_equal(ask(world), WHOLE);
    model = "model-1";
    assert_true(clock_set_now("2024-03-16"));
    assert_string_not_equal(ask(world), WHOLE);
    assert_true(clock_set_now("2024-03-15T12:00:00Z"));
    world->question.sample_rows = 3;
    assert_string_not_equal(ask(world), WHOLE);
    world->question.sample_rows = 0;
    world->question.explain = true;
    assert_string_not_equal(ask(world), WHOLE);
    world->question.explain = false;
    world->question.dataset_filter = only_sales;
    world->question.dataset_filter_count = 1;
    assert_string_not_equal(ask(world), WHOLE);
    world->question.dataset_filter_count = 0;
    world->question.use_cache = false;
    assert_string_not_equal(ask(world), WHOLE);
    world->question.use_cache = true;
    assert_string_equal(ask(world), WHOLE);
    write_file("trips.csv", "city,revenue\nLisbon,1\nPorto,12346\n");
    refresh(world);
    assert_string_not_equal(ask(world), WHOLE);
}

/* Where it is another day, all is another question; elsewhere on the same day it is not. */
static void a_time_zone_counts_by_the_day_there(struct world *world)
{
    set("QUERENT_TIME_ZONE", "UTC");
    for (int whole = 0; whole < 2; whole++) {
        const char *hit = whole ? WHOLE : ALL;
        world->question.reply_suffices = whole;
        ask(world);
        assert_string_equal(ask(world), hit);
        set("QUERENT_TIME_ZONE", "Asia/Kolkata"); /* half past five in the afternoon */
        assert_string_equal(ask(world), hit);
        set("QUERENT_TIME_ZONE", "Pacific/Auckland"); /* tomorrow */
        assert_string_equal(ask(world), whole ? ALL : ONLY_RESULT);
        set("QUERENT_TIME_ZONE", "UTC");
        assert_string_equal(ask(world), hit);
    }
}

/* Days begin at another time for a dataset with a time zone of its own. */
static void a_dataset_has_days_of_its_own(struct world *world)
{
    write_file("sales.yaml", "table_name: sales\nsource: {file: sales.csv}\n"
                             "calendar: {time_zone: Pacific/Auckland}\n");
    refresh(world);
    for (int whole = 0; whole < 2; whole++) {
        world->question.reply_suffices = whole;
        assert_true(clock_set_now("2024-03-15T10:45:00Z"));
        ask(world);
        assert_true(clock_set_now("2024-03-15T10:59:59Z")); /* a second before midnight there */
        assert_string_equal(ask(world), whole ? WHOLE : ALL);
        assert_true(clock_set_now("2024-03-15T11:00:00Z"));
        assert_string_equal(ask(world), whole ? ALL : ONLY_RESULT);
    }
    assert_true(clock_set_now("2024-03-15T12:00:00Z"));
}

static void a_reply_depends_on_what_was_said_before(struct world *world)
{
    char conversation[STORE_ID_SIZE];
    world->question.reply_suffices = true;
    ask(world);
    snprintf(conversation, sizeof(conversation), "%s", world->run->conversation_id);
    world->question.conversation_id = conversation;
    assert_string_not_equal(ask(world), WHOLE); /* after one answer */
    assert_string_not_equal(ask(world), WHOLE); /* after two */
    world->question.conversation_id = NULL;
    assert_string_equal(ask(world), WHOLE);
}

/* The last ten messages, oldest first; none of them is this question. */
static void the_last_ten_messages_are_context(struct world *world)
{
    static const char *const texts[] = {"sales 0", "sales 1", "sales 2", "sales 3",
                                        "sales 4", "sales 5", "sales 6"};
    char conversation[STORE_ID_SIZE];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        world->question.text = texts[i];
        ask(world);
        assert_int_equal(world->run->history_count, i < 5 ? 2 * i : 10);
        for (size_t j = 0; j < world->run->history_count; j++) {
            const struct message *message = &world->run->history[j];
            assert_int_equal(message->role, j % 2 == 0 ? MESSAGE_USER : MESSAGE_ASSISTANT);
            if (j % 2 == 0)
                assert_string_equal(message->content, texts[(i < 5 ? 0 : i - 5) + j / 2]);
        }
        snprintf(conversation, sizeof(conversation), "%s", world->run->conversation_id);
        world->question.conversation_id = conversation;
    }
}

/* However long the answers before it took. */
static void a_follow_up_is_found_in_another_conversation(struct world *world)
{
    char conversations[2][STORE_ID_SIZE];
    world->question.reply_suffices = true;
    for (size_t i = 0; i < 2; i++) {
        world->question.conversation_id = NULL;
        ask(world);
        snprintf(conversations[i], STORE_ID_SIZE, "%s", world->run->conversation_id);
        world->question.conversation_id = conversations[i];
        if (i == 0)
            assert_string_not_equal(ask(world), WHOLE);
        else
            assert_string_equal(ask(world), WHOLE);
    }
}

static void a_reply_is_not_shown_to_another_where_access_is_restricted(struct world *world)
{
    world->question.reply_suffices = true;
    write_file("trips.yaml", "table_name: trips\nsource: {file: trips.csv}\n"
                             "access: {roles: [travel]}\n");
    refresh(world);
    world->question.user_id = "ana";
    ask(world);
    assert_string_equal(ask(world), WHOLE);
    world->question.user_id = "ben";
    assert_string_not_equal(ask(world), WHOLE);
}

static void a_reply_of_this_minute_is_not_kept(struct world *world)
{
    world->question.reply_suffices = true;
    script = "SELECT count(*) AS n FROM sales WHERE now() IS NOT NULL";
    ask(world);
    assert_true(world->ok);
    assert_string_not_equal(ask(world), WHOLE);
}

struct asker {
    struct run *run;
    bool ok;
};

static void ask_at_once(void *arg)
{
    struct asker *asker = arg;
    struct error err = {0};
    asker->ok = workflow_run(asker->run, &err);
}

static void equal_questions_at_once_share_one_run(struct world *world)
{
    enum { ASKERS = 8 };
    struct asker askers[ASKERS];
    struct task *tasks[ASKERS];
    struct error err = {0};
    size_t shared = 0;
    world->question.reply_suffices = true;
    selected = generated = 0;
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i].run = run_new(world->agent, &world->question, &err);
        tasks[i] = task_ref(task_start(world->agent->loop, NULL, ask_at_once, &askers[i], &err));
    }
    for (size_t i = 0; i < ASKERS; i++) {
        assert_true(task_join(tasks[i], &err));
        task_unref(tasks[i]);
        assert_true(askers[i].ok);
        assert_string_equal(askers[i].run->answer, askers[0].run->answer);
        shared += askers[i].run->cache_hits[CACHE_RESPONSE] == CACHE_HIT_SHARED;
    }
    for (size_t i = 0; i < ASKERS; i++)
        run_free(askers[i].run);
    assert_int_equal(generated, 1);
    assert_int_equal(shared, ASKERS - 1);
}

TASK_WAITS static bool wait_for_place(void *context, struct error *err)
{
    return task_event_wait(context, 2000, err);
}

/* The first question waits for the place that the second one has: it must not be the second one's
 * leader meanwhile, or each would wait for the other. */
static void who_waits_for_its_turn_leads_nobody(struct world *world)
{
    struct asker askers[2];
    struct task *tasks[2];
    struct task_event place = {0};
    struct error err = {0};
    world->question.reply_suffices = true;
    selected = generated = 0;
    for (size_t i = 0; i < 2; i++) {
        askers[i].run = run_new(world->agent, &world->question, &err);
        tasks[i] = task_ref(task_start(world->agent->loop, NULL, ask_at_once, &askers[i], &err));
    }
    askers[0].run->admit = wait_for_place;
    askers[0].run->admit_context = &place;
    assert_true(task_join(tasks[1], &err));
    task_event_signal(&place);
    assert_true(task_join(tasks[0], &err));
    for (size_t i = 0; i < 2; i++) {
        assert_true(askers[i].ok);
        task_unref(tasks[i]);
    }
    assert_int_equal(generated, 1);
    assert_int_equal(askers[0].run->cache_hits[CACHE_RESPONSE], CACHE_HIT_SHARED);
    for (size_t i = 0; i < 2; i++)
        run_free(askers[i].run);
}

static void prepare(void)
{
    script = NULL;
    write_file("sales.csv", "region,revenue\nNorth,1\nSouth,2\n");
    write_file("trips.csv", "city,revenue\nLisbon,1\nPorto,2\n");
    write_file("sales.yaml", "table_name: sales\nsource: {file: sales.csv}\n");
    write_file("trips.yaml", "table_name: trips\nsource: {file: trips.csv}\n");
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        AGENT_TEST(the_same_again_is_a_hit),
        AGENT_TEST(use_cache_false_neither_reads_nor_writes),
        AGENT_TEST(another_model_decides_anew),
        AGENT_TEST(another_reference_date_decides_anew),
        AGENT_TEST(other_settings_decide_anew),
        AGENT_TEST(another_filter_decides_anew),
        AGENT_TEST(changed_data_is_read_anew),
        AGENT_TEST(a_changed_document_is_read_anew),
        AGENT_TEST(a_change_of_another_dataset_is_none),
        AGENT_TEST(another_caller_is_another_where_access_is_restricted),
        AGENT_TEST(an_explained_answer_is_another),
        AGENT_TEST(what_tells_the_time_is_run_again),
        AGENT_TEST(a_failure_is_not_kept),
        AGENT_TEST(a_reply_is_taken_whole),
        AGENT_TEST(rows_are_wanted_where_a_reply_does_not_suffice),
        AGENT_TEST(a_reply_depends_on_all_it_is_given),
        AGENT_TEST(the_last_ten_messages_are_context),
        AGENT_TEST(a_time_zone_counts_by_the_day_there),
        AGENT_TEST(a_dataset_has_days_of_its_own),
        AGENT_TEST(a_reply_depends_on_what_was_said_before),
        AGENT_TEST(a_follow_up_is_found_in_another_conversation),
        AGENT_TEST(a_reply_is_not_shown_to_another_where_access_is_restricted),
        AGENT_TEST(a_reply_of_this_minute_is_not_kept),
        AGENT_TEST(equal_questions_at_once_share_one_run),
        AGENT_TEST(who_waits_for_its_turn_leads_nobody),
    };
    return cmocka_run_group_tests_name("cached", tests, make_folder, remove_home);
}
