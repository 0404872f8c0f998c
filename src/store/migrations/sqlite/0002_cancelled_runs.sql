-- SPDX-License-Identifier: Apache-2.0
-- Runs can be cancelled: a state of their own, and cancel_asked, by which a process asks the owner to do
-- it. SQLite changes a CHECK only with the table, so the rows move to a new one; and so do the events, which
-- refer to them: what is referred to can't be dropped. The last renaming but one makes them refer to `runs`.
CREATE TABLE runs_new (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id         TEXT NOT NULL,
    owner           INTEGER NOT NULL,
    question        TEXT NOT NULL,
    state           TEXT NOT NULL
                    CHECK (state IN ('active', 'complete', 'failed', 'cut', 'cancelled')),
    started_at      TEXT NOT NULL,
    ended_at        TEXT,
    result          TEXT,
    cancel_asked    INTEGER NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1))
) STRICT;
INSERT INTO runs_new (id, conversation_id, user_id, owner, question, state, started_at, ended_at, result)
    SELECT id, conversation_id, user_id, owner, question, state, started_at, ended_at, result FROM runs;
CREATE TABLE run_events_new (
    run_id   TEXT NOT NULL REFERENCES runs_new (id),
    sequence INTEGER NOT NULL,
    event    TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO run_events_new (run_id, sequence, event) SELECT run_id, sequence, event FROM run_events;
DROP TABLE run_events;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
ALTER TABLE run_events_new RENAME TO run_events;
CREATE INDEX runs_active ON runs (owner) WHERE state = 'active';
