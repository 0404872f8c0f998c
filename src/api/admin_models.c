/* SPDX-License-Identifier: Apache-2.0 */
#include "api/admin_models.h"

#include "api/models.h"
#include "store/admin.h"

#define NAME_LENGTH_MAX 256 /* characters */
#define ROLE_LENGTH_MAX 64
#define DAY_S (24 * 3600)
_Static_assert(4 * NAME_LENGTH_MAX <= STORE_NAME_SIZE_MAX, "the store takes names of any characters");

static const struct field create_key_fields[] = {
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = NAME_LENGTH_MAX,
     .description = "Whose key it is", .example = "\"ana\""},
    {"role", FIELD_STRING, .fallback = "\"user\"", .length_min = 1, .length_max = ROLE_LENGTH_MAX,
     .pattern = "^[A-Za-z0-9_-]+$",
     .description = "user, admin, or one of your own that `access` of metadata asks for"},
    {"attributes", FIELD_TEXTS, .nullable = true, .pattern = "^[A-Za-z0-9_]{1,64}$",
     .description = "Texts that `access` of metadata asks for: {caller.office}",
     .example = "{\"office\":\"Lisbon\"}"},
    {"acts_for_others", FIELD_BOOLEAN, .fallback = "false",
     .description = "Whether its requests may name another user"},
    {"expires_in_days", FIELD_INTEGER, .nullable = true, .bounded = true, .minimum = 1,
     .maximum = STORE_KEY_LIFETIME_MAX_S / DAY_S, .description = "Without it: never"},
};
MODEL(model_create_key_request, "CreateKeyRequest", create_key_fields, "A key to be made.");

#define KEY_FIELDS                                                                               \
    {"id", FIELD_STRING, .required = true},                                                      \
        {"prefix", FIELD_STRING, .required = true,                                               \
         .description = "What the key begins with: tells keys apart, opens nothing"},            \
        {"user_id", FIELD_STRING, .required = true}, {"role", FIELD_STRING, .required = true},   \
        {"attributes", FIELD_TEXTS, .required = true},                                          \
        {"acts_for_others", FIELD_BOOLEAN, .required = true},                                    \
        {"created_at", FIELD_STRING, .required = true},                                          \
        {"expires_at", FIELD_STRING, .required = true, .nullable = true},                        \
        {"revoked_at", FIELD_STRING, .required = true, .nullable = true},                        \
    {                                                                                            \
        "last_used_on", FIELD_STRING, .required = true, .nullable = true, .description = "A day" \
    }

static const struct field api_key_fields[] = {KEY_FIELDS};
MODEL(model_api_key, "ApiKey", api_key_fields, "A key, without what opens the door.");

static const struct field api_key_created_fields[] = {
    {"key", FIELD_STRING, .required = true, .description = "Shown here and never again"},
    KEY_FIELDS,
};
MODEL(model_api_key_created, "ApiKeyCreated", api_key_created_fields, "A new key.");

static const struct field api_key_list_fields[] = {
    {"keys", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_api_key},
};
MODEL(model_api_key_list, "ApiKeyList", api_key_list_fields, "Keys, the newest first.");

static const char *const revoked[] = {"revoked", NULL};
static const struct field api_key_revoked_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = revoked},
    {"id", FIELD_STRING, .required = true},
};
MODEL(model_api_key_revoked, "ApiKeyRevoked", api_key_revoked_fields, "What was revoked.");

static const struct field index_request_fields[] = {
    {"datasets", FIELD_LIST, .nullable = true, .item = FIELD_STRING, .length_min = 1,
     .length_max = 1000, .example = "[\"sales\"]",
     .description = "Only these; what is new is read all the same. Without it: all"},
    {"force", FIELD_BOOLEAN, .fallback = "false",
     .description = "Also what has not changed: read and embedded again"},
};
MODEL(model_index_request, "IndexRequest", index_request_fields, "What is to be read again.");

static const char *const job_states[] = {"queued", "running", "done", "failed", NULL};
static const struct field job_fields[] = {
    {"job_id", FIELD_STRING, .required = true},
    {"kind", FIELD_STRING, .required = true, .description = "index"},
    {"state", FIELD_STRING, .required = true, .choices = job_states},
    {"trigger", FIELD_STRING, .required = true,
     .description = "request, timer, signal or change (of a folder)"},
    {"done", FIELD_INTEGER, .required = true},
    {"total", FIELD_INTEGER, .required = true, .description = "Documents and data files"},
    {"created_at", FIELD_STRING, .required = true},
    {"started_at", FIELD_STRING, .required = true, .nullable = true},
    {"updated_at", FIELD_STRING, .required = true},
    {"ended_at", FIELD_STRING, .required = true, .nullable = true},
    {"request", FIELD_OBJECT, .required = true, .nullable = true,
     .description = "What was asked for; null: everything"},
    {"result", FIELD_OBJECT, .required = true, .nullable = true,
     .description = "How many were added, changed, removed, unchanged, failed; what was read, "
                    "profiled, embedded; and each dataset's outcome, what failed first"},
    {"error", FIELD_STRING, .required = true, .nullable = true,
     .description = "Why a job failed as a whole"},
};
MODEL(model_job, "Job", job_fields, "Work in the background.");

static const struct field job_list_fields[] = {
    {"jobs", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_job},
};
MODEL(model_job_list, "JobList", job_list_fields, "The last jobs, the newest first.");

static const struct field audit_record_fields[] = {
    {"at", FIELD_STRING, .required = true, .description = "UTC; of a question, when it was asked"},
    {"action", FIELD_STRING, .required = true,
     .description = "question, or an act: index.start, key.create, cache.clear, ..."},
    {"user_id", FIELD_STRING, .required = true, .nullable = true,
     .description = "null: nobody was identified"},
    {"via", FIELD_STRING, .required = true, .nullable = true,
     .description = "Of an act: http, cli or server"},
    {"address", FIELD_STRING, .required = true, .nullable = true},
    {"target", FIELD_STRING, .required = true, .nullable = true,
     .description = "Id of what it was done to; of a question, its query_id"},
    {"outcome", FIELD_STRING, .required = true,
     .description = "done; of a question: answered, needs_clarification, no_answer, failed, "
                    "cancelled, interrupted or active"},
    {"detail", FIELD_OBJECT, .required = true, .nullable = true},
    {"conversation_id", FIELD_STRING, .required = true, .nullable = true},
    {"question", FIELD_STRING, .required = true, .nullable = true},
    {"datasets", FIELD_LIST, .required = true, .item = FIELD_STRING},
    {"sql_query", FIELD_STRING, .required = true, .nullable = true},
    {"cost", FIELD_NUMBER, .required = true, .nullable = true},
    {"ended_at", FIELD_STRING, .required = true, .nullable = true},
};
MODEL(model_audit_record, "AuditRecord", audit_record_fields, "Who did or asked what.");

static const struct field audit_list_fields[] = {
    {"records", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_audit_record},
    {"next_cursor", FIELD_STRING, .required = true, .nullable = true,
     .description = "For the next page; null at the end"},
};
MODEL(model_audit_list, "AuditList", audit_list_fields, "The trail, the newest first.");

static const struct field usage_sum_fields[] = {
    {"day", FIELD_STRING, .required = true, .description = "UTC"},
    {"user_id", FIELD_STRING, .required = true},
    {"provider", FIELD_STRING, .required = true},
    {"model", FIELD_STRING, .required = true},
    {"runs", FIELD_INTEGER, .required = true, .description = "Questions"},
    {"calls", FIELD_INTEGER, .required = true},
    {"tokens", FIELD_MODEL, .required = true, .model = &model_tokens},
    {"cost", FIELD_NUMBER, .required = true,
     .description = "US dollars, of the calls whose price is known"},
    {"unpriced_calls", FIELD_INTEGER, .required = true},
};
static MODEL(model_usage_sum, "UsageSum", usage_sum_fields,
             "What language models were used for, on a day, by a caller.");

static const struct field usage_list_fields[] = {
    {"usage", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_usage_sum},
};
MODEL(model_usage_list, "UsageList", usage_list_fields, "Sums, the latest day first.");
