/* SPDX-License-Identifier: Apache-2.0 */
/* The dataset that the question is about, and why that one. */
#include "agent/cached.h"
#include "agent/model_input.h"
#include "agent/steps/steps.h"
#include "agent/verified.h"
#include "agent/wording.h"
#include "core/json.h"

/* Why the search found it says more, shortly, than how the planner read the question; a language
 * model has its own reason. */
static const char *reason_for(const struct run *run)
{
    if (llm_writes_answers(run->agent->llm) && run->selection.reason && *run->selection.reason)
        return run->selection.reason;
    for (size_t i = 0; i < run->retrieved.hit_count; i++)
        if (run->retrieved.hits[i].dataset == run->selection.dataset &&
            run->retrieved.hits[i].reason)
            return run->retrieved.hits[i].reason;
    return run->selection.reason;
}

TASK_WAITS bool step_select(struct run *run, struct step_record *record, struct error *err)
{
    if (run->verified) {
        run->selection =
            (struct llm_selection){run->verified->match.place.dataset, verified_reason(run)};
    } else if (!(record->cache_hit = cached_selection_get(run))) {
        model_input_allow_repairs(run);
        if (!llm_select(run->agent->llm, &run->request, &run->selection, err))
            return false;
        model_input_count_repairs(run);
        cached_selection_put(run);
    }
    run->selection.reason = wording_reason(run, run->selection.reason);
    const struct dataset *dataset = run->selection.dataset;
    record->words = dataset ? arena_printf(run->arena, "%s: %s", dataset->id, reason_for(run))
                            : arena_printf(run->arena, "none: %s", run->selection.reason);
    struct strbuf json = strbuf_init(64 * 1024);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "dataset_id");
    json_add_text(&json, dataset ? dataset->id : NULL);
    json_add_key(&json, "reason");
    json_add_text(&json, run->selection.reason);
    json_add_key(&json, "margin");
    json_add_double(&json, (double)(int)(run->retrieved.margin * 1000) / 1000);
    strbuf_add_char(&json, '}');
    record->detail = arena_strdup(run->arena, strbuf_text(&json));
    strbuf_clear(&json);
    return true;
}
