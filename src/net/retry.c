/* SPDX-License-Identifier: Apache-2.0 */
#include "net/retry.h"

#include <string.h>

#include "net/curl_api.h"

bool retry_is_invited(const struct fetch_response *response)
{
    const char *word = fetch_response_header(response, "x-should-retry");
    int status = response->status;
    if (status >= 200 && status < 300)
        return false;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
        return word[0] == 't';
    return status == 408 || status == 409 || status == 429 || status >= 500;
}

/* A number of `unit_ms` in ms, at most the maximum; 0 when it is none. */
static uint64_t read_number(const char *text, double unit_ms)
{
    double number;
    if (!str_to_double(str_trim(str_from(text)), &number) || number <= 0)
        return 0;
    double wait_ms = number * unit_ms;
    return wait_ms < RETRY_AFTER_MAX_MS ? (uint64_t)wait_ms : RETRY_AFTER_MAX_MS;
}

/* The time until an HTTP date (RFC 9110, 5.6.7; curl reads all three forms), 0 when it is past or
 * no date. */
static uint64_t read_date(const char *text, int64_t now_ms)
{
    int64_t date_s = curl_api_load() ? -1 : curl.getdate(text, NULL);
    if (date_s < 0 || date_s <= now_ms / 1000)
        return 0;
    int64_t seconds = date_s - now_ms / 1000;
    if (seconds > RETRY_AFTER_MAX_MS / 1000)
        return RETRY_AFTER_MAX_MS;
    return (uint64_t)(date_s * 1000 - now_ms);
}

uint64_t retry_asked_ms(const struct fetch_response *response, int64_t now_ms)
{
    uint64_t wait_ms = read_number(fetch_response_header(response, "retry-after-ms"), 1);
    const char *after = fetch_response_header(response, "retry-after");
    if (wait_ms == 0)
        wait_ms = read_number(after, 1000);
    if (wait_ms == 0 && after[0])
        wait_ms = read_date(after, now_ms);
    return wait_ms;
}

uint64_t retry_wait_ms(const struct fetch_response *response, unsigned tries, int64_t now_ms,
                       double chance)
{
    uint64_t asked_ms = response ? retry_asked_ms(response, now_ms) : 0;
    if (asked_ms > 0)
        return asked_ms;
    uint64_t wait_ms = RETRY_WAIT_FIRST_MS;
    for (unsigned i = 1; i < tries && wait_ms < RETRY_WAIT_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > RETRY_WAIT_MAX_MS)
        wait_ms = RETRY_WAIT_MAX_MS;
    return (uint64_t)((double)wait_ms * (0.75 + 0.25 * chance));
}
