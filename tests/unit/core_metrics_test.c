/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/metrics.h"

#define THREADS 20 /* more than there are copies of the counters */
#define ROUNDS 20000

static void print_index(void *context, unsigned index, struct strbuf *out)
{
    char value[32];
    snprintf(value, sizeof(value), "v%u", index);
    metrics_add_label(out, "x", value);
}

static struct strbuf printed(void)
{
    static const unsigned counts[METRIC_LABEL_KINDS] = {
#define LABEL(symbol, count, names) count,
        METRIC_LABELS(LABEL)
#undef LABEL
    };
    struct metric_label_names names[METRIC_LABEL_KINDS];
    for (unsigned i = 0; i < METRIC_LABEL_KINDS; i++)
        names[i] = (struct metric_label_names){counts[i], print_index};
    struct strbuf out = strbuf_init((size_t)16 * 1024 * 1024);
    metrics_print(&out, names, NULL);
    assert_true(strbuf_ok(&out));
    return out;
}

static void assert_line(const char *line)
{
    struct strbuf out = printed();
    const char *found = strstr(strbuf_text(&out), line);
    if (!found)
        fail_msg("no line '%s' in:\n%.4000s", line, strbuf_text(&out));
    strbuf_clear(&out);
}

static void *count_much(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        metrics_add(METRIC_REPAIRS, 0, 0, 1);
        metrics_add(METRIC_HTTP_STREAMS, 0, 0, i % 2 ? -1 : 1);
        metrics_observe(METRIC_STEP_DURATION, i % METRIC_STEP_MAX, i);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    pthread_t threads[THREADS];
    int64_t repairs = metrics_read(METRIC_REPAIRS, 0, 0), steps = 0;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < METRIC_STEP_MAX; i++)
        steps += metrics_read(METRIC_STEP_DURATION, i, 0);
    assert_int_equal(metrics_read(METRIC_REPAIRS, 0, 0), repairs + THREADS * ROUNDS);
    assert_int_equal(metrics_read(METRIC_HTTP_STREAMS, 0, 0), 0);
    assert_int_equal(steps, THREADS * ROUNDS);
}

/* Both sides of a bound; 0; what is above all bounds; sums that aren't whole seconds. */
static void test_buckets(void **state)
{
    metrics_observe(METRIC_STORE_DURATION, 0, 0);
    metrics_observe(METRIC_STORE_DURATION, 0, 100);
    metrics_observe(METRIC_STORE_DURATION, 0, 101);
    metrics_observe(METRIC_STORE_DURATION, 0, 120000001);
    assert_line("# TYPE querent_store_write_duration_seconds histogram\n"
                "querent_store_write_duration_seconds_bucket{le=\"0.0001\"} 2\n"
                "querent_store_write_duration_seconds_bucket{le=\"0.00025\"} 3\n");
    assert_line("querent_store_write_duration_seconds_bucket{le=\"120\"} 3\n"
                "querent_store_write_duration_seconds_bucket{le=\"+Inf\"} 4\n"
                "querent_store_write_duration_seconds_sum 120.000202\n"
                "querent_store_write_duration_seconds_count 4\n");
    metrics_observe(METRIC_STORE_GROUP, 0, 3);
    assert_line("querent_store_write_group_changes_bucket{le=\"2\"} 0\n"
                "querent_store_write_group_changes_bucket{le=\"4\"} 1\n");
}

/* A value that no clock gives must not make the sum wrap around. */
static void test_huge_value(void **state)
{
    metrics_observe(METRIC_RUN_DURATION, 0, UINT64_MAX);
    assert_line("querent_run_duration_seconds_bucket{x=\"v0\",le=\"+Inf\"} 1\n"
                "querent_run_duration_seconds_sum{x=\"v0\"} 4611686018427.387903\n");
}

static void test_labels(void **state)
{
    metrics_add(METRIC_CACHE_LOOKUPS, 2, 1, 7);
    assert_line("querent_cache_lookups_total{x=\"v2\",x=\"v1\"} 7\n");
    /* Of few series, also those that were not counted: a rate needs a beginning. */
    assert_line("querent_cache_lookups_total{x=\"v2\",x=\"v2\"} 0\n");
    struct strbuf out = printed();
    assert_null(strstr(strbuf_text(&out), "querent_http_requests_total{"));
    strbuf_clear(&out);
    /* Out of range is the last one, never another metric's. */
    int64_t before = metrics_read(METRIC_HTTP_DURATION, 0, 0);
    metrics_add(METRIC_HTTP_REQUESTS, METRIC_ENDPOINT_MAX, METRIC_STATUS_MAX, 1);
    assert_int_equal(
        metrics_read(METRIC_HTTP_REQUESTS, METRIC_ENDPOINT_MAX - 1, METRIC_STATUS_MAX - 1), 1);
    assert_int_equal(metrics_read(METRIC_HTTP_DURATION, 0, 0), before);
}

static void test_escapes(void **state)
{
    struct strbuf out = strbuf_init(256);
    strbuf_add_char(&out, '{');
    metrics_add_label(&out, "a", "x\\y\"z\n");
    metrics_add_label(&out, "b", "");
    assert_string_equal(strbuf_text(&out), "{a=\"x\\\\y\\\"z\\n\",b=\"\"");
    strbuf_clear(&out);
}

static void test_set(void **state)
{
    metrics_set(METRIC_CPU, 0, 0, 1500000);
    metrics_set(METRIC_CPU, 0, 0, 2500000);
    assert_line("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 2.5\n");
}

static void test_page_is_fresh(void **state)
{
    struct strbuf page = strbuf_init((size_t)1024 * 1024);
    metrics_print_markdown(&page);
    FILE *file = fopen("docs/metrics.md", "r");
    assert_non_null(file);
    char *text = test_malloc((size_t)1024 * 1024);
    size_t length = fread(text, 1, (size_t)1024 * 1024 - 1, file);
    text[length] = '\0';
    fclose(file);
    if (strcmp(text, strbuf_text(&page)) != 0)
        fail_msg("docs/metrics.md is stale: run `make docs`");
    test_free(text);
    strbuf_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_threads),  cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_huge_value),    cmocka_unit_test(test_labels),
        cmocka_unit_test(test_escapes),       cmocka_unit_test(test_set),
        cmocka_unit_test(test_page_is_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
