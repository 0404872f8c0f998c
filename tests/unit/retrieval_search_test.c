/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "retrieval/retrieval.h"

static struct stored_value regions[] = {{"North", 3}, {"South", 2}, {"Saint-Tropez", 1}};
static struct stored_value names[] = {{"Ada Lovelace", 1}, {"Alan Turing", 1}};
static const char *wages[] = {"pay", "wage"};

static struct column sales_columns[] = {
    {.name = "order_date", .kind = VALUE_DATE},
    {.name = "region", .kind = VALUE_TEXT, .profile = {.values = regions, .value_count = 3}},
    {.name = "revenue", .kind = VALUE_DECIMAL},
};
static struct column staff_columns[] = {
    {.name = "full_name", .kind = VALUE_TEXT, .profile = {.values = names, .value_count = 2}},
    {.name = "salary", .kind = VALUE_INTEGER, .synonyms = {wages, 2}},
};
static struct column weather_columns[] = {
    {.name = "station", .kind = VALUE_TEXT},
    {.name = "temp_max", .kind = VALUE_FLOAT, .label = "highest temperature"},
};
static const struct dataset datasets[] = {
    {.id = "sales", .table_name = "sales", .columns = sales_columns, .column_count = 3},
    {.id = "staff",
     .table_name = "staff",
     .title = "Employees",
     .columns = staff_columns,
     .column_count = 2},
    {.id = "weather", .table_name = "weather", .columns = weather_columns, .column_count = 2},
};

static struct embedder *builtin;
static struct retrieval_index *standard;

static int open_builtin(void **state)
{
    struct error err = {0};
    builtin = embedder_open("builtin", &err);
    if (!builtin)
        return -1;
    standard = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    return standard ? 0 : -1;
}

static int close_builtin(void **state)
{
    retrieval_index_free(standard);
    embedder_close(builtin);
    return 0;
}

static struct retrieval_result search(struct arena *arena, const char *question)
{
    struct error err = {0};
    struct retrieval_result result;
    struct retrieval_request request = {.question = str_from(question)};
    assert_true(retrieval_search(standard, &request, arena, &result, &err));
    return result;
}

static void finds_by_name_value_and_synonym(void **state)
{
    static const struct {
        const char *question, *id, *reason;
    } cases[] = {
        {"What is the total revenue by region?", "sales", "matches revenue, region"},
        {"orders in north", "sales", "matches orders; value 'North' in region"},
        {"When did Ada Lovelace join?", "staff", "value 'Ada Lovelace' in full_name"},
        {"who is turing", "staff", "value 'Alan Turing' in full_name"},
        {"average wage", "staff", "matches wage"},
        {"hottest day", "weather", "is about something alike, in other words"},
        {"highest temperature", "weather", "matches highest, temperature"},
        {"saint tropez", "sales", "value 'Saint-Tropez' in region"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new();
        struct retrieval_result result = search(arena, cases[i].question);
        assert_int_equal(result.hit_count, 3);
        assert_string_equal(result.hits[0].dataset->id, cases[i].id);
        assert_string_equal(result.hits[0].reason, cases[i].reason);
        for (size_t k = 0; k < 3; k++) {
            const struct retrieval_hit *hit = &result.hits[k];
            assert_true(hit->score >= 0 && hit->score <= 1);
            assert_true(hit->keyword >= 0 && hit->keyword <= 1);
            assert_true(hit->vector >= 0 && hit->vector <= 1);
            assert_true(k == 0 || hit->score <= result.hits[k - 1].score);
        }
        assert_float_equal(result.margin, result.hits[0].score - result.hits[1].score, 1e-6);
        arena_free(arena);
    }
}

static void says_how_much_is_explained(void **state)
{
    struct arena *arena = arena_new();
    assert_true(search(arena, "total revenue by region").best_possible == 1);
    assert_true(search(arena, "show me the first 5 rows").best_possible == 1);
    assert_true(search(arena, "what columns are in the dataset?").best_possible == 1);
    assert_true(search(arena, "how much do we pay").best_possible > RETRIEVAL_EXPLAINED_MIN);
    assert_true(search(arena, "who won the world cup").best_possible < RETRIEVAL_EXPLAINED_MIN);
    assert_true(search(arena, "revenue of zeppelins").best_possible < 0.9);
    assert_true(search(arena, "which philosopher invented quaternions").best_possible < 0.5);
    arena_free(arena);
}

static void filters_by_id(void **state)
{
    static const char *ids[] = {"no-such", "weather", "staff"};
    struct arena *arena = arena_new();
    struct error err = {0};
    struct retrieval_result result;
    struct retrieval_request request = {
        .question = STR("revenue by region"), .dataset_filter = ids, .dataset_filter_count = 3};
    assert_true(retrieval_search(standard, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_not_equal(result.hits[i].dataset->id, "sales");
    request.dataset_filter_count = 1;
    assert_true(retrieval_search(standard, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 0);
    request.dataset_filter_count = 2;
    assert_true(retrieval_search(standard, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 1);
    assert_true(result.margin == 1);
    request.dataset_filter_count = 0;
    assert_true(retrieval_search(standard, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 3);
    arena_free(arena);
}

static void hit_max_is_kept(void **state)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    struct retrieval_result all, one;
    struct retrieval_request request = {.question = STR("revenue"),
                                        .hit_max = RETRIEVAL_HITS_MAX + 1};
    assert_true(retrieval_search(standard, &request, arena, &all, &err));
    assert_int_equal(all.hit_count, 3);
    request.hit_max = 1;
    assert_true(retrieval_search(standard, &request, arena, &one, &err));
    assert_int_equal(one.hit_count, 1);
    assert_float_equal(one.margin, all.margin, 1e-9); /* though only one is shown */
    arena_free(arena);
}

static void odd_questions_are_answered(void **state)
{
    const size_t size = 1 << 20;
    char *text = xcalloc(1, size + 1);
    static const char *const fills[] = {"x", "revenue ", "\xFF", "\xCC\x81", "aB1", "north "};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        for (size_t at = 0; at < size; at++)
            text[at] = fills[i][at % strlen(fills[i])];
        assert_int_equal(search(arena, text).hit_count, 3);
    }
    struct retrieval_result result = search(arena, "");
    assert_int_equal(result.hit_count, 3);
    assert_true(result.hits[0].score == 0 && result.margin == 0);
    assert_string_equal(result.hits[0].dataset->id, "sales"); /* the order of the datasets */
    assert_string_equal(result.hits[0].reason, "shares no word with the question");
    arena_free(arena);
    free(text);
}

static void no_and_bare_datasets_are_fine(void **state)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct retrieval_result result;
    struct retrieval_request request = {.question = STR("anything")};
    struct retrieval_index *index = retrieval_index_new(NULL, 0, builtin, NULL, &err);
    assert_non_null(index);
    assert_true(retrieval_search(index, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 0);
    retrieval_index_free(index);
    const struct dataset bare = {.id = "1", .table_name = "1"};
    index = retrieval_index_new(&bare, 1, builtin, NULL, &err);
    assert_true(retrieval_search(index, &request, arena, &result, &err));
    assert_int_equal(result.hit_count, 1);
    assert_true(result.margin == 1);
    retrieval_index_free(index);
    retrieval_index_free(NULL);
    arena_free(arena);
}

struct kept {
    float vectors[3][256];
    bool known[3];
    int loads, saves;
};

static bool load_kept(void *context, const struct dataset *dataset, const char *model_id,
                      float *vector, size_t dimensions)
{
    struct kept *kept = context;
    size_t i = (size_t)(dataset - datasets);
    assert_non_null(strstr(model_id, embedder_model_id(builtin)));
    if (!kept->known[i])
        return false;
    kept->loads++;
    memcpy(vector, kept->vectors[i], dimensions * sizeof(*vector));
    return true;
}

static void save_kept(void *context, const struct dataset *dataset, const char *model_id,
                      const float *vector, size_t dimensions)
{
    struct kept *kept = context;
    size_t i = (size_t)(dataset - datasets);
    assert_int_equal(dimensions, 256);
    memcpy(kept->vectors[i], vector, dimensions * sizeof(*vector));
    kept->known[i] = true;
    kept->saves++;
}

static double first_vector_score(const struct retrieval_index *index)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct retrieval_result result;
    struct retrieval_request request = {.question = STR("how hot was it")};
    assert_true(retrieval_search(index, &request, arena, &result, &err));
    double score = result.hits[0].vector;
    arena_free(arena);
    return score;
}

static void vectors_are_kept_in_the_cache(void **state)
{
    static struct kept kept;
    struct error err = {0};
    struct vector_cache cache = {&kept, load_kept, save_kept};
    struct retrieval_index *first = retrieval_index_new(datasets, 3, builtin, &cache, &err);
    assert_int_equal(kept.saves, 3);
    struct retrieval_index *second = retrieval_index_new(datasets, 3, builtin, &cache, &err);
    assert_int_equal(kept.saves, 3);
    assert_int_equal(kept.loads, 3);
    assert_true(first_vector_score(first) == first_vector_score(second));
    assert_true(first_vector_score(first) == first_vector_score(standard));
    retrieval_index_free(first);
    retrieval_index_free(second);
    kept.vectors[1][0] = 1e30f; /* a spoilt vector is made again */
    second = retrieval_index_new(datasets, 3, builtin, &cache, &err);
    assert_int_equal(kept.saves, 4);
    retrieval_index_free(second);
}

/* ---- a server's vectors ---- */

#define FAKE_SIZE 32

static struct {
    bool known[3];
    float vectors[3][FAKE_SIZE];
    char versions[3][32];
    int saves;
} server_kept;

static bool load_server(void *context, const struct dataset *dataset, const char *version,
                        const char *model_id, float *vector, size_t dimensions)
{
    size_t i = (size_t)(dataset - datasets);
    if (!server_kept.known[i] || strcmp(server_kept.versions[i], version) != 0)
        return false;
    memcpy(vector, server_kept.vectors[i], dimensions * sizeof(*vector));
    return true;
}

static void save_server(void *context, const struct dataset *dataset, const char *version,
                        const char *model_id, const float *vector, size_t dimensions)
{
    size_t i = (size_t)(dataset - datasets);
    assert_int_equal(dimensions, FAKE_SIZE);
    assert_true(strncmp(model_id, "fake-32/", 8) == 0);
    memcpy(server_kept.vectors[i], vector, dimensions * sizeof(*vector));
    snprintf(server_kept.versions[i], sizeof(server_kept.versions[i]), "%s", version);
    server_kept.known[i] = true;
    server_kept.saves++;
}

static size_t make_server_vectors(struct retrieval_index *index, struct embedder *fake, bool load_only)
{
    static const struct server_vector_cache cache = {NULL, load_server, save_server};
    struct error err = {0};
    struct embed_usage usage = {0};
    struct server_vectors_request request = {
        .embedder = fake, .cache = &cache, .load_only = load_only, .usage = &usage};
    assert_true(retrieval_make_server_vectors(index, &request, &err));
    return retrieval_server_vectors_missing(index);
}

static struct retrieval_result search_with(const struct retrieval_index *index, struct arena *arena,
                                           const float *vector)
{
    struct error err = {0};
    struct retrieval_result result;
    struct retrieval_request request = {.question = STR("region"), .vector = vector};
    assert_true(retrieval_search(index, &request, arena, &result, &err));
    return result;
}

static void a_servers_vectors_count_only_when_all_are_there(void **state)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    float question[FAKE_SIZE];
    const struct str text = STR("region");
    assert_true(embedder_embed(fake, &text, 1, question, &err));
    assert_int_equal(retrieval_server_vectors_missing(index), 3);
    assert_int_equal(make_server_vectors(index, fake, true), 3);
    double own = search_with(index, arena, NULL).hits[0].vector;
    assert_true(search_with(index, arena, question).hits[0].vector == own);
    assert_int_equal(make_server_vectors(index, fake, false), 0);
    assert_int_equal(retrieval_server_vectors_made(index), 3);
    struct retrieval_result result = search_with(index, arena, question);
    assert_string_equal(result.hits[0].dataset->id, "sales");
    assert_true(result.hits[0].vector != own);
    /* What the bounds of "explains" were fitted to stays as it was. */
    assert_true(result.best_possible == search_with(index, arena, NULL).best_possible);
    assert_true(search_with(index, arena, NULL).hits[0].vector == own);
    retrieval_index_free(index);

    /* All but one: none. */
    index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    server_kept.known[1] = false;
    assert_int_equal(make_server_vectors(index, fake, true), 1);
    assert_true(search_with(index, arena, question).hits[0].vector == own);
    assert_int_equal(make_server_vectors(index, fake, false), 0);
    assert_int_equal(server_kept.saves, 4);
    assert_true(search_with(index, arena, question).hits[0].vector != own);
    retrieval_index_free(index);

    /* One that was spoilt on its way is made again. */
    index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    server_kept.vectors[2][0] = 7;
    assert_int_equal(make_server_vectors(index, fake, true), 1);
    retrieval_index_free(index);
    embedder_close(fake);
    arena_free(arena);
}

/* Cosines of `a` for sales and `b` for the other two, as a model has them in whose eyes all texts have `common`
 * in common: 0 for one whose cosines go from 0 to 1. */
static struct retrieval_result search_by(struct arena *arena, double common, double a, double b)
{
    struct error err = {0};
    float question[FAKE_SIZE] = {0};
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    make_server_vectors(index, fake, false); /* for the versions */
    retrieval_index_free(index);
    float same = (float)sqrt(common), rest = (float)sqrt(1 - common);
    question[0] = same;
    question[1] = rest;
    memset(server_kept.vectors, 0, sizeof(server_kept.vectors));
    for (size_t i = 0; i < 3; i++) {
        double near = i == 0 ? a : b;
        server_kept.vectors[i][0] = same;
        server_kept.vectors[i][1] = rest * (float)near;
        server_kept.vectors[i][2 + i] = rest * (float)sqrt(1 - near * near);
    }
    index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    assert_int_equal(make_server_vectors(index, fake, true), 0);
    struct retrieval_result result = search_with(index, arena, question);
    retrieval_index_free(index);
    embedder_close(fake);
    return result;
}

static void a_servers_scale_makes_no_difference(void **state)
{
    struct arena *arena = arena_new();
    struct retrieval_result wide = search_by(arena, 0, 0.5, 0.1);
    static const double commons[] = {0.3, 0.7, 0.8};
    assert_true(wide.margin > 0.2);
    for (size_t i = 0; i < sizeof(commons) / sizeof(commons[0]); i++) {
        struct retrieval_result narrow = search_by(arena, commons[i], 0.5, 0.1);
        assert_float_equal(narrow.margin, wide.margin, 0.02); /* by halves */
        for (size_t h = 0; h < 3; h++) {
            assert_ptr_equal(narrow.hits[h].dataset, wide.hits[h].dataset);
            assert_float_equal(narrow.hits[h].score, wide.hits[h].score, 0.02);
        }
        /* What fits all alike is not made to fit one. */
        double own = search_by(arena, commons[i], 0.3, 0.3).margin;
        assert_float_equal(search_by(arena, commons[i], 0.302, 0.3).margin, own, 0.01);
        /* What the server holds for the farthest is it on the own scale, too. */
        struct retrieval_result other = search_by(arena, commons[i], 0.05, 0.9);
        double least = 1, of_sales = 1;
        for (size_t h = 0; h < 3; h++) {
            least = other.hits[h].vector < least ? other.hits[h].vector : least;
            of_sales = other.hits[h].dataset == &datasets[0] ? other.hits[h].vector : of_sales;
        }
        assert_true(of_sales == least);
    }
    arena_free(arena);
}

static void make_again_within(void *context, const struct dataset *dataset, const char *version,
                              const char *model_id, const float *vector, size_t dimensions)
{
    const struct server_vectors_request *outer = context;
    struct error err = {0};
    struct embed_usage usage = {0};
    struct server_vectors_request request = {.embedder = outer->embedder, .usage = &usage};
    assert_false(retrieval_make_server_vectors(outer->progress_context, &request, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
}

/* A question and a server's own task both find them missing: only one of them makes them. */
static void vectors_are_made_by_one_task_at_a_time(void **state)
{
    struct error err = {0};
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(datasets, 3, builtin, NULL, &err);
    struct embed_usage usage = {0};
    struct server_vectors_request request = {
        .embedder = fake, .usage = &usage, .progress_context = index};
    const struct server_vector_cache cache = {&request, NULL, make_again_within};
    request.cache = &cache;
    assert_true(retrieval_make_server_vectors(index, &request, &err));
    assert_int_equal(retrieval_server_vectors_missing(index), 0);
    assert_int_equal(retrieval_server_vectors_made(index), 3);
    assert_true(retrieval_make_server_vectors(index, &request, &err));
    retrieval_index_free(index);
    embedder_close(fake);
}

#define MANY 100

/* Datasets "name0" and so on, of which those of some numbers fail whatever is sent with them. */
static void name_many(struct dataset *many, char called[MANY][24], const bool *unlucky)
{
    for (int i = 0; i < MANY; i++) {
        snprintf(called[i], sizeof(called[i]), "%s%d", unlucky[i] ? "unlucky" : "name", i);
        many[i] = (struct dataset){.id = called[i], .table_name = called[i]};
    }
}

static void one_dataset_that_fails_stops_no_other(void **state)
{
    static struct dataset many[MANY];
    static char called[MANY][24];
    const bool unlucky[MANY] = {[0] = true, [70] = true};
    name_many(many, called, unlucky);
    struct error err = {0};
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(many, MANY, builtin, NULL, &err);
    struct embed_usage usage = {0};
    const struct server_vectors_request request = {.embedder = fake, .usage = &usage};
    assert_false(retrieval_make_server_vectors(index, &request, &err));
    assert_non_null(strstr(err.message, "unlucky0"));
    assert_int_equal(retrieval_server_vectors_missing(index), 2);
    assert_int_equal(retrieval_server_vectors_made(index), MANY - 2);
    assert_in_range(usage.calls, 10, 30);
    /* Only these are tried again, each alone. */
    usage.calls = 0;
    assert_false(retrieval_make_server_vectors(index, &request, &err));
    assert_int_equal(usage.calls, 2);
    /* Now that the server takes them they are there. */
    name_many(many, called, (bool[MANY]){0});
    assert_true(retrieval_make_server_vectors(index, &request, &err));
    assert_int_equal(retrieval_server_vectors_missing(index), 0);
    retrieval_index_free(index);
    embedder_close(fake);
}

static void a_server_that_always_fails_is_left_alone(void **state)
{
    static struct dataset many[MANY];
    static char called[MANY][24];
    bool unlucky[MANY];
    memset(unlucky, true, sizeof(unlucky));
    name_many(many, called, unlucky);
    struct error err = {0};
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(many, MANY, builtin, NULL, &err);
    struct embed_usage usage = {0};
    const struct server_vectors_request request = {.embedder = fake, .usage = &usage};
    assert_false(retrieval_make_server_vectors(index, &request, &err));
    assert_int_equal(usage.calls, 1 + 3);
    retrieval_index_free(index);
    embedder_close(fake);
}

static void failing_models_fail_the_search(void **state)
{
    struct error err = {0};
    struct embedder *fake = embedder_open("fake", &err);
    struct retrieval_index *index = retrieval_index_new(datasets, 3, fake, NULL, &err);
    assert_non_null(index);
    struct arena *arena = arena_new();
    struct retrieval_result result;
    struct retrieval_request request = {.question = STR("fail")};
    assert_false(retrieval_search(index, &request, arena, &result, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    retrieval_index_free(index);
    const struct dataset failing = {.id = "x", .table_name = "fail"};
    assert_null(retrieval_index_new(&failing, 1, fake, NULL, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    assert_null(retrieval_index_new(datasets, RETRIEVAL_DATASETS_MAX + 1, fake, NULL, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_free(arena);
    embedder_close(fake);
}

/* More datasets than one batch of embeddings, each found by its own word; built within a task. */
static bool build_many(void *arg, struct error *err)
{
    enum { COUNT = 500 };
    static struct dataset many[COUNT];
    static char ids[COUNT][16];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(ids[i], sizeof(ids[i]), "topic%zux", i);
        many[i] = (struct dataset){.id = ids[i], .table_name = ids[i]};
    }
    struct retrieval_index *index = retrieval_index_new(many, COUNT, builtin, NULL, err);
    if (!index)
        return false;
    assert_true(retrieval_index_size(index) > COUNT * 512);
    struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT; i += 7) {
        struct retrieval_result result;
        struct retrieval_request request = {.question = str_from(ids[i])};
        assert_true(retrieval_search(index, &request, arena, &result, err));
        assert_string_equal(result.hits[0].dataset->id, ids[i]);
    }
    arena_free(arena);
    retrieval_index_free(index);
    return true;
}

static void many_datasets_are_built_in_a_task(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "build"};
    assert_true(task_run_main(&options, build_many, NULL, &err));
}

#define THREADS 4

/* Searches over and over; the first hit must be that of a lone search. */
static void *search_often(void *arg)
{
    static const char *const questions[] = {"total revenue by region", "wage of ada lovelace",
                                            "highest temperature"};
    static const char *const ids[] = {"sales", "staff", "weather"};
    size_t *wrong = arg;
    for (size_t i = 0; i < 300; i++) {
        struct arena *arena = arena_new();
        struct error err = {0};
        struct retrieval_result result;
        struct retrieval_request request = {.question = str_from(questions[i % 3])};
        bool ok = retrieval_search(standard, &request, arena, &result, &err);
        *wrong += !ok || strcmp(result.hits[0].dataset->id, ids[i % 3]) != 0;
        arena_free(arena);
    }
    return NULL;
}

static void threads_search_at_once(void **state)
{
    pthread_t threads[THREADS];
    size_t wrong[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, search_often, &wrong[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_name_value_and_synonym),
        cmocka_unit_test(says_how_much_is_explained),
        cmocka_unit_test(filters_by_id),
        cmocka_unit_test(hit_max_is_kept),
        cmocka_unit_test(odd_questions_are_answered),
        cmocka_unit_test(no_and_bare_datasets_are_fine),
        cmocka_unit_test(vectors_are_kept_in_the_cache),
        cmocka_unit_test(a_servers_vectors_count_only_when_all_are_there),
        cmocka_unit_test(a_servers_scale_makes_no_difference),
        cmocka_unit_test(vectors_are_made_by_one_task_at_a_time),
        cmocka_unit_test(one_dataset_that_fails_stops_no_other),
        cmocka_unit_test(a_server_that_always_fails_is_left_alone),
        cmocka_unit_test(failing_models_fail_the_search),
        cmocka_unit_test(many_datasets_are_built_in_a_task),
        cmocka_unit_test(threads_search_at_once),
    };
    return cmocka_run_group_tests(tests, open_builtin, close_builtin);
}
