/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk is driven by tables: a shape per kind of node says which parts the node may have and
 * which function walks each part. What no table names is refused.
 */
#include "sql/duckdb_tree.h"

#include <stdint.h>
#include <string.h>

#include "sql/duckdb_tree_lists.h"
#include "sql/json_tree.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The names that WITH has made, innermost last. */
struct cte_name {
    const char *name;
    const struct cte_name *outer;
};

struct walk {
    const struct firewall_policy *policy;
    struct arena *arena;
    const struct cte_name *ctes;
    int depth;
    struct error *err;
};

typedef bool (*walk_fn)(struct walk *walk, const struct json_node *value);

struct part {
    const char *name;
    walk_fn walk;
};

struct shape {
    const char *name;
    const struct part *parts;
    size_t part_count;
    walk_fn check; /* of the whole node, after its parts; may be NULL */
};

#define SHAPE(name, parts, check)         \
    {                                     \
        name, parts, LENGTH(parts), check \
    }

static bool refuse(struct walk *walk, const char *what, const char *name)
{
    return error_set(walk->err, ERROR_SQL_REFUSED,
                     "%s '%.100s' is not allowed; it was found in the engine's own parse of the "
                     "statement",
                     what, name ? name : "");
}

static bool is_listed(const char *const *list, size_t count, const char *name)
{
    struct str text = str_from(name);
    char first = char_lower(name[0]);
    for (size_t i = 0; i < count; i++) {
        if (char_lower(list[i][0]) == first && str_equal_nocase(str_from(list[i]), text))
            return true;
    }
    return false;
}

static const char *text_of(const struct json_node *object, const char *key)
{
    const char *text = json_node_text(json_node_member(object, key));
    return text ? text : "";
}

/* Plain parts. */

static bool walk_scalar(struct walk *walk, const struct json_node *value)
{
    return !json_node_is(value, JSON_NODE_OBJECT) && !json_node_is(value, JSON_NODE_LIST)
               ? true
               : refuse(walk, "structure", "a value that is not plain");
}

/* null, false, "" or an empty list: a feature that is not used. */
static bool walk_unused(struct walk *walk, const struct json_node *value)
{
    if (json_node_is(value, JSON_NODE_NULL) || json_node_is(value, JSON_NODE_FALSE))
        return true;
    if (json_node_is(value, JSON_NODE_LIST) && json_node_items(value) == 0)
        return true;
    if (json_node_is(value, JSON_NODE_TEXT) && value->text.length == 0)
        return true;
    return refuse(walk, "construct", "a clause outside of the known ones");
}

static bool walk_names(struct walk *walk, const struct json_node *value)
{
    if (json_node_is(value, JSON_NODE_NULL))
        return true;
    bool names = json_node_is(value, JSON_NODE_LIST);
    for (const struct json_node *item = value->first; names && item; item = item->next)
        names = json_node_is(item, JSON_NODE_TEXT);
    return names || refuse(walk, "structure", "a list of names");
}

/* GROUPING SETS: a list of lists of numbers. */
static bool walk_number_lists(struct walk *walk, const struct json_node *value)
{
    bool good = json_node_is(value, JSON_NODE_LIST);
    for (const struct json_node *list = value->first; good && list; list = list->next) {
        good = json_node_is(list, JSON_NODE_LIST);
        for (const struct json_node *item = list->first; good && item; item = item->next)
            good = json_node_is(item, JSON_NODE_NUMBER);
    }
    return good || refuse(walk, "structure", "grouping sets");
}

/* The schema of a function or a table: none, or the only one that there is. */
static bool walk_schema(struct walk *walk, const struct json_node *value)
{
    const char *schema = json_node_text(value);
    if (schema && (schema[0] == '\0' || str_equal_nocase(str_from(schema), STR("main"))))
        return true;
    return refuse(walk, "schema", schema);
}

static bool walk_catalog(struct walk *walk, const struct json_node *value)
{
    const char *catalog = json_node_text(value);
    return (catalog && catalog[0] == '\0') || refuse(walk, "catalog", catalog);
}

static bool walk_function_name(struct walk *walk, const struct json_node *value)
{
    const char *name = json_node_text(value);
    if (name && is_listed(tree_functions, LENGTH(tree_functions), name))
        return true;
    return refuse(walk, "function", name);
}

static bool walk_collation(struct walk *walk, const struct json_node *value)
{
    const char *name = json_node_text(value);
    if (name && is_listed(tree_collations, LENGTH(tree_collations), name))
        return true;
    return refuse(walk, "collation", name);
}

static bool walk_join_kind(struct walk *walk, const struct json_node *value)
{
    static const char *const kinds[] = {"REGULAR", "NATURAL", "CROSS", "ASOF"};
    const char *kind = json_node_text(value);
    return (kind && is_listed(kinds, LENGTH(kinds), kind)) || refuse(walk, "join", kind);
}

static bool walk_set_operation(struct walk *walk, const struct json_node *value)
{
    static const char *const kinds[] = {"UNION", "INTERSECT", "EXCEPT"};
    const char *kind = json_node_text(value);
    return (kind && is_listed(kinds, LENGTH(kinds), kind)) || refuse(walk, "set operation", kind);
}

static bool walk_type(struct walk *walk, const struct json_node *value)
{
    const char *id = text_of(value, "id");
    if (!json_node_is(value, JSON_NODE_OBJECT) || !is_listed(tree_types, LENGTH(tree_types), id))
        return refuse(walk, "type", id);
    const struct json_node *info = json_node_member(value, "type_info");
    if (!info || json_node_is(info, JSON_NODE_NULL))
        return true;
    if (strcmp(text_of(info, "type"), "DECIMAL_TYPE_INFO") != 0 || text_of(info, "alias")[0])
        return refuse(walk, "type", text_of(info, "type"));
    return true;
}

/* A constant: only its type matters, whatever its digits or letters are. */
static bool walk_constant(struct walk *walk, const struct json_node *value)
{
    return walk_type(walk, json_node_member(value, "type"));
}

/* Lists of nodes; the nodes themselves are below. */

static bool walk_expression(struct walk *walk, const struct json_node *value);
static bool walk_table(struct walk *walk, const struct json_node *value);
static bool walk_query(struct walk *walk, const struct json_node *value);
static bool walk_modifier(struct walk *walk, const struct json_node *value);
static bool walk_object(struct walk *walk, const struct json_node *object,
                        const struct shape *shape);

static bool walk_list(struct walk *walk, const struct json_node *list, walk_fn walk_item)
{
    if (json_node_is(list, JSON_NODE_NULL))
        return true;
    if (!json_node_is(list, JSON_NODE_LIST))
        return refuse(walk, "structure", "something that should be a list");
    for (const struct json_node *item = list->first; item; item = item->next)
        if (!walk_item(walk, item))
            return false;
    return true;
}

static bool walk_expressions(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_expression);
}

static bool walk_expression_rows(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_expressions);
}

static bool walk_modifiers(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_modifier);
}

/* ORDER BY ALL comes as a star of all columns. */
static bool walk_order_key(struct walk *walk, const struct json_node *value)
{
    bool star = strcmp(text_of(value, "class"), "STAR") == 0;
    if (!star || !json_node_is(json_node_member(value, "columns"), JSON_NODE_TRUE))
        return walk_expression(walk, value);
    return walk_unused(walk, json_node_member(value, "expr")) &&
           walk_unused(walk, json_node_member(value, "relation_name")) &&
           walk_unused(walk, json_node_member(value, "replace_list"));
}

static bool walk_order(struct walk *walk, const struct json_node *object)
{
    static const struct part parts[] = {
        {"type", walk_scalar}, {"null_order", walk_scalar}, {"expression", walk_order_key}};
    static const struct shape shape = SHAPE("ORDER", parts, NULL);
    return walk_object(walk, object, &shape);
}

static bool walk_orders(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_order);
}

static bool walk_case(struct walk *walk, const struct json_node *object)
{
    static const struct part parts[] = {{"when_expr", walk_expression},
                                        {"then_expr", walk_expression}};
    static const struct shape shape = SHAPE("CASE_CHECK", parts, NULL);
    return walk_object(walk, object, &shape);
}

static bool walk_cases(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_case);
}

static bool walk_excluded(struct walk *walk, const struct json_node *object)
{
    static const struct part parts[] = {{"catalog", walk_scalar},
                                        {"schema", walk_scalar},
                                        {"table", walk_scalar},
                                        {"column", walk_scalar}};
    static const struct shape shape = SHAPE("EXCLUDE", parts, NULL);
    return json_node_is(object, JSON_NODE_TEXT) || walk_object(walk, object, &shape);
}

static bool walk_exclude_list(struct walk *walk, const struct json_node *list)
{
    return walk_list(walk, list, walk_excluded);
}

/* {"node": query, "named_param_map": []}: a statement, and every subquery. */
static bool walk_statement(struct walk *walk, const struct json_node *object)
{
    static const struct part parts[] = {{"node", walk_query}, {"named_param_map", walk_unused}};
    static const struct shape shape = SHAPE("STATEMENT", parts, NULL);
    return walk_object(walk, object, &shape);
}

/* Expressions. */

#define EXPRESSION_PARTS                                                   \
    {"class", walk_scalar}, {"type", walk_scalar}, {"alias", walk_scalar}, \
    {                                                                      \
        "query_location", walk_scalar                                      \
    }

static bool is_dataset_column(const struct firewall_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->dataset_count; i++) {
        if (dataset_column(policy->datasets[i], name))
            return true;
    }
    return false;
}

/* `current_user` without parentheses looks like a column and is a function. */
static bool check_column(struct walk *walk, const struct json_node *object)
{
    const struct json_node *names = json_node_member(object, "column_names");
    if (json_node_items(names) == 0)
        return refuse(walk, "column", "without a name");
    if (json_node_items(names) > 1)
        return true;
    const char *name = json_node_text(json_node_item(names, 0));
    if (duckdb_tree_needs_column(name) && !is_dataset_column(walk->policy, name))
        return refuse(walk, "function", name);
    return true;
}

/* Each OPERATOR has a type of its own; lists and structs are not among these. */
static bool check_operator(struct walk *walk, const struct json_node *object)
{
    static const char *const types[] = {
        "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_NOT",    "COMPARE_IN",
        "COMPARE_NOT_IN",   "OPERATOR_COALESCE",    "OPERATOR_NULLIF", "GROUPING_FUNCTION"};
    const char *type = text_of(object, "type");
    return is_listed(types, LENGTH(types), type) || refuse(walk, "operator", type);
}

/* A constant number from 0 to `most`. */
static bool is_small_number(const struct json_node *expression, double most)
{
    if (strcmp(text_of(expression, "class"), "CONSTANT") != 0)
        return false;
    const struct json_node *value = json_node_member(expression, "value");
    double number;
    return json_node_number(json_node_member(value, "value"), &number) && number >= 0 &&
           number <= most;
}

/* With one argument more, some functions build a list of any length. */
static bool check_function(struct walk *walk, const struct json_node *object)
{
    const char *name = text_of(object, "function_name");
    const struct json_node *children = json_node_member(object, "children");
    for (size_t i = 0; i < LENGTH(tree_argument_limits); i++) {
        if (str_equal_nocase(str_from(name), str_from(tree_argument_limits[i].name)) &&
            json_node_items(children) > tree_argument_limits[i].most)
            return refuse(walk, "number of arguments of", name);
    }
    if (is_listed(tree_padders, LENGTH(tree_padders), name) &&
        !is_small_number(json_node_item(children, 1), TREE_PAD_MAX))
        return refuse(walk, "length in", name);
    return true;
}

static const struct part constant_parts[] = {EXPRESSION_PARTS, {"value", walk_constant}};
static const struct part column_parts[] = {EXPRESSION_PARTS, {"column_names", walk_names}};
static const struct part star_parts[] = {EXPRESSION_PARTS,
                                         {"relation_name", walk_scalar},
                                         {"exclude_list", walk_exclude_list},
                                         {"qualified_exclude_list", walk_exclude_list},
                                         {"replace_list", walk_unused},
                                         {"rename_list", walk_unused},
                                         {"columns", walk_unused},
                                         {"expr", walk_unused}};
static const struct part comparison_parts[] = {
    EXPRESSION_PARTS, {"left", walk_expression}, {"right", walk_expression}};
static const struct part children_parts[] = {EXPRESSION_PARTS, {"children", walk_expressions}};
static const struct part between_parts[] = {EXPRESSION_PARTS,
                                            {"input", walk_expression},
                                            {"lower", walk_expression},
                                            {"upper", walk_expression}};
static const struct part case_parts[] = {
    EXPRESSION_PARTS, {"case_checks", walk_cases}, {"else_expr", walk_expression}};
static const struct part cast_parts[] = {EXPRESSION_PARTS,
                                         {"child", walk_expression},
                                         {"cast_type", walk_type},
                                         {"try_cast", walk_scalar}};
static const struct part collate_parts[] = {
    EXPRESSION_PARTS, {"child", walk_expression}, {"collation", walk_collation}};
static const struct part function_parts[] = {EXPRESSION_PARTS,
                                             {"function_name", walk_function_name},
                                             {"schema", walk_schema},
                                             {"catalog", walk_catalog},
                                             {"children", walk_expressions},
                                             {"filter", walk_expression},
                                             {"order_bys", walk_modifier},
                                             {"distinct", walk_scalar},
                                             {"is_operator", walk_scalar},
                                             {"export_state", walk_unused}};
static const struct part subquery_parts[] = {EXPRESSION_PARTS,
                                             {"subquery_type", walk_scalar},
                                             {"subquery", walk_statement},
                                             {"child", walk_expression},
                                             {"comparison_type", walk_scalar}};
static const struct part window_parts[] = {EXPRESSION_PARTS,
                                           {"function_name", walk_function_name},
                                           {"schema", walk_schema},
                                           {"catalog", walk_catalog},
                                           {"children", walk_expressions},
                                           {"partitions", walk_expressions},
                                           {"orders", walk_orders},
                                           {"start", walk_scalar},
                                           {"end", walk_scalar},
                                           {"start_expr", walk_expression},
                                           {"end_expr", walk_expression},
                                           {"offset_expr", walk_expression},
                                           {"default_expr", walk_expression},
                                           {"ignore_nulls", walk_scalar},
                                           {"filter_expr", walk_expression},
                                           {"exclude_clause", walk_scalar},
                                           {"distinct", walk_scalar},
                                           {"arg_orders", walk_orders}};

static const struct shape expression_shapes[] = {
    SHAPE("CONSTANT", constant_parts, NULL),
    SHAPE("COLUMN_REF", column_parts, check_column),
    SHAPE("STAR", star_parts, NULL),
    SHAPE("COMPARISON", comparison_parts, NULL),
    SHAPE("CONJUNCTION", children_parts, NULL),
    SHAPE("OPERATOR", children_parts, check_operator),
    SHAPE("BETWEEN", between_parts, NULL),
    SHAPE("CASE", case_parts, NULL),
    SHAPE("CAST", cast_parts, NULL),
    SHAPE("COLLATE", collate_parts, NULL),
    SHAPE("FUNCTION", function_parts, check_function),
    SHAPE("SUBQUERY", subquery_parts, NULL),
    SHAPE("WINDOW", window_parts, check_function),
};

/* Tables. */

static bool is_cte(const struct walk *walk, const char *name)
{
    for (const struct cte_name *cte = walk->ctes; cte; cte = cte->outer) {
        if (str_equal_nocase(str_from(cte->name), str_from(name)))
            return true;
    }
    return false;
}

static bool check_base_table(struct walk *walk, const struct json_node *object)
{
    const char *name = text_of(object, "table_name");
    if (text_of(object, "schema_name")[0] == '\0' && is_cte(walk, name))
        return true;
    for (size_t i = 0; i < walk->policy->dataset_count; i++) {
        const char *known = walk->policy->datasets[i]->table_name;
        if (str_equal_nocase(str_from(known), str_from(name)))
            return true;
    }
    return refuse(walk, "table", name);
}

#define TABLE_PARTS                                                         \
    {"type", walk_scalar}, {"alias", walk_scalar}, {"sample", walk_unused}, \
    {                                                                       \
        "query_location", walk_scalar                                       \
    }

static const struct part empty_parts[] = {TABLE_PARTS};
static const struct part base_table_parts[] = {TABLE_PARTS,
                                               {"schema_name", walk_schema},
                                               {"catalog_name", walk_catalog},
                                               {"table_name", walk_scalar},
                                               {"column_name_alias", walk_names},
                                               {"at_clause", walk_unused}};
static const struct part table_subquery_parts[] = {
    TABLE_PARTS, {"subquery", walk_statement}, {"column_name_alias", walk_names}};
static const struct part join_parts[] = {TABLE_PARTS,
                                         {"left", walk_table},
                                         {"right", walk_table},
                                         {"condition", walk_expression},
                                         {"join_type", walk_scalar},
                                         {"ref_type", walk_join_kind},
                                         {"using_columns", walk_names},
                                         {"delim_flipped", walk_unused},
                                         {"duplicate_eliminated_columns", walk_unused}};
static const struct part values_parts[] = {TABLE_PARTS,
                                           {"expected_names", walk_names},
                                           {"expected_types", walk_unused},
                                           {"values", walk_expression_rows}};

static const struct shape table_shapes[] = {
    SHAPE("EMPTY", empty_parts, NULL),
    SHAPE("BASE_TABLE", base_table_parts, check_base_table),
    SHAPE("SUBQUERY", table_subquery_parts, NULL),
    SHAPE("JOIN", join_parts, NULL),
    SHAPE("EXPRESSION_LIST", values_parts, NULL),
};

/* Queries. */

/* LIMIT and OFFSET: written numbers, no subqueries. */
static bool walk_limit(struct walk *walk, const struct json_node *value)
{
    return json_node_is(value, JSON_NODE_NULL) || is_small_number(value, (double)INT64_MAX) ||
           refuse(walk, "limit", text_of(value, "class"));
}

static const struct part order_modifier_parts[] = {{"type", walk_scalar}, {"orders", walk_orders}};
static const struct part limit_parts[] = {
    {"type", walk_scalar}, {"limit", walk_limit}, {"offset", walk_limit}};
static const struct part distinct_parts[] = {{"type", walk_scalar},
                                             {"distinct_on_targets", walk_expressions}};

static const struct shape modifier_shapes[] = {
    SHAPE("ORDER_MODIFIER", order_modifier_parts, NULL),
    SHAPE("LIMIT_MODIFIER", limit_parts, NULL),
    SHAPE("DISTINCT_MODIFIER", distinct_parts, NULL),
};

/* The names of cte_map are known to the whole node, so walk_query_node walks it by itself. */
static const struct part select_parts[] = {{"type", walk_scalar},
                                           {"modifiers", walk_modifiers},
                                           {"cte_map", NULL},
                                           {"select_list", walk_expressions},
                                           {"from_table", walk_table},
                                           {"where_clause", walk_expression},
                                           {"group_expressions", walk_expressions},
                                           {"group_sets", walk_number_lists},
                                           {"aggregate_handling", walk_scalar},
                                           {"having", walk_expression},
                                           {"sample", walk_unused},
                                           {"qualify", walk_expression}};
static const struct part set_operation_parts[] = {
    {"type", walk_scalar},     {"modifiers", walk_modifiers},
    {"cte_map", NULL},         {"setop_type", walk_set_operation},
    {"left", walk_query},      {"right", walk_query},
    {"setop_all", walk_scalar}};

static const struct shape query_shapes[] = {
    SHAPE("SELECT_NODE", select_parts, NULL),
    SHAPE("SET_OPERATION_NODE", set_operation_parts, NULL),
};

static bool walk_cte(struct walk *walk, const struct json_node *object)
{
    static const struct part parts[] = {{"aliases", walk_names},
                                        {"query", walk_statement},
                                        {"materialized", walk_scalar},
                                        {"key_targets", walk_unused}};
    static const struct shape shape = SHAPE("CTE", parts, NULL);
    const char *name = json_node_text(json_node_member(object, "key"));
    if (!name || object->count != 2)
        return refuse(walk, "structure", "WITH");
    if (!walk_object(walk, json_node_member(object, "value"), &shape))
        return false;
    struct cte_name *cte = arena_alloc(walk->arena, sizeof *cte);
    *cte = (struct cte_name){name, walk->ctes};
    walk->ctes = cte;
    return true;
}

/* The names made here go out of sight again with the node (walk_query restores them). */
static bool walk_cte_map(struct walk *walk, const struct json_node *object)
{
    const struct json_node *map = json_node_member(object, "map");
    if (!json_node_is(object, JSON_NODE_OBJECT) || object->count != 1 ||
        !json_node_is(map, JSON_NODE_LIST))
        return refuse(walk, "structure", "WITH");
    return walk_list(walk, map, walk_cte);
}

/* The walk itself. */

/* From `place` on and around, because parts come about in the order of the tables; leaves `place`
 * behind it. */
static const struct part *find_part(const struct shape *shape, const char *name, size_t *place)
{
    for (size_t i = 0; i < shape->part_count; i++) {
        size_t at = *place < shape->part_count ? *place : 0;
        *place = at + 1;
        if (strcmp(shape->parts[at].name, name) == 0)
            return &shape->parts[at];
    }
    return NULL;
}

static bool walk_parts(struct walk *walk, const struct json_node *object,
                       const struct shape *shape)
{
    size_t place = 0;
    for (const struct json_node *value = object->first; value; value = value->next) {
        const struct part *part = find_part(shape, value->name, &place);
        if (!part)
            return refuse(walk, "part of the parse", value->name);
        if (part->walk && !part->walk(walk, value))
            return false;
    }
    return !shape->check || shape->check(walk, object);
}

static bool walk_object(struct walk *walk, const struct json_node *object,
                        const struct shape *shape)
{
    if (!json_node_is(object, JSON_NODE_OBJECT))
        return refuse(walk, "structure", shape->name);
    if (walk->depth >= DUCKDB_TREE_DEPTH_MAX)
        return error_set(walk->err, ERROR_SQL_REFUSED,
                         "the statement is nested deeper than %d levels", DUCKDB_TREE_DEPTH_MAX);
    walk->depth++;
    bool ok = walk_parts(walk, object, shape);
    walk->depth--;
    return ok;
}

static const struct shape *find_shape(const struct shape *shapes, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    }
    return NULL;
}

static bool walk_expression(struct walk *walk, const struct json_node *value)
{
    if (json_node_is(value, JSON_NODE_NULL))
        return true;
    const char *class = text_of(value, "class");
    const struct shape *shape = find_shape(expression_shapes, LENGTH(expression_shapes), class);
    return shape ? walk_object(walk, value, shape) : refuse(walk, "expression", class);
}

static bool walk_table(struct walk *walk, const struct json_node *value)
{
    if (json_node_is(value, JSON_NODE_NULL))
        return true;
    const char *type = text_of(value, "type");
    if (strcmp(type, "TABLE_FUNCTION") == 0)
        return refuse(walk, "table function",
                      text_of(json_node_member(value, "function"), "function_name"));
    const struct shape *shape = find_shape(table_shapes, LENGTH(table_shapes), type);
    return shape ? walk_object(walk, value, shape) : refuse(walk, "source of rows", type);
}

static bool walk_modifier(struct walk *walk, const struct json_node *value)
{
    if (json_node_is(value, JSON_NODE_NULL))
        return true;
    const char *type = text_of(value, "type");
    const struct shape *shape = find_shape(modifier_shapes, LENGTH(modifier_shapes), type);
    return shape ? walk_object(walk, value, shape) : refuse(walk, "clause", type);
}

static bool walk_query(struct walk *walk, const struct json_node *value)
{
    const char *type = text_of(value, "type");
    const struct shape *shape = find_shape(query_shapes, LENGTH(query_shapes), type);
    if (!shape)
        return refuse(walk, "query", type);
    const struct cte_name *outer = walk->ctes;
    bool ok =
        walk_cte_map(walk, json_node_member(value, "cte_map")) && walk_object(walk, value, shape);
    walk->ctes = outer;
    return ok;
}

static const struct json_node *parse(struct str json, struct arena *arena, struct error *err)
{
    const struct json_node *root = NULL;
    const char *why = "it is too large";
    if (json.length <= DUCKDB_TREE_SIZE_MAX)
        root = json_tree_read(json, arena, &why);
    if (!root)
        error_set(err, ERROR_SQL_REFUSED, "the parse of the statement can't be read: %s", why);
    return root;
}

bool duckdb_tree_needs_column(const char *name)
{
    return is_listed(tree_hidden_functions, LENGTH(tree_hidden_functions), name);
}

bool duckdb_tree_check(struct str json, const struct firewall_policy *policy, struct arena *arena,
                       struct error *err)
{
    const struct json_node *root = parse(json, arena, err);
    if (!root)
        return false;
    if (!json_node_is(json_node_member(root, "error"), JSON_NODE_FALSE)) {
        bool syntax = strcmp(text_of(root, "error_type"), "parser") == 0;
        return error_set(err, syntax ? ERROR_SQL_FAILED : ERROR_SQL_REFUSED,
                         "the engine can't parse the statement as one SELECT: %.200s",
                         text_of(root, "error_message"));
    }
    const struct json_node *statements = json_node_member(root, "statements");
    if (!json_node_is(statements, JSON_NODE_LIST) || json_node_items(statements) != 1)
        return error_set(err, ERROR_SQL_REFUSED, "the text holds %zu statements; one is allowed",
                         json_node_items(statements));
    struct walk walk = {.policy = policy, .arena = arena, .err = err};
    return walk_statement(&walk, json_node_item(statements, 0));
}
