/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/load_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define LOADS_MAX 16

/* The tasks that load take the next source until none is left. All run on one loop. */
struct load_queue {
    struct source *const *sources;
    size_t count, next, done;
    const struct catalog_options *options;
    size_t workers;
    struct task_event idle; /* signalled when the last worker ends */
    bool failed;
    struct error err;
};

static void report(struct load_queue *queue, const struct source *source)
{
    const char *file = source->dataset.source.file;
    const char *slash = strrchr(file, '/');
    if (queue->options->progress)
        queue->options->progress(queue->options->progress_context,
                                 queue->options->settled + queue->done,
                                 queue->options->settled + queue->count, slash ? slash + 1 : file);
}

TASK_WAITS static void work(struct load_queue *queue)
{
    while (!queue->failed && queue->next < queue->count) {
        struct source *source = queue->sources[queue->next++];
        report(queue, source);
        struct error err = {0};
        if (!source_load(source, queue->options, &err) && !queue->failed) {
            queue->failed = true;
            queue->err = err;
        }
        queue->done++;
        if (!queue->failed)
            report(queue, source);
    }
}

static void worker(void *arg)
{
    struct load_queue *queue = arg;
    work(queue);
    if (--queue->workers == 0)
        task_event_signal(&queue->idle);
}

/* The workers use the queue, so this returns only when the last has ended, whatever happens: a
 * cancelled task passes the cancel on and waits under a shield. */
TASK_WAITS static bool wait_for_workers(struct load_queue *queue, struct task **tasks, size_t count,
                                        struct error *err)
{
    if (task_event_wait(&queue->idle, 0, err))
        return true;
    queue->failed = true;
    for (size_t i = 0; i < count; i++)
        task_cancel(tasks[i]);
    while (queue->workers > 0) {
        task_shield_begin(60 * 1000);
        (void)task_event_wait(&queue->idle, 0, NULL);
        task_shield_end();
    }
    return false;
}

TASK_WAITS static bool load_in_tasks(struct load_queue *queue, size_t worker_count,
                                     struct error *err)
{
    struct task *tasks[LOADS_MAX];
    size_t started = 0;
    uint64_t left_ms = task_time_left_ms();
    struct task_options options = {.name = "load",
                                   .deadline_ms = left_ms == UINT64_MAX ? 0
                                                  : left_ms > 0         ? left_ms
                                                                        : 1};
    struct loop *loop = task_loop(task_current());
    while (started < worker_count) {
        struct task *task = task_start(loop, &options, worker, queue, err);
        if (!task)
            break;
        tasks[started++] = task_ref(task);
        queue->workers++;
    }
    bool waited = started > 0 && wait_for_workers(queue, tasks, started, err);
    for (size_t i = 0; i < started; i++)
        task_unref(tasks[i]);
    return waited;
}

bool load_sources(struct source *const *sources, size_t count,
                  const struct catalog_options *options, struct error *err)
{
    struct load_queue queue = {.sources = sources, .count = count, .options = options};
    size_t workers = options->load_max > 0 ? options->load_max : 2;
    if (workers > LOADS_MAX)
        workers = LOADS_MAX;
    if (workers > count)
        workers = count;
    if (workers <= 1 || !task_current())
        work(&queue);
    else if (!load_in_tasks(&queue, workers, err))
        return false;
    if (queue.failed)
        *err = queue.err;
    return !queue.failed;
}
