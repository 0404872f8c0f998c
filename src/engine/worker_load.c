/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/worker_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine_message.h"
#include "engine/worker_value.h"

#define NOTE_COUNT_MAX 200
#define SELECT_ROWS_MAX 100000

void loading_note(struct loading *loading, const char *format, ...)
{
    if (loading->note_count == NOTE_COUNT_MAX)
        return;
    va_list args;
    va_start(args, format);
    const char *note = arena_vprintf(loading->arena, format, args);
    va_end(args);
    struct str cut = str_cut_utf8(str_from(note), 1000);
    loading->notes = arena_grow(loading->arena, loading->notes, loading->note_count,
                                &loading->note_capacity, sizeof(*loading->notes));
    loading->notes[loading->note_count++] = arena_strndup(loading->arena, cut.bytes, cut.length);
}

/* -- reading results -- */

static void take_chunk(struct loading *loading, const struct value_type *types, duckdb_chunk chunk,
                       struct strbuf *text, struct rows *out, size_t *capacity)
{
    const struct duckdb_api *api = &loading->worker->api;
    uint64_t size = api->data_chunk_get_size(chunk);
    for (uint64_t row = 0; row < size && out->row_count < SELECT_ROWS_MAX; row++) {
        if (out->row_count == *capacity) {
            size_t grown = *capacity ? 2 * *capacity : 64, width = out->column_count;
            struct cell *cells = arena_array(loading->arena, grown * width, sizeof(*cells));
            if (out->row_count > 0)
                memcpy(cells, out->cells, out->row_count * width * sizeof(*cells));
            out->cells = cells;
            *capacity = grown;
        }
        for (size_t i = 0; i < out->column_count; i++) {
            struct value_vector vector =
                value_vector_init(api, &types[i], api->data_chunk_get_vector(chunk, i));
            struct cell *cell = &out->cells[out->row_count * out->column_count + i];
            value_read(api, &vector, row, text, cell);
            if (cell->type == CELL_TEXT)
                cell->text = arena_str(loading->arena, cell->text);
        }
        out->row_count++;
    }
}

bool loading_select(struct loading *loading, const char *sql, struct rows *out, struct error *err)
{
    const struct duckdb_api *api = &loading->worker->api;
    struct duckdb_result result = {0};
    *out = (struct rows){0};
    if (api->query(loading->worker->connection, sql, &result) != DUCKDB_SUCCESS) {
        const char *message = api->result_error(&result);
        error_set(err, ERROR_ENGINE, "%s", message ? message : "no reason was given");
        api->destroy_result(&result);
        return false;
    }
    out->column_count = api->column_count(&result);
    struct value_type *types = arena_array(loading->arena, out->column_count, sizeof(*types));
    out->columns = arena_array(loading->arena, out->column_count, sizeof(*out->columns));
    for (size_t i = 0; i < out->column_count; i++) {
        duckdb_type type = api->column_logical_type(&result, i);
        value_type_init(api, type, loading->arena, 0, &types[i]);
        api->destroy_logical_type(&type);
        out->columns[i] =
            (struct result_column){arena_strdup(loading->arena, api->column_name(&result, i)),
                                   types[i].name, types[i].kind};
    }
    struct strbuf text = strbuf_init(FRAME_SIZE_MAX);
    size_t capacity = 0;
    duckdb_chunk chunk;
    while ((chunk = api->fetch_chunk(result)) != NULL) {
        take_chunk(loading, types, chunk, &text, out, &capacity);
        api->destroy_data_chunk(&chunk);
    }
    strbuf_clear(&text);
    api->destroy_result(&result);
    return true;
}

/* -- CSV -- */

/* The file's bytes; unmapped when the process ends. */
static bool map_file(const char *path, struct str *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_set(err, ERROR_IO, "it can't be read: %s", strerror(errno));
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return error_set(err, ERROR_IO, "it can't be read: %s", strerror(errno));
    *out = (struct str){bytes, (size_t)status.st_size};
    return true;
}

/* Asks DuckDB's sniffer; false when it has no opinion. */
static bool sniff(struct loading *loading, const char *options, struct csv_dialect *out,
                  size_t *column_count)
{
    struct strbuf sql = strbuf_init(4096);
    strbuf_printf(&sql,
                  "SELECT Delimiter, SkipRows::BIGINT, HasHeader, len(Columns)::BIGINT, Comment "
                  "FROM sniff_csv('%s'%s)",
                  loading->input.path, options);
    struct rows rows;
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, NULL) && rows.row_count == 1 &&
              rows.column_count == 5 && rows.cells[0].type == CELL_TEXT &&
              rows.cells[1].type == CELL_INTEGER && rows.cells[2].type == CELL_BOOLEAN &&
              rows.cells[3].type == CELL_INTEGER;
    strbuf_clear(&sql);
    if (!ok)
        return false;
    struct str delimiter = rows.cells[0].text;
    if (str_equal_text(delimiter, "\\t"))
        delimiter = STR("\t");
    if (delimiter.length != 1 || delimiter.bytes[0] == '"' || rows.cells[1].integer < 0)
        return false;
    *out = (struct csv_dialect){
        .delimiter = delimiter.bytes[0],
        .skip = (uint64_t)rows.cells[1].integer,
        .header = rows.cells[2].boolean,
        .comment =
            rows.cells[4].type == CELL_TEXT && str_equal(rows.cells[4].text, STR("#")) ? '#' : 0,
    };
    *column_count = (size_t)rows.cells[3].integer;
    return true;
}

/* DuckDB's sniffer knows delimiters and headers; but ragged records make it see one column, and a
 * quote that first comes after its sample confuses it. */
static void find_dialect(struct loading *loading, struct str text)
{
    struct csv_dialect *dialect = &loading->dialect;
    size_t columns = 0;
    static const char *const ladder[] = {", quote='\"'", "", ", sample_size=-1, quote='\"'",
                                         ", sample_size=-1, strict_mode=false"};
    bool sniffed = false;
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]) && !sniffed; i++)
        sniffed = sniff(loading, ladder[i], dialect, &columns);
    char guess = csv_guess_delimiter(text, loading->arena);
    if (sniffed && (columns > 1 || guess == 0))
        return;
    *dialect = (struct csv_dialect){.delimiter = guess ? guess : ',', .header = true};
}

static const char *delimiter_name(char delimiter)
{
    return delimiter == ','    ? "commas"
           : delimiter == ';'  ? "semicolons"
           : delimiter == '\t' ? "tabs"
           : delimiter == '|'  ? "bars"
                               : "another character";
}

bool loading_check_rows(const struct loading *loading, uint64_t rows, struct error *err)
{
    if (rows <= loading->row_max)
        return true;
    return error_set(err, ERROR_DATA,
                     "it has more than %llu rows, the limit that QUERENT_FILE_ROWS sets",
                     (unsigned long long)loading->row_max);
}

static bool check_survey(struct loading *loading, const struct csv_survey *survey,
                         struct error *err)
{
    if (survey->records == 0)
        return error_set(err, ERROR_DATA, "it is empty");
    if (survey->first_count > LOAD_COLUMNS_MAX)
        return error_set(err, ERROR_DATA, "it has %zu columns, more than the limit of %d",
                         survey->first_count, LOAD_COLUMNS_MAX);
    if (survey->open_quote_line)
        return error_set(err, ERROR_DATA, "line %llu: a quoted value has no closing quote",
                         (unsigned long long)survey->open_quote_line);
    if (survey->long_line)
        return error_set(err, ERROR_DATA,
                         "line %llu has %zu %s, but the first line has %zu; quote values that "
                         "hold the separator",
                         (unsigned long long)survey->long_line, survey->long_fields,
                         plural(survey->long_fields, "value", "values"),
                         survey->first_count);
    if (!loading_check_rows(loading, survey->records - loading->dialect.header, err))
        return false;
    if (survey->short_records)
        loading_note(loading,
                     "%llu %s fewer values than the first one (%s line %llu): the missing values are "
                     "empty",
                     (unsigned long long)survey->short_records,
                     plural(survey->short_records, "line has", "lines have"),
                     plural(survey->short_records, "it is", "the first of them is"),
                     (unsigned long long)survey->short_line);
    return true;
}

static const char **choose_names(struct loading *loading, const struct csv_survey *survey)
{
    size_t renamed = 0;
    const char **names;
    if (loading->dialect.header) {
        names = csv_name_columns(survey->first, survey->first_count, loading->arena, &renamed);
        if (renamed > 0)
            loading_note(loading,
                         "%zu %s had an empty, repeated or overlong name and got a new one",
                         renamed, plural(renamed, "column", "columns"));
        return names;
    }
    names = arena_array(loading->arena, survey->first_count, sizeof(*names));
    for (size_t i = 0; i < survey->first_count; i++)
        names[i] = arena_printf(loading->arena, "column_%zu", i + 1);
    loading_note(loading, "there is no header line: the columns are named column_1 to column_%zu",
                 survey->first_count);
    return names;
}

/* Ways to read, each more patient than the one before. A buffer is 16 lines long, so long lines
 * cost memory. */
static const struct read_rung {
    bool strict;
    unsigned line_max; /* bytes */
    const char *note;
} read_rungs[] = {
    {true, 2u << 20, NULL},
    {true, 16u << 20, NULL},
    {false, 16u << 20, "read without strict checks: some lines break the rules of CSV"},
};
#define RUNG_COUNT (sizeof(read_rungs) / sizeof(read_rungs[0]))

static void add_read_csv(struct loading *loading, struct strbuf *sql, const char **names,
                         const struct csv_survey *survey, const struct read_rung *rung)
{
    const struct csv_dialect *dialect = &loading->dialect;
    char delimiter[2] = {dialect->delimiter, '\0'};
    strbuf_add(sql, "CREATE OR REPLACE TABLE raw.main.data AS SELECT * FROM read_csv(");
    sql_add_text(sql, loading->input.path);
    strbuf_printf(sql, ", auto_detect=false, quote='\"', escape='\"', max_line_size=%u, delim=",
                  rung->line_max);
    sql_add_text(sql, delimiter);
    strbuf_add(sql, dialect->comment ? ", comment='#'" : "");
    strbuf_printf(sql, ", header=%s, skip=%llu, null_padding=%s, strict_mode=%s, columns={",
                  dialect->header ? "true" : "false", (unsigned long long)dialect->skip,
                  survey->short_records ? "true, parallel=false" : "false",
                  rung->strict ? "true" : "false");
    for (size_t i = 0; i < survey->first_count; i++) {
        strbuf_add(sql, i > 0 ? ", " : "");
        sql_add_text(sql, names[i]);
        strbuf_add(sql, ": 'VARCHAR'");
    }
    strbuf_add(sql, "})");
}

static void leave_out(char *text, const char *words)
{
    char *start = strstr(text, words);
    if (start)
        memmove(start, start + strlen(words), strlen(start + strlen(words)) + 1);
}

/* Files have other names in the worker than the user's. */
static bool data_error(struct error *err)
{
    char cleaned[ERROR_MESSAGE_MAX];
    engine_message_clean(err->message, cleaned);
    leave_out(cleaned, "Invalid Input Error: ");
    leave_out(cleaned, " in file \"input.json\",");
    leave_out(cleaned, " in file \"input.csv\",");
    return error_set(err, ERROR_DATA, "it can't be read as a table: %s", cleaned);
}

static void compare_counts(struct loading *loading, const struct csv_survey *survey)
{
    struct rows rows;
    uint64_t expected = survey->records - loading->dialect.header;
    if (loading_select(loading, "SELECT count(*) FROM raw.main.data", &rows, NULL) &&
        rows.row_count == 1 && (uint64_t)rows.cells[0].integer != expected)
        loading_note(loading, "%lld %s read where %llu %s expected",
                     (long long)rows.cells[0].integer,
                     plural((uint64_t)rows.cells[0].integer, "row was", "rows were"),
                     (unsigned long long)expected, plural(expected, "was", "were"));
}

static bool load_raw_csv(struct loading *loading, struct error *err)
{
    struct str text;
    if (!map_file(loading->input.path, &text, err))
        return false;
    find_dialect(loading, text);
    struct csv_survey survey;
    csv_look(text, &loading->dialect, loading->arena, &survey);
    if (loading->input.unnamed && csv_is_prose(text, &survey))
        return error_set(err, ERROR_DATA,
                         "it is text without columns, not a table; a table whose values are separated "
                         "by commas, semicolons, tabs or bars can be read");
    if (!check_survey(loading, &survey, err))
        return false;
    const char **names = choose_names(loading, &survey);
    if (loading->dialect.delimiter != ',' && survey.first_count > 1)
        loading_note(loading, "values are separated by %s",
                     delimiter_name(loading->dialect.delimiter));
    if (loading->dialect.skip > 0)
        loading_note(loading, "%llu %s before the header left out",
                     (unsigned long long)loading->dialect.skip,
                     plural(loading->dialect.skip, "line was", "lines were"));
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    bool ok = false;
    for (size_t i = 0; i < RUNG_COUNT && !ok; i++) {
        strbuf_reset(&sql);
        add_read_csv(loading, &sql, names, &survey, &read_rungs[i]);
        ok = worker_run(loading->worker, strbuf_text(&sql), err);
        if (ok && read_rungs[i].note)
            loading_note(loading, "%s", read_rungs[i].note);
    }
    strbuf_clear(&sql);
    if (!ok)
        return data_error(err);
    compare_counts(loading, &survey);
    return true;
}

/* -- JSON and Parquet -- */

static bool is_nested(const struct result_column *column)
{
    return column->kind == VALUE_NESTED && strcmp(column->type, "JSON") != 0;
}

/* One object around everything, as GeoJSON has it, comes as one row of nested values. */
static bool refuse_document(struct loading *loading, struct error *err)
{
    struct rows rows;
    if (!loading_select(loading, "SELECT * FROM raw.main.data LIMIT 2", &rows, err))
        return false;
    bool nested = false;
    for (size_t i = 0; i < rows.column_count; i++)
        nested |= is_nested(&rows.columns[i]);
    if (rows.row_count == 1 && nested)
        return error_set(err, ERROR_DATA,
                         "it is one nested JSON document, not a table; a table is a list of flat "
                         "objects");
    if (rows.column_count > LOAD_COLUMNS_MAX)
        return error_set(err, ERROR_DATA, "it has %zu columns, more than the limit of %d",
                         rows.column_count, LOAD_COLUMNS_MAX);
    return true;
}

static bool check_loaded(struct loading *loading, struct error *err)
{
    struct rows rows;
    return loading_select(loading, "SELECT count(*) FROM raw.main.data", &rows, err) &&
           loading_check_rows(loading, (uint64_t)rows.cells[0].integer, err) &&
           refuse_document(loading, err);
}

/* A row takes two bytes or more ("1,"), so that only a big file needs the costly LIMIT. */
static bool load_raw_json(struct loading *loading, struct error *err)
{
    struct strbuf sql = strbuf_init(512);
    strbuf_add(&sql, "CREATE TABLE raw.main.data AS SELECT * FROM read_json('input.json', "
                     "sample_size=-1, maximum_object_size=67108864, maximum_depth=8)");
    if (loading->input.size / 2 > loading->row_max)
        strbuf_printf(&sql, " LIMIT %llu", (unsigned long long)loading->row_max + 1);
    bool ok = worker_run(loading->worker, strbuf_text(&sql), err) || data_error(err);
    strbuf_clear(&sql);
    return ok && check_loaded(loading, err);
}

/* A few bytes of Parquet stand for any number of rows (run lengths, dictionaries), so its own
 * figures are judged before anything is read: rows, and what the values take unpacked. A file that
 * lies about them is stopped by the size of what is written, see worker_limit_files(). */
static bool check_parquet(struct loading *loading, struct error *err)
{
    struct rows rows;
    if (!loading_select(
            loading,
            "SELECT TRY_CAST(coalesce(sum(r) FILTER (column_id = 0), 0) AS BIGINT), "
            "TRY_CAST(coalesce(sum(greatest(total_uncompressed_size, r * CASE type "
            "WHEN 'BOOLEAN' THEN 1 WHEN 'INT32' THEN 4 WHEN 'FLOAT' THEN 4 ELSE 8 END)), 0) "
            "// 1048576 AS BIGINT) FROM (SELECT *, greatest(row_group_num_rows, num_values, 0)"
            "::HUGEINT AS r FROM parquet_metadata('input.parquet'))",
            &rows, err))
        return data_error(err);
    bool known = rows.row_count == 1 && rows.cells[0].type == CELL_INTEGER &&
                 rows.cells[1].type == CELL_INTEGER; /* else beyond 64 bits */
    if (!loading_check_rows(loading, known ? (uint64_t)rows.cells[0].integer : UINT64_MAX, err))
        return false;
    if (rows.cells[1].integer > loading->size_max_mb)
        return error_set(err, ERROR_DATA,
                         "it is larger than %u MB when unpacked, the limit that QUERENT_FILE_MB "
                         "sets",
                         loading->size_max_mb);
    return true;
}

static bool load_raw_parquet(struct loading *loading, struct error *err)
{
    return check_parquet(loading, err) &&
           (worker_run(loading->worker,
                       "CREATE TABLE raw.main.data AS SELECT * FROM read_parquet('input.parquet')",
                       err) ||
            data_error(err)) &&
           check_loaded(loading, err);
}

/* -- all of it -- */

static bool open_files(struct worker *worker, const struct wire_load *load, struct error *err)
{
    struct strbuf sql = strbuf_init(1024);
    strbuf_printf(&sql,
                  "SET TimeZone='UTC'; SET temp_directory='spill'; "
                  "SET max_temp_directory_size='%uMB'; "
                  "ATTACH '" LOAD_RAW "' AS raw; ATTACH '" LOAD_OUTPUT "' AS output",
                  load->size_max_mb);
    bool ok = worker_run(worker, strbuf_text(&sql), err);
    strbuf_clear(&sql);
    return ok;
}

static bool load_raw(struct loading *loading, struct error *err)
{
    static bool (*const readers[LOAD_FORMATS])(struct loading * loading, struct error * err) = {
        [LOAD_CSV] = load_raw_csv,
        [LOAD_JSON] = load_raw_json,
        [LOAD_PARQUET] = load_raw_parquet,
        [LOAD_SQLITE] = load_raw_sqlite,
    };
    return readers[loading->input.format](loading, err);
}

/* A CSV file is mapped as a whole, which takes addresses but no memory. */
static void limit_memory(const struct loading *loading, const struct wire_load *load)
{
    struct stat status = {0};
    (void)stat(loading->input.path, &status);
    worker_limit_memory(load->memory_mb + (uint32_t)(status.st_size >> 20));
}

/* The folder of a path; "." for one without. */
static const char *folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
}

/* With no files in reach but its own folder and the one file. SQLite makes and locks files beside
 * its own. */
static bool begin(struct loading *loading, const struct wire_load *load, struct error *err)
{
    const struct sandbox_path paths[] = {
        {.path = ".", .writable = true},
        {.path = load->path},
        {.path = folder_of(load->path, loading->arena), .writable = true},
    };
    const struct worker_start start = {
        .library = load->library,
        .memory_mb = load->memory_mb,
        .threads = load->threads,
        .paths = paths,
        .path_count = load_input_is_sqlite(load->path) ? 3 : 2,
    };
    return worker_begin(loading->worker, &start, err);
}

static bool load_all(struct loading *loading, const struct wire_load *load, struct error *err)
{
    if (!begin(loading, load, err) ||
        !load_input_prepare(load->path, load->size_max_mb, loading->arena, &loading->input, err))
        return false;
    if (*load->table && loading->input.format != LOAD_SQLITE)
        return error_set(err, ERROR_DATA, "it is no SQLite file with a table '%s'", load->table);
    if (loading->input.note)
        loading_note(loading, "%s", loading->input.note);
    limit_memory(loading, load);
    worker_limit_files((uint64_t)load->size_max_mb << 20);
    /* The written database is complete in its file before the server takes it. */
    return open_files(loading->worker, load, err) && load_raw(loading, err) &&
           load_typed(loading, err) && load_profile(loading, err) &&
           worker_run(loading->worker, "CHECKPOINT output; DETACH output", err);
}

/* What the kernel and DuckDB say when a written file or the spill passes its limit. */
static void name_size_limit(const struct loading *loading, struct error *err)
{
    static const char *const signs[] = {"File too large", "max_temp_directory_size"};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (str_find(str_from(err->message), str_from(signs[i])) >= 0) {
            error_set(err, ERROR_DATA,
                      "loading it takes files of more than %u MB, the limit that QUERENT_FILE_MB "
                      "sets",
                      loading->size_max_mb);
            return;
        }
}

static enum wire_error failure_kind(const struct error *err)
{
    if (err->code == ERROR_DATA || err->code == ERROR_IO)
        return WIRE_ERROR_DATA;
    enum wire_error kind = worker_error_kind(err->message);
    return kind == WIRE_ERROR_SQL ? WIRE_ERROR_BROKEN : kind;
}

void worker_load(struct worker *worker, struct str payload)
{
    struct wire_load load;
    if (worker->connection || !wire_read_load(payload, &load))
        _exit(1);
    struct loading loading = {.worker = worker,
                              .arena = arena_new(),
                              .table = load.table,
                              .row_max = load.row_max,
                              .size_max_mb = load.size_max_mb};
    struct error err = {0};
    if (load_all(&loading, &load, &err)) {
        struct strbuf out = strbuf_init(PROFILE_SIZE_MAX);
        loading.result.notes = loading.notes;
        loading.result.note_count = loading.note_count;
        profile_add(&out, &loading.result);
        if (strbuf_ok(&out))
            worker_send(worker, FRAME_PROFILE, strbuf_str(&out));
        else
            worker_send_error(worker, WIRE_ERROR_DATA, "its values are too many to be profiled");
        strbuf_clear(&out);
    } else {
        name_size_limit(&loading, &err);
        worker_send_error(worker, failure_kind(&err), err.message);
    }
    arena_free(loading.arena);
}
