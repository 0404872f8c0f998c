/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "metadata/folder.h"
#include "metadata/metadata.h"
#include "metadata/yaml_write.h"

static const char whole[] =
    "dataset_id: staff\n"
    "table_name: staff\n"
    "title: Our people\n"
    "description: |\n"
    "  Everyone who works here.\n"
    "\n"
    "  One line each.\n"
    "grain: one person\n"
    "synonyms: [people, employees]\n"
    "source: {engine: duckdb, file: data/staff.csv}\n"
    "owner: {team: hr, since: 2020, tags: [a, 1.5, true, null, \"x\\ny\"]}\n"
    "columns:\n"
    "  - {name: id, type: BIGINT, role: key}\n"
    "  - name: salary\n"
    "    type: decimal(10,2)\n"
    "    label: gross pay\n"
    "    description: before taxes\n"
    "    unit: EUR\n"
    "    role: measure\n"
    "    synonyms: [pay, wage]\n"
    "    sample_values: [1200.50, 900, ' x ']\n"
    "    default_aggregation: average\n"
    "    sensitivity: 3\n"
    "  - {name: Office Name, type: text, synonyms: site}\n"
    "  - {name: hired, type: date, role: time}\n"
    "metrics:\n"
    "  - {name: payroll, expression: sum(salary), synonyms: [total pay], unit: EUR,\n"
    "     description: all pay}\n"
    "filters:\n"
    "  - {name: senior, expression: \"salary > 5000\", synonyms: [experienced]}\n"
    "relationships:\n"
    "  - {name: office, column: Office Name, dataset: offices, other_column: name}\n"
    "  - {column: id, dataset: badges, kind: one_to_one}\n"
    "verified_queries:\n"
    "  - question: who earns most?\n"
    "    variants: [top earner]\n"
    "    sql: |\n"
    "      SELECT id\n"
    "      FROM staff\n"
    "    slots: {region: text}\n"
    "    owner: ana\n"
    "    date: 2024-02-29\n"
    "instructions: round to full euros\n"
    "calendar: {time_zone: Europe/Lisbon, week_start: sunday, fiscal_year_start: apr,\n"
    "  reference_date: 2013-12-31}\n"
    "access:\n"
    "  roles: [hr, manager]\n"
    "  users: [ana]\n"
    "  rows: \"office = {caller.office}\"\n"
    "  hidden: [salary]\n"
    "  mask: {id: hash}\n"
    "  mask_model: [id]\n"
    "  min_group: 5\n";

#define GOOD "table_name: t\ncolumns: [{name: a, type: int}]\n"

struct parsing {
    struct arena *arena;
    struct problem_list problems;
    struct dataset dataset;
    struct error err;
    bool parsed;
};

static struct parsing parse(const char *text)
{
    struct parsing p = {.arena = arena_new()};
    p.problems.arena = p.arena;
    p.parsed =
        metadata_parse(str_from(text), "/m/staff.yaml", p.arena, &p.dataset, &p.problems, &p.err);
    return p;
}

static void every_key_has_its_place(void **state)
{
    struct parsing p = parse(whole);
    const struct dataset *d = &p.dataset;
    if (!p.parsed)
        fail_msg("%s", p.err.message);
    assert_int_equal(p.problems.count, 0);
    assert_string_equal(d->id, "staff");
    assert_string_equal(d->title, "Our people");
    assert_string_equal(d->description, "Everyone who works here.\n\nOne line each.");
    assert_string_equal(d->grain, "one person");
    assert_int_equal(d->synonyms.count, 2);
    assert_string_equal(d->source.engine, "duckdb");
    assert_string_equal(d->source.file, "/m/data/staff.csv");
    assert_string_equal(d->extra, "{\"owner\":{\"team\":\"hr\",\"since\":2020,\"tags\":"
                                  "[\"a\",1.5,true,null,\"x\\ny\"]}}");
    assert_string_equal(d->document, "/m/staff.yaml");
    assert_int_equal(d->row_count, -1);
    assert_string_equal(d->instructions, "round to full euros");
    arena_free(p.arena);
}

static void columns_are_read(void **state)
{
    struct parsing p = parse(whole);
    const struct dataset *d = &p.dataset;
    assert_int_equal(d->column_count, 4);
    const struct column *salary = dataset_column(d, "SALARY");
    assert_int_equal(salary->kind, VALUE_DECIMAL);
    assert_int_equal(salary->role, ROLE_MEASURE);
    assert_string_equal(salary->type, "decimal(10,2)");
    assert_string_equal(salary->label, "gross pay");
    assert_string_equal(salary->unit, "EUR");
    assert_string_equal(salary->default_aggregation, "avg");
    assert_string_equal(salary->sample_values.items[0], "1200.50");
    assert_string_equal(salary->sample_values.items[2], " x ");
    assert_string_equal(salary->extra, "{\"sensitivity\":3}");
    assert_int_equal(salary->line, 14);
    assert_int_equal(d->columns[0].role, ROLE_KEY);
    assert_string_equal(d->columns[2].synonyms.items[0], "site");
    assert_int_equal(d->columns[2].role, ROLE_UNKNOWN);
    assert_int_equal(d->columns[3].kind, VALUE_DATE);
    arena_free(p.arena);
}

static void the_other_lists_are_read(void **state)
{
    struct parsing p = parse(whole);
    const struct dataset *d = &p.dataset;
    assert_string_equal(d->metrics[0].expression, "sum(salary)");
    assert_string_equal(d->metrics[0].synonyms.items[0], "total pay");
    assert_string_equal(d->filters[0].expression, "salary > 5000");
    assert_int_equal(d->relationship_count, 2);
    assert_string_equal(d->relationships[0].other_column, "name");
    assert_int_equal(d->relationships[0].kind, RELATIONSHIP_MANY_TO_ONE);
    assert_string_equal(d->relationships[1].other_column, "id");
    assert_int_equal(d->relationships[1].kind, RELATIONSHIP_ONE_TO_ONE);
    assert_string_equal(d->verified_queries[0].sql, "SELECT id\nFROM staff");
    assert_string_equal(d->verified_queries[0].slots, "{\"region\":\"text\"}");
    assert_string_equal(d->verified_queries[0].date, "2024-02-29");
    assert_int_equal(d->calendar.week_start, 7);
    assert_int_equal(d->calendar.fiscal_year_start, 4);
    assert_string_equal(d->calendar.reference_date, "2013-12-31");
    assert_int_equal(d->access.roles.count, 2);
    assert_string_equal(d->access.mask, "{\"id\":\"hash\"}");
    assert_int_equal(d->access.min_group, 5);
    assert_true(metadata_check_columns(&p.dataset, &p.problems));
    assert_int_equal(d->relationship_count, 2);
    arena_free(p.arena);
}

static void the_smallest_document_is_enough(void **state)
{
    struct parsing p = parse("table_name: t\ncolumns: [{name: no, type: int}]\n");
    assert_true(p.parsed);
    assert_string_equal(p.dataset.id, "t");
    assert_string_equal(p.dataset.columns[0].name, "no");
    assert_int_equal(p.dataset.columns[0].kind, VALUE_INTEGER);
    arena_free(p.arena);
    p = parse("table_name: t\nsource: {file: /abs/x.csv}\ncolumns: [{name: a}]\n");
    assert_true(p.parsed);
    assert_string_equal(p.dataset.source.file, "/abs/x.csv");
    arena_free(p.arena);
    p = parse(GOOD "source: {file: x.sqlite, table: orders}\n");
    assert_true(p.parsed);
    assert_string_equal(p.dataset.source.file_table, "orders");
    assert_null(p.dataset.source.table);
    arena_free(p.arena);
}

/* Refused with exactly this sentence. */
static void wrong(const char *text, const char *message)
{
    struct parsing p = parse(text);
    assert_false(p.parsed);
    assert_int_equal(p.err.code, ERROR_METADATA);
    assert_string_equal(p.err.message, message);
    arena_free(p.arena);
}

static void errors_name_the_place_and_what_is_allowed(void **state)
{
    wrong("- a\n", "/m/staff.yaml:1:1: a document must be a map with 'table_name' and 'columns', "
                   "not a list");
    wrong("columns: [{name: a, type: int}]\n", "/m/staff.yaml:1:1: a dataset needs 'table_name'");
    wrong("table_name: t\n",
          "/m/staff.yaml:1:1: a dataset needs 'columns', unless its source is a file");
    wrong("table_name: t\ncolumns:\n  - {name: a, type: int}\n  - {type: int}\n",
          "/m/staff.yaml:4:5: a column needs 'name'");
    wrong("table_name: t\ncolumns:\n  - {name: a}\n",
          "/m/staff.yaml:3:1: column 'a' needs a 'type'");
    wrong("table_name: t\ncolumns:\n  - {name: a, type: int, role: mesure}\n",
          "/m/staff.yaml:3:32: 'role' of a column is 'mesure'; allowed: time, dimension, measure, "
          "key; did you mean 'measure'?");
    wrong("table_name: t\ncolumns:\n  - {name: a, type: int}\n  - {name: A, type: int}\n",
          "/m/staff.yaml:4:5: column 'A' is described twice");
    wrong("table_name: t\ncolumns: a\n",
          "/m/staff.yaml:2:10: 'columns' of a dataset must be a list, not text; start each column "
          "with '-'");
    wrong("table_name: t\ncolumns: [a]\n", "/m/staff.yaml:2:11: 'columns' of a dataset must hold "
                                           "maps such as {name: ...}, not text");
    wrong(GOOD "metrics: [{name: m}]\n", "/m/staff.yaml:3:11: a metric needs 'expression'");
    wrong(GOOD "title: [a]\n", "/m/staff.yaml:3:8: 'title' of a dataset must be text, not a list");
    wrong(GOOD "title: \"a\\nb\"\n", "/m/staff.yaml:3:8: 'title' of a dataset has control "
                                     "characters or line breaks in it");
    wrong(GOOD "title: ''\n", "/m/staff.yaml:3:8: 'title' of a dataset is empty");
    wrong(GOOD "source: x\n", "/m/staff.yaml:3:9: 'source' of a dataset must be a map, not text");
    wrong(GOOD "calendar: {reference_date: 31.12.2013}\n",
          "/m/staff.yaml:3:28: 'reference_date' of a calendar is '31.12.2013', which is no date; "
          "write it as 2024-12-31");
    wrong(GOOD "access: {min_group: -1}\n",
          "/m/staff.yaml:3:21: 'min_group' of a set of access rules must be a whole number from 0 "
          "to 2147483647");
    wrong(GOOD "access: {mask: {a: [x]}}\n",
          "/m/staff.yaml:3:20: 'mask' of a set of access rules must give one word for 'a', not a "
          "list");
    wrong("a: [\n", "/m/staff.yaml:2:1: did not find expected node content while parsing a flow "
                    "node");
}

static void all_errors_of_a_document_are_found(void **state)
{
    struct parsing p = parse("table_name: [t]\ncolumns:\n  - {name: a, type: int, role: x}\n"
                             "  - {type: int}\n");
    assert_false(p.parsed);
    assert_int_equal(p.problems.error_count, 3);
    assert_int_equal(p.problems.items[1].line, 3);
    assert_int_equal(p.problems.items[2].line, 4);
    arena_free(p.arena);
}

static void unknown_keys_are_kept_and_misspelled_ones_are_told(void **state)
{
    struct parsing p = parse(GOOD "sinonyms: [x]\nteam: hr\n");
    assert_true(p.parsed);
    assert_string_equal(p.dataset.extra, "{\"sinonyms\":[\"x\"],\"team\":\"hr\"}");
    assert_int_equal(p.problems.count, 1);
    assert_int_equal(p.problems.items[0].severity, PROBLEM_WARNING);
    assert_string_equal(p.problems.items[0].message, "unknown key 'sinonyms' of a dataset is kept "
                                                     "as it is; did you mean 'synonyms'?");
    assert_int_equal(p.problems.items[0].line, 3);
    arena_free(p.arena);
    p = parse(GOOD "calendar: {weekstart: monday}\n");
    assert_true(p.parsed);
    assert_int_equal(p.problems.count, 1);
    arena_free(p.arena);
    /* Here a misspelling would show what was meant to be hidden. */
    wrong(GOOD "access: {hiden: [a]}\n", "/m/staff.yaml:3:10: unknown key 'hiden' of a set of "
                                         "access rules; did you mean 'hidden'?");
}

static void names_in_rules_must_exist(void **state)
{
    struct parsing p = parse(GOOD "access: {hidden: [b]}\n");
    assert_true(p.parsed);
    assert_false(metadata_check_columns(&p.dataset, &p.problems));
    assert_string_equal(p.problems.items[0].message,
                        "access: 'hidden' names the column 'b', which does not exist");
    arena_free(p.arena);
    p = parse(GOOD "access: {mask: {b: hash}}\n");
    assert_false(metadata_check_columns(&p.dataset, &p.problems));
    arena_free(p.arena);
    p = parse(GOOD "relationships: [{column: b, dataset: c}, {column: A, dataset: c}]\n");
    assert_true(metadata_check_columns(&p.dataset, &p.problems));
    assert_int_equal(p.dataset.relationship_count, 1);
    assert_string_equal(p.dataset.relationships[0].column, "a");
    assert_int_equal(p.problems.items[0].severity, PROBLEM_WARNING);
    arena_free(p.arena);
}

/* `count` items, a '#' in them replaced by their number. */
static bool parses_with(const char *before, const char *item, size_t count, const char *after)
{
    struct strbuf text = strbuf_init(4000000);
    strbuf_add(&text, before);
    for (size_t i = 0; i < count; i++)
        for (const char *c = item; *c; c++) {
            if (*c == '#')
                strbuf_printf(&text, "%zu", i);
            else
                strbuf_add_char(&text, *c);
        }
    strbuf_add(&text, after);
    struct parsing p = parse(strbuf_text(&text));
    strbuf_clear(&text);
    arena_free(p.arena);
    return p.parsed;
}

static void limits_hold_at_the_edge(void **state)
{
    static const struct {
        const char *before, *item, *after;
        size_t max;
    } rows[] = {
        {"table_name: t\ncolumns:\n", "- {name: c#, type: int}\n", "", DATASET_COLUMNS_MAX},
        {GOOD "synonyms: [", "s#,", "]\n", 200},
        {GOOD "metrics:\n", "- {name: m#, expression: sum(a)}\n", "", 500},
        {GOOD "relationships:\n", "- {column: a, dataset: d#}\n", "", 200},
        {GOOD "verified_queries:\n", "- {question: q#, sql: s}\n", "", 5000},
        {GOOD "title: '", "x", "'\n", 500},
        {GOOD "description: '", "x", "'\n", 20000},
        {GOOD "metrics: [{name: m, expression: '", "x", "'}]\n", 4000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(parses_with(rows[i].before, rows[i].item, rows[i].max, rows[i].after));
        assert_false(parses_with(rows[i].before, rows[i].item, rows[i].max + 1, rows[i].after));
    }
}

static void types_of_all_engines_have_kinds(void **state)
{
    static const struct {
        const char *type;
        enum value_kind kind;
    } rows[] = {
        {"BIGINT", VALUE_INTEGER},
        {"decimal(10, 2)", VALUE_DECIMAL},
        {" Double Precision ", VALUE_FLOAT},
        {"character varying(20)", VALUE_TEXT},
        {"timestamp(3) with time zone", VALUE_TIMESTAMP_TZ},
        {"timestamp(3) without time zone", VALUE_TIMESTAMP},
        {"TIMESTAMP WITH TIME ZONE", VALUE_TIMESTAMP_TZ},
        {"DATETIME", VALUE_TIMESTAMP},
        {"integer[]", VALUE_NESTED},
        {"STRUCT(a INTEGER)", VALUE_NESTED},
        {"row(x bigint)", VALUE_NESTED},
        {"STRING", VALUE_TEXT},
        {"geometry", VALUE_UNKNOWN},
        {"", VALUE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(value_kind_from_type(rows[i].type), rows[i].kind);
}

static void same_when_written_and_read(const char *text)
{
    struct parsing first = parse(text);
    struct strbuf out = strbuf_init(1000000), again = strbuf_init(1000000);
    if (!first.parsed)
        fail_msg("%s", first.err.message);
    yaml_write_dataset(&out, &first.dataset);
    struct parsing second = parse(strbuf_text(&out));
    if (!second.parsed)
        fail_msg("%s in\n%s", second.err.message, strbuf_text(&out));
    yaml_write_dataset(&again, &second.dataset);
    assert_string_equal(strbuf_text(&out), strbuf_text(&again));
    assert_int_equal(second.dataset.column_count, first.dataset.column_count);
    if (first.dataset.description)
        assert_string_equal(second.dataset.description, first.dataset.description);
    if (first.dataset.extra)
        assert_string_equal(second.dataset.extra, first.dataset.extra);
    strbuf_clear(&out);
    strbuf_clear(&again);
    arena_free(first.arena);
    arena_free(second.arena);
}

static void what_is_written_reads_back(void **state)
{
    same_when_written_and_read(whole);
    same_when_written_and_read(GOOD);
    same_when_written_and_read(GOOD "source: {file: /d/x.sqlite, table: orders}\n");
    same_when_written_and_read(GOOD "description: \"two\\n  indented\\n\\n\\ttab: x # y\"\n");
    same_when_written_and_read(GOOD "description: \"one\\n\\nthree: [\\n- x\"\n");
    same_when_written_and_read(GOOD "x: {y: {z: [1, {a: b}]}}\n'': 3\n'a: b': 'yes'\n");
}

static void any_text_survives_writing(void **state)
{
    static const char *const texts[] = {
        "a",
        "yes",
        "No",
        "null",
        "~",
        "1",
        "-1.5",
        "-",
        "--- x",
        "- x",
        "? x",
        "a: b",
        "a #b",
        "#",
        "'",
        "\"",
        "\\",
        "it's",
        "a, b",
        "[x]",
        "{x}",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "=",
        "<<",
        " lead",
        "trail ",
        "two\nlines",
        "tab\t",
        "\x01",
        "\x7F",
        "\x1B[31m",
        "\xC2\x85",
        "\xC2\xA0",
        "\xE2\x80\xA8",
        "\xEF\xBB\xBF",
        "\xEF\xBF\xBE",
        "\xF0\x9F\x98\x80",
        "Z\xC3\xBCrich",
        "\xE6\x9D\xB1\xE4\xBA\xAC",
        "a:",
        ":a",
        "2024-01-01",
        "12:30",
        "1e5",
        "0x1F",
        "",
        "\r\n",
        "...",
        "x\n...\ny",
        "%YAML 1.1",
        "true ",
        "a\\nb",
        "\xF0\x9F\xBF\xBE",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct strbuf out = strbuf_init(10000);
        strbuf_add(&out, "table_name: t\ncolumns:\n  - {name: a, type: int, sample_values: [");
        yaml_add_scalar(&out, str_from(texts[i]));
        strbuf_add(&out, ", end]}\n");
        struct parsing p = parse(strbuf_text(&out));
        if (!p.parsed)
            fail_msg("%s in\n%s", p.err.message, strbuf_text(&out));
        /* Values that read as null would be dropped; they must be quoted. */
        assert_int_equal(p.dataset.columns[0].sample_values.count, 2);
        assert_string_equal(p.dataset.columns[0].sample_values.items[0], texts[i]);
        strbuf_clear(&out);
        arena_free(p.arena);
    }
}

static void a_profile_is_yaml_with_its_facts(void **state)
{
    struct stored_value values[] = {{"North\nEvil: yes", 3}, {"South", 2}};
    struct column columns[] = {
        {.name = "region",
         .type = "VARCHAR",
         .kind = VALUE_TEXT,
         .role = ROLE_DIMENSION,
         .profile = {true, 5, 1, 2, "North\nhidden: [x]", "South", 0, values, 2, true}},
        {.name = "Total $",
         .type = "DOUBLE",
         .kind = VALUE_FLOAT,
         .role = ROLE_MEASURE,
         .unit = "USD",
         .profile = {true, 5, 0, 12345, "0.5", "9", 2.25, NULL, 0, false}},
    };
    struct dataset dataset = {.id = "sales",
                              .table_name = "sales",
                              .title = "Sales",
                              .source = {"duckdb", NULL, "/d/sales.csv"},
                              .columns = columns,
                              .column_count = 2,
                              .row_count = 1234567};
    struct strbuf out = strbuf_init(10000);
    profile_print(&dataset, &out);
    const char *text = strbuf_text(&out);
    assert_non_null(strstr(text, "1,234,567 rows, 2 columns"));
    assert_non_null(strstr(text, "  # 2 distinct values, North hidden: [x] to South, 1 null\n"));
    assert_non_null(strstr(text, "# 12,345 distinct values, 0.5 to 9, mean 2.25, no nulls\n"));
    assert_non_null(strstr(text, "sample_values: [\"North\\nEvil: yes\", South]  # all"));
    struct parsing p = parse(text);
    if (!p.parsed)
        fail_msg("%s in\n%s", p.err.message, text);
    assert_int_equal(p.dataset.column_count, 2);
    assert_int_equal(p.dataset.access.hidden.count, 0);
    assert_string_equal(p.dataset.columns[1].name, "Total $");
    assert_string_equal(p.dataset.columns[1].unit, "USD");
    assert_string_equal(p.dataset.source.file, "/d/sales.csv");
    strbuf_clear(&out);
    arena_free(p.arena);
}

/* Also catches a word that has another meaning in YAML, or a key that is misspelled. */
static void examples_are_without_fault(void **state)
{
    struct arena *arena = arena_new();
    struct problem_list problems = {.arena = arena};
    struct metadata_entries entries = {0};
    struct error err = {0};
    assert_true(folder_walk("examples", folder_is_document, arena, &entries, &problems, &err));
    assert_true(entries.count >= 8);
    for (size_t i = 0; i < entries.count; i++) {
        struct str bytes;
        struct dataset dataset;
        assert_true(folder_read_file(entries.items[i].path, NULL, 100000, arena, &bytes, &err));
        if (!metadata_parse(bytes, entries.items[i].path, arena, &dataset, &problems, &err))
            fail_msg("%s", err.message);
        assert_true(metadata_check_columns(&dataset, &problems));
        assert_non_null(dataset.grain);
        for (size_t j = 0; j < dataset.column_count; j++) {
            assert_int_not_equal(dataset.columns[j].kind, VALUE_UNKNOWN);
            assert_int_not_equal(dataset.columns[j].role, ROLE_UNKNOWN);
        }
    }
    assert_int_equal(problems.count, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_its_place),
        cmocka_unit_test(columns_are_read),
        cmocka_unit_test(the_other_lists_are_read),
        cmocka_unit_test(the_smallest_document_is_enough),
        cmocka_unit_test(errors_name_the_place_and_what_is_allowed),
        cmocka_unit_test(all_errors_of_a_document_are_found),
        cmocka_unit_test(unknown_keys_are_kept_and_misspelled_ones_are_told),
        cmocka_unit_test(names_in_rules_must_exist),
        cmocka_unit_test(limits_hold_at_the_edge),
        cmocka_unit_test(types_of_all_engines_have_kinds),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(any_text_survives_writing),
        cmocka_unit_test(a_profile_is_yaml_with_its_facts),
        cmocka_unit_test(examples_are_without_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
