/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of one worker process (engine/worker.h): starting it, sending and receiving
 * frames from a task, ending it. All on the loop that started it.
 */
#ifndef QUERENT_ENGINE_PROCESS_H
#define QUERENT_ENGINE_PROCESS_H

#include "core/arena.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "engine/protocol.h"
#include "task/task.h"

struct process;

struct frame {
    enum frame_type type;
    struct str payload; /* in the receiver's arena */
};

/* Re-executes this program as a worker, in a fresh empty folder below `folder` that is removed
 * with process_stop(). An empty `folder` means the system's folder for temporary files. */
struct process *process_start(struct loop *loop, const char *folder, struct error *err);

/* Queues a frame; never waits. A worker that has died makes the next receive fail. */
void process_send(struct process *process, enum frame_type type, struct str payload);

/* Waits for the worker's next frame. ERROR_DEADLINE after timeout_ms (0: only the task's own
 * deadline counts), ERROR_CANCELLED, ERROR_ENGINE when the worker died or sent garbage. */
TASK_WAITS bool process_receive(struct process *process, uint64_t timeout_ms, struct arena *arena,
                                struct frame *out, struct error *err);

/* From now on frames are dropped until one of type END or ERROR came (then done(arg, true)), or
 * the worker died or `grace_ms` passed (done(arg, false)). For work that was given up. */
void process_drain(struct process *process, uint64_t grace_ms, void (*done)(void *arg, bool usable),
                   void *arg);

/* Whether it runs and has not broken the protocol. */
bool process_is_usable(const struct process *process);
/* Whether it ended before it had read all that was sent to it. */
bool process_is_unheard(const struct process *process);
/* Whether it was killed: it had sent something unreadable, or did not end its work when told to. */
bool process_broke_off(const struct process *process);
/* A process that is waited for keeps its loop running; an idle one does not. */
void process_set_idle(struct process *process, bool idle);
const char *process_folder(const struct process *process);
int process_id(const struct process *process);

/* Removes a folder and what is in it; nothing that it links to. Blocks. */
void process_remove_folder(const char *folder);

/* Kills the worker, removes its folder and frees the object in the loop's next turns. NULL is
 * allowed. */
void process_stop(struct process *process);

#endif
