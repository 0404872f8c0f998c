/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *bytes, size_t size)
{
    unsigned char *p = bytes;
    while (size > 0) {
        ssize_t got = getrandom(p, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fprintf(stderr, "querent: the kernel has no random bytes: %s\n", strerror(errno));
            abort();
        }
        p += got;
        size -= (size_t)got;
    }
}

void random_id(char *id, size_t size, const char *prefix)
{
    unsigned char bytes[8];
    random_bytes(bytes, sizeof(bytes));
    size_t length = strlen(prefix);
    assert(size > length + 16);
    memcpy(id, prefix, length);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        id[length + 2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        id[length + 2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    id[length + 16] = '\0';
}
