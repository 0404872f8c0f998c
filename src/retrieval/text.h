/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as the terms that are searched: identifiers split (snake_case, camelCase, letter before
 * digit), letters lower-cased and without accents, words of English stop words marked, Porter2
 * stems. An ideograph is a word of its own, since those scripts write no blanks.
 *
 *     struct term_reader *reader = term_reader_new();
 *     term_reader_start(reader, text, TERM_SPLIT_IDENTIFIERS);
 *     for (struct term term; term_reader_next(reader, &term);)
 *         use(term.stem);
 *     term_reader_free(reader);
 */
#ifndef QUERENT_RETRIEVAL_TEXT_H
#define QUERENT_RETRIEVAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"
#include "core/strbuf.h"

#define TERM_SIZE_MAX 64 /* bytes; of a longer word the beginning counts */

enum term_flags { TERM_PLAIN = 0, TERM_SPLIT_IDENTIFIERS = 1 << 0 };

/* Both texts are borrowed until the next call. */
struct term {
    struct str word; /* folded */
    struct str stem;
    bool stop;   /* says nothing about any dataset: "the", "which", "show" */
    bool asking; /* what is asked for rather than what about: "total", "highest", "last" */
};

/* Reads one text at a time; belongs to one thread at a time (the stemmer keeps state). */
struct term_reader;
struct term_reader *term_reader_new(void);
void term_reader_free(struct term_reader *reader); /* NULL is allowed */

/* The text is borrowed until it is read. Bytes that are not UTF-8 separate words. */
void term_reader_start(struct term_reader *reader, struct str text, enum term_flags flags);
bool term_reader_next(struct term_reader *reader, struct term *out);

/* A name as people would write it: "unitPrice2" -> "unit Price 2", "order_id" -> "order id". */
void text_add_plain_name(struct strbuf *out, struct str name);

#endif
