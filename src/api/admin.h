/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handlers of admin routes share. A route with `admin = true` that changes something records it:
 *
 *     if (!admin_audit(request, "cache.clear", NULL, "{\"type\":\"sql_result\"}", &err)) ...
 *
 * after it was done; or it gives admin_act() to a function of the store that saves both at once.
 */
#ifndef QUERENT_API_ADMIN_H
#define QUERENT_API_ADMIN_H

#include "api/routes.h"
#include "store/admin.h"

/* An act of the request's caller, who is nobody in particular while callers are not identified. */
struct audit_act admin_act(const struct api_request *request, const char *action);
/* target and detail (a JSON object) may be NULL. */
TASK_WAITS bool admin_audit(const struct api_request *request, const char *action,
                            const char *target, const char *detail, struct error *err);

#endif
