-- SPDX-License-Identifier: Apache-2.0
-- Ids are texts with a prefix; "sequence" columns order what clocks can't. Times are ISO 8601, UTC.

-- activity: the sequence of the conversation's last message, or where the messages stood when it
-- was made (activity_created). Lists are ordered by it, and a list's later pages can tell what
-- the order was when its first page was read.
CREATE TABLE conversations (
    sequence         INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    user_id          TEXT NOT NULL,
    title            TEXT NOT NULL,
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    deleted_at       TEXT,
    message_count    INTEGER NOT NULL DEFAULT 0,
    activity         INTEGER NOT NULL,
    activity_created INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_user ON conversations (user_id, activity, sequence)
    WHERE deleted_at IS NULL;

-- A message is found by its conversation, never by its id alone: an index of random ids would cost each
-- question two more pages to write.
CREATE TABLE messages (
    sequence        INTEGER PRIMARY KEY,
    id              TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id          TEXT,
    role            TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    content         TEXT NOT NULL,
    sql             TEXT,
    metadata        TEXT,
    created_at      TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, sequence);

-- owner: the number whose byte the running process keeps locked in the file beside the database.
CREATE TABLE runs (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id         TEXT NOT NULL,
    owner           INTEGER NOT NULL,
    question        TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('active', 'complete', 'failed', 'cut')),
    started_at      TEXT NOT NULL,
    ended_at        TEXT,
    result          TEXT
) STRICT;
CREATE INDEX runs_active ON runs (owner) WHERE state = 'active';

CREATE TABLE run_events (
    run_id   TEXT NOT NULL REFERENCES runs (id),
    sequence INTEGER NOT NULL,
    event    TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: hits are counted in memory by id and written later; an id must not come back.
CREATE TABLE cache_entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    type       TEXT NOT NULL,
    key        BLOB NOT NULL,
    value      BLOB NOT NULL,
    dataset_id TEXT,
    expires_ms INTEGER NOT NULL,
    hits       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (type, key)
) STRICT;
CREATE INDEX cache_entries_by_expiry ON cache_entries (expires_ms);
CREATE INDEX cache_entries_by_dataset ON cache_entries (dataset_id) WHERE dataset_id IS NOT NULL;

CREATE TABLE dataset_embeddings (
    dataset_id TEXT NOT NULL,
    model_id   TEXT NOT NULL,
    version    TEXT NOT NULL,
    vector     BLOB NOT NULL,
    PRIMARY KEY (dataset_id, model_id)
) STRICT;

CREATE TABLE jobs (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    done       INTEGER NOT NULL DEFAULT 0,
    total      INTEGER NOT NULL DEFAULT 0,
    detail     TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
