/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may run: a bounded number of runs at once in the process, a bounded number waiting, and
 * callers served in turn. However many questions one caller has waiting, another's next one comes
 * after at most one of them; and no caller holds all places, to run or to wait: a quarter of both
 * is for others. One queue serves all loops, as connections are not spread evenly over them: it has a
 * lock, and who gets a place from another loop is told by loop_post().
 *
 *     if (!run_queue_join(queue, &place, loop, caller, err)) ... 503 ...
 *     if (run_queue_wait(&place, err)) ... work ...
 *     run_queue_leave(&place);                     always, after a join
 */
#ifndef QUERENT_API_RUN_QUEUE_H
#define QUERENT_API_RUN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "task/task.h"

struct run_queue;
struct run_caller;

struct run_place {
    struct run_queue *queue;
    struct loop *loop; /* where it is waited for */
    struct run_caller *caller;
    struct run_place *next;
    struct task_event event;
    bool granted, posted; /* the queue's; posted: the word comes from another loop */
    bool told;            /* the loop's: it came */
};

/* At least 1 may run. */
struct run_queue *run_queue_new(size_t running_max, size_t waiting_max);
/* Nobody may be in it. NULL is allowed. */
void run_queue_free(struct run_queue *queue);

/* ERROR_FULL when as many wait as may, or as many of that caller. Never waits itself. The place
 * must stay where it is; all that follows is done on its loop (NULL: where there is but one). */
bool run_queue_join(struct run_queue *queue, struct run_place *place, struct loop *loop,
                    const char *id, struct error *err);
/* Until it is this place's turn. False when the task was cancelled or is late. */
TASK_WAITS bool run_queue_wait(struct run_place *place, struct error *err);
/* Waits at most until a word that is under way to the place has come. */
TASK_WAITS void run_queue_leave(struct run_place *place);

size_t run_queue_running(struct run_queue *queue);
size_t run_queue_waiting(struct run_queue *queue);

#endif
