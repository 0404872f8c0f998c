/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load generator: keep-alive connections to a port of this machine, one request under way on
 * each, a fixed number of requests in all. It does little, because it shares the machine with what
 * it measures. And what a server and its children use, as /proc says it.
 */
#ifndef QUERENT_BENCH_LOAD_H
#define QUERENT_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct load {
    int port;
    const char *method, *path;
    /* Of request `number`, or NULL: no body. Written to `out`; returns its length. */
    size_t (*body)(size_t number, char *out, size_t size);
    size_t connections, requests;
};

struct load_figures {
    size_t good;  /* replies of status 200 */
    size_t other; /* other replies, and connections that were closed */
    double p50_us, p99_us;
};

/* Blocks until all requests have been replied to, or nothing came for a minute. */
struct load_figures load_run(const struct load *load);
/* One request, on a connection of its own; the status, or 0. */
int load_once(int port, const char *method, const char *path, const char *body);
/* A connection to the port of this machine, or -1. */
int load_connect(int port);
/* Writes a whole request. */
bool load_send(int fd, const char *method, const char *path, const char *body);

/* CPU microseconds of all threads of a process, and of its children and theirs, so far. A child
 * that has ended is no longer in it. */
double load_cpu_us(pid_t process);
/* The same of the process alone. */
double load_cpu_alone_us(pid_t process);
/* CPU microseconds a request of that load: of the process alone and with its children. Ends the
 * program when a reply is not 200. */
struct load_cost {
    double alone, all;
};
struct load_cost load_cost(pid_t process, const struct load *load);
/* Megabytes: the process's proportional share of the pages that it has. */
double load_memory_mb(pid_t process);

#endif
