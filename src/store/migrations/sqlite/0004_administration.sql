-- SPDX-License-Identifier: Apache-2.0

-- owner: as in runs. trigger_name: what started it. No version before this one made jobs.
ALTER TABLE jobs ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN trigger_name TEXT NOT NULL DEFAULT 'request';
ALTER TABLE jobs ADD COLUMN request TEXT;
ALTER TABLE jobs ADD COLUMN started_at TEXT;
ALTER TABLE jobs ADD COLUMN ended_at TEXT;
ALTER TABLE jobs ADD COLUMN error TEXT;
UPDATE jobs SET state = 'failed', error = 'interrupted' WHERE state IN ('queued', 'running');
-- At most one of a kind is under way, in all processes together.
CREATE UNIQUE INDEX jobs_active ON jobs (kind) WHERE state IN ('queued', 'running');

-- Administrative acts, only ever added to. Questions are in runs.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    user_id  TEXT,
    via      TEXT NOT NULL,
    address  TEXT,
    action   TEXT NOT NULL,
    target   TEXT,
    detail   TEXT
) STRICT;

-- prefix finds a key, hash is the SHA-256 of all of it.
CREATE TABLE api_keys (
    sequence        INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    prefix          TEXT NOT NULL UNIQUE,
    hash            BLOB NOT NULL,
    user_id         TEXT NOT NULL,
    role            TEXT NOT NULL,
    attributes      TEXT NOT NULL,
    acts_for_others INTEGER NOT NULL,
    created_at      TEXT NOT NULL,
    expires_at      TEXT,
    revoked_at      TEXT,
    last_used_on    TEXT
) STRICT;
