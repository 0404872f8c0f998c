/* SPDX-License-Identifier: Apache-2.0 */
/* Many readers of event streams in one process: what came to each, counted. */
#ifndef QUERENT_BENCH_AUDIENCE_H
#define QUERENT_BENCH_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>

#define AUDIENCE_OPENING 64 /* streams that may have no first byte yet */

struct reader {
    int fd;
    bool open;     /* had its first byte */
    bool complete; /* had its `complete` */
    bool ended;
    size_t events;
    char run[32];  /* its id, once told */
    char tail[32]; /* the last bytes that came, because an event may come in pieces */
};

struct audience {
    struct reader *readers;
    size_t count, open, ended, complete, events;
    int epoll;
};

/* As many descriptors as this process may have. */
void audience_raise_limit(void);
/* Posts a question of its own for each of `count` readers, and reads meanwhile. */
void audience_open(struct audience *audience, int port, const char *path, size_t count);
/* For a reader whose fd is new. */
void audience_watch(struct audience *audience, struct reader *reader);
/* Reads what is there, or waits for something; false when nothing came for long. */
bool audience_listen(struct audience *audience);
/* Until so many have come to all together. */
void audience_wait_for_events(struct audience *audience, size_t events);
void audience_close(struct audience *audience);

#endif
