/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/report.h"

#include <stdlib.h>

#include "core/alloc.h"

/* Adds to a count in an object. */
static void count(json_t *object, const char *key, int64_t amount)
{
    json_object_set_new(object, key,
                        json_integer(json_integer_value(json_object_get(object, key)) + amount));
}

static json_t *group_of(json_t *groups, const char *name)
{
    json_t *group = json_object_get(groups, name);
    if (!group) {
        group = json_pack("{s:i,s:i,s:i,s:i,s:i}", "questions", 0, "answered", 0, "failed", 0,
                          "exact", 0, "lenient", 0);
        json_object_set_new(groups, name, group);
    }
    return group;
}

static void add_to_group(json_t *groups, const char *name, const struct eval_verdict *verdict)
{
    json_t *group = group_of(groups, name);
    count(group, "questions", 1);
    count(group, "answered", verdict->answered);
    count(group, "failed", verdict->reason == EVAL_FAILED);
    count(group, "exact", verdict->exact);
    count(group, "lenient", verdict->lenient);
}

static void add_to_tags(json_t *groups, const struct eval_item *item)
{
    const json_t *tags = json_object_get(item->question->json, "tags"), *tag;
    size_t i;
    json_array_foreach(tags, i, tag) if (json_is_string(tag))
        add_to_group(groups, json_string_value(tag), &item->verdict);
}

static json_t *verdict_json(const struct eval_item *item)
{
    json_t *json = json_pack("{s:s,s:s,s:b,s:b}", "id", item->question->id, "reason",
                             eval_reason_name(item->verdict.reason), "exact", item->verdict.exact,
                             "lenient", item->verdict.lenient);
    if (item->verdict.reason == EVAL_FAILED)
        json_object_set_new(json, "code", json_string(error_name(item->verdict.code)));
    if (item->duration_us > 0)
        json_object_set_new(json, "duration_ms", json_real((double)item->duration_us / 1000));
    return json;
}

/* ---- latency ---- */

static int compare_durations(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static json_t *milliseconds(uint64_t duration_us)
{
    return json_real((double)(duration_us / 10) / 100);
}

/* NULL when nothing was asked. */
static json_t *latency_json(const struct eval_outcome *outcome)
{
    static const struct {
        const char *name;
        unsigned percent;
    } ranks[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};
    uint64_t *durations = xcalloc(outcome->count + 1, sizeof(*durations)), sum = 0;
    size_t asked = 0;
    for (size_t i = 0; i < outcome->count; i++)
        if (outcome->items[i].duration_us > 0)
            sum += durations[asked++] = outcome->items[i].duration_us;
    qsort(durations, asked, sizeof(*durations), compare_durations);
    json_t *json = asked > 0 ? json_object() : NULL;
    if (json)
        json_object_set_new(json, "mean", milliseconds(sum / asked));
    for (size_t i = 0; json && i < sizeof(ranks) / sizeof(ranks[0]); i++)
        json_object_set_new(json, ranks[i].name,
                            milliseconds(durations[(asked * ranks[i].percent + 99) / 100 - 1]));
    free(durations);
    return json;
}

/* ---- all of it ---- */

static json_t *reasons_of(const struct eval_outcome *outcome, json_t *failures)
{
    json_t *reasons = json_object();
    for (enum eval_reason reason = EVAL_RIGHT + 1; reason < EVAL_REASONS; reason++)
        count(reasons, eval_reason_name(reason), 0);
    for (size_t i = 0; i < outcome->count; i++) {
        const struct eval_verdict *verdict = &outcome->items[i].verdict;
        if (verdict->reason != EVAL_RIGHT)
            count(reasons, eval_reason_name(verdict->reason), 1);
        if (verdict->reason == EVAL_FAILED)
            count(failures, error_name(verdict->code), 1);
    }
    return reasons;
}

static void add_groups(const struct eval_outcome *outcome, json_t *report)
{
    json_t *difficulties = json_object(), *tags = json_object(), *verdicts = json_array();
    json_t *groups = json_object();
    group_of(groups, "all");
    for (size_t i = 0; i < outcome->count; i++) {
        const struct eval_item *item = &outcome->items[i];
        const char *difficulty = item->question->difficulty;
        add_to_group(groups, "all", &item->verdict);
        add_to_group(difficulties, difficulty ? difficulty : "-", &item->verdict);
        add_to_tags(tags, item);
        json_array_append_new(verdicts, verdict_json(item));
    }
    json_object_set(report, "all", json_object_get(groups, "all"));
    json_decref(groups);
    json_object_set_new(report, "difficulty", difficulties);
    json_object_set_new(report, "tags", tags);
    json_object_set_new(report, "verdicts", verdicts);
}

json_t *eval_report(const struct eval_outcome *outcome, const char *version)
{
    json_t *failures = json_object(), *latency = latency_json(outcome);
    json_t *report =
        json_pack("{s:s,s:s,s:s,s:s?,s:I,s:b,s:I}", "set", outcome->set->name, "version", version,
                  "source", outcome->source, "scope", outcome->scope, "questions_of_the_set",
                  (json_int_t)outcome->set->question_total, "stopped", outcome->stopped,
                  "not_judged", (json_int_t)outcome->not_judged);
    add_groups(outcome, report);
    json_object_set_new(report, "reasons", reasons_of(outcome, failures));
    json_object_set_new(report, "failures", failures);
    if (latency) {
        json_object_set_new(report, "latency_ms", latency);
        json_object_set_new(report, "tokens",
                            json_pack("{s:I,s:I}", "input", (json_int_t)outcome->tokens_in,
                                      "output", (json_int_t)outcome->tokens_out));
        json_object_set_new(report, "cost", json_real(outcome->cost));
    }
    return report;
}
