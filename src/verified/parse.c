/* SPDX-License-Identifier: Apache-2.0 */
/* From a record, or an entry of a metadata document, to a verified query: what can be wrong with
 * one is found here. */
#include "verified/verified.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"

#define SAMPLE_MAX 500 /* bytes */
#define COLUMN_MAX 256

static const char *const kind_names[SLOT_KINDS] = {
    [SLOT_TEXT] = "text",
    [SLOT_NUMBER] = "number",
    [SLOT_DATE] = "date",
    [SLOT_PERIOD] = "period",
};

const char *slot_kind_name(enum slot_kind kind)
{
    return kind_names[kind];
}

struct parser {
    struct arena *arena;
    struct verified_entry *query;
    struct error *err;
};

static bool wrong(const struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool wrong(const struct parser *parser, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(parser->arena, format, args);
    va_end(args);
    return error_set(parser->err, ERROR_INVALID, "%s", text);
}

/* ------------------------------------------------------------------ slots */

static bool is_slot_name(const char *name)
{
    struct arena *arena = arena_new();
    struct verified_words words;
    const char *braced = arena_printf(arena, "{%s}", name);
    verified_words_read(str_from(braced), true, arena, &words);
    bool valid = words.count == 1 && words.items[0].slot &&
                 str_equal_text(words.items[0].text, name);
    arena_free(arena);
    return valid;
}

static int find_slot(const struct verified_entry *query, struct str name)
{
    for (size_t i = 0; i < query->slot_count; i++)
        if (str_equal_text(name, query->slots[i].name))
            return (int)i;
    return -1;
}

static bool find_kind(struct str name, enum slot_kind *kind)
{
    for (enum slot_kind i = 0; i < SLOT_KINDS; i++)
        if (str_equal_text(name, kind_names[i])) {
            *kind = i;
            return true;
        }
    return false;
}

struct slot_text {
    const char *name, *kind, *column, *sample; /* column and sample may be NULL */
};

static bool add_slot(const struct parser *parser, const struct slot_text *text)
{
    struct verified_entry *query = parser->query;
    struct verified_slot slot = {0};
    if (query->slot_count == VERIFIED_SLOTS_MAX)
        return wrong(parser, "there are more than %d slots", VERIFIED_SLOTS_MAX);
    if (!text->name || !is_slot_name(text->name))
        return wrong(parser,
                     "'%.40s' is no name of a slot; a name begins with a letter and has at most %d "
                     "small letters, digits and '_'",
                     text->name ? text->name : "", SLOT_NAME_MAX);
    if (find_slot(query, str_from(text->name)) >= 0)
        return wrong(parser, "the slot '%s' is declared twice", text->name);
    if (!text->kind || !find_kind(str_from(text->kind), &slot.kind))
        return wrong(parser,
                     "the slot '%s' is of kind '%.40s'; there are: text, number, date, period",
                     text->name, text->kind ? text->kind : "");
    if (text->column && (slot.kind != SLOT_TEXT || strlen(text->column) > COLUMN_MAX))
        return wrong(parser, "the slot '%s' can have no such column: only text is from a column",
                     text->name);
    if (text->sample && strlen(text->sample) > SAMPLE_MAX)
        return wrong(parser, "the sample of the slot '%s' has more than %d bytes", text->name,
                     SAMPLE_MAX);
    slot.name = arena_strdup(parser->arena, text->name);
    if (slot.kind == SLOT_TEXT)
        slot.column = arena_strdup(parser->arena, text->column && *text->column ? text->column
                                                                                : text->name);
    if (text->sample && *text->sample)
        slot.sample = arena_strdup(parser->arena, text->sample);
    query->slots[query->slot_count++] = slot;
    return true;
}

/* {"region": "text", "area": "text Ship Region"}: as a document writes them. */
static bool read_slot_map(const struct parser *parser, const json_t *map)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, name, value)
    {
        struct str rest = str_trim(str_from(json_string_value(value))), kind;
        if (!str_split(&rest, ' ', &kind))
            kind = rest;
        struct slot_text text = {.name = name,
                                 .kind = arena_strndup(parser->arena, kind.bytes, kind.length)};
        struct str column = rest.bytes ? str_trim(rest) : (struct str){0};
        if (column.length > 0)
            text.column = arena_strndup(parser->arena, column.bytes, column.length);
        if (!add_slot(parser, &text))
            return false;
    }
    return true;
}

static bool read_slot_list(const struct parser *parser, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        struct slot_text text = {
            .name = json_string_value(json_object_get(item, "name")),
            .kind = json_string_value(json_object_get(item, "kind")),
            .column = json_string_value(json_object_get(item, "column")),
            .sample = json_string_value(json_object_get(item, "sample")),
        };
        if (!json_is_object(item))
            return wrong(parser,
                         "a slot is an object such as {\"name\":\"region\",\"kind\":\"text\"}");
        if (!add_slot(parser, &text))
            return false;
    }
    return true;
}

static bool read_slots(const struct parser *parser, const char *json)
{
    struct verified_entry *query = parser->query;
    json_t *slots = json_loads(json ? json : "[]", JSON_REJECT_DUPLICATES, NULL);
    query->slots = arena_array(parser->arena, VERIFIED_SLOTS_MAX, sizeof(*query->slots));
    bool ok = json_is_object(slots)  ? read_slot_map(parser, slots)
              : json_is_array(slots) ? read_slot_list(parser, slots)
                                     : wrong(parser, "the slots are no list of slots");
    json_decref(slots);
    return ok;
}

void verified_slots_json(const struct verified_slot *slots, size_t count, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        json_add_key(out, "name");
        json_add_text(out, slots[i].name);
        json_add_key(out, "kind");
        json_add_text(out, slot_kind_name(slots[i].kind));
        if (slots[i].column) {
            json_add_key(out, "column");
            json_add_text(out, slots[i].column);
        }
        if (slots[i].sample) {
            json_add_key(out, "sample");
            json_add_text(out, slots[i].sample);
        }
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

/* ------------------------------------------------------------------ questions */

/* Every slot once, and something beside them. */
static bool check_pattern(const struct parser *parser, const char *question,
                          const struct verified_words *words)
{
    const struct verified_entry *query = parser->query;
    bool named[VERIFIED_SLOTS_MAX] = {false};
    size_t fixed = 0;
    if (words->bad_slot.length > 0)
        return wrong(parser, "'{%.*s' in a question is no slot", STR_ARGS(words->bad_slot));
    if (words->too_many)
        return wrong(parser, "a question has more than %d words", VERIFIED_WORDS_MAX);
    for (size_t i = 0; i < words->count; i++) {
        const struct verified_word *word = &words->items[i];
        int slot = word->slot ? find_slot(query, word->text) : -1;
        fixed += !word->slot;
        if (word->slot && slot < 0)
            return wrong(parser, "the slot '%.*s' of a question is not declared",
                         STR_ARGS(word->text));
        if (slot >= 0 && named[slot])
            return wrong(parser, "the slot '%s' stands twice in one question",
                         query->slots[slot].name);
        if (slot >= 0)
            named[slot] = true;
    }
    for (size_t i = 0; i < query->slot_count; i++)
        if (!named[i])
            return wrong(parser, "the slot '%s' is missing in the question \"%.100s\"",
                         query->slots[i].name, question);
    return fixed > 0 || wrong(parser, "a question needs words beside its slots");
}

static bool add_question(const struct parser *parser, const char *text)
{
    struct verified_entry *query = parser->query;
    struct str trimmed = str_trim(str_from(text));
    if (!text || trimmed.length == 0)
        return wrong(parser, "a question or variant is empty");
    if (trimmed.length > VERIFIED_QUESTION_MAX || !str_is_utf8(trimmed))
        return wrong(parser, "a question or variant has more than %d bytes, or is not UTF-8",
                     VERIFIED_QUESTION_MAX);
    const char *question = arena_strndup(parser->arena, trimmed.bytes, trimmed.length);
    struct verified_words *words = &query->patterns[query->question_count];
    ((const char **)(uintptr_t)query->questions)[query->question_count++] = question;
    verified_words_read(str_from(question), true, parser->arena, words);
    return check_pattern(parser, question, words);
}

static bool read_questions(const struct parser *parser, const char *question, const char *variants)
{
    struct verified_entry *query = parser->query;
    json_t *list = json_loads(variants ? variants : "[]", 0, NULL);
    size_t count = json_array_size(list);
    bool ok = json_is_array(list) || wrong(parser, "the variants are no list of texts");
    if (ok && count > VERIFIED_VARIANTS_MAX)
        ok = wrong(parser, "there are %zu variants; at most %d", count, VERIFIED_VARIANTS_MAX);
    if (ok) {
        query->questions = arena_array(parser->arena, count + 1, sizeof(*query->questions));
        query->patterns = arena_array(parser->arena, count + 1, sizeof(*query->patterns));
        ok = add_question(parser, question);
        query->question = query->questions[0];
    }
    for (size_t i = 0; ok && i < count; i++)
        ok = add_question(parser, json_string_value(json_array_get(list, i)));
    json_decref(list);
    return ok;
}

/* ------------------------------------------------------------------ SQL */

/* The end of a quoted text or name that begins at `at`, after its closing quote. */
static size_t quoted_end(struct str sql, size_t at)
{
    char quote = sql.bytes[at++];
    while (at < sql.length && (sql.bytes[at] != quote ||
                               (at + 1 < sql.length && sql.bytes[at + 1] == quote)))
        at += sql.bytes[at] == quote ? 2 : 1;
    return at < sql.length ? at + 1 : sql.length;
}

/* The end of a quoted text or name, or of a comment, that begins at `at`; `at` when none does. */
static size_t closed_end(struct str sql, size_t at)
{
    struct str rest = str_slice(sql, at, sql.length);
    bool line = str_starts(rest, STR("--"));
    if (sql.bytes[at] == '\'' || sql.bytes[at] == '"')
        return quoted_end(sql, at);
    if (!line && !str_starts(rest, STR("/*")))
        return at;
    ptrdiff_t end = str_find(str_slice(rest, 2, rest.length), line ? STR("\n") : STR("*/"));
    return end < 0 ? sql.length : at + 2 + (size_t)end + (line ? 1 : 2);
}

/* Does the word LIMIT or OFFSET stand right before? */
static bool after_count_word(struct str before)
{
    static const char *const words[] = {"limit", "offset"};
    struct str text = str_trim(before);
    if (text.length == before.length)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i]);
        if (text.length < length || !str_equal_nocase(str_slice(text, text.length - length,
                                                                text.length),
                                                      str_from(words[i])))
            continue;
        char c = text.length > length ? text.bytes[text.length - length - 1] : ' ';
        return !char_is_alnum(c) && c != '_';
    }
    return false;
}

/* The only period, for {from} and {to} without its name; -1: none or several. */
static int only_period(const struct verified_entry *query)
{
    int found = -1;
    for (size_t i = 0; i < query->slot_count; i++)
        if (query->slots[i].kind == SLOT_PERIOD) {
            if (found >= 0)
                return -1;
            found = (int)i;
        }
    return found;
}

/* Which slot "{name}", "{name.from}", "{to}" means. */
static bool resolve(const struct parser *parser, struct str name, struct verified_piece *piece)
{
    const struct verified_entry *query = parser->query;
    struct str end = STR("");
    for (size_t i = 0; i < name.length; i++)
        if (name.bytes[i] == '.') {
            end = str_slice(name, i + 1, name.length);
            name = str_slice(name, 0, i);
        }
    piece->slot = find_slot(query, name);
    if (piece->slot < 0 && end.length == 0 &&
        (str_equal_text(name, "from") || str_equal_text(name, "to"))) {
        end = name;
        piece->slot = only_period(query);
    }
    if (piece->slot < 0)
        return wrong(parser, "the slot '%.*s' of the SQL is not declared", STR_ARGS(name));
    bool period = query->slots[piece->slot].kind == SLOT_PERIOD;
    piece->to = str_equal_text(end, "to");
    if (period != (str_equal_text(end, "from") || piece->to) || (!period && end.length > 0))
        return wrong(parser, "the slot '%s' is written {%s%s} in the SQL",
                     query->slots[piece->slot].name, query->slots[piece->slot].name,
                     period ? ".from} and {NAME.to" : "");
    return true;
}

static void add_piece(const struct parser *parser, size_t *capacity, struct verified_piece piece)
{
    struct verified_entry *query = parser->query;
    query->pieces = arena_grow(parser->arena, query->pieces, query->piece_count, capacity,
                               sizeof(*query->pieces));
    query->pieces[query->piece_count++] = piece;
}

static bool check_slots_used(const struct parser *parser)
{
    const struct verified_entry *query = parser->query;
    for (size_t s = 0; s < query->slot_count; s++) {
        bool used = false;
        for (size_t i = 0; i < query->piece_count; i++)
            used |= query->pieces[i].slot == (int)s;
        if (!used)
            return wrong(parser, "the slot '%s' is not in the SQL: it would change nothing",
                         query->slots[s].name);
    }
    return true;
}

static bool read_sql(const struct parser *parser, struct str sql)
{
    size_t begin = 0, capacity = 0;
    for (size_t at = 0; at < sql.length;) {
        size_t end = closed_end(sql, at);
        if (end > at) {
            struct str quoted = str_slice(sql, at, end);
            for (size_t s = 0; s < parser->query->slot_count; s++)
                if (str_find(quoted, str_from(arena_printf(parser->arena, "{%s}",
                                                           parser->query->slots[s].name))) >= 0)
                    return wrong(parser,
                                 "the slot '%s' is inside quotes or a comment; write {%s} outside",
                                 parser->query->slots[s].name, parser->query->slots[s].name);
            at = end;
            continue;
        }
        if (sql.bytes[at] != '{') {
            at++;
            continue;
        }
        struct verified_piece piece = {.text = str_slice(sql, begin, at)};
        ptrdiff_t close = str_find(str_slice(sql, at, sql.length), STR("}"));
        if (close < 0)
            return wrong(parser, "a '{' of the SQL has no '}'");
        if (!resolve(parser, str_slice(sql, at + 1, at + (size_t)close), &piece))
            return false;
        piece.is_count = after_count_word(piece.text);
        add_piece(parser, &capacity, piece);
        at += (size_t)close + 1;
        begin = at;
    }
    add_piece(parser, &capacity,
              (struct verified_piece){.text = str_slice(sql, begin, sql.length), .slot = -1});
    return check_slots_used(parser);
}

/* ------------------------------------------------------------------ the whole */

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

bool verified_parse(const struct verified_record *record, struct arena *arena,
                    struct verified_entry *out, struct error *err)
{
    struct parser parser = {arena, out, err};
    *out = (struct verified_entry){
        .id = copy(arena, record->id),
        .revision = record->revision,
        .dataset_id = copy(arena, record->dataset_id),
        .owner = copy(arena, record->owner),
        .schema = copy(arena, record->schema),
    };
    struct str sql = str_trim(str_from(record->sql));
    while (str_ends(sql, STR(";")))
        sql = str_trim(str_slice(sql, 0, sql.length - 1));
    out->sql = arena_strndup(arena, sql.bytes, sql.length);
    if (record->approved_at)
        out->date = arena_strndup(arena, record->approved_at,
                                  strnlen(record->approved_at, DATE_SIZE - 1));
    if (sql.length == 0 || sql.length > STORE_VERIFIED_SQL_MAX)
        return wrong(&parser, "the SQL is empty, or has more than %d bytes",
                     STORE_VERIFIED_SQL_MAX);
    return read_slots(&parser, record->slots) &&
           read_questions(&parser, record->question, record->variants) &&
           read_sql(&parser, str_from(out->sql));
}

bool verified_parse_document(const struct dataset *dataset, size_t i, struct arena *arena,
                             struct verified_entry *out, struct error *err)
{
    const struct verified_query *text = &dataset->verified_queries[i];
    struct strbuf variants = strbuf_init(4 * STORE_VERIFIED_JSON_MAX);
    strbuf_add_char(&variants, '[');
    for (size_t k = 0; k < text->variants.count; k++) {
        json_add_separator(&variants);
        json_add_text(&variants, text->variants.items[k]);
    }
    strbuf_add_char(&variants, ']');
    struct verified_record record = {
        .id = arena_printf(arena, "%s:%zu", dataset->id, i + 1),
        .state = VERIFIED_APPROVED,
        .question = text->question,
        .variants = strbuf_text(&variants),
        .dataset_id = dataset->id,
        .sql = text->sql,
        .slots = text->slots,
        .owner = text->owner,
        .approved_at = text->date,
    };
    bool ok = strbuf_ok(&variants) ? verified_parse(&record, arena, out, err)
                                   : error_set(err, ERROR_INVALID, "the variants are too long");
    strbuf_clear(&variants);
    out->from_document = true;
    return ok;
}

bool verified_check_slots(const struct verified_entry *query, const struct dataset *dataset,
                          struct error *err)
{
    for (size_t i = 0; i < query->slot_count; i++) {
        const struct verified_slot *slot = &query->slots[i];
        if (slot->kind != SLOT_TEXT)
            continue;
        const struct column *column = dataset_column(dataset, slot->column);
        if (!column)
            return error_set(err, ERROR_INVALID,
                             "the slot '%s' takes the values of column '%s', which '%s' does not "
                             "have",
                             slot->name, slot->column, dataset->id);
        if (column->profile.value_count == 0)
            return error_set(err, ERROR_INVALID,
                             "the slot '%s' takes the values of column '%s', and none of them are "
                             "known",
                             slot->name, slot->column);
    }
    return true;
}
