/* SPDX-License-Identifier: Apache-2.0 */
/* server_problem.c and server_check.c: what is the same of all models' servers. */
#include "net_support.h"

#include "net/server_check.h"
#include "net/server_problem.h"
#include "net/upstream.h"

static const struct server_names names = {"The server", "model-a", "SOME_KEY", "gives nothing"};

static struct server_problem read_problem(const char *body, int status, struct arena *arena)
{
    struct endpoint endpoint = {.arena = arena};
    endpoint_add_secret_header(&endpoint, "x-key", "", "secret-0123456789");
    json_t *document = json_loads(body, JSON_DECODE_ANY, NULL);
    struct server_problem problem = server_problem_read(&endpoint, status, document, arena);
    json_decref(document);
    return problem;
}

static void a_problem_is_read_in_each_shape(void **state)
{
    static const struct {
        const char *body, *type, *code, *message, *param;
    } rows[] = {
        {"{\"error\":{\"type\":\"t\",\"code\":\"c\",\"message\":\"m\",\"param\":\"p\"}}", "t", "c",
         "m", "p"},
        {"{\"error\":{\"code\":400,\"message\":\"m\"}}", "", "400", "m", ""},
        {"{\"error\":{\"code\":\"c\",\"details\":{\"error_code\":\"d\"}}}", "", "d", "", ""},
        {"{\"error\":\"words\",\"type\":\"t\"}", "t", "", "words", ""},
        {"{\"error\":\"\",\"detail\":\"d\"}", "", "", "d", ""},
        {"{\"object\":\"error\",\"message\":\"m\",\"code\":7}", "", "7", "m", ""},
        {"{\"error\":{\"message\":\"a\\nb secret-0123456789!\"}}", "", "", "a b ***!", ""},
        {"{\"error\":{\"type\":[1],\"code\":null,\"message\":{}}}", "", "", "", ""},
        {"{\"error\":[\"m\"]}", "", "", "", ""},
        {"[\"error\"]", "", "", "", ""},
        {"\"error\"", "", "", "", ""},
        {"nonsense", "", "", "", ""},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct server_problem problem = read_problem(rows[i].body, 400, arena);
        assert_int_equal(problem.status, 400);
        assert_string_equal(problem.type, rows[i].type);
        assert_string_equal(problem.code, rows[i].code);
        assert_string_equal(problem.message, rows[i].message);
        assert_string_equal(problem.param, rows[i].param);
    }
    arena_free(arena);
}

static void each_kind_has_its_sentence(void **state)
{
    static const struct {
        struct server_problem problem;
        bool spent, failing;
        const char *words;
    } rows[] = {
        {{402, "", "", "", ""},
         true,
         false,
         "no money left or that a spending limit is reached (402)"},
        {{429, "", "contract_spend_limit_reached", "", ""}, true, false, "spending limit"},
        {{429, "insufficient_quota", "", "", ""}, true, false, "use another key"},
        {{500, "billing_error", "", "", ""}, true, true, "no money left"},
        {{429, "", "rate_limit_exceeded", "", ""}, false, false, "also at try 3; try again later"},
        {{403, "", "", "", ""},
         false,
         false,
         "let this key use 'model-a' (403); give the key the right to it, or set SOME_KEY"},
        {{408, "", "", "", ""}, false, true, "failing (408), also at try 3"},
        {{409, "", "", "", ""}, false, true, "failing (409)"},
        {{499, "", "", "", ""}, false, false, "The server gives nothing (499)"},
        {{500, "", "", "busy", ""}, false, true, "failing (500), also at try 3: busy"},
        {{418, "", "", "tea", ""}, false, false, "The server gives nothing (418): tea"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error err = {0};
        assert_int_equal(server_problem_is_spent(&rows[i].problem), rows[i].spent);
        assert_int_equal(server_problem_is_failing(&rows[i].problem), rows[i].failing);
        assert_false(server_problem_explain(&rows[i].problem, &names, 3, &err));
        assert_int_equal(err.code, ERROR_MODEL);
        if (!strstr(err.message, rows[i].words))
            fail_msg("not '%s' in: %s", rows[i].words, err.message);
    }
}

struct reach {
    struct server_check rows[SERVER_CHECKS_MAX];
    struct server_checks found;
    bool ok;
};

/* What the server at the port is found to be; outside of a task. */
static void reach(struct reach *reach, int port)
{
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    const struct fetch_request request = {
        .upstream = upstream, .method = "GET", .url = url, .failure = ERROR_MODEL};
    struct fetch_response response = {0};
    *reach = (struct reach){.found.arena = arena_new()};
    reach->found.rows = reach->rows;
    reach->ok = server_check_reach(&reach->found, &request, "the.host", "SOME_URL", &response);
    upstream_close(upstream);
}

static void assert_row(const struct reach *reach, size_t row, const char *what, bool ok,
                       const char *words)
{
    assert_true(row < reach->found.count);
    assert_string_equal(reach->rows[row].what, what);
    assert_int_equal(reach->rows[row].ok, ok);
    assert_false(reach->rows[row].odd);
    if (!strstr(reach->rows[row].words, words))
        fail_msg("not '%s' in: %s", words, reach->rows[row].words);
}

static void clocks_are_compared(void **state)
{
    static const struct {
        int skew_s; /* of the server's clock */
        bool ok;
        const char *words;
    } rows[] = {{0, true, "agrees"},
                {30, true, "agrees"},
                {-30, true, "agrees"},
                {100, false, "s behind the server's; set it"},
                {-100, false, "s ahead of the server's; set it"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char date[64], text[192];
        time_t theirs = time(NULL) + rows[i].skew_s;
        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&theirs));
        snprintf(text, sizeof(text), "HTTP/1.1 404 No\r\ndate: %s\r\ncontent-length: 0\r\n\r\n",
                 date);
        struct peer *peer = PEER_START({.bytes = text});
        struct reach found;
        reach(&found, peer->port);
        assert_true(found.ok);
        assert_row(&found, 0, "reached", true, "the.host, in ");
        assert_row(&found, 1, "clock", rows[i].ok, rows[i].words);
        assert_int_equal(found.found.count, 2);
        arena_free(found.found.arena);
        peer_stop(peer);
    }
}

static void a_server_without_a_clock_is_reached(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK}); /* no Date */
    struct reach found;
    reach(&found, peer->port);
    assert_true(found.ok);
    assert_int_equal(found.found.count, 1);
    arena_free(found.found.arena);
    peer_stop(peer);
}

static void a_server_that_is_away_is_told(void **state)
{
    int port, fd = peer_bind(&port); /* not listening */
    struct reach found;
    reach(&found, port);
    assert_false(found.ok);
    assert_int_equal(found.found.count, 1);
    assert_row(&found, 0, "reached", false, "; check the network and SOME_URL");
    arena_free(found.found.arena);
    close(fd);
}

static void rows_beyond_the_limit_are_left_out(void **state)
{
    struct server_check rows[SERVER_CHECKS_MAX + 1] = {0};
    struct server_checks checks = {.rows = rows};
    for (size_t i = 0; i < SERVER_CHECKS_MAX + 1; i++)
        server_check_add(&checks, "key", true, "taken");
    assert_int_equal(checks.count, SERVER_CHECKS_MAX);
    assert_non_null(rows[SERVER_CHECKS_MAX - 1].what);
    assert_null(rows[SERVER_CHECKS_MAX].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_read_in_each_shape),
        cmocka_unit_test(each_kind_has_its_sentence),
        cmocka_unit_test(clocks_are_compared),
        cmocka_unit_test(a_server_without_a_clock_is_reached),
        cmocka_unit_test(a_server_that_is_away_is_told),
        cmocka_unit_test(rows_beyond_the_limit_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
