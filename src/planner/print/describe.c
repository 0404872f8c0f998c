/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/describe.h"

#include <string.h>

#include "core/spelling.h"
#include "core/strbuf.h"
#include "planner/read/period.h"

struct describer {
    const struct query *query;
    struct arena *arena;
    struct strbuf *out;
    int depth;
};

static void say_expression(struct describer *d, const struct expression *expression);
static void say_condition(struct describer *d, const struct condition *condition);
static void say_query(struct describer *outer, const struct query *query);

const char *name_words(const char *name, struct arena *arena)
{
    struct strbuf words = strbuf_init(DESCRIPTION_SIZE_MAX);
    struct str identifier = str_from(name);
    for (size_t i = 0, whole; i < identifier.length; i += whole > 0 ? whole : 1) {
        if ((whole = spelling_add_word(&words, identifier, i)) > 0)
            continue;
        char c = name[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool hump = upper && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
        bool blank = c == '_' || c == ' ' || c == '-' || c == '.';
        if ((hump || blank) && words.length > 0 && words.bytes[words.length - 1] != ' ')
            strbuf_add_char(&words, ' ');
        if (!blank)
            strbuf_add_char(&words, char_lower(c));
    }
    struct str text = str_trim(strbuf_str(&words));
    char *copy = arena_strndup(arena, text.bytes ? text.bytes : "", text.length);
    strbuf_clear(&words);
    return copy;
}

const char *column_words(const struct column *column, struct arena *arena)
{
    const char *words = column->label ? column->label : name_words(column->name, arena);
    return spelling_restore(words, str_from(column->name), arena);
}

const char *plural_of(const char *words, struct arena *arena)
{
    static const struct {
        const char *one, *many;
    } odd[] = {{"person", "people"}, {"child", "children"}, {"man", "men"},  {"woman", "women"},
               {"staff", "staff"},   {"series", "series"},  {"data", "data"}};
    size_t length = strlen(words);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct str one = str_from(odd[i].one), text = str_from(words);
        if (str_ends(text, one) &&
            (text.length == one.length || text.bytes[text.length - one.length - 1] == ' '))
            return arena_printf(arena, "%.*s%s", (int)(length - one.length), words, odd[i].many);
    }
    if (length < 2 || words[length - 1] == 's')
        return length >= 2 && words[length - 2] == 's' ? arena_printf(arena, "%ses", words) : words;
    char last = words[length - 1], before = words[length - 2];
    if (last == 'y' && !strchr("aeiou", before))
        return arena_printf(arena, "%.*sies", (int)length - 1, words);
    if (last == 'x' || (last == 'h' && (before == 'c' || before == 's')))
        return arena_printf(arena, "%ses", words);
    return arena_printf(arena, "%ss", words);
}

const char *dataset_key_noun(const struct dataset *dataset, struct arena *arena)
{
    static const char *const endings[] = {" id", " no", " nr", " number"};
    const struct column *first = dataset->column_count > 0 ? &dataset->columns[0] : NULL;
    if (!first || first->role != ROLE_KEY || !first->unique)
        return NULL;
    struct str words = str_from(name_words(first->name, arena));
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(words, str_from(endings[i])))
            return arena_strndup(arena, words.bytes, words.length - strlen(endings[i]));
    return NULL;
}

const char *dataset_noun(const struct dataset *dataset, struct arena *arena)
{
    const char *grain = dataset->grain;
    if (grain && strlen(grain) <= 40) {
        static const char *const articles[] = {"one ", "an ", "a ", "each "};
        for (size_t i = 0; i < sizeof(articles) / sizeof(articles[0]); i++)
            if (strncmp(grain, articles[i], strlen(articles[i])) == 0 && !strchr(grain, ',') &&
                !strstr(grain, " per ") && !strstr(grain, " of ") && !strstr(grain, " in "))
                return plural_of(grain + strlen(articles[i]), arena);
    }
    const char *words = name_words(dataset->table_name, arena);
    bool plural = str_ends(str_from(words), STR("s"));
    const char *key = plural ? NULL : dataset_key_noun(dataset, arena);
    return plural_of(key ? key : words, arena);
}

static const struct dataset *dataset_of(const struct describer *d, int table)
{
    bool there = d->query && table >= 0 && (size_t)table < d->query->table_count;
    return there ? d->query->tables[table].dataset : NULL;
}

static const char *noun_of(struct describer *d, int table)
{
    const struct dataset *dataset = dataset_of(d, table);
    return dataset ? dataset_noun(dataset, d->arena) : "rows";
}

static bool of_time(const struct expression *expression)
{
    return expression && expression->kind == EXPRESSION_COLUMN && expression->column &&
           value_kind_is_time(expression->column->kind);
}

/* A bare "name" of a joined table needs its owner: "customer name". */
static void say_column(struct describer *d, const struct expression *expression)
{
    const char *words = column_words(expression->column, d->arena);
    const struct dataset *dataset = dataset_of(d, expression->table);
    if (expression->table > 0 && dataset && strcmp(words, "name") == 0) {
        const char *noun = name_words(dataset->table_name, d->arena);
        size_t length = strlen(noun);
        length -= length > 2 && noun[length - 1] == 's';
        strbuf_printf(d->out, "%.*s ", (int)length, noun);
    }
    strbuf_add(d->out, words);
}

static void say_aggregate(struct describer *d, const struct expression *expression)
{
    static const char *const words[AGGREGATES] = {[AGGREGATE_SUM] = "total ",
                                                  [AGGREGATE_AVG] = "average ",
                                                  [AGGREGATE_MIN] = "lowest ",
                                                  [AGGREGATE_MAX] = "highest ",
                                                  [AGGREGATE_MEDIAN] = "median "};
    const struct expression *of = expression->left;
    bool column = of && of->kind == EXPRESSION_COLUMN;
    if (expression->aggregate == AGGREGATE_COUNT) {
        strbuf_printf(d->out, "number of %s", noun_of(d, column ? of->table : 0));
        if (column) {
            strbuf_add(d->out, " with a ");
            say_column(d, of);
        }
        return;
    }
    if (expression->aggregate == AGGREGATE_COUNT_DISTINCT && column) {
        const char *name = column_words(of->column, d->arena);
        size_t length = strlen(name);
        if (length > 3 && strcmp(name + length - 3, " id") == 0)
            name = arena_strndup(d->arena, name, length - 3);
        strbuf_printf(d->out, "number of different %s", plural_of(name, d->arena));
        return;
    }
    const char *word = words[expression->aggregate];
    if (of_time(of))
        word = expression->aggregate == AGGREGATE_MIN ? "earliest " : "latest ";
    size_t at = d->out->length;
    say_expression(d, of);
    if (word && strncmp(strbuf_text(d->out) + at, word, strlen(word)) != 0) {
        char *said = arena_strdup(d->arena, strbuf_text(d->out) + at);
        strbuf_truncate(d->out, at);
        strbuf_printf(d->out, "%s%s", word, said);
    }
}

static void say_arithmetic(struct describer *d, const struct expression *expression)
{
    const char *word = expression->op == '+'   ? " plus "
                       : expression->op == '-' ? " minus "
                       : expression->op == '*' ? " times "
                                               : " divided by ";
    say_expression(d, expression->left);
    strbuf_add(d->out, word);
    say_expression(d, expression->right);
}

static void say_expression(struct describer *d, const struct expression *expression)
{
    if (!expression || d->depth >= QUERY_DEPTH_MAX)
        return;
    d->depth++;
    switch (expression->kind) {
    case EXPRESSION_STAR:
        strbuf_add(d->out, noun_of(d, 0));
        break;
    case EXPRESSION_COLUMN:
        say_column(d, expression);
        break;
    case EXPRESSION_LITERAL:
        strbuf_add(d->out, expression->literal);
        break;
    case EXPRESSION_AGGREGATE:
        say_aggregate(d, expression);
        break;
    case EXPRESSION_BUCKET:
        strbuf_printf(d->out, "%s%s", expression->fiscal_year_start > 1 ? "fiscal " : "",
                      time_unit_name(expression->unit));
        break;
    case EXPRESSION_ARITHMETIC:
        say_arithmetic(d, expression);
        break;
    case EXPRESSION_METRIC:
        strbuf_add(d->out, name_words(expression->metric->name, d->arena));
        break;
    case EXPRESSION_SHARE:
        say_expression(d, expression->left);
        strbuf_add(d->out, " in percent of the whole");
        break;
    case EXPRESSION_SUBQUERY:
        strbuf_add(d->out, "the ");
        say_query(d, expression->subquery);
        break;
    case EXPRESSION_FILTERED:
        say_expression(d, expression->left);
        strbuf_add_char(d->out, ' ');
        say_condition(d, expression->condition);
        break;
    default:
        break;
    }
    d->depth--;
}

static void say_values(struct describer *d, const struct condition *condition)
{
    for (size_t i = 0; i < condition->value_count; i++) {
        if (i > 0)
            strbuf_add(d->out, i + 1 == condition->value_count ? " or " : ", ");
        if (i == 6 && condition->value_count > 8) {
            strbuf_printf(d->out, "%zu more", condition->value_count - i);
            return;
        }
        say_expression(d, &condition->values[i]);
    }
}

static void say_pattern(struct describer *d, const struct condition *condition)
{
    const char *pattern = condition->value_count > 0 ? condition->values[0].literal : NULL;
    struct str text = str_from(pattern);
    bool before = str_starts(text, STR("%")), after = str_ends(text, STR("%"));
    text = str_slice(text, before, text.length - (after && text.length > before));
    bool negated = condition->comparison == COMPARE_NOT_LIKE;
    const char *verb = before && after ? (negated ? "does not contain" : "contains")
                       : before        ? (negated ? "does not end with" : "ends with")
                       : after         ? (negated ? "does not start with" : "starts with")
                                       : (negated ? "is not like" : "is like");
    strbuf_printf(d->out, " %s \"", verb);
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] != '\\' || (i > 0 && text.bytes[i - 1] == '\\'))
            strbuf_add_char(d->out, text.bytes[i]);
    strbuf_add_char(d->out, '"');
}

/* What the rows of a sub-query are: that its key is known goes without saying. */
static void say_listed(struct describer *d, const struct condition *where)
{
    size_t count = !where ? 0 : where->kind == CONDITION_AND ? where->part_count : 1;
    bool said_where = false;
    for (size_t i = 0; i < count; i++) {
        const struct condition *part = where->kind == CONDITION_AND ? where->parts[i] : where;
        if (part->kind == CONDITION_COMPARE && part->comparison == COMPARE_NOT_NULL)
            continue;
        if (part->kind == CONDITION_PERIOD)
            strbuf_add_char(d->out, ' ');
        else
            strbuf_add(d->out, said_where ? " and " : " where ");
        said_where |= part->kind != CONDITION_PERIOD;
        say_condition(d, part);
    }
}

static void say_compare(struct describer *d, const struct condition *condition)
{
    static const char *const words[COMPARISONS] = {
        [COMPARE_EQUAL] = " is ",
        [COMPARE_NOT_EQUAL] = " is not ",
        [COMPARE_LESS] = " is below ",
        [COMPARE_LESS_EQUAL] = " is at most ",
        [COMPARE_GREATER] = " is above ",
        [COMPARE_GREATER_EQUAL] = " is at least ",
        [COMPARE_IN] = " is ",
        [COMPARE_NOT_IN] = " is not ",
        [COMPARE_NULL] = " is missing",
        [COMPARE_NOT_NULL] = " is known",
    };
    static const char *const time_words[COMPARISONS] = {
        [COMPARE_LESS] = " is before ",
        [COMPARE_LESS_EQUAL] = " is up to ",
        [COMPARE_GREATER] = " is after ",
        [COMPARE_GREATER_EQUAL] = " is from ",
    };
    enum comparison comparison = condition->comparison;
    const struct query *listed = condition->value_count == 1 ? condition->values[0].subquery : NULL;
    if (comparison == COMPARE_NOT_IN && listed && listed->table_count > 0) {
        strbuf_printf(d->out, "there are no %s", dataset_noun(listed->tables[0].dataset, d->arena));
        struct describer inner = *d;
        inner.query = listed;
        say_listed(&inner, listed->where);
        return;
    }
    say_expression(d, condition->left);
    if (comparison == COMPARE_LIKE || comparison == COMPARE_NOT_LIKE) {
        say_pattern(d, condition);
        return;
    }
    if (comparison == COMPARE_BETWEEN && condition->value_count == 2) {
        strbuf_add(d->out, " is between ");
        say_expression(d, &condition->values[0]);
        strbuf_add(d->out, " and ");
        say_expression(d, &condition->values[1]);
        return;
    }
    const char *word = of_time(condition->left) ? time_words[comparison] : NULL;
    if (!word)
        word = words[comparison];
    strbuf_add(d->out, word ? word : " is ");
    if (comparison != COMPARE_NULL && comparison != COMPARE_NOT_NULL)
        say_values(d, condition);
}

static void say_period(struct describer *d, const struct condition *condition)
{
    const char *name = period_name(condition->from, condition->to, d->arena);
    const char *bounds = period_bounds(condition->from, condition->to, d->arena);
    if (!condition->from || !condition->to)
        strbuf_add(d->out, bounds);
    else if (!name || strcmp(name, bounds) == 0)
        strbuf_printf(d->out, "for %s", bounds);
    else
        strbuf_printf(d->out, "for %s (%s)", name, bounds);
}

static void say_parts(struct describer *d, const struct condition *condition)
{
    const char *glue = condition->kind == CONDITION_OR ? " or " : " and ";
    for (size_t i = 0; i < condition->part_count; i++) {
        if (i > 0)
            strbuf_add(d->out, glue);
        say_condition(d, condition->parts[i]);
    }
}

static void say_condition(struct describer *d, const struct condition *condition)
{
    if (!condition || d->depth >= QUERY_DEPTH_MAX)
        return;
    d->depth++;
    switch (condition->kind) {
    case CONDITION_COMPARE:
        say_compare(d, condition);
        break;
    case CONDITION_PERIOD:
        say_period(d, condition);
        break;
    case CONDITION_FILTER:
        strbuf_add(d->out, name_words(condition->filter->name, d->arena));
        break;
    case CONDITION_NOT:
        strbuf_add(d->out, "not ");
        say_parts(d, condition);
        break;
    default:
        say_parts(d, condition);
    }
    d->depth--;
}

static void say_filters(struct describer *d, const struct condition *where);

static bool is_group_key(const struct query *query, const struct expression *expression)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (expression_equal(query->group[i], expression))
            return true;
    return false;
}

/* 100 * (part of m) / m, the shape of "what share of orders are returned". */
static const struct expression *part_of_whole(const struct expression *e)
{
    bool shape = e && e->kind == EXPRESSION_ARITHMETIC && e->op == '/' && e->left &&
                 e->left->kind == EXPRESSION_ARITHMETIC && e->left->op == '*' && e->left->right &&
                 e->left->right->kind == EXPRESSION_FILTERED;
    return shape && expression_equal(e->left->right->left, e->right) ? e->left->right : NULL;
}

static void say_item(struct describer *d, const struct select_item *item)
{
    const struct expression *part = part_of_whole(item->expression);
    if (part) {
        strbuf_add(d->out, "share of the ");
        say_expression(d, part->left);
        strbuf_add(d->out, " in percent");
        say_filters(d, part->condition);
    } else if (item->label && item->expression && item->expression->kind == EXPRESSION_ARITHMETIC)
        strbuf_add(d->out, name_words(item->label, d->arena));
    else
        say_expression(d, item->expression);
}

/* Two periods side by side: (now) - (before) under the label "change". */
static const struct expression *change_of(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        bool change = e && e->kind == EXPRESSION_ARITHMETIC && e->op == '-' && e->left &&
                      e->left->kind == EXPRESSION_FILTERED && e->right &&
                      e->right->kind == EXPRESSION_FILTERED && e->left->condition &&
                      e->right->condition && e->left->condition->kind == CONDITION_PERIOD &&
                      e->right->condition->kind == CONDITION_PERIOD;
        if (change)
            return e;
    }
    return NULL;
}

static const char *short_period(struct describer *d, const struct condition *period)
{
    const char *name = period_name(period->from, period->to, d->arena);
    return name ? name : period_bounds(period->from, period->to, d->arena);
}

static void say_change(struct describer *d, const struct expression *change)
{
    strbuf_add(d->out, "change in ");
    say_expression(d, change->left->left);
    strbuf_printf(d->out, " from %s", short_period(d, change->right->condition));
    strbuf_printf(d->out, " to %s", short_period(d, change->left->condition));
}

/* What is shown: the values when there are groups, else all that is selected. */
static void say_selection(struct describer *d)
{
    const struct query *query = d->query;
    const struct expression *change = change_of(query);
    if (change) {
        say_change(d, change);
        return;
    }
    size_t shown = 0, count = 0;
    bool aggregates = false;
    for (size_t i = 0; i < query->select_count; i++)
        aggregates |= !is_group_key(query, query->select[i].expression);
    for (size_t i = 0; i < query->select_count; i++)
        count += !aggregates || !is_group_key(query, query->select[i].expression);
    if (query->distinct && query->select_count == 1 &&
        query->select[0].expression->kind == EXPRESSION_COLUMN) {
        size_t at = d->out->length;
        say_expression(d, query->select[0].expression);
        char *words = arena_strdup(d->arena, strbuf_text(d->out) + at);
        strbuf_truncate(d->out, at);
        strbuf_printf(d->out, "the different %s", plural_of(words, d->arena));
        return;
    }
    if (query->distinct)
        strbuf_add(d->out, "different values of ");
    for (size_t i = 0; i < query->select_count; i++) {
        if (aggregates && is_group_key(query, query->select[i].expression))
            continue;
        if (shown > 0)
            strbuf_add(d->out, shown + 1 == count ? " and " : ", ");
        say_item(d, &query->select[i]);
        shown++;
    }
}

static void say_groups(struct describer *d)
{
    const struct query *query = d->query;
    bool other = false; /* "plan by plan" says it twice */
    for (size_t i = 0; i < query->select_count; i++)
        other |= !is_group_key(query, query->select[i].expression);
    for (size_t i = 0; i < query->group_count && other; i++) {
        strbuf_add(d->out, i == 0 ? " by " : i + 1 == query->group_count ? " and " : ", ");
        say_expression(d, query->group[i]);
    }
}

/* Periods read "for October", named filters "only returns", the rest "where ...". */
static void say_filters(struct describer *d, const struct condition *where)
{
    if (!where)
        return;
    size_t count = where->kind == CONDITION_AND ? where->part_count : 1;
    bool said_where = false;
    for (size_t i = 0; i < count; i++) {
        const struct condition *part = where->kind == CONDITION_AND ? where->parts[i] : where;
        bool both_periods = part->kind == CONDITION_OR && part->part_count == 2 &&
                            part->parts[0]->kind == CONDITION_PERIOD && change_of(d->query);
        if (both_periods)
            continue; /* said with the change */
        bool compares = part->kind == CONDITION_COMPARE ||
                        (part->kind == CONDITION_OR && part->part_count > 0 &&
                         part->parts[0]->kind != CONDITION_PERIOD);
        bool negated = part->kind == CONDITION_NOT && part->part_count == 1;
        if (compares)
            strbuf_add(d->out, said_where ? " and " : ", where ");
        else
            strbuf_add(d->out, part->kind == CONDITION_FILTER                        ? ", only "
                               : negated && part->parts[0]->kind == CONDITION_FILTER ? ", without "
                                                                                     : ", ");
        said_where = compares;
        bool without = negated && part->parts[0]->kind == CONDITION_FILTER;
        say_condition(d, without ? part->parts[0] : part);
    }
}

static const char *order_words(const struct order_key *key)
{
    const struct expression *e = key->expression;
    bool time = of_time(e) || (e->kind == EXPRESSION_BUCKET) ||
                (e->kind == EXPRESSION_AGGREGATE && of_time(e->left));
    bool text = e->kind == EXPRESSION_COLUMN && e->column && e->column->kind == VALUE_TEXT;
    if (time)
        return key->descending ? "latest first" : "earliest first";
    if (text)
        return key->descending ? "from Z to A" : "from A to Z";
    return key->descending ? "highest first" : "lowest first";
}

/* The key is named unless it is the only value shown. */
static void say_order(struct describer *d)
{
    const struct query *query = d->query;
    if (query->order_count == 0) {
        if (query->limit > 0)
            strbuf_printf(d->out, ", the first %lld", (long long)query->limit);
        return;
    }
    const struct order_key *key = &query->order[0];
    size_t values = 0;
    bool shown = false;
    for (size_t i = 0; i < query->select_count; i++) {
        bool group = is_group_key(query, query->select[i].expression);
        values += !group;
        shown |= expression_equal(query->select[i].expression, key->expression) && !group;
    }
    bool only = query->select_count == 1 || change_of(query);
    bool time_key = of_time(key->expression);
    bool time_series = key->expression->kind == EXPRESSION_BUCKET && !key->descending;
    if (time_series && query->limit == 0)
        return;
    strbuf_add(d->out, ", ");
    bool star = query->select_count == 1 && query->select[0].expression->kind == EXPRESSION_STAR;
    if (!(shown && (values == 1 || only)) && !time_series && !(star && time_key)) {
        strbuf_add(d->out, "sorted by ");
        struct select_item item = {.expression = key->expression};
        for (size_t i = 0; i < query->select_count; i++)
            if (expression_equal(query->select[i].expression, key->expression))
                item = query->select[i];
        say_item(d, &item);
        strbuf_add(d->out, ", ");
    }
    strbuf_add(d->out, order_words(key));
    if (query->limit > 0)
        strbuf_printf(d->out, ", top %lld", (long long)query->limit);
    if (query->limit > 0 && query->limit_per) {
        strbuf_add(d->out, " for each ");
        say_expression(d, query->limit_per);
    }
}

static void say_query(struct describer *outer, const struct query *query)
{
    static const char *const sets[SET_OPERATIONS] = {[SET_UNION] = ", together with ",
                                                     [SET_INTERSECT] = ", which are also in ",
                                                     [SET_EXCEPT] = ", but not "};
    struct describer d = *outer;
    d.query = query;
    if (!query || ++d.depth > QUERY_DEPTH_MAX)
        return;
    bool rows = query->select_count == 1 && query->select[0].expression &&
                query->select[0].expression->kind == EXPRESSION_STAR;
    if (rows && query->limit > 0 && query->order_count == 0) {
        strbuf_printf(d.out, "the first %lld %s", (long long)query->limit, noun_of(&d, 0));
        say_filters(&d, query->where);
        return;
    }
    say_selection(&d);
    say_groups(&d);
    say_filters(&d, query->where);
    if (query->having) {
        strbuf_add(d.out, ", where the ");
        say_condition(&d, query->having);
    }
    if (query->set_operation > SET_NONE && query->set_operation < SET_OPERATIONS) {
        strbuf_add(d.out, sets[query->set_operation]);
        say_query(&d, query->set_right);
    }
    say_order(&d);
}

static const char *finish(struct strbuf *out, struct arena *arena)
{
    struct str text = str_cut_utf8(strbuf_str(out), DESCRIPTION_SIZE_MAX);
    char *copy = arena_strndup(arena, text.bytes ? text.bytes : "", text.length);
    strbuf_clear(out);
    return copy;
}

const char *query_describe(const struct query *query, struct arena *arena)
{
    struct strbuf out = strbuf_init(4 * DESCRIPTION_SIZE_MAX);
    say_query(&(struct describer){.arena = arena, .out = &out}, query);
    return finish(&out, arena);
}

const char *expression_describe(const struct query *query, const struct expression *expression,
                                struct arena *arena)
{
    struct strbuf out = strbuf_init(4 * DESCRIPTION_SIZE_MAX);
    say_expression(&(struct describer){.query = query, .arena = arena, .out = &out}, expression);
    return finish(&out, arena);
}

const char *condition_describe(const struct query *query, const struct condition *condition,
                               struct arena *arena)
{
    struct strbuf out = strbuf_init(4 * DESCRIPTION_SIZE_MAX);
    say_condition(&(struct describer){.query = query, .arena = arena, .out = &out}, condition);
    return finish(&out, arena);
}
