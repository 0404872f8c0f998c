/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes and ids from the kernel. */
#ifndef QUERENT_CORE_RANDOM_H
#define QUERENT_CORE_RANDOM_H

#include <stddef.h>

/* Fills `size` bytes; ends the process if the kernel has none (it never says so after boot). */
void random_bytes(void *bytes, size_t size);

/* Writes prefix + 16 lower-case hex digits and a NUL: random_id(id, sizeof(id), "conv_").
 * `size` must hold them. */
void random_id(char *id, size_t size, const char *prefix);

/*
 * The same form, but each id is the one before it and a random step of up to 40 bits, from a random
 * start in each process. New ids lie side by side in an index, where random ones would each touch a
 * page of its own; who knows one still can't tell the next; and two processes make the same id as
 * seldom as if all were random. After some 30 million ids they go round.
 */
void ordered_id(char *id, size_t size, const char *prefix);

#endif
