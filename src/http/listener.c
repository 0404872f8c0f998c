/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports and descriptors. The first server of a process on a port binds it for itself alone, so
 * that a port in use is noticed, and only then lets the process's other loops in: SO_REUSEPORT
 * before the bind would let any process of the same user take a share of the requests.
 */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_priv.h"

#define BACKLOG 1024
#define DESCRIPTORS_MAX 65536    /* more than a server of one machine serves */
#define DESCRIPTORS_RESERVED 128 /* for the store, workers, files, and for saying 503 */
/* What the kernel may keep of unsent bytes: beyond it a reader is slow, and we notice. */
#define UNSENT_BYTES_MAX 131072
/* How long a client may acknowledge nothing: one that vanished would be kept for a quarter of an
 * hour by the kernel's own measure. */
#define SILENCE_MAX_MS 60000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, http_server) listening = TAILQ_HEAD_INITIALIZER(listening);

static bool is_ours(int port)
{
    struct http_server *server;
    TAILQ_FOREACH(server, &listening, listening)
    if (server->port == port)
        return true;
    return false;
}

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool bind_to(int fd, const struct addrinfo *address, int port)
{
    if (address->ai_family == AF_INET6)
        (void)set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    /* TIME_WAIT of an earlier server is no hindrance. */
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0)
        return set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (errno != EADDRINUSE || !is_ours(port))
        return false;
    return set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0;
}

/* Accepted sockets inherit these. */
static bool start_listening(int fd)
{
    return set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
           set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX) &&
           set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, SILENCE_MAX_MS) &&
           set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) && listen(fd, BACKLOG) == 0;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static const char *advice(int problem)
{
    switch (problem) {
    case EADDRINUSE:
        return "another program listens there; stop it or choose another port";
    case EACCES:
        return "ports below 1024 are for the superuser; choose another port";
    case EADDRNOTAVAIL:
        return "this machine does not have that address; use one of its own, 127.0.0.1 or 0.0.0.0";
    default:
        return "choose another address or port";
    }
}

static bool listen_on(struct http_server *server, const struct addrinfo *address, struct error *err)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind_to(fd, address, server->options.port) && start_listening(fd)) {
        server->listener_fd = fd;
        server->port = bound_port(fd);
        TAILQ_INSERT_TAIL(&listening, server, listening);
        return true;
    }
    int problem = errno;
    if (fd >= 0)
        close(fd);
    return error_set(err, ERROR_CONFIG, "can't listen on %s, port %d: %s; %s", server->options.host,
                     server->options.port, strerror(problem), advice(problem));
}

bool listener_open(struct http_server *server, struct error *err)
{
    const struct http_options *options = &server->options;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *address = NULL;
    char port[16];
    if (options->port < 0 || options->port > 65535)
        return error_set(err, ERROR_CONFIG, "can't listen on port %d; choose one up to 65535",
                         options->port);
    snprintf(port, sizeof(port), "%d", options->port);
    int status = getaddrinfo(options->host, port, &hints, &address);
    if (status != 0)
        return error_set(err, ERROR_CONFIG,
                         "can't listen on '%s': %s; use an address such as 127.0.0.1 or 0.0.0.0",
                         options->host, gai_strerror(status));
    pthread_mutex_lock(&lock);
    bool ok = listen_on(server, address, err);
    pthread_mutex_unlock(&lock);
    freeaddrinfo(address);
    return ok;
}

void listener_forget(struct http_server *server)
{
    pthread_mutex_lock(&lock);
    TAILQ_REMOVE(&listening, server, listening);
    pthread_mutex_unlock(&lock);
}

size_t descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t wanted = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur < INT_MAX ? (size_t)limit.rlim_cur : INT_MAX;
}

size_t descriptors_reserved(size_t limit)
{
    return limit / 4 < DESCRIPTORS_RESERVED ? limit / 4 : DESCRIPTORS_RESERVED;
}
