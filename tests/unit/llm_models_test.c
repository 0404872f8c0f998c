/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "arena_support.h"
#include "llm/models.h"

static void ids_are_found_with_and_without_a_date(void **state)
{
    static const struct {
        const char *provider, *id, *found;
    } cases[] = {
        {"anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"},
        {"anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5"},
        {"anthropic", "claude-sonnet-4-20250514", "claude-sonnet-4"},
        {"anthropic", "claude-opus-4-1-20250805", "claude-opus-4-1"},
        {"anthropic", "claude-3-5-sonnet-20241022", "claude-3-*"},
        {"anthropic", "claude-sonnet-4-6", "claude-sonnet-4-6"},
        {"anthropic", "claude-sonnet-9", NULL},
        {"anthropic", "claude-sonnet-4-5-2025092", NULL},
        {"anthropic", "gpt-4o", NULL},
        {"anthropic", "", NULL},
        {"openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"},
        {"openai", "gpt-4o-2024-08-06", "gpt-4o"},
        {"openai", "gpt-4o-2024-13-06", "gpt-4*"},
        {"openai", "gpt-4.1", "gpt-4*"},
        {"openai", "gpt-5.9-nova", "gpt-5*"},
        {"openai", "o3-mini", "o3*"},
        {"openai", "qwen2.5-coder", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct model_facts *facts = model_find(cases[i].provider, cases[i].id);
        if (!cases[i].found)
            assert_null(facts);
        else
            assert_string_equal(facts ? facts->id : "nothing", cases[i].found);
    }
}

static void what_models_take_is_as_their_makers_say(void **state)
{
    const struct model_facts *facts = model_find("anthropic", "claude-sonnet-4-6");
    assert_true(facts->temperature && facts->structured && facts->forced_tool);
    assert_int_equal(facts->thinking, MODEL_THINKS_NOT);
    facts = model_find("anthropic", "claude-sonnet-5");
    assert_false(facts->temperature);
    assert_int_equal(facts->thinking, MODEL_THINKS_UNLESS_DISABLED);
    facts = model_find("anthropic", "claude-sonnet-5-5");
    assert_false(facts->forced_tool);
    assert_int_equal(facts->thinking, MODEL_THINKS_UNLESS_BETWEEN_TOOLS);
    assert_false(model_find("openai", "gpt-5.6-luna")->temperature);
    assert_true(model_find("openai", "gpt-4.1-mini")->temperature);
}

static void choices_begin_with_the_successor(void **state)
{
    const char *words = model_print_choices("anthropic", "claude-sonnet-4-5-20250929", arena);
    assert_ptr_equal(strstr(words, "claude-sonnet-4-6"), words);
    assert_non_null(strstr(words, " or "));
    assert_null(strstr(words, "claude-sonnet-4-5"));
    assert_null(strstr(words, "*"));
    assert_null(strstr(model_print_choices("openai", "gpt-4o", arena), "gpt-4o,"));
}

static void price(const char *provider, const char *asked, const char *told, const char *prices,
                  struct chat_usage *usage)
{
    model_price_usage(&(struct model_name){provider, asked, told}, prices, usage);
}

static void costs_are_tokens_times_prices(void **state)
{
    struct chat_usage usage = {.input = 1000, .cached = 2000, .cache_written = 400, .output = 100};
    price("anthropic", "claude-sonnet-4-6", "", NULL, &usage);
    assert_true(usage.priced);
    assert_int_equal(usage.cost_nano, 1000 * 3000 + 2000 * 300 + 400 * 3750 + 100 * 15000);
    price("openai", "somebody's model", "", NULL, &usage);
    assert_false(usage.priced);
    assert_int_equal(usage.cost_nano, 0);
}

static void embeddings_have_a_price_and_write_no_answers(void **state)
{
    static const struct {
        const char *id;
        int64_t nano_a_token;
    } rows[] = {{"text-embedding-3-small", 20},
                {"text-embedding-3-large", 130},
                {"text-embedding-ada-002", 100}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chat_usage usage = {.input = 1000, .calls = 1};
        const struct model_name name = {"openai", rows[i].id, ""};
        model_price_usage(&name, NULL, &usage);
        assert_true(usage.priced);
        assert_int_equal(usage.cost_nano, 1000 * rows[i].nano_a_token);
        assert_true(model_find("openai", rows[i].id)->embeds);
    }
    assert_null(strstr(model_print_choices("openai", "gpt-5*", arena), "embedding"));
}

static void prices_of_short_prompts_hold_for_them_only(void **state)
{
    struct chat_usage usage = {.input = 60000, .cached = 40000, .output = 1};
    price("anthropic", "claude-haiku-5-5", "", NULL, &usage);
    assert_true(usage.priced);
    usage.cache_written = 1;
    price("anthropic", "claude-haiku-5-5", "", NULL, &usage);
    assert_false(usage.priced);
}

static void an_operators_prices_come_first(void **state)
{
    const char *prices = "claude-sonnet-4-6=1/0.5/2/4, ft:gpt-4o=x:a=0.1/0.01/0/0.2,8/8/8/8";
    struct error err = {0};
    struct chat_usage usage = {.input = 1, .cached = 1, .cache_written = 1, .output = 1};
    assert_true(model_prices_check(prices, &err));
    price("anthropic", "claude-sonnet-4-6", "", prices, &usage);
    assert_int_equal(usage.cost_nano, 1000 + 500 + 2000 + 4000);
    price("openai", "ft:gpt-4o=x:a", "", prices, &usage);
    assert_int_equal(usage.cost_nano, 100 + 10 + 0 + 200);
    price("openai", "local", "", prices, &usage);
    assert_int_equal(usage.cost_nano, 4 * 8000);
    /* What is known stays before a price for all others. */
    price("openai", "gpt-4o", "", prices, &usage);
    assert_int_equal(usage.cost_nano, 2500 + 1250 + 2500 + 10000);
}

static void what_answered_is_what_is_charged(void **state)
{
    struct chat_usage usage = {.output = 1};
    price("openai", "our-deployment", "gpt-4o-2024-08-06", NULL, &usage);
    assert_int_equal(usage.cost_nano, 10000);
    price("anthropic", "claude-sonnet-4-6", "some local model", NULL, &usage);
    assert_false(usage.priced);
    price("openai", "our-deployment", "gpt-4o", "our-deployment=1/1/1/1", &usage);
    assert_int_equal(usage.cost_nano, 1000);
    price("openai", "our-deployment", "gpt-4o", "gpt-4o=2/2/2/2", &usage);
    assert_int_equal(usage.cost_nano, 2000);
}

static void a_server_that_tells_no_tokens_is_not_for_free(void **state)
{
    struct chat_usage usage = {0};
    price("openai", "gpt-4o", "gpt-4o", NULL, &usage);
    assert_false(usage.priced);
}

static void prices_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",        "1/2/3",      "1/2/3/4/5",   "a=1/2/3/x",        "=1/2/3/4",
        "a=1,b=2", "a=-1/2/3/4", "a=1/2/3/nan", "1/2/3/4,,5/6/7/8", "a=1/2/3/1000001",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = {0};
        assert_false(model_prices_check(wrong[i], &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_non_null(strstr(err.message, "QUERENT_MODEL_PRICES"));
    }
    assert_true(model_prices_check("a=1/2/3/1000000", NULL));
}

static void numbers_that_no_server_counts_are_not_priced(void **state)
{
    struct chat_usage usage = {.input = INT64_MAX / 100};
    price("openai", "gpt-4o", "", NULL, &usage);
    assert_false(usage.priced);
    assert_int_equal(usage.cost_nano, 0);
    usage = (struct chat_usage){.output = -1};
    price("openai", "gpt-4o", "", NULL, &usage);
    assert_false(usage.priced);
}

static void sums_are_priced_when_all_of_them_are(void **state)
{
    struct chat_usage sum = {0};
    struct chat_usage one = {.input = 5, .cost_nano = 7, .priced = true, .calls = 1};
    chat_usage_add(&sum, &(struct chat_usage){0});
    assert_false(sum.priced);
    chat_usage_add(&sum, &one);
    chat_usage_add(&sum, &one);
    assert_true(sum.priced);
    assert_int_equal(sum.input, 10);
    assert_int_equal(sum.cost_nano, 14);
    assert_int_equal(sum.calls, 2);
    one.priced = false;
    chat_usage_add(&sum, &one);
    one.priced = true;
    chat_usage_add(&sum, &one);
    assert_false(sum.priced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_with_and_without_a_date),
        cmocka_unit_test(what_models_take_is_as_their_makers_say),
        cmocka_unit_test(choices_begin_with_the_successor),
        cmocka_unit_test(costs_are_tokens_times_prices),
        cmocka_unit_test(embeddings_have_a_price_and_write_no_answers),
        cmocka_unit_test(prices_of_short_prompts_hold_for_them_only),
        cmocka_unit_test(an_operators_prices_come_first),
        cmocka_unit_test(what_answered_is_what_is_charged),
        cmocka_unit_test(a_server_that_tells_no_tokens_is_not_for_free),
        cmocka_unit_test(prices_that_are_none_are_refused),
        cmocka_unit_test(numbers_that_no_server_counts_are_not_priced),
        cmocka_unit_test(sums_are_priced_when_all_of_them_are),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
