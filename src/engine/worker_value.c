/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/worker_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"

#define TYPE_DEPTH_MAX 48
#define TYPE_NAME_MAX 512 /* of nested types; longer ones are cut */

#define MICROS_SECOND INT64_C(1000000)
#define MICROS_DAY (86400 * MICROS_SECOND)
#define NANOS_DAY (MICROS_DAY * 1000)

typedef __int128 int128;
typedef unsigned __int128 uint128;

/* Reads value number `row`; text goes to the end of *text, and the caller points the cell there. */
typedef void scalar_reader(const struct value_type *type, const void *data, uint64_t row,
                           struct strbuf *text, struct cell *out);

static void set_integer(struct cell *out, int64_t integer)
{
    *out = (struct cell){.type = CELL_INTEGER, .integer = integer};
}

static void read_boolean(const struct value_type *type, const void *data, uint64_t row,
                         struct strbuf *text, struct cell *out)
{
    *out = (struct cell){.type = CELL_BOOLEAN, .boolean = ((const uint8_t *)data)[row] != 0};
}

/* The integer at `row` of a vector of that storage type, which has at most 128 bits. */
static int128 stored_integer(int storage, const void *data, uint64_t row)
{
    int128 wide;
    switch (storage) {
    case DUCKDB_TYPE_TINYINT:
        return ((const int8_t *)data)[row];
    case DUCKDB_TYPE_SMALLINT:
        return ((const int16_t *)data)[row];
    case DUCKDB_TYPE_INTEGER:
        return ((const int32_t *)data)[row];
    case DUCKDB_TYPE_BIGINT:
        return ((const int64_t *)data)[row];
    case DUCKDB_TYPE_UTINYINT:
        return ((const uint8_t *)data)[row];
    case DUCKDB_TYPE_USMALLINT:
        return ((const uint16_t *)data)[row];
    case DUCKDB_TYPE_UINTEGER:
        return ((const uint32_t *)data)[row];
    case DUCKDB_TYPE_UBIGINT:
        return ((const uint64_t *)data)[row];
    default:
        memcpy(&wide, (const char *)data + row * sizeof(wide), sizeof(wide));
        return wide;
    }
}

/* Digits of the magnitude, at least `digits_min` of them. */
static void add_digits(struct strbuf *text, uint128 magnitude, unsigned digits_min)
{
    char digits[48];
    size_t at = sizeof(digits);
    for (unsigned count = 0; magnitude > 0 || count < digits_min; count++, magnitude /= 10)
        digits[--at] = (char)('0' + (int)(magnitude % 10));
    strbuf_add_bytes(text, digits + at, sizeof(digits) - at);
}

static uint128 magnitude_of(int128 number)
{
    return number < 0 ? -(uint128)number : (uint128)number;
}

static void read_integer(const struct value_type *type, const void *data, uint64_t row,
                         struct strbuf *text, struct cell *out)
{
    int128 number = stored_integer(type->id, data, row);
    if (number >= INT64_MIN && number <= INT64_MAX) {
        set_integer(out, (int64_t)number);
        return;
    }
    if (number < 0)
        strbuf_add_char(text, '-');
    add_digits(text, magnitude_of(number), 1);
}

static void read_unsigned_huge(const struct value_type *type, const void *data, uint64_t row,
                               struct strbuf *text, struct cell *out)
{
    uint128 number = (uint128)stored_integer(DUCKDB_TYPE_HUGEINT, data, row);
    if (number <= INT64_MAX)
        set_integer(out, (int64_t)number);
    else
        add_digits(text, number, 1);
}

static void read_decimal(const struct value_type *type, const void *data, uint64_t row,
                         struct strbuf *text, struct cell *out)
{
    int128 number = stored_integer(type->storage, data, row);
    uint128 magnitude = magnitude_of(number), unit = 1;
    for (unsigned i = 0; i < type->scale; i++)
        unit *= 10;
    if (number < 0)
        strbuf_add_char(text, '-');
    add_digits(text, magnitude / unit, 1);
    if (type->scale > 0) {
        strbuf_add_char(text, '.');
        add_digits(text, magnitude % unit, type->scale);
    }
}

/* The double that is spelled like the float: 0.1f means 0.1 to whoever stored it. */
static void read_float(const struct value_type *type, const void *data, uint64_t row,
                       struct strbuf *text, struct cell *out)
{
    float number = ((const float *)data)[row];
    char spelled[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(spelled, sizeof(spelled), "%.*g", digits, (double)number);
        if (strtof(spelled, NULL) == number)
            break;
    }
    *out = (struct cell){.type = CELL_DOUBLE, .number = strtod(spelled, NULL)};
}

static void read_double(const struct value_type *type, const void *data, uint64_t row,
                        struct strbuf *text, struct cell *out)
{
    *out = (struct cell){.type = CELL_DOUBLE, .number = ((const double *)data)[row]};
}

static struct str stored_text(const void *data, uint64_t row)
{
    const union duckdb_string *string = (const union duckdb_string *)data + row;
    const char *bytes =
        string->length <= DUCKDB_STRING_INLINE_MAX ? string->near.bytes : string->far.bytes;
    return (struct str){bytes, string->length};
}

static void read_text(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    *out = (struct cell){.type = CELL_TEXT, .text = stored_text(data, row)};
}

static void read_blob(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    struct str bytes = stored_text(data, row);
    for (size_t i = 0; i < bytes.length; i++) {
        strbuf_add_char(text, "0123456789abcdef"[(unsigned char)bytes.bytes[i] >> 4]);
        strbuf_add_char(text, "0123456789abcdef"[bytes.bytes[i] & 15]);
    }
}

static void read_enum(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    uint64_t index = (uint64_t)stored_integer(type->storage, data, row);
    if (index < type->label_count)
        strbuf_add(text, type->labels[index]);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* False when the day is before the year 1, which DuckDB marks behind the whole value. */
static bool add_date(struct strbuf *text, int64_t days)
{
    struct date date = date_from_days(days);
    int year = date.year > 0 ? date.year : 1 - date.year;
    strbuf_printf(text, "%04d-%02d-%02d", year, date.month, date.day);
    return date.year > 0;
}

/* A time of day in units of 1/per_second of a second, with the fraction that it has. */
static void add_time(struct strbuf *text, int64_t time, int64_t per_second)
{
    int64_t seconds = time / per_second, fraction = time % per_second;
    strbuf_printf(text, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
    if (fraction == 0)
        return;
    strbuf_add_char(text, '.');
    for (int64_t unit = per_second / 10; fraction > 0; fraction %= unit, unit /= 10)
        strbuf_add_char(text, (char)('0' + fraction / unit));
}

static void read_date(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    int32_t days = ((const int32_t *)data)[row];
    if (days == INT32_MAX || days == -INT32_MAX)
        strbuf_add(text, days > 0 ? "infinity" : "-infinity");
    else if (!add_date(text, days))
        strbuf_add(text, " (BC)");
}

static void read_time(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    add_time(text, ((const int64_t *)data)[row], MICROS_SECOND);
}

static void read_timestamp(const struct value_type *type, const void *data, uint64_t row,
                           struct strbuf *text, struct cell *out)
{
    static const int64_t per_second[DUCKDB_TYPES] = {
        [DUCKDB_TYPE_TIMESTAMP_S] = 1,
        [DUCKDB_TYPE_TIMESTAMP_MS] = 1000,
        [DUCKDB_TYPE_TIMESTAMP] = MICROS_SECOND,
        [DUCKDB_TYPE_TIMESTAMP_TZ] = MICROS_SECOND,
        [DUCKDB_TYPE_TIMESTAMP_NS] = MICROS_SECOND * 1000,
    };
    int64_t time = ((const int64_t *)data)[row], unit = per_second[type->id];
    if (time == INT64_MAX || time == -INT64_MAX) {
        strbuf_add(text, time > 0 ? "infinity" : "-infinity");
        return;
    }
    int64_t days = floor_divide(time, 86400 * unit);
    bool common_era = add_date(text, days);
    strbuf_add_char(text, 'T');
    add_time(text, (int64_t)((int128)time - (int128)days * 86400 * unit), unit);
    if (type->id == DUCKDB_TYPE_TIMESTAMP_TZ)
        strbuf_add_char(text, 'Z');
    if (!common_era)
        strbuf_add(text, " (BC)");
}

static void add_amount(struct strbuf *text, int amount, const char *unit)
{
    if (amount != 0)
        strbuf_printf(text, "%s%d %s%s", text->length > 0 ? " " : "", amount, unit,
                      amount == 1 || amount == -1 ? "" : "s");
}

static void read_interval(const struct value_type *type, const void *data, uint64_t row,
                          struct strbuf *text, struct cell *out)
{
    struct duckdb_interval interval = ((const struct duckdb_interval *)data)[row];
    struct strbuf own = strbuf_init(256); /* blanks go between, so it must start empty */
    add_amount(&own, interval.months / 12, "year");
    add_amount(&own, interval.months % 12, "month");
    add_amount(&own, interval.days, "day");
    if (interval.micros != 0 || own.length == 0) {
        if (own.length > 0)
            strbuf_add_char(&own, ' ');
        if (interval.micros < 0)
            strbuf_add_char(&own, '-');
        uint64_t micros =
            interval.micros < 0 ? -(uint64_t)interval.micros : (uint64_t)interval.micros;
        if (micros <= INT64_MAX)
            add_time(&own, (int64_t)micros, MICROS_SECOND);
    }
    strbuf_add_str(text, strbuf_str(&own));
    strbuf_clear(&own);
}

static void read_uuid(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    /* Stored with the first bit flipped, so that signed order is the order of the text. */
    uint128 bits = (uint128)stored_integer(DUCKDB_TYPE_HUGEINT, data, row) ^ ((uint128)1 << 127);
    for (int nibble = 31; nibble >= 0; nibble--) {
        strbuf_add_char(text, "0123456789abcdef"[(int)(bits >> (4 * nibble)) & 15]);
        if (nibble == 24 || nibble == 20 || nibble == 16 || nibble == 12)
            strbuf_add_char(text, '-');
    }
}

static void read_null(const struct value_type *type, const void *data, uint64_t row,
                      struct strbuf *text, struct cell *out)
{
    *out = (struct cell){.type = CELL_NULL};
}

struct scalar {
    const char *name;
    enum value_kind kind;
    scalar_reader *read;
};

static const struct scalar scalars[DUCKDB_TYPES] = {
    [DUCKDB_TYPE_BOOLEAN] = {"BOOLEAN", VALUE_BOOLEAN, read_boolean},
    [DUCKDB_TYPE_TINYINT] = {"TINYINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_SMALLINT] = {"SMALLINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_INTEGER] = {"INTEGER", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_BIGINT] = {"BIGINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_UTINYINT] = {"UTINYINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_USMALLINT] = {"USMALLINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_UINTEGER] = {"UINTEGER", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_UBIGINT] = {"UBIGINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_HUGEINT] = {"HUGEINT", VALUE_INTEGER, read_integer},
    [DUCKDB_TYPE_UHUGEINT] = {"UHUGEINT", VALUE_INTEGER, read_unsigned_huge},
    [DUCKDB_TYPE_FLOAT] = {"FLOAT", VALUE_FLOAT, read_float},
    [DUCKDB_TYPE_DOUBLE] = {"DOUBLE", VALUE_FLOAT, read_double},
    [DUCKDB_TYPE_DECIMAL] = {"DECIMAL", VALUE_DECIMAL, read_decimal},
    [DUCKDB_TYPE_VARCHAR] = {"VARCHAR", VALUE_TEXT, read_text},
    [DUCKDB_TYPE_ENUM] = {"ENUM", VALUE_TEXT, read_enum},
    [DUCKDB_TYPE_UUID] = {"UUID", VALUE_TEXT, read_uuid},
    [DUCKDB_TYPE_BLOB] = {"BLOB", VALUE_BLOB, read_blob},
    [DUCKDB_TYPE_DATE] = {"DATE", VALUE_DATE, read_date},
    [DUCKDB_TYPE_TIME] = {"TIME", VALUE_TIME, read_time},
    [DUCKDB_TYPE_TIMESTAMP] = {"TIMESTAMP", VALUE_TIMESTAMP, read_timestamp},
    [DUCKDB_TYPE_TIMESTAMP_S] = {"TIMESTAMP_S", VALUE_TIMESTAMP, read_timestamp},
    [DUCKDB_TYPE_TIMESTAMP_MS] = {"TIMESTAMP_MS", VALUE_TIMESTAMP, read_timestamp},
    [DUCKDB_TYPE_TIMESTAMP_NS] = {"TIMESTAMP_NS", VALUE_TIMESTAMP, read_timestamp},
    [DUCKDB_TYPE_TIMESTAMP_TZ] = {"TIMESTAMP WITH TIME ZONE", VALUE_TIMESTAMP_TZ, read_timestamp},
    [DUCKDB_TYPE_INTERVAL] = {"INTERVAL", VALUE_INTERVAL, read_interval},
    [DUCKDB_TYPE_SQLNULL] = {"NULL", VALUE_UNKNOWN, read_null},
};

static bool is_nested(enum duckdb_type_id id)
{
    return id == DUCKDB_TYPE_LIST || id == DUCKDB_TYPE_STRUCT || id == DUCKDB_TYPE_MAP ||
           id == DUCKDB_TYPE_ARRAY;
}

/* -- types -- */

static void add_child(const struct duckdb_api *api, duckdb_type type, struct arena *arena,
                      unsigned depth, struct value_type *parent, size_t index)
{
    value_type_init(api, type, arena, depth + 1, &parent->children[index]);
    parent->readable &= parent->children[index].readable;
    api->destroy_logical_type(&type);
}

static void init_children(const struct duckdb_api *api, duckdb_type type, struct arena *arena,
                          unsigned depth, struct value_type *out)
{
    out->child_count = out->id == DUCKDB_TYPE_STRUCT ? api->struct_type_child_count(type)
                       : out->id == DUCKDB_TYPE_MAP  ? 2
                                                     : 1;
    out->children = arena_array(arena, out->child_count, sizeof(*out->children));
    if (out->id == DUCKDB_TYPE_LIST) {
        add_child(api, api->list_type_child_type(type), arena, depth, out, 0);
    } else if (out->id == DUCKDB_TYPE_ARRAY) {
        out->array_size = api->array_type_array_size(type);
        add_child(api, api->array_type_child_type(type), arena, depth, out, 0);
    } else if (out->id == DUCKDB_TYPE_MAP) {
        add_child(api, api->map_type_key_type(type), arena, depth, out, 0);
        add_child(api, api->map_type_value_type(type), arena, depth, out, 1);
    } else {
        out->label_count = out->child_count;
        out->labels = arena_array(arena, out->child_count, sizeof(*out->labels));
        for (size_t i = 0; i < out->child_count; i++) {
            char *name = api->struct_type_child_name(type, i);
            out->labels[i] = arena_strdup(arena, name ? name : "");
            api->free(name);
            add_child(api, api->struct_type_child_type(type, i), arena, depth, out, i);
        }
    }
}

static void init_labels(const struct duckdb_api *api, duckdb_type type, struct arena *arena,
                        struct value_type *out)
{
    out->storage = api->enum_internal_type(type);
    out->label_count = api->enum_dictionary_size(type);
    out->labels = arena_array(arena, out->label_count, sizeof(*out->labels));
    for (size_t i = 0; i < out->label_count; i++) {
        char *label = api->enum_dictionary_value(type, i);
        out->labels[i] = arena_strdup(arena, label ? label : "");
        api->free(label);
    }
}

static const char *nested_name(const struct value_type *type, struct arena *arena)
{
    struct strbuf name = strbuf_init(1u << 20);
    if (type->id == DUCKDB_TYPE_LIST) {
        strbuf_printf(&name, "%s[]", type->children[0].name);
    } else if (type->id == DUCKDB_TYPE_ARRAY) {
        strbuf_printf(&name, "%s[%" PRIu64 "]", type->children[0].name, type->array_size);
    } else if (type->id == DUCKDB_TYPE_MAP) {
        strbuf_printf(&name, "MAP(%s, %s)", type->children[0].name, type->children[1].name);
    } else {
        strbuf_add(&name, "STRUCT(");
        for (size_t i = 0; i < type->child_count && name.length < TYPE_NAME_MAX; i++)
            strbuf_printf(&name, "%s\"%s\" %s", i > 0 ? ", " : "", type->labels[i],
                          type->children[i].name);
        strbuf_add_char(&name, ')');
    }
    struct str kept = strbuf_str(&name);
    const char *copy =
        kept.length <= TYPE_NAME_MAX
            ? arena_strndup(arena, kept.bytes, kept.length)
            : arena_printf(arena, "%.*s...", STR_ARGS(str_cut_utf8(kept, TYPE_NAME_MAX)));
    strbuf_clear(&name);
    return copy;
}

void value_type_init(const struct duckdb_api *api, duckdb_type type, struct arena *arena,
                     unsigned depth, struct value_type *out)
{
    int id = api->get_type_id(type);
    bool known = id > 0 && id < DUCKDB_TYPES && depth < TYPE_DEPTH_MAX;
    *out = (struct value_type){.id = known ? (enum duckdb_type_id)id : (enum duckdb_type_id)0};
    char *alias = api->logical_type_get_alias(type);
    out->is_json = out->id == DUCKDB_TYPE_VARCHAR && alias && strcmp(alias, "JSON") == 0;
    api->free(alias);
    out->kind = out->is_json ? VALUE_NESTED : scalars[out->id].kind;
    out->name = out->is_json ? "JSON" : scalars[out->id].name;
    out->readable = scalars[out->id].read != NULL;
    if (out->id == DUCKDB_TYPE_DECIMAL) {
        out->scale = api->decimal_scale(type);
        out->storage = api->decimal_internal_type(type);
        out->name = arena_printf(arena, "DECIMAL(%d,%u)", api->decimal_width(type), out->scale);
    } else if (out->id == DUCKDB_TYPE_ENUM) {
        init_labels(api, type, arena, out);
    } else if (is_nested(out->id)) {
        out->readable = true;
        out->kind = VALUE_NESTED;
        init_children(api, type, arena, depth, out);
        out->name = nested_name(out, arena);
    } else if (!out->name) {
        out->name = "VARCHAR";
        out->kind = VALUE_TEXT;
    }
}

/* -- values -- */

struct value_vector value_vector_init(const struct duckdb_api *api, const struct value_type *type,
                                      duckdb_vector vector)
{
    return (struct value_vector){
        .type = type,
        .vector = vector,
        .data = api->vector_get_data(vector),
        .validity = api->vector_get_validity(vector),
    };
}

static bool is_null(const struct value_vector *vector, uint64_t row)
{
    return vector->validity && !(vector->validity[row / 64] >> (row % 64) & 1);
}

static void add_json(const struct duckdb_api *api, const struct value_vector *vector, uint64_t row,
                     struct strbuf *out);

static void add_json_list(const struct duckdb_api *api, const struct value_vector *vector,
                          struct duckdb_list_entry entry, duckdb_vector child, struct strbuf *out)
{
    struct value_vector items = value_vector_init(api, &vector->type->children[0], child);
    strbuf_add_char(out, '[');
    for (uint64_t i = 0; i < entry.length && strbuf_ok(out); i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        add_json(api, &items, entry.offset + i, out);
    }
    strbuf_add_char(out, ']');
}

static void add_json_struct(const struct duckdb_api *api, const struct value_vector *vector,
                            uint64_t row, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < vector->type->child_count; i++) {
        struct value_vector field = value_vector_init(
            api, &vector->type->children[i], api->struct_vector_get_child(vector->vector, i));
        if (i > 0)
            strbuf_add_char(out, ',');
        json_add_string(out, str_from(vector->type->labels[i]));
        strbuf_add_char(out, ':');
        add_json(api, &field, row, out);
    }
    strbuf_add_char(out, '}');
}

/* A map is a list of structs of key and value; keys become text, as JSON wants them. */
static void add_json_map(const struct duckdb_api *api, const struct value_vector *vector,
                         struct duckdb_list_entry entry, struct strbuf *out)
{
    duckdb_vector entries = api->list_vector_get_child(vector->vector);
    struct value_vector keys = value_vector_init(api, &vector->type->children[0],
                                                 api->struct_vector_get_child(entries, 0));
    struct value_vector values = value_vector_init(api, &vector->type->children[1],
                                                   api->struct_vector_get_child(entries, 1));
    struct strbuf key = strbuf_init(out->length_max);
    strbuf_add_char(out, '{');
    for (uint64_t i = 0; i < entry.length && strbuf_ok(out); i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        strbuf_reset(&key);
        struct cell cell;
        struct strbuf scratch = strbuf_init(out->length_max);
        value_read(api, &keys, entry.offset + i, &scratch, &cell);
        cell_print(&cell, &key);
        strbuf_clear(&scratch);
        json_add_string(out, strbuf_str(&key));
        strbuf_add_char(out, ':');
        add_json(api, &values, entry.offset + i, out);
    }
    strbuf_add_char(out, '}');
    strbuf_clear(&key);
}

static void add_json(const struct duckdb_api *api, const struct value_vector *vector, uint64_t row,
                     struct strbuf *out)
{
    const struct value_type *type = vector->type;
    if (is_null(vector, row)) {
        strbuf_add(out, "null");
    } else if (type->id == DUCKDB_TYPE_STRUCT) {
        add_json_struct(api, vector, row, out);
    } else if (type->id == DUCKDB_TYPE_LIST) {
        add_json_list(api, vector, ((const struct duckdb_list_entry *)vector->data)[row],
                      api->list_vector_get_child(vector->vector), out);
    } else if (type->id == DUCKDB_TYPE_ARRAY) {
        struct duckdb_list_entry entry = {row * type->array_size, type->array_size};
        add_json_list(api, vector, entry, api->array_vector_get_child(vector->vector), out);
    } else if (type->id == DUCKDB_TYPE_MAP) {
        add_json_map(api, vector, ((const struct duckdb_list_entry *)vector->data)[row], out);
    } else {
        struct strbuf text = strbuf_init(out->length_max);
        struct cell cell;
        value_read(api, vector, row, &text, &cell);
        cell_print_json(&cell, type->kind, out);
        strbuf_clear(&text);
    }
}

void value_read(const struct duckdb_api *api, const struct value_vector *vector, uint64_t row,
                struct strbuf *text, struct cell *out)
{
    *out = (struct cell){.type = CELL_NULL};
    strbuf_reset(text);
    if (is_null(vector, row))
        return;
    out->type = CELL_TEXT;
    if (is_nested(vector->type->id))
        add_json(api, vector, row, text);
    else
        scalars[vector->type->id].read(vector->type, vector->data, row, text, out);
    if (out->type == CELL_TEXT && !out->text.bytes)
        out->text = (struct str){strbuf_text(text), text->length};
}
