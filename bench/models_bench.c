/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that a language model answers: our own CPU of one, with a stand-in for Claude that answers at
 * once and a fake engine, beside the plan's stack with stand-ins of its own; what 10,000 runs hold
 * that wait for a model; and how long the model's first word takes through the server to the reader.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/routes.h"
#include "audience.h"
#include "bench.h"
#include "core/clock.h"
#include "core/json.h"
#include "http/server.h"
#include "load.h"
#include "plan_stack.h"
#include "served.h"

#define ROUNDS 5
#define CONNECTIONS 32
#define QUESTIONS 300
#define PEER_QUESTIONS 60
#define STREAMS 10000
#define RUNS 256 /* at once; the others wait for their turn */
#define FIRST_WORDS 40 /* in a round */

/* The run's start; two steps begun and done, the third begun: it waits for the model. */
#define EVENTS_WHEN_QUEUED 1
#define EVENTS_WHEN_WAITING 6

/* ---- the stand-in's process ---- */

/* When the first word of the last answer left, for the measuring process. */
static _Atomic uint64_t *first_word_us;

static const char sql[] = "SELECT region, sum(revenue) AS revenue FROM orders GROUP BY region";
static const char answer[] = "North has the highest revenue with 410, South follows with 320.";

struct held {
    struct http_exchange *exchange;
    struct held *next;
};
static struct held *held;
static struct loop *stub_loop;
static bool holding;

static void add_event(struct strbuf *out, const char *name, const char *members)
{
    strbuf_printf(out, "event: %s\ndata: {\"type\":\"%s\"%s%s}\n\n", name, name,
                  members[0] != '\0' ? "," : "", members);
}

static void add_delta(struct strbuf *out, const char *text)
{
    struct strbuf delta = strbuf_init(16 * 1024);
    strbuf_add(&delta, "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":");
    json_add_text(&delta, text);
    strbuf_add_char(&delta, '}');
    add_event(out, "content_block_delta", strbuf_text(&delta));
    strbuf_clear(&delta);
}

static void add_text(struct strbuf *out, const char *text)
{
    add_event(out, "message_start",
              "\"message\":{\"id\":\"msg_stub\",\"type\":\"message\",\"role\":\"assistant\","
              "\"model\":\"stub\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
              "\"usage\":{\"input_tokens\":1200,\"output_tokens\":1}}");
    add_event(out, "content_block_start",
              "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    char word[256];
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, " ");
        length += at[length] == ' ';
        snprintf(word, sizeof(word), "%.*s", (int)length, at);
        add_delta(out, word);
        at += length;
    }
    add_event(out, "content_block_stop", "\"index\":0");
    add_event(out, "message_delta",
              "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
              "\"usage\":{\"output_tokens\":60}");
    add_event(out, "message_stop", "");
}

/* A question is decided where the request asks for JSON by a schema, else the answer is written. */
static void reply_at_once(struct http_exchange *exchange)
{
    static const struct http_header headers[] = {
        {{"Content-Type", 12}, {"text/event-stream", 17}}};
    struct strbuf out = strbuf_init(64 * 1024), decision = strbuf_init(16 * 1024);
    bool decides = memmem(exchange->body.bytes, exchange->body.length, "json_schema", 11) ||
                   memmem(exchange->body.bytes, exchange->body.length, "\"tools\"", 7);
    strbuf_printf(&decision,
                  "{\"dataset\":\"orders\",\"reason\":\"It holds revenue by region.\","
                  "\"assumptions\":[],\"periods\":[],\"sql\":\"%s\",\"question_back\":null,"
                  "\"no_answer\":null}",
                  sql);
    add_text(&out, decides ? strbuf_text(&decision) : answer);
    if (!decides)
        atomic_store(first_word_us, clock_monotonic_us());
    struct http_chunk *chunk = http_chunk_new(strbuf_str(&out));
    http_stream_end(http_stream_open(exchange, 200, headers, 1, chunk, NULL, NULL));
    http_chunk_unref(chunk);
    strbuf_clear(&out);
    strbuf_clear(&decision);
}

static void handle(void *context, struct http_exchange *exchange)
{
    if (!holding) {
        reply_at_once(exchange);
        return;
    }
    struct held *place = arena_alloc(exchange->arena, sizeof(*place));
    *place = (struct held){exchange, held};
    held = place;
}

static void set_holding(void *arg)
{
    holding = arg != NULL;
    while (!holding && held) {
        struct held *place = held;
        held = place->next;
        reply_at_once(place->exchange);
    }
}

/* A line with a number other than 0: replies are held from now on; with 0: they all go. */
static void *listen_to_parent(void *unused)
{
    static char yes;
    char line[32];
    while (fgets(line, sizeof(line), stdin))
        loop_post(stub_loop, set_holding, strtoul(line, NULL, 10) > 0 ? &yes : NULL);
    _exit(0); /* the measuring process is gone */
}

static void share_clock(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/first_word", served_folder());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*first_word_us)) != 0)
        bench_fail(path, "can't be shared");
    first_word_us =
        mmap(NULL, sizeof(*first_word_us), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (first_word_us == MAP_FAILED)
        bench_fail(path, "can't be mapped");
}

/* Until it is killed. */
static bool serve_model(void *arg, struct error *err)
{
    share_clock();
    stub_loop = task_loop(task_current());
    struct http_options http = {.host = "127.0.0.1", .handle = handle};
    struct http_server *server = http_server_new(stub_loop, &http, err);
    if (!server)
        return false;
    pthread_t thread;
    pthread_create(&thread, NULL, listen_to_parent, NULL);
    served_tell_port(NULL, NULL, http_server_port(server));
    struct task_event never = {0};
    return task_event_wait(&never, 0, err);
}

/* ---- the measuring process ---- */

static struct served model;

static struct served start_server(size_t runs)
{
    char text[64];
    snprintf(text, sizeof(text), "http://127.0.0.1:%d", model.port);
    setenv("ANTHROPIC_BASE_URL", text, 1);
    setenv("ANTHROPIC_API_KEY", "bench", 1);
    setenv("QUERENT_LLM", "anthropic", 1);
    snprintf(text, sizeof(text), "%zu", runs);
    setenv("QUERENT_RUNS_MAX", text, 1);
    struct served served = served_start("questions");
    served_set_delay(&served, 0); /* from now on the fake engine knows its answer */
    return served;
}

static size_t question(size_t number, char *out, size_t size)
{
    return (size_t)snprintf(out, size,
                            "{\"query\":\"What is the total revenue by region?\",\"user_id\":"
                            "\"bench\",\"agent_config\":{\"use_cache\":false}}");
}

static void measure_cost(void)
{
    double ours[ROUNDS], theirs[ROUNDS];
    struct served served = start_server(RUNS);
    struct bench_peer *peer = bench_peer_start("plan-stack/peer.py", served_folder(), NULL);
    struct plan_stack stack = plan_stack_of(peer);
    struct load load = {.port = served.port,
                        .method = "POST",
                        .path = "/api/v1/query",
                        .body = question,
                        .connections = CONNECTIONS,
                        .requests = QUESTIONS};
    struct load peer_load = load;
    peer_load.port = stack.port;
    peer_load.requests = PEER_QUESTIONS;
    (void)load_cost(served.process, &load);
    (void)plan_stack_cost(&stack, &peer_load);
    for (size_t i = 0; i < ROUNDS; i++) {
        ours[i] = load_cost(served.process, &load).alone;
        theirs[i] = plan_stack_cost(&stack, &peer_load);
    }
    bench_peer_end(peer);
    served_stop(&served);
    bench_print(&(struct bench_row){"a question with a 0-ms model: own CPU", BENCH_MICROSECONDS,
                                    ours, "the plan's stack, with PostgreSQL",
                                    stack.runs ? theirs : NULL, ROUNDS, 1000});
}

static void measure_waiting(const char *name, size_t runs)
{
    struct served served = start_server(runs);
    struct audience audience = {0};
    served_set_delay(&model, 1);
    audience_open(&audience, served.port, "/api/v1/query/stream", STREAMS);
    audience_wait_for_events(&audience,
                             runs * EVENTS_WHEN_WAITING + (STREAMS - runs) * EVENTS_WHEN_QUEUED);
    size_t ended_early = audience.complete;
    double memory = load_memory_mb(served.process);
    served_set_delay(&model, 0);
    while (audience.complete + audience.ended < STREAMS && audience_listen(&audience))
        ;
    size_t complete = audience.complete;
    audience_close(&audience);
    served_stop(&served);
    bench_print(&(struct bench_row){name, BENCH_MEGABYTES, &memory, NULL, NULL, 1, 300});
    printf("  %zu of %d completed; %zu ended before all were open\n", complete, STREAMS,
           ended_early);
    if (complete < STREAMS)
        bench_fail("models_bench", "streams were dropped");
}

/* One question on a connection of its own, read until the first piece of its answer; microseconds since the
 * model sent it. */
static double first_word(int port)
{
    static char text[256 * 1024];
    char body[256];
    size_t length = 0;
    question(0, body, sizeof(body));
    atomic_store(first_word_us, 0);
    int fd = load_connect(port);
    if (fd < 0 || !load_send(fd, "POST", "/api/v1/query/stream", body))
        bench_fail("a stream can't be opened", "");
    text[0] = '\0';
    while (!strstr(text, "\"event\":\"answer_delta\"")) {
        ssize_t got = read(fd, text + length, sizeof(text) - 1 - length);
        if (got <= 0)
            bench_fail("a stream", "ended before its answer began");
        length += (size_t)got;
        text[length] = '\0';
    }
    double took = (double)(clock_monotonic_us() - atomic_load(first_word_us));
    while (!strstr(text, "\"event\":\"complete\"")) {
        ssize_t got = read(fd, text + length, sizeof(text) - 1 - length);
        if (got <= 0)
            bench_fail("a stream", "ended before it was complete");
        length += (size_t)got;
        text[length] = '\0';
    }
    close(fd);
    return took;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void measure_first_word(void)
{
    double medians[ROUNDS], times[FIRST_WORDS];
    struct served served = start_server(RUNS);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < FIRST_WORDS; i++)
            times[i] = first_word(served.port);
        qsort(times, FIRST_WORDS, sizeof(times[0]), compare);
        medians[round] = times[FIRST_WORDS / 2];
    }
    served_stop(&served);
    bench_print(&(struct bench_row){"model's first word to answer_delta: time", BENCH_MICROSECONDS,
                                    medians, NULL, NULL, ROUNDS, 2000});
}

int main(int argc, char **argv)
{
    static const struct served_mode stub = {"model", serve_model};
    int served = served_begin(argc, argv, &stub, 1);
    if (served >= 0)
        return served;
    audience_raise_limit();
    share_clock();
    model = served_start("model");
    measure_cost();
    measure_first_word();
    measure_waiting("10,000 runs waiting for a model: memory", RUNS);
    measure_waiting("  all of them with the model", STREAMS);
    served_stop(&model);
    return 0;
}
