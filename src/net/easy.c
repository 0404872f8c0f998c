/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a curl handle is told before a transfer, and the callbacks that take what comes. They run
 * inside of curl, so that they only note and signal.
 */
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/settings.h"
#include "net/upstream.h"
#include "net/wire.h"
#include "version.h"

#define RECEIVE_BUFFER 2048L /* most of what a waiting transfer has */
#define SEND_BUFFER 16384L   /* the least that curl takes; only TLS needs it */
#define NAMES_KEPT_S 300L
#define TAKEN_NOTHING 0 /* what a callback returns to end the transfer */

/* ---- what comes ---- */

static void say(struct transfer *transfer, const char *words)
{
    if (!transfer->problem[0])
        snprintf(transfer->problem, sizeof(transfer->problem), "%s", words);
    transfer->final = true;
}

static bool is_whole(const struct transfer *transfer)
{
    return transfer->status >= 200 && transfer->status < 300;
}

/* "HTTP/1.1 200 OK"; after a 1xx another one comes. */
static void begin_head(struct transfer *transfer, struct str line)
{
    ptrdiff_t blank = str_find(line, STR(" "));
    int64_t status = 0;
    if (blank > 0)
        (void)str_to_i64(str_slice(line, (size_t)blank + 1, (size_t)blank + 4), &status);
    strbuf_reset(&transfer->head);
    transfer->header_count = 0;
    transfer->status = (int)status;
    transfer->many_streams = !str_starts(line, STR("HTTP/1"));
    transfer->head_done = false;
}

static bool add_header(struct transfer *transfer, struct str line)
{
    ptrdiff_t colon = str_find(line, STR(":"));
    if (colon <= 0 || memchr(line.bytes, '\0', line.length))
        return true;
    struct str name = str_slice(line, 0, (size_t)colon);
    struct str value = str_trim(str_slice(line, (size_t)colon + 1, line.length));
    for (size_t i = 0; i < name.length; i++)
        strbuf_add_char(&transfer->head, char_lower(name.bytes[i]));
    strbuf_add_char(&transfer->head, '\0');
    strbuf_add_str(&transfer->head, value);
    strbuf_add_char(&transfer->head, '\0');
    transfer->header_count++;
    if (!strbuf_ok(&transfer->head) || transfer->header_count > TRANSFER_HEADERS_MAX) {
        say(transfer, "its reply has too many headers");
        return false;
    }
    bool encoded = str_equal_nocase(name, STR("content-encoding")) && value.length > 0 &&
                   !str_equal_nocase(value, STR("identity"));
    if (encoded && is_whole(transfer)) {
        say(transfer, "its reply is compressed, which was not asked for");
        return false;
    }
    return true;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct str line = str_trim((struct str){bytes, count});
    transfer->heard_ms = clock_monotonic_ms();
    if (str_starts(line, STR("HTTP/")) && transfer->body_size == 0)
        begin_head(transfer, line);
    else if (line.length == 0)
        transfer->head_done = true;
    else if (!transfer->head_done && !add_header(transfer, line)) /* else a trailer */
        return TAKEN_NOTHING;
    return count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct fetch_request *request = transfer->request;
    size_t body_max = request->body_max > 0 ? request->body_max : FETCH_BODY_MAX_DEFAULT;
    bool streamed = request->on_body && is_whole(transfer);
    transfer->heard_ms = clock_monotonic_ms();
    if (count > body_max - transfer->body_size) {
        say(transfer, "its reply is too big");
        return TAKEN_NOTHING;
    }
    /* A paused HTTP/2 stream would hold up the others of its connection; body_max bounds it. */
    if (streamed && !transfer->many_streams && transfer->body.length > 0 &&
        transfer->body.length + count > TRANSFER_BUFFER_MAX) {
        transfer->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (transfer->body_size == 0 && count > 0)
        transfer->first_byte_us = clock_monotonic_us();
    transfer->body_size += count;
    strbuf_add_bytes(&transfer->body, bytes, count);
    if (streamed)
        task_event_signal(&transfer->event);
    return count;
}

/* From here on idle_ms is what counts. */
static int have_connection(void *context, char *remote, char *local, int remote_port,
                           int local_port)
{
    struct transfer *transfer = context;
    transfer->connected = true;
    transfer->heard_ms = clock_monotonic_ms();
    task_event_signal(&transfer->event);
    return CURL_PREREQFUNC_OK;
}

/* ---- what is told ---- */

static char system_ca_file[4096];

/* As curl and OpenSSL look for it. */
static void find_system_ca_file(void)
{
    const char *places[] = {getenv("SSL_CERT_FILE"), curl.version_info(CURLVERSION_NOW)->cainfo,
                            X509_get_default_cert_file()};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !system_ca_file[0]; i++)
        if (places[i] && places[i][0])
            snprintf(system_ca_file, sizeof(system_ca_file), "%s", places[i]);
}

static void set_trust(CURL *easy)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_system_ca_file);
    const char *own = settings_text("QUERENT_CA_FILE");
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl.easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Not a folder: with one, each connection would read all certificates anew. */
    curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl.easy_setopt(easy, CURLOPT_CAINFO, own ? own : system_ca_file);
}

static void set_manners(struct transfer *transfer)
{
    const struct fetch_request *request = transfer->request;
    CURL *easy = transfer->easy;
    uint64_t connect_ms = request->connect_ms > 0 ? request->connect_ms : FETCH_CONNECT_MS_DEFAULT;
    bool tls = strncasecmp(request->url, "https:", 6) == 0;
    curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl.easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_KEPT_S);
    /* Else dropping a transfer would wait for the thread that looks up its server's name. */
    curl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl.easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long)(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    bool shares = tls && !upstream_has_single_streams(transfer->pass->upstream);
    curl.easy_setopt(easy, CURLOPT_PIPEWAIT, shares ? 1L : 0L);
    curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl.easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    curl.easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
    curl.easy_setopt(easy, CURLOPT_USERAGENT, "querent/" QUERENT_VERSION);
    curl.easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl.easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl.easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, have_connection);
    curl.easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, wire_open_socket);
    curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl.easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, wire_close_socket);
    curl.easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->wire);
}

static void set_method(struct transfer *transfer)
{
    const struct fetch_request *request = transfer->request;
    CURL *easy = transfer->easy;
    bool has_body = request->body.length > 0 || strcmp(request->method, "POST") == 0;
    curl.easy_setopt(easy, CURLOPT_URL, request->url);
    if (has_body) {
        curl.easy_setopt(easy, CURLOPT_POST, 1L);
        curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        curl.easy_setopt(easy, CURLOPT_POSTFIELDS,
                         request->body.length > 0 ? request->body.bytes : "");
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl.easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(request->method, has_body ? "POST" : "GET") != 0)
        curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static bool add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl.slist_append(transfer->headers, line);
    if (longer)
        transfer->headers = longer;
    return longer != NULL;
}

/* Those of the request, and no "Expect", which costs a round trip, and no content type of curl's.
 */
static bool set_headers(struct transfer *transfer)
{
    const struct fetch_request *request = transfer->request;
    struct strbuf line = strbuf_init(TRANSFER_HEAD_MAX);
    bool ok = add_line(transfer, "Expect:"), typed = false;
    for (size_t i = 0; ok && i < request->header_count; i++) {
        const struct fetch_header *header = &request->headers[i];
        typed = typed || strcasecmp(header->name, "content-type") == 0;
        strbuf_reset(&line);
        if (header->value[0])
            strbuf_printf(&line, "%s: %s", header->name, header->value);
        else
            strbuf_printf(&line, "%s;", header->name); /* curl's way to say an empty value */
        ok = strbuf_ok(&line) && add_line(transfer, strbuf_text(&line));
    }
    if (line.bytes)
        explicit_bzero(line.bytes, line.capacity);
    strbuf_clear(&line);
    if (ok && !typed)
        ok = add_line(transfer, "Content-Type:");
    return ok &&
           curl.easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

bool easy_prepare(struct transfer *transfer)
{
    set_manners(transfer);
    set_trust(transfer->easy);
    set_callbacks(transfer);
    set_method(transfer);
    return set_headers(transfer);
}
