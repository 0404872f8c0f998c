/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/settings.h"

/* NAME=VALUE, as after --set; what was accepted must be printable without its secret. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *assignment = xstrndup((const char *)bytes, size);
    struct error err = {0};
    bool ok = settings_override(assignment, &err);
    if (!ok && err.code == ERROR_NONE)
        abort();
    if (ok) {
        *strchr(assignment, '=') = '\0';
        struct strbuf out = strbuf_init((size_t)16 * 1024);
        settings_print_value(assignment, &out);
        if (!strbuf_ok(&out) || out.length == 0)
            abort();
        if (settings_find(assignment)->secret && strcmp(strbuf_text(&out), "***") != 0)
            abort();
        strbuf_clear(&out);
    }
    free(assignment);
    settings_reset();
    log_forget_secrets();
    return 0;
}
