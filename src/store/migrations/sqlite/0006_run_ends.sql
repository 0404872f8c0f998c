-- SPDX-License-Identifier: Apache-2.0
-- What a run leaves when it ends is written once, behind what ended before it. In its row of `runs`, which is
-- among those of runs still under way, it made SQLite move other rows about; and a row for each event cost a
-- statement each. events: each after an RS (0x1e), as in RFC 7464; the first one's sequence is first_event.
-- Runs that ended before this version, and those that were cut, have their result and events where they were.
CREATE TABLE run_ends (
    sequence    INTEGER PRIMARY KEY,
    first_event INTEGER NOT NULL,
    events      TEXT NOT NULL,
    result      TEXT NOT NULL
) STRICT;
ALTER TABLE runs ADD COLUMN end_sequence INTEGER;
