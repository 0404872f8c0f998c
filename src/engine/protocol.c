/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/protocol.h"

#include <string.h>

#include "sql/duckdb_tree.h"

#define TEXT_MAX (FRAME_SIZE_MAX - 64)

enum cell_tag { TAG_NULL, TAG_FALSE, TAG_TRUE, TAG_INTEGER, TAG_DOUBLE, TAG_TEXT };

void wire_add_u8(struct strbuf *out, uint8_t number)
{
    strbuf_add_char(out, (char)number);
}

static void add_little(struct strbuf *out, uint64_t number, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(number >> (8 * i));
    strbuf_add_bytes(out, bytes, size);
}

void wire_add_u32(struct strbuf *out, uint32_t number)
{
    add_little(out, number, 4);
}

void wire_add_u64(struct strbuf *out, uint64_t number)
{
    add_little(out, number, 8);
}

void wire_add_double(struct strbuf *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    add_little(out, bits, 8);
}

void wire_add_count(struct strbuf *out, uint64_t number)
{
    char bytes[10];
    size_t length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (char)(number | 0x80);
    bytes[length++] = (char)number;
    strbuf_add_bytes(out, bytes, length);
}

void wire_add_integer(struct strbuf *out, int64_t number)
{
    wire_add_count(out, ((uint64_t)number << 1) ^ (uint64_t)(number >> 63));
}

void wire_add_text(struct strbuf *out, struct str text)
{
    wire_add_count(out, text.length);
    strbuf_add_str(out, text);
    wire_add_u8(out, 0);
}

struct wire_reader wire_reader_init(struct str payload)
{
    const uint8_t *start = (const uint8_t *)payload.bytes;
    return (struct wire_reader){.at = start, .end = start + payload.length};
}

static uint64_t read_little(struct wire_reader *in, size_t size)
{
    if (in->failed || (size_t)(in->end - in->at) < size) {
        in->failed = true;
        return 0;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number |= (uint64_t)in->at[i] << (8 * i);
    in->at += size;
    return number;
}

uint8_t wire_u8(struct wire_reader *in)
{
    return (uint8_t)read_little(in, 1);
}

uint32_t wire_u32(struct wire_reader *in)
{
    return (uint32_t)read_little(in, 4);
}

uint64_t wire_u64(struct wire_reader *in)
{
    return read_little(in, 8);
}

double wire_double(struct wire_reader *in)
{
    uint64_t bits = read_little(in, 8);
    double number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

uint64_t wire_count(struct wire_reader *in)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = wire_u8(in);
        if (shift == 63 && byte > 1)
            break; /* more than 64 bits */
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    in->failed = true;
    return 0;
}

int64_t wire_integer(struct wire_reader *in)
{
    uint64_t number = wire_count(in);
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static bool take_text(struct wire_reader *in, size_t length_max, bool any_bytes, struct str *out)
{
    *out = STR("");
    uint64_t length = wire_count(in);
    if (in->failed || length > length_max || length >= (uint64_t)(in->end - in->at) ||
        in->at[length] != 0 || (!any_bytes && memchr(in->at, 0, (size_t)length))) {
        in->failed = true;
        return false;
    }
    *out = (struct str){(const char *)in->at, (size_t)length};
    in->at += length + 1;
    return true;
}

struct str wire_text(struct wire_reader *in, size_t length_max)
{
    struct str text;
    take_text(in, length_max, false, &text);
    return text;
}

size_t wire_items(struct wire_reader *in, size_t size_min, size_t count_max)
{
    uint64_t count = wire_count(in);
    if (in->failed || count > count_max || count > (uint64_t)(in->end - in->at) / size_min) {
        in->failed = true;
        return 0;
    }
    return (size_t)count;
}

bool wire_done(const struct wire_reader *in)
{
    return !in->failed && in->at == in->end;
}

void wire_add_header(struct strbuf *out, enum frame_type type, size_t length)
{
    wire_add_u32(out, (uint32_t)length);
    wire_add_u8(out, (uint8_t)type);
}

bool wire_read_header(const uint8_t bytes[FRAME_HEADER_SIZE], struct wire_header *out)
{
    struct wire_reader in = {.at = bytes, .end = bytes + FRAME_HEADER_SIZE};
    out->length = wire_u32(&in);
    out->type = (enum frame_type)wire_u8(&in);
    return out->length <= FRAME_SIZE_MAX && out->type > 0 && out->type < FRAME_TYPES;
}

void wire_add_open(struct strbuf *out, const struct wire_open *open)
{
    wire_add_text(out, str_from(open->library));
    wire_add_u32(out, open->memory_mb);
    wire_add_u32(out, open->threads);
    wire_add_count(out, open->database_count);
    for (size_t i = 0; i < open->database_count; i++) {
        wire_add_text(out, str_from(open->databases[i].path));
        wire_add_text(out, str_from(open->databases[i].table_name));
        wire_add_u8(out, open->databases[i].needed);
    }
}

bool wire_read_open(struct str payload, struct arena *arena, struct wire_open *out)
{
    struct wire_reader in = wire_reader_init(payload);
    out->library = wire_text(&in, WIRE_NAME_MAX).bytes;
    out->memory_mb = wire_u32(&in);
    out->threads = wire_u32(&in);
    out->database_count = wire_items(&in, 5, WIRE_DATABASES_MAX);
    out->databases = arena_array(arena, out->database_count, sizeof(*out->databases));
    for (size_t i = 0; i < out->database_count; i++) {
        out->databases[i].path = wire_text(&in, WIRE_NAME_MAX).bytes;
        out->databases[i].table_name = wire_text(&in, WIRE_NAME_MAX).bytes;
        out->databases[i].needed = wire_u8(&in) != 0;
    }
    return wire_done(&in);
}

void wire_add_ready(struct strbuf *out, const struct wire_ready *ready)
{
    wire_add_text(out, str_from(ready->version));
    wire_add_count(out, ready->attached_count);
    for (size_t i = 0; i < ready->attached_count; i++)
        wire_add_u8(out, ready->attached[i]);
    wire_add_u32(out, ready->layers);
}

bool wire_read_ready(struct str payload, struct arena *arena, struct wire_ready *out)
{
    struct wire_reader in = wire_reader_init(payload);
    out->version = wire_text(&in, 64).bytes;
    out->attached_count = wire_items(&in, 1, WIRE_DATABASES_MAX);
    out->attached = arena_array(arena, out->attached_count, sizeof(*out->attached));
    for (size_t i = 0; i < out->attached_count; i++)
        out->attached[i] = wire_u8(&in) != 0;
    out->layers = wire_u32(&in);
    return wire_done(&in);
}

static void add_dataset(struct strbuf *out, const struct dataset *dataset)
{
    size_t count = 0;
    for (size_t i = 0; i < dataset->column_count; i++)
        count += duckdb_tree_needs_column(dataset->columns[i].name);
    wire_add_text(out, str_from(dataset->table_name));
    wire_add_count(out, count);
    for (size_t i = 0; i < dataset->column_count; i++)
        if (duckdb_tree_needs_column(dataset->columns[i].name))
            wire_add_text(out, str_from(dataset->columns[i].name));
}

void wire_add_query(struct strbuf *out, const struct wire_query *query)
{
    wire_add_u32(out, query->number);
    wire_add_text(out, str_from(query->sql));
    wire_add_u64(out, query->row_max);
    wire_add_u64(out, query->byte_max);
    wire_add_u32(out, query->timeout_ms);
    wire_add_u8(out, query->check_only);
    wire_add_count(out, query->dataset_count);
    for (size_t i = 0; i < query->dataset_count; i++)
        add_dataset(out, query->datasets[i]);
}

static const struct dataset *read_dataset(struct wire_reader *in, struct arena *arena)
{
    struct dataset *dataset = arena_alloc(arena, sizeof(*dataset));
    dataset->table_name = wire_text(in, WIRE_NAME_MAX).bytes;
    dataset->column_count = wire_items(in, 2, WIRE_COLUMNS_MAX);
    dataset->columns = arena_array(arena, dataset->column_count, sizeof(*dataset->columns));
    for (size_t i = 0; i < dataset->column_count; i++)
        dataset->columns[i].name = wire_text(in, WIRE_NAME_MAX).bytes;
    return dataset;
}

bool wire_read_query(struct str payload, struct arena *arena, struct wire_query *out)
{
    struct wire_reader in = wire_reader_init(payload);
    out->number = wire_u32(&in);
    out->sql = wire_text(&in, TEXT_MAX).bytes;
    out->row_max = wire_u64(&in);
    out->byte_max = wire_u64(&in);
    out->timeout_ms = wire_u32(&in);
    out->check_only = wire_u8(&in) != 0;
    out->dataset_count = wire_items(&in, 3, WIRE_DATASETS_MAX);
    const struct dataset **datasets = arena_array(arena, out->dataset_count, sizeof(*datasets));
    for (size_t i = 0; i < out->dataset_count; i++)
        datasets[i] = read_dataset(&in, arena);
    out->datasets = datasets;
    return wire_done(&in);
}

void wire_add_load(struct strbuf *out, const struct wire_load *load)
{
    wire_add_text(out, str_from(load->library));
    wire_add_text(out, str_from(load->path));
    wire_add_text(out, str_from(load->table));
    wire_add_u32(out, load->memory_mb);
    wire_add_u32(out, load->threads);
    wire_add_u64(out, load->row_max);
    wire_add_u32(out, load->size_max_mb);
}

bool wire_read_load(struct str payload, struct wire_load *out)
{
    struct wire_reader in = wire_reader_init(payload);
    out->library = wire_text(&in, WIRE_NAME_MAX).bytes;
    out->path = wire_text(&in, WIRE_NAME_MAX).bytes;
    out->table = wire_text(&in, WIRE_NAME_MAX).bytes;
    out->memory_mb = wire_u32(&in);
    out->threads = wire_u32(&in);
    out->row_max = wire_u64(&in);
    out->size_max_mb = wire_u32(&in);
    return wire_done(&in);
}

void wire_add_columns(struct strbuf *out, const struct result_column *columns, size_t count)
{
    wire_add_count(out, count);
    for (size_t i = 0; i < count; i++) {
        wire_add_text(out, str_from(columns[i].name));
        wire_add_text(out, str_from(columns[i].type));
        wire_add_u8(out, (uint8_t)columns[i].kind);
    }
}

bool wire_read_columns(struct str payload, struct arena *arena, struct result_column **columns,
                       size_t *count)
{
    struct wire_reader in = wire_reader_init(payload);
    *count = wire_items(&in, 5, WIRE_COLUMNS_MAX);
    *columns = arena_array(arena, *count, sizeof(**columns));
    for (size_t i = 0; i < *count; i++) {
        struct str name = wire_text(&in, WIRE_NAME_MAX), type = wire_text(&in, WIRE_NAME_MAX);
        uint8_t kind = wire_u8(&in);
        if (in.failed || kind >= VALUE_KINDS || !str_is_utf8(name) || !str_is_utf8(type))
            return false;
        (*columns)[i] = (struct result_column){name.bytes, type.bytes, (enum value_kind)kind};
    }
    return wire_done(&in);
}

void wire_add_cell(struct strbuf *out, const struct cell *cell)
{
    switch (cell->type) {
    case CELL_NULL:
        wire_add_u8(out, TAG_NULL);
        break;
    case CELL_BOOLEAN:
        wire_add_u8(out, cell->boolean ? TAG_TRUE : TAG_FALSE);
        break;
    case CELL_INTEGER:
        wire_add_u8(out, TAG_INTEGER);
        wire_add_integer(out, cell->integer);
        break;
    case CELL_DOUBLE:
        wire_add_u8(out, TAG_DOUBLE);
        wire_add_double(out, cell->number);
        break;
    case CELL_TEXT:
        wire_add_u8(out, TAG_TEXT);
        wire_add_text(out, cell->text);
        break;
    }
}

/* Text may hold any UTF-8, U+0000 too: DuckDB's does. */
static bool read_cell(struct wire_reader *in, struct cell *cell)
{
    *cell = (struct cell){.type = CELL_NULL};
    switch ((enum cell_tag)wire_u8(in)) {
    case TAG_NULL:
        break;
    case TAG_FALSE:
    case TAG_TRUE:
        *cell = (struct cell){.type = CELL_BOOLEAN, .boolean = in->at[-1] == TAG_TRUE};
        break;
    case TAG_INTEGER:
        *cell = (struct cell){.type = CELL_INTEGER, .integer = wire_integer(in)};
        break;
    case TAG_DOUBLE:
        *cell = (struct cell){.type = CELL_DOUBLE, .number = wire_double(in)};
        break;
    case TAG_TEXT:
        cell->type = CELL_TEXT;
        if (take_text(in, TEXT_MAX, true, &cell->text) && !str_is_utf8(cell->text))
            in->failed = true;
        break;
    default:
        in->failed = true;
    }
    return !in->failed;
}

bool wire_read_row_count(struct str payload, size_t column_count, size_t *row_count)
{
    struct wire_reader in = wire_reader_init(payload);
    *row_count = wire_u32(&in);
    size_t left = (size_t)(in.end - in.at);
    /* A cell takes at least one byte. */
    return !in.failed && column_count > 0 && *row_count <= left / column_count;
}

bool wire_read_rows(struct str payload, size_t column_count, struct cell *cells)
{
    struct wire_reader in = wire_reader_init(payload);
    size_t count = wire_u32(&in) * column_count;
    for (size_t i = 0; i < count; i++)
        if (!read_cell(&in, &cells[i]))
            return false;
    return wire_done(&in);
}

void wire_add_error(struct strbuf *out, enum wire_error kind, const char *message)
{
    wire_add_u8(out, (uint8_t)kind);
    wire_add_text(out, str_cut_utf8(str_from(message), ERROR_MESSAGE_MAX - 1));
}

bool wire_read_error(struct str payload, enum wire_error *kind, const char **message)
{
    struct wire_reader in = wire_reader_init(payload);
    *kind = (enum wire_error)wire_u8(&in);
    struct str text = wire_text(&in, ERROR_MESSAGE_MAX);
    *message = text.bytes;
    return wire_done(&in) && *kind > 0 && *kind < WIRE_ERRORS && str_is_utf8(text);
}
