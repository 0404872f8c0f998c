/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to the providers, byte for byte, and how their replies are read, however they are
 * cut. */
#include <string.h>

#include "arena_support.h"
#include "core/settings.h"
#include "llm/chat_priv.h"

#define SCHEMA                                                                                    \
    "{\"type\":\"object\",\"properties\":{\"sql\":{\"type\":\"string\"}},\"required\":[\"sql\"]," \
    "\"additionalProperties\":false}"

static void set(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

static struct chat_model *open_model(const char *provider)
{
    struct error err = {0};
    struct chat_model *model = chat_open(provider, &err);
    if (!model)
        fail_msg("%s", err.message);
    return model;
}

static int forget_settings(void **state)
{
    settings_reset();
    return 0;
}

static struct chat_model *open_claude(const char *model)
{
    set("ANTHROPIC_API_KEY", "sk-ant-test-1");
    set("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/");
    if (model)
        set("QUERENT_MODEL", model);
    return open_model("anthropic");
}

static struct chat_model *open_server(const char *model)
{
    set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/");
    set("QUERENT_MODEL", model);
    return open_model("openai");
}

static const struct chat_message messages[] = {
    {CHAT_USER, {"first \"one\"\n", 12}},
    {CHAT_ASSISTANT, {"reply", 5}},
    {CHAT_USER, {"\xC3\xA9", 2}},
};

static struct chat_request request_with(const char *schema)
{
    return (struct chat_request){
        .arena = arena,
        .system = STR("Be brief."),
        .context = STR("Table t."),
        .messages = messages,
        .message_count = 3,
        .schema = schema,
        .schema_name = "decision",
        .output_tokens_max = 100,
    };
}

static void assert_sends(struct chat_model *model, const struct chat_request *request,
                         const char *expected)
{
    assert_string_equal(chat_print_request(model, request).bytes, expected);
    chat_close(model);
}

#define CLAUDE_MESSAGES                                                                            \
    "\"messages\":[{\"role\":\"user\",\"content\":\"first \\\"one\\\"\\n\"},"                      \
    "{\"role\":\"assistant\",\"content\":\"reply\"},{\"role\":\"user\",\"content\":\"\xC3\xA9\"}]" \
    "}"
#define SYSTEM_BLOCKS                                         \
    "\"system\":[{\"type\":\"text\",\"text\":\"Be brief.\"}," \
    "{\"type\":\"text\",\"text\":\"Table t.\"}],"

static void claude_is_asked_in_plain_text(void **state)
{
    struct chat_request request = request_with(NULL);
    assert_sends(open_claude(NULL), &request,
                 "{\"model\":\"claude-sonnet-4-6\",\"max_tokens\":100,\"stream\":true,"
                 "\"temperature\":0," SYSTEM_BLOCKS CLAUDE_MESSAGES);
}

static void a_temperature_is_sent_as_far_as_it_is_taken(void **state)
{
    static const struct {
        double temperature;
        const char *claude, *server;
    } rows[] = {{0, "\"temperature\":0,", "\"temperature\":0,"},
                {0.25, "\"temperature\":0.25,", "\"temperature\":0.25,"},
                {1, "\"temperature\":1,", "\"temperature\":1,"},
                {1.5, "\"temperature\":1,", "\"temperature\":1.5,"},
                {1e300, "\"temperature\":1,", "\"temperature\":2,"},
                {-1, "\"temperature\":0,", "\"temperature\":0,"}};
    struct chat_model *claude = open_claude(NULL), *server = open_server("qwen");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chat_request request = request_with(NULL);
        request.temperature = rows[i].temperature;
        assert_non_null(strstr(chat_print_request(claude, &request).bytes, rows[i].claude));
        assert_non_null(strstr(chat_print_request(server, &request).bytes, rows[i].server));
        request.model = "claude-sonnet-5";
        assert_null(strstr(chat_print_request(claude, &request).bytes, "temperature"));
    }
    chat_close(claude);
    chat_close(server);
}

static void a_later_api_is_sent_no_temperature(void **state)
{
    struct chat_request request = request_with(NULL);
    struct chat_model *model = open_claude(NULL);
    model->api_version = "2026-10-21";
    assert_sends(
        model, &request,
        "{\"model\":\"claude-sonnet-4-6\",\"max_tokens\":100,\"stream\":true," SYSTEM_BLOCKS
            CLAUDE_MESSAGES);
}

static void claude_is_given_a_schema_where_it_takes_one(void **state)
{
    struct chat_request request = request_with(SCHEMA);
    assert_sends(open_claude("claude-sonnet-4-5-20250929"), &request,
                 "{\"model\":\"claude-sonnet-4-5-20250929\",\"max_tokens\":100,\"stream\":true,"
                 "\"temperature\":0,\"output_config\":{\"format\":{\"type\":\"json_schema\","
                 "\"schema\":" SCHEMA "}}," SYSTEM_BLOCKS CLAUDE_MESSAGES);
}

static void claude_is_kept_from_thinking_as_its_model_takes_it(void **state)
{
    struct chat_request request = request_with(NULL);
    assert_sends(open_claude("claude-sonnet-5"), &request,
                 "{\"model\":\"claude-sonnet-5\",\"max_tokens\":100,\"stream\":true,"
                 "\"thinking\":{\"type\":\"disabled\"}," SYSTEM_BLOCKS CLAUDE_MESSAGES);
    assert_sends(open_claude("claude-sonnet-5-5"), &request,
                 "{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":100,\"stream\":true,"
                 "\"thinking\":{\"type\":\"between_tools\"}," SYSTEM_BLOCKS CLAUDE_MESSAGES);
}

static void a_model_that_thinks_gets_room_for_it(void **state)
{
    struct chat_request request = request_with(NULL);
    assert_sends(open_claude("claude-opus-5-5"), &request,
                 "{\"model\":\"claude-opus-5-5\",\"max_tokens\":8292,\"stream\":true," SYSTEM_BLOCKS
                     CLAUDE_MESSAGES);
}

static const char *print_without(struct chat_model *model, const struct chat_request *request,
                                 unsigned refused)
{
    struct strbuf out = strbuf_init(100000);
    model->driver->write(model, request, model->driver->choose_fields(model, request, refused),
                         &out);
    const char *text = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return text;
}

static void claude_is_made_to_call_a_tool_where_there_is_no_schema(void **state)
{
    struct chat_request request = request_with(SCHEMA);
    struct chat_model *model = open_claude(NULL);
    assert_string_equal(
        print_without(model, &request, CHAT_SCHEMA | CHAT_TEMPERATURE),
        "{\"model\":\"claude-sonnet-4-6\",\"max_tokens\":100,\"stream\":true,\"tools\":[{"
        "\"name\":\"decision\",\"description\":\"Takes the reply, in the form that is asked for.\","
        "\"strict\":true,\"input_schema\":" SCHEMA "}],\"tool_choice\":{\"type\":\"tool\","
        "\"name\":\"decision\",\"disable_parallel_tool_use\":true}," SYSTEM_BLOCKS CLAUDE_MESSAGES);
    assert_null(strstr(print_without(model, &request, CHAT_SCHEMA | CHAT_STRICT), "strict"));
    const char *words = print_without(model, &request, CHAT_SCHEMA | CHAT_SCHEMA_SECOND);
    assert_null(strstr(words, "tool"));
    assert_non_null(strstr(words, "must obey this JSON schema"));
    chat_close(model);
}

static void the_cache_is_used_from_its_least_prefix_on(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct chat_request request = request_with(NULL);
    char *text = arena_alloc(arena, 2048);
    memset(text, 'a', 2048);
    request.system = (struct str){text, 1023};
    request.context = STR("");
    assert_null(strstr(chat_print_request(model, &request).bytes, "cache_control"));
    request.system.length = 1024;
    const char *body = chat_print_request(model, &request).bytes;
    assert_non_null(strstr(body, "a\",\"cache_control\":{\"type\":\"ephemeral\"}}]"));
    request.system.length = 1000;
    request.context = (struct str){text, 24};
    body = chat_print_request(model, &request).bytes;
    const char *first = strstr(body, "cache_control");
    assert_non_null(first);
    assert_null(strstr(first + 1, "cache_control")); /* only behind the context */
    chat_close(model);
}

static void questions_about_the_same_data_share_their_beginning(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct chat_request one = request_with(SCHEMA), two = request_with(SCHEMA);
    struct chat_message question = {CHAT_USER, STR("another")};
    two.messages = &question;
    two.message_count = 1;
    struct str a = chat_print_request(model, &one), b = chat_print_request(model, &two);
    size_t same = 0;
    while (a.bytes[same] == b.bytes[same])
        same++;
    assert_true(same >= (size_t)str_find(a, STR("\"content\":\"")));
    assert_true(str_equal(a, chat_print_request(model, &one)));
    chat_close(model);
}

#define OPENAI_MESSAGES                                                                            \
    "{\"role\":\"user\",\"content\":\"first \\\"one\\\"\\n\"},"                                    \
    "{\"role\":\"assistant\",\"content\":\"reply\"},{\"role\":\"user\",\"content\":\"\xC3\xA9\"}]" \
    "}"

static void a_server_is_asked_in_plain_text(void **state)
{
    struct chat_request request = request_with(NULL);
    assert_sends(open_server("qwen"), &request,
                 "{\"model\":\"qwen\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                 "\"max_tokens\":100,\"temperature\":0,\"messages\":["
                 "{\"role\":\"system\",\"content\":\"Be brief.\\n\\nTable t.\"}," OPENAI_MESSAGES);
}

/* So it needs no QUERENT_MODEL, as another server would. */
static void openai_is_known_by_its_address(void **state)
{
    static const char *const urls[] = {"https://api.openai.com:443/v1", "https://API.openai.com/v1/"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        set("OPENAI_API_KEY", "sk-test-1");
        set("OPENAI_BASE_URL", urls[i]);
        struct chat_model *model = open_model("openai");
        assert_true(model->own_host);
        chat_close(model);
    }
}

static void openai_is_asked_as_its_models_take_it(void **state)
{
    set("OPENAI_API_KEY", "sk-test-1");
    set("QUERENT_MODEL", "gpt-5.6-luna");
    struct chat_request request = request_with(SCHEMA);
    struct chat_model *model = open_model("openai");
    assert_string_equal(model->endpoint.base_url, "https://api.openai.com/v1");
    assert_sends(model, &request,
                 "{\"model\":\"gpt-5.6-luna\",\"stream\":true,"
                 "\"stream_options\":{\"include_usage\":true},\"max_completion_tokens\":8292,"
                 "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
                 "\"name\":\"decision\",\"strict\":true,\"schema\":" SCHEMA "}},\"messages\":["
                 "{\"role\":\"system\",\"content\":\"Be brief.\\n\\nTable t.\"}," OPENAI_MESSAGES);
}

static void a_schema_goes_from_its_field_over_json_to_words(void **state)
{
    struct chat_request request = request_with(SCHEMA);
    struct chat_model *model = open_server("qwen");
    const char *second = print_without(model, &request, CHAT_SCHEMA);
    assert_non_null(strstr(second, "\"response_format\":{\"type\":\"json_object\"}"));
    assert_non_null(strstr(second, "must obey this JSON schema"));
    const char *words = print_without(model, &request, CHAT_SCHEMA | CHAT_SCHEMA_SECOND);
    assert_null(strstr(words, "response_format"));
    assert_non_null(strstr(words, "must obey this JSON schema"));
    assert_non_null(
        strstr(print_without(model, &request, CHAT_LIMIT_OLD), "\"max_completion_tokens\":100"));
    chat_close(model);
}

static void addresses_are_taken_as_people_write_them(void **state)
{
    static const struct {
        const char *given, *version, *url;
    } cases[] = {
        {"http://h:1", NULL, "http://h:1/v1/chat/completions"},
        {"http://h:1/", NULL, "http://h:1/v1/chat/completions"},
        {"http://h:1/v1", NULL, "http://h:1/v1/chat/completions"},
        {"http://h:1/v1//", NULL, "http://h:1/v1/chat/completions"},
        {"http://h:1/v1/chat/completions", NULL, "http://h:1/v1/chat/completions"},
        {"https://h/gateway/openai/v1/", NULL, "https://h/gateway/openai/v1/chat/completions"},
        {"https://h/v1beta/openai/", NULL, "https://h/v1beta/openai/chat/completions"},
        {"https://r.openai.azure.com/openai/v1/", NULL,
         "https://r.openai.azure.com/openai/v1/chat/completions"},
        {"https://r.openai.azure.com/", "2024-10-21",
         "https://r.openai.azure.com/openai/deployments/my%20d%2F1/chat/completions"
         "?api-version=2024-10-21"},
        {"https://r.openai.azure.com/openai/deployments/x", "2024-10-21",
         "https://r.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024-10-21"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        settings_reset();
        set("OPENAI_BASE_URL", cases[i].given);
        set("QUERENT_MODEL", "my d/1");
        if (cases[i].version)
            set("OPENAI_API_VERSION", cases[i].version);
        struct chat_model *model = open_model("openai");
        assert_string_equal(model->driver->url(model, model->model_id, arena), cases[i].url);
        chat_close(model);
    }
    static const char *const claude[] = {"http://h:1/p", "http://h:1/p/", "http://h:1/p/v1",
                                         "http://h:1/p/v1/"};
    for (size_t i = 0; i < 4; i++) {
        set("ANTHROPIC_BASE_URL", claude[i]);
        struct chat_model *model = open_model("anthropic");
        assert_string_equal(model->driver->url(model, "m", arena), "http://h:1/p/v1/messages");
        chat_close(model);
    }
}

static const char *header_of(const struct chat_model *model, const char *name)
{
    for (size_t i = 0; i < model->endpoint.header_count; i++)
        if (strcmp(model->endpoint.headers[i].name, name) == 0)
            return model->endpoint.headers[i].value;
    return "";
}

static void keys_go_where_each_provider_wants_them(void **state)
{
    struct chat_model *model = open_claude(NULL);
    assert_string_equal(header_of(model, "x-api-key"), "sk-ant-test-1");
    assert_string_equal(header_of(model, "authorization"), "");
    assert_string_equal(header_of(model, "anthropic-version"), "2023-06-01");
    chat_close(model);
    settings_reset();
    set("ANTHROPIC_AUTH_TOKEN", "token-1");
    model = open_model("anthropic");
    assert_string_equal(header_of(model, "authorization"), "Bearer token-1");
    assert_string_equal(header_of(model, "x-api-key"), "");
    chat_close(model);
    set("OPENAI_API_KEY", "sk-test-1");
    set("QUERENT_OPENAI_HEADERS", "OpenAI-Organization: org-1 , X-Gateway:a:b");
    model = open_model("openai");
    assert_string_equal(header_of(model, "authorization"), "Bearer sk-test-1");
    assert_string_equal(header_of(model, "OpenAI-Organization"), "org-1");
    assert_string_equal(header_of(model, "X-Gateway"), "a:b");
    chat_close(model);
    set("OPENAI_API_VERSION", "2024-10-21");
    model = open_model("openai");
    assert_string_equal(header_of(model, "api-key"), "sk-test-1");
    assert_string_equal(header_of(model, "authorization"), "");
    chat_close(model);
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    static const struct {
        const char *provider, *name, *value, *words;
    } cases[] = {
        {"anthropic", NULL, NULL, "ANTHROPIC_API_KEY"},
        {"openai", NULL, NULL, "OPENAI_BASE_URL"},
        {"openai", "OPENAI_BASE_URL", "http://h", "QUERENT_MODEL"},
        {"openai", "OPENAI_BASE_URL", "http://h/v1?a=b", "'?'"},
        {"anthropic", "ANTHROPIC_BASE_URL", "http://h#x", "'#'"},
        {"mistral", NULL, NULL, "mistral"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        settings_reset();
        if (cases[i].name)
            set(cases[i].name, cases[i].value);
        assert_null(chat_open(cases[i].provider, &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_non_null(strstr(err.message, cases[i].words));
    }
    static const char *const headers[] = {"no colon", "bad name: x", ": x", "a: b,,c: d"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct error err = {0};
        settings_reset();
        set("OPENAI_API_KEY", "sk-test-1");
        set("QUERENT_OPENAI_HEADERS", headers[i]);
        assert_null(chat_open("openai", &err));
        assert_non_null(strstr(err.message, "QUERENT_OPENAI_HEADERS"));
    }
}

static void models_that_go_are_warned_of(void **state)
{
    set("ANTHROPIC_API_KEY", "sk-ant-test-1");
    struct chat_model *model = open_model("anthropic");
    const char *old = "claude-sonnet-4-5-20250929";
    const char *words = chat_model_warning(model, old, "2026-11-30", arena);
    assert_non_null(strstr(words, "will be retired on 2026-11-30; set QUERENT_MODEL to "
                                  "claude-sonnet-4-6"));
    words = chat_model_warning(model, old, "2026-12-01", arena);
    assert_non_null(strstr(words, "was retired on 2026-11-30"));
    words = chat_model_warning(model, "claude-3-opus-20240229", "2026-01-01", arena);
    assert_non_null(strstr(words, "was retired; set"));
    assert_null(chat_model_warning(model, "claude-sonnet-4-6", "2026-12-01", arena));
    assert_non_null(
        strstr(chat_model_warning(model, "claude-next", "2026-12-01", arena), "not known"));
    chat_close(model);
    model = open_server("qwen");
    assert_null(chat_model_warning(model, "qwen", "2026-12-01", arena));
    chat_close(model);
}

/* -- replies -- */

struct heard {
    char text[4096];
    size_t pieces;
};

static bool hear(void *context, struct str piece, struct error *err)
{
    struct heard *heard = context;
    snprintf(heard->text + strlen(heard->text), sizeof(heard->text) - strlen(heard->text), "%.*s",
             STR_ARGS(piece));
    heard->pieces++;
    return true;
}

struct read {
    bool ok;
    struct error err;
    enum chat_stop stop;
    const char *text, *declined;
    struct chat_usage usage;
    char model_id[CHAT_MODEL_ID_MAX + 1];
    bool passing;
    struct heard heard;
};

static struct read read_pieces(struct chat_model *model, struct str stream, size_t cut, size_t step,
                               unsigned fields)
{
    static struct chat_reading reading;
    struct read out = {.ok = true};
    struct chat_request request = request_with(fields ? SCHEMA : NULL);
    request.on_text = hear;
    request.on_text_context = &out.heard;
    chat_reading_init(&reading, model, &request, fields);
    for (size_t at = 0, next; at < stream.length && out.ok; at = next) {
        next = at < cut && cut < at + step ? cut : at + step;
        out.ok = chat_reading_add(&reading, str_slice(stream, at, next), &out.err);
    }
    out.ok = out.ok && chat_reading_finish(&reading, &out.err);
    out.stop = reading.stop;
    out.text = arena_strdup(arena, strbuf_text(&reading.text));
    out.declined = arena_strdup(arena, strbuf_text(&reading.declined));
    out.usage = reading.usage;
    out.passing = reading.passing;
    snprintf(out.model_id, sizeof(out.model_id), "%s", reading.model_id);
    chat_reading_clear(&reading);
    return out;
}

static struct read read_all(struct chat_model *model, const char *stream, unsigned fields)
{
    return read_pieces(model, str_from(stream), 0, strlen(stream) + 1, fields);
}

#define EVENT(name, data) "event: " name "\ndata: " data "\n\n"
#define CLAUDE_START                                                                           \
    EVENT("message_start",                                                                     \
          "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","    \
          "\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null," \
          "\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":7,"                      \
          "\"cache_creation_input_tokens\":3,\"output_tokens\":1}}}")
#define CLAUDE_TEXT_START                                                         \
    EVENT("content_block_start", "{\"type\":\"content_block_start\",\"index\":1," \
                                 "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}")
#define CLAUDE_TEXT(text)                                                         \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":1," \
                                 "\"delta\":{\"type\":\"text_delta\",\"text\":\"" text "\"}}")
#define CLAUDE_BLOCK_STOP \
    EVENT("content_block_stop", "{\"type\":\"content_block_stop\",\"index\":1}")
#define CLAUDE_STOP_WITH(delta)                                           \
    EVENT("message_delta", "{\"type\":\"message_delta\",\"delta\":" delta \
                           ",\"usage\":{\"output_tokens\":89,\"input_tokens\":null}}")
#define CLAUDE_STOP(reason) \
    CLAUDE_STOP_WITH("{\"stop_reason\":\"" reason "\",\"stop_sequence\":null}")
#define CLAUDE_END EVENT("message_stop", "{\"type\":\"message_stop\"}")
#define CLAUDE_THINKING                                                                          \
    EVENT("content_block_start", "{\"type\":\"content_block_start\",\"index\":0,"                \
                                 "\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}") \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"      \
                                 "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}")           \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"      \
                                 "{\"type\":\"signature_delta\",\"signature\":\"s\"}}")          \
    EVENT("content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}")

#define CLAUDE_STREAM                                                                      \
    CLAUDE_START CLAUDE_THINKING CLAUDE_TEXT_START EVENT("ping", "{\"type\":\"ping\"}")    \
        CLAUDE_TEXT("Gr\xC3\xBC\xC3\x9F") EVENT("later", "{\"type\":\"later\",\"x\":[1]}") \
            CLAUDE_TEXT("e \\ud83d\\ude00.") CLAUDE_BLOCK_STOP CLAUDE_STOP("end_turn") CLAUDE_END

static void assert_claude_stream(const struct read *read)
{
    if (!read->ok)
        fail_msg("%s", read->err.message);
    assert_string_equal(read->text, "Gr\xC3\xBC\xC3\x9F"
                                    "e \xF0\x9F\x98\x80.");
    assert_string_equal(read->heard.text, read->text);
    assert_int_equal(read->heard.pieces, 2);
    assert_int_equal(read->stop, CHAT_STOPPED);
    assert_string_equal(read->model_id, "claude-x");
    assert_int_equal(read->usage.input, 25);
    assert_int_equal(read->usage.cached, 7);
    assert_int_equal(read->usage.cache_written, 3);
    assert_int_equal(read->usage.output, 89);
}

static void claudes_stream_may_be_cut_anywhere(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct str stream = STR(CLAUDE_STREAM);
    for (size_t cut = 0; cut <= stream.length; cut++) {
        struct read read = read_pieces(model, stream, cut, stream.length, 0);
        assert_claude_stream(&read);
    }
    struct read read = read_pieces(model, stream, 0, 1, 0);
    assert_claude_stream(&read);
    chat_close(model);
}

static void claudes_stream_that_ends_early_is_no_reply(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct str stream = STR(CLAUDE_STREAM);
    for (size_t length = 0; length < stream.length; length++) {
        struct read read = read_pieces(model, str_slice(stream, 0, length), 0, stream.length, 0);
        assert_false(read.ok); /* an event ends with its blank line */
        assert_int_equal(read.err.code, ERROR_MODEL);
        assert_true(read.passing);
    }
    chat_close(model);
}

static void claudes_stop_reasons_are_told_apart(void **state)
{
    static const struct {
        const char *stream, *words; /* words: of the error, or NULL */
        enum chat_stop stop;
        const char *text, *declined;
    } cases[] = {
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a") CLAUDE_STOP("stop_sequence") CLAUDE_END,
         NULL, CHAT_STOPPED, "a", ""},
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a") CLAUDE_STOP("max_tokens") CLAUDE_END, NULL,
         CHAT_CUT, "a", ""},
        {CLAUDE_START CLAUDE_STOP("max_tokens") CLAUDE_END, NULL, CHAT_CUT, "", ""},
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a") CLAUDE_STOP("refusal") CLAUDE_END, NULL,
         CHAT_REFUSED, "a", ""},
        {CLAUDE_START CLAUDE_STOP_WITH(
             "{\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":"
             "\"refusal\",\"category\":\"cyber\",\"explanation\":\"No.\"}}") CLAUDE_END,
         NULL, CHAT_REFUSED, "", "No."},
        {CLAUDE_START CLAUDE_STOP_WITH("{\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":"
                                       "\"refusal\",\"category\":\"cyber\",\"explanation\":null}}")
             CLAUDE_END,
         NULL, CHAT_REFUSED, "", "cyber"},
        {CLAUDE_START CLAUDE_STOP("end_turn") CLAUDE_END, "without any text", 0, "", ""},
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a") CLAUDE_STOP("pause_turn") CLAUDE_END,
         "pause_turn", 0, "a", ""},
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a")
             CLAUDE_STOP("model_context_window_exceeded") CLAUDE_END,
         "QUERENT_MODEL", 0, "a", ""},
        {CLAUDE_START EVENT("content_block_start",
                            "{\"type\":\"content_block_start\",\"index\":0,"
                            "\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\","
                            "\"name\":\"run\",\"input\":{}}}") CLAUDE_STOP("tool_use") CLAUDE_END,
         "tool", 0, "", ""},
        {CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("a") CLAUDE_END, "before it was whole", 0, "a",
         ""},
        {CLAUDE_START EVENT("ping", "not json"), "can't be read", 0, "", ""},
        {"<html>nothing like it</html>\n\n", "no model's reply; check ANTHROPIC_BASE_URL", 0, "",
         ""},
    };
    struct chat_model *model = open_claude(NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct read read = read_all(model, cases[i].stream, 0);
        assert_int_equal(read.ok, !cases[i].words);
        assert_string_equal(read.text, cases[i].text);
        if (read.ok)
            assert_int_equal(read.stop, cases[i].stop);
        else
            assert_non_null(strstr(read.err.message, cases[i].words));
        assert_string_equal(read.declined, cases[i].declined);
    }
    chat_close(model);
}

#define TOOL_DELTA(json)                                                                    \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":" \
                                 "{\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"}}")
#define TOOL_START(name)                                                     \
    EVENT("content_block_start",                                             \
          "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":" \
          "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"" name "\",\"input\":{}}}")

static void a_forced_tools_input_is_the_reply(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct read read = read_all(model,
                                CLAUDE_START CLAUDE_TEXT_START CLAUDE_TEXT("Sure!")
                                    CLAUDE_BLOCK_STOP TOOL_START("decision") TOOL_DELTA("")
                                        TOOL_DELTA("{\\\"sql\\\":") TOOL_DELTA(" \\\"s\\\"}")
                                            CLAUDE_BLOCK_STOP CLAUDE_STOP("tool_use") CLAUDE_END,
                                CHAT_SCHEMA_SECOND);
    assert_true(read.ok);
    assert_string_equal(read.text, "{\"sql\": \"s\"}");
    read = read_all(model,
                    CLAUDE_START TOOL_START("decision") CLAUDE_BLOCK_STOP CLAUDE_STOP("tool_use")
                        CLAUDE_END,
                    CHAT_SCHEMA_SECOND);
    assert_string_equal(read.text, "{}");
    read = read_all(model,
                    CLAUDE_START TOOL_START("other") TOOL_DELTA("{}")
                        CLAUDE_BLOCK_STOP CLAUDE_STOP("tool_use") CLAUDE_END,
                    CHAT_SCHEMA_SECOND);
    assert_false(read.ok);
    chat_close(model);
}

static void an_error_in_claudes_stream_says_whether_to_try_again(void **state)
{
    static const struct {
        const char *type;
        bool passing;
    } cases[] = {
        {"overloaded_error", true},      {"api_error", true},
        {"rate_limit_error", true},      {"invalid_request_error", false},
        {"authentication_error", false},
    };
    struct chat_model *model = open_claude(NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *stream = arena_printf(
            arena,
            CLAUDE_START "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"%s\","
                         "\"message\":\"Words sk-ant-test-1\"}}\n\n",
            cases[i].type);
        struct read read = read_all(model, stream, 0);
        assert_false(read.ok);
        assert_int_equal(read.passing, cases[i].passing);
        assert_non_null(strstr(read.err.message, cases[i].type));
        assert_null(strstr(read.err.message, "sk-ant")); /* a key that is repeated is hidden */
    }
    chat_close(model);
}

static void claudes_whole_reply_is_read_too(void **state)
{
    struct chat_model *model = open_claude(NULL);
    struct str reply = STR(
        " \n{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-y\",\"content\":[{\"type\":"
        "\"thinking\",\"thinking\":\"x\"},{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
        "\"text\":\"b\"}],\"stop_reason\":\"max_tokens\",\"usage\":{\"input_tokens\":4,"
        "\"output_tokens\":5,\"cache_read_input_tokens\":null}}");
    for (size_t cut = 0; cut <= reply.length; cut++) {
        struct read read = read_pieces(model, reply, cut, reply.length, 0);
        assert_true(read.ok);
        assert_string_equal(read.text, "ab");
        assert_int_equal(read.stop, CHAT_CUT);
        assert_int_equal(read.usage.output, 5);
    }
    for (size_t length = 0; length < reply.length; length++)
        assert_false(read_pieces(model, str_slice(reply, 0, length), 0, 1000, 0).ok);
    struct read read =
        read_all(model,
                 "{\"content\":[{\"type\":\"tool_use\",\"name\":\"decision\",\"input\":{\"b\":1,"
                 "\"a\":[2]}}],\"stop_reason\":\"tool_use\"}",
                 CHAT_SCHEMA_SECOND);
    assert_true(read.ok);
    assert_string_equal(read.text, "{\"b\":1,\"a\":[2]}");
    read = read_all(model, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}", 0);
    assert_false(read.ok);
    assert_true(read.passing);
    chat_close(model);
}

#define CHUNK(choice, usage)                                                                     \
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\"," \
    "\"choices\":[" choice "],\"usage\":" usage "}\n\n"
#define DELTA(delta, finish) \
    CHUNK("{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}", "null")
#define OPENAI_USAGE                                                              \
    CHUNK("", "{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11," \
              "\"prompt_tokens_details\":{\"cached_tokens\":4}}")
#define DONE "data: [DONE]\n\n"
#define OPENAI_STREAM                                                                           \
    ": hello\n\n" CHUNK("", "null") DELTA("{\"role\":\"assistant\",\"content\":\"\"}", "null")  \
        DELTA("{\"reasoning_content\":\"hm\",\"content\":null}", "null")                        \
            DELTA("{\"content\":\"Gr\xC3\xBC\"}", "null") DELTA("{\"content\":\"\xC3\x9F"       \
                                                                "e\"}",                         \
                                                                "null") DELTA("{}", "\"stop\"") \
                OPENAI_USAGE DONE

static void openais_stream_may_be_cut_anywhere(void **state)
{
    struct chat_model *model = open_server("m");
    struct str stream = STR(OPENAI_STREAM);
    for (size_t cut = 0; cut <= stream.length; cut++) {
        struct read read = read_pieces(model, stream, cut, cut == 0 ? 1 : stream.length, 0);
        if (!read.ok)
            fail_msg("%s", read.err.message);
        assert_string_equal(read.text, "Gr\xC3\xBC\xC3\x9F"
                                       "e");
        assert_string_equal(read.heard.text, read.text);
        assert_int_equal(read.stop, CHAT_STOPPED);
        assert_string_equal(read.model_id, "m-1");
        assert_int_equal(read.usage.input, 5);
        assert_int_equal(read.usage.cached, 4);
        assert_int_equal(read.usage.output, 2);
    }
    chat_close(model);
}

/* A server that cuts its tokens within a character sends half of it in each of two events. */
static void halves_of_characters_are_borne_with(void **state)
{
    struct chat_model *model = open_server("m");
    struct read read = read_all(
        model, DELTA("{\"content\":\"a\\ud83d\"}", "null") DELTA("{\"content\":\"\\ude00b\\u0000\"}", "null")
                   DELTA("{\"content\":\"\xC3\"}", "null") DELTA("{\"content\":\"\x9F \\ud83d\\ude00\\\\u0000\"}", "null")
                       DELTA("{}", "\"stop\"") DONE, 0);
    if (!read.ok)
        fail_msg("%s", read.err.message);
    assert_string_equal(read.text, "a\xEF\xBF\xBD\xEF\xBF\xBD" "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xF0\x9F\x98\x80\\u0000");
    read = read_all(model, "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"\\udc00x\"},"
                           "\"finish_reason\":\"stop\"}]}", 0);
    if (!read.ok)
        fail_msg("%s", read.err.message);
    assert_string_equal(read.text, "\xEF\xBF\xBDx");
    chat_close(model);
}

static void openais_stream_that_ends_early_is_no_reply(void **state)
{
    struct chat_model *model = open_server("m");
    struct str stream = STR(OPENAI_STREAM);
    size_t stop =
        (size_t)str_find(stream, STR("\"stop\"")) + strlen("\"stop\"}],\"usage\":null}\n\n");
    for (size_t length = 0; length < stream.length; length++) {
        struct read read = read_pieces(model, str_slice(stream, 0, length), 0, stream.length, 0);
        assert_int_equal(read.ok, length >= stop);
    }
    chat_close(model);
}

static void openais_ends_are_told_apart(void **state)
{
    static const struct {
        const char *stream, *words;
        enum chat_stop stop;
        const char *text, *declined;
    } cases[] = {
        {DELTA("{\"content\":\"a\"}", "\"length\"") DONE, NULL, CHAT_CUT, "a", ""},
        {DELTA("{\"content\":\"a\"}", "null") DONE, NULL, CHAT_STOPPED, "a", ""},
        {DELTA("{\"content\":\"a\"}", "\"stop\""), NULL, CHAT_STOPPED, "a", ""},
        {DELTA("{\"content\":\"a\"}", "\"content_filter\"") DONE, NULL, CHAT_REFUSED, "a",
         "the provider's content filter stopped the reply"},
        {DELTA("{\"refusal\":\"I can\"}", "null")
             DELTA("{\"refusal\":\"not\",\"content\":null}", "\"stop\"") DONE,
         NULL, CHAT_REFUSED, "", "I cannot"},
        {DELTA(
             "{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}",
             "\"tool_calls\"") DONE,
         "tool", 0, "", ""},
        {DELTA("{\"content\":\"a\"}", "null"), "before it was whole", 0, "a", ""},
        {DELTA("{}", "\"stop\"") DONE, "without any text", 0, "", ""},
        {"data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n", "out of memory", 0,
         "", ""},
        {"data: {\"error\":\"plain words\"}\n\n", "plain words", 0, "", ""},
        {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}\n\n", "can't be read", 0, "", ""},
        {"data: {\"choices\":{}}\n\n" DONE, "without any text", 0, "", ""},
        {"data: {\"choices\":[null],\"usage\":3}\n\n" DONE, "without any text", 0, "", ""},
        {"{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"w\"},\"finish_reason\":"
         "\"stop\"}]}",
         NULL, CHAT_STOPPED, "w", ""},
        {"{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"No\"},\"finish_reason\":"
         "\"stop\"}]}",
         NULL, CHAT_REFUSED, "", "No"},
        {"{\"choices\":[]}", "before it was whole", 0, "", ""},
        {" \n<!DOCTYPE html><p>data: {}\n\n", "no model's reply; check OPENAI_BASE_URL", 0, "", ""},
        {"{\"error\":{\"message\":\"bad\"}}", "bad", 0, "", ""},
    };
    struct chat_model *model = open_server("m");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct read read = read_all(model, cases[i].stream, 0);
        assert_int_equal(read.ok, !cases[i].words);
        if (read.ok)
            assert_int_equal(read.stop, cases[i].stop);
        else
            assert_non_null(strstr(read.err.message, cases[i].words));
        assert_string_equal(read.text, cases[i].text);
        assert_string_equal(read.declined, cases[i].declined);
    }
    chat_close(model);
}

static void numbers_of_tokens_are_bounded(void **state)
{
    struct chat_model *model = open_server("m");
    struct read read = read_all(
        model,
        CHUNK("{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}",
              "{\"prompt_tokens\":-4,\"completion_tokens\":9e300,\"prompt_tokens_details\":"
              "{\"cached_tokens\":77}}") DONE,
        0);
    assert_true(read.ok);
    assert_int_equal(read.usage.input, 0);
    assert_int_equal(read.usage.cached, 0);
    assert_int_equal(read.usage.output, 0);
    chat_close(model);
}

static void replies_have_a_limit(void **state)
{
    static struct chat_reading reading;
    struct chat_model *model = open_server("m");
    struct chat_request request = request_with(NULL);
    struct error err = {0};
    struct strbuf chunk = strbuf_init(100000);
    strbuf_add(&chunk, "data: {\"choices\":[{\"delta\":{\"content\":\"");
    strbuf_add_repeat(&chunk, 'a', 65536);
    strbuf_add(&chunk, "\"}}]}\n\n");
    chat_reading_init(&reading, model, &request, 0);
    size_t taken = 0;
    while (taken < 100 && chat_reading_add(&reading, strbuf_str(&chunk), &err))
        taken++;
    assert_int_equal(taken, CHAT_REPLY_SIZE_MAX / 65536);
    assert_int_equal(err.code, ERROR_MODEL);
    assert_false(reading.passing);
    chat_reading_clear(&reading);
    strbuf_reset(&chunk);
    strbuf_add_repeat(&chunk, 'a', 65536);
    chat_reading_init(&reading, model, &request, 0);
    for (taken = 0; taken < 100 && chat_reading_add(&reading, strbuf_str(&chunk), &err);)
        taken++;
    assert_true(taken >= CHAT_EVENT_SIZE_MAX / 65536 - 1 && taken <= CHAT_EVENT_SIZE_MAX / 65536);
    assert_int_equal(err.code, ERROR_MODEL);
    chat_reading_clear(&reading);
    strbuf_clear(&chunk);
    chat_close(model);
}

static bool refuse(void *context, struct str piece, struct error *err)
{
    return error_set(err, ERROR_CANCELLED, "enough");
}

static void who_hears_the_text_may_stop_it(void **state)
{
    static struct chat_reading reading;
    struct chat_model *model = open_server("m");
    struct chat_request request = request_with(NULL);
    struct error err = {0};
    request.on_text = refuse;
    chat_reading_init(&reading, model, &request, 0);
    assert_false(chat_reading_add(&reading, str_from(OPENAI_STREAM), &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    assert_true(reading.caller_failed);
    chat_reading_clear(&reading);
    chat_close(model);
}

/* -- refusals -- */

static void each_refusal_says_what_to_mend(void **state)
{
    static const struct {
        const char *provider;
        int status;
        const char *body, *words;
    } cases[] = {
        {"anthropic", 401, "{\"error\":{\"type\":\"authentication_error\",\"message\":\"x\"}}",
         "set ANTHROPIC_API_KEY"},
        {"anthropic", 402, "{\"error\":{\"type\":\"billing_error\"}}", "no money left"},
        {"anthropic", 403, "{\"error\":{\"type\":\"permission_error\"}}", "does not let this key"},
        {"anthropic", 404, "{\"error\":{\"type\":\"not_found_error\"}}", "QUERENT_MODEL"},
        {"anthropic", 413, "<html>", "too long"},
        {"anthropic", 400,
         "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 2 > "
         "1\"}}",
         "too long"},
        {"anthropic", 400, "{\"error\":{\"message\":\"a\\nb sk-ant-test-1!\"}}", "a b ***!"},
        {"anthropic", 429, "{\"error\":{\"type\":\"rate_limit_error\"}}", "fewer calls"},
        {"anthropic", 429,
         "{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":"
         "\"enforced_spend_limit_reached\"}}}",
         "spending limit"},
        {"anthropic", 529, "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
         "overloaded or failing (529), also at try 3: Overloaded"},
        {"anthropic", 500, "", "(500)"},
        {"anthropic", 301, "", "ANTHROPIC_BASE_URL"},
        {"anthropic", 418, "[]", "refuses the request (418)"},
        {"openai", 401, "{\"error\":{\"message\":\"wrong key abcdef\"}}", "set OPENAI_API_KEY"},
        {"openai", 404, "{\"error\":{\"message\":\"model not found\"}}", "check OPENAI_BASE_URL"},
        {"openai", 429, "{\"error\":{\"type\":\"insufficient_quota\"}}", "no money left"},
        {"openai", 429, "{\"error\":{\"code\":\"credit_balance_exhausted\"}}", "no money left"},
        {"openai", 400, "{\"error\":{\"code\":\"context_length_exceeded\"}}", "too long"},
        {"openai", 400, "{\"error\":\"words alone\"}", "words alone"},
        {"openai", 400, "{\"error\":{\"code\":400,\"message\":\"vllm's\"}}", "vllm's"},
        {"openai", 400, "{\"object\":\"error\",\"message\":\"old vllm's\"}", "old vllm's"},
        {"openai", 422, "{\"detail\":\"gateway's\"}", "gateway's"},
        {"openai", 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}",
         "Loading model"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        settings_reset();
        struct chat_model *model =
            cases[i].provider[0] == 'a' ? open_claude(NULL) : open_server("m");
        struct error err = {0};
        struct server_problem problem =
            chat_read_problem(model, cases[i].status, str_from(cases[i].body), arena);
        assert_false(chat_explain(model, model->model_id, &problem, 3, &err));
        assert_int_equal(err.code, ERROR_MODEL);
        if (!strstr(err.message, cases[i].words))
            fail_msg("%s", err.message);
        assert_null(strstr(err.message, "abcdef")); /* nothing of what a refused key's reply says */
        chat_close(model);
    }
}

static void spent_money_is_final_and_overload_is_not(void **state)
{
    static const struct {
        const char *body;
        bool final;
    } cases[] = {
        {"{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":"
         "\"contract_spend_limit_reached\"}}}",
         true},
        {"{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":"
         "\"ramp_limit_exceeded\"}}}",
         false},
        {"{\"error\":{\"type\":\"insufficient_quota\"}}", true},
        {"{\"error\":{\"code\":\"organization_usage_limit_exceeded\"}}", true},
        {"{\"error\":{\"code\":\"rate_limit_exceeded\"}}", false},
        {"nonsense", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fetch_response response = {.status = 429, .body = str_from(cases[i].body)};
        assert_int_equal(chat_problem_is_final(&response), cases[i].final);
    }
}

#define CHAT_TEST(test) cmocka_unit_test_setup(test, forget_settings)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(claude_is_asked_in_plain_text),
        CHAT_TEST(a_temperature_is_sent_as_far_as_it_is_taken),
        CHAT_TEST(a_later_api_is_sent_no_temperature),
        CHAT_TEST(claude_is_given_a_schema_where_it_takes_one),
        CHAT_TEST(claude_is_kept_from_thinking_as_its_model_takes_it),
        CHAT_TEST(a_model_that_thinks_gets_room_for_it),
        CHAT_TEST(claude_is_made_to_call_a_tool_where_there_is_no_schema),
        CHAT_TEST(the_cache_is_used_from_its_least_prefix_on),
        CHAT_TEST(questions_about_the_same_data_share_their_beginning),
        CHAT_TEST(a_server_is_asked_in_plain_text),
        CHAT_TEST(openai_is_known_by_its_address),
        CHAT_TEST(openai_is_asked_as_its_models_take_it),
        CHAT_TEST(a_schema_goes_from_its_field_over_json_to_words),
        CHAT_TEST(addresses_are_taken_as_people_write_them),
        CHAT_TEST(keys_go_where_each_provider_wants_them),
        CHAT_TEST(what_is_missing_or_wrong_is_named),
        CHAT_TEST(models_that_go_are_warned_of),
        CHAT_TEST(claudes_stream_may_be_cut_anywhere),
        CHAT_TEST(claudes_stream_that_ends_early_is_no_reply),
        CHAT_TEST(claudes_stop_reasons_are_told_apart),
        CHAT_TEST(a_forced_tools_input_is_the_reply),
        CHAT_TEST(an_error_in_claudes_stream_says_whether_to_try_again),
        CHAT_TEST(claudes_whole_reply_is_read_too),
        CHAT_TEST(openais_stream_may_be_cut_anywhere),
        CHAT_TEST(openais_stream_that_ends_early_is_no_reply),
        CHAT_TEST(halves_of_characters_are_borne_with),
        CHAT_TEST(openais_ends_are_told_apart),
        CHAT_TEST(numbers_of_tokens_are_bounded),
        CHAT_TEST(replies_have_a_limit),
        CHAT_TEST(who_hears_the_text_may_stop_it),
        CHAT_TEST(each_refusal_says_what_to_mend),
        CHAT_TEST(spent_money_is_final_and_overload_is_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
