/* SPDX-License-Identifier: Apache-2.0 */
#include "api/verified_models.h"

#include "verified/verified.h"

#define ID_LENGTH_MAX 256 /* characters */
#define COMMENT_LENGTH_MAX 4000
#define SAMPLE_LENGTH_MAX 100
_Static_assert(4 * COMMENT_LENGTH_MAX <= STORE_COMMENT_SIZE_MAX, "the store takes any comment");

static const char *const ratings[] = {"up", "down", NULL};
static const char *const stored[] = {"stored", NULL};
static const char *const kinds[] = {"text", "number", "date", "period", NULL};
static const char *const states[] = {"candidate", "approved", "parked", "retired", NULL};
static const char *const sources[] = {"store", "document", NULL};

#define QUESTION_EXAMPLE "\"How much did we sell in {region} in {time}?\""
#define SQL_EXAMPLE                                                                           \
    "\"SELECT sum(revenue) FROM orders WHERE region = {region} AND order_date >= {time.from}" \
    " AND order_date < {time.to}\""

static const struct field feedback_fields[] = {
    {"message_id", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "The answer, by its message; or name its query_id."},
    {"query_id", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "The answer, by its run.", .example = "\"query_0123456789abcdef\""},
    {"conversation_id", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "Where the message is, if it is known: then it is found sooner."},
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = ID_LENGTH_MAX,
     .description = "Whose vote, and whose conversation.", .example = "\"ana\""},
    {"rating", FIELD_STRING, .required = true, .choices = ratings, .example = "\"up\""},
    {"corrected_sql", FIELD_STRING, .nullable = true, .length_max = STORE_VERIFIED_SQL_MAX,
     .description = "What would have been right."},
    {"comment", FIELD_STRING, .nullable = true, .length_max = COMMENT_LENGTH_MAX},
};
MODEL(model_feedback_request, "FeedbackRequest", feedback_fields, "A vote on an answer.");

static const struct field feedback_response_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = stored},
    {"message_id", FIELD_STRING, .required = true},
    {"query_id", FIELD_STRING, .required = true},
    {"rating", FIELD_STRING, .required = true, .choices = ratings},
    {"candidate_id", FIELD_STRING, .required = true, .nullable = true,
     .description = "Of the candidate for a verified query that came of it."},
};
MODEL(model_feedback_response, "FeedbackResponse", feedback_response_fields, "The vote is kept.");

static const struct field slot_fields[] = {
    {"name", FIELD_STRING, .required = true, .length_min = 1, .length_max = SLOT_NAME_MAX,
     .pattern = "^[a-z][a-z0-9_]*$", .description = "A letter, then small letters, digits and '_'.", .example = "\"region\""},
    {"kind", FIELD_STRING, .required = true, .choices = kinds, .example = "\"text\""},
    {"column", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "Of text: whose values it may be; without it, the column of its own name."},
    {"sample", FIELD_STRING, .nullable = true, .length_max = SAMPLE_LENGTH_MAX,
     .description = "What checks put in, in words as in a question."},
};
MODEL(model_verified_slot, "VerifiedSlot", slot_fields,
      "What may differ from question to question.");

static const struct field query_fields[] = {
    {"id", FIELD_STRING, .required = true, .example = "\"verified_0123456789abcdef\""},
    {"state", FIELD_STRING, .required = true, .choices = states},
    {"question", FIELD_STRING, .required = true, .example = QUESTION_EXAMPLE},
    {"variants", FIELD_LIST, .required = true, .item = FIELD_STRING},
    {"dataset_id", FIELD_STRING, .required = true, .nullable = true, .example = "\"orders\""},
    {"sql", FIELD_STRING, .required = true, .example = SQL_EXAMPLE},
    {"slots", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_verified_slot},
    {"owner", FIELD_STRING, .required = true, .nullable = true,
     .description = "Who answers for it."},
    {"source", FIELD_STRING, .required = true, .choices = sources,
     .description = "document: of the metadata, and changed there."},
    {"proposed_by", FIELD_STRING, .required = true, .nullable = true,
     .description = "Whose vote it comes from."},
    {"query_id", FIELD_STRING, .required = true, .nullable = true},
    {"message_id", FIELD_STRING, .required = true, .nullable = true},
    {"turn", FIELD_INTEGER, .required = true,
     .description = "Above 1: it was asked later in a conversation, and may lean on what came before."},
    {"reason", FIELD_STRING, .required = true, .nullable = true,
     .description = "Why it is parked."},
    {"revision", FIELD_INTEGER, .required = true},
    {"created_at", FIELD_STRING, .required = true, .nullable = true},
    {"updated_at", FIELD_STRING, .required = true, .nullable = true},
    {"approved_at", FIELD_STRING, .required = true, .nullable = true},
};
MODEL(model_verified_query, "VerifiedQuery", query_fields,
      "A question with its SQL: a candidate, approved, parked or retired.");

static const struct field list_fields[] = {
    {"verified_queries", FIELD_LIST, .required = true, .item = FIELD_MODEL,
     .model = &model_verified_query},
    {"next_cursor", FIELD_STRING, .required = true, .nullable = true,
     .description = "For the next page; null at the end"},
};
MODEL(model_verified_list, "VerifiedQueryList", list_fields,
      "Newest first, those of documents last.");

#define CHANGE_FIELDS(needed)                                                                     \
    {"question", FIELD_STRING, .required = needed, .nullable = !needed, .length_min = 1,          \
     .length_max = VERIFIED_QUESTION_MAX, .description = "With {name} for each slot.",            \
     .example = QUESTION_EXAMPLE},                                                                \
    {"sql", FIELD_STRING, .required = needed, .nullable = !needed, .length_min = 1,               \
     .length_max = STORE_VERIFIED_SQL_MAX,                                                        \
     .description = "With {name}, or {name.from} and {name.to} of a period, never in quotes.",    \
     .example = SQL_EXAMPLE},                                                                     \
    {"dataset_id", FIELD_STRING, .required = needed, .nullable = !needed, .length_min = 1,        \
     .length_max = ID_LENGTH_MAX, .example = "\"orders\""},                                       \
    {"variants", FIELD_LIST, .nullable = true, .item = FIELD_STRING,                              \
     .length_max = VERIFIED_VARIANTS_MAX,                                                         \
     .description = "Other ways to ask the same; each names all slots."},                         \
    {"slots", FIELD_LIST, .nullable = true, .item = FIELD_MODEL, .model = &model_verified_slot,   \
     .length_max = VERIFIED_SLOTS_MAX},                                                           \
    {"owner", FIELD_STRING, .nullable = true, .length_min = 1, .length_max = ID_LENGTH_MAX}

static const struct field add_fields[] = {CHANGE_FIELDS(true)};
MODEL(model_verified_add_request, "VerifiedQueryCreate", add_fields, "A new candidate.");

static const struct field edit_fields[] = {CHANGE_FIELDS(false)};
MODEL(model_verified_edit_request, "VerifiedQueryUpdate", edit_fields,
      "What is missing or null stays as it is.");

static const struct field approve_fields[] = {
    {"owner", FIELD_STRING, .nullable = true, .length_min = 1, .length_max = ID_LENGTH_MAX,
     .description = "Who answers for it; null: who did until now."},
};
MODEL(model_verified_approve_request, "VerifiedQueryApprove", approve_fields, "An approval.");

static const struct field outcome_fields[] = {
    {"id", FIELD_STRING, .required = true},
    {"question", FIELD_STRING, .required = true},
    {"works", FIELD_BOOLEAN, .required = true},
    {"code", FIELD_STRING, .required = true, .nullable = true,
     .description = "Of the error: sql_refused, sql_failed, invalid, not_found, …"},
    {"reason", FIELD_STRING, .required = true, .nullable = true},
};
MODEL(model_verified_outcome, "VerifiedQueryOutcome", outcome_fields, "How a check has ended.");

static const struct field check_fields[] = {
    {"checked", FIELD_LIST, .required = true, .item = FIELD_MODEL,
     .model = &model_verified_outcome},
};
MODEL(model_verified_check, "VerifiedQueryCheck", check_fields, "All that answer were tried.");
