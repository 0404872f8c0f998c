/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "engine/worker_priv.h"

#define SOCKET STDIN_FILENO
#define HELD_BACK_MAX (32u << 10) /* bytes of frames */
#define CONTROL_STACK_SIZE (256u << 10)
#define WATCH_AFTER_MS 10 /* most statements have ended by then, and woke no other thread */
#define WATCH_AGAIN_MS 1000
#define INTERRUPT_AGAIN_MS 50
#define ADDRESS_SPACE_MIN_MB 768

bool engine_worker_requested(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0;
}

/* Without atexit handlers: the server takes no notice of how a worker ends. */
static _Noreturn void leave(int status)
{
    _exit(status);
}

static void set_limit(int resource, rlim_t soft)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        return;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    if (resource != RLIMIT_CPU) /* that one moves with each query */
        limit.rlim_max = limit.rlim_cur;
    (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

void worker_limit_memory(uint32_t memory_mb)
{
    uint64_t space_mb = (uint64_t)memory_mb * 3;
    if (space_mb < ADDRESS_SPACE_MIN_MB)
        space_mb = ADDRESS_SPACE_MIN_MB;
    if (!WORKER_SANITIZED) /* whose shadow memory is terabytes of addresses */
        set_limit(RLIMIT_AS, space_mb << 20);
}

void worker_limit_cpu(uint64_t seconds)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    set_limit(RLIMIT_CPU, (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds);
}

void worker_limit_files(uint64_t bytes)
{
    set_limit(RLIMIT_FSIZE, (rlim_t)bytes);
}

/* For as long as this process lives, its folder is seen to be in use (load.c). */
static void hold_folder(void)
{
    int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0)
        (void)flock(folder, LOCK_SH | LOCK_NB);
}

/* First of all, before any byte from outside is read. */
static uint32_t confine(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    hold_folder();
    set_limit(RLIMIT_CORE, 0);
    umask(S_IRWXG | S_IRWXO); /* what it writes holds the asker's data */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* The terminal's Ctrl-C is for the server, which then ends its workers. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    /* Each arena reserves 64 MB of addresses, which RLIMIT_AS counts. */
    mallopt(M_ARENA_MAX, 2);
    return sandbox_start();
}

static void read_all(int socket, void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = read(socket, (char *)bytes + done, length - done);
        if (count == 0)
            leave(0); /* the server closed: all is done */
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            leave(1);
        if (count > 0)
            done += (size_t)count;
    }
}

static struct worker_frame *read_frame(int socket)
{
    uint8_t bytes[FRAME_HEADER_SIZE];
    read_all(socket, bytes, sizeof(bytes));
    struct wire_header header;
    if (!wire_read_header(bytes, &header))
        leave(1);
    struct worker_frame *frame = xcalloc(1, sizeof(*frame) + header.length + 1);
    frame->type = header.type;
    frame->payload = (struct str){frame->bytes, header.length};
    read_all(socket, frame->bytes, header.length);
    return frame;
}

/* True while the query that was to be interrupted still runs. */
static bool interrupt(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool running = worker->running != 0 && worker->interrupted;
    if (running)
        worker->api.interrupt(worker->connection);
    pthread_mutex_unlock(&worker->lock);
    return running;
}

/* The number by which a query is interrupted; 0: it is none. */
static uint32_t number_of(const struct worker_frame *frame)
{
    struct wire_reader in = wire_reader_init(frame->payload);
    return frame->type == FRAME_QUERY ? wire_u32(&in) : 0;
}

/* With the lock held. The query may still wait for its turn. */
static void mark_interrupted(struct worker *worker, const struct worker_frame *frame)
{
    struct wire_reader in = wire_reader_init(frame->payload);
    uint32_t number = wire_u32(&in);
    if (number == 0)
        return;
    if (number == worker->running)
        worker->interrupted = true;
    for (struct worker_frame *waiting = worker->first; waiting; waiting = waiting->next)
        waiting->interrupted |= number_of(waiting) == number;
}

/* With the lock held: what comes while the main thread works. */
static void take_frame(struct worker *worker)
{
    struct worker_frame *frame = read_frame(worker->socket);
    if (frame->type == FRAME_INTERRUPT) {
        mark_interrupted(worker, frame);
        free(frame);
        return;
    }
    *worker->last = frame;
    worker->last = &frame->next;
}

static bool works_on(struct worker *worker, uint64_t piece)
{
    return worker->working && worker->piece == piece;
}

/* Reads the socket in the main thread's place, for as long as that works on this piece. */
static void watch(struct worker *worker, uint64_t piece)
{
    bool interrupting = interrupt(worker);
    for (;;) {
        struct pollfd input = {.fd = worker->socket, .events = POLLIN};
        int ready = poll(&input, 1, interrupting ? INTERRUPT_AGAIN_MS : WATCH_AGAIN_MS);
        pthread_mutex_lock(&worker->lock);
        bool working = works_on(worker, piece);
        if (working && ready > 0)
            take_frame(worker);
        pthread_mutex_unlock(&worker->lock);
        if (!working)
            return;
        /* Once is not enough: an interrupt before the statement has begun is lost. */
        interrupting = interrupt(worker);
    }
}

static void *control(void *arg)
{
    struct worker *worker = arg;
    for (;;) {
        uint64_t times;
        if (read(worker->timer, &times, sizeof(times)) != (ssize_t)sizeof(times))
            continue;
        pthread_mutex_lock(&worker->lock);
        uint64_t piece = worker->piece;
        pthread_mutex_unlock(&worker->lock);
        watch(worker, piece);
    }
    return NULL;
}

/* In so many milliseconds; 0: not at all. */
static void wake_control(struct worker *worker, long milliseconds)
{
    struct itimerspec when = {.it_value.tv_nsec = milliseconds * 1000000};
    (void)timerfd_settime(worker->timer, 0, &when, NULL);
}

static void start_control(struct worker *worker)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (!WORKER_SANITIZED)
        pthread_attr_setstacksize(&attributes, CONTROL_STACK_SIZE);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, control, worker) != 0)
        leave(1);
    pthread_attr_destroy(&attributes);
}

/* Ends the work on a piece: from here on the socket is the main thread's. NULL: nothing came while
 * it worked. */
static struct worker_frame *end_piece(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->working = false;
    struct worker_frame *frame = worker->first;
    if (frame) {
        worker->first = frame->next;
        if (!worker->first)
            worker->last = &worker->first;
    }
    pthread_mutex_unlock(&worker->lock);
    wake_control(worker, 0);
    return frame;
}

/* The control thread may read on as soon as this has let go of the lock: an interrupt on the heels of its
 * query must not find that nothing runs. */
static void begin_piece(struct worker *worker, const struct worker_frame *frame)
{
    pthread_mutex_lock(&worker->lock);
    worker->working = true;
    worker->piece++;
    worker->running = number_of(frame);
    worker->interrupted = frame->interrupted;
    pthread_mutex_unlock(&worker->lock);
    wake_control(worker, WATCH_AFTER_MS);
}

struct worker_frame *worker_next(struct worker *worker)
{
    struct worker_frame *frame = end_piece(worker);
    while (!frame) {
        frame = read_frame(worker->socket);
        if (frame->type != FRAME_INTERRUPT)
            break;
        pthread_mutex_lock(&worker->lock);
        mark_interrupted(worker, frame);
        pthread_mutex_unlock(&worker->lock);
        free(frame);
        frame = NULL;
    }
    begin_piece(worker, frame);
    return frame;
}

static void write_all(int socket, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = write(socket, bytes + done, length - done);
        if (count < 0 && errno == EAGAIN) {
            struct pollfd output = {.fd = socket, .events = POLLOUT};
            poll(&output, 1, -1);
        } else if (count < 0 && errno != EINTR) {
            leave(0);
        } else if (count > 0) {
            done += (size_t)count;
        }
    }
}

/* Columns and a few rows leave with the end of the result: each write wakes the server. */
void worker_send(struct worker *worker, enum frame_type type, struct str payload)
{
    struct strbuf *out = &worker->out;
    if (out->length_max == 0)
        *out = strbuf_init(2 * FRAME_SIZE_MAX);
    wire_add_header(out, type, payload.length);
    strbuf_add_str(out, payload);
    bool more = type == FRAME_COLUMNS || type == FRAME_ROWS;
    if (more && out->length < HELD_BACK_MAX)
        return;
    write_all(worker->socket, out->bytes, out->length);
    if (out->length > HELD_BACK_MAX)
        strbuf_clear(out);
    else
        strbuf_reset(out);
}

void worker_send_error(struct worker *worker, enum wire_error kind, const char *message)
{
    struct strbuf payload = strbuf_init(2 * ERROR_MESSAGE_MAX);
    wire_add_error(&payload, kind, message ? message : "no reason was given");
    worker_send(worker, FRAME_ERROR, strbuf_str(&payload));
    strbuf_clear(&payload);
}

void worker_end_query(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->running = 0;
    worker->interrupted = false;
    pthread_mutex_unlock(&worker->lock);
}

bool worker_interrupted(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool interrupted = worker->interrupted;
    pthread_mutex_unlock(&worker->lock);
    return interrupted;
}

static void add_quoted(struct strbuf *sql, const char *text, char quote)
{
    strbuf_add_char(sql, quote);
    for (; *text; text++) {
        if (*text == quote)
            strbuf_add_char(sql, quote);
        strbuf_add_char(sql, *text);
    }
    strbuf_add_char(sql, quote);
}

void sql_add_name(struct strbuf *sql, const char *name)
{
    add_quoted(sql, name, '"');
}

void sql_add_text(struct strbuf *sql, const char *text)
{
    add_quoted(sql, text, '\'');
}

bool worker_run(struct worker *worker, const char *sql, struct error *err)
{
    struct duckdb_result result = {0};
    bool ok = worker->api.query(worker->connection, sql, &result) == DUCKDB_SUCCESS;
    if (!ok) {
        const char *message = worker->api.result_error(&result);
        error_set(err, ERROR_ENGINE, "%s", message ? message : "no reason was given");
    }
    worker->api.destroy_result(&result);
    return ok;
}

static void load_library(struct worker *worker, const char *path)
{
    struct error err;
    if (duckdb_api_load(path, &worker->api, &err))
        return;
    worker_send_error(worker, WIRE_ERROR_CONFIG, err.message);
    leave(1);
}

static bool set_options(struct worker *worker, duckdb_config config, uint32_t memory_mb,
                        struct error *err)
{
    char memory[32];
    const char *const options[][2] = {
        {"autoload_known_extensions", "false"},
        {"autoinstall_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"allow_unsigned_extensions", "false"},
        {"allow_persistent_secrets", "false"},
        {"max_temp_directory_size", "0KB"},
        {"temp_directory", ""},
        {"threads", "1"}, /* this one: others would keep the files that it gives up */
        {"memory_limit", memory},
    };
    snprintf(memory, sizeof(memory), "%uMB", memory_mb);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (worker->api.set_config(config, options[i][0], options[i][1]) != DUCKDB_SUCCESS)
            return error_set(err, ERROR_ENGINE, "DuckDB does not know the option '%s'",
                             options[i][0]);
    return true;
}

static bool open_database(struct worker *worker, uint32_t memory_mb, struct error *err)
{
    duckdb_config config = NULL;
    if (worker->api.create_config(&config) != DUCKDB_SUCCESS)
        return error_set(err, ERROR_ENGINE, "DuckDB has no configuration");
    char *message = NULL;
    bool ok = set_options(worker, config, memory_mb, err);
    if (ok &&
        worker->api.open_ext(":memory:", &worker->database, config, &message) != DUCKDB_SUCCESS)
        ok = error_set(err, ERROR_ENGINE, "%s", message ? message : "DuckDB does not open");
    worker->api.free(message);
    worker->api.destroy_config(&config);
    if (ok && worker->api.connect(worker->database, &worker->connection) != DUCKDB_SUCCESS)
        ok = error_set(err, ERROR_ENGINE, "DuckDB does not connect");
    return ok;
}

bool worker_begin(struct worker *worker, const struct worker_start *start, struct error *err)
{
    char threads[64];
    load_library(worker, start->library);
    if (!open_database(worker, start->memory_mb, err))
        return false;
    worker->layers |= sandbox_limit_files(start->paths, start->path_count);
    start_control(worker);
    snprintf(threads, sizeof(threads), "SET threads=%u", start->threads);
    return worker_run(worker, threads, err);
}

enum wire_error worker_error_kind(const char *message)
{
    static const struct {
        const char *start;
        enum wire_error kind;
    } kinds[] = {
        {"INTERRUPT Error", WIRE_ERROR_INTERRUPTED},     {"Out of Memory Error", WIRE_ERROR_MEMORY},
        {"INTERNAL Error", WIRE_ERROR_BROKEN},           {"FATAL Error", WIRE_ERROR_BROKEN},
        {"TransactionContext Error", WIRE_ERROR_BROKEN},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_starts(str_from(message), str_from(kinds[i].start)))
            return kinds[i].kind;
    /* What operator new throws, in whatever wrapping. */
    if (str_find(str_from(message), STR("std::bad_alloc")) >= 0)
        return WIRE_ERROR_MEMORY;
    return WIRE_ERROR_SQL;
}

static void answer_ping(struct worker *worker, struct str payload)
{
    worker_send(worker, FRAME_PONG, STR(""));
}

int engine_worker_main(int argc, char **argv)
{
    static const struct {
        enum frame_type type;
        void (*handle)(struct worker *worker, struct str payload);
    } handlers[] = {
        {FRAME_OPEN, worker_open},
        {FRAME_QUERY, worker_query},
        {FRAME_LOAD, worker_load},
        {FRAME_PING, answer_ping},
    };
    struct worker worker = {.layers = confine(), .socket = SOCKET};
    worker.last = &worker.first;
    pthread_mutex_init(&worker.lock, NULL);
    worker.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (worker.timer < 0)
        leave(1);
    for (;;) {
        struct worker_frame *frame = worker_next(&worker);
        for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
            if (handlers[i].type == frame->type)
                handlers[i].handle(&worker, frame->payload);
        free(frame);
    }
}
