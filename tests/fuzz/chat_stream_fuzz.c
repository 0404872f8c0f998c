/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of model servers: bounded, and read the same however their bytes are cut. The first byte
 * says which provider's, and whether the reply is a forced tool's. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/settings.h"
#include "llm/chat_priv.h"

static struct chat_model *models[2];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error err = {0};
    log_set_level(LOG_ERROR);
    if (!settings_set("ANTHROPIC_API_KEY", "sk-ant-1", &err) ||
        !settings_set("OPENAI_API_KEY", "sk-1234", &err))
        abort();
    models[0] = chat_open("anthropic", &err);
    models[1] = chat_open("openai", &err);
    if (!models[0] || !models[1])
        abort();
    return 0;
}

struct heard {
    size_t length;
};

static bool hear(void *context, struct str piece, struct error *err)
{
    ((struct heard *)context)->length += piece.length;
    return true;
}

static bool read_reply(struct chat_reading *reading, struct chat_model *model,
                       const struct chat_request *request, unsigned fields, struct str bytes,
                       size_t step)
{
    struct error err = {0};
    bool ok = true;
    chat_reading_init(reading, model, request, fields);
    for (size_t at = 0; ok && at < bytes.length; at += step)
        ok = chat_reading_add(reading, str_slice(bytes, at, at + step), &err);
    ok = ok && chat_reading_finish(reading, &err);
    if (!ok && (err.code != ERROR_MODEL || !*err.message))
        abort();
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct heard heard = {0};
    struct chat_reading whole, cut;
    unsigned fields = bytes[0] & 2 ? CHAT_SCHEMA_SECOND : 0;
    struct chat_model *model = models[bytes[0] & 1];
    struct chat_request request = {
        .arena = arena, .schema = "{}", .schema_name = "f", .on_text = hear, &heard};
    struct str text = {(const char *)bytes + 1, size - 1};
    bool ok = read_reply(&whole, model, &request, fields, text, size);
    if (heard.length < whole.text.length || !strbuf_ok(&whole.declined))
        abort();
    if (read_reply(&cut, model, &request, fields, text, 1) != ok || cut.stop != whole.stop ||
        !str_equal(strbuf_str(&whole.text), strbuf_str(&cut.text)) ||
        memcmp(&whole.usage, &cut.usage, sizeof(cut.usage)) != 0)
        abort();
    chat_reading_clear(&whole);
    chat_reading_clear(&cut);
    struct error err = {0};
    struct server_problem problem = chat_read_problem(model, 400, text, arena);
    chat_explain(model, model->model_id, &problem, 1, &err);
    arena_free(arena);
    return 0;
}
