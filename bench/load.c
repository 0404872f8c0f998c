/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/clock.h"

#define BODY_MAX 1024
#define HEAD_MAX 4096
#define SILENCE_MS 60000

/* ---- requests ---- */

struct client {
    int fd;
    uint64_t sent_us;
    size_t head_length; /* of the reply, so far */
    size_t left;        /* of its body, once the head is whole */
    bool head_whole;
    char head[HEAD_MAX];
};

struct running {
    const struct load *load;
    size_t sent, ended;
    double *times_us;
    struct load_figures result;
};

int load_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

bool load_send(int fd, const char *method, const char *path, const char *body)
{
    static char text[HEAD_MAX + BODY_MAX];
    int length = snprintf(text, sizeof(text),
                          "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          method, path, strlen(body), body);
    return length > 0 && (size_t)length < sizeof(text) && write(fd, text, (size_t)length) == length;
}

static void send_next(struct running *running, struct client *client)
{
    const struct load *load = running->load;
    char body[BODY_MAX] = "";
    if (load->body)
        body[load->body(running->sent, body, sizeof(body))] = '\0';
    running->sent++;
    client->head_length = client->left = 0;
    client->head_whole = false;
    client->sent_us = clock_monotonic_us();
    if (!load_send(client->fd, load->method, load->path, body))
        bench_fail("load", "a request can't be sent");
}

static size_t body_length(const char *head)
{
    for (const char *line = head; line; line = strstr(line, "\r\n")) {
        line += line == head ? 0 : 2;
        if (strncasecmp(line, "content-length:", 15) == 0)
            return strtoul(line + 15, NULL, 10);
    }
    return 0;
}

/* Takes the head's bytes off the front; true when it is whole. */
static bool take_head(struct client *client, const char **bytes, size_t *length)
{
    while (*length > 0 && !client->head_whole) {
        if (client->head_length + 1 >= HEAD_MAX)
            bench_fail("load", "the head of a reply is too long");
        client->head[client->head_length++] = *(*bytes)++;
        (*length)--;
        client->head_whole = client->head_length >= 4 &&
                             memcmp(client->head + client->head_length - 4, "\r\n\r\n", 4) == 0;
    }
    if (!client->head_whole)
        return false;
    if (client->left == 0) {
        client->head[client->head_length] = '\0';
        client->left = body_length(client->head);
    }
    return true;
}

static void reply_ended(struct running *running, struct client *client)
{
    bool good = strncmp(client->head, "HTTP/1.1 200", 12) == 0;
    running->times_us[running->ended++] = (double)(clock_monotonic_us() - client->sent_us);
    running->result.good += good;
    running->result.other += !good;
    if (running->sent < running->load->requests)
        send_next(running, client);
}

/* False when the connection is closed. */
static bool read_reply(struct running *running, struct client *client)
{
    static char buffer[64 * 1024];
    ssize_t got = read(client->fd, buffer, sizeof(buffer));
    if (got <= 0)
        return false;
    const char *bytes = buffer;
    size_t length = (size_t)got;
    if (client->head_whole) {
        client->left -= length < client->left ? length : client->left;
    } else if (take_head(client, &bytes, &length)) {
        client->left -= length < client->left ? length : client->left;
    } else {
        return true;
    }
    if (client->left == 0)
        reply_ended(running, client);
    return true;
}

static int compare_times(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static void run_clients(struct running *running, struct client *clients, int epoll)
{
    const struct load *load = running->load;
    while (running->ended < load->requests) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, SILENCE_MS);
        if (count == 0)
            break; /* what is missing is counted below */
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (!read_reply(running, client)) {
                epoll_ctl(epoll, EPOLL_CTL_DEL, client->fd, NULL);
                running->ended++;
            }
        }
    }
    running->result.other = load->requests - running->result.good;
}

struct load_figures load_run(const struct load *load)
{
    struct running running = {.load = load};
    struct client *clients = xcalloc(load->connections, sizeof(*clients));
    running.times_us = xcalloc(load->requests, sizeof(*running.times_us));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < load->connections; i++) {
        clients[i].fd = load_connect(load->port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        if (clients[i].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event) != 0)
            bench_fail("load", strerror(errno));
    }
    for (size_t i = 0; i < load->connections && running.sent < load->requests; i++)
        send_next(&running, &clients[i]);
    run_clients(&running, clients, epoll);
    for (size_t i = 0; i < load->connections; i++)
        close(clients[i].fd);
    close(epoll);
    qsort(running.times_us, load->requests, sizeof(double), compare_times);
    running.result.p50_us = running.times_us[load->requests / 2];
    running.result.p99_us = running.times_us[load->requests * 99 / 100];
    free(running.times_us);
    free(clients);
    return running.result;
}

int load_once(int port, const char *method, const char *path, const char *body)
{
    char reply[64] = "";
    int fd = load_connect(port), status = 0;
    if (fd < 0)
        return 0;
    if (load_send(fd, method, path, body) && read(fd, reply, sizeof(reply) - 1) > 12)
        status = atoi(reply + strlen("HTTP/1.1 "));
    close(fd);
    return status;
}

/* ---- what a process uses ---- */

double load_cpu_alone_us(pid_t process)
{
    clockid_t clock;
    struct timespec now;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &now) != 0)
        return 0;
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Each thread has its own list of the processes that it started. */
static double children_cpu_us(pid_t process, const char *thread)
{
    char path[128];
    int child;
    double sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)process, thread);
    FILE *file = fopen(path, "r");
    while (file && fscanf(file, "%d", &child) == 1)
        sum += load_cpu_us(child);
    if (file)
        fclose(file);
    return sum;
}

double load_cpu_us(pid_t process)
{
    char path[64];
    double sum = load_cpu_alone_us(process);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            sum += children_cpu_us(process, entry->d_name);
    if (folder)
        closedir(folder);
    return sum;
}

double load_memory_mb(pid_t process)
{
    char path[64], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)process);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file) && sscanf(line, "Pss: %lf", &kilobytes) != 1)
        ;
    if (file)
        fclose(file);
    return kilobytes / 1024;
}

struct load_cost load_cost(pid_t process, const struct load *load)
{
    double alone = load_cpu_alone_us(process), all = load_cpu_us(process);
    struct load_figures result = load_run(load);
    if (result.other > 0) {
        fprintf(stderr, "%zu of %zu replies were not 200\n", result.other, load->requests);
        exit(1);
    }
    return (struct load_cost){(load_cpu_alone_us(process) - alone) / (double)load->requests,
                              (load_cpu_us(process) - all) / (double)load->requests};
}
