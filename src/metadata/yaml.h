/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one YAML document into a small tree, with limits: documents are written by people, found
 * in folders and containers, and may be anything.
 *
 * What a description of a table does not need is refused, not interpreted: anchors and aliases
 * (the stuff of bombs), tags, several documents, keys that are no scalars, duplicate keys, and
 * text that is not UTF-8 or holds a NUL. libyaml's event interface does the syntax; its own tree
 * loader is not used, because it has no limits and is quadratic in depth.
 */
#ifndef QUERENT_METADATA_YAML_H
#define QUERENT_METADATA_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 64
#define YAML_NODES_MAX 100000 /* scalars, lists, maps; a map's keys count as well */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* A node and, when it is in a map, its key. Children are a chain: first, first->next, ... */
struct yaml_node {
    enum yaml_kind kind;
    bool plain;       /* a scalar without quotes: may be null, a number, a boolean */
    int line, column; /* from 1 */
    struct str text;  /* of a scalar; NUL-ended, holds no other NUL */
    struct str key;   /* in a map; NUL-ended */
    int key_line, key_column;
    struct yaml_node *first, *next;
    size_t count; /* children */
};

/* Where and why reading stopped. */
struct yaml_fault {
    int line, column; /* from 1; 0: no place */
};

/*
 * Reads `bytes` into *arena. ERROR_METADATA with a sentence (no path, no place) on failure, and
 * *fault says where; ERROR_TOO_LARGE for a limit.
 */
bool yaml_read(struct str bytes, struct arena *arena, struct yaml_node **out,
               struct yaml_fault *fault, struct error *err);

/* The value of a map's key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Scalars by the core schema of YAML 1.2: what is quoted is text. */
bool yaml_is_null(const struct yaml_node *node);
bool yaml_to_boolean(const struct yaml_node *node, bool *out);
bool yaml_to_integer(const struct yaml_node *node, int64_t *out);

/* Appends the node as JSON. Plain null, booleans and JSON numbers stay what they are. */
void yaml_add_json(struct strbuf *out, const struct yaml_node *node);

/* "text", "list", "map", "number", ...: what the node is, for messages. */
const char *yaml_kind_name(const struct yaml_node *node);

#endif
