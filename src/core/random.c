/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ID_DIGITS 16
#define STEPS_AT_ONCE 64
#define STEP_MAX (UINT64_C(1) << 40)

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

static void print_id(char *id, size_t size, const char *prefix, uint64_t number)
{
    size_t length = strlen(prefix);
    assert(size > length + ID_DIGITS);
    memcpy(id, prefix, length);
    for (int i = ID_DIGITS - 1; i >= 0; i--, number >>= 4)
        id[length + (size_t)i] = "0123456789abcdef"[number & 15];
    id[length + ID_DIGITS] = '\0';
}

void random_id(char *id, size_t size, const char *prefix)
{
    uint64_t number;
    random_bytes(&number, sizeof(number));
    print_id(id, size, prefix, number);
}

static struct {
    pthread_mutex_t lock;
    uint64_t last;
    uint64_t steps[STEPS_AT_ONCE];
    size_t steps_left;
    bool started;
} ordered = {.lock = PTHREAD_MUTEX_INITIALIZER};
static pthread_once_t ordered_once = PTHREAD_ONCE_INIT;

/* A forked process goes on from a number of its own. */
static void start_anew(void)
{
    pthread_mutex_init(&ordered.lock, NULL);
    ordered.started = false;
    ordered.steps_left = 0;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, start_anew);
}

void ordered_id(char *id, size_t size, const char *prefix)
{
    pthread_once(&ordered_once, watch_forks);
    pthread_mutex_lock(&ordered.lock);
    if (!ordered.started)
        random_bytes(&ordered.last, sizeof(ordered.last));
    ordered.started = true;
    if (ordered.steps_left == 0) {
        random_bytes(ordered.steps, sizeof(ordered.steps));
        ordered.steps_left = STEPS_AT_ONCE;
    }
    ordered.last += 1 + ordered.steps[--ordered.steps_left] % STEP_MAX;
    uint64_t number = ordered.last;
    pthread_mutex_unlock(&ordered.lock);
    print_id(id, size, prefix, number);
}
