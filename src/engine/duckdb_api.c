/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb_api.h"

#include <dlfcn.h>
#include <string.h>

#include "core/datafile.h"
#include "core/settings.h"

const char *duckdb_library_find(struct arena *arena, struct error *err)
{
    const char *path = datafile_find(arena, DATAFILE_LIBRARY, "duckdb/libduckdb.so",
                                     settings_text("QUERENT_DUCKDB_LIBRARY"), err);
    if (!path)
        error_wrap(err, "DuckDB's library (run 'make', or set QUERENT_DUCKDB_LIBRARY)");
    return path;
}

/* dlsym() gives an object pointer; POSIX promises that its bytes are the function's address. */
static bool find_function(void *library, const char *name, void *slot, struct error *err)
{
    void *address = dlsym(library, name);
    if (!address)
        return error_set(err, ERROR_CONFIG, "DuckDB's library has no function '%s'", name);
    memcpy(slot, &address, sizeof(address));
    return true;
}

bool duckdb_api_load(const char *path, struct duckdb_api *api, struct error *err)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return error_set(err, ERROR_CONFIG, "DuckDB's library can't be loaded: %s", dlerror());
#define DUCKDB_FUNCTION(result, name, parameters)                  \
    if (!find_function(library, "duckdb_" #name, &api->name, err)) \
        return false;
    DUCKDB_FUNCTIONS(DUCKDB_FUNCTION)
#undef DUCKDB_FUNCTION
    const char *version = api->library_version();
    if (strcmp(version, DUCKDB_VERSION) != 0)
        return error_set(err, ERROR_CONFIG,
                         "DuckDB's library is version %s, but this program needs exactly %s",
                         version, DUCKDB_VERSION);
    return true;
}
