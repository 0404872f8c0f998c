/* SPDX-License-Identifier: Apache-2.0 */
/* What a column is good for: said by its role, else guessed from its kind and name. */
#include "planner/rules/business_priv.h"

#include <string.h>
#include <strings.h>

static bool name_has_word(const char *name, const char *list)
{
    struct str rest = str_from(list), part;
    while (str_split(&rest, ' ', &part)) {
        if (part.length == 0)
            continue;
        size_t length = strlen(name);
        for (size_t i = 0; i + part.length <= length; i++) {
            bool starts =
                i == 0 || !char_is_alpha(name[i - 1]) ||
                (char_lower(name[i]) != name[i] && char_lower(name[i - 1]) == name[i - 1]);
            bool ends = !char_is_alpha(name[i + part.length]) ||
                        (char_lower(name[i + part.length]) != name[i + part.length]);
            if (starts && ends && strncasecmp(name + i, part.bytes, part.length) == 0)
                return true;
        }
    }
    return false;
}

bool column_name_has(const struct column *column, struct str word)
{
    char list[64];
    if (word.length >= sizeof(list))
        return false;
    memcpy(list, word.bytes, word.length);
    list[word.length] = '\0';
    return name_has_word(column->name, list);
}

static bool looks_like_key(const struct column *column)
{
    return column->role == ROLE_KEY ||
           name_has_word(column->name, "id key code zip postcode phone");
}

static bool is_year(const struct column *column)
{
    return column->kind == VALUE_INTEGER && name_has_word(column->name, "year yr");
}

bool column_is_measure(const struct column *column)
{
    if (column->role == ROLE_MEASURE)
        return value_kind_is_number(column->kind);
    return column->role == ROLE_UNKNOWN && value_kind_is_number(column->kind) &&
           !looks_like_key(column) && !is_year(column);
}

bool column_names_rows(const struct column *column, const struct dataset *dataset)
{
    size_t length = strlen(column->name), table = strlen(dataset->table_name);
    bool plural = (table == length + 1 && dataset->table_name[length] == 's') ||
                  (table == length + 2 && strcmp(dataset->table_name + length, "es") == 0);
    bool number = value_kind_is_number(column->kind) && !column_is_measure(column);
    return (number || (column->kind == VALUE_TEXT && column->unique)) && plural &&
           strncasecmp(column->name, dataset->table_name, length) == 0;
}

bool column_is_averaged(const struct column *column)
{
    return column->role != ROLE_KEY &&
           (column_is_measure(column) || column->role == ROLE_TIME ||
            name_has_word(column->name, "grade level hour minute second day days month week "
                                        "quarter year lat latitude lon lng longitude version"));
}

bool column_is_group(const struct column *column)
{
    if (column->role == ROLE_DIMENSION || column->role == ROLE_KEY)
        return true;
    return !column_is_measure(column) && !value_kind_is_time(column->kind) &&
           column->kind != VALUE_NESTED && column->kind != VALUE_BLOB;
}

bool column_is_flag(const struct column *column, const char **yes, const char **no)
{
    static const char *const pairs[][2] = {
        {"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"on", "off"}};
    const struct column_profile *profile = &column->profile;
    if (column->kind == VALUE_BOOLEAN) {
        *yes = "true";
        *no = "false";
        return true;
    }
    if (column->kind != VALUE_TEXT || !profile->values_complete || profile->value_count != 2)
        return false;
    const char *a = profile->values[0].text, *b = profile->values[1].text;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        bool straight = strcasecmp(a, pairs[i][0]) == 0 && strcasecmp(b, pairs[i][1]) == 0;
        bool turned = strcasecmp(b, pairs[i][0]) == 0 && strcasecmp(a, pairs[i][1]) == 0;
        if (!straight && !turned)
            continue;
        *yes = straight ? a : b;
        *no = straight ? b : a;
        return true;
    }
    return false;
}

enum aggregate column_aggregate(const struct column *column)
{
    static const struct {
        const char *name;
        enum aggregate aggregate;
    } rows[] = {{"sum", AGGREGATE_SUM},     {"avg", AGGREGATE_AVG},
                {"average", AGGREGATE_AVG}, {"mean", AGGREGATE_AVG},
                {"min", AGGREGATE_MIN},     {"max", AGGREGATE_MAX},
                {"count", AGGREGATE_COUNT}, {"count_distinct", AGGREGATE_COUNT_DISTINCT}};
    for (size_t i = 0; column->default_aggregation && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcasecmp(column->default_aggregation, rows[i].name) == 0)
            return rows[i].aggregate;
    if (name_has_word(column->name, "total subtotal sum amount"))
        return AGGREGATE_SUM; /* "total_price" */
    bool intensive =
        (column->unit && strcmp(column->unit, "%") == 0) ||
        name_has_word(column->name, "price rate age percent percentage pct ratio score rating "
                                    "temperature temp average avg mean height weight length width "
                                    "depth speed margin discount latitude longitude index density "
                                    "grade rank level horsepower mpg life lifeexp expectancy "
                                    "gdppercap percap capita humidity pressure efficiency");
    return intensive ? AGGREGATE_AVG : AGGREGATE_SUM;
}

const struct column *dataset_name_column(const struct dataset *dataset)
{
    const struct column *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        if (column->kind != VALUE_TEXT || looks_like_key(column))
            continue;
        int score = 1 + 4 * name_has_word(column->name, "name title fullname label") +
                    2 * column->unique + (column->role == ROLE_DIMENSION);
        if (name_has_word(column->name, "first last middle nick"))
            score -= 3;
        if (score > best_score) {
            best_score = score;
            best = column;
        }
    }
    return best_score >= 3 ? best : NULL;
}

const struct column *dataset_time_column(const struct dataset *dataset)
{
    const struct column *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        int score = 0;
        if (column->role == ROLE_TIME)
            score = 8;
        else if (value_kind_is_time(column->kind))
            score = 4;
        else if (is_year(column) && !name_has_word(column->name, "birth born founded built"))
            score = 1;
        if (score > 1 && name_has_word(column->name, "birth birthday born updated modified expiry "
                                                     "expires end"))
            score -= 1;
        if (score > best_score) {
            best_score = score;
            best = column;
        }
    }
    return best;
}

const struct column *dataset_main_measure(const struct dataset *dataset)
{
    static const char *const usual[] = {"revenue", "sales", "amount", "total", "turnover", "value"};
    for (size_t k = 0; k < sizeof(usual) / sizeof(usual[0]); k++)
        for (size_t i = 0; i < dataset->column_count; i++)
            if (column_is_measure(&dataset->columns[i]) &&
                strcasestr(dataset->columns[i].name, usual[k]))
                return &dataset->columns[i];
    for (size_t i = 0; i < dataset->column_count; i++)
        if (dataset->columns[i].role == ROLE_MEASURE)
            return &dataset->columns[i];
    return NULL;
}

const struct column *metric_summed_column(const struct metric *metric,
                                          const struct dataset *dataset)
{
    struct str text = str_trim(str_from(metric->expression));
    if (text.length < 6 || !str_equal_nocase(str_slice(text, 0, 4), STR("sum(")) ||
        text.bytes[text.length - 1] != ')')
        return NULL;
    struct str name = str_trim(str_slice(text, 4, text.length - 1));
    for (size_t i = 0; i < dataset->column_count; i++)
        if (str_equal_nocase(str_from(dataset->columns[i].name), name))
            return &dataset->columns[i];
    return NULL;
}
