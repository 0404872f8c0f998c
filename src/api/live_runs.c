/* SPDX-License-Identifier: Apache-2.0 */
#include "api/live_runs.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/answer_delta.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/strbuf.h"

#define BUCKETS 1024
#define EVENT_SIZE_MAX (64 * 1024 * 1024)
#define RUN_OVERHEAD 512 /* bytes that an ended run holds beside its events */
#define EVENT_OVERHEAD 64

static const char data_begin[] = "\ndata: ", data_end[] = "\n\n";

struct live_event {
    uint64_t number;
    struct http_chunk *chunk;
};

/* The readers of a run that are on one loop. The list and `telling` are that loop's own. */
struct live_group {
    struct live_run *run;
    struct loop *loop;
    struct live_reader *readers;
    struct live_group *next; /* of the run */
    bool posted;             /* a word is under way to the loop */
    bool telling;
};

struct live_run {
    struct live_runs *runs;
    char id[STORE_ID_SIZE];
    unsigned references;
    bool distant; /* another process works on it */
    bool ended;
    bool listed; /* can be found */
    bool cancel_asked;
    bool forget; /* once it has ended */
    struct loop *loop;
    struct task *task; /* NULL: it has gone, or is another process's */
    uint64_t begun_ms, ended_ms;
    uint64_t age_ms; /* of its end, when it came here */
    struct live_event *events;
    size_t count, capacity, bytes;
    uint64_t saved; /* number of the last event that the store has */
    struct live_group *groups;
    size_t readers;
    struct live_run *chain_next;
    TAILQ_ENTRY(live_run) all, in_state; /* in_state: among active or ended ones, while listed */
};

TAILQ_HEAD(live_list, live_run);

struct live_runs {
    struct live_runs_limits limits;
    pthread_mutex_t lock; /* over all that follows, and over the runs */
    struct live_run *buckets[BUCKETS];
    struct live_list all, active, ended; /* ended: in the order of their coming here */
    size_t distant_count, ended_count, ended_bytes, readers;
};

struct live_runs *live_runs_new(const struct live_runs_limits *limits)
{
    struct live_runs *runs = xcalloc(1, sizeof(*runs));
    runs->limits = *limits;
    pthread_mutex_init(&runs->lock, NULL);
    TAILQ_INIT(&runs->all);
    TAILQ_INIT(&runs->active);
    TAILQ_INIT(&runs->ended);
    return runs;
}

const struct live_runs_limits *live_runs_limits(const struct live_runs *runs)
{
    return &runs->limits;
}

static void run_free(struct live_run *run)
{
    TAILQ_REMOVE(&run->runs->all, run, all);
    for (size_t i = 0; i < run->count; i++)
        http_chunk_unref(run->events[i].chunk);
    for (struct live_group *group = run->groups, *next; group; group = next) {
        next = group->next;
        free(group);
    }
    free(run->events);
    free(run);
}

void live_runs_free(struct live_runs *runs)
{
    if (!runs)
        return;
    struct live_run *run;
    while ((run = TAILQ_FIRST(&runs->all))) /* words to loops that have ended hold some */
        run_free(run);
    pthread_mutex_destroy(&runs->lock);
    free(runs);
}

/* ---- the table; all of this under the lock ---- */

static struct live_run **bucket_of(struct live_runs *runs, const char *id)
{
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT32_C(16777619);
    return &runs->buckets[hash % BUCKETS];
}

static void unref(struct live_run *run)
{
    assert(run->references > 0);
    if (--run->references == 0)
        run_free(run);
}

static struct live_run *find(struct live_runs *runs, const char *id)
{
    struct live_run *run = *bucket_of(runs, id);
    while (run && strcmp(run->id, id) != 0)
        run = run->chain_next;
    return run;
}

/* With a reference for the table. */
static struct live_run *add(struct live_runs *runs, const char *id)
{
    struct live_run *run = xcalloc(1, sizeof(*run));
    struct live_run **bucket = bucket_of(runs, id);
    run->runs = runs;
    memcpy(run->id, id, strlen(id) + 1);
    run->begun_ms = clock_monotonic_ms();
    run->references = 1;
    run->listed = true;
    run->chain_next = *bucket;
    *bucket = run;
    TAILQ_INSERT_TAIL(&runs->all, run, all);
    TAILQ_INSERT_TAIL(&runs->active, run, in_state);
    return run;
}

static size_t size_of(const struct live_run *run)
{
    return RUN_OVERHEAD + run->bytes;
}

/* It is not found any more; who reads it goes on. */
static void unlist(struct live_run *run)
{
    struct live_runs *runs = run->runs;
    struct live_run **link = bucket_of(runs, run->id);
    while (*link != run)
        link = &(*link)->chain_next;
    *link = run->chain_next;
    TAILQ_REMOVE(run->ended ? &runs->ended : &runs->active, run, in_state);
    if (run->ended) {
        runs->ended_count--;
        runs->ended_bytes -= size_of(run);
    } else if (run->distant) {
        runs->distant_count--;
    }
    run->listed = false;
    unref(run);
}

/* The oldest make room; one that is too large for the others does not stay. */
static void make_room(struct live_runs *runs, struct live_run *latest)
{
    const struct live_runs_limits *limits = &runs->limits;
    if (latest->forget || size_of(latest) > limits->ended_bytes_max / 4)
        unlist(latest);
    while (runs->ended_count > limits->ended_max || runs->ended_bytes > limits->ended_bytes_max)
        unlist(TAILQ_FIRST(&runs->ended));
}

static void end(struct live_run *run)
{
    struct live_runs *runs = run->runs;
    run->ended = true;
    uint64_t now_ms = clock_monotonic_ms();
    run->ended_ms = now_ms > run->age_ms ? now_ms - run->age_ms : 0;
    if (!run->listed)
        return;
    if (run->distant)
        runs->distant_count--;
    TAILQ_REMOVE(&runs->active, run, in_state);
    TAILQ_INSERT_TAIL(&runs->ended, run, in_state);
    runs->ended_count++;
    runs->ended_bytes += size_of(run);
    make_room(runs, run);
}

static bool is_over(const struct live_run *run)
{
    return run->ended && clock_monotonic_ms() - run->ended_ms >= run->runs->limits.keep_ms;
}

/* ---- telling ---- */

/* Under the lock: a group without readers goes. */
static void group_drop_empty(struct live_group *group)
{
    struct live_run *run = group->run;
    if (group->readers || group->posted || group->telling)
        return;
    struct live_group **link = &run->groups;
    while (*link != group)
        link = &(*link)->next;
    *link = group->next;
    free(group);
    unref(run);
}

/* On the group's loop. */
static void tell_group(struct live_group *group)
{
    struct live_runs *runs = group->run->runs;
    group->telling = true;
    for (struct live_reader *reader = group->readers, *next; reader; reader = next) {
        next = reader->next;
        reader->tell(reader);
    }
    pthread_mutex_lock(&runs->lock);
    group->telling = false;
    group_drop_empty(group);
    pthread_mutex_unlock(&runs->lock);
}

static void told(void *arg)
{
    struct live_group *group = arg;
    struct live_runs *runs = group->run->runs;
    pthread_mutex_lock(&runs->lock);
    group->posted = false;
    pthread_mutex_unlock(&runs->lock);
    tell_group(group);
}

/* Who has just recalled a run and the keeper may both bring what the store has: each event counts
 * once. */
static bool has_event(const struct live_run *run, uint64_t number)
{
    return run->ended || (run->count > 0 && run->events[run->count - 1].number >= number);
}

/* Takes over the reference to the chunk. `here`: the loop of the calling thread. */
static void add_event(struct live_run *run, struct loop *here, uint64_t number,
                      struct http_chunk *chunk, bool last)
{
    struct live_runs *runs = run->runs;
    struct live_group *own = NULL;
    pthread_mutex_lock(&runs->lock);
    if (has_event(run, number)) {
        pthread_mutex_unlock(&runs->lock);
        http_chunk_unref(chunk);
        return;
    }
    if (run->count == run->capacity) {
        run->capacity = run->capacity > 0 ? 2 * run->capacity : 16;
        run->events = xrealloc(run->events, run->capacity * sizeof(*run->events));
    }
    run->events[run->count++] = (struct live_event){number, chunk};
    run->bytes += http_chunk_content(chunk).length + EVENT_OVERHEAD;
    run->references++; /* it may leave the table now */
    if (last)
        end(run);
    for (struct live_group *group = run->groups; group; group = group->next) {
        if (group->loop == here) {
            own = group;
        } else if (!group->posted) {
            group->posted = true;
            loop_post(group->loop, told, group);
        }
    }
    pthread_mutex_unlock(&runs->lock);
    if (own)
        tell_group(own);
    live_run_unref(run);
}

/* A line break inside would end the line early; JSON has them only between its parts. */
static void add_one_line(struct strbuf *out, const char *json)
{
    for (size_t length; *json; json += length) {
        length = strcspn(json, "\r\n");
        strbuf_add_bytes(out, json, length);
        while (json[length] == '\r' || json[length] == '\n')
            length++;
    }
}

static struct http_chunk *finish_chunk(struct strbuf *text)
{
    struct http_chunk *chunk = http_chunk_new(strbuf_str(text));
    strbuf_clear(text);
    return chunk;
}

struct http_chunk *live_event_chunk(uint64_t number, const char *event, const char *json)
{
    struct strbuf text = strbuf_init(EVENT_SIZE_MAX);
    strbuf_printf(&text, "id: %llu%s{\"event\":\"%s\",\"data\":", (unsigned long long)number,
                  data_begin, event);
    add_one_line(&text, json);
    strbuf_add_char(&text, '}');
    strbuf_add(&text, data_end);
    return finish_chunk(&text);
}

static struct http_chunk *stored_chunk(uint64_t number, const char *envelope)
{
    struct strbuf text = strbuf_init(EVENT_SIZE_MAX);
    strbuf_printf(&text, "id: %llu%s", (unsigned long long)number, data_begin);
    add_one_line(&text, envelope);
    strbuf_add(&text, data_end);
    return finish_chunk(&text);
}

/* What the store keeps of it: the data line's value. */
static struct str envelope_of(const struct http_chunk *chunk)
{
    struct str text = http_chunk_content(chunk);
    size_t begin = 0;
    while (begin < text.length && text.bytes[begin] != '\n')
        begin++;
    return str_slice(text, begin + strlen(data_begin), text.length - strlen(data_end));
}

/* ---- by the run's task ---- */

struct live_run *live_run_begin(struct live_runs *runs, const char *id, struct loop *loop,
                                struct task *task)
{
    pthread_mutex_lock(&runs->lock);
    struct live_run *run = add(runs, id);
    run->references++;
    run->loop = loop;
    run->task = task_ref(task);
    pthread_mutex_unlock(&runs->lock);
    return run;
}

void live_run_tell(struct live_run *run, const char *event, const char *json, bool last)
{
    uint64_t number = run->count + 1; /* only this loop adds any */
    add_event(run, run->loop, number, live_event_chunk(number, event, json), last);
}

void live_run_leave(struct live_run *run)
{
    struct live_runs *runs = run->runs;
    pthread_mutex_lock(&runs->lock);
    struct task *task = run->task;
    run->task = NULL;
    unref(run);
    pthread_mutex_unlock(&runs->lock);
    task_unref(task);
}

/* ---- by whoever asks ---- */

struct live_run *live_runs_find(struct live_runs *runs, const char *id)
{
    pthread_mutex_lock(&runs->lock);
    struct live_run *run = find(runs, id);
    if (run && is_over(run)) {
        unlist(run);
        run = NULL;
    }
    if (run)
        run->references++;
    pthread_mutex_unlock(&runs->lock);
    return run;
}

struct live_run *live_run_ref(struct live_run *run)
{
    pthread_mutex_lock(&run->runs->lock);
    run->references++;
    pthread_mutex_unlock(&run->runs->lock);
    return run;
}

void live_run_unref(struct live_run *run)
{
    struct live_runs *runs = run->runs;
    pthread_mutex_lock(&runs->lock);
    unref(run);
    pthread_mutex_unlock(&runs->lock);
}

const char *live_run_id(const struct live_run *run)
{
    return run->id;
}

bool live_run_is_distant(const struct live_run *run)
{
    return run->distant;
}

bool live_run_has_more(struct live_run *run, uint64_t after)
{
    pthread_mutex_lock(&run->runs->lock);
    bool more = !run->ended || (run->count > 0 && run->events[run->count - 1].number > after);
    pthread_mutex_unlock(&run->runs->lock);
    return more;
}

/* On the run's loop. */
static void cancel(void *arg)
{
    struct live_run *run = arg;
    if (run->task)
        task_cancel(run->task);
    live_run_unref(run);
}

bool live_run_cancel(struct live_run *run)
{
    pthread_mutex_lock(&run->runs->lock);
    bool can = run->task && !run->ended;
    bool posts = can && !run->cancel_asked;
    if (posts) {
        run->cancel_asked = true;
        run->references++;
        loop_post(run->loop, cancel, run); /* it runs on as long as the task does */
    }
    pthread_mutex_unlock(&run->runs->lock);
    return can;
}

static size_t copy_events(struct live_run *run, uint64_t after, struct arena *arena,
                          struct stored_event **out)
{
    pthread_mutex_lock(&run->runs->lock);
    size_t first = run->count;
    while (first > 0 && run->events[first - 1].number > after)
        first--;
    size_t count = run->count - first;
    *out = arena_array(arena, count, sizeof(**out));
    for (size_t i = 0; i < count; i++) {
        struct str envelope = envelope_of(run->events[first + i].chunk);
        (*out)[i].sequence = (int64_t)run->events[first + i].number;
        (*out)[i].json = arena_strndup(arena, envelope.bytes, envelope.length);
    }
    pthread_mutex_unlock(&run->runs->lock);
    return count;
}

size_t live_run_events(struct live_run *run, struct arena *arena, struct stored_event **out)
{
    return copy_events(run, 0, arena, out);
}

/* ---- readers ---- */

static bool check_readers(const struct live_run *run, struct error *err)
{
    const struct live_runs *runs = run->runs;
    if (run->readers >= runs->limits.run_readers_max)
        return error_set(err, ERROR_FULL, "%zu clients follow this question already; try later",
                         run->readers);
    return runs->readers < runs->limits.readers_max ||
           error_set(err, ERROR_FULL, "%zu clients follow questions already; try again in a moment",
                     runs->readers);
}

static struct live_group *group_on(struct live_run *run, struct loop *loop)
{
    struct live_group *group = run->groups;
    while (group && group->loop != loop)
        group = group->next;
    if (!group) {
        group = xcalloc(1, sizeof(*group));
        *group = (struct live_group){.run = run, .loop = loop, .next = run->groups};
        run->groups = group;
        run->references++;
    }
    return group;
}

bool live_reader_open(struct live_reader *reader, struct live_run *run, struct loop *loop, bool own,
                      struct error *err)
{
    struct live_runs *runs = run->runs;
    pthread_mutex_lock(&runs->lock);
    bool ok = own || check_readers(run, err);
    if (ok) {
        struct live_group *group = group_on(run, loop);
        run->readers++;
        runs->readers++;
        reader->run = run;
        reader->group = group;
        reader->next = group->readers;
        reader->link = &group->readers;
        if (reader->next)
            reader->next->link = &reader->next;
        group->readers = reader;
    }
    pthread_mutex_unlock(&runs->lock);
    return ok;
}

void live_reader_close(struct live_reader *reader)
{
    struct live_runs *runs = reader->run->runs;
    pthread_mutex_lock(&runs->lock);
    reader->run->readers--;
    runs->readers--;
    *reader->link = reader->next;
    if (reader->next)
        reader->next->link = reader->link;
    reader->run = NULL;
    group_drop_empty(reader->group);
    pthread_mutex_unlock(&runs->lock);
}

size_t live_reader_take(struct live_reader *reader, struct http_chunk **out, size_t max,
                        bool *ended)
{
    struct live_run *run = reader->run;
    size_t count = 0;
    pthread_mutex_lock(&run->runs->lock);
    size_t i = run->count;
    while (i > 0 && run->events[i - 1].number > reader->after)
        i--;
    for (; i < run->count && count < max; i++) {
        out[count++] = http_chunk_ref(run->events[i].chunk);
        reader->after = run->events[i].number;
    }
    *ended = run->ended && i == run->count;
    pthread_mutex_unlock(&run->runs->lock);
    return count;
}

/* ---- what the store knows ---- */

struct live_run *live_runs_recall(struct live_runs *runs, const char *id, bool active,
                                  uint64_t age_ms, bool *is_new, struct error *err)
{
    pthread_mutex_lock(&runs->lock);
    struct live_run *run = find(runs, id);
    *is_new = !run;
    if (!run && active && runs->distant_count >= runs->limits.distant_max) {
        (void)error_set(err, ERROR_FULL,
                        "%zu questions of other processes are followed already; try later",
                        runs->distant_count);
    } else if (!run) {
        run = add(runs, id);
        run->distant = true;
        runs->distant_count++;
        run->age_ms = age_ms;
    }
    if (run)
        run->references++;
    pthread_mutex_unlock(&runs->lock);
    return run;
}

void live_run_add_stored(struct live_run *run, struct loop *here, uint64_t number,
                         const char *envelope, bool last)
{
    add_event(run, here, number, stored_chunk(number, envelope), last);
}

static bool is_of_kind(const struct live_run *run, enum live_kind kind, uint64_t before_ms)
{
    if (kind == LIVE_DISTANT)
        return run->distant;
    if (run->distant || run->begun_ms > before_ms)
        return false;
    /* One that waits for its turn has its start alone, and that is known from its row. */
    return kind == LIVE_LONG || (run->count > 1 && run->saved < run->count);
}

size_t live_runs_list(struct live_runs *runs, enum live_kind kind, uint64_t age_ms,
                      struct live_run **out, size_t max)
{
    uint64_t now_ms = clock_monotonic_ms(), before_ms = now_ms > age_ms ? now_ms - age_ms : 0;
    size_t count = 0;
    pthread_mutex_lock(&runs->lock);
    for (struct live_run *run = TAILQ_FIRST(&runs->active), *next; run && count < max; run = next) {
        next = TAILQ_NEXT(run, in_state);
        if (!is_of_kind(run, kind, before_ms))
            continue;
        if (kind == LIVE_DISTANT && run->readers == 0 && run->references == 1) {
            unlist(run);
            continue;
        }
        run->references++;
        out[count++] = run;
    }
    for (size_t i = 0; i < count; i++) { /* the next call looks at the others first */
        TAILQ_REMOVE(&runs->active, out[i], in_state);
        TAILQ_INSERT_TAIL(&runs->active, out[i], in_state);
    }
    pthread_mutex_unlock(&runs->lock);
    return count;
}

/* Of an answer's deltas the last is saved, with all text from the first: so all are read. */
size_t live_run_unsaved(struct live_run *run, struct arena *arena, struct stored_event **out)
{
    size_t count = copy_events(run, 0, arena, out), skipped = 0;
    count = answer_deltas_join(*out, count, arena);
    while (skipped < count && (*out)[skipped].sequence <= (int64_t)run->saved)
        skipped++;
    *out += skipped;
    return count - skipped;
}

void live_run_saved(struct live_run *run, uint64_t number)
{
    pthread_mutex_lock(&run->runs->lock);
    run->saved = number;
    pthread_mutex_unlock(&run->runs->lock);
}

uint64_t live_run_last(struct live_run *run)
{
    pthread_mutex_lock(&run->runs->lock);
    uint64_t last = run->count > 0 ? run->events[run->count - 1].number : 0;
    pthread_mutex_unlock(&run->runs->lock);
    return last;
}

/* Its first event tells its conversation. */
static bool is_in(const struct live_run *run, const char *conversation_id)
{
    if (run->count == 0)
        return false;
    struct str text = http_chunk_content(run->events[0].chunk);
    return memmem(text.bytes, text.length, conversation_id, strlen(conversation_id)) != NULL;
}

void live_runs_forget(struct live_runs *runs, const char *conversation_id)
{
    struct live_run *run, *next;
    pthread_mutex_lock(&runs->lock);
    TAILQ_FOREACH(run, &runs->active, in_state)
        run->forget |= is_in(run, conversation_id);
    for (run = TAILQ_FIRST(&runs->ended); run; run = next) {
        next = TAILQ_NEXT(run, in_state);
        if (is_in(run, conversation_id))
            unlist(run);
    }
    pthread_mutex_unlock(&runs->lock);
}

void live_runs_expire(struct live_runs *runs)
{
    pthread_mutex_lock(&runs->lock);
    struct live_run *run;
    while ((run = TAILQ_FIRST(&runs->ended)) && is_over(run))
        unlist(run);
    pthread_mutex_unlock(&runs->lock);
}

struct live_runs_counts live_runs_count(struct live_runs *runs)
{
    struct live_runs_counts counts = {0};
    struct live_run *run;
    pthread_mutex_lock(&runs->lock);
    TAILQ_FOREACH(run, &runs->active, in_state)
    counts.active += !run->distant;
    counts.distant = runs->distant_count;
    counts.ended = runs->ended_count;
    counts.ended_bytes = runs->ended_bytes;
    counts.readers = runs->readers;
    pthread_mutex_unlock(&runs->lock);
    return counts;
}
