/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chat completions, as OpenAI, Azure OpenAI, vLLM, Ollama, llama.cpp and many gateways have them.
 * They differ in what they take: a refused part is left out (chat.c), and of a schema the form goes
 * from the API's own field over "some JSON object" to words. The instructions and what is known of
 * the data are one system message, first, so that servers that cache prefixes can.
 */
#include "llm/chat_priv.h"

#include <string.h>

#include "core/json.h"
#include "core/settings.h"

#define OWN_URL "https://api.openai.com"
#define DEPLOYMENTS "/openai/deployments/"

/* -- opening -- */

/* A base with no path of its own gets the usual one. */
static bool set_base(struct chat_model *model, const char *url, struct error *err)
{
    struct endpoint *endpoint = &model->endpoint;
    if (!endpoint_set_url(endpoint, model->driver->url_setting, str_from(url),
                          STR("/chat/completions"), err))
        return false;
    model->own_host = endpoint_is_openai(str_from(endpoint->base_url));
    model->title = model->own_host ? model->driver->title
                                   : arena_printf(model->arena, "the server %s", model->endpoint.host);
    if (endpoint_is_bare(endpoint) && !model->api_version)
        endpoint->base_url = arena_printf(model->arena, "%s/v1", endpoint->base_url);
    return true;
}

static bool open_openai(struct chat_model *model, struct error *err)
{
    const char *url = settings_text("OPENAI_BASE_URL");
    const char *key = settings_secret("OPENAI_API_KEY");
    const char *headers = settings_secret("QUERENT_OPENAI_HEADERS");
    const char *version = settings_text("OPENAI_API_VERSION");
    if (!key && !url)
        return error_set(err, ERROR_CONFIG,
                         "OpenAI needs a key; set OPENAI_API_KEY, or "
                         "OPENAI_BASE_URL to a server that needs none");
    model->api_version = version ? arena_strdup(model->arena, version) : NULL;
    if (!set_base(model, url ? url : OWN_URL, err))
        return false;
    if (!model->model_id && !model->own_host)
        return error_set(err, ERROR_CONFIG,
                         "OPENAI_BASE_URL is set, but no model; set QUERENT_MODEL to one that %s "
                         "serves",
                         model->endpoint.host);
    if (!model->model_id)
        model->model_id = model->driver->model;
    model->limit_field = model->own_host ? CHAT_LIMIT_NEW : CHAT_LIMIT_OLD;
    const char *limit = settings_text("QUERENT_OPENAI_LIMIT_FIELD");
    if (strcmp(limit, "auto") != 0)
        model->limit_field = strcmp(limit, "max_tokens") == 0 ? CHAT_LIMIT_OLD : CHAT_LIMIT_NEW;
    model->has_key = key;
    if (key && model->api_version)
        endpoint_add_secret_header(&model->endpoint, "api-key", "", key);
    else if (key)
        endpoint_add_secret_header(&model->endpoint, "authorization", "Bearer ", key);
    return !headers || endpoint_add_secret_headers(&model->endpoint, "QUERENT_OPENAI_HEADERS", headers,
                                                    err);
}

/* -- writing -- */

static unsigned choose_fields(const struct chat_model *model, const struct chat_request *request,
                              unsigned refused)
{
    const struct model_facts *facts = model_find("openai", chat_request_model(model, request));
    unsigned other = CHAT_LIMIT_NEW + CHAT_LIMIT_OLD - model->limit_field;
    unsigned fields = CHAT_STREAM_OPTIONS;
    /* Servers of one's own sample warm unless they are told; on OpenAI's the newer models refuse
     * it. */
    if (facts ? facts->temperature : !model->own_host)
        fields |= CHAT_TEMPERATURE;
    fields |= refused & model->limit_field ? other : model->limit_field;
    fields &= ~refused;
    if (!request->schema)
        return fields;
    if (!(refused & CHAT_SCHEMA))
        return fields | CHAT_SCHEMA;
    return fields | CHAT_SCHEMA_WORDS | (CHAT_SCHEMA_SECOND & ~refused);
}

static void write_form(const struct chat_request *request, unsigned fields, struct strbuf *out)
{
    if (fields & CHAT_SCHEMA_SECOND)
        strbuf_add(out, ",\"response_format\":{\"type\":\"json_object\"}");
    if (!(fields & CHAT_SCHEMA))
        return;
    strbuf_add(out, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{");
    chat_add_member_text(out, "name",
                         str_from(request->schema_name ? request->schema_name : "reply"));
    strbuf_printf(out, ",\"strict\":true,\"schema\":%s}}", request->schema);
}

static void write_message(const char *role, struct str text, struct strbuf *out)
{
    json_add_separator(out);
    strbuf_printf(out, "{\"role\":\"%s\"", role);
    chat_add_member_text(out, "content", text);
    strbuf_add_char(out, '}');
}

/* One message: the templates of some models know no second one. */
static void write_system(const struct chat_request *request, unsigned fields, struct strbuf *out)
{
    struct strbuf words = strbuf_init(CHAT_BODY_MAX);
    strbuf_add_str(&words, request->system);
    if (fields & CHAT_SCHEMA_WORDS) {
        strbuf_add(&words, words.length > 0 ? "\n\n" : "");
        chat_print_schema_words(request, &words);
    }
    if (request->context.length > 0) {
        strbuf_add(&words, words.length > 0 ? "\n\n" : "");
        strbuf_add_str(&words, request->context);
    }
    if (words.length > 0)
        write_message("system", strbuf_str(&words), out);
    strbuf_clear(&words);
}

static void write_openai(const struct chat_model *model, const struct chat_request *request,
                         unsigned fields, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    chat_add_member_text(out, "model", str_from(chat_request_model(model, request)));
    strbuf_add(out, ",\"stream\":true");
    if (fields & CHAT_STREAM_OPTIONS)
        strbuf_add(out, ",\"stream_options\":{\"include_usage\":true}");
    if (fields & (CHAT_LIMIT_NEW | CHAT_LIMIT_OLD))
        strbuf_printf(out, ",\"%s\":%u",
                      fields & CHAT_LIMIT_NEW ? "max_completion_tokens" : "max_tokens",
                      chat_output_tokens(model, request, fields));
    if (fields & CHAT_TEMPERATURE)
        chat_add_temperature(model, request, out);
    write_form(request, fields, out);
    strbuf_add(out, ",\"messages\":[");
    write_system(request, fields, out);
    for (size_t i = 0; i < request->message_count; i++)
        write_message(request->messages[i].role == CHAT_USER ? "user" : "assistant",
                      request->messages[i].text, out);
    strbuf_add(out, "]}");
}

static const char *completions_url(const struct chat_model *model, const char *model_id,
                                   struct arena *arena)
{
    const char *base = model->endpoint.base_url;
    if (!model->api_version)
        return arena_printf(arena, "%s/chat/completions", base);
    const char *version = endpoint_escape(model->api_version, arena);
    if (strstr(base, DEPLOYMENTS))
        return arena_printf(arena, "%s/chat/completions?api-version=%s", base, version);
    return arena_printf(arena, "%s" DEPLOYMENTS "%s/chat/completions?api-version=%s", base,
                        endpoint_escape(model_id, arena), version);
}

/* A context that is too small for question and room for the answer may do without the room: the
 * server then gives what is left. Servers word the refusal of a schema in many ways, so the last
 * rows take any. */
static const struct chat_refusal refusals[] = {
    {"context length|context size|context_length_exceeded|exceed_context",
     CHAT_LIMIT_OLD | CHAT_LIMIT_NEW, .passing = true},
    {"temperature", CHAT_TEMPERATURE},
    {"stream_options|include_usage", CHAT_STREAM_OPTIONS},
    {"use max_completion|max_completion_tokens' instead|max_tokens' is not supported|unsupported "
     "parameter: 'max_tok",
     CHAT_LIMIT_OLD},
    {"max_completion_tokens", CHAT_LIMIT_NEW},
    {"response_format|json_schema|schema|grammar|guided|structured", CHAT_SCHEMA},
    {"response_format|json_object|json", CHAT_SCHEMA_SECOND},
    {"", CHAT_SCHEMA},
    {"", CHAT_SCHEMA_SECOND},
    {NULL},
};

/* -- reading -- */

static void read_usage(const json_t *usage, struct chat_usage *out)
{
    if (!json_is_object(usage))
        return;
    int64_t prompt = 0, cached = 0;
    chat_read_tokens(usage, "prompt_tokens", &prompt);
    chat_read_tokens(usage, "completion_tokens", &out->output);
    chat_read_tokens(json_object_get(usage, "prompt_tokens_details"), "cached_tokens", &cached);
    out->cached = cached < prompt ? cached : prompt;
    out->input = prompt - out->cached;
}

/* `part` is a stream's delta or a document's message. */
static bool read_part(struct chat_reading *reading, const json_t *part, struct error *err)
{
    struct str refusal = chat_text_of(part, "refusal");
    size_t room = reading->declined.length_max - reading->declined.length;
    strbuf_add_str(&reading->declined, str_cut_utf8(refusal, room));
    const json_t *calls = json_object_get(part, "tool_calls");
    reading->called_other_tool |= json_array_size(calls) > 0;
    return chat_reading_text(reading, chat_text_of(part, "content"), err);
}

static bool read_choice(struct chat_reading *reading, const json_t *body, const char *part_name,
                        struct error *err)
{
    if (!*reading->model_id)
        chat_keep_word(reading->model_id, sizeof(reading->model_id),
                       json_object_get(body, "model"));
    read_usage(json_object_get(body, "usage"), &reading->usage);
    const json_t *choice = json_array_get(json_object_get(body, "choices"), 0);
    const json_t *why = json_object_get(choice, "finish_reason");
    if (json_is_string(why))
        chat_keep_word(reading->stop_word, sizeof(reading->stop_word), why);
    return read_part(reading, json_object_get(choice, part_name), err);
}

static bool read_event(struct chat_reading *reading, const struct server_event *event,
                       struct error *err)
{
    if (reading->over)
        return true;
    if (str_starts(event->data, STR("[DONE]"))) {
        reading->over = true;
        return true;
    }
    json_t *data = chat_read_json(event->data, reading->scratch);
    if (!json_is_object(data))
        return chat_reading_fail(reading, true, err, "sent an event that can't be read");
    const json_t *error = json_object_get(data, "error");
    if (error && !json_is_null(error))
        return chat_reading_fail_as_told(reading, data, err);
    return read_choice(reading, data, "delta", err);
}

static bool read_whole(struct chat_reading *reading, json_t *body, struct error *err)
{
    reading->over = json_array_size(json_object_get(body, "choices")) > 0;
    return read_choice(reading, body, "message", err);
}

static bool finish(struct chat_reading *reading, struct error *err)
{
    const char *word = reading->stop_word;
    bool some = reading->text.length > 0;
    if (!reading->over && !*word)
        return chat_reading_fail(reading, true, err, "ended its reply before it was whole");
    bool filtered = strcmp(word, "content_filter") == 0;
    if (filtered && reading->declined.length == 0) /* what came before is of no use */
        strbuf_add(&reading->declined, "the provider's content filter stopped the reply");
    if (filtered || (reading->declined.length > 0 && !some)) {
        reading->stop = CHAT_REFUSED;
        return true;
    }
    if (reading->called_other_tool && !some)
        return chat_reading_fail(reading, false, err, "called a tool that it does not have");
    reading->stop = strcmp(word, "length") == 0 ? CHAT_CUT : CHAT_STOPPED;
    if (reading->stop == CHAT_STOPPED && !some)
        return chat_reading_fail(reading, true, err, "ended its reply without any text");
    return true;
}

/* -- checks -- */

static const char *check_url(const struct chat_model *model, struct arena *arena)
{
    struct str base = str_from(model->endpoint.base_url);
    if (!model->api_version)
        return arena_printf(arena, "%s/models", model->endpoint.base_url);
    ptrdiff_t deployments = str_find(base, STR(DEPLOYMENTS));
    if (deployments >= 0)
        base.length = (size_t)deployments;
    return arena_printf(arena, "%.*s/openai/models?api-version=%s", STR_ARGS(base),
                        endpoint_escape(model->api_version, arena));
}

static const char *describe(const struct chat_model *model, json_t *body, struct arena *arena)
{
    json_t *list = json_object_get(body, "data"), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (!str_equal_text(chat_text_of(item, "id"), model->model_id))
            continue;
        int64_t reads = 0; /* vLLM tells it */
        chat_read_tokens(item, "max_model_len", &reads);
        return reads > 0 ? arena_printf(arena, "'%s' is there; reads %lld tokens", model->model_id,
                                        (long long)reads)
                         : arena_printf(arena, "'%s' is there", model->model_id);
    }
    return NULL;
}

const struct chat_driver chat_openai_driver = {
    .name = "openai",
    .title = "OpenAI",
    .model = "gpt-5.4-mini",
    .key_setting = "OPENAI_API_KEY",
    .url_setting = "OPENAI_BASE_URL",
    .request_id_header = "x-request-id",
    .open = open_openai,
    .temperature_max = 2,
    .choose_fields = choose_fields,
    .write = write_openai,
    .url = completions_url,
    .read_event = read_event,
    .read_whole = read_whole,
    .finish = finish,
    .refusals = refusals,
    .check_url = check_url,
    .describe = describe,
};
