/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/unheard.h"

#include <stdio.h>
#include <string.h>

#include "planner/print/fragment.h"
#include "planner/rules/business.h"

/* ------------------------------------------------------------------ what queries do */

static bool expression_negates(const struct expression *e);

static bool condition_negates(const struct condition *c)
{
    if (!c)
        return false;
    static const bool negative[COMPARISONS] = {
        [COMPARE_NOT_EQUAL] = true, [COMPARE_NOT_LIKE] = true, [COMPARE_NOT_IN] = true,
        [COMPARE_NULL] = true,      [COMPARE_NOT_NULL] = true,
    };
    if (c->kind == CONDITION_NOT || c->kind == CONDITION_FILTER ||
        (c->kind == CONDITION_COMPARE && negative[c->comparison]))
        return true;
    /* "Did not pay" may be stored as a value: paid = 'no', active = false, returns = 0. */
    if (c->kind == CONDITION_COMPARE && c->comparison == COMPARE_EQUAL && c->value_count == 1 &&
        c->values[0].literal) {
        static const char *const values[] = {"no", "n", "false", "0", "f", "none", "never"};
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
            if (str_equal_nocase(str_from(c->values[0].literal), str_from(values[i])))
                return true;
    }
    for (size_t i = 0; i < c->part_count; i++)
        if (condition_negates(c->parts[i]))
            return true;
    return expression_negates(c->left);
}

static bool expression_negates(const struct expression *e)
{
    return e && (condition_negates(e->condition) || expression_negates(e->left) ||
                 expression_negates(e->right));
}

static bool query_negates(const struct query *query)
{
    if (query->set_operation == SET_EXCEPT || condition_negates(query->where) ||
        condition_negates(query->having))
        return true;
    for (size_t i = 0; i < query->table_count; i++)
        if (query->tables[i].left_join)
            return true;
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_negates(query->select[i].expression))
            return true;
    return false;
}

static bool has_time(const struct expression *e)
{
    return e && (e->kind == EXPRESSION_BUCKET || e->kind == EXPRESSION_FILTERED ||
                 (e->kind == EXPRESSION_COLUMN && e->column->role == ROLE_TIME) ||
                 has_time(e->left) || has_time(e->right));
}

static bool query_shows_time(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (has_time(query->select[i].expression))
            return true;
    return false;
}

/* "Days since the last order" are none of a date, and no query reckons them: they must be stored. */
static bool query_reckons_time(const struct query *query)
{
    const struct column *column = query->select[query->select_count - 1].expression->column;
    return column && (strcasestr(column->name, "days") || strcasestr(column->name, "since") ||
                      strcasestr(column->name, "age"));
}

static bool condition_dates(const struct condition *c)
{
    bool found = c && c->kind == CONDITION_PERIOD;
    for (size_t i = 0; c && i < c->part_count; i++)
        found |= condition_dates(c->parts[i]);
    return found;
}

/* "Orders placed 30 days ago" name a day. */
static bool query_reckons_or_dates(const struct query *query)
{
    return query_reckons_time(query) || condition_dates(query->where);
}

/* "The top product in each category" wants a row for each; one row for all is something else. */
static bool query_keeps_groups(const struct query *query)
{
    return query->limit == 0 || query->limit_per || query->group_count == 0;
}

static bool holds_condition(const struct expression *e)
{
    return e &&
           (e->condition || e->subquery || holds_condition(e->left) || holds_condition(e->right));
}

static bool query_restricts(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (holds_condition(query->select[i].expression))
            return true;
    return query->where || query->having || query->limit > 0 || query->table_count > 1 ||
           query->set_operation != SET_NONE;
}

static bool condition_compares(const struct condition *c)
{
    if (!c)
        return false;
    static const bool comparing[COMPARISONS] = {
        [COMPARE_LESS] = true,          [COMPARE_LESS_EQUAL] = true, [COMPARE_GREATER] = true,
        [COMPARE_GREATER_EQUAL] = true, [COMPARE_BETWEEN] = true,
    };
    if (c->kind == CONDITION_PERIOD || c->kind == CONDITION_FILTER ||
        (c->kind == CONDITION_COMPARE && comparing[c->comparison]))
        return true;
    bool found = c->left && c->left->condition && condition_compares(c->left->condition);
    for (size_t i = 0; i < c->value_count; i++)
        found |= c->values[i].subquery != NULL;
    for (size_t i = 0; i < c->part_count; i++)
        found |= condition_compares(c->parts[i]);
    return found;
}

/* "More than 10", "longer than an hour", "earns more than Ann": what is on one side of a bound. */
static bool query_compares(const struct query *query)
{
    bool found = condition_compares(query->where) || condition_compares(query->having) ||
                 query->set_operation != SET_NONE;
    for (size_t i = 0; i < query->select_count; i++)
        found |= query->select[i].expression->condition || query->select[i].expression->subquery;
    return found;
}

static bool condition_ages(const struct condition *c)
{
    static const char *const words[] = {"age",     "old",   "year", "yr",    "birth", "born", "dob",
                                        "built",   "found", "open", "start", "since", "join", "hire",
                                        "created", "day",   "time", "date"};
    if (!c)
        return false;
    const struct column *column = c->left ? c->left->column : NULL;
    bool found = c->kind == CONDITION_PERIOD || c->kind == CONDITION_FILTER ||
                 (column && value_kind_is_time(column->kind));
    for (size_t i = 0; column && i < sizeof(words) / sizeof(words[0]); i++)
        found |= strcasestr(column->name, words[i]) ||
                 (column->label && strcasestr(column->label, words[i]));
    for (size_t i = 0; i < c->value_count; i++)
        found |= c->values[i].subquery != NULL;
    for (size_t i = 0; i < c->part_count; i++)
        found |= condition_ages(c->parts[i]);
    return found;
}

/* "Planes older than 20 years" are not those with more than 20 seats. */
static bool query_compares_ages(const struct query *query)
{
    return query_compares(query) &&
           (condition_ages(query->where) || condition_ages(query->having) ||
            query->set_operation != SET_NONE);
}

/* "Stations that never had an alarm" are not those with a row that is none. */
static bool query_excludes(const struct query *query)
{
    const struct expression *first = query->select[0].expression;
    bool of_things =
        query->distinct || query->group_count > 0 ||
        (first->kind == EXPRESSION_AGGREGATE && first->aggregate == AGGREGATE_COUNT_DISTINCT);
    const struct condition *where = query->where;
    bool by_row = where && where->kind == CONDITION_COMPARE &&
                  (where->comparison == COMPARE_NOT_EQUAL ||
                   (where->comparison == COMPARE_NULL && where->left->table != first->table));
    return query_negates(query) && !(of_things && by_row);
}

/* "Names with their ages" asks for a second column, "orders with status open" for a condition. */
static bool query_has_with(const struct query *query)
{
    return query_restricts(query) || query->select_count > 1 || query->order_count > 0 ||
           query->select[0].expression->kind == EXPRESSION_STAR;
}

static bool query_has_by(const struct query *query)
{
    return query_restricts(query) || query->group_count > 0 || query->order_count > 0;
}

static bool divides(const struct expression *e)
{
    return e && (e->kind == EXPRESSION_ARITHMETIC || e->kind == EXPRESSION_METRIC ||
                 (e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_AVG) ||
                 e->kind == EXPRESSION_COLUMN || divides(e->left));
}

/* "Revenue per region" groups, "revenue per order" divides, "income per person" is a column. */
static bool query_has_per(const struct query *query)
{
    return query_has_by(query) ||
           (query->select_count == 1 && divides(query->select[0].expression));
}

/* A number of things: counted, added up, or stored as an amount. */
static bool is_quantity(const struct expression *e)
{
    if (!e || e->kind == EXPRESSION_STAR || e->kind == EXPRESSION_BUCKET)
        return false;
    if (e->kind == EXPRESSION_COLUMN)
        return value_kind_is_number(e->column->kind) && e->column->role != ROLE_KEY &&
               e->column->role != ROLE_DIMENSION;
    return true;
}

static bool query_has_quantity(const struct query *query)
{
    bool found = query->having != NULL || query_restricts(query);
    for (size_t i = 0; i < query->select_count; i++)
        found |= is_quantity(query->select[i].expression);
    for (size_t i = 0; i < query->order_count; i++)
        found |= is_quantity(query->order[i].expression);
    return found;
}

/* Do its rows tell of people: with a name, or as a member, a player, an author of something? */
static bool has_people(const struct dataset *dataset)
{
    static const char *const words[] = {"name",   "person", "customer", "employee", "player",
                                        "author", "member", "user",     "student",  "owner",
                                        "winner", "artist", "driver",   "patient",  "people"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasestr(dataset->table_name, words[i]))
            return true;
        for (size_t c = 0; c < dataset->column_count; c++)
            if (dataset->columns[c].kind == VALUE_TEXT &&
                strcasestr(dataset->columns[c].name, words[i]))
                return true;
    }
    return false;
}

/* "Who" wants somebody named, not a number, and not the project that they worked on. */
static bool query_names_someone(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        if ((e->kind == EXPRESSION_STAR && has_people(query->tables[0].dataset)) ||
            (e->kind == EXPRESSION_COLUMN && !value_kind_is_number(e->column->kind) &&
             !value_kind_is_time(e->column->kind)))
            return true;
    }
    return false;
}

/* "Top" wants the first of something, not all of it. */
static bool query_ranks(const struct query *query)
{
    bool ranks = query->limit > 0;
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        ranks |= (e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_MAX) ||
                 (e->column && strcasestr(e->column->name, "top"));
    }
    return ranks || query_restricts(query);
}

/* A declared metric that may be anything, an average or a maximum; but no sum or count. */
static bool is_other_metric(const struct expression *e)
{
    return e->kind == EXPRESSION_METRIC && !fragment_adds_up(e->metric->expression);
}

static bool averages(const struct expression *e)
{
    return e && (is_other_metric(e) ||
                 e->kind == EXPRESSION_SUBQUERY || (e->kind == EXPRESSION_ARITHMETIC && e->op == '/') ||
                 (e->kind == EXPRESSION_AGGREGATE &&
                  (e->aggregate == AGGREGATE_AVG || e->aggregate == AGGREGATE_MEDIAN)) ||
                 (e->column &&
                  (strcasestr(e->column->name, "av") || strcasestr(e->column->name, "mean"))) ||
                 averages(e->left) || averages(e->right));
}

static bool condition_averages(const struct condition *c)
{
    if (!c)
        return false;
    bool found = averages(c->left);
    for (size_t i = 0; i < c->value_count; i++)
        found |= averages(&c->values[i]);
    for (size_t i = 0; i < c->part_count; i++)
        found |= condition_averages(c->parts[i]);
    return found;
}

/* "The average cost a month" is no list of sums. */
static bool query_averages(const struct query *query)
{
    bool found = condition_averages(query->where) || condition_averages(query->having);
    for (size_t i = 0; i < query->select_count; i++)
        found |= averages(query->select[i].expression);
    for (size_t i = 0; i < query->order_count; i++)
        found |= averages(query->order[i].expression);
    return found;
}

static bool ends_at(const struct expression *e)
{
    return e && ((e->kind == EXPRESSION_AGGREGATE &&
                  (e->aggregate == AGGREGATE_MIN || e->aggregate == AGGREGATE_MAX)) ||
                 ends_at(e->left) || ends_at(e->right));
}

static bool condition_nests(const struct condition *c)
{
    if (!c)
        return false;
    for (size_t i = 0; i < c->value_count; i++)
        if (c->values[i].subquery)
            return true;
    for (size_t i = 0; i < c->part_count; i++)
        if (condition_nests(c->parts[i]))
            return true;
    return false;
}

/* "The cheapest" comes first in some order, or is the least of something. */
static bool query_has_end(const struct query *query)
{
    bool found = query->order_count > 0 || query->limit > 0 || condition_nests(query->where) ||
                 condition_nests(query->having) || query->set_operation != SET_NONE;
    for (size_t i = 0; i < query->select_count; i++)
        found |= ends_at(query->select[i].expression) ||
                 is_other_metric(query->select[i].expression);
    return found;
}

static bool counts(const struct expression *e)
{
    return e && e->kind == EXPRESSION_AGGREGATE &&
           (e->aggregate == AGGREGATE_COUNT || e->aggregate == AGGREGATE_COUNT_DISTINCT);
}

/* "The most expensive category" is not the one with the most rows. */
static bool query_compares_amounts(const struct query *query)
{
    return query->order_count == 0 || !counts(query->order[0].expression);
}

static bool has_share(const struct expression *e)
{
    if (!e)
        return false;
    static const char *const names[] = {"percent", "pct", "share", "rate", "ratio", "proportion"};
    for (size_t i = 0; e->column && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasestr(e->column->name, names[i]) ||
            (e->column->label && strcasestr(e->column->label, names[i])))
            return true;
    return e->kind == EXPRESSION_SHARE || e->kind == EXPRESSION_METRIC ||
           (e->kind == EXPRESSION_ARITHMETIC && e->op == '/') || has_share(e->left) ||
           has_share(e->right);
}

/* "What percentage of the items" is no list of them. */
static bool query_has_share(const struct query *query)
{
    bool found = query->where && has_share(query->where->left);
    for (size_t i = 0; i < query->select_count; i++)
        found |= has_share(query->select[i].expression);
    for (size_t i = 0; i < query->order_count; i++)
        found |= has_share(query->order[i].expression);
    return found;
}

/* ------------------------------------------------------------------ what words ask for */

typedef bool (*heard_fn)(const struct query *query);

static const struct rule {
    const char *words; /* as a whole, between blanks */
    heard_fn heard;
} rules[] = {
    {"never", query_excludes},
    {"missing", query_restricts},
    {"weekend", query_restricts},
    {"weekends", query_restricts},
    {"noon", query_restricts},
    {"before", query_restricts},
    {"after", query_restricts},
    {"longer than", query_compares},
    {"shorter than", query_compares},
    {"older than", query_compares_ages},
    {"younger than", query_compares_ages},
    {"higher than", query_compares},
    {"lower than", query_compares},
    {"larger than", query_compares},
    {"smaller than", query_compares},
    {"bigger than", query_compares},
    {"greater than", query_compares},
    {"cheaper than", query_compares},
    {"later than", query_compares},
    {"earlier than", query_compares},
    {"without", query_excludes},
    {"not", query_negates},
    {"except", query_negates},
    {"excluding", query_negates},
    {"neither", query_negates},
    {"with no", query_excludes},
    {"have no", query_excludes},
    {"has no", query_excludes},
    {"had no", query_excludes},
    {"didn't", query_negates},
    {"don't", query_negates},
    {"doesn't", query_negates},
    {"isn't", query_negates},
    {"aren't", query_negates},
    {"wasn't", query_negates},
    {"haven't", query_negates},
    {"hasn't", query_negates},
    {"in each", query_keeps_groups},
    {"for each", query_keeps_groups},
    {"of each", query_keeps_groups},
    {"how many", query_has_quantity},
    {"number of", query_has_quantity},
    {"top", query_ranks},
    {"average", query_averages},
    {"on average", query_averages},
    {"grow", query_shows_time},
    {"grew", query_shows_time},
    {"growth", query_shows_time},
    {"shrinking", query_shows_time},
    {"increasing", query_shows_time},
    {"decreasing", query_shows_time},
    {"rising", query_shows_time},
    {"declining", query_shows_time},
    {"growing", query_shows_time},
    {"go up", query_shows_time},
    {"goes up", query_shows_time},
    {"going up", query_shows_time},
    {"went up", query_shows_time},
    {"gone up", query_shows_time},
    {"go down", query_shows_time},
    {"goes down", query_shows_time},
    {"going down", query_shows_time},
    {"went down", query_shows_time},
    {"gone down", query_shows_time},
    {"how many days since", query_reckons_time},
    {"how many days ago", query_reckons_time},
    {"days since", query_reckons_or_dates},
    {"days ago", query_reckons_or_dates},
    {"how long since", query_reckons_time},
    {"how long ago", query_reckons_time},
    {"trend", query_shows_time},
    {"trends", query_shows_time},
    {"whose", query_has_with},
    {"expensive", query_compares_amounts},
    {"cheapest", query_compares_amounts},
    {"priciest", query_compares_amounts},
    {"costliest", query_compares_amounts},
    {"percentage", query_has_share},
    {"percent of", query_has_share},
    {"proportion of", query_has_share},
    {"fraction of", query_has_share},
    {"out of", query_restricts},
    {"below", query_compares},
    {"above", query_compares},
    {"more than", query_compares},
    {"less than", query_compares},
    {"fewer than", query_compares},
    {"at least", query_compares},
    {"at most", query_compares},
    {"with", query_has_with},
    {"by", query_has_by},
    {"per", query_has_per},
};

static bool is_word_part(char c)
{
    return char_is_alnum(c) || (c & 0x80) != 0 || c == '\'' || c == '_';
}

/* Is `words` in the text, in any case, not as a part of longer words? */
static bool holds_words(struct str text, struct str words)
{
    char first = words.length > 0 ? char_lower(words.bytes[0]) : '\0';
    for (size_t i = 0; i + words.length <= text.length; i++) {
        size_t end = i + words.length;
        if (words.length > 0 && char_lower(text.bytes[i]) != first)
            continue;
        if ((i == 0 || !is_word_part(text.bytes[i - 1])) &&
            (end == text.length || !is_word_part(text.bytes[end])) &&
            str_equal_nocase(str_slice(text, i, end), words))
            return true;
    }
    return false;
}

static bool condition_says(const struct condition *c, struct str words)
{
    if (!c)
        return false;
    for (size_t i = 0; i < c->value_count; i++)
        if (c->values[i].literal && holds_words(str_from(c->values[i].literal), words))
            return true;
    for (size_t i = 0; i < c->part_count; i++)
        if (condition_says(c->parts[i], words))
            return true;
    return false;
}

bool query_looks_for(const struct query *query, struct str words)
{
    return condition_says(query->where, words) || condition_says(query->having, words);
}

/* "The lowest and the highest": one of the two is half an answer. */
static bool has_both_ends(const struct query *query)
{
    bool low = query->limit == 0 && query->order_count > 0, high = low;
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        low |= e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_MIN;
        high |= e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_MAX;
    }
    return (low && high) || query->set_operation != SET_NONE;
}

static bool holds_any(struct str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds_words(text, str_from(words[i])))
            return true;
    return false;
}

static bool asks_both_ends(struct str question)
{
    static const char *const low[] = {"lowest", "minimum", "smallest", "cheapest", "min"};
    static const char *const high[] = {"highest", "maximum", "largest",
                                       "biggest", "max",     "most expensive"};
    return holds_words(question, STR("and")) &&
           holds_any(question, low, sizeof(low) / sizeof(low[0])) &&
           holds_any(question, high, sizeof(high) / sizeof(high[0]));
}

static const char *const superlatives[] = {
    "cheapest",        "dearest",       "priciest",      "youngest", "oldest",   "eldest",
    "longest",         "shortest",      "tallest",       "heaviest", "lightest", "largest",
    "smallest",        "biggest",       "highest",       "lowest",   "fastest",  "slowest",
    "hottest",         "coldest",       "warmest",       "newest",   "earliest", "deepest",
    "widest",          "strongest",     "weakest",       "richest",  "poorest",  "busiest",
    "nearest",         "closest",       "farthest",      "greatest", "worst",    "most expensive",
    "least expensive", "most valuable", "least valuable"};

static bool column_says(const struct expression *e, struct str words)
{
    return e &&
           ((e->column && column_name_has(e->column, words)) ||
            (e->column && e->column->label && holds_words(str_from(e->column->label), words)) ||
            column_says(e->left, words) || column_says(e->right, words));
}

/* "What did we spend most on": not "at most 5", "most of them", "mostly". */
static bool says_most(struct str question)
{
    static const char *const others[] = {"at most",     "at least",      "most of",
                                         "most recent", "most recently", "least of"};
    static const char *const words[] = {"most", "least"};
    return holds_any(question, words, 2) &&
           !holds_any(question, others, sizeof(others) / sizeof(others[0]));
}

/* "How many visits were cheap": which ones those are, the query must say. */
static const char *quality_said(struct str question)
{
    static const char *const verbs[] = {"is", "are", "was", "were"};
    static const char *const qualities[] = {
        "cheap", "expensive", "late", "early", "long", "short",      "big",
        "small", "large",     "high", "low",   "old",  "young",      "new",
        "heavy", "fast",      "slow", "good",  "bad",  "profitable", "important"};
    if (!holds_any(question, verbs, sizeof(verbs) / sizeof(verbs[0])))
        return NULL;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        for (size_t k = 0; k < sizeof(qualities) / sizeof(qualities[0]); k++) {
            char words[32];
            snprintf(words, sizeof(words), "%s %s", verbs[i], qualities[k]);
            if (holds_words(question, str_from(words)))
                return qualities[k];
        }
    return NULL;
}

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))
#define SUPERLATIVE_COUNT (sizeof(superlatives) / sizeof(superlatives[0]))
_Static_assert(RULE_COUNT <= UINT8_MAX && SUPERLATIVE_COUNT <= 64, "a byte and a bit for each");

struct telling_words telling_words_find(struct str question)
{
    struct telling_words found = {
        .both_ends = asks_both_ends(question),
        .who = str_equal_nocase(str_slice(str_trim(question), 0, 4), STR("who ")),
        .most = says_most(question),
        .quality = quality_said(question),
    };
    for (size_t i = 0; i < RULE_COUNT && found.rule_count < TELLING_RULES_MAX; i++)
        if (holds_words(question, str_from(rules[i].words)))
            found.rules[found.rule_count++] = (uint8_t)i;
    for (size_t i = 0; i < SUPERLATIVE_COUNT; i++)
        found.superlatives |= (uint64_t)holds_words(question, str_from(superlatives[i])) << i;
    return found;
}

/* A superlative in a question that is in no column's name, either. */
static const char *unheard_superlative(const struct telling_words *said, const struct query *query)
{
    if (said->superlatives == 0 || query_has_end(query))
        return NULL;
    for (size_t i = 0; i < SUPERLATIVE_COUNT; i++) {
        struct str words = str_from(superlatives[i]);
        if (!(said->superlatives >> i & 1) || condition_says(query->where, words))
            continue;
        bool named = query->where && column_says(query->where->left, words);
        for (size_t k = 0; k < query->select_count; k++)
            named |= column_says(query->select[k].expression, words);
        if (!named)
            return superlatives[i];
    }
    return NULL;
}

const char *unheard_word(const struct telling_words *said, const struct query *query)
{
    if (said->both_ends && !has_both_ends(query))
        return "and";
    if (said->who && !query_names_someone(query))
        return "who";
    for (size_t i = 0; i < said->rule_count; i++) {
        const struct rule *rule = &rules[said->rules[i]];
        if (!rule->heard(query) && !condition_says(query->where, str_from(rule->words)))
            return rule->words;
    }
    if (said->quality && !query_restricts(query) && !query_has_end(query))
        return said->quality;
    const char *superlative = unheard_superlative(said, query);
    if (superlative)
        return superlative;
    bool most = said->most && !query_has_end(query) && !query_looks_for(query, STR("most"));
    return most ? "most" : NULL;
}
