/* SPDX-License-Identifier: Apache-2.0 */
/* What was said before in this conversation, as far as a follow-up needs it. */
#include <jansson.h>
#include <stdlib.h>

#include "agent/run.h"
#include "planner/print/query_json.h"

#define HISTORY_MESSAGES 10

static const struct dataset *find_dataset(void *context, const char *id)
{
    struct run *run = context;
    return catalog_find(run->knowledge->catalog, id);
}

/* The tree of the statement behind an answer, or NULL: then a follow-up starts afresh. */
static const struct query *stored_query(struct run *run, const struct message *message)
{
    json_t *metadata = message->metadata ? json_loads(message->metadata, 0, NULL) : NULL;
    const struct query *query = NULL;
    json_t *tree = json_object_get(metadata, "query");
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    if (text) {
        struct error ignored = {0}; /* the data has changed since: not the asker's fault */
        query = query_from_json(str_from(text), find_dataset, run, run->arena, &ignored);
        free(text);
    }
    json_decref(metadata);
    return query;
}

/* The answer of a verified query or of a language model's statement has no tree, and a follow-up of it must
 * not go on from an earlier one. */
static bool has_no_tree(const struct message *message)
{
    json_t *metadata = message->metadata ? json_loads(message->metadata, 0, NULL) : NULL;
    bool none = message->sql && !json_object_get(metadata, "query");
    json_decref(metadata);
    return none;
}

static const struct dataset *dataset_of(struct run *run, const struct message *message)
{
    json_t *metadata = message->metadata ? json_loads(message->metadata, 0, NULL) : NULL;
    const char *id = json_string_value(json_object_get(metadata, "dataset_id"));
    const struct dataset *dataset = id ? find_dataset(run, id) : NULL;
    json_decref(metadata);
    return dataset;
}

/* The last answer's query, and the question that it answered. JSON nests: on a thread's stack. */
static void read_history(void *arg)
{
    struct run *run = arg;
    for (size_t i = run->history_count; i > 0 && !run->previous; i--) {
        const struct message *message = &run->history[i - 1];
        if (message->role == MESSAGE_ASSISTANT) {
            if (!run->previous_dataset)
                run->previous_dataset = dataset_of(run, message);
            run->previous = stored_query(run, message);
            run->previous_lost = !run->previous && has_no_tree(message);
            if (run->previous_lost)
                break;
            continue;
        }
        if (!run->previous_question)
            run->previous_question = message->content;
    }
    /* The question that led to that answer. */
    for (size_t i = run->history_count; i > 1 && run->previous; i--)
        if (run->history[i - 1].role == MESSAGE_ASSISTANT && run->history[i - 1].sql) {
            run->previous_question = run->history[i - 2].content;
            break;
        }
}

TASK_WAITS bool run_load_history(struct run *run, struct error *err)
{
    if (!run->question.conversation_id)
        return true;
    if (!store_messages_last(run->agent->store, run->question.conversation_id, HISTORY_MESSAGES,
                             run->arena, &run->history, &run->history_count, err))
        return false;
    return run->history_count == 0 || task_offload(read_history, run, err);
}
