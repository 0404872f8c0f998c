/* SPDX-License-Identifier: Apache-2.0 */
#include "audience.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "load.h"

#define SILENCE_MS 300000 /* then something is wrong */

void audience_raise_limit(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void count_in(struct audience *audience, struct reader *reader, const char *text)
{
    static const char event[] = "\ndata: {\"event\":\"", last[] = "complete\"";
    for (const char *at = text; (at = strstr(at, event)); at++) {
        reader->events++;
        audience->events++;
        if (strncmp(at + strlen(event), last, strlen(last)) == 0 && !reader->complete) {
            reader->complete = true;
            audience->complete++;
        }
    }
}

static void note_run(struct reader *reader, const char *text)
{
    static const char key[] = "\"query_id\":\"";
    const char *id = reader->run[0] == '\0' ? strstr(text, key) : NULL;
    if (id && strlen(id) > strlen(key) + 22)
        snprintf(reader->run, sizeof(reader->run), "%.22s", id + strlen(key));
}

/* Only whole lines are looked at. */
static void take(struct audience *audience, struct reader *reader, const char *bytes, size_t length)
{
    static char text[80 * 1024];
    size_t kept = strlen(reader->tail);
    memcpy(text, reader->tail, kept);
    memcpy(text + kept, bytes, length);
    text[kept + length] = '\0';
    note_run(reader, text);
    /* An event's name ends within 30 bytes of its line's begin: what may be cut is kept. */
    char *begin = strrchr(text, '\n');
    reader->tail[0] = '\0';
    if (begin && strlen(begin) < sizeof(reader->tail)) {
        snprintf(reader->tail, sizeof(reader->tail), "%s", begin);
        *begin = '\0';
    }
    count_in(audience, reader, text);
}

static void read_one(struct audience *audience, struct reader *reader)
{
    static char buffer[64 * 1024];
    ssize_t got = read(reader->fd, buffer, sizeof(buffer));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        reader->ended = true;
        audience->ended++;
        close(reader->fd);
        return;
    }
    if (!reader->open) {
        reader->open = true;
        audience->open++;
    }
    take(audience, reader, buffer, (size_t)got);
}

/* Reads what is there, or waits for something; false when nothing came for long. */
bool audience_listen(struct audience *audience)
{
    struct epoll_event events[256];
    int count = epoll_wait(audience->epoll, events, 256, SILENCE_MS);
    for (int i = 0; i < count; i++)
        read_one(audience, events[i].data.ptr);
    return count > 0;
}

void audience_watch(struct audience *audience, struct reader *reader)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
    if (reader->fd < 0 || epoll_ctl(audience->epoll, EPOLL_CTL_ADD, reader->fd, &event) != 0)
        bench_fail("a stream can't be opened", strerror(errno));
}

void audience_open(struct audience *audience, int port, const char *path, size_t count)
{
    audience->readers = xcalloc(count, sizeof(*audience->readers));
    audience->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (; audience->count < count; audience->count++) {
        char body[256];
        struct reader *reader = &audience->readers[audience->count];
        snprintf(body, sizeof(body),
                 "{\"query\":\"revenue by region\",\"user_id\":\"reader %zu\","
                 "\"agent_config\":{\"use_cache\":false}}",
                 audience->count);
        reader->fd = load_connect(port);
        if (reader->fd < 0 || !load_send(reader->fd, "POST", path, body))
            bench_fail("a stream can't be opened", strerror(errno));
        audience_watch(audience, reader);
        while (audience->count > audience->open + audience->ended + AUDIENCE_OPENING)
            if (!audience_listen(audience))
                bench_fail("the server", "is silent");
    }
}

void audience_close(struct audience *audience)
{
    for (size_t i = 0; i < audience->count; i++)
        if (!audience->readers[i].ended)
            close(audience->readers[i].fd);
    close(audience->epoll);
    free(audience->readers);
}

void audience_wait_for_events(struct audience *audience, size_t events)
{
    while (audience->events < events)
        if (!audience_listen(audience))
            bench_fail("the server", "is silent");
}
