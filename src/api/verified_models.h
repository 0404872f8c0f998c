/* SPDX-License-Identifier: Apache-2.0 */
/* The models of feedback and verified queries. */
#ifndef QUERENT_API_VERIFIED_MODELS_H
#define QUERENT_API_VERIFIED_MODELS_H

#include "api/schema.h"

extern const struct model model_feedback_request;
extern const struct model model_feedback_response;
extern const struct model model_verified_slot;
extern const struct model model_verified_query;
extern const struct model model_verified_list;
extern const struct model model_verified_add_request;
extern const struct model model_verified_edit_request;
extern const struct model model_verified_approve_request;
extern const struct model model_verified_check;
extern const struct model model_verified_outcome;

#endif
