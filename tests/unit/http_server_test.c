/* SPDX-License-Identifier: Apache-2.0 */
/* Plain requests, keep-alive, pipelining, bodies, and how connections begin and end. */
#include "http_support.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static void requests_are_served_on_one_connection(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf body = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "GET /a?b=c 1 2:");
    say_text(fd, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "POST /p? 1 2:hello");
    say_text(fd, "ODD /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "ODD /p? 1 2:hello");
    close(fd);
    strbuf_clear(&body);
    serve_stop(served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_served_on_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
