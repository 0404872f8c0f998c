/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/yaml_write.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "core/json.h"
#include "metadata/metadata_priv.h"

#define FACT_LENGTH_MAX 60 /* bytes of a stored value in a comment */
#define FACT_VALUES_MAX 10 /* sample values written for a column */

struct writer {
    struct strbuf *out;
    bool facts; /* comments and findings from the data */
};

/* The code point at the front of valid UTF-8, and its length. */
static uint32_t decode(const char *bytes, size_t *length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    *length = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (*length == 1)
        return p[0];
    uint32_t code = p[0] & (0xFFu >> (*length + 1));
    for (size_t i = 1; i < *length; i++)
        code = code << 6 | (p[i] & 0x3F);
    return code;
}

/* Characters that YAML takes for line breaks or does not allow as they are. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || (code & 0xFFFE) == 0xFFFE || (code >= 0xD800 && code <= 0xDFFF);
}

static bool needs_escapes(struct str text, uint32_t allowed)
{
    size_t length;
    for (size_t i = 0; i < text.length; i += length) {
        uint32_t code = decode(text.bytes + i, &length);
        if (needs_escape(code) && code != allowed)
            return true;
    }
    return false;
}

static void add_quoted(struct strbuf *out, struct str text)
{
    size_t length;
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.length; i += length) {
        uint32_t code = decode(text.bytes + i, &length);
        if (code == '"' || code == '\\')
            strbuf_printf(out, "\\%c", (int)code);
        else if (code == '\n' || code == '\t')
            strbuf_add(out, code == '\n' ? "\\n" : "\\t");
        else if (needs_escape(code))
            strbuf_printf(out, code > 0xFFFF ? "\\U%08x" : "\\u%04x", code);
        else
            strbuf_add_bytes(out, text.bytes + i, length);
    }
    strbuf_add_char(out, '"');
}

/* Words that some YAML reader takes for something else than text. */
static bool is_special_word(struct str text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(text, str_from(words[i])))
            return true;
    return false;
}

static bool is_number_or_date(struct str text)
{
    size_t first = text.length > 1 && text.bytes[0] == '-' ? 1 : 0;
    if (text.length == 0 || !char_is_digit(text.bytes[first]))
        return false;
    for (size_t i = first; i < text.length; i++)
        if (!char_is_digit(text.bytes[i]) && text.bytes[i] != '.' && text.bytes[i] != '-')
            return false;
    return true;
}

/* Whether the text reads back as itself without quotes, in a flow list too. */
static bool is_plain(struct str text)
{
    if (is_number_or_date(text))
        return true;
    if (text.length == 0 || text.length > 200 || is_special_word(text) || needs_escapes(text, 0) ||
        text.bytes[text.length - 1] == ' ')
        return false;
    unsigned char first = (unsigned char)text.bytes[0];
    if (!char_is_alpha((char)first) && first != '_' && first < 0x80)
        return false;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.bytes[i];
        if ((unsigned char)c < 0x80 && !char_is_alnum(c) && !strchr(" _-./()%+*=<>", c))
            return false;
    }
    return true;
}

void yaml_add_scalar(struct strbuf *out, struct str text)
{
    if (is_plain(text))
        strbuf_add_str(out, text);
    else
        add_quoted(out, text);
}

static void add_indent(struct strbuf *out, int indent)
{
    strbuf_add_repeat(out, ' ', (size_t)indent);
}

/* A literal block keeps lines as they are; it can't hold lines that begin with blanks (they would
 * set the indentation), and ends of text must not be blank. */
static bool is_block(struct str text)
{
    if (!memchr(text.bytes, '\n', text.length) || needs_escapes(text, '\n'))
        return false;
    struct str rest = text, line;
    while (str_split(&rest, '\n', &line))
        if (line.length > 0 && line.bytes[0] == ' ')
            return false;
    return str_equal(str_trim(text), text);
}

static void add_text(struct strbuf *out, const char *text, int indent)
{
    struct str rest = str_from(text), line;
    if (!is_block(rest)) {
        yaml_add_scalar(out, rest);
        return;
    }
    strbuf_add(out, "|-");
    while (str_split(&rest, '\n', &line)) {
        strbuf_add_char(out, '\n');
        if (line.length > 0)
            add_indent(out, indent + 2);
        strbuf_add_str(out, line);
    }
}

static void add_list(struct strbuf *out, const struct text_list *list)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        yaml_add_scalar(out, str_from(list->items[i]));
    }
    strbuf_add_char(out, ']');
}

/* JSON in YAML's flow style; the depth is that of the document it came from. */
static void add_flow(struct strbuf *out, const json_t *value)
{
    const char *key;
    const json_t *child;
    size_t i;
    if (json_is_string(value)) {
        add_quoted(out, (struct str){json_string_value(value), json_string_length(value)});
    } else if (json_is_integer(value)) {
        strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        json_add_double(out, json_real_value(value));
    } else if (json_is_array(value)) {
        strbuf_add_char(out, '[');
        json_array_foreach(value, i, child)
        {
            strbuf_add(out, i > 0 ? ", " : "");
            add_flow(out, child);
        }
        strbuf_add_char(out, ']');
    } else if (json_is_object(value)) {
        bool first = true;
        strbuf_add_char(out, '{');
        json_object_foreach((json_t *)(uintptr_t)value, key, child)
        {
            strbuf_add(out, first ? "" : ", ");
            first = false;
            add_quoted(out, str_from(key));
            strbuf_add(out, ": ");
            add_flow(out, child);
        }
        strbuf_add_char(out, '}');
    } else {
        strbuf_add(out, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
    }
}

/* The unknown keys, as they were. */
static void add_extra(struct strbuf *out, const char *json, int indent)
{
    json_t *object = json ? json_loads(json, 0, NULL) : NULL;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        add_indent(out, indent);
        yaml_add_scalar(out, str_from(key));
        strbuf_add(out, ": ");
        add_flow(out, value);
        strbuf_add_char(out, '\n');
    }
    json_decref(object);
}

static void add_json_map(struct strbuf *out, const char *json)
{
    json_t *object = json_loads(json, 0, NULL);
    add_flow(out, object);
    json_decref(object);
}

/* One line that can't end the comment it stands in. */
static void add_comment_text(struct strbuf *out, const char *text)
{
    struct str cut = str_cut_utf8(str_from(text), FACT_LENGTH_MAX);
    size_t length;
    for (size_t i = 0; i < cut.length; i += length) {
        uint32_t code = decode(cut.bytes + i, &length);
        if (needs_escape(code))
            strbuf_add_char(out, ' ');
        else
            strbuf_add_bytes(out, cut.bytes + i, length);
    }
    strbuf_add(out, cut.length < strlen(text) ? "..." : "");
}

static void add_count(struct strbuf *out, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRId64, number);
    for (int i = 0; i < length; i++) {
        strbuf_add_char(out, digits[i]);
        if ((length - i - 1) % 3 == 0 && i < length - 1 && digits[i] != '-')
            strbuf_add_char(out, ',');
    }
}

/* "# 800 distinct values, 1 to 800, no nulls". */
static void add_column_facts(struct strbuf *out, const struct column *column, int indent)
{
    const struct column_profile *profile = &column->profile;
    if (!profile->known)
        return;
    add_indent(out, indent);
    strbuf_add(out, "# ");
    add_count(out, profile->distinct_count);
    strbuf_add(out, profile->distinct_count == 1 ? " distinct value" : " distinct values");
    if (profile->min && profile->max) {
        strbuf_add(out, ", ");
        add_comment_text(out, profile->min);
        strbuf_add(out, " to ");
        add_comment_text(out, profile->max);
    }
    if (value_kind_is_number(column->kind) && column->role == ROLE_MEASURE) {
        strbuf_printf(out, ", mean %.6g", profile->mean);
    }
    strbuf_add(out, ", ");
    if (profile->null_count > 0)
        add_count(out, profile->null_count);
    strbuf_add(out, profile->null_count == 0   ? "no nulls"
                    : profile->null_count == 1 ? " null"
                                               : " nulls");
    strbuf_add(out, column->unique ? ", unique\n" : "\n");
}

static void add_samples(struct strbuf *out, const struct column *column, int indent)
{
    const struct column_profile *profile = &column->profile;
    if (column->sample_values.count > 0 || profile->value_count == 0 || column->kind != VALUE_TEXT)
        return;
    add_indent(out, indent);
    strbuf_add(out, "sample_values: [");
    for (size_t i = 0; i < profile->value_count && i < FACT_VALUES_MAX; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        yaml_add_scalar(out, str_from(profile->values[i].text));
    }
    strbuf_add(out, profile->values_complete && profile->value_count <= FACT_VALUES_MAX
                        ? "]  # all that there are\n"
                        : "]\n");
}

static const char *choice_name(const struct choice *choices, int value)
{
    for (; choices->name; choices++)
        if (choices->value == value)
            return choices->name;
    return NULL;
}

static void write_record(struct writer *writer, const struct record *record, const char *from,
                         int indent);

static bool is_written_record(const struct writer *writer, const struct record *record,
                              const char *item)
{
    if (strcmp(record->what, "relationship") != 0 || writer->facts)
        return true;
    return !((const struct relationship *)(const void *)item)->found;
}

static void write_records(struct writer *writer, const struct field *field, const char *records,
                          size_t count, int indent)
{
    struct strbuf *out = writer->out;
    const struct record *record = field->record;
    bool opened = false;
    for (size_t i = 0; i < count; i++) {
        const char *item = records + i * record->size;
        if (!is_written_record(writer, record, item))
            continue;
        if (!opened)
            strbuf_printf(out, "%s:\n", field->name);
        opened = true;
        if (writer->facts && record == &metadata_column_record)
            add_column_facts(out, (const struct column *)(const void *)item, indent + 2);
        add_indent(out, indent + 2);
        strbuf_add(out, "- ");
        /* The first key stands right after the dash: its own indentation is taken back. */
        size_t start = out->length;
        write_record(writer, record, item, indent + 4);
        if (out->length >= start + (size_t)indent + 4 && strbuf_ok(out)) {
            memmove(out->bytes + start, out->bytes + start + indent + 4,
                    out->length - start - (size_t)indent - 4);
            strbuf_truncate(out, out->length - (size_t)indent - 4);
        }
    }
}

/* Zero and NULL mean that the key is not there; the first value of an enum of relationships is a
 * real one, and is written. */
static bool is_set(const struct field *field, const char *at)
{
    static const struct text_list no_list;
    switch (field->type) {
    case FIELD_CHOICE:
        return *(const int *)(const void *)at != 0 || field->choices[0].value == 0;
    case FIELD_INTEGER:
        return *(const int *)(const void *)at != 0;
    case FIELD_LINES:
    case FIELD_VALUES:
        return memcmp(at, &no_list, sizeof(no_list)) != 0 &&
               ((const struct text_list *)(const void *)at)->count > 0;
    case FIELD_RECORD:
    case FIELD_RECORDS:
        return true;
    default:
        return *(const char *const *)(const void *)at != NULL;
    }
}

static void write_value(struct writer *writer, const struct field *field, const char *at,
                        int indent)
{
    struct strbuf *out = writer->out;
    const void *value = at;
    switch (field->type) {
    case FIELD_CHOICE:
        strbuf_add(out, choice_name(field->choices, *(const int *)value));
        break;
    case FIELD_INTEGER:
        strbuf_printf(out, "%d", *(const int *)value);
        break;
    case FIELD_LINES:
    case FIELD_VALUES:
        add_list(out, value);
        break;
    case FIELD_JSON_MAP:
        add_json_map(out, *(const char *const *)value);
        break;
    default:
        add_text(out, *(const char *const *)value, indent);
    }
}

/* A map below a key: written only when it has something in it. */
static void write_nested(struct writer *writer, const struct field *field, const char *at,
                         int indent)
{
    struct strbuf *out = writer->out;
    size_t before = out->length;
    add_indent(out, indent);
    strbuf_printf(out, "%s:\n", field->name);
    size_t start = out->length;
    write_record(writer, field->record, at, indent + 2);
    if (out->length == start)
        strbuf_truncate(out, before);
}

static void write_record(struct writer *writer, const struct record *record, const char *from,
                         int indent)
{
    struct strbuf *out = writer->out;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        const char *at = from + field->offset;
        if (!is_set(field, at))
            continue;
        if (field->type == FIELD_RECORD) {
            write_nested(writer, field, at, indent);
        } else if (field->type == FIELD_RECORDS) {
            write_records(writer, field, *(const char *const *)(const void *)at,
                          *(const size_t *)(const void *)(from + field->count_offset), indent);
        } else {
            add_indent(out, indent);
            strbuf_printf(out, "%s: ", field->name);
            write_value(writer, field, at, indent);
            strbuf_add_char(out, '\n');
        }
    }
    if (record == &metadata_column_record && writer->facts)
        add_samples(out, (const struct column *)(const void *)from, indent);
    if (record->unknown_keys == UNKNOWN_KEYS_KEPT)
        add_extra(out, *(const char *const *)(const void *)(from + record->extra_offset), indent);
}

static void write_dataset(struct strbuf *out, const struct dataset *dataset, bool facts)
{
    struct writer writer = {out, facts};
    struct dataset written = *dataset;
    if (written.source.file_table) /* a document calls it "table" */
        written.source.table = written.source.file_table;
    write_record(&writer, &metadata_dataset_record, (const char *)&written, 0);
}

void yaml_write_dataset(struct strbuf *out, const struct dataset *dataset)
{
    write_dataset(out, dataset, false);
}

void profile_print(const struct dataset *dataset, struct strbuf *out)
{
    strbuf_add(out, "# What the data says");
    if (dataset->row_count >= 0) {
        strbuf_add(out, ": ");
        add_count(out, dataset->row_count);
        strbuf_printf(out, " %s, ", plural((uint64_t)dataset->row_count, "row", "rows"));
        add_count(out, (int64_t)dataset->column_count);
        strbuf_printf(out, " %s", plural(dataset->column_count, "column", "columns"));
    }
    strbuf_add(
        out,
        ".\n# Worth adding: a description, what one row is (grain), synonyms that "
        "people use, units,\n# metrics with their expression. The file may be written relative "
        "to this document.\n");
    write_dataset(out, dataset, true);
}
