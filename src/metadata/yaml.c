/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/yaml.h"

#include <string.h>
#include <yaml.h>

#include "core/hash.h"
#include "core/json.h"

/* The open lists and maps while events come in, and the key that waits for its value. */
struct builder {
    struct arena *arena;
    struct yaml_node *root;
    struct yaml_node *open[YAML_DEPTH_MAX];
    struct yaml_node *last[YAML_DEPTH_MAX]; /* last child of each */
    struct yaml_node *key[YAML_DEPTH_MAX];  /* scalar read as key, its value is next */
    size_t depth;
    size_t nodes;
    size_t documents;
    struct yaml_fault *fault;
    struct error *err;
};

static bool fail_at(struct builder *b, const yaml_event_t *event, const char *message)
{
    b->fault->line = (int)event->start_mark.line + 1;
    b->fault->column = (int)event->start_mark.column + 1;
    return error_set(b->err, ERROR_METADATA, "%s", message);
}

static bool too_large_at(struct builder *b, const yaml_event_t *event, const char *what,
                         size_t limit)
{
    fail_at(b, event, "");
    return error_set(b->err, ERROR_TOO_LARGE, "the document has %s than %zu", what, limit);
}

/* Hangs a finished or just opened node where it belongs: root, item, key or value. */
static bool attach(struct builder *b, const yaml_event_t *event, struct yaml_node *node)
{
    if (++b->nodes > YAML_NODES_MAX)
        return too_large_at(b, event, "more nodes", YAML_NODES_MAX);
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    size_t top = b->depth - 1;
    struct yaml_node *parent = b->open[top];
    if (parent->kind == YAML_MAP && !b->key[top]) {
        if (node->kind != YAML_SCALAR)
            return fail_at(b, event, "a key must be text, not a list or map");
        b->key[top] = node;
        return true;
    }
    if (parent->kind == YAML_MAP) {
        node->key = b->key[top]->text;
        node->key_line = b->key[top]->line;
        node->key_column = b->key[top]->column;
        b->key[top] = NULL;
    }
    if (b->last[top])
        b->last[top]->next = node;
    else
        parent->first = node;
    b->last[top] = node;
    parent->count++;
    return true;
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(bytes, 0, length))
        return fail_at(b, event, "a NUL character is not allowed in text");
    struct yaml_node *node = arena_alloc(b->arena, sizeof(*node));
    node->kind = YAML_SCALAR;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = (struct str){arena_strndup(b->arena, bytes, length), length};
    return attach(b, event, node);
}

static bool open_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
    struct yaml_node *node = arena_alloc(b->arena, sizeof(*node));
    node->kind = kind;
    if (!attach(b, event, node))
        return false;
    if (b->depth == YAML_DEPTH_MAX)
        return too_large_at(b, event, "lists and maps nested deeper", YAML_DEPTH_MAX);
    b->open[b->depth] = node;
    b->last[b->depth] = NULL;
    b->key[b->depth] = NULL;
    b->depth++;
    return true;
}

/* Two equal keys in a map are a mistake that would silently lose one of the values. The table is
 * seeded, so that a document can't be written to make its keys collide. */
static bool check_duplicates(struct builder *b, const struct yaml_node *map)
{
    if (map->count < 2)
        return true;
    size_t size = 4;
    while (size < map->count * 2)
        size *= 2;
    struct arena_mark mark = arena_mark(b->arena);
    const struct yaml_node **table = arena_array(b->arena, size, sizeof(*table));
    bool unique = true;
    for (const struct yaml_node *child = map->first; child && unique; child = child->next) {
        size_t slot = hash64_str(child->key, hash_seed()) & (size - 1);
        while (table[slot] && !str_equal(table[slot]->key, child->key))
            slot = (slot + 1) & (size - 1);
        if (table[slot]) {
            b->fault->line = child->key_line;
            b->fault->column = child->key_column;
            unique =
                error_set(b->err, ERROR_METADATA, "key '%.*s' is given twice, first in line %d",
                          (int)(child->key.length > 100 ? 100 : child->key.length),
                          child->key.bytes, table[slot]->key_line);
        }
        table[slot] = child;
    }
    arena_rollback(b->arena, mark);
    return unique;
}

static bool check_tag(struct builder *b, const yaml_event_t *event, const yaml_char_t *tag,
                      const yaml_char_t *anchor)
{
    if (anchor)
        return fail_at(b, event, "anchors (&name) are not allowed; write the value out");
    if (tag)
        return fail_at(b, event, "tags (!name) are not allowed; write a plain value");
    return true;
}

static bool take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents > 1)
            return fail_at(b, event, "the file holds more than one document; use a file for each");
        return true;
    case YAML_ALIAS_EVENT:
        return fail_at(b, event, "aliases (*name) are not allowed; write the value out");
    case YAML_SCALAR_EVENT:
        return check_tag(b, event, event->data.scalar.tag, event->data.scalar.anchor) &&
               add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return check_tag(b, event, event->data.sequence_start.tag,
                         event->data.sequence_start.anchor) &&
               open_node(b, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return check_tag(b, event, event->data.mapping_start.tag,
                         event->data.mapping_start.anchor) &&
               open_node(b, event, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return true;
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return check_duplicates(b, b->open[b->depth]);
    default:
        return true;
    }
}

/* What libyaml says of bad syntax, with its place. */
static bool syntax_error(struct builder *b, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "the text is not YAML";
    b->fault->line = (int)parser->problem_mark.line + 1;
    b->fault->column = (int)parser->problem_mark.column + 1;
    if (parser->error == YAML_READER_ERROR) {
        /* The reader knows an offset only. It comes from bytes that str_is_utf8() let through:
         * control characters. */
        b->fault->line = (int)parser->mark.line + 1;
        b->fault->column = (int)parser->mark.column + 1;
        problem = "a control character is not allowed";
    }
    const char *context = parser->context;
    return error_set(b->err, ERROR_METADATA, "%s%s%s", problem, context ? " " : "",
                     context ? context : "");
}

static bool read_events(struct builder *b, yaml_parser_t *parser)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return syntax_error(b, parser);
        end = event.type == YAML_STREAM_END_EVENT;
        bool taken = take_event(b, &event);
        yaml_event_delete(&event);
        if (!taken)
            return false;
    }
    return true;
}

/* Line and column of the first byte that is not UTF-8. */
static void place_of_bad_utf8(struct str bytes, struct yaml_fault *fault)
{
    *fault = (struct yaml_fault){1, 1};
    for (size_t i = 0; i < bytes.length;) {
        size_t length = 1;
        while (length <= 4 && !str_is_utf8(str_slice(bytes, i, i + length)))
            length++;
        if (length > 4)
            return;
        fault->column++;
        if (bytes.bytes[i] == '\n')
            *fault = (struct yaml_fault){fault->line + 1, 1};
        i += length;
    }
}

/* %TAG lines only serve tags, which are refused anyway, and libyaml compares each with all before
 * it: 60,000 of them take most of a minute. False for the first one. */
static bool has_no_tag_lines(struct str bytes, struct yaml_fault *fault, struct error *err)
{
    int line = 1;
    for (size_t i = 0; i < bytes.length; i++) {
        /* Lines end in \n or \r, for libyaml also in U+0085, U+2028 and U+2029. */
        unsigned char before = i > 0 ? (unsigned char)bytes.bytes[i - 1] : '\n';
        line += i > 0 && before == '\n';
        bool may_start = before == '\n' || before == '\r' || before >= 0x80;
        if (!may_start || !str_starts(str_slice(bytes, i, bytes.length), STR("%TAG")))
            continue;
        *fault = (struct yaml_fault){line, 1};
        return error_set(err, ERROR_METADATA, "%%TAG lines are not allowed; write plain values");
    }
    return true;
}

bool yaml_read(struct str bytes, struct arena *arena, struct yaml_node **out,
               struct yaml_fault *fault, struct error *err)
{
    *fault = (struct yaml_fault){0};
    if (bytes.length > YAML_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the document is larger than %d bytes",
                         YAML_BYTES_MAX);
    if (!str_is_utf8(bytes)) {
        place_of_bad_utf8(bytes, fault);
        return error_set(err, ERROR_METADATA, "the text is not UTF-8; save the file as UTF-8");
    }
    if (!has_no_tag_lines(bytes, fault, err))
        return false;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_set(err, ERROR_INTERNAL, "the YAML reader could not start");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.bytes, bytes.length);
    struct builder builder = {.arena = arena, .fault = fault, .err = err};
    bool read = read_events(&builder, &parser);
    yaml_parser_delete(&parser);
    if (!read)
        return false;
    if (!builder.root)
        return error_set(err, ERROR_METADATA, "the document is empty");
    *out = builder.root;
    return true;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *child = map->first; child; child = child->next)
        if (str_equal_text(child->key, key))
            return child;
    return NULL;
}

static bool is_one_of(const struct yaml_node *node, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_text(node->text, words[i]))
            return true;
    return false;
}

bool yaml_is_null(const struct yaml_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    return node->kind == YAML_SCALAR && node->plain && is_one_of(node, words, 5);
}

bool yaml_to_boolean(const struct yaml_node *node, bool *out)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    if (node->kind != YAML_SCALAR || !node->plain || !is_one_of(node, words, 6))
        return false;
    *out = char_lower(node->text.bytes[0]) == 't';
    return true;
}

bool yaml_to_integer(const struct yaml_node *node, int64_t *out)
{
    return node->kind == YAML_SCALAR && node->plain && str_to_i64(node->text, out);
}

static size_t skip_digits(struct str text, size_t i)
{
    while (i < text.length && char_is_digit(text.bytes[i]))
        i++;
    return i;
}

/* Whether the text has the form of a JSON number (RFC 8259, section 6). */
static bool has_number_form(struct str text)
{
    size_t start = text.length > 0 && text.bytes[0] == '-' ? 1 : 0;
    size_t i = skip_digits(text, start);
    if (i == start || (text.bytes[start] == '0' && i > start + 1))
        return false;
    if (i < text.length && text.bytes[i] == '.') {
        size_t fraction = ++i;
        i = skip_digits(text, i);
        if (i == fraction)
            return false;
    }
    if (i < text.length && (text.bytes[i] == 'e' || text.bytes[i] == 'E')) {
        i++;
        if (i < text.length && (text.bytes[i] == '+' || text.bytes[i] == '-'))
            i++;
        size_t exponent = i;
        i = skip_digits(text, i);
        if (i == exponent)
            return false;
    }
    return i == text.length;
}

/* Numbers that 64 bits or a double can't hold stay text: JSON readers would refuse or bend them. */
static bool is_json_number(struct str text)
{
    int64_t integer;
    double number;
    bool whole = str_find(text, STR(".")) < 0 && str_find(text, STR("e")) < 0 &&
                 str_find(text, STR("E")) < 0;
    return has_number_form(text) &&
           (whole ? str_to_i64(text, &integer) : str_to_double(text, &number));
}

static void add_json_scalar(struct strbuf *out, const struct yaml_node *node)
{
    bool boolean;
    if (yaml_is_null(node))
        strbuf_add(out, "null");
    else if (yaml_to_boolean(node, &boolean))
        strbuf_add(out, boolean ? "true" : "false");
    else if (node->plain && is_json_number(node->text))
        strbuf_add_str(out, node->text);
    else
        json_add_string(out, node->text);
}

void yaml_add_json(struct strbuf *out, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR) {
        add_json_scalar(out, node);
        return;
    }
    strbuf_add_char(out, node->kind == YAML_LIST ? '[' : '{');
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        if (node->kind == YAML_LIST)
            json_add_separator(out);
        else
            json_add_key(out, child->key.bytes);
        yaml_add_json(out, child);
    }
    strbuf_add_char(out, node->kind == YAML_LIST ? ']' : '}');
}

const char *yaml_kind_name(const struct yaml_node *node)
{
    bool boolean;
    if (node->kind == YAML_LIST)
        return "a list";
    if (node->kind == YAML_MAP)
        return "a map";
    if (yaml_is_null(node))
        return "nothing";
    if (yaml_to_boolean(node, &boolean))
        return "true or false";
    return node->plain && is_json_number(node->text) ? "a number" : "text";
}
