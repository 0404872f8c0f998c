/* SPDX-License-Identifier: Apache-2.0 */
#include "task/task_priv.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"

static _Thread_local struct task *current;

struct task *task_current(void)
{
    return current;
}

struct loop *task_loop(struct task *task)
{
    assert(task->magic == TASK_MAGIC);
    return task->loop;
}

const char *task_name(const struct task *task)
{
    assert(task->magic == TASK_MAGIC);
    return task->name;
}

struct task *task_ref(struct task *task)
{
    assert(task->magic == TASK_MAGIC);
    task->references++;
    return task;
}

void task_unref(struct task *task)
{
    if (!task)
        return;
    assert(task->magic == TASK_MAGIC && task->references > 0);
    if (--task->references > 0)
        return;
    task->magic = 0;
    free(task);
}

struct log_context *task_log_context(void)
{
    return current ? &current->log : NULL;
}

static uint64_t time_after(uint64_t duration_ms)
{
    uint64_t time_ms;
    if (__builtin_add_overflow(clock_monotonic_ms(), duration_ms, &time_ms))
        return TIME_NEVER;
    return time_ms;
}

/* The outermost function of every task. */
static void run(void *arg)
{
    struct task *task = arg;
    task->fn(task->arg);
    task->state = TASK_ENDED;
}

struct task *task_start(struct loop *loop, const struct task_options *options,
                        void (*fn)(void *arg), void *arg, struct error *err)
{
    static const struct task_options defaults = {0};
    assert(loop->magic == LOOP_MAGIC);
    assert(pthread_equal(loop->thread, pthread_self()));
    if (!options)
        options = &defaults;
    void *stack = stack_take(&loop->stacks);
    if (!stack) {
        error_set(err, ERROR_FULL, "no memory for one more task (%zu run)", loop->tasks);
        return NULL;
    }
    struct task *task = xcalloc(1, sizeof(*task));
    task->magic = TASK_MAGIC;
    task->loop = loop;
    task->references = 1; /* the loop's own, until the timer is closed */
    task->name = options->name ? options->name : "task";
    task->fn = fn;
    task->arg = arg;
    task->stack = stack;
    task->log = *log_context(); /* a child works for its parent's run */
    task->caller = task_current() ? task_current()->caller : 0;
    task->deadline_ms = options->deadline_ms > 0 ? time_after(options->deadline_ms) : TIME_NEVER;
    context_init(&task->context, stack, run, task);
    uv_timer_init(&loop->uv, &task->timer);
    task->timer.data = task;
    if (loop->tasks++ == 0)
        uv_ref((uv_handle_t *)&loop->wakeup);
    loop_make_ready(loop, task);
    return task;
}

static void timer_closed(uv_handle_t *timer)
{
    task_unref(timer->data);
}

struct joiner {
    struct task_event event;
    struct joiner *next;
};

static void end(struct task *task)
{
    struct loop *loop = task->loop;
    for (struct joiner *joiner = task->joiners; joiner; joiner = joiner->next)
        task_event_signal(&joiner->event);
    context_clear(&task->context);
    stack_give(&loop->stacks, task->stack);
    task->stack = NULL;
    if (--loop->tasks == 0)
        uv_unref((uv_handle_t *)&loop->wakeup);
    uv_close((uv_handle_t *)&task->timer, timer_closed);
}

void task_resume(struct task *task)
{
    assert(task->magic == TASK_MAGIC && task->state == TASK_READY);
    task->state = TASK_RUNNING;
    current = task;
    uint64_t start_ms = clock_monotonic_ms();
    context_enter(&task->context);
    uint64_t slice_ms = clock_monotonic_ms() - start_ms;
    if (slice_ms > TASK_SLICE_MAX_MS && !task->slow_logged) {
        task->slow_logged = true;
        log_fields(LOG_DEBUG, "a task held up its loop",
                   LOG_FIELDS(log_text("task", task->name), log_integer("ms", (int64_t)slice_ms)));
    }
    current = NULL;
    if (task->state == TASK_ENDED)
        end(task);
}

static void timer_fired(uv_timer_t *timer)
{
    task_wake(timer->data);
}

void task_park(struct task *task, uint64_t until_ms)
{
    assert(task == current);
    if (until_ms != TIME_NEVER) {
        uint64_t now_ms = clock_monotonic_ms();
        uv_update_time(&task->loop->uv); /* the loop's clock stands still while tasks run */
        uv_timer_start(&task->timer, timer_fired, until_ms > now_ms ? until_ms - now_ms : 0, 0);
    }
    task->state = TASK_WAITING;
    context_leave(&task->context);
    uv_timer_stop(&task->timer);
}

void task_wake(struct task *task)
{
    assert(task->magic == TASK_MAGIC);
    assert(pthread_equal(task->loop->thread, pthread_self()));
    if (task->state != TASK_WAITING)
        return;
    task->state = TASK_READY;
    loop_make_ready(task->loop, task);
}

void task_set_caller(const char *caller)
{
    assert(task_current());
    task_current()->caller = hash64_str(str_from(caller), hash_seed());
}

void task_cancel(struct task *task)
{
    assert(task->magic == TASK_MAGIC);
    task->cancelled = true;
    if (task->shield_ms == 0)
        task_wake(task);
}

/* When the waits of the task end in any case. */
static uint64_t limit_ms(const struct task *task)
{
    return task->shield_ms > 0 ? task->shield_ms : task->deadline_ms;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t task_time_left_ms(void)
{
    if (!current || limit_ms(current) == TIME_NEVER)
        return UINT64_MAX;
    uint64_t now_ms = clock_monotonic_ms();
    return limit_ms(current) > now_ms ? limit_ms(current) - now_ms : 0;
}

bool task_check(struct error *err)
{
    if (!current)
        return true;
    assert(current->magic == TASK_MAGIC);
    if (current->cancelled && current->shield_ms == 0)
        return error_set(err, ERROR_CANCELLED, "the work was cancelled");
    if (task_time_left_ms() == 0)
        return error_set(err, ERROR_DEADLINE, "the time limit was reached");
    return true;
}

void task_set_deadline(uint64_t deadline_ms)
{
    assert(current);
    current->deadline_ms = deadline_ms > 0 ? time_after(deadline_ms) : TIME_NEVER;
}

void task_shield_begin(uint64_t time_max_ms)
{
    assert(current && current->shield_ms == 0 && time_max_ms > 0);
    current->shield_ms = time_after(time_max_ms);
}

void task_shield_end(void)
{
    assert(current && current->shield_ms > 0);
    current->shield_ms = 0;
}

bool task_sleep(uint64_t duration_ms, struct error *err)
{
    if (!current) {
        uv_sleep(duration_ms > UINT32_MAX ? UINT32_MAX : (unsigned)duration_ms);
        return true;
    }
    if (duration_ms == 0)
        return task_yield(err);
    uint64_t until_ms = time_after(duration_ms);
    while (task_check(err)) {
        if (clock_monotonic_ms() >= until_ms)
            return true;
        task_park(current, earlier(until_ms, limit_ms(current)));
    }
    return false;
}

bool task_yield(struct error *err)
{
    if (!current)
        return true;
    if (!task_check(err))
        return false;
    struct task *task = current;
    task->state = TASK_READY;
    loop_make_ready(task->loop, task);
    context_leave(&task->context);
    return task_check(err);
}

bool task_event_wait(struct task_event *event, uint64_t timeout_ms, struct error *err)
{
    if (!task_check(err))
        return false;
    struct task *task = current;
    assert(task || event->signalled); /* nobody could signal while we block the thread */
    assert(!event->waiter);           /* one task waits */
    uint64_t until_ms = timeout_ms > 0 ? time_after(timeout_ms) : TIME_NEVER;
    event->waiter = task;
    bool ok = true;
    while (!event->signalled && (ok = task_check(err))) {
        if (until_ms != TIME_NEVER && clock_monotonic_ms() >= until_ms) {
            ok = error_set(err, ERROR_DEADLINE, "nothing came within %llu ms",
                           (unsigned long long)timeout_ms);
            break;
        }
        task_park(task, earlier(until_ms, limit_ms(task)));
    }
    event->waiter = NULL;
    if (ok)
        event->signalled = false;
    return ok;
}

void task_event_wait_always(struct task_event *event)
{
    assert(current && !event->waiter);
    event->waiter = current;
    while (!event->signalled)
        task_park(current, TIME_NEVER);
    event->waiter = NULL;
    event->signalled = false;
}

void task_event_signal(struct task_event *event)
{
    event->signalled = true;
    if (event->waiter)
        task_wake(event->waiter);
}

bool task_join(struct task *other, struct error *err)
{
    assert(other->magic == TASK_MAGIC && other != current);
    assert(other->state == TASK_ENDED || (current && current->loop == other->loop));
    if (!task_check(err))
        return false;
    if (other->state == TASK_ENDED)
        return true;
    struct joiner joiner = {.next = other->joiners};
    other->joiners = &joiner;
    task_ref(other);
    bool ok = task_event_wait(&joiner.event, 0, err);
    struct joiner **link = &other->joiners;
    while (*link != &joiner)
        link = &(*link)->next;
    *link = joiner.next;
    task_unref(other);
    return ok;
}

struct main_call {
    bool (*fn)(void *arg, struct error *err);
    void *arg;
    struct error *err;
    bool ok;
};

static void run_main(void *arg)
{
    struct main_call *call = arg;
    call->ok = call->fn(call->arg, call->err);
}

bool task_run_main(const struct task_options *options, bool (*fn)(void *arg, struct error *err),
                   void *arg, struct error *err)
{
    struct loop *loop = loop_new(err);
    if (!loop)
        return false;
    struct main_call call = {.fn = fn, .arg = arg, .err = err};
    if (task_start(loop, options, run_main, &call, err))
        loop_run(loop);
    loop_free(loop);
    return call.ok;
}
