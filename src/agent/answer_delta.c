/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer_delta.h"

#include <jansson.h>

#include "core/json.h"
#include "core/strbuf.h"

#define DELTA_SIZE_MAX (1024 * 1024)
#define MORE_BEGIN "{\"text\":"
#define ALL_BEGIN "{\"replace\":true,\"text\":"
#define EVENT_BEGIN "{\"event\":\"" ANSWER_DELTA_NAME "\",\"data\":"

const char *answer_delta_json(struct str text, bool replaces, struct arena *arena)
{
    struct strbuf json = strbuf_init(DELTA_SIZE_MAX);
    strbuf_add(&json, replaces ? ALL_BEGIN : MORE_BEGIN);
    json_add_string(&json, text);
    strbuf_add_char(&json, '}');
    const char *copy = arena_strndup(arena, strbuf_text(&json), json.length);
    strbuf_clear(&json);
    return copy;
}

bool answer_delta_read(const char *json, struct arena *arena, struct str *text, bool *replaces)
{
    json_t *delta = json_loads(json, JSON_ALLOW_NUL, NULL);
    const json_t *words = json_object_get(delta, "text");
    bool found = json_is_string(words);
    if (found) {
        *text = arena_str(arena, (struct str){json_string_value(words), json_string_length(words)});
        *replaces = json_is_true(json_object_get(delta, "replace"));
    }
    json_decref(delta);
    return found;
}

/* The string's inside, escaped as it is; false when the event is no delta. */
static bool read_escaped(const char *event, struct str *text, bool *replaces)
{
    struct str rest = str_from(event), more = STR(EVENT_BEGIN MORE_BEGIN "\""),
               all = STR(EVENT_BEGIN ALL_BEGIN "\""), end = STR("\"}}");
    *replaces = str_starts(rest, all);
    if (!(*replaces || str_starts(rest, more)) || !str_ends(rest, end))
        return false;
    *text = str_slice(rest, (*replaces ? all : more).length, rest.length - end.length);
    return true;
}

size_t answer_deltas_join(struct stored_event *events, size_t count, struct arena *arena)
{
    struct strbuf whole = strbuf_init(DELTA_SIZE_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct str text, next;
        bool replaces, ignored;
        if (!read_escaped(events[i].json, &text, &replaces)) {
            events[kept++] = events[i];
            continue;
        }
        if (replaces)
            strbuf_reset(&whole);
        strbuf_add_str(&whole, text);
        if (i + 1 < count && read_escaped(events[i + 1].json, &next, &ignored))
            continue;
        events[kept].sequence = events[i].sequence;
        events[kept++].json = arena_printf(arena, EVENT_BEGIN ALL_BEGIN "\"%s\"}}",
                                           strbuf_text(&whole));
    }
    strbuf_clear(&whole);
    return kept;
}
