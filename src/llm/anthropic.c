/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claude's Messages API, always streamed. The instructions and what is known of the data are two
 * blocks of `system`, each a breakpoint of the prompt cache: the bytes before a breakpoint are the
 * same in every call about the same data, so they are written once and read at a tenth of the price
 * from then on.
 *
 * A reply in a schema's form is asked for with output_config where the model has it, else by a tool
 * that the model is made to call, whose input is the reply; else in words.
 */
#include "llm/chat_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/settings.h"

#define SAMPLING_VERSION "2023-06-01" /* later ones may refuse a temperature */
#define OWN_URL "https://api.anthropic.com"

/* -- opening -- */

static bool open_anthropic(struct chat_model *model, struct error *err)
{
    const char *url = settings_text("ANTHROPIC_BASE_URL");
    const char *key = settings_secret("ANTHROPIC_API_KEY");
    const char *token = settings_secret("ANTHROPIC_AUTH_TOKEN");
    if (!key && !token && !url)
        return error_set(err, ERROR_CONFIG,
                         "Claude needs a key; set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN");
    struct str base = str_from(url ? url : OWN_URL);
    if (!endpoint_set_url(&model->endpoint, model->driver->url_setting, base, STR("/v1"), err))
        return false;
    model->title = model->driver->title;
    model->own_host = strcmp(model->endpoint.base_url, OWN_URL) == 0;
    if (!model->model_id)
        model->model_id = model->driver->model;
    model->api_version = arena_strdup(model->arena, settings_text("QUERENT_ANTHROPIC_VERSION"));
    endpoint_add_header(&model->endpoint, "accept", "application/json");
    endpoint_add_header(&model->endpoint, "anthropic-version", model->api_version);
    model->has_key = key || token;
    if (key)
        endpoint_add_secret_header(&model->endpoint, "x-api-key", "", key);
    else if (token)
        endpoint_add_secret_header(&model->endpoint, "authorization", "Bearer ", token);
    return true;
}

/* -- writing -- */

static unsigned choose_fields(const struct chat_model *model, const struct chat_request *request,
                              unsigned refused)
{
    const struct model_facts *facts = model_find("anthropic", chat_request_model(model, request));
    unsigned fields = 0;
    if (facts && facts->temperature && strcmp(model->api_version, SAMPLING_VERSION) == 0)
        fields |= CHAT_TEMPERATURE;
    if (facts && (facts->thinking == MODEL_THINKS_UNLESS_DISABLED ||
                  facts->thinking == MODEL_THINKS_UNLESS_BETWEEN_TOOLS))
        fields |= CHAT_THINKING;
    fields &= ~refused;
    if (!request->schema)
        return fields;
    if ((!facts || facts->structured) && !(refused & CHAT_SCHEMA))
        return fields | CHAT_SCHEMA;
    if ((!facts || facts->forced_tool) && !(refused & CHAT_SCHEMA_SECOND))
        return fields | CHAT_SCHEMA_SECOND | (CHAT_STRICT & ~refused);
    return fields | CHAT_SCHEMA_WORDS;
}

static const char *form_name(const struct chat_request *request)
{
    return request->schema_name ? request->schema_name : "reply";
}

static void write_schema(const struct chat_request *request, unsigned fields, struct strbuf *out)
{
    if (fields & CHAT_SCHEMA)
        strbuf_printf(out,
                      ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":%s}}",
                      request->schema);
    if (!(fields & CHAT_SCHEMA_SECOND))
        return;
    strbuf_add(out, ",\"tools\":[{");
    chat_add_member_text(out, "name", str_from(form_name(request)));
    strbuf_printf(out,
                  ",\"description\":\"Takes the reply, in the form that is asked for.\"%s,"
                  "\"input_schema\":%s}],\"tool_choice\":{\"type\":\"tool\"",
                  fields & CHAT_STRICT ? ",\"strict\":true" : "", request->schema);
    chat_add_member_text(out, "name", str_from(form_name(request)));
    strbuf_add(out, ",\"disable_parallel_tool_use\":true}");
}

/* A prefix of so many bytes has at most as many tokens: below the model's least it can't be cached.
 */
static void write_system_block(struct str text, bool cached, struct strbuf *out)
{
    json_add_separator(out);
    strbuf_add(out, "{\"type\":\"text\"");
    chat_add_member_text(out, "text", text);
    if (cached)
        strbuf_add(out, ",\"cache_control\":{\"type\":\"ephemeral\"}");
    strbuf_add_char(out, '}');
}

static void write_system(const struct chat_request *request, unsigned fields,
                         unsigned cached_prefix_min, struct strbuf *out)
{
    struct strbuf words = strbuf_init(CHAT_BODY_MAX);
    strbuf_add_str(&words, request->system);
    if (fields & CHAT_SCHEMA_WORDS) {
        strbuf_add(&words, words.length > 0 ? "\n\n" : "");
        chat_print_schema_words(request, &words);
    }
    size_t prefix = words.length + (request->schema ? strlen(request->schema) : 0);
    if (words.length > 0 || request->context.length > 0) {
        strbuf_add(out, ",\"system\":[");
        if (words.length > 0)
            write_system_block(strbuf_str(&words), prefix >= cached_prefix_min, out);
        if (request->context.length > 0)
            write_system_block(request->context,
                               prefix + request->context.length >= cached_prefix_min, out);
        strbuf_add_char(out, ']');
    }
    strbuf_clear(&words);
}

static void write_messages(const struct chat_request *request, struct strbuf *out)
{
    strbuf_add(out, ",\"messages\":[");
    for (size_t i = 0; i < request->message_count; i++) {
        const struct chat_message *message = &request->messages[i];
        json_add_separator(out);
        strbuf_printf(out, "{\"role\":\"%s\"", message->role == CHAT_USER ? "user" : "assistant");
        chat_add_member_text(out, "content", message->text);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void write_anthropic(const struct chat_model *model, const struct chat_request *request,
                            unsigned fields, struct strbuf *out)
{
    const char *model_id = chat_request_model(model, request);
    const struct model_facts *facts = model_find("anthropic", model_id);
    strbuf_add_char(out, '{');
    chat_add_member_text(out, "model", str_from(model_id));
    strbuf_printf(out, ",\"max_tokens\":%u,\"stream\":true",
                  chat_output_tokens(model, request, fields));
    if (fields & CHAT_TEMPERATURE)
        chat_add_temperature(model, request, out);
    if (fields & CHAT_THINKING)
        strbuf_printf(out, ",\"thinking\":{\"type\":\"%s\"}",
                      facts->thinking == MODEL_THINKS_UNLESS_DISABLED ? "disabled"
                                                                      : "between_tools");
    write_schema(request, fields, out);
    write_system(request, fields, facts ? facts->cached_prefix_min : 0, out);
    write_messages(request, out);
    strbuf_add_char(out, '}');
}

static const char *messages_url(const struct chat_model *model, const char *model_id,
                                struct arena *arena)
{
    return arena_printf(arena, "%s/v1/messages", model->endpoint.base_url);
}

static const struct chat_refusal refusals[] = {
    {"temperature|top_p|top_k|sampling", CHAT_TEMPERATURE},
    {"thinking", CHAT_THINKING},
    {"output_config|output_format|json_schema|structured output|schema is too complex",
     CHAT_SCHEMA},
    {"strict", CHAT_STRICT},
    {"tool_choice|forced tool|tools", CHAT_SCHEMA_SECOND},
    {NULL},
};

/* -- reading -- */

static void read_usage(const json_t *usage, struct chat_usage *out)
{
    chat_read_tokens(usage, "input_tokens", &out->input);
    chat_read_tokens(usage, "cache_read_input_tokens", &out->cached);
    chat_read_tokens(usage, "cache_creation_input_tokens", &out->cache_written);
    chat_read_tokens(usage, "output_tokens", &out->output);
}

static void read_stop(struct chat_reading *reading, const json_t *holder)
{
    const json_t *details = json_object_get(holder, "stop_details");
    if (!json_is_string(json_object_get(holder, "stop_reason")))
        return;
    chat_keep_word(reading->stop_word, sizeof(reading->stop_word),
                   json_object_get(holder, "stop_reason"));
    struct str why = chat_text_of(details, "explanation");
    if (why.length == 0)
        why = chat_text_of(details, "category");
    strbuf_reset(&reading->declined);
    strbuf_add_str(&reading->declined, str_cut_utf8(why, reading->declined.length_max));
}

static bool read_message_start(struct chat_reading *reading, json_t *event, struct error *err)
{
    const json_t *message = json_object_get(event, "message");
    chat_keep_word(reading->model_id, sizeof(reading->model_id), json_object_get(message, "model"));
    read_usage(json_object_get(message, "usage"), &reading->usage);
    return true;
}

static bool starts_forms_tool(struct chat_reading *reading, const json_t *block)
{
    return (reading->fields & CHAT_SCHEMA_SECOND) &&
           str_equal_text(chat_text_of(block, "name"), form_name(reading->request));
}

static bool read_block_start(struct chat_reading *reading, json_t *event, struct error *err)
{
    const json_t *block = json_object_get(event, "content_block");
    bool tool = str_equal_text(chat_text_of(block, "type"), "tool_use");
    /* A second call of it would be a second reply behind the first. */
    reading->in_tool = tool && starts_forms_tool(reading, block) && reading->text.length == 0;
    reading->called_other_tool |= tool && !reading->in_tool;
    if (str_equal_text(chat_text_of(block, "type"), "text") &&
        !(reading->fields & CHAT_SCHEMA_SECOND))
        return chat_reading_text(reading, chat_text_of(block, "text"), err);
    return true;
}

static bool read_block_delta(struct chat_reading *reading, json_t *event, struct error *err)
{
    const json_t *delta = json_object_get(event, "delta");
    struct str type = chat_text_of(delta, "type");
    /* What a model says beside the tool that takes its reply is not the reply. */
    if (str_equal_text(type, "text_delta") && !(reading->fields & CHAT_SCHEMA_SECOND))
        return chat_reading_text(reading, chat_text_of(delta, "text"), err);
    if (str_equal_text(type, "input_json_delta") && reading->in_tool)
        return chat_reading_text(reading, chat_text_of(delta, "partial_json"), err);
    return true;
}

static bool read_block_stop(struct chat_reading *reading, json_t *event, struct error *err)
{
    bool empty = reading->in_tool && reading->text.length == 0;
    reading->in_tool = false;
    return !empty || chat_reading_text(reading, STR("{}"), err);
}

/* Its numbers are totals, not more. */
static bool read_message_delta(struct chat_reading *reading, json_t *event, struct error *err)
{
    read_usage(json_object_get(event, "usage"), &reading->usage);
    read_stop(reading, json_object_get(event, "delta"));
    return true;
}

static bool read_message_stop(struct chat_reading *reading, json_t *event, struct error *err)
{
    reading->over = true;
    return true;
}

static bool read_error(struct chat_reading *reading, json_t *event, struct error *err)
{
    return chat_reading_fail_as_told(reading, event, err);
}

static const struct {
    const char *type;
    bool (*read)(struct chat_reading *reading, json_t *event, struct error *err);
} events[] = {
    {"message_start", read_message_start},
    {"content_block_start", read_block_start},
    {"content_block_delta", read_block_delta},
    {"content_block_stop", read_block_stop},
    {"message_delta", read_message_delta},
    {"message_stop", read_message_stop},
    {"error", read_error},
};

/* Unknown events are passed over, as the API asks of its clients. */
static bool read_event(struct chat_reading *reading, const struct server_event *event,
                       struct error *err)
{
    if (reading->over)
        return true;
    json_t *data = chat_read_json(event->data, reading->scratch);
    if (!json_is_object(data))
        return chat_reading_fail(reading, true, err, "sent an event that can't be read");
    struct str type = chat_text_of(data, "type");
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (str_equal_text(type, events[i].type))
            return events[i].read(reading, data, err);
    return true;
}

static bool read_whole_block(struct chat_reading *reading, json_t *block, struct error *err)
{
    struct str type = chat_text_of(block, "type");
    if (str_equal_text(type, "text") && !(reading->fields & CHAT_SCHEMA_SECOND))
        return chat_reading_text(reading, chat_text_of(block, "text"), err);
    if (!str_equal_text(type, "tool_use"))
        return true;
    if (!starts_forms_tool(reading, block) || reading->text.length > 0) {
        reading->called_other_tool = true;
        return true;
    }
    char *input = json_dumps(json_object_get(block, "input"), JSON_COMPACT);
    bool ok = !input || chat_reading_text(reading, str_from(input), err);
    free(input);
    return ok;
}

static bool read_whole(struct chat_reading *reading, json_t *body, struct error *err)
{
    chat_keep_word(reading->model_id, sizeof(reading->model_id), json_object_get(body, "model"));
    read_usage(json_object_get(body, "usage"), &reading->usage);
    read_stop(reading, body);
    reading->over = *reading->stop_word;
    json_t *content = json_object_get(body, "content"), *block;
    size_t i;
    json_array_foreach(content, i, block) if (!read_whole_block(reading, block, err)) return false;
    return true;
}

static bool finish(struct chat_reading *reading, struct error *err)
{
    static const struct {
        const char *word;
        enum chat_stop stop;
    } stops[] = {
        {"end_turn", CHAT_STOPPED}, {"stop_sequence", CHAT_STOPPED}, {"tool_use", CHAT_STOPPED},
        {"max_tokens", CHAT_CUT},   {"refusal", CHAT_REFUSED},
    };
    const char *word = reading->stop_word;
    if (!reading->over || !*word)
        return chat_reading_fail(reading, true, err, "ended its reply before it was whole");
    if (reading->called_other_tool && strcmp(word, "refusal") != 0)
        return chat_reading_fail(reading, false, err, "called a tool that it does not have");
    if (strcmp(word, "model_context_window_exceeded") == 0)
        return chat_reading_fail(reading, false, err,
                                 "ran out of room for its reply: the question and what is known "
                                 "about the data fill the model's context; set QUERENT_MODEL to a "
                                 "model that reads more");
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        if (strcmp(word, stops[i].word) == 0) {
            reading->stop = stops[i].stop;
            if (reading->stop == CHAT_STOPPED && reading->text.length == 0)
                return chat_reading_fail(reading, true, err, "ended its reply without any text");
            return true;
        }
    return chat_reading_fail(reading, false, err, "ended its reply in an unknown way ('%s')", word);
}

/* -- checks -- */

static const char *check_url(const struct chat_model *model, struct arena *arena)
{
    return arena_printf(arena, "%s/v1/models/%s", model->endpoint.base_url, model->model_id);
}

static const char *describe(const struct chat_model *model, json_t *body, struct arena *arena)
{
    if (chat_text_of(body, "id").length == 0)
        return NULL;
    int64_t input = 0, output = 0;
    chat_read_tokens(body, "max_input_tokens", &input);
    chat_read_tokens(body, "max_tokens", &output);
    const char *words = arena_printf(arena, "'%s' is there", model->model_id);
    if (input > 0)
        words = arena_printf(arena, "%s; reads %lld tokens", words, (long long)input);
    if (output > 0)
        words = arena_printf(arena, "%s; writes %lld", words, (long long)output);
    const struct model_facts *facts = model_find("anthropic", model->model_id);
    const json_t *retires = json_object_get(body, "retires_at");
    if (json_is_string(retires) && !(facts && facts->retires))
        words = arena_printf(arena, "%s; retires %s", words,
                             endpoint_clean(&model->endpoint, str_from(json_string_value(retires)), arena));
    return words;
}

const struct chat_driver chat_anthropic_driver = {
    .name = "anthropic",
    .title = "Claude",
    .model = "claude-sonnet-4-6",
    .key_setting = "ANTHROPIC_API_KEY",
    .url_setting = "ANTHROPIC_BASE_URL",
    .request_id_header = "request-id",
    .own_models_only = true,
    .open = open_anthropic,
    .temperature_max = 1,
    .choose_fields = choose_fields,
    .write = write_anthropic,
    .url = messages_url,
    .read_event = read_event,
    .read_whole = read_whole,
    .finish = finish,
    .refusals = refusals,
    .check_url = check_url,
    .describe = describe,
};
