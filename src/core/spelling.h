/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units, currencies and acronyms: words with a spelling of their own, which an identifier that is
 * taken apart at its capitals ("energyMWh", "iOSUsers") must keep whole.
 */
#ifndef QUERENT_CORE_SPELLING_H
#define QUERENT_CORE_SPELLING_H

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"

/* If such a word begins at `at` of the identifier, adds it in lower case to words that have one
 * blank between, and returns its length; else 0. */
size_t spelling_add_word(struct strbuf *words, struct str name, size_t at);

/* The words (lower case, one blank between) with those in their own spelling that stand so in the
 * name: "energy mwh" of "energyMWh" gives "energy MWh". The text itself where there are none. */
const char *spelling_restore(const char *words, struct str name, struct arena *arena);

#endif
