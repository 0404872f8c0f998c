/* SPDX-License-Identifier: Apache-2.0 */
/* Which datasets the question is about: keyword and vector search over the catalog. */
#include "agent/embedding.h"
#include "agent/steps/steps.h"
#include "agent/verified.h"
#include "core/json.h"

static bool check_filter(const struct run *run, struct error *err)
{
    for (size_t i = 0; i < run->question.dataset_filter_count; i++) {
        const char *id = run->question.dataset_filter[i];
        if (!catalog_find(run->knowledge->catalog, id))
            return error_set(err, ERROR_NOT_FOUND, "dataset '%s' does not exist", id);
    }
    return true;
}

/* The search gets the question before as well when this one is short: "and by region?" names no
 * dataset of its own. */
static struct str search_text(const struct run *run)
{
    if (!run->previous_question)
        return str_from(run->question.text);
    return str_from(
        arena_printf(run->arena, "%s %s", run->question.text, run->previous_question));
}

static void describe_hits(struct run *run, struct step_record *record)
{
    struct strbuf words = strbuf_init(4096), json = strbuf_init(64 * 1024);
    strbuf_add(&json, "{\"datasets\":[");
    for (size_t i = 0; i < run->retrieved.hit_count; i++) {
        const struct retrieval_hit *hit = &run->retrieved.hits[i];
        strbuf_printf(&words, "%s%s (%.2f)", i > 0 ? ", " : "", hit->dataset->id, hit->score);
        json_add_separator(&json);
        strbuf_add_char(&json, '{');
        json_add_key(&json, "dataset_id");
        json_add_text(&json, hit->dataset->id);
        json_add_key(&json, "score");
        json_add_double(&json, (double)(int)(hit->score * 10000) / 10000);
        json_add_key(&json, "reason");
        json_add_text(&json, hit->reason);
        strbuf_add_char(&json, '}');
    }
    strbuf_add_char(&json, ']');
    if (run->retrieval_notice) {
        strbuf_printf(&words, ". %s", run->retrieval_notice);
        json_add_key(&json, "notice");
        json_add_text(&json, run->retrieval_notice);
    }
    strbuf_add_char(&json, '}');
    record->detail = arena_strdup(run->arena, strbuf_text(&json));
    record->words = run->retrieved.hit_count > 0 ? arena_strdup(run->arena, strbuf_text(&words))
                                                 : "no dataset matches the question";
    strbuf_clear(&words);
    strbuf_clear(&json);
}

/* The verified query says which dataset. */
static void pin_dataset(struct run *run)
{
    struct retrieval_hit *hit = arena_alloc(run->arena, sizeof(*hit));
    *hit = (struct retrieval_hit){.dataset = run->verified->match.place.dataset,
                                  .score = 1,
                                  .keyword = 1,
                                  .vector = 1,
                                  .reason = verified_reason(run)};
    run->retrieved = (struct retrieval_result){
        .hits = hit, .hit_count = 1, .margin = 1, .best_possible = 1};
}

TASK_WAITS bool step_retrieve(struct run *run, struct step_record *record, struct error *err)
{
    if (!check_filter(run, err))
        return false;
    if (!verified_find(run, err))
        return false;
    if (run->verified) {
        pin_dataset(run);
        describe_hits(run, record);
        return true;
    }
    struct retrieval_request request = {
        .question = search_text(run),
        .dataset_filter = run->question.dataset_filter_count > 0 ? run->question.dataset_filter
                                                                 : NULL,
        .dataset_filter_count = run->question.dataset_filter_count,
    };
    if (!embedding_of_question(run, request.question, &request.vector, err))
        return false;
    record->cache_hit = run->cache_hits[CACHE_EMBEDDING] != CACHE_MISS;
    if (!retrieval_search(run->knowledge->retrieval, &request, run->arena, &run->retrieved, err))
        return false;
    describe_hits(run, record);
    return true;
}
