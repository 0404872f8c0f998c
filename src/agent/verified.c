/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verified.h"

#include <string.h>

#include "agent/calendar.h"
#include "core/json.h"
#include "core/log.h"
#include "planner/rules/follow_up.h"

#define LEANS 0.5 /* from here on a question goes on from the one before */

/* ------------------------------------------------------------------ reading and filling */

struct parse_work {
    const struct verified_record *record;
    struct arena *arena;
    struct verified_entry *out;
    bool ok;
    struct error error;
};

static void parse_in_thread(void *arg)
{
    struct parse_work *work = arg;
    work->ok = verified_parse(work->record, work->arena, work->out, &work->error);
}

TASK_WAITS bool verified_read(const struct verified_record *record, struct arena *arena,
                              struct verified_entry *out, struct error *err)
{
    struct parse_work work = {.record = record, .arena = arena, .out = out};
    if (!task_offload(parse_in_thread, &work, err))
        return false;
    if (!work.ok)
        *err = work.error;
    return work.ok;
}

static struct verified_place place_in(const struct knowledge *knowledge, const char *dataset_id)
{
    struct verified_place place = {
        .dataset = dataset_id ? catalog_find(knowledge->catalog, dataset_id) : NULL};
    if (place.dataset) {
        place.index = knowledge_index(knowledge, place.dataset);
        calendar_of(place.dataset, &place.calendar);
    }
    return place;
}

struct sample_work {
    struct agent *agent;
    const struct verified_entry *query;
    const struct verified_place *place;
    struct arena *arena;
    struct verified_value *values;
    bool ok;
    struct error error;
};

static void sample_in_thread(void *arg)
{
    struct sample_work *work = arg;
    work->ok = verified_samples(work->query, work->agent->planner, work->place, work->arena,
                                &work->values, &work->error);
}

TASK_WAITS static bool take_samples(struct agent *agent, const struct verified_entry *query,
                                    const struct verified_place *place, struct arena *arena,
                                    struct verified_value **values, struct error *err)
{
    struct sample_work work = {
        .agent = agent, .query = query, .place = place, .arena = arena};
    if (!task_offload(sample_in_thread, &work, err))
        return false;
    if (!work.ok)
        *err = work.error;
    *values = work.values;
    return work.ok;
}

/* The datasets of the catalog that the statement reads, its own among them. */
static bool datasets_of(const struct knowledge *knowledge, const struct dataset *own,
                        const char *sql, struct arena *arena,
                        const struct dataset *const **out, size_t *count, struct error *err)
{
    const struct catalog *catalog = knowledge->catalog;
    const struct dataset **all = arena_array(arena, catalog->dataset_count + 1, sizeof(*all));
    size_t all_count = 0;
    all[all_count++] = own; /* first: its table's name is its own */
    for (size_t i = 0; i < catalog->dataset_count; i++)
        if (&catalog->datasets[i] != own)
            all[all_count++] = &catalog->datasets[i];
    struct firewall_policy policy = {all, all_count};
    struct firewall_verdict verdict = {0};
    if (!firewall_check(&policy, str_from(sql), arena, &verdict, err))
        return false;
    const struct dataset **read =
        arena_array(arena, verdict.datasets_read_count + 1, sizeof(*read));
    bool reads_own = false;
    for (size_t i = 0; i < verdict.datasets_read_count; i++) {
        read[i] = all[verdict.datasets_read[i]];
        reads_own |= read[i] == own;
    }
    *out = read;
    *count = verdict.datasets_read_count;
    return reads_own || error_set(err, ERROR_INVALID, "the SQL does not read its dataset '%s'",
                                  own->id);
}

static enum sql_dialect dialect_of(struct agent *agent, const struct dataset *dataset,
                                   struct error *err)
{
    struct engine *engine = agent_engine(agent, dataset->source.engine, err);
    return engine ? engine_dialect(engine) : SQL_DIALECTS;
}

/* ------------------------------------------------------------------ checking */

bool verified_is_its_fault(enum error_code code)
{
    return code == ERROR_INVALID || code == ERROR_NOT_FOUND || code == ERROR_SQL_REFUSED ||
           code == ERROR_SQL_FAILED || code == ERROR_RESULT_TOO_LARGE || code == ERROR_TOO_LARGE;
}

/* As a run would execute it: through run_statement(), the only way to an engine. */
TASK_WAITS static bool try_sql(struct run *run, const char *sql,
                               const struct dataset *const *datasets, size_t count,
                               struct error *err)
{
    struct plan_dataset *places = arena_array(run->arena, count, sizeof(*places));
    for (size_t i = 0; i < count; i++)
        places[i] = (struct plan_dataset){.dataset = datasets[i]};
    run->request.plan.datasets = places;
    run->request.plan.dataset_count = count;
    const struct statement *statement = run_statement(run, sql);
    if (!statement->rows)
        *err = statement->error;
    return statement->rows != NULL;
}

TASK_WAITS bool verified_check(struct agent *agent, const struct verified_entry *query,
                               const char *same_schema, struct arena *arena, const char **schema,
                               struct error *err)
{
    struct question question = {.text = query->question, .user_id = "verified"};
    struct run *run = run_new(agent, &question, err);
    if (!run)
        return false;
    struct verified_place place = place_in(run->knowledge, query->dataset_id);
    struct verified_value *values;
    const struct dataset *const *datasets;
    size_t count;
    const char *sql;
    bool ok = false;
    if (!query->dataset_id)
        error_set(err, ERROR_INVALID, "it is not known which dataset the query is about; set it");
    else if (!place.dataset)
        error_set(err, ERROR_NOT_FOUND, "dataset '%s' does not exist", query->dataset_id);
    else
        ok = verified_check_slots(query, place.dataset, err);
    enum sql_dialect dialect = ok ? dialect_of(agent, place.dataset, err) : SQL_DIALECTS;
    ok = ok && dialect != SQL_DIALECTS &&
         take_samples(agent, query, &place, run->arena, &values, err) &&
         verified_fill(query, values, place.dataset, dialect, run->arena, &sql, err) &&
         datasets_of(run->knowledge, place.dataset, sql, run->arena, &datasets, &count, err);
    if (ok) {
        const char *now = verified_schema(place.dataset, datasets, count, arena);
        ok = (same_schema && strcmp(now, same_schema) == 0) || try_sql(run, sql, datasets, count, err);
        *schema = ok ? now : NULL;
    }
    run_free(run);
    return ok;
}

/* Tells the store how a trial has ended, unless somebody has changed the record meanwhile. */
TASK_WAITS static void keep_outcome(struct agent *agent, const struct verified_entry *query,
                                    const char *schema, const struct error *failure)
{
    struct arena *arena = arena_new();
    struct verified_record record;
    struct error err = {0};
    bool ok = store_verified_get(agent->store, query->id, arena, &record, &err) &&
              record.revision == query->revision && record.state == VERIFIED_APPROVED;
    if (ok) {
        record.state = failure ? VERIFIED_PARKED : VERIFIED_APPROVED;
        record.reason = failure ? arena_printf(arena, "%s: %s", error_name(failure->code),
                                               failure->message)
                                : NULL;
        record.schema = schema ? schema : record.schema;
        ok = store_verified_update(agent->store, arena, &record, &err) &&
             agent_reload_verified(agent, &err);
    }
    if (!ok && err.code != ERROR_NONE && err.code != ERROR_CONFLICT)
        log_warn("verified query '%s': %s", query->id, err.message);
    arena_free(arena);
}

/* Does what was found out hold for the dataset that the query was approved for? */
static bool concerns_store(struct agent *agent, const struct verified_entry *query)
{
    struct knowledge *knowledge = agent_take_knowledge(agent);
    const struct dataset *dataset = catalog_find(knowledge->catalog, query->dataset_id);
    bool concerns = !query->from_document && dataset &&
                    (!query->schema || verified_schema_is_of(query->schema, dataset));
    knowledge_unref(knowledge);
    return concerns;
}

TASK_WAITS bool verified_recheck(struct agent *agent, struct verified_entry *query, bool anew,
                                 struct arena *arena, struct error *err)
{
    const char *schema = NULL;
    bool ok = verified_check(agent, query, anew ? NULL : query->schema, arena, &schema, err);
    if (!ok && !verified_is_its_fault(err->code))
        return false;
    atomic_store(&query->trial, ok ? VERIFIED_WORKS : VERIFIED_BROKEN);
    if (!ok)
        log_warn("the verified query '%s' does not work on this data: %s", query->id, err->message);
    bool changed = !ok || !query->schema || strcmp(query->schema, schema) != 0;
    if (changed && concerns_store(agent, query))
        keep_outcome(agent, query, schema, ok ? NULL : err);
    return ok;
}

/* No other one answers the same question. */
TASK_WAITS static bool check_rivals(struct agent *agent, const struct verified_entry *query,
                                    int64_t *version, struct error *err)
{
    if (!agent_reload_verified(agent, err))
        return false;
    struct verified_set *set = agent_take_verified(agent);
    const struct verified_entry *rival = verified_set_rival(set, query);
    if (rival)
        error_set(err, ERROR_CONFLICT,
                  "the question is that of '%s' already; retire that one, or ask otherwise",
                  rival->id);
    *version = set->version;
    verified_set_unref(set);
    return !rival;
}

TASK_WAITS bool verified_save(struct agent *agent, struct verified_record *record,
                              struct arena *arena, struct error *err)
{
    struct verified_entry query;
    if (!verified_read(record, arena, &query, err))
        return false;
    struct verified_record plain = verified_to_record(&query, arena); /* in the one form of slots */
    record->slots = plain.slots;
    record->variants = plain.variants;
    if (record->state == VERIFIED_APPROVED) {
        /* Twice, for the statement may take long, and another be approved meanwhile. */
        if (!check_rivals(agent, &query, &record->compared_at, err) ||
            !verified_check(agent, &query, NULL, arena, &record->schema, err) ||
            !check_rivals(agent, &query, &record->compared_at, err))
            return false;
        record->reason = record->approved_at = NULL; /* approved now */
    }
    bool ok = record->id ? store_verified_update(agent->store, arena, record, err)
                         : store_verified_add(agent->store, arena, record, err);
    return ok && agent_reload_verified(agent, err);
}

/* ------------------------------------------------------------------ finding */

struct match_work {
    struct run *run;
    struct verified_match match;
};

static bool may_read(const struct run *run, const struct dataset *dataset)
{
    bool listed = run->question.dataset_filter_count == 0;
    for (size_t i = 0; i < run->question.dataset_filter_count && !listed; i++)
        listed = strcmp(run->question.dataset_filter[i], dataset->id) == 0;
    return listed;
}

static struct verified_place place_of(void *context, const char *dataset_id)
{
    struct run *run = context;
    struct verified_place place = place_in(run->knowledge, dataset_id);
    if (place.dataset && !may_read(run, place.dataset))
        place.dataset = NULL;
    return place;
}

static void match_in_thread(void *arg)
{
    struct match_work *work = arg;
    struct verified_request request = {
        .question = str_from(work->run->question.text),
        .planner = work->run->agent->planner,
        .place = place_of,
        .context = work->run,
    };
    verified_set_match(work->run->verified_set, &request, work->run->arena, &work->match);
}

/* Does it work on the data as it is now? */
TASK_WAITS static bool still_works(struct run *run, struct verified_entry *query,
                                   const char *schema, struct error *err)
{
    if (schema && ((query->schema && strcmp(query->schema, schema) == 0) ||
                   atomic_load(&query->trial) == VERIFIED_WORKS))
        return true;
    return verified_recheck(run->agent, query, true, run->arena, err);
}

/* The statement for this question, if all that it reads may be read and is as it was. */
TASK_WAITS static bool prepare(struct run *run, const struct verified_match *match,
                               struct run_verified *out, struct error *err)
{
    const struct dataset *dataset = match->place.dataset;
    enum sql_dialect dialect = dialect_of(run->agent, dataset, err);
    *out = (struct run_verified){.match = *match};
    if (dialect == SQL_DIALECTS || !verified_fill(match->query, match->values, dataset, dialect,
                                                  run->arena, &out->sql, err))
        return false;
    bool ok = datasets_of(run->knowledge, dataset, out->sql, run->arena, &out->datasets,
                          &out->dataset_count, err);
    for (size_t i = 0; i < out->dataset_count && ok; i++)
        ok = may_read(run, out->datasets[i]) ||
             error_set(err, ERROR_INVALID, "it reads '%s', too", out->datasets[i]->id);
    const char *schema =
        ok ? verified_schema(dataset, out->datasets, out->dataset_count, run->arena) : NULL;
    return ok && still_works(run, match->query, schema, err);
}

TASK_WAITS bool verified_find(struct run *run, struct error *err)
{
    struct str question = str_from(run->question.text);
    struct match_work work = {.run = run};
    if (!run->verified_set ||
        !verified_set_may_match(run->verified_set, question, run->arena) ||
        (run->history_count > 0 && follow_up_lean(question) >= LEANS))
        return true;
    if (!task_offload(match_in_thread, &work, err))
        return false;
    if (!work.match.query)
        return true;
    struct run_verified *verified = arena_alloc(run->arena, sizeof(*verified));
    struct error why = {0};
    if (prepare(run, &work.match, verified, &why)) {
        run->verified = verified;
        return true;
    }
    log_info("the verified query '%s' does not answer: %s", work.match.query->id, why.message);
    return task_check(err);
}

/* ------------------------------------------------------------------ what is told of it */

const char *verified_reason(const struct run *run)
{
    const struct verified_entry *query = run->verified->match.query;
    return arena_printf(run->arena, "the question is a verified one%s%s",
                        query->owner ? ", of " : "", query->owner ? query->owner : "");
}

/* "How much did we sell in North?" reads as "How much did we sell in North: 5 EUR." */
static const char *reading_of(const struct run *run)
{
    struct str text = str_from(run->question.text);
    while (text.length > 0 && strchr("?!. ", text.bytes[text.length - 1]))
        text.length--;
    return arena_strndup(run->arena, text.bytes, text.length);
}

static const char *bounds_of(const struct period *period, struct arena *arena)
{
    return period_bounds(period->from, period->to, arena);
}

/* The periods with their bounds: they are stated in the answer. */
static void propose_periods(struct run *run)
{
    const struct run_verified *verified = run->verified;
    const struct verified_entry *query = verified->match.query;
    struct llm_proposal *out = &run->proposal;
    struct period *periods = arena_array(run->arena, query->slot_count, sizeof(*periods));
    const char **assumptions = arena_array(run->arena, query->slot_count, sizeof(*assumptions));
    for (size_t i = 0; i < query->slot_count; i++) {
        if (query->slots[i].kind != SLOT_PERIOD && query->slots[i].kind != SLOT_DATE)
            continue;
        const struct period *period = &verified->match.values[i].period;
        periods[out->period_count++] = *period;
        const char *name = period_name(period->from, period->to, run->arena);
        if (period->assumption)
            assumptions[out->assumption_count++] = period->assumption;
        else if (!name || !strcasestr(period->words, name))
            assumptions[out->assumption_count++] = arena_printf(
                run->arena, "\"%s\" is %s", period->words, bounds_of(period, run->arena));
    }
    out->periods = periods;
    out->assumptions = assumptions;
}

void verified_propose(struct run *run)
{
    run->proposal = (struct llm_proposal){
        .outcome = LLM_QUERY,
        .dataset = run->verified->match.place.dataset,
        .sql = run->verified->sql,
        .reading = reading_of(run),
        .reason = verified_reason(run),
        .sureness = 1,
        .explanation = verified_line(run->verified, run->arena),
    };
    propose_periods(run);
}

static void add_value_json(const struct verified_slot *slot, const struct verified_value *value,
                           struct strbuf *out)
{
    json_add_key(out, slot->name);
    if (slot->kind == SLOT_PERIOD) {
        strbuf_add_char(out, '{');
        json_add_key(out, "words");
        json_add_text(out, value->period.words);
        json_add_key(out, "from");
        json_add_text(out, value->period.from);
        json_add_key(out, "to");
        json_add_text(out, value->period.to);
        strbuf_add_char(out, '}');
    } else if (slot->kind == SLOT_NUMBER) {
        strbuf_add(out, value->text); /* span_number() has written it */
    } else {
        json_add_text(out, value->text);
    }
}

void verified_json(const struct run_verified *verified, struct strbuf *out)
{
    const struct verified_entry *query = verified->match.query;
    strbuf_add_char(out, '{');
    json_add_key(out, "id");
    json_add_text(out, query->id);
    json_add_key(out, "question");
    json_add_text(out, query->question);
    json_add_key(out, "owner");
    json_add_text(out, query->owner);
    json_add_key(out, "date");
    json_add_text(out, query->date);
    json_add_key(out, "slots");
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < query->slot_count; i++)
        add_value_json(&query->slots[i], &verified->match.values[i], out);
    strbuf_add(out, "}}");
}

const char *verified_line(const struct run_verified *verified, struct arena *arena)
{
    const struct verified_entry *query = verified->match.query;
    const char *text =
        arena_printf(arena, "Verified%s%s%s%s", query->owner ? " by " : "",
                     query->owner ? query->owner : "", query->date ? " on " : "",
                     query->date ? query->date : "");
    for (size_t i = 0; i < query->slot_count; i++) {
        const struct verified_value *value = &verified->match.values[i];
        const char *shown = value->text ? value->text : bounds_of(&value->period, arena);
        text = arena_printf(arena, "%s%s%s = %s", text, i == 0 ? "; " : ", ",
                            query->slots[i].name, shown);
    }
    return text;
}
