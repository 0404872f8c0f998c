/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, the worker's protocol and its hostile forms, messages, the look at CSV: no processes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_message.h"
#include "engine/json_check.h"
#include "engine/load_csv.h"
#include "engine/profile.h"
#include "engine/protocol.h"

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(text)};
}

static void expect_json(struct cell cell, enum value_kind kind, const char *json)
{
    struct strbuf out = strbuf_init(1000);
    cell_print_json(&cell, kind, &out);
    assert_string_equal(strbuf_text(&out), json);
    strbuf_clear(&out);
}

static void cells_as_json(void **state)
{
    expect_json((struct cell){.type = CELL_NULL}, VALUE_TEXT, "null");
    expect_json((struct cell){.type = CELL_BOOLEAN, .boolean = true}, VALUE_BOOLEAN, "true");
    expect_json((struct cell){.type = CELL_INTEGER, .integer = 9007199254740992}, VALUE_INTEGER,
                "9007199254740992");
    expect_json((struct cell){.type = CELL_INTEGER, .integer = 9007199254740993}, VALUE_INTEGER,
                "\"9007199254740993\"");
    expect_json((struct cell){.type = CELL_INTEGER, .integer = INT64_MIN}, VALUE_INTEGER,
                "\"-9223372036854775808\"");
    expect_json((struct cell){.type = CELL_DOUBLE, .number = 0.1}, VALUE_FLOAT, "0.1");
    expect_json((struct cell){.type = CELL_DOUBLE, .number = NAN}, VALUE_FLOAT, "null");
    expect_json(text_cell("12.30"), VALUE_DECIMAL, "\"12.30\"");
    expect_json(text_cell("a\"b"), VALUE_TEXT, "\"a\\\"b\"");
    expect_json(text_cell("{\"a\":[1]}"), VALUE_NESTED, "{\"a\":[1]}");
    expect_json(text_cell("{\"a\":[1}"), VALUE_NESTED, "\"{\\\"a\\\":[1}\"");
}

static void cells_as_text_and_numbers(void **state)
{
    struct strbuf out = strbuf_init(1000);
    struct cell cell = {.type = CELL_DOUBLE, .number = 1e21};
    double number;
    cell_print(&cell, &out);
    assert_string_equal(strbuf_text(&out), "1e+21");
    strbuf_reset(&out);
    cell = (struct cell){.type = CELL_DOUBLE, .number = -INFINITY};
    cell_print(&cell, &out);
    assert_string_equal(strbuf_text(&out), "-Infinity");
    assert_false(cell_to_double(&cell, &number));
    cell = text_cell("-12.50");
    assert_true(cell_to_double(&cell, &number) && number == -12.5);
    cell = text_cell("2024-01-01");
    assert_false(cell_to_double(&cell, &number));
    cell = (struct cell){.type = CELL_NULL};
    assert_false(cell_to_double(&cell, &number));
    strbuf_clear(&out);
}

static void json_is_checked(void **state)
{
    static const char *const good[] = {"1",
                                       "-0.5e+3",
                                       "\"\\u00e9\\n\"",
                                       "[]",
                                       "{}",
                                       "[1,[2,{}]]",
                                       " {\"a\" : null , \"b\":[true,false]} "};
    static const char *const bad[] = {"",   "01", "1 2", "[1,]",   "{\"a\"}",    "{a:1}", "\"\\x\"",
                                      "[1", "]",  "tru", "\"\n\"", "{\"a\":1,}", "-",     "1."};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!json_is_valid(str_from(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (json_is_valid(str_from(bad[i])))
            fail_msg("%s", bad[i]);
    char deep[2 * JSON_DEPTH_MAX + 3];
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    /* The innermost pair is an empty array, which opens no level. */
    assert_true(json_is_valid((struct str){deep, 2 * JSON_DEPTH_MAX}));
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    deep[JSON_DEPTH_MAX + 1] = '1';
    memset(deep + JSON_DEPTH_MAX + 2, ']', JSON_DEPTH_MAX + 1);
    assert_false(json_is_valid((struct str){deep, 2 * JSON_DEPTH_MAX + 3}));
}

static void numbers_round_trip(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, INT32_MAX, INT64_MAX, INT64_MIN};
    struct strbuf out = strbuf_init(1000);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        strbuf_reset(&out);
        wire_add_integer(&out, numbers[i]);
        struct wire_reader in = wire_reader_init(strbuf_str(&out));
        assert_true(wire_integer(&in) == numbers[i]);
        assert_true(wire_done(&in));
    }
    /* Eleven bytes, or a tenth one above 1, are more than 64 bits. */
    struct wire_reader in = wire_reader_init(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    wire_count(&in);
    assert_true(in.failed);
    strbuf_clear(&out);
}

/* A batch of two rows with every kind of cell. */
static void add_batch(struct strbuf *out)
{
    const struct cell cells[] = {
        {.type = CELL_NULL},
        {.type = CELL_BOOLEAN, .boolean = true},
        {.type = CELL_INTEGER, .integer = INT64_MIN},
        {.type = CELL_DOUBLE, .number = 0.1},
        {.type = CELL_TEXT, .text = STR("h\xc3\xa9")},
        {.type = CELL_TEXT, .text = STR("")},
    };
    wire_add_u32(out, 2);
    for (size_t i = 0; i < 6; i++)
        wire_add_cell(out, &cells[i]);
}

static bool read_batch(struct str payload, struct cell cells[6])
{
    size_t row_count;
    return wire_read_row_count(payload, 3, &row_count) && row_count == 2 &&
           wire_read_rows(payload, 3, cells);
}

static void rows_round_trip(void **state)
{
    struct strbuf out = strbuf_init(1000);
    struct cell cells[6];
    add_batch(&out);
    assert_true(read_batch(strbuf_str(&out), cells));
    assert_int_equal(cells[0].type, CELL_NULL);
    assert_true(cells[1].boolean);
    assert_true(cells[2].integer == INT64_MIN);
    assert_true(cells[3].number == 0.1);
    assert_true(str_equal(cells[4].text, STR("h\xc3\xa9")));
    assert_int_equal(cells[4].text.bytes[3], 0);
    assert_int_equal(cells[5].text.length, 0);
    strbuf_clear(&out);
}

/* Exactly sized copies, so that a sanitizer sees one byte read too many. */
static void with_copy(struct str payload, void (*read)(struct str payload))
{
    char *copy = malloc(payload.length + 1);
    memcpy(copy, payload.bytes, payload.length);
    char *exact = realloc(copy, payload.length ? payload.length : 1);
    read((struct str){exact, payload.length});
    free(exact);
}

static size_t accepted;

static void try_batch(struct str payload)
{
    struct cell cells[6];
    accepted += read_batch(payload, cells);
}

static void hostile_rows(void **state)
{
    struct strbuf out = strbuf_init(1000);
    add_batch(&out);
    accepted = 0;
    for (size_t length = 0; length < out.length; length++)
        with_copy(str_slice(strbuf_str(&out), 0, length), try_batch);
    assert_int_equal(accepted, 0); /* every cut is seen */
    /* Every byte replaced by every other: never a crash, and lengths never reach outside. */
    for (size_t at = 0; at < out.length; at++) {
        char kept = out.bytes[at];
        for (int byte = 0; byte < 256; byte++) {
            out.bytes[at] = (char)byte;
            with_copy(strbuf_str(&out), try_batch);
        }
        out.bytes[at] = kept;
    }
    strbuf_add_char(&out, '\0'); /* one byte too many */
    accepted = 0;
    with_copy(strbuf_str(&out), try_batch);
    assert_int_equal(accepted, 0);
    strbuf_clear(&out);
    size_t rows;
    assert_false(wire_read_row_count(STR("\xff\xff\xff\xff"
                                         "abc"),
                                     1, &rows));
    assert_false(wire_read_row_count(STR("\x01\0\0\0"
                                         "abc"),
                                     4, &rows));
    assert_true(wire_read_row_count(STR("\x01\0\0\0"
                                        "abc"),
                                    3, &rows));
}

static struct load_result sample_profile(struct stored_value *values, struct column *columns,
                                         const char **notes)
{
    values[0] = (struct stored_value){"north", 2};
    values[1] = (struct stored_value){"", 1};
    notes[0] = "read as UTF-16";
    columns[0] = (struct column){.name = "region",
                                 .type = "VARCHAR",
                                 .kind = VALUE_TEXT,
                                 .profile = {.known = true,
                                             .row_count = 3,
                                             .distinct_count = 2,
                                             .min = "",
                                             .max = "north",
                                             .values = values,
                                             .value_count = 2,
                                             .values_complete = true}};
    columns[1] = (struct column){
        .name = "id",
        .type = "BIGINT",
        .kind = VALUE_INTEGER,
        .unique = true,
        .profile = {.known = true, .row_count = 3, .distinct_count = 3, .mean = 2.5}};
    return (struct load_result){
        .columns = columns, .column_count = 2, .row_count = 3, .notes = notes, .note_count = 1};
}

static void try_profile(struct str payload)
{
    struct arena *arena = arena_new();
    struct load_result result = {0};
    accepted += profile_read(payload, arena, &result);
    arena_free(arena);
}

static void profiles_round_trip_and_refuse(void **state)
{
    struct stored_value values[2];
    struct column columns[2];
    const char *notes[1];
    struct load_result in = sample_profile(values, columns, notes), out = {0};
    struct strbuf bytes = strbuf_init(10000);
    profile_add(&bytes, &in);
    struct arena *arena = arena_new();
    assert_true(profile_read(strbuf_str(&bytes), arena, &out));
    assert_int_equal(out.row_count, 3);
    assert_string_equal(out.notes[0], "read as UTF-16");
    assert_string_equal(out.columns[0].profile.values[0].text, "north");
    assert_string_equal(out.columns[0].profile.max, "north");
    assert_true(out.columns[1].unique && out.columns[1].profile.mean == 2.5);
    assert_null(out.columns[1].profile.min);
    arena_free(arena);
    accepted = 0;
    for (size_t length = 0; length < bytes.length; length++)
        with_copy(str_slice(strbuf_str(&bytes), 0, length), try_profile);
    assert_int_equal(accepted, 0);
    for (size_t at = 0; at < bytes.length; at++) {
        char kept = bytes.bytes[at];
        for (int byte = 0; byte < 256; byte += 15) {
            bytes.bytes[at] = (char)byte;
            with_copy(strbuf_str(&bytes), try_profile);
        }
        bytes.bytes[at] = kept;
    }
    strbuf_clear(&bytes);
}

static void headers_are_bounded(void **state)
{
    struct wire_header header;
    uint8_t good[FRAME_HEADER_SIZE] = {0, 0, 0, 4, FRAME_ROWS};
    assert_true(wire_read_header(good, &header));
    assert_int_equal(header.length, FRAME_SIZE_MAX);
    uint8_t long_one[FRAME_HEADER_SIZE] = {1, 0, 0, 4, FRAME_ROWS};
    assert_false(wire_read_header(long_one, &header));
    uint8_t no_type[FRAME_HEADER_SIZE] = {0, 0, 0, 0, 0};
    assert_false(wire_read_header(no_type, &header));
    uint8_t odd_type[FRAME_HEADER_SIZE] = {0, 0, 0, 0, FRAME_TYPES};
    assert_false(wire_read_header(odd_type, &header));
}

static void expect_clean(const char *raw, const char *cleaned)
{
    char out[ERROR_MESSAGE_MAX];
    engine_message_clean(raw, out);
    assert_string_equal(out, cleaned);
}

static void messages_are_cleaned(void **state)
{
    expect_clean("Binder Error: Referenced column \"m\" not found in FROM clause!\n"
                 "Candidate bindings: \"n\", \"word\"\n\nLINE 1: SELECT m\n               ^",
                 "Binder Error: Referenced column \"m\" not found in FROM clause! "
                 "Candidate bindings: \"n\", \"word\"");
    expect_clean("IO Error: Cannot open file \"/home/someone/data/x.duckdb\": no such file",
                 "IO Error: Cannot open file \"...\": no such file");
    expect_clean("Out of Memory Error: no room (256.0 MiB/256.0 MiB used)\n\n"
                 "Possible solutions:\n* Reducing the number of threads (SET threads=X)",
                 "Out of Memory Error: no room (256.0 MiB/256.0 MiB used)");
    expect_clean("", "");
}

static void look(const char *text, char delimiter, struct csv_survey *out, struct arena *arena)
{
    struct csv_dialect dialect = {.delimiter = delimiter};
    csv_look(str_from(text), &dialect, arena, out);
}

static void csv_is_looked_at(void **state)
{
    struct arena *arena = arena_new();
    struct csv_survey survey;
    look("\xef\xbb\xbf\"a \"\"q\"\"\",b\r\n1,\"x\ny\"\r\n\r\n2\n3,4,5\n", ',', &survey, arena);
    assert_int_equal(survey.records, 4);
    assert_int_equal(survey.first_count, 2);
    assert_true(str_equal(survey.first[0], STR("a \"q\"")));
    assert_int_equal(survey.short_records, 1);
    assert_int_equal(survey.short_line, 5);
    assert_int_equal(survey.long_line, 6);
    assert_int_equal(survey.long_fields, 3);
    look("a,\"b", ',', &survey, arena);
    assert_int_equal(survey.open_quote_line, 1);
    look("", ',', &survey, arena);
    assert_int_equal(survey.records, 0);
    assert_int_equal(csv_guess_delimiter(str_from("a;b;c\n1;2,5;3\n"), arena), ';');
    assert_int_equal(csv_guess_delimiter(str_from("one\ntwo\n"), arena), 0);
    struct str fields[] = {STR(" a "), STR("A"), STR(""), STR("\xff"), STR("b\nc"), STR("a_2")};
    size_t renamed;
    const char **names = csv_name_columns(fields, 6, arena, &renamed);
    static const char *const expected[] = {"a", "A_2", "column_3", "column_4", "b c", "a_2_2"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(names[i], expected[i]);
    assert_int_equal(renamed, 5);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_as_json),
        cmocka_unit_test(cells_as_text_and_numbers),
        cmocka_unit_test(json_is_checked),
        cmocka_unit_test(numbers_round_trip),
        cmocka_unit_test(rows_round_trip),
        cmocka_unit_test(hostile_rows),
        cmocka_unit_test(profiles_round_trip_and_refuse),
        cmocka_unit_test(headers_are_bounded),
        cmocka_unit_test(messages_are_cleaned),
        cmocka_unit_test(csv_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
