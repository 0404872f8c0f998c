/* SPDX-License-Identifier: Apache-2.0 */
/* Embeddings of a server: what is sent, byte for byte; what is believed of a reply; and what becomes of
 * refusals. */
#include "net_support.h"

#include <math.h>

#include "arena_support.h"
#include "core/settings.h"
#include "embed/openai_priv.h"

#define KEY "sk-embed-test-9"
#define THREE_FOUR "\"AABAQAAAgEA=\"" /* 3.0, 4.0 */

static void set(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

static int forget(void **state)
{
    settings_reset();
    return tear_down(state);
}

static struct embed_server *open_with(const char *url, const char *model, const char *dimensions)
{
    struct error err = {0};
    set("QUERENT_EMBED_BASE_URL", url);
    set("QUERENT_EMBED_API_KEY", KEY);
    set("QUERENT_EMBED_MODEL", model);
    set("QUERENT_EMBED_DIMENSIONS", dimensions);
    struct embed_server *server = embedder_openai.open(&err);
    if (!server)
        fail_msg("%s", err.message);
    return server;
}

static void assert_unopened(const char *words)
{
    struct error err = {0};
    assert_null(embedder_openai.open(&err));
    assert_int_equal(err.code, ERROR_CONFIG);
    if (!strstr(err.message, words))
        fail_msg("not '%s' in: %s", words, err.message);
}

static void settings_open(void **state)
{
    assert_unopened("OPENAI_API_KEY");
    set("OPENAI_API_KEY", KEY);
    struct error err = {0};
    struct embed_server *server = embedder_openai.open(&err);
    assert_non_null(server);
    assert_string_equal(server->model_id, "openai:text-embedding-3-small/1536@api.openai.com/v1");
    assert_string_equal(server->url, "https://api.openai.com/v1/embeddings");
    assert_string_equal(server->endpoint.headers[1].value, "Bearer " KEY);
    embedder_openai.close(server);
    set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    assert_unopened("QUERENT_EMBED_MODEL");
}

static void dimensions_fit_the_known_models(void **state)
{
    static const struct {
        const char *model, *fits, *misfit, *misfit_low;
    } rows[] = {{"text-embedding-3-small", "1536", "1537", NULL},
                {"text-embedding-3-large", "3072", "3073", NULL},
                {"text-embedding-3-large", "1", "3073", NULL},
                {"text-embedding-ada-002", "1536", "1537", "1535"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct embed_server *server = open_with("http://127.0.0.1:9", rows[i].model, rows[i].fits);
        assert_int_equal((server->fields & EMBED_DIMENSIONS) != 0, strcmp(rows[i].fits, "1") == 0);
        embedder_openai.close(server);
        set("QUERENT_EMBED_DIMENSIONS", rows[i].misfit);
        assert_unopened("QUERENT_EMBED_DIMENSIONS");
        if (!rows[i].misfit_low)
            continue;
        set("QUERENT_EMBED_DIMENSIONS", rows[i].misfit_low);
        assert_unopened("QUERENT_EMBED_DIMENSIONS");
    }
}

static void a_server_of_its_own_gets_no_other_key(void **state)
{
    struct error err = {0};
    set("OPENAI_API_KEY", "sk-not-for-others");
    set("QUERENT_OPENAI_HEADERS", "x-team: not-for-others");
    set("OPENAI_API_VERSION", "2024-10-21");
    set("QUERENT_EMBED_BASE_URL", "http://127.0.0.1:9/v1/embeddings");
    set("QUERENT_EMBED_MODEL", "nomic");
    struct embed_server *server = embedder_openai.open(&err);
    assert_non_null(server);
    assert_string_equal(server->url, "http://127.0.0.1:9/v1/embeddings");
    for (size_t i = 0; i < server->endpoint.header_count; i++)
        assert_null(strstr(server->endpoint.headers[i].value, "not-for-others"));
    embedder_openai.close(server);
}

static void addresses_are_taken_as_they_are_written(void **state)
{
    static const struct {
        const char *url, *version, *becomes;
    } rows[] = {
        {"http://h:1", NULL, "http://h:1/v1/embeddings"},
        {"http://h:1/", NULL, "http://h:1/v1/embeddings"},
        {"http://h:1/v1/chat/completions", NULL, "http://h:1/v1/embeddings"},
        {"https://r.openai.azure.com/openai/v1/", NULL,
         "https://r.openai.azure.com/openai/v1/embeddings"},
        {"https://r.openai.azure.com", "2024-10-21",
         "https://r.openai.azure.com/openai/deployments/my%20one/embeddings?api-version=2024-10-21"},
        {"https://r.openai.azure.com/openai/deployments/d/embeddings", "2024-10-21",
         "https://r.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-10-21"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        settings_reset();
        if (rows[i].version)
            set("QUERENT_EMBED_API_VERSION", rows[i].version);
        struct embed_server *server = open_with(rows[i].url, "my one", "8");
        assert_string_equal(server->url, rows[i].becomes);
        assert_string_equal(server->endpoint.headers[1].name,
                            rows[i].version ? "api-key" : "authorization");
        embedder_openai.close(server);
    }
}

/* ---- texts ---- */

static void long_texts_are_cut_by_the_rule(void **state)
{
    struct strbuf text = strbuf_init(40000);
    strbuf_add_repeat(&text, 'a', 16001);
    assert_int_equal(embed_cut(str_slice(strbuf_str(&text), 0, 16000)).length, 16000);
    assert_int_equal(embed_cut(strbuf_str(&text)).length, 16000);
    strbuf_reset(&text);
    for (size_t i = 0; i < 4001; i++)
        strbuf_add(&text, "\xC3\xA9");
    assert_int_equal(embed_cut(str_slice(strbuf_str(&text), 0, 8000)).length, 8000);
    assert_int_equal(embed_cut(strbuf_str(&text)).length, 8000);
    strbuf_add(&text, "\xC3\xA9");
    assert_int_equal(embed_cut(str_slice(strbuf_str(&text), 1, 8004)).length, 8000 - 1);
    strbuf_clear(&text);
}

static void base64_is_read_whole_or_not_at_all(void **state)
{
    float two[2], one[1];
    assert_true(embed_decode_base64(STR("AABAQAAAgEA="), two, 2));
    assert_true(two[0] == 3.0f && two[1] == 4.0f);
    assert_true(embed_decode_base64(STR("AACAPw=="), one, 1));
    assert_true(one[0] == 1.0f);
    static const char *const wrong[] = {"",           "AABAQAAAgEA",    "AABAQAAAgE",  "AABAQAAAgEA*",
                                        "AABAQAAAgE-=", "AABAQAAAgEA=AAA", "=AABAQAAAgEA", "AACAPw=="};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(embed_decode_base64(str_from(wrong[i]), two, 2));
}

/* ---- replies ---- */

static float vectors[3][2];

static struct embed_reading read_body(const char *body, size_t count)
{
    static float *const rows[] = {vectors[0], vectors[1], vectors[2]};
    struct embed_reading reading = {
        .body = str_from(body), .count = count, .dimensions = 2, .rows = rows};
    embed_read_vectors(&reading);
    return reading;
}

static void vectors_are_put_where_they_belong(void **state)
{
    struct embed_reading reading =
        read_body("{\"data\":[{\"index\":2,\"embedding\":[5,6]},{\"index\":0,\"embedding\":"
                  "\"AABAQAAAgEA=\"},{\"index\":1,\"embedding\":[0.5,-1e-3]}],"
                  "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":9}}",
                  3);
    assert_true(reading.ok);
    assert_int_equal(reading.tokens, 9);
    assert_true(vectors[0][0] == 3 && vectors[1][0] == 0.5f && vectors[2][1] == 6);
    reading = read_body("{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[3,4],\"index\":null}]}", 2);
    assert_true(reading.ok && vectors[1][0] == 3);
    assert_int_equal(reading.tokens, -1);
}

static void what_breaks_the_rules_is_refused(void **state)
{
    static const struct {
        const char *body, *problem;
        size_t dimensions_given;
    } rows[] = {
        {"", "no reply of /embeddings", 0},
        {"[]", "no reply of /embeddings", 0},
        {"{\"data\":", "no reply of /embeddings", 0},
        {"{}", "no vectors", 0},
        {"{\"data\":{}}", "no vectors", 0},
        {"{\"data\":[]}", "0 vectors for 2 texts", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]}]}", "1 vectors for 2 texts", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":0,\"embedding\":[1,2]}]}", "two vectors",
         0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":2,\"embedding\":[1,2]}]}", "not sent", 0},
        {"{\"data\":[{\"index\":-1,\"embedding\":[1,2]},{\"index\":1,\"embedding\":[1,2]}]}", "not sent",
         0},
        {"{\"data\":[{\"index\":\"0\",\"embedding\":[1,2]},{}]}", "index that is no number", 0},
        {"{\"data\":[7,8]}", "vector that is none", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":1,\"embedding\":null}]}",
         "vector that is none", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2,3]},{}]}", "3 numbers where 2", 3},
        {"{\"data\":[{\"index\":0,\"embedding\":\"AACAPw==\"},{}]}", "1 numbers where 2", 1},
        {"{\"data\":[{\"index\":0,\"embedding\":\"AABAQAAAgE\"},{}]}", "no whole base64", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,\"2\"]},{}]}", "no number", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,null]},{}]}", "no number", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,1e39]},{}]}", "out of range", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,NaN]},{}]}", "no reply of /embeddings", 0},
        {"{\"data\":[{\"index\":0,\"embedding\":\"AADAfwAAgD8=\"},{}]}", "out of range", 0}, /* NaN, 1 */
        {"{\"data\":[{\"index\":0,\"embedding\":\"AACAfwAAgD8=\"},{}]}", "out of range", 0}, /* inf, 1 */
        {"{\"data\":[{\"index\":0,\"embedding\":[0,0]},{}]}", "zeros", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct embed_reading reading = read_body(rows[i].body, 2);
        assert_false(reading.ok);
        if (!strstr(reading.problem, rows[i].problem))
            fail_msg("not '%s' in: %s", rows[i].problem, reading.problem);
        assert_int_equal(reading.dimensions_given, rows[i].dimensions_given);
    }
}

/* Two good vectors, and `count` of `what` beside them. */
static struct embed_reading read_with(const char *what, size_t count)
{
    struct strbuf body = strbuf_init(1 << 20);
    strbuf_add(&body, "{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[3,4]}],\"more\":[7");
    for (size_t i = 0; i < count; i++)
        strbuf_add(&body, what);
    strbuf_add(&body, "]}");
    struct embed_reading reading = read_body(strbuf_text(&body), 2);
    strbuf_clear(&body);
    return reading;
}

/* What is far more than vectors is not parsed: in memory it would be many times as much. */
static void what_else_is_in_a_reply_is_bounded(void **state)
{
    const size_t brackets = 64 + 2 * 4 - 7, commas = 256 + 2 * (16 + 8192) - 4;
    assert_true(read_with(",[]", brackets).ok);
    assert_true(read_with(",7", commas).ok);
    struct embed_reading refused[] = {read_with(",{}", brackets + 1), read_with(",7", commas + 1)};
    for (size_t i = 0; i < 2; i++) {
        assert_false(refused[i].ok);
        assert_int_equal(refused[i].tokens, -1);
        assert_non_null(strstr(refused[i].problem, "far more"));
    }
}

/* ---- calls ---- */

static const char *reply_of(int status, const char *body)
{
    return arena_printf(arena, "HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %zu"
                               "\r\n\r\n%s", status, strlen(body), body);
}

/* Vectors of so many texts. */
static const char *vectors_of(size_t count)
{
    struct strbuf body = strbuf_init(1 << 20);
    strbuf_add(&body, "{\"data\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&body, "%s{\"index\":%zu,\"embedding\":" THREE_FOUR "}", i > 0 ? "," : "", i);
    strbuf_add(&body, "],\"usage\":{\"total_tokens\":10}}");
    const char *text = reply_of(200, strbuf_text(&body));
    strbuf_clear(&body);
    return text;
}

struct embedding {
    struct embed_server *server;
    struct peer *peer;
    struct embed_usage usage;
    struct error err;
    float out[200 * 2];
    bool ok;
};

static struct embedding *start(struct peer *peer)
{
    struct embedding *embedding = arena_alloc(arena, sizeof(*embedding));
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer->port);
    *embedding = (struct embedding){.server = open_with(url, "m", "2"), .peer = peer};
    return embedding;
}

static void embed(struct embedding *embedding, const struct str *texts, size_t count)
{
    embedding->err = (struct error){0};
    embedding->ok = embedder_openai.embed(embedding->server, texts, count, embedding->out,
                                          &embedding->usage, &embedding->err);
}

static void finish(struct embedding *embedding)
{
    embedder_openai.close(embedding->server);
    peer_stop(embedding->peer);
}

static void assert_embedded(const struct embedding *embedding)
{
    if (!embedding->ok)
        fail_msg("%s", embedding->err.message);
}

static void assert_says(const struct embedding *embedding, const char *words)
{
    assert_false(embedding->ok);
    assert_int_equal(embedding->err.code, ERROR_MODEL);
    if (!strstr(embedding->err.message, words))
        fail_msg("not '%s' in: %s", words, embedding->err.message);
    assert_null(strstr(embedding->err.message, KEY));
}

static const struct str some[] = {{"total \"revenue\"", 15}, {"", 0}, {" \n", 2}, {"by region", 9}};

static void the_request_is_this(void **state)
{
    struct embedding *embedding = start(PEER_START({vectors_of(2)}));
    embed(embedding, some, 4);
    assert_embedded(embedding);
    assert_non_null(strstr(embedding->peer->seen, "POST /v1/embeddings HTTP/1.1\r\n"));
    assert_non_null(strcasestr(embedding->peer->seen, "authorization: Bearer " KEY));
    const char *body = strstr(embedding->peer->seen, "\r\n\r\n") + 4;
    assert_string_equal(body, "{\"model\":\"m\",\"input\":[\"total \\\"revenue\\\"\",\"by region\"],"
                              "\"dimensions\":2,\"encoding_format\":\"base64\"}");
    /* Those of nothing have no vector. */
    assert_true(embedding->out[0] == 3 && embedding->out[2] == 0 && embedding->out[5] == 0 &&
                embedding->out[7] == 4);
    assert_int_equal(embedding->usage.calls, 1);
    assert_int_equal(embedding->usage.tokens, 10);
    embed(embedding, some + 1, 2);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 1);
    finish(embedding);
}

static void vectors_are_made_unit_for_callers(void **state)
{
    struct peer *peer = PEER_START({vectors_of(1)});
    struct embedding *embedding = start(peer);
    struct error err = {0};
    struct embedder *embedder = embedder_open("openai", &err);
    assert_non_null(embedder);
    assert_true(embedder_is_remote(embedder));
    assert_string_equal(embedder_model(embedder), "m");
    assert_true(embedder_embed(embedder, &some[0], 1, embedding->out, &err));
    assert_float_equal(embedding->out[0], 0.6, 1e-6);
    assert_float_equal(embedding->out[1], 0.8, 1e-6);
    struct server_state last;
    embedder_last_state(embedder, &last);
    assert_true(last.called && last.ok);
    embedder_close(embedder);
    finish(embedding);
}

/* The length's reciprocal is more than a float holds. */
static void tiny_numbers_make_unit_vectors_too(void **state)
{
    static const char *const replies[] = {"[3e-41,4e-41]", "[1e-45,0]", "[3e37,4e37]"};
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct embedding *embedding = start(PEER_START(
            {reply_of(200, arena_printf(arena, "{\"data\":[{\"embedding\":%s}]}", replies[i]))}));
        struct error err = {0};
        struct embedder *embedder = embedder_open("openai", &err);
        assert_true(embedder_embed(embedder, &some[0], 1, embedding->out, &err));
        float x = embedding->out[0], y = embedding->out[1];
        assert_float_equal(x * x + y * y, 1, 1e-5);
        assert_float_equal(y, i == 1 ? 0 : 0.8, 1e-3);
        embedder_close(embedder);
        finish(embedding);
    }
}

static void many_texts_go_in_batches(void **state)
{
    struct str texts[98];
    for (size_t i = 0; i < 98; i++)
        texts[i] = STR("a text");
    struct embedding *embedding = start(PEER_START({vectors_of(96)}, {vectors_of(96)}, {vectors_of(1)}));
    embed(embedding, texts, 96);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 1);
    embed(embedding, texts, 97);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 3);
    assert_true(embedding->out[96 * 2] == 3);
    finish(embedding);
}

static void a_refused_part_is_left_out_for_good(void **state)
{
    struct embedding *embedding = start(PEER_START(
        {reply_of(400, "{\"error\":{\"message\":\"This model does not support specifying dimensions.\"}}")},
        {reply_of(422, "{\"error\":{\"message\":\"bad\",\"param\":\"encoding_format\",\"code\":422}}")},
        {vectors_of(1)}));
    embed(embedding, some, 1);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 3);
    embed(embedding, some, 1);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 4);
    const char *body = strstr(embedding->peer->seen, "\r\n\r\n") + 4;
    assert_string_equal(body, "{\"model\":\"m\",\"input\":[\"total \\\"revenue\\\"\"]}");
    finish(embedding);
}

static void what_is_too_long_is_halved_and_cut(void **state)
{
    const char *too_long =
        reply_of(400, "{\"error\":{\"message\":\"This model's maximum context length is 512 tokens\"}}");
    char bytes[1200];
    memset(bytes, 'x', sizeof(bytes));
    const struct str texts[] = {{bytes, sizeof(bytes)}, STR("short")};
    struct embedding *embedding =
        start(PEER_START({too_long}, {too_long}, {vectors_of(1)}, {vectors_of(1)}, {vectors_of(1)}));
    embed(embedding, texts, 2);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 4);
    /* The next one is cut at once. */
    embed(embedding, texts, 1);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 5);
    assert_int_equal(strspn(strchr(embedding->peer->seen, '['), "[\"x"), 2 + 600 + 1);
    finish(embedding);
    embedding = start(PEER_START({too_long}));
    embed(embedding, texts, 1);
    assert_says(embedding, "maximum context length");
    assert_int_equal(atomic_load(&embedding->peer->requests), 4); /* 1200, 600, 300, 150 bytes */
    finish(embedding);
}

/* What has not worked is not kept: neither what a proxy says to everything, nor a length that was too
 * much as well, nor what one question alone has met. */
static void only_a_length_that_worked_is_kept(void **state)
{
    const char *too_long =
        reply_of(400, "{\"error\":{\"message\":\"This model's maximum context length is 512 tokens\"}}");
    char bytes[1200];
    memset(bytes, 'x', sizeof(bytes));
    const struct str texts[] = {{bytes, sizeof(bytes)}, {bytes, sizeof(bytes)}};
    struct embedding *embedding = start(PEER_START({reply_of(413, "")}));
    embed(embedding, texts, 2);
    assert_says(embedding, "(413)");
    assert_int_equal(atomic_load(&embedding->peer->requests), 2); /* both, and the first alone */
    assert_int_equal(atomic_load(&embedding->server->text_max), SIZE_MAX);
    finish(embedding);
    embedding = start(PEER_START({too_long}));
    embed(embedding, texts, 2);
    assert_says(embedding, "maximum context length");
    assert_int_equal(atomic_load(&embedding->server->text_max), SIZE_MAX);
    finish(embedding);
    embedding = start(PEER_START({too_long}, {vectors_of(1)}));
    embed(embedding, texts, 1);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->server->text_max), SIZE_MAX);
    finish(embedding);
}

static void only_words_about_length_have_a_text_cut(void **state)
{
    static const struct {
        int status;
        const char *message;
        bool tells;
    } rows[] = {
        {400, "the request took too long", false},
        {422, "the queue is too long; too large a load", false},
        {500, "it is taking too long", false},
        {413, "Request Entity Too Large", false},
        {404, "maximum context length", false},
        {413, "Input validation error: `inputs` must have less than 512 tokens. Given: 701", true},
        {400, "This model's maximum context length is 8192 tokens", true},
        {400, "the input length exceeds the context length", true},
        {500, "input is too large to process. increase the physical batch size", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct server_problem problem = {rows[i].status, "", "", rows[i].message, ""};
        if (embed_tells_length(&problem) != rows[i].tells)
            fail_msg("%s", rows[i].message);
        assert_int_equal(embed_is_too_long(&problem), rows[i].tells || rows[i].status == 413);
    }
}

/* llama.cpp says so with a 500, which else is asked for again. */
static void too_long_with_a_500_is_no_failure(void **state)
{
    const char *too_long = reply_of(500, "{\"error\":{\"code\":500,\"message\":\"input (701 tokens) is too "
                                         "large to process. increase the physical batch size\"}}");
    char bytes[1000];
    memset(bytes, 'x', sizeof(bytes));
    const struct str text = {bytes, sizeof(bytes)};
    struct embedding *embedding = start(PEER_START({too_long}, {vectors_of(1)}));
    embed(embedding, &text, 1);
    assert_embedded(embedding);
    assert_int_equal(atomic_load(&embedding->peer->requests), 2);
    finish(embedding);
}

static void a_broken_reply_is_asked_for_once_more(void **state)
{
    const char *broken = reply_of(200, "{\"data\":[]}");
    struct embedding *embedding = start(PEER_START({broken}, {vectors_of(1)}));
    embed(embedding, some, 1);
    assert_embedded(embedding);
    assert_int_equal(embedding->usage.calls, 2);
    assert_int_equal(embedding->usage.untold, 1);
    finish(embedding);
    embedding = start(PEER_START({broken}));
    embed(embedding, some, 1);
    assert_says(embedding, "0 vectors for 1 texts");
    assert_int_equal(atomic_load(&embedding->peer->requests), 2);
    struct server_state last;
    embedder_openai.last_state(embedding->server, &last);
    assert_true(last.called && !last.ok);
    assert_non_null(strstr(last.message, "0 vectors"));
    finish(embedding);
}

static void another_length_says_what_to_set(void **state)
{
    struct embedding *embedding = start(
        PEER_START({reply_of(200, "{\"data\":[{\"index\":0,\"embedding\":[1,2,3]}]}")}));
    embed(embedding, some, 1);
    assert_says(embedding, "set QUERENT_EMBED_DIMENSIONS to 3");
    assert_int_equal(atomic_load(&embedding->peer->requests), 1);
    finish(embedding);
}

static void refusals_say_what_to_mend(void **state)
{
    static const struct {
        int status;
        const char *body, *words;
        int requests;
    } rows[] = {
        {401, "{\"error\":{\"message\":\"wrong key " KEY "\"}}", "set QUERENT_EMBED_API_KEY", 1},
        {403, "", "(403)", 1},
        {404, "{\"error\":\"model 'm' not found\"}", "set QUERENT_EMBED_MODEL", 1},
        {400, "{\"error\":{\"message\":\"you sent " KEY "\"}}", "***", 1},
        {302, "", "QUERENT_EMBED_BASE_URL", 1},
        {402, "", "money", 1},
        {429, "{\"error\":{\"code\":\"insufficient_quota\"}}", "money", 1},
        {418, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "(418)", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct embedding *embedding = start(PEER_START({reply_of(rows[i].status, rows[i].body)}));
        embed(embedding, some, 1);
        assert_says(embedding, rows[i].words);
        assert_int_equal(atomic_load(&embedding->peer->requests), rows[i].requests);
        finish(embedding);
    }
}

#define WITH_ARENA(name) cmocka_unit_test_setup_teardown(name, set_up, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(settings_open),
        WITH_ARENA(dimensions_fit_the_known_models),
        WITH_ARENA(a_server_of_its_own_gets_no_other_key),
        WITH_ARENA(addresses_are_taken_as_they_are_written),
        WITH_ARENA(long_texts_are_cut_by_the_rule),
        WITH_ARENA(base64_is_read_whole_or_not_at_all),
        WITH_ARENA(vectors_are_put_where_they_belong),
        WITH_ARENA(what_breaks_the_rules_is_refused),
        WITH_ARENA(what_else_is_in_a_reply_is_bounded),
        WITH_ARENA(the_request_is_this),
        WITH_ARENA(vectors_are_made_unit_for_callers),
        WITH_ARENA(tiny_numbers_make_unit_vectors_too),
        WITH_ARENA(many_texts_go_in_batches),
        WITH_ARENA(a_refused_part_is_left_out_for_good),
        WITH_ARENA(what_is_too_long_is_halved_and_cut),
        WITH_ARENA(only_a_length_that_worked_is_kept),
        WITH_ARENA(only_words_about_length_have_a_text_cut),
        WITH_ARENA(too_long_with_a_500_is_no_failure),
        WITH_ARENA(a_broken_reply_is_asked_for_once_more),
        WITH_ARENA(another_length_says_what_to_set),
        WITH_ARENA(refusals_say_what_to_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
