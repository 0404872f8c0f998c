/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/profile.h"

#include "engine/load_csv.h"
#include "engine/protocol.h"

#define NOTES_MAX 4096
#define NOTE_SIZE_MAX 1024
#define BOUND_SIZE_MAX 4096

static void add_optional(struct strbuf *out, const char *text)
{
    wire_add_u8(out, text != NULL);
    if (text)
        wire_add_text(out, str_from(text));
}

static void add_column(struct strbuf *out, const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    wire_add_text(out, str_from(column->name));
    wire_add_text(out, str_from(column->type));
    wire_add_u8(out, (uint8_t)column->kind);
    wire_add_u8(out, column->unique);
    wire_add_integer(out, profile->null_count);
    wire_add_integer(out, profile->distinct_count);
    add_optional(out, profile->min);
    add_optional(out, profile->max);
    wire_add_double(out, profile->mean);
    wire_add_u8(out, profile->values_complete);
    wire_add_count(out, profile->value_count);
    for (size_t i = 0; i < profile->value_count; i++) {
        wire_add_text(out, str_from(profile->values[i].text));
        wire_add_integer(out, profile->values[i].count);
    }
}

void profile_add(struct strbuf *out, const struct load_result *result)
{
    wire_add_u32(out, PROFILE_LAYOUT);
    wire_add_integer(out, result->row_count);
    wire_add_count(out, result->note_count);
    for (size_t i = 0; i < result->note_count; i++)
        wire_add_text(out, str_from(result->notes[i]));
    wire_add_count(out, result->column_count);
    for (size_t i = 0; i < result->column_count; i++)
        add_column(out, &result->columns[i]);
}

static const char *read_name(struct wire_reader *in, size_t length_max)
{
    struct str text = wire_text(in, length_max);
    in->failed |= !str_is_utf8(text);
    return text.bytes;
}

static const char *read_optional(struct wire_reader *in, size_t length_max)
{
    return wire_u8(in) ? read_name(in, length_max) : NULL;
}

static void read_values(struct wire_reader *in, struct arena *arena, struct column_profile *profile)
{
    profile->value_count = wire_items(in, 3, PROFILE_VALUES_MAX);
    profile->values = arena_array(arena, profile->value_count, sizeof(*profile->values));
    for (size_t i = 0; i < profile->value_count; i++) {
        profile->values[i].text = read_name(in, PROFILE_VALUE_LENGTH_MAX);
        profile->values[i].count = wire_integer(in);
    }
}

static void read_column(struct wire_reader *in, struct arena *arena, int64_t row_count,
                        struct column *column)
{
    struct column_profile *profile = &column->profile;
    column->name = read_name(in, WIRE_NAME_MAX);
    column->type = read_name(in, WIRE_NAME_MAX);
    uint8_t kind = wire_u8(in);
    in->failed |= kind >= VALUE_KINDS;
    column->kind = in->failed ? VALUE_UNKNOWN : (enum value_kind)kind;
    column->unique = wire_u8(in) != 0;
    profile->known = true;
    profile->row_count = row_count;
    profile->null_count = wire_integer(in);
    profile->distinct_count = wire_integer(in);
    profile->min = read_optional(in, BOUND_SIZE_MAX);
    profile->max = read_optional(in, BOUND_SIZE_MAX);
    profile->mean = wire_double(in);
    profile->values_complete = wire_u8(in) != 0;
    read_values(in, arena, profile);
    in->failed |= profile->null_count < 0 || profile->null_count > row_count ||
                  profile->distinct_count < 0 || profile->distinct_count > row_count;
}

bool profile_read(struct str bytes, struct arena *arena, struct load_result *out)
{
    struct wire_reader in = wire_reader_init(bytes);
    if (wire_u32(&in) != PROFILE_LAYOUT)
        return false;
    out->row_count = wire_integer(&in);
    out->note_count = wire_items(&in, 2, NOTES_MAX);
    const char **notes = arena_array(arena, out->note_count, sizeof(*notes));
    for (size_t i = 0; i < out->note_count; i++)
        notes[i] = read_name(&in, NOTE_SIZE_MAX);
    out->notes = notes;
    out->column_count = wire_items(&in, 16, LOAD_COLUMNS_MAX);
    out->columns = arena_array(arena, out->column_count, sizeof(*out->columns));
    for (size_t i = 0; i < out->column_count && !in.failed; i++)
        read_column(&in, arena, out->row_count, &out->columns[i]);
    return wire_done(&in) && out->row_count >= 0;
}
