/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <pthread.h>
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
#include "core/strbuf.h"

#define SECRETS_MAX 256

static const char *const level_names[LOG_LEVELS] = {"error", "warn", "info", "debug"};

static atomic_int level_max = LOG_WARN;
static _Atomic(struct log_context *(*)(void)) context_hook;
static _Thread_local struct log_context thread_context;

/* Guards all below, and keeps lines whole. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_format format_wanted = LOG_AUTO;
static int output = STDERR_FILENO;
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
    pthread_mutex_lock(&lock);
    format_wanted = format;
    pthread_mutex_unlock(&lock);
}

void log_set_output(int fd)
{
    pthread_mutex_lock(&lock);
    output = fd;
    pthread_mutex_unlock(&lock);
}

void log_add_secret(const char *value)
{
    size_t length = strlen(value);
    if (length < LOG_SECRET_MIN)
        return;
    pthread_mutex_lock(&lock);
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
    pthread_mutex_unlock(&lock);
}

void log_forget_secrets(void)
{
    pthread_mutex_lock(&lock);
    while (secret_count > 0) {
        secret_count--;
        explicit_bzero(secrets[secret_count], strlen(secrets[secret_count]));
        free(secrets[secret_count]);
    }
    pthread_mutex_unlock(&lock);
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

/* The length of the secret that starts here, or 0. */
static size_t secret_at(struct str text)
{
    for (size_t i = 0; i < secret_count; i++) {
        struct str secret = str_from(secrets[i]);
        if (secret.bytes[0] == text.bytes[0] && str_starts(text, secret))
            return secret.length;
    }
    return 0;
}

/* Copies the text with secrets masked. A text that is cut ends with "...". */
static struct strbuf masked(struct str text)
{
    struct strbuf out = strbuf_init(LOG_VALUE_MAX + 16);
    while (text.length > 0 && out.length < LOG_VALUE_MAX) {
        size_t length = secret_at(text);
        if (length > 0)
            strbuf_add(&out, "***");
        else
            strbuf_add_char(&out, text.bytes[0]);
        text = str_slice(text, length > 0 ? length : 1, text.length);
    }
    if (text.length > 0) {
        /* Not in the middle of a character: drop the bytes of the last one. */
        size_t keep = out.length;
        while (keep > 0 && out.length - keep < 4 && ((unsigned char)text.bytes[0] & 0xc0) == 0x80 &&
               ((unsigned char)out.bytes[keep - 1] & 0xc0) == 0x80)
            keep--;
        if (keep > 0 && ((unsigned char)out.bytes[keep - 1] & 0xc0) == 0xc0)
            keep--;
        strbuf_truncate(&out, keep);
        strbuf_add(&out, "...");
    }
    return out;
}

/* The bytes of one printable character at the front, or 0: a control character (also U+0080 to
 * U+009F, which some terminals obey), or no UTF-8. */
static size_t printable(struct str text)
{
    unsigned char first = (unsigned char)text.bytes[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    struct str character = str_slice(text, 0, length);
    if (character.length < length || !str_is_utf8(character))
        return 0;
    bool control = first == 0xc2 && (unsigned char)text.bytes[1] < 0xa0;
    return control ? 0 : length;
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
    struct strbuf text = masked(str_from(value));
    if (json)
        json_add_string(line, strbuf_str(&text));
    else if (needs_quotes(strbuf_str(&text)))
        add_quoted(line, strbuf_str(&text));
    else
        strbuf_add_str(line, strbuf_str(&text));
    strbuf_clear(&text);
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
    struct strbuf text = masked(str_from(message));
    add_escaped(line, strbuf_str(&text));
    strbuf_clear(&text);
}

static void write_line(struct str line)
{
    while (line.length > 0) {
        ssize_t written = write(output, line.bytes, line.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* there is nobody left to tell */
        line = str_slice(line, (size_t)written, line.length);
    }
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
    if (!log_enabled(level))
        return;
    int errno_before = errno;
    const struct log_context *context = log_context();
    struct log_field where[2];
    size_t where_count = 0;
    if (context->run[0])
        where[where_count++] = log_text("run", context->run);
    if (context->trace[0])
        where[where_count++] = log_text("trace", context->trace);

    pthread_mutex_lock(&lock);
    bool json = format_wanted == LOG_JSON || (format_wanted == LOG_AUTO && !isatty(output));
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
    write_line(strbuf_str(&line));
    pthread_mutex_unlock(&lock);
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
