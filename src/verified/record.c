/* SPDX-License-Identifier: Apache-2.0 */
/* Verified queries as JSON, as the API and the command line tell them. */
#include "core/json.h"
#include "verified/verified.h"

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    json_add_key(out, key);
    json_add_text(out, text);
}

void verified_record_json(const struct verified_record *record, bool from_document,
                          struct strbuf *out)
{
    strbuf_add_char(out, '{');
    add_text(out, "id", record->id);
    add_text(out, "state", verified_state_name(record->state));
    add_text(out, "question", record->question);
    json_add_key(out, "variants");
    strbuf_add(out, record->variants);
    add_text(out, "dataset_id", record->dataset_id);
    add_text(out, "sql", record->sql);
    json_add_key(out, "slots");
    strbuf_add(out, record->slots);
    add_text(out, "owner", record->owner);
    add_text(out, "source", from_document ? "document" : "store");
    add_text(out, "proposed_by", record->proposed_by);
    add_text(out, "query_id", record->run_id);
    add_text(out, "message_id", record->message_id);
    json_add_key(out, "turn");
    json_add_integer(out, record->turn);
    add_text(out, "reason", record->reason);
    json_add_key(out, "revision");
    json_add_integer(out, record->revision);
    add_text(out, "created_at", record->created_at);
    add_text(out, "updated_at", record->updated_at);
    add_text(out, "approved_at", record->approved_at);
    strbuf_add_char(out, '}');
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

struct verified_record verified_to_record(const struct verified_entry *query, struct arena *arena)
{
    struct strbuf variants = strbuf_init(4 * STORE_VERIFIED_JSON_MAX);
    struct strbuf slots = strbuf_init(4 * STORE_VERIFIED_JSON_MAX);
    strbuf_add_char(&variants, '[');
    for (size_t i = 1; i < query->question_count; i++) {
        json_add_separator(&variants);
        json_add_text(&variants, query->questions[i]);
    }
    strbuf_add_char(&variants, ']');
    verified_slots_json(query->slots, query->slot_count, &slots);
    struct verified_record record = {
        .id = copy(arena, query->id),
        .state = atomic_load(&query->trial) == VERIFIED_BROKEN ? VERIFIED_PARKED
                                                               : VERIFIED_APPROVED,
        .revision = query->revision,
        .question = copy(arena, query->question),
        .variants = copy(arena, strbuf_text(&variants)),
        .dataset_id = copy(arena, query->dataset_id),
        .sql = copy(arena, query->sql),
        .slots = copy(arena, strbuf_text(&slots)),
        .owner = copy(arena, query->owner),
        .schema = copy(arena, query->schema),
        .approved_at = copy(arena, query->date),
    };
    strbuf_clear(&variants);
    strbuf_clear(&slots);
    return record;
}
