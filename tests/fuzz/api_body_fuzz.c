/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/json_body.h"
#include "api/models.h"
#include "api/target.h"

/* What was printed is read again as the same; returns false for a body that is not JSON. */
static bool check_decoding(struct arena *arena, struct str body)
{
    struct body_problem problem;
    const struct body_value *value = body_decode(arena, body, &problem);
    if (!value)
        return false;
    struct strbuf once = strbuf_init((size_t)16 * 1024 * 1024), twice = once;
    body_print(value, &once);
    value = body_decode(arena, strbuf_str(&once), &problem);
    if (!value)
        abort();
    body_print(value, &twice);
    if (!str_equal(strbuf_str(&once), strbuf_str(&twice)))
        abort();
    strbuf_clear(&twice);
    json_t *json = body_to_json(value);
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    if (!text)
        abort();
    free(text);
    json_decref(json);
    strbuf_clear(&once); /* from which the value borrows */
    return true;
}

/* Either an object or errors, which are JSON. */
static void check_validation(struct str body, bool is_json)
{
    struct schema_errors errors = schema_errors_init();
    int status = 0;
    json_t *json =
        schema_read_body(&model_query_request, false, STR("application/json"), body, &errors, &status);
    if ((json && (errors.count > 0 || !is_json)) ||
        (!json && (status == 422) != (errors.count > 0)))
        abort();
    struct strbuf list = strbuf_init((size_t)16 * 1024 * 1024);
    strbuf_printf(&list, "[%s]", strbuf_text(&errors.detail));
    json_t *detail =
        json_loadb(list.bytes, list.length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    if (!detail || json_array_size(detail) != errors.count)
        abort();
    json_decref(detail);
    json_decref(json);
    strbuf_clear(&list);
    schema_errors_clear(&errors);
}

static void check_target(struct arena *arena, struct str text)
{
    struct str values[1];
    struct str path = target_decode(arena, text, false);
    if (!str_is_utf8(path) || !str_is_utf8(target_decode(arena, text, true)))
        abort();
    if (target_match("/a/{name}", path, values, 1) && values[0].length + 3 != path.length)
        abort();
    struct str value = target_parameter(arena, text, "a");
    if (value.bytes && !str_is_utf8(value))
        abort();
    struct strbuf quoted = strbuf_init(text.length * 3 + path.length * 3 + 1);
    target_quote(&quoted, path, false);
    if (!strbuf_ok(&quoted) || !str_equal(target_decode(arena, strbuf_str(&quoted), false), path))
        abort();
    strbuf_clear(&quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new();
    struct str body = {(const char *)bytes, size};
    bool is_json = size > 0 && check_decoding(arena, body);
    check_validation(body, is_json);
    check_target(arena, body);
    arena_free(arena);
    return 0;
}
