/* SPDX-License-Identifier: Apache-2.0 */
/* When a request may be sent again, and after which wait: as the vendors' own clients do it. */
#ifndef QUERENT_NET_RETRY_H
#define QUERENT_NET_RETRY_H

#include <stdint.h>

#include "net/fetch.h"

#define RETRY_WAIT_FIRST_MS 500
#define RETRY_WAIT_MAX_MS 8000
#define RETRY_AFTER_MAX_MS 60000 /* however long the server asks for */

/* Does a response of this kind invite a repeat? `x-should-retry` decides, else the status. */
bool retry_is_invited(const struct fetch_response *response);
/* How long the response asks to be left alone, in ms; 0: it does not. */
uint64_t retry_asked_ms(const struct fetch_response *response, int64_t now_ms);
/*
 * The wait after so many tries, in ms: what the response asks for (NULL: there was none), else
 * RETRY_WAIT_FIRST_MS doubled for each try up to RETRY_WAIT_MAX_MS, times 0.75 to 1 as `chance` (0
 * to 1) says. `now_ms` is the real time since 1970, for dates.
 */
uint64_t retry_wait_ms(const struct fetch_response *response, unsigned tries, int64_t now_ms,
                       double chance);

#endif
