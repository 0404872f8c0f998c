/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "catalog/infer.h"

static void files_get_names_and_titles(void **state)
{
    static const struct {
        const char *path, *table, *title;
    } rows[] = {
        {"shop_orders.csv", "shop_orders", "Shop orders"},
        {"data/2024 Shop-Orders.csv.gz", "t_2024_shop_orders", "2024 Shop Orders"},
        {"/a/b/Sales (final).PARQUET", "sales_final", "Sales (final)"},
        {"x.tar.json", "x_tar", "X tar"},
        {".csv", "csv", "Csv"},
        {"---.csv", "data", "Data"},
        {"a\nb\x1b.csv", "a_b", "A b"},
        {"Gr\xC3\xB6\xC3\x9F"
         "en.csv",
         "gr\xC3\xB6\xC3\x9F"
         "en",
         "Gr\xC3\xB6\xC3\x9F"
         "en"},
        {"noending", "noending", "Noending"},
        {"", "data", "Data"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(infer_table_name(rows[i].path, arena), rows[i].table);
        assert_string_equal(infer_title(rows[i].path, arena), rows[i].title);
    }
    char path[3000];
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(strlen(infer_table_name(path, arena)), 60);
    arena_free(arena);
}

static void words_of_names(void **state)
{
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"order_date", "order date"},
        {"lifeExp", "life exp"},
        {"gdpPercap", "gdp percap"},
        {"Cost Total $", "cost total"},
        {"HTTPStatus", "http status"},
        {"ID", "id"},
        {"customerID", "customer id"},
        {"a1b", "a1b"},
        {"energyMWh", "energy mwh"},
        {"MWhPerDay", "mwh per day"},
        {"output (GWh)", "output gwh"},
        {"CO2Emissions", "co2 emissions"},
        {"iOSUsers", "ios users"},
        {"pHValue", "ph value"},
        {"%", ""},
        {"  x  ", "x"},
        {"", ""},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(infer_words(str_from(rows[i].name), arena), rows[i].words);
    arena_free(arena);
}

static struct column column(const char *name, enum value_kind kind, const char *min,
                            const char *max)
{
    return (struct column){
        .name = name,
        .kind = kind,
        .profile = {.known = min != NULL, .row_count = 100, .min = min, .max = max}};
}

static struct column unique(struct column column)
{
    column.unique = true;
    return column;
}

static void roles_come_from_names_and_values(void **state)
{
    const struct {
        struct column column;
        enum column_role role;
    } rows[] = {
        {column("anything", VALUE_UNKNOWN, NULL, NULL), ROLE_UNKNOWN},
        {column("order_date", VALUE_DATE, NULL, NULL), ROLE_TIME},
        {column("at", VALUE_TIMESTAMP_TZ, NULL, NULL), ROLE_TIME},
        {column("customer_id", VALUE_INTEGER, "1", "800"), ROLE_KEY},
        {column("customerID", VALUE_TEXT, NULL, NULL), ROLE_KEY},
        {unique(column("customerid", VALUE_INTEGER, "1", "9")), ROLE_KEY},
        {column("paid", VALUE_INTEGER, "3", "900"), ROLE_MEASURE},
        {column("year", VALUE_INTEGER, "1952", "2007"), ROLE_TIME},
        {column("model year", VALUE_INTEGER, NULL, NULL), ROLE_TIME},
        {column("year", VALUE_INTEGER, "1", "12"), ROLE_MEASURE},
        {column("year_built", VALUE_INTEGER, "1956", "2013"), ROLE_DIMENSION},
        {column("month", VALUE_INTEGER, "1", "12"), ROLE_DIMENSION},
        {column("zip", VALUE_INTEGER, "10115", "99999"), ROLE_DIMENSION},
        {unique(column("order_no", VALUE_INTEGER, "7", "900")), ROLE_KEY},
        {column("latitude", VALUE_FLOAT, NULL, NULL), ROLE_DIMENSION},
        {column("revenue", VALUE_DECIMAL, "0.5", "9"), ROLE_MEASURE},
        {column("quantity", VALUE_INTEGER, "1", "9"), ROLE_MEASURE},
        {column("survived", VALUE_INTEGER, "0", "1"), ROLE_DIMENSION},
        {column("active", VALUE_BOOLEAN, NULL, NULL), ROLE_DIMENSION},
        {column("status", VALUE_TEXT, "a", "z"), ROLE_DIMENSION},
        {unique(column("iata", VALUE_TEXT, "a", "z")), ROLE_KEY},
        {column("iata", VALUE_TEXT, "a", "z"), ROLE_DIMENSION},
        {column("tags", VALUE_NESTED, NULL, NULL), ROLE_UNKNOWN},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Second of two: the first column has a rule of its own. */
        struct column columns[] = {column("first", VALUE_TEXT, NULL, NULL), rows[i].column};
        struct dataset dataset = {.columns = columns, .column_count = 2};
        infer_columns(&dataset, arena);
        if (columns[1].role != rows[i].role)
            fail_msg("%s is %s", columns[1].name, column_role_name(columns[1].role));
    }
    struct column dense = unique(column("Unnamed: 0", VALUE_INTEGER, "0", "99"));
    struct dataset dataset = {.columns = &dense, .column_count = 1};
    infer_columns(&dataset, arena);
    assert_int_equal(dense.role, ROLE_KEY);
    dense = unique(column("population", VALUE_INTEGER, "5", "99999"));
    infer_columns(&dataset, arena);
    assert_int_equal(dense.role, ROLE_MEASURE);
    arena_free(arena);
}

static enum column_role role_in(const char *table, struct column column)
{
    struct arena *arena = arena_new();
    struct column columns[] = {{.name = "first", .kind = VALUE_TEXT}, column};
    struct dataset dataset = {.table_name = table, .columns = columns, .column_count = 2};
    infer_columns(&dataset, arena);
    arena_free(arena);
    return columns[1].role;
}

static void numbers_that_name_the_rows(void **state)
{
    struct column mission = column("mission", VALUE_INTEGER, "1", "8500");
    assert_int_equal(role_in("missions", mission), ROLE_DIMENSION);
    assert_int_equal(role_in("last_missions", mission), ROLE_DIMENSION);
    assert_int_equal(role_in("missions", unique(mission)), ROLE_KEY);
    assert_int_equal(role_in("planes", mission), ROLE_MEASURE);
    assert_int_equal(role_in("mission", mission), ROLE_MEASURE); /* may be what is measured */
    assert_int_equal(role_in("missions", column("mission", VALUE_FLOAT, "1", "9")), ROLE_MEASURE);
    assert_int_equal(role_in("prices", column("price", VALUE_INTEGER, "1", "9")), ROLE_MEASURE);
    assert_int_equal(role_in("boxes", column("box", VALUE_INTEGER, "1", "9")), ROLE_DIMENSION);
    assert_int_equal(role_in(NULL, mission), ROLE_MEASURE);
    assert_int_equal(role_in("visits", column("room", VALUE_INTEGER, "1", "9")), ROLE_DIMENSION);
    assert_int_equal(role_in("houses", column("rooms", VALUE_INTEGER, "1", "9")), ROLE_MEASURE);
}

static void numbers_handed_out_in_a_row(void **state)
{
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "70100", "70400"))),
                     ROLE_KEY);
    assert_int_equal(role_in("jobs", column("bill", VALUE_INTEGER, "70100", "70400")),
                     ROLE_MEASURE); /* comes more than once */
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "70100", "70599"))),
                     ROLE_KEY);
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "70100", "70600"))),
                     ROLE_MEASURE); /* too far apart */
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "999", "1100"))),
                     ROLE_MEASURE);
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "1000", "1199"))),
                     ROLE_KEY);
    assert_int_equal(role_in("jobs", unique(column("bill", VALUE_INTEGER, "1000", "1200"))),
                     ROLE_MEASURE); /* as wide as a fifth of its start */
}

static void units_come_from_headers(void **state)
{
    static const struct {
        const char *name, *unit;
    } rows[] = {
        {"Cost Total $", "USD"},
        {"share %", "%"},
        {"growth_pct", "%"},
        {"price_eur", "EUR"},
        {"Weight (kg)", "kg"},
        {"speed [km/h]", "km/h"},
        {"Price (\xE2\x82\xAC)", "EUR"},
        {"distance_km", "km"},
        {"revenue", NULL},
        {"value (2)", NULL},
        {"x (a rather long remark)", NULL},
        {"(kg)", "kg"},
        {"eur_rate", NULL},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct column measure = column(rows[i].name, VALUE_FLOAT, NULL, NULL);
        struct dataset dataset = {.columns = &measure, .column_count = 1};
        infer_columns(&dataset, arena);
        if (rows[i].unit)
            assert_string_equal(measure.unit, rows[i].unit);
        else
            assert_null(measure.unit);
    }
    arena_free(arena);
}

static void what_is_declared_stays(void **state)
{
    struct arena *arena = arena_new();
    struct column declared = column("price_eur", VALUE_FLOAT, NULL, NULL);
    declared.role = ROLE_DIMENSION;
    declared.label = "cost";
    declared.unit = "USD";
    struct dataset dataset = {.columns = &declared, .column_count = 1};
    infer_columns(&dataset, arena);
    assert_int_equal(declared.role, ROLE_DIMENSION);
    assert_string_equal(declared.label, "cost");
    assert_string_equal(declared.unit, "USD");
    struct column plain = column("lifeExp", VALUE_FLOAT, NULL, NULL);
    dataset.columns = &plain;
    infer_columns(&dataset, arena);
    assert_string_equal(plain.label, "life exp");
    plain = column("Monthly Fee (EUR)", VALUE_FLOAT, NULL, NULL);
    infer_columns(&dataset, arena);
    assert_string_equal(plain.label, "monthly fee");
    assert_string_equal(plain.unit, "EUR");
    plain = column("Revenue (net)", VALUE_FLOAT, NULL, NULL);
    infer_columns(&dataset, arena);
    assert_string_equal(plain.label, "revenue net");
    plain = column("Order_date", VALUE_DATE, NULL, NULL);
    infer_columns(&dataset, arena);
    assert_null(plain.label);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_get_names_and_titles),
        cmocka_unit_test(words_of_names),
        cmocka_unit_test(roles_come_from_names_and_values),
        cmocka_unit_test(numbers_that_name_the_rows),
        cmocka_unit_test(numbers_handed_out_in_a_row),
        cmocka_unit_test(units_come_from_headers),
        cmocka_unit_test(what_is_declared_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
