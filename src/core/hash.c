/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/random.h"

static uint64_t finish(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

uint64_t hash64(const void *bytes, size_t length, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t hash = 0xCBF29CE484222325u ^ seed;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ p[i]) * 0x100000001B3u;
    return finish(hash);
}

uint64_t hash64_str(struct str text, uint64_t seed)
{
    return hash64(text.bytes, text.length, seed);
}

uint64_t hash64_combine(uint64_t a, uint64_t b)
{
    return finish(a * 0x9E3779B97F4A7C15u + b);
}

uint64_t hash_seed(void)
{
    static uint64_t seed; /* set once; two threads that race store one of two good values */
    uint64_t value = __atomic_load_n(&seed, __ATOMIC_RELAXED);
    if (value == 0) {
        uint64_t fresh = 0, none = 0;
        random_bytes(&fresh, sizeof(fresh));
        fresh |= 1;
        if (__atomic_compare_exchange_n(&seed, &none, fresh, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            value = fresh;
        else
            value = none;
    }
    return value;
}

struct sha256 {
    EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *sha = xcalloc(1, sizeof(*sha));
    sha->context = EVP_MD_CTX_new();
    if (!sha->context || EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1)
        abort(); /* only without memory or without SHA-256 in OpenSSL */
    return sha;
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t length)
{
    EVP_DigestUpdate(sha->context, bytes, length);
}

void sha256_add_field(struct sha256 *sha, struct str field)
{
    uint64_t length = field.length;
    sha256_add(sha, &length, sizeof(length));
    sha256_add(sha, field.bytes, field.length);
}

void sha256_end_bytes(struct sha256 *sha, unsigned char digest[SHA256_SIZE])
{
    EVP_DigestFinal_ex(sha->context, digest, NULL);
    EVP_MD_CTX_free(sha->context);
    free(sha);
}

void sha256_end(struct sha256 *sha, char hex[SHA256_HEX_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    sha256_end_bytes(sha, digest);
    for (unsigned i = 0; i < SHA256_SIZE; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[SHA256_HEX_SIZE - 1] = '\0';
}

void sha256_hex(struct str text, char hex[SHA256_HEX_SIZE])
{
    struct sha256 *sha = sha256_new();
    sha256_add(sha, text.bytes, text.length);
    sha256_end(sha, hex);
}
