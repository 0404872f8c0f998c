/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

#define CHANGES_SHOWN 20
#define NAME_WIDTH_MAX 24

static int64_t number_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_at(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

/* "  84.3 %", or a dash of the same width. */
static void add_share(struct strbuf *out, int64_t part, int64_t whole)
{
    if (whole > 0)
        strbuf_printf(out, "  %7.1f %%", 100.0 * (double)part / (double)whole);
    else
        strbuf_printf(out, "  %7s  ", "-");
}

static void add_earlier(struct strbuf *out, const json_t *group, const json_t *earlier)
{
    int64_t questions = number_at(earlier, "questions"), now = number_at(group, "questions");
    add_share(out, number_at(earlier, "exact"), questions);
    if (questions > 0 && now > 0)
        strbuf_printf(out, "  %+7.1f",
                      100.0 * ((double)number_at(group, "exact") / (double)now -
                               (double)number_at(earlier, "exact") / (double)questions));
}

static void add_group(struct strbuf *out, const char *name, const json_t *group,
                      const json_t *earlier, bool compares)
{
    int64_t questions = number_at(group, "questions"), answered = number_at(group, "answered");
    strbuf_printf(out, "%-*.*s %9lld", NAME_WIDTH_MAX, NAME_WIDTH_MAX, name, (long long)questions);
    add_share(out, answered, questions);
    add_share(out, number_at(group, "exact"), questions);
    add_share(out, number_at(group, "lenient"), questions);
    add_share(out, number_at(group, "exact"), answered);
    if (compares)
        add_earlier(out, group, earlier);
    strbuf_add_char(out, '\n');
}

/* easy, medium, hard, extra; then by name. */
static int rank_of(const char *name)
{
    static const char *const known[] = {"easy", "medium", "hard", "extra"};
    int rank = 0;
    while (rank < 4 && strcmp(known[rank], name) != 0)
        rank++;
    return rank;
}

static int compare_names(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = rank_of(x) - rank_of(y);
    return order != 0 ? order : strcmp(x, y);
}

static void add_groups(struct strbuf *out, const json_t *report, const json_t *earlier,
                       const char *kind)
{
    json_t *groups = json_object_get(report, kind), *group;
    const json_t *other = json_object_get(earlier, kind);
    const char **names = xcalloc(json_object_size(groups) + 1, sizeof(*names)), *name;
    size_t count = 0;
    json_object_foreach(groups, name, group) names[count++] = name;
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++)
        add_group(out, names[i], json_object_get(groups, names[i]),
                  json_object_get(other, names[i]), earlier != NULL);
    free(names);
}

static void add_head(struct strbuf *out, const char *title, bool compares)
{
    strbuf_printf(out, "\n%-*s %9s  %9s  %9s  %9s  %9s", NAME_WIDTH_MAX, title, "questions",
                  "answered", "accuracy", "lenient", "precision");
    strbuf_printf(out, "%s\n", compares ? "    earlier   change" : "");
}

static void add_title(struct strbuf *out, const json_t *report)
{
    const char *scope = text_at(report, "scope", NULL), *source = text_at(report, "source", "-");
    int64_t asked = number_at(json_object_get(report, "all"), "questions");
    strbuf_printf(out, "%s: %lld of %lld questions", text_at(report, "set", "-"), (long long)asked,
                  (long long)number_at(report, "questions_of_the_set"));
    if (scope)
        strbuf_printf(out, ", answered by %s over %s", source,
                      strcmp(scope, "all") == 0 ? "all databases at once" : "each one's database");
    else
        strbuf_add(out, ", predictions of a file");
    if (number_at(report, "not_judged") > 0)
        strbuf_printf(out, "; %lld can't be judged", (long long)number_at(report, "not_judged"));
    strbuf_add(out, json_is_true(json_object_get(report, "stopped")) ? "; stopped before the end\n"
                                                                     : "\n");
}

static void add_counts(struct strbuf *out, const char *title, const json_t *counts)
{
    const char *name, *before = title;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)counts, name, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        strbuf_printf(out, "%s%lld %s", before, (long long)json_integer_value(value), name);
        before = ", ";
    }
    strbuf_add(out, before != title ? "\n" : "");
}

static void add_costs(struct strbuf *out, const json_t *report, const char *when)
{
    const json_t *latency = json_object_get(report, "latency_ms");
    const json_t *tokens = json_object_get(report, "tokens");
    if (!latency)
        return;
    strbuf_printf(out, "%stime a question: mean %.1f ms, p50 %.1f, p90 %.1f, p99 %.1f, max %.1f\n",
                  when, json_number_value(json_object_get(latency, "mean")),
                  json_number_value(json_object_get(latency, "p50")),
                  json_number_value(json_object_get(latency, "p90")),
                  json_number_value(json_object_get(latency, "p99")),
                  json_number_value(json_object_get(latency, "max")));
    if (number_at(tokens, "input") + number_at(tokens, "output") > 0)
        strbuf_printf(out, "%stokens: %lld in, %lld out; cost %.4f\n", when,
                      (long long)number_at(tokens, "input"), (long long)number_at(tokens, "output"),
                      json_number_value(json_object_get(report, "cost")));
}

/* ---- changes of single questions ---- */

static json_t *verdicts_by_id(const json_t *report)
{
    json_t *by_id = json_object(), *verdict;
    size_t i;
    json_array_foreach(json_object_get(report, "verdicts"), i, verdict)
    {
        const char *id = json_string_value(json_object_get(verdict, "id"));
        if (id)
            json_object_set(by_id, id, verdict);
    }
    return by_id;
}

static bool is_exact(const json_t *verdict)
{
    return json_is_true(json_object_get(verdict, "exact"));
}

static void add_changes(struct strbuf *out, const json_t *report, const json_t *before,
                        bool now_right)
{
    const json_t *verdict;
    size_t i, found = 0;
    json_array_foreach(json_object_get(report, "verdicts"), i, verdict)
    {
        const char *id = json_string_value(json_object_get(verdict, "id"));
        const json_t *other = id ? json_object_get(before, id) : NULL;
        if (!other || is_exact(verdict) != now_right || is_exact(other) == now_right)
            continue;
        if (found == 0)
            strbuf_add(out, now_right ? "right now, not earlier:" : "right earlier, not now:");
        if (found++ < CHANGES_SHOWN)
            strbuf_printf(out, " %s", id);
    }
    if (found > CHANGES_SHOWN)
        strbuf_printf(out, " and %zu more", found - CHANGES_SHOWN);
    strbuf_add(out, found > 0 ? "\n" : "");
}

/* Shares of other questions can't be compared. */
static void add_difference(struct strbuf *out, const json_t *report, const json_t *earlier)
{
    json_t *now = verdicts_by_id(report), *before = verdicts_by_id(earlier), *verdict;
    const char *id;
    size_t shared = 0;
    json_object_foreach(now, id, verdict) shared += json_object_get(before, id) != NULL;
    size_t now_count = json_object_size(now), before_count = json_object_size(before);
    if (now_count != shared || before_count != shared)
        strbuf_printf(out,
                      "note: these are not the same questions (%zu now, %zu earlier, %zu in both): "
                      "the change is of both, answers and questions\n",
                      now_count, before_count, shared);
    json_decref(now);
    json_decref(before);
}

void eval_report_print(const json_t *report, const json_t *earlier, struct strbuf *out)
{
    bool compares = earlier != NULL;
    add_title(out, report);
    add_head(out, "difficulty", compares);
    add_groups(out, report, earlier, "difficulty");
    add_group(out, "all", json_object_get(report, "all"), json_object_get(earlier, "all"),
              compares);
    if (json_object_size(json_object_get(report, "tags")) > 0) {
        add_head(out, "tag", compares);
        add_groups(out, report, earlier, "tags");
    }
    strbuf_add_char(out, '\n');
    add_counts(out, "not right: ", json_object_get(report, "reasons"));
    add_counts(out, "failures: ", json_object_get(report, "failures"));
    add_costs(out, report, "");
    if (!compares)
        return;
    add_difference(out, report, earlier);
    add_counts(out, "earlier not right: ", json_object_get(earlier, "reasons"));
    add_costs(out, earlier, "earlier ");
    json_t *before = verdicts_by_id(earlier);
    add_changes(out, report, before, true);
    add_changes(out, report, before, false);
    json_decref(before);
}
