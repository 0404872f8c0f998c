/* SPDX-License-Identifier: Apache-2.0 */
/* The document that describes the API, and two pages that show it. */
#include "api/page.h"
#include "api/routes.h"
#include "api/target.h"

TASK_WAITS static void openapi_json(struct api_request *request)
{
    page_reply(request, request->api->shared->openapi);
}

/* A page, or a file that it loads. */
TASK_WAITS static void file(struct api_request *request)
{
    struct http_exchange *exchange = request->exchange;
    const struct page *page = page_find(target_decode(exchange->arena, exchange->path, false));
    if (page)
        page_reply(request, page);
    else
        api_reply_detail(request, 404, "Not Found");
}

static const struct field parameters[] = {
    {"file", FIELD_STRING, .required = true},
};

#define PAGE(variable, page)                              \
    const struct route variable = {.method = "GET",       \
                                   .path = "/" page,      \
                                   .name = page,          \
                                   .mode = ROUTE_IN_TASK, \
                                   .handle = file,        \
                                   .head = true,          \
                                   .undocumented = true}
#define FILES(variable, page)                                  \
    const struct route variable = {.method = "GET",            \
                                   .path = "/" page "/{file}", \
                                   .name = page "_file",       \
                                   .mode = ROUTE_IN_TASK,      \
                                   .handle = file,             \
                                   .parameters = parameters,   \
                                   .path_parameter_count = 1,  \
                                   .parameter_count = 1,       \
                                   .head = true,               \
                                   .undocumented = true}

PAGE(docs_route, "docs");
FILES(docs_file_route, "docs");
PAGE(redoc_route, "redoc");
FILES(redoc_file_route, "redoc");

const struct route openapi_route = {
    .method = "GET",
    .path = "/openapi.json",
    .name = "openapi",
    .mode = ROUTE_IN_TASK,
    .handle = openapi_json,
    .head = true,
    .undocumented = true,
};
