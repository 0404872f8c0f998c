/* SPDX-License-Identifier: Apache-2.0 */
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/settings.h"
#include "core/strbuf.h"
#include "llm/llm_priv.h"

static const struct llm_driver *const drivers[] = {
    &llm_planner_driver,
    &llm_anthropic_driver,
    &llm_openai_driver,
};
#define DRIVER_COUNT (sizeof(drivers) / sizeof(drivers[0]))

static const struct llm_driver *find_driver(const char *name)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

const char *llm_chosen(void)
{
    const char *name = settings_text("QUERENT_LLM");
    if (name && strcmp(name, "auto") != 0)
        return name;
    if (settings_secret("ANTHROPIC_API_KEY") || settings_secret("ANTHROPIC_AUTH_TOKEN"))
        return "anthropic";
    return settings_secret("OPENAI_API_KEY") || settings_text("OPENAI_BASE_URL") ? "openai" : "planner";
}

struct llm *llm_open(const char *name, const struct planner *planner, struct error *err)
{
    const struct llm_driver *driver = find_driver(name);
    if (!driver) {
        struct strbuf known = strbuf_init(1000);
        for (size_t i = 0; i < DRIVER_COUNT; i++)
            strbuf_printf(&known, "%s%s", i > 0 ? ", " : "", drivers[i]->name);
        error_set(err, ERROR_CONFIG, "language model '%s' is not known; there is: %s", name,
                  strbuf_text(&known));
        strbuf_clear(&known);
        return NULL;
    }
    struct llm *llm = xcalloc(1, sizeof(*llm));
    llm->driver = driver;
    llm->planner = planner;
    if (driver->open && !driver->open(llm, err)) {
        free(llm);
        return NULL;
    }
    return llm;
}

void llm_close(struct llm *llm)
{
    if (!llm)
        return;
    if (llm->driver->close)
        llm->driver->close(llm);
    free(llm);
}

const char *llm_name(const struct llm *llm)
{
    return llm->driver->name;
}

const char *llm_model_id(const struct llm *llm)
{
    return llm->driver->model_id(llm);
}

bool llm_last_state(const struct llm *llm, struct server_state *out)
{
    if (llm->driver->last_state)
        llm->driver->last_state(llm, out);
    return llm->driver->last_state;
}

static bool is_listed(const char *list, const char *id)
{
    struct str rest = str_from(list), item;
    while (str_split(&rest, ',', &item))
        if (str_equal_text(str_trim(item), id))
            return true;
    return false;
}

const char *llm_allowed_model(const struct llm *llm, const char *id)
{
    const char *list = settings_text("QUERENT_MODELS_ALLOWED");
    if (!id || !llm_writes_answers(llm) || strlen(id) > CHAT_MODEL_ID_MAX ||
        strcmp(id, llm_model_id(llm)) == 0)
        return NULL;
    bool known = llm->driver->knows_model && llm->driver->knows_model(llm, id);
    return (list ? is_listed(list, id) : known) ? id : NULL;
}

TASK_WAITS bool llm_select(struct llm *llm, struct llm_request *request,
                           struct llm_selection *out, struct error *err)
{
    if (!task_check(err))
        return false;
    return llm->driver->select(llm, request, out, err) ||
           error_wrap(err, "choosing a dataset with '%s'", llm->driver->name);
}

TASK_WAITS bool llm_generate(struct llm *llm, struct llm_request *request,
                             struct llm_proposal *out, struct error *err)
{
    if (!task_check(err))
        return false;
    return llm->driver->generate(llm, request, out, err) ||
           error_wrap(err, "writing a query with '%s'", llm->driver->name);
}

bool llm_writes_answers(const struct llm *llm)
{
    return llm->driver->write_answer != NULL;
}

TASK_WAITS bool llm_write_answer(struct llm *llm, const struct llm_answer_request *request,
                                 struct error *err)
{
    if (!task_check(err))
        return false;
    return llm->driver->write_answer(llm, request, err) ||
           error_wrap(err, "writing the answer with '%s'", llm->driver->name);
}

TASK_WAITS size_t llm_keep_understood(struct llm *llm, const struct llm_request *request,
                                      const struct query *previous, struct llm_questions *questions)
{
    if (!llm->driver->keep_understood || questions->count == 0)
        return 0;
    return llm->driver->keep_understood(llm, request, previous, questions);
}
