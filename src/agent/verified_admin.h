/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators do with verified queries, for the API and the command line alike. */
#ifndef QUERENT_AGENT_VERIFIED_ADMIN_H
#define QUERENT_AGENT_VERIFIED_ADMIN_H

#include "agent/verified.h"

/* What is NULL stays as it is. */
struct verified_change {
    const char *question;
    const char *variants; /* JSON list of texts */
    const char *dataset_id;
    const char *sql;
    const char *slots; /* JSON, as verified_parse() reads it */
    const char *owner;
};

/* By its id, of the store or of a document ("orders:1"): then *from_document is set. */
TASK_WAITS bool verified_admin_get(struct agent *agent, const char *id, struct arena *arena,
                                   struct verified_record *out, bool *from_document,
                                   struct error *err);
/* Adds a candidate. */
TASK_WAITS bool verified_admin_add(struct agent *agent, const struct verified_change *change,
                                   struct arena *arena, struct verified_record *out,
                                   struct error *err);
/* An approved one stays approved if it still works, and is left as it was if not. */
TASK_WAITS bool verified_admin_edit(struct agent *agent, const char *id,
                                    const struct verified_change *change, struct arena *arena,
                                    struct verified_record *out, struct error *err);
/* To approve checks; `owner` NULL: it keeps its own. */
TASK_WAITS bool verified_admin_approve(struct agent *agent, const char *id, const char *owner,
                                       struct arena *arena, struct verified_record *out,
                                       struct error *err);
TASK_WAITS bool verified_admin_retire(struct agent *agent, const char *id, struct arena *arena,
                                      struct verified_record *out, struct error *err);

/* Those of documents, as records. */
TASK_WAITS bool verified_admin_documents(struct agent *agent, struct arena *arena,
                                         struct verified_record **out, size_t *count,
                                         struct error *err);

/* How the check of one has ended. */
struct verified_outcome {
    const char *id, *question;
    bool works;
    struct error error;
};
void verified_outcome_json(const struct verified_outcome *outcome, struct strbuf *out);
/* Checks all that answer, parks what is broken. False when it could not be done. */
TASK_WAITS bool verified_admin_check(struct agent *agent, struct arena *arena,
                                     struct verified_outcome **out, size_t *count,
                                     struct error *err);
/* The same for those of the store whose data has other names or types than when they were checked: a
 * fraction of a millisecond for each of the others. */
TASK_WAITS bool verified_admin_check_changed(struct agent *agent, struct error *err);

#endif
