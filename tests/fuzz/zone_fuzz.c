/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/zone.h"

/* Eight bytes of time, then a zone file. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int64_t time_s;
    if (size < sizeof(time_s))
        return 0;
    memcpy(&time_s, bytes, sizeof(time_s));
    struct str file = {(const char *)bytes + sizeof(time_s), size - sizeof(time_s)};
    int seconds;
    if (zone_file_offset(file, time_s, &seconds) && abs(seconds) >= 26 * 3600)
        abort();
    return 0;
}
