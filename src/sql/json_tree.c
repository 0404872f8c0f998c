/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/json_tree.h"

#include <math.h>
#include <string.h>

#define NODES_AT_ONCE 64

/* Texts are decoded where they stand, in a copy of the whole. */
struct reader {
    char *at, *end;
    struct arena *arena;
    struct json_node *open; /* the innermost list or object; NULL: none */
    struct json_node *spare;
    size_t spare_count, node_count, depth;
    const char *why;
};

static bool wrong(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

/* ---- texts */

static bool read_hex(struct reader *r, uint32_t *out)
{
    *out = 0;
    if (r->end - r->at < 4)
        return wrong(r, "an escape is cut off");
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return wrong(r, "an escape is wrong");
        *out = *out << 4 | digit;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* What follows "\u": never longer as UTF-8 than it is written. */
static bool read_code(struct reader *r, char **to)
{
    uint32_t code, low;
    if (!read_hex(r, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
            return wrong(r, "half of a surrogate pair");
        r->at += 2;
        if (!read_hex(r, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return wrong(r, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return wrong(r, "half of a surrogate pair");
    }
    if (code == 0)
        return wrong(r, "U+0000 in a text");
    *to = put_utf8(*to, code);
    return true;
}

static bool read_escape(struct reader *r, char **to)
{
    static const char written[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = r->at < r->end ? *r->at++ : '\0';
    if (c == 'u')
        return read_code(r, to);
    const char *place = c ? strchr(written, c) : NULL;
    if (!place)
        return wrong(r, "an escape is wrong");
    *(*to)++ = meant[place - written];
    return true;
}

/* The place is after the first quote; then after the last, which becomes a NUL. */
static bool read_text(struct reader *r, struct str *out)
{
    char *begin = r->at, *to = begin;
    for (;;) {
        char *run = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
            r->at++;
        size_t length = (size_t)(r->at - run);
        if (to != run)
            memmove(to, run, length);
        to += length;
        if (r->at == r->end)
            return wrong(r, "a text has no end");
        char c = *r->at++;
        if (c == '"')
            break;
        if (c != '\\')
            return wrong(r, "a control character in a text");
        if (!read_escape(r, &to))
            return false;
    }
    *to = '\0';
    *out = (struct str){begin, (size_t)(to - begin)};
    return true;
}

/* ---- nodes */

static struct json_node *add_node(struct reader *r, enum json_kind kind, struct str name)
{
    if (r->spare_count == 0) {
        r->spare = arena_array(r->arena, NODES_AT_ONCE, sizeof(*r->spare));
        r->spare_count = NODES_AT_ONCE;
    }
    struct json_node *node = r->spare++, *open = r->open;
    r->spare_count--;
    node->kind = kind;
    node->name = name.bytes;
    node->name_length = (uint32_t)name.length;
    node->parent = open;
    if (open) {
        if (open->last)
            open->last->next = node;
        else
            open->first = node;
        open->last = node;
        open->count++;
    }
    return node;
}

static bool is_new_name(const struct json_node *object, struct str name)
{
    for (const struct json_node *other = object->first; other; other = other->next)
        if (other->name_length == name.length &&
            memcmp(other->name, name.bytes, name.length) == 0)
            return false;
    return true;
}

/* A member's name with its colon. */
static bool read_name(struct reader *r, struct str *out)
{
    skip_space(r);
    if (r->at == r->end || *r->at != '"')
        return wrong(r, "a name is missing");
    r->at++;
    if (!read_text(r, out))
        return false;
    if (r->open->count == JSON_TREE_MEMBERS_MAX)
        return wrong(r, "an object has too many members");
    if (!is_new_name(r->open, *out))
        return wrong(r, "a name comes twice");
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return wrong(r, "a colon is missing");
    r->at++;
    return true;
}

static bool skip_digits(struct reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && char_is_digit(*r->at))
        r->at++;
    return r->at > begin;
}

static bool read_number(struct reader *r, struct str *out)
{
    const char *begin = r->at;
    r->at += *r->at == '-';
    bool zero = r->at < r->end && *r->at == '0';
    const char *digits = r->at;
    bool ok = skip_digits(r) && (!zero || r->at == digits + 1);
    if (ok && r->at < r->end && *r->at == '.') {
        r->at++;
        ok = skip_digits(r);
    }
    if (ok && r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        r->at += r->at < r->end && (*r->at == '+' || *r->at == '-');
        ok = skip_digits(r);
    }
    *out = (struct str){begin, (size_t)(r->at - begin)};
    return ok || wrong(r, "a number is wrong");
}

static bool read_word(struct reader *r, struct str name)
{
    static const struct {
        struct str word;
        enum json_kind kind;
    } words[] = {{{"null", 4}, JSON_NODE_NULL},
                 {{"false", 5}, JSON_NODE_FALSE},
                 {{"true", 4}, JSON_NODE_TRUE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct str word = words[i].word;
        if ((size_t)(r->end - r->at) < word.length || memcmp(r->at, word.bytes, word.length) != 0)
            continue;
        r->at += word.length;
        (void)add_node(r, words[i].kind, name);
        return true;
    }
    return wrong(r, "a value is wrong");
}

/* A value, or the beginning of a list or an object, which is open then. */
static bool read_value(struct reader *r, struct str name)
{
    skip_space(r);
    if (r->at == r->end)
        return wrong(r, "it ends too early");
    if (++r->node_count > JSON_TREE_NODES_MAX)
        return wrong(r, "it has too many values");
    char c = *r->at;
    struct str text;
    if (c == '{' || c == '[') {
        if (++r->depth > JSON_TREE_DEPTH_MAX)
            return wrong(r, "it is nested too deeply");
        r->at++;
        r->open = add_node(r, c == '{' ? JSON_NODE_OBJECT : JSON_NODE_LIST, name);
        return true;
    }
    if (c == '"') {
        r->at++;
        if (!read_text(r, &text))
            return false;
        add_node(r, JSON_NODE_TEXT, name)->text = text;
        return true;
    }
    if (c != '-' && !char_is_digit(c))
        return read_word(r, name);
    if (!read_number(r, &text))
        return false;
    add_node(r, JSON_NODE_NUMBER, name)->text = text;
    return true;
}

static bool closes(struct reader *r)
{
    skip_space(r);
    if (r->at == r->end || *r->at != (r->open->kind == JSON_NODE_OBJECT ? '}' : ']'))
        return false;
    r->at++;
    r->depth--;
    r->open = r->open->parent;
    return true;
}

/* What stands between a value and the next one. */
static bool read_comma(struct reader *r)
{
    if (r->open->count == 0)
        return true;
    if (r->at == r->end || *r->at != ',')
        return wrong(r, "a comma is missing");
    r->at++;
    return true;
}

static bool read_all(struct reader *r)
{
    do {
        struct str name = {0};
        if (r->open &&
            (!read_comma(r) || (r->open->kind == JSON_NODE_OBJECT && !read_name(r, &name))))
            return false;
        if (!read_value(r, name))
            return false;
        while (r->open && closes(r))
            ;
    } while (r->open);
    skip_space(r);
    return r->at == r->end || wrong(r, "something follows it");
}

const struct json_node *json_tree_read(struct str text, struct arena *arena, const char **why)
{
    if (!str_is_utf8(text)) {
        *why = "it is not UTF-8";
        return NULL;
    }
    char *copy = arena_strndup(arena, text.bytes, text.length);
    struct reader r = {.at = copy, .end = copy + text.length, .arena = arena};
    struct json_node *root = r.spare = arena_array(arena, NODES_AT_ONCE, sizeof(*r.spare));
    r.spare_count = NODES_AT_ONCE;
    if (read_all(&r))
        return root;
    *why = r.why;
    return NULL;
}

/* ---- looking at nodes */

bool json_node_is(const struct json_node *node, enum json_kind kind)
{
    return node && node->kind == kind;
}

const struct json_node *json_node_member(const struct json_node *object, const char *name)
{
    if (!json_node_is(object, JSON_NODE_OBJECT))
        return NULL;
    const struct json_node *member = object->first;
    while (member && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

const struct json_node *json_node_item(const struct json_node *list, size_t place)
{
    if (place >= json_node_items(list))
        return NULL;
    const struct json_node *item = list->first;
    while (place-- > 0)
        item = item->next;
    return item;
}

size_t json_node_items(const struct json_node *list)
{
    return json_node_is(list, JSON_NODE_LIST) ? list->count : 0;
}

const char *json_node_text(const struct json_node *node)
{
    return json_node_is(node, JSON_NODE_TEXT) ? node->text.bytes : NULL;
}

bool json_node_number(const struct json_node *node, double *out)
{
    return json_node_is(node, JSON_NODE_NUMBER) && str_to_double(node->text, out) &&
           isfinite(*out);
}
