/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on stderr: text on a terminal, one JSON object a line otherwise.
 *
 *     log_warn("dataset '%s' can't be read: %s", id, err.message);
 *     log_fields(LOG_INFO, "statement ran", LOG_FIELDS(log_text("engine", "duckdb"),
 *                                                      log_integer("rows", count)));
 *
 * Each line names the run and the trace that it belongs to (struct log_context). Registered
 * secrets, and whatever has the form of an API key, are masked in whatever is logged, control
 * characters are escaped, and a line has a maximum length. Any thread may log; a line is one write,
 * unless log_writer_start() was called. A message starts in lower case, ends without a full stop and
 * holds no row values.
 */
#ifndef QUERENT_CORE_LOG_H
#define QUERENT_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LOG_LINE_MAX 8192  /* bytes with the line feed */
#define LOG_VALUE_MAX 2048 /* bytes of a message or of a value; what is over is cut */
#define LOG_SECRET_MIN 4   /* bytes; what is shorter is no secret, and masking it spoils words */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };
enum log_format { LOG_AUTO, LOG_TEXT, LOG_JSON, LOG_FORMATS };

/* Defaults: LOG_WARN, LOG_AUTO, stderr. */
void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
void log_set_output(int fd);
bool log_enabled(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum log_field_type { LOG_FIELD_TEXT, LOG_FIELD_INTEGER, LOG_FIELD_DOUBLE };
struct log_field {
    const char *key; /* [a-z_]+ */
    enum log_field_type type;
    const char *text; /* NULL: null */
    int64_t integer;
    double number;
};
struct log_field log_text(const char *key, const char *value);
struct log_field log_integer(const char *key, int64_t value);
struct log_field log_double(const char *key, double value);
void log_fields(enum log_level level, const char *message, const struct log_field *fields,
                size_t count);
/* Whatever the level is: for lines that have a setting of their own. */
void log_record(enum log_level level, const char *message, const struct log_field *fields,
                size_t count);
/* The last two arguments of log_fields(). */
#define LOG_FIELDS(...)                      \
    (const struct log_field[]){__VA_ARGS__}, \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)

/*
 * For servers: from now on a thread of its own writes the lines, from a buffer of so many bytes, so
 * that nobody waits for a reader that takes nothing. A line that finds no room is lost and counted
 * (METRIC_LOG_DROPPED); a line says how many, once there is room.
 */
bool log_writer_start(size_t buffer_bytes, struct error *err);
/* Lets it write what waits, for at most that time; after this each line is written at once again.
 * Nothing to do when it was not started. */
void log_writer_stop(uint64_t time_max_ms);

/* For a terminal on which something is being drawn: lines wait (as many as have room, others are lost) until
 * log_release(), which does nothing when none were held. */
void log_hold(void);
void log_release(void);

/* From now on the value is written as "***" wherever it occurs. Copied. For good: there is no way
 * to take one back, except for tests. */
void log_add_secret(const char *value);
void log_forget_secrets(void);

/* What the lines of a task or thread belong to; empty texts: nothing. */
struct log_context {
    char run[32];
    char trace[33];
};
/* That of the running task, or of the thread when there is none. Change it through the pointer
 * with log_context_set(). */
struct log_context *log_context(void);
/* NULL leaves a part as it is; longer texts are cut. */
void log_context_set(const char *run, const char *trace);
/* Tasks are above this layer: they say here how to find a task's context. The function returns
 * NULL outside of a task. */
void log_set_context_hook(struct log_context *(*hook)(void));

#endif
