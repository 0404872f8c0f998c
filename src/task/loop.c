/* SPDX-License-Identifier: Apache-2.0 */
#include "task/task_priv.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"

/* Runs what is ready now; what becomes ready meanwhile waits for the next turn, so that
 * descriptors and timers get theirs. */
static void run_ready(uv_idle_t *turn)
{
    struct loop *loop = turn->data;
    struct task *task = loop->ready_first;
    loop->ready_first = loop->ready_last = NULL;
    while (task) {
        struct task *next = task->ready_next; /* the task may be freed when it ran */
        task_resume(task);
        task = next;
    }
    if (!loop->ready_first)
        uv_idle_stop(turn);
}

void loop_make_ready(struct loop *loop, struct task *task)
{
    task->ready_next = NULL;
    if (loop->ready_last)
        loop->ready_last->ready_next = task;
    else
        loop->ready_first = task;
    loop->ready_last = task;
    uv_idle_start(&loop->turn, run_ready);
}

static bool run_messages(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_message *message = loop->message_first;
    loop->message_first = loop->message_last = NULL;
    pthread_mutex_unlock(&loop->lock);
    bool any = message != NULL;
    while (message) {
        struct loop_message *next = message->next; /* fn may free the message */
        message->fn(message->arg);
        message = next;
    }
    return any;
}

static void woken(uv_async_t *wakeup)
{
    run_messages(wakeup->data);
}

void loop_send(struct loop *loop, struct loop_message *message)
{
    message->next = NULL;
    pthread_mutex_lock(&loop->lock);
    if (loop->message_last)
        loop->message_last->next = message;
    else
        loop->message_first = message;
    loop->message_last = message;
    /* Inside the lock: once the message is taken the loop may end and be freed. */
    uv_async_send(&loop->wakeup);
    pthread_mutex_unlock(&loop->lock);
}

struct post {
    struct loop_message message;
    void (*fn)(void *arg);
    void *arg;
};

static void run_post(void *arg)
{
    struct post post = *(struct post *)arg;
    free(arg);
    post.fn(post.arg);
}

void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    assert(loop->magic == LOOP_MAGIC);
    struct post *post = xcalloc(1, sizeof(*post));
    *post = (struct post){.message = {.fn = run_post, .arg = post}, .fn = fn, .arg = arg};
    loop_send(loop, &post->message);
}

struct loop *loop_new(struct error *err)
{
    struct loop *loop = xcalloc(1, sizeof(*loop));
    int status = uv_loop_init(&loop->uv);
    if (status != 0) {
        error_set(err, ERROR_FULL, "an event loop can't be made: %s", uv_strerror(status));
        free(loop);
        return NULL;
    }
    status = uv_async_init(&loop->uv, &loop->wakeup, woken);
    if (status != 0) {
        error_set(err, ERROR_FULL, "an event loop can't be made: %s", uv_strerror(status));
        uv_loop_close(&loop->uv);
        free(loop);
        return NULL;
    }
    uv_unref((uv_handle_t *)&loop->wakeup);
    loop->wakeup.data = loop;
    uv_idle_init(&loop->uv, &loop->turn);
    loop->turn.data = loop;
    pthread_mutex_init(&loop->lock, NULL);
    loop->thread = pthread_self();
    loop->magic = LOOP_MAGIC;
    offload_pool_ref();
    log_set_context_hook(task_log_context);
    return loop;
}

void loop_run(struct loop *loop)
{
    assert(loop->magic == LOOP_MAGIC);
    assert(pthread_equal(loop->thread, pthread_self()));
    assert(!task_current());
    do
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    while (!loop->stopped && run_messages(loop)); /* the last messages may start tasks */
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    assert(loop->magic == LOOP_MAGIC);
    loop->stopped = true;
    uv_stop(&loop->uv);
}

void loop_attach(struct loop *loop, void (*release)(void *object), void *object)
{
    assert(loop->magic == LOOP_MAGIC && !loop_attached(loop, release));
    struct loop_attachment *attachment = xcalloc(1, sizeof(*attachment));
    *attachment = (struct loop_attachment){release, object, loop->attachments};
    loop->attachments = attachment;
}

void *loop_attached(struct loop *loop, void (*release)(void *object))
{
    assert(pthread_equal(loop->thread, pthread_self()));
    struct loop_attachment *attachment = loop->attachments;
    while (attachment && attachment->release != release)
        attachment = attachment->next;
    return attachment ? attachment->object : NULL;
}

static void release_attachments(struct loop *loop)
{
    while (loop->attachments) {
        struct loop_attachment *attachment = loop->attachments;
        loop->attachments = attachment->next;
        attachment->release(attachment->object);
        free(attachment);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    assert(loop->magic == LOOP_MAGIC);
    run_messages(loop);
    assert(loop->tasks == 0);
    release_attachments(loop);
    uv_close((uv_handle_t *)&loop->wakeup, NULL);
    uv_close((uv_handle_t *)&loop->turn, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* the closing itself, also of ended tasks' timers */
    int status = uv_loop_close(&loop->uv);
    assert(status == 0); /* every driver has closed its handles */
    (void)status;
    stacks_clear(&loop->stacks);
    pthread_mutex_destroy(&loop->lock);
    loop->magic = 0;
    free(loop);
    offload_pool_unref();
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}
