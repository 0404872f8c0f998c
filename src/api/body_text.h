/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a JSON body, whose encoding is told from its first bytes: UTF-8, UTF-16 or UTF-32, in
 * either byte order, with or without a byte order mark. As in Python, single surrogates pass: they
 * are kept as three bytes each, which is not UTF-8, and whoever uses such a text must refuse it.
 */
#ifndef QUERENT_API_BODY_TEXT_H
#define QUERENT_API_BODY_TEXT_H

#include "core/arena.h"
#include "core/str.h"

/* The text lies in the arena or in `bytes`. False when the bytes don't fit the encoding. */
bool body_text_decode(struct arena *arena, struct str bytes, struct str *text);

/* Puts a code point, which may be a surrogate, at `out`; returns the end of it (1 to 4 bytes). */
char *body_text_put(char *out, uint32_t point);
bool body_text_has_surrogate(struct str text);
/* Number of code points before a place in such a text. */
size_t body_text_count(const char *from, const char *to);

#endif
