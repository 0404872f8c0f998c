/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a store, and picking its driver. The operations are in a file for each thing that is kept
 * (conversations.c, runs.c, cache.c, ...), which check every argument against its limit and make
 * ids, times and titles: what is written there holds for every driver.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/check.h"

#define SCHEME_LENGTH_MAX 32

static const struct store_driver *const drivers[] = {
    &sqlite_driver,
};

/* The scheme of "scheme:rest"; empty for a path. A ':' after a '/' belongs to a path. */
static struct str scheme_of(const char *url)
{
    size_t length = strcspn(url, ":/");
    bool is_path = url[length] != ':' || length == 0;
    return (struct str){url, is_path ? 0 : length};
}

static const struct store_driver *find_driver(struct str scheme)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
        if (str_equal_text(scheme, drivers[i]->scheme))
            return drivers[i];
    return NULL;
}

struct store *store_open(const char *url, struct error *err)
{
    struct str scheme = scheme_of(url);
    const struct store_driver *driver = scheme.length > 0 ? find_driver(scheme) : drivers[0];
    const char *location = scheme.length > 0 ? url + scheme.length + 1 : url;
    if (!driver) {
        /* Only the scheme is repeated: the rest of a url may hold a password. */
        error_set(err, ERROR_CONFIG,
                  "the store's url starts with '%.*s:', which is not known; allowed are %s or the "
                  "path of a file; see DATABASE_URL",
                  (int)(scheme.length < SCHEME_LENGTH_MAX ? scheme.length : SCHEME_LENGTH_MAX),
                  scheme.bytes, drivers[0]->form);
        return NULL;
    }
    if (location[0] == '\0') {
        error_set(err, ERROR_CONFIG,
                  "the store's url names no file; allowed are %s or the path of "
                  "a file; see DATABASE_URL",
                  driver->form);
        return NULL;
    }
    struct store *store = driver->open(location, err);
    if (store) {
        store->driver = driver;
        pthread_mutex_init(&store->mutex, NULL);
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    free(store->abandoned);
    pthread_mutex_destroy(&store->mutex);
    store->driver->close(store);
}

int store_schema_version(const struct store *store)
{
    return store->schema_version;
}

TASK_WAITS bool store_health(struct store *store, struct error *err)
{
    return call_driver(store, STORE_HEALTH, NULL, err);
}
