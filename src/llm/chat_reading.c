/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a reply. A stream is taken apart into events, each read and forgotten; a server that does
 * not stream sends one JSON document in place of it, which begins with a brace as no event does.
 */
#include "llm/chat_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "engine/json_check.h"
#include "llm/json_mend.h"

#define SCRATCH_KEEP_MAX 16384
#define TOKENS_MAX 1000000000 /* what is beyond is no count of tokens */
#define DECLINED_SIZE_MAX 4096

void chat_reading_init(struct chat_reading *reading, const struct chat_model *model,
                       const struct chat_request *request, unsigned fields)
{
    *reading = (struct chat_reading){
        .model = model,
        .request = request,
        .fields = fields,
        .events = event_reader_init(CHAT_EVENT_SIZE_MAX),
        .text = strbuf_init(CHAT_REPLY_SIZE_MAX),
        .whole = strbuf_init(4 * CHAT_REPLY_SIZE_MAX),
        .declined = strbuf_init(DECLINED_SIZE_MAX),
        .started_us = clock_monotonic_us(),
    };
}

void chat_reading_clear(struct chat_reading *reading)
{
    event_reader_clear(&reading->events);
    strbuf_clear(&reading->text);
    strbuf_clear(&reading->whole);
    strbuf_clear(&reading->declined);
    arena_free(reading->scratch);
    reading->scratch = NULL;
}

bool chat_reading_fail(struct chat_reading *reading, bool passing, struct error *err,
                       const char *format, ...)
{
    struct strbuf words = strbuf_init(ERROR_MESSAGE_MAX);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&words, format, args);
    va_end(args);
    reading->passing = passing;
    error_set(err, ERROR_MODEL, "%s %s", reading->model->title, strbuf_text(&words));
    strbuf_clear(&words);
    return false;
}

bool chat_reading_text(struct chat_reading *reading, struct str text, struct error *err)
{
    if (text.length == 0)
        return true;
    if (reading->first_text_us == 0) {
        uint64_t us = clock_monotonic_us() - reading->started_us;
        reading->first_text_us = us > 0 ? us : 1;
    }
    strbuf_add_str(&reading->text, text);
    if (!strbuf_ok(&reading->text))
        return chat_reading_fail(reading, false, err, "wrote more than %d bytes",
                                 CHAT_REPLY_SIZE_MAX);
    const struct chat_request *request = reading->request;
    if (!request->on_text)
        return true;
    reading->passed_on = true;
    reading->caller_failed = !request->on_text(request->on_text_context, text, err);
    return !reading->caller_failed;
}

static void release_json(void *value)
{
    json_decref(value);
}

json_t *chat_read_json(struct str text, struct arena *arena)
{
    json_error_t ignored;
    if (!str_is_utf8(text))
        text = json_mend(text, arena);
    json_t *value = json_is_valid(text) ? json_load_mended(text, 0, arena, &ignored) : NULL;
    if (value)
        arena_defer(arena, release_json, value);
    return value;
}

struct str chat_text_of(const json_t *object, const char *name)
{
    const json_t *text = json_object_get(object, name);
    return json_is_string(text) ? (struct str){json_string_value(text), json_string_length(text)}
                                : STR("");
}

void chat_keep_word(char *out, size_t size, const json_t *text)
{
    struct str word =
        json_is_string(text) ? str_cut_utf8(str_from(json_string_value(text)), size - 1) : STR("");
    for (size_t i = 0; i < word.length; i++)
        out[i] = (unsigned char)word.bytes[i] < 0x20 || word.bytes[i] == 0x7f ? '?' : word.bytes[i];
    out[word.length] = '\0';
}

void chat_read_tokens(const json_t *usage, const char *name, int64_t *tokens)
{
    const json_t *number = json_object_get(usage, name);
    if (!json_is_number(number))
        return;
    double value = json_number_value(number);
    *tokens = value >= 0 && value <= TOKENS_MAX ? (int64_t)value : 0;
}

bool chat_reading_fail_as_told(struct chat_reading *reading, const json_t *body, struct error *err)
{
    const json_t *error = json_object_get(body, "error");
    struct str type = chat_text_of(error, "type");
    struct str message =
        json_is_string(error) ? str_from(json_string_value(error)) : chat_text_of(error, "message");
    static const char *const lasting[] = {
        "invalid_request_error", "authentication_error", "permission_error", "not_found_error",
        "billing_error",         "insufficient_quota",   "request_too_large"};
    bool passing = true;
    for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
        passing &= !str_equal_text(type, lasting[i]);
    return chat_reading_fail(reading, passing, err, "failed while it answered: %s%s%s",
                             endpoint_clean(&reading->model->endpoint, type, reading->scratch),
                             type.length > 0 && message.length > 0 ? ": " : "",
                             endpoint_clean(&reading->model->endpoint, message, reading->scratch));
}

static bool take_event(void *context, const struct server_event *event, struct error *err)
{
    struct chat_reading *reading = context;
    if (!reading->scratch)
        reading->scratch = arena_new();
    reading->has_events = true;
    bool ok = reading->model->driver->read_event(reading, event, err);
    arena_reset(reading->scratch, SCRATCH_KEEP_MAX);
    return ok;
}

/* Blanks before the first event or brace mean nothing, and may be all that the first pieces have.
 */
static struct str without_blanks(struct str piece)
{
    size_t blanks = 0;
    while (blanks < piece.length && char_is_space(piece.bytes[blanks]))
        blanks++;
    return str_slice(piece, blanks, piece.length);
}

bool chat_reading_add(struct chat_reading *reading, struct str piece, struct error *err)
{
    if (!reading->began) {
        piece = without_blanks(piece);
        if (piece.length == 0)
            return true;
        reading->began = true;
        reading->is_whole = piece.bytes[0] == '{';
    }
    bool ok = true;
    if (reading->is_whole) {
        strbuf_add_str(&reading->whole, piece);
        if (!strbuf_ok(&reading->whole))
            ok = chat_reading_fail(reading, false, err, "answers with a document over its limit");
    } else {
        ok = event_reader_add(&reading->events, piece, take_event, reading, err);
        if (!ok && err->code == ERROR_TOO_LARGE)
            ok = chat_reading_fail(reading, false, err, "sent an event of more than %d bytes",
                                   CHAT_EVENT_SIZE_MAX);
    }
    if (!ok)
        reading->error = *err;
    return ok;
}

static bool read_whole(struct chat_reading *reading, struct error *err)
{
    if (!reading->scratch)
        reading->scratch = arena_new();
    json_t *body = chat_read_json(strbuf_str(&reading->whole), reading->scratch);
    if (!json_is_object(body))
        return chat_reading_fail(reading, true, err, "sent a reply that can't be read");
    if (json_object_get(body, "error") && !json_is_null(json_object_get(body, "error")))
        return chat_reading_fail_as_told(reading, body, err);
    return reading->model->driver->read_whole(reading, body, err);
}

bool chat_reading_finish(struct chat_reading *reading, struct error *err)
{
    if (!reading->began)
        return chat_reading_fail(reading, true, err, "sent an empty reply");
    if (!reading->is_whole && !reading->has_events)
        return chat_reading_fail(reading, true, err,
                                 "sent something that is no model's reply; check %s",
                                 reading->model->driver->url_setting);
    if (reading->is_whole && !read_whole(reading, err))
        return false;
    return reading->model->driver->finish(reading, err);
}
