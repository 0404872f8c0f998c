/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes. hash64 is for tables and learned features: quick, the same on every machine and in the
 * Python trainers, not safe against people who choose inputs to collide; tables that take outside
 * input seed it with hash_seed(). SHA-256 names contents (cache keys, dataset versions).
 */
#ifndef QUERENT_CORE_HASH_H
#define QUERENT_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/* FNV-1a, 64 bit (Fowler, Noll, Vo), with the finaliser of splitmix64 (Steele et al. 2014). */
uint64_t hash64(const void *bytes, size_t length, uint64_t seed);
uint64_t hash64_str(struct str text, uint64_t seed);
/* Mixes two hashes, in order. */
uint64_t hash64_combine(uint64_t a, uint64_t b);
/* A random number that stays the same for the life of the process. */
uint64_t hash_seed(void);

#define SHA256_HEX_SIZE 65 /* 64 digits and a NUL */
struct sha256; /* streaming */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
/* Adds the length before the bytes, so that ("ab","c") and ("a","bc") differ. */
void sha256_add_field(struct sha256 *sha, struct str field);
/* Writes the digest as lower-case hex and frees the object. */
void sha256_end(struct sha256 *sha, char hex[SHA256_HEX_SIZE]);
/* The same as bytes. */
#define SHA256_SIZE 32
void sha256_end_bytes(struct sha256 *sha, unsigned char digest[SHA256_SIZE]);
void sha256_hex(struct str text, char hex[SHA256_HEX_SIZE]);

#endif
