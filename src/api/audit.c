/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail: administrative acts and questions as one list. */
#include "api/admin.h"
#include "api/admin_models.h"
#include "core/clock.h"
#include "core/json.h"
#include "store/admin_json.h"

#define PAGE_DEFAULT 100
#define LIST_SIZE_MAX (256 * 1024 * 1024)

enum { LIST_USER, LIST_ACTION, LIST_FROM, LIST_TO, LIST_LIMIT, LIST_CURSOR };

/* A time of a parameter in the form in which times are stored; *out stays NULL without one. */
static bool read_time(const struct api_request *request, size_t index, const char **out,
                      struct error *err)
{
    const char *text = api_parameter_text(request, index);
    char printed[TIMESTAMP_SIZE];
    int64_t time_ms;
    if (!text)
        return true;
    if (!clock_parse(text, &time_ms))
        return error_set(err, ERROR_INVALID,
                         "'%s' is a date or a time such as 2026-01-31T12:00:00Z",
                         request->route->parameters[index].name);
    clock_print_utc(time_ms, printed);
    *out = arena_strdup(request->exchange->arena, printed);
    return true;
}

TASK_WAITS static void list(struct api_request *request)
{
    struct audit_filter filter = {.user_id = api_parameter_text(request, LIST_USER),
                                  .action = api_parameter_text(request, LIST_ACTION)};
    struct audit_record *records;
    size_t count;
    const char *next;
    struct error err = {0};
    if (!read_time(request, LIST_FROM, &filter.from, &err) ||
        !read_time(request, LIST_TO, &filter.to, &err) ||
        !store_audit_list(request->api->agent->store, &filter,
                          (size_t)api_parameter_integer(request, LIST_LIMIT, PAGE_DEFAULT),
                          api_parameter_text(request, LIST_CURSOR), request->exchange->arena,
                          &records, &count, &next, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"records\":[");
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        audit_record_json(&records[i], &json);
    }
    strbuf_add_char(&json, ']');
    json_add_key(&json, "next_cursor");
    json_add_text(&json, next);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const struct field list_parameters[] = {
    {.name = "user_id", .kind = FIELD_STRING, .nullable = true, .length_min = 1, .length_max = 256,
     .description = "Only what this user did or asked"},
    {.name = "action", .kind = FIELD_STRING, .nullable = true, .length_min = 1, .length_max = 256,
     .description = "Only acts of this kind; question: only questions"},
    {.name = "from", .kind = FIELD_STRING, .nullable = true, .length_max = 64, .format = "date-time",
     .description = "A time, or a date: only what was then or later",
     .example = "\"2026-01-31T00:00:00Z\""},
    {.name = "to", .kind = FIELD_STRING, .nullable = true, .length_max = 64, .format = "date-time",
     .description = "A time, or a date: only what was before", .example = "\"2026-02-01T12:00:00Z\""},
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "100", .bounded = true, .minimum = 1,
     .maximum = STORE_PAGE_MAX, .description = "How many at most"},
    {.name = "cursor", .kind = FIELD_STRING, .nullable = true,
     .description = "next_cursor of the page before"},
};

const struct route audit_list_route = {
    .method = "GET", .path = "/api/v1/admin/audit", .name = "list_audit", .tag = "admin",
    .summary = "Who did and asked what, the newest first",
    .description = "Administrative acts and questions. A page may be short, or empty, and still have a "
                   "next one: a filter that fits little looks at 100,000 questions at a time. "
                   "Questions go as far back as conversations are kept (QUERENT_RETENTION_DAYS).",
    .mode = ROUTE_IN_TASK, .handle = list, .parameters = list_parameters, .parameter_count = 6,
    .reply = &model_audit_list, .admin = true, .errors = {422},
};
