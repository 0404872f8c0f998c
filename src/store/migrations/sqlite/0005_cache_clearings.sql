-- SPDX-License-Identifier: Apache-2.0
-- What was cleared from the cache, the latest: processes that share the store forget it in memory too.
CREATE TABLE cache_clearings (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    type       TEXT,
    dataset_id TEXT
) STRICT;
