/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel keeps from a worker. Each trial runs in a child process, as the layers can't be
 * taken off again; a layer that this kernel lacks is skipped, and the others must hold without it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/worker_sandbox.h"

static char folder[] = "/tmp/querent-sandbox-XXXXXX";

/* In a child: 0 when all is as it should be, else the number of the line that is not. */
#define MUST(condition)      \
    do {                     \
        if (!(condition))    \
            return __LINE__; \
    } while (0)
#define REFUSED(call, code) MUST((call) < 0 && errno == (code))

static void run_child(int (*body)(void))
{
    int line = 0, ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        line = body();
        _exit(write(ends[1], &line, sizeof(line)) == sizeof(line) ? 0 : 1);
    }
    close(ends[1]);
    bool told = read(ends[0], &line, sizeof(line)) == sizeof(line);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!told || line != 0)
        fail_msg("line %d did not hold (wait status %d)", line, status);
}

static void *return_argument(void *argument)
{
    return argument;
}

static bool threads_start(void)
{
    pthread_t thread;
    void *result = NULL;
    return pthread_create(&thread, NULL, return_argument, folder) == 0 &&
           pthread_join(thread, &result) == 0 && result == folder;
}

static int try_system_calls(void)
{
    char *arguments[] = {"true", NULL};
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int before = socket(AF_INET, SOCK_STREAM, 0); /* one that was there already */
    struct rlimit limit;
    if (!(sandbox_start() & SANDBOX_SYSTEM_CALLS))
        return 0;
    REFUSED(socket(AF_INET, SOCK_STREAM, 0), EPERM);
    REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    REFUSED(connect(before, (struct sockaddr *)&address, sizeof(address)), EPERM);
    REFUSED(sendto(before, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)), EPERM);
    REFUSED(syscall(SYS_execve, "/bin/true", arguments, NULL), EPERM);
    REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, NULL, 0), EPERM);
    REFUSED(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0), EPERM);
    REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
    REFUSED(kill(getppid(), 0), EPERM);
    REFUSED(syscall(425, 1, NULL), EPERM); /* io_uring_setup */
    REFUSED(chmod(folder, 0777), EPERM);
    REFUSED(prlimit(getppid(), RLIMIT_CPU, NULL, &limit), EPERM);
    MUST(prlimit(0, RLIMIT_CPU, NULL, &limit) == 0);
    MUST(kill(getpid(), 0) == 0);
    MUST(threads_start());
    return 0;
}

static void no_network_and_no_programs(void **state)
{
    run_child(try_system_calls);
}

static const char *place(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int try_files(void)
{
    char mine[128], own[128];
    snprintf(mine, sizeof(mine), "%s", place("mine"));
    snprintf(own, sizeof(own), "%s", place("own"));
    const struct sandbox_path paths[] = {
        {.path = mine}, {.path = own, .writable = true}, {.path = "/nonexistent"}};
    MUST(sandbox_start() & SANDBOX_NO_PRIVILEGES);
    if (!sandbox_limit_files(paths, 3))
        return 0;
    MUST(open(mine, O_RDONLY) >= 0);
    REFUSED(open(mine, O_RDWR), EACCES);
    REFUSED(open(place("other"), O_RDONLY), EACCES);
    REFUSED(open(place("new"), O_WRONLY | O_CREAT, 0600), EACCES);
    REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
    REFUSED(open("/", O_RDONLY | O_DIRECTORY), EACCES);
    REFUSED(unlink(place("other")), EACCES);
    MUST(open(place("own/new"), O_RDWR | O_CREAT, 0600) >= 0);
    MUST(symlink("/etc/passwd", place("own/link")) == 0);
    REFUSED(open(place("own/link"), O_RDONLY), EACCES);
    MUST(unlink(place("own/link")) == 0);
    MUST(threads_start());
    return 0;
}

static void no_files_but_the_named(void **state)
{
    run_child(try_files);
}

static int try_opening(void)
{
    char byte;
    int before = open(place("mine"), O_RDONLY);
    sandbox_start();
    if (!sandbox_forbid_opening())
        return 0;
    MUST(read(before, &byte, 1) == 1);
    REFUSED(open(place("mine"), O_RDONLY), EPERM);
    REFUSED(open(place("own/late"), O_RDWR | O_CREAT, 0600), EPERM);
    REFUSED(rename(place("mine"), folder), EPERM);
    REFUSED(unlink(place("mine")), EPERM);
    REFUSED(mkdir(place("own/late"), 0700), EPERM);
    MUST(threads_start());
    return 0;
}

static void nothing_is_opened_later(void **state)
{
    run_child(try_opening);
}

static void the_layers_are_named(void **state)
{
    struct strbuf words = strbuf_init(1000);
    sandbox_describe(SANDBOX_LAYERS_ALL, &words);
    assert_null(strstr(strbuf_text(&words), "lacks"));
    strbuf_reset(&words);
    sandbox_describe(SANDBOX_NO_PRIVILEGES | SANDBOX_SYSTEM_CALLS, &words);
    assert_non_null(strstr(strbuf_text(&words), "(seccomp); this system lacks: files limited"));
    strbuf_clear(&words);
}

static int make_folder(void **state)
{
    if (!mkdtemp(folder) || mkdir(place("own"), 0700) != 0)
        return -1;
    static const char *const names[] = {"mine", "other"};
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(place(names[i]), "w");
        if (!file || fputs("x", file) < 0 || fclose(file) != 0)
            return -1;
    }
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"own/new", "own", "mine", "other", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)remove(place(names[i]));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_network_and_no_programs),
        cmocka_unit_test(no_files_but_the_named),
        cmocka_unit_test(nothing_is_opened_later),
        cmocka_unit_test(the_layers_are_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
