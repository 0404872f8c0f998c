/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner beside a language model. A small model on a machine of one's own is slow and often wrong where
 * the planner is quick and sure: then the planner answers, and no call is made. Where it is less sure its
 * statement is what is left where the model's own comes to nothing. As a draft in the prompt it brought nothing:
 * small models take over its faults, and lose what they would have found themselves.
 */
#include <string.h>

#include "core/log.h"
#include "core/settings.h"
#include "llm/model_priv.h"
#include "llm/models.h"
#include "net/endpoint.h"

#define FIRST_SURE 0.9 /* from here on the planner answers: docs/accuracy.md has what that is worth */

enum { CHOICE_AUTO, CHOICE_YES, CHOICE_NO }; /* of both settings, in the order of their choices */

/* ------------------------------------------------------------------ which models */

/* Gateways put a name before the id: "vendor/claude-sonnet-5". */
static bool is_known(const char *id)
{
    static const char *const providers[] = {"anthropic", "openai"};
    const char *slash = strrchr(id, '/'), *name = slash ? slash + 1 : id;
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
        if (model_find(providers[i], name))
            return true;
    return false;
}

/* Of somebody else than OpenAI. Azure's deployments are called as one likes, and are OpenAI's models all the
 * same. */
static bool is_other_server(void)
{
    const char *url = settings_text("OPENAI_BASE_URL");
    return url && !settings_text("OPENAI_API_VERSION") && !strstr(url, ".azure.com") &&
           !endpoint_is_openai(str_from(url));
}

static bool is_unknown(const struct llm *llm, const struct llm_request *request)
{
    const char *id = request->model ? request->model : chat_model_id(llm->state);
    return strcmp(chat_provider(llm->state), "openai") == 0 && is_other_server() && !is_known(id);
}

static bool chosen(const char *setting, const struct llm *llm, const struct llm_request *request)
{
    int64_t choice = settings_integer(setting) - 1;
    return choice == CHOICE_AUTO ? is_unknown(llm, request) : choice == CHOICE_YES;
}

bool model_is_asked_briefly(const struct llm *llm, const struct llm_request *request)
{
    return chosen("QUERENT_MODEL_BRIEF", llm, request);
}

/* ------------------------------------------------------------------ asking it */

/* It was tried, so this costs nothing. Of no rows it is not so sure: it may have looked in the wrong place. */
TASK_WAITS static bool gives_rows(const struct llm_request *request, const char *sql)
{
    const struct rows *rows = NULL;
    struct error ignored = {0}; /* then it is no answer */
    return request->try_statement(request->try_context, sql, &rows, &ignored) && rows->row_count > 0;
}

TASK_WAITS bool model_ask_planner(struct decision *decision, struct error *err)
{
    struct llm *llm = decision->llm;
    const struct llm_request *request = decision->request;
    if (!chosen("QUERENT_PLANNER_FIRST", llm, request))
        return true;
    if (request->history_count > 0 && !request->plan.previous)
        return true; /* it goes on from what only a model knows */
    struct llm_request own = *decision->request;
    struct llm_selection selection;
    struct llm_proposal *plan = arena_alloc(decision->arena, sizeof(*plan));
    own.state = NULL;
    if (!llm_planner_driver.select(llm, &own, &selection, err) ||
        !llm_planner_driver.generate(llm, &own, plan, err)) {
        if (!task_check(NULL))
            return false;
        log_info("the planner could not read the question: %s", err->message);
        error_clear(err);
        return true;
    }
    decision->planned = plan->outcome == LLM_QUERY;
    decision->by_planner =
        decision->planned && plan->sureness >= FIRST_SURE && gives_rows(request, plan->sql);
    decision->plan = plan;
    plan->model = planner_version(llm->planner);
    return true;
}
