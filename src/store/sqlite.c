/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite store: opening, closing, and which operation reads or writes. The connections are in
 * sqlite_connection.c, group commit in sqlite_writer.c, the SQL in sqlite_statements.h.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/directory.h"

static const struct {
    bool writes;
    sqlite_operation_fn run;
} operations[STORE_OPERATIONS] = {
    [STORE_HEALTH] = {true, sqlite_health},
    [STORE_CONVERSATION_CREATE] = {true, sqlite_conversation_create},
    [STORE_CONVERSATION_GET] = {false, sqlite_conversation_get},
    [STORE_CONVERSATION_LIST] = {false, sqlite_conversation_list},
    [STORE_CONVERSATION_DELETE] = {true, sqlite_conversation_delete},
    [STORE_MESSAGES_LAST] = {false, sqlite_messages_last},
    [STORE_MESSAGES_PAGE] = {false, sqlite_messages_page},
    [STORE_RUN_BEGIN] = {true, sqlite_run_begin},
    [STORE_RUN_END] = {true, sqlite_run_end},
    [STORE_RUN_RECORD] = {true, sqlite_run_record},
    [STORE_RUN_EVENT] = {true, sqlite_run_event},
    [STORE_RUN_EVENTS_ADD] = {true, sqlite_run_events_add},
    [STORE_RUN_ASK_CANCEL] = {true, sqlite_run_ask_cancel},
    [STORE_RUNS_TO_CANCEL] = {false, sqlite_runs_to_cancel},
    [STORE_RUN_GET] = {false, sqlite_run_get},
    [STORE_RUN_EVENTS] = {false, sqlite_run_events},
    [STORE_MARK_CUT_RUNS] = {true, sqlite_mark_cut_runs},
    [STORE_SWEEP_FIND] = {false, sqlite_sweep_find},
    [STORE_SWEEP_BITE] = {true, sqlite_sweep_bite},
    [STORE_CACHE_GET] = {false, sqlite_cache_get},
    [STORE_CACHE_PUT] = {true, sqlite_cache_put},
    [STORE_CACHE_STATS] = {false, sqlite_cache_stats},
    [STORE_CACHE_HITS] = {true, sqlite_cache_hits},
    [STORE_CACHE_CLEAR] = {true, sqlite_cache_clear},
    [STORE_CACHE_CLEARINGS] = {false, sqlite_cache_clearings},
    [STORE_EMBEDDING_GET] = {false, sqlite_embedding_get},
    [STORE_EMBEDDING_PUT] = {true, sqlite_embedding_put},
    [STORE_JOB_BEGIN] = {true, sqlite_job_begin},
    [STORE_JOB_UPDATE] = {true, sqlite_job_update},
    [STORE_JOB_GET] = {false, sqlite_job_get},
    [STORE_JOB_LIST] = {false, sqlite_job_list},
    [STORE_JOBS_MARK_INTERRUPTED] = {true, sqlite_jobs_mark_interrupted},
    [STORE_INDEX_LOCK] = {false, sqlite_index_lock},
    [STORE_INDEX_UNLOCK] = {false, sqlite_index_unlock},
    [STORE_KEY_CREATE] = {true, sqlite_key_create},
    [STORE_KEY_LIST] = {false, sqlite_key_list},
    [STORE_KEY_REVOKE] = {true, sqlite_key_revoke},
    [STORE_KEY_FIND] = {false, sqlite_key_find},
    [STORE_KEY_USED] = {true, sqlite_key_used},
    [STORE_AUDIT_ADD] = {true, sqlite_audit_add},
    [STORE_AUDIT_LIST] = {false, sqlite_audit_list},
    [STORE_USAGE_ADD] = {true, sqlite_usage_add},
    [STORE_USAGE_LIST] = {false, sqlite_usage_list},
    [STORE_ANSWER_FIND] = {false, sqlite_answer_find},
    [STORE_FEEDBACK_PUT] = {true, sqlite_feedback_put},
    [STORE_VERIFIED_ADD] = {true, sqlite_verified_add},
    [STORE_VERIFIED_GET] = {false, sqlite_verified_get},
    [STORE_VERIFIED_UPDATE] = {true, sqlite_verified_update},
    [STORE_VERIFIED_LIST] = {false, sqlite_verified_list},
    [STORE_VERIFIED_LOAD] = {false, sqlite_verified_load},
    [STORE_VERIFIED_VERSION] = {false, sqlite_verified_version},
};

/* Borrows an idle reading connection; makes one while there are few, else waits for one. */
static struct sqlite_connection *reader_take(struct sqlite_store *store, struct error *err)
{
    pthread_mutex_lock(&store->mutex);
    while (!store->idle && store->reader_count == SQLITE_READERS_MAX)
        pthread_cond_wait(&store->reader_idle, &store->mutex);
    struct sqlite_connection *connection = store->idle;
    if (connection)
        store->idle = connection->next_idle;
    else
        store->reader_count++;
    pthread_mutex_unlock(&store->mutex);
    if (connection)
        return connection;

    connection = sqlite_connection_new(store, SQLITE_READS, err);
    if (!connection) {
        pthread_mutex_lock(&store->mutex);
        store->reader_count--;
        pthread_cond_signal(&store->reader_idle);
        pthread_mutex_unlock(&store->mutex);
    }
    return connection;
}

static void reader_give(struct sqlite_store *store, struct sqlite_connection *connection)
{
    sqlite_connection_reset(connection);
    pthread_mutex_lock(&store->mutex);
    connection->next_idle = store->idle;
    store->idle = connection;
    pthread_cond_signal(&store->reader_idle);
    pthread_mutex_unlock(&store->mutex);
}

struct reading {
    struct sqlite_store *store;
    sqlite_operation_fn run;
    void *call;
    bool ok;
    struct error error;
};

static void run_reading(void *arg)
{
    struct reading *reading = arg;
    struct sqlite_connection *connection = reader_take(reading->store, &reading->error);
    if (!connection)
        return;
    reading->ok = reading->run(connection, reading->call, &reading->error);
    reader_give(reading->store, connection);
}

TASK_WAITS bool sqlite_read(struct sqlite_store *store, sqlite_operation_fn run, void *call,
                            struct error *err)
{
    struct reading reading = {.store = store, .run = run, .call = call};
    bool told = task_offload(run_reading, &reading, err);
    if (told && !reading.ok && err)
        *err = reading.error;
    return told && reading.ok;
}

TASK_WAITS static bool sqlite_call(struct store *base, enum store_operation operation, void *call,
                                   struct error *err)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    sqlite_operation_fn run = operations[operation].run;
    if (operation == STORE_CACHE_STATS && sqlite_writer_has_hits(&store->writer) &&
        !sqlite_write(store, sqlite_writer_flush_hits, NULL, err))
        return false;
    return operations[operation].writes ? sqlite_write(store, run, call, err)
                                        : sqlite_read(store, run, call, err);
}

bool sqlite_health(struct sqlite_connection *connection, void *call, struct error *err)
{
    const char *path = connection->store->path;
    int moved = 0, known = connection->store->store.schema_version;
    bool row;
    sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return error_set(err, ERROR_STORE,
                         "store '%s' was moved or removed while in use; restart the program", path);
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_SCHEMA_VERSION, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    int version = row ? sqlite3_column_int(statement, 0) : 0;
    if (version != known)
        return error_set(err, ERROR_STORE,
                         "store '%s' has schema version %d now, and this program works with %d; "
                         "restart it with the newer version",
                         path, version, known);
    return true;
}

/* Missing folders on the way to the file; it is the open that says what is wrong. */
static void make_folders(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return;
    char *folder = xstrndup(path, (size_t)(slash - path));
    (void)directory_make(folder, NULL);
    free(folder);
}

/*
 * Makes the file readable by its owner only (SQLite gives the files beside it the same mode), and
 * says what is wrong in terms of files before SQLite has to. The file is never opened here: closing
 * it would drop the locks that SQLite holds on it for another store of this process.
 */
static bool make_file(const char *path, struct error *err)
{
    make_folders(path);
    struct stat status;
    bool made = mknod(path, S_IFREG | 0600, 0) == 0 || errno == EEXIST;
    if (!made || stat(path, &status) != 0 ||
        faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0)
        return error_set(err, ERROR_CONFIG,
                         "store '%s' can't be opened for writing (%s); give this user write access "
                         "to the file and its folder, or set DATABASE_URL to another file",
                         path, strerror(errno));
    return S_ISREG(status.st_mode) ||
           error_set(err, ERROR_CONFIG,
                     "store '%s' is not a regular file; set DATABASE_URL to another", path);
}

/* WAL lets readers work while one writes, and a commit cost one fsync. */
static bool use_wal(struct sqlite_connection *connection, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(connection->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    bool done = result == SQLITE_ROW || sqlite_fail(connection, result, err);
    const unsigned char *mode = done ? sqlite3_column_text(statement, 0) : NULL;
    if (done && (!mode || strcmp((const char *)mode, "wal") != 0))
        done = error_set(err, ERROR_CONFIG,
                         "store '%s' is on a file system that can't share memory between "
                         "processes (a network drive?); set DATABASE_URL to a local file",
                         connection->store->path);
    sqlite3_finalize(statement);
    return done;
}

static bool prepare_database(struct sqlite_store *store, struct sqlite_connection *connection,
                             struct error *err)
{
    /* SQLite follows links; the owners' file must lie beside the real database. */
    const char *database = sqlite3_db_filename(connection->db, "main");
    if (!sqlite_owner_open(&store->owner, database, err))
        return false;
    if (!sqlite_owner_lock_start(&store->owner, err))
        return error_wrap(err, "store '%s'", store->path);
    bool done = use_wal(connection, err) &&
                sqlite_migrate(connection, sqlite_migrations, sqlite_migrations_count,
                               &store->store.schema_version, err);
    sqlite_owner_unlock_start(&store->owner);
    return done;
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    sqlite_writer_stop(&store->writer);
    while (store->idle) {
        struct sqlite_connection *connection = store->idle;
        store->idle = connection->next_idle;
        sqlite_connection_free(connection);
    }
    /* Last, so that closing it folds the WAL into the database. */
    sqlite_connection_free(store->writer.connection);
    sqlite_owner_close(&store->owner);
    pthread_cond_destroy(&store->reader_idle);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

static struct store *sqlite_open(const char *location, struct error *err)
{
    struct sqlite_store *store = xcalloc(1, sizeof(*store));
    store->owner.fd = -1;
    store->cache_size_max = STORE_CACHE_SIZE_MAX;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->reader_idle, NULL);
    /* "./" before a relative path: SQLite would read ":memory:" and "file:..." in its own way. */
    size_t size = strlen(location) + sizeof("./");
    store->path = xcalloc(size, 1);
    if (location[0] != '/')
        memcpy(store->path, "./", 2);
    memcpy(store->path + strlen(store->path), location, strlen(location));

    struct sqlite_connection *connection = NULL;
    if (make_file(store->path, err))
        connection = sqlite_connection_new(store, SQLITE_WRITES, err);
    store->writer.connection = connection;
    if (connection && prepare_database(store, connection, err) &&
        sqlite_writer_start(&store->writer, connection, err))
        return &store->store;
    sqlite_close(&store->store);
    return NULL;
}

const struct store_driver sqlite_driver = {
    .scheme = "sqlite",
    .form = "sqlite:PATH",
    .open = sqlite_open,
    .close = sqlite_close,
    .call = sqlite_call,
};
