/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified queries at work: a question that is equal to one is answered by it, with no planner and
 * no model, on the same way as any other (retrieve pins its dataset, generate proposes its SQL;
 * firewall, engine and answer follow as always).
 *
 * One is checked when it is approved, and again when the schema of the data that it reads has
 * changed: by who reads that data again, and before it answers. One that fails then is parked and
 * does not answer any more.
 */
#ifndef QUERENT_AGENT_VERIFIED_H
#define QUERENT_AGENT_VERIFIED_H

#include "agent/run.h"

/* Sets run->verified if the question is equal to a verified one that works. False only when the run
 * must end (cancelled, late). */
TASK_WAITS bool verified_find(struct run *run, struct error *err);
/* Fills run->proposal from run->verified. */
void verified_propose(struct run *run);
/* "a verified query of ana" */
const char *verified_reason(const struct run *run);
/* {"id", "question", "owner", "date", "slots": {"region": "North", "time": {"from", "to"}}} */
void verified_json(const struct run_verified *verified, struct strbuf *out);
/* "Verified by ana on 2026-11-01; region = North, time = last month" */
const char *verified_line(const struct run_verified *verified, struct arena *arena);

/*
 * Tries the query on the data as it is: slots filled with sample values, firewall, engine, limits.
 * *schema is what it was tried on; where that is `same_schema` (may be NULL) nothing is executed.
 * False with the reason: ERROR_INVALID, ERROR_NOT_FOUND (its
 * dataset), ERROR_SQL_REFUSED, ERROR_SQL_FAILED; other codes say nothing of the query.
 */
TASK_WAITS bool verified_check(struct agent *agent, const struct verified_entry *query,
                               const char *same_schema, struct arena *arena, const char **schema,
                               struct error *err);
/* Is the error one of the query itself? */
bool verified_is_its_fault(enum error_code code);

/* Takes the record apart (in a thread), as verified_parse(). */
TASK_WAITS bool verified_read(const struct verified_record *record, struct arena *arena,
                              struct verified_entry *out, struct error *err);

/* Puts the changed record into the store and what the process knows. One that is or becomes
 * approved is checked first, and refused if it fails or its question is another one's already. */
TASK_WAITS bool verified_save(struct agent *agent, struct verified_record *record,
                              struct arena *arena, struct error *err);
/* Checks an approved one, or one of a document, now; false with the reason. A broken one does
 * not answer in this process, and is parked for all where it was this very dataset that it was
 * approved for. Unless it is `anew`, it is not executed on the schema that it has worked on. */
TASK_WAITS bool verified_recheck(struct agent *agent, struct verified_entry *query, bool anew,
                                 struct arena *arena, struct error *err);

/* What the vote on an answer proposes (agent/candidate.c): its question and SQL, or the
 * corrected one, with slots for the values and periods that the planner took from the question's
 * words. False: it is no answer from SQL. */
TASK_WAITS bool candidate_from_answer(struct agent *agent, const struct answered *answer,
                                      const char *corrected_sql, const char *user_id,
                                      struct arena *arena, struct verified_record *out);

#endif
