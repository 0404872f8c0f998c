/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with certificates made here, and HTTP/2 as far as it takes to answer, and to fail. */
#include "net_support.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/metrics.h"
#include "core/settings.h"
#include "net/upstream.h"

#define DAY_S 86400L

/* ---- certificates ---- */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Signed by `signer`, or by itself (NULL). `names` such as "IP:127.0.0.1"; NULL: an authority
 * called `name`. */
static struct identity identity_make(const struct identity *signer, const char *name,
                                     const char *names, long days)
{
    static long serial = 1;
    struct identity identity = {EVP_EC_gen("P-256"), X509_new()};
    X509 *certificate = identity.certificate;
    X509_NAME *subject = X509_get_subject_name(certificate);
    const char *called = names ? "server" : name;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * DAY_S);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)called, -1, -1,
                               0);
    X509_set_pubkey(certificate, identity.key);
    X509_set_issuer_name(certificate,
                         signer ? X509_get_subject_name(signer->certificate) : subject);
    add_extension(certificate, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(certificate, NID_subject_alt_name, names);
    assert_true(X509_sign(certificate, signer ? signer->key : identity.key, EVP_sha256()) > 0);
    return identity;
}

static struct identity identity_new(const struct identity *signer, const char *names, long days)
{
    return identity_make(signer, NULL, names, days);
}

static struct identity authority_new(const char *name)
{
    return identity_make(NULL, name, NULL, 10);
}

static void identity_clear(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

/* Our authority, and the file that QUERENT_CA_FILE names. */
static struct identity authority;
static char ca_file[] = "/tmp/querent-ca-XXXXXX";

static void write_ca_file(void)
{
    FILE *file = fdopen(mkstemp(ca_file), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, authority.certificate), 1);
    fclose(file);
}

/* ---- a server ---- */

/* HTTP/2 behaviours, one for each connection; the last one serves all that come after. */
enum manner { HTTP1, ANSWER, ANSWER_LATE, RESET_STREAM, GO_AWAY, CUT, MANNERS };

struct tls_server {
    int fd, port;
    SSL_CTX *context;
    const enum manner *manners;
    size_t manner_count;
    pthread_t thread;
    atomic_int connections, requests;
    atomic_bool stopping;
    bool speaks_http2;
};

static int choose_http2(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                        const unsigned char *in, unsigned in_length, void *arg)
{
    struct tls_server *server = arg;
    if (!server->speaks_http2 || SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_length,
                                                       (const unsigned char *)"\x02h2", 3, in,
                                                       in_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

static bool read_all(struct tls_server *server, SSL *ssl, unsigned char *bytes, size_t length)
{
    for (size_t got = 0; got < length;) {
        struct pollfd poll_fd = {.fd = SSL_get_fd(ssl), .events = POLLIN};
        if (atomic_load(&server->stopping))
            return false;
        if (SSL_pending(ssl) == 0 && poll(&poll_fd, 1, 20) == 0)
            continue;
        int now = SSL_read(ssl, bytes + got, (int)(length - got));
        if (now <= 0)
            return false;
        got += (size_t)now;
    }
    return true;
}

enum frame_type { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, GOAWAY = 7 };
enum frame_flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

static void send_frame(SSL *ssl, enum frame_type type, int flags, uint32_t stream,
                       struct str payload)
{
    unsigned char frame[64] = {0,
                               0,
                               (unsigned char)payload.length,
                               (unsigned char)type,
                               (unsigned char)flags,
                               (unsigned char)(stream >> 24),
                               (unsigned char)(stream >> 16),
                               (unsigned char)(stream >> 8),
                               (unsigned char)stream};
    assert(payload.length <= sizeof(frame) - 9);
    if (payload.length > 0)
        memcpy(frame + 9, payload.bytes, payload.length);
    SSL_write(ssl, frame, (int)(9 + payload.length));
}

#define STATUS_200 STR("\x88") /* of HPACK's static table */

/* False when the connection is over. */
static bool answer_stream(SSL *ssl, enum manner manner, uint32_t stream)
{
    if (manner == ANSWER_LATE)
        sleep_ms(100);
    if (manner == ANSWER || manner == ANSWER_LATE) {
        send_frame(ssl, HEADERS, END_HEADERS, stream, STATUS_200);
        send_frame(ssl, DATA, END_STREAM, stream, STR("ok"));
    } else if (manner == RESET_STREAM) {
        send_frame(ssl, HEADERS, END_HEADERS, stream, STATUS_200);
        send_frame(ssl, RST_STREAM, 0, stream, STR("\0\0\0\2")); /* INTERNAL_ERROR */
    } else if (manner == GO_AWAY) {
        send_frame(ssl, GOAWAY, 0, 0, STR("\0\0\0\0\0\0\0\0")); /* no stream was looked at */
        return false;
    } else {
        send_frame(ssl, HEADERS, END_HEADERS, stream, STATUS_200);
        return false;
    }
    return true;
}

static void serve_http2(struct tls_server *server, SSL *ssl, enum manner manner)
{
    static const size_t preface_length = 24;
    unsigned char head[9], payload[16384];
    if (!read_all(server, ssl, payload, preface_length))
        return;
    send_frame(ssl, SETTINGS, 0, 0, STR(""));
    while (read_all(server, ssl, head, sizeof(head))) {
        size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        uint32_t stream =
            (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
        if (length > sizeof(payload) || !read_all(server, ssl, payload, length))
            return;
        if (head[3] == SETTINGS && !(head[4] & ACK))
            send_frame(ssl, SETTINGS, ACK, 0, STR(""));
        if ((head[3] != HEADERS && head[3] != DATA) || !(head[4] & END_STREAM))
            continue;
        atomic_fetch_add(&server->requests, 1);
        if (!answer_stream(ssl, manner, stream))
            return;
    }
}

static void serve_http1(struct tls_server *server, SSL *ssl)
{
    unsigned char bytes[4096];
    for (size_t length = 0; length < sizeof(bytes) && read_all(server, ssl, bytes + length, 1);) {
        length++;
        if (length < 4 || memcmp(bytes + length - 4, "\r\n\r\n", 4) != 0)
            continue;
        atomic_fetch_add(&server->requests, 1);
        SSL_write(ssl, REPLY_OK, sizeof(REPLY_OK) - 1);
        length = 0;
    }
}

/* One connection after the other. */
static void *serve_tls(void *arg)
{
    struct tls_server *server = arg;
    while (!atomic_load(&server->stopping)) {
        struct pollfd poll_fd = {.fd = server->fd, .events = POLLIN};
        int fd = poll(&poll_fd, 1, 20) > 0 ? accept(server->fd, NULL, NULL) : -1;
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        size_t number = (size_t)atomic_fetch_add(&server->connections, 1);
        size_t last = server->manner_count - 1;
        enum manner manner = server->manners[number < last ? number : last];
        SSL *ssl = SSL_new(server->context);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && manner == HTTP1)
            serve_http1(server, ssl);
        else if (SSL_is_init_finished(ssl))
            serve_http2(server, ssl, manner);
        SSL_shutdown(ssl);
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static struct tls_server *tls_start(const struct identity *identity, const enum manner *manners,
                                    size_t count)
{
    struct tls_server *server = xcalloc(1, sizeof(*server));
    server->manners = manners;
    server->manner_count = count;
    server->speaks_http2 = manners[0] != HTTP1;
    server->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server->context, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->context, identity->key), 1);
    SSL_CTX_set_alpn_select_cb(server->context, choose_http2, server);
    server->fd = peer_bind(&server->port);
    assert_int_equal(listen(server->fd, 128), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve_tls, server), 0);
    return server;
}

static void tls_stop(struct tls_server *server)
{
    atomic_store(&server->stopping, true);
    pthread_join(server->thread, NULL);
    close(server->fd);
    SSL_CTX_free(server->context);
    free(server);
}

static void asked_tls_url(struct asked *asked, int port)
{
    snprintf(asked->url, sizeof(asked->url), "https://127.0.0.1:%d/", port);
}

/* ---- trust ---- */

static void set_ca_file(const char *path)
{
    struct error err = {0};
    if (path)
        assert_true(settings_set("QUERENT_CA_FILE", path, &err));
    else
        settings_reset();
}

/* NULL: it is trusted. */
static void assert_trust(const struct identity *identity, const char *words)
{
    static const enum manner manner = HTTP1;
    struct tls_server *server = tls_start(identity, &manner, 1);
    struct asked asked = {.request = {.repeatable = words && strstr(words, "not trusted")}};
    asked_tls_url(&asked, server->port);
    call(&asked);
    if (words)
        assert_failed(&asked, ERROR_MODEL, words);
    else
        assert_replied(&asked, 200, "ok");
    assert_int_equal(atomic_load(&server->connections), 1); /* no repeat mends a certificate */
    assert_int_equal(atomic_load(&server->requests), words ? 0 : 1);
    asked_clear(&asked);
    tls_stop(server);
}

static void only_trusted_certificates_are_taken(void **state)
{
    struct identity stranger = authority_new("stranger"), namesake = authority_new("authority");
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    struct identity other_name = identity_new(&authority, "DNS:example.test", 10);
    struct identity expired = identity_new(&authority, "IP:127.0.0.1", -1);
    struct identity unknown = identity_new(&stranger, "IP:127.0.0.1", 10);
    struct identity forged = identity_new(&namesake, "IP:127.0.0.1", 10);
    struct identity own = identity_new(NULL, "IP:127.0.0.1", 10);
    assert_trust(&good, "its certificate is not trusted: ");
    set_ca_file(ca_file);
    assert_trust(&good, NULL);
    assert_trust(&other_name, "its certificate is not trusted: it is for another name");
    assert_trust(&expired, "its certificate is not trusted: certificate has expired");
    assert_trust(&unknown,
                 "its certificate is not trusted: unable to get local issuer certificate");
    assert_trust(&forged, "no TLS connection could be agreed on");
    assert_trust(&own, "its certificate is not trusted: self-signed certificate");
    set_ca_file(NULL);
    struct identity *all[] = {&stranger, &namesake, &good,   &other_name,
                              &expired,  &unknown,  &forged, &own};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        identity_clear(all[i]);
}

static void a_missing_file_of_certificates_is_said(void **state)
{
    static const enum manner manner = HTTP1;
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    struct tls_server *server = tls_start(&good, &manner, 1);
    set_ca_file("/nonexistent/ca.pem");
    struct asked asked = {0};
    asked_tls_url(&asked, server->port);
    call(&asked);
    assert_failed(&asked, ERROR_MODEL,
                  "the file of trusted certificates can't be read; see QUERENT_CA_FILE");
    set_ca_file(NULL);
    asked_clear(&asked);
    tls_stop(server);
    identity_clear(&good);
}

static void a_server_without_tls_is_no_https(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    struct asked asked = {0};
    asked_tls_url(&asked, peer->port);
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, "no TLS connection could be agreed on");
    asked_clear(&asked);
    peer_stop(peer);
}

/* ---- HTTP/2 ---- */

#define STREAMS 20

static void calls_share_a_connection(void **state)
{
    static const enum manner manner = ANSWER;
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    struct tls_server *server = tls_start(&good, &manner, 1);
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    struct loop *loop = new_loop();
    struct asked asked[STREAMS] = {0};
    set_ca_file(ca_file);
    for (int i = 0; i < STREAMS; i++) {
        asked[i].upstream = upstream;
        asked[i].request = (struct fetch_request){.method = i % 2 ? "POST" : "GET",
                                                  .body = i % 2 ? STR("{}") : STR(""),
                                                  .on_body = i % 3 ? keep_piece : NULL};
        asked_tls_url(&asked[i], server->port);
        start_call(loop, &asked[i]);
    }
    loop_run(loop);
    loop_free(loop);
    for (int i = 0; i < STREAMS; i++) {
        assert_replied(&asked[i], 200, i % 3 ? "" : "ok");
        if (i % 3)
            assert_string_equal(strbuf_text(&asked[i].streamed), "ok");
        asked_clear(&asked[i]);
    }
    assert_int_equal(atomic_load(&server->requests), STREAMS);
    assert_int_equal(atomic_load(&server->connections), 1);
    set_ca_file(NULL);
    upstream_close(upstream);
    tls_stop(server);
    identity_clear(&good);
}

/* Behind TLS HTTP/1.1 alone is no HTTP/2: its calls are spread as those without TLS are. */
static void what_a_server_speaks_is_noted(void **state)
{
    static const enum manner manners[] = {HTTP1, ANSWER};
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    set_ca_file(ca_file);
    for (size_t i = 0; i < 2; i++) {
        struct tls_server *server = tls_start(&good, &manners[i], 1);
        struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
        assert_false(upstream_has_single_streams(upstream));
        for (size_t again = 0; again < 2; again++) {
            struct asked asked = {.upstream = upstream};
            asked_tls_url(&asked, server->port);
            call(&asked);
            assert_replied(&asked, 200, "ok");
            assert_int_equal(upstream_has_single_streams(upstream), manners[i] == HTTP1);
            asked_clear(&asked);
        }
        upstream_close(upstream);
        tls_stop(server);
    }
    set_ca_file(NULL);
    identity_clear(&good);
}

/* The first connection behaves so, the next one well. */
static void ask_http2(enum manner manner, bool repeatable, struct asked *asked, int *connections)
{
    const enum manner manners[] = {manner, ANSWER};
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    struct tls_server *server = tls_start(&good, manners, 2);
    set_ca_file(ca_file);
    *asked = (struct asked){.request = {.repeatable = repeatable}, .deadline_ms = 30000};
    asked_tls_url(asked, server->port);
    call(asked);
    *connections = atomic_load(&server->connections);
    set_ca_file(NULL);
    tls_stop(server);
    identity_clear(&good);
}

static void broken_streams_and_connections(void **state)
{
    static const enum manner manners[] = {CUT, GO_AWAY};
    struct asked asked;
    int connections;
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        ask_http2(manners[i], true, &asked, &connections);
        assert_replied(&asked, 200, "ok");
        assert_int_equal(connections, 2);
        asked_clear(&asked);
    }
    ask_http2(CUT, false, &asked, &connections);
    assert_failed(&asked, ERROR_MODEL, "Peer at 127.0.0.1:");
    assert_int_equal(connections, 1);
    asked_clear(&asked);
    ask_http2(RESET_STREAM, false, &asked, &connections);
    assert_failed(&asked, ERROR_MODEL, "its HTTP/2 stream was ended");
    asked_clear(&asked);
}

/* A dropped stream leaves its connection to the others. */
static void a_cancel_keeps_the_connection(void **state)
{
    static const enum manner manner = ANSWER_LATE;
    struct identity good = identity_new(&authority, "IP:127.0.0.1", 10);
    struct tls_server *server = tls_start(&good, &manner, 1);
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    struct loop *loop = new_loop();
    struct asked asked[3] = {0};
    set_ca_file(ca_file);
    for (int i = 0; i < 3; i++) {
        asked[i].upstream = upstream;
        asked[i].deadline_ms = i == 1 ? 150 : 0; /* the server answers one after the other */
        asked_tls_url(&asked[i], server->port);
        start_call(loop, &asked[i]);
    }
    loop_run(loop);
    loop_free(loop);
    assert_replied(&asked[0], 200, "ok");
    if (!asked[1].ok)
        assert_failed(&asked[1], ERROR_DEADLINE, "the time limit was reached");
    assert_replied(&asked[2], 200, "ok");
    assert_int_equal(atomic_load(&server->connections), 1);
    for (int i = 0; i < 3; i++)
        asked_clear(&asked[i]);
    set_ca_file(NULL);
    upstream_close(upstream);
    tls_stop(server);
    identity_clear(&good);
}

static int set_up(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    authority = authority_new("authority");
    write_ca_file();
    return 0;
}

static int tear_down(void **state)
{
    unlink(ca_file);
    identity_clear(&authority);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_trusted_certificates_are_taken),
        cmocka_unit_test(a_missing_file_of_certificates_is_said),
        cmocka_unit_test(a_server_without_tls_is_no_https),
        cmocka_unit_test(calls_share_a_connection),
        cmocka_unit_test(what_a_server_speaks_is_noted),
        cmocka_unit_test(broken_streams_and_connections),
        cmocka_unit_test(a_cancel_keeps_the_connection),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
