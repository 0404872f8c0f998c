/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

struct str http_header_find(const struct http_exchange *exchange, const char *name)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < exchange->header_count; i++)
        if (str_equal_nocase(exchange->headers[i].name, wanted))
            return exchange->headers[i].value;
    return (struct str){0};
}
