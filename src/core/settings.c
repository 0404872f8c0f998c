/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/dotenv.h"
#include "core/log.h"
#include "core/zone.h"

#define SETTING_PREFIX "QUERENT_"
#define WARNINGS_MAX 100

extern char **environ;

struct stored {
    struct setting_value value;
    enum setting_source source;
    const char *detail;
    char *override; /* on the heap: outlives a load */
};

/* Written by settings_load() and settings_set() only. */
static struct {
    struct arena *arena; /* of the values; NULL before the first load */
    struct stored stored[SETTINGS_MAX];
    const char *warnings[WARNINGS_MAX];
    size_t warning_count;
} settings;

/* What one load works with. */
struct sources {
    struct dotenv here, home;
    const char *home_path;
};

static size_t place_of(const struct setting *setting)
{
    return (size_t)(setting - settings_table);
}

const struct setting *settings_find(const char *name)
{
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings_table[i].name, name) == 0)
            return &settings_table[i];
    return NULL;
}

const char *settings_nearest(const char *name)
{
    const char *nearest = NULL;
    unsigned distance_max = 4;
    for (size_t i = 0; i < settings_count; i++) {
        unsigned distance =
            str_distance(str_from(name), str_from(settings_table[i].name), distance_max);
        if (distance < distance_max) {
            distance_max = distance;
            nearest = settings_table[i].name;
        }
    }
    return nearest;
}

static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void warn(const char *format, ...)
{
    if (settings.warning_count == WARNINGS_MAX)
        return;
    va_list args;
    va_start(args, format);
    settings.warnings[settings.warning_count++] = arena_vprintf(settings.arena, format, args);
    va_end(args);
}

/* The start of a value, fit for a message. */
static const char *shown(const char *value, char out[84])
{
    struct str start = str_cut_utf8(str_from(value), 80);
    for (size_t i = 0; i < start.length; i++) {
        unsigned char c = (unsigned char)start.bytes[i];
        out[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    bool cut = start.length < strlen(value);
    memcpy(out + start.length, cut ? "..." : "", cut ? 4 : 1);
    return out;
}

static bool refuse(const struct setting *setting, const char *value, const char *where,
                   struct error *err)
{
    char text[84];
    struct strbuf allowed = strbuf_init(1024);
    settings_print_allowed(setting, &allowed);
    bool hidden = setting->secret || setting->type == SETTING_URL;
    if (hidden)
        error_set(err, ERROR_CONFIG, "%s (%s) has a value that is not allowed; allowed is %s",
                  setting->name, where, strbuf_text(&allowed));
    else
        error_set(err, ERROR_CONFIG, "%s is '%s' (%s); allowed is %s", setting->name,
                  shown(value, text), where, strbuf_text(&allowed));
    strbuf_clear(&allowed);
    return false;
}

static void wipe(void *text)
{
    explicit_bzero(text, strlen(text));
}

/* Hides every spelling of a password that a library might print. */
static void register_password(struct str password)
{
    if (password.length == 0)
        return;
    char *plain = xstrndup(password.bytes, password.length);
    log_add_secret(plain);
    char *to = plain;
    for (const char *from = plain; *from; from++) {
        int64_t byte;
        char digits[5] = {'0', 'x'};
        if (*from == '%' && from[1] && from[2]) {
            memcpy(digits + 2, from + 1, 2);
            char *end;
            byte = strtol(digits, &end, 16);
            if (*end == '\0' && byte > 0) {
                *to++ = (char)byte;
                from += 2;
                continue;
            }
        }
        *to++ = *from;
    }
    *to = '\0';
    log_add_secret(plain);
    wipe(plain);
    free(plain);
}

static void register_secrets(const struct setting *setting, const char *value)
{
    if (setting->secret)
        log_add_secret(value);
    if (setting->type != SETTING_URL)
        return;
    register_password(url_password(value, URL_FIRST_AT));
    register_password(url_password(value, URL_LAST_AT));
    /* libpq also takes a password as a parameter. */
    const char *parameter = strstr(value, "password=");
    if (parameter) {
        parameter += strlen("password=");
        register_password((struct str){parameter, strcspn(parameter, "&")});
    }
}

/* Worker processes have a current folder of their own: a relative path would mean another place. */
static char *absolute_path(const char *path)
{
    char *here = path[0] == '/' || !path[0] ? NULL : getcwd(NULL, 0);
    char *text = here ? arena_printf(settings.arena, "%s/%s", here, path)
                      : arena_strdup(settings.arena, path);
    free(here);
    return text;
}

/* Checks the value and keeps a copy. */
static bool store(const struct setting *setting, const char *value, enum setting_source source,
                  const char *detail, struct error *err)
{
    struct setting_value parsed;
    if (!setting_parse(setting, value, &parsed))
        return refuse(setting, value, detail ? detail : settings_source_name(source), err);
    char *text = setting->type == SETTING_PATH ? absolute_path(parsed.text)
                                               : arena_strdup(settings.arena, parsed.text);
    for (char *c = text; setting->type == SETTING_CHOICE && *c; c++)
        *c = char_lower(*c);
    if (setting->secret)
        arena_defer(settings.arena, wipe, text);
    parsed.text = text;
    register_secrets(setting, text);
    struct stored *stored = &settings.stored[place_of(setting)];
    stored->value = parsed;
    stored->source = source;
    stored->detail = detail;
    return true;
}

/* A small regular file as text in the arena. *out stays NULL when there is none. */
static bool read_file(const char *path, struct str *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(err, ERROR_CONFIG, "file '%s' can't be read: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (!S_ISREG(status.st_mode)) { /* .env is a folder where Python keeps its packages */
        close(fd);
        return true;
    }
    char *bytes = arena_alloc(settings.arena, DOTENV_SIZE_MAX + 2);
    size_t length = 0;
    ssize_t got = 0;
    while (length <= DOTENV_SIZE_MAX &&
           (got = read(fd, bytes + length, DOTENV_SIZE_MAX + 1 - length)) > 0)
        length += (size_t)got;
    close(fd);
    arena_defer(settings.arena, wipe, bytes);
    if (got < 0)
        return error_set(err, ERROR_CONFIG, "file '%s' can't be read: %s", path, strerror(errno));
    if (length > DOTENV_SIZE_MAX)
        return error_set(err, ERROR_CONFIG, "file '%s' has more than %zu bytes", path,
                         DOTENV_SIZE_MAX);
    *out = (struct str){bytes, length};
    return true;
}

static void warn_unknown(const char *name, const char *where)
{
    size_t length = strlen(name);
    if (strncmp(name, SETTING_PREFIX, strlen(SETTING_PREFIX)) != 0 || settings_find(name))
        return;
    if (length > 5 && strcmp(name + length - 5, "_FILE") == 0 &&
        settings_find(arena_strndup(settings.arena, name, length - 5)))
        return;
    char text[84];
    const char *nearest = settings_nearest(name);
    warn("setting '%s' (%s) is not known%s%s%s", shown(name, text), where,
         nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* A folder of data that somebody else packed may hold an .env, which must not choose the code that
 * this program loads. */
static void refuse_code(const struct dotenv *dotenv, const char *path)
{
    for (size_t i = 0; i < settings_count; i++)
        if (settings_table[i].loads_code && dotenv_find(dotenv, settings_table[i].name))
            warn("%s in file '%s' is left out: it is taken from the environment and the command "
                 "line only",
                 settings_table[i].name, path);
}

static bool read_dotenv(const char *path, struct dotenv *out, struct error *err)
{
    struct str text = {NULL, 0};
    if (!read_file(path, &text, err))
        return false;
    if (!text.bytes)
        return true;
    if (!dotenv_parse(text, settings.arena, out, err))
        return error_wrap(err, "file '%s'", path);
    for (size_t i = 0; i < out->count; i++) {
        const struct dotenv_entry *entry = &out->entries[i];
        if (entry->problem)
            warn("file '%s', line %u is left out: %s", path, entry->line, entry->problem);
        else
            warn_unknown(entry->name, path);
        if (entry->value)
            arena_defer(settings.arena, wipe, (char *)(uintptr_t)entry->value);
    }
    refuse_code(out, path);
    return true;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static const char *from_dotenv(const struct dotenv *dotenv, const char *name)
{
    const char *value = dotenv_find(dotenv, name);
    return value && value[0] ? value : NULL;
}

/* The value in the file that NAME_FILE names; a line feed at its end is not part of it. */
static bool store_from_file(const struct setting *setting, const struct sources *sources,
                            bool *found, struct error *err)
{
    const char *name = arena_printf(settings.arena, "%s_FILE", setting->name);
    const char *path = from_environment(name);
    if (!path && !setting->loads_code)
        path = from_dotenv(&sources->here, name);
    if (!path && !setting->loads_code)
        path = from_dotenv(&sources->home, name);
    *found = path != NULL;
    if (!path)
        return true;
    struct str text = {NULL, 0};
    if (!read_file(path, &text, err))
        return error_wrap(err, "%s", name);
    if (!text.bytes)
        return error_set(err, ERROR_CONFIG, "%s: there is no file '%s'", name, path);
    text = str_trim(text);
    if (text.length > 0 && memchr(text.bytes, '\0', text.length))
        return error_set(err, ERROR_CONFIG, "%s: file '%s' is no text", name, path);
    char *value = arena_strndup(settings.arena, text.bytes, text.length);
    arena_defer(settings.arena, wipe, value);
    *found = text.length > 0;
    return !*found ||
           store(setting, value, SETTING_FROM_FILE, arena_strdup(settings.arena, path), err);
}

/* Looks through the sources in order. */
static bool resolve(const struct setting *setting, const struct sources *sources, struct error *err)
{
    static const char here_path[] = ".env";
    const char *value = settings.stored[place_of(setting)].override;
    if (value)
        return store(setting, value, SETTING_FROM_COMMAND_LINE, NULL, err);
    if ((value = from_environment(setting->name)))
        return store(setting, value, SETTING_FROM_ENVIRONMENT, NULL, err);
    if (!setting->loads_code && (value = from_dotenv(&sources->here, setting->name)))
        return store(setting, value, SETTING_FROM_DOTENV, here_path, err);
    if (!setting->loads_code && (value = from_dotenv(&sources->home, setting->name)))
        return store(setting, value, SETTING_FROM_DOTENV, sources->home_path, err);
    bool found;
    if (!store_from_file(setting, sources, &found, err))
        return false;
    if (found || !setting->fallback)
        return true;
    return store(setting, setting->fallback, SETTING_FROM_DEFAULT, NULL, err);
}

/* As the XDG base directory specification says: a relative XDG_DATA_HOME does not count. */
static bool resolve_home(const struct sources *sources, struct error *err)
{
    const struct setting *home = settings_find("QUERENT_HOME");
    if (!resolve(home, sources, err))
        return false;
    if (settings.stored[place_of(home)].value.text)
        return true;
    const char *path = from_environment("XDG_DATA_HOME");
    if (path && path[0] == '/')
        return store(home, arena_printf(settings.arena, "%s/querent", path), SETTING_FROM_DEFAULT,
                     NULL, err);
    path = from_environment("HOME");
    const struct passwd *user = path ? NULL : getpwuid(getuid());
    if (!path && user)
        path = user->pw_dir;
    if (!path)
        return error_set(err, ERROR_CONFIG, "no home folder is known; set QUERENT_HOME");
    return store(home, arena_printf(settings.arena, "%s/.local/share/querent", path),
                 SETTING_FROM_DEFAULT, NULL, err);
}

/* Settings of this layer take effect here. */
static void apply(void)
{
    log_set_level((enum log_level)(settings_integer("QUERENT_LOG_LEVEL") - 1));
    log_set_format((enum log_format)(settings_integer("QUERENT_LOG_FORMAT") - 1));
    if (settings_is_set("QUERENT_NOW"))
        clock_set_now(settings_text("QUERENT_NOW"));
}

static void start_load(void)
{
    arena_free(settings.arena);
    settings.arena = arena_new();
    settings.warning_count = 0;
    for (size_t i = 0; i < settings_count; i++)
        settings.stored[i] = (struct stored){.override = settings.stored[i].override};
}

bool settings_load(struct error *err)
{
    start_load();
    struct sources sources = {0};
    if (!read_dotenv(".env", &sources.here, err) || !resolve_home(&sources, err))
        return false;
    sources.home_path = arena_printf(settings.arena, "%s/.env", settings_home());
    if (!read_dotenv(sources.home_path, &sources.home, err))
        return false;
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings_table[i].name, "QUERENT_HOME") != 0 &&
            !resolve(&settings_table[i], &sources, err))
            return false;
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals && strncmp(*entry, SETTING_PREFIX, strlen(SETTING_PREFIX)) == 0)
            warn_unknown(arena_strndup(settings.arena, *entry, (size_t)(equals - *entry)),
                         "environment");
    }
    apply();
    return true;
}

static void forget_override(struct stored *stored)
{
    if (stored->override)
        wipe(stored->override);
    free(stored->override);
    stored->override = NULL;
}

bool settings_set(const char *name, const char *value, struct error *err)
{
    const struct setting *setting = settings_find(name);
    if (!setting) {
        char text[84];
        const char *nearest = settings_nearest(name);
        return error_set(err, ERROR_USAGE, "setting '%s' is not known%s%s%s", shown(name, text),
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
    }
    if (!settings.arena)
        settings.arena = arena_new();
    if (!store(setting, value, SETTING_FROM_COMMAND_LINE, NULL, err))
        return false;
    char *copy = xstrdup(value);
    forget_override(&settings.stored[place_of(setting)]);
    settings.stored[place_of(setting)].override = copy;
    return true;
}

bool settings_override(const char *assignment, struct error *err)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return error_set(err, ERROR_USAGE, "a setting is given as NAME=VALUE");
    char *name = xstrndup(assignment, (size_t)(equals - assignment));
    const struct setting *setting = settings_find(name);
    bool ok = setting && setting->secret
                  ? error_set(err, ERROR_USAGE,
                              "%s is a secret, and other users can read a command line; set it in "
                              "the environment or in .env, or name a file that holds it as %s_FILE",
                              name, name)
                  : settings_set(name, equals + 1, err);
    free(name);
    return ok;
}

void settings_reset(void)
{
    for (size_t i = 0; i < settings_count; i++)
        forget_override(&settings.stored[i]);
    arena_free(settings.arena);
    memset(&settings, 0, sizeof(settings));
}

size_t settings_warning_count(void)
{
    return settings.warning_count;
}

const char *settings_warning(size_t index)
{
    assert(index < settings.warning_count);
    return settings.warnings[index];
}

/* Before a load the default is parsed at each call: nothing is written while threads read. */
static struct setting_value value_of(const struct setting *setting)
{
    struct setting_value value = settings.stored[place_of(setting)].value;
    if (!value.text && setting->fallback) {
        bool ok = setting_parse(setting, setting->fallback, &value);
        assert(ok);
        (void)ok;
    }
    return value;
}

static const struct setting *known(const char *name)
{
    const struct setting *setting = settings_find(name);
    assert(setting);
    return setting;
}

const char *settings_text(const char *name)
{
    const struct setting *setting = known(name);
    assert(!setting->secret);
    return value_of(setting).text;
}

const char *settings_secret(const char *name)
{
    const struct setting *setting = known(name);
    assert(setting->secret);
    return value_of(setting).text;
}

int64_t settings_integer(const char *name)
{
    const struct setting *setting = known(name);
    assert(setting->type == SETTING_INTEGER || setting->type == SETTING_CHOICE);
    return value_of(setting).integer;
}

double settings_double(const char *name)
{
    const struct setting *setting = known(name);
    assert(setting->type == SETTING_DOUBLE || setting->type == SETTING_INTEGER);
    return value_of(setting).number;
}

bool settings_flag(const char *name)
{
    const struct setting *setting = known(name);
    assert(setting->type == SETTING_FLAG);
    return value_of(setting).flag;
}

bool settings_is_set(const char *name)
{
    return value_of(known(name)).text != NULL;
}

const char *settings_home(void)
{
    return settings_text("QUERENT_HOME");
}

int settings_utc_offset_minutes(int64_t time_ms)
{
    int minutes = 0;
    (void)zone_offset(settings_text("QUERENT_TIME_ZONE"), time_ms, &minutes, NULL);
    return minutes; /* 0 when the zone's file went away after the check */
}

enum setting_source settings_source(const char *name)
{
    return settings.stored[place_of(known(name))].source;
}

const char *settings_source_detail(const char *name)
{
    return settings.stored[place_of(known(name))].detail;
}

const char *settings_source_name(enum setting_source source)
{
    static const char *const names[SETTING_SOURCES] = {
        [SETTING_FROM_DEFAULT] = "default",
        [SETTING_FROM_COMMAND_LINE] = "command line",
        [SETTING_FROM_ENVIRONMENT] = "environment",
        [SETTING_FROM_DOTENV] = ".env file",
        [SETTING_FROM_FILE] = "file",
    };
    return names[source];
}
