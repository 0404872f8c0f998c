/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/infer.h"

#include <stdlib.h>
#include <string.h>

#include "core/spelling.h"
#include "core/str.h"
#include "core/strbuf.h"

#define TABLE_NAME_LENGTH_MAX 60
#define DENSE_ROWS_MIN 5   /* fewer rows are 1, 2, 3 by chance */
#define SERIAL_ROWS_MIN 20
#define SERIAL_START_MIN 1000
#define SERIAL_GAP_MAX 5 /* numbers a row; and how often the whole span fits before its start */
#define UNIT_LENGTH_MAX 12 /* bytes in brackets that are still taken for a unit */

static bool is_word_char(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

const char *infer_words(struct str name, struct arena *arena)
{
    struct strbuf words = strbuf_init(name.length * 2 + 1);
    for (size_t i = 0, whole; i < name.length; i += whole > 0 ? whole : 1) {
        if ((whole = spelling_add_word(&words, name, i)) > 0)
            continue;
        char c = name.bytes[i];
        bool camel =
            i > 0 && is_upper(c) &&
            (is_lower(name.bytes[i - 1]) ||
             (is_upper(name.bytes[i - 1]) && i + 1 < name.length && is_lower(name.bytes[i + 1])));
        bool after_word = i > 0 && is_word_char(name.bytes[i - 1]);
        bool blank = words.length > 0 && words.bytes[words.length - 1] == ' ';
        if (words.length > 0 && !blank && is_word_char(c) && (camel || !after_word))
            strbuf_add_char(&words, ' ');
        if (is_word_char(c))
            strbuf_add_char(&words, char_lower(c));
    }
    const char *text = arena_strdup(arena, strbuf_text(&words));
    strbuf_clear(&words);
    return text;
}

/* The file's name without folder and endings. */
static struct str stem_of(const char *path)
{
    static const char *const endings[] = {".gz",      ".zst", ".csv",  ".tsv",   ".tab",   ".txt",
                                          ".parquet", ".pq",  ".json", ".jsonl", ".ndjson"};
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash ? slash + 1 : path);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
            struct str ending = str_from(endings[i]);
            struct str tail = str_slice(
                name, name.length - (name.length < ending.length ? name.length : ending.length),
                name.length);
            if (name.length > ending.length && str_equal_nocase(tail, ending))
                name.length -= ending.length;
        }
    return name;
}

const char *infer_table_name(const char *path, struct arena *arena)
{
    struct strbuf name = strbuf_init(4096);
    struct str stem = str_cut_utf8(stem_of(path), TABLE_NAME_LENGTH_MAX);
    for (size_t i = 0; i < stem.length; i++) {
        char c = stem.bytes[i];
        if (is_word_char(c))
            strbuf_add_char(&name, char_lower(c));
        else if (name.length > 0 && name.bytes[name.length - 1] != '_')
            strbuf_add_char(&name, '_');
    }
    if (name.length > 0 && name.bytes[name.length - 1] == '_')
        strbuf_truncate(&name, name.length - 1);
    const char *text = strbuf_text(&name);
    const char *table = text[0] == '\0'          ? "data"
                        : char_is_digit(text[0]) ? arena_printf(arena, "t_%s", text)
                                                 : arena_strdup(arena, text);
    strbuf_clear(&name);
    return table;
}

const char *infer_title(const char *path, struct arena *arena)
{
    struct str stem = stem_of(path);
    char *title = arena_strndup(arena, stem.bytes, stem.length);
    char *end = title;
    for (const char *c = title; *c; c++) {
        bool blank = *c == '_' || *c == '-' || *c == '.' || (unsigned char)*c <= ' ' || *c == 0x7F;
        if (!blank)
            *end++ = *c;
        else if (end > title && end[-1] != ' ')
            *end++ = ' ';
    }
    while (end > title && end[-1] == ' ')
        end--;
    *end = '\0';
    if (title[0] == '\0')
        return "Data";
    title[0] = char_upper(title[0]);
    return title;
}

/* One column on its way through the rules. */
struct subject {
    const struct column *column;
    const char *words; /* of its name, see infer_words() */
    struct str last;   /* the last of them */
    size_t index;      /* among the columns */
    struct str table_last; /* the last word of the table's name */
};

static bool is_one_of(struct str word, const char *const *list)
{
    for (; *list; list++)
        if (str_equal_text(word, *list))
            return true;
    return false;
}

/* Integer bounds of the profile. */
static bool bounds_of(const struct column *column, int64_t *min, int64_t *max)
{
    const struct column_profile *profile = &column->profile;
    return profile->known && profile->min && profile->max &&
           str_to_i64(str_from(profile->min), min) && str_to_i64(str_from(profile->max), max);
}

static bool is_identifier(const struct subject *s)
{
    static const char *const endings[] = {"id", "key", "uuid", "guid", "pk", NULL};
    size_t length = strlen(s->column->name);
    /* "customerid" has no boundary to see; a word such as "paid" must not count. */
    bool glued = s->column->unique && length >= 4 && str_ends(s->last, STR("id"));
    return is_one_of(s->last, endings) || glued;
}

/* Whole numbers that name something and are never summed. */
static bool is_code(const struct subject *s)
{
    static const char *const words[] = {
        "code",     "num",     "no",        "nr",    "number", "zip",     "zipcode",
        "postcode", "postal",  "sku",       "ean",   "isbn",   "iata",    "icao",
        "phone",    "fips",    "month",     "day",   "hour",   "minute",  "second",
        "week",     "weekday", "quarter",   "dow",   "doy",    "lat",     "latitude",
        "lon",      "lng",     "longitude", "level", "grade",  "version", NULL};
    return is_one_of(s->last, words);
}

/* What goes by a number where there are several: "room", "platform". "Rooms" would be how many. */
static bool is_numbered_thing(const struct subject *s)
{
    static const char *const words[] = {"room",  "floor",  "platform", "gate",    "terminal",
                                        "track", "lane",   "route",    "line",    "bus",
                                        "tram",  "train",  "flight",   "seat",    "ward",
                                        "batch", "ticket", "invoice",  "account", "locker", NULL};
    return s->column->kind == VALUE_INTEGER && is_one_of(s->last, words);
}

static bool is_year_word(struct str word)
{
    static const char *const words[] = {"year", "yr", "jahr", "ano", "annee", NULL};
    return is_one_of(word, words);
}

static bool holds_years(const struct column *column)
{
    int64_t min, max;
    return column->kind == VALUE_INTEGER &&
           (!bounds_of(column, &min, &max) || (min >= 1000 && max <= 2500));
}

static bool is_year(const struct subject *s)
{
    return is_year_word(s->last) && holds_years(s->column);
}

/* "year_built": a year, but not the time that the rows are about. */
static bool has_year(const struct subject *s)
{
    struct str rest = str_from(s->words), word;
    while (str_split(&rest, ' ', &word))
        if (is_year_word(word))
            return holds_years(s->column);
    return false;
}

/* A first column 1, 2, 3, ...: a row number or a key by another name. */
static bool is_dense_key(const struct subject *s)
{
    int64_t min, max;
    return s->index == 0 && s->column->unique && s->column->profile.row_count >= DENSE_ROWS_MIN &&
           bounds_of(s->column, &min, &max) && max - min + 1 == s->column->profile.row_count;
}

/* 70100, 70101, 70103, ...: what is handed out one after the other, from a start of its own. No
 * amounts lie so close together and so far from zero, each but once. */
static bool is_serial(const struct subject *s)
{
    int64_t min, max, rows = s->column->profile.row_count;
    return s->column->unique && rows >= SERIAL_ROWS_MIN && bounds_of(s->column, &min, &max) &&
           min >= SERIAL_START_MIN && (max - min) / SERIAL_GAP_MAX < rows &&
           max - min < min / SERIAL_GAP_MAX;
}

/* "Train" in a table of trains, "flight" in one of flights: the number that the rows go by. What
 * is measured is called like its table too: "price" in a table of prices. */
static bool is_name_of_rows(const struct subject *s)
{
    static const char *const amounts[] = {
        "amount",  "price",    "cost",     "fee",      "fare",     "fine",      "wage",
        "salary",  "income",   "payment",  "sale",     "expense",  "donation",  "refund",
        "loan",    "deposit",  "budget",   "tax",      "bonus",    "tip",       "bid",
        "score",   "point",    "goal",     "vote",     "rating",   "mark",      "result",
        "visit",   "view",     "click",    "download", "passenger", "visitor",  "death",
        "birth",   "case",     "rate",     "rank",     "temperature", "measurement", "reading",
        "level",   "volume",   "weight",   "height",   "length",   "distance",  "speed",
        "stock",   "total",    "count",    "number",   "value",    "unit",      "mile",
        "hour",    "minute",   "day",      "step",     "calorie",  "emission",  "import",
        "export",  "yield",    "harvest",  "catch",    "run",      "win",       "loss",
        "profit",  "population", "capacity", "area",   "size",     "quantity",  "duration",
        "interest", "balance", "debt",     "grant",    "pension",  "rent",      "toll", NULL};
    struct str table = s->table_last, name = s->last;
    bool plural = (table.length == name.length + 1 && str_ends(table, STR("s"))) ||
                  (table.length == name.length + 2 && str_ends(table, STR("es")));
    return s->column->kind == VALUE_INTEGER && plural && table.length > 3 &&
           !strchr(s->words, ' ') && memcmp(table.bytes, name.bytes, name.length) == 0 && !is_one_of(name, amounts);
}

static bool is_flag(const struct subject *s)
{
    int64_t min, max;
    return bounds_of(s->column, &min, &max) && min == 0 && max == 1;
}

static enum column_role number_role(const struct subject *s)
{
    if (is_year(s))
        return ROLE_TIME;
    if (has_year(s))
        return ROLE_DIMENSION;
    if (is_code(s) || is_numbered_thing(s) || is_name_of_rows(s))
        return s->column->unique && s->column->kind == VALUE_INTEGER ? ROLE_KEY : ROLE_DIMENSION;
    if (s->column->kind != VALUE_INTEGER)
        return ROLE_MEASURE;
    if (is_dense_key(s) || is_serial(s))
        return ROLE_KEY;
    return is_flag(s) ? ROLE_DIMENSION : ROLE_MEASURE;
}

static enum column_role role_of(const struct subject *s)
{
    enum value_kind kind = s->column->kind;
    if (value_kind_is_time(kind))
        return ROLE_TIME;
    if ((kind == VALUE_INTEGER || kind == VALUE_TEXT || kind == VALUE_UNKNOWN) && is_identifier(s))
        return ROLE_KEY;
    if (value_kind_is_number(kind))
        return number_role(s);
    if (kind == VALUE_INTERVAL)
        return ROLE_MEASURE;
    if (kind == VALUE_TEXT && s->column->unique && is_code(s))
        return ROLE_KEY;
    return kind == VALUE_TEXT || kind == VALUE_BOOLEAN || kind == VALUE_TIME ? ROLE_DIMENSION
                                                                             : ROLE_UNKNOWN;
}

/* Signs and words in a header that say what is counted. */
static const struct {
    const char *mark;
    const char *unit;
    bool anywhere; /* a sign may stand anywhere, a word only at the end */
} units[] = {
    {"%", "%", true},
    {"$", "USD", true},
    {"\xE2\x82\xAC", "EUR", true},
    {"\xC2\xA3", "GBP", true},
    {"\xC2\xA5", "JPY", true},
    {"pct", "%", false},
    {"percent", "%", false},
    {"percentage", "%", false},
    {"usd", "USD", false},
    {"eur", "EUR", false},
    {"gbp", "GBP", false},
    {"jpy", "JPY", false},
    {"chf", "CHF", false},
    {"kg", "kg", false},
    {"km", "km", false},
    {"cm", "cm", false},
    {"mm", "mm", false},
    {"lbs", "lb", false},
    {"mph", "mph", false},
    {"kwh", "kWh", false},
    {"mwh", "MWh", false},
    {"gwh", "GWh", false},
    {"seconds", "s", false},
    {"minutes", "min", false},
    {"hours", "h", false},
    {"days", "days", false},
    {"years", "years", false},
    {"celsius",
     "\xC2\xB0"
     "C",
     false},
    {"fahrenheit",
     "\xC2\xB0"
     "F",
     false},
};

/* The text in the last brackets of a header: "Weight (kg)", "speed [km/h]". */
static struct str in_brackets(struct str name)
{
    if (!str_ends(name, STR(")")) && !str_ends(name, STR("]")))
        return STR("");
    char open = str_ends(name, STR(")")) ? '(' : '[';
    size_t start = name.length - 1;
    while (start > 0 && name.bytes[start] != open)
        start--;
    struct str inside = str_trim(str_slice(name, start + 1, name.length - 1));
    bool letters = inside.length > 0 && !char_is_digit(inside.bytes[0]);
    return start > 0 && letters && inside.length <= UNIT_LENGTH_MAX ? inside : STR("");
}

static const char *unit_of(const struct subject *s, struct arena *arena)
{
    struct str name = str_from(s->column->name);
    if (!value_kind_is_number(s->column->kind) || s->column->role != ROLE_MEASURE)
        return NULL;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].anywhere ? str_find(name, str_from(units[i].mark)) >= 0
                              : str_equal_text(s->last, units[i].mark))
            return units[i].unit;
    struct str inside = in_brackets(name);
    return inside.length > 0 ? arena_strndup(arena, inside.bytes, inside.length) : NULL;
}

/* "Monthly Fee (EUR)" is called a monthly fee; brackets that hold no known unit say what it is.
 * The open bracket is left; infer_words() drops it. */
static struct str without_unit(struct str name)
{
    struct str inside = in_brackets(name);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (inside.length > 0 && (str_equal_nocase(inside, str_from(units[i].mark)) ||
                                  str_equal_nocase(inside, str_from(units[i].unit))))
            return str_slice(name, 0, (size_t)(inside.bytes - name.bytes));
    return name;
}

/* Whether the words are only the name with blanks for underscores, which everybody can do. */
static bool is_plain_name(const char *name, const char *words)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if ((name[i] == '_' ? ' ' : char_lower(name[i])) != words[i])
            return false;
    return words[length] == '\0';
}

static struct str last_word(const char *words)
{
    const char *blank = strrchr(words, ' ');
    return str_from(blank ? blank + 1 : words);
}

void infer_columns(struct dataset *dataset, struct arena *arena)
{
    const char *name = dataset->table_name ? dataset->table_name : "";
    const char *table = infer_words(str_from(name), arena);
    for (size_t i = 0; i < dataset->column_count; i++) {
        struct column *column = &dataset->columns[i];
        struct subject subject = {.column = column,
                                  .words = infer_words(str_from(column->name), arena),
                                  .index = i,
                                  .table_last = last_word(table)};
        subject.last = last_word(subject.words);
        if (column->role == ROLE_UNKNOWN)
            column->role = role_of(&subject);
        if (!column->unit)
            column->unit = unit_of(&subject, arena);
        struct str bare =
            column->unit ? without_unit(str_from(column->name)) : str_from(column->name);
        const char *words = infer_words(bare, arena);
        if (!column->label && words[0] != '\0' && !is_plain_name(column->name, words))
            column->label = words;
    }
}
