/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings_priv.h"

#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "core/zone.h"

typedef bool (*parse_fn)(const struct setting *setting, struct str text, struct setting_value *out);

static bool parse_text(const struct setting *setting, struct str text, struct setting_value *out)
{
    return setting->max == 0 || (double)text.length <= setting->max;
}

static bool parse_integer(const struct setting *setting, struct str text, struct setting_value *out)
{
    if (!str_to_i64(text, &out->integer))
        return false;
    out->number = (double)out->integer;
    return out->number >= setting->min && out->number <= setting->max;
}

static bool parse_double(const struct setting *setting, struct str text, struct setting_value *out)
{
    return str_to_double(text, &out->number) && out->number >= setting->min &&
           out->number <= setting->max;
}

static bool parse_flag(const struct setting *setting, struct str text, struct setting_value *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(text, str_from(words[i]))) {
            out->flag = i % 2 == 1;
            out->text = words[out->flag];
            return true;
        }
    return false;
}

/* Choices are written in lower case; who keeps the text makes it so (settings.c). */
static bool parse_choice(const struct setting *setting, struct str text, struct setting_value *out)
{
    struct str rest = str_from(setting->choices), choice;
    for (int64_t place = 1; str_split(&rest, ' ', &choice); place++)
        if (str_equal_nocase(text, choice)) {
            out->integer = place;
            return true;
        }
    return false;
}

static bool parse_url(const struct setting *setting, struct str text, struct setting_value *out)
{
    ptrdiff_t colon = str_find(text, STR(":"));
    if (colon < 1 || (size_t)colon + 1 == text.length || memchr(text.bytes, ' ', text.length))
        return false;
    struct str scheme = str_slice(text, 0, (size_t)colon);
    struct str rest = str_from(setting->choices), choice;
    while (str_split(&rest, ' ', &choice)) {
        if (!str_equal_nocase(scheme, choice))
            continue;
        struct str behind = str_slice(text, (size_t)colon + 1, text.length);
        return str_equal_text(choice, "sqlite") ||
               (str_starts(behind, STR("//")) && behind.length > 2);
    }
    return false;
}

static bool parse_time(const struct setting *setting, struct str text, struct setting_value *out)
{
    return clock_parse(out->text, &out->integer);
}

static bool parse_zone(const struct setting *setting, struct str text, struct setting_value *out)
{
    int minutes;
    return zone_offset(out->text, 0, &minutes, NULL);
}

static const parse_fn parsers[SETTING_TYPES] = {
    [SETTING_TEXT] = parse_text, [SETTING_INTEGER] = parse_integer, [SETTING_DOUBLE] = parse_double,
    [SETTING_FLAG] = parse_flag, [SETTING_CHOICE] = parse_choice,   [SETTING_PATH] = parse_text,
    [SETTING_URL] = parse_url,   [SETTING_TIME] = parse_time,       [SETTING_ZONE] = parse_zone,
};

bool setting_parse(const struct setting *setting, const char *text, struct setting_value *out)
{
    struct str whole = str_from(text);
    if (whole.length == 0 || whole.length > SETTING_VALUE_SIZE_MAX || !str_is_utf8(whole))
        return false;
    for (size_t i = 0; i < whole.length; i++)
        if ((unsigned char)whole.bytes[i] < 0x20 || whole.bytes[i] == 0x7f)
            return false; /* keys and hosts go into headers, all into messages */
    struct setting_value value = {.text = text};
    if (!parsers[setting->type](setting, whole, &value))
        return false;
    *out = value;
    return true;
}

static void add_range(const struct setting *setting, struct strbuf *out)
{
    strbuf_add(out, " from ");
    json_add_double(out, setting->min);
    strbuf_add(out, " to ");
    json_add_double(out, setting->max);
}

/* "a, b or c" */
static void add_choices(const char *choices, const char *suffix, struct strbuf *out)
{
    struct str rest = str_from(choices), choice;
    for (bool first = true; str_split(&rest, ' ', &choice); first = false) {
        if (!first)
            strbuf_add(out, rest.bytes ? ", " : " or ");
        strbuf_add_str(out, choice);
        strbuf_add(out, suffix);
    }
}

void settings_print_allowed(const struct setting *setting, struct strbuf *out)
{
    static const char *const words[SETTING_TYPES] = {
        [SETTING_TEXT] = "a text",
        [SETTING_INTEGER] = "a whole number",
        [SETTING_DOUBLE] = "a number",
        [SETTING_FLAG] = "true or false",
        [SETTING_CHOICE] = "",
        [SETTING_PATH] = "a path",
        [SETTING_URL] = "an address that begins with ",
        [SETTING_TIME] = "a date or time like 2024-02-29 or 2024-02-29T13:00:00Z",
        [SETTING_ZONE] = "UTC, an offset (+02:00), or a zone of the package tzdata (Europe/Lisbon)",
    };
    strbuf_add(out, words[setting->type]);
    if (setting->type == SETTING_INTEGER || setting->type == SETTING_DOUBLE)
        add_range(setting, out);
    else if (setting->type == SETTING_TEXT || setting->type == SETTING_PATH)
        strbuf_printf(out, " of at most %d bytes",
                      setting->max > 0 ? (int)setting->max : SETTING_VALUE_SIZE_MAX);
    else if (setting->choices)
        add_choices(setting->choices, setting->type == SETTING_URL ? ":" : "", out);
}

struct str url_password(const char *url, enum url_at which)
{
    struct str whole = str_from(url);
    ptrdiff_t start = str_find(whole, STR("://"));
    if (start < 0)
        return STR("");
    struct str rest = str_slice(whole, (size_t)start + 3, whole.length);
    ptrdiff_t at = str_find(rest, STR("@"));
    if (at < 0)
        return STR("");
    if (which == URL_LAST_AT)
        for (at = (ptrdiff_t)rest.length - 1; rest.bytes[at] != '@'; at--)
            ;
    struct str user = str_slice(rest, 0, (size_t)at);
    ptrdiff_t colon = str_find(user, STR(":"));
    return colon < 0 ? STR("") : str_slice(user, (size_t)colon + 1, user.length);
}
