/* SPDX-License-Identifier: Apache-2.0 */
#include "store_support.h"

#include <sys/wait.h>

#include "cache/cache_priv.h"
#include "core/clock.h"
#include "core/log.h"
#include "store/store_priv.h"

#define HOUR_MS ((uint64_t)3600 * 1000)
#define MEMORY ((size_t)1 << 20)

static uint64_t now_ms;

static uint64_t fake_clock(void)
{
    return now_ms;
}

static struct cache *open_cache(struct store *store, size_t bytes_max)
{
    struct cache *cache = cache_open(store, bytes_max);
    assert_non_null(cache);
    cache->clock_ms = fake_clock;
    return cache;
}

static struct cache_key key_of(const char *text)
{
    struct str part = str_from(text);
    return cache_key_make(CACHE_SQL_RESULT, &part, 1);
}

static void put(struct cache *cache, const char *name, struct str value, const char *dataset_id)
{
    struct cache_key key = key_of(name);
    cache_put(cache, CACHE_SQL_RESULT, &key, value, dataset_id);
}

/* The level; the value must be `expected` unless that is NULL. */
static enum cache_level get(struct cache *cache, const char *name, const char *expected)
{
    struct cache_key key = key_of(name);
    struct arena *arena = arena_new();
    struct str value = {0};
    enum cache_level level = cache_get(cache, CACHE_SQL_RESULT, &key, arena, &value);
    if (level != CACHE_MISS && expected)
        assert_true(str_equal_text(value, expected));
    arena_free(arena);
    return level;
}

static struct cache_stats stats_of(struct cache *cache)
{
    struct cache_stats stats;
    cache_stats(cache, &stats);
    return stats;
}

/* Waits until all that was put has reached the store. */
static void flush(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    while (cache->writes.count > 0 || cache->writes.busy)
        pthread_cond_wait(&cache->writes.is_idle, &cache->mutex);
    pthread_mutex_unlock(&cache->mutex);
}

static void flush_if(struct cache *cache, bool wanted)
{
    if (wanted)
        flush(cache);
}

/* ------------------------------------------------------------------ names and keys */

static void names_and_times_are_the_plans(void **state)
{
    static const struct {
        const char *name;
        int64_t hours;
    } plan[] = {{"sql_result", 1}, {"dataset_selection", 24}, {"sql_generation", 6},
                {"metadata", 12},  {"response", 1},           {"embedding", 30 * 24}};
    for (size_t i = 0; i < sizeof(plan) / sizeof(plan[0]); i++) {
        enum cache_type type = cache_type_find(plan[i].name);
        assert_true(type < CACHE_TYPES);
        assert_string_equal(cache_type_name(type), plan[i].name);
        assert_int_equal(cache_type_ttl_s(type), plan[i].hours * 3600);
    }
    assert_int_equal(cache_type_find("sql_resul"), CACHE_TYPES);
    assert_null(cache_level_name(CACHE_MISS));
    assert_string_equal(cache_level_name(CACHE_HIT_SHARED), "shared");
}

static bool same(struct cache_key a, struct cache_key b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void keys_tell_parts_and_types_apart(void **state)
{
    struct str ab_c[] = {STR("ab"), STR("c")}, a_bc[] = {STR("a"), STR("bc")};
    struct str abc[] = {STR("abc")}, abc_none[] = {STR("abc"), STR("")};
    struct cache_key key = cache_key_make(CACHE_RESPONSE, ab_c, 2);
    assert_true(same(key, cache_key_make(CACHE_RESPONSE, ab_c, 2)));
    assert_false(same(key, cache_key_make(CACHE_RESPONSE, a_bc, 2)));
    assert_false(same(key, cache_key_make(CACHE_RESPONSE, abc, 1)));
    assert_false(same(key, cache_key_make(CACHE_SQL_RESULT, ab_c, 2)));
    assert_false(
        same(cache_key_make(CACHE_RESPONSE, abc, 1), cache_key_make(CACHE_RESPONSE, abc_none, 2)));
    assert_false(same(key, cache_key_make(CACHE_RESPONSE, NULL, 0)));
}

/* ------------------------------------------------------------------ memory */

static void what_was_put_is_found_with_its_bytes(void **state)
{
    struct cache *cache = open_cache(NULL, MEMORY);
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    put(cache, "a", STR("one"), NULL);
    put(cache, "empty", STR(""), NULL);
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_MEMORY);
    assert_int_equal(get(cache, "empty", ""), CACHE_HIT_MEMORY);
    put(cache, "a", STR("two"), NULL);
    assert_int_equal(get(cache, "a", "two"), CACHE_HIT_MEMORY);

    struct cache_key key = key_of("zero");
    struct arena *arena = arena_new();
    struct str value = {0}, bytes = {"x\0y", 3};
    cache_put(cache, CACHE_EMBEDDING, &key, bytes, NULL);
    assert_int_equal(cache_get(cache, CACHE_EMBEDDING, &key, arena, &value), CACHE_HIT_MEMORY);
    assert_true(str_equal(value, bytes));
    assert_int_equal(cache_get(cache, CACHE_RESPONSE, &key, arena, &value), CACHE_MISS);
    assert_true(cache_peek(cache, CACHE_EMBEDDING, &key, arena, &value));
    assert_false(cache_peek(cache, CACHE_RESPONSE, &key, arena, &value));
    arena_free(arena);

    struct cache_stats stats = stats_of(cache);
    assert_int_equal(stats.types[CACHE_SQL_RESULT].entries, 2);
    assert_int_equal(stats.types[CACHE_SQL_RESULT].hits, 3);
    assert_int_equal(stats.types[CACHE_SQL_RESULT].misses, 1);
    assert_int_equal(stats.types[CACHE_EMBEDDING].hits, 2);
    assert_int_equal(stats.types[CACHE_RESPONSE].misses, 1); /* a peek counts none */
    assert_int_equal(stats.memory_bytes,
                     stats.types[CACHE_SQL_RESULT].bytes + stats.types[CACHE_EMBEDDING].bytes);
    cache_close(cache);
}

static void an_entry_ends_at_its_time(void **state)
{
    struct cache *cache = open_cache(NULL, MEMORY);
    now_ms = 1000;
    put(cache, "a", STR("one"), NULL);
    now_ms += HOUR_MS - 1;
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_MEMORY);
    now_ms++;
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    assert_int_equal(stats_of(cache).types[CACHE_SQL_RESULT].entries, 0);
    cache_close(cache);
}

static void what_was_not_used_for_longest_makes_room(void **state)
{
    char bytes[1000] = {0};
    struct str value = {bytes, sizeof(bytes)};
    struct cache *cache = open_cache(NULL, MEMORY);
    put(cache, "a", value, NULL);
    size_t size = stats_of(cache).memory_bytes;
    cache_close(cache);

    cache = open_cache(NULL, 5 * size); /* exactly five */
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        put(cache, names[i], value, NULL);
    assert_int_equal(stats_of(cache).memory_bytes, 5 * size);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(get(cache, names[i], NULL), CACHE_HIT_MEMORY);
    assert_int_equal(get(cache, "a", NULL), CACHE_HIT_MEMORY);
    put(cache, "f", value, NULL);
    assert_int_equal(stats_of(cache).memory_bytes, 5 * size);
    assert_int_equal(get(cache, "b", NULL), CACHE_MISS);
    assert_int_equal(get(cache, "a", NULL), CACHE_HIT_MEMORY);
    assert_int_equal(get(cache, "f", NULL), CACHE_HIT_MEMORY);
    cache_close(cache);

    cache = open_cache(NULL, 5 * size - 1); /* one byte too few */
    for (size_t i = 0; i < 5; i++)
        put(cache, names[i], value, NULL);
    assert_int_equal(stats_of(cache).types[CACHE_SQL_RESULT].entries, 4);
    cache_close(cache);
}

static void a_value_too_large_for_memory_replaces_nothing_else(void **state)
{
    static char bytes[4096];
    struct cache *cache = open_cache(NULL, MEMORY);
    put(cache, "size", (struct str){bytes, sizeof(bytes)}, NULL);
    size_t size = stats_of(cache).memory_bytes;
    cache_close(cache);

    cache = open_cache(NULL, MEMORY_PART_MAX * size);
    put(cache, "fits", (struct str){bytes, sizeof(bytes)}, NULL);
    assert_int_equal(get(cache, "fits", NULL), CACHE_HIT_MEMORY);
    cache_close(cache);

    cache = open_cache(NULL, MEMORY_PART_MAX * size - 1);
    put(cache, "small", STR("s"), NULL);
    put(cache, "large", STR("old"), NULL);
    put(cache, "large", (struct str){bytes, sizeof(bytes)}, NULL);
    assert_int_equal(get(cache, "large", NULL), CACHE_MISS); /* the old one must not stay */
    assert_int_equal(get(cache, "small", "s"), CACHE_HIT_MEMORY);
    cache_close(cache);
}

static void no_memory_means_no_memory_level(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, 0);
    put(cache, "a", STR("one"), NULL);
    flush(cache);
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_STORE);
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_STORE);
    assert_int_equal(stats_of(cache).memory_bytes, 0);
    cache_close(cache);
    cache_close(NULL);
}

static void clearing_goes_by_type_dataset_and_expiry(void **state)
{
    struct home *home = *state;
    struct store *stores[] = {NULL, home->store};
    for (size_t i = 0; i < 2; i++) {
        struct cache *cache = open_cache(stores[i], MEMORY);
        int64_t count = -1;
        struct cache_key key = key_of("r");
        put(cache, "a", STR("1"), "shop");
        put(cache, "b", STR("2"), "trips");
        put(cache, "c", STR("3"), NULL);
        cache_put(cache, CACHE_RESPONSE, &key, STR("4"), "shop");
        if (i == 1)
            flush(cache);
        put(cache, "d", STR("5"), "trips"); /* may still be on its way to the store */

        assert_ok(cache_clear(cache, CACHE_SQL_RESULT, NULL, true, &count, &home->err), home->err);
        assert_int_equal(count, 0);
        assert_ok(cache_clear(cache, CACHE_SQL_RESULT, "shop", false, &count, &home->err),
                  home->err);
        assert_int_equal(count, 1);
        assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
        assert_ok(cache_clear(cache, CACHE_TYPES, "trips", false, &count, &home->err), home->err);
        assert_int_equal(count, 2);
        assert_int_equal(get(cache, "b", NULL), CACHE_MISS);
        assert_int_equal(get(cache, "d", NULL), CACHE_MISS);
        assert_int_equal(get(cache, "c", "3"), CACHE_HIT_MEMORY);
        assert_ok(cache_clear(cache, CACHE_TYPES, NULL, false, &count, &home->err), home->err);
        assert_int_equal(count, 2);
        assert_int_equal(get(cache, "c", NULL), CACHE_MISS);
        cache_close(cache);
    }
    struct cache *cache = open_cache(NULL, MEMORY);
    int64_t count = -1;
    now_ms = 0;
    put(cache, "old", STR("1"), NULL);
    now_ms = HOUR_MS;
    put(cache, "new", STR("2"), NULL);
    assert_ok(cache_clear(cache, CACHE_TYPES, NULL, true, &count, &home->err), home->err);
    assert_int_equal(count, 1);
    assert_int_equal(get(cache, "new", "2"), CACHE_HIT_MEMORY);
    cache_close(cache);
}

/* ------------------------------------------------------------------ the store */

static void closing_writes_and_the_next_start_reads(void **state)
{
    struct home *home = *state;
    char name[16];
    struct cache *cache = open_cache(home->store, MEMORY);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        put(cache, name, str_from(name), "shop");
    }
    cache_close(cache);
    cache = open_cache(home->store, MEMORY);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(get(cache, name, name), CACHE_HIT_STORE);
        assert_int_equal(get(cache, name, name), CACHE_HIT_MEMORY);
    }
    assert_int_equal(stats_of(cache).types[CACHE_SQL_RESULT].hits, 400);
    assert_int_equal(stats_of(cache).dropped, 0);
    /* What came from the store still knows its dataset. */
    pthread_mutex_lock(&cache->mutex);
    assert_int_equal(memory_remove(&cache->memory, CACHE_TYPES, "shop", UINT64_MAX), 200);
    pthread_mutex_unlock(&cache->mutex);
    cache_close(cache);
}

static void fix_now(const char *text)
{
    assert_true(clock_set_now(text));
}

static void a_jump_of_the_wall_clock_serves_nothing_stale(void **state)
{
    struct home *home = *state;
    now_ms = 0;
    fix_now("2024-03-01T12:00:00Z");
    struct cache *cache = open_cache(home->store, MEMORY);
    put(cache, "a", STR("one"), NULL);
    flush(cache);
    fix_now("2034-03-01T12:00:00Z"); /* memory goes by another clock */
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_MEMORY);
    cache_close(cache);

    static const struct {
        const char *now;
        enum cache_level level;
    } jumps[] = {
        {"2024-03-01T12:59:59.999Z", CACHE_HIT_STORE},
        {"2024-03-01T13:00:00Z", CACHE_MISS},
        {"2034-03-01T12:00:00Z", CACHE_MISS},
        {"2024-03-01T11:59:59Z", CACHE_MISS}, /* made in the future */
        {"1999-01-01", CACHE_MISS},
        {"2024-03-01T12:00:00Z", CACHE_HIT_STORE},
    };
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        cache = open_cache(home->store, MEMORY);
        fix_now(jumps[i].now);
        assert_int_equal(get(cache, "a", "one"), jumps[i].level);
        cache_close(cache);
    }
    /* What came from the store lives only as long as it had left. */
    fix_now("2024-03-01T12:50:00Z");
    cache = open_cache(home->store, MEMORY);
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_STORE);
    fix_now("2024-03-01T13:50:00Z");
    now_ms = HOUR_MS / 6 - 1;
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_MEMORY);
    now_ms++;
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    cache_close(cache);
}

static void bytes_that_are_no_entry_are_a_miss(void **state)
{
    struct home *home = *state;
    static const struct str broken[] = {
        {"", 0},
        {"123456789", 9},
        {"\0\0\0\0\0\0\0\0\5\0abc", 13},   /* an id longer than all there is */
        {"\0\0\0\0\0\0\0\0\3\0abcd", 14},  /* one without its end */
        {"\0\0\0\0\0\0\0\x80\0\0abcd", 14} /* made before all time */
    };
    struct cache *cache = open_cache(home->store, MEMORY);
    struct cache_key key = key_of("a");
    struct str name = {(const char *)key.bytes, sizeof(key.bytes)};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_ok(store_cache_put(home->store, "sql_result", name, broken[i], 60, NULL, &home->err),
                  home->err);
        assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    }
    cache_close(cache);
}

static void two_processes_share_the_store(void **state)
{
    struct home *home = *state;
    int to_child[2], to_parent[2];
    char byte = 'x';
    assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = store_open(home->path, &home->err);
        struct cache *cache = store ? open_cache(store, MEMORY) : NULL;
        if (!cache)
            _exit(1);
        put(cache, "child", STR("from the child"), NULL);
        flush(cache);
        if (write(to_parent[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1)
            _exit(2);
        _exit(get(cache, "parent", "from the parent") == CACHE_HIT_STORE ? 0 : 3);
    }
    home->store = store_open(home->path, &home->err);
    assert_non_null(home->store);
    struct cache *cache = open_cache(home->store, MEMORY);
    assert_int_equal(read(to_parent[0], &byte, 1), 1);
    assert_int_equal(get(cache, "child", "from the child"), CACHE_HIT_STORE);
    put(cache, "parent", STR("from the parent"), NULL);
    flush(cache);
    assert_int_equal(write(to_child[1], &byte, 1), 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    cache_close(cache);
    for (int i = 0; i < 2; i++) {
        close(to_child[i]);
        close(to_parent[i]);
    }
}

static struct cache_report report_of(struct cache *cache)
{
    struct cache_report report;
    struct error err = {0};
    assert_ok(cache_report(cache, &report, &err), err);
    return report;
}

/* Hits in memory cost no write each, and are told to the store all the same. */
static void hits_in_memory_reach_the_store(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, MEMORY);
    put(cache, "a", STR("1"), "shop");
    put(cache, "b", STR("2"), NULL);
    flush(cache);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    struct cache_report report = report_of(cache);
    assert_int_equal(report.entries, 2);
    assert_int_equal(report.hits, 1000);
    assert_int_equal(report.types[CACHE_SQL_RESULT].entries, 2);
    assert_true(cache_report_rate(&report) == 500.0);
    put(cache, "a", STR("3"), "shop"); /* its hits are kept */
    assert_int_equal(get(cache, "a", "3"), CACHE_HIT_MEMORY);
    put(cache, "a", STR("4"), "shop");
    cache_close(cache);

    cache = open_cache(home->store, MEMORY);
    assert_int_equal(report_of(cache).hits, 1001);
    assert_int_equal(get(cache, "a", "4"), CACHE_HIT_STORE);
    assert_int_equal(report_of(cache).hits, 1002);
    int64_t count;
    assert_ok(cache_clear(cache, CACHE_TYPES, "shop", false, &count, &home->err), home->err);
    report = report_of(cache);
    assert_int_equal(report.entries, 1);
    assert_int_equal(report.hits, 0);
    cache_close(cache);
}

static void a_report_says_what_the_plan_does(void **state)
{
    struct home *home = *state;
    struct store *stores[] = {NULL, home->store};
    for (size_t i = 0; i < 2; i++) {
        struct cache *cache = open_cache(stores[i], MEMORY);
        struct cache_report report = report_of(cache);
        struct strbuf json = strbuf_init(65536);
        cache_report_json(&report, false, &json);
        assert_ptr_equal(strstr(strbuf_text(&json), "{\"total_entries\":0,\"total_hits\":0,"
                                                    "\"avg_hit_rate\":0,\"by_type\":{},"),
                         strbuf_text(&json));
        put(cache, "a", STR("1"), NULL); /* may be on its way to the store */
        put(cache, "b", STR("1"), NULL);
        get(cache, "a", NULL);
        flush_if(cache, i == 1);
        get(cache, "b", NULL);
        get(cache, "b", NULL);
        report = report_of(cache);
        strbuf_reset(&json);
        cache_report_json(&report, true, &json);
        assert_ptr_equal(strstr(strbuf_text(&json), "{\"total_entries\":2,\"total_hits\":3,"
                                                    "\"avg_hit_rate\":1.5,\"by_type\":"
                                                    "{\"sql_result\":2},"),
                         strbuf_text(&json));
        assert_non_null(strstr(strbuf_text(&json), "\"process\":{\"memory_entries\":2,"));
        strbuf_clear(&json);
        cache_close(cache);
    }
}

/* Another process' clearing, as far as this one notices: what was meant goes, the rest stays. */
static void what_others_clear_is_forgotten(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, MEMORY), *other = open_cache(home->store, MEMORY);
    struct cache_key key = key_of("r");
    int64_t count;
    put(cache, "a", STR("1"), "shop");
    put(cache, "b", STR("2"), "trips");
    cache_put(cache, CACHE_RESPONSE, &key, STR("4"), "trips");
    flush(cache);
    assert_ok(cache_clear(other, CACHE_TYPES, NULL, true, &count, &home->err), home->err);
    assert_ok(cache_clear(other, CACHE_SQL_RESULT, "shop", false, &count, &home->err), home->err);
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    cache_poll_clearings(cache);
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    assert_int_equal(get(cache, "b", "2"), CACHE_HIT_MEMORY);
    /* More than the store remembers: all is forgotten. */
    for (int i = 0; i <= STORE_CLEARINGS_MAX; i++)
        assert_ok(cache_clear(other, CACHE_METADATA, NULL, false, &count, &home->err), home->err);
    cache_poll_clearings(cache);
    assert_int_equal(get(cache, "b", "2"), CACHE_HIT_STORE);
    cache_poll_clearings(cache); /* nothing new */
    assert_int_equal(get(cache, "b", "2"), CACHE_HIT_MEMORY);
    cache_close(cache);
    cache_close(other);
}

/* What this process clears is no news to it: what it has kept since stays. */
static void what_was_cleared_here_is_forgotten_once(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, MEMORY), *other = open_cache(home->store, MEMORY);
    int64_t count;
    cache_poll_clearings(cache); /* it knows of all before */
    for (int i = 0; i < 2; i++) {
        assert_ok(cache_clear(cache, CACHE_TYPES, NULL, false, &count, &home->err), home->err);
        put(cache, "a", STR("1"), NULL);
        flush(cache);
        cache_poll_clearings(cache);
        assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    }
    /* Another one before it was told is not lost with it. */
    put(cache, "b", STR("2"), "shop");
    flush(cache);
    assert_ok(cache_clear(other, CACHE_TYPES, "shop", false, &count, &home->err), home->err);
    assert_ok(cache_clear(cache, CACHE_METADATA, NULL, false, &count, &home->err), home->err);
    cache_poll_clearings(cache);
    assert_int_equal(get(cache, "b", NULL), CACHE_MISS);
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    cache_close(cache);
    cache_close(other);
}

static struct cache *being_cleared;

/* The clock is read twice: before the store is asked, and after. */
static uint64_t clock_of_a_clearing(void)
{
    static int reads;
    if (++reads == 2)
        being_cleared->clearing++;
    return now_ms;
}

/* What was read from the store while it is cleared, just before it went, does not come back. */
static void what_is_read_while_it_is_cleared_is_not_kept(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, MEMORY), *other = open_cache(home->store, MEMORY);
    int64_t count;
    put(other, "a", STR("1"), NULL);
    flush(other);
    being_cleared = cache;
    cache->clock_ms = clock_of_a_clearing;
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_STORE);
    cache->clock_ms = fake_clock;
    cache->clearing = 0;
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_STORE);
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    /* One that has ended since counts, too. */
    uint64_t clears = cache->clears;
    assert_ok(cache_clear(cache, CACHE_TYPES, NULL, false, &count, &home->err), home->err);
    assert_int_equal(cache->clears, clears + 2);
    cache_close(cache);
    cache_close(other);
}

/* By itself, within some seconds. */
static void the_thread_looks_for_what_others_clear(void **state)
{
    struct home *home = *state;
    struct cache *cache = open_cache(home->store, MEMORY), *other = open_cache(home->store, MEMORY);
    int64_t count;
    put(cache, "a", STR("1"), "shop");
    flush(cache);
    assert_int_equal(get(cache, "a", "1"), CACHE_HIT_MEMORY);
    assert_ok(cache_clear(other, CACHE_TYPES, NULL, false, &count, &home->err), home->err);
    assert_int_equal(count, 1);
    uint64_t end_ms = clock_monotonic_ms() + 60000;
    while (get(cache, "a", NULL) != CACHE_MISS && clock_monotonic_ms() < end_ms)
        usleep(10000);
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    cache_close(cache);
    cache_close(other);
}

/* ------------------------------------------------------------------ a store that fails */

static int calls, blocked;

static bool failing_call(struct store *store, enum store_operation operation, void *call,
                         struct error *err)
{
    if (operation == STORE_CACHE_GET)
        __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    return error_set(err, ERROR_STORE, "the disk is gone");
}

static const struct store_driver failing_driver = {.scheme = "failing", .call = failing_call};

static void a_store_that_fails_is_a_miss(void **state)
{
    struct store store = {.driver = &failing_driver};
    now_ms = 0;
    calls = 0;
    log_set_level(LOG_ERROR); /* it says so once a minute */
    struct cache *cache = open_cache(&store, MEMORY);
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    assert_int_equal(calls, 1);
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    assert_int_equal(calls, 1); /* left alone for a moment */
    now_ms += 1000;
    assert_int_equal(get(cache, "a", NULL), CACHE_MISS);
    assert_int_equal(calls, 2);
    put(cache, "a", STR("one"), NULL);
    assert_int_equal(get(cache, "a", "one"), CACHE_HIT_MEMORY);
    int64_t count = -1;
    struct error err = {0};
    assert_fails(cache_clear(cache, CACHE_TYPES, NULL, false, &count, &err), err, ERROR_STORE);
    cache_close(cache);
    log_set_level(LOG_WARN);
}

static bool blocking_call(struct store *store, enum store_operation operation, void *call,
                          struct error *err)
{
    while (__atomic_load_n(&blocked, __ATOMIC_SEQ_CST))
        usleep(1000);
    return error_set(err, ERROR_STORE, "the disk is gone");
}

static void a_store_that_hangs_loses_entries_but_no_time(void **state)
{
    static const struct store_driver driver = {.scheme = "blocking", .call = blocking_call};
    struct store store = {.driver = &driver};
    char name[16];
    log_set_level(LOG_ERROR);
    blocked = 1;
    struct cache *cache = open_cache(&store, MEMORY);
    uint64_t start_ms = clock_monotonic_ms();
    for (int i = 0; i < WRITES_MAX + WRITES_BATCH_MAX + 100; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        put(cache, name, STR("value"), NULL);
    }
    assert_true(clock_monotonic_ms() - start_ms < 5000);
    /* At most one batch was taken off the queue meanwhile. */
    assert_in_range(stats_of(cache).dropped, 100, 100 + WRITES_BATCH_MAX);
    assert_int_equal(get(cache, name, "value"), CACHE_HIT_MEMORY); /* no store in the way */
    __atomic_store_n(&blocked, 0, __ATOMIC_SEQ_CST);
    cache_close(cache);
    log_set_level(LOG_WARN);
}

static void the_queue_is_bounded_by_bytes(void **state)
{
    static const struct store_driver driver = {.scheme = "blocking", .call = blocking_call};
    struct store store = {.driver = &driver};
    size_t length = WRITES_BYTES_MAX / 4;
    char *bytes = calloc(1, length);
    log_set_level(LOG_ERROR);
    blocked = 1;
    struct cache *cache = open_cache(&store, 0);
    for (int i = 0; i < 12; i++) /* three fit, and three more when a batch is taken */
        put(cache, "large", (struct str){bytes, length}, NULL);
    assert_in_range(stats_of(cache).dropped, 6, 9);
    __atomic_store_n(&blocked, 0, __ATOMIC_SEQ_CST);
    cache_close(cache);
    log_set_level(LOG_WARN);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_times_are_the_plans),
        cmocka_unit_test(keys_tell_parts_and_types_apart),
        cmocka_unit_test(what_was_put_is_found_with_its_bytes),
        cmocka_unit_test(an_entry_ends_at_its_time),
        cmocka_unit_test(what_was_not_used_for_longest_makes_room),
        cmocka_unit_test(a_value_too_large_for_memory_replaces_nothing_else),
        cmocka_unit_test_setup_teardown(no_memory_means_no_memory_level, home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(clearing_goes_by_type_dataset_and_expiry, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(closing_writes_and_the_next_start_reads, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(hits_in_memory_reach_the_store, home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(a_report_says_what_the_plan_does, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(what_others_clear_is_forgotten, home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(what_was_cleared_here_is_forgotten_once, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(what_is_read_while_it_is_cleared_is_not_kept, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(the_thread_looks_for_what_others_clear, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_entry_are_a_miss, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(two_processes_share_the_store, home_setup_closed,
                                        home_teardown),
        cmocka_unit_test(a_store_that_fails_is_a_miss),
        cmocka_unit_test(a_store_that_hangs_loses_entries_but_no_time),
        cmocka_unit_test(the_queue_is_bounded_by_bytes),
        /* Last: it fixes the wall clock. */
        cmocka_unit_test_setup_teardown(a_jump_of_the_wall_clock_serves_nothing_stale, home_setup,
                                        home_teardown),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
