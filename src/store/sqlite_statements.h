/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of the SQLite store, one row each (an X-macro table: define STATEMENT, include,
 * undefine). Each connection prepares a statement when it is first used and keeps it.
 */
STATEMENT(BEGIN, "BEGIN IMMEDIATE")
STATEMENT(COMMIT, "COMMIT")
STATEMENT(ROLLBACK, "ROLLBACK")
STATEMENT(SAVEPOINT, "SAVEPOINT operation")
STATEMENT(SAVEPOINT_UNDO, "ROLLBACK TO operation")
STATEMENT(SAVEPOINT_END, "RELEASE operation")
STATEMENT(SCHEMA_VERSION, "SELECT max(version) FROM schema_migrations")

STATEMENT(CONVERSATION_INSERT,
          "INSERT INTO conversations (id, user_id, title, created_at, updated_at, message_count,"
          " activity, activity_created)"
          " SELECT ?1, ?2, ?3, ?4, ?4, ?5, position + ?5, position"
          " FROM (SELECT coalesce(max(sequence), 0) AS position FROM messages)")
STATEMENT(CONVERSATION_GET,
          "SELECT id, user_id, title, created_at, updated_at, message_count FROM conversations"
          " WHERE id = ?1 AND (?2 IS NULL OR user_id = ?2) AND deleted_at IS NULL")
STATEMENT(CONVERSATION_EXISTS, "SELECT 1 FROM conversations WHERE id = ?1 AND deleted_at IS NULL")
/* The second half are those that changed after the snapshot, at the place they had then. The first
 * half is read off its index in order, and ends at the limit. */
STATEMENT(CONVERSATION_LIST,
          "SELECT id, user_id, title, created_at, updated_at, message_count, sequence, place FROM ("
          " SELECT * FROM (SELECT *, activity AS place FROM conversations"
          "  WHERE user_id = ?1 AND deleted_at IS NULL AND activity <= ?2"
          "   AND (activity, sequence) < (?3, ?4)"
          "  ORDER BY activity DESC, sequence DESC LIMIT ?5)"
          " UNION ALL"
          " SELECT * FROM (SELECT *, coalesce((SELECT max(m.sequence) FROM messages AS m"
          "   WHERE m.conversation_id = c.id AND m.sequence <= ?2), activity_created) AS place"
          "  FROM conversations AS c"
          "  WHERE user_id = ?1 AND deleted_at IS NULL AND activity > ?2))"
          " WHERE (place, sequence) < (?3, ?4) ORDER BY place DESC, sequence DESC LIMIT ?5")
STATEMENT(CONVERSATION_DELETE, "UPDATE conversations SET deleted_at = ?3"
                               " WHERE id = ?1 AND (?2 IS NULL OR user_id = ?2) AND deleted_at IS NULL")
/* Counts a message that is inserted next; a conversation without a title gets one. */
STATEMENT(CONVERSATION_ASK,
          "UPDATE conversations SET message_count = message_count + 1, updated_at = ?3,"
          " activity = (SELECT coalesce(max(sequence), 0) + 1 FROM messages),"
          " title = CASE WHEN title = '' AND message_count = 0 THEN ?4 ELSE title END"
          " WHERE id = ?1 AND user_id = ?2 AND deleted_at IS NULL")
STATEMENT(CONVERSATION_ANSWER,
          "UPDATE conversations SET message_count = message_count + 1, updated_at = ?2,"
          " activity = (SELECT coalesce(max(sequence), 0) + 1 FROM messages) WHERE id = ?1")
STATEMENT(MESSAGE_INSERT,
          "INSERT INTO messages (sequence, id, conversation_id, run_id, role, content, sql,"
          " metadata, created_at)"
          " SELECT coalesce(max(sequence), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM messages")
STATEMENT(MESSAGES_LAST,
          "SELECT id, conversation_id, run_id, created_at, role, content, sql, metadata"
          " FROM messages WHERE conversation_id = ?1 ORDER BY sequence DESC LIMIT ?2")
/* What a run's steps were is kept once, in its result. */
STATEMENT(MESSAGES_PAGE,
          "SELECT m.id, m.conversation_id, run_id, created_at, role, content, sql, metadata, m.sequence,"
          " CASE WHEN role = 'assistant' AND json_valid(coalesce(e.result, r.result))"
          "  AND json_type(coalesce(e.result, r.result), '$.steps') = 'array'"
          "  THEN json_extract(coalesce(e.result, r.result), '$.steps') END"
          " FROM messages AS m LEFT JOIN runs AS r ON r.id = run_id"
          " LEFT JOIN run_ends AS e ON e.sequence = end_sequence"
          " WHERE m.conversation_id = ?1 AND m.sequence < ?2 ORDER BY m.sequence DESC LIMIT ?3")

STATEMENT(RUN_INSERT,
          "INSERT INTO runs (id, conversation_id, user_id, owner, question, state, started_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6) ON CONFLICT DO NOTHING")
/* Just before the run itself is written, which then says where it is. */
STATEMENT(RUN_LEAVE, "INSERT INTO run_ends (first_event, events, result) VALUES (?1, ?2, ?3)")
STATEMENT(RUN_END, "UPDATE runs SET state = ?3, end_sequence = last_insert_rowid(), ended_at = ?4"
                   " WHERE id = ?1 AND conversation_id = ?2 AND state = 'active'")
/* Without events it has no end of its own: its row is the last one, and as good a place for the result. */
STATEMENT(RUN_INSERT_ENDED,
          "INSERT INTO runs (id, conversation_id, user_id, owner, question, state, started_at,"
          " ended_at, result, end_sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8,"
          " CASE WHEN ?8 IS NULL THEN last_insert_rowid() END) ON CONFLICT DO NOTHING")
STATEMENT(RUN_CUT, "UPDATE runs SET state = 'cut', result = ?3, ended_at = ?4"
                   " WHERE id = ?1 AND conversation_id = ?2 AND state = 'active'")
STATEMENT(RUN_EXISTS, "SELECT 1 FROM runs WHERE id = ?1")
STATEMENT(RUN_IS_ACTIVE, "SELECT 1 FROM runs WHERE id = ?1 AND state = 'active'")
STATEMENT(RUN_ASK_CANCEL,
          "UPDATE runs SET cancel_asked = 1 WHERE id = ?1 AND state = 'active' AND cancel_asked = 0")
STATEMENT(RUNS_TO_CANCEL,
          "SELECT id FROM runs WHERE owner = ?1 AND state = 'active' AND cancel_asked = 1")
/* Where a run's result is: with its end, or in its own row. */
#define RUN_RESULT \
    "coalesce((SELECT e.result FROM run_ends AS e WHERE e.sequence = end_sequence), runs.result)"
STATEMENT(RUN_GET,
          "SELECT id, conversation_id, user_id, question, started_at, ended_at, state, " RUN_RESULT
          " FROM runs WHERE id = ?1 AND EXISTS (SELECT 1 FROM conversations AS c"
          "  WHERE c.id = conversation_id AND c.deleted_at IS NULL)")
STATEMENT(RUNS_OF_OTHERS,
          "SELECT id, conversation_id, user_id, question, started_at, owner"
          " FROM runs WHERE state = 'active' AND owner <> ?1 ORDER BY started_at, id LIMIT ?2")
STATEMENT(RUN_ABANDONED,
          "SELECT id, conversation_id, user_id, question, started_at, owner"
          " FROM runs WHERE id = ?1 AND owner = ?2 AND state = 'active'")
STATEMENT(EVENT_INSERT,
          "INSERT INTO run_events (run_id, sequence, event) SELECT ?1, ?2, ?3 WHERE ?2 ="
          " (SELECT coalesce(max(sequence), 0) + 1 FROM run_events WHERE run_id = ?1)")
STATEMENT(EVENT_INSERT_LATER, "INSERT INTO run_events (run_id, sequence, event) VALUES (?1, ?2, ?3)")
STATEMENT(EVENT_LAST, "SELECT coalesce(max(sequence), 0) FROM run_events WHERE run_id = ?1")
STATEMENT(EVENT_INSERT_LAST,
          "INSERT INTO run_events (run_id, sequence, event)"
          " SELECT ?1, coalesce(max(sequence), 0) + 1, ?2 FROM run_events WHERE run_id = ?1")
STATEMENT(EVENTS_AFTER, "SELECT sequence, event FROM run_events WHERE run_id = ?1 AND sequence > ?2"
                        " ORDER BY sequence")
STATEMENT(EVENTS_LEFT, "SELECT first_event, events FROM run_ends"
                       " WHERE sequence = (SELECT end_sequence FROM runs WHERE id = ?1)")

#define USAGE_SUMS                                                                                 \
    " ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, calls = calls + excluded.calls,"       \
    " input = input + excluded.input, cached = cached + excluded.cached,"                           \
    " cache_written = cache_written + excluded.cache_written, output = output + excluded.output,"    \
    " cost_nano = cost_nano + excluded.cost_nano, unpriced = unpriced + excluded.unpriced"
STATEMENT(USAGE_ADD_RUN,
          "INSERT INTO usage (user_id, day, provider, model, runs, calls, input, cached, cache_written,"
          " output, cost_nano, unpriced) SELECT user_id, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
          " FROM runs WHERE id = ?1" USAGE_SUMS)
STATEMENT(USAGE_ADD,
          "INSERT INTO usage (user_id, day, provider, model, runs, calls, input, cached, cache_written,"
          " output, cost_nano, unpriced) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
          USAGE_SUMS)
#undef USAGE_SUMS
STATEMENT(USAGE_LIST,
          "SELECT day, user_id, provider, model, runs, calls, input, cached, cache_written, output,"
          " cost_nano, unpriced FROM usage WHERE (?1 IS NULL OR user_id = ?1)"
          " AND (?2 IS NULL OR day >= ?2) ORDER BY day DESC, cost_nano DESC, user_id, provider, model"
          " LIMIT ?3")

STATEMENT(CONVERSATION_NEWEST, "SELECT max(sequence) FROM conversations")
STATEMENT(SWEEP_FIND,
          "SELECT id, sequence FROM conversations WHERE sequence > ?1 AND sequence <= ?2"
          " AND (deleted_at < ?3 OR updated_at < ?4) ORDER BY sequence LIMIT 1")
/* What is marked stays so in later sweeps: '' is before every time. */
STATEMENT(SWEEP_MARK,
          "UPDATE conversations SET deleted_at = '' WHERE id = ?1"
          " AND (deleted_at < ?2 OR updated_at < ?3) AND NOT EXISTS"
          " (SELECT 1 FROM runs INDEXED BY runs_active"
          "  WHERE state = 'active' AND conversation_id = ?1)")
STATEMENT(SWEEP_MESSAGE, "SELECT sequence, id, run_id, (SELECT max(sequence) FROM messages)"
                         " FROM messages WHERE conversation_id = ?1 ORDER BY sequence LIMIT 1")
STATEMENT(SWEEP_FEEDBACK, "DELETE FROM feedback WHERE message_id = ?1")
STATEMENT(SWEEP_EVENTS, "DELETE FROM run_events WHERE run_id = ?1")
STATEMENT(SWEEP_END, "DELETE FROM run_ends"
                     " WHERE sequence = (SELECT end_sequence FROM runs WHERE id = ?1)")
STATEMENT(SWEEP_RUN, "DELETE FROM runs WHERE id = ?1")
STATEMENT(SWEEP_REMOVE_MESSAGE, "DELETE FROM messages WHERE sequence = ?1")
STATEMENT(SWEEP_REMOVE_CONVERSATION, "DELETE FROM conversations WHERE id = ?1")
/* Deleted, and never to be swept: '9' is after every time. */
STATEMENT(SWEEP_PLACEHOLDER,
          "INSERT INTO conversations (id, user_id, title, created_at, updated_at, deleted_at,"
          " message_count, activity, activity_created)"
          " VALUES (?1, '', '', '9', '9', '9', 1, 0, 0) ON CONFLICT DO NOTHING")
STATEMENT(SWEEP_KEEP_PLACE,
          "UPDATE messages SET conversation_id = ?2, id = '', run_id = NULL, content = '',"
          " sql = NULL, metadata = NULL, created_at = '' WHERE sequence = ?1")
STATEMENT(SWEEP_OLD_PLACES, "DELETE FROM messages WHERE conversation_id = ?1"
                            " AND sequence < (SELECT max(sequence) FROM messages)")

STATEMENT(CACHE_GET,
          "SELECT id, value FROM cache_entries WHERE type = ?1 AND key = ?2 AND expires_ms > ?3")
STATEMENT(CACHE_PUT, "INSERT INTO cache_entries (type, key, value, dataset_id, expires_ms)"
                     " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (type, key) DO UPDATE SET"
                     " value = excluded.value, dataset_id = excluded.dataset_id,"
                     " expires_ms = excluded.expires_ms")
STATEMENT(CACHE_EXPIRE, "DELETE FROM cache_entries WHERE id IN (SELECT id FROM cache_entries"
                        " WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)")
/* All entries but the newest whose sizes, with ?1 bytes each for the row, sum up to ?2. */
STATEMENT(CACHE_TRIM, "DELETE FROM cache_entries WHERE id <= (SELECT max(id) FROM (SELECT id,"
                      " sum(length(key) + length(value) + ?1) OVER (ORDER BY id DESC) AS total"
                      " FROM cache_entries) WHERE total > ?2)")
STATEMENT(CACHE_HITS, "UPDATE cache_entries SET hits = hits + ?2 WHERE id = ?1")
STATEMENT(CACHE_STATS,
          "SELECT type, count(*), sum(hits), sum(length(key) + length(value)) FROM cache_entries"
          " WHERE expires_ms > ?1 GROUP BY type ORDER BY type")
STATEMENT(CACHE_HITS_BY_KEY,
          "UPDATE cache_entries SET hits = hits + ?3 WHERE type = ?1 AND key = ?2")
STATEMENT(CACHE_NEWEST, "SELECT coalesce(max(id), 0) FROM cache_entries")
/* One for each index that finds them: ?1 type, ?2 dataset, ?3 and before expired, up to the entry
 * ?4, at most ?5. Where the index also finds what does not match, it goes on behind ?6 or at ?7: else
 * each would look at all of that again. */
#define CACHE_CLEAR_SOME(condition)                                           \
    "DELETE FROM cache_entries WHERE id IN (SELECT id FROM cache_entries"     \
    " WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR dataset_id = ?2)"    \
    " AND expires_ms <= ?3 AND id <= ?4 AND id > ?6 AND expires_ms >= ?7 AND " condition \
    " LIMIT ?5) RETURNING id, expires_ms"
STATEMENT(CACHE_CLEAR_ALL, CACHE_CLEAR_SOME("true"))
STATEMENT(CACHE_CLEAR_TYPE, CACHE_CLEAR_SOME("type = ?1"))
STATEMENT(CACHE_CLEAR_DATASET, CACHE_CLEAR_SOME("dataset_id = ?2 ORDER BY id"))
STATEMENT(CACHE_CLEAR_EXPIRED, CACHE_CLEAR_SOME("expires_ms <= ?3 ORDER BY expires_ms"))
#undef CACHE_CLEAR_SOME
STATEMENT(CACHE_CLEARING_PUT, "INSERT INTO cache_clearings (type, dataset_id) VALUES (?1, ?2)")
STATEMENT(CACHE_CLEARINGS_TRIM, "DELETE FROM cache_clearings"
                                " WHERE id <= (SELECT max(id) FROM cache_clearings) - ?1")
STATEMENT(CACHE_CLEARINGS,
          "SELECT id, type, dataset_id FROM cache_clearings WHERE id > ?1 ORDER BY id")

STATEMENT(EMBEDDING_GET, "SELECT vector FROM dataset_embeddings"
                         " WHERE dataset_id = ?1 AND model_id = ?2 AND version = ?3")
STATEMENT(EMBEDDING_PUT, "INSERT INTO dataset_embeddings (dataset_id, model_id, version, vector)"
                         " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (dataset_id, model_id) DO UPDATE SET"
                         " version = excluded.version, vector = excluded.vector")

STATEMENT(JOB_INSERT, "INSERT INTO jobs (id, kind, state, owner, trigger_name, request, created_at,"
                      " updated_at) VALUES (?1, ?2, 'queued', ?3, ?4, ?5, ?6, ?6)")
STATEMENT(JOB_UPDATE,
          "UPDATE jobs SET state = ?2, done = ?3, total = ?4, detail = ?5, error = ?6,"
          " updated_at = ?7, started_at = CASE WHEN ?2 = 'queued' THEN NULL"
          " ELSE coalesce(started_at, ?7) END,"
          " ended_at = CASE WHEN ?2 IN ('done', 'failed') THEN ?7 END"
          " WHERE id = ?1 AND owner = ?8 AND state IN ('queued', 'running')")
#define JOB_COLUMNS                                                                               \
    "id, kind, state, trigger_name, request, created_at, updated_at, started_at, ended_at, done," \
    " total, detail, error"
STATEMENT(JOB_EXISTS, "SELECT 1 FROM jobs WHERE id = ?1")
STATEMENT(JOB_GET, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?1")
STATEMENT(JOB_ACTIVE, "SELECT " JOB_COLUMNS " FROM jobs"
                      " WHERE kind = ?1 AND state IN ('queued', 'running')")
STATEMENT(JOB_LIST, "SELECT " JOB_COLUMNS " FROM jobs ORDER BY rowid DESC LIMIT ?1")
STATEMENT(JOBS_ACTIVE, "SELECT id, owner FROM jobs WHERE state IN ('queued', 'running')")
STATEMENT(JOB_INTERRUPT, "UPDATE jobs SET state = 'failed', error = ?2, updated_at = ?3,"
                         " ended_at = ?3 WHERE id = ?1")
STATEMENT(JOBS_PRUNE, "DELETE FROM jobs WHERE state IN ('done', 'failed') AND rowid <= (SELECT rowid"
                      " FROM jobs WHERE state IN ('done', 'failed')"
                      " ORDER BY rowid DESC LIMIT 1 OFFSET ?1)")

STATEMENT(KEY_COUNT, "SELECT count(*) FROM api_keys")
STATEMENT(KEY_INSERT,
          "INSERT INTO api_keys (id, prefix, hash, user_id, role, attributes, acts_for_others,"
          " created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
#define KEY_COLUMNS                                                                             \
    "id, prefix, user_id, role, attributes, acts_for_others, created_at, expires_at,"           \
    " revoked_at, last_used_on"
STATEMENT(KEY_LIST, "SELECT " KEY_COLUMNS " FROM api_keys ORDER BY sequence DESC")
STATEMENT(KEY_FIND, "SELECT " KEY_COLUMNS ", hash FROM api_keys WHERE prefix = ?1")
STATEMENT(KEY_EXISTS, "SELECT 1 FROM api_keys WHERE id = ?1")
STATEMENT(KEY_REVOKE, "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
STATEMENT(KEY_USED, "UPDATE api_keys SET last_used_on = ?2 WHERE id = ?1")

STATEMENT(AUDIT_INSERT, "INSERT INTO audit (at, user_id, via, address, action, target, detail)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
STATEMENT(AUDIT_ACTS, "SELECT sequence, at, user_id, via, address, action, target, detail FROM audit"
                      " WHERE sequence < ?1 AND (?2 IS NULL OR user_id = ?2)"
                      " AND (?3 IS NULL OR action = ?3) AND (?4 IS NULL OR at >= ?4)"
                      " AND (?5 IS NULL OR at < ?5) ORDER BY sequence DESC")
/* Runs by the order in which they were written: an index on their time would cost each question. */
STATEMENT(AUDIT_RUN_AT, "SELECT rowid, started_at FROM runs WHERE rowid <= ?1"
                        " ORDER BY rowid DESC LIMIT 1")
STATEMENT(AUDIT_RUNS, "SELECT rowid, started_at, user_id FROM runs WHERE rowid < ?1"
                      " ORDER BY rowid DESC")
STATEMENT(AUDIT_RUN,
          "SELECT id, conversation_id, user_id, question, started_at, ended_at, state,"
          " json_extract(told, '$.status'), json_extract(told, '$.metadata.selected_dataset'),"
          " json_extract(told, '$.sql_query'), json_extract(told, '$.metadata.cost')"
          " FROM (SELECT *, CASE WHEN json_valid(given) THEN given END AS told"
          "  FROM (SELECT *, " RUN_RESULT " AS given FROM runs WHERE rowid = ?1))")

/* The answer with its question; its turn is how many answers its conversation had with it. */
STATEMENT(ANSWER_OF_RUN,
          "SELECT m.id, m.run_id, m.conversation_id, r.question, m.sql, m.metadata,"
          " (SELECT count(*) FROM messages AS o WHERE o.conversation_id = m.conversation_id"
          "  AND o.role = 'assistant' AND o.sequence <= m.sequence)"
          " FROM runs AS r JOIN conversations AS c ON c.id = r.conversation_id"
          " JOIN messages AS m ON m.conversation_id = c.id"
          " WHERE r.id = ?2 AND c.user_id = ?1 AND c.deleted_at IS NULL AND m.run_id = ?2"
          " AND m.role = 'assistant' AND (?3 IS NULL OR m.id = ?3) AND (?4 IS NULL OR c.id = ?4)")
STATEMENT(ANSWER_OF_MESSAGE,
          "SELECT m.id, m.run_id, m.conversation_id, r.question, m.sql, m.metadata,"
          " (SELECT count(*) FROM messages AS o WHERE o.conversation_id = m.conversation_id"
          "  AND o.role = 'assistant' AND o.sequence <= m.sequence)"
          " FROM conversations AS c JOIN messages AS m ON m.conversation_id = c.id"
          " JOIN runs AS r ON r.id = m.run_id"
          " WHERE c.user_id = ?1 AND c.deleted_at IS NULL AND (?3 IS NULL OR c.id = ?3)"
          " AND m.id = ?2 AND m.role = 'assistant' ORDER BY c.activity DESC LIMIT 1")
STATEMENT(FEEDBACK_PUT,
          "INSERT INTO feedback (message_id, user_id, run_id, conversation_id, rating,"
          " corrected_sql, comment, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)"
          " ON CONFLICT (message_id, user_id) DO UPDATE SET rating = excluded.rating,"
          " corrected_sql = excluded.corrected_sql, comment = excluded.comment,"
          " updated_at = excluded.updated_at")
STATEMENT(VERIFIED_WITHDRAW,
          "DELETE FROM verified_queries WHERE message_id = ?1 AND proposed_by = ?2"
          " AND state = 'candidate' AND revision = 0 AND id IS NOT ?3")
STATEMENT(VERIFIED_INSERT,
          "INSERT INTO verified_queries (id, state, question, variants, dataset_id, sql, slots, owner,"
          " proposed_by, run_id, message_id, turn, schema, created_at, updated_at, approved_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15)")
STATEMENT(VERIFIED_SAME, "SELECT id FROM verified_queries WHERE question = ?1 AND sql = ?2"
                         " AND dataset_id IS ?3 ORDER BY sequence LIMIT 1")
STATEMENT(VERIFIED_COUNT, "SELECT count(*) FROM verified_queries WHERE state = ?1"
                          " AND id <> ?2")
STATEMENT(VERIFIED_EXISTS, "SELECT 1 FROM verified_queries WHERE id = ?1")
STATEMENT(VERIFIED_GET,
          "SELECT id, state, revision, question, variants, dataset_id, sql, slots, owner, proposed_by,"
          " run_id, message_id, turn, reason, schema, created_at, updated_at, approved_at"
          " FROM verified_queries WHERE id = ?1")
STATEMENT(VERIFIED_LIST,
          "SELECT id, state, revision, question, variants, dataset_id, sql, slots, owner, proposed_by,"
          " run_id, message_id, turn, reason, schema, created_at, updated_at, approved_at, sequence"
          " FROM verified_queries WHERE (?1 IS NULL OR state = ?1) AND sequence < ?2"
          " ORDER BY sequence DESC LIMIT ?3")
STATEMENT(VERIFIED_UPDATE,
          "UPDATE verified_queries SET revision = revision + 1, state = ?3, question = ?4,"
          " variants = ?5, dataset_id = ?6, sql = ?7, slots = ?8, owner = ?9, reason = ?10,"
          " schema = ?11, updated_at = ?12, approved_at = ?13, turn = ?14"
          " WHERE id = ?1 AND revision = ?2")
STATEMENT(VERIFIED_CHANGED, "UPDATE verified_version SET version = version + 1")
STATEMENT(VERIFIED_VERSION, "SELECT version FROM verified_version")
