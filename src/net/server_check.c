/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_check.h"

#include <inttypes.h>

#include "core/clock.h"
#include "net/curl_api.h"

#define SKEW_MAX_S 60

void server_check_add(struct server_checks *checks, const char *what, bool ok, const char *words)
{
    if (checks->count < SERVER_CHECKS_MAX)
        checks->rows[checks->count++] = (struct server_check){what, ok, false, words};
}

static void check_clock(struct server_checks *checks, const struct fetch_response *response)
{
    const char *date = fetch_response_header(response, "date");
    int64_t theirs_s = *date && !curl_api_load() ? (int64_t)curl.getdate(date, NULL) : -1;
    if (theirs_s < 0)
        return;
    int64_t ahead_s = clock_real_ms() / 1000 - theirs_s;
    bool ok = ahead_s >= -SKEW_MAX_S && ahead_s <= SKEW_MAX_S;
    server_check_add(checks, "clock", ok,
                     ok ? "agrees with the server's"
                        : arena_printf(checks->arena,
                                       "this machine's clock is %" PRId64
                                       " s %s the server's; set it (with NTP): certificates and "
                                       "\"last month\" depend on it",
                                       ahead_s < 0 ? -ahead_s : ahead_s,
                                       ahead_s < 0 ? "behind" : "ahead of"));
}

TASK_WAITS bool server_check_reach(struct server_checks *checks,
                                   const struct fetch_request *request, const char *host,
                                   const char *url_setting, struct fetch_response *response)
{
    struct error err = {0};
    uint64_t start_us = clock_monotonic_us();
    if (!http_fetch(request, checks->arena, response, &err)) {
        server_check_add(
            checks, "reached", false,
            arena_printf(checks->arena, "%s; check the network and %s", err.message, url_setting));
        return false;
    }
    server_check_add(checks, "reached", true,
                     arena_printf(checks->arena, "%s, in %" PRIu64 " ms", host,
                                  (clock_monotonic_us() - start_us) / 1000));
    check_clock(checks, response);
    return true;
}
