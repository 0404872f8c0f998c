/* SPDX-License-Identifier: Apache-2.0 */
/* Whole calls against a scripted server: what is tried again, what is left out, what is told. */
#include "net_support.h"

#include "core/settings.h"
#include "llm/chat_priv.h"

#define SCHEMA \
    "{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}"
#define OK_HEAD                                                                   \
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\n" \
    "x-request-id: req_2\r\nconnection: close\r\n\r\n"
#define EVENT(name, data) "event: " name "\ndata: " data "\n\n"
#define START                                                                      \
    EVENT("message_start", "{\"type\":\"message_start\",\"message\":{\"model\":"   \
                           "\"claude-sonnet-4-6\",\"usage\":{\"input_tokens\":10," \
                           "\"cache_read_input_tokens\":100,\"output_tokens\":1}}}")
#define TEXT(text)                                                                          \
    EVENT("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":" \
                                 "{\"type\":\"text_delta\",\"text\":\"" text "\"}}")
#define END                                                                                        \
    EVENT("message_delta", "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}," \
                           "\"usage\":{\"output_tokens\":5}}")                                     \
    EVENT("message_stop", "{\"type\":\"message_stop\"}")
#define OVERLOADED                                                                             \
    EVENT("error", "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":" \
                   "\"Overloaded\"}}")
#define CLAUDE_OK                                                \
    {                                                            \
        .bytes = OK_HEAD START TEXT("Hi") END, .end = THEN_CLOSE \
    }
#define OPENAI_OK                                                                              \
    {                                                                                          \
        .bytes =                                                                               \
            OK_HEAD "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":" \
                    "\"{}\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",               \
        .end = THEN_CLOSE                                                                      \
    }
#define STATUS(line, body)                                                                   \
    {                                                                                        \
        .bytes = "HTTP/1.1 " line "\r\nretry-after-ms: 1\r\nconnection: close\r\n\r\n" body, \
        .end = THEN_CLOSE                                                                    \
    }

struct chatting {
    struct chat_model *model;
    struct arena *arena;
    struct chat_request request;
    struct chat_message message;
    struct chat_reply reply;
    struct error err;
    bool ok;
    struct server_check checks[SERVER_CHECKS_MAX];
    size_t check_count;
    char heard[256];
};

static void set(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

static struct chatting *begin(const char *provider, const struct peer *peer)
{
    struct chatting *chatting = xcalloc(1, sizeof(*chatting));
    struct error err = {0};
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer->port);
    settings_reset();
    if (provider[0] == 'a') {
        set("ANTHROPIC_BASE_URL", url);
        set("ANTHROPIC_API_KEY", "sk-ant-secret");
    } else {
        set("OPENAI_BASE_URL", url);
        set("QUERENT_MODEL", "m");
    }
    chatting->model = chat_open(provider, &err);
    if (!chatting->model)
        fail_msg("%s", err.message);
    chatting->arena = arena_new();
    chatting->message = (struct chat_message){CHAT_USER, STR("Hello?")};
    chatting->request = (struct chat_request){
        .arena = chatting->arena,
        .system = STR("Be brief."),
        .messages = &chatting->message,
        .message_count = 1,
    };
    return chatting;
}

static void end(struct chatting *chatting, struct peer *peer)
{
    chat_close(chatting->model);
    arena_free(chatting->arena);
    free(chatting);
    peer_stop(peer);
}

static void complete_in_task(void *arg)
{
    struct chatting *chatting = arg;
    chatting->ok =
        chat_complete(chatting->model, &chatting->request, &chatting->reply, &chatting->err);
}

static void check_in_task(void *arg)
{
    struct chatting *chatting = arg;
    chatting->check_count = chat_check(chatting->model, chatting->arena, chatting->checks);
}

static void run(struct chatting *chatting, void (*fn)(void *arg), uint64_t deadline_ms)
{
    struct loop *loop = new_loop();
    struct task_options options = {.name = "chat", .deadline_ms = deadline_ms};
    chatting->err = (struct error){0};
    assert_non_null(task_start(loop, &options, fn, chatting, &chatting->err));
    loop_run(loop);
    loop_free(loop);
}

static void complete(struct chatting *chatting)
{
    run(chatting, complete_in_task, 0);
}

static bool hear(void *context, struct str piece, struct error *err)
{
    struct chatting *chatting = context;
    size_t length = strlen(chatting->heard);
    snprintf(chatting->heard + length, sizeof(chatting->heard) - length, "%.*s", STR_ARGS(piece));
    return true;
}

static bool refuse(void *context, struct str piece, struct error *err)
{
    return error_set(err, ERROR_FULL, "no more");
}

static void listen_in(struct chatting *chatting)
{
    chatting->request.on_text = hear;
    chatting->request.on_text_context = chatting;
}

static void assert_answered(const struct chatting *chatting, const char *text)
{
    if (!chatting->ok)
        fail_msg("%s", chatting->err.message);
    assert_true(str_equal_text(chatting->reply.text, text));
}

static void assert_failed_with(const struct chatting *chatting, const char *words)
{
    assert_false(chatting->ok);
    assert_int_equal(chatting->err.code, ERROR_MODEL);
    if (!strstr(chatting->err.message, words))
        fail_msg("not '%s' in: %s", words, chatting->err.message);
    assert_null(strstr(chatting->err.message, "secret"));
}

static void a_reply_tells_what_it_took(void **state)
{
    struct peer *peer = PEER_START(
        {.bytes = OK_HEAD START TEXT("Hi") TEXT(" you") END, .step = 7, .end = THEN_CLOSE});
    struct chatting *chatting = begin("anthropic", peer);
    struct server_state last;
    chat_last_state(chatting->model, &last);
    assert_false(last.called);
    listen_in(chatting);
    complete(chatting);
    assert_answered(chatting, "Hi you");
    assert_string_equal(chatting->heard, "Hi you");
    assert_string_equal(chatting->reply.request_id, "req_1");
    assert_string_equal(chatting->reply.model, "claude-sonnet-4-6");
    assert_int_equal(chatting->reply.tries, 1);
    assert_int_equal(chatting->reply.stop, CHAT_STOPPED);
    assert_int_equal(chatting->reply.usage.calls, 1);
    assert_true(chatting->reply.usage.priced);
    assert_int_equal(chatting->reply.usage.cost_nano, 10 * 3000 + 100 * 300 + 5 * 15000);
    assert_true(chatting->reply.first_text_us > 0);
    assert_true(strncmp(peer->seen, "POST /v1/messages HTTP/1.1\r\n", 28) == 0);
    assert_non_null(strstr(peer->seen, "\r\nx-api-key: sk-ant-secret\r\n"));
    chat_last_state(chatting->model, &last);
    assert_true(last.called && last.ok);
    end(chatting, peer);
}

static void overload_is_waited_out(void **state)
{
    struct peer *peer = PEER_START(STATUS("529 Overloaded", "{}"), STATUS("503 No", ""), CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    complete(chatting);
    assert_answered(chatting, "Hi");
    assert_int_equal(chatting->reply.tries, 3);
    end(chatting, peer);
}

static void a_stream_that_broke_is_asked_for_again(void **state)
{
    static const struct reply broken[] = {
        {.bytes = OK_HEAD START OVERLOADED, .end = THEN_CLOSE},
        {.bytes = OK_HEAD START, .end = THEN_CLOSE},
        {.bytes = OK_HEAD START TEXT("H"), .end = THEN_RESET},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct peer *peer = PEER_START(broken[i], CLAUDE_OK);
        struct chatting *chatting = begin("anthropic", peer);
        complete(chatting);
        assert_answered(chatting, "Hi");
        assert_int_equal(chatting->reply.tries, 2);
        end(chatting, peer);
    }
}

static void what_a_broken_try_took_is_counted(void **state)
{
    struct peer *peer = PEER_START({.bytes = OK_HEAD START, .end = THEN_CLOSE}, CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    complete(chatting);
    assert_answered(chatting, "Hi");
    const struct chat_usage *usage = &chatting->reply.usage;
    assert_int_equal(usage->calls, 1);
    assert_int_equal(usage->input, 20);
    assert_int_equal(usage->cached, 200);
    assert_int_equal(usage->output, 1 + 5);
    assert_true(usage->priced);
    assert_int_equal(usage->cost_nano, 20 * 3000 + 200 * 300 + 6 * 15000);
    end(chatting, peer);
}

/* What is priced stays told beside what is not. */
static void calls_without_a_price_are_counted_apart(void **state)
{
    struct chat_usage sum = {0};
    const struct chat_usage priced = {.input = 5, .cost_nano = 70, .priced = true, .calls = 1};
    const struct chat_usage unpriced = {.input = 3, .calls = 1, .unpriced = 1};
    chat_usage_add(&sum, &priced);
    assert_true(sum.priced);
    chat_usage_add(&sum, &unpriced);
    chat_usage_add(&sum, &priced);
    assert_false(sum.priced);
    assert_int_equal(sum.cost_nano, 140);
    assert_int_equal(sum.unpriced, 1);
    assert_int_equal(sum.calls, 3);
    struct chat_usage all = {0};
    chat_usage_add(&all, &sum);
    chat_usage_add(&all, &sum);
    assert_int_equal(all.unpriced, 2);
    assert_int_equal(all.cost_nano, 280);
}

/* The connection stays open behind it, as some gateways leave it. */
static void a_complete_reply_is_not_waited_on(void **state)
{
    struct peer *peer =
        PEER_START({.bytes = OK_HEAD START TEXT("Hi") END, .end = THEN_HANG}, CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    run(chatting, complete_in_task, 30000);
    assert_answered(chatting, "Hi");
    assert_int_equal(chatting->reply.tries, 1);
    end(chatting, peer);
}

/* It was the caller's: the next one's, or none, may be taken. */
static void a_refused_temperature_is_left_out_once(void **state)
{
    struct peer *peer =
        PEER_START(STATUS("400 Bad Request",
                          "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                          "\"message\":\"temperature: 0.7 is not taken\"}}"),
                   CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    chatting->request.temperature = 0.7;
    complete(chatting);
    assert_answered(chatting, "Hi");
    assert_null(strstr(peer->seen, "temperature"));
    assert_non_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "temperature"));
    end(chatting, peer);
}

static void what_was_passed_on_is_not_asked_for_again(void **state)
{
    struct peer *peer =
        PEER_START({.bytes = OK_HEAD START TEXT("Hi") OVERLOADED, .end = THEN_CLOSE}, CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    listen_in(chatting);
    complete(chatting);
    assert_failed_with(chatting, "Overloaded");
    assert_string_equal(chatting->heard, "Hi");
    assert_int_equal(atomic_load(&peer->requests), 1);
    struct server_state last;
    chat_last_state(chatting->model, &last);
    assert_true(last.called && !last.ok);
    assert_non_null(strstr(last.message, "Overloaded"));
    end(chatting, peer);
}

static void tries_have_an_end(void **state)
{
    struct peer *peer = PEER_START({.bytes = OK_HEAD START, .end = THEN_CLOSE});
    struct chatting *chatting = begin("anthropic", peer);
    complete(chatting);
    assert_failed_with(chatting, "before it was whole");
    assert_int_equal(atomic_load(&peer->requests), 3);
    const struct chat_usage *usage = &chatting->reply.usage; /* all three are paid for */
    assert_int_equal(usage->calls, 1);
    assert_int_equal(usage->input, 3 * 10);
    assert_int_equal(usage->cached, 3 * 100);
    assert_int_equal(usage->output, 3);
    assert_int_equal(usage->unpriced, 0);
    assert_int_equal(usage->cost_nano, 3 * (10 * 3000 + 100 * 300 + 15000));
    end(chatting, peer);
}

/* Three prompts that have a price are not one that has none. */
static void each_try_has_its_own_price(void **state)
{
    struct peer *peer = PEER_START(
        {.bytes = OK_HEAD EVENT("message_start",
                                "{\"type\":\"message_start\",\"message\":{\"model\":\"claude-haiku-5-5\",\"usage\":"
                                "{\"input_tokens\":60000,\"output_tokens\":1}}}"),
         .end = THEN_CLOSE});
    struct chatting *chatting = begin("anthropic", peer);
    chatting->request.model = "claude-haiku-5-5";
    complete(chatting);
    const struct chat_usage *usage = &chatting->reply.usage;
    assert_int_equal(usage->calls, 1);
    assert_int_equal(usage->input, 3 * 60000);
    assert_int_equal(usage->unpriced, 0);
    assert_true(usage->priced && usage->cost_nano > 0);
    end(chatting, peer);
}

static void who_listens_ends_the_call(void **state)
{
    struct peer *peer = PEER_START(CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    chatting->request.on_text = refuse;
    complete(chatting);
    assert_false(chatting->ok);
    assert_int_equal(chatting->err.code, ERROR_FULL);
    assert_int_equal(atomic_load(&peer->requests), 1);
    struct server_state last;
    chat_last_state(chatting->model, &last);
    assert_true(last.ok); /* nothing was wrong with the provider */
    end(chatting, peer);
}

static void the_deadline_ends_the_call(void **state)
{
    struct peer *peer = PEER_START({.bytes = OK_HEAD START, .end = THEN_HANG});
    struct chatting *chatting = begin("anthropic", peer);
    run(chatting, complete_in_task, 300);
    assert_false(chatting->ok);
    assert_int_equal(chatting->err.code, ERROR_DEADLINE);
    end(chatting, peer);
}

static void a_refused_parameter_is_left_out_from_then_on(void **state)
{
    struct peer *peer =
        PEER_START(STATUS("400 Bad Request",
                          "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                          "\"message\":\"`temperature` is not taken\"}}"),
                   CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    assert_non_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "temperature"));
    complete(chatting);
    assert_answered(chatting, "Hi");
    assert_int_equal(chatting->reply.tries, 1); /* of what it takes */
    assert_null(strstr(peer->seen, "temperature"));
    assert_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "temperature"));
    complete(chatting);
    assert_int_equal(atomic_load(&peer->requests), 3);
    /* Another model may take it. */
    chatting->request.model = "claude-haiku-4-5";
    assert_non_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "temperature"));
    end(chatting, peer);
}

static void a_schema_that_is_not_taken_is_said_in_words(void **state)
{
    struct peer *peer =
        PEER_START(STATUS("400 Bad Request", "{\"error\":\"no such format\"}"),
                   STATUS("422 Unprocessable", "{\"detail\":\"still no\"}"), OPENAI_OK);
    struct chatting *chatting = begin("openai", peer);
    chatting->request.schema = SCHEMA;
    complete(chatting);
    assert_answered(chatting, "{}");
    assert_null(strstr(peer->seen, "response_format"));
    assert_non_null(strstr(peer->seen, "must obey this JSON schema"));
    complete(chatting);
    assert_int_equal(atomic_load(&peer->requests), 4);
    assert_string_equal(chatting->reply.request_id, "req_2");
    assert_false(chatting->reply.usage.priced);
    end(chatting, peer);
}

static void what_fails_in_every_form_is_not_remembered(void **state)
{
    struct peer *peer = PEER_START(STATUS("400 Bad Request", "{\"error\":\"never\"}"));
    struct chatting *chatting = begin("openai", peer);
    chatting->request.schema = SCHEMA;
    complete(chatting);
    assert_failed_with(chatting, "never");
    assert_int_equal(atomic_load(&peer->requests), 3);
    assert_non_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "json_schema"));
    end(chatting, peer);
}

static void the_other_limit_field_is_tried(void **state)
{
    struct peer *peer = PEER_START(
        STATUS(
            "400 Bad Request",
            "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with "
            "this model. Use 'max_completion_tokens' instead.\",\"param\":\"max_tokens\"}}"),
        OPENAI_OK);
    struct chatting *chatting = begin("openai", peer);
    complete(chatting);
    assert_answered(chatting, "{}");
    assert_non_null(strstr(peer->seen, "\"max_completion_tokens\":4096"));
    end(chatting, peer);
}

static void a_small_context_may_do_without_the_limit(void **state)
{
    struct peer *peer =
        PEER_START(STATUS("400 Bad Request",
                          "{\"error\":{\"message\":\"This model's maximum context length is "
                          "4096 tokens, however you requested 5000\",\"code\":400}}"),
                   OPENAI_OK);
    struct chatting *chatting = begin("openai", peer);
    complete(chatting);
    assert_answered(chatting, "{}");
    assert_null(strstr(peer->seen, "max_tokens"));
    assert_null(strstr(peer->seen, "max_completion_tokens"));
    assert_non_null(
        strstr(chat_print_request(chatting->model, &chatting->request).bytes, "max_tokens"));
    end(chatting, peer);
}

static void a_filtered_question_is_a_refusal(void **state)
{
    struct peer *peer = PEER_START(STATUS(
        "400 Bad Request",
        "{\"error\":{\"message\":\"The prompt was filtered\",\"code\":\"content_filter\"}}"));
    struct chatting *chatting = begin("openai", peer);
    chatting->request.schema = SCHEMA;
    complete(chatting);
    assert_answered(chatting, "The prompt was filtered");
    assert_int_equal(chatting->reply.stop, CHAT_REFUSED);
    assert_int_equal(atomic_load(&peer->requests), 1);
    end(chatting, peer);
}

static void what_waiting_does_not_mend_is_not_repeated(void **state)
{
    static const struct {
        struct reply reply;
        const char *words;
        enum chat_cause cause;
    } cases[] = {
        {STATUS("401 Unauthorized", "{\"error\":{\"message\":\"bad sk-ant-secret\"}}"),
         "set ANTHROPIC_API_KEY to a valid key", CHAT_CAUSE_KEY},
        {STATUS("404 Not Found", "{\"error\":{\"type\":\"not_found_error\"}}"),
         "set QUERENT_MODEL to another, such as claude-sonnet-5", CHAT_CAUSE_MODEL},
        {STATUS("429 Too Many", "{\"error\":{\"type\":\"rate_limit_error\",\"details\":"
                                "{\"error_code\":\"enforced_spend_limit_reached\"}}}"),
         "spending limit", CHAT_CAUSE_MONEY},
        {STATUS("302 Found", ""), "ANTHROPIC_BASE_URL", CHAT_CAUSE_OTHER},
        {STATUS("400 Bad", "{\"error\":{\"message\":\"your key sk-ant-secret is odd\"}}"),
         "your key *** is odd", CHAT_CAUSE_OTHER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer *peer = PEER_START(cases[i].reply, CLAUDE_OK);
        struct chatting *chatting = begin("anthropic", peer);
        complete(chatting);
        assert_failed_with(chatting, cases[i].words);
        assert_int_equal(chatting->reply.cause, cases[i].cause);
        assert_int_equal(atomic_load(&peer->requests), 1);
        end(chatting, peer);
    }
}

static void no_half_of_a_key_is_left(void **state)
{
    struct peer *peer = PEER_START(CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    struct strbuf text = strbuf_init(4096);
    while (text.length < 590)
        strbuf_add(&text, "sk-ant-secret ");
    text.length = 590; /* a half at the end of what is hidden is near the front afterwards */
    strbuf_add_repeat(&text, 'x', 3);
    strbuf_add(&text, " sk-ant-secret");
    const char *clean = endpoint_clean(&chatting->model->endpoint, strbuf_str(&text), chatting->arena);
    assert_null(strstr(clean, "sk-ant-secret"));
    assert_non_null(strstr(clean, "xxx ***"));
    assert_null(strstr(strstr(clean, "xxx"), "sk"));
    strbuf_clear(&text);
    end(chatting, peer);
}

static void tokens_are_estimated(void **state)
{
    struct peer *peer = PEER_START(CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    complete(chatting);
    int64_t tokens = chat_estimate_tokens(chatting->model, &chatting->request);
    assert_true(tokens > 20 && tokens < 200);
    end(chatting, peer);
}

static const struct server_check *find_check(const struct chatting *chatting, const char *what)
{
    for (size_t i = 0; i < chatting->check_count; i++)
        if (strcmp(chatting->checks[i].what, what) == 0)
            return &chatting->checks[i];
    return NULL;
}

static void assert_check(const struct chatting *chatting, const char *what, bool ok,
                         const char *words)
{
    const struct server_check *check = find_check(chatting, what);
    if (!check)
        fail_msg("no check '%s'", what);
    assert_int_equal(check->ok, ok);
    if (!strstr(check->words, words))
        fail_msg("not '%s' in: %s", words, check->words);
}

static void a_provider_that_works_is_all_well(void **state)
{
    struct peer *peer = PEER_START(
        STATUS("200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT",
               "{\"type\":\"model\",\"id\":\"claude-sonnet-4-6\",\"max_input_tokens\":1000000,"
               "\"max_tokens\":64000}"),
        {.bytes = OK_HEAD START TEXT("{}") END, .end = THEN_CLOSE});
    struct chatting *chatting = begin("anthropic", peer);
    run(chatting, check_in_task, 0);
    assert_check(chatting, "reached", true, "127.0.0.1");
    assert_check(chatting, "clock", false, "s ahead of the server's; set it");
    assert_check(chatting, "model", true, "reads 1000000 tokens; writes 64000");
    assert_check(chatting, "key", true, "taken");
    assert_check(chatting, "answer", true, "in the form of a JSON schema");
    end(chatting, peer);
}

static void what_is_wrong_with_a_provider_is_found(void **state)
{
    struct peer *peer = PEER_START(STATUS("401 Unauthorized", ""));
    struct chatting *chatting = begin("anthropic", peer);
    run(chatting, check_in_task, 0);
    assert_check(chatting, "key", false, "set ANTHROPIC_API_KEY");
    assert_null(find_check(chatting, "answer"));
    end(chatting, peer);

    peer = PEER_START(STATUS("200 OK", "{\"data\":[{\"id\":\"other\"}]}"),
                      STATUS("404 Not Found", "{\"error\":\"model 'm' not found\"}"));
    chatting = begin("openai", peer);
    run(chatting, check_in_task, 0);
    assert_null(find_check(chatting, "model"));
    assert_check(chatting, "answer", false, "set QUERENT_MODEL");
    end(chatting, peer);

    peer = PEER_START(STATUS("200 OK", "{\"data\":[{\"id\":\"m\",\"max_model_len\":4096}]}"),
                      STATUS("400 Bad", "{\"error\":\"no\"}"), OPENAI_OK);
    chatting = begin("openai", peer);
    run(chatting, check_in_task, 0);
    assert_check(chatting, "model", true, "reads 4096 tokens");
    assert_check(chatting, "key", true, "none needed");
    assert_check(chatting, "answer", true, "can't be held to a schema");
    end(chatting, peer);
}

static void a_provider_that_is_not_there_is_said(void **state)
{
    struct peer *peer = PEER_START(CLAUDE_OK);
    struct chatting *chatting = begin("anthropic", peer);
    int port, fd = peer_bind(&port); /* bound and not listening */
    chatting->model->endpoint.base_url = arena_printf(chatting->model->arena, "http://127.0.0.1:%d", port);
    run(chatting, check_in_task, 0);
    assert_int_equal(chatting->check_count, 1);
    assert_check(chatting, "reached", false, "check the network and ANTHROPIC_BASE_URL");
    close(fd);
    end(chatting, peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_tells_what_it_took),
        cmocka_unit_test(overload_is_waited_out),
        cmocka_unit_test(a_stream_that_broke_is_asked_for_again),
        cmocka_unit_test(what_a_broken_try_took_is_counted),
        cmocka_unit_test(calls_without_a_price_are_counted_apart),
        cmocka_unit_test(a_complete_reply_is_not_waited_on),
        cmocka_unit_test(what_was_passed_on_is_not_asked_for_again),
        cmocka_unit_test(tries_have_an_end),
        cmocka_unit_test(each_try_has_its_own_price),
        cmocka_unit_test(who_listens_ends_the_call),
        cmocka_unit_test(the_deadline_ends_the_call),
        cmocka_unit_test(a_refused_parameter_is_left_out_from_then_on),
        cmocka_unit_test(a_refused_temperature_is_left_out_once),
        cmocka_unit_test(a_schema_that_is_not_taken_is_said_in_words),
        cmocka_unit_test(what_fails_in_every_form_is_not_remembered),
        cmocka_unit_test(the_other_limit_field_is_tried),
        cmocka_unit_test(a_small_context_may_do_without_the_limit),
        cmocka_unit_test(a_filtered_question_is_a_refusal),
        cmocka_unit_test(what_waiting_does_not_mend_is_not_repeated),
        cmocka_unit_test(no_half_of_a_key_is_left),
        cmocka_unit_test(tokens_are_estimated),
        cmocka_unit_test(a_provider_that_works_is_all_well),
        cmocka_unit_test(what_is_wrong_with_a_provider_is_found),
        cmocka_unit_test(a_provider_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
