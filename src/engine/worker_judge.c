/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the worker: DuckDB's own parse of a statement is judged before the statement is run. It is judged
 * here because it comes from here: a worker that could lie about the verdict could as well lie about
 * the tree; and to send the tree to the server and wait for its word cost each statement two switches on
 * either side. The server's own opinion is the firewall's (sql/firewall.h), before it asks.
 */
#include <string.h>

#include "engine/worker_priv.h"
#include "engine/worker_value.h"
#include "sql/duckdb_tree.h"

static bool fail_sql(const char *message, enum wire_error *kind, struct error *err)
{
    message = message ? message : "no reason was given";
    *kind = worker_error_kind(message);
    return error_set(err, ERROR_SQL_FAILED, "%s", message);
}

static bool judge(struct str tree, const struct wire_query *query, struct arena *arena,
                  enum wire_error *kind, struct error *err)
{
    struct firewall_policy policy = {.datasets = query->datasets,
                                     .dataset_count = query->dataset_count};
    bool good = duckdb_tree_check(tree, &policy, arena, err);
    if (!good)
        *kind = err->code == ERROR_SQL_FAILED ? WIRE_ERROR_SQL : WIRE_ERROR_FORBIDDEN;
    return good;
}

/* The first row's only text. */
static bool judge_result(struct worker *worker, struct duckdb_result *result,
                         const struct wire_query *query, struct arena *arena, enum wire_error *kind,
                         struct error *err)
{
    duckdb_chunk chunk = worker->api.fetch_chunk(*result);
    if (!chunk)
        return fail_sql(worker->api.result_error(result), kind, err);
    struct strbuf text = strbuf_init(DUCKDB_TREE_SIZE_MAX);
    struct value_type type = {.id = DUCKDB_TYPE_VARCHAR, .kind = VALUE_TEXT};
    struct value_vector vector = value_vector_init(
        &worker->api, &type, worker->api.data_chunk_get_vector(chunk, 0));
    struct cell cell;
    value_read(&worker->api, &vector, 0, &text, &cell);
    bool good = judge(cell.type == CELL_TEXT ? cell.text : STR(""), query, arena, kind, err);
    strbuf_clear(&text);
    worker->api.destroy_data_chunk(&chunk);
    return good;
}

bool worker_judge(struct worker *worker, const struct wire_query *query, struct arena *arena,
                  enum wire_error *kind, struct error *err)
{
    const struct duckdb_api *api = &worker->api;
    struct duckdb_result result = {0};
    struct arena_mark mark = arena_mark(arena);
    bool good = api->bind_varchar_length(worker->serialize, 1, query->sql, strlen(query->sql)) ==
                    DUCKDB_SUCCESS &&
                api->execute_prepared(worker->serialize, &result) == DUCKDB_SUCCESS;
    if (good)
        good = judge_result(worker, &result, query, arena, kind, err);
    else
        fail_sql(result.internal ? api->result_error(&result)
                                 : api->prepare_error(worker->serialize),
                 kind, err);
    api->destroy_result(&result);
    arena_rollback(arena, mark);
    return good;
}
