/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writer per shape of result (agent/facts.h). Each writes sentences from cells and facts; what
 * it computes goes into the list of facts, and the whole is checked at the end: prose with a
 * number that nothing holds is thrown away for the plain count of rows.
 */
#include "agent/answer.h"

#include <math.h>
#include <string.h>

#include "agent/answer_facts.h"
#include "agent/chart.h"
#include "agent/facts.h"
#include "agent/gaps.h"
#include "agent/grounding.h"
#include "agent/number.h"
#include "agent/ties.h"
#include "core/clock.h"

#define PROSE_SIZE_MAX (64 * 1024)
#define FACTS_MAX 64
#define NAMED_MAX 3      /* groups named in a sentence */
#define LIST_NAMED_MAX 8 /* items of a list that are read out */

struct writer {
    const struct answer_input *input;
    const struct rows *rows;
    struct arena *arena;
    struct facts facts;
    struct strbuf prose;
    double computed[FACTS_MAX];
    size_t computed_count;
    const char *gaps; /* the sentence about them; NULL */
    const char *ties; /* the same */
};

/* Remembers a computed number so that it may be written; returns it. */
static double fact(struct writer *writer, double number)
{
    if (writer->computed_count < FACTS_MAX)
        writer->computed[writer->computed_count++] = number;
    return number;
}

/* "1 row", "1,200 rows" */
static const char *row_count_words(struct writer *writer)
{
    size_t count = writer->rows->row_count;
    return arena_printf(writer->arena, "%s %s",
                        number_print(fact(writer, (double)count), writer->arena),
                        plural(count, "row", "rows"));
}

/* "Both", "All 12" */
static const char *all_words(struct writer *writer)
{
    size_t count = writer->rows->row_count;
    return count == 2 ? "Both"
                      : arena_printf(writer->arena, "All %s",
                                     number_print(fact(writer, (double)count), writer->arena));
}

static const char *cell_words(struct writer *writer, size_t row, size_t column)
{
    const struct column_facts *facts = &writer->facts.columns[column];
    const char *unit = facts->share ? "%" : facts->unit;
    const struct cell *cell = rows_cell(writer->rows, row, column);
    if (facts->identifier && cell->type == CELL_INTEGER)
        return arena_printf(writer->arena, "%lld", (long long)cell->integer);
    return cell_print_words(cell, &writer->rows->columns[column], unit, (int)facts->bucket,
                            writer->arena);
}

/* A computed number in the unit of a column. */
static const char *number_words(struct writer *writer, double number, size_t column)
{
    const char *unit = writer->facts.columns[column].unit;
    const char *text = number_print(fact(writer, number), writer->arena);
    return unit ? arena_printf(writer->arena, "%s %s", text, unit) : text;
}

static const char *capitalised(struct writer *writer, const char *text)
{
    char *copy = arena_strdup(writer->arena, text);
    copy[0] = char_upper(copy[0]);
    return copy;
}

/* What was asked, as the planner read it; the columns' names when it has no words for it. */
static const char *subject(struct writer *writer)
{
    if (writer->input->proposal->reading)
        return capitalised(writer, writer->input->proposal->reading);
    size_t column =
        writer->facts.measure_column >= 0 ? (size_t)writer->facts.measure_column : 0;
    return capitalised(writer, writer->facts.columns[column].name);
}

/* ------------------------------------------------------------------ the shapes */

static const struct column *time_column_of(const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->column_count; i++)
        if (dataset->columns[i].role == ROLE_TIME && dataset->columns[i].profile.max)
            return &dataset->columns[i];
    return NULL;
}

static const char *day_words(struct writer *writer, const char *text)
{
    struct cell cell = {.type = CELL_TEXT, .text = str_slice(str_from(text), 0, 10)};
    struct result_column column = {.name = "", .kind = VALUE_DATE};
    return cell_print_words(&cell, &column, NULL, UNIT_NONE, writer->arena);
}

/* Nothing matched: say so, and where there is data when a period was asked for. */
static void write_empty(struct writer *writer)
{
    const struct llm_proposal *proposal = writer->input->proposal;
    strbuf_printf(&writer->prose, "No data matches: %s.",
                  proposal->reading ? proposal->reading : writer->input->question);
    if (!proposal->dataset || proposal->period_count == 0)
        return;
    const struct column *time = time_column_of(proposal->dataset);
    if (time && time->profile.min)
        strbuf_printf(&writer->prose, " The data of %s runs from %s to %s.",
                      dataset_title(proposal->dataset), day_words(writer, time->profile.min),
                      day_words(writer, time->profile.max));
}

static bool write_top(struct writer *writer);

static void write_value(struct writer *writer)
{
    if (write_top(writer))
        return;
    strbuf_printf(&writer->prose, "%s: %s.", subject(writer), cell_words(writer, 0, 0));
}

static bool ordered_by(const struct query *query, size_t column)
{
    return query && query->order_count > 0 && column < query->select_count &&
           expression_equal(query->select[column].expression, query->order[0].expression);
}

/* The column that decides who is on top: what the rows are ordered by, else the first measure. */
static ptrdiff_t ranked_column(const struct writer *writer)
{
    const struct query *query = writer->input->proposal->query;
    for (size_t i = 0; query && query->select_count == writer->rows->column_count &&
                       i < query->select_count;
         i++)
        if (ordered_by(query, i))
            return (ptrdiff_t)i;
    return writer->facts.measure_column;
}

/* All that a row is called by: "Basic / Porto"; of two with one name "Ann Lee (17)".
 * NULL: nothing names it. */
static const char *group_words(struct writer *writer, size_t row)
{
    const char *text = NULL;
    for (size_t i = 0; i < writer->rows->column_count; i++) {
        if (writer->facts.columns[i].measure || writer->facts.columns[i].share)
            continue;
        const char *words = cell_words(writer, row, i);
        if (!text)
            text = words;
        else
            text = writer->facts.columns[i].identifier
                       ? arena_printf(writer->arena, "%s (%s)", text, words)
                       : arena_printf(writer->arena, "%s / %s", text, words);
    }
    return text;
}

/* "Revenue by region, highest first, top 1" is the highest revenue by region; "country, sorted by
 * income, highest first, top 1" is the country with the highest income. */
static bool write_top(struct writer *writer)
{
    static const struct {
        const char *end, *word;
    } rows[] = {{", highest first, top 1", "highest"}, {", lowest first, top 1", "lowest"}};
    const char *reading = writer->input->proposal->reading;
    ptrdiff_t measure = ranked_column(writer);
    const char *name = group_words(writer, 0);
    for (size_t i = 0; reading && i < 2; i++) {
        struct str whole = str_from(reading), end = str_from(rows[i].end);
        if (!str_ends(whole, end))
            continue;
        struct str head = str_slice(whole, 0, whole.length - end.length);
        ptrdiff_t sorted = str_find(head, STR(", sorted by "));
        bool said = str_starts(head, str_from(rows[i].word)); /* "the highest highest distance" */
        if (sorted >= 0 && writer->rows->column_count == 1)
            strbuf_printf(&writer->prose, "%.*s with the %s %.*s: %s.", (int)sorted,
                          capitalised(writer, reading), rows[i].word,
                          STR_ARGS(str_slice(head, (size_t)sorted + 12, head.length)),
                          cell_words(writer, 0, 0));
        else if (sorted < 0 && name && measure >= 0)
            strbuf_printf(&writer->prose, "The %s%.*s: %s with %s.",
                          said ? "" : arena_printf(writer->arena, "%s ", rows[i].word),
                          STR_ARGS(head), name, cell_words(writer, 0, (size_t)measure));
        else
            continue;
        return true;
    }
    return false;
}

static void write_record(struct writer *writer)
{
    if (write_top(writer))
        return;
    strbuf_printf(&writer->prose, "%s: ", subject(writer));
    for (size_t i = 0; i < writer->rows->column_count && i < 12; i++) {
        const char *cell = cell_words(writer, 0, i);
        if (i > 0 && strcmp(writer->rows->columns[i].name, "change_percent") == 0)
            strbuf_printf(&writer->prose, " (%s)", cell); /* of the change before it */
        else
            strbuf_printf(&writer->prose, "%s%s %s", i > 0 ? ", " : "",
                          writer->facts.columns[i].name, cell);
    }
    if (writer->rows->column_count > 12)
        strbuf_add(&writer->prose, ", and more in the table");
    strbuf_add_char(&writer->prose, '.');
}

static const char *share_words(struct writer *writer, size_t row, size_t column)
{
    const struct column_facts *facts = &writer->facts.columns[column];
    double number;
    if (!writer->facts.complete || !facts->additive || facts->min < 0 || facts->total <= 0 ||
        !cell_to_double(rows_cell(writer->rows, row, column), &number))
        return "";
    double share = fact(writer, 100 * number / facts->total);
    return arena_printf(writer->arena, " (%s)", percent_print(share, writer->arena));
}

/* Groups that the statement put in no order of size are named biggest first. */
static void rank_rows(const struct writer *writer, size_t column, size_t *order, size_t count)
{
    bool taken_all = false;
    for (size_t i = 0; i < count && !taken_all; i++) {
        size_t best = writer->rows->row_count;
        double best_number = 0;
        for (size_t row = 0; row < writer->rows->row_count; row++) {
            double number;
            bool used = false;
            for (size_t j = 0; j < i; j++)
                used |= order[j] == row;
            if (used || !cell_to_double(rows_cell(writer->rows, row, column), &number))
                continue;
            if (best == writer->rows->row_count || number > best_number) {
                best = row;
                best_number = number;
            }
        }
        order[i] = best;
        taken_all = best == writer->rows->row_count;
    }
}

static void write_groups(struct writer *writer)
{
    size_t measure = (size_t)ranked_column(writer);
    if (!writer->facts.columns[measure].measure) /* in the order of their names */
        measure = (size_t)writer->facts.measure_column;
    const struct column_facts *facts = &writer->facts.columns[measure];
    size_t count = writer->rows->row_count < NAMED_MAX ? writer->rows->row_count : NAMED_MAX;
    size_t order[NAMED_MAX];
    if (writer->facts.ordered)
        for (size_t i = 0; i < count; i++)
            order[i] = i;
    else
        rank_rows(writer, measure, order, count);
    strbuf_printf(&writer->prose, "%s: ", subject(writer));
    size_t named = 0;
    for (; named < count && order[named] < writer->rows->row_count; named++)
        strbuf_printf(&writer->prose, "%s%s %s%s%s", named == 0 ? "" : ", then ",
                      group_words(writer, order[named]), named == 0 ? "with " : "",
                      cell_words(writer, order[named], measure),
                      share_words(writer, order[named], measure));
    strbuf_add_char(&writer->prose, '.');
    if (writer->facts.complete && facts->additive)
        strbuf_printf(&writer->prose, " %s together: %s.", all_words(writer),
                      number_words(writer, facts->total, measure));
    else if (writer->rows->row_count > named &&
             !(writer->input->proposal->query && writer->input->proposal->query->limit > 0))
        strbuf_printf(&writer->prose, " There are %s in all.",
                      number_print(fact(writer, (double)writer->rows->row_count), writer->arena));
}

/* "on 2 May 2026", "in May 2026" */
static const char *when_words(struct writer *writer, size_t row)
{
    size_t time = (size_t)writer->facts.time_column;
    return arena_printf(writer->arena, "%s %s",
                        writer->facts.columns[time].bucket == UNIT_DAY ? "on" : "in",
                        cell_words(writer, row, time));
}

static void write_change(struct writer *writer, size_t first, size_t last, size_t measure)
{
    double from, to;
    if (!cell_to_double(rows_cell(writer->rows, first, measure), &from) ||
        !cell_to_double(rows_cell(writer->rows, last, measure), &to) || from <= 0)
        return;
    double change = fact(writer, 100 * (to - from) / from);
    if (fabs(change) < 0.05)
        strbuf_add(&writer->prose, ", unchanged");
    else
        strbuf_printf(&writer->prose, ", %s %s", change > 0 ? "up" : "down",
                      percent_print(fabs(change), writer->arena));
}

static void write_series(struct writer *writer)
{
    size_t measure = (size_t)writer->facts.measure_column;
    const struct column_facts *facts = &writer->facts.columns[measure];
    size_t last = writer->rows->row_count - 1;
    strbuf_printf(&writer->prose, "%s: from %s %s to %s %s", subject(writer),
                  cell_words(writer, 0, measure), when_words(writer, 0),
                  cell_words(writer, last, measure), when_words(writer, last));
    write_change(writer, 0, last, measure);
    strbuf_add_char(&writer->prose, '.');
    if (facts->has_numbers && writer->rows->row_count > 2)
        strbuf_printf(&writer->prose, " The highest was %s %s, the lowest %s %s.",
                      cell_words(writer, facts->max_row, measure),
                      when_words(writer, facts->max_row),
                      cell_words(writer, facts->min_row, measure),
                      when_words(writer, facts->min_row));
    if (writer->facts.complete && facts->adds_over_time)
        strbuf_printf(&writer->prose, " Together: %s.",
                      number_words(writer, facts->total, measure));
}

/* The first row of each different value; 0 when there are too many to be read out, or all differ. */
static size_t different_rows(const struct writer *writer, size_t out[LIST_NAMED_MAX])
{
    const struct rows *rows = writer->rows;
    size_t count = 0;
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct cell *cell = rows_cell(rows, row, 0);
        bool known = false;
        for (size_t i = 0; i < count && !known && cell->type == CELL_TEXT; i++)
            known = str_equal(rows_cell(rows, out[i], 0)->text, cell->text);
        if (known)
            continue;
        if (cell->type != CELL_TEXT || count == LIST_NAMED_MAX)
            return 0;
        out[count++] = row;
    }
    return count == rows->row_count ? 0 : count;
}

static void write_list(struct writer *writer)
{
    size_t count = writer->rows->row_count, different[LIST_NAMED_MAX];
    size_t named = count <= LIST_NAMED_MAX + 2 ? count : LIST_NAMED_MAX;
    size_t kinds = writer->rows->truncated ? 0 : different_rows(writer, different);
    const struct query *query = writer->input->proposal->query;
    bool as_many_as_asked = query && query->limit > 0 && (uint64_t)query->limit == count;
    strbuf_add(&writer->prose, subject(writer));
    if (!as_many_as_asked || kinds > 0)
        strbuf_printf(&writer->prose, ": %s%s in all", writer->rows->truncated ? "more than " : "",
                      number_print(fact(writer, (double)count), writer->arena));
    if (kinds > 0)
        strbuf_printf(&writer->prose, ", %s different",
                      number_print(fact(writer, (double)kinds), writer->arena));
    strbuf_add(&writer->prose, ": ");
    for (size_t i = 0; i < (kinds > 0 ? kinds : named); i++)
        strbuf_printf(&writer->prose, "%s%s", i > 0 ? ", " : "",
                      cell_words(writer, kinds > 0 ? different[i] : i, 0));
    strbuf_add(&writer->prose, kinds == 0 && named < count ? ", and more." : ".");
}

static void write_table(struct writer *writer)
{
    strbuf_printf(&writer->prose, "%s: %s%s.", subject(writer),
                  writer->rows->truncated ? "more than " : "", row_count_words(writer));
}

typedef void (*write_fn)(struct writer *writer);
static const write_fn writers[SHAPES] = {
    [SHAPE_EMPTY] = write_empty,   [SHAPE_VALUE] = write_value, [SHAPE_RECORD] = write_record,
    [SHAPE_SERIES] = write_series, [SHAPE_GROUPS] = write_groups, [SHAPE_LIST] = write_list,
    [SHAPE_TABLE] = write_table,
};

/* ------------------------------------------------------------------ around them */

/* '"last month" is 1 to 31 October 2026' needs no saying when the reading has those dates. */
static bool is_said(const struct writer *writer, const char *assumption)
{
    const char *reading = writer->input->proposal->reading;
    const char *is = strstr(assumption, "\" is ");
    return reading && is && strstr(reading, is + strlen("\" is "));
}

/* A series that ends in the bucket of today compares a part with wholes. */
static void write_unfinished(struct writer *writer)
{
    if (writer->facts.shape != SHAPE_SERIES)
        return;
    size_t time = (size_t)writer->facts.time_column, last = writer->rows->row_count - 1;
    const struct cell *cell = rows_cell(writer->rows, last, time);
    struct date begin, today;
    if (cell->type != CELL_TEXT || !date_parse(str_slice(cell->text, 0, 10), &begin) ||
        !date_parse(str_from(writer->input->calendar.today), &today))
        return;
    static const int months[TIME_UNITS] = {
        [UNIT_MONTH] = 1, [UNIT_QUARTER] = 3, [UNIT_YEAR] = 12};
    enum time_unit unit = writer->facts.columns[time].bucket;
    int64_t days = date_to_days(begin) + (unit == UNIT_WEEK ? 7 : 1);
    if (months[unit] > 0)
        days = date_to_days(date_add_months(begin, months[unit]));
    int64_t now = date_to_days(today);
    if (unit == UNIT_DAY || now < date_to_days(begin) || now >= days)
        return;
    strbuf_printf(&writer->prose, " %s is not over yet.",
                  capitalised(writer, cell_words(writer, last, time)));
}

static const char *gap_words(struct writer *writer, struct date date)
{
    char text[DATE_SIZE];
    date_print(date, text);
    size_t time = (size_t)writer->facts.time_column;
    struct cell cell = {.type = CELL_TEXT, .text = str_from(arena_strdup(writer->arena, text))};
    struct result_column column = {.name = "", .kind = VALUE_DATE};
    return cell_print_words(&cell, &column, NULL, (int)writer->facts.columns[time].bucket,
                            writer->arena);
}

/* What the rows pass over would be missed: a line in a picture is drawn straight across it. */
static void write_gaps(struct writer *writer)
{
    const struct llm_proposal *proposal = writer->input->proposal;
    const struct period *asked = proposal->period_count == 1 ? proposal->periods : NULL;
    struct gaps gaps;
    gaps_find(&writer->facts, writer->rows, asked, writer->input->calendar.today, &gaps);
    if (gaps.count == 0)
        return;
    const char *text;
    if (gaps.count > GAPS_NAMED_MAX) {
        enum time_unit unit = writer->facts.columns[writer->facts.time_column].bucket;
        text = arena_printf(writer->arena, " There are no rows for %zu of the %zu %ss.",
                            gaps.count, gaps.of, time_unit_name(unit));
    } else {
        text = " There are no rows for ";
        for (size_t i = 0; i < gaps.count; i++)
            text = arena_printf(writer->arena, "%s%s%s", text,
                                i == 0               ? ""
                                : i + 1 < gaps.count ? ", "
                                                     : " and ",
                                gap_words(writer, gaps.named[i]));
        text = arena_printf(writer->arena, "%s.", text);
    }
    writer->gaps = text;
    strbuf_add(&writer->prose, text);
}

/* "Lisbon and Faro have the same." */
static void write_ties(struct writer *writer)
{
    const struct ties *ties = writer->input->ties;
    if (!ties || ties->count == 0)
        return;
    const char *text = "";
    for (size_t i = 0; i < ties->named_count && ties->count == ties->named_count; i++)
        text = arena_printf(writer->arena, "%s%s%s", text,
                            i == 0                     ? ""
                            : i + 1 < ties->named_count ? ", "
                                                        : " and ",
                            ties->named[i]);
    if (text[0] == '\0')
        text = arena_printf(writer->arena, "%s%zu more",
                            ties->count == TIES_COUNTED_MAX ? "At least " : "", ties->count);
    writer->ties = arena_printf(writer->arena, " %s %s the same%s.", text,
                                plural(ties->count, "has", "have"),
                                writer->rows->row_count > 1 ? " as the last one here" : "");
    strbuf_add(&writer->prose, writer->ties);
}

static void write_assumptions(struct writer *writer, bool with_reading)
{
    const struct llm_proposal *proposal = writer->input->proposal;
    bool first = true;
    for (size_t i = 0; i < proposal->assumption_count; i++) {
        if (with_reading && is_said(writer, proposal->assumptions[i]))
            continue;
        const char *text = proposal->assumptions[i];
        struct str sentence = str_from(text);
        if (str_ends(sentence, STR(".")))
            sentence.length--;
        strbuf_printf(&writer->prose, "%s%.*s", first ? " I took it that " : "; ",
                      STR_ARGS(sentence));
        first = false;
    }
    if (!first)
        strbuf_add_char(&writer->prose, '.');
}

static void write_cut(struct writer *writer)
{
    if (writer->rows->truncated)
        strbuf_printf(&writer->prose, " Only the first %s %s read; there are more.",
                      row_count_words(writer),
                      plural(writer->rows->row_count, "was", "were"));
}

static void write_remarks(struct writer *writer)
{
    write_ties(writer);
    write_gaps(writer);
    write_unfinished(writer);
    write_assumptions(writer, true);
    write_cut(writer);
}

static struct str unsupported(struct writer *writer)
{
    const struct llm_proposal *proposal = writer->input->proposal;
    size_t count = 0, capacity = 8 + proposal->assumption_count + writer->rows->column_count;
    const char **texts = arena_array(writer->arena, capacity, sizeof(*texts));
    texts[count++] = writer->input->question;
    texts[count++] = proposal->reading;
    texts[count++] = writer->gaps;
    texts[count++] = writer->ties;
    const struct column *time = proposal->dataset ? time_column_of(proposal->dataset) : NULL;
    texts[count++] = proposal->dataset ? dataset_title(proposal->dataset) : NULL;
    texts[count++] = time ? time->profile.min : NULL;
    texts[count++] = time ? time->profile.max : NULL;
    for (size_t i = 0; i < proposal->assumption_count; i++)
        texts[count++] = proposal->assumptions[i];
    for (size_t i = 0; i < writer->rows->column_count; i++)
        texts[count++] = writer->facts.columns[i].name;
    struct grounding grounding = {
        .rows = writer->rows,
        .facts = writer->computed,
        .fact_count = writer->computed_count,
        .texts = texts,
        .text_count = count,
    };
    return grounding_find_unsupported(&grounding, strbuf_str(&writer->prose));
}

static const char *kept_prose(struct writer *writer)
{
    const char *prose = arena_strdup(writer->arena, strbuf_text(&writer->prose));
    strbuf_reset(&writer->prose);
    return prose;
}

/* ------------------------------------------------------------------ parts for a model's answer */

static bool is_assumed(const struct llm_proposal *proposal, const char *bounds)
{
    for (size_t i = 0; i < proposal->assumption_count; i++)
        if (strstr(proposal->assumptions[i], bounds))
            return true;
    return false;
}

/* The bounds of each period: a model may have left them out, or got them wrong. */
static void write_periods(struct writer *writer)
{
    const struct llm_proposal *proposal = writer->input->proposal;
    for (size_t i = 0; i < proposal->period_count; i++) {
        const struct period *period = &proposal->periods[i];
        const char *bounds = period_bounds(period->from, period->to, writer->arena);
        if (!bounds || is_assumed(proposal, bounds))
            continue;
        if (period->words && strcasecmp(period->words, bounds) != 0)
            strbuf_printf(&writer->prose, " \"%s\" is %s.", period->words, bounds);
        else
            strbuf_printf(&writer->prose, " The period is %s.", bounds);
    }
}

/* The first rows, under names that may be told. */
static struct rows shown_rows(struct writer *writer)
{
    struct rows shown = *writer->rows;
    shown.columns = arena_memdup(writer->arena, shown.columns,
                                 shown.column_count * sizeof(*shown.columns));
    for (size_t i = 0; i < shown.column_count; i++)
        shown.columns[i].name = writer->facts.columns[i].told;
    if (shown.row_count > ANSWER_ROWS_SHOWN)
        shown.row_count = ANSWER_ROWS_SHOWN;
    return shown;
}

static void write_parts(struct writer *writer, struct answer_parts *out)
{
    *out = (struct answer_parts){.shown = shown_rows(writer),
                                 .empty = writer->facts.shape == SHAPE_EMPTY};
    writer->prose = strbuf_init(PROSE_SIZE_MAX);
    writers[writer->facts.shape](writer);
    if (unsupported(writer).length > 0) {
        strbuf_reset(&writer->prose);
        strbuf_printf(&writer->prose, "The result has %zu %s; see the table.",
                      writer->rows->row_count, plural(writer->rows->row_count, "row", "rows"));
    }
    out->main = kept_prose(writer);
    write_ties(writer);
    write_gaps(writer);
    write_unfinished(writer);
    size_t of_rows = writer->prose.length;
    write_periods(writer);
    write_assumptions(writer, false);
    write_cut(writer);
    out->remarks = kept_prose(writer);
    strbuf_clear(&writer->prose);
    answer_facts_find(&writer->facts, writer->rows, str_slice(str_from(out->remarks), 0, of_rows),
                      writer->arena, out);
}

static const char *prose_from_rows(struct writer *writer)
{
    writer->prose = strbuf_init(PROSE_SIZE_MAX);
    writers[writer->facts.shape](writer);
    write_remarks(writer);
    if (!strbuf_ok(&writer->prose) || unsupported(writer).length > 0) {
        strbuf_reset(&writer->prose);
        strbuf_printf(&writer->prose, "The result has %zu %s; see the table.",
                      writer->rows->row_count, plural(writer->rows->row_count, "row", "rows"));
    }
    const char *prose = arena_strdup(writer->arena, strbuf_text(&writer->prose));
    strbuf_clear(&writer->prose);
    return prose;
}

/* A question back reads its options out, so that it can be answered by repeating one. */
static const char *prose_without_rows(const struct answer_input *input, struct arena *arena)
{
    const struct llm_proposal *proposal = input->proposal;
    if (proposal->sentence)
        return proposal->sentence;
    if (input->retrieved && input->retrieved->hit_count > 0)
        return arena_printf(arena,
                            "I can't answer that from the data. The nearest dataset is \"%s\".",
                            dataset_title(input->retrieved->hits[0].dataset));
    return "I can't answer that: no dataset fits the question.";
}

void answer_write(const struct answer_input *input, struct arena *arena, struct answer *out)
{
    *out = (struct answer){0};
    if (!input->rows) {
        out->prose = prose_without_rows(input, arena);
        out->suggestions = input->proposal->options;
        out->suggestion_count = input->proposal->option_count;
        return;
    }
    struct writer writer = {.input = input, .rows = input->rows, .arena = arena};
    if (input->proposal->query)
        facts_find(input->proposal->query, input->rows, arena, &writer.facts);
    else
        facts_find_of_sql(
            &(struct facts_source){input->proposal->sql, input->proposal->dataset, input->question,
                                   input->by_model},
            input->rows, arena, &writer.facts);
    out->prose = prose_from_rows(&writer);
    out->chart = chart_write(input->rows, &writer.facts, arena);
    if (input->for_model)
        write_parts(&writer, &out->parts);
}
