/* SPDX-License-Identifier: Apache-2.0 */
/* The front of what language models were used for. */
#include "store/usage.h"

#include "core/json.h"
#include "store/check.h"

static bool check_usage(const struct usage *usage, struct error *err)
{
    const int64_t numbers[] = {usage->calls,  usage->input,     usage->cached, usage->cache_written,
                               usage->output, usage->cost_nano, usage->unpriced};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!check_range("the usage", numbers[i], 0, INT64_C(1) << 53, err))
            return false;
    return check_name("the provider", usage->provider, err) && check_name("the model", usage->model, err);
}

bool usage_check(const struct usage *usage, struct error *err)
{
    return !usage || check_usage(usage, err);
}

TASK_WAITS bool store_usage_add(struct store *store, const char *user_id, const struct usage *usage,
                                struct error *err)
{
    struct call_usage_add call = {.user_id = user_id, .usage = usage};
    clock_print_utc(clock_now_ms(), call.now);
    return check_name("the user id", user_id, err) && check_usage(usage, err) &&
           call_driver(store, STORE_USAGE_ADD, &call, err);
}

TASK_WAITS bool store_usage_list(struct store *store, const struct usage_filter *filter, size_t limit,
                                 struct arena *arena, struct usage_sum **out, size_t *count,
                                 struct error *err)
{
    struct call_usage_list call = {.filter = *filter, .limit = limit, .arena = arena};
    if (!check_range("the limit", limit > INT64_MAX ? INT64_MAX : (int64_t)limit, 1, STORE_USAGE_MAX,
                     err) ||
        !check_optional("the user id", filter->user_id, STORE_NAME_SIZE_MAX, err) ||
        !check_optional("the day", filter->from_day, STORE_NAME_SIZE_MAX, err) ||
        !call_driver(store, STORE_USAGE_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

static void add_integer(struct strbuf *out, const char *key, int64_t number)
{
    json_add_key(out, key);
    json_add_integer(out, number);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    json_add_key(out, key);
    json_add_text(out, text);
}

void usage_tokens_json(const struct usage *usage, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    add_integer(out, "input", usage->input);
    add_integer(out, "cached", usage->cached);
    add_integer(out, "cache_written", usage->cache_written);
    add_integer(out, "output", usage->output);
    add_integer(out, "total",
                usage->input + usage->cached + usage->cache_written + usage->output);
    strbuf_add_char(out, '}');
}

void usage_cost_json(const struct usage *usage, struct strbuf *out)
{
    if (usage->unpriced > 0 && usage->unpriced >= usage->calls)
        strbuf_add(out, "null");
    else
        json_add_double(out, (double)usage->cost_nano / 1e9);
}

void usage_sum_json(const struct usage_sum *sum, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    add_text(out, "day", sum->day);
    add_text(out, "user_id", sum->user_id);
    add_text(out, "provider", sum->usage.provider);
    add_text(out, "model", sum->usage.model);
    add_integer(out, "runs", sum->runs);
    add_integer(out, "calls", sum->usage.calls);
    json_add_key(out, "tokens");
    usage_tokens_json(&sum->usage, out);
    json_add_key(out, "cost"); /* of the calls whose price is known */
    json_add_double(out, (double)sum->usage.cost_nano / 1e9);
    add_integer(out, "unpriced_calls", sum->usage.unpriced);
    strbuf_add_char(out, '}');
}
