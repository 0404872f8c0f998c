/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of loading: which content is it, is its database there already, and if not,
 * the loader's worker makes one, which is moved to its place when it is complete.
 */
#include "engine/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/clock.h"
#include "core/directory.h"
#include "core/hash.h"
#include "core/random.h"
#include "core/settings.h"
#include "engine/duckdb_api.h"
#include "engine/engine_message.h"
#include "engine/load_input.h"
#include "engine/load_retain.h"
#include "engine/process.h"
#include "engine/profile.h"

#define LOAD_TIME_MAX_MS (15 * 60 * 1000)
#define LOAD_MEMORY_MB 1024
#define LOAD_THREADS 2
#define HASH_CHUNK (1u << 20)
/* In the name of each database: raised, as CATALOG_FORMAT is, when the same bytes become another
 * table than before, so that what an older release kept is not taken for it. */
#define READING "2"
/* A file changed this lately may change again within the clock's tick: its hash is not kept. */
#define QUIET_SECONDS 2
#define LEFTOVER_SECONDS 60
#define IDENTITY_MAX 512

/* One load, on its way through the steps; the steps that touch files run in the pool. */
struct load_job {
    const char *path;  /* as the caller gave it */
    const char *table; /* of a SQLite file; "" otherwise */
    const char *root;  /* that the file must lie below; NULL: anywhere */
    char *folder;      /* HOME/data */
    struct arena *arena;
    char *real_path;
    struct stat status; /* when it was hashed */
    char hash[SHA256_HEX_SIZE];
    const char *database, *profile; /* where they belong */
    const char *made;               /* where the worker left the database */
    struct str profile_bytes;
    struct load_result *result;
    bool found; /* a kept profile and its database */
    bool ok;
    struct error err;
};

/* -- files -- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool io_error(struct error *err, const char *what, const char *path)
{
    return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s '%s': %s", what, path,
                     strerror(errno));
}

/* Bytes of a small file, or false. */
static bool read_small(const char *path, size_t size_max, struct arena *arena, struct str *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0)
        return false;
    bool ok =
        fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size <= size_max;
    size_t size = ok ? (size_t)status.st_size : 0, done = 0;
    char *bytes = arena_alloc(arena, size + 1);
    while (ok && done < size) {
        ssize_t count = read(fd, bytes + done, size - done);
        ok = count > 0;
        done += ok ? (size_t)count : 0;
    }
    close(fd);
    *out = (struct str){bytes, size};
    return ok;
}

/* Writes beside the place and renames: readers see all of it or nothing. */
static bool write_atomic(const char *path, struct str bytes, struct arena *arena, struct error *err)
{
    char id[32];
    random_id(id, sizeof(id), "");
    const char *beside = arena_printf(arena, "%s.%s.tmp", path, id);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (fd >= 0 && !file)
        close(fd);
    bool ok = file && fwrite(bytes.bytes, 1, bytes.length, file) == bytes.length &&
              fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file)
        ok = fclose(file) == 0 && ok;
    ok = ok && rename(beside, path) == 0;
    if (!ok) {
        io_error(err, "file", path);
        (void)unlink(beside);
    }
    return ok;
}

static bool sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* -- step 1: which content is it? -- */

static bool check_kind(const struct load_job *job, const struct stat *status, struct error *err)
{
    if (S_ISDIR(status->st_mode))
        return error_set(err, ERROR_DATA, "'%s' is a folder, not a data file", job->path);
    if (!S_ISREG(status->st_mode))
        return error_set(err, ERROR_DATA, "'%s' is not a regular file", job->path);
    if (status->st_size == 0)
        return error_set(err, ERROR_DATA, "file '%s': it is empty", base_name(job->path));
    return true;
}

/* What makes a file the same file with the same content, without reading it. The time of change
 * belongs to it, because the time of modification can be set back. */
static const char *identity_of(const struct stat *status, struct arena *arena)
{
    return arena_printf(arena, "2 %ju %ju %jd %jd.%09ld %jd.%09ld ", (uintmax_t)status->st_dev,
                        (uintmax_t)status->st_ino, (intmax_t)status->st_size,
                        (intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
                        (intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
}

static const char *identity_path(const struct load_job *job)
{
    char name[SHA256_HEX_SIZE];
    sha256_hex(str_from(job->real_path), name);
    return arena_printf(job->arena, "%s/paths/%s", job->folder, name);
}

static bool is_hash(struct str text)
{
    if (text.length != SHA256_HEX_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!char_is_digit(text.bytes[i]) && (text.bytes[i] < 'a' || text.bytes[i] > 'f'))
            return false;
    return true;
}

static bool known_hash(struct load_job *job)
{
    struct str kept, identity = str_from(identity_of(&job->status, job->arena));
    if (!read_small(identity_path(job), IDENTITY_MAX, job->arena, &kept) ||
        !str_starts(kept, identity))
        return false;
    struct str hash = str_slice(kept, identity.length, kept.length);
    if (!is_hash(hash))
        return false;
    memcpy(job->hash, hash.bytes, SHA256_HEX_SIZE - 1);
    return true;
}

/* The next load finds it quicker; nothing is lost when it can't be kept. */
static void keep_hash(struct load_job *job)
{
    if (time(NULL) - job->status.st_ctim.tv_sec <= QUIET_SECONDS)
        return;
    struct str line = str_from(
        arena_printf(job->arena, "%s%s", identity_of(&job->status, job->arena), job->hash));
    if (directory_make(arena_printf(job->arena, "%s/paths", job->folder), NULL))
        write_atomic(identity_path(job), line, job->arena, NULL);
}

static bool hash_file(struct load_job *job, int fd, struct error *err)
{
    struct sha256 *sha = sha256_new();
    char *chunk = arena_alloc(job->arena, HASH_CHUNK);
    ssize_t count;
    while ((count = read(fd, chunk, HASH_CHUNK)) > 0)
        sha256_add(sha, chunk, (size_t)count);
    sha256_end(sha, job->hash);
    return count == 0 || io_error(err, "file", job->path);
}

static bool open_and_hash(struct load_job *job, struct error *err)
{
    int fd = open(job->real_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return io_error(err, "file", job->path);
    bool ok = fstat(fd, &job->status) == 0 || io_error(err, "file", job->path);
    ok = ok && check_kind(job, &job->status, err);
    if (ok && !beneath(fd, job->root))
        ok = error_set(err, ERROR_DATA,
                       "file '%s' leads out of the folder '%s'; only what lies in it "
                       "is read",
                       job->path, job->root);
    if (ok && !known_hash(job)) {
        ok = hash_file(job, fd, err);
        if (ok)
            keep_hash(job);
    }
    close(fd);
    return ok;
}

static bool identify(struct load_job *job, struct error *err)
{
    job->real_path = arena_alloc(job->arena, PATH_MAX);
    if (!realpath(job->path, job->real_path))
        return io_error(err, "file", job->path);
    struct stat status; /* before opening: opening a device or a pipe may do something */
    if (stat(job->real_path, &status) != 0)
        return io_error(err, "file", job->path);
    return check_kind(job, &status, err) && open_and_hash(job, err);
}

/* The same bytes are another table when the name says another format. */
static void name_outputs(struct load_job *job)
{
    const char *hint = load_input_hint(job->real_path);
    const char *stem =
        arena_printf(job->arena, "%s/%s-" READING "%s%s", job->folder, job->hash,
                     strcmp(hint, "csv") == 0 ? "" : "-", strcmp(hint, "csv") == 0 ? "" : hint);
    if (*job->table) {
        char table[SHA256_HEX_SIZE];
        sha256_hex(str_from(job->table), table);
        stem = arena_printf(job->arena, "%s-%.16s", stem, table);
    }
    job->database = arena_printf(job->arena, "%s.duckdb", stem);
    job->profile = arena_printf(job->arena, "%s.profile", stem);
}

static bool take_profile(struct load_job *job, struct str bytes)
{
    struct load_result result = {0};
    if (!profile_read(bytes, job->arena, &result))
        return false;
    result.database = job->database;
    result.content_hash = arena_strdup(job->arena, job->hash);
    *job->result = result;
    return true;
}

/* The database of the same content that was kept, if it is whole. */
static bool take_kept(struct load_job *job)
{
    struct str bytes;
    return access(job->database, R_OK) == 0 &&
           read_small(job->profile, PROFILE_SIZE_MAX, job->arena, &bytes) &&
           take_profile(job, bytes);
}

/* Old enough to be sure that its maker is past the start, and held by no living worker. */
static bool is_leftover(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0 || time(NULL) - status.st_mtime < LEFTOVER_SECONDS)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool free_now = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return free_now;
}

/* What a crashed server and its workers left behind. */
static void remove_leftovers(const char *folder, struct arena *arena)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        struct str name = str_from(entry->d_name);
        const char *path = arena_printf(arena, "%s/%s", folder, entry->d_name);
        if ((str_starts(name, STR("querent-worker-")) || str_ends(name, STR(".tmp"))) &&
            is_leftover(path))
            process_remove_folder(path);
    }
    if (directory)
        closedir(directory);
}

static void find_kept(void *arg)
{
    struct load_job *job = arg;
    job->ok = directory_make(job->folder, &job->err) && identify(job, &job->err);
    if (!job->ok)
        return;
    retain_hold(job->folder, (uint64_t)settings_integer("QUERENT_DATA_MB") << 20, job->arena);
    name_outputs(job);
    job->found = take_kept(job);
    if (job->found)
        retain_touch(job->database);
    else
        remove_leftovers(job->folder, job->arena);
}

/* -- step 2: the worker makes the database -- */

static bool take_failure(struct load_job *job, struct str payload, struct error *err)
{
    enum wire_error kind;
    const char *message;
    char cleaned[ERROR_MESSAGE_MAX];
    if (!wire_read_error(payload, &kind, &message))
        return error_set(err, ERROR_ENGINE, "the loader's worker answered out of form");
    engine_message_clean(message, cleaned);
    const char *name = base_name(job->path);
    if (kind == WIRE_ERROR_DATA)
        return error_set(err, ERROR_DATA, "file '%s': %s", name, cleaned);
    if (kind == WIRE_ERROR_MEMORY)
        return error_set(err, ERROR_DATA, "file '%s': it needs more than %d MB of memory to load",
                         name, LOAD_MEMORY_MB);
    if (kind == WIRE_ERROR_CONFIG)
        return error_set(err, ERROR_CONFIG, "%s", cleaned);
    return error_set(err, ERROR_ENGINE, "file '%s' can't be loaded: %s", name, cleaned);
}

static bool send_load(struct load_job *job, struct process *process, struct error *err)
{
    struct wire_load load = {
        .library = duckdb_library_find(job->arena, err),
        .path = job->real_path,
        .table = job->table,
        .memory_mb = LOAD_MEMORY_MB,
        .threads = LOAD_THREADS,
        .row_max = (uint64_t)settings_integer("QUERENT_FILE_ROWS"),
        .size_max_mb = (uint32_t)settings_integer("QUERENT_FILE_MB"),
    };
    if (!load.library)
        return false;
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_load(&payload, &load);
    process_send(process, FRAME_LOAD, strbuf_str(&payload));
    strbuf_clear(&payload);
    return true;
}

static bool await_profile(struct load_job *job, struct process *process, struct error *err)
{
    struct frame frame;
    if (!send_load(job, process, err))
        return false;
    if (!process_receive(process, LOAD_TIME_MAX_MS, job->arena, &frame, err))
        return error_wrap(err, "file '%s' can't be loaded", base_name(job->path));
    if (frame.type == FRAME_ERROR)
        return take_failure(job, frame.payload, err);
    if (frame.type != FRAME_PROFILE)
        return error_set(err, ERROR_ENGINE, "the loader's worker answered out of form");
    job->profile_bytes = frame.payload;
    job->made = arena_printf(job->arena, "%s/output.duckdb", process_folder(process));
    return true;
}

/* -- step 3: keeping it -- */

static bool is_unchanged(const struct load_job *job, struct error *err)
{
    struct stat now;
    if (stat(job->real_path, &now) != 0)
        return io_error(err, "file", job->path);
    if (strcmp(identity_of(&now, job->arena), identity_of(&job->status, job->arena)) == 0)
        return true;
    return error_set(err, ERROR_CONFLICT, "file '%s' changed while it was read; try again",
                     base_name(job->path));
}

/* What this process's worker made: under its name for good. */
static bool keep_made(struct load_job *job, struct error *err)
{
    if (!take_profile(job, job->profile_bytes))
        return error_set(err, ERROR_ENGINE, "the loader's worker answered out of form");
    if (!sync_file(job->made) || rename(job->made, job->database) != 0)
        return io_error(err, "file", job->database);
    /* Last: its presence says that the database is there. */
    return write_atomic(job->profile, job->profile_bytes, job->arena, err);
}

/* One process at a time, and the first one's database stays: a worker's sandbox lets it open the very
 * file that had the name when the worker started, not another of the same content. */
static void keep_outputs(void *arg)
{
    struct load_job *job = arg;
    job->ok = is_unchanged(job, &job->err);
    if (!job->ok)
        return;
    const char *lock = arena_printf(job->arena, "%s/keep.lock", job->folder);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        job->ok = io_error(&job->err, "file", lock);
    else
        job->ok = take_kept(job) || keep_made(job, &job->err);
    if (fd >= 0)
        close(fd);
}

static bool offload(void (*step)(void *arg), struct load_job *job, struct error *err)
{
    if (!task_offload(step, job, err))
        return false;
    if (!job->ok && err)
        *err = job->err;
    return job->ok;
}

static bool load(struct load_job *job, struct loop *loop, struct error *err)
{
    if (!offload(find_kept, job, err))
        return false;
    job->result->kept = job->found;
    if (job->found)
        return true;
    struct process *process = process_start(loop, job->folder, err);
    if (!process)
        return false;
    bool ok = await_profile(job, process, err) && offload(keep_outputs, job, err);
    process_stop(process);
    return ok;
}

bool load_data(struct loop *loop, const struct load_request *request, struct arena *arena,
               struct load_result *out, struct error *err)
{
    const char *home = settings_home();
    *out = (struct load_result){0};
    if (!home)
        return error_set(err, ERROR_CONFIG, "QUERENT_HOME is not set");
    struct load_job *job = arena_alloc(arena, sizeof(*job)); /* too big for a task's stack */
    job->path = request->path;
    job->table = request->table ? request->table : "";
    job->root = request->root;
    job->arena = arena;
    job->result = out;
    job->folder = arena_printf(arena, "%s/data", home);
    return load(job, loop, err);
}

bool load_file(struct loop *loop, const char *path, struct arena *arena, struct load_result *out,
               struct error *err)
{
    const struct load_request request = {.path = path};
    return load_data(loop, &request, arena, out, err);
}
