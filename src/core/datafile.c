/* SPDX-License-Identifier: Apache-2.0 */
#include "core/datafile.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "version.h"

#define LEVELS_UP_MAX 3 /* build/tests/unit/some_test */

static const struct {
    const char *source; /* below the source tree */
    const char *installed;
} places[DATAFILE_KINDS] = {
    [DATAFILE_DATA] = {"data", QUERENT_DATA_DIRECTORY},
    [DATAFILE_LIBRARY] = {"deps", QUERENT_LIBRARY_DIRECTORY},
};

static bool is_readable_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

/* The folder above the build folder that this program runs from, or NULL. */
static const char *source_tree(struct arena *arena)
{
    char *folder = arena_alloc(arena, PATH_MAX);
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0 || length >= PATH_MAX - 1)
        return NULL;
    folder[length] = '\0';
    for (int level = 0; level <= LEVELS_UP_MAX; level++) {
        char *slash = strrchr(folder, '/');
        if (!slash || slash == folder)
            return NULL;
        *slash = '\0';
        if (is_readable_file(arena_printf(arena, "%s/build.ninja", folder)))
            return arena_printf(arena, "%s/..", folder);
    }
    return NULL;
}

const char *datafile_find(struct arena *arena, enum datafile_kind kind, const char *name,
                          const char *setting, struct error *err)
{
    if (setting && *setting) {
        if (is_readable_file(setting))
            return arena_strdup(arena, setting);
        error_set(err, ERROR_CONFIG, "file '%s' can't be read", setting);
        return NULL;
    }
    const char *tree = source_tree(arena);
    if (tree) {
        const char *path = arena_printf(arena, "%s/%s/%s", tree, places[kind].source, name);
        if (is_readable_file(path))
            return path;
    }
    const char *path = arena_printf(arena, "%s/%s", places[kind].installed, name);
    if (is_readable_file(path))
        return path;
    error_set(err, ERROR_CONFIG, "file '%s' is missing; it was looked for in '%s'%s%s%s", name,
              places[kind].installed, tree ? " and '" : "",
              tree ? arena_printf(arena, "%s/%s", tree, places[kind].source) : "", tree ? "'" : "");
    return NULL;
}
