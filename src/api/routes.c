/* SPDX-License-Identifier: Apache-2.0 */
/* The order matters where two paths fit one request: the first one answers. */
#include "api/routes.h"

#include "core/metrics.h"

const struct route *const api_routes[] = {
    &root_route,
    &health_route,
    &live_route,
    &ready_route,
    &metrics_route,
    &query_route,
    &query_stream_route,
    &run_route,
    &run_events_route,
    &run_cancel_route,
    &conversation_create_route,
    &conversation_list_route,
    &conversation_messages_route,
    &conversation_delete_route,
    &dataset_list_route,
    &dataset_route,
    &feedback_route,
    &verified_list_route,
    &verified_add_route,
    &verified_check_route,
    &verified_get_route,
    &verified_edit_route,
    &verified_approve_route,
    &verified_retire_route,
    &key_create_route,
    &key_list_route,
    &key_revoke_route,
    &audit_list_route,
    &usage_list_route,
    &index_start_route,
    &job_route,
    &job_list_route,
    &openapi_route,
    &docs_route,
    &docs_file_route,
    &redoc_route,
    &redoc_file_route,
    &cache_stats_route,
    &cache_clear_route,
};
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
/* 8 methods without a route; each route's own, and HEAD (api/traffic.c). */
_Static_assert(8 + 2 * sizeof(api_routes) / sizeof(api_routes[0]) <= METRIC_ENDPOINT_MAX,
               "raise the number in core/metrics.h");
