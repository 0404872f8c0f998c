/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What saving a message costs when N tasks save at once (one commit for all that wait), beside the
 * same statements with a transaction and an fsync each, in the same run on the same disk.
 *
 * usage: store_bench [FOLDER]   (where the databases are made and removed; default: here)
 *
 * A run is two messages: the question with store_run_begin(), the answer with store_run_end().
 * CPU is that of the whole process, all threads, user and system. Each row is measured in
 * several rounds, in turn with its peer; the ratio is the median, with the smallest and largest.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "core/random.h"
#include "store/sqlite.h"

#define ROUNDS 5
#define RUNS 256 /* in a round, whatever the number of savers */

static const int savers[] = {1, 16, 256};
#define ROWS (sizeof(savers) / sizeof(savers[0]))

static const char question[] = "What is the total revenue by region in the last quarter?";
static char answer[600], result[3000];

struct measure {
    double cpu_us; /* of one message */
};

/* ---- the peer: the same statements, a transaction each ---- */

static bool in_transaction(struct sqlite_connection *connection, sqlite_operation_fn run,
                           void *call, struct error *err)
{
    return sqlite_script(connection, "BEGIN IMMEDIATE", err) && run(connection, call, err) &&
           sqlite_script(connection, "COMMIT", err);
}

static bool save_singly(struct sqlite_connection *connection, struct error *err)
{
    char ids[4][STORE_ID_SIZE];
    random_id(ids[0], STORE_ID_SIZE, "query_");
    random_id(ids[1], STORE_ID_SIZE, "conv_");
    random_id(ids[2], STORE_ID_SIZE, "msg_");
    random_id(ids[3], STORE_ID_SIZE, "msg_");
    struct call_run_begin begin = {
        .run_id = ids[0],
        .conversation_id = ids[1],
        .message_id = ids[2],
        .user_id = "ana",
        .question = question,
        .title = question,
        .create = true,
        .now = "2026-01-01T00:00:00.000Z",
    };
    struct run_end end = {
        .run_id = ids[0],
        .conversation_id = ids[1],
        .state = RUN_COMPLETE,
        .result = result,
        .content = answer,
    };
    struct call_run_end end_call = {
        .end = &end,
        .message_id = ids[3],
        .now = "2026-01-01T00:00:00.000Z",
    };
    return in_transaction(connection, sqlite_run_begin, &begin, err) &&
           in_transaction(connection, sqlite_run_end, &end_call, err);
}

static struct measure measure_peer(struct store *store)
{
    struct error err;
    struct sqlite_connection *connection =
        sqlite_connection_new((struct sqlite_store *)store, SQLITE_WRITES, &err);
    if (!connection)
        bench_fail("open", err.message);
    double cpu = bench_cpu_us();
    for (int i = 0; i < RUNS; i++)
        if (!save_singly(connection, &err))
            bench_fail("save", err.message);
    cpu = bench_cpu_us() - cpu;
    sqlite_connection_free(connection);
    return (struct measure){cpu / (2 * RUNS)};
}

/* ---- the store, with many tasks at once ---- */

struct saving {
    struct store *store;
    int savers;
};

static void save_runs(void *arg)
{
    const struct saving *saving = arg;
    struct error err;
    for (int i = 0; i < RUNS / saving->savers; i++) {
        struct run_begin begin = {.user_id = "ana", .question = question};
        if (!store_run_begin(saving->store, &begin, &err))
            bench_fail("begin", err.message);
        struct run_end end = {
            .run_id = begin.run_id,
            .conversation_id = begin.conversation_id_out,
            .state = RUN_COMPLETE,
            .result = result,
            .content = answer,
        };
        if (!store_run_end(saving->store, &end, &err))
            bench_fail("end", err.message);
    }
}

static bool start_savers(void *arg, struct error *err)
{
    const struct saving *saving = arg;
    for (int i = 0; i < saving->savers; i++)
        if (!task_start(task_loop(task_current()), NULL, save_runs, arg, err))
            return false;
    return true;
}

static struct measure measure_store(struct store *store, int count)
{
    struct error err;
    struct saving saving = {store, count};
    double cpu = bench_cpu_us();
    if (!task_run_main(NULL, start_savers, &saving, &err))
        bench_fail("tasks", err.message);
    cpu = bench_cpu_us() - cpu;
    return (struct measure){cpu / (2 * RUNS)};
}

/* ---- the table ---- */

static void print_row(const char *figure, const struct measure *rows, const struct measure *peer,
                      double aim)
{
    double mine[ROUNDS], theirs[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        mine[i] = rows[i].cpu_us;
        theirs[i] = peer[i].cpu_us;
    }
    bench_print(&(struct bench_row){figure, BENCH_MICROSECONDS, mine, "SQLite, one commit each",
                                    theirs, ROUNDS, aim});
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return remove(path);
}

int main(int argc, char **argv)
{
    static struct measure peer[ROUNDS], rows[ROWS][ROUNDS];
    static char folder[4096], path[4200];
    struct error err;
    memset(answer, 'a', sizeof(answer) - 1);
    memset(result, 'r', sizeof(result) - 1);
    snprintf(folder, sizeof(folder), "%s/store-bench-XXXXXX", argc > 1 ? argv[1] : ".");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    snprintf(path, sizeof(path), "%s/querent.db", folder);
    struct store *store = store_open(path, &err);
    if (!store)
        bench_fail("open", err.message);
    for (int round = 0; round < ROUNDS; round++) {
        peer[round] = measure_peer(store);
        for (size_t i = 0; i < ROWS; i++)
            rows[i][round] = measure_store(store, savers[i]);
    }
    store_close(store);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);

    for (size_t i = 0; i < ROWS; i++) {
        char figure[64];
        snprintf(figure, sizeof(figure), "saving a message, %d at once", savers[i]);
        print_row(figure, rows[i], peer, savers[i] > 1 ? 100 : 0);
    }
    return 0;
}
