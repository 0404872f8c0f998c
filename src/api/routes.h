/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the route table, each defined in the file of its resource. */
#ifndef QUERENT_API_ROUTES_H
#define QUERENT_API_ROUTES_H

#include "api/api.h"

extern const struct route root_route, health_route, live_route, ready_route, metrics_route;
extern const struct route openapi_route, docs_route, docs_file_route;
extern const struct route redoc_route, redoc_file_route;
extern const struct route query_route, query_stream_route;
extern const struct route run_route, run_events_route, run_cancel_route;
extern const struct route conversation_create_route, conversation_list_route;
extern const struct route conversation_messages_route, conversation_delete_route;
extern const struct route dataset_list_route, dataset_route;
extern const struct route feedback_route, verified_list_route, verified_add_route;
extern const struct route verified_check_route, verified_get_route, verified_edit_route;
extern const struct route verified_approve_route, verified_retire_route;
extern const struct route key_create_route, key_list_route, key_revoke_route;
extern const struct route audit_list_route;
extern const struct route usage_list_route;
extern const struct route cache_stats_route, cache_clear_route;
extern const struct route index_start_route, job_route, job_list_route;

#endif
