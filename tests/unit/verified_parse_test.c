/* SPDX-License-Identifier: Apache-2.0 */
/* Verified queries taken apart and put together: what is refused, and that values can't become SQL. */
#include "arena_support.h"

#include <stdio.h>
#include <string.h>

#include "planner_shop.h"
#include "sql/firewall.h"
#include "verified/verified.h"

static struct verified_record a_record(void)
{
    return (struct verified_record){
        .id = "verified_0123456789abcdef",
        .question = "revenue of {region}",
        .variants = "[]",
        .dataset_id = "orders",
        .sql = "SELECT sum(revenue) FROM orders WHERE region = {region}",
        .slots = "[{\"name\":\"region\",\"kind\":\"text\"}]",
    };
}

static void refused(struct verified_record record, const char *words)
{
    struct verified_entry entry;
    struct error err = {0};
    if (verified_parse(&record, arena, &entry, &err))
        fail_msg("taken, and not refused for '%s'", words);
    assert_int_equal(err.code, ERROR_INVALID);
    if (!strstr(err.message, words))
        fail_msg("no '%s' in: %s", words, err.message);
}

static void taken(struct verified_record record, struct verified_entry *entry)
{
    struct error err = {0};
    if (!verified_parse(&record, arena, entry, &err))
        fail_msg("%s", err.message);
}

static void slots_are_declared_named_and_used(void **state)
{
    struct verified_record record = a_record();
    struct verified_entry entry;
    taken(record, &entry);
    assert_string_equal(entry.slots[0].column, "region");

    static const struct {
        const char *question, *variants, *sql, *slots, *words;
    } rows[] = {
        {NULL, NULL, NULL, "[]", "not declared"},
        {NULL, NULL, NULL, "{}", "not declared"},
        {NULL, NULL, NULL, "nonsense", "no list"},
        {NULL, NULL, NULL, "5", "no list"},
        {NULL, NULL, NULL, "[5]", "object"},
        {NULL, NULL, NULL, "[{\"kind\":\"text\"}]", "no name"},
        {NULL, NULL, NULL, "{\"Region\":\"text\"}", "no name"},
        {NULL, NULL, NULL, "{\"1st\":\"text\"}", "no name"},
        {NULL, NULL, NULL, "{\"a b\":\"text\"}", "no name"},
        {NULL, NULL, NULL, "{\"a}{b\":\"text\"}", "no name"},
        {NULL, NULL, NULL, "{\"\":\"text\"}", "no name"},
        {NULL, NULL, NULL, "{\"region\":\"colour\"}", "of kind 'colour'"},
        {NULL, NULL, NULL, "{\"region\":5}", "of kind"},
        {NULL, NULL, NULL, "{\"region\":\"number region\"}", "only text"},
        {NULL, NULL, NULL, "[{\"name\":\"region\",\"kind\":\"text\"},{\"name\":\"region\",\"kind\":\"text\"}]", "twice"},
        {NULL, NULL, NULL, "{\"region\":\"text\",\"more\":\"text\"}", "'more' is missing"},
        {"revenue", NULL, NULL, NULL, "missing"},
        {"revenue of {region} and {region}", NULL, NULL, NULL, "twice"},
        {"{region}", NULL, NULL, NULL, "words beside"},
        {"revenue of {region} {", NULL, NULL, NULL, "no slot"},
        {"revenue of {region} {x y}", NULL, NULL, NULL, "no slot"},
        {"revenue of {region} {other}", NULL, NULL, NULL, "not declared"},
        {"", NULL, NULL, NULL, "empty"},
        {"  ", NULL, NULL, NULL, "empty"},
        {"\xff {region}", NULL, NULL, NULL, "UTF-8"},
        {NULL, "[\"takings\"]", NULL, NULL, "missing"},
        {NULL, "[5]", NULL, NULL, "empty"},
        {NULL, "{}", NULL, NULL, "no list"},
        {NULL, NULL, "", NULL, "empty"},
        {NULL, NULL, " ; ", NULL, "empty"},
        {NULL, NULL, "SELECT 1 FROM orders", NULL, "not in the SQL"},
        {NULL, NULL, "SELECT '{region}' FROM orders", NULL, "inside quotes"},
        {NULL, NULL, "SELECT \"{region}\" FROM orders", NULL, "inside quotes"},
        {NULL, NULL, "SELECT 'it''s {region}' FROM orders", NULL, "inside quotes"},
        {NULL, NULL, "SELECT 1 FROM orders -- of {region}", NULL, "a comment"},
        {NULL, NULL, "SELECT /* of {region} */ {region} FROM orders", NULL, "a comment"},
        {NULL, NULL, "SELECT {region FROM orders", NULL, "no '}'"},
        {NULL, NULL, "SELECT {region}, {other} FROM orders", NULL, "not declared"},
        {NULL, NULL, "SELECT {region.from} FROM orders", NULL, "is written {region}"},
        {NULL, NULL, "SELECT {region}, {from} FROM orders", NULL, "not declared"},
        {NULL, NULL, "SELECT {}", NULL, "not declared"},
        {"revenue in {region}", NULL, "SELECT {region}", "{\"region\":\"period\"}", "{region.from}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record = a_record();
        record.question = rows[i].question ? rows[i].question : record.question;
        record.variants = rows[i].variants ? rows[i].variants : record.variants;
        record.sql = rows[i].sql ? rows[i].sql : record.sql;
        record.slots = rows[i].slots ? rows[i].slots : record.slots;
        refused(record, rows[i].words);
    }
}

static void limits_hold_at_their_edges(void **state)
{
    struct verified_entry entry;
    struct verified_record record = a_record();
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, "{region} ");
    strbuf_add_repeat(&text, 'x', VERIFIED_QUESTION_MAX - text.length);
    record.question = strbuf_text(&text);
    taken(record, &entry);
    strbuf_add_char(&text, 'x');
    record.question = strbuf_text(&text);
    refused(record, "more than");

    strbuf_reset(&text);
    strbuf_add(&text, "{region}");
    for (int i = 1; i < VERIFIED_WORDS_MAX; i++)
        strbuf_add(&text, " w");
    record.question = strbuf_text(&text);
    taken(record, &entry);
    strbuf_add(&text, " w");
    record.question = strbuf_text(&text);
    refused(record, "words");

    record = a_record();
    strbuf_reset(&text);
    strbuf_add(&text, "[\"v {region}\"");
    for (int i = 1; i < VERIFIED_VARIANTS_MAX; i++)
        strbuf_printf(&text, ",\"v%d {region}\"", i);
    record.variants = arena_printf(arena, "%s]", strbuf_text(&text));
    taken(record, &entry);
    assert_int_equal(entry.question_count, VERIFIED_VARIANTS_MAX + 1);
    record.variants = arena_printf(arena, "%s,\"one more {region}\"]", strbuf_text(&text));
    refused(record, "variants");

    for (int count = VERIFIED_SLOTS_MAX; count <= VERIFIED_SLOTS_MAX + 1; count++) {
        struct strbuf slots = strbuf_init(10000), names = strbuf_init(10000);
        for (int i = 0; i < count; i++) {
            strbuf_printf(&slots, "%s\"s%d\":\"number\"", i > 0 ? "," : "", i);
            strbuf_printf(&names, "%s{s%d}", i > 0 ? ", " : "", i);
        }
        record = a_record();
        record.slots = arena_printf(arena, "{%s}", strbuf_text(&slots));
        record.question = arena_printf(arena, "sum of %s", strbuf_text(&names));
        record.sql = arena_printf(arena, "SELECT %s", strbuf_text(&names));
        if (count == VERIFIED_SLOTS_MAX)
            taken(record, &entry);
        else
            refused(record, "more than 8 slots");
        strbuf_clear(&slots);
        strbuf_clear(&names);
    }

    record = a_record();
    strbuf_reset(&text);
    strbuf_add(&text, "SELECT {region} AS a");
    strbuf_add_repeat(&text, 'a', STORE_VERIFIED_SQL_MAX - text.length);
    record.sql = strbuf_text(&text);
    taken(record, &entry);
    strbuf_add_char(&text, 'a');
    record.sql = strbuf_text(&text);
    refused(record, "bytes");

    record = a_record();
    record.slots = arena_printf(arena, "{\"%.*s\":\"text\"}", SLOT_NAME_MAX + 1,
                                "abcdefghijklmnopqrstuvwxyzabcdefghij");
    refused(record, "no name");
    strbuf_clear(&text);
}

static const char *filled(const struct verified_entry *entry, const char *value)
{
    struct verified_value values[VERIFIED_SLOTS_MAX] = {{.words = value, .text = value}};
    const char *sql;
    struct error err = {0};
    return verified_fill(entry, values, &shop_orders, DIALECT_DUCKDB, arena, &sql, &err) ? sql : NULL;
}

static void values_can_not_become_sql(void **state)
{
    struct verified_record record = a_record();
    struct verified_entry entry;
    taken(record, &entry);
#define WITH(literal) "SELECT sum(revenue) FROM orders WHERE region = " literal
    static const struct {
        const char *value, *sql;
    } rows[] = {
        {"North", WITH("'North'")},
        {"O'Brien", WITH("'O''Brien'")},
        {"'", WITH("''''")},
        {"' OR '1'='1", WITH("''' OR ''1''=''1'")},
        {"'; DROP TABLE orders; --", WITH("'''; DROP TABLE orders; --'")},
        {"\\'", WITH("'\\'''")},
        {"{region}", WITH("'{region}'")},
        {"/* */ \"x\"", WITH("'/* */ \"x\"'")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *sql = filled(&entry, rows[i].value);
        assert_string_equal(sql, rows[i].sql);
        const struct dataset *allowed[] = {&shop_orders};
        struct firewall_policy policy = {allowed, 1};
        struct firewall_verdict verdict;
        struct error err = {0};
        if (!firewall_check(&policy, str_from(sql), arena, &verdict, &err))
            fail_msg("%s: %s", sql, err.message);
        assert_int_equal(verdict.datasets_read_count, 1);
    }
    char *longest = arena_alloc(arena, 1002);
    memset(longest, 'x', 1001);
    assert_null(filled(&entry, longest));
    longest[1000] = '\0';
    assert_non_null(filled(&entry, longest));
    assert_null(filled(&entry, "\xff"));
    assert_null(filled(&entry, NULL));
}

static void numbers_and_dates_are_only_that(void **state)
{
    struct verified_record record = a_record();
    struct verified_entry entry;
    record.question = "top {n}";
    record.slots = "{\"n\":\"number\"}";
    record.sql = "SELECT region FROM orders WHERE revenue > {n} LIMIT\n {n}";
    taken(record, &entry);
    assert_string_equal(filled(&entry, "5"), "SELECT region FROM orders WHERE revenue > 5 LIMIT\n 5");
    static const char *const wrong[] = {"5.5", "-5", "5; DROP TABLE x", "1e5", "", "x", "5 OR 1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_null(filled(&entry, wrong[i]));
    /* A minus after a minus would be a comment. */
    record.sql = "SELECT quantity -{n} FROM orders";
    taken(record, &entry);
    assert_string_equal(filled(&entry, "5"), "SELECT quantity -5 FROM orders");
    assert_string_equal(filled(&entry, "-5"), "SELECT quantity -(-5) FROM orders");
    record.question = "on {day}";
    record.slots = "{\"day\":\"date\"}";
    record.sql = "SELECT count(*) FROM orders WHERE order_date = {day}";
    taken(record, &entry);
    assert_string_equal(filled(&entry, "2024-02-29"),
                        "SELECT count(*) FROM orders WHERE order_date = DATE '2024-02-29'");
    assert_null(filled(&entry, "2024-02-30"));
    assert_null(filled(&entry, "2024-02-29' OR '1"));
}

static void the_sql_is_kept_but_for_its_end(void **state)
{
    struct verified_record record = a_record();
    struct verified_entry entry;
    record.sql = " SELECT '{', \"}\" , {region} ;; ";
    record.question = "x {region}";
    taken(record, &entry);
    assert_string_equal(filled(&entry, "a"), "SELECT '{', \"}\" , 'a'");
    record.sql = "SELECT 1 -- don't\n/* won't */ - {region} -";
    taken(record, &entry);
    assert_string_equal(filled(&entry, "a"), "SELECT 1 -- don't\n/* won't */ - 'a' -");
    assert_string_equal(verified_to_record(&entry, arena).slots,
                        "[{\"name\":\"region\",\"kind\":\"text\",\"column\":\"region\"}]");
}

static void words_have_one_form(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"What is the revenue?", "what  IS\tthe revenue", true},
        {"What's the revenue?", "What\xE2\x80\x99s the revenue!", true},
        {"What's the revenue", "what is the revenue", true},
        {"don't", "do not", true},
        {"can't", "cannot", true},
        {"North-East", "north east", true},
        {"\"North\" South", "North South", true},
        {"North, South", "\"North\", South", true},
        {"\"North\", South", "North South", false},
        {"'North' 'South'", "North South", false},
        {"\xC3\x84rger", "\xC3\xA4rger", true},
        {"A\xCC\x8A", "\xC3\xA5", true}, /* a letter and its ring, or both in one */
        {"\xC3\xA4rger", "arger", false},
        {"Bu\xC3\x9F" "e", "Busse", false},
        {"\xCE\x91\xCE\x92", "\xCE\xB1\xCE\xB2", true},
        {"1,000", "1000", false},
        {"1,000 rows", "1,000 rows", true},
        {"1.5", "15", false},
        {"-5", "5", false},
        {"5%", "5", false},
        {"C++", "C", false},
        {"C#", "C", false},
        {"revenue > 5", "revenue < 5", false},
        {"customer's", "customers", false},
        {"customers'", "customers", true},
        {"a. b", "a b", false},
        {"a b.", "a b", true},
        {"what? no", "what no", false},
        {"revenue", "revenues", false},
        {"", "", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (verified_same_words(str_from(rows[i].a), str_from(rows[i].b), arena) != rows[i].same)
            fail_msg("%s | %s", rows[i].a, rows[i].b);
}

/* Any bytes may come in; broken ones are no slots and end no loop. */
static void any_bytes_can_be_read(void **state)
{
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        char bytes[64];
        size_t length = (size_t)round % sizeof(bytes);
        for (size_t i = 0; i < length; i++) {
            seed = seed * 1664525u + 1013904223u;
            static const char some[] = "{}'\"-.,?! aB1\xE2\x80\x99\xC3\xA4\xFF_%";
            bytes[i] = some[(seed >> 16) % (sizeof(some) - 1)];
        }
        struct arena_mark mark = arena_mark(arena);
        char *copy = arena_memdup(arena, bytes, length + 1); /* no NUL after it */
        struct verified_words words;
        verified_words_read((struct str){copy, length}, round % 2, arena, &words);
        for (size_t i = 0; i < words.count; i++)
            assert_true(words.items[i].begin < words.items[i].end && words.items[i].end <= length);
        arena_rollback(arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_declared_named_and_used),
        cmocka_unit_test(limits_hold_at_their_edges),
        cmocka_unit_test(values_can_not_become_sql),
        cmocka_unit_test(numbers_and_dates_are_only_that),
        cmocka_unit_test(the_sql_is_kept_but_for_its_end),
        cmocka_unit_test(words_have_one_form),
        cmocka_unit_test(any_bytes_can_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
