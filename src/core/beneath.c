/* SPDX-License-Identifier: Apache-2.0 */
#include "core/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

/* The first bytes of the path, as many as fit; 0 when the kernel tells none. */
static size_t read_path(int fd, char *out, size_t size)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, out, size);
    return length > 0 && out[0] == '/' ? (size_t)length : 0;
}

const char *beneath_path(int fd, struct arena *arena)
{
    char *path = arena_alloc(arena, PATH_MAX);
    size_t length = read_path(fd, path, PATH_MAX);
    if (length == 0 || length == PATH_MAX)
        return NULL;
    path[length] = '\0';
    return path;
}

const char *beneath_root(const char *folder, struct arena *arena)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    const char *path = beneath_path(fd, arena);
    close(fd);
    return path;
}

bool beneath(int fd, const char *root)
{
    if (!root)
        return true;
    size_t length = strlen(root);
    char *path = xcalloc(1, length + 1);
    size_t got = read_path(fd, path, length + 1);
    bool below = got >= length && memcmp(path, root, length) == 0 &&
                 (got == length || length == 1 || path[length] == '/'); /* "/" has everything */
    free(path);
    return below;
}
