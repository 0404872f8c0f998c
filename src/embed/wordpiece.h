/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as the words that a WordPiece vocabulary is matched against (that of BERT, uncased).
 *
 * Identifiers are split first (snake_case, camelCase, letter before digit), then each character
 * goes through: lower case, canonical decomposition, control and format characters and accents
 * dropped; blanks end a word, and every punctuation character and CJK ideograph is a word of its
 * own. Bytes that are not UTF-8 are skipped.
 *
 *     struct wordpiece_scan scan = wordpiece_start(text);
 *     while (wordpiece_next(&scan))
 *         use(scan.word, scan.length);
 */
#ifndef QUERENT_EMBED_WORDPIECE_H
#define QUERENT_EMBED_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

#define WORDPIECE_CHARACTERS_MAX 100 /* a longer word has no pieces, whatever it holds */
#define WORDPIECE_PENDING_MAX 24     /* one character never decomposes into more */

struct wordpiece_scan {
    char word[WORDPIECE_CHARACTERS_MAX * 4]; /* UTF-8 */
    size_t length;                           /* bytes */
    bool too_long;                           /* over the maximum: `word` holds its beginning */

    /* Private. */
    struct str rest;
    char previous; /* the byte before `rest` when ASCII, else NUL */
    int32_t pending[WORDPIECE_PENDING_MAX];
    size_t pending_count;
    size_t pending_at;
};

/* The text is borrowed until the scan ends. */
struct wordpiece_scan wordpiece_start(struct str text);
/* The next word; false at the end of the text. */
bool wordpiece_next(struct wordpiece_scan *scan);

#endif
