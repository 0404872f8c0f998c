/* SPDX-License-Identifier: Apache-2.0 */
/* Postings, the keyword rank and stored values: small cases worked out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "retrieval/document.h"
#include "retrieval/keyword.h"
#include "retrieval/postings.h"
#include "retrieval/values.h"

#define SEED 42

static void postings_keep_documents_apart(void **state)
{
    struct postings_builder *builder = postings_builder_new();
    for (uint32_t document = 0; document < 3000; document++) {
        postings_add_weight(builder, document, 1, 1);
        postings_add_weight(builder, document, document + 10, 2);
        postings_add_weight(builder, document, 1, 0.5f);
    }
    struct postings *postings = postings_finish_take(builder);
    assert_int_equal(postings_key_count(postings), 3001);
    struct posting_list all = postings_find(postings, 1);
    assert_int_equal(all.count, 3000);
    for (uint32_t document = 0; document < 3000; document++) {
        assert_int_equal(all.items[document].document, document);
        assert_true(all.items[document].weight == 1.5f);
        struct posting_list one = postings_find(postings, document + 10);
        assert_int_equal(one.count, 1);
        assert_int_equal(one.items[0].document, document);
    }
    assert_int_equal(postings_find(postings, 9).count, 0);
    assert_non_null(posting_list_find(all, 2999));
    assert_null(posting_list_find(all, 3000));
    assert_null(posting_list_find((struct posting_list){NULL, 0}, 0));
    postings_free(postings);
    postings_free(NULL);
    postings_builder_free(NULL);
}

static void places_stay_those_of_the_first(void **state)
{
    struct postings_builder *builder = postings_builder_new();
    postings_add_place(builder, 3, 0, 7);
    postings_add_place(builder, 3, 0, 8);
    struct postings *postings = postings_finish_take(builder);
    assert_int_equal(postings_find(postings, 0).items[0].place, 7);
    postings_free(postings);
    postings = postings_finish_take(postings_builder_new());
    assert_int_equal(postings_find(postings, 0).count, 0);
    postings_free(postings);
}

static struct column columns_of_shop[] = {
    {.name = "order_id", .kind = VALUE_INTEGER},
    {.name = "regionName", .kind = VALUE_TEXT, .label = "sales region"},
};
static struct column columns_of_zoo[] = {
    {.name = "animal", .kind = VALUE_TEXT, .description = "what is kept"},
};

static struct stored_value regions[] = {{"North", 3}, {"New York", 2}, {"York", 1}};
static struct stored_value animals[] = {{"the okapi", 1}, {"York", 1}};

static struct dataset datasets[2];

static void make_datasets(void)
{
    columns_of_shop[1].profile.values = regions;
    columns_of_shop[1].profile.value_count = 3;
    columns_of_zoo[0].profile.values = animals;
    columns_of_zoo[0].profile.value_count = 2;
    datasets[0] = (struct dataset){.id = "orders",
                                   .table_name = "orders",
                                   .title = "Shop orders",
                                   .columns = columns_of_shop,
                                   .column_count = 2};
    datasets[1] = (struct dataset){.id = "t_1_2",
                                   .table_name = "t_1_2",
                                   .title = "Zoo",
                                   .columns = columns_of_zoo,
                                   .column_count = 1};
}

static void documents_hold_names_once(void **state)
{
    static const char *synonyms[] = {"sales", "ORDERS", "purchases"};
    make_datasets();
    struct dataset dataset = datasets[0];
    dataset.source.table = "erp.orders";
    dataset.synonyms = (struct text_list){synonyms, 3};
    dataset.description = "What was sold";
    dataset.grain = "one order line";
    struct arena *arena = arena_new();
    const struct document *document = document_of(&dataset, arena);
    static const char *const names[] = {"Shop orders", "orders", "erp", "sales", "purchases"};
    assert_int_equal(document->name_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(document->names[i], names[i]);
    assert_int_equal(document->detail_count, 2);
    assert_string_equal(document->details[0], "order id");
    assert_string_equal(document->details[1], "sales region");
    assert_string_equal(document->description, "What was sold. one order line");
    document = document_of(&datasets[1], arena);
    assert_int_equal(document->name_count, 1); /* t_1_2 is no name */
    assert_string_equal(document->details[0], "animal, what is kept");
    assert_null(document->description);
    arena_free(arena);
}

static void documents_have_limits(void **state)
{
    static const char *synonyms[DOCUMENT_NAMES_MAX + 50];
    static char texts[DOCUMENT_NAMES_MAX + 50][8];
    for (size_t i = 0; i < DOCUMENT_NAMES_MAX + 50; i++) {
        snprintf(texts[i], sizeof(texts[i]), "name%zu", i);
        synonyms[i] = texts[i];
    }
    make_datasets();
    struct dataset dataset = datasets[0];
    dataset.synonyms = (struct text_list){synonyms, DOCUMENT_NAMES_MAX + 50};
    dataset.source.table = "aa.bb.cc.dd.ee.ff.gg.hh/ii..jj./";
    struct arena *arena = arena_new();
    assert_int_equal(document_of(&dataset, arena)->name_count, DOCUMENT_NAMES_MAX);
    arena_free(arena);
}

/* "Shop orders" and "orders" count twice: shop 2, order 4 + 1 (order_id), id 1, sale 1, region 1:
 * length 10. The zoo: zoo 2, anim 1, kept 1: length 4. Mean 7. */
static void bm25_is_as_by_hand(void **state)
{
    make_datasets();
    struct arena *arena = arena_new();
    struct term_reader *reader = term_reader_new();
    struct keyword_builder *builder = keyword_builder_new(2, SEED);
    for (size_t i = 0; i < 2; i++)
        keyword_builder_add(builder, document_of(&datasets[i], arena), reader);
    struct keyword_index *index = keyword_finish_take(builder);
    float scores[2] = {0};
    struct question question = question_read(arena, reader, STR("Show the ORDERS of orders by zoo"),
                                             TERM_SPLIT_IDENTIFIERS, SEED);
    keyword_score(index, &question, scores);
    double rarity = log(1 + (2 - 1 + 0.5) / (1 + 0.5));
    assert_float_equal(scores[0], rarity * 5 * 2.2 / (5 + 1.2 * (0.25 + 0.75 * 10 / 7)), 1e-5);
    assert_float_equal(scores[1], rarity * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 4 / 7)), 1e-5);
    assert_true(keyword_holds(index, question.terms[2].key, 0));
    assert_false(keyword_holds(index, question.terms[2].key, 1));
    keyword_index_free(index);
    keyword_index_free(NULL);
    term_reader_free(reader);
    arena_free(arena);
}

static struct value_index *values_of_both(struct term_reader *reader)
{
    make_datasets();
    struct value_builder *builder = value_builder_new(2, SEED);
    value_builder_add(builder, &datasets[0], reader);
    value_builder_add(builder, &datasets[1], reader);
    return value_finish_take(builder);
}

static void values_weigh_words_and_phrases(void **state)
{
    struct arena *arena = arena_new();
    struct term_reader *reader = term_reader_new();
    struct value_index *index = values_of_both(reader);
    struct question question =
        question_read(arena, reader, STR("orders in new york"), TERM_PLAIN, SEED);
    float scores[2] = {0};
    value_score(index, &question, scores);
    double one = log(1 + 1.5 / 1.5), both = log(1 + 0.5 / 2.5);
    /* Words: new (one dataset), york (both); the phrase "new york" of two words. */
    assert_float_equal(scores[0], 0.4 * one + 0.4 * both + 0.7 * 2 * one, 1e-5);
    assert_float_equal(scores[1], 0.4 * both, 1e-5);
    /* Words that are names somewhere count less, alone and as a whole value. */
    question = question_read(arena, reader, STR("north"), TERM_PLAIN, SEED);
    question.terms[0].is_name = true;
    scores[0] = scores[1] = 0;
    value_score(index, &question, scores);
    assert_float_equal(scores[0], 0.3 * 0.4 * one + 0.2 * 0.7 * one, 1e-5);
    assert_true(scores[1] == 0);
    value_index_free(index);
    value_index_free(NULL);
    term_reader_free(reader);
    arena_free(arena);
}

static void matches_name_the_value(void **state)
{
    struct arena *arena = arena_new();
    struct term_reader *reader = term_reader_new();
    struct value_index *index = values_of_both(reader);
    struct question question = question_read(
        arena, reader, STR("okapis, the north and new york and york"), TERM_PLAIN, SEED);
    struct value_match matches[8];
    size_t count = value_matches(index, &question, 0, &datasets[0], matches, 8);
    assert_int_equal(count, 3);
    assert_string_equal(matches[0].value, "North");
    assert_string_equal(matches[1].value, "New York");
    assert_int_equal(matches[1].first_term, 4);
    assert_int_equal(matches[1].term_count, 2);
    assert_true(matches[1].whole);
    assert_string_equal(matches[2].value, "York");
    assert_int_equal(matches[2].column, 1);
    assert_int_equal(value_matches(index, &question, 0, &datasets[0], matches, 2), 2);
    count = value_matches(index, &question, 1, &datasets[1], matches, 8);
    assert_int_equal(count, 2);
    assert_string_equal(matches[0].value, "the okapi");
    assert_false(matches[0].whole);
    assert_true(matches[1].whole);
    value_index_free(index);
    term_reader_free(reader);
    arena_free(arena);
}

static void samples_and_long_values_count_too(void **state)
{
    static const char *samples[] = {"Lisbon", "one two three four five six seven eight",
                                    "nine ten eleven twelve thirteen fourteen fifteen x y"};
    struct column column = {.name = "city", .kind = VALUE_TEXT, .sample_values = {samples, 3}};
    struct column measure = {.name = "price", .kind = VALUE_DECIMAL, .sample_values = {samples, 1}};
    struct column both[] = {measure, column};
    struct dataset dataset = {.id = "d", .table_name = "d", .columns = both, .column_count = 2};
    struct arena *arena = arena_new();
    struct term_reader *reader = term_reader_new();
    struct value_builder *builder = value_builder_new(1, SEED);
    value_builder_add(builder, &dataset, reader);
    struct value_index *index = value_finish_take(builder);
    struct question question = question_read(
        arena, reader,
        STR("lisbon one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen x y"),
        TERM_PLAIN, SEED);
    struct value_match matches[20];
    size_t count = value_matches(index, &question, 0, &dataset, matches, 20);
    assert_int_equal(count, 3); /* Lisbon; the eight words at once; words of the longest */
    assert_int_equal(matches[0].column, 1);
    assert_true(matches[1].whole);
    assert_int_equal(matches[1].term_count, VALUE_PHRASE_WORDS_MAX);
    assert_false(matches[2].whole);
    value_index_free(index);
    term_reader_free(reader);
    arena_free(arena);
}

static void questions_have_a_limit(void **state)
{
    struct strbuf text = strbuf_init(100000);
    for (size_t i = 0; i <= QUESTION_TERMS_MAX; i++)
        strbuf_printf(&text, "w%zu ", i);
    struct arena *arena = arena_new();
    struct term_reader *reader = term_reader_new();
    struct question question = question_read(arena, reader, strbuf_str(&text), TERM_PLAIN, SEED);
    assert_int_equal(question.count, QUESTION_TERMS_MAX);
    question = question_read(arena, reader, STR("x X y"), TERM_PLAIN, SEED);
    assert_true(question.terms[1].repeated && !question.terms[2].repeated);
    term_reader_free(reader);
    arena_free(arena);
    strbuf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postings_keep_documents_apart),
        cmocka_unit_test(places_stay_those_of_the_first),
        cmocka_unit_test(documents_hold_names_once),
        cmocka_unit_test(documents_have_limits),
        cmocka_unit_test(bm25_is_as_by_hand),
        cmocka_unit_test(values_weigh_words_and_phrases),
        cmocka_unit_test(matches_name_the_value),
        cmocka_unit_test(samples_and_long_values_count_too),
        cmocka_unit_test(questions_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
