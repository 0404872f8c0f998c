/* SPDX-License-Identifier: Apache-2.0 */
/* From values to a statement, and values to try a statement with. */
#include <string.h>

#include "core/clock.h"
#include "core/hash.h"
#include "planner/print/print.h"
#include "planner/span_link.h"
#include "verified/verified.h"

#define NUMBER_SAMPLE "10"
#define PERIOD_SAMPLE "last month"

static bool is_count(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

static const char *literal(const struct verified_entry *query, const struct verified_piece *piece,
                           const struct verified_value *value, const struct dataset *dataset,
                           enum sql_dialect dialect, struct arena *arena, struct error *err)
{
    static const enum value_kind kinds[SLOT_KINDS] = {
        [SLOT_TEXT] = VALUE_TEXT,
        [SLOT_NUMBER] = VALUE_DECIMAL,
        [SLOT_DATE] = VALUE_DATE,
        [SLOT_PERIOD] = VALUE_DATE,
    };
    const struct verified_slot *slot = &query->slots[piece->slot];
    const struct column *column =
        slot->kind == SLOT_TEXT ? dataset_column(dataset, slot->column) : NULL;
    const char *text = slot->kind != SLOT_PERIOD ? value->text
                       : piece->to               ? value->period.to
                                                 : value->period.from;
    if (!text || (piece->is_count && !is_count(text))) {
        error_set(err, ERROR_INVALID, "the slot '%s' needs %s", slot->name,
                  text ? "a whole number there" : "a value");
        return NULL;
    }
    const char *sql = literal_print(text, kinds[slot->kind], column, dialect, arena, err);
    /* After the minus of the SQL another one would begin a comment. */
    return sql && *sql == '-' ? arena_printf(arena, "(%s)", sql) : sql;
}

bool verified_fill(const struct verified_entry *query, const struct verified_value *values,
                   const struct dataset *dataset, enum sql_dialect dialect, struct arena *arena,
                   const char **sql, struct error *err)
{
    struct strbuf out = strbuf_init(4 * STORE_VERIFIED_SQL_MAX);
    bool ok = true;
    for (size_t i = 0; i < query->piece_count && ok; i++) {
        const struct verified_piece *piece = &query->pieces[i];
        strbuf_add_str(&out, piece->text);
        if (piece->slot < 0)
            continue;
        const char *text =
            literal(query, piece, &values[piece->slot], dataset, dialect, arena, err);
        ok = text != NULL;
        strbuf_add(&out, text ? text : "");
    }
    if (ok && !strbuf_ok(&out))
        ok = error_set(err, ERROR_TOO_LARGE, "the statement with its values is too long");
    if (ok)
        *sql = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return ok;
}

const char *verified_fill_question(const struct verified_entry *query,
                                   const struct verified_value *values, struct arena *arena)
{
    const struct verified_words *words = &query->patterns[0];
    struct str text = str_from(query->question);
    struct strbuf out = strbuf_init(16 * VERIFIED_QUESTION_MAX);
    size_t at = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (!words->items[i].slot)
            continue;
        strbuf_add_str(&out, str_slice(text, at, words->items[i].begin));
        for (size_t s = 0; s < query->slot_count; s++)
            if (str_equal_text(words->items[i].text, query->slots[s].name))
                strbuf_add(&out, values[s].words);
        at = words->items[i].end;
    }
    strbuf_add_str(&out, str_slice(text, at, text.length));
    const char *question = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return question;
}

/* ------------------------------------------------------------------ words of one slot */

static bool read_text(const struct verified_slot *slot, struct str words,
                      const struct verified_place *place, struct arena *arena,
                      struct verified_value *out)
{
    const struct column *column = dataset_column(place->dataset, slot->column);
    out->text = column ? span_value(place->index, column, words) : NULL;
    /* The index finds what is written alike; a value is what is written the same. */
    return out->text && verified_same_words(words, str_from(out->text), arena);
}

static bool read_day(struct str words, const struct verified_place *place, struct arena *arena,
                     struct verified_value *out)
{
    struct date day;
    char next[DATE_SIZE];
    if (!span_period(words, &place->calendar, arena, &out->period) ||
        !date_parse(str_from(out->period.from), &day))
        return false;
    date_print(date_from_days(date_to_days(day) + 1), next);
    out->text = out->period.from;
    return strcmp(out->period.to, next) == 0;
}

bool verified_read_value(const struct verified_slot *slot, struct str words,
                         const struct planner *planner, const struct verified_place *place,
                         struct arena *arena, struct verified_value *out)
{
    *out = (struct verified_value){.words = arena_strndup(arena, words.bytes, words.length)};
    switch (slot->kind) {
    case SLOT_TEXT:
        return read_text(slot, words, place, arena, out);
    case SLOT_NUMBER:
        out->text = span_number(planner, words, arena);
        return out->text != NULL;
    case SLOT_DATE:
        return read_day(words, place, arena, out);
    default:
        return span_period(words, &place->calendar, arena, &out->period);
    }
}

static const char *sample_words(const struct verified_slot *slot,
                                const struct verified_place *place)
{
    const struct column *column =
        slot->kind == SLOT_TEXT ? dataset_column(place->dataset, slot->column) : NULL;
    if (slot->sample)
        return slot->sample;
    if (column)
        return column->profile.value_count > 0 ? column->profile.values[0].text : "";
    return slot->kind == SLOT_NUMBER ? NUMBER_SAMPLE
           : slot->kind == SLOT_DATE ? place->calendar.today
                                     : PERIOD_SAMPLE;
}

bool verified_samples(const struct verified_entry *query, const struct planner *planner,
                      const struct verified_place *place, struct arena *arena,
                      struct verified_value **values, struct error *err)
{
    struct verified_value *samples = arena_array(arena, query->slot_count, sizeof(*samples));
    for (size_t i = 0; i < query->slot_count; i++) {
        const struct verified_slot *slot = &query->slots[i];
        const char *words = sample_words(slot, place);
        if (verified_read_value(slot, str_from(words), planner, place, arena, &samples[i]))
            continue;
        /* A first value that is written like another one is a value all the same. */
        if (slot->kind == SLOT_TEXT && !slot->sample && *words) {
            samples[i] = (struct verified_value){.words = words, .text = words};
            continue;
        }
        const char *what =
            slot->kind == SLOT_TEXT ? "value of its column" : slot_kind_name(slot->kind);
        return error_set(err, ERROR_INVALID, "'%s' is no %s for the slot '%s'", words, what,
                         slot->name);
    }
    *values = samples;
    return true;
}

/* Where the dataset is from. */
static void print_origin(const struct dataset *dataset, char hex[SHA256_HEX_SIZE])
{
    const char *const parts[] = {dataset->id, dataset->document, dataset->source.engine,
                                 dataset->source.table, dataset->source.file};
    struct sha256 *sha = sha256_new();
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sha256_add_field(sha, str_from(parts[i]));
    sha256_end(sha, hex);
}

bool verified_schema_is_of(const char *schema, const struct dataset *dataset)
{
    char origin[SHA256_HEX_SIZE];
    print_origin(dataset, origin);
    return strncmp(schema, origin, strlen(origin)) == 0;
}

const char *verified_schema(const struct dataset *own, const struct dataset *const *datasets,
                            size_t count, struct arena *arena)
{
    char origin[SHA256_HEX_SIZE], hex[SHA256_HEX_SIZE];
    struct sha256 *sha = sha256_new();
    for (size_t i = 0; i < count; i++) {
        const struct dataset *dataset = datasets[i];
        sha256_add_field(sha, str_from(dataset->id));
        sha256_add_field(sha, str_from(dataset->table_name));
        for (size_t c = 0; c < dataset->column_count; c++) {
            sha256_add_field(sha, str_from(dataset->columns[c].name));
            sha256_add_field(sha, str_from(value_kind_name(dataset->columns[c].kind)));
        }
    }
    sha256_end(sha, hex);
    print_origin(own, origin);
    return arena_printf(arena, "%s.%s", origin, hex);
}
