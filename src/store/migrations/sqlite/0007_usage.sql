-- SPDX-License-Identifier: Apache-2.0
-- What language models were used for: sums, a row for each day (UTC), caller, provider and model. Runs without
-- a model write none. cost_nano: US dollars / 10^9 of the calls whose price is known; unpriced: the others.
CREATE TABLE usage (
    day           TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    runs          INTEGER NOT NULL,
    calls         INTEGER NOT NULL,
    input         INTEGER NOT NULL,
    cached        INTEGER NOT NULL,
    cache_written INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    cost_nano     INTEGER NOT NULL,
    unpriced      INTEGER NOT NULL,
    PRIMARY KEY (day, user_id, provider, model)
) STRICT, WITHOUT ROWID;
