/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a worker sends: the first byte says which message it pretends to be. */
#include <stdlib.h>
#include <string.h>

#include "engine/json_check.h"
#include "engine/engine_message.h"
#include "engine/profile.h"
#include "engine/protocol.h"

static void read_rows(struct str payload, size_t column_count, struct arena *arena)
{
    size_t row_count;
    if (!wire_read_row_count(payload, column_count, &row_count))
        return;
    if (row_count * column_count > payload.length)
        abort(); /* a small frame must not ask for much memory */
    struct cell *cells = arena_array(arena, row_count * column_count, sizeof(*cells));
    if (!wire_read_rows(payload, column_count, cells))
        return;
    struct strbuf again = strbuf_init(1u << 20), json = strbuf_init(1u << 20);
    for (size_t i = 0; i < row_count * column_count; i++) {
        wire_add_cell(&again, &cells[i]);
        cell_print_json(&cells[i], VALUE_NESTED, &json);
    }
    if (json.length > 0 && !str_is_utf8(strbuf_str(&json)))
        abort();
    strbuf_clear(&again);
    strbuf_clear(&json);
}

static void read_text(struct str payload)
{
    struct wire_reader in = wire_reader_init(payload);
    struct str text = wire_text(&in, 1u << 16);
    char cleaned[ERROR_MESSAGE_MAX];
    engine_message_clean(text.bytes, cleaned);
    if (strlen(cleaned) > text.length * 4)
        abort();
    (void)json_is_valid(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct str payload = {(const char *)bytes + 1, size - 1};
    struct wire_header header;
    struct wire_ready ready;
    struct wire_open open;
    struct wire_query query;
    struct wire_load load;
    struct load_result result = {0};
    struct result_column *columns;
    size_t count;
    enum wire_error kind;
    const char *message;
    switch (bytes[0] % 9) {
    case 0:
        if (size > FRAME_HEADER_SIZE && wire_read_header(bytes + 1, &header) &&
            header.length > FRAME_SIZE_MAX)
            abort();
        break;
    case 1:
        (void)wire_read_ready(payload, arena, &ready);
        break;
    case 2:
        if (wire_read_columns(payload, arena, &columns, &count) && count > size)
            abort();
        break;
    case 3:
        read_rows(payload, 1 + bytes[0] / 9, arena);
        break;
    case 4:
        if (wire_read_error(payload, &kind, &message) && strlen(message) > size)
            abort();
        break;
    case 5:
        (void)profile_read(payload, arena, &result);
        break;
    case 6:
        read_text(payload);
        break;
    case 7:
        (void)wire_read_open(payload, arena, &open);
        break;
    case 8:
        (void)wire_read_query(payload, arena, &query);
        (void)wire_read_load(payload, &load);
        break;
    }
    arena_free(arena);
    return 0;
}
