/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log.h"
#include "core/metrics.h"
#include "core/str.h"
#include "task/task.h"

static int output;
static off_t logged_before;
static char lines[1024 * 1024];

static int open_output(void **state)
{
    output = memfd_create("log", 0);
    logged_before = 0;
    log_set_output(output);
    log_set_level(LOG_DEBUG);
    log_set_format(LOG_JSON);
    memset(log_context(), 0, sizeof(struct log_context));
    return output < 0;
}

static int close_output(void **state)
{
    log_set_output(STDERR_FILENO);
    log_forget_secrets();
    return close(output);
}

/* What was logged since the last call. */
static const char *logged(void)
{
    ssize_t length = pread(output, lines, sizeof(lines) - 1, logged_before);
    assert_true(length >= 0);
    lines[length] = '\0';
    logged_before += length;
    return lines;
}

static json_t *logged_json(void)
{
    json_error_t error;
    json_t *line = json_loads(logged(), 0, &error);
    if (!line)
        fail_msg("%s: %s", error.text, lines);
    return line;
}

static const char *member(json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void writes_json_lines(void **state)
{
    log_context_set("query_0123456789abcdef", "0af7651916cd43dd8448eb211c80319c");
    log_fields(LOG_WARN, "it \"broke\"\n",
               LOG_FIELDS(log_text("path", "a\\b\x1b[31m"), log_integer("rows", INT64_MIN),
                          log_double("share", 0.1), log_double("odd", NAN),
                          log_text("none", NULL)));
    json_t *line = logged_json();
    assert_string_equal(member(line, "level"), "warn");
    assert_string_equal(member(line, "message"), "it \"broke\"\n");
    assert_string_equal(member(line, "run"), "query_0123456789abcdef");
    assert_string_equal(member(line, "trace"), "0af7651916cd43dd8448eb211c80319c");
    assert_string_equal(member(line, "path"), "a\\b\x1b[31m");
    assert_int_equal(json_integer_value(json_object_get(line, "rows")), INT64_MIN);
    assert_true(json_real_value(json_object_get(line, "share")) == 0.1);
    assert_true(json_is_null(json_object_get(line, "odd")));
    assert_true(json_is_null(json_object_get(line, "none")));
    assert_int_equal(strlen(member(line, "time")), 24);
    assert_null(strchr(lines, 0x1b));
    json_decref(line);
}

static void writes_text_lines(void **state)
{
    log_set_format(LOG_TEXT);
    log_fields(LOG_INFO, "statement \x1b[2J ran\r\n",
               LOG_FIELDS(log_text("engine", "duckdb"), log_text("why", "a \"b\"\t\xc2\x9b\xff"),
                          log_text("empty", ""), log_integer("rows", 7)));
    const char *line = logged();
    assert_non_null(strstr(line, "Z info  statement \\x1b[2J ran\\x0d\\n engine=duckdb "));
    assert_non_null(strstr(line, "why=\"a \\\"b\\\"\\t\\xc2\\x9b\\xff\" empty=\"\" rows=7\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void keeps_levels(void **state)
{
    log_set_level(LOG_WARN);
    assert_false(log_enabled(LOG_INFO));
    assert_true(log_enabled(LOG_WARN));
    log_info("not this");
    log_debug("nor this");
    assert_string_equal(logged(), "");
    log_error("file '%s' is gone", "x");
    json_t *line = logged_json();
    assert_string_equal(member(line, "message"), "file 'x' is gone");
    assert_string_equal(member(line, "level"), "error");
    json_decref(line);
}

static void masks_secrets_everywhere(void **state)
{
    static const enum log_format formats[] = {LOG_TEXT, LOG_JSON};
    log_add_secret("s3cr3t");
    log_add_secret("s3cr3t-and-more");
    log_add_secret("s3cr3t");
    log_add_secret("quo\"te\n");
    log_add_secret("abc"); /* too short to be one */
    for (size_t i = 0; i < 2; i++) {
        log_set_format(formats[i]);
        log_context_set("s3cr3t", "");
        log_fields(LOG_ERROR, "xs3cr3ty, s3cr3t-and-more, s3cr3",
                   LOG_FIELDS(log_text("a", "s3cr3ts3cr3t"), log_text("b", "-quo\"te\n-"),
                              log_text("c", "abc")));
        const char *line = logged();
        assert_null(strstr(line, "s3cr3t"));
        assert_null(strstr(line, "and-more"));
        assert_null(strstr(line, "quo"));
        assert_non_null(strstr(line, "x***y, ***, s3cr3"));
        assert_non_null(strstr(line, "-***-"));
        assert_non_null(strstr(line, "abc"));
    }
}

/* One that a caller sends where it does not belong was never registered. */
static void masks_what_has_the_form_of_a_key(void **state)
{
    log_fields(LOG_INFO,
               "/keys/qk_0123456789ab_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff/x",
               LOG_FIELDS(log_text("prefix", "qk_0123456789ab"),
                          log_text("cut", "qk_0123456789ab_00112233")));
    const char *line = logged();
    assert_null(strstr(line, "00112233"));
    assert_non_null(strstr(line, "/keys/***/x"));
    assert_non_null(strstr(line, "qk_0123456789ab\"")); /* what tells keys apart is no secret */
}

static void cuts_long_values_at_a_character(void **state)
{
    static char text[LOG_VALUE_MAX + 2];
    memset(text, 'x', LOG_VALUE_MAX);
    log_fields(LOG_INFO, text, NULL, 0);
    json_t *line = logged_json();
    assert_int_equal(strlen(member(line, "message")), LOG_VALUE_MAX);
    json_decref(line);
    text[LOG_VALUE_MAX] = 'x';
    log_fields(LOG_INFO, text, NULL, 0);
    line = logged_json();
    assert_int_equal(strlen(member(line, "message")), LOG_VALUE_MAX + 3);
    assert_true(str_ends(str_from(member(line, "message")), STR("x...")));
    json_decref(line);
    memcpy(text + LOG_VALUE_MAX - 1, "\xc3\xa9", 2);
    log_fields(LOG_INFO, text, NULL, 0);
    line = logged_json();
    assert_true(str_ends(str_from(member(line, "message")), STR("x...")));
    assert_null(strstr(lines, "\xef\xbf\xbd"));
    json_decref(line);
}

static void a_secret_at_the_cut_does_not_leak(void **state)
{
    static char text[LOG_VALUE_MAX + 32];
    log_add_secret("top-s3cr3t");
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text + LOG_VALUE_MAX - 5, "top-s3cr3t", 10);
    log_fields(LOG_INFO, text, NULL, 0);
    assert_null(strstr(logged(), "top"));
}

static void lines_have_a_maximum(void **state)
{
    static char wild[LOG_VALUE_MAX + 1];
    memset(wild, 1, LOG_VALUE_MAX);
    static const enum log_format formats[] = {LOG_TEXT, LOG_JSON};
    for (size_t i = 0; i < 2; i++) {
        log_set_format(formats[i]);
        log_fields(LOG_INFO, wild, LOG_FIELDS(log_text("a", wild), log_text("b", wild)));
        const char *line = logged();
        assert_true(strlen(line) <= LOG_LINE_MAX);
        assert_non_null(strstr(line, "cut"));
        assert_true(line[strlen(line) - 1] == '\n');
    }
    json_error_t error;
    json_t *json = json_loads(lines, 0, &error);
    assert_non_null(json);
    json_decref(json);
}

static void keeps_errno(void **state)
{
    errno = ENOENT;
    log_error("x");
    assert_int_equal(errno, ENOENT);
}

static void *log_many(void *arg)
{
    log_context_set(arg, NULL);
    for (int i = 0; i < 200; i++)
        log_info("line %d", i);
    return NULL;
}

static void threads_keep_lines_whole(void **state)
{
    pthread_t threads[4];
    const char *runs[4] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, log_many, (void *)(uintptr_t)runs[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct str rest = str_from(logged()), part;
    int count = 0;
    while (str_split(&rest, '\n', &part) && part.length > 0) {
        json_error_t error;
        json_t *line = json_loadb(part.bytes, part.length, 0, &error);
        assert_non_null(line);
        assert_int_equal(strlen(member(line, "run")), 1);
        json_decref(line);
        count++;
    }
    assert_int_equal(count, 800);
}

static void log_on_thread(void *arg)
{
    log_info("in the pool");
}

static void log_in_child(void *arg)
{
    log_context_set(NULL, "child");
    log_info("in the child");
}

static bool log_in_task(void *arg, struct error *err)
{
    log_context_set("query_1", "trace");
    struct task *child = task_start(task_loop(task_current()), NULL, log_in_child, NULL, err);
    if (!child || !task_join(child, err))
        return false;
    return task_offload(log_on_thread, NULL, err);
}

static void tasks_and_their_work_have_a_context(void **state)
{
    struct error err = {0};
    log_set_format(LOG_TEXT);
    assert_true(task_run_main(NULL, log_in_task, NULL, &err));
    const char *text = logged();
    assert_non_null(strstr(text, "in the child run=query_1 trace=child\n"));
    assert_non_null(strstr(text, "in the pool run=query_1 trace=trace\n"));
    log_info("outside");
    assert_non_null(strstr(logged(), "outside\n"));
}

static bool hold_up(void *arg, struct error *err)
{
    for (int i = 0; i < 2; i++) {
        usleep(30 * 1000); /* blocks, as a task must not */
        if (!task_yield(err))
            return false;
    }
    return true;
}

static void a_task_that_holds_up_its_loop_is_logged_once(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "greedy"};
    assert_true(task_run_main(&options, hold_up, NULL, &err));
    json_t *line = logged_json(); /* exactly one line */
    assert_string_equal(member(line, "message"), "a task held up its loop");
    assert_string_equal(member(line, "task"), "greedy");
    assert_true(json_integer_value(json_object_get(line, "ms")) > 20);
    json_decref(line);
}

#define LOG_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_output, close_output)

/* Some terminals obey U+0085, some readers end a line at U+2028: neither is written as it is. */
static void escapes_what_ends_lines_elsewhere(void **state)
{
    log_fields(LOG_WARN, "odd", LOG_FIELDS(log_text("name", "a\xc2\x85" "b\u2028\u2029c\u00e9")));
    const char *line = logged();
    assert_non_null(strstr(line, "\"a\\u0085b\\u2028\\u2029c\u00e9\""));
    log_set_format(LOG_TEXT);
    log_fields(LOG_WARN, "odd", LOG_FIELDS(log_text("name", "a\xc2\x85" "b\u2028c\u00e9")));
    line = logged();
    assert_non_null(strstr(line, "name=\"a\\xc2\\x85b\\xe2\\x80\\xa8c\u00e9\""));
}

static void records_at_any_level(void **state)
{
    log_set_level(LOG_ERROR);
    log_record(LOG_INFO, "request", NULL, 0);
    assert_non_null(strstr(logged(), "\"level\":\"info\",\"message\":\"request\""));
}

/* The lines come whole, in their order, and all of them when the writer is stopped. */
static void a_writer_writes_all_lines(void **state)
{
    struct error err = {0};
    assert_true(log_writer_start((size_t)1024 * 1024, &err));
    for (int i = 0; i < 2000; i++)
        log_record(LOG_INFO, "line", LOG_FIELDS(log_integer("number", i)));
    log_writer_stop(5000);
    const char *text = logged();
    for (int i = 0; i < 2000; i++) {
        char number[32];
        snprintf(number, sizeof(number), "\"number\":%d}\n", i);
        text = strstr(text, number);
        assert_non_null(text);
    }
    log_record(LOG_INFO, "after", NULL, 0);
    assert_non_null(strstr(logged(), "after"));
    log_writer_stop(5000); /* nothing to do */
}

static void held_lines_come_when_they_are_released(void **state)
{
    log_hold();
    log_hold();
    log_record(LOG_INFO, "one", NULL, 0);
    for (int i = 0; i < 20000; i++)
        log_record(LOG_INFO, "more than there is room for", NULL, 0);
    assert_string_equal(logged(), "");
    log_release();
    const char *text = logged();
    assert_non_null(strstr(text, "\"one\""));
    assert_true(strlen(text) < (size_t)64 * 1024 + 1);
    assert_int_equal(text[strlen(text) - 1], '\n');
    log_release(); /* nothing to do */
    log_record(LOG_INFO, "after", NULL, 0);
    assert_non_null(strstr(logged(), "after"));
}

static void nobody_waits_for_a_reader(void **state)
{
    struct error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_set_output(ends[1]);
    int64_t lost_before = metrics_read(METRIC_LOG_DROPPED, 0, 0);
    assert_true(log_writer_start((size_t)64 * 1024, &err));
    for (int i = 0; i < 20000; i++)
        log_record(LOG_INFO, "line", LOG_FIELDS(log_integer("number", i)));
    assert_true(metrics_read(METRIC_LOG_DROPPED, 0, 0) > lost_before);
    /* Once the reader takes some, it is told of the loss. */
    static char text[4 * 1024 * 1024];
    size_t length = 0;
    do {
        ssize_t got = read(ends[0], text + length, sizeof(text) - 1 - length);
        assert_true(got > 0);
        length += (size_t)got;
        text[length] = '\0';
    } while (!strstr(text, "lines of the log were lost"));
    assert_non_null(strstr(text, "\"number\":0}\n"));
    for (int i = 0; i < 20000; i++)
        log_record(LOG_INFO, "line", NULL, 0);
    log_writer_stop(50); /* does not wait for it either */
    log_set_output(output);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(writes_json_lines),
        LOG_TEST(writes_text_lines),
        LOG_TEST(keeps_levels),
        LOG_TEST(masks_secrets_everywhere),
        LOG_TEST(masks_what_has_the_form_of_a_key),
        LOG_TEST(cuts_long_values_at_a_character),
        LOG_TEST(a_secret_at_the_cut_does_not_leak),
        LOG_TEST(lines_have_a_maximum),
        LOG_TEST(keeps_errno),
        LOG_TEST(threads_keep_lines_whole),
        LOG_TEST(tasks_and_their_work_have_a_context),
        LOG_TEST(a_task_that_holds_up_its_loop_is_logged_once),
        LOG_TEST(escapes_what_ends_lines_elsewhere),
        LOG_TEST(records_at_any_level),
        LOG_TEST(a_writer_writes_all_lines),
        LOG_TEST(held_lines_come_when_they_are_released),
        LOG_TEST(nobody_waits_for_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
