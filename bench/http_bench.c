/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: CPU of its thread for a small request on a kept connection, beside a loop that
 * only waits, reads and writes the same bytes; and for an event to each of 1,000 open streams,
 * beside as many plain writes. What is over the bare calls is ours.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "http/server.h"

#define ROUNDS 7
#define CONNECTIONS 16
#define REQUESTS 1000 /* of each connection, a round */
#define STREAMS 1000
#define EVENTS 20
#define REQUEST_AIM 10 /* with its system calls */
#define EVENT_AIM 10   /* with its write */

static const char request[] = "POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
                              "User-Agent: curl/7.88.1\r\nAccept: */*\r\n"
                              "Content-Type: application/json\r\nContent-Length: 36\r\n\r\n"
                              "{\"question\":\"revenue by region?\"}   ";
static const char reply[] = "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 21:00:00 GMT\r\n"
                            "content-type: application/json\r\ncontent-length: 36\r\n\r\n"
                            "{\"answer\":\"the north sold the most\"} ";

struct side {
    pthread_t thread;
    sem_t ready;
    int port;
    struct loop *loop;
    struct http_server *server;
    struct http_stream *streams[STREAMS];
    size_t stream_count;
    double event_us;
};

static double thread_us(pthread_t thread)
{
    clockid_t id;
    struct timespec used;
    pthread_getcpuclockid(thread, &id);
    clock_gettime(id, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* ---- ours ---- */

static void handle(void *context, struct http_exchange *exchange)
{
    static const struct http_header json = {{"content-type", 12}, {"application/json", 16}};
    struct side *side = context;
    if (str_equal(exchange->path, STR("/stream"))) {
        side->streams[side->stream_count++] =
            http_stream_open(exchange, 200, NULL, 0, NULL, NULL, NULL);
        if (side->stream_count == STREAMS)
            sem_post(&side->ready);
        return;
    }
    http_reply(exchange, 200, &json, 1, STR("{\"answer\":\"the north sold the most\"} "));
}

static void *run_ours(void *arg)
{
    struct side *side = arg;
    struct error err;
    struct http_options options = {.host = "127.0.0.1", .handle = handle, .context = side};
    side->loop = loop_new(&err);
    side->server = side->loop ? http_server_new(side->loop, &options, &err) : NULL;
    if (!side->server)
        bench_fail("server", err.message);
    side->port = http_server_port(side->server);
    sem_post(&side->ready);
    loop_run(side->loop);
    loop_free(side->loop);
    return NULL;
}

static void close_ours(void *arg)
{
    struct side *side = arg;
    http_server_close(side->server, NULL, NULL);
}

/* ---- the bare calls ---- */

static void *run_bare(void *arg)
{
    static char bytes[4096];
    int listener = *(int *)arg, loop = epoll_create1(EPOLL_CLOEXEC), open = CONNECTIONS;
    for (int i = 0; i < CONNECTIONS; i++) {
        int fd = accept(listener, NULL, NULL);
        epoll_ctl(loop, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
    }
    while (open > 0) {
        struct epoll_event events[64];
        int count = epoll_wait(loop, events, 64, -1);
        for (int i = 0; i < count; i++) {
            if (recv(events[i].data.fd, bytes, sizeof(bytes), 0) > 0) {
                (void)!send(events[i].data.fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
            } else {
                close(events[i].data.fd);
                open--;
            }
        }
    }
    close(loop);
    return NULL;
}

/* ---- the client ---- */

static int dial(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        bench_fail("client", "can't connect");
    return fd;
}

/* CPU of that thread for each request. */
static double ask_all(pthread_t thread, const int fds[CONNECTIONS])
{
    static char bytes[4096];
    double start = thread_us(thread);
    for (int i = 0; i < REQUESTS; i++) {
        for (int j = 0; j < CONNECTIONS; j++)
            (void)!send(fds[j], request, sizeof(request) - 1, MSG_NOSIGNAL);
        for (int j = 0; j < CONNECTIONS; j++)
            if (recv(fds[j], bytes, sizeof(bytes), 0) <= 0)
                bench_fail("client", "no reply");
    }
    return (thread_us(thread) - start) / (REQUESTS * CONNECTIONS);
}

static int listen_bare(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, STREAMS) != 0)
        bench_fail("bare calls", "can't listen");
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

static void compare_requests(struct side *side)
{
    double ours[ROUNDS], bare[ROUNDS];
    int to_ours[CONNECTIONS], to_bare[CONNECTIONS], port;
    int listener = listen_bare(&port);
    pthread_t thread;
    pthread_create(&thread, NULL, run_bare, &listener);
    for (int i = 0; i < CONNECTIONS; i++) {
        to_ours[i] = dial(side->port);
        to_bare[i] = dial(port);
    }
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = ask_all(side->thread, to_ours);
        bare[i] = ask_all(thread, to_bare);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        close(to_ours[i]);
        close(to_bare[i]);
    }
    pthread_join(thread, NULL);
    close(listener);
    bench_print(&(struct bench_row){"a request on a kept connection", BENCH_MICROSECONDS, ours,
                                    "epoll_wait, recv, send", bare, ROUNDS, REQUEST_AIM});
}

/* ---- streams ---- */

static void write_events(void *arg)
{
    struct side *side = arg;
    double start = thread_us(pthread_self());
    for (int i = 0; i < EVENTS; i++) {
        struct http_chunk *chunk = http_chunk_new(
            STR("event: step_update\ndata: {\"step\":\"execute\",\"message\":\"reading\"}\n\n"));
        for (size_t j = 0; j < STREAMS; j++)
            http_stream_write(side->streams[j], chunk);
        http_chunk_unref(chunk);
    }
    side->event_us = (thread_us(pthread_self()) - start) / (EVENTS * STREAMS);
    sem_post(&side->ready);
}

static double write_bare(const int fds[STREAMS])
{
    char event[80];
    memset(event, 'e', sizeof(event));
    double start = thread_us(pthread_self());
    for (int i = 0; i < EVENTS; i++)
        for (int j = 0; j < STREAMS; j++)
            (void)!send(fds[j], event, sizeof(event), MSG_NOSIGNAL);
    return (thread_us(pthread_self()) - start) / (EVENTS * STREAMS);
}

static void empty(int fd)
{
    static char bytes[65536];
    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        ;
}

static void compare_events(struct side *side)
{
    static int readers[STREAMS], near[STREAMS], far[STREAMS];
    double ours[ROUNDS], bare[ROUNDS];
    int port, listener = listen_bare(&port);
    for (int i = 0; i < STREAMS; i++) {
        readers[i] = dial(side->port);
        (void)!send(readers[i], "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", 33, MSG_NOSIGNAL);
        far[i] = dial(port);
        near[i] = accept(listener, NULL, NULL);
        setsockopt(near[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    }
    sem_wait(&side->ready);
    for (int i = 0; i < ROUNDS; i++) {
        loop_post(side->loop, write_events, side);
        sem_wait(&side->ready);
        ours[i] = side->event_us;
        bare[i] = write_bare(near);
        for (int j = 0; j < STREAMS; j++) {
            empty(readers[j]);
            empty(far[j]);
        }
    }
    for (int i = 0; i < STREAMS; i++) {
        close(readers[i]);
        close(near[i]);
        close(far[i]);
    }
    close(listener);
    bench_print(&(struct bench_row){"an event to one of 1,000 streams", BENCH_MICROSECONDS, ours,
                                    "send", bare, ROUNDS, EVENT_AIM});
}

int main(void)
{
    struct side *side = xcalloc(1, sizeof(*side));
    sem_init(&side->ready, 0, 0);
    pthread_create(&side->thread, NULL, run_ours, side);
    sem_wait(&side->ready);
    compare_requests(side);
    compare_events(side);
    loop_post(side->loop, close_ours, side);
    pthread_join(side->thread, NULL);
    free(side);
    return 0;
}
