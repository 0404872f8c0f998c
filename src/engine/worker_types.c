/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the loader's worker: gives text columns the type that all of their values have.
 *
 * A type is taken only when every value converts without loss, apart from words for "missing"
 * (NA, NULL, -). First a few values say which types are possible, then all rows are asked: a
 * sample alone would be wrong about the one odd value further down.
 */
#include <string.h>

#include "engine/worker_load.h"

#define SAMPLE_ROWS 200
#define COLUMNS_AT_ONCE 25
#define CHOICES_MAX 6

/* What people write for "no value"; only ignored where all other values agree on a type. */
#define MISSING_WORDS                                                                              \
    "('', 'NA', 'N/A', 'n/a', '#N/A', 'NULL', 'null', 'NaN', 'nan', 'None', '-', '--', '?', '.')"

#define DIGITS "(0|[1-9]\\d*)"
#define ISO_DATE "\\d{4}-\\d{1,2}-\\d{1,2}"
#define ISO_TIME "\\d{1,2}:\\d{2}(:\\d{2}([.]\\d+)?)?"
#define MATCHES(pattern, value)                                                                    \
    "CASE WHEN regexp_full_match($, '\\s*" pattern "\\s*') THEN " value " END"
/* A four-digit year must be one: %Y reads "24" as the year 24. */
#define PARSED(format, type)                                                                       \
    "CASE WHEN year(try_strptime($, '" format "')) BETWEEN 1000 AND 9999 THEN try_strptime($, '"  \
    format "')::" type " END"

/* FROM_POINTS: not where values are separated by semicolons, since commas are decimal there. */
enum { FROM_CSV = 1, FROM_JSON = 2, FROM_ANY = FROM_CSV | FROM_JSON, FROM_POINTS = 4 };

struct candidate {
    const char *value; /* SQL; $ stands for the text, NULL results for what does not fit */
    unsigned sources;
    const char *note; /* NULL: nothing worth telling */
};

static const struct candidate candidates[] = {
    {"CASE lower($) WHEN 'true' THEN true WHEN 'false' THEN false END", FROM_CSV, NULL},
    {MATCHES("[+-]?" DIGITS, "TRY_CAST($ AS BIGINT)"), FROM_CSV, NULL},
    {MATCHES("[+-]?" DIGITS, "TRY_CAST($ AS HUGEINT)"), FROM_CSV, NULL},
    {MATCHES("[+-]?(" DIGITS "([.]\\d*)?|[.]\\d+)([eE][+-]?\\d+)?", "TRY_CAST($ AS DOUBLE)"),
     FROM_CSV, NULL},
    {MATCHES("-?[$€£]?\\s?([1-9]\\d{0,2}(,\\d{3})+|" DIGITS ")([.]\\d+)?",
             "TRY_CAST(regexp_replace($, '[$€£,\\s]', '', 'g') AS DOUBLE)"),
     FROM_CSV | FROM_POINTS, "numbers with currency signs or commas between thousands became plain numbers"},
    {MATCHES("-?([1-9]\\d{0,2}([.]\\d{3})+|" DIGITS ")(,\\d+)?",
             "TRY_CAST(replace(replace(trim($), '.', ''), ',', '.') AS DOUBLE)"),
     FROM_CSV, "decimal commas became decimal points"},
    {MATCHES("[+-]?\\d+([.]\\d+)?\\s?%", "TRY_CAST(replace($, '%', '') AS DOUBLE)"), FROM_CSV,
     "percentages became numbers: 12% is 12"},
    {MATCHES(ISO_DATE, "TRY_CAST($ AS DATE)"), FROM_ANY, NULL},
    {MATCHES(ISO_DATE "[T ]" ISO_TIME, "TRY_CAST($ AS TIMESTAMP)"), FROM_ANY, NULL},
    {MATCHES(ISO_DATE "[T ]" ISO_TIME "\\s?(Z|[+-]\\d{2}(:?\\d{2})?)",
             "TRY_CAST($ AS TIMESTAMPTZ)"),
     FROM_ANY, NULL},
    {MATCHES(ISO_TIME, "TRY_CAST($ AS TIME)"), FROM_ANY, NULL},
    {PARSED("%Y/%m/%d", "DATE"), FROM_ANY, NULL},
    {PARSED("%Y.%m.%d", "DATE"), FROM_ANY, NULL},
    {PARSED("%d.%m.%Y", "DATE"), FROM_ANY, "dates were read as day.month.year"},
    {PARSED("%m/%d/%Y", "DATE"), FROM_ANY, "dates were read as month/day/year"},
    {PARSED("%d/%m/%Y", "DATE"), FROM_ANY, "dates were read as day/month/year"},
    {PARSED("%m-%d-%Y", "DATE"), FROM_ANY, "dates were read as month-day-year"},
    {PARSED("%d-%m-%Y", "DATE"), FROM_ANY, "dates were read as day-month-year"},
    {PARSED("%b %d %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%b %d, %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%B %d %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%B %d, %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%d %b %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%d %B %Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%d-%b-%Y", "DATE"), FROM_ANY, NULL},
    {PARSED("%d-%b-%y", "DATE"), FROM_ANY, "years of two digits were completed"},
    {MATCHES("\\d{1,2}/\\d{1,2}/\\d{2}", PARSED("%m/%d/%y", "DATE")), FROM_ANY,
     "dates were read as month/day/year, and years of two digits were completed"},
    {MATCHES("\\d{1,2}[.]\\d{1,2}[.]\\d{2}", PARSED("%d.%m.%y", "DATE")), FROM_ANY,
     "dates were read as day.month.year, and years of two digits were completed"},
    {PARSED("%Y/%m/%d %H:%M", "TIMESTAMP"), FROM_ANY, NULL},
    {PARSED("%Y/%m/%d %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
    {PARSED("%m/%d/%Y %H:%M", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {PARSED("%m/%d/%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {PARSED("%m/%d/%Y %I:%M %p", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {PARSED("%m/%d/%Y %I:%M:%S %p", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {PARSED("%d/%m/%Y %H:%M", "TIMESTAMP"), FROM_ANY,
     "times were read as day/month/year"},
    {PARSED("%d/%m/%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY,
     "times were read as day/month/year"},
    {PARSED("%d.%m.%Y %H:%M", "TIMESTAMP"), FROM_ANY, NULL},
    {PARSED("%d.%m.%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
    {PARSED("%b %d %Y %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
};
#define CANDIDATE_COUNT (sizeof(candidates) / sizeof(candidates[0]))

/* One column on its way to its type. */
struct raw_column {
    const char *name;
    bool is_text;
    size_t choices[CHOICES_MAX]; /* what the sample allows, in order of preference */
    size_t choice_count;
    const struct candidate *chosen;
    int64_t missing; /* words for "missing" that become nulls */
};

/* The candidate's SQL with the column's quoted name for each $. */
static void add_value(struct strbuf *sql, const struct candidate *candidate, const char *text)
{
    bool in_class = false;
    for (const char *c = candidate->value; *c; c++) {
        /* In a pattern's brackets a $ is a dollar. */
        in_class = *c == '[' || (in_class && *c != ']');
        if (*c == '$' && !in_class)
            strbuf_add(sql, text);
        else
            strbuf_add_char(sql, *c);
    }
}

static int64_t count_at(const struct rows *rows, size_t column)
{
    return rows->cells[column].type == CELL_INTEGER ? rows->cells[column].integer : 0;
}

/* Which candidates fit all values of a small sample? */
static bool look_at_sample(struct loading *loading, struct raw_column *column, unsigned source,
                           struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "SELECT count(v)");
    for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
        strbuf_add(&sql, ", count(");
        add_value(&sql, &candidates[i], "v");
        strbuf_add(&sql, ")");
    }
    strbuf_add(&sql, " FROM (SELECT ");
    sql_add_name(&sql, column->name);
    strbuf_add(&sql, " AS v FROM raw.main.data WHERE v NOT IN " MISSING_WORDS);
    strbuf_printf(&sql, " LIMIT %d)", SAMPLE_ROWS);
    struct rows rows;
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    if (!ok)
        return false;
    int64_t count = count_at(&rows, 0);
    bool points = loading->dialect.delimiter != ';';
    for (size_t i = 0; i < CANDIDATE_COUNT && count > 0; i++)
        if ((candidates[i].sources & source) && count_at(&rows, 1 + i) == count &&
            (points || !(candidates[i].sources & FROM_POINTS)) &&
            column->choice_count < CHOICES_MAX)
            column->choices[column->choice_count++] = i;
    return true;
}

static void add_counts(struct strbuf *sql, const struct raw_column *column)
{
    struct strbuf name = strbuf_init(WIRE_NAME_MAX);
    sql_add_name(&name, column->name);
    strbuf_printf(sql, ", count(%s), count_if(%s IN " MISSING_WORDS ")", strbuf_text(&name),
                  strbuf_text(&name));
    for (size_t i = 0; i < column->choice_count; i++) {
        strbuf_add(sql, ", count(");
        add_value(sql, &candidates[column->choices[i]], strbuf_text(&name));
        strbuf_add(sql, ")");
    }
    strbuf_clear(&name);
}

static void choose(struct raw_column *column, const struct rows *rows, size_t *at)
{
    int64_t count = count_at(rows, *at), missing = count_at(rows, *at + 1);
    *at += 2;
    for (size_t i = 0; i < column->choice_count; i++)
        if (!column->chosen && count_at(rows, *at + i) == count - missing) {
            column->chosen = &candidates[column->choices[i]];
            column->missing = missing;
        }
    *at += column->choice_count;
}

/* Which of them fit all rows? */
static bool look_at_all(struct loading *loading, struct raw_column *columns, size_t count,
                        struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "SELECT 0");
    for (size_t i = 0; i < count; i++)
        if (columns[i].choice_count > 0)
            add_counts(&sql, &columns[i]);
    strbuf_add(&sql, " FROM raw.main.data");
    struct rows rows;
    bool ok = strbuf_ok(&sql) && loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    size_t at = 1;
    for (size_t i = 0; i < count && ok; i++)
        if (columns[i].choice_count > 0)
            choose(&columns[i], &rows, &at);
    return ok;
}

static void tell(struct loading *loading, const struct raw_column *column)
{
    if (column->chosen && column->chosen->note)
        loading_note(loading, "column '%s': %s", column->name, column->chosen->note);
    if (column->chosen && column->missing > 0)
        loading_note(loading, "column '%s': %lld words like NA were read as missing values",
                     column->name, (long long)column->missing);
}

static bool write_output(struct loading *loading, const struct raw_column *columns, size_t count,
                         struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX), name = strbuf_init(WIRE_NAME_MAX);
    strbuf_add(&sql, "CREATE TABLE output.main.data AS SELECT ");
    for (size_t i = 0; i < count; i++) {
        strbuf_reset(&name);
        sql_add_name(&name, columns[i].name);
        strbuf_add(&sql, i > 0 ? ", " : "");
        if (columns[i].chosen)
            add_value(&sql, columns[i].chosen, strbuf_text(&name));
        else
            strbuf_add_str(&sql, strbuf_str(&name));
        strbuf_add(&sql, " AS ");
        strbuf_add_str(&sql, strbuf_str(&name));
        tell(loading, &columns[i]);
    }
    strbuf_add(&sql, " FROM raw.main.data");
    bool ok = strbuf_ok(&sql) ? worker_run(loading->worker, strbuf_text(&sql), err)
                              : error_set(err, ERROR_DATA, "it has too many columns");
    strbuf_clear(&sql);
    strbuf_clear(&name);
    return ok;
}

bool load_typed(struct loading *loading, struct error *err)
{
    /* Texts of JSON and SQLite are meant as texts, but neither has dates. */
    static const unsigned sources[LOAD_FORMATS] = {
        [LOAD_CSV] = FROM_CSV,
        [LOAD_JSON] = FROM_JSON,
        [LOAD_SQLITE] = FROM_JSON,
    };
    struct rows rows;
    if (!loading_select(loading, "SELECT * FROM raw.main.data LIMIT 0", &rows, err))
        return false;
    size_t count = rows.column_count;
    struct raw_column *columns = arena_array(loading->arena, count, sizeof(*columns));
    for (size_t i = 0; i < count; i++) {
        columns[i].name = rows.columns[i].name;
        columns[i].is_text = strcmp(rows.columns[i].type, "VARCHAR") == 0;
        unsigned source = sources[loading->input.format];
        if (loading->numbers_in_text && loading->numbers_in_text[i])
            source = FROM_CSV;
        if (columns[i].is_text && source && !look_at_sample(loading, &columns[i], source, err))
            return false;
    }
    for (size_t from = 0; from < count; from += COLUMNS_AT_ONCE) {
        size_t left = count - from;
        if (!look_at_all(loading, columns + from,
                         left < COLUMNS_AT_ONCE ? left : COLUMNS_AT_ONCE, err))
            return false;
    }
    return write_output(loading, columns, count, err);
}
