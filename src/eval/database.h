/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite databases of a set, on which gold statements and predicted ones are run: read-only,
 * with a limit on time, and no way to other files. Blocks: not for a loop. */
#ifndef QUERENT_EVAL_DATABASE_H
#define QUERENT_EVAL_DATABASE_H

#include "core/error.h"
#include "eval/result.h"

#define EVAL_STATEMENT_MAX_MS 10000

struct eval_databases {
    const char *folder;
    struct sqlite3 *open; /* the last one */
    char *open_id;
    uint64_t end_ms; /* of the statement that runs */
};

/* Whether the text can be the name of a database's file: no '/', no dots that lead out. */
bool eval_database_id_is_fit(const char *id);
/* In the arena. */
const char *eval_database_path(const struct eval_databases *databases, const char *id,
                               struct arena *arena);

/* `as_of` (NULL: none) is what 'now' and CURRENT_* mean. ERROR_SQL_FAILED, ERROR_DEADLINE,
 * ERROR_NOT_FOUND when there is no such database. */
bool eval_database_run(struct eval_databases *databases, const char *id, struct str sql,
                       const char *as_of, struct arena *arena, struct eval_result *out,
                       struct error *err);
void eval_databases_close(struct eval_databases *databases);

/* The statement with 'now', CURRENT_DATE and CURRENT_TIMESTAMP replaced. */
const char *eval_freeze(struct str sql, const char *as_of, struct arena *arena);

#endif
