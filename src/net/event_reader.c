/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece is read line by line where it lies; only a line that it cuts is copied, into
 * reader->line.
 */
#include "net/event_reader.h"

#define FIELD_NAME_ROOM 16 /* beside an event's bytes: "data: " */
#define BYTE_ORDER_MARK STR("\xef\xbb\xbf")

struct event_reader event_reader_init(size_t event_size_max)
{
    size_t max = event_size_max > 0 ? event_size_max : EVENT_SIZE_MAX_DEFAULT;
    return (struct event_reader){
        .line = strbuf_init(max + FIELD_NAME_ROOM),
        .data = strbuf_init(max + 1), /* each line of it ends in LF, the last one's is taken off */
        .name = strbuf_init(max),
        .id = strbuf_init(max),
        .event_size_max = max,
    };
}

void event_reader_clear(struct event_reader *reader)
{
    strbuf_clear(&reader->line);
    strbuf_clear(&reader->data);
    strbuf_clear(&reader->name);
    strbuf_clear(&reader->id);
    reader->after_cr = reader->started = false;
}

static bool too_large(const struct event_reader *reader, struct error *err)
{
    return error_set(err, ERROR_TOO_LARGE, "an event of the stream has more than %zu bytes",
                     reader->event_size_max);
}

static void put(struct strbuf *buf, struct str value)
{
    strbuf_reset(buf);
    strbuf_add_str(buf, value);
}

/* "name: value", "name:value" or "name"; unknown names (comments have none) are passed over. */
static void read_field(struct event_reader *reader, struct str line)
{
    const char *colon = memchr(line.bytes, ':', line.length);
    size_t name_length = colon ? (size_t)(colon - line.bytes) : line.length;
    struct str name = str_slice(line, 0, name_length);
    struct str value = str_slice(line, colon ? name_length + 1 : line.length, line.length);
    if (str_starts(value, STR(" ")))
        value = str_slice(value, 1, value.length);
    if (str_equal(name, STR("data"))) {
        strbuf_add_str(&reader->data, value);
        strbuf_add_char(&reader->data, '\n');
    } else if (str_equal(name, STR("event"))) {
        put(&reader->name, value);
    } else if (str_equal(name, STR("id")) && !memchr(value.bytes, '\0', value.length)) {
        put(&reader->id, value);
    }
}

typedef bool (*on_event_fn)(void *context, const struct server_event *event, struct error *err);

/* An empty line ends the event. The id holds for those that follow; name and data do not. */
static bool end_event(struct event_reader *reader, on_event_fn on_event, void *context,
                      struct error *err)
{
    bool ok = true;
    if (reader->data.length > 0) {
        strbuf_truncate(&reader->data, reader->data.length - 1);
        struct server_event event = {.name = strbuf_str(&reader->name),
                                     .data = strbuf_str(&reader->data),
                                     .id = strbuf_str(&reader->id)};
        ok = on_event(context, &event, err);
    }
    strbuf_reset(&reader->name);
    strbuf_reset(&reader->data);
    return ok;
}

static bool end_line(struct event_reader *reader, struct str line, on_event_fn on_event,
                     void *context, struct error *err)
{
    if (!reader->started && str_starts(line, BYTE_ORDER_MARK))
        line = str_slice(line, BYTE_ORDER_MARK.length, line.length);
    reader->started = true;
    if (line.length == 0)
        return end_event(reader, on_event, context, err);
    read_field(reader, line);
    if (strbuf_ok(&reader->data) && strbuf_ok(&reader->name) && strbuf_ok(&reader->id))
        return true;
    return too_large(reader, err);
}

/* How many bytes come before the next line break, or all. */
static size_t line_length(struct str text)
{
    size_t length = 0;
    while (length < text.length && text.bytes[length] != '\n' && text.bytes[length] != '\r')
        length++;
    return length;
}

bool event_reader_add(struct event_reader *reader, struct str piece,
                      bool (*on_event)(void *context, const struct server_event *event,
                                       struct error *err),
                      void *context, struct error *err)
{
    while (piece.length > 0) {
        if (reader->after_cr && piece.bytes[0] == '\n')
            piece = str_slice(piece, 1, piece.length);
        reader->after_cr = false;
        size_t length = line_length(piece);
        struct str line = str_slice(piece, 0, length);
        bool whole = length < piece.length, copied = !whole || reader->line.length > 0;
        if (copied)
            strbuf_add_str(&reader->line, line);
        if (!strbuf_ok(&reader->line) || length > reader->line.length_max)
            return too_large(reader, err);
        if (!whole)
            return true;
        reader->after_cr = piece.bytes[length] == '\r';
        piece = str_slice(piece, length + 1, piece.length);
        bool ok =
            end_line(reader, copied ? strbuf_str(&reader->line) : line, on_event, context, err);
        strbuf_reset(&reader->line);
        if (!ok)
            return false;
    }
    return true;
}
