/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/process.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/random.h"
#include "engine/worker.h"

#define READ_SIZE (64u << 10)
/* Reading pauses while this much waits to be received: the kernel then slows the worker. */
#define BACKLOG_MAX (4u << 20)

struct queued_frame {
    struct queued_frame *next;
    enum frame_type type;
    size_t length;
    char bytes[]; /* and a NUL */
};

struct process {
    struct loop *loop;
    uv_process_t child;
    uv_pipe_t pipe;
    uv_timer_t grace;
    int handles_open;
    char *folder;
    bool exited, ended, broken, stopping, paused;
    bool unheard; /* it ended before it read all that was sent */
    int64_t exit_status;
    int exit_signal;
    /* The frame being read. */
    uint8_t header[FRAME_HEADER_SIZE];
    size_t header_length;
    struct queued_frame *partial;
    size_t partial_length;
    /* Frames that were not received yet. */
    struct queued_frame *first, **last;
    size_t backlog;
    struct task_event *waiter;
    void (*drained)(void *arg, bool usable);
    void *drained_arg;
    char chunk[READ_SIZE];
};

struct outgoing {
    uv_write_t write;
    char bytes[];
};

static void free_frames(struct process *process)
{
    while (process->first) {
        struct queued_frame *frame = process->first;
        process->first = frame->next;
        free(frame);
    }
    process->last = &process->first;
    process->backlog = 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *where)
{
    (void)remove(path);
    return 0;
}

void process_remove_folder(const char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void handle_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;
    if (--process->handles_open > 0)
        return;
    process_remove_folder(process->folder);
    free_frames(process);
    free(process->partial);
    free(process->folder);
    free(process);
}

static void wake(struct process *process)
{
    if (process->waiter)
        task_event_signal(process->waiter);
}

static void finish_drain(struct process *process, bool usable)
{
    void (*drained)(void *, bool) = process->drained;
    if (!drained)
        return;
    uv_timer_stop(&process->grace);
    process->drained = NULL;
    drained(process->drained_arg, usable);
}

static void kill_child(struct process *process)
{
    if (!process->exited)
        uv_process_kill(&process->child, SIGKILL);
}

/* The worker broke the rules or is gone: it gets no second chance. */
static void break_off(struct process *process)
{
    process->broken = true;
    kill_child(process);
    wake(process);
    finish_drain(process, false);
}

static void child_exited(uv_process_t *child, int64_t status, int signal)
{
    struct process *process = child->data;
    process->exited = true;
    process->exit_status = status;
    process->exit_signal = signal;
    if (process->stopping) {
        uv_close((uv_handle_t *)child, handle_closed);
        return;
    }
    wake(process);
    finish_drain(process, false);
}

static void queue_frame(struct process *process)
{
    struct queued_frame *frame = process->partial;
    process->partial = NULL;
    process->header_length = 0;
    bool last = frame->type == FRAME_END || frame->type == FRAME_ERROR;
    if (process->drained) {
        free(frame);
        if (last)
            finish_drain(process, true);
        return;
    }
    *process->last = frame;
    process->last = &frame->next;
    process->backlog += frame->length;
    wake(process);
}

static void start_frame(struct process *process)
{
    struct wire_header header;
    if (!wire_read_header(process->header, &header)) {
        break_off(process);
        return;
    }
    process->partial = xcalloc(1, sizeof(*process->partial) + header.length + 1);
    process->partial->type = header.type;
    process->partial->length = header.length;
    process->partial_length = 0;
}

static void take_bytes(struct process *process, const char *bytes, size_t length)
{
    while ((length > 0 || process->partial) && !process->broken && !process->stopping) {
        size_t taken;
        if (!process->partial) {
            taken = FRAME_HEADER_SIZE - process->header_length;
            taken = taken < length ? taken : length;
            memcpy(process->header + process->header_length, bytes, taken);
            process->header_length += taken;
            if (process->header_length == FRAME_HEADER_SIZE)
                start_frame(process);
        } else {
            taken = process->partial->length - process->partial_length;
            taken = taken < length ? taken : length;
            memcpy(process->partial->bytes + process->partial_length, bytes, taken);
            process->partial_length += taken;
            if (process->partial_length == process->partial->length)
                queue_frame(process);
            else if (taken == length)
                return;
        }
        bytes += taken;
        length -= taken;
    }
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct process *process = handle->data;
    *buffer = uv_buf_init(process->chunk, READ_SIZE);
}

static void have_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct process *process = stream->data;
    if (length < 0) {
        uv_read_stop(stream);
        process->ended = true;
        process->unheard |= length == UV_ECONNRESET;
        kill_child(process); /* one that closed its socket is of no use */
        if (process->exited)
            wake(process);
        return;
    }
    take_bytes(process, buffer->base, (size_t)length);
    if (process->backlog > BACKLOG_MAX && !process->paused && !process->stopping) {
        process->paused = true;
        uv_read_stop(stream);
    }
}

static struct process *process_new(struct loop *loop, const char *folder)
{
    struct process *process = xcalloc(1, sizeof(*process));
    process->loop = loop;
    process->last = &process->first;
    process->child.data = process->pipe.data = process->grace.data = process;
    char name[64];
    random_id(name, sizeof(name), "/querent-worker-");
    struct strbuf path = strbuf_init(4096);
    const char *parent = folder && *folder ? folder : getenv("TMPDIR");
    strbuf_add(&path, parent && *parent ? parent : "/tmp");
    strbuf_add(&path, name);
    process->folder = xstrdup(strbuf_text(&path));
    strbuf_clear(&path);
    return process;
}

static int spawn(struct process *process)
{
    char program[] = "querent", mode[] = WORKER_ARGUMENT;
    char *arguments[] = {program, mode, NULL}, *environment[] = {NULL};
    uv_stdio_container_t streams[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&process->pipe},
        {.flags = UV_IGNORE},
        {.flags = WORKER_INHERITS_STDERR ? UV_INHERIT_FD : UV_IGNORE, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {
        .exit_cb = child_exited,
        .file = "/proc/self/exe",
        .args = arguments,
        .env = environment,
        .cwd = process->folder,
        .stdio = streams,
        .stdio_count = 3,
    };
    return uv_spawn(loop_uv(process->loop), &process->child, &options);
}

/* Writing to a worker that has just died must be an error, not the end of this program. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct process *process_start(struct loop *loop, const char *folder, struct error *err)
{
    ignore_broken_pipes();
    struct process *process = process_new(loop, folder);
    if (mkdir(process->folder, 0700) != 0) {
        error_set(err, ERROR_ENGINE, "a folder for DuckDB's worker can't be made in '%s': %s",
                  folder && *folder ? folder : "/tmp", strerror(errno));
        free(process->folder);
        free(process);
        return NULL;
    }
    uv_pipe_init(loop_uv(loop), &process->pipe, 0);
    uv_timer_init(loop_uv(loop), &process->grace);
    process->handles_open = 3;
    int status = spawn(process);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&process->pipe, give_chunk, have_read);
    else
        process->exited = true;
    if (status != 0) {
        error_set(err, ERROR_ENGINE, "DuckDB's worker process can't be started: %s",
                  uv_strerror(status));
        process_stop(process);
        return NULL;
    }
    return process;
}

static void have_written(uv_write_t *write, int status)
{
    free(write->data); /* a failure shows as the end of the stream */
}

/* What the socket has no room for now. */
static void send_later(struct process *process, struct str rest)
{
    struct outgoing *out = xcalloc(1, sizeof(*out) + rest.length);
    out->write.data = out;
    memcpy(out->bytes, rest.bytes, rest.length);
    uv_buf_t buffer = uv_buf_init(out->bytes, (unsigned)rest.length);
    if (uv_write(&out->write, (uv_stream_t *)&process->pipe, &buffer, 1, have_written) != 0)
        free(out);
}

/* Written at once: for a uv_write() the loop turns once more, and asks for its descriptors anew. */
void process_send(struct process *process, enum frame_type type, struct str payload)
{
    if (process->stopping || process->ended)
        return;
    struct strbuf frame = strbuf_init(FRAME_HEADER_SIZE + FRAME_SIZE_MAX);
    wire_add_header(&frame, type, payload.length);
    strbuf_add_str(&frame, payload);
    uv_buf_t buffer = uv_buf_init(frame.bytes, (unsigned)frame.length);
    int count = uv_try_write((uv_stream_t *)&process->pipe, &buffer, 1);
    size_t sent = count > 0 ? (size_t)count : 0;
    process->unheard |= count == UV_EPIPE || count == UV_ECONNRESET;
    /* Any other failure shows as the end of the stream. */
    if ((count > 0 || count == UV_EAGAIN) && sent < frame.length)
        send_later(process, str_slice(strbuf_str(&frame), sent, frame.length));
    strbuf_clear(&frame);
}

static bool died(const struct process *process, struct error *err)
{
    if (process->exited && process->exit_signal != 0)
        return error_set(err, ERROR_ENGINE, "DuckDB's worker process was killed by signal %d",
                         process->exit_signal);
    if (process->exited)
        return error_set(err, ERROR_ENGINE, "DuckDB's worker process ended with status %d",
                         (int)process->exit_status);
    return error_set(err, ERROR_ENGINE, "DuckDB's worker process sent something unreadable");
}

static void take_first(struct process *process, struct arena *arena, struct frame *out)
{
    struct queued_frame *frame = process->first;
    process->first = frame->next;
    if (!process->first)
        process->last = &process->first;
    process->backlog -= frame->length;
    out->type = frame->type;
    out->payload = (struct str){arena_strndup(arena, frame->bytes, frame->length), frame->length};
    free(frame);
    if (process->paused && process->backlog <= BACKLOG_MAX / 2 && !process->ended) {
        process->paused = false;
        uv_read_start((uv_stream_t *)&process->pipe, give_chunk, have_read);
    }
}

bool process_receive(struct process *process, uint64_t timeout_ms, struct arena *arena,
                     struct frame *out, struct error *err)
{
    uint64_t end_ms = timeout_ms ? clock_monotonic_ms() + timeout_ms : 0;
    while (!process->first) {
        if (process->broken || (process->exited && process->ended))
            return died(process, err);
        uint64_t now_ms = clock_monotonic_ms();
        if (end_ms && now_ms >= end_ms)
            return error_set(err, ERROR_DEADLINE, "the time limit was reached");
        struct task_event event = {0};
        process->waiter = &event;
        bool woken = task_event_wait(&event, end_ms ? end_ms - now_ms : 0, err);
        process->waiter = NULL;
        if (!woken)
            return false;
    }
    if (!task_check(err))
        return false;
    take_first(process, arena, out);
    return true;
}

static void grace_passed(uv_timer_t *timer)
{
    break_off(timer->data);
}

void process_drain(struct process *process, uint64_t grace_ms, void (*done)(void *arg, bool usable),
                   void *arg)
{
    assert(!process->waiter && !process->drained);
    process->drained = done;
    process->drained_arg = arg;
    bool ended = false;
    for (struct queued_frame *frame = process->first; frame; frame = frame->next)
        ended |= frame->type == FRAME_END || frame->type == FRAME_ERROR;
    free_frames(process);
    if (!process_is_usable(process) || ended) {
        finish_drain(process, process_is_usable(process));
        return;
    }
    uv_timer_start(&process->grace, grace_passed, grace_ms, 0);
    if (process->paused) {
        process->paused = false;
        uv_read_start((uv_stream_t *)&process->pipe, give_chunk, have_read);
    }
}

bool process_is_usable(const struct process *process)
{
    return !process->broken && !process->exited && !process->ended && !process->stopping;
}

bool process_is_unheard(const struct process *process)
{
    return process->unheard;
}

bool process_broke_off(const struct process *process)
{
    return process->broken;
}

void process_set_idle(struct process *process, bool idle)
{
    void (*change)(uv_handle_t *) = idle ? uv_unref : uv_ref;
    change((uv_handle_t *)&process->child);
    change((uv_handle_t *)&process->pipe);
}

const char *process_folder(const struct process *process)
{
    return process->folder;
}

int process_id(const struct process *process)
{
    return uv_process_get_pid(&process->child);
}

void process_stop(struct process *process)
{
    if (!process || process->stopping)
        return;
    process->stopping = true;
    process->drained = NULL;
    process_set_idle(process, false);
    kill_child(process);
    uv_close((uv_handle_t *)&process->grace, handle_closed);
    uv_close((uv_handle_t *)&process->pipe, handle_closed);
    /* The child's handle must see its end, or the process stays as a zombie. */
    if (process->exited)
        uv_close((uv_handle_t *)&process->child, handle_closed);
}
