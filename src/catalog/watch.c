/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches folders by the system's notices (libuv's fs events, one per folder: the kernel's are not
 * recursive). A notice only says that something may have changed; what did, catalog_refresh()
 * finds out by the files' signatures, so notices may come too often and do no harm.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "catalog/catalog.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/settings.h"
#include "metadata/folder.h"

#define WATCHED_MAX 500
#define QUIET_MS 300 /* after the last notice: editors and copies write in several steps */

struct catalog_watch {
    struct arena *arena;
    uv_timer_t timer;
    uv_fs_event_t *events[WATCHED_MAX];
    size_t event_count;
    size_t handles; /* not closed yet; the last one frees the watch */
    void (*changed)(void *context);
    void *context;
};

static void handle_closed(uv_handle_t *handle)
{
    struct catalog_watch *watch = handle->data;
    if (--watch->handles > 0)
        return;
    arena_free(watch->arena);
    free(watch);
}

static void quiet(uv_timer_t *timer)
{
    struct catalog_watch *watch = timer->data;
    watch->changed(watch->context);
}

static void noticed(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct catalog_watch *watch = event->data;
    uv_timer_start(&watch->timer, quiet, QUIET_MS, 0);
    uv_unref((uv_handle_t *)&watch->timer);
}

static bool watch_folder(struct catalog_watch *watch, uv_loop_t *loop, const char *path)
{
    if (watch->event_count == WATCHED_MAX)
        return false;
    uv_fs_event_t *event = arena_alloc(watch->arena, sizeof(*event));
    uv_fs_event_init(loop, event);
    event->data = watch;
    watch->handles++;
    watch->events[watch->event_count++] = event;
    bool started = uv_fs_event_start(event, noticed, path, 0) == 0;
    uv_unref((uv_handle_t *)event);
    return started;
}

/* The program's own folder changes with every question. */
static bool is_home(const struct stat *info)
{
    struct stat home;
    return settings_home() && stat(settings_home(), &home) == 0 && home.st_dev == info->st_dev &&
           home.st_ino == info->st_ino;
}

static bool watch_tree(struct catalog_watch *watch, uv_loop_t *loop, const char *path, int depth)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return false;
    bool folder = S_ISDIR(info.st_mode);
    if ((depth > 0 && (!folder || is_home(&info))) || depth > FOLDER_DEPTH_MAX ||
        !watch_folder(watch, loop, path))
        return false;
    DIR *directory = folder ? opendir(path) : NULL;
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) && watch->event_count < WATCHED_MAX)
        if (entry->d_name[0] != '.')
            (void)watch_tree(watch, loop, arena_printf(watch->arena, "%s/%s", path, entry->d_name),
                             depth + 1);
    if (directory)
        closedir(directory);
    return true;
}

struct catalog_watch *catalog_watch_start(const struct catalog_options *options,
                                          void (*changed)(void *context), void *context,
                                          struct error *err)
{
    uv_loop_t *loop = loop_uv(options->loop);
    struct catalog_watch *watch = xcalloc(1, sizeof(*watch));
    bool folders = !options->metadata_driver || strcmp(options->metadata_driver, "folder") == 0;
    watch->arena = arena_new();
    watch->changed = changed;
    watch->context = context;
    uv_timer_init(loop, &watch->timer);
    watch->timer.data = watch;
    watch->handles = 1;
    bool any = false;
    for (size_t i = 0; folders && i < options->metadata_place_count; i++)
        any |= watch_tree(watch, loop, options->metadata_places[i], 0);
    for (size_t i = 0; i < options->data_path_count; i++)
        any |= watch_tree(watch, loop, options->data_paths[i], 0);
    if (any)
        return watch;
    catalog_watch_stop(watch);
    error_set(err, ERROR_IO, "none of the folders can be watched for changes");
    return NULL;
}

void catalog_watch_stop(struct catalog_watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; i < watch->event_count; i++)
        uv_close((uv_handle_t *)watch->events[i], handle_closed);
    uv_close((uv_handle_t *)&watch->timer, handle_closed);
}
