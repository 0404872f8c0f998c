/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a model's server: how its last call ended, and what `querent doctor` finds. */
#ifndef QUERENT_NET_SERVER_CHECK_H
#define QUERENT_NET_SERVER_CHECK_H

#include "core/arena.h"
#include "core/error.h"
#include "net/fetch.h"

/* How the last call ended, for who asks whether the server is there without calling it. */
struct server_state {
    bool called; /* false: none has ended yet, and the rest says nothing */
    bool ok;
    int64_t at_ms; /* since 1970 */
    char message[ERROR_MESSAGE_MAX];
};

/* A line of doctor's, good or bad, with what to mend. */
struct server_check {
    const char *what; /* "reached", "clock", "key", "model", ... */
    bool ok;
    bool odd; /* works, but the words say what to see to */
    const char *words;
};

#define SERVER_CHECKS_MAX 8

struct server_checks {
    struct arena *arena;       /* of the words */
    struct server_check *rows; /* room for SERVER_CHECKS_MAX */
    size_t count;
};

void server_check_add(struct server_checks *checks, const char *what, bool ok, const char *words);
/* Makes the call, and adds whether the server at `host` is reached and, where it tells the time,
 * whether the clocks agree. False: it is not, and there is no use in asking more. `url_setting` is
 * where its address comes from. */
TASK_WAITS bool server_check_reach(struct server_checks *checks,
                                   const struct fetch_request *request, const char *host,
                                   const char *url_setting, struct fetch_response *response);

#endif
