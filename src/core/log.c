/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/strbuf.h"

#define SECRETS_MAX 256
#define WRITER_GATHER_MS 50
#define HELD_SIZE_MAX (64 * 1024)
#define WRITER_POLL_MS 100

static const char *const level_names[LOG_LEVELS] = {"error", "warn", "info", "debug"};

static atomic_int level_max = LOG_WARN;
static _Atomic(struct log_context *(*)(void)) context_hook;
static _Thread_local struct log_context thread_context;

/* Of a key that is cut off, too: its secret half begins after 16 characters. */
#define API_KEY_MARK "qk_"
#define API_KEY_MARK_LENGTH (sizeof(API_KEY_MARK) - 1)
#define API_KEY_LENGTH_MIN 24

static _Atomic(enum log_format) format_wanted = LOG_AUTO;

/* Guards where lines go, and keeps them whole. */
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int output = STDERR_FILENO;
static atomic_int output_is_terminal = -1; /* -1: to be found out */

static pthread_rwlock_t secrets_lock = PTHREAD_RWLOCK_INITIALIZER;
static char *secrets[SECRETS_MAX]; /* longest first: one may be part of another */
static size_t secret_count;

void log_set_level(enum log_level level)
{
    atomic_store(&level_max, (int)level);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_max, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store(&format_wanted, format);
}

void log_set_output(int fd)
{
    pthread_mutex_lock(&output_lock);
    atomic_store(&output, fd);
    atomic_store(&output_is_terminal, -1);
    pthread_mutex_unlock(&output_lock);
}

void log_add_secret(const char *value)
{
    size_t length = strlen(value);
    if (length < LOG_SECRET_MIN)
        return;
    pthread_rwlock_wrlock(&secrets_lock);
    size_t at = 0;
    while (at < secret_count && strlen(secrets[at]) >= length && strcmp(secrets[at], value) != 0)
        at++;
    bool known = at < secret_count && strcmp(secrets[at], value) == 0;
    if (!known && secret_count == SECRETS_MAX) {
        fprintf(stderr, "querent: more than %d secrets\n", SECRETS_MAX);
        abort(); /* the settings table has far fewer; going on would print one */
    }
    if (!known) {
        memmove(&secrets[at + 1], &secrets[at], (secret_count - at) * sizeof(secrets[0]));
        secrets[at] = xstrdup(value);
        secret_count++;
    }
    pthread_rwlock_unlock(&secrets_lock);
}

void log_forget_secrets(void)
{
    pthread_rwlock_wrlock(&secrets_lock);
    while (secret_count > 0) {
        secret_count--;
        explicit_bzero(secrets[secret_count], strlen(secrets[secret_count]));
        free(secrets[secret_count]);
    }
    pthread_rwlock_unlock(&secrets_lock);
}

struct log_context *log_context(void)
{
    struct log_context *(*hook)(void) = atomic_load(&context_hook);
    struct log_context *context = hook ? hook() : NULL;
    return context ? context : &thread_context;
}

void log_set_context_hook(struct log_context *(*hook)(void))
{
    atomic_store(&context_hook, hook);
}

void log_context_set(const char *run, const char *trace)
{
    struct log_context *context = log_context();
    if (run)
        snprintf(context->run, sizeof(context->run), "%s", run);
    if (trace)
        snprintf(context->trace, sizeof(context->trace), "%s", trace);
}

/* The length of the API key that starts here, or 0. Told by its form (store/admin.h), because a key
 * may come in a path or a message, and those of callers are registered nowhere. */
static size_t api_key_at(struct str text)
{
    size_t length = API_KEY_MARK_LENGTH;
    if (!str_starts(text, STR(API_KEY_MARK)))
        return 0;
    while (length < text.length && memchr("0123456789abcdef_", text.bytes[length], 17))
        length++;
    return length >= API_KEY_LENGTH_MIN ? length : 0;
}

/* The length of the secret that starts here, or 0. */
static size_t secret_at(struct str text)
{
    size_t key = api_key_at(text);
    if (key > 0)
        return key;
    for (size_t i = 0; i < secret_count; i++) {
        struct str secret = str_from(secrets[i]);
        if (secret.bytes[0] == text.bytes[0] && str_starts(text, secret))
            return secret.length;
    }
    return 0;
}

static void mask(struct str text, struct strbuf *out)
{
    while (text.length > 0 && out->length < LOG_VALUE_MAX) {
        size_t length = secret_at(text);
        if (length > 0)
            strbuf_add(out, "***");
        else
            strbuf_add_char(out, text.bytes[0]);
        text = str_slice(text, length > 0 ? length : 1, text.length);
    }
    if (text.length > 0) {
        /* Not in the middle of a character: drop the bytes of the last one. */
        size_t keep = out->length;
        while (keep > 0 && out->length - keep < 4 &&
               ((unsigned char)text.bytes[0] & 0xc0) == 0x80 &&
               ((unsigned char)out->bytes[keep - 1] & 0xc0) == 0x80)
            keep--;
        if (keep > 0 && ((unsigned char)out->bytes[keep - 1] & 0xc0) == 0xc0)
            keep--;
        strbuf_truncate(out, keep);
        strbuf_add(out, "...");
    }
}

static bool holds_secret(struct str text)
{
    if (memmem(text.bytes, text.length, API_KEY_MARK, API_KEY_MARK_LENGTH))
        return true;
    for (size_t i = 0; i < secret_count; i++)
        if (memmem(text.bytes, text.length, secrets[i], strlen(secrets[i])))
            return true;
    return false;
}

/* With secrets masked, in *copy if need be. A text that is cut ends with "...". */
static struct str masked(struct str text, struct strbuf *copy)
{
    pthread_rwlock_rdlock(&secrets_lock);
    *copy = strbuf_init(LOG_VALUE_MAX + 16);
    if (text.length > LOG_VALUE_MAX || holds_secret(text)) {
        mask(text, copy);
        text = strbuf_str(copy);
    }
    pthread_rwlock_unlock(&secrets_lock);
    return text;
}

/* The code of U+0080 to U+009F, which some terminals obey, or of U+2028 and U+2029, at which some
 * readers end a line, if the valid text begins with one; else 0. */
static unsigned odd_control(struct str text)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    if (text.length >= 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0)
        return bytes[1];
    if (text.length >= 3 && bytes[0] == 0xe2 && bytes[1] == 0x80 && (bytes[2] & 0xfe) == 0xa8)
        return 0x2000u + (bytes[2] & 0x3f);
    return 0;
}

/* As JSON, where line breaks are escapes: the odd ones too. */
static void add_json_text(struct strbuf *line, struct str text)
{
    struct strbuf plain = strbuf_init(6 * LOG_VALUE_MAX + 1024);
    json_add_string(&plain, text);
    struct str rest = strbuf_str(&plain);
    for (size_t i = 0; i < rest.length; i++) {
        unsigned code = odd_control(str_slice(rest, i, rest.length));
        if (code == 0)
            continue;
        strbuf_add_str(line, str_slice(rest, 0, i));
        strbuf_printf(line, "\\u%04x", code);
        rest = str_slice(rest, i + (code < 0x100 ? 2 : 3), rest.length);
        i = (size_t)-1;
    }
    strbuf_add_str(line, rest);
    strbuf_clear(&plain);
}

static bool has_high_bytes(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.bytes[i] >= 0x80)
            return true;
    return false;
}

/* The bytes of one printable character at the front, or 0: a control character, or no UTF-8. */
static size_t printable(struct str text)
{
    unsigned char first = (unsigned char)text.bytes[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    struct str character = str_slice(text, 0, length);
    if (character.length < length || !str_is_utf8(character))
        return 0;
    return odd_control(text) > 0 ? 0 : length;
}

static void add_escaped(struct strbuf *line, struct str text)
{
    while (text.length > 0) {
        size_t length = printable(text);
        if (length > 0)
            strbuf_add_str(line, str_slice(text, 0, length));
        else if (text.bytes[0] == '\n')
            strbuf_add(line, "\\n");
        else if (text.bytes[0] == '\t')
            strbuf_add(line, "\\t");
        else
            strbuf_printf(line, "\\x%02x", (unsigned char)text.bytes[0]);
        text = str_slice(text, length > 0 ? length : 1, text.length);
    }
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!char_is_alnum(text.bytes[i]) && !strchr("-_./:+*@%", text.bytes[i]))
            return true;
    return text.length == 0;
}

static void add_quoted(struct strbuf *line, struct str text)
{
    strbuf_add_char(line, '"');
    struct str part;
    for (bool more = str_split(&text, '"', &part); more;) {
        add_escaped(line, part);
        more = str_split(&text, '"', &part);
        if (more)
            strbuf_add(line, "\\\"");
    }
    strbuf_add_char(line, '"');
}

static void add_text_value(struct strbuf *line, bool json, const char *value)
{
    if (!value) {
        strbuf_add(line, "null");
        return;
    }
    struct strbuf copy;
    struct str text = masked(str_from(value), &copy);
    if (json && has_high_bytes(text))
        add_json_text(line, text);
    else if (json)
        json_add_string(line, text);
    else if (needs_quotes(text))
        add_quoted(line, text);
    else
        strbuf_add_str(line, text);
    strbuf_clear(&copy);
}

static void add_field(struct strbuf *line, bool json, const struct log_field *field)
{
    if (json)
        json_add_key(line, field->key);
    else
        strbuf_printf(line, " %s=", field->key);
    if (field->type == LOG_FIELD_TEXT)
        add_text_value(line, json, field->text);
    else if (field->type == LOG_FIELD_INTEGER)
        json_add_integer(line, field->integer);
    else
        json_add_double(line, field->number);
}

static void add_message(struct strbuf *line, bool json, enum log_level level, const char *message)
{
    /* The real time, also when QUERENT_NOW fixes the reference time of questions. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char time[TIMESTAMP_SIZE];
    clock_print_utc((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time);
    if (json) {
        strbuf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time,
                      level_names[level]);
        add_text_value(line, json, message);
        return;
    }
    strbuf_printf(line, "%s %-5s ", time, level_names[level]);
    struct strbuf copy;
    add_escaped(line, masked(str_from(message), &copy));
    strbuf_clear(&copy);
}

/* ---- where lines go ---- */

/* The buffer that the writer's thread empties; `bytes` is NULL while there is none. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_t thread;
    char *bytes, *taken; /* being filled, being written */
    size_t length, capacity;
    bool urgent; /* not to wait for more lines */
    uint64_t lost;    /* lines, since the last that was told */
    uint64_t stop_ms; /* when to give up; 0: not to stop */
} writer = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static void write_all(struct str bytes)
{
    while (bytes.length > 0) {
        ssize_t written = write(atomic_load(&output), bytes.bytes, bytes.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* there is nobody left to tell */
        bytes = str_slice(bytes, (size_t)written, bytes.length);
    }
}

/* Whole lines, as many as a pipe takes at once; a longer line in pieces. */
static struct str next_piece(struct str bytes)
{
    struct str piece = str_slice(bytes, 0, PIPE_BUF);
    const char *end = memrchr(piece.bytes, '\n', piece.length);
    return end ? str_slice(piece, 0, (size_t)(end - piece.bytes) + 1) : piece;
}

/* False when it is time to give up: the reader takes nothing. */
static bool wait_for_reader(void)
{
    struct pollfd out = {.fd = atomic_load(&output), .events = POLLOUT};
    while (poll(&out, 1, WRITER_POLL_MS) == 0) {
        pthread_mutex_lock(&writer.lock);
        uint64_t stop_ms = writer.stop_ms;
        pthread_mutex_unlock(&writer.lock);
        if (stop_ms > 0 && clock_monotonic_ms() >= stop_ms)
            return false;
    }
    return true;
}

static void write_pieces(struct str bytes)
{
    while (bytes.length > 0 && wait_for_reader()) {
        struct str piece = next_piece(bytes);
        write_all(piece);
        bytes = str_slice(bytes, piece.length, bytes.length);
    }
}

/* Lines gather for a moment, so that a busy server does not wake the thread for each. */
static void gather(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WRITER_GATHER_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&writer.work, &writer.lock, &until);
}

static void *write_lines(void *unused)
{
    pthread_mutex_lock(&writer.lock);
    while (writer.length > 0 || writer.stop_ms == 0) {
        if (writer.length == 0) {
            pthread_cond_wait(&writer.work, &writer.lock);
            continue;
        }
        if (!writer.urgent && writer.stop_ms == 0)
            gather();
        struct str bytes = {writer.bytes, writer.length};
        writer.bytes = writer.taken;
        writer.taken = (char *)(uintptr_t)bytes.bytes;
        writer.length = 0;
        writer.urgent = false;
        uint64_t lost = writer.lost;
        writer.lost = 0;
        pthread_mutex_unlock(&writer.lock);
        write_pieces(bytes);
        if (lost > 0)
            log_warn("%llu lines of the log were lost: nobody took them",
                     (unsigned long long)lost);
        pthread_mutex_lock(&writer.lock);
    }
    pthread_mutex_unlock(&writer.lock);
    return NULL;
}

bool log_writer_start(size_t buffer_bytes, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are the main thread's */
    pthread_mutex_lock(&writer.lock);
    writer.capacity = buffer_bytes;
    writer.bytes = xcalloc(1, buffer_bytes);
    writer.taken = xcalloc(1, buffer_bytes);
    writer.length = 0;
    writer.lost = writer.stop_ms = 0;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&writer.thread, NULL, write_lines, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0) {
        free(writer.bytes);
        free(writer.taken);
        writer.bytes = NULL;
    }
    pthread_mutex_unlock(&writer.lock);
    return status == 0 || error_set(err, ERROR_FULL, "the log's thread can't be started: %s",
                                    strerror(status));
}

void log_writer_stop(uint64_t time_max_ms)
{
    pthread_mutex_lock(&writer.lock);
    bool runs = writer.bytes && writer.stop_ms == 0;
    if (runs)
        writer.stop_ms = clock_monotonic_ms() + time_max_ms;
    pthread_cond_signal(&writer.work);
    pthread_mutex_unlock(&writer.lock);
    if (!runs)
        return;
    pthread_join(writer.thread, NULL);
    pthread_mutex_lock(&writer.lock);
    free(writer.bytes);
    free(writer.taken);
    writer.bytes = NULL;
    pthread_mutex_unlock(&writer.lock);
}

/* False when there is no writer. */
static bool buffer_line(struct str line, bool urgent)
{
    pthread_mutex_lock(&writer.lock);
    bool buffered = writer.bytes, room = line.length <= writer.capacity - writer.length;
    if (buffered && room) {
        memcpy(writer.bytes + writer.length, line.bytes, line.length);
        writer.length += line.length;
        writer.urgent |= urgent || writer.length > writer.capacity / 2;
        if (writer.urgent || writer.length == line.length)
            pthread_cond_signal(&writer.work);
    } else if (buffered) {
        writer.lost++;
    }
    pthread_mutex_unlock(&writer.lock);
    if (buffered && !room)
        metrics_add(METRIC_LOG_DROPPED, 0, 0, 1);
    return buffered;
}

/* Lines that wait while a terminal is drawn on; guarded by output_lock. */
static struct strbuf held;
static bool holds;

void log_hold(void)
{
    pthread_mutex_lock(&output_lock);
    if (!holds)
        held = strbuf_init(HELD_SIZE_MAX);
    holds = true;
    pthread_mutex_unlock(&output_lock);
}

void log_release(void)
{
    pthread_mutex_lock(&output_lock);
    if (holds) {
        write_all(strbuf_str(&held));
        strbuf_clear(&held);
    }
    holds = false;
    pthread_mutex_unlock(&output_lock);
}

static void write_line(struct str line, bool urgent)
{
    if (buffer_line(line, urgent))
        return;
    pthread_mutex_lock(&output_lock);
    if (!holds)
        write_all(line);
    else if (held.length + line.length <= HELD_SIZE_MAX)
        strbuf_add_str(&held, line);
    pthread_mutex_unlock(&output_lock);
}

static bool uses_json(void)
{
    enum log_format format = atomic_load_explicit(&format_wanted, memory_order_relaxed);
    if (format != LOG_AUTO)
        return format == LOG_JSON;
    int terminal = atomic_load_explicit(&output_is_terminal, memory_order_relaxed);
    if (terminal < 0) {
        terminal = isatty(atomic_load(&output));
        atomic_store(&output_is_terminal, terminal);
    }
    return !terminal;
}

/* Adds fields while they fit: a line is cut between fields, so that JSON stays JSON. */
static void add_fields(struct strbuf *line, bool json, const struct log_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = line->length;
        add_field(line, json, &fields[i]);
        if (line->length <= LOG_LINE_MAX - 32)
            continue;
        strbuf_truncate(line, before);
        strbuf_add(line, json ? ",\"cut\":true" : " cut=true");
        return;
    }
}

void log_fields(enum log_level level, const char *message, const struct log_field *fields,
                size_t count)
{
    if (log_enabled(level))
        log_record(level, message, fields, count);
}

void log_record(enum log_level level, const char *message, const struct log_field *fields,
                size_t count)
{
    int errno_before = errno;
    const struct log_context *context = log_context();
    struct log_field where[2];
    size_t where_count = 0;
    if (context->run[0])
        where[where_count++] = log_text("run", context->run);
    if (context->trace[0])
        where[where_count++] = log_text("trace", context->trace);

    bool json = uses_json();
    /* The worst case: each byte of a message and a value escaped to six. */
    struct strbuf line = strbuf_init(LOG_LINE_MAX + 12 * (LOG_VALUE_MAX + 64));
    add_message(&line, json, level, message);
    if (line.length > LOG_LINE_MAX - 512) {
        strbuf_reset(&line);
        add_message(&line, json, level, "a message of control characters that is too long");
    }
    add_fields(&line, json, where, where_count);
    add_fields(&line, json, fields, count);
    strbuf_add(&line, json ? "}\n" : "\n");
    write_line(strbuf_str(&line), level <= LOG_WARN);
    strbuf_clear(&line);
    errno = errno_before;
}

static void log_printf(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void log_printf(enum log_level level, const char *format, va_list args)
{
    if (!log_enabled(level))
        return;
    int errno_before = errno;
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    errno = errno_before;
    log_fields(level, message ? message : format, NULL, 0);
    free(message);
}

#define LOG_FUNCTION(name, level)        \
    void name(const char *format, ...)   \
    {                                    \
        va_list args;                    \
        va_start(args, format);          \
        log_printf(level, format, args); \
        va_end(args);                    \
    }

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

struct log_field log_text(const char *key, const char *value)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_TEXT, .text = value};
}

struct log_field log_integer(const char *key, int64_t value)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_INTEGER, .integer = value};
}

struct log_field log_double(const char *key, double value)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_DOUBLE, .number = value};
}
