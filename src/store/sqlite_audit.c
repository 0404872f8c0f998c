/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit trail: acts have a table, questions are the runs. A page is merged from both by time.
 *
 * Runs are walked by the order in which they were written (their rowid), which is that of their
 * time but for what one commit puts in another order, or a clock that was set. An index by time
 * would cost every question a page to write; this is read a few times a day.
 */
#include "store/sqlite.h"

#include <string.h>

bool sqlite_audit_add(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_audit_add *call = arg;
    const struct audit_act *act = call->act;
    return sqlite_execute(connection, STATEMENT_AUDIT_INSERT, NULL, err, "ttttttt", call->now,
                          act->user_id, act->via, act->address, act->action, call->target,
                          act->detail);
}

/* One of the two lists, standing at its next record. */
struct stream {
    sqlite3_stmt *statement;
    bool row;
    int64_t place; /* of the row it stands at */
    char at[TIMESTAMP_SIZE];
};

struct listing {
    struct sqlite_connection *connection;
    struct call_audit_list *call;
    struct stream runs, acts;
    size_t scanned;
};

static void note_row(struct stream *stream)
{
    const unsigned char *at = stream->row ? sqlite3_column_text(stream->statement, 1) : NULL;
    if (!stream->row)
        return;
    stream->place = sqlite3_column_int64(stream->statement, 0);
    strncpy(stream->at, at ? (const char *)at : "", sizeof(stream->at) - 1);
}

/* Where runs of that time and later begin, by halves: the first rowid to be left out. */
static bool find_end(struct sqlite_connection *connection, const char *to, int64_t *end,
                     struct error *err)
{
    int64_t low = 0, high = *end; /* runs up to low are earlier, those from high are not wanted */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        bool row;
        sqlite3_stmt *statement =
            sqlite_start(connection, STATEMENT_AUDIT_RUN_AT, err, "i", middle);
        if (!statement || !sqlite_step(connection, statement, &row, err))
            return false;
        bool earlier = !row || strcmp((const char *)sqlite3_column_text(statement, 1), to) < 0;
        int64_t at = row ? sqlite3_column_int64(statement, 0) : 0;
        sqlite3_reset(statement);
        if (earlier)
            low = middle;
        else
            high = at;
    }
    *end = high;
    return true;
}

static bool run_fits(const struct listing *listing)
{
    const struct audit_filter *filter = &listing->call->filter;
    const struct stream *runs = &listing->runs;
    const unsigned char *user = sqlite3_column_text(runs->statement, 2);
    return (!filter->user_id || (user && strcmp((const char *)user, filter->user_id) == 0)) &&
           (!filter->from || strcmp(runs->at, filter->from) >= 0) &&
           (!filter->to || strcmp(runs->at, filter->to) < 0);
}

/* To the next run that fits; ends at what is before the time asked for. When enough were looked at
 * it stands at one that does not fit, and the page ends there. */
static bool next_run(struct listing *listing, struct error *err)
{
    const struct audit_filter *filter = &listing->call->filter;
    struct stream *runs = &listing->runs;
    for (;;) {
        if (!sqlite_step(listing->connection, runs->statement, &runs->row, err))
            return false;
        note_row(runs);
        if (!runs->row || run_fits(listing))
            return true;
        if (filter->from && strcmp(runs->at, filter->from) < 0) {
            runs->row = false;
            return true;
        }
        if (++listing->scanned >= AUDIT_SCAN_MAX)
            return true;
    }
}

static bool start_runs(struct listing *listing, struct error *err)
{
    struct call_audit_list *call = listing->call;
    const struct audit_filter *filter = &call->filter;
    int64_t end = call->place.run;
    if (filter->action && strcmp(filter->action, AUDIT_QUESTION) != 0)
        return true;
    if (filter->to) {
        bool row;
        sqlite3_stmt *statement =
            sqlite_start(listing->connection, STATEMENT_AUDIT_RUN_AT, err, "i", end);
        if (!statement || !sqlite_step(listing->connection, statement, &row, err))
            return false;
        int64_t last = row ? sqlite3_column_int64(statement, 0) : 0;
        sqlite3_reset(statement);
        end = last < end ? last + 1 : end;
        if (!find_end(listing->connection, filter->to, &end, err))
            return false;
    }
    listing->runs.statement =
        sqlite_start(listing->connection, STATEMENT_AUDIT_RUNS, err, "i", end);
    return listing->runs.statement && next_run(listing, err);
}

static bool next_act(struct listing *listing, struct error *err)
{
    struct stream *acts = &listing->acts;
    if (!sqlite_step(listing->connection, acts->statement, &acts->row, err))
        return false;
    note_row(acts);
    return true;
}

static bool start_acts(struct listing *listing, struct error *err)
{
    const struct call_audit_list *call = listing->call;
    const struct audit_filter *filter = &call->filter;
    listing->acts.statement =
        sqlite_start(listing->connection, STATEMENT_AUDIT_ACTS, err, "itttt", call->place.act,
                     filter->user_id, filter->action, filter->from, filter->to);
    return listing->acts.statement && next_act(listing, err);
}

static void read_act(struct listing *listing)
{
    struct arena *arena = listing->call->arena;
    sqlite3_stmt *row = listing->acts.statement;
    listing->call->out[listing->call->count++] = (struct audit_record){
        .at = sqlite_column(row, 1, arena),
        .user_id = sqlite_column(row, 2, arena),
        .via = sqlite_column(row, 3, arena),
        .address = sqlite_column(row, 4, arena),
        .action = sqlite_column(row, 5, arena),
        .target = sqlite_column(row, 6, arena),
        .detail = sqlite_column(row, 7, arena),
        .outcome = "done",
    };
}

/* What a run's state says when its result says no more. */
static const char *outcome_of(const char *state, const char *status)
{
    static const char *const outcomes[][2] = {
        {"active", "active"}, {"complete", "answered"}, {"failed", "failed"}, {"cut", "interrupted"}};
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (strcmp(state, outcomes[i][0]) == 0)
            return i == 1 && status ? status : outcomes[i][1];
    return state;
}

static bool read_run(struct listing *listing, struct error *err)
{
    struct arena *arena = listing->call->arena;
    bool found;
    sqlite3_stmt *row = sqlite_start(listing->connection, STATEMENT_AUDIT_RUN, err, "i",
                                     listing->runs.place);
    if (!row || !sqlite_step(listing->connection, row, &found, err))
        return false;
    if (!found) /* removed meanwhile */
        return true;
    listing->call->out[listing->call->count++] = (struct audit_record){
        .at = sqlite_column(row, 4, arena),
        .user_id = sqlite_column(row, 2, arena),
        .action = AUDIT_QUESTION,
        .target = sqlite_column(row, 0, arena),
        .outcome = outcome_of(sqlite_column(row, 6, arena), sqlite_column(row, 7, arena)),
        .conversation_id = sqlite_column(row, 1, arena),
        .question = sqlite_column(row, 3, arena),
        .ended_at = sqlite_column(row, 5, arena),
        .dataset_id = sqlite_column(row, 8, arena),
        .sql = sqlite_column(row, 9, arena),
        .cost = sqlite3_column_double(row, 10),
        .has_cost = sqlite3_column_type(row, 10) != SQLITE_NULL,
    };
    sqlite3_reset(row);
    return true;
}

/* The later of both; at the same moment the act. */
static bool take_next(struct listing *listing, struct error *err)
{
    struct stream *runs = &listing->runs, *acts = &listing->acts;
    bool act = acts->row && (!runs->row || strcmp(acts->at, runs->at) >= 0);
    if (act) {
        read_act(listing);
        listing->call->place.act = acts->place;
        return next_act(listing, err);
    }
    if (!read_run(listing, err))
        return false;
    listing->call->place.run = runs->place;
    return next_run(listing, err);
}

bool sqlite_audit_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_audit_list *call = arg;
    struct listing listing = {.connection = connection, .call = call};
    call->out = arena_array(call->arena, call->limit, sizeof(*call->out));
    if (!start_runs(&listing, err) || !start_acts(&listing, err))
        return false;
    while ((listing.runs.row || listing.acts.row) && call->count < call->limit &&
           listing.scanned < AUDIT_SCAN_MAX)
        if (!take_next(&listing, err))
            return false;
    if (listing.runs.row && listing.scanned >= AUDIT_SCAN_MAX)
        call->place.run = listing.runs.place; /* the last that was looked at */
    call->more = listing.runs.row || listing.acts.row;
    return true;
}
