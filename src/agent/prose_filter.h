/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prose of a language model, made plain as it comes: no links, pictures or HTML (whose addresses could
 * carry data away), no control and invisible characters, digits of all scripts as 0 to 9. What is read
 * after this is what is shown.
 */
#ifndef QUERENT_AGENT_PROSE_FILTER_H
#define QUERENT_AGENT_PROSE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "engine/rows.h"

#define PROSE_TOKEN_MAX 256 /* bytes between two blanks; what is longer is no word */

struct prose_filter {
    const struct rows *rows; /* names of hosts and mailboxes that are cells may be said; may be NULL */
    struct strbuf *out;
    /* The machine's own. */
    unsigned char partial[4];
    size_t partial_length;
    char entity[12];
    size_t entity_length;
    int state;
    size_t dropped; /* characters since a mark-up began */
    bool mark;      /* "!" was the last character */
    char note[4];
    size_t note_length;
    char token[PROSE_TOKEN_MAX];
    size_t token_length, token_told;
    bool token_long;
    unsigned line_breaks;
    bool last_digit;
};

/* Appends to *out, which is the caller's. */
void prose_filter_init(struct prose_filter *filter, const struct rows *rows, struct strbuf *out);
/* Any bytes, cut anywhere. A word that may be a link waits for its end. */
void prose_filter_add(struct prose_filter *filter, struct str piece);
void prose_filter_end(struct prose_filter *filter);

/* A whole text; in the arena. */
const char *prose_filter_text(const char *text, size_t length_max, struct arena *arena);

#endif
