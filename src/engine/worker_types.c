/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the loader's worker: gives text columns the type that all of their values have.
 *
 * A type is taken only when every value converts without loss, apart from words for "missing"
 * (NA, NULL, -). The first rows say which types are possible, then all rows are asked about one
 * after the other: a sample alone would be wrong about the one odd value further down.
 */
#include <string.h>

#include "engine/worker_load.h"

#define FIRST_ROWS 200
#define COLUMNS_AT_ONCE 50
#define CHOICES_MAX 64
#define TYPED_TEXT_MAX 64 /* bytes; longer values are texts */

/* What people write for "no value"; only ignored where all other values agree on a type. */
#define MISSING_WORDS \
    "('', 'NA', 'N/A', 'n/a', '#N/A', 'NULL', 'null', 'NaN', 'nan', 'None', '-', '--', '?', '.')"

#define DIGITS "(0|[1-9]\\d*)"
#define FEW_DIGITS "(0|[1-9]\\d{0,17})" /* more would lose some as a DOUBLE */
#define ISO_DATE "\\d{4}-\\d{1,2}-\\d{1,2}"
#define ISO_TIME "\\d{1,2}:\\d{2}(:\\d{2}([.]\\d+)?)?"
#define MATCHES(pattern, value) \
    "CASE WHEN regexp_full_match($, '\\s*" pattern "\\s*') THEN " value " END"
/* A four-digit year must be one: %Y reads "24" as the year 24. */
#define PARSED(format, type)                  \
    "CASE WHEN year(try_strptime($, '" format \
    "')) BETWEEN 1000 AND 9999 THEN try_strptime($, '" format "')::" type " END"

/* FROM_POINTS: not where values are separated by semicolons, since commas are decimal there. */
enum { FROM_CSV = 1, FROM_JSON = 2, FROM_ANY = FROM_CSV | FROM_JSON, FROM_POINTS = 4 };

/* What a text may be, by its characters: most candidates are ruled out by the first rows. */
enum {
    LOOKS_BOOLEAN = 1,
    LOOKS_INTEGER = 2,
    LOOKS_NUMBER = 4,
    LOOKS_AMOUNT = 8, /* with commas or currency signs */
    LOOKS_PERCENT = 16,
    LOOKS_ISO = 32,    /* 2024-1-31 */
    LOOKS_CLOCK = 64,  /* 12:30 */
    LOOKS_SLASH = 128, /* 1/31/2024 */
    LOOKS_DOT = 256,   /* 31.1.2024 */
    LOOKS_DASH = 512,  /* 31-1-2024 */
    LOOKS_MONTH = 1024 /* Jan 31 2024 */
};

struct candidate {
    unsigned looks;
    const char *value; /* SQL; $ stands for the text, NULL results for what does not fit */
    unsigned sources;
    const char *note; /* NULL: nothing worth telling */
};

static const struct candidate candidates[] = {
    {LOOKS_BOOLEAN, "CASE lower($) WHEN 'true' THEN true WHEN 'false' THEN false END", FROM_CSV,
     NULL},
    /* The first is the quickest and right for most columns of numbers. */
    {LOOKS_INTEGER, "CASE WHEN TRY_CAST($ AS BIGINT)::VARCHAR = $ THEN TRY_CAST($ AS BIGINT) END",
     FROM_CSV, NULL},
    {LOOKS_INTEGER, MATCHES("[+-]?" DIGITS, "TRY_CAST($ AS BIGINT)"), FROM_CSV, NULL},
    {LOOKS_INTEGER, MATCHES("[+-]?" DIGITS, "TRY_CAST($ AS HUGEINT)"), FROM_CSV, NULL},
    {LOOKS_NUMBER,
     MATCHES("[+-]?(" FEW_DIGITS "([.]\\d*)?|[.]\\d+)([eE][+-]?\\d+)?", "TRY_CAST($ AS DOUBLE)"),
     FROM_CSV, NULL},
    {LOOKS_AMOUNT,
     MATCHES("-?[$€£]?\\s?([1-9]\\d{0,2}(,\\d{3})+|" FEW_DIGITS ")([.]\\d+)?",
             "TRY_CAST(regexp_replace($, '[$€£,\\s]', '', 'g') AS DOUBLE)"),
     FROM_POINTS, "numbers with currency signs or commas between thousands became plain numbers"},
    {LOOKS_AMOUNT,
     MATCHES("-?([1-9]\\d{0,2}([.]\\d{3})+|" FEW_DIGITS ")(,\\d+)?",
             "TRY_CAST(replace(replace(trim($), '.', ''), ',', '.') AS DOUBLE)"),
     FROM_CSV, "decimal commas became decimal points"},
    /* Three decimals may be thousands. */
    {LOOKS_AMOUNT,
     MATCHES("-?[$€£]?\\s?" FEW_DIGITS "([.]\\d{1,2})?\\s?[$€£]?",
             "TRY_CAST(regexp_replace($, '[$€£\\s]', '', 'g') AS DOUBLE)"),
     FROM_CSV, "numbers with currency signs became plain numbers"},
    {LOOKS_AMOUNT,
     MATCHES("-?[$€£]?\\s?([1-9]\\d{0,2}([.]\\d{3})+|" FEW_DIGITS ")(,\\d+)?\\s?[$€£]?",
             "TRY_CAST(replace(regexp_replace($, '[$€£.\\s]', '', 'g'), ',', '.') AS DOUBLE)"),
     FROM_CSV, "numbers with currency signs and decimal commas became plain numbers"},
    {LOOKS_PERCENT,
     MATCHES("[+-]?" FEW_DIGITS "([.]\\d+)?\\s?%", "TRY_CAST(replace($, '%', '') AS DOUBLE)"),
     FROM_CSV, "percentages became numbers: 12% is 12"},
    {LOOKS_ISO, MATCHES(ISO_DATE, "TRY_CAST($ AS DATE)"), FROM_ANY, NULL},
    {LOOKS_ISO, MATCHES(ISO_DATE "([T ]" ISO_TIME ")?", "TRY_CAST($ AS TIMESTAMP)"), FROM_ANY,
     NULL},
    {LOOKS_ISO, MATCHES("\\d{4}-(0[1-9]|1[0-2])", "TRY_CAST(trim($) || '-01' AS DATE)"), FROM_ANY,
     "months became their first days"},
    {LOOKS_ISO,
     MATCHES(ISO_DATE "[T ]" ISO_TIME "\\s?(Z|[+-]\\d{2}(:?\\d{2})?)",
             "TRY_CAST($ AS TIMESTAMPTZ)"),
     FROM_ANY, NULL},
    {LOOKS_CLOCK, MATCHES(ISO_TIME, "TRY_CAST($ AS TIME)"), FROM_ANY, NULL},
    {LOOKS_SLASH, PARSED("%Y/%m/%d", "DATE"), FROM_ANY, NULL},
    {LOOKS_DOT, PARSED("%Y.%m.%d", "DATE"), FROM_ANY, NULL},
    {LOOKS_DOT, PARSED("%d.%m.%Y", "DATE"), FROM_ANY, "dates were read as day.month.year"},
    {LOOKS_SLASH, PARSED("%m/%d/%Y", "DATE"), FROM_ANY, "dates were read as month/day/year"},
    {LOOKS_SLASH, PARSED("%d/%m/%Y", "DATE"), FROM_ANY, "dates were read as day/month/year"},
    {LOOKS_DASH, PARSED("%m-%d-%Y", "DATE"), FROM_ANY, "dates were read as month-day-year"},
    {LOOKS_DASH, PARSED("%d-%m-%Y", "DATE"), FROM_ANY, "dates were read as day-month-year"},
    {LOOKS_MONTH, PARSED("%b %d %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%b %d, %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%B %d %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%B %d, %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%d %b %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%d %B %Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%d-%b-%Y", "DATE"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%d-%b-%y", "DATE"), FROM_ANY, "years of two digits were completed"},
    {LOOKS_SLASH, MATCHES("\\d{1,2}/\\d{1,2}/\\d{2}", PARSED("%m/%d/%y", "DATE")), FROM_ANY,
     "dates were read as month/day/year, and years of two digits were completed"},
    {LOOKS_DOT, MATCHES("\\d{1,2}[.]\\d{1,2}[.]\\d{2}", PARSED("%d.%m.%y", "DATE")), FROM_ANY,
     "dates were read as day.month.year, and years of two digits were completed"},
    {LOOKS_SLASH, PARSED("%Y/%m/%d %H:%M", "TIMESTAMP"), FROM_ANY, NULL},
    {LOOKS_SLASH, PARSED("%Y/%m/%d %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
    {LOOKS_SLASH, PARSED("%m/%d/%Y %H:%M", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {LOOKS_SLASH, PARSED("%m/%d/%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {LOOKS_SLASH, PARSED("%m/%d/%Y %I:%M %p", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {LOOKS_SLASH, PARSED("%m/%d/%Y %I:%M:%S %p", "TIMESTAMP"), FROM_ANY,
     "times were read as month/day/year"},
    {LOOKS_SLASH, PARSED("%d/%m/%Y %H:%M", "TIMESTAMP"), FROM_ANY,
     "times were read as day/month/year"},
    {LOOKS_SLASH, PARSED("%d/%m/%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY,
     "times were read as day/month/year"},
    {LOOKS_DOT, PARSED("%d.%m.%Y %H:%M", "TIMESTAMP"), FROM_ANY, NULL},
    {LOOKS_DOT, PARSED("%d.%m.%Y %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
    {LOOKS_MONTH, PARSED("%b %d %Y %H:%M:%S", "TIMESTAMP"), FROM_ANY, NULL},
};
#define CANDIDATE_COUNT (sizeof(candidates) / sizeof(candidates[0]))

/* One column on its way to its type. */
struct raw_column {
    const char *name;
    bool is_text;
    unsigned looks;              /* of its first values; 0: a text */
    size_t choices[CHOICES_MAX]; /* what the first rows allow, in order of preference */
    size_t choice_count;
    size_t next; /* the choice that all rows are asked about next */
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

/* -- first sight -- */

static bool has_only(struct str text, const char *allowed)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] == '\0' || !strchr(allowed, text.bytes[i]))
            return false;
    return true;
}

static size_t count_of(struct str text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.bytes[i] == wanted;
    return count;
}

static bool names_month(struct str text)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (size_t i = 0; i + 3 <= text.length; i++)
        for (size_t month = 0; month < 12; month++)
            if (str_equal_nocase(str_slice(text, i, i + 3), (struct str){months + 3 * month, 3}))
                return true;
    return false;
}

static unsigned looks_of_number(struct str text)
{
    unsigned looks = 0;
    if (has_only(text, "0123456789+-"))
        looks |= LOOKS_INTEGER;
    if (has_only(text, "0123456789+-.eE"))
        looks |= LOOKS_NUMBER;
    if (has_only(text, "0123456789+-., $\xe2\x82\xac\xc2\xa3")) /* the bytes of euro and pound */
        looks |= LOOKS_AMOUNT;
    if (str_ends(text, STR("%")))
        looks |= LOOKS_PERCENT;
    return looks;
}

static unsigned looks_of(struct str text)
{
    text = str_trim(text);
    if (str_equal_nocase(text, STR("true")) || str_equal_nocase(text, STR("false")))
        return LOOKS_BOOLEAN;
    bool digit = false;
    for (size_t i = 0; i < text.length; i++)
        digit |= char_is_digit(text.bytes[i]);
    if (!digit || text.length > TYPED_TEXT_MAX)
        return 0;
    unsigned looks = looks_of_number(text);
    if (text.length > 5 && text.bytes[4] == '-')
        looks |= LOOKS_ISO;
    if (count_of(text, ':') > 0 && has_only(text, "0123456789:."))
        looks |= LOOKS_CLOCK;
    if (count_of(text, '/') == 2)
        looks |= LOOKS_SLASH;
    if (count_of(text, '.') == 2)
        looks |= LOOKS_DOT;
    if (count_of(text, '-') == 2 && has_only(text, "0123456789-"))
        looks |= LOOKS_DASH;
    if (names_month(text))
        looks |= LOOKS_MONTH;
    return looks;
}

/* The same words as MISSING_WORDS. */
static bool is_missing(struct str text)
{
    static const char *const words[] = {"",    "NA",  "N/A",  "n/a", "#N/A", "NULL", "null",
                                        "NaN", "nan", "None", "-",   "--",   "?",    "."};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_text(text, words[i]))
            return true;
    return false;
}

/* The first rows tell texts from the rest at no cost; what they rule out is never asked. */
static bool look_at_first(struct loading *loading, struct raw_column *columns, size_t count,
                          struct error *err)
{
    struct rows rows;
    struct strbuf sql = strbuf_init(256);
    strbuf_printf(&sql, "SELECT * FROM raw.main.data LIMIT %d", FIRST_ROWS);
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    for (size_t i = 0; i < count && ok; i++) {
        bool any = false;
        unsigned looks = ~0u;
        for (size_t row = 0; row < rows.row_count; row++) {
            const struct cell *cell = rows_cell(&rows, row, i);
            if (cell->type != CELL_TEXT || is_missing(cell->text))
                continue;
            any = true;
            looks &= looks_of(cell->text);
        }
        /* A long column that starts with nothing may be anything. */
        columns[i].looks = any || rows.row_count == FIRST_ROWS ? looks : 0;
    }
    return ok;
}

static void list_choices(struct raw_column *column, unsigned source)
{
    for (size_t i = 0; i < CANDIDATE_COUNT; i++)
        if ((candidates[i].looks & column->looks) && (candidates[i].sources & source) &&
            column->choice_count < CHOICES_MAX)
            column->choices[column->choice_count++] = i;
}

/* -- all rows -- */

static bool is_open(const struct raw_column *column)
{
    return !column->chosen && column->next < column->choice_count;
}

static void add_counts(struct strbuf *sql, const struct raw_column *column)
{
    struct strbuf name = strbuf_init(WIRE_NAME_MAX);
    sql_add_name(&name, column->name);
    strbuf_printf(sql, ", count(%s), count_if(%s IN " MISSING_WORDS "), count(", strbuf_text(&name),
                  strbuf_text(&name));
    add_value(sql, &candidates[column->choices[column->next]], strbuf_text(&name));
    strbuf_add(sql, ")");
    strbuf_clear(&name);
}

static void choose(struct raw_column *column, const struct rows *rows, size_t at)
{
    int64_t count = count_at(rows, at), missing = count_at(rows, at + 1);
    if (count_at(rows, at + 2) == count - missing) {
        column->chosen = &candidates[column->choices[column->next]];
        column->missing = missing;
    }
    column->next++;
}

/* Asks all rows about the next choice of each column that has none yet. */
static bool look_at_all(struct loading *loading, struct raw_column *columns, size_t count,
                        struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    size_t asked = 0;
    strbuf_add(&sql, "SELECT 0");
    for (size_t i = 0; i < count; i++)
        if (is_open(&columns[i])) {
            add_counts(&sql, &columns[i]);
            asked++;
        }
    strbuf_add(&sql, " FROM raw.main.data");
    struct rows rows;
    bool ok =
        asked == 0 || (strbuf_ok(&sql) && loading_select(loading, strbuf_text(&sql), &rows, err));
    strbuf_clear(&sql);
    size_t at = 1;
    for (size_t i = 0; i < count && ok && asked > 0; i++)
        if (is_open(&columns[i])) {
            choose(&columns[i], &rows, at);
            at += 3;
        }
    return ok;
}

static void tell(struct loading *loading, const struct raw_column *column)
{
    if (column->chosen && column->chosen->note)
        loading_note(loading, "column '%s': %s", column->name, column->chosen->note);
    if (column->chosen && column->missing > 0)
        loading_note(loading, "column '%s': %lld %s", column->name, (long long)column->missing,
                     plural((uint64_t)column->missing, "word like NA was read as a missing value",
                            "words like NA were read as missing values"));
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
    if (!look_at_first(loading, columns, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        columns[i].name = rows.columns[i].name;
        if (strlen(columns[i].name) > LOAD_NAME_MAX)
            return error_set(err, ERROR_DATA, "the name of column %zu is longer than %d bytes",
                             i + 1, LOAD_NAME_MAX);
        columns[i].is_text = strcmp(rows.columns[i].type, "VARCHAR") == 0;
        unsigned source = sources[loading->input.format];
        if (loading->numbers_in_text && loading->numbers_in_text[i])
            source = FROM_CSV;
        if (source == FROM_CSV && loading->dialect.delimiter != ';')
            source |= FROM_POINTS;
        if (columns[i].is_text)
            list_choices(&columns[i], source);
    }
    for (size_t round = 0; round < CHOICES_MAX; round++)
        for (size_t from = 0; from < count; from += COLUMNS_AT_ONCE) {
            size_t left = count - from;
            if (!look_at_all(loading, columns + from,
                             left < COLUMNS_AT_ONCE ? left : COLUMNS_AT_ONCE, err))
                return false;
        }
    return write_output(loading, columns, count, err);
}
