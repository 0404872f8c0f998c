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
     .description = "Id of the language model; without it, the configured one (null in a handler).",
     .example = "\"planner\""},
    {"temperature", FIELD_NUMBER, .fallback = "0", .description =
         "Sent to models that take one, which not all do; the nearest of 0 to 1 to Claude, of 0 to 2 to others."},
    {"use_cache", FIELD_BOOLEAN, .fallback = "true",
     .description = "Whether results may come from caches and go into them."},
    {"sample_rows", FIELD_INTEGER, .fallback = "10", .bounded = true, .minimum = 0,
     .maximum = SAMPLE_ROWS_MAX, .description = "At most so many rows in data_sample."},
};
MODEL(model_agent_config, "AgentConfig", agent_config_fields, "How a question is answered.");

/* Not blank, no NUL. */
#define QUESTION_PATTERN "^[^\\x00]*[^\\s\\x00][^\\x00]*$"

static const struct field query_request_fields[] = {
    {"query", FIELD_STRING, .required = true, .length_min = 1, .length_max = QUESTION_LENGTH_MAX,
     .pattern = QUESTION_PATTERN, .description = "Natural language query",
     .example = "\"What is the revenue by region?\""},
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = ID_LENGTH_MAX,
     .description = "User identifier", .example = "\"ana\""},
    {"conversation_id", FIELD_STRING, .nullable = true, .length_max = ID_LENGTH_MAX,
     .description = "Conversation ID for context", .example = "null"},
    {"agent_config", FIELD_MODEL, .nullable = true, .model = &model_agent_config},
};
const struct model model_query_request = {
    .name = "QueryRequest",
    .description = "A question.",
    .fields = query_request_fields,
    .field_count = sizeof(query_request_fields) / sizeof(query_request_fields[0]),
    .example = "{\"query\": \"What is the total revenue by month?\", \"user_id\": \"ana\"}",
};

static const char *const step_names[] = {"vector_search",
                                         "load_metadata",
                                         "select_dataset",
                                         "generate_sql",
                                         "execute_query",
                                         "generate_response",
                                         NULL};
static const char *const step_states[] = {"started", "completed", "failed", NULL};

static const struct field step_fields[] = {
    {"step", FIELD_STRING, .required = true, .choices = step_names},
    {"status", FIELD_STRING, .required = true, .choices = step_states},
    {"started_at", FIELD_STRING, .required = true},
    {"duration_ms", FIELD_NUMBER, .required = true},
    {"cache_hit", FIELD_BOOLEAN, .required = true},
    {"message", FIELD_STRING, .required = true, .nullable = true,
     .description = "What was done, in words"},
    {"detail", FIELD_OBJECT, .required = true, .description = "What came of it"},
};
MODEL(model_step, "Step", step_fields, "One step of a run; a repair repeats some.");

static const struct field result_column_fields[] = {
    {"name", FIELD_STRING, .required = true},
    {"type", FIELD_STRING, .required = true, .description = "text, integer, decimal, date, ..."},
    {"engine_type", FIELD_STRING, .required = true, .nullable = true,
     .description = "As the engine calls it"},
};
static MODEL(model_result_column, "ResultColumn", result_column_fields, "A column of a result.");

static const struct field token_fields[] = {
    {"input", FIELD_INTEGER, .required = true, .description = "Read at the full price"},
    {"cached", FIELD_INTEGER, .required = true, .description = "Read from the provider's cache"},
    {"cache_written", FIELD_INTEGER, .required = true, .description = "Put into that cache"},
    {"output", FIELD_INTEGER, .required = true},
    {"total", FIELD_INTEGER, .required = true},
};
MODEL(model_tokens, "Tokens", token_fields, "Used of a language model.");

static const struct field period_fields[] = {
    {"words", FIELD_STRING, .required = true, .nullable = true,
     .description = "Of the question: last month"},
    {"from", FIELD_STRING, .required = true, .nullable = true, .description = "Its first day"},
    {"to", FIELD_STRING, .required = true, .nullable = true, .description = "The day after it"},
};
static MODEL(model_period, "Period", period_fields, "A span of time that a question names.");

static const struct field candidate_fields[] = {
    {"dataset_id", FIELD_STRING, .required = true},
    {"score", FIELD_NUMBER, .required = true},
    {"reason", FIELD_STRING, .required = true, .nullable = true},
};
static MODEL(model_candidate, "Candidate", candidate_fields,
             "A dataset that the question may be about.");

static const struct field embedding_fields[] = {
    {"model", FIELD_STRING, .required = true},
    {"tokens", FIELD_INTEGER, .required = true},
    {"cost", FIELD_NUMBER, .required = true, .nullable = true},
};
static MODEL(model_embedding, "Embedding", embedding_fields,
             "What the embedding of a question has used.");

static const struct field query_metadata_fields[] = {
    {"execution_time_ms", FIELD_NUMBER, .required = true},
    {"cache_hits", FIELD_OBJECT, .required = true,
     .description = "What came from a cache, and from which: {\"sql_result\": \"memory\"}"},
    {"timings", FIELD_OBJECT, .required = true, .description = "Milliseconds of each step"},
    {"selected_dataset", FIELD_STRING, .required = true, .nullable = true},
    {"model", FIELD_STRING, .required = true, .nullable = true},
    {"tokens", FIELD_MODEL, .required = true, .model = &model_tokens},
    {"cost", FIELD_NUMBER, .required = true, .nullable = true,
     .description = "Of this run in US dollars, as far as prices are known; null where none is"},
    {"unpriced_calls", FIELD_INTEGER,
     .description = "Calls of a language model whose price is not known: the cost is more than told"},
    {"embedding", FIELD_MODEL, .model = &model_embedding,
     .description = "Where a server made an embedding for this question; not part of cost"},
    {"notice", FIELD_STRING,
     .description = "Where something had to be done with less: no language model, no embeddings of a "
                    "server"},
    {"sureness", FIELD_NUMBER, .required = true, .description = "Of the reading, 0 to 1"},
    {"reading", FIELD_STRING, .required = true, .nullable = true,
     .description = "How the question was read, in plain words"},
    {"repairs", FIELD_INTEGER, .required = true},
    {"assumptions", FIELD_LIST, .required = true, .item = FIELD_STRING},
    {"options", FIELD_LIST, .required = true, .item = FIELD_STRING,
     .description = "What to choose from, where status is needs_clarification"},
    {"periods", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_period},
    {"candidates", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_candidate},
    {"verified", FIELD_OBJECT, .nullable = true,
     .description = "The verified query that answered: id, question, owner, date, slots"},
};
static MODEL(model_query_metadata, "QueryMetadata", query_metadata_fields,
             "How an answer came about.");

static const char *const answer_states[] = {"answered", "needs_clarification", "no_answer", NULL};

static const struct field query_response_fields[] = {
    {"query_id", FIELD_STRING, .required = true},
    {"conversation_id", FIELD_STRING, .required = true},
    {"timestamp", FIELD_STRING, .required = true, .description = "UTC, as 2026-01-31T12:00:00Z"},
    {"user_id", FIELD_STRING, .required = true},
    {"status", FIELD_STRING, .required = true, .choices = answer_states},
    {"steps", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_step},
    {"final_response", FIELD_STRING, .required = true, .description = "The answer in prose"},
    {"sql_query", FIELD_STRING, .required = true, .nullable = true},
    {"columns", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_result_column},
    {"row_count", FIELD_INTEGER, .required = true, .description = "Rows of the result"},
    {"truncated", FIELD_BOOLEAN, .required = true,
     .description = "Whether the result had more rows than the limit"},
    {"data_sample", FIELD_LIST, .required = true, .item = FIELD_OBJECT,
     .description = "At most sample_rows rows of the result"},
    {"chart", FIELD_OBJECT, .required = true, .nullable = true,
     .description = "A Vega-Lite specification where a picture fits"},
    {"suggestions", FIELD_LIST, .required = true, .item = FIELD_STRING,
     .description = "Questions that may come next"},
    {"metadata", FIELD_MODEL, .required = true, .model = &model_query_metadata},
};
static const char query_response_example[] =
    "{\"query_id\":\"query_0123456789abcdef\",\"conversation_id\":\"conv_0123456789abcdef\","
    "\"timestamp\":\"2026-01-31T12:00:00.000Z\",\"user_id\":\"ana\",\"status\":\"answered\","
    "\"steps\":[{\"step\":\"execute_query\",\"status\":\"completed\",\"started_at\":"
    "\"2026-01-31T12:00:00.004Z\",\"duration_ms\":3.2,\"cache_hit\":false,\"message\":\"1 row\","
    "\"detail\":{}}],\"final_response\":\"The total revenue is 1,725.75.\",\"sql_query\":"
    "\"SELECT sum(revenue) AS total_revenue FROM sales\",\"columns\":[{\"name\":\"total_revenue\","
    "\"type\":\"float\",\"engine_type\":\"DOUBLE\"}],\"row_count\":1,\"truncated\":false,"
    "\"data_sample\":[{\"total_revenue\":1725.75}],\"chart\":null,\"suggestions\":"
    "[\"total revenue by region\"],\"metadata\":{\"execution_time_ms\":9.7,\"cache_hits\":{},"
    "\"timings\":{\"execute_query\":3.2},\"selected_dataset\":\"sales\",\"model\":\"planner\","
    "\"tokens\":{\"input\":0,\"cached\":0,\"cache_written\":0,\"output\":0,\"total\":0},\"cost\":0,\"sureness\":0.98,\"reading\":"
    "\"the total revenue\",\"repairs\":0,\"assumptions\":[],\"options\":[],\"periods\":[],"
    "\"candidates\":[{\"dataset_id\":\"sales\",\"score\":0.93,\"reason\":\"name\"}]}}";
const struct model model_query_response = {
    .name = "QueryResponse",
    .description = "An answered question.",
    .fields = query_response_fields,
    .field_count = sizeof(query_response_fields) / sizeof(query_response_fields[0]),
    .example = query_response_example,
};

static const struct field create_conversation_fields[] = {
    {"user_id", FIELD_STRING, .required = true, .length_min = 1, .length_max = ID_LENGTH_MAX,
     .example = "\"ana\""},
    {"title", FIELD_STRING, .nullable = true, .length_max = TITLE_LENGTH_MAX,
     .description = "Without it, the first question gives one", .example = "\"Sales\""},
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
    {"next_cursor", FIELD_STRING, .required = true, .nullable = true,
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
    {"verified", FIELD_OBJECT, .required = true, .nullable = true,
     .description = "The verified query that answered"},
    {"tokens_used", FIELD_INTEGER, .required = true},
    {"execution_time_ms", FIELD_NUMBER, .required = true, .nullable = true},
};
MODEL(model_message_metadata, "MessageMetadata", message_metadata_fields, "How an answer was found.");

static const char *const roles[] = {"user", "assistant", NULL};

static const struct field message_fields[] = {
    {"message_id", FIELD_STRING, .required = true},
    {"role", FIELD_STRING, .required = true, .choices = roles},
    {"content", FIELD_STRING, .required = true},
    {"timestamp", FIELD_STRING, .required = true},
    {"metadata", FIELD_MODEL, .required = true, .nullable = true, .model = &model_message_metadata,
     .description = "Of answers; null for questions"},
};
MODEL(model_message, "Message", message_fields, "A question or an answer.");

static const struct field message_list_fields[] = {
    {"conversation_id", FIELD_STRING, .required = true},
    {"messages", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_message},
    {"next_cursor", FIELD_STRING, .required = true, .nullable = true,
     .description = "For the page of the messages before these; null at the beginning"},
};
MODEL(model_message_list, "MessageList", message_list_fields, "Messages, oldest first.");

static const char *const deleted[] = {"deleted", NULL};

static const struct field conversation_deleted_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = deleted},
    {"conversation_id", FIELD_STRING, .required = true},
};
MODEL(model_conversation_deleted, "ConversationDeleted", conversation_deleted_fields,
      "What was deleted.");

static const struct field run_event_fields[] = {
    {"id", FIELD_STRING, .required = true, .description = "Its number in the run, from 1"},
    {"data", FIELD_STRING, .required = true,
     .description = "JSON: {\"event\": name, \"data\": {...}}"},
};
MODEL(model_run_event, "RunEvent", run_event_fields, "A Server-Sent Event of a run.");
