/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server in a process of its own: the measuring program started again, over a small table, with a fake
 * engine in DuckDB's place, which is told over a pipe how long its statements take. A reader and
 * the server's side of it are a descriptor each, and one process may have as few as 20,000.
 */
#ifndef QUERENT_BENCH_SERVED_H
#define QUERENT_BENCH_SERVED_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "core/error.h"

struct served {
    pid_t process;
    int port;
    FILE *to;
};

/* What else than questions a program may serve; a task's function, which tells its port. */
struct served_mode {
    const char *name;
    bool (*serve)(void *arg, struct error *err);
};

/* First in main(): serves when this process was started to (the result is its exit status), else
 * makes the folder and the table, and returns -1. */
int served_begin(int argc, char **argv, const struct served_mode *modes, size_t mode_count);
/* The measuring process's folder; removed at its end. */
const char *served_folder(void);
void served_tell_port(void *context, const char *host, int port);

/* "questions", or a mode's name. QUERENT_ settings come from the environment. */
struct served served_start(const char *mode);
void served_stop(struct served *served);
/* From now on statements take so long. */
void served_set_delay(const struct served *served, unsigned delay_ms);

#endif
