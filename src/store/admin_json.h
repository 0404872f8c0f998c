/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, jobs and the audit trail as JSON, as the API and the command line tell them. */
#ifndef QUERENT_STORE_ADMIN_JSON_H
#define QUERENT_STORE_ADMIN_JSON_H

#include "core/strbuf.h"
#include "store/admin.h"

/* An object. `key`: the whole key, when it was just made; NULL. */
void api_key_json(const struct api_key *row, const char *key, struct strbuf *json);
void audit_record_json(const struct audit_record *record, struct strbuf *json);
void job_json(const struct job *job, struct strbuf *json);

#endif
