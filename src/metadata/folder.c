/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/settings.h"
#include "metadata/yaml.h"

/* A folder that was entered: links may lead back to it. */
struct visited {
    dev_t device;
    ino_t inode;
};

struct walk {
    struct arena *arena;
    folder_wanted_fn wanted;
    struct metadata_entries *out;
    struct problem_list *problems;
    struct visited *visited;
    size_t visited_count, visited_capacity;
    size_t looked_at;
};

static void note(struct walk *walk, const char *path, const char *message)
{
    struct problem place = {.path = path, .severity = PROBLEM_WARNING};
    problem_add(walk->problems, &place, "%s", message);
}

static const char *print_signature(struct arena *arena, const struct stat *info)
{
    return arena_printf(arena, "%jd-%jd.%09ld-%jd.%09ld-%ju-%ju", (intmax_t)info->st_size,
                        (intmax_t)info->st_mtim.tv_sec, info->st_mtim.tv_nsec,
                        (intmax_t)info->st_ctim.tv_sec, info->st_ctim.tv_nsec,
                        (uintmax_t)info->st_dev, (uintmax_t)info->st_ino);
}

const char *folder_signature(const char *path, struct arena *arena)
{
    struct stat info;
    return stat(path, &info) == 0 ? print_signature(arena, &info) : NULL;
}

static bool enter(struct walk *walk, const struct stat *info)
{
    for (size_t i = 0; i < walk->visited_count; i++)
        if (walk->visited[i].device == info->st_dev && walk->visited[i].inode == info->st_ino)
            return false;
    if (walk->visited_count == FOLDERS_MAX)
        return false;
    walk->visited = arena_grow(walk->arena, walk->visited, walk->visited_count,
                               &walk->visited_capacity, sizeof(*walk->visited));
    walk->visited[walk->visited_count++] = (struct visited){info->st_dev, info->st_ino};
    return true;
}

/* What the program keeps for itself is no data to ask about, even when its home lies in a folder of
 * data: counted as visited, it is never entered. */
static void leave_out_home(struct walk *walk)
{
    struct stat info;
    const char *home = settings_home();
    if (home && stat(home, &info) == 0)
        (void)enter(walk, &info);
}

static void add_entry(struct walk *walk, const char *path, const struct stat *info)
{
    struct metadata_entries *out = walk->out;
    out->items =
        arena_grow(walk->arena, out->items, out->count, &out->capacity, sizeof(*out->items));
    out->items[out->count++] = (struct metadata_entry){path, print_signature(walk->arena, info)};
}

static void walk_folder(struct walk *walk, const char *folder, int depth);

static void look_at(struct walk *walk, const char *folder, const char *name, int depth)
{
    struct stat info;
    const char *path = arena_printf(walk->arena, "%s/%s", folder, name);
    if (stat(path, &info) != 0) {
        if (walk->wanted(name))
            note(walk, path, arena_printf(walk->arena, "can't be read: %s", strerror(errno)));
        return;
    }
    if (S_ISREG(info.st_mode) && walk->wanted(name)) {
        if (!str_is_utf8(str_from(path)))
            note(walk, folder, "holds a file whose name is not UTF-8; it is left out");
        else
            add_entry(walk, path, &info);
    } else if (S_ISDIR(info.st_mode) && enter(walk, &info)) {
        if (walk->visited_count == FOLDERS_MAX)
            note(walk, path, "is the last of too many folders; further ones are left out");
        if (depth == FOLDER_DEPTH_MAX)
            note(walk, path,
                 arena_printf(walk->arena,
                              "is left out: folders nested deeper than "
                              "%d",
                              FOLDER_DEPTH_MAX));
        else
            walk_folder(walk, path, depth + 1);
    }
}

static void walk_folder(struct walk *walk, const char *folder, int depth)
{
    DIR *directory = opendir(folder);
    if (!directory) {
        note(walk, folder, arena_printf(walk->arena, "can't be read: %s", strerror(errno)));
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) && walk->looked_at <= FOLDER_ENTRIES_MAX) {
        if (entry->d_name[0] == '.')
            continue;
        if (++walk->looked_at > FOLDER_ENTRIES_MAX)
            note(walk, folder,
                 arena_printf(walk->arena,
                              "has too many files: only the first %d "
                              "were looked at",
                              FOLDER_ENTRIES_MAX));
        else
            look_at(walk, folder, entry->d_name, depth);
    }
    closedir(directory);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct metadata_entry *)a)->path,
                  ((const struct metadata_entry *)b)->path);
}

bool folder_walk(const char *place, folder_wanted_fn wanted, struct arena *arena,
                 struct metadata_entries *out, struct problem_list *problems, struct error *err)
{
    struct stat info;
    size_t first = out->count;
    struct walk walk = {.arena = arena, .wanted = wanted, .out = out, .problems = problems};
    if (stat(place, &info) != 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "'%s': %s", place,
                         errno == ENOENT ? "there is no such file or folder" : strerror(errno));
    if (S_ISREG(info.st_mode)) {
        add_entry(&walk, arena_strdup(arena, place), &info);
        return true;
    }
    if (!S_ISDIR(info.st_mode))
        return error_set(err, ERROR_INVALID, "'%s' is neither a file nor a folder", place);
    struct str trimmed = str_from(place);
    while (trimmed.length > 1 && trimmed.bytes[trimmed.length - 1] == '/')
        trimmed.length--;
    leave_out_home(&walk);
    (void)enter(&walk, &info);
    walk_folder(&walk, arena_strndup(arena, trimmed.bytes, trimmed.length), 0);
    if (out->count > first)
        qsort(out->items + first, out->count - first, sizeof(*out->items), compare_entries);
    return true;
}

bool folder_is_document(const char *name)
{
    struct str text = str_from(name);
    return str_ends(text, STR(".yaml")) || str_ends(text, STR(".yml"));
}

static bool read_descriptor(int fd, size_t size_max, struct arena *arena, struct str *out,
                            struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set(err, ERROR_IO, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERROR_INVALID, "it is not a regular file");
    if ((uintmax_t)info.st_size > size_max)
        return error_set(err, ERROR_TOO_LARGE, "it is larger than %zu bytes", size_max);
    /* One more than the limit, to see that it grew while it was read. */
    char *bytes = arena_alloc(arena, (size_t)info.st_size + 1);
    size_t length = 0;
    while (length <= (size_t)info.st_size) {
        ssize_t got = read(fd, bytes + length, (size_t)info.st_size + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, ERROR_IO, "%s", strerror(errno));
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length > (size_t)info.st_size)
        return error_set(err, ERROR_CONFLICT, "it changed while it was read");
    *out = (struct str){bytes, length};
    return true;
}

bool folder_read_file(const char *path, size_t size_max, struct arena *arena, struct str *out,
                      struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s", strerror(errno));
    bool read = read_descriptor(fd, size_max, arena, out, err);
    close(fd);
    return read;
}

struct list_job {
    const char *place;
    struct arena *arena;
    struct metadata_entries *out;
    struct problem_list *problems;
    struct error *err;
    bool done;
};

static void run_list(void *arg)
{
    struct list_job *job = arg;
    job->done =
        folder_walk(job->place, folder_is_document, job->arena, job->out, job->problems, job->err);
}

static bool folder_list(const char *place, struct arena *arena, struct metadata_entries *out,
                        struct problem_list *problems, struct error *err)
{
    struct list_job job = {place, arena, out, problems, err, false};
    return task_offload(run_list, &job, err) && job.done;
}

struct read_job {
    const char *path;
    struct arena *arena;
    struct str *out;
    struct error *err;
    bool done;
};

static void run_read(void *arg)
{
    struct read_job *job = arg;
    job->done = folder_read_file(job->path, YAML_BYTES_MAX, job->arena, job->out, job->err);
}

static bool folder_read(const char *path, struct arena *arena, struct str *out, struct error *err)
{
    struct read_job job = {path, arena, out, err, false};
    return task_offload(run_read, &job, err) && job.done;
}

const struct metadata_driver folder_driver = {"folder", folder_list, folder_read};
