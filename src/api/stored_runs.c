/* SPDX-License-Identifier: Apache-2.0 */
#include "api/stored_runs.h"

#include <jansson.h>
#include <string.h>

#include "core/json.h"

#define ERROR_SIZE_MAX (64 * 1024)

struct load {
    struct arena *arena;
    struct loaded_run *out;
    size_t capacity;
    int64_t last; /* number of the last event so far */
};

static void add(struct load *load, int64_t number, const char *json)
{
    struct loaded_run *out = load->out;
    out->events =
        arena_grow(load->arena, out->events, out->count, &load->capacity, sizeof(*out->events));
    out->events[out->count++] = (struct stored_event){number, json};
    load->last = number;
}

static const char *wrap(struct arena *arena, const char *event, const char *data)
{
    return arena_printf(arena, "{\"event\":\"%s\",\"data\":%s}", event, data);
}

static void add_start(struct load *load)
{
    const struct stored_run *run = &load->out->run;
    add(load, 1,
        arena_printf(load->arena,
                     "{\"event\":\"run_start\",\"data\":{\"query_id\":\"%s\",\"conversation_id\":"
                     "\"%s\"}}",
                     run->id, run->conversation_id));
}

/* Reads JSON, which nests: on a thread's stack. */
static void add_steps_of_result(void *arg)
{
    struct load *load = arg;
    json_t *result = json_loads(load->out->run.result, JSON_DECODE_ANY, NULL), *step;
    size_t i;
    json_array_foreach(json_object_get(result, "steps"), i, step)
    {
        char *text = json_dumps(step, JSON_COMPACT | JSON_REAL_PRECISION(15));
        if (text)
            add(load, load->last + 1, wrap(load->arena, "step_update", text));
        free(text);
    }
    json_decref(result);
}

static const char *cut_error(struct arena *arena, const struct stored_run *run)
{
    return arena_printf(
        arena,
        "{\"query_id\":\"%s\",\"conversation_id\":\"%s\",\"error\":\"the question was "
        "interrupted, because the program stopped; ask it again\",\"code\":"
        "\"interrupted\"}",
        run->id, run->conversation_id);
}

/* What the run's row adds to the events that were kept. */
TASK_WAITS static bool complete(struct load *load, int64_t after, struct error *err)
{
    struct loaded_run *out = load->out;
    const struct stored_run *run = &out->run;
    if (after == 0 && out->count == 0) {
        add_start(load);
        if (run->state == RUN_COMPLETE && !task_offload(add_steps_of_result, load, err))
            return false;
    }
    if (run->state == RUN_CUT) {
        out->error = cut_error(load->arena, run);
        add(load, CUT_EVENT_NUMBER, wrap(load->arena, "error", out->error));
    } else if (run->state == RUN_COMPLETE) {
        add(load, load->last + 1, wrap(load->arena, "complete", run->result));
    } else if (run->state != RUN_ACTIVE) {
        out->error = run->result;
        add(load, load->last + 1, wrap(load->arena, "error", run->result));
    }
    return true;
}

/* The store marks a run that was cut by an event, maybe between the reading of the row and of the
 * events. Of an end, the row alone is asked. */
static bool is_mark(const struct stored_event *event)
{
    return str_starts(str_from(event->json), STR("{\"event\":\"error\""));
}

TASK_WAITS bool stored_run_load(struct store *store, const char *id, int64_t after,
                                struct arena *arena, struct loaded_run *out, struct error *err)
{
    struct load load = {.arena = arena, .out = out, .last = after};
    struct stored_event *events;
    size_t count;
    *out = (struct loaded_run){0};
    /* The row first: what it says has ended has all its events. */
    if (!store_run_get(store, id, arena, &out->run, err) ||
        !store_run_events(store, id, after, arena, &events, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_mark(&events[i]))
            add(&load, events[i].sequence, events[i].json);
    return complete(&load, after, err);
}
