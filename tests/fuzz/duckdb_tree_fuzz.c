/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "sql/duckdb_tree.h"

/* Any bytes in the place of DuckDB's tree: a verdict, and a sentence when refused. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct dataset staff = {.table_name = "staff"};
    static const struct dataset *const datasets[] = {&staff};
    static const struct firewall_policy policy = {datasets, 1};
    struct arena *arena = arena_new();
    struct error err = {0};
    bool ok = duckdb_tree_check((struct str){(const char *)bytes, size}, &policy, arena, &err);
    if (!ok && (err.code == ERROR_NONE || !err.message[0]))
        abort();
    arena_free(arena);
    return 0;
}
