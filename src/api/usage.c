/* SPDX-License-Identifier: Apache-2.0 */
/* What language models were used for, by day and caller. */
#include "api/admin_models.h"
#include "api/routes.h"
#include "core/clock.h"
#include "core/json.h"
#include "store/usage.h"

#define DAYS_DEFAULT 30
#define DAYS_MAX 3660
#define LIST_SIZE_MAX (16 * 1024 * 1024)

enum { LIST_USER, LIST_DAYS };

TASK_WAITS static void list(struct api_request *request)
{
    int64_t days = api_parameter_integer(request, LIST_DAYS, DAYS_DEFAULT);
    char from[DATE_SIZE];
    date_print(date_from_days(clock_today(0) - days + 1), from);
    struct usage_filter filter = {api_parameter_text(request, LIST_USER), from};
    struct usage_sum *sums;
    size_t count;
    struct error err = {0};
    if (!store_usage_list(request->api->agent->store, &filter, STORE_USAGE_MAX,
                          request->exchange->arena, &sums, &count, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"usage\":[");
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        usage_sum_json(&sums[i], &json);
    }
    strbuf_add(&json, "]}");
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const struct field list_parameters[] = {
    {.name = "user_id", .kind = FIELD_STRING, .nullable = true, .length_min = 1, .length_max = 256,
     .description = "Only of this caller"},
    {.name = "days", .kind = FIELD_INTEGER, .fallback = "30", .bounded = true, .minimum = 1,
     .maximum = DAYS_MAX, .description = "How many days back, today among them"},
};

const struct route usage_list_route = {
    .method = "GET", .path = "/api/v1/admin/usage", .name = "list_usage", .tag = "admin",
    .summary = "Tokens and cost by day and caller",
    .description = "What language models were used for: a row for each day (UTC), caller, provider and "
                   "model, at most 10,000. Questions that needed no model are not in it.",
    .mode = ROUTE_IN_TASK, .handle = list, .parameters = list_parameters, .parameter_count = 2,
    .reply = &model_usage_list, .admin = true, .errors = {422},
};
