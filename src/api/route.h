/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes: one row each says method, path, parameters, body, reply and who handles it. From the
 * table come dispatch, validation, the replies to unknown paths and methods, and the OpenAPI
 * document (api/openapi.h).
 */
#ifndef QUERENT_API_ROUTE_H
#define QUERENT_API_ROUTE_H

#include "api/schema.h"
#include "http/server.h"

struct api;                             /* api/api.h: what handlers need */
/* Defined with it: a task on its loop, which the server's stop waits for. */
bool api_start_task(struct api *api, const struct task_options *options, void (*fn)(void *arg),
                    void *arg, struct error *err);

#define ROUTE_PARAMETERS_MAX 8
#define REQUEST_ID_LENGTH_MAX 128
#define API_HEADERS_MAX 8

/* A request on its way through its route. Lives in the exchange's arena. */
struct api_request {
    struct api *api;
    const struct route *route;
    struct http_exchange *exchange;
    const char *id; /* X-Request-ID: the caller's if it is fit to be repeated, else made */
    json_t *body;   /* validated; NULL where the route has none */
    unsigned route_number; /* in the table, if there is a route */
    const char *run_id; /* for the access log, once known; in the exchange's arena. NULL: none */
    json_t *parameters[ROUTE_PARAMETERS_MAX]; /* in the order of the route's fields */
};

enum route_mode {
    ROUTE_AT_ONCE, /* on the loop: must reply before it returns or keep the request */
    ROUTE_IN_TASK, /* in a task of its own, with the run's deadline: may wait */
};

/* A reply beside the one of success, for the document. Rows of one status are alternatives. */
struct route_response {
    int status;
    const char *description;   /* NULL: what this status means everywhere */
    const struct model *model; /* NULL: {"detail": text} */
    const char *content_type;  /* NULL: JSON */
};

/* What a reply of success is good for next: its member is a parameter of another route. */
struct route_link {
    const struct route *to;
    size_t parameter;   /* which of the other route's, from 0 */
    const char *member; /* of the reply: "conversation_id", or deeper, "conversations/0/user_id" */
};

#define ROUTE_ERRORS_MAX 6
#define ROUTE_LINKS_MAX 4

struct route {
    const char *method;
    const char *path; /* "/api/v1/conversations/{conversation_id}/messages" */
    const char *name; /* the plan's function: "query_data" */
    const char *tag;
    const char *summary;
    enum route_mode mode;
    TASK_WAITS void (*handle)(struct api_request *request);
    const struct model *body;       /* NULL: none is read */
    bool body_optional;             /* without one, or with null, the handler's is null */
    const struct field *parameters; /* those of the path first, in its order, then the query's */
    size_t path_parameter_count, parameter_count;
    const struct model *reply; /* NULL: not JSON of a model */
    int status;                /* of success; 0: 200 */
    bool head;                 /* HEAD is answered too: as GET, without the body */
    bool admin;                /* only callers on this machine */
    bool quiet;                /* asked all the time: success is in the access log at debug only */
    /* For the document alone, where `summary` and the above don't say it all. It knows by itself
     * what validation, the queue of tasks and the server may answer: 400, 403 (admin), 413, 422,
     * 500, 503, 504. */
    const char *description;       /* Markdown */
    const char *reply_description; /* NULL: "Successful Response" */
    const char *reply_type;        /* content type of success, when it is not JSON */
    const char *reply_example;     /* JSON, or the text of another type */
    int errors[ROUTE_ERRORS_MAX];  /* statuses of {"detail": text} that the handler may give */
    const struct route_response *responses;
    size_t response_count;
    const struct field *headers; /* that the handler reads itself, all optional: Last-Event-ID */
    size_t header_count;
    struct route_link links[ROUTE_LINKS_MAX];
    bool undocumented; /* pages and the document itself */
};

/*
 * Finds the route, validates, starts the handler. What does not fit is replied to here: 404, 405
 * with Allow, 307 for a slash too many or too few, 422, 400, 403 for admin routes, 503 when no task
 * can be had; CORS preflights.
 */
void routes_dispatch(struct api *api, const struct route *const *routes, size_t count,
                     struct http_exchange *exchange);

/* Replies with JSON; X-Request-ID and CORS headers are added. Frees the request. */
void api_reply_json(struct api_request *request, int status, struct str json);
/* {"detail": message}, with the status of the error's code; Retry-After where it helps. 500 is
 * logged, and says what failed only when ENVIRONMENT is development. */
void api_reply_error(struct api_request *request, const struct error *err);
/* {"detail": message} with that status. */
void api_reply_detail(struct api_request *request, int status, const char *message);
/* 422 with what was wrong. */
void api_reply_invalid(struct api_request *request, const struct schema_errors *errors);
/* For other kinds of replies: more headers (at most API_HEADERS_MAX), another content type; NULL:
 * none. */
void api_reply(struct api_request *request, int status, const char *content_type,
               const struct http_header *headers, size_t header_count, struct str body);
/* The headers that every reply gets (X-Request-ID, CORS, Vary), for streams. At most
 * API_HEADERS_MAX; returns the count. Their bytes live as long as the exchange. */
size_t api_common_headers(const struct api_request *request, struct http_header *headers);

/* The value of a text parameter or body field; NULL when null. */
const char *api_parameter_text(const struct api_request *request, size_t index);
/* The same for whole numbers; `fallback` when null. */
int64_t api_parameter_integer(const struct api_request *request, size_t index, int64_t fallback);

#endif
