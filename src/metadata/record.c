/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/record.h"

#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/json.h"
#include "metadata/dataset.h"

#define JSON_SIZE_MAX (8 * YAML_BYTES_MAX) /* one byte of YAML is at most 6 of JSON */

/* The field that is read, for messages: "role of a column". */
struct place {
    struct record_reader *reader;
    const struct record *record;
    const struct field *field;
};

static void report(struct record_reader *reader, enum problem_severity severity, int line,
                   int column, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void report(struct record_reader *reader, enum problem_severity severity, int line,
                   int column, const char *format, ...)
{
    struct problem place = {
        .path = reader->path, .line = line, .column = column, .severity = severity};
    va_list args;
    va_start(args, format);
    problem_add(reader->problems, &place, "%s", arena_vprintf(reader->arena, format, args));
    va_end(args);
}

static void wrong(const struct place *place, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void wrong(const struct place *place, const struct yaml_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(place->reader, PROBLEM_ERROR, node->line, node->column, "'%s' of a %s %s",
           place->field->name, place->record->what,
           arena_vprintf(place->reader->arena, format, args));
    va_end(args);
}

/* A short form of what was written, for messages. */
static const char *shown(const struct place *place, struct str text)
{
    struct str cut = str_cut_utf8(text, 60);
    return arena_printf(place->reader->arena, "%.*s%s", STR_ARGS(cut),
                        cut.length < text.length ? "..." : "");
}

/* A terminal, a log line and a prompt must all be able to carry the text. */
static bool has_control(struct str text, bool lines_allowed)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        bool allowed = lines_allowed && (c == '\n' || c == '\t' || c == '\r');
        if ((c < 0x20 && !allowed) || c == 0x7F)
            return true;
    }
    return false;
}

/* Takes a scalar's text if it may be what the field holds. Null gives NULL and is fine. */
static bool take_text(const struct place *place, const struct yaml_node *node, const char **out)
{
    enum field_type type = place->field->type;
    if (yaml_is_null(node))
        return true;
    if (node->kind != YAML_SCALAR) {
        wrong(place, node, "must be text, not %s", yaml_kind_name(node));
        return false;
    }
    bool exact = type == FIELD_NAME || type == FIELD_VALUES;
    struct str text = exact ? node->text : str_trim(node->text);
    if (text.length > place->field->max) {
        wrong(place, node, "is longer than %zu bytes", place->field->max);
        return false;
    }
    if (type != FIELD_VALUES && has_control(text, type == FIELD_TEXT)) {
        wrong(place, node, "has control characters or line breaks in it");
        return false;
    }
    if (type != FIELD_VALUES && text.length == 0) {
        wrong(place, node, "is empty");
        return false;
    }
    *out = arena_strndup(place->reader->arena, text.bytes, text.length);
    return true;
}

static void read_text(const struct place *place, const struct yaml_node *node, void *out)
{
    const char *text = NULL;
    if (!take_text(place, node, &text) || !text)
        return;
    struct date date;
    if (place->field->type == FIELD_DATE && !date_parse(str_from(text), &date)) {
        wrong(place, node, "is '%s', which is no date; write it as 2024-12-31",
              shown(place, str_from(text)));
        return;
    }
    *(const char **)out = text;
}

/* "allowed: a, b, c", each value once, with the nearest as a hint. */
static const char *allowed_choices(const struct place *place, struct str given)
{
    struct strbuf list = strbuf_init(2000);
    const char *nearest = NULL;
    unsigned nearest_distance = 3;
    int last_value = -1;
    for (const struct choice *choice = place->field->choices; choice->name; choice++) {
        if (choice->value != last_value)
            strbuf_printf(&list, "%s%s", list.length > 0 ? ", " : "", choice->name);
        last_value = choice->value;
        unsigned distance = str_distance(given, str_from(choice->name), 2);
        if (distance < nearest_distance) {
            nearest_distance = distance;
            nearest = choice->name;
        }
    }
    if (nearest)
        strbuf_printf(&list, "; did you mean '%s'?", nearest);
    const char *text = arena_strdup(place->reader->arena, strbuf_text(&list));
    strbuf_clear(&list);
    return text;
}

static const struct choice *find_choice(const struct place *place, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR) {
        wrong(place, node, "must be one word, not %s; allowed: %s", yaml_kind_name(node),
              allowed_choices(place, STR("")));
        return NULL;
    }
    struct str text = str_trim(node->text);
    for (const struct choice *choice = place->field->choices; choice->name; choice++)
        if (str_equal_nocase(text, str_from(choice->name)))
            return choice;
    wrong(place, node, "is '%s'; allowed: %s", shown(place, text), allowed_choices(place, text));
    return NULL;
}

static void read_word(const struct place *place, const struct yaml_node *node, void *out)
{
    const struct choice *found = yaml_is_null(node) ? NULL : find_choice(place, node);
    for (const struct choice *choice = place->field->choices; found && choice->name; choice++)
        if (choice->value == found->value) {
            *(const char **)out = choice->name;
            return;
        }
}

static void read_choice(const struct place *place, const struct yaml_node *node, void *out)
{
    const struct choice *found = yaml_is_null(node) ? NULL : find_choice(place, node);
    if (found)
        *(int *)out = found->value;
}

static void read_integer(const struct place *place, const struct yaml_node *node, void *out)
{
    int64_t number;
    if (yaml_is_null(node))
        return;
    if (!yaml_to_integer(node, &number) || number < 0 || (uint64_t)number > place->field->max)
        wrong(place, node, "must be a whole number from 0 to %zu", place->field->max);
    else
        *(int *)out = (int)number;
}

static void read_list(const struct place *place, const struct yaml_node *node, void *out)
{
    if (yaml_is_null(node))
        return;
    if (node->kind == YAML_MAP) {
        wrong(place, node, "must be a list, not a map");
        return;
    }
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    if (count > place->field->item_max) {
        wrong(place, node, "has %zu items; at most %zu are allowed", count, place->field->item_max);
        return;
    }
    struct text_list *list = out;
    list->items = arena_array(place->reader->arena, count, sizeof(*list->items));
    const struct yaml_node *item = node->kind == YAML_LIST ? node->first : node;
    for (size_t i = 0; i < count; i++, item = item->next) {
        const char *text = NULL;
        if (yaml_is_null(item) && place->field->type == FIELD_LINES)
            wrong(place, item, "has an empty item");
        else if (take_text(place, item, &text) && text)
            list->items[list->count++] = text;
    }
}

static void read_json_map(const struct place *place, const struct yaml_node *node, void *out)
{
    if (yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP) {
        wrong(place, node, "must be a map, not %s", yaml_kind_name(node));
        return;
    }
    for (const struct yaml_node *child = node->first; child; child = child->next)
        if (child->kind != YAML_SCALAR || yaml_is_null(child)) {
            wrong(place, child, "must give one word for '%s', not %s", shown(place, child->key),
                  yaml_kind_name(child));
            return;
        }
    struct strbuf json = strbuf_init(JSON_SIZE_MAX);
    yaml_add_json(&json, node);
    *(const char **)out = arena_strdup(place->reader->arena, strbuf_text(&json));
    strbuf_clear(&json);
}

static void read_record(const struct place *place, const struct yaml_node *node, void *out)
{
    if (yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP)
        wrong(place, node, "must be a map, not %s", yaml_kind_name(node));
    else
        record_read(place->reader, place->field->record, node, out);
}

/* Two records must not share their name: what people write would mean both. */
static void check_unique(const struct place *place, const struct yaml_node *node,
                         const char *records, size_t count)
{
    const struct record *record = place->field->record;
    if (record->unique_offset == NO_OFFSET)
        return;
    const struct yaml_node *item = node->first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        const char *name =
            *(const char *const *)(records + i * record->size + record->unique_offset);
        for (size_t j = 0; name && j < i; j++) {
            const char *other =
                *(const char *const *)(records + j * record->size + record->unique_offset);
            if (!other || strcasecmp(name, other) != 0)
                continue;
            report(place->reader, PROBLEM_ERROR, item->line, item->column,
                   "%s '%s' is described twice", record->what, name);
            break;
        }
    }
}

static void read_records(const struct place *place, const struct yaml_node *node, void *out)
{
    const struct field *field = place->field;
    if (yaml_is_null(node))
        return;
    if (node->kind != YAML_LIST) {
        wrong(place, node, "must be a list, not %s; start each %s with '-'", yaml_kind_name(node),
              field->record->what);
        return;
    }
    if (node->count > field->max) {
        wrong(place, node, "has %zu entries; at most %zu are allowed", node->count, field->max);
        return;
    }
    char *records = arena_array(place->reader->arena, node->count, field->record->size);
    size_t count = 0;
    for (const struct yaml_node *item = node->first; item; item = item->next, count++) {
        if (item->kind == YAML_MAP)
            record_read(place->reader, field->record, item, records + count * field->record->size);
        else
            wrong(place, item, "must hold maps such as {name: ...}, not %s", yaml_kind_name(item));
    }
    check_unique(place, node, records, count);
    memcpy(out, &records, sizeof(records));
    *(size_t *)((char *)out - field->offset + field->count_offset) = count;
}

typedef void (*read_fn)(const struct place *place, const struct yaml_node *node, void *out);

static const read_fn readers[FIELD_TYPES] = {
    [FIELD_NAME] = read_text,         [FIELD_LINE] = read_text,     [FIELD_TEXT] = read_text,
    [FIELD_DATE] = read_text,         [FIELD_WORD] = read_word,     [FIELD_CHOICE] = read_choice,
    [FIELD_INTEGER] = read_integer,   [FIELD_LINES] = read_list,    [FIELD_VALUES] = read_list,
    [FIELD_JSON_MAP] = read_json_map, [FIELD_RECORD] = read_record, [FIELD_RECORDS] = read_records,
};

static const struct field *find_field(const struct record *record, struct str key)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (str_equal_text(key, record->fields[i].name))
            return &record->fields[i];
    return NULL;
}

/* The field whose name the key is likely a misspelling of, or NULL. */
static const struct field *nearest_field(const struct record *record, struct str key)
{
    const struct field *nearest = NULL;
    unsigned best = key.length > 4 ? 3 : 2;
    for (size_t i = 0; i < record->field_count; i++) {
        unsigned distance = str_distance(key, str_from(record->fields[i].name), best - 1);
        if (distance < best) {
            best = distance;
            nearest = &record->fields[i];
        }
    }
    return nearest;
}

static void unknown_key(struct record_reader *reader, const struct record *record,
                        const struct yaml_node *node, struct strbuf *extra)
{
    const struct field *nearest = nearest_field(record, node->key);
    struct str key = str_cut_utf8(node->key, 100);
    const char *hint =
        nearest ? arena_printf(reader->arena, "; did you mean '%s'?", nearest->name) : "";
    bool kept = record->unknown_keys == UNKNOWN_KEYS_KEPT;
    if (!kept || nearest)
        report(reader,
               record->unknown_keys == UNKNOWN_KEYS_REFUSED ? PROBLEM_ERROR : PROBLEM_WARNING,
               node->key_line, node->key_column, "unknown key '%.*s' of a %s%s%s", STR_ARGS(key),
               record->what, kept ? " is kept as it is" : "", hint);
    if (!kept)
        return;
    if (extra->length == 0)
        strbuf_add_char(extra, '{');
    json_add_key(extra, node->key.bytes);
    yaml_add_json(extra, node);
}

static void check_required(struct record_reader *reader, const struct record *record,
                           const struct yaml_node *node)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        const struct yaml_node *value = field->required ? yaml_get(node, field->name) : NULL;
        if (field->required && (!value || yaml_is_null(value)))
            report(reader, PROBLEM_ERROR, node->line, node->column, "a %s needs '%s'", record->what,
                   field->name);
    }
}

void record_read(struct record_reader *reader, const struct record *record,
                 const struct yaml_node *node, void *out)
{
    struct strbuf extra = strbuf_init(JSON_SIZE_MAX);
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        const struct field *field = find_field(record, child->key);
        if (!field) {
            unknown_key(reader, record, child, &extra);
            continue;
        }
        struct place place = {reader, record, field};
        readers[field->type](&place, child, (char *)out + field->offset);
    }
    if (extra.length > 0) {
        strbuf_add_char(&extra, '}');
        *(const char **)((char *)out + record->extra_offset) =
            arena_strdup(reader->arena, strbuf_text(&extra));
    }
    strbuf_clear(&extra);
    if (record->line_offset != NO_OFFSET)
        *(int *)((char *)out + record->line_offset) = node->line;
    check_required(reader, record, node);
}
