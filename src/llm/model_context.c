/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tables a prompt shows, and how: what a CREATE TABLE would say, with what people wrote about it. The
 * text depends on the tables alone, in the order of their ids, so that it is the same for all
 * questions about the same data.
 */
#include <stdlib.h>
#include <string.h>

#include "llm/model_priv.h"
#include "planner/query.h"
#include "sql/allow_lists.h"

#define MARGIN_SURE 0.2 /* of retrieval: from here on the first candidate is shown alone */
#define LINK_SURE 0.6
#define CONTEXT_SIZE_MAX (1024 * 1024)
#define DESCRIPTION_MAX 1000 /* bytes; of a table */
#define COLUMN_TEXT_MAX 300
#define INSTRUCTIONS_MAX 2000
#define EXTRA_MAX 600
#define VALUE_MAX 60
#define VALUES_SHOWN_MAX 12 /* of a column with few values; of others fewer */
#define SAMPLES_SHOWN_MAX 3
#define CODES_MAX 5 /* of a column */
#define CODE_LENGTH_MAX 3
#define SYNONYMS_MAX 8

/* ------------------------------------------------------------------ choosing */

static bool is_shown(const struct decision *decision, const struct dataset *dataset)
{
    for (size_t i = 0; i < decision->table_count; i++)
        if (decision->tables[i] == dataset)
            return true;
    return false;
}

static bool is_linked(const struct decision *decision, const struct dataset *dataset)
{
    for (size_t i = 0; i < decision->link_count; i++)
        if (decision->links[i].dataset == dataset && decision->links[i].score >= LINK_SURE)
            return true;
    return false;
}

static bool are_joined(const struct dataset *one, const struct dataset *other)
{
    for (size_t r = 0; r < one->relationship_count; r++)
        if (strcmp(one->relationships[r].dataset_id, other->id) == 0)
            return true;
    for (size_t r = 0; r < other->relationship_count; r++)
        if (strcmp(other->relationships[r].dataset_id, one->id) == 0)
            return true;
    return false;
}

static bool is_joined(const struct decision *decision, const struct dataset *dataset)
{
    for (size_t i = 0; i < decision->table_count; i++)
        if (are_joined(decision->tables[i], dataset))
            return true;
    return false;
}

struct room {
    size_t tables, columns;
};

static void show(struct decision *decision, struct room *room, const struct dataset *dataset)
{
    if (is_shown(decision, dataset) || room->tables == 0 || dataset->column_count > room->columns)
        return;
    room->tables--;
    room->columns -= dataset->column_count;
    decision->tables[decision->table_count++] = dataset;
}

static int compare_ids(const void *a, const void *b)
{
    const struct dataset *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

/* A small model joins whatever it is shown: no two tables that have nothing to do with each other. It gets what the
 * planner reads, or retrieval's first, which is right more often than the model's own choice. */
static const struct dataset *find_only(const struct decision *decision)
{
    const struct plan_request *plan = &decision->request->plan;
    if (plan->dataset_count == 0)
        return NULL;
    if (decision->brief && decision->planned && decision->plan->dataset)
        return decision->plan->dataset;
    bool sure = decision->brief || decision->request->margin >= MARGIN_SURE;
    return sure ? plan->datasets[0].dataset : NULL;
}

/* Those that the question speaks of before those that may only lead to them. */
static void show_joined(struct decision *decision, struct room *room, bool all)
{
    const struct plan_request *plan = &decision->request->plan;
    for (size_t i = 0; i < plan->dataset_count; i++)
        if (is_joined(decision, plan->datasets[i].dataset))
            show(decision, room, plan->datasets[i].dataset);
    for (size_t i = 0; i < plan->joinable_count; i++)
        if (is_linked(decision, plan->joinable[i].dataset))
            show(decision, room, plan->joinable[i].dataset);
    for (size_t i = 0; i < plan->joinable_count && all; i++)
        show(decision, room, plan->joinable[i].dataset);
}

void model_choose_tables(struct decision *decision)
{
    const struct plan_request *plan = &decision->request->plan;
    const struct dataset *only = find_only(decision);
    const struct query *read = decision->brief && decision->planned ? decision->plan->query : NULL;
    size_t first = only ? 1 : plan->dataset_count;
    struct room room = {MODEL_TABLES_MAX, MODEL_COLUMNS_MAX};
    decision->tables =
        arena_array(decision->arena, first + MODEL_TABLES_MAX + 1, sizeof(*decision->tables));
    for (size_t i = 0; i < first; i++)
        decision->tables[decision->table_count++] = only ? only : plan->datasets[i].dataset;
    if (decision->request->previous_dataset)
        show(decision, &room, decision->request->previous_dataset);
    for (size_t i = 0; read && i < read->table_count; i++)
        show(decision, &room, read->tables[i].dataset);
    show_joined(decision, &room, !read);
    if (decision->table_count > 1)
        qsort(decision->tables, decision->table_count, sizeof(*decision->tables), compare_ids);
}

const struct dataset *model_find_table(const struct decision *decision, struct str name)
{
    for (size_t i = 0; i < decision->table_count; i++)
        if (str_equal_nocase(name, str_from(decision->tables[i]->table_name)))
            return decision->tables[i];
    for (size_t i = 0; i < decision->table_count; i++)
        if (str_equal_nocase(name, str_from(decision->tables[i]->id)))
            return decision->tables[i];
    return NULL;
}

/* ------------------------------------------------------------------ pieces */

static bool list_has(const struct text_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_nocase(str_from(list->items[i]), str_from(name)))
            return true;
    return false;
}

bool model_is_hidden(const struct dataset *dataset, const struct column *column)
{
    return list_has(&dataset->access.hidden, column->name);
}

bool model_shows_values(enum llm_sees sees, const struct dataset *dataset, const struct column *column)
{
    return sees != LLM_SEES_SCHEMA && !list_has(&dataset->access.hidden, column->name) &&
           !list_has(&dataset->access.mask_model, column->name);
}

static bool is_plain_name(const char *name)
{
    if (!char_is_alpha(*name) && *name != '_')
        return false;
    for (const char *c = name; *c; c++)
        if (!char_is_alnum(*c) && *c != '_')
            return false;
    return !is_reserved_word(str_from(name));
}

void model_add_name(struct strbuf *out, const char *name)
{
    bool plain = is_plain_name(name);
    strbuf_add(out, plain ? "" : "\"");
    for (const char *c = name; *c; c++) {
        if (*c == '"')
            strbuf_add_char(out, '"');
        strbuf_add_char(out, (unsigned char)*c < ' ' ? ' ' : *c);
    }
    strbuf_add(out, plain ? "" : "\"");
}

void model_add_line(struct strbuf *out, const char *text, size_t length_max)
{
    struct str rest = str_trim(str_from(text)), cut = str_cut_utf8(rest, length_max);
    bool blank = false;
    for (size_t i = 0; i < cut.length; i++) {
        char c = cut.bytes[i];
        bool is_blank = (unsigned char)c <= ' ' || c == 0x7F;
        if (!is_blank)
            strbuf_add_char(out, c);
        else if (!blank)
            strbuf_add_char(out, ' ');
        blank = is_blank;
    }
    if (cut.length < rest.length)
        strbuf_add(out, "...");
}

void model_add_value(struct strbuf *out, const char *text, size_t length_max)
{
    struct str rest = str_from(text), cut = str_cut_utf8(rest, length_max);
    strbuf_add_char(out, '\'');
    for (size_t i = 0; i < cut.length; i++) {
        if (cut.bytes[i] == '\'')
            strbuf_add_char(out, '\'');
        strbuf_add_char(out, (unsigned char)cut.bytes[i] < ' ' ? ' ' : cut.bytes[i]);
    }
    strbuf_add(out, cut.length < rest.length ? "...'" : "'");
}

/* Begins one more remark on a line. */
static void remark(struct strbuf *out, size_t *count)
{
    strbuf_add(out, (*count)++ == 0 ? " -- " : "; ");
}

static void add_synonyms(struct strbuf *out, size_t *count, const struct text_list *synonyms)
{
    for (size_t i = 0; i < synonyms->count && i < SYNONYMS_MAX; i++) {
        if (i == 0)
            remark(out, count);
        strbuf_add(out, i == 0 ? "also called " : ", ");
        model_add_line(out, synonyms->items[i], COLUMN_TEXT_MAX);
    }
}

static void add_text_remark(struct strbuf *out, size_t *count, const char *before, const char *text,
                            size_t length_max)
{
    if (!text || !*text)
        return;
    remark(out, count);
    strbuf_add(out, before);
    model_add_line(out, text, length_max);
}

/* ------------------------------------------------------------------ columns */

static void add_values(struct strbuf *out, size_t *count, const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    bool few = profile->values_complete && profile->value_count <= VALUES_SHOWN_MAX;
    size_t shown = few ? profile->value_count : SAMPLES_SHOWN_MAX;
    if (shown > profile->value_count)
        shown = profile->value_count;
    for (size_t i = 0; i < shown; i++) {
        if (i == 0)
            remark(out, count);
        strbuf_add(out, i > 0 ? ", " : few ? "" : "such as ");
        model_add_value(out, profile->values[i].text, VALUE_MAX);
    }
    if (profile->value_count > 0)
        return;
    for (size_t i = 0; i < column->sample_values.count && i < SAMPLES_SHOWN_MAX; i++) {
        if (i == 0)
            remark(out, count);
        strbuf_add(out, i == 0 ? "such as " : ", ");
        model_add_value(out, column->sample_values.items[i], VALUE_MAX);
    }
}

/* 'F', 'M': what no question spells. A small model takes all other values that it sees for conditions. */
static bool are_codes(const struct column_profile *profile)
{
    for (size_t i = 0; i < profile->value_count && i < CODES_MAX; i++)
        if (strlen(profile->values[i].text) > CODE_LENGTH_MAX)
            return false;
    return profile->values_complete && profile->value_count <= CODES_MAX;
}

static void add_range(struct strbuf *out, size_t *count, const struct column *column)
{
    if (!column->profile.min || !column->profile.max)
        return;
    remark(out, count);
    model_add_line(out, column->profile.min, VALUE_MAX);
    strbuf_add(out, " to ");
    model_add_line(out, column->profile.max, VALUE_MAX);
}

/* What the column holds. */
static void add_contents(struct strbuf *out, size_t *count, const struct decision *decision,
                         const struct dataset *dataset, const struct column *column)
{
    enum llm_sees sees = decision->request->sees;
    bool amounts = value_kind_is_number(column->kind) || value_kind_is_time(column->kind);
    if (!model_shows_values(sees, dataset, column) || column->role == ROLE_KEY ||
        (decision->request->without & LLM_PART_VALUES) ||
        (decision->brief && (amounts || !are_codes(&column->profile))))
        return;
    /* The least and the greatest are cells of single rows; of times they are what makes questions work. */
    if (amounts && (sees == LLM_SEES_ROWS || value_kind_is_time(column->kind)))
        add_range(out, count, column);
    else if (!amounts && sees == LLM_SEES_ROWS)
        add_values(out, count, column);
}

static void add_column(struct strbuf *out, const struct decision *decision,
                       const struct dataset *dataset, const struct column *column)
{
    size_t count = 0;
    strbuf_add(out, "  ");
    model_add_name(out, column->name);
    strbuf_add_char(out, ' ');
    model_add_line(out, column->type ? column->type : value_kind_name(column->kind), VALUE_MAX);
    strbuf_add_char(out, ',');
    if (column->role == ROLE_KEY && column->unique && !decision->brief) {
        remark(out, &count);
        strbuf_add(out, "key");
    }
    add_text_remark(out, &count, "", column->label, COLUMN_TEXT_MAX);
    add_text_remark(out, &count, "", column->description, COLUMN_TEXT_MAX);
    add_text_remark(out, &count, "in ", column->unit, VALUE_MAX);
    add_text_remark(out, &count, "mostly as ", column->default_aggregation, VALUE_MAX);
    add_synonyms(out, &count, &column->synonyms);
    add_contents(out, &count, decision, dataset, column);
    add_text_remark(out, &count, "", column->extra, EXTRA_MAX);
    strbuf_add_char(out, '\n');
}

static void add_table(struct strbuf *out, const struct decision *decision,
                      const struct dataset *dataset)
{
    size_t count = 0, columns = 0;
    strbuf_add(out, out->length > 0 ? "\n" : "");
    strbuf_add(out, "CREATE TABLE ");
    model_add_name(out, dataset->table_name);
    strbuf_add(out, " (");
    if (!decision->brief)
        add_text_remark(out, &count, "", dataset->title, COLUMN_TEXT_MAX);
    add_text_remark(out, &count, "", dataset->description, DESCRIPTION_MAX);
    add_text_remark(out, &count, "a row is ", dataset->grain, COLUMN_TEXT_MAX);
    add_synonyms(out, &count, &dataset->synonyms);
    add_text_remark(out, &count, "", dataset->extra, EXTRA_MAX);
    add_text_remark(out, &count, "note: ", dataset->instructions, INSTRUCTIONS_MAX);
    strbuf_add_char(out, '\n');
    for (size_t i = 0; i < dataset->column_count; i++) {
        if (model_is_hidden(dataset, &dataset->columns[i]))
            continue;
        if (columns++ < MODEL_COLUMNS_MAX)
            add_column(out, decision, dataset, &dataset->columns[i]);
    }
    if (columns > MODEL_COLUMNS_MAX)
        strbuf_printf(out, "  -- and %zu more columns\n", columns - MODEL_COLUMNS_MAX);
    strbuf_add(out, ");\n");
}

/* ------------------------------------------------------------------ what is put in */

static void add_call(struct strbuf *out, const struct decision *decision,
                     const struct dataset *dataset, const char *function, const char *name)
{
    strbuf_printf(out, "- %s(", function);
    model_add_value(out, name, COLUMN_TEXT_MAX);
    strbuf_add_char(out, ')');
    if (decision->table_count > 1) {
        strbuf_add(out, " of ");
        model_add_name(out, dataset->table_name);
    }
}

/* Somebody wrote it down, but a text in it may well be that of a cell, and a name a hidden column's. */
static void add_expression(struct strbuf *out, size_t *count, const struct decision *decision,
                           const struct dataset *dataset, const char *expression)
{
    bool hidden = false;
    for (size_t i = 0; i < dataset->access.hidden.count; i++)
        hidden |= strcasestr(expression, dataset->access.hidden.items[i]) != NULL;
    if (!hidden && (decision->request->sees == LLM_SEES_ROWS || !strchr(expression, '\'')))
        add_text_remark(out, count, "is ", expression, COLUMN_TEXT_MAX);
}

static void add_metrics(struct strbuf *out, const struct decision *decision,
                        const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->metric_count; i++) {
        const struct metric *metric = &dataset->metrics[i];
        size_t count = 0;
        add_call(out, decision, dataset, "metric", metric->name);
        add_text_remark(out, &count, "", metric->description, COLUMN_TEXT_MAX);
        add_text_remark(out, &count, "in ", metric->unit, VALUE_MAX);
        add_synonyms(out, &count, &metric->synonyms);
        add_expression(out, &count, decision, dataset, metric->expression);
        add_text_remark(out, &count, "", metric->extra, EXTRA_MAX);
        strbuf_add_char(out, '\n');
    }
}

static void add_conditions(struct strbuf *out, const struct decision *decision,
                           const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->filter_count; i++) {
        const struct named_filter *filter = &dataset->filters[i];
        size_t count = 0;
        add_call(out, decision, dataset, "condition", filter->name);
        add_text_remark(out, &count, "", filter->description, COLUMN_TEXT_MAX);
        add_synonyms(out, &count, &filter->synonyms);
        add_expression(out, &count, decision, dataset, filter->expression);
        add_text_remark(out, &count, "", filter->extra, EXTRA_MAX);
        strbuf_add_char(out, '\n');
    }
}

/* Declared on both sides, it is told on the first. */
static bool told_before(const struct decision *decision, size_t table,
                        const struct relationship *relationship)
{
    for (size_t i = 0; i < table; i++) {
        const struct dataset *other = decision->tables[i];
        for (size_t r = 0; r < other->relationship_count; r++) {
            const struct relationship *same = &other->relationships[r];
            if (strcmp(other->id, relationship->dataset_id) == 0 &&
                strcmp(same->dataset_id, decision->tables[table]->id) == 0 &&
                strcmp(same->column, relationship->other_column) == 0 &&
                strcmp(same->other_column, relationship->column) == 0)
                return true;
        }
    }
    return false;
}

static size_t count_between(const struct dataset *dataset, const char *id)
{
    size_t count = 0;
    for (size_t r = 0; r < dataset->relationship_count; r++)
        count += strcmp(dataset->relationships[r].dataset_id, id) == 0;
    return count;
}

/* To be called, so that names and aliases are put in by code. */
static void add_join_call(struct strbuf *out, size_t *count, const struct dataset *dataset,
                          const struct dataset *other, const struct relationship *relationship)
{
    strbuf_add(out, "- join_of(");
    model_add_name(out, dataset->table_name);
    strbuf_add(out, ", ");
    model_add_name(out, other->table_name);
    if (count_between(dataset, other->id) > 1) {
        strbuf_add(out, ", ");
        model_add_value(out, relationship->column, COLUMN_TEXT_MAX);
    }
    strbuf_add_char(out, ')');
    remark(out, count);
    model_add_name(out, relationship->column);
    strbuf_add(out, " is the other's ");
    model_add_name(out, relationship->other_column);
}

/* As small models know it: a.x = b.y */
static void add_key(struct strbuf *out, const struct dataset *dataset, const struct dataset *other,
                    const struct relationship *relationship)
{
    strbuf_add(out, "- ");
    model_add_name(out, dataset->table_name);
    strbuf_add_char(out, '.');
    model_add_name(out, relationship->column);
    strbuf_add(out, " = ");
    model_add_name(out, other->table_name);
    strbuf_add_char(out, '.');
    model_add_name(out, relationship->other_column);
}

static void add_joins(struct strbuf *out, const struct decision *decision, size_t table)
{
    const struct dataset *dataset = decision->tables[table];
    for (size_t r = 0; r < dataset->relationship_count; r++) {
        const struct relationship *relationship = &dataset->relationships[r];
        const struct dataset *other = NULL;
        for (size_t i = 0; i < decision->table_count; i++)
            if (strcmp(decision->tables[i]->id, relationship->dataset_id) == 0)
                other = decision->tables[i];
        if (!other || told_before(decision, table, relationship) ||
            list_has(&dataset->access.hidden, relationship->column) ||
            list_has(&other->access.hidden, relationship->other_column))
            continue;
        size_t count = 0;
        if (decision->brief)
            add_key(out, dataset, other, relationship);
        else
            add_join_call(out, &count, dataset, other, relationship);
        add_text_remark(out, &count, "", relationship->name, COLUMN_TEXT_MAX);
        strbuf_add_char(out, '\n');
    }
}

struct str model_context(const struct decision *decision)
{
    struct strbuf tables = strbuf_init(CONTEXT_SIZE_MAX), metrics = strbuf_init(CONTEXT_SIZE_MAX);
    struct strbuf conditions = strbuf_init(CONTEXT_SIZE_MAX), joins = strbuf_init(CONTEXT_SIZE_MAX);
    for (size_t i = 0; i < decision->table_count; i++) {
        add_table(&tables, decision, decision->tables[i]);
        add_metrics(&metrics, decision, decision->tables[i]);
        add_conditions(&conditions, decision, decision->tables[i]);
        add_joins(&joins, decision, i);
    }
    const struct prompt_value values[] = {
        {"tables", str_trim(strbuf_str(&tables))},
        {"metrics", str_trim(strbuf_str(&metrics))},
        {"conditions", str_trim(strbuf_str(&conditions))},
        {"joins", decision->brief ? STR("") : str_trim(strbuf_str(&joins))},
        {"keys", decision->brief ? str_trim(strbuf_str(&joins)) : STR("")},
    };
    struct str text = prompt_render(PROMPT_DECIDE_CONTEXT, values, 5, decision->arena);
    strbuf_clear(&tables);
    strbuf_clear(&metrics);
    strbuf_clear(&conditions);
    strbuf_clear(&joins);
    return text;
}
