-- SPDX-License-Identifier: Apache-2.0
-- What askers said about answers. One vote a user and message.
CREATE TABLE feedback (
    message_id      TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    run_id          TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    rating          TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    corrected_sql   TEXT,
    comment         TEXT,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

-- Candidates and verified queries. variants and slots are JSON lists. schema: what the data looked like when
-- the statement was last checked.
CREATE TABLE verified_queries (
    sequence    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    state       TEXT NOT NULL CHECK (state IN ('candidate', 'approved', 'parked', 'retired')),
    revision    INTEGER NOT NULL DEFAULT 0,
    question    TEXT NOT NULL,
    variants    TEXT NOT NULL,
    dataset_id  TEXT,
    sql         TEXT NOT NULL,
    slots       TEXT NOT NULL,
    owner       TEXT,
    proposed_by TEXT,
    run_id      TEXT,
    message_id  TEXT,
    turn        INTEGER NOT NULL DEFAULT 0,
    reason      TEXT,
    schema      TEXT,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    approved_at TEXT
) STRICT;
CREATE INDEX verified_queries_by_state ON verified_queries (state, sequence);
CREATE INDEX verified_queries_by_question ON verified_queries (question);
CREATE INDEX verified_queries_by_message ON verified_queries (message_id) WHERE message_id IS NOT NULL;

-- Other processes look at this number to know that what they have read is old.
CREATE TABLE verified_version (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO verified_version VALUES (1, 0);
