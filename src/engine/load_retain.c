/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/load_retain.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"

#define DATABASE_ENDING ".duckdb"
#define FILES_MAX 1000000 /* looked at in one folder */

struct kept {
    const char *path;
    uint64_t size;
    struct timespec used;
};

struct kept_list {
    struct arena *arena;
    struct kept *items;
    size_t count, capacity;
    uint64_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *held_folder; /* NULL: none yet */
static int held_fd = -1;

static void add_file(struct kept_list *list, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    list->items = arena_grow(list->arena, list->items, list->count, &list->capacity,
                             sizeof(*list->items));
    list->items[list->count++] =
        (struct kept){path, (uint64_t)status.st_size, status.st_mtim};
    list->size += (uint64_t)status.st_size;
}

static void list_files(struct kept_list *list, const char *folder, const char *ending)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while (directory && list->count < FILES_MAX && (entry = readdir(directory)) != NULL)
        if (str_ends(str_from(entry->d_name), str_from(ending)))
            add_file(list, arena_printf(list->arena, "%s/%s", folder, entry->d_name));
    if (directory)
        closedir(directory);
}

static int compare_use(const void *a, const void *b)
{
    const struct timespec *first = &((const struct kept *)a)->used;
    const struct timespec *second = &((const struct kept *)b)->used;
    if (first->tv_sec != second->tv_sec)
        return first->tv_sec < second->tv_sec ? -1 : 1;
    return (first->tv_nsec > second->tv_nsec) - (first->tv_nsec < second->tv_nsec);
}

/* The profile goes first: without it the database does not count. */
static void remove_database(const struct kept *database, struct arena *arena)
{
    size_t stem = strlen(database->path) - strlen(DATABASE_ENDING);
    (void)unlink(arena_printf(arena, "%.*s.profile", (int)stem, database->path));
    (void)unlink(database->path);
}

/* What was known of files by their paths, from before the oldest database that is left: the file
 * is hashed again if it is asked about once more. */
static void remove_paths(const char *folder, time_t before, struct arena *arena)
{
    struct kept_list list = {.arena = arena};
    list_files(&list, arena_printf(arena, "%s/paths", folder), "");
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].used.tv_sec < before)
            (void)unlink(list.items[i].path);
}

static void clean_up(const char *folder, uint64_t bytes_max, struct arena *arena)
{
    struct kept_list list = {.arena = arena};
    list_files(&list, folder, DATABASE_ENDING);
    if (list.size <= bytes_max)
        return;
    qsort(list.items, list.count, sizeof(*list.items), compare_use);
    time_t recent = time(NULL) - RETAIN_SECONDS;
    size_t i = 0;
    for (; i < list.count && list.size > bytes_max && list.items[i].used.tv_sec < recent; i++) {
        remove_database(&list.items[i], arena);
        list.size -= list.items[i].size;
    }
    if (i > 0)
        remove_paths(folder, i < list.count ? list.items[i].used.tv_sec : recent, arena);
}

static void hold_folder(const char *folder, uint64_t bytes_max, struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/lock", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        clean_up(folder, bytes_max, arena);
    /* Between the two locks another may clean up: nothing is in use here yet. */
    if (flock(fd, LOCK_SH) != 0) {
        close(fd);
        return;
    }
    if (held_fd >= 0)
        close(held_fd);
    free(held_folder);
    held_fd = fd;
    held_folder = xstrdup(folder);
}

void retain_hold(const char *folder, uint64_t bytes_max, struct arena *arena)
{
    pthread_mutex_lock(&lock);
    if (!held_folder || strcmp(held_folder, folder) != 0)
        hold_folder(folder, bytes_max, arena);
    pthread_mutex_unlock(&lock);
}

void retain_touch(const char *database)
{
    (void)utimensat(AT_FDCWD, database, NULL, 0);
}
