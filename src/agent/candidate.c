/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an answer that somebody liked, or corrected, to a candidate for a verified query. The tree
 * of the answer's query knows which of its values and periods came from words of the question:
 * each that stands once in the question and once in the SQL becomes a slot, which an administrator
 * then confirms or takes back.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/verified.h"
#include "core/json.h"
#include "planner/print/print.h"
#include "planner/print/query_json.h"

/* A question and SQL in which slots take the place of words and literals. */
struct template {
    struct arena *arena;
    const struct dataset *dataset;
    enum sql_dialect dialect;
    const char *question, *sql;
    struct verified_slot slots[VERIFIED_SLOTS_MAX];
    size_t slot_count;
};

/* Where `part` is in `text`, if it is there once; -1 else. `whole`: not within a longer word. */
static ptrdiff_t find_once(const char *text, const char *part, bool whole)
{
    size_t length = strlen(part);
    ptrdiff_t found = -1;
    for (const char *at = text; length > 0 && (at = strcasestr(at, part)); at++) {
        bool inside = whole && ((at > text && char_is_alnum(at[-1])) || char_is_alnum(at[length]));
        if (inside)
            continue;
        if (found >= 0)
            return -1;
        found = at - text;
    }
    return found;
}

static const char *replaced(struct arena *arena, const char *text, ptrdiff_t at, size_t length,
                            const char *with)
{
    return arena_printf(arena, "%.*s%s%s", (int)at, text, with, text + at + length);
}

/* A name that no slot has: from the column's, with a number where it is taken. */
static const char *slot_name(const struct template *t, const char *from)
{
    char name[SLOT_NAME_MAX - 2];
    size_t length = 0;
    for (const char *c = from; *c && length + 1 < sizeof(name); c++)
        if (char_is_alpha(*c) || (length > 0 && (char_is_digit(*c) || *c == '_')))
            name[length++] = char_lower(*c);
        else if (length > 0 && name[length - 1] != '_')
            name[length++] = '_';
    name[length] = '\0';
    const char *unique = arena_strdup(t->arena, length > 0 ? name : "value");
    for (size_t i = 0; i < t->slot_count; i++)
        if (strcmp(t->slots[i].name, unique) == 0)
            return arena_printf(t->arena, "%s_%zu", unique, t->slot_count + 1);
    return unique;
}

static void put_in_question(struct template *t, ptrdiff_t at, size_t length, const char *name)
{
    t->question = replaced(t->arena, t->question, at, length,
                           arena_printf(t->arena, "{%s}", name));
}

static void add_value(struct template *t, const struct column *column, const char *value)
{
    struct error ignored = {0};
    const char *literal =
        literal_print(value, VALUE_TEXT, column, t->dialect, t->arena, &ignored);
    ptrdiff_t in_question = find_once(t->question, value, true);
    ptrdiff_t in_sql = literal ? find_once(t->sql, literal, false) : -1;
    bool stored = false;
    for (size_t i = 0; i < column->profile.value_count && !stored; i++)
        stored = strcmp(column->profile.values[i].text, value) == 0;
    if (in_question < 0 || in_sql < 0 || !stored || column->kind != VALUE_TEXT ||
        dataset_column(t->dataset, column->name) != column || t->slot_count == VERIFIED_SLOTS_MAX)
        return;
    const char *name = slot_name(t, column->name);
    put_in_question(t, in_question, strlen(value), name);
    t->sql = replaced(t->arena, t->sql, in_sql, strlen(literal),
                      arena_printf(t->arena, "{%s}", name));
    t->slots[t->slot_count++] = (struct verified_slot){
        .name = name, .kind = SLOT_TEXT, .column = column->name, .sample = value};
}

static void add_period(struct template *t, const struct condition *condition)
{
    struct error ignored = {0};
    const char *from = condition->from ? literal_print(condition->from, VALUE_DATE, NULL,
                                                       t->dialect, t->arena, &ignored)
                                       : NULL;
    const char *to = condition->to ? literal_print(condition->to, VALUE_DATE, NULL, t->dialect,
                                                   t->arena, &ignored)
                                   : NULL;
    ptrdiff_t in_question = condition->words ? find_once(t->question, condition->words, true) : -1;
    if (in_question < 0 || !from || !to || find_once(t->sql, from, false) < 0 ||
        find_once(t->sql, to, false) < 0 || t->slot_count == VERIFIED_SLOTS_MAX)
        return;
    const char *name = slot_name(t, "time");
    put_in_question(t, in_question, strlen(condition->words), name);
    t->sql = replaced(t->arena, t->sql, find_once(t->sql, from, false), strlen(from),
                      arena_printf(t->arena, "{%s.from}", name));
    t->sql = replaced(t->arena, t->sql, find_once(t->sql, to, false), strlen(to),
                      arena_printf(t->arena, "{%s.to}", name));
    t->slots[t->slot_count++] =
        (struct verified_slot){.name = name, .kind = SLOT_PERIOD, .sample = condition->words};
}

static void add_limit(struct template *t, int64_t limit)
{
    const char *number = arena_printf(t->arena, "%lld", (long long)limit);
    const char *clause = arena_printf(t->arena, "LIMIT %s", number);
    ptrdiff_t in_question = find_once(t->question, number, true);
    ptrdiff_t in_sql = find_once(t->sql, clause, true);
    if (limit <= 0 || in_question < 0 || in_sql < 0 || t->slot_count == VERIFIED_SLOTS_MAX)
        return;
    const char *name = slot_name(t, "count");
    put_in_question(t, in_question, strlen(number), name);
    t->sql = replaced(t->arena, t->sql, in_sql, strlen(clause),
                      arena_printf(t->arena, "LIMIT {%s}", name));
    t->slots[t->slot_count++] =
        (struct verified_slot){.name = name, .kind = SLOT_NUMBER, .sample = number};
}

/* Only what must hold as a whole: within an OR or a NOT a value is part of a longer thought. */
static void add_conditions(struct template *t, const struct condition *condition)
{
    if (!condition)
        return;
    if (condition->kind == CONDITION_AND) {
        for (size_t i = 0; i < condition->part_count; i++)
            add_conditions(t, condition->parts[i]);
    } else if (condition->kind == CONDITION_PERIOD) {
        add_period(t, condition);
    } else if (condition->kind == CONDITION_COMPARE && condition->comparison == COMPARE_EQUAL &&
               condition->value_count == 1 && condition->left->kind == EXPRESSION_COLUMN &&
               condition->values[0].kind == EXPRESSION_LITERAL) {
        add_value(t, condition->left->column, condition->values[0].literal);
    }
}

struct candidate_work {
    struct knowledge *knowledge;
    const struct answered *answer;
    const char *corrected_sql, *user_id;
    enum sql_dialect dialect;
    struct arena *arena;
    struct verified_record *out;
    bool ok;
};

static const struct dataset *find_dataset(void *context, const char *id)
{
    const struct candidate_work *work = context;
    return catalog_find(work->knowledge->catalog, id);
}

static const struct query *query_of(struct candidate_work *work, const json_t *metadata)
{
    json_t *tree = json_object_get(metadata, "query");
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    struct error ignored = {0}; /* then there are no slots to suggest */
    const struct query *query =
        text ? query_from_json(str_from(text), find_dataset, work, work->arena, &ignored) : NULL;
    free(text);
    return query;
}

static void fill_record(struct candidate_work *work, const struct template *t)
{
    struct strbuf slots = strbuf_init(STORE_VERIFIED_JSON_MAX);
    verified_slots_json(t->slots, t->slot_count, &slots);
    *work->out = (struct verified_record){
        .state = VERIFIED_CANDIDATE,
        .question = t->question,
        .variants = "[]",
        .dataset_id = t->dataset ? arena_strdup(work->arena, t->dataset->id) : NULL,
        .sql = t->sql,
        .slots = arena_strdup(work->arena, strbuf_text(&slots)),
        .proposed_by = work->user_id,
        .run_id = work->answer->run_id,
        .message_id = work->answer->message_id,
        .turn = work->answer->turn,
    };
    strbuf_clear(&slots);
}

/* Slots that would not hold are none: the question and SQL as they are. */
static bool is_sound(struct candidate_work *work)
{
    struct verified_entry entry;
    struct error ignored = {0};
    return verified_parse(work->out, work->arena, &entry, &ignored);
}

static void make_candidate(void *arg)
{
    struct candidate_work *work = arg;
    json_t *metadata = work->answer->metadata ? json_loads(work->answer->metadata, 0, NULL) : NULL;
    const char *status = json_string_value(json_object_get(metadata, "status"));
    const char *dataset_id = json_string_value(json_object_get(metadata, "dataset_id"));
    const char *sql = work->corrected_sql ? work->corrected_sql : work->answer->sql;
    bool answered = status && strcmp(status, "answered") == 0;
    bool verified = json_object_get(metadata, "verified") && !work->corrected_sql;
    if (sql && (answered || work->corrected_sql) && !verified) {
        struct template t = {
            .arena = work->arena,
            .dataset = dataset_id ? find_dataset(work, dataset_id) : NULL,
            .dialect = work->dialect,
            .question = work->answer->question,
            .sql = sql,
        };
        struct template plain = t;
        const struct query *query = t.dataset ? query_of(work, metadata) : NULL;
        if (query && query->set_operation == SET_NONE) {
            add_conditions(&t, query->where);
            add_limit(&t, query->limit);
        }
        fill_record(work, &t);
        if (!is_sound(work))
            fill_record(work, &plain);
        work->ok = true;
    }
    json_decref(metadata);
}

TASK_WAITS bool candidate_from_answer(struct agent *agent, const struct answered *answer,
                                      const char *corrected_sql, const char *user_id,
                                      struct arena *arena, struct verified_record *out)
{
    struct error ignored = {0};
    struct engine *engine = agent_engine(agent, NULL, &ignored);
    struct candidate_work work = {
        .knowledge = agent_take_knowledge(agent),
        .answer = answer,
        .corrected_sql = corrected_sql,
        .user_id = user_id,
        .dialect = engine ? engine_dialect(engine) : DIALECT_DUCKDB,
        .arena = arena,
        .out = out,
    };
    bool made = task_offload(make_candidate, &work, &ignored) && work.ok;
    knowledge_unref(work.knowledge);
    return made;
}
