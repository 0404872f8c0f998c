/* SPDX-License-Identifier: Apache-2.0 */
/* The document that describes the API. */
#include "api/routes.h"

static void openapi_json(struct api_request *request)
{
    api_reply_json(request, 200, str_from(request->api->shared->openapi));
}

const struct route openapi_route = {
    .method = "GET",
    .path = "/openapi.json",
    .name = "openapi",
    .handle = openapi_json,
    .head = true,
    .undocumented = true,
};
