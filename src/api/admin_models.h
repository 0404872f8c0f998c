/* SPDX-License-Identifier: Apache-2.0 */
/* The models of the admin routes. */
#ifndef QUERENT_API_ADMIN_MODELS_H
#define QUERENT_API_ADMIN_MODELS_H

#include "api/schema.h"

extern const struct model model_create_key_request;
extern const struct model model_api_key_created;
extern const struct model model_api_key;
extern const struct model model_api_key_list;
extern const struct model model_api_key_revoked;
extern const struct model model_index_request;
extern const struct model model_job;
extern const struct model model_job_list;
extern const struct model model_audit_record;
extern const struct model model_audit_list;
extern const struct model model_usage_list;

#endif
