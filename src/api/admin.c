/* SPDX-License-Identifier: Apache-2.0 */
#include "api/admin.h"

struct audit_act admin_act(const struct api_request *request, const char *action)
{
    return (struct audit_act){
        .via = "http", .address = request->exchange->peer, .action = action};
}

TASK_WAITS bool admin_audit(const struct api_request *request, const char *action,
                            const char *target, const char *detail, struct error *err)
{
    struct audit_act act = admin_act(request, action);
    act.target = target;
    act.detail = detail;
    return store_audit_add(request->api->agent->store, &act, err);
}
