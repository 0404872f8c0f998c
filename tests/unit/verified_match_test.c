/* SPDX-License-Identifier: Apache-2.0 */
/* Which questions verified queries answer: only those that are equal, slots aside. */
#include "arena_support.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "planner_shop.h"
#include "planner/planner.h"
#include "verified/verified.h"

static struct planner *planner;
static struct dataset datasets[3];
static struct catalog catalog;
static struct dataset_index *indexes[3];
static struct verified_set *set;

static const struct verified_record records[] = {
    {.id = "revenue",
     .question = "How much revenue did we make in {region} in {time}?",
     .variants = "[\"What's the revenue of {region} {time}?\","
                 " \"Revenue in {region} during {time}, please\"]",
     .dataset_id = "orders",
     .sql = "SELECT sum(revenue) AS revenue FROM orders WHERE region = {region}"
            " AND order_date >= {time.from} AND order_date < {time.to}",
     .slots = "[{\"name\":\"region\",\"kind\":\"text\"},{\"name\":\"time\",\"kind\":\"period\"}]",
     .owner = "ana",
     .approved_at = "2026-11-01T10:00:00.000Z"},
    {.id = "total",
     .question = "What is the total revenue?",
     .variants = "[\"total revenue\"]",
     .dataset_id = "orders",
     .sql = "SELECT sum(revenue) FROM orders;",
     .slots = "[]"},
    {.id = "top",
     .question = "Who are the top {n} customers by revenue?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT customer_id FROM orders GROUP BY 1 ORDER BY sum(revenue) DESC LIMIT {n}",
     .slots = "[{\"name\":\"n\",\"kind\":\"number\"}]"},
    {.id = "day",
     .question = "How many orders were placed on {day}?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT count(*) FROM orders WHERE order_date = {day}",
     .slots = "{\"day\":\"date\"}"},
    {.id = "year",
     .question = "What was our profit in 2024?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT sum(revenue - cost) FROM orders WHERE year(order_date) = 2024",
     .slots = "[]"},
    {.id = "north",
     .question = "How many orders in the North were delivered?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT count(*) FROM orders WHERE region = 'North' AND status = 'delivered'",
     .slots = "[]"},
    {.id = "above",
     .question = "How many {status} orders have a revenue above {amount}?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT count(*) FROM orders WHERE status = {status} AND revenue > {amount}",
     .slots = "{\"status\":\"text status\",\"amount\":\"number\"}"},
    {.id = "both",
     .question = "Compare {a} with {b} by revenue",
     .variants = "[\"{a} {b} revenue\"]",
     .dataset_id = "orders",
     .sql = "SELECT region, sum(revenue) FROM orders WHERE region IN ({a}, {b}) GROUP BY 1",
     .slots = "{\"a\":\"text region\",\"b\":\"text region\"}"},
    /* Two that fit the same question: neither answers it. */
    {.id = "twin1",
     .question = "revenue per {x}",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT {x}",
     .slots = "{\"x\":\"text channel\"}"},
    {.id = "twin2",
     .question = "revenue per web",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT 1",
     .slots = "[]"},
    {.id = "customers",
     .question = "How many customers are from {country}?",
     .variants = "[]",
     .dataset_id = "customers",
     .sql = "SELECT count(*) FROM customers WHERE country = {country}",
     .slots = "{\"country\":\"text\"}"},
    {.id = "origin",
     .question = "How many orders came from {origin}?",
     .variants = "[]",
     .dataset_id = "orders",
     .sql = "SELECT count(*) FROM orders WHERE origin = {origin}",
     .slots = "{\"origin\":\"text\"}"},
};

/* The orders, with a column of values that are nearly alike. */
static struct column order_columns[sizeof(shop_order_columns) / sizeof(shop_order_columns[0]) + 1];
static const struct column origin = {
    .name = "origin",
    .kind = VALUE_TEXT,
    .role = ROLE_DIMENSION,
    .profile = {VALUES({"North West", 9}, {"Acme Inc", 8}, {"Acme Inc.", 7}, {"Lee, Ann", 6})},
};

static const char *only_dataset; /* the asker's filter; NULL: none */

static struct verified_place place_of(void *context, const char *id)
{
    struct verified_place place = {
        .calendar = {.today = "2026-11-23", .week_start = 1, .fiscal_year_start = 1}};
    if (only_dataset && strcmp(only_dataset, id) != 0)
        return place;
    for (size_t i = 0; i < catalog.dataset_count; i++)
        if (strcmp(datasets[i].id, id) == 0) {
            place.dataset = &datasets[i];
            place.index = indexes[i];
        }
    return place;
}

static int set_up_shop(void **state)
{
    struct error err = {0};
    planner = planner_open(NULL, NULL, &err);
    if (!planner)
        return -1;
    datasets[0] = shop_customers;
    datasets[1] = shop_orders;
    memcpy(order_columns, shop_order_columns, sizeof(shop_order_columns));
    order_columns[shop_orders.column_count] = origin;
    datasets[1].columns = order_columns;
    datasets[1].column_count++;
    datasets[2] = shop_products;
    catalog = (struct catalog){.datasets = datasets, .dataset_count = 3, .version = "1"};
    for (size_t i = 0; i < 3; i++)
        indexes[i] = dataset_index_new(planner, &datasets[i]);
    set = verified_set_new(records, sizeof(records) / sizeof(records[0]), 1, &catalog);
    return set->query_count == sizeof(records) / sizeof(records[0]) ? set_up(state) : -1;
}

static int tear_down_shop(void **state)
{
    verified_set_unref(set);
    for (size_t i = 0; i < 3; i++)
        dataset_index_free(indexes[i]);
    planner_close(planner);
    return tear_down(state);
}

static struct verified_match match(const char *question)
{
    struct verified_request request = {
        .question = str_from(question), .planner = planner, .place = place_of};
    struct verified_match found;
    verified_set_match(set, &request, arena, &found);
    return found;
}

static const char *sql_of(const char *question)
{
    struct verified_match found = match(question);
    const char *sql = NULL;
    struct error err = {0};
    if (found.query && !verified_fill(found.query, found.values, found.place.dataset,
                                      DIALECT_DUCKDB, arena, &sql, &err))
        return "not filled";
    return sql;
}

#define REVENUE(region, from, to)                                                                \
    "SELECT sum(revenue) AS revenue FROM orders WHERE region = '" region "' AND order_date >= "  \
    "DATE '" from "' AND order_date < DATE '" to "'"
#define TOP(n) "SELECT customer_id FROM orders GROUP BY 1 ORDER BY sum(revenue) DESC LIMIT " n
#define DAY(day) "SELECT count(*) FROM orders WHERE order_date = DATE '" day "'"
#define TOTAL "SELECT sum(revenue) FROM orders"
#define ORIGIN(origin) "SELECT count(*) FROM orders WHERE origin = '" origin "'"
#define ABOVE(status, amount) \
    "SELECT count(*) FROM orders WHERE status = '" status "' AND revenue > " amount
#define BOTH(a, b)                                                                          \
    "SELECT region, sum(revenue) FROM orders WHERE region IN ('" a "', '" b "') GROUP BY 1"
#define FROM(country) "SELECT count(*) FROM customers WHERE country = '" country "'"

static void equal_questions_are_hits(void **state)
{
    static const struct {
        const char *question, *sql;
    } rows[] = {
        {"How much revenue did we make in North in 2024?", REVENUE("North", "2024-01-01", "2025-01-01")},
        {"how much revenue did we make in south in 2024", REVENUE("South", "2024-01-01", "2025-01-01")},
        {"HOW MUCH REVENUE DID WE MAKE IN WEST IN Q2 2026?!", REVENUE("West", "2026-04-01", "2026-07-01")},
        {"  How  much revenue did we make\tin East in last month ? ", REVENUE("East", "2026-10-01", "2026-11-01")},
        {"How much revenue did we make in \"North\" in March 2025?", REVENUE("North", "2025-03-01", "2025-04-01")},
        {"How much revenue did we make in North in the past 30 days?", REVENUE("North", "2026-10-25", "2026-11-24")},
        {"How much revenue did we make in North in 2022 to 2024?", REVENUE("North", "2022-01-01", "2025-01-01")},
        {"How much revenue did we make in North in year to date?", REVENUE("North", "2026-01-01", "2026-11-24")},
        {"What's the revenue of South last year?", REVENUE("South", "2025-01-01", "2026-01-01")},
        {"What is the revenue of South in last year?", REVENUE("South", "2025-01-01", "2026-01-01")},
        {"What\xE2\x80\x99s the revenue of South from 2022 to 2023?", REVENUE("South", "2022-01-01", "2024-01-01")},
        {"what is the revenue of north this year", REVENUE("North", "2026-01-01", "2027-01-01")},
        {"Revenue in North during Q1 2025 please", REVENUE("North", "2025-01-01", "2025-04-01")},
        {"What is the total revenue?", TOTAL},
        {"what's the total revenue", TOTAL},
        {"Total revenue.", TOTAL},
        {"\xE2\x80\x9CTotal revenue\xE2\x80\x9D", TOTAL},
        {"Who are the top 5 customers by revenue?", TOP("5")},
        {"who are the top ten customers by revenue", TOP("10")},
        {"Who're the top 5 customers by revenue?", NULL}, /* no contraction that is known */
        {"Who are the top 1,000 customers by revenue?", TOP("1000")},
        {"How many orders were placed on 2024-03-01?", DAY("2024-03-01")},
        {"How many orders were placed on 1 March 2024?", DAY("2024-03-01")},
        {"How many orders were placed on yesterday?", DAY("2026-11-22")},
        {"What was our profit in 2024?", "SELECT sum(revenue - cost) FROM orders WHERE year(order_date) = 2024"},
        {"how many orders in the north were delivered?",
         "SELECT count(*) FROM orders WHERE region = 'North' AND status = 'delivered'"},
        {"How many returned orders have a revenue above 99.5?", ABOVE("returned", "99.5")},
        {"How many Delivered orders have a revenue above one?", ABOVE("delivered", "1")},
        {"Compare North with South by revenue", BOTH("North", "South")},
        {"What's the revenue of North over the last year?", REVENUE("North", "2025-01-01", "2026-01-01")},
        {"How many orders came from north-west?", ORIGIN("North West")},
        {"How many orders came from \"North West\"?", ORIGIN("North West")},
        {"How many orders came from Lee, Ann?", ORIGIN("Lee, Ann")},
        {"How many orders came from Acme Inc?", ORIGIN("Acme Inc")},
        {"compare south with north by revenue", BOTH("South", "North")},
        {"east west revenue", BOTH("East", "West")},
        {"How many customers are from portugal?", FROM("Portugal")},
        {"revenue per store", "SELECT 'Store'"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *sql = sql_of(rows[i].question);
        if (!rows[i].sql ? sql != NULL : !sql || strcmp(sql, rows[i].sql) != 0)
            fail_msg("%s: %s", rows[i].question, sql ? sql : "no hit");
    }
}

/* What differs from a verified question in a way that matters, or might. */
static const char *const near_misses[] = {
    /* another year, where the year is no slot */
    "What was our profit in 2023?",
    "What was our profit in 2025?",
    "What was our profit in 20244?",
    "What was our profit in 202?",
    "What was our profit in 2024-01?",
    "What was our profit in 2024 and 2025?",
    "What was our profit in 2024 to 2025?",
    "What was our profit since 2024?",
    "What was our profit before 2024?",
    "What was our profit in Q1 2024?",
    "What was our profit in 2,024?",
    "What was our profit in last year?",
    "What was our profit?",
    "What was our profit in 2024 by month?",
    /* another region, where the region is no slot */
    "How many orders in the South were delivered?",
    "How many orders in the North East were delivered?",
    "How many orders in North were delivered?",
    "How many orders in the North or South were delivered?",
    "How many orders outside the North were delivered?",
    "How many orders in the Norths were delivered?",
    "How many orders in the North were returned?",
    "How many orders in the North were not delivered?",
    "How many orders in the North weren't delivered?",
    "How many orders in the North were delivered in 2024?",
    "How many orders in the North were delivered late?",
    "How many customers in the North were delivered?",
    "How many orders in the North are delivered?",
    /* negation */
    "How much revenue did we not make in North in 2024?",
    "How much revenue didn't we make in North in 2024?",
    "How much revenue did we make in not North in 2024?",
    "How much revenue did we make in North not in 2024?",
    "How much revenue did we make in no North in 2024?",
    "How much revenue did we make in all but North in 2024?",
    "How much revenue did we make in North in 2024 without March?",
    "How much revenue did we make in North in 2024 excluding March?",
    "How much revenue did we make in North in 2024 except Q1?",
    "How much revenue did we make in non-North in 2024?",
    "What isn't the total revenue?",
    "How many returned orders don't have a revenue above 5?",
    "How many not returned orders have a revenue above 5?",
    /* another measure */
    "How much profit did we make in North in 2024?",
    "How much cost did we make in North in 2024?",
    "How many revenue did we make in North in 2024?",
    "How much net revenue did we make in North in 2024?",
    "How much revenue growth did we make in North in 2024?",
    "What is the average revenue?",
    "What is the total cost?",
    "What is the total profit?",
    "What is the median revenue?",
    "What is the total of revenue?",
    "What is the total number of revenue?",
    "Who are the top 5 customers by profit?",
    "Who are the top 5 customers by orders?",
    "Who are the top 5 products by revenue?",
    /* a word more, a word less, another order */
    "How much revenue did we make in North region in 2024?",
    "How much revenue did we make in the North in 2024?",
    "How much revenue did we really make in North in 2024?",
    "How much revenue did they make in North in 2024?",
    "How much revenue will we make in North in 2024?",
    "How much revenue did we make in North?",
    "How much revenue did we make in 2024?",
    "How much revenue did we make in 2024 in North?",
    "How much revenue did we make in North and South in 2024?",
    "How much revenue did we make in North, South in 2024?",
    "How much revenue did we make in North or South in 2024?",
    "How much revenue did we make from North in 2024?",
    "Revenue in North during Q1 2025",
    "What is the total revenue now?",
    "What is total revenue?",
    "What was the total revenue?",
    "What is the total revenue, and why?",
    "What is the total revenue? And the cost?",
    "And what is the total revenue?",
    "revenue total",
    "the total revenue",
    "total revenue total revenue",
    "total-revenues",
    "total revenues",
    /* top and bottom, numbers */
    "Who are the bottom 5 customers by revenue?",
    "Who are the top customers by revenue?",
    "Who are the top -5 customers by revenue?",
    "Who are the top 5% customers by revenue?",
    "Who are the top 5 to 10 customers by revenue?",
    "Who are the top 5 or 6 customers by revenue?",
    "Who are the top 5k customers by revenue?",
    "Who are the top n customers by revenue?",
    "Who are the top {n} customers by revenue?",
    "Who are the top 5 5 customers by revenue?",
    "Who are the top 1e5 customers by revenue?",
    "Who are the top 5; DROP TABLE orders customers by revenue?",
    "Who are the top 5 new customers by revenue?",
    "Who are the top 5 customers by revenue in 2024?",
    "Who are the top 5 customers per revenue?",
    "How many returned orders have a revenue below 5?",
    "How many returned orders have a revenue above 5 EUR?",
    "How many returned orders have a revenue above $5?",
    "How many returned orders have a revenue above average?",
    "How many returned orders have a revenue above 5 million?",
    "How many returned orders have a revenue of above 5?",
    /* per, by */
    "How much revenue did we make in North in 2024 per month?",
    "How much revenue did we make in North in 2024 by channel?",
    "How much revenue did we make in North by month in 2024?",
    "How much revenue did we make in North in each month of 2024?",
    "What is the total revenue by region?",
    "What is the total revenue per order?",
    "total revenue by year",
    /* times that are no one closed period */
    "How much revenue did we make in North in 2024 and 2025?",
    "How much revenue did we make in North in Q2 or Q3?",
    "How much revenue did we make in North in 2024 vs 2023?",
    "How much revenue did we make in North in 2024 compared with 2023?",
    "How much revenue did we make in North since 2024?",
    "What's the revenue of South since 2024?",
    "What's the revenue of South before 2024?",
    "What's the revenue of South until March?",
    "What's the revenue of South?",
    "What's the revenue of South in spring?",
    "What's the revenue of South on 3/4/2024?",
    "What's the revenue of South sometimes?",
    "What's the revenue of South monthly?",
    "How many orders were placed on March 2024?",
    "How many orders were placed on 2024?",
    "How many orders were placed on last week?",
    "How many orders were placed on 2024-02-30?",
    "How many orders were placed on 1 or 2 March 2024?",
    "How many orders were placed since 2024-03-01?",
    "How many orders were placed before 2024-03-01?",
    "How many orders were shipped on 2024-03-01?",
    "How many orders weren't placed on 2024-03-01?",
    /* values that the column does not have, of other columns or datasets */
    "How much revenue did we make in Atlantis in 2024?",
    "How much revenue did we make in Nort in 2024?",
    "How much revenue did we make in Northern in 2024?",
    "How much revenue did we make in Web in 2024?",
    "How much revenue did we make in Portugal in 2024?",
    "How much revenue did we make in delivered in 2024?",
    "How much revenue did we make in region in 2024?",
    "How much revenue did we make in {region} in {time}?",
    "How much revenue did we make in North+ in 2024?",
    "How much revenue did we make in North' OR '1'='1 in 2024?",
    "How many Web orders have a revenue above 5?",
    "How many customers are from Norway?",
    "How many customers are from Business?",
    "How many customers are from North?",
    "How many orders are from Portugal?",
    "How many customers are in Portugal?",
    "How many customers are not from Portugal?",
    "How many customers from Portugal?",
    "Compare North with Web by revenue",
    "Compare North with by revenue",
    "Compare North by revenue",
    "Compare North with South with East by revenue",
    "Compare North with South by cost",
    "North revenue",
    "north south east revenue",
    /* two verified queries fit */
    "revenue per web",
    "Revenue per Web?",
    /* a list is not one value, and a number no year */
    "How many orders came from North, West?",
    "How many orders came from 'North', 'West'?",
    "How many orders came from \"North\" \"West\"?",
    "How many orders came from Lee Ann?",
    "What's the revenue of North over 2024?",
    "Revenue in North during over 2024, please",
    /* values that differ in their marks */
    "How many orders came from Acme Inc.",
    "How many orders came from Acme Inc.?",
    "How many orders came from \"Acme Inc.\"?",
    /* more than a number holds */
    "How many open orders have a revenue above 9007199254740993?",
    /* nothing at all */
    "",
    "?",
    "revenue",
    "SELECT sum(revenue) FROM orders",
    "{region}",
};

static void near_misses_are_no_hits(void **state)
{
    size_t count = sizeof(near_misses) / sizeof(near_misses[0]), wrong = 0;
    assert_true(count >= 100);
    for (size_t i = 0; i < count; i++) {
        const char *sql = sql_of(near_misses[i]);
        if (sql)
            print_message("# false hit: %s: %s\n", near_misses[i], sql);
        wrong += sql != NULL;
    }
    print_message("# %zu near misses, %zu false hits\n", count, wrong);
    assert_int_equal(wrong, 0);
}

static void a_filter_decides_between_datasets(void **state)
{
    only_dataset = "customers";
    assert_null(sql_of("What is the total revenue?"));
    assert_non_null(sql_of("How many customers are from Spain?"));
    only_dataset = "orders";
    assert_null(sql_of("How many customers are from Spain?"));
    only_dataset = NULL;
}

static void a_broken_one_never_answers(void **state)
{
    struct verified_entry *entry = verified_set_find(set, "total");
    atomic_store(&entry->trial, VERIFIED_BROKEN);
    assert_null(sql_of("total revenue"));
    atomic_store(&entry->trial, VERIFIED_UNTRIED);
    assert_non_null(sql_of("total revenue"));
    /* One of the twins is out: the other may answer. */
    entry = verified_set_find(set, "twin1");
    atomic_store(&entry->trial, VERIFIED_BROKEN);
    assert_string_equal(sql_of("revenue per web"), "SELECT 1");
    atomic_store(&entry->trial, VERIFIED_UNTRIED);
}

static void counts_are_whole_numbers(void **state)
{
    assert_string_equal(sql_of("Who are the top 2.5 customers by revenue?"), "not filled");
    assert_string_equal(sql_of("Who are the top 0 customers by revenue?"), TOP("0"));
}

static void the_words_of_values_are_kept(void **state)
{
    struct verified_match found = match("How much revenue did we make in south in last month?");
    assert_non_null(found.query);
    assert_string_equal(found.query->owner, "ana");
    assert_string_equal(found.query->date, "2026-11-01");
    assert_string_equal(found.values[0].words, "south");
    assert_string_equal(found.values[0].text, "South");
    assert_string_equal(found.values[1].period.words, "last month");
    assert_string_equal(verified_fill_question(found.query, found.values, arena),
                        "How much revenue did we make in south in last month?");
}

static void long_questions_are_cheap_and_no_hits(void **state)
{
    struct strbuf text = strbuf_init(1 << 20);
    for (int i = 0; i < 4000; i++)
        strbuf_add(&text, "in ");
    assert_null(sql_of(strbuf_text(&text)));
    strbuf_reset(&text);
    strbuf_add(&text, "How much revenue did we make in ");
    for (int i = 0; i < 90; i++)
        strbuf_add(&text, "North in ");
    strbuf_add(&text, "2024?");
    assert_null(sql_of(strbuf_text(&text)));
    strbuf_clear(&text);
}

static void others_that_would_be_meant_are_found(void **state)
{
    struct verified_record record = records[0];
    struct verified_entry entry;
    struct error err = {0};
    record.id = "new";
    record.question = "how much revenue did we make in {where} in {when}";
    record.variants = "[]";
    record.sql = "SELECT {where}, {from}, {to}";
    record.slots = "{\"where\":\"text region\",\"when\":\"period\"}";
    assert_true(verified_parse(&record, arena, &entry, &err));
    const struct verified_entry *rival = verified_set_rival(set, &entry);
    assert_non_null(rival);
    assert_string_equal(rival->id, "revenue");
    record.question = "how much revenue did we make in {where} within {when}";
    assert_true(verified_parse(&record, arena, &entry, &err));
    assert_null(verified_set_rival(set, &entry));
    record.question = records[0].question; /* no dataset yet: nothing to compare it with */
    record.dataset_id = NULL;
    record.sql = "SELECT {region}, {from}, {to}";
    record.slots = records[0].slots;
    assert_true(verified_parse(&record, arena, &entry, &err));
    assert_null(verified_set_rival(set, &entry));
}

static uint64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Thousands of patterns cost no more than a few: what is looked up is the shapes that they have. */
static void a_look_up_is_quick_among_thousands(void **state)
{
    enum { COUNT = 5000, ROUNDS = 2000 };
    struct verified_record *many = arena_array(arena, COUNT, sizeof(*many));
    for (size_t i = 0; i < COUNT; i++)
        many[i] = (struct verified_record){
            .id = arena_printf(arena, "many%zu", i),
            .question = arena_printf(arena, "How much of item %zu did we sell in {region} in {time}%s", i,
                                     i % 3 == 0 ? "" : i % 3 == 1 ? " by month" : " in all"),
            .variants = "[]",
            .dataset_id = "orders",
            .sql = records[0].sql,
            .slots = records[0].slots,
        };
    struct verified_set *large = verified_set_new(many, COUNT, 1, &catalog);
    struct verified_set *none = verified_set_new(NULL, 0, 1, &catalog);
    assert_int_equal(large->query_count, COUNT);
    struct str hit = STR("how much of item 2500 did we sell in North in 2024 by month");
    struct str miss = STR("how much of item 5000 did we sell in North in 2024 by month");
    assert_true(verified_set_may_match(large, hit, arena));
    uint64_t times[2];
    const struct verified_set *const sets[] = {large, none};
    for (size_t k = 0; k < 2; k++) {
        uint64_t started = cpu_us();
        for (size_t i = 0; i < ROUNDS; i++) {
            struct arena_mark mark = arena_mark(arena);
            assert_false(verified_set_may_match(sets[k], miss, arena));
            arena_rollback(arena, mark);
        }
        times[k] = cpu_us() - started;
    }
    print_message("# %.2f us among %d, %.3f us among none\n", (double)times[0] / ROUNDS, COUNT,
                  (double)times[1] / ROUNDS);
    assert_true(times[0] < ROUNDS * 200); /* of a sanitized program */
    verified_set_unref(large);
    verified_set_unref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_questions_are_hits),
        cmocka_unit_test(near_misses_are_no_hits),
        cmocka_unit_test(a_filter_decides_between_datasets),
        cmocka_unit_test(a_broken_one_never_answers),
        cmocka_unit_test(counts_are_whole_numbers),
        cmocka_unit_test(the_words_of_values_are_kept),
        cmocka_unit_test(long_questions_are_cheap_and_no_hits),
        cmocka_unit_test(others_that_would_be_meant_are_found),
        cmocka_unit_test(a_look_up_is_quick_among_thousands),
    };
    return cmocka_run_group_tests(tests, set_up_shop, tear_down_shop);
}
