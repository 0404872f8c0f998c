/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in chunks: bounded, and the same however their bytes are cut. */
#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "http/parser.h"

#define BODY_MAX 1024

static int decode(struct str bytes, size_t step, struct strbuf *body, size_t *used)
{
    struct chunked chunked = {0};
    struct refusal why = {0};
    for (*used = 0; *used < bytes.length && !chunked.done;) {
        struct str part = str_slice(bytes, *used, *used + step), data;
        size_t before = part.length;
        if (!chunked_next(&chunked, BODY_MAX, &part, &data, &why))
            return why.status;
        if (part.length == before) /* no progress */
            abort();
        strbuf_add_str(body, data);
        *used += before - part.length;
    }
    return chunked.done ? 200 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = {(const char *)bytes, size};
    struct strbuf whole = strbuf_init(BODY_MAX), cut = strbuf_init(BODY_MAX);
    size_t whole_used, cut_used;
    int status = decode(text, size + 1, &whole, &whole_used);
    if (decode(text, 1, &cut, &cut_used) != status)
        abort();
    if (!strbuf_ok(&whole) || !strbuf_ok(&cut) || whole_used > size ||
        (status == 200 && whole_used != cut_used) ||
        (status < 400 && !str_equal(strbuf_str(&whole), strbuf_str(&cut))))
        abort();
    strbuf_clear(&whole);
    strbuf_clear(&cut);
    return 0;
}
