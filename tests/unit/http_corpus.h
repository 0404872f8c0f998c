/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are right, and those that two servers may read in two ways: all must be refused. */
#ifndef HTTP_CORPUS_H
#define HTTP_CORPUS_H

#include <stddef.h>

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define CASE(status, bytes)              \
    {                                    \
        status, bytes, sizeof(bytes) - 1 \
    }

static const struct http_case {
    int status;
    const char *bytes;
    size_t length;
} http_cases[] = {
    CASE(200, LINE HOST "\r\n"),
    CASE(200, "\r\n" LINE HOST "\r\n"),
    CASE(200, "GET / HTTP/1.0\r\n\r\n"),
    CASE(200, "GET / HTTP/1.0\r\nExpect: the unexpected\r\n\r\n"),
    CASE(200, LINE HOST "Empty:\r\nBlank: \t \r\nText: \t a b\t \r\nLatin: \xe9\r\n\r\n"),
    CASE(200, LINE "Host:\r\n\r\n"),
    CASE(200, LINE "host: [::1]:8080\r\n\r\n"),
    CASE(200, "get / HTTP/1.1\r\n" HOST "\r\n"),
    CASE(200, "M-SEARCH!#$%&'*+-.^_`|~ /?q=a?b&c HTTP/1.1\r\n" HOST "\r\n"),
    CASE(200, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    CASE(200, "GET //a/../b%00%zz\"<>\\^`{|} HTTP/1.1\r\n" HOST "\r\n"),
    CASE(200, LINE HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    CASE(200, LINE HOST "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"),
    CASE(200, POST "Content-Length: 0\r\n\r\n"),
    CASE(200, POST "content-length:5 \r\n\r\nhello"),
    CASE(200, POST "Content-Length: 005\r\n\r\nhello"),
    CASE(200, POST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\nhello"),
    CASE(200, CHUNKED "0\r\n\r\n"),
    CASE(200, CHUNKED "5\r\nhello\r\n0\r\n\r\n"),
    CASE(200, CHUNKED "00A;x=\"\t y\"\r\n0123456789\r\n5;\r\nhello\r\n000\r\nA: b\r\nC: d\r\n\r\n"),
    CASE(200, POST "TRANSFER-ENCODING:CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n"),

    /* line ends and control characters */
    CASE(400, "GET / HTTP/1.1\nHost: x\n\n"),
    CASE(400, LINE "Host: x\n\r\n"),
    CASE(400, LINE HOST "\n"),
    CASE(400, LINE HOST "A: b\rC: d\r\n\r\n"),
    CASE(400, LINE HOST "A: b\r\r\n\r\n"),
    CASE(400, LINE HOST "\r\r\n"),
    CASE(400, "GET / HTTP/1.1\r" HOST "\r\n"),
    CASE(400, "\r\n\r\n\n" LINE HOST "\r\n"),
    CASE(400, LINE HOST "A: b\0c\r\n\r\n"),
    CASE(400, LINE HOST "A\0: b\r\n\r\n"),
    CASE(400, "GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, LINE HOST "A: \x01\r\n\r\n"),
    CASE(400, LINE HOST "A: \x7f\r\n\r\n"),
    CASE(400, LINE HOST "A: \x0b\r\n\r\n"),
    CASE(400, LINE HOST "A: b\r\n c\r\n\r\n"),
    CASE(400, LINE HOST "A: b\r\n\tContent-Length: 5\r\n\r\n"),
    CASE(400, LINE " Host: x\r\n\r\n"),
    CASE(400, LINE HOST " \r\n\r\n"),
    CASE(400, "\x16\x03\x01\x02"),

    /* names */
    CASE(400, LINE "Host : x\r\n\r\n"),
    CASE(400, LINE "Host\t: x\r\n\r\n"),
    CASE(400, POST "Content-Length : 5\r\n\r\nhello"),
    CASE(400, POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    CASE(400, LINE HOST ": x\r\n\r\n"),
    CASE(400, LINE HOST "no colon\r\n\r\n"),
    CASE(400, LINE HOST "nocolon\r\n\r\n"),
    CASE(400, LINE HOST "A(b): x\r\n\r\n"),
    CASE(400, LINE HOST "\xc3\xa4: x\r\n\r\n"),

    /* lengths */
    CASE(400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    CASE(400, POST "Content-Length: 5, 5\r\n\r\nhello"),
    CASE(400, POST "Content-Length: +5\r\n\r\nhello"),
    CASE(400, POST "Content-Length: -5\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 0x5\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 5.0\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 1 2\r\n\r\nhello"),
    CASE(400, POST "Content-Length: five\r\n\r\nhello"),
    CASE(400, POST "Content-Length:\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 18446744073709551616\r\n\r\nhello"),
    CASE(413, POST "Content-Length: 999999999999999999\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 0999999999999999999\r\n\r\nhello"),
    CASE(400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    CASE(501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    CASE(400, POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
    CASE(400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    CASE(417, LINE HOST "Expect: tea\r\n\r\n"),

    /* hosts and request lines */
    CASE(400, LINE "\r\n"),
    CASE(400, LINE "A: b\r\n\r\n"),
    CASE(400, LINE HOST HOST "\r\n"),
    CASE(400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
    CASE(400, LINE "Host: a b\r\n\r\n"),
    CASE(400, LINE "Host: a/b\r\n\r\n"),
    CASE(400, LINE "Host: a@b\r\n\r\n"),
    CASE(400, LINE "Host: a,b\r\n\r\n"),
    CASE(400, LINE "Host: a?b\r\n\r\n"),
    CASE(400, "GET http://y/ HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET y HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET * HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "CONNECT y:80 HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /a b HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    CASE(400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /\tHTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, " GET / HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET /\r\n" HOST "\r\n"),
    CASE(400, "GET / \r\n" HOST "\r\n"),
    CASE(400, "GET\r\n" HOST "\r\n"),
    CASE(400, "G(T / HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "/ HTTP/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET / http/1.1\r\n" HOST "\r\n"),
    CASE(400, "GET / HTTP/1\r\n" HOST "\r\n"),
    CASE(400, "GET / HTTP/1.10\r\n" HOST "\r\n"),
    CASE(505, "GET / HTTP/1.2\r\n" HOST "\r\n"),
    CASE(505, "GET / HTTP/2.0\r\n" HOST "\r\n"),
    CASE(400, "GET / HTTP/11.1\r\n" HOST "\r\n"),
    CASE(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),

    /* chunks */
    CASE(400, CHUNKED "5\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5 \r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED " 5\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED ";a\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "-5\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "+5\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5_0\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5;a\nb\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5;a\r\rb\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5;a\0\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhelloXX0\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello\n0\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello0\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello\r\n0\r\n\n"),
    CASE(400, CHUNKED "5\r\nhello\r\n0\r\nA: b\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello\r\n0\r\n A: b\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello\r\n0\r\n: b\r\n\r\n"),
    CASE(400, CHUNKED "5\r\nhello\r\n0\r\nA: \0\r\n\r\n"),
    CASE(400, CHUNKED "0000000000000005\r\nhello\r\n0\r\n\r\n"),
    CASE(413, CHUNKED "fffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    CASE(400, CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n"),
};

#endif
