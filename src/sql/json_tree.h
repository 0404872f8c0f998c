/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON read into an arena as nodes that are looked at once and go with it. For DuckDB's parse trees,
 * a few kilobytes for each statement: ten times cheaper than values that are counted, hashed and
 * changed.
 *
 * As strict as RFC 8259: UTF-8, nothing after the value, no name twice in an object, no lone
 * surrogates, no U+0000. Without recursion, so any stack is enough.
 */
#ifndef QUERENT_SQL_JSON_TREE_H
#define QUERENT_SQL_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

#define JSON_TREE_DEPTH_MAX 2048    /* lists and objects inside one another */
#define JSON_TREE_NODES_MAX 1000000 /* in all */
#define JSON_TREE_MEMBERS_MAX 64    /* of one object: ours have 20 at most */

enum json_kind {
    JSON_NODE_NULL,
    JSON_NODE_FALSE,
    JSON_NODE_TRUE,
    JSON_NODE_NUMBER,
    JSON_NODE_TEXT,
    JSON_NODE_LIST,
    JSON_NODE_OBJECT
};

struct json_node {
    enum json_kind kind;
    uint32_t name_length;
    const char *name; /* of a member of an object, with a NUL; else NULL */
    struct str text;  /* of a text, with a NUL after it; of a number as it is written, without */
    size_t count;     /* items of a list, members of an object */
    struct json_node *first, *last, *next, *parent;
};

/* NULL when the text is no JSON or beyond a limit; *why then says what is wrong. */
const struct json_node *json_tree_read(struct str text, struct arena *arena, const char **why);

/* Of all of these `node` may be NULL, or of another kind: then there is nothing. */
bool json_node_is(const struct json_node *node, enum json_kind kind);
const struct json_node *json_node_member(const struct json_node *object, const char *name);
const struct json_node *json_node_item(const struct json_node *list, size_t place);
/* Items of a list; else 0. */
size_t json_node_items(const struct json_node *list);
/* NULL when it is no text. */
const char *json_node_text(const struct json_node *node);
/* False when it is no number, or none that a double can hold. */
bool json_node_number(const struct json_node *node, double *out);

#endif
