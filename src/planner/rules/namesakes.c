/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/namesakes.h"

#include <string.h>
#include <strings.h>

#include "planner/rules/business.h"
#include "planner/rules/business_priv.h"

#define NAME_LENGTH_MAX 64

bool column_calls_rows(const struct column *column, const struct dataset *dataset)
{
    static const char *const words[] = {"name", "title", "full", "label"};
    char rest[NAME_LENGTH_MAX];
    size_t length = 0;
    for (const char *c = column->name; *c && length + 1 < sizeof(rest); c++)
        rest[length++] = char_lower(*c);
    rest[length] = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char *at = strstr(rest, words[i]);
        if (at)
            memmove(at, at + strlen(words[i]), strlen(at + strlen(words[i])) + 1);
    }
    while (*rest && !char_is_alnum(rest[strlen(rest) - 1]))
        rest[strlen(rest) - 1] = '\0';
    return dataset_name_column(dataset) == column &&
           strcasestr(dataset->table_name, rest + strspn(rest, "_ "));
}

static bool has_namesakes(const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    return !column->unique && profile->known &&
           profile->distinct_count < profile->row_count - profile->null_count;
}

/* The key of the joined table that the expression names the rows of; NULL: they need none. */
static const struct expression *key_beside(const struct query *query, const struct expression *e,
                                           struct arena *arena)
{
    if (e->kind != EXPRESSION_COLUMN || !e->column || e->table < 1 ||
        (size_t)e->table >= query->table_count)
        return NULL;
    const struct query_table *table = &query->tables[e->table];
    const struct column *key = dataset_column(table->dataset, table->own_column);
    bool names = key && key != e->column && has_namesakes(e->column) &&
                 column_calls_rows(e->column, table->dataset);
    return names ? expression_column(arena, e->table, key) : NULL;
}

static bool groups_by(const struct query *query, const struct expression *e)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (expression_equal(query->group[i], e))
            return true;
    return false;
}

static bool selects(const struct query *query, const struct expression *e)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_equal(query->select[i].expression, e))
            return true;
    return false;
}

/* Keys come right after their names. */
static void select_with_keys(struct query *to, const struct query *from, struct arena *arena)
{
    to->select_count = 0;
    for (size_t i = 0; i < from->select_count; i++) {
        const struct expression *e = from->select[i].expression;
        query_select(arena, to, e, from->select[i].label);
        const struct expression *key =
            from->distinct || groups_by(from, e) ? key_beside(from, e, arena) : NULL;
        if (key && !selects(from, key))
            query_select(arena, to, key, NULL);
    }
}

const struct query *namesakes_tell_apart(const struct query *query, struct arena *arena)
{
    struct query *told = NULL;
    bool lists = query->distinct && query->group_count == 0;
    if (query->table_count < 2 || query->set_operation != SET_NONE)
        return query;
    for (size_t i = 0; i < query->select_count && !told; i++) {
        const struct expression *e = query->select[i].expression;
        if ((lists || groups_by(query, e)) && key_beside(query, e, arena))
            told = query_copy(arena, query);
    }
    if (!told)
        return query;
    select_with_keys(told, query, arena);
    for (size_t i = 0; i < query->group_count; i++) {
        const struct expression *key = key_beside(query, query->group[i], arena);
        if (key && !groups_by(query, key))
            query_group(arena, told, key);
        if (key && query->limit_per && expression_equal(query->limit_per, query->group[i]))
            told->limit_per = key;
    }
    return told;
}

/* Is it the key that tells the rows of another selected name apart? */
static bool is_told_key(const struct query *query, const struct expression *e, struct arena *arena)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *key = key_beside(query, query->select[i].expression, arena);
        if (key && expression_equal(key, e))
            return true;
    }
    return false;
}

const struct query *namesakes_by_name(const struct query *query, struct arena *arena)
{
    bool told = false;
    for (size_t i = 0; i < query->select_count && query->table_count > 1; i++)
        told |= is_told_key(query, query->select[i].expression, arena);
    if (!told || query->set_operation != SET_NONE)
        return query;
    struct query *plain = query_copy(arena, query);
    plain->select_count = plain->group_count = 0;
    for (size_t i = 0; i < query->select_count; i++)
        if (!is_told_key(query, query->select[i].expression, arena))
            query_select(arena, plain, query->select[i].expression, query->select[i].label);
    for (size_t i = 0; i < query->group_count; i++)
        if (!is_told_key(query, query->group[i], arena))
            query_group(arena, plain, query->group[i]);
    for (size_t i = 0; query->limit_per && i < query->group_count; i++) {
        const struct expression *key = key_beside(query, query->group[i], arena);
        if (key && expression_equal(key, query->limit_per))
            plain->limit_per = query->group[i];
    }
    return plain;
}
