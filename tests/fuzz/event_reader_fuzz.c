/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events gives the same ones however it is cut; the first byte says how. */
#include <stdlib.h>
#include <string.h>

#include "net/event_reader.h"

#define EVENT_MAX 64

static bool note(void *context, const struct server_event *event, struct error *err)
{
    struct strbuf *seen = context;
    if (event->data.length > EVENT_MAX)
        abort();
    strbuf_printf(seen, "%zu,%zu,%zu:", event->name.length, event->data.length, event->id.length);
    strbuf_add_str(seen, event->name);
    strbuf_add_str(seen, event->data);
    strbuf_add_str(seen, event->id);
    return true;
}

static bool read_all(struct str stream, size_t step, struct strbuf *seen)
{
    struct event_reader reader = event_reader_init(EVENT_MAX);
    struct error err = {0};
    bool ok = true;
    for (size_t at = 0; ok && at < stream.length; at += step)
        ok = event_reader_add(&reader, str_slice(stream, at, at + step), note, seen, &err);
    if (!ok && err.code != ERROR_TOO_LARGE)
        abort();
    event_reader_clear(&reader);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct str stream = {(const char *)bytes + 1, size - 1};
    struct strbuf whole = strbuf_init((size_t)1 << 24), cut = strbuf_init((size_t)1 << 24);
    bool ok = read_all(stream, size, &whole);
    if (read_all(stream, bytes[0] % 16 + 1u, &cut) != ok ||
        !str_equal(strbuf_str(&whole), strbuf_str(&cut)))
        abort();
    strbuf_clear(&whole);
    strbuf_clear(&cut);
    return 0;
}
