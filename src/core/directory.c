/* SPDX-License-Identifier: Apache-2.0 */
#include "core/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"

static bool make_one(const char *path, struct error *err)
{
    if (mkdir(path, 0700) == 0)
        return true;
    int reason = errno;
    struct stat status;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    return error_set(err, ERROR_IO, "folder '%s' can't be made: %s", path, strerror(reason));
}

bool directory_make(const char *path, struct error *err)
{
    char *partial = xstrdup(path);
    bool ok = true;
    for (char *slash = strchr(partial[0] ? partial + 1 : partial, '/'); ok && slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = make_one(partial, err);
        *slash = '/';
    }
    free(partial);
    return ok && make_one(path, err);
}
