/* SPDX-License-Identifier: Apache-2.0 */
#include "api/models.h"

#include <stdint.h>

#include "agent/run.h"
#include "store/store.h"

/* The plan sets no limit on texts; these keep a request from filling the store. */
#define ID_LENGTH_MAX 256 /* characters */
#define TITLE_LENGTH_MAX 500
#define FILTER_ITEMS_MAX 1000
_Static_assert(4 * ID_LENGTH_MAX <= STORE_NAME_SIZE_MAX, "the store takes ids of any characters");

static const struct field agent_config_fields[] = {
    {"dataset_filter", FIELD_LIST, .nullable = true, .item = FIELD_STRING,
     .length_max = FILTER_ITEMS_MAX, .description = "Ask only about these datasets.",
     .example = "[\"sales\"]"},
    {"model", FIELD_STRING, .length_max = ID_LENGTH_MAX,
     .description =
         "Id of the language model; without it, the configured one (null in a handler)."},
    {"temperature", FIELD_NUMBER, .fallback = "0", .description = "Sent to models that take it."},
    {"use_cache", FIELD_BOOLEAN, .fallback = "true",
     .description = "Whether results may come from caches and go into them."},
    {"sample_rows", FIELD_INTEGER, .fallback = "10", .bounded = true, .minimum = 0,
     .maximum = SAMPLE_ROWS_MAX, .description = "At most so many rows in data_sample."},
};
MODEL(model_agent_config, "AgentConfig", agent_config_fields, "How a question is answered.");

static const struct field query_request_fields[] = {
    {"query", FIELD_STRING, .required = true, .length_min = 1, .length_max = QUESTION_LENGTH_MAX,
     .description = "Natural language query", .example = "\"What is the revenue by region?\""},
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = ID_LENGTH_MAX,
     .description = "User identifier", .example = "\"ana\""},
    {"conversation_id", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "Conversation ID for context"},
    {"agent_config", FIELD_MODEL, .nullable = true, .model = &model_agent_config},
};
MODEL(model_query_request, "QueryRequest", query_request_fields, "A question.");

static const struct field query_response_fields[] = {
    {"query_id", FIELD_STRING, .required = true},
    {"conversation_id", FIELD_STRING, .required = true},
    {"timestamp", FIELD_STRING, .required = true, .description = "UTC, as 2026-01-31T12:00:00Z"},
    {"user_id", FIELD_STRING, .required = true},
    {"status", FIELD_STRING, .required = true,
     .description = "answered, needs_clarification or no_answer"},
    {"steps", FIELD_LIST, .required = true, .item = FIELD_OBJECT},
    {"final_response", FIELD_STRING, .required = true},
    {"sql_query", FIELD_STRING, .required = true, .nullable = true},
    {"data_sample", FIELD_LIST, .nullable = true, .item = FIELD_OBJECT,
     .description = "At most sample_rows rows of the result"},
    {"columns", FIELD_LIST, .nullable = true, .item = FIELD_OBJECT},
    {"row_count", FIELD_INTEGER, .nullable = true},
    {"chart", FIELD_OBJECT, .nullable = true, .description = "A Vega-Lite specification"},
    {"suggestions", FIELD_LIST, .nullable = true, .item = FIELD_STRING,
     .description = "Questions that may come next"},
    {"metadata", FIELD_OBJECT, .required = true},
};
MODEL(model_query_response, "QueryResponse", query_response_fields, "An answered question.");

static const struct field create_conversation_fields[] = {
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = ID_LENGTH_MAX},
    {"title", FIELD_STRING, .nullable = true, .length_max = TITLE_LENGTH_MAX},
};
MODEL(model_create_conversation_request, "CreateConversationRequest", create_conversation_fields,
      "A conversation to be.");

static const struct field conversation_created_fields[] = {
    {"conversation_id", FIELD_STRING, .required = true},
    {"created_at", FIELD_STRING, .required = true},
};
MODEL(model_conversation_created, "ConversationCreated", conversation_created_fields,
      "The new conversation.");

static const struct field conversation_response_fields[] = {
    {"conversation_id", FIELD_STRING, .required = true},
    {"user_id", FIELD_STRING, .required = true},
    {"title", FIELD_STRING, .required = true, .nullable = true},
    {"created_at", FIELD_STRING, .required = true},
    {"updated_at", FIELD_STRING, .required = true},
    {"message_count", FIELD_INTEGER, .required = true},
};
MODEL(model_conversation_response, "ConversationResponse", conversation_response_fields,
      "A conversation.");

static const struct field conversation_list_fields[] = {
    {"conversations", FIELD_LIST, .required = true, .item = FIELD_MODEL,
     .model = &model_conversation_response},
    {"next_cursor", FIELD_STRING, .nullable = true,
     .description = "For the next page; null at the end"},
};
MODEL(model_conversation_list, "ConversationList", conversation_list_fields,
      "Conversations of a user, the latest first.");

static const struct field message_metadata_fields[] = {
    {"sql_query", FIELD_STRING, .required = true, .nullable = true},
    {"datasets_used", FIELD_LIST, .required = true, .item = FIELD_STRING},
    {"steps", FIELD_LIST, .required = true, .nullable = true, .item = FIELD_OBJECT,
     .description = "As in the response; null where there was none"},
    {"query_id", FIELD_STRING, .required = true, .nullable = true},
    {"status", FIELD_STRING, .required = true, .nullable = true,
     .description = "answered, needs_clarification, no_answer or interrupted; null: it failed"},
    {"tokens_used", FIELD_INTEGER, .required = true},
    {"execution_time_ms", FIELD_NUMBER, .required = true, .nullable = true},
};
MODEL(model_message_metadata, "MessageMetadata", message_metadata_fields, "How an answer was found.");

static const struct field message_fields[] = {
    {"message_id", FIELD_STRING, .required = true},
    {"role", FIELD_STRING, .required = true, .description = "user or assistant"},
    {"content", FIELD_STRING, .required = true},
    {"timestamp", FIELD_STRING, .required = true},
    {"metadata", FIELD_MODEL, .required = true, .nullable = true, .model = &model_message_metadata,
     .description = "Of answers; null for questions"},
};
MODEL(model_message, "Message", message_fields, "A question or an answer.");

static const struct field message_list_fields[] = {
    {"conversation_id", FIELD_STRING, .required = true},
    {"messages", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_message},
    {"next_cursor", FIELD_STRING, .nullable = true,
     .description = "For the page of the messages before these; null at the beginning"},
};
MODEL(model_message_list, "MessageList", message_list_fields, "Messages, oldest first.");

static const struct field conversation_deleted_fields[] = {
    {"status", FIELD_STRING, .required = true, .description = "deleted"},
    {"conversation_id", FIELD_STRING, .required = true},
};
MODEL(model_conversation_deleted, "ConversationDeleted", conversation_deleted_fields,
      "What was deleted.");
