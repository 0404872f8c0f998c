/* SPDX-License-Identifier: Apache-2.0 */
#include "core/datafile.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "version.h"

#define LEVELS_UP_MAX 3 /* build/tests/unit/some_test */
#define FOLDERS_MAX 3

static const struct {
    const char *source;    /* below the source tree */
    const char *installed; /* below the prefix, unless it begins with a slash */
} places[DATAFILE_KINDS] = {
    [DATAFILE_DATA] = {"data", QUERENT_DATA_FOLDER},
    [DATAFILE_LIBRARY] = {"deps", QUERENT_LIBRARY_FOLDER},
};

static bool is_readable_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

/* The folder of this program, or NULL. */
static char *program_folder(struct arena *arena)
{
    char *path = arena_alloc(arena, PATH_MAX);
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0 || length >= PATH_MAX - 1)
        return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return path;
}

/* The folder above the build folder that this program runs from, or NULL. */
static const char *source_tree(struct arena *arena)
{
    char *folder = program_folder(arena);
    for (int level = 0; folder && level <= LEVELS_UP_MAX; level++) {
        if (is_readable_file(arena_printf(arena, "%s/build.ninja", folder)))
            return arena_printf(arena, "%s/..", folder);
        char *slash = strrchr(folder, '/');
        if (!slash || slash == folder)
            return NULL;
        *slash = '\0';
    }
    return NULL;
}

/* What the prefix has become if the installed tree was moved as a whole (a package's DESTDIR, an
 * archive that was unpacked elsewhere); NULL when this program is in no such tree. */
static const char *moved_prefix(struct arena *arena)
{
    static const char below[] = "/" QUERENT_PROGRAM_FOLDER;
    char *folder = program_folder(arena);
    size_t length = folder ? strlen(folder) : 0, tail = sizeof(below) - 1;
    if (length < tail || strcmp(folder + length - tail, below) != 0)
        return NULL;
    folder[length - tail] = '\0';
    return folder;
}

static const char *below_prefix(struct arena *arena, const char *prefix, enum datafile_kind kind)
{
    const char *folder = places[kind].installed;
    return *folder == '/' ? folder : arena_printf(arena, "%s/%s", prefix, folder);
}

/* The folders to look in, best first; returns how many. */
static size_t list_folders(struct arena *arena, enum datafile_kind kind,
                           const char *folders[FOLDERS_MAX])
{
    size_t count = 0;
    const char *tree = source_tree(arena);
    if (tree)
        folders[count++] = arena_printf(arena, "%s/%s", tree, places[kind].source);
    const char *moved = moved_prefix(arena);
    if (moved && strcmp(moved, QUERENT_PREFIX) != 0)
        folders[count++] = below_prefix(arena, moved, kind);
    folders[count++] = below_prefix(arena, QUERENT_PREFIX, kind);
    return count;
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
    const char *folders[FOLDERS_MAX];
    size_t count = list_folders(arena, kind, folders);
    const char *seen = "";
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(arena, "%s/%s", folders[i], name);
        if (is_readable_file(path))
            return path;
        seen = arena_printf(arena, "%s%s'%s'", seen, i > 0 ? " and " : "", folders[i]);
    }
    error_set(err, ERROR_CONFIG, "file '%s' is missing; it was looked for in %s", name, seen);
    return NULL;
}
