/* SPDX-License-Identifier: Apache-2.0 */
/* Index jobs: started, looked at, listed. */
#include "api/admin.h"
#include "api/admin_models.h"
#include "api/indexer.h"
#include "core/json.h"
#include "store/admin_json.h"

#define LIST_DEFAULT 20
#define REPLY_SIZE_MAX (512 * 1024 * 1024)

static void reply_job(struct api_request *request, int status, const struct job *job)
{
    struct strbuf json = strbuf_init(REPLY_SIZE_MAX);
    job_json(job, &json);
    api_reply_json(request, status, strbuf_str(&json));
    strbuf_clear(&json);
}

/* The body's ids; one that names nothing is an error rather than work for nothing. */
static bool read_wish(const struct api_request *request, struct index_wish *wish,
                      struct error *err)
{
    const json_t *ids = json_object_get(request->body, "datasets");
    size_t count = json_array_size(ids);
    const char **datasets = arena_array(request->exchange->arena, count, sizeof(*datasets));
    struct knowledge *knowledge = agent_take_knowledge(request->api->agent);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        datasets[i] = json_string_value(json_array_get(ids, i));
        ok = catalog_find(knowledge->catalog, datasets[i]) ||
             error_set(err, ERROR_NOT_FOUND,
                       "dataset '%s' does not exist; what is new is read without being named",
                       datasets[i]);
    }
    knowledge_unref(knowledge);
    *wish = (struct index_wish){
        .datasets = json_is_array(ids) ? datasets : NULL,
        .dataset_count = count,
        .force = json_is_true(json_object_get(request->body, "force")),
    };
    return ok;
}

TASK_WAITS static void start_job(struct api_request *request)
{
    const struct audit_act act = admin_act(request, "index.start");
    struct index_wish wish;
    struct job job;
    struct error err = {0};
    if (read_wish(request, &wish, &err) &&
        indexer_ask(request->api->shared->indexer, &wish, &act, request->exchange->arena, &job, &err))
        reply_job(request, 202, &job);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void get_job(struct api_request *request)
{
    struct job job;
    struct error err = {0};
    if (store_job_get(request->api->agent->store, api_parameter_text(request, 0),
                      request->exchange->arena, &job, &err))
        reply_job(request, 200, &job);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void list_jobs(struct api_request *request)
{
    struct job *jobs;
    size_t count;
    struct error err = {0};
    if (!store_job_list(request->api->agent->store,
                        (size_t)api_parameter_integer(request, 0, LIST_DEFAULT),
                        request->exchange->arena, &jobs, &count, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(REPLY_SIZE_MAX);
    strbuf_add(&json, "{\"jobs\":[");
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        job_json(&jobs[i], &json);
    }
    strbuf_add(&json, "]}");
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const struct field job_parameters[] = {
    {.name = "job_id", .kind = FIELD_STRING, .required = true, .description = "Which job"},
};

static const struct field list_parameters[] = {
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "20", .bounded = true, .minimum = 1,
     .maximum = STORE_JOBS_KEPT, .description = "How many at most"},
};

const struct route index_start_route = {
    .method = "POST", .path = "/api/v1/admin/index", .name = "start_index", .tag = "admin",
    .summary = "Read documents and data files again",
    .description = "Starts a job, or tells of the one that is under way: two at once are one. What has not "
                   "changed costs nothing; a document or file that is wrong spoils no other, and the "
                   "result says where it is wrong. The body may be left out.",
    .mode = ROUTE_IN_TASK, .handle = start_job, .body = &model_index_request,
    .body_optional = true, .reply = &model_job, .status = 202, .admin = true, .errors = {404},
    .links = {{&job_route, 0, "job_id"}},
};

const struct route job_route = {
    .method = "GET", .path = "/api/v1/admin/jobs/{job_id}", .name = "get_job", .tag = "admin",
    .summary = "A job: its state, progress and result", .mode = ROUTE_IN_TASK, .handle = get_job,
    .parameters = job_parameters, .path_parameter_count = 1, .parameter_count = 1,
    .reply = &model_job, .admin = true, .errors = {404},
};

const struct route job_list_route = {
    .method = "GET", .path = "/api/v1/admin/jobs", .name = "list_jobs", .tag = "admin",
    .summary = "The last jobs, the newest first", .mode = ROUTE_IN_TASK, .handle = list_jobs,
    .parameters = list_parameters, .parameter_count = 1, .reply = &model_job_list, .admin = true,
};
