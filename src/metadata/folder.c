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

#include "core/beneath.h"
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
    const char *root; /* the place, when it is a folder (core/beneath.h) */
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
    out->items[out->count++] =
        (struct metadata_entry){path, print_signature(walk->arena, info), walk->root};
}

static void walk_folder(struct walk *walk, const char *folder, int fd, int depth);

/* What lies at the name, looked at but not opened: opening a device or a pipe may do something.
 * Each folder is reached through the one that was looked at before, so that nothing between can be
 * exchanged; only a link may lead out of the place. -1 with errno; EXDEV for a link that does. */
static int look_up(struct walk *walk, int folder, const char *name, struct stat *info)
{
    int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, info) != 0 || !S_ISLNK(info->st_mode))
        return fd;
    close(fd);
    fd = openat(folder, name, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, info) == 0 && beneath(fd, walk->root))
        return fd;
    close(fd);
    errno = EXDEV;
    return -1;
}

static void look_into(struct walk *walk, const char *path, int fd, int depth)
{
    if (walk->visited_count == FOLDERS_MAX)
        note(walk, path, "is the last of too many folders; further ones are left out");
    if (depth == FOLDER_DEPTH_MAX)
        note(walk, path,
             arena_printf(walk->arena, "is left out: folders nested deeper than %d",
                          FOLDER_DEPTH_MAX));
    else
        walk_folder(walk, path, fd, depth + 1);
}

static void look_at(struct walk *walk, const char *folder, int folder_fd, const char *name,
                    int depth)
{
    struct stat info;
    const char *path = arena_printf(walk->arena, "%s/%s", folder, name);
    int fd = look_up(walk, folder_fd, name, &info);
    bool matters = walk->wanted(name);
    if (fd < 0 && errno == EXDEV && (matters || S_ISDIR(info.st_mode)))
        note(walk, path,
             arena_printf(walk->arena, "is left out: the link leads out of the folder '%s'",
                          walk->root));
    else if (fd < 0 && errno != EXDEV && matters)
        note(walk, path, arena_printf(walk->arena, "can't be read: %s", strerror(errno)));
    if (fd < 0)
        return;
    if (S_ISREG(info.st_mode) && matters) {
        if (!str_is_utf8(str_from(path)))
            note(walk, folder, "holds a file whose name is not UTF-8; it is left out");
        else
            add_entry(walk, path, &info);
    } else if (S_ISDIR(info.st_mode) && enter(walk, &info)) {
        look_into(walk, path, fd, depth);
    }
    close(fd);
}

static void walk_folder(struct walk *walk, const char *folder, int fd, int depth)
{
    int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = readable >= 0 ? fdopendir(readable) : NULL;
    if (!directory) {
        note(walk, folder, arena_printf(walk->arena, "can't be read: %s", strerror(errno)));
        if (readable >= 0)
            close(readable);
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
            look_at(walk, folder, fd, entry->d_name, depth);
    }
    closedir(directory);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct metadata_entry *)a)->path,
                  ((const struct metadata_entry *)b)->path);
}

static bool walk_place(struct walk *walk, const char *place, int fd, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set(err, ERROR_IO, "'%s': %s", place, strerror(errno));
    if (S_ISREG(info.st_mode)) {
        add_entry(walk, arena_strdup(walk->arena, place), &info);
        return true;
    }
    if (!S_ISDIR(info.st_mode))
        return error_set(err, ERROR_INVALID, "'%s' is neither a file nor a folder", place);
    walk->root = beneath_path(fd, walk->arena);
    if (!walk->root)
        return error_set(err, ERROR_IO,
                         "'%s': the system does not tell where it lies; is /proc "
                         "there?",
                         place);
    struct str trimmed = str_from(place);
    while (trimmed.length > 1 && trimmed.bytes[trimmed.length - 1] == '/')
        trimmed.length--;
    leave_out_home(walk);
    (void)enter(walk, &info);
    walk_folder(walk, arena_strndup(walk->arena, trimmed.bytes, trimmed.length), fd, 0);
    return true;
}

bool folder_walk(const char *place, folder_wanted_fn wanted, struct arena *arena,
                 struct metadata_entries *out, struct problem_list *problems, struct error *err)
{
    size_t first = out->count;
    struct walk walk = {.arena = arena, .wanted = wanted, .out = out, .problems = problems};
    int fd = open(place, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "'%s': %s", place,
                         errno == ENOENT ? "there is no such file or folder" : strerror(errno));
    bool walked = walk_place(&walk, place, fd, err);
    close(fd);
    if (walked && out->count > first)
        qsort(out->items + first, out->count - first, sizeof(*out->items), compare_entries);
    return walked;
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

bool folder_read_file(const char *path, const char *root, size_t size_max, struct arena *arena,
                      struct str *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s", strerror(errno));
    bool read = beneath(fd, root)
                    ? read_descriptor(fd, size_max, arena, out, err)
                    : error_set(err, ERROR_INVALID, "it leads out of the folder '%s'", root);
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
    const struct metadata_entry *entry;
    struct arena *arena;
    struct str *out;
    struct error *err;
    bool done;
};

static void run_read(void *arg)
{
    struct read_job *job = arg;
    job->done = folder_read_file(job->entry->path, job->entry->root, YAML_BYTES_MAX, job->arena,
                                 job->out, job->err);
}

static bool folder_read(const struct metadata_entry *entry, struct arena *arena, struct str *out,
                        struct error *err)
{
    struct read_job job = {entry, arena, out, err, false};
    return task_offload(run_read, &job, err) && job.done;
}

const struct metadata_driver folder_driver = {"folder", folder_list, folder_read};
