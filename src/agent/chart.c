/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/chart.h"

#include "core/json.h"

#define CHART_SIZE_MAX (256 * 1024)

struct chart {
    const struct rows *rows;
    const struct facts *facts;
    struct strbuf json;
};

static void add_channel(struct chart *chart, const char *channel, ptrdiff_t column,
                        const char *type, const char *more)
{
    const struct column_facts *facts = &chart->facts->columns[column];
    json_add_key(&chart->json, channel);
    strbuf_add(&chart->json, "{\"field\":");
    json_add_text(&chart->json, chart->rows->columns[column].name);
    strbuf_printf(&chart->json, ",\"type\":\"%s\",\"title\":", type);
    struct strbuf title = strbuf_init(400);
    strbuf_add(&title, facts->name);
    if (facts->unit)
        strbuf_printf(&title, " (%s)", facts->unit);
    json_add_text(&chart->json, strbuf_text(&title));
    strbuf_clear(&title);
    strbuf_printf(&chart->json, "%s}", more);
}

/* Numbers as numbers, also where the reply keeps exact decimals as text: a picture rounds. */
static void add_values(struct chart *chart)
{
    strbuf_add(&chart->json, "\"data\":{\"values\":[");
    for (size_t row = 0; row < chart->rows->row_count; row++) {
        json_add_separator(&chart->json);
        strbuf_add_char(&chart->json, '{');
        for (size_t column = 0; column < chart->rows->column_count; column++) {
            const struct cell *cell = rows_cell(chart->rows, row, column);
            double number;
            json_add_key(&chart->json, chart->rows->columns[column].name);
            if (chart->facts->columns[column].measure && cell_to_double(cell, &number))
                json_add_double(&chart->json, number);
            else
                cell_print_json(cell, chart->rows->columns[column].kind, &chart->json);
        }
        strbuf_add_char(&chart->json, '}');
    }
    strbuf_add(&chart->json, "]}");
}

static void begin(struct chart *chart, const char *mark)
{
    strbuf_add(&chart->json, "{\"$schema\":\"https://vega.github.io/schema/vega-lite/v5.json\",");
    strbuf_printf(&chart->json, "\"mark\":%s,", mark);
    add_values(chart);
    strbuf_add(&chart->json, ",\"encoding\":{");
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    if (a->type != b->type)
        return false;
    return a->type == CELL_TEXT      ? str_equal(a->text, b->text)
           : a->type == CELL_INTEGER ? a->integer == b->integer
                                     : a->type == CELL_NULL;
}

/* The key that tells two of one name apart; -1: no name comes twice. */
static ptrdiff_t key_of_names(const struct chart *chart)
{
    const struct rows *rows = chart->rows;
    size_t name = (size_t)chart->facts->name_column;
    ptrdiff_t key = -1;
    bool repeats = false;
    for (size_t i = 0; i < rows->column_count && key < 0; i++)
        if (i != name && chart->facts->columns[i].identifier)
            key = (ptrdiff_t)i;
    for (size_t row = 1; row < rows->row_count && key >= 0; row++)
        for (size_t before = 0; before < row && !repeats; before++)
            repeats = same_cell(rows_cell(rows, row, name), rows_cell(rows, before, name)) &&
                      !same_cell(rows_cell(rows, row, (size_t)key),
                                 rows_cell(rows, before, (size_t)key));
    return repeats ? key : -1;
}

/* Two of one name would lie on one bar, or line: "Ann Lee (17)" and "Ann Lee (31)" are two. */
static void draw_namesakes(struct chart *chart, ptrdiff_t key)
{
    const char *name = chart->rows->columns[chart->facts->name_column].name;
    struct strbuf formula = strbuf_init(1000);
    strbuf_add(&formula, "datum[");
    json_add_text(&formula, name);
    strbuf_add(&formula, "] + ' (' + datum[");
    json_add_text(&formula, chart->rows->columns[key].name);
    strbuf_add(&formula, "] + ')'");
    strbuf_add(&chart->json, ",\"transform\":[{\"calculate\":");
    json_add_text(&chart->json, strbuf_text(&formula));
    strbuf_add(&chart->json, ",\"as\":");
    json_add_text(&chart->json, name);
    strbuf_add(&chart->json, "}]");
    strbuf_clear(&formula);
}

static void draw_line(struct chart *chart)
{
    ptrdiff_t key = chart->facts->name_column >= 0 ? key_of_names(chart) : -1;
    begin(chart, "{\"type\":\"line\",\"point\":true,\"tooltip\":true}");
    add_channel(chart, "x", chart->facts->time_column, "temporal", "");
    add_channel(chart, "y", chart->facts->measure_column, "quantitative", "");
    if (chart->facts->name_column >= 0)
        add_channel(chart, "color", chart->facts->name_column, "nominal", "");
    strbuf_add_char(&chart->json, '}');
    if (key >= 0)
        draw_namesakes(chart, key);
    strbuf_add_char(&chart->json, '}');
}

static void draw_bars(struct chart *chart)
{
    ptrdiff_t key = key_of_names(chart);
    begin(chart, "{\"type\":\"bar\",\"tooltip\":true}");
    add_channel(chart, "y", chart->facts->name_column, "nominal", ",\"sort\":null");
    add_channel(chart, "x", chart->facts->measure_column, "quantitative", "");
    strbuf_add_char(&chart->json, '}');
    if (key >= 0)
        draw_namesakes(chart, key);
    strbuf_add_char(&chart->json, '}');
}

const char *chart_write(const struct rows *rows, const struct facts *facts, struct arena *arena)
{
    bool line = facts->time_column >= 0 && facts->measure_column >= 0 && rows->row_count >= 3 &&
                rows->row_count <= CHART_ROWS_MAX;
    bool bars = facts->shape == SHAPE_GROUPS && rows->row_count <= CHART_BARS_MAX;
    if (!line && !bars)
        return NULL;
    struct chart chart = {rows, facts, strbuf_init(CHART_SIZE_MAX)};
    if (line)
        draw_line(&chart);
    else
        draw_bars(&chart);
    const char *json = strbuf_ok(&chart.json) ? arena_strdup(arena, strbuf_text(&chart.json)) : NULL;
    strbuf_clear(&chart.json);
    return json;
}
