/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified queries at work: a hit asks no planner and no model (a scripted driver in its place
 * counts), takes effect and ends at once, also in another process, and is parked when its data
 * changes.
 */
#include "agent_support.h"

#include "agent/verified_admin.h"

static size_t selected, generated;

static const char *scripted_model_id(const struct llm *llm)
{
    return "model-1";
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
    generated++;
    const struct dataset *dataset = request->plan.datasets[0].dataset;
    *out = (struct llm_proposal){.outcome = LLM_QUERY,
                                 .sql = arena_printf(request->arena, "SELECT count(*) AS n FROM %s",
                                                     dataset->table_name),
                                 .dataset = dataset,
                                 .reading = "a guess",
                                 .sureness = 1};
    return true;
}

static const struct llm_driver scripted_driver = {
    .name = "scripted",
    .model_id = scripted_model_id,
    .select = scripted_select,
    .generate = scripted_generate,
};

static const struct llm_driver *const scripted_by = &scripted_driver;

/* Was it answered by a verified query, and then with nobody asked? */
static bool is_verified(struct world *world, const char *text)
{
    selected = generated = 0;
    world->question.text = text;
    run_question(world);
    assert_true(world->ok);
    bool verified = strstr(run_response_json(world->run), "\"verified\":{") != NULL;
    if (verified)
        assert_int_equal(selected + generated, 0);
    return verified;
}

static const char *add(struct world *world, const char *question, const char *sql, bool approve)
{
    struct verified_change change = {.question = question,
                                     .sql = sql,
                                     .dataset_id = "sales",
                                     .slots = strstr(question, "{region}") ? "{\"region\":\"text\"}"
                                                                           : "{}"};
    struct verified_record record;
    struct error err = {0};
    if (!verified_admin_add(world->agent, &change, world->arena, &record, &err) ||
        (approve &&
         !verified_admin_approve(world->agent, record.id, "ana", world->arena, &record, &err)))
        fail_msg("%s", err.message);
    return record.id;
}

static void is_all_loaded(const struct agent *agent)
{
    const struct catalog *catalog = agent->knowledge->catalog;
    if (catalog->error_count > 0)
        fail_msg("%s", catalog->problems[0].message);
}

static void refresh(struct world *world)
{
    struct error err = {0};
    if (!agent_refresh(world->agent, &err))
        fail_msg("%s", err.message);
    is_all_loaded(world->agent);
}

static struct verified_record get(struct world *world, const char *id)
{
    struct verified_record record;
    bool from_document;
    struct error err = {0};
    if (!verified_admin_get(world->agent, id, world->arena, &record, &from_document, &err))
        fail_msg("%s", err.message);
    return record;
}

#define SALES "region,revenue\nNorth,5\nSouth,7\n"
#define TAKINGS "takings of {region}", "SELECT sum(revenue) AS t FROM sales WHERE region = {region}"

/* ------------------------------------------------------------------ tests */

static void nobody_is_asked_for_a_hit(struct world *world)
{
    assert_false(is_verified(world, "takings of north"));
    assert_int_equal(generated, 1);
    const char *id = add(world, TAKINGS, true);
    assert_true(is_verified(world, "Takings of North?"));
    assert_string_equal(world->run->statement->sql,
                        "SELECT sum(revenue) AS t FROM sales WHERE region = 'North'");
    assert_non_null(strstr(run_response_json(world->run), id));
    assert_false(is_verified(world, "takings of east"));
    assert_false(is_verified(world, "takings of north and south"));
}

static void a_candidate_and_a_retired_one_are_silent(struct world *world)
{
    struct verified_record record;
    struct error err = {0};
    const char *id = add(world, TAKINGS, false);
    world->question.reply_suffices = true;
    assert_false(is_verified(world, "takings of north"));
    assert_true(verified_admin_approve(world->agent, id, NULL, world->arena, &record, &err));
    assert_true(is_verified(world, "takings of north")); /* not the reply that was cached before */
    assert_true(is_verified(world, "takings of north"));
    assert_int_equal(world->run->cache_hits[CACHE_RESPONSE], CACHE_HIT_MEMORY);
    assert_true(verified_admin_retire(world->agent, id, world->arena, &record, &err));
    assert_false(is_verified(world, "takings of north"));
}

static void a_filter_is_respected(struct world *world)
{
    static const char *const trips[] = {"trips"}, *const both[] = {"trips", "sales"};
    add(world, "all of {region}",
        "SELECT s.revenue FROM sales s JOIN trips t ON s.region = t.city WHERE s.region = {region}",
        true);
    assert_true(is_verified(world, "all of north"));
    world->question.dataset_filter = trips;
    world->question.dataset_filter_count = 1;
    assert_false(is_verified(world, "all of north"));
    world->question.dataset_filter = both + 1; /* its own dataset, but not the other that it reads */
    assert_false(is_verified(world, "all of north"));
    world->question.dataset_filter = both;
    world->question.dataset_filter_count = 2;
    assert_true(is_verified(world, "all of north"));
}

static void one_whose_column_went_is_parked(struct world *world)
{
    const char *broken = add(world, TAKINGS, true);
    const char *sound = add(world, "rows", "SELECT count(*) AS n FROM sales", true);
    write_file("sales.csv", "region,revenue\nNorth,50\nSouth,70\n"); /* other data, the same columns */
    refresh(world);
    assert_true(is_verified(world, "takings of north"));
    assert_int_equal(get(world, broken).revision, 1); /* it did not have to be checked again */
    write_file("sales.csv", "region,income\nNorth,5\nSouth,7\n");
    refresh(world);
    assert_false(is_verified(world, "takings of north"));
    assert_int_equal(get(world, broken).state, VERIFIED_PARKED);
    assert_non_null(strstr(get(world, broken).reason, "revenue"));
    assert_true(is_verified(world, "rows"));
    assert_int_equal(get(world, sound).state, VERIFIED_APPROVED);
    assert_string_equal(get(world, sound).approved_at, "2024-03-15T12:00:00.000Z");
    /* The column comes back: it stays parked until somebody approves it. */
    write_file("sales.csv", SALES);
    refresh(world);
    assert_false(is_verified(world, "takings of north"));
    struct verified_record record;
    struct error err = {0};
    assert_true(verified_admin_approve(world->agent, broken, NULL, world->arena, &record, &err));
    assert_true(is_verified(world, "takings of north"));
}

/* Another file of the same name, in another place, has nothing to say about the first. */
static void another_dataset_of_the_same_id_parks_nothing(struct world *world)
{
    char elsewhere[160], command[512];
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", home);
    snprintf(command, sizeof(command),
             "mkdir '%s' && printf 'region,income\nNorth,5\n' > '%s/sales.csv'", elsewhere, elsewhere);
    assert_int_equal(system(command), 0);
    const char *id = add(world, TAKINGS, true);
    const char *paths[] = {elsewhere};
    struct agent_options options = {.data_paths = paths, .data_path_count = 1};
    struct verified_outcome *outcomes;
    size_t count;
    struct error err = {0};
    struct agent *other = agent_open(world->agent->loop, &options, &err);
    assert_non_null(other);
    assert_true(verified_admin_check(other, world->arena, &outcomes, &count, &err));
    assert_int_equal(count, 1);
    assert_false(outcomes[0].works);
    agent_close(other);
    paths[0] = data_paths[0];
    options.data_path_count = 0; /* nor has one that is not there at all */
    other = agent_open(world->agent->loop, &options, &err);
    assert_non_null(other);
    assert_true(verified_admin_check(other, world->arena, &outcomes, &count, &err));
    assert_false(outcomes[0].works);
    agent_close(other);
    assert_int_equal(get(world, id).state, VERIFIED_APPROVED);
    assert_true(is_verified(world, "takings of north"));
}

static void a_statement_that_fails_is_repaired_unverified(struct world *world)
{
    write_file("sales.csv", "region,revenue\nNorth,5\nNorth,6\nSouth,7\nEast,\n");
    refresh(world);
    add(world, "odd {region}",
        "SELECT CAST(CASE WHEN region = {region} AND region = 'East' THEN region ELSE '1' END"
        " AS INTEGER) AS n FROM sales",
        true);
    assert_true(is_verified(world, "odd north"));
    assert_false(is_verified(world, "odd east")); /* fails for this value only */
    assert_int_equal(generated, 1);
    assert_int_equal(world->run->repairs, 1);
    assert_true(is_verified(world, "odd south"));
}

static void what_goes_on_from_before_is_no_hit(struct world *world)
{
    add(world, "and of {region}", "SELECT sum(revenue) FROM sales WHERE region = {region}", true);
    assert_true(is_verified(world, "and of north"));
    char *conversation = arena_strdup(world->arena, world->run->conversation_id);
    world->question.conversation_id = conversation;
    assert_false(is_verified(world, "and of north"));
    add(world, TAKINGS, true);
    assert_true(is_verified(world, "takings of north"));
    is_verified(world, "something else");
    assert_null(world->run->previous); /* not the query of an answer before the verified one */
}

static void another_process_follows(struct world *world)
{
    struct error err = {0};
    struct agent_options options = {.data_paths = data_paths, .data_path_count = 1};
    struct agent *other = agent_open(world->agent->loop, &options, &err);
    assert_non_null(other);
    is_all_loaded(other);
    struct world there = {.agent = other, .arena = world->arena, .question = world->question};
    assert_false(is_verified(&there, "takings of north"));
    const char *id = add(world, TAKINGS, true);
    atomic_store(&other->verified_looked_ms, 0); /* a second later */
    assert_true(is_verified(&there, "takings of north"));
    struct verified_record record;
    if (!verified_admin_retire(world->agent, id, world->arena, &record, &err))
        fail_msg("%s", err.message);
    assert_true(is_verified(&there, "takings of north"));
    atomic_store(&other->verified_looked_ms, 0);
    assert_false(is_verified(&there, "takings of north"));
    run_free(there.run);
    agent_close(other);
}

static void an_approval_does_not_cover_a_later_edit(struct world *world)
{
    const char *id = add(world, TAKINGS, false);
    struct error err = {0};
    struct verified_record mine = get(world, id), edited = mine;
    edited.sql = "SELECT sum(revenue) * 2 AS t FROM sales WHERE region = {region}";
    assert_true(verified_save(world->agent, &edited, world->arena, &err));
    mine.state = VERIFIED_APPROVED; /* of what was seen before the edit */
    assert_false(verified_save(world->agent, &mine, world->arena, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_false(is_verified(world, "takings of north"));
}

/* ------------------------------------------------------------------ around them */

static void prepare(void)
{
    write_file("sales.csv", SALES);
    write_file("trips.csv", "city,km\nNorth,1\nPorto,2\n");
}

/* Each with a store of its own. */
#define TEST(function) AGENT_TEST_BETWEEN(function, make_folder, remove_home)

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_asked_for_a_hit),
        TEST(a_candidate_and_a_retired_one_are_silent),
        TEST(a_filter_is_respected),
        TEST(one_whose_column_went_is_parked),
        TEST(another_dataset_of_the_same_id_parks_nothing),
        TEST(a_statement_that_fails_is_repaired_unverified),
        TEST(what_goes_on_from_before_is_no_hit),
        TEST(another_process_follows),
        TEST(an_approval_does_not_cover_a_later_edit),
    };
    return cmocka_run_group_tests_name("verified", tests, NULL, NULL);
}
