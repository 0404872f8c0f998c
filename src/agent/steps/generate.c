/* SPDX-License-Identifier: Apache-2.0 */
/* The statement, or what to say instead of one. */
#include "agent/cached.h"
#include "agent/model_input.h"
#include "agent/steps/steps.h"
#include "agent/verified.h"
#include "agent/wording.h"
#include "core/json.h"

static const char *words_for(const struct run *run)
{
    const struct llm_proposal *proposal = &run->proposal;
    switch (proposal->outcome) {
    case LLM_QUERY:
        return proposal->reading ? proposal->reading : proposal->reason;
    case LLM_DESCRIBE:
        return "answered from what is known about the data; no query needed";
    case LLM_ASK:
        return "not sure enough: asking back";
    default:
        return "no query fits the question";
    }
}

TASK_WAITS bool step_generate(struct run *run, struct step_record *record, struct error *err)
{
    run->proposal = (struct llm_proposal){0};
    model_input_allow_repairs(run);
    if (run->request.failure)
        run->verified = NULL; /* its statement failed: whatever comes now is not verified */
    /* What was chosen anew is decided anew: the decision was kept no longer than the choice. */
    record->cache_hit = run->cache_hits[CACHE_DATASET_SELECTION] && cached_proposal_get(run);
    if (run->verified) {
        verified_propose(run);
    } else if (!record->cache_hit) {
        if (!llm_generate(run->agent->llm, &run->request, &run->proposal, err))
            return false;
        if (run->proposal.outcome != LLM_QUERY) /* a statement is kept once it has run (execute.c) */
            cached_proposal_put(run);
    }
    model_input_count_repairs(run);
    wording_clean(run);
    record->words = words_for(run);
    struct strbuf json = strbuf_init(256 * 1024);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "sql");
    json_add_text(&json, run->proposal.sql);
    json_add_key(&json, "reading");
    json_add_text(&json, run->proposal.reading);
    json_add_key(&json, "sureness");
    json_add_double(&json, (double)(int)(run->proposal.sureness * 1000) / 1000);
    strbuf_add_char(&json, '}');
    record->detail = arena_strdup(run->arena, strbuf_text(&json));
    strbuf_clear(&json);
    return true;
}
