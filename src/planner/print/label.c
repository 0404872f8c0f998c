/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/label.h"

#include <string.h>
#include <strings.h>

#include "core/strbuf.h"

#define NAME_LENGTH_MAX 256

static const struct column *column_of(const struct expression *expression)
{
    return expression && expression->kind == EXPRESSION_COLUMN ? expression->column : NULL;
}

static void label_words(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        bool plain = char_is_alnum(*text) || (unsigned char)*text >= 0x80;
        if (plain)
            strbuf_add_char(out, char_lower(*text));
        else if (out->length > 0 && out->bytes[out->length - 1] != '_')
            strbuf_add_char(out, '_');
    }
    while (out->length > 0 && out->bytes[out->length - 1] == '_')
        strbuf_truncate(out, out->length - 1);
}

/* "order_date" by month is "order_month"; "created_at" is "created_month". */
static void label_bucket(struct strbuf *out, const struct expression *expression)
{
    static const char *const endings[] = {"_date", "_datetime", "_timestamp", "_time", "_at",
                                          "_on",   "_day",      "_ts",        "_year"};
    struct strbuf name = strbuf_init(NAME_LENGTH_MAX * 2);
    if (column_of(expression->left))
        label_words(&name, expression->left->column->name);
    struct str base = strbuf_str(&name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(base, str_from(endings[i]))) {
            base = str_slice(base, 0, base.length - strlen(endings[i]));
            break;
        }
    static const char *const whole[] = {"date", "datetime", "timestamp", "time", "day", "year"};
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (str_equal_text(base, whole[i]))
            base.length = 0;
    strbuf_add_str(out, base);
    strbuf_printf(out, "%s%s", base.length > 0 ? "_" : "", time_unit_name(expression->unit));
    strbuf_clear(&name);
}

static void label_aggregate(struct strbuf *out, const struct expression *expression)
{
    static const char *const words[AGGREGATES] = {
        [AGGREGATE_COUNT] = "count", [AGGREGATE_COUNT_DISTINCT] = "distinct",
        [AGGREGATE_SUM] = "total",   [AGGREGATE_AVG] = "average",
        [AGGREGATE_MIN] = "lowest",  [AGGREGATE_MAX] = "highest",
        [AGGREGATE_MEDIAN] = "median",
    };
    const struct expression *of = expression->left;
    const char *word = words[expression->aggregate];
    const struct column *column = column_of(of);
    if (column && value_kind_is_time(column->kind) && expression->aggregate == AGGREGATE_MIN)
        word = "first";
    if (column && value_kind_is_time(column->kind) && expression->aggregate == AGGREGATE_MAX)
        word = "last";
    struct strbuf name = strbuf_init(NAME_LENGTH_MAX * 2);
    if (column)
        label_words(&name, column->name);
    if (expression->aggregate == AGGREGATE_COUNT_DISTINCT &&
        str_ends(strbuf_str(&name), STR("_id"))) {
        strbuf_truncate(&name, name.length - 3);
        strbuf_add_char(&name, 's');
    } else if (!column && of->kind == EXPRESSION_ARITHMETIC)
        strbuf_add(&name, "result");
    bool said = str_starts(strbuf_str(&name), str_from(word));
    strbuf_printf(out, "%s%s%s", said ? "" : word, said || name.length == 0 ? "" : "_",
                  strbuf_text(&name));
    strbuf_clear(&name);
}

static void label_expression(struct strbuf *out, const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_COLUMN:
        strbuf_add(out, expression->column->name);
        break;
    case EXPRESSION_AGGREGATE:
        label_aggregate(out, expression);
        break;
    case EXPRESSION_BUCKET:
        label_bucket(out, expression);
        break;
    case EXPRESSION_METRIC:
        label_words(out, expression->metric->name);
        break;
    case EXPRESSION_FILTERED:
        label_expression(out, expression->left);
        break;
    case EXPRESSION_SHARE:
        label_expression(out, expression->left);
        strbuf_add(out, "_share");
        break;
    default:
        strbuf_add(out, expression->kind == EXPRESSION_ARITHMETIC ? "result" : "value");
    }
}

static const char *label_cut(struct arena *arena, struct strbuf *text)
{
    struct str cut = str_cut_utf8(strbuf_str(text), QUERY_LABEL_MAX);
    return arena_strndup(arena, cut.bytes ? cut.bytes : "", cut.length);
}

static bool label_taken(char **labels, size_t count, const char *label)
{
    for (size_t i = 0; i < count; i++)
        if (labels[i] && strcasecmp(labels[i], label) == 0)
            return true;
    return false;
}

char **query_labels(const struct query *query, struct arena *arena)
{
    char **labels = arena_array(arena, query->select_count + 1, sizeof(*labels));
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *expression = query->select[i].expression;
        if (!expression || expression->kind == EXPRESSION_STAR)
            continue;
        struct strbuf text = strbuf_init(4 * NAME_LENGTH_MAX);
        if (query->select[i].label)
            strbuf_add(&text, query->select[i].label);
        else
            label_expression(&text, expression);
        const char *label = label_cut(arena, &text);
        if (label_taken(labels, i, label) && expression->kind == EXPRESSION_COLUMN &&
            expression->table >= 0 && (size_t)expression->table < query->table_count) {
            strbuf_reset(&text);
            label_words(&text, query->tables[expression->table].dataset->table_name);
            strbuf_printf(&text, "_%s", label);
            label = label_cut(arena, &text);
        }
        const char *base = label;
        for (int n = 2; label_taken(labels, i, label); n++)
            label = arena_printf(arena, "%s_%d", base, n);
        strbuf_clear(&text);
        labels[i] = arena_strdup(arena, label);
    }
    return labels;
}
