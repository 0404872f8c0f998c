/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/worker_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- System calls ---- */

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_CALLS 0x40000000u /* x32: the same calls under other numbers */
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS 0x80000000u /* there are none */
#endif

/* Calls newer than the C library's header; the number is the same on every architecture. */
#define CALL_FCHMODAT2 452
#define CALL_IO_URING_SETUP 425

/* What no worker ever does. A list of what is allowed would be stronger, but breaks with every
 * new C library or kernel; Landlock and the limits stand behind this one. */
static const int never_calls[] = {
    /* the network, and passing of descriptors */
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_recvmmsg,
    /* io_uring does all of these without being filtered */
    CALL_IO_URING_SETUP,
    CALL_IO_URING_SETUP + 1,
    CALL_IO_URING_SETUP + 2,
    /* other programs and processes */
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_setpgid,
    SYS_setsid,
    SYS_unshare,
    SYS_setns,
    SYS_perf_event_open,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semctl,
    SYS_msgget,
    SYS_msgctl,
    SYS_mq_open,
    SYS_userfaultfd,
    SYS_bpf,
    SYS_personality,
    /* who it is */
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    /* the file tree, and attributes of files, which Landlock does not guard */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    SYS_inotify_init1,
    SYS_quotactl,
    SYS_fchmod,
    SYS_fchmodat,
    CALL_FCHMODAT2,
    SYS_fchown,
    SYS_fchownat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_utimensat,
    SYS_mknodat,
    /* the machine */
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
    SYS_mknod,
    SYS_inotify_init,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

/* What a worker does while it opens its data, and never afterwards. */
static const int opening_calls[] = {
    SYS_openat, SYS_openat2,   SYS_mkdirat,  SYS_unlinkat, SYS_renameat, SYS_renameat2,
    SYS_linkat, SYS_symlinkat, SYS_truncate, SYS_chdir,    SYS_fchdir,
#if defined(__x86_64__)
    SYS_open,   SYS_creat,     SYS_mkdir,    SYS_rmdir,    SYS_unlink,   SYS_rename,
    SYS_link,   SYS_symlink,
#endif
};

#ifdef OWN_ARCHITECTURE
#define PROGRAM_MAX (2 * COUNT_OF(never_calls) + 64)

struct program {
    struct sock_filter steps[PROGRAM_MAX];
    unsigned short count;
};

static void add_step(struct program *program, uint16_t code, uint32_t operand, uint8_t skip_true,
                     uint8_t skip_false)
{
    program->steps[program->count++] = (struct sock_filter){code, skip_true, skip_false, operand};
}

static void add_load(struct program *program, size_t offset)
{
    add_step(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_return(struct program *program, uint32_t verdict)
{
    add_step(program, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Ends with the verdict when what was loaded is the number. */
static void add_rule(struct program *program, int number, uint32_t verdict)
{
    add_step(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
    add_return(program, verdict);
}

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define FIRST_ARGUMENT offsetof(struct seccomp_data, args[0]) /* its low half: little-endian */

/* A call that may only be about this process itself: its id is the first argument. */
static void add_own_only(struct program *program, int number, bool zero_is_own)
{
    add_step(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, zero_is_own ? 5 : 4);
    add_load(program, FIRST_ARGUMENT);
    if (zero_is_own)
        add_step(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    add_step(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1);
    add_return(program, SECCOMP_RET_ALLOW);
    add_return(program, REFUSED);
}

static void begin(struct program *program)
{
    add_load(program, offsetof(struct seccomp_data, arch));
    add_step(program, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
    add_return(program, SECCOMP_RET_KILL_PROCESS);
    add_load(program, offsetof(struct seccomp_data, nr));
    add_step(program, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1);
    add_return(program, REFUSED);
}

/* Threads are started by clone(); clone3() hides its flags from a filter, and the C library takes
 * clone() where there is none. */
static void add_threads_only(struct program *program)
{
    add_rule(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    add_step(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    add_load(program, FIRST_ARGUMENT);
    add_step(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    add_return(program, SECCOMP_RET_ALLOW);
    add_return(program, REFUSED);
}

static bool install(struct program *program)
{
    struct sock_fprog filter = {program->count, program->steps};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0)
        return true;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool forbid_never_calls(void)
{
    struct program program = {.count = 0};
    begin(&program);
    for (size_t i = 0; i < COUNT_OF(never_calls); i++)
        add_rule(&program, never_calls[i], REFUSED);
    add_threads_only(&program);
    add_own_only(&program, SYS_kill, false);
    add_own_only(&program, SYS_tgkill, false);
    add_own_only(&program, SYS_prlimit64, true);
    add_return(&program, SECCOMP_RET_ALLOW);
    return install(&program);
}

static bool forbid_opening_calls(void)
{
    struct program program = {.count = 0};
    begin(&program);
    for (size_t i = 0; i < COUNT_OF(opening_calls); i++)
        add_rule(&program, opening_calls[i], REFUSED);
    add_return(&program, SECCOMP_RET_ALLOW);
    return install(&program);
}
#else
static bool forbid_never_calls(void)
{
    return false;
}

static bool forbid_opening_calls(void)
{
    return false;
}
#endif

uint32_t sandbox_start(void)
{
    uint32_t layers = 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        layers |= SANDBOX_NO_PRIVILEGES;
    if (forbid_never_calls())
        layers |= SANDBOX_SYSTEM_CALLS;
    return layers;
}

uint32_t sandbox_forbid_opening(void)
{
    return forbid_opening_calls() ? SANDBOX_NO_OPENING : 0;
}

/* ---- Files ---- */

/* Newer than the header of Debian 12. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_DEVICE_IOCTL (UINT64_C(1) << 15)
#define NETWORK_TCP UINT64_C(3)     /* bind and connect */
#define SCOPE_PROCESSES UINT64_C(3) /* abstract sockets and signals beyond this process */

/* What a version of Landlock can take away; the size tells the kernel how much of it to read. */
struct ruleset {
    uint64_t files, network, scopes;
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE)
#define WRITING                                                                                \
    (READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                   \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                          \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | \
     ACCESS_TRUNCATE)
#define FILE_ONLY (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

static size_t choose_rules(long version, struct ruleset *out)
{
    *out = (struct ruleset){.files = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1};
    if (version >= 2)
        out->files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        out->files |= ACCESS_TRUNCATE;
    if (version >= 5)
        out->files |= ACCESS_DEVICE_IOCTL;
    if (version >= 4)
        out->network = NETWORK_TCP;
    if (version >= 6)
        out->scopes = SCOPE_PROCESSES;
    return version >= 6   ? sizeof(*out)
           : version >= 4 ? offsetof(struct ruleset, scopes)
                          : offsetof(struct ruleset, network);
}

static bool allow(int rules, const struct ruleset *handled, const struct sandbox_path *path)
{
    struct stat status;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    uint64_t access = path->writable ? WRITING : READING;
    if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        access &= FILE_ONLY;
    struct landlock_path_beneath_attr rule = {.allowed_access = access & handled->files,
                                              .parent_fd = fd};
    bool ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return ok;
}

uint32_t sandbox_limit_files(const struct sandbox_path *paths, size_t count)
{
    struct ruleset handled;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return 0;
    size_t size = choose_rules(version, &handled);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (rules < 0)
        return 0;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = allow(rules, &handled, &paths[i]);
    ok = ok && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return ok ? SANDBOX_FILES : 0;
}

/* ---- In words ---- */

static void add_words(uint32_t layers, const char *before, struct strbuf *out)
{
    static const struct {
        enum sandbox_layer layer;
        const char *words;
    } names[] = {
        {SANDBOX_NO_PRIVILEGES, "no new privileges"},
        {SANDBOX_SYSTEM_CALLS, "system calls filtered (seccomp)"},
        {SANDBOX_FILES, "files limited (Landlock)"},
        {SANDBOX_NO_OPENING, "nothing opened after the start"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (layers & names[i].layer) {
            strbuf_add(out, before);
            strbuf_add(out, names[i].words);
            before = ", ";
        }
}

void sandbox_describe(uint32_t layers, struct strbuf *out)
{
    add_words(layers, "", out);
    if ((layers & SANDBOX_LAYERS_ALL) != SANDBOX_LAYERS_ALL)
        add_words(
            ~layers,
            layers & SANDBOX_LAYERS_ALL ? "; this system lacks: " : "this system lacks: ", out);
}
