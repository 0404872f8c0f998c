/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for each test, with a store in it. */
#ifndef QUERENT_TESTS_UNIT_STORE_SUPPORT_H
#define QUERENT_TESTS_UNIT_STORE_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

struct home {
    char folder[64];
    char path[96];       /* of the database */
    struct store *store; /* NULL until opened */
    struct arena *arena;
    struct error err;
};

static inline int home_remove_one(const char *path, const struct stat *status, int type,
                                  struct FTW *place)
{
    return remove(path);
}

static inline int home_setup_closed(void **state)
{
    struct home *home = calloc(1, sizeof(*home));
    if (!home)
        return -1;
    snprintf(home->folder, sizeof(home->folder), "/tmp/querent-store-XXXXXX");
    if (!mkdtemp(home->folder))
        return -1;
    snprintf(home->path, sizeof(home->path), "%s/querent.db", home->folder);
    home->arena = arena_new();
    *state = home;
    return 0;
}

static inline int home_setup(void **state)
{
    if (home_setup_closed(state) != 0)
        return -1;
    struct home *home = *state;
    home->store = store_open(home->path, &home->err);
    if (!home->store)
        fprintf(stderr, "%s\n", home->err.message);
    return home->store ? 0 : -1;
}

static inline int home_teardown(void **state)
{
    struct home *home = *state;
    store_close(home->store);
    arena_free(home->arena);
    nftw(home->folder, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(home);
    return 0;
}

/* Fails the test with the error's sentence. */
#define assert_ok(expression, error)                          \
    do {                                                      \
        if (!(expression))                                    \
            fail_msg("%s: %s", #expression, (error).message); \
    } while (0)

/* The expression fails with this code. */
#define assert_fails(expression, error, expected)                                                \
    do {                                                                                         \
        error_clear(&(error));                                                                   \
        assert_false(expression);                                                                \
        if ((error).code != (expected))                                                          \
            fail_msg("%s: code %s: %s", #expression, error_name((error).code), (error).message); \
    } while (0)

#define assert_says(error, text)                               \
    do {                                                       \
        if (!strstr((error).message, text))                    \
            fail_msg("no '%s' in: %s", text, (error).message); \
    } while (0)

/* A new conversation, or one more question in one that exists. */
static inline struct run_begin home_ask(struct home *home, const char *user, const char *question,
                                        const char *conversation_id)
{
    struct run_begin begin = {
        .user_id = user,
        .question = question,
        .conversation_id = conversation_id,
    };
    assert_ok(store_run_begin(home->store, &begin, &home->err), home->err);
    return begin;
}

#endif
