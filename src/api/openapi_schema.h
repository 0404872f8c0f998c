/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schemas (2020-12) of fields and models, as pydantic 2 writes them. */
#ifndef QUERENT_API_OPENAPI_SCHEMA_H
#define QUERENT_API_OPENAPI_SCHEMA_H

#include "api/schema.h"

#define OPENAPI_MODELS_MAX 256

enum openapi_use { OPENAPI_REPLY, OPENAPI_BODY, OPENAPI_QUERY, OPENAPI_PATH };

/* The models that were referred to, each once, in the order of their names. */
struct openapi_models {
    const struct model *models[OPENAPI_MODELS_MAX];
    enum openapi_use uses[OPENAPI_MODELS_MAX];
    size_t count;
};

/* {"$ref": ...}; the model and those below it are added. */
json_t *openapi_reference(struct openapi_models *models, const struct model *model,
                          enum openapi_use use);
/* Of a field of a model, or of a parameter. */
json_t *openapi_field(struct openapi_models *models, const struct field *field,
                      enum openapi_use use);
/* "components.schemas" of all that were added. */
json_t *openapi_components(struct openapi_models *models);

/* "conversation_id" as "Conversation Id". */
json_t *openapi_title(const char *name);

#endif
