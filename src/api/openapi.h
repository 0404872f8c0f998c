/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenAPI 3.1 document, made from the table that dispatches: nothing is said twice, so that it
 * can't tell of a route, a limit or a field that is not there. It has the shape of FastAPI's (names
 * of operations and components, nullable as anyOf, HTTPValidationError), which client generators
 * know; beyond it, every status that a route may answer.
 */
#ifndef QUERENT_API_OPENAPI_H
#define QUERENT_API_OPENAPI_H

#include "api/route.h"

/* The document as JSON; the caller frees it. */
char *openapi_document(const struct route *const *routes, size_t count, const char *version);

#endif
