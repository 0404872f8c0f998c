/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/clear_cache.h"

#include "core/json.h"
#include "core/log.h"

#define DETAIL_SIZE_MAX (16 * 1024)

TASK_WAITS static void record(struct store *store, const struct clear_cache *what, int64_t removed)
{
    struct strbuf detail = strbuf_init(DETAIL_SIZE_MAX);
    struct error err = {0};
    strbuf_add_char(&detail, '{');
    json_add_key(&detail, "type");
    json_add_text(&detail, what->type);
    json_add_key(&detail, "dataset_id");
    json_add_text(&detail, what->dataset_id);
    json_add_key(&detail, "expired_only");
    strbuf_add(&detail, what->expired_only ? "true" : "false");
    json_add_key(&detail, "removed");
    json_add_integer(&detail, removed);
    strbuf_add_char(&detail, '}');
    struct audit_act act = what->act;
    act.detail = strbuf_text(&detail);
    if (!store_audit_add(store, &act, &err)) /* it is done all the same */
        log_error("audit trail: clearing the cache: %s", err.message);
    strbuf_clear(&detail);
}

TASK_WAITS bool clear_cache(struct store *store, struct cache *cache,
                            const struct clear_cache *what, int64_t *removed, struct error *err)
{
    enum cache_type type = what->type ? cache_type_find(what->type) : CACHE_TYPES;
    if (what->type && type == CACHE_TYPES)
        return error_set(err, ERROR_INVALID,
                         "there is no type '%s'; allowed are sql_result, dataset_selection, "
                         "sql_generation, metadata, response and embedding",
                         what->type);
    if (!cache_clear(cache, type, what->dataset_id, what->expired_only, removed, err))
        return false;
    record(store, what, *removed);
    return true;
}
