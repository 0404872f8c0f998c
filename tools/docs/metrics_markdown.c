/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/metrics.md; `make docs` writes it there, a unit test finds it stale. */
#include <stdio.h>

#include "core/metrics.h"

int main(void)
{
    struct strbuf text = strbuf_init((size_t)1024 * 1024);
    metrics_print_markdown(&text);
    fputs(strbuf_text(&text), stdout);
    bool ok = strbuf_ok(&text);
    strbuf_clear(&text);
    return ok ? 0 : 1;
}
