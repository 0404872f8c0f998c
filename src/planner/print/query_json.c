/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/query_json.h"

#include <jansson.h>
#include <string.h>

#include "core/json.h"

#define DEPTH_MAX 32
#define TEXT_SIZE_MAX (64 * 1024)
#define LIST_LENGTH_MAX 1000

/* ------------------------------------------------------------------ writing */

static void write_expression(const struct query *query, const struct expression *e,
                             struct strbuf *out);
static void write_condition(const struct query *query, const struct condition *c,
                            struct strbuf *out);

static void write_integer(struct strbuf *out, const char *key, int64_t number)
{
    if (number == 0)
        return; /* zero is what a missing key means */
    json_add_key(out, key);
    json_add_integer(out, number);
}

static void write_text(struct strbuf *out, const char *key, const char *text)
{
    if (!text)
        return;
    json_add_key(out, key);
    json_add_text(out, text);
}

static void write_part(const struct query *query, struct strbuf *out, const char *key,
                       const struct expression *e)
{
    if (!e)
        return;
    json_add_key(out, key);
    write_expression(query, e, out);
}

static void write_expression(const struct query *query, const struct expression *e,
                             struct strbuf *out)
{
    strbuf_add_char(out, '{');
    write_integer(out, "kind", e->kind);
    write_integer(out, "table", e->table);
    write_text(out, "column", e->column ? e->column->name : NULL);
    write_text(out, "metric", e->metric ? e->metric->name : NULL);
    write_integer(out, "aggregate", e->aggregate);
    write_integer(out, "unit", e->unit);
    write_integer(out, "fiscal_year_start", e->fiscal_year_start);
    write_integer(out, "week_start", e->week_start);
    write_integer(out, "op", e->op);
    write_text(out, "literal", e->literal);
    write_integer(out, "literal_kind", e->literal_kind);
    write_part(query, out, "left", e->left);
    write_part(query, out, "right", e->right);
    if (e->subquery) {
        json_add_key(out, "subquery");
        query_to_json(e->subquery, out);
    }
    if (e->condition) {
        json_add_key(out, "condition");
        write_condition(query, e->condition, out);
    }
    strbuf_add_char(out, '}');
}

static void write_condition(const struct query *query, const struct condition *c,
                            struct strbuf *out)
{
    strbuf_add_char(out, '{');
    write_integer(out, "kind", c->kind);
    write_part(query, out, "left", c->left);
    write_integer(out, "comparison", c->comparison);
    write_text(out, "from", c->from);
    write_text(out, "to", c->to);
    write_text(out, "words", c->words);
    write_integer(out, "table", c->table);
    write_text(out, "filter", c->filter ? c->filter->name : NULL);
    if (c->value_count > 0) {
        json_add_key(out, "values");
        strbuf_add_char(out, '[');
        for (size_t i = 0; i < c->value_count; i++) {
            json_add_separator(out);
            write_expression(query, &c->values[i], out);
        }
        strbuf_add_char(out, ']');
    }
    if (c->part_count > 0) {
        json_add_key(out, "parts");
        strbuf_add_char(out, '[');
        for (size_t i = 0; i < c->part_count; i++) {
            json_add_separator(out);
            write_condition(query, c->parts[i], out);
        }
        strbuf_add_char(out, ']');
    }
    strbuf_add_char(out, '}');
}

static void write_tables(const struct query *query, struct strbuf *out)
{
    json_add_key(out, "tables");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < query->table_count; i++) {
        const struct query_table *table = &query->tables[i];
        json_add_separator(out);
        strbuf_add_char(out, '{');
        write_text(out, "dataset", table->dataset->id);
        write_integer(out, "joined_to", table->joined_to);
        write_text(out, "joined_column", table->joined_column);
        write_text(out, "own_column", table->own_column);
        write_integer(out, "left_join", table->left_join);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void write_lists(const struct query *query, struct strbuf *out)
{
    json_add_key(out, "select");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < query->select_count; i++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        write_part(query, out, "expression", query->select[i].expression);
        write_text(out, "label", query->select[i].label);
        strbuf_add_char(out, '}');
    }
    strbuf_add(out, "]");
    json_add_key(out, "group");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < query->group_count; i++) {
        json_add_separator(out);
        write_expression(query, query->group[i], out);
    }
    strbuf_add(out, "]");
    json_add_key(out, "order");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < query->order_count; i++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        write_part(query, out, "expression", query->order[i].expression);
        write_integer(out, "descending", query->order[i].descending);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

void query_to_json(const struct query *query, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    write_tables(query, out);
    write_lists(query, out);
    write_integer(out, "distinct", query->distinct);
    if (query->where) {
        json_add_key(out, "where");
        write_condition(query, query->where, out);
    }
    if (query->having) {
        json_add_key(out, "having");
        write_condition(query, query->having, out);
    }
    write_integer(out, "limit", query->limit);
    write_part(query, out, "limit_per", query->limit_per);
    write_integer(out, "set_operation", query->set_operation);
    if (query->set_right) {
        json_add_key(out, "set_right");
        query_to_json(query->set_right, out);
    }
    strbuf_add_char(out, '}');
}

/* ------------------------------------------------------------------ reading */

struct reader {
    query_dataset_fn find;
    void *context;
    struct arena *arena;
    struct error *err;
    int depth;
};

static bool refuse(struct reader *reader, const char *what, const char *value)
{
    return error_set(reader->err, ERROR_INVALID, "stored query: %s '%s' is not there", what, value);
}

static const char *read_text(struct reader *reader, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? arena_strdup(reader->arena, text) : NULL;
}

/* An integer within [0, limit), 0 when missing; marks the reader as failed otherwise. */
static int64_t read_integer(struct reader *reader, const json_t *object, const char *key,
                            int64_t limit)
{
    int64_t number = json_integer_value(json_object_get(object, key));
    if (number < 0 || number >= limit) {
        refuse(reader, "value of", key);
        return -1;
    }
    return number;
}

static const struct query *read_query(struct reader *reader, const json_t *object);

static bool read_expression_into(struct reader *reader, const struct query *query,
                                 const json_t *object, struct expression *e);

static const struct expression *read_expression(struct reader *reader, const struct query *query,
                                                const json_t *object)
{
    struct expression *e = arena_alloc(reader->arena, sizeof(*e));
    return read_expression_into(reader, query, object, e) ? e : NULL;
}

static bool read_names(struct reader *reader, const struct query *query, const json_t *object,
                       struct expression *e)
{
    const struct dataset *dataset = query->tables[e->table].dataset;
    const char *column = json_string_value(json_object_get(object, "column"));
    const char *metric = json_string_value(json_object_get(object, "metric"));
    if (column) {
        e->column = dataset_column(dataset, column);
        if (!e->column)
            return refuse(reader, "column", column);
    }
    for (size_t i = 0; metric && i < dataset->metric_count; i++)
        if (strcmp(dataset->metrics[i].name, metric) == 0)
            e->metric = &dataset->metrics[i];
    if ((metric && !e->metric) || (e->kind == EXPRESSION_COLUMN && !e->column) ||
        (e->kind == EXPRESSION_METRIC && !e->metric))
        return refuse(reader, "metric or column", metric ? metric : "");
    return true;
}

static const struct condition *read_condition(struct reader *reader, const struct query *query,
                                              const json_t *object);

static bool read_operands(struct reader *reader, const struct query *query, const json_t *object,
                          struct expression *e)
{
    const json_t *left = json_object_get(object, "left");
    const json_t *right = json_object_get(object, "right");
    const json_t *subquery = json_object_get(object, "subquery");
    const json_t *condition = json_object_get(object, "condition");
    if (left && !(e->left = read_expression(reader, query, left)))
        return false;
    if (right && !(e->right = read_expression(reader, query, right)))
        return false;
    if (subquery && !(e->subquery = read_query(reader, subquery)))
        return false;
    if (condition && !(e->condition = read_condition(reader, query, condition)))
        return false;
    bool needs_left = e->kind == EXPRESSION_AGGREGATE || e->kind == EXPRESSION_BUCKET ||
                      e->kind == EXPRESSION_ARITHMETIC || e->kind == EXPRESSION_SHARE ||
                      e->kind == EXPRESSION_FILTERED;
    if ((needs_left && !e->left) || (e->kind == EXPRESSION_FILTERED && !e->condition) || (e->kind == EXPRESSION_ARITHMETIC && !e->right) ||
        (e->kind == EXPRESSION_SUBQUERY && !e->subquery) ||
        (e->kind == EXPRESSION_LITERAL && !e->literal))
        return refuse(reader, "a part of", "an expression");
    return true;
}

static bool read_expression_into(struct reader *reader, const struct query *query,
                                 const json_t *object, struct expression *e)
{
    if (!json_is_object(object) || ++reader->depth > DEPTH_MAX)
        return refuse(reader, "expression", "too deep or no object");
    int64_t kind = read_integer(reader, object, "kind", EXPRESSION_KINDS);
    int64_t table = read_integer(reader, object, "table", (int64_t)query->table_count);
    int64_t aggregate = read_integer(reader, object, "aggregate", AGGREGATES);
    int64_t unit = read_integer(reader, object, "unit", TIME_UNITS);
    int64_t fiscal = read_integer(reader, object, "fiscal_year_start", 13);
    int64_t week = read_integer(reader, object, "week_start", 8);
    int64_t op = read_integer(reader, object, "op", 128);
    int64_t literal_kind = read_integer(reader, object, "literal_kind", VALUE_KINDS);
    if ((kind | table | aggregate | unit | fiscal | week | op | literal_kind) < 0)
        return false;
    e->kind = (enum expression_kind)kind;
    e->table = (int)table;
    e->aggregate = (enum aggregate)aggregate;
    e->unit = (enum time_unit)unit;
    e->fiscal_year_start = (int)fiscal;
    e->week_start = (int)week;
    e->op = (char)op;
    e->literal_kind = (enum value_kind)literal_kind;
    e->literal = read_text(reader, object, "literal");
    bool ok = read_names(reader, query, object, e) && read_operands(reader, query, object, e);
    reader->depth--;
    return ok;
}

static bool read_condition_lists(struct reader *reader, const struct query *query,
                                 const json_t *object, struct condition *c)
{
    const json_t *values = json_object_get(object, "values");
    const json_t *parts = json_object_get(object, "parts");
    c->value_count = json_array_size(values);
    c->part_count = json_array_size(parts);
    if (c->value_count > LIST_LENGTH_MAX || c->part_count > LIST_LENGTH_MAX)
        return refuse(reader, "list", "too long");
    struct expression *list = arena_array(reader->arena, c->value_count, sizeof(*list));
    for (size_t i = 0; i < c->value_count; i++)
        if (!read_expression_into(reader, query, json_array_get(values, i), &list[i]))
            return false;
    const struct condition **conditions =
        arena_array(reader->arena, c->part_count, sizeof(*conditions));
    for (size_t i = 0; i < c->part_count; i++)
        if (!(conditions[i] = read_condition(reader, query, json_array_get(parts, i))))
            return false;
    c->values = list;
    c->parts = conditions;
    return true;
}

static const struct condition *read_condition(struct reader *reader, const struct query *query,
                                              const json_t *object)
{
    struct condition *c = arena_alloc(reader->arena, sizeof(*c));
    if (!json_is_object(object) || ++reader->depth > DEPTH_MAX) {
        refuse(reader, "condition", "too deep or no object");
        return NULL;
    }
    int64_t kind = read_integer(reader, object, "kind", CONDITION_KINDS);
    int64_t comparison = read_integer(reader, object, "comparison", COMPARISONS);
    int64_t table = read_integer(reader, object, "table", (int64_t)query->table_count);
    if ((kind | comparison | table) < 0)
        return NULL;
    c->kind = (enum condition_kind)kind;
    c->comparison = (enum comparison)comparison;
    c->table = (int)table;
    c->from = read_text(reader, object, "from");
    c->to = read_text(reader, object, "to");
    c->words = read_text(reader, object, "words");
    const json_t *left = json_object_get(object, "left");
    if (left && !(c->left = read_expression(reader, query, left)))
        return NULL;
    const struct dataset *dataset = query->tables[table].dataset;
    const char *filter = json_string_value(json_object_get(object, "filter"));
    for (size_t i = 0; filter && i < dataset->filter_count; i++)
        if (strcmp(dataset->filters[i].name, filter) == 0)
            c->filter = &dataset->filters[i];
    bool needs_left = c->kind == CONDITION_COMPARE || c->kind == CONDITION_PERIOD;
    if ((needs_left && !c->left) || (c->kind == CONDITION_FILTER && !c->filter)) {
        refuse(reader, "filter or column", filter ? filter : "");
        return NULL;
    }
    bool ok = read_condition_lists(reader, query, object, c);
    reader->depth--;
    return ok ? c : NULL;
}

static bool read_tables(struct reader *reader, const json_t *list, struct query *query)
{
    query->table_count = json_array_size(list);
    if (query->table_count == 0 || query->table_count > QUERY_TABLES_MAX)
        return refuse(reader, "list of", "tables");
    query->tables = arena_array(reader->arena, query->table_count, sizeof(*query->tables));
    for (size_t i = 0; i < query->table_count; i++) {
        const json_t *object = json_array_get(list, i);
        struct query_table *table = &query->tables[i];
        const char *id = json_string_value(json_object_get(object, "dataset"));
        table->dataset = id ? reader->find(reader->context, id) : NULL;
        if (!table->dataset)
            return refuse(reader, "dataset", id ? id : "");
        int64_t joined_to = json_integer_value(json_object_get(object, "joined_to"));
        table->joined_to = (int)joined_to;
        table->joined_column = read_text(reader, object, "joined_column");
        table->own_column = read_text(reader, object, "own_column");
        table->left_join = json_integer_value(json_object_get(object, "left_join")) != 0;
        if (i == 0 ? joined_to != -1
                   : joined_to < 0 || joined_to >= (int64_t)i || !table->joined_column ||
                         !table->own_column)
            return refuse(reader, "join of", id);
    }
    return true;
}

static bool read_lists(struct reader *reader, const json_t *object, struct query *query)
{
    const json_t *select = json_object_get(object, "select");
    const json_t *group = json_object_get(object, "group");
    const json_t *order = json_object_get(object, "order");
    query->select_count = json_array_size(select);
    query->group_count = json_array_size(group);
    query->order_count = json_array_size(order);
    if (query->select_count == 0 || query->select_count > LIST_LENGTH_MAX ||
        query->group_count > LIST_LENGTH_MAX || query->order_count > LIST_LENGTH_MAX)
        return refuse(reader, "list", "empty or too long");
    query->select = arena_array(reader->arena, query->select_count, sizeof(*query->select));
    for (size_t i = 0; i < query->select_count; i++) {
        const json_t *item = json_array_get(select, i);
        query->select[i].label = read_text(reader, item, "label");
        query->select[i].expression =
            read_expression(reader, query, json_object_get(item, "expression"));
        if (!query->select[i].expression)
            return false;
    }
    const struct expression **groups =
        arena_array(reader->arena, query->group_count, sizeof(*groups));
    for (size_t i = 0; i < query->group_count; i++)
        if (!(groups[i] = read_expression(reader, query, json_array_get(group, i))))
            return false;
    query->group = groups;
    query->order = arena_array(reader->arena, query->order_count, sizeof(*query->order));
    for (size_t i = 0; i < query->order_count; i++) {
        const json_t *item = json_array_get(order, i);
        query->order[i].descending = json_integer_value(json_object_get(item, "descending")) != 0;
        query->order[i].expression =
            read_expression(reader, query, json_object_get(item, "expression"));
        if (!query->order[i].expression)
            return false;
    }
    return true;
}

static const struct query *read_query(struct reader *reader, const json_t *object)
{
    struct query *query = arena_alloc(reader->arena, sizeof(*query));
    if (!json_is_object(object) || ++reader->depth > DEPTH_MAX) {
        refuse(reader, "query", "too deep or no object");
        return NULL;
    }
    if (!read_tables(reader, json_object_get(object, "tables"), query) ||
        !read_lists(reader, object, query))
        return NULL;
    const json_t *where = json_object_get(object, "where");
    const json_t *having = json_object_get(object, "having");
    const json_t *right = json_object_get(object, "set_right");
    const json_t *per = json_object_get(object, "limit_per");
    if (per && !(query->limit_per = read_expression(reader, query, per)))
        return NULL;
    if (where && !(query->where = read_condition(reader, query, where)))
        return NULL;
    if (having && !(query->having = read_condition(reader, query, having)))
        return NULL;
    if (right && !(query->set_right = read_query(reader, right)))
        return NULL;
    int64_t operation = read_integer(reader, object, "set_operation", SET_OPERATIONS);
    int64_t limit = read_integer(reader, object, "limit", INT64_MAX);
    if (operation < 0 || limit < 0 || (operation != SET_NONE) != (right != NULL))
        return NULL;
    query->distinct = json_integer_value(json_object_get(object, "distinct")) != 0;
    query->set_operation = (enum set_operation)operation;
    query->limit = limit;
    reader->depth--;
    return query;
}

const struct query *query_from_json(struct str text, query_dataset_fn find, void *context,
                                    struct arena *arena, struct error *err)
{
    if (text.length > TEXT_SIZE_MAX) {
        error_set(err, ERROR_TOO_LARGE, "stored query: %zu bytes, at most %d", text.length,
                  TEXT_SIZE_MAX);
        return NULL;
    }
    json_error_t problem;
    json_t *object = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, &problem);
    if (!object) {
        error_set(err, ERROR_INVALID, "stored query: %s", problem.text);
        return NULL;
    }
    struct reader reader = {find, context, arena, err, 0};
    const struct query *query = read_query(&reader, object);
    if (!query && err && err->code == ERROR_NONE)
        error_set(err, ERROR_INVALID, "stored query: it is not whole");
    json_decref(object);
    return query;
}
