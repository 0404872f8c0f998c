/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: one table (core/settings_table.c) of everything that can be set, from which --help,
 * `querent config`, docs/settings.md and the checks come.
 *
 * A value is looked for in this order: the command line (--set NAME=VALUE), the environment, the
 * file .env in the current folder, then in QUERENT_HOME, the file named by NAME_FILE (for secrets
 * mounted as files; from any of the places before), the default. An empty value counts as none.
 *
 * settings_load() runs once at the start, before there are threads; then all is read-only and any
 * thread may read. Before it, the getters give the defaults.
 */
#ifndef QUERENT_CORE_SETTINGS_H
#define QUERENT_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/strbuf.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INTEGER,
    SETTING_DOUBLE,
    SETTING_FLAG,   /* true, false, yes, no, on, off, 1, 0 */
    SETTING_CHOICE, /* one of `choices`, in any case */
    SETTING_PATH,
    SETTING_URL,  /* printed without its password */
    SETTING_TIME, /* an ISO date or date-time */
    SETTING_ZONE, /* UTC, +02:00, Europe/Lisbon */
    SETTING_TYPES
};

struct setting {
    const char *name;
    enum setting_type type;
    const char *fallback; /* the default; NULL: not set */
    double min, max;      /* numbers: inclusive; texts: bytes, 0 = the general maximum */
    const char *choices;  /* "a b c" */
    const char *unit;     /* NULL: none */
    bool secret;          /* never printed or logged, never taken from the command line */
    bool loads_code;      /* never taken from an .env file: only from whoever starts the program */
    bool unread;          /* accepted, but nothing in this version uses it */
    const char *group;    /* heading of the docs */
    const char *help;     /* one or two sentences */
};

enum setting_source {
    SETTING_FROM_DEFAULT,
    SETTING_FROM_COMMAND_LINE,
    SETTING_FROM_ENVIRONMENT,
    SETTING_FROM_DOTENV,
    SETTING_FROM_FILE,
    SETTING_SOURCES
};

#define SETTINGS_MAX 128
extern const struct setting settings_table[];
extern const size_t settings_count;

/* By exact name; NULL when there is none. */
const struct setting *settings_find(const char *name);
/* The name most like the wrong one, or NULL. */
const char *settings_nearest(const char *name);

/* "NAME=VALUE" of a --set option. Before settings_load(). The value is checked there. */
bool settings_override(const char *assignment, struct error *err);
/* Reads and checks all; ERROR_CONFIG names the setting, the value and what is allowed. May be
 * called again (tests do) when nobody reads. What belongs to this layer takes effect: secrets are
 * registered with the log, its level and format set, the reference time fixed. */
bool settings_load(struct error *err);
/* Sets one value later, checked: for options that are settings too, and for tests. */
bool settings_set(const char *name, const char *value, struct error *err);
/* Forgets everything, overrides too. */
void settings_reset(void);

/* What was odd but no error (unknown QUERENT_ names): sentences, valid until the next load. */
size_t settings_warning_count(void);
const char *settings_warning(size_t index);

/* The values. The name must be in the table and of a fitting type: anything else is a fault of
 * the program and ends it. Texts are valid until the next load or set; NULL: not set. */
const char *settings_text(const char *name); /* any type but secrets */
int64_t settings_integer(const char *name);  /* numbers; a choice gives its place, from 1 */
double settings_double(const char *name);
bool settings_flag(const char *name);
const char *settings_secret(const char *name); /* never to be printed */
bool settings_is_set(const char *name);        /* has a value, be it the default */

/* QUERENT_HOME: never NULL after settings_load(). */
const char *settings_home(void);
/* What QUERENT_TIME_ZONE is away from UTC at that moment. */
int settings_utc_offset_minutes(int64_t time_ms);

/* Where the value came from; the detail is the path of a file, or NULL. */
enum setting_source settings_source(const char *name);
const char *settings_source_detail(const char *name);
const char *settings_source_name(enum setting_source source);

/* The value fit to be shown: secrets hidden, passwords taken out of URLs. */
void settings_print_value(const char *name, struct strbuf *out);
/* What is allowed, in words: "a whole number from 0 to 10". */
void settings_print_allowed(const struct setting *setting, struct strbuf *out);
/* docs/settings.md. */
void settings_print_markdown(struct strbuf *out);

#endif
