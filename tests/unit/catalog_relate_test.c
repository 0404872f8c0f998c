/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "catalog/relate.h"

#ifdef __SANITIZE_THREAD__
#define SLOWED 1 /* 20 times */
#else
#define SLOWED 0
#endif

/* A column with the values prefix+first .. prefix+last. */
static struct column column(struct arena *arena, const char *name, const char *prefix, int first,
                            int last)
{
    size_t count = (size_t)(last - first + 1);
    size_t kept = count < PROFILE_VALUES_MAX ? count : PROFILE_VALUES_MAX;
    struct stored_value *values = arena_array(arena, kept, sizeof(*values));
    for (size_t i = 0; i < kept; i++)
        values[i] = (struct stored_value){arena_printf(arena, "%s%d", prefix, first + (int)i), 2};
    return (struct column){
        .name = name,
        .kind = prefix[0] ? VALUE_TEXT : VALUE_INTEGER,
        .role = ROLE_DIMENSION,
        .profile = {.known = true,
                    .row_count = (int64_t)count * 2,
                    .distinct_count = (int64_t)count,
                    .min = arena_printf(arena, "%s%d", prefix, first),
                    .max = arena_printf(arena, "%s%d", prefix, last),
                    .values = values,
                    .value_count = kept,
                    .values_complete = kept == count},
    };
}

static struct column key(struct column column)
{
    column.unique = true;
    column.role = ROLE_KEY;
    return column;
}

/* Relates table "orders" with column a and table `other` with column b. */
static struct relationship *relate(struct arena *arena, struct column a, const char *other,
                                   struct column b)
{
    struct column *columns = arena_array(arena, 2, sizeof(*columns));
    columns[0] = a;
    columns[1] = b;
    struct dataset *datasets = arena_array(arena, 2, sizeof(*datasets));
    datasets[0] = (struct dataset){
        .id = "d1", .table_name = "orders", .columns = &columns[0], .column_count = 1};
    datasets[1] = (struct dataset){
        .id = "d2", .table_name = other, .columns = &columns[1], .column_count = 1};
    relate_datasets(datasets, 2, arena);
    return datasets[0].relationship_count == 1 ? datasets[0].relationships : NULL;
}

static void keys_are_found_by_name_and_values(void **state)
{
    struct arena *arena = arena_new();
    struct relationship *found = relate(arena, column(arena, "customer_id", "", 1, 700),
                                        "customers", key(column(arena, "customer_id", "", 1, 800)));
    assert_non_null(found);
    assert_string_equal(found->dataset_id, "d2");
    assert_string_equal(found->column, "customer_id");
    assert_string_equal(found->name, "customer");
    assert_true(found->found);
    assert_true(found->share == 1);
    assert_int_equal(found->kind, RELATIONSHIP_MANY_TO_ONE);
    static const struct {
        const char *name, *table, *key;
        bool related;
    } rows[] = {
        {"customerId", "customers", "id", true},
        {"customer_id", "shop_customers", "id", true},
        {"customer", "customers", "id", true},
        {"category_id", "categories", "id", true},
        {"home_team_id", "teams", "team_id", true},
        {"home_team_id", "teams", "id", true},
        {"id", "customers", "id", false},
        {"customer_id", "suppliers", "id", false},
        {"number", "customers", "number", false},
        {"quantity", "customers", "customer_id", false},
        {"address_id", "dress", "id", false},
        {"country", "countries", "country_id", true},
        {"winning_aircraft", "aircraft", "aircraft_id", true},
        {"club_id_2", "club", "club_id", true},
        {"camera_lens_id", "camera_lens", "id", true},
        {"campus", "campuses", "id", true},
        {"country", "cities", "city_id", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        found = relate(arena, column(arena, rows[i].name, "", 1, 12), rows[i].table,
                       key(column(arena, rows[i].key, "", 1, 800)));
        if ((found != NULL) != rows[i].related)
            fail_msg("%s -> %s.%s", rows[i].name, rows[i].table, rows[i].key);
    }
    arena_free(arena);
}

static void values_must_be_included(void **state)
{
    struct arena *arena = arena_new();
    /* 95 of 100, then 94. */
    assert_non_null(relate(arena, column(arena, "c_id", "", 1, 100), "cs",
                           key(column(arena, "c_id", "", 1, 95))));
    assert_null(relate(arena, column(arena, "c_id", "", 1, 100), "cs",
                       key(column(arena, "c_id", "", 1, 94))));
    /* The other side must be unique, of the same kind, and no measure. */
    assert_null(
        relate(arena, column(arena, "c_id", "", 1, 50), "cs", column(arena, "c_id", "", 1, 95)));
    assert_null(relate(arena, column(arena, "c_id", "x", 1, 50), "cs",
                       key(column(arena, "c_id", "", 1, 95))));
    struct column measure = key(column(arena, "c_id", "", 1, 95));
    measure.role = ROLE_MEASURE;
    assert_null(relate(arena, column(arena, "c_id", "", 1, 50), "cs", measure));
    struct column unknown = column(arena, "c_id", "", 1, 50);
    unknown.profile.known = false;
    assert_null(relate(arena, unknown, "cs", key(column(arena, "c_id", "", 1, 95))));
    arena_free(arena);
}

static void texts_are_found_without_a_name(void **state)
{
    struct arena *arena = arena_new();
    struct relationship *found = relate(arena, column(arena, "dest", "A", 1, 100), "airports",
                                        key(column(arena, "faa", "A", 1, 1400)));
    assert_non_null(found);
    assert_string_equal(found->name, "dest");
    /* Too few to be evidence. */
    assert_null(relate(arena, column(arena, "size", "A", 1, 4), "airports",
                       key(column(arena, "faa", "A", 1, 1400))));
    assert_non_null(relate(arena, column(arena, "size", "A", 1, 5), "airports",
                           key(column(arena, "faa", "A", 1, 1400))));
    arena_free(arena);
}

static void large_columns_are_estimated(void **state)
{
    struct arena *arena = arena_new();
    /* More values than profiles keep, on the other side or on both. */
    assert_non_null(relate(arena, column(arena, "customer_id", "", 1, 5000), "customers",
                           key(column(arena, "customer_id", "", 1, 9000))));
    assert_null(relate(arena, column(arena, "customer_id", "", 1, 9001), "customers",
                       key(column(arena, "customer_id", "", 1, 9000))));
    struct column from = column(arena, "customer_id", "", 1, 5000);
    from.profile.value_count = 0; /* bounds alone */
    assert_non_null(
        relate(arena, from, "customers", key(column(arena, "customer_id", "", 1, 9000))));
    assert_null(relate(arena, from, "customers", key(column(arena, "customer_id", "", 1, 99))));
    assert_non_null(relate(arena, column(arena, "sku", "S", 1, 3000), "products",
                           key(column(arena, "sku", "S", 1, 3000))));
    assert_null(relate(arena, column(arena, "sku", "S", 50000, 53000), "products",
                       key(column(arena, "sku", "S", 1, 3000))));
    /* A small complete key can't hold 5,000 values. */
    assert_null(relate(arena, column(arena, "sku", "S", 1, 5000), "products",
                       key(column(arena, "sku", "S", 1, 2000))));
    arena_free(arena);
}

static void two_keys_are_one_to_one_and_declared_wins(void **state)
{
    struct arena *arena = arena_new();
    struct relationship *found = relate(arena, key(column(arena, "person_id", "", 1, 9)), "badges",
                                        key(column(arena, "person_id", "", 1, 9)));
    assert_int_equal(found->kind, RELATIONSHIP_ONE_TO_ONE);
    struct column from = column(arena, "c_id", "", 1, 5), to = key(column(arena, "c_id", "", 1, 9));
    struct relationship declared = {.column = "c_id", .dataset_id = "b", .other_column = "c_id"};
    struct dataset datasets[] = {
        {.id = "a",
         .table_name = "a",
         .columns = &from,
         .column_count = 1,
         .relationships = &declared,
         .relationship_count = 1},
        {.id = "b", .table_name = "b", .columns = &to, .column_count = 1},
    };
    relate_datasets(datasets, 2, arena);
    assert_int_equal(datasets[0].relationship_count, 1);
    assert_ptr_equal(datasets[0].relationships, &declared);
    arena_free(arena);
}

static void the_work_is_bounded(void **state)
{
    enum { DATASETS = SLOWED ? 300 : 1500 };
    struct arena *arena = arena_new();
    struct column from = column(arena, "word", "w", 1, 50);
    struct column to = key(column(arena, "other", "w", 1, 50));
    to.profile.values[0].text = "z"; /* 98 % are left, but most pairs must be looked at */
    struct dataset *datasets = arena_array(arena, DATASETS, sizeof(*datasets));
    struct column *columns = arena_array(arena, DATASETS * 2, sizeof(*columns));
    for (size_t i = 0; i < DATASETS; i++) {
        columns[2 * i] = from;
        columns[2 * i + 1] = to;
        const char *id = arena_printf(arena, "d%zu", i);
        datasets[i] = (struct dataset){
            .id = id, .table_name = id, .columns = &columns[2 * i], .column_count = 2};
    }
    /* All pairs would take hours: the suite's time limit is the proof that they are not tried. */
    relate_datasets(datasets, DATASETS, arena);
    for (size_t i = 0; i < DATASETS; i++)
        assert_true(datasets[i].relationship_count <= RELATIONSHIPS_FOUND_MAX);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_by_name_and_values),
        cmocka_unit_test(values_must_be_included),
        cmocka_unit_test(texts_are_found_without_a_name),
        cmocka_unit_test(large_columns_are_estimated),
        cmocka_unit_test(two_keys_are_one_to_one_and_declared_wins),
        cmocka_unit_test(the_work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
