/* SPDX-License-Identifier: Apache-2.0 */
/* Choices and decisions in the cache, as JSON. */
#include "agent/cached.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cached_parts.h"
#include "core/json.h"
#include "core/settings.h"
#include "planner/print/query_json.h"

#define DECISION_SIZE_MAX (512 * 1024)
#define LIST_LENGTH_MAX 100 /* assumptions, periods, options */

/* ------------------------------------------------------------------ keys */

static struct str previous_query(struct run *run)
{
    if (!run->request.plan.previous)
        return STR("");
    struct strbuf json = strbuf_init(DECISION_SIZE_MAX);
    query_to_json(run->request.plan.previous, &json);
    struct str text = arena_str(run->arena, strbuf_str(&json));
    strbuf_clear(&json);
    return text;
}

static void add_datasets(struct cache_parts *parts, const struct run *run,
                         const struct plan_dataset *datasets, size_t count)
{
    cache_parts_add_integer(parts, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        cache_parts_add_dataset(parts, run, datasets[i].dataset);
        cache_parts_add_double(parts, datasets[i].score);
        cache_parts_add_text(parts, datasets[i].calendar ? datasets[i].calendar->today : "");
    }
}

/* What a language model is given beside. */
static void add_model_input(struct cache_parts *parts, const struct run *run)
{
    const struct llm_request *request = &run->request;
    cache_parts_add_llm(parts, run);
    cache_parts_add_text(parts, request->model ? request->model : "");
    cache_parts_add_double(parts, request->temperature);
    cache_parts_add_integer(parts, request->sees);
    cache_parts_add_integer(parts, request->masks);
    cache_parts_add_double(parts, request->margin);
    cache_parts_add_integer(parts, settings_integer("QUERENT_MAX_REPAIRS"));
    cache_parts_add_text(parts, request->previous_dataset ? request->previous_dataset->id : "");
    cache_parts_add_integer(parts, (int64_t)request->history_count);
    for (size_t i = 0; i < request->history_count; i++) {
        const struct llm_turn *turn = &request->history[i];
        cache_parts_add_text(parts, turn->question);
        cache_parts_add_text(parts, turn->answer ? turn->answer : "");
        cache_parts_add_text(parts, turn->sql ? turn->sql : "");
    }
    cache_parts_add_integer(parts, (int64_t)request->example_count);
    for (size_t i = 0; i < request->example_count; i++) {
        cache_parts_add_text(parts, request->examples[i].question);
        cache_parts_add_text(parts, request->examples[i].sql);
    }
}

/* All that select and generate are given, and what bounds the statements that they try: one that
 * fails for another reason than itself, the data or these limits ends the run. */
static struct cache_key decision_key(struct run *run, enum cache_type type)
{
    const struct llm_request *request = &run->request;
    const struct plan_request *plan = &request->plan;
    struct cache_parts parts = {.arena = run->arena};
    cache_parts_add_text(&parts, llm_model_id(run->agent->llm));
    cache_parts_add_text(&parts, planner_words_id(run->agent->planner));
    cache_parts_add(&parts, cache_parts_fold_blanks(run->arena, run->question.text));
    cache_parts_add(&parts, previous_query(run));
    cache_parts_add(&parts, plan->previous_question);
    cache_parts_add_integer(&parts, plan->previous_lost);
    add_datasets(&parts, run, plan->datasets, plan->dataset_count);
    add_datasets(&parts, run, plan->joinable, plan->joinable_count);
    cache_parts_add_text(&parts, plan->calendar.today);
    cache_parts_add_integer(&parts, plan->calendar.week_start);
    cache_parts_add_integer(&parts, plan->calendar.fiscal_year_start);
    cache_parts_add_integer(&parts, plan->dialect);
    cache_parts_add_double(&parts, request->sureness_min);
    cache_parts_add_double(&parts, request->explained);
    cache_parts_add_integer(&parts, run->question.explain);
    if (llm_writes_answers(run->agent->llm))
        add_model_input(&parts, run);
    cache_parts_add_limits(&parts);
    return cache_parts_key(&parts, type);
}

/* ------------------------------------------------------------------ reading */

/* Only what this run may read: others are not there. */
static const struct dataset *find_readable(void *context, const char *id)
{
    const struct run *run = context;
    const struct plan_request *plan = &run->request.plan;
    for (size_t i = 0; i < plan->dataset_count; i++)
        if (strcmp(plan->datasets[i].dataset->id, id) == 0)
            return plan->datasets[i].dataset;
    for (size_t i = 0; i < plan->joinable_count; i++)
        if (strcmp(plan->joinable[i].dataset->id, id) == 0)
            return plan->joinable[i].dataset;
    return NULL;
}

static const char *read_text(struct run *run, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? arena_strdup(run->arena, text) : NULL;
}

/* False when it names a dataset that is not there. */
static bool read_dataset(struct run *run, const json_t *object, const struct dataset **out)
{
    const char *id = json_string_value(json_object_get(object, "dataset"));
    *out = id ? find_readable(run, id) : NULL;
    return *out || !id;
}

static const char *const *read_texts(struct run *run, const json_t *object, const char *key,
                                     size_t *count)
{
    const json_t *list = json_object_get(object, key);
    *count = json_array_size(list) < LIST_LENGTH_MAX ? json_array_size(list) : LIST_LENGTH_MAX;
    const char **texts = arena_array(run->arena, *count, sizeof(*texts));
    for (size_t i = 0; i < *count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        texts[i] = arena_strdup(run->arena, text ? text : "");
    }
    return texts;
}

static void read_periods(struct run *run, const json_t *object, struct llm_proposal *out)
{
    const json_t *list = json_object_get(object, "periods");
    out->period_count =
        json_array_size(list) < LIST_LENGTH_MAX ? json_array_size(list) : LIST_LENGTH_MAX;
    struct period *periods = arena_array(run->arena, out->period_count, sizeof(*periods));
    for (size_t i = 0; i < out->period_count; i++) {
        const json_t *item = json_array_get(list, i);
        periods[i] = (struct period){
            .begin = (size_t)json_integer_value(json_object_get(item, "begin")),
            .end = (size_t)json_integer_value(json_object_get(item, "end")),
            .words = read_text(run, item, "words"),
            .from = read_text(run, item, "from"),
            .to = read_text(run, item, "to"),
            .unit = (enum time_unit)json_integer_value(json_object_get(item, "unit")),
            .comparison = json_is_true(json_object_get(item, "comparison")),
            .ambiguous = json_is_true(json_object_get(item, "ambiguous")),
            .assumption = read_text(run, item, "assumption"),
        };
        if (periods[i].unit >= TIME_UNITS)
            periods[i].unit = UNIT_NONE;
    }
    out->periods = periods;
}

static bool read_query(struct run *run, const json_t *object, const struct query **out)
{
    const json_t *tree = json_object_get(object, "query");
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    struct error ignored = {0}; /* a miss */
    *out = text ? query_from_json(str_from(text), find_readable, run, run->arena, &ignored) : NULL;
    free(text);
    return *out || !tree;
}

struct decoding {
    struct run *run;
    struct str value;
    bool (*read)(struct run *run, const json_t *object);
    bool ok;
};

static bool read_selection(struct run *run, const json_t *object)
{
    struct llm_selection selection = {.reason = read_text(run, object, "reason")};
    if (!selection.reason || !read_dataset(run, object, &selection.dataset))
        return false;
    run->selection = selection;
    return true;
}

static bool read_proposal(struct run *run, const json_t *object)
{
    json_int_t outcome = json_integer_value(json_object_get(object, "outcome"));
    struct llm_proposal proposal = {
        .outcome = (enum llm_outcome)outcome,
        .sql = read_text(run, object, "sql"),
        .reading = read_text(run, object, "reading"),
        .reason = read_text(run, object, "reason"),
        .sureness = json_number_value(json_object_get(object, "sureness")),
        .sentence = read_text(run, object, "sentence"),
        .explanation = read_text(run, object, "explanation"),
        .model = read_text(run, object, "model"),
    };
    if (outcome < 0 || outcome >= LLM_OUTCOMES || (outcome == LLM_QUERY && !proposal.sql) ||
        !read_dataset(run, object, &proposal.dataset) || !read_query(run, object, &proposal.query))
        return false;
    proposal.assumptions = read_texts(run, object, "assumptions", &proposal.assumption_count);
    proposal.options = read_texts(run, object, "options", &proposal.option_count);
    read_periods(run, object, &proposal);
    run->proposal = proposal;
    return true;
}

/* JSON nests: on a thread's stack. */
static void decode(void *arg)
{
    struct decoding *decoding = arg;
    json_t *object = json_loadb(decoding->value.bytes, decoding->value.length, 0, NULL);
    decoding->ok = json_is_object(object) && decoding->read(decoding->run, object);
    json_decref(object);
}

TASK_WAITS static bool get(struct run *run, enum cache_type type,
                           bool (*read)(struct run *run, const json_t *object))
{
    if (!run->question.use_cache || run->question.dry)
        return false;
    struct cache_key key = decision_key(run, type);
    struct decoding decoding = {.run = run, .read = read};
    enum cache_level level = cache_get(run->agent->cache, type, &key, run->arena, &decoding.value);
    struct error ignored = {0}; /* no time left: the step itself will say so */
    if (level == CACHE_MISS || !task_offload(decode, &decoding, &ignored) || !decoding.ok)
        return false;
    run->cache_hits[type] = level;
    return true;
}

TASK_WAITS bool cached_selection_get(struct run *run)
{
    return get(run, CACHE_DATASET_SELECTION, read_selection);
}

TASK_WAITS bool cached_proposal_get(struct run *run)
{
    run->cache_hits[CACHE_SQL_GENERATION] = CACHE_MISS; /* a repair comes here again */
    return !run->request.failure && get(run, CACHE_SQL_GENERATION, read_proposal);
}

/* ------------------------------------------------------------------ writing */

static void write_text(struct strbuf *out, const char *key, const char *text)
{
    if (!text)
        return; /* a missing key means NULL */
    json_add_key(out, key);
    json_add_text(out, text);
}

static void write_texts(struct strbuf *out, const char *key, const char *const *texts, size_t count)
{
    json_add_key(out, key);
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_add_separator(out);
        json_add_text(out, texts[i]);
    }
    strbuf_add_char(out, ']');
}

static void write_periods(struct strbuf *out, const struct llm_proposal *proposal)
{
    json_add_key(out, "periods");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < proposal->period_count; i++) {
        const struct period *period = &proposal->periods[i];
        json_add_separator(out);
        strbuf_printf(out, "{\"begin\":%zu,\"end\":%zu,\"unit\":%d", period->begin, period->end,
                      (int)period->unit);
        write_text(out, "words", period->words);
        write_text(out, "from", period->from);
        write_text(out, "to", period->to);
        json_add_key(out, "comparison");
        strbuf_add(out, period->comparison ? "true" : "false");
        json_add_key(out, "ambiguous");
        strbuf_add(out, period->ambiguous ? "true" : "false");
        write_text(out, "assumption", period->assumption);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void write_proposal(struct strbuf *out, const struct run *run)
{
    const struct llm_proposal *proposal = &run->proposal;
    strbuf_add_char(out, '{');
    json_add_key(out, "outcome");
    json_add_integer(out, proposal->outcome);
    write_text(out, "dataset", proposal->dataset ? proposal->dataset->id : NULL);
    write_text(out, "sql", proposal->sql);
    if (proposal->query) {
        json_add_key(out, "query");
        query_to_json(proposal->query, out);
    }
    write_text(out, "reading", proposal->reading);
    write_text(out, "reason", proposal->reason);
    write_texts(out, "assumptions", proposal->assumptions, proposal->assumption_count);
    write_periods(out, proposal);
    json_add_key(out, "sureness");
    json_add_double(out, proposal->sureness);
    write_text(out, "sentence", proposal->sentence);
    write_text(out, "model", proposal->model);
    write_texts(out, "options", proposal->options, proposal->option_count);
    if (run->question.explain)
        write_text(out, "explanation", proposal->explanation);
    strbuf_add_char(out, '}');
}

static void put(struct run *run, enum cache_type type, const struct strbuf *value,
                const struct dataset *dataset)
{
    if (!strbuf_ok(value))
        return;
    struct cache_key key = decision_key(run, type);
    cache_put(run->agent->cache, type, &key, strbuf_str(value), dataset ? dataset->id : NULL);
}

void cached_selection_put(struct run *run)
{
    if (!run->question.use_cache || run->question.dry || run->selection.passing)
        return;
    struct strbuf json = strbuf_init(DECISION_SIZE_MAX);
    strbuf_add_char(&json, '{');
    write_text(&json, "dataset", run->selection.dataset ? run->selection.dataset->id : NULL);
    write_text(&json, "reason", run->selection.reason);
    strbuf_add_char(&json, '}');
    put(run, CACHE_DATASET_SELECTION, &json, run->selection.dataset);
    strbuf_clear(&json);
}

void cached_proposal_put(struct run *run)
{
    const struct llm_proposal *proposal = &run->proposal;
    if (!run->question.use_cache || run->question.dry || proposal->passing ||
        proposal->assumption_count > LIST_LENGTH_MAX || proposal->period_count > LIST_LENGTH_MAX ||
        proposal->option_count > LIST_LENGTH_MAX)
        return;
    struct strbuf json = strbuf_init(DECISION_SIZE_MAX);
    write_proposal(&json, run);
    put(run, CACHE_SQL_GENERATION, &json, proposal->dataset);
    strbuf_clear(&json);
}
