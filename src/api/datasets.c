/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked about. */
#include "api/routes.h"
#include "core/json.h"
#include "metadata/dataset_json.h"

#define LIST_SIZE_MAX (256 * 1024 * 1024)
#define DATASET_SIZE_MAX (16 * 1024 * 1024)

enum { LIST_LIMIT, LIST_OFFSET };

static void list(struct api_request *request)
{
    struct knowledge *knowledge = agent_take_knowledge(request->api->agent);
    const struct catalog *catalog = knowledge->catalog;
    size_t from = (size_t)api_parameter_integer(request, LIST_OFFSET, 0);
    size_t limit = (size_t)api_parameter_integer(request, LIST_LIMIT, 100);
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"datasets\":[");
    for (size_t i = from; i < catalog->dataset_count && i - from < limit; i++) {
        json_add_separator(&json);
        dataset_summary_json(&catalog->datasets[i], &json);
    }
    strbuf_printf(&json, "],\"total\":%zu}", catalog->dataset_count);
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
    knowledge_unref(knowledge);
}

static void get(struct api_request *request)
{
    struct knowledge *knowledge = agent_take_knowledge(request->api->agent);
    const char *id = api_parameter_text(request, 0);
    const struct dataset *dataset = catalog_find(knowledge->catalog, id);
    struct strbuf json = strbuf_init(DATASET_SIZE_MAX);
    if (dataset) {
        dataset_json(dataset, &json);
        api_reply_json(request, 200, strbuf_str(&json));
    } else {
        strbuf_printf(&json, "dataset '%s' does not exist", id);
        api_reply_detail(request, 404, strbuf_text(&json));
    }
    strbuf_clear(&json);
    knowledge_unref(knowledge);
}

/* Of every dataset, in the list or alone. */
/* clang-format off */
#define SUMMARY_FIELDS \
    {"dataset_id", FIELD_STRING, .required = true}, \
    {"table_name", FIELD_STRING, .required = true}, \
    {"title", FIELD_STRING, .required = true, .nullable = true}, \
    {"description", FIELD_STRING, .required = true, .nullable = true}, \
    {"row_count", FIELD_INTEGER, .required = true, .description = "-1: not known"}, \
    {"version", FIELD_STRING, .required = true, .nullable = true, \
     .description = "Changes with the metadata and the data"}
/* clang-format on */

static const struct field summary_fields[] = {
    SUMMARY_FIELDS,
    {"column_count", FIELD_INTEGER, .required = true},
};
static MODEL(model_summary, "DatasetSummary", summary_fields, "What can be asked about.");

static const struct field list_fields[] = {
    {"datasets", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_summary},
    {"total", FIELD_INTEGER, .required = true, .description = "Of all pages"},
};
static MODEL(model_list, "DatasetList", list_fields, "Datasets in the order of their ids.");

static const struct field column_fields[] = {
    {"name", FIELD_STRING, .required = true},
    {"type", FIELD_STRING, .required = true},
    {"role", FIELD_STRING, .required = true,
     .description = "time, dimension, measure, key or unknown"},
    {"description", FIELD_STRING, .required = true, .nullable = true},
    {"unit", FIELD_STRING, .required = true, .nullable = true},
    {"distinct", FIELD_INTEGER, .description = "How many values; where the data was profiled"},
    {"min", FIELD_STRING, .nullable = true},
    {"max", FIELD_STRING, .nullable = true},
};
static MODEL(model_column, "DatasetColumn", column_fields, "A column of a dataset.");

static const struct field dataset_fields[] = {
    SUMMARY_FIELDS,
    {"columns", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_column},
};
static MODEL(model_dataset, "Dataset", dataset_fields, "A dataset with its columns.");

static const struct field list_parameters[] = {
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "100", .bounded = true, .minimum = 1,
     .maximum = 1000, .description = "How many at most"},
    {.name = "offset", .kind = FIELD_INTEGER, .fallback = "0", .bounded = true, .minimum = 0,
     .maximum = CATALOG_DATASETS_MAX, .description = "How many to pass over, in the order of ids"},
};

static const struct field get_parameters[] = {
    {.name = "dataset_id", .kind = FIELD_STRING, .required = true,
     .description = "As in the list of datasets"},
};

const struct route dataset_list_route = {
    .method = "GET", .path = "/api/v1/datasets", .name = "list_datasets", .tag = "datasets",
    .summary = "What can be asked about", .handle = list,
    .parameters = list_parameters, .parameter_count = 2, .reply = &model_list,
    .links = {{&dataset_route, 0, "datasets/0/dataset_id"}},
};

const struct route dataset_route = {
    .method = "GET", .path = "/api/v1/datasets/{dataset_id}", .name = "get_dataset",
    .tag = "datasets", .summary = "One dataset with its columns", .handle = get,
    .parameters = get_parameters, .path_parameter_count = 1, .parameter_count = 1,
    .reply = &model_dataset, .errors = {404},
};
