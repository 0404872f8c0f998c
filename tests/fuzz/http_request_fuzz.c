/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: the verdict must not depend on how its bytes are cut. */
#include <stdlib.h>
#include <string.h>

#include "http/parser.h"

static const struct http_limits limits = {
    .header_bytes = 4096, .header_count = 20, .target_bytes = 256, .body_bytes = 65536};

struct verdict {
    enum scan_result result;
    struct head_scan scan;
    struct refusal why;
    size_t used;
};

static struct verdict scan_in_steps(struct str bytes, size_t step)
{
    struct verdict verdict = {.result = SCAN_MORE};
    while (verdict.used < bytes.length && verdict.result == SCAN_MORE) {
        size_t used = 0;
        struct str part = str_slice(bytes, verdict.used, verdict.used + step);
        verdict.result = head_scan(&verdict.scan, &limits, part, &used, &verdict.why);
        verdict.used += used;
        if (used > part.length)
            abort();
    }
    return verdict;
}

static bool is_inside(struct str part, struct str whole)
{
    return part.length == 0 ||
           (part.bytes >= whole.bytes && part.bytes + part.length <= whole.bytes + whole.length);
}

/* What must hold for whatever is let through. */
static void check_head(const struct head *head, struct str block)
{
    if (!is_token(head->method) || !is_inside(head->target, block) || head->target.length == 0 ||
        head->target.length > limits.target_bytes || head->header_count > limits.header_count)
        abort();
    if (head->path.length + head->query.length > head->target.length ||
        memchr(head->path.bytes, '?', head->path.length))
        abort();
    if (head->content_length > limits.body_bytes || (head->chunked && head->content_length > 0) ||
        (head->chunked && head->version_minor == 0))
        abort();
    unsigned hosts = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct http_header *header = &head->headers[i];
        if (!is_token(header->name) || !is_inside(header->value, block) ||
            (header->value.length > 0 && memchr(header->value.bytes, '\n', header->value.length)))
            abort();
        hosts += str_equal_nocase(header->name, STR("host"));
    }
    if (hosts > 1 || (hosts == 0 && head->version_minor == 1))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = {(const char *)bytes, size};
    struct verdict whole = scan_in_steps(text, size + 1), cut = scan_in_steps(text, 1);
    if (whole.result != cut.result || whole.why.status != cut.why.status || whole.used > size ||
        (whole.result == SCAN_WHOLE && whole.used != cut.used))
        abort();
    if (whole.result != SCAN_WHOLE)
        return 0;
    struct arena *arena = arena_new();
    struct str block = arena_str(arena, str_slice(text, 0, whole.used));
    struct head head = {0};
    struct refusal why = {0};
    if (head_parse(block, &whole.scan, &limits, arena, &head, &why))
        check_head(&head, block);
    else if (why.status < 400 || !why.message)
        abort();
    arena_free(arena);
    return 0;
}
