/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, several loops on one, and what happens when connections or descriptors run out. */
#include "http_support.h"
#include "http/http_priv.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"

static bool opens(const char *host, int port, struct error *err)
{
    struct loop *loop = loop_new(err);
    struct http_options options = {.host = host, .port = port, .handle = serve_handle};
    struct http_server *server = http_server_new(loop, &options, err);
    if (server)
        http_server_close(server, NULL, NULL);
    loop_run(loop);
    loop_free(loop);
    return server != NULL;
}

static void what_cannot_be_listened_on_is_said(void **state)
{
    struct error err = {0};
    assert_true(opens("localhost", 0, &err));
    assert_false(opens("127.0.0.1", 65536, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_false(opens("127.0.0.1", -1, &err));
    assert_false(opens("no host", 0, &err));
    assert_non_null(strstr(err.message, "'no host'"));
    assert_false(opens("192.0.2.1", 0, &err)); /* documentation's, nobody has it */
    assert_non_null(strstr(err.message, "192.0.2.1"));
    assert_int_equal(err.code, ERROR_CONFIG);
}

/* Another program that would share the port is not let in, and we don't get into its. */
static void a_port_in_use_is_noticed(void **state)
{
    for (int shared = 0; shared < 2; shared++) {
        struct error err = {0};
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        assert_false(opens("127.0.0.1", ntohs(address.sin_port), &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_non_null(strstr(err.message, "another program listens there"));
        close(fd);
        assert_true(opens("127.0.0.1", ntohs(address.sin_port), &err));
    }
}

#define CLIENTS 4
#define ROUNDS 40

static void *ask_often(void *arg)
{
    const struct served *served = arg;
    uintptr_t answered = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int fd = dial(served);
        say_text(fd, GET GET);
        answered += hear_reply(fd, NULL) == 200;
        answered += hear_reply(fd, NULL) == 200;
        close(fd);
    }
    return (void *)answered;
}

static void write_shared(struct served *served, void *arg)
{
    for (int i = 0; i < atomic_load(&served->stream_count); i++) {
        http_stream_write(served->streams[i], arg);
        http_stream_end(served->streams[i]);
    }
    http_chunk_unref(arg);
}

struct writer {
    struct served *served;
    struct http_chunk *chunk;
};

static void *write_in_thread(void *arg)
{
    struct writer *writer = arg;
    on_loop(writer->served, write_shared, writer->chunk);
    return NULL;
}

/* Both write the same chunk to their streams at the same time. */
static void share_a_chunk(struct served *const servers[2])
{
    int fds[40];
    pthread_t threads[2];
    for (int i = 0; i < 40; i++) {
        fds[i] = dial(servers[0]);
        say_text(fds[i], STREAM);
    }
    WAIT_FOR(atomic_load(&servers[0]->stream_count) + atomic_load(&servers[1]->stream_count) == 40);
    struct http_chunk *chunk = http_chunk_new(STR("shared"));
    struct writer writers[2] = {{servers[0], http_chunk_ref(chunk)}, {servers[1], chunk}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_in_thread, &writers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 40; i++) {
        struct strbuf text = strbuf_init(4096);
        assert_true(hear_until(fds[i], &text, "6\r\nshared\r\n0\r\n\r\n"));
        strbuf_clear(&text);
        close(fds[i]);
    }
}

static void two_loops_share_a_port(void **state)
{
    struct served *first = serve(NULL), *second = xcalloc(1, sizeof(*second));
    struct served *servers[2] = {first, second};
    pthread_t threads[CLIENTS];
    second->options.port = first->port;
    serve_start(second);
    assert_int_equal(first->port, second->port);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, first), 0);
    uintptr_t answered = 0;
    for (int i = 0; i < CLIENTS; i++) {
        void *count;
        pthread_join(threads[i], &count);
        answered += (uintptr_t)count;
    }
    assert_int_equal(answered, CLIENTS * ROUNDS * 2);
    assert_true(atomic_load(&first->requests) > 0);
    assert_true(atomic_load(&second->requests) > 0);
    share_a_chunk(servers);
    serve_stop(second);
    assert_int_equal(ask_text(first, GET), 200);
    serve_stop(first);
}

static void read_options(struct served *served, void *arg)
{
    static const int names[] = {TCP_NODELAY, TCP_NOTSENT_LOWAT, TCP_USER_TIMEOUT};
    struct connection *connection = TAILQ_FIRST(&served->server->all);
    int fd = -1, *values = arg;
    uv_fileno((uv_handle_t *)&connection->tcp, &fd);
    for (int i = 0; i < 3; i++) {
        socklen_t size = sizeof(values[i]);
        getsockopt(fd, IPPROTO_TCP, names[i], &values[i], &size);
    }
}

static void accepted_sockets_are_as_the_listener_was_set(void **state)
{
    struct served *served = serve(NULL);
    int values[3] = {0}, fd = dial(served);
    WAIT_FOR(served_connections(served) == 1);
    on_loop(served, read_options, values);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[1], 131072);
    assert_int_equal(values[2], 60000);
    close(fd);
    serve_stop(served);
}

static void connections_over_the_limit_are_turned_away(void **state)
{
    struct http_limits limits = {.connections = 3};
    struct served *served = serve(&limits);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(served);
        say_text(fds[i], GET);
        assert_int_equal(hear_reply(fds[i], NULL), 200);
    }
    struct strbuf head = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, GET);
    assert_int_equal(hear_reply_full(fd, &head, NULL, true), 503);
    assert_non_null(strstr(head.bytes, "retry-after: 1\r\n"));
    assert_true(is_closed(fd));
    close(fd);
    assert_int_equal(atomic_load(&served->requests), 3);
    /* Those that were there go on, and a place that is free again is given. */
    say_text(fds[0], GET);
    assert_int_equal(hear_reply(fds[0], NULL), 200);
    close(fds[1]);
    WAIT_FOR(served_connections(served) == 2);
    assert_int_equal(ask_text(served, GET), 200);
    /* A crowd over the limit gets its answers too, and leaves nothing behind. */
    enum { CROWD = 300 };
    int crowd[CROWD];
    WAIT_FOR(served_connections(served) == 2);
    fds[1] = dial(served);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = dial(served);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(hear_reply(crowd[i], NULL), 503);
        close(crowd[i]);
    }
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    WAIT_FOR(served_connections(served) == 0);
    strbuf_clear(&head);
    serve_stop(served);
}

static void many_idle_connections_cost_little(void **state)
{
    enum { COUNT = 2000 };
    struct served *served = serve(NULL);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * COUNT + 400) {
        print_message("only %lu descriptors\n", (unsigned long)limit.rlim_cur);
        serve_stop(served);
        skip();
    }
    int *fds = xcalloc(COUNT, sizeof(int));
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < COUNT; i++)
        fds[i] = dial(served);
    WAIT_FOR(served_connections(served) == COUNT);
    size_t used = mallinfo2().uordblks - before;
    assert_true(before == 0 || used < COUNT * (size_t)768);
    assert_int_equal(ask_text(served, GET), 200);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    WAIT_FOR(served_connections(served) == 0);
    assert_true(before == 0 || mallinfo2().uordblks < before + 65536);
    free(fds);
    serve_stop(served);
}

/* ---- descriptors: in a process of its own, as limits can't be raised again ---- */

#define DESCRIPTORS 256

/* As many as can be had, but not more than `count`. */
static int burn(int *fds, int count)
{
    int had = 0;
    while (had < count && (fds[had] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        had++;
    return had;
}

static bool is_full_reply(int fd)
{
    struct strbuf head = strbuf_init(4096);
    int status = hear_reply_full(fd, &head, NULL, true);
    bool full = status == 503 && strstr(head.bytes, "retry-after: 1\r\n");
    strbuf_clear(&head);
    return full;
}

/* In the child an assertion of cmocka's would go on with the parent's tests. */
static void require(bool ok, int line)
{
    if (ok)
        return;
    fprintf(stderr, "# line %d\n", line);
    _exit(1);
}
#define REQUIRE(condition) require(condition, __LINE__)

static void wait_until_idle(struct served *served)
{
    for (int i = 0; i < 5000 && served_connections(served) > 0; i++)
        sleep_ms(1);
}

static void run_out_of_descriptors(void)
{
    static int burnt[DESCRIPTORS];
    struct rlimit limit = {DESCRIPTORS / 2, DESCRIPTORS};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct served *served = serve(NULL);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE(limit.rlim_cur == DESCRIPTORS); /* it was raised */
    REQUIRE(ask_text(served, GET) == 200);
    wait_until_idle(served);
    /* Into the reserve: turned away before accepting fails. */
    int count = burn(burnt, DESCRIPTORS * 3 / 4);
    int fd = dial(served);
    REQUIRE(is_full_reply(fd));
    close(fd);
    wait_until_idle(served);
    /* None left at all: the one kept for this is used. */
    int fds[3];
    struct sockaddr_in address = address_of(served);
    for (int i = 0; i < 3; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    count += burn(burnt + count, DESCRIPTORS - count);
    for (int i = 0; i < 3; i++) {
        REQUIRE(connect(fds[i], (struct sockaddr *)&address, sizeof(address)) == 0);
        REQUIRE(is_full_reply(fds[i]));
    }
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    for (int i = 0; i < count; i++)
        close(burnt[i]);
    REQUIRE(ask_text(served, GET) == 200);
    serve_stop(served);
}

static void lose_reserve(struct served *served, void *arg)
{
    close(served->server->reserve_fd);
    served->server->reserve_fd = -1;
    *(int *)arg = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Somebody else takes the last one: new clients wait, and the loop does not run hot. */
static void run_out_of_the_reserve(void)
{
    static int burnt[DESCRIPTORS];
    struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};
    struct timespec before, after;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct served *served = serve(NULL);
    struct sockaddr_in address = address_of(served);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int count = burn(burnt, DESCRIPTORS);
    on_loop(served, lose_reserve, &burnt[count++]);
    REQUIRE(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    say_text(fd, GET);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sleep_ms(300);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    REQUIRE((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 <
            60);
    for (int i = 0; i < count; i++)
        close(burnt[i]);
    REQUIRE(hear_reply(fd, NULL) == 200);
    close(fd);
    serve_stop(served);
}

static void check_in_child(void (*fn)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void running_out_of_descriptors_is_survived(void **state)
{
    check_in_child(run_out_of_descriptors);
    check_in_child(run_out_of_the_reserve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_of_descriptors_is_survived),
        cmocka_unit_test(what_cannot_be_listened_on_is_said),
        cmocka_unit_test(a_port_in_use_is_noticed),
        cmocka_unit_test(two_loops_share_a_port),
        cmocka_unit_test(accepted_sockets_are_as_the_listener_was_set),
        cmocka_unit_test(connections_over_the_limit_are_turned_away),
        cmocka_unit_test(many_idle_connections_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
