/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in the cache, in the form in which engine workers send them. */
#include "agent/cached.h"

#include "agent/cached_parts.h"
#include "engine/protocol.h"

#define ROWS_SIZE_MAX (4 * 1024 * 1024) /* a larger result is not kept */
#define CELLS_MAX 200000                /* nor one of more cells: reading it takes a while */

/* Words of functions whose value changes with the time; `age` of one date counts from today. */
static bool is_time_word(struct str word, char after)
{
    static const char *const words[] = {"now",
                                        "today",
                                        "current_date",
                                        "getdate",
                                        "current_time",
                                        "current_timestamp",
                                        "sysdate",
                                        "localtime",
                                        "localtimestamp",
                                        "curdate",
                                        "get_current_timestamp",
                                        "transaction_timestamp"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(word, str_from(words[i])))
            return true;
    return after == '(' && str_equal_nocase(word, STR("age"));
}

static bool is_word_char(char c)
{
    return char_is_alnum(c) || c == '_';
}

/* Errs on the safe side: names and texts count as well. */
static bool depends_on_now(const char *sql)
{
    while (*sql) {
        const char *begin = sql;
        while (is_word_char(*sql))
            sql++;
        struct str word = {begin, (size_t)(sql - begin)};
        const char *next = sql;
        while (char_is_space(*next))
            next++;
        if (word.length > 0 && is_time_word(word, *next))
            return true;
        if (word.length == 0)
            sql++;
    }
    return false;
}

static void make_key(struct run *run, struct statement *statement, const struct engine *engine,
                     const struct dataset *const *read, size_t read_count)
{
    struct cache_parts parts = {.arena = run->arena};
    cache_parts_add_text(&parts, engine_name(engine));
    cache_parts_add_text(&parts, statement->sql);
    for (size_t i = 0; i < read_count; i++)
        cache_parts_add_dataset(&parts, run, read[i]);
    cache_parts_add_limits(&parts);
    statement->cache_key = cache_parts_key(&parts, CACHE_SQL_RESULT);
    statement->cache_dataset = read_count > 0 ? read[0]->id : NULL;
    statement->may_cache = true;
}

/* The text of one part, with its length before it. */
static struct str take_part(struct str *rest)
{
    struct wire_reader in = wire_reader_init(*rest);
    size_t length = wire_u32(&in), head = sizeof(uint32_t);
    if (in.failed || length > rest->length - head)
        return (struct str){0};
    struct str part = str_slice(*rest, head, head + length);
    *rest = str_slice(*rest, head + length, rest->length);
    return part;
}

static bool unpack(struct str value, struct arena *arena, struct rows *rows)
{
    struct str rest = value;
    struct str columns = take_part(&rest);
    if (columns.length == 0 || rest.length == 0)
        return false;
    rows->truncated = rest.bytes[0] != 0;
    rest = str_slice(rest, 1, rest.length);
    if (!wire_read_columns(columns, arena, &rows->columns, &rows->column_count) ||
        !wire_read_row_count(rest, rows->column_count, &rows->row_count))
        return false;
    rows->cells = arena_array(arena, rows->row_count * rows->column_count, sizeof(*rows->cells));
    return wire_read_rows(rest, rows->column_count, rows->cells);
}

TASK_WAITS bool cached_rows_get(struct run *run, struct statement *statement,
                                const struct engine *engine, const struct dataset *const *read,
                                size_t read_count)
{
    if (!run->question.use_cache || depends_on_now(statement->sql))
        return false;
    make_key(run, statement, engine, read, read_count);
    struct cache *cache = run->agent->cache;
    struct str value;
    enum cache_level level = CACHE_MISS;
    if (run->proposal.sql) /* it is decided */
        level = cache_get(cache, CACHE_SQL_RESULT, &statement->cache_key, run->arena, &value);
    else if (cache_peek(cache, CACHE_SQL_RESULT, &statement->cache_key, run->arena, &value))
        level = CACHE_HIT_MEMORY;
    struct rows *rows = arena_alloc(run->arena, sizeof(*rows));
    if (level == CACHE_MISS || !unpack(value, run->arena, rows))
        return false;
    statement->rows = rows;
    statement->cached = level;
    return true;
}

void cached_rows_put(struct run *run, const struct statement *statement)
{
    const struct rows *rows = statement->rows;
    if (!statement->may_cache || statement->cached != CACHE_MISS ||
        rows->row_count * rows->column_count > CELLS_MAX)
        return;
    struct strbuf columns = strbuf_init(ROWS_SIZE_MAX), value = strbuf_init(ROWS_SIZE_MAX);
    wire_add_columns(&columns, rows->columns, rows->column_count);
    wire_add_u32(&value, (uint32_t)strbuf_str(&columns).length);
    strbuf_add_str(&value, strbuf_str(&columns));
    wire_add_u8(&value, rows->truncated);
    wire_add_u32(&value, (uint32_t)rows->row_count);
    for (size_t i = 0; i < rows->row_count * rows->column_count; i++)
        wire_add_cell(&value, &rows->cells[i]);
    if (strbuf_ok(&columns) && strbuf_ok(&value))
        cache_put(run->agent->cache, CACHE_SQL_RESULT, &statement->cache_key, strbuf_str(&value),
                  statement->cache_dataset);
    strbuf_clear(&columns);
    strbuf_clear(&value);
}
