/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's request and reply models; names of components and fields are part of the contract. */
#ifndef QUERENT_API_MODELS_H
#define QUERENT_API_MODELS_H

#include "api/schema.h"

extern const struct model model_agent_config;  /* nested in QueryRequest */
extern const struct model model_query_request; /* query, user_id, conversation_id, agent_config */
extern const struct model model_query_response;
extern const struct model model_run_event; /* of a stream: text/event-stream */
extern const struct model model_step;
extern const struct model model_tokens;                        /* of a run, also as an event */
extern const struct model model_create_conversation_request; /* user_id, title */
extern const struct model model_conversation_created;        /* reply to the same */
extern const struct model model_conversation_response;
extern const struct model model_conversation_list;
extern const struct model model_message_metadata;
extern const struct model model_message;
extern const struct model model_message_list;
extern const struct model model_conversation_deleted;

#endif
