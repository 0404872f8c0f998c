/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall and engine: from the statement to its rows. */
#include "agent/cached.h"
#include "agent/steps/steps.h"

TASK_WAITS bool step_execute(struct run *run, struct step_record *record, struct error *err)
{
    const struct statement *statement = run_statement(run, run->proposal.sql);
    record->detail =
        arena_printf(run->arena, "{\"allowed\":%s,\"rows\":%zu,\"truncated\":%s}",
                     statement->allowed ? "true" : "false",
                     statement->rows ? statement->rows->row_count : 0,
                     statement->rows && statement->rows->truncated ? "true" : "false");
    if (!statement->rows) {
        *err = statement->error;
        return false;
    }
    run->statement = statement;
    run->cache_hits[CACHE_SQL_RESULT] = statement->cached;
    record->cache_hit = statement->cached != CACHE_MISS;
    cached_rows_put(run, statement);
    record->words = arena_printf(
        run->arena, "checked as read-only; %zu %s%s in %.1f ms", statement->rows->row_count,
        plural(statement->rows->row_count, "row", "rows"),
        statement->rows->truncated ? " (there are more)" : "",
        (double)statement->duration_us / 1000);
    return true;
}
