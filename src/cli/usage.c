/* SPDX-License-Identifier: Apache-2.0 */
/* querent usage: tokens and cost by day and caller. */
#include "cli/commands.h"

#include "cli/admin.h"
#include "core/clock.h"
#include "store/usage.h"

#define DAYS_DEFAULT 30
#define DAYS_MAX 3660
#define ROW_SIZE_MAX (64 * 1024)

static const struct option_row options[] = {
    {"days", 0, OPTION_VALUE, "N", "how many days back, today among them; 30"},
    {"user", 0, OPTION_VALUE, "NAME", "only of this caller"},
    {"json", 0, OPTION_FLAG, NULL, "a JSON object a line"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
};

static bool read_days(const struct admin *admin, int64_t *days, struct error *err)
{
    const char *text = arguments_value(admin->arguments, "days");
    *days = DAYS_DEFAULT;
    return !text || (str_to_i64(str_from(text), days) && *days >= 1 && *days <= DAYS_MAX) ||
           error_set(err, ERROR_USAGE, "'--days' takes a number from 1 to %d", DAYS_MAX);
}

static void print_json(const struct usage_sum *sum)
{
    struct strbuf json = strbuf_init(ROW_SIZE_MAX);
    usage_sum_json(sum, &json);
    puts(strbuf_text(&json));
    strbuf_clear(&json);
}

static void print_line(const struct usage_sum *sum)
{
    const struct usage *usage = &sum->usage;
    printf("%s  %-20s %-32s %6lld %12lld %12lld %10lld %12.6f%s\n", sum->day, sum->user_id,
           usage->model, (long long)sum->runs, (long long)(usage->input + usage->cache_written),
           (long long)usage->cached, (long long)usage->output, (double)usage->cost_nano / 1e9,
           usage->unpriced > 0 ? " and calls whose price is not known" : "");
}

TASK_WAITS static bool print_usage(struct admin *admin, struct error *err)
{
    int64_t days;
    char from[DATE_SIZE];
    struct usage_sum *sums;
    size_t count;
    if (!read_days(admin, &days, err))
        return false;
    date_print(date_from_days(clock_today(0) - days + 1), from);
    struct usage_filter filter = {arguments_value(admin->arguments, "user"), from};
    if (!store_usage_list(admin->store, &filter, STORE_USAGE_MAX, admin->arena, &sums, &count, err))
        return false;
    bool json = arguments_flag(admin->arguments, "json");
    if (!json && count > 0)
        printf("%-10s  %-20s %-32s %6s %12s %12s %10s %12s\n", "day", "caller", "model", "runs",
               "tokens in", "from cache", "out", "USD");
    for (size_t i = 0; i < count; i++) {
        if (json)
            print_json(&sums[i]);
        else
            print_line(&sums[i]);
    }
    if (!json && count == 0)
        printf("No language model was used in the last %lld days.\n", (long long)days);
    return true;
}

static int run_usage_command(const struct arguments *arguments)
{
    return admin_run(arguments, print_usage);
}

const struct command usage_command = {
    .name = "usage",
    .summary = "print tokens and cost of language models by day and caller",
    .usage = "[OPTION]...",
    .details = "The latest day first. Days are those of UTC; questions that needed no model are not in it.\n\n"
               "  querent usage --days 7 --json",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_usage_command,
};
