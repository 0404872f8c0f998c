/* SPDX-License-Identifier: Apache-2.0 */
/* querent audit: the trail of acts and questions, as JSON lines for other programs to keep. */
#include "cli/commands.h"

#include "cli/admin.h"
#include "core/clock.h"
#include "store/admin_json.h"

#define RECORD_SIZE_MAX (64 * 1024 * 1024)

static const struct option_row options[] = {
    {"user", 0, OPTION_VALUE, "NAME", "only what this user did or asked"},
    {"action", 0, OPTION_VALUE, "NAME", "only acts of this kind; 'question': only questions"},
    {"from", 0, OPTION_VALUE, "TIME", "only what was at this date or time or later (UTC)"},
    {"to", 0, OPTION_VALUE, "TIME", "only what was before"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
};

static bool read_time(const struct admin *admin, const char *option, const char **out,
                      struct error *err)
{
    const char *text = arguments_value(admin->arguments, option);
    char printed[TIMESTAMP_SIZE];
    int64_t time_ms;
    if (!text)
        return true;
    if (!clock_parse(text, &time_ms))
        return error_set(err, ERROR_USAGE,
                         "'--%s' takes a date or a time such as 2026-01-31T12:00:00Z", option);
    clock_print_utc(time_ms, printed);
    *out = arena_strdup(admin->arena, printed);
    return true;
}

static void print_records(const struct audit_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf json = strbuf_init(RECORD_SIZE_MAX);
        audit_record_json(&records[i], &json);
        puts(strbuf_text(&json));
        strbuf_clear(&json);
    }
}

TASK_WAITS static bool export_trail(struct admin *admin, struct error *err)
{
    struct audit_filter filter = {.user_id = arguments_value(admin->arguments, "user"),
                                  .action = arguments_value(admin->arguments, "action")};
    const char *cursor = NULL;
    if (!read_time(admin, "from", &filter.from, err) || !read_time(admin, "to", &filter.to, err))
        return false;
    do {
        struct audit_record *records;
        size_t count;
        struct arena *arena = arena_new();
        const char *next;
        bool ok = store_audit_list(admin->store, &filter, STORE_PAGE_MAX, cursor, arena, &records,
                                   &count, &next, err);
        if (ok)
            print_records(records, count);
        cursor = ok && next ? arena_strdup(admin->arena, next) : NULL;
        arena_free(arena);
        if (!ok)
            return false;
    } while (cursor && !ferror(stdout));
    return true;
}

static int run_audit(const struct arguments *arguments)
{
    return admin_run(arguments, export_trail);
}

const struct command audit_command = {
    .name = "audit",
    .summary = "print who did and asked what, as JSON lines",
    .usage = "[OPTION]...",
    .details =
        "The newest first, a JSON object a line: administrative acts, and the questions with their SQL,\n"
        "dataset and outcome. Questions go as far back as conversations are kept.\n\n"
        "  querent audit --from 2026-01-01 > trail.jsonl",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_audit,
};
