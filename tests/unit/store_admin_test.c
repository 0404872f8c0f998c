/* SPDX-License-Identifier: Apache-2.0 */
/* What the store promises administrators: jobs, API keys, the audit trail. */
#include "store_support.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "store/store_priv.h"

#define REQUEST                                      \
    {                                                \
        .kind = "index", .trigger = "request"        \
    }

static struct job begin_job(struct home *home, bool expect_joined)
{
    const struct job_begin begin = REQUEST;
    struct job job;
    bool joined;
    assert_ok(store_job_begin(home->store, &begin, home->arena, &job, &joined, &home->err),
              home->err);
    assert_int_equal(joined, expect_joined);
    return job;
}

static void end_job(struct home *home, struct job job, const char *state)
{
    job.state = state;
    assert_ok(store_job_update(home->store, &job, &home->err), home->err);
}

static void a_job_is_kept_with_its_progress(void **state)
{
    struct home *home = *state;
    struct job job = begin_job(home, false), read;
    assert_string_equal(job.state, "queued");
    assert_null(job.started_at);
    job.state = "running";
    job.done = 3;
    job.total = 10;
    job.detail = "{\"dataset\":\"sales\"}";
    assert_ok(store_job_update(home->store, &job, &home->err), home->err);
    assert_ok(store_job_get(home->store, job.id, home->arena, &read, &home->err), home->err);
    assert_string_equal(read.kind, "index");
    assert_string_equal(read.state, "running");
    assert_string_equal(read.trigger, "request");
    assert_int_equal(read.done, 3);
    assert_int_equal(read.total, 10);
    assert_string_equal(read.detail, job.detail);
    assert_non_null(read.started_at);
    assert_null(read.ended_at);
    job.state = "failed";
    job.error = "no disk";
    assert_ok(store_job_update(home->store, &job, &home->err), home->err);
    assert_ok(store_job_get(home->store, job.id, home->arena, &read, &home->err), home->err);
    assert_string_equal(read.error, "no disk");
    assert_non_null(read.ended_at);
    /* What has ended stays as it is. */
    job.state = "running";
    assert_fails(store_job_update(home->store, &job, &home->err), home->err, ERROR_CONFLICT);
}

static void wrong_jobs_are_refused(void **state)
{
    struct home *home = *state;
    struct job job = begin_job(home, false), read;
    job.state = "sleeping";
    assert_fails(store_job_update(home->store, &job, &home->err), home->err, ERROR_INVALID);
    job.state = "done";
    job.done = -1;
    assert_fails(store_job_update(home->store, &job, &home->err), home->err, ERROR_INVALID);
    job.done = 0;
    job.id = "job_0123456789abcdef";
    assert_fails(store_job_update(home->store, &job, &home->err), home->err, ERROR_NOT_FOUND);
    static const char *const ids[] = {"job_x", "", "job_0123456789abcdef", "query_0123456789abcdef"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        assert_fails(store_job_get(home->store, ids[i], home->arena, &read, &home->err), home->err,
                     ERROR_NOT_FOUND);
    const struct job_begin nameless = {.kind = "", .trigger = "request"};
    bool joined;
    assert_fails(
        store_job_begin(home->store, &nameless, home->arena, &read, &joined, &home->err),
        home->err, ERROR_INVALID);
    struct job *jobs;
    size_t count;
    assert_fails(store_job_list(home->store, 0, home->arena, &jobs, &count, &home->err), home->err,
                 ERROR_INVALID);
    assert_fails(
        store_job_list(home->store, STORE_PAGE_MAX + 1, home->arena, &jobs, &count, &home->err),
        home->err, ERROR_INVALID);
}

static void two_jobs_at_once_are_one(void **state)
{
    struct home *home = *state;
    struct job first = begin_job(home, false), second = begin_job(home, true);
    assert_string_equal(first.id, second.id);
    /* So they are from another process on the same store. */
    struct store *other = store_open(home->path, &home->err), *own = home->store;
    assert_non_null(other);
    home->store = other;
    struct job third = begin_job(home, true);
    assert_string_equal(first.id, third.id);
    third.state = "done"; /* and only its own process changes it */
    assert_fails(store_job_update(other, &third, &home->err), home->err, ERROR_CONFLICT);
    home->store = own;
    end_job(home, first, "done");
    struct job next = begin_job(home, false);
    assert_string_not_equal(first.id, next.id);
    store_close(other);
}

/* In a process of its own that ends without a word. */
static void die_with_a_job(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        struct store *store = store_open(path, &err);
        struct arena *arena = arena_new();
        const struct job_begin begin = REQUEST;
        struct job job = {0};
        bool joined, locked = false;
        bool ok = store && store_job_begin(store, &begin, arena, &job, &joined, &err) && !joined &&
                  store_index_lock(store, &locked, &err) && locked;
        job.state = "running";
        _exit(ok && store_job_update(store, &job, &err) ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void a_job_of_the_dead_has_failed(void **state)
{
    struct home *home = *state;
    struct job *jobs;
    size_t count;
    int64_t marked = 0;
    bool locked = false;
    die_with_a_job(home->path);
    assert_ok(store_jobs_mark_interrupted(home->store, &marked, &home->err), home->err);
    assert_int_equal(marked, 1);
    assert_ok(store_job_list(home->store, 10, home->arena, &jobs, &count, &home->err), home->err);
    assert_int_equal(count, 1);
    assert_string_equal(jobs[0].state, "failed");
    assert_non_null(strstr(jobs[0].error, "interrupted"));
    assert_non_null(jobs[0].ended_at);
    /* Its lock went with it. */
    assert_ok(store_index_lock(home->store, &locked, &home->err), home->err);
    assert_true(locked);
    store_index_unlock(home->store);
    /* A new one need not wait for somebody to look. */
    die_with_a_job(home->path);
    struct job job = begin_job(home, false);
    assert_ok(store_jobs_mark_interrupted(home->store, &marked, &home->err), home->err);
    assert_int_equal(marked, 0); /* one's own job is alive */
    assert_ok(store_job_list(home->store, 10, home->arena, &jobs, &count, &home->err), home->err);
    assert_int_equal(count, 3);
    assert_string_equal(jobs[0].id, job.id);
    assert_string_equal(jobs[1].state, "failed");
}

static void old_jobs_go(void **state)
{
    struct home *home = *state;
    struct job *jobs, first = {0};
    size_t count;
    for (int i = 0; i < STORE_JOBS_KEPT + 1; i++) {
        struct job job = begin_job(home, false);
        first = i == 0 ? job : first;
        end_job(home, job, "done");
    }
    assert_ok(store_job_list(home->store, STORE_PAGE_MAX, home->arena, &jobs, &count, &home->err),
              home->err);
    assert_int_equal(count, STORE_JOBS_KEPT + 1); /* the last one had not ended when it began */
    assert_string_equal(jobs[STORE_JOBS_KEPT].id, first.id);
    (void)begin_job(home, false);
    assert_fails(store_job_get(home->store, first.id, home->arena, &first, &home->err), home->err,
                 ERROR_NOT_FOUND);
}

static void one_process_indexes_at_a_time(void **state)
{
    struct home *home = *state;
    struct store *other = store_open(home->path, &home->err);
    bool locked = false;
    assert_non_null(other);
    assert_ok(store_index_lock(home->store, &locked, &home->err), home->err);
    assert_true(locked);
    assert_ok(store_index_lock(other, &locked, &home->err), home->err);
    assert_false(locked);
    store_index_unlock(home->store);
    assert_ok(store_index_lock(other, &locked, &home->err), home->err);
    assert_true(locked);
    store_close(other);
    assert_ok(store_index_lock(home->store, &locked, &home->err), home->err);
    assert_true(locked);
}

/* Made by the first schema, with a job that nobody works on. */
static void a_store_of_the_first_version_opens(void **state)
{
    struct home *home = *state;
    const char *path = arena_printf(home->arena, "%s/old.sqlite", home->folder);
    const char *const scripts[] = {
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " applied_at TEXT NOT NULL) STRICT",
        arena_printf(home->arena, "PRAGMA application_id = %d", STORE_APPLICATION_ID),
        sqlite_migrations[0].sql,
        "INSERT INTO schema_migrations VALUES (1, 'initial', '2026-01-01')",
        "INSERT INTO jobs (id, kind, state, created_at, updated_at) VALUES"
        " ('job_0123456789abcdef', 'index', 'running', '2026-01-01', '2026-01-01')",
    };
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        assert_int_equal(sqlite3_exec(db, scripts[i], NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    store_close(home->store);
    home->store = store_open(path, &home->err);
    assert_ok(home->store, home->err);
    struct job read;
    assert_ok(store_job_get(home->store, "job_0123456789abcdef", home->arena, &read, &home->err),
              home->err);
    assert_string_equal(read.state, "failed");
    (void)begin_job(home, false);
}

/* ---- keys ---- */

static const struct key_create ana = {.user_id = "ana", .role = "user"};

static struct api_key create_key(struct home *home, const struct key_create *create,
                                 char key[STORE_KEY_SIZE])
{
    struct api_key made;
    assert_ok(store_key_create(home->store, create, home->arena, &made, key, &home->err),
              home->err);
    return made;
}

static bool finds(struct home *home, const char *key, struct api_key *out)
{
    bool found = true;
    assert_ok(store_key_find(home->store, str_from(key), home->arena, out, &found, &home->err),
              home->err);
    return found;
}

static void a_key_finds_its_row(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE], other[STORE_KEY_SIZE], day[TIMESTAMP_SIZE];
    const struct key_attribute attributes[] = {{"office", "Lis\"bon"}, {"team", ""}};
    struct key_create create = ana;
    create.attributes = attributes;
    create.attribute_count = 2;
    create.acts_for_others = true;
    struct api_key made = create_key(home, &create, key), read;
    assert_int_equal(strlen(key), STORE_KEY_SIZE - 1);
    assert_true(strncmp(key, "qk_", 3) == 0 && strncmp(key, made.prefix, strlen(made.prefix)) == 0);
    (void)create_key(home, &ana, other);
    assert_string_not_equal(key, other);
    assert_true(finds(home, key, &read));
    assert_string_equal(read.id, made.id);
    assert_string_equal(read.user_id, "ana");
    assert_string_equal(read.role, "user");
    assert_string_equal(read.attributes, "{\"office\":\"Lis\\\"bon\",\"team\":\"\"}");
    assert_true(read.acts_for_others);
    assert_null(read.expires_at);
    clock_print_utc(clock_now_ms(), day);
    assert_memory_equal(read.last_used_on, day, 10);
}

static void wrong_keys_find_nothing(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE], wrong[STORE_KEY_SIZE + 1];
    struct api_key read;
    (void)create_key(home, &ana, key);
    for (size_t i = 0; i < STORE_KEY_SIZE - 1; i++) { /* each character counts */
        memcpy(wrong, key, STORE_KEY_SIZE);
        wrong[i] = wrong[i] == '0' ? '1' : '0';
        assert_false(finds(home, wrong, &read));
    }
    assert_true(finds(home, key, &read));
    memcpy(wrong, key, STORE_KEY_SIZE);
    wrong[STORE_KEY_SIZE - 2] = '\0';
    assert_false(finds(home, wrong, &read)); /* too short */
    snprintf(wrong, sizeof(wrong), "%s0", key);
    assert_false(finds(home, wrong, &read)); /* too long */
    static const char *const others[] = {"", "qk_", "bearer", "qk_\xff\xfe", "' OR 1=1 --"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(finds(home, others[i], &read));
    bool found = true;
    assert_ok(store_key_find(home->store, (struct str){key, STORE_KEY_SIZE}, home->arena, &read,
                             &found, &home->err),
              home->err); /* its NUL is no part of it */
    assert_false(found);
}

static void a_revoked_key_is_none(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE];
    struct api_key made = create_key(home, &ana, key), read, *keys;
    size_t count;
    assert_ok(store_key_revoke(home->store, made.id, NULL, &home->err), home->err);
    assert_false(finds(home, key, &read));
    assert_fails(store_key_revoke(home->store, made.id, NULL, &home->err), home->err,
                 ERROR_CONFLICT);
    assert_fails(store_key_revoke(home->store, "key_0123456789abcdef", NULL, &home->err), home->err,
                 ERROR_NOT_FOUND);
    assert_fails(store_key_revoke(home->store, key, NULL, &home->err), home->err, ERROR_NOT_FOUND);
    assert_null(strstr(home->err.message, key)); /* somebody mixed them up: it is still secret */
    assert_ok(store_key_list(home->store, home->arena, &keys, &count, &home->err), home->err);
    assert_int_equal(count, 1);
    assert_non_null(keys[0].revoked_at);
}

static void wrong_keys_are_not_made(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE], long_name[66];
    struct api_key made;
    memset(long_name, 'a', 65);
    long_name[65] = '\0';
    const struct key_attribute twice[] = {{"a", "1"}, {"a", "2"}}, dotted[] = {{"a.b", "1"}},
                               nameless[] = {{"", "1"}}, too_long[] = {{long_name, "1"}};
    struct key_attribute many[STORE_KEY_ATTRIBUTES_MAX + 1];
    for (size_t i = 0; i <= STORE_KEY_ATTRIBUTES_MAX; i++)
        many[i] = (struct key_attribute){arena_printf(home->arena, "a%zu", i), "1"};
    const struct key_create wrong[] = {
        {.user_id = "", .role = "user"},
        {.user_id = "ana", .role = ""},
        {.user_id = "ana", .role = "a b"},
        {.user_id = "ana", .role = long_name},
        {.user_id = "a\xff", .role = "user"},
        {.user_id = "ana", .role = "user", .lifetime_s = -1},
        {.user_id = "ana", .role = "user", .lifetime_s = STORE_KEY_LIFETIME_MAX_S + 1},
        {.user_id = "ana", .role = "user", .attributes = twice, .attribute_count = 2},
        {.user_id = "ana", .role = "user", .attributes = dotted, .attribute_count = 1},
        {.user_id = "ana", .role = "user", .attributes = nameless, .attribute_count = 1},
        {.user_id = "ana", .role = "user", .attributes = too_long, .attribute_count = 1},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(
            store_key_create(home->store, &wrong[i], home->arena, &made, key, &home->err),
            home->err, ERROR_INVALID);
    struct key_create create = ana;
    create.attributes = many;
    create.attribute_count = STORE_KEY_ATTRIBUTES_MAX + 1;
    assert_fails(store_key_create(home->store, &create, home->arena, &made, key, &home->err),
                 home->err, ERROR_TOO_LARGE);
    create.attribute_count = STORE_KEY_ATTRIBUTES_MAX;
    create.lifetime_s = STORE_KEY_LIFETIME_MAX_S;
    create.role = long_name + 1; /* 64 characters */
    (void)create_key(home, &create, key);
}

static bool file_holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    struct strbuf bytes = strbuf_init(64 * 1024 * 1024);
    int byte;
    if (!file)
        return false;
    while ((byte = fgetc(file)) != EOF)
        strbuf_add_char(&bytes, (char)byte);
    fclose(file);
    bool holds = memmem(bytes.bytes, bytes.length, text, strlen(text)) != NULL;
    strbuf_clear(&bytes);
    return holds;
}

/* Neither the key nor its secret half is in any file of the store. */
static void a_key_is_stored_hashed(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE];
    const struct audit_act act = {.via = "cli", .action = "key.create"};
    struct key_create create = ana;
    create.act = &act;
    struct api_key made = create_key(home, &create, key), read;
    assert_true(finds(home, key, &read));
    const char *wal = arena_printf(home->arena, "%s-wal", home->path);
    assert_true(file_holds(wal, made.prefix) || file_holds(home->path, made.prefix));
    assert_false(file_holds(wal, key + 16) || file_holds(home->path, key + 16));
    store_close(home->store);
    home->store = store_open(home->path, &home->err);
    assert_true(file_holds(home->path, made.prefix));
    assert_false(file_holds(home->path, key + 16));
}

static void an_expired_key_is_none(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE];
    struct key_create create = ana;
    struct api_key read;
    create.lifetime_s = 3600;
    assert_true(clock_set_now("2026-03-01T12:00:00Z"));
    struct api_key made = create_key(home, &create, key);
    assert_string_equal(made.expires_at, "2026-03-01T13:00:00.000Z");
    assert_true(clock_set_now("2026-03-01T12:59:59.999Z"));
    assert_true(finds(home, key, &read));
    assert_true(clock_set_now("2026-03-01T13:00:00Z"));
    assert_false(finds(home, key, &read));
}

/* ---- the audit trail ---- */

static void add_act(struct home *home, const char *user, const char *action)
{
    const struct audit_act act = {.user_id = user, .via = "http", .address = "127.0.0.1",
                                  .action = action, .target = "x", .detail = "{\"n\":1}"};
    assert_ok(store_audit_add(home->store, &act, &home->err), home->err);
}

static void ask_and_answer(struct home *home, const char *user, const char *question)
{
    struct run_begin begin = home_ask(home, user, question, NULL);
    struct run_end end = {
        .run_id = begin.run_id,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = "{\"status\":\"answered\",\"sql_query\":\"SELECT 1\","
                  "\"metadata\":{\"selected_dataset\":\"sales\",\"cost\":0.25}}",
        .content = "One.",
    };
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
}

struct page {
    struct audit_record *records;
    size_t count;
    const char *next;
};

static struct page list_audit(struct home *home, struct audit_filter filter, size_t limit,
                              const char *cursor)
{
    struct page page;
    assert_ok(store_audit_list(home->store, &filter, limit, cursor, home->arena, &page.records,
                               &page.count, &page.next, &home->err),
              home->err);
    return page;
}

static void at(const char *time)
{
    assert_true(clock_set_now(time));
}

/* Questions and acts in turn, at 10:00, 10:01, ... */
static void fill(struct home *home)
{
    at("2026-03-01T10:00:00Z");
    ask_and_answer(home, "ana", "first");
    at("2026-03-01T10:01:00Z");
    add_act(home, "ben", "cache.clear");
    at("2026-03-01T10:02:00Z");
    ask_and_answer(home, "ben", "second");
    at("2026-03-01T10:03:00Z");
    add_act(home, NULL, "key.create");
    at("2026-03-01T10:04:00Z");
    (void)home_ask(home, "ana", "third", NULL);
}

static void questions_and_acts_are_one_trail(void **state)
{
    struct home *home = *state;
    fill(home);
    struct page page = list_audit(home, (struct audit_filter){0}, 10, NULL);
    assert_int_equal(page.count, 5);
    assert_null(page.next);
    static const char *const actions[] = {"question", "key.create", "question", "cache.clear",
                                          "question"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(page.records[i].action, actions[i]);
    assert_string_equal(page.records[0].outcome, "active");
    assert_null(page.records[1].user_id);
    assert_string_equal(page.records[1].address, "127.0.0.1");
    const struct audit_record *first = &page.records[4];
    assert_string_equal(first->question, "first");
    assert_string_equal(first->outcome, "answered");
    assert_string_equal(first->sql, "SELECT 1");
    assert_string_equal(first->dataset_id, "sales");
    assert_true(first->has_cost && first->cost > 0.2 && first->cost < 0.3);
    assert_string_equal(first->at, "2026-03-01T10:00:00.000Z");
}

static void the_trail_is_filtered(void **state)
{
    struct home *home = *state;
    fill(home);
    const struct {
        struct audit_filter filter;
        size_t count;
    } cases[] = {
        {{.user_id = "ana"}, 2},
        {{.user_id = "ben"}, 2},
        {{.user_id = "nobody"}, 0},
        {{.action = "question"}, 3},
        {{.action = "key.create"}, 1},
        {{.user_id = "ben", .action = "question"}, 1},
        {{.from = "2026-03-01T10:02:00.000Z"}, 3},
        {{.to = "2026-03-01T10:02:00.000Z"}, 2},
        {{.from = "2026-03-01T10:01:00.000Z", .to = "2026-03-01T10:04:00.000Z"}, 3},
        {{.to = "2020-01-01T00:00:00.000Z"}, 0},
        {{.from = "2030-01-01T00:00:00.000Z"}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct page page = list_audit(home, cases[i].filter, 10, NULL);
        if (page.count != cases[i].count || page.next)
            fail_msg("case %zu: %zu records", i, page.count);
    }
}

static void pages_of_the_trail_stay_stable(void **state)
{
    struct home *home = *state;
    const char *cursor = NULL;
    struct strbuf seen = strbuf_init(4096);
    fill(home);
    size_t pages = 0;
    do {
        struct page page = list_audit(home, (struct audit_filter){0}, 2, cursor);
        for (size_t i = 0; i < page.count; i++)
            strbuf_printf(&seen, "%.5s ", page.records[i].at + 11);
        cursor = page.next;
        at("2026-03-01T11:00:00Z"); /* what comes meanwhile is not shown */
        ask_and_answer(home, "ana", "later");
        add_act(home, "ana", "later");
        assert_true(++pages < 5);
    } while (cursor);
    assert_string_equal(strbuf_text(&seen), "10:04 10:03 10:02 10:01 10:00 ");
    strbuf_clear(&seen);
}

/* A user who asked long ago: what is looked at for one page is bounded, and no act is lost on the
 * way. */
static void a_page_looks_at_so_many_runs(void **state)
{
    struct home *home = *state;
    sqlite3 *db;
    at("2026-03-01T10:00:00Z");
    ask_and_answer(home, "ana", "first");
    add_act(home, "ana", "key.create");
    assert_int_equal(sqlite3_open(home->path, &db), SQLITE_OK);
    const char *sql = arena_printf(
        home->arena,
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO runs (id, conversation_id, user_id, owner, question, state, started_at)"
        " SELECT 'query_' || i, 'conv_', 'ben', 1, '?', 'complete', '2026-03-01T11:00:00.000Z'"
        " FROM n", AUDIT_SCAN_MAX);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    struct page page = list_audit(home, (struct audit_filter){.user_id = "ana"}, 10, NULL);
    assert_int_equal(page.count, 0);
    assert_non_null(page.next);
    page = list_audit(home, (struct audit_filter){.user_id = "ana"}, 10, page.next);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.records[0].action, "key.create");
    assert_null(page.next);
    page = list_audit(home, (struct audit_filter){.to = "2026-03-01T11:00:00.000Z"}, 10, NULL);
    assert_int_equal(page.count, 2); /* a time is found without looking at what is later */
}

static void wrong_lists_and_acts_are_refused(void **state)
{
    struct home *home = *state;
    struct page page;
    static const char *const cursors[] = {"", "x", "1", "1.2.3", "-1.2", "1.", ".1", "1.2 "};
    const struct audit_filter all = {0};
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++)
        assert_fails(store_audit_list(home->store, &all, 10, cursors[i], home->arena, &page.records,
                                      &page.count, &page.next, &home->err),
                     home->err, ERROR_INVALID);
    assert_fails(store_audit_list(home->store, &all, 0, NULL, home->arena, &page.records,
                                  &page.count, &page.next, &home->err),
                 home->err, ERROR_INVALID);
    const struct audit_act acts[] = {{.action = "x"}, {.via = "cli"}, {.via = "", .action = "x"},
                                     {.via = "cli", .action = "x", .detail = "\xff"}};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        assert_fails(store_audit_add(home->store, &acts[i], &home->err), home->err, ERROR_INVALID);
    assert_int_equal(list_audit(home, all, 10, "0.0").count, 0);
    assert_int_equal(list_audit(home, all, 10, "9223372036854775807.1").count, 0);
}

static void acts_are_saved_with_what_they_are_about(void **state)
{
    struct home *home = *state;
    char key[STORE_KEY_SIZE];
    const struct audit_act create_act = {.via = "cli", .action = "key.create"},
                           revoke_act = {.via = "cli", .action = "key.revoke"},
                           index_act = {.via = "http", .action = "index.start"};
    struct key_create create = ana;
    create.act = &create_act;
    struct api_key made = create_key(home, &create, key);
    assert_ok(store_key_revoke(home->store, made.id, &revoke_act, &home->err), home->err);
    /* What was refused is no act. */
    assert_fails(store_key_revoke(home->store, made.id, &revoke_act, &home->err), home->err,
                 ERROR_CONFLICT);
    struct job_begin begin = REQUEST;
    begin.act = &index_act;
    struct job job;
    bool joined;
    assert_ok(store_job_begin(home->store, &begin, home->arena, &job, &joined, &home->err),
              home->err);
    struct page page = list_audit(home, (struct audit_filter){0}, 10, NULL);
    assert_int_equal(page.count, 3);
    assert_string_equal(page.records[0].target, job.id);
    assert_string_equal(page.records[1].action, "key.revoke");
    assert_string_equal(page.records[2].target, made.id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_kept_with_its_progress),
        TEST(wrong_jobs_are_refused),
        TEST(two_jobs_at_once_are_one),
        TEST(a_job_of_the_dead_has_failed),
        TEST(old_jobs_go),
        TEST(one_process_indexes_at_a_time),
        TEST(a_store_of_the_first_version_opens),
        TEST(a_key_finds_its_row),
        TEST(wrong_keys_find_nothing),
        TEST(a_revoked_key_is_none),
        TEST(wrong_keys_are_not_made),
        TEST(a_key_is_stored_hashed),
        TEST(acts_are_saved_with_what_they_are_about),
        /* These fix the clock, so they come last. */
        TEST(an_expired_key_is_none),
        TEST(questions_and_acts_are_one_trail),
        TEST(the_trail_is_filtered),
        TEST(pages_of_the_trail_stay_stable),
        TEST(a_page_looks_at_so_many_runs),
        TEST(wrong_lists_and_acts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
