/* SPDX-License-Identifier: Apache-2.0 */
/* From the head and body of a request to its handler: routing and validation, without the network.
 */
#include <string.h>

#include "api/models.h"
#include "api/route.h"
#include "bench.h"

#define ROUNDS 9
#define REQUESTS 20000

/* A handler that keeps the request, so that nothing is replied. */
static void keep(struct api_request *request)
{
}

static const struct field user_fields[] = {
    {"user_id", FIELD_STRING, .required = true},
    {"limit", FIELD_INTEGER, .fallback = "50", .bounded = true, .minimum = 1, .maximum = 100},
};
static const struct route health = {"GET", "/health", "health", .handle = keep};
static const struct route stream = {"POST", "/api/v1/query/stream", "stream", .handle = keep,
                                    .body = &model_query_request};
static const struct route query = {"POST", "/api/v1/query", "query", .handle = keep,
                                   .body = &model_query_request};
static const struct route users = {"GET",
                                   "/api/v1/conversations/{user_id}",
                                   "users",
                                   .handle = keep,
                                   .parameters = user_fields,
                                   .path_parameter_count = 1,
                                   .parameter_count = 2};
static const struct route *const routes[] = {&health, &stream, &users, &query};

static double measure(const char *method, const char *path, const char *parameters,
                      const char *body)
{
    static const struct http_header headers[] = {
        {STR("Host"), STR("127.0.0.1:8000")},     {STR("User-Agent"), STR("bench")},
        {STR("Accept"), STR("application/json")}, {STR("Content-Type"), STR("application/json")},
        {STR("Origin"), STR("http://page.test")},
    };
    double from = bench_cpu_us();
    for (size_t i = 0; i < REQUESTS; i++) {
        struct arena *arena = arena_new();
        struct http_exchange *exchange = arena_alloc(arena, sizeof(*exchange));
        *exchange = (struct http_exchange){.arena = arena,
                                           .method = str_from(method),
                                           .path = str_from(path),
                                           .query = str_from(parameters),
                                           .body = str_from(body),
                                           .headers = headers,
                                           .header_count = sizeof(headers) / sizeof(headers[0]),
                                           .peer = "127.0.0.1"};
        routes_dispatch(NULL, routes, sizeof(routes) / sizeof(routes[0]), exchange);
        arena_free(arena);
    }
    return (bench_cpu_us() - from) / REQUESTS;
}

static void print_row(const char *figure, const char *method, const char *path,
                      const char *parameters, const char *body)
{
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        rounds[i] = measure(method, path, parameters, body);
    bench_print(&(struct bench_row){figure, BENCH_MICROSECONDS, rounds, NULL, NULL, ROUNDS, 10});
}

int main(void)
{
    print_row("a question routed and validated", "POST", "/api/v1/query", "",
              "{\"query\": \"What is the revenue by region?\", \"user_id\": \"ana\", "
              "\"conversation_id\": null, \"agent_config\": {\"use_cache\": true, "
              "\"dataset_filter\": [\"sales\"]}}");
    print_row("a path and its parameters read", "GET", "/api/v1/conversations/ana", "limit=20", "");
    return 0;
}
