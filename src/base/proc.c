/* SPDX-License-Identifier: MIT */
/* proc.c - see proc.h. What outlives us is in children.c, the log in
 * proc_log.c. */
#include "base/proc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/children.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc_log.h"
#include "base/stop.h"
#include "base/strbuf.h"

#define STEP_S      0.01
#define STEP_MS     20
#define FORK_WAIT_S 5.0    /* until the dead of a fork bomb are buried */
#define KILL_WAIT_S 10.0   /* a process inside a hung driver never ends */
#define MAX_FDS     1024   /* more than we ever have open */
#define OOM_SCORE   "800"  /* of 1000; ours is 0 unless the system says so */

extern char **environ;

static bool passed(int64_t begin_ns, double limit_s)
{
    return (double)(clock_now_ns() - begin_ns) > limit_s * (double)NS_PER_S;
}

static int close_all(int fds[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0) close(fds[i]);
    return -1;
}

/* The same file on a descriptor that an exec closes and that is none of
 * 0, 1, 2, which the child is about to replace. */
static int move_up(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

    if (fd >= 0) close(fd);
    return moved;
}

/* `made` is what pipe() or socketpair() returned for these ends. */
static int move_both_up(int ends[2], int made)
{
    if (made) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    ends[0] = move_up(ends[0]);
    ends[1] = move_up(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0) return 0;
    close_all(ends, 2);
    return ends[0] = ends[1] = -1;
}

/* How many processes the kernel has killed for want of memory since the
 * machine started; -1 where it does not say. */
static long oom_kills(void)
{
    FILE *f = fopen("/proc/vmstat", "re");
    char  line[100];
    long  n = -1;

    while (f && n < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "oom_kill ", 9) == 0)
            n = strtol(line + 9, NULL, 10);
    if (f) fclose(f);
    return n;
}

static void write_small(int fd, const void *bytes, size_t n)
{
    while (write(fd, bytes, n) < 0 && errno == EINTR)
        ;
}

/* After fork, before exec: only calls that are safe in a signal handler. */
static void offer_to_oom_killer(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0) return;
    write_small(fd, OOM_SCORE, strlen(OOM_SCORE));
    close(fd);
}

static void default_signals(void)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    sigset_t         none;

    sigemptyset(&act.sa_mask);
    for (int signo = 1; signo <= SIGRTMAX; signo++)
        sigaction(signo, &act, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* `line` brings our parent's go-ahead, once we are on record, and takes back
 * why the exec failed. */
static _Noreturn void become(char *const argv[], char *const environment[],
                             pid_t parent, int in, int out, int line)
{
    char go;
    int  why;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
    if (getppid() != parent) _exit(127);   /* it died before the prctl */
    while (read(line, &go, 1) < 0)
        if (errno != EINTR) _exit(127);
    offer_to_oom_killer();
    default_signals();
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2) {
        for (int fd = 3; fd < MAX_FDS; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
        execve(argv[0], argv, environment);
    }
    why = errno;
    write_small(line, &why, sizeof why);
    _exit(127);
}

static const char *cpu_name(unsigned machine)
{
    switch (machine) {
    case EM_386: return "32-bit x86";
    case EM_X86_64: return "x86-64";
    case EM_ARM: return "32-bit ARM";
    case EM_AARCH64: return "64-bit ARM";
    case EM_RISCV: return "RISC-V";
    default: return "another CPU";
    }
}

static int explain_format(const char *path, struct err *err)
{
    struct bytes   head = {0};
    struct utsname here = {0};
    struct err     ignored = {0};
    uint64_t       size;

    uname(&here);
    if (bytes_read_head(&head, path, 20, &size, &ignored) == 0 &&
        head.size == 20 && memcmp(head.data, ELFMAG, SELFMAG) == 0) {
        bool     big     = head.data[EI_DATA] == ELFDATA2MSB;
        unsigned machine = head.data[big ? 19 : 18] +
                           256u * head.data[big ? 18 : 19];
        err_set(err, ERR_PREFLIGHT, "%s is a program for %s and this machine "
                "is %s; build it here with `make engine`", path,
                cpu_name(machine), here.machine);
    } else {
        err_set(err, ERR_PREFLIGHT, "%s is not a program: it is neither an "
                "ELF file nor a script that begins with #!; check the path",
                path);
    }
    bytes_done(&head);
    return -1;
}

/* Why execv failed, told from what lies at the path. */
static int explain_exec(const char *path, int why, struct err *err)
{
    struct stat st;
    bool        there = stat(path, &st) == 0;

    if (why == ENOEXEC) return explain_format(path, err);
    if (!there)
        return err_set(err, ERR_PREFLIGHT, "%s cannot be run: %s; check the "
                       "path", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return err_set(err, ERR_PREFLIGHT, "%s is a folder, not a program; "
                       "name the file in it", path);
    if (why == ENOENT)
        return err_set(err, ERR_PREFLIGHT, "%s is there, but the interpreter "
                       "or loader that it names is not: it was made for "
                       "another system; build it here with `make engine`",
                       path);
    if (why == EACCES && access(path, X_OK) == 0)
        return err_set(err, ERR_PREFLIGHT, "%s lies on a file system that "
                       "forbids programs (noexec), or names an interpreter "
                       "that is not executable; copy it elsewhere", path);
    if (why == EACCES)
        return err_set(err, ERR_PREFLIGHT, "%s is not executable; check the "
                       "path, or allow it with chmod +x", path);
    return err_set(err, ERR_PREFLIGHT, "%s cannot be run: %s", path,
                   strerror(why));
}

/* fork(), which fails for a moment when all numbers are in use. */
static pid_t fork_patiently(void)
{
    int64_t begin = clock_now_ns();
    pid_t   pid   = fork();

    while (pid < 0 && errno == EAGAIN && !passed(begin, FORK_WAIT_S)) {
        clock_nap(STEP_S);
        pid = fork();
    }
    return pid;
}

/* Forks and waits until the exec is done or has failed. `out` stays the
 * caller's. */
static int spawn(struct proc *p, char *const argv[],
                 char *const environment[], int out, struct err *err)
{
    int              fds[3] = {-1, -1, -1}; /* our end, its end, /dev/null */
    int              why    = 0;
    pid_t            parent = getpid();
    ssize_t          n;
    struct sigaction old;

    /* Inherited from a careless parent it would eat our children's status. */
    if (sigaction(SIGCHLD, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
    fds[2] = move_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (fds[2] < 0 ||
        move_both_up(fds, socketpair(AF_UNIX, SOCK_STREAM, 0, fds))) {
        err_set(err, ERR_PREFLIGHT, "%s cannot be started: %s", argv[0],
                strerror(errno));
        return close_all(fds, 3);
    }
    p->oom_kills = oom_kills();
    p->pid = fork_patiently();
    if (p->pid == 0) become(argv, environment, parent, fds[2], out, fds[1]);
    if (p->pid < 0) {
        err_set(err, ERR_PREFLIGHT, "%s cannot be started: %s; look at the "
                "memory and the processes of this machine", argv[0],
                strerror(errno));
        *p = (struct proc){0};
        return close_all(fds, 3);
    }
    setpgid(p->pid, p->pid);   /* both sides do: whoever comes first */
    p->record = children_record(p->pid);
    close(fds[1]);
    fds[1] = -1;
    send(fds[0], "g", 1, MSG_NOSIGNAL);
    do n = read(fds[0], &why, sizeof why);
    while (n < 0 && errno == EINTR);
    close_all(fds, 3);
    if (n != (ssize_t)sizeof why) return 0;

    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    children_forget(p->record);
    *p = (struct proc){0};
    return explain_exec(argv[0], why, err);
}

int proc_start(struct proc *p, char *const argv[], const char *log_path,
               struct err *err)
{
    return proc_start_in(p, argv, environ, log_path, err);
}

int proc_start_in(struct proc *p, char *const argv[],
                  char *const environment[], const char *log_path,
                  struct err *err)
{
    const char *path = log_path ? log_path : "/dev/null";
    int         out  = move_up(open(path, O_WRONLY | O_CREAT | O_TRUNC |
                                    O_APPEND | O_CLOEXEC, 0600));
    int         rc;

    *p = (struct proc){0};
    if (out < 0)
        return err_set(err, ERR_PREFLIGHT, "the log %s cannot be written: %s; "
                       "check its folder", path, strerror(errno));
    if (log_path) fchmod(out, 0600);
    rc = spawn(p, argv, environment, out, err);
    close(out);
    if (rc == 0) p->log_path = mem_copy(log_path);
    return rc;
}

/* Has the leader ended? It stays a zombie, so that its number, which is also
 * the group's, is not given to another process yet. */
static bool leader_ended(pid_t pid)
{
    siginfo_t what = {0};
    int       rc   = waitid(P_PID, (id_t)pid, &what,
                            WEXITED | WNOHANG | WNOWAIT);

    return (rc < 0 && errno != EINTR) || (rc == 0 && what.si_pid == pid);
}

/* The signal that ended it, also where a shell in between says so; 0. */
static int end_signal(const struct proc *p)
{
    int code = WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 0;

    return WIFSIGNALED(p->status) ? WTERMSIG(p->status)
           : code > 128 ? code - 128 : 0;
}

static void reap(struct proc *p)
{
    if (waitpid(p->pid, &p->status, 0) != p->pid)
        p->status = -1;        /* somebody else reaped it: not known */
    p->pid = 0;
    p->ended = true;
    p->killed_for_memory = !p->stopped_by_us && p->oom_kills >= 0 &&
                           end_signal(p) == SIGKILL &&
                           oom_kills() > p->oom_kills;
    children_forget(p->record);
    p->record = NULL;
}

bool proc_running(struct proc *p)
{
    if (p->pid <= 0) return false;
    proc_log_bound(p->log_path);
    if (!leader_ended(p->pid)) return true;
    kill(-p->pid, SIGKILL);    /* what a wrapper left behind */
    reap(p);
    return false;
}

static bool ends_within(pid_t pid, double limit_s)
{
    int64_t begin = clock_now_ns();

    while (!leader_ended(pid)) {
        if (passed(begin, limit_s)) return false;
        clock_nap(STEP_S);
    }
    return true;
}

/* SIGKILL to the group, whose leader may be a zombie; then no process of it
 * runs any more, and its memory is free again. */
static void kill_group(struct proc *p)
{
    int64_t begin = clock_now_ns();

    kill(-p->pid, SIGKILL);
    if (!ends_within(p->pid, KILL_WAIT_S)) {
        free(p->record);       /* the next audition may have better luck */
        p->record = NULL;
        p->pid = 0;
        p->ended = true;
        p->status = -1;
        return;
    }
    while (children_group_runs(p->pid) && !passed(begin, KILL_WAIT_S)) {
        kill(-p->pid, SIGKILL);    /* whoever was forked meanwhile */
        clock_nap(STEP_S);
    }
    reap(p);
}

void proc_stop(struct proc *p, double grace_s)
{
    if (p->pid > 0) {
        if (!leader_ended(p->pid)) {
            p->stopped_by_us = true;
            kill(-p->pid, SIGTERM);
            kill(-p->pid, SIGCONT);
            ends_within(p->pid, grace_s);
        }
        kill_group(p);
        proc_log_bound(p->log_path);
    }
    free(p->log_path);
    p->log_path = NULL;
}

static const char *signal_words(int signo)
{
    switch (signo) {
    case SIGILL:
        return "SIGILL: this build of the engine uses instructions this CPU "
               "does not have; build it here with `make engine`";
    case SIGKILL:
        return "SIGKILL, as the kernel does when memory runs out: take a "
               "smaller context or a smaller file, or free memory";
    case SIGSEGV:
        return "SIGSEGV: it crashed on a wrong memory access; look at its "
               "log, and try another build of the engine";
    case SIGABRT:
        return "SIGABRT: it gave up on an error of its own, which its log "
               "names";
    case SIGBUS:
        return "SIGBUS: a file that it had mapped was cut short or could "
               "not be read; check the disk and the model file";
    case SIGFPE: return "SIGFPE: it crashed on a wrong calculation";
    case SIGTERM: return "SIGTERM: another process asked it to end";
    case SIGINT: return "SIGINT: it was interrupted from a terminal";
    case SIGHUP: return "SIGHUP: its terminal was closed";
    default: return NULL;
    }
}

void proc_describe_end(const struct proc *p, char *text, size_t size)
{
    int         code  = p->ended && WIFEXITED(p->status)
                        ? WEXITSTATUS(p->status) : -1;
    int         signo = p->ended ? end_signal(p) : 0;
    const char *words = signal_words(signo);

    if (p->pid > 0) {
        snprintf(text, size, "is still running");
    } else if (!p->ended) {
        snprintf(text, size, "was not started");
    } else if (p->stopped_by_us) {
        snprintf(text, size, "was stopped by audition");
    } else if (p->killed_for_memory) {
        snprintf(text, size, "was killed by the kernel (SIGKILL), because "
                 "memory ran out: take a smaller context or a smaller file, "
                 "or free memory");
    } else if (code >= 0 && words) {
        snprintf(text, size, "exited with status %d, a shell's way to say "
                 "that its program was killed by %s", code, words);
    } else if (code >= 0) {
        snprintf(text, size, "exited with status %d", code);
    } else if (words) {
        snprintf(text, size, "was killed by %s", words);
    } else if (signo) {
        snprintf(text, size, "was killed by signal %d", signo);
    } else {
        snprintf(text, size, "ended, and how is not known");
    }
}

int proc_reap_leftovers(void) { return children_reap_leftovers(); }

/* What is there to read now goes into `all`; what exceeds its limit is read
 * and dropped, so that the writer is not held up. False at the end. */
static bool drain(int fd, struct strbuf *all)
{
    char    part[4096];
    ssize_t n = read(fd, part, sizeof part);
    size_t  room = all->max - all->len;

    if (n > 0) strbuf_addn(all, part, (size_t)n < room ? (size_t)n : room);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* What the kinds of capture differ in. */
struct capture {
    double        timeout_s;
    size_t        max_bytes;
    bool          ignores_stop;
    proc_child_fn on_child;
    void         *ctx;
};

static int collect(struct proc *p, int fd, const struct capture *how,
                   struct strbuf *all, const char *name, struct err *err)
{
    int64_t begin = clock_now_ns();

    while (proc_running(p)) {
        struct pollfd one = {.fd = fd, .events = POLLIN};

        if (!how->ignores_stop && stop_signal())
            return err_set(err, ERR_STOPPED, "stopped by a signal");
        if (passed(begin, how->timeout_s))
            return err_set(err, ERR_TIMEOUT, "%s did not end within %g s; "
                           "run it by hand to see why", name, how->timeout_s);
        poll(&one, fd < 0 ? 0 : 1, STEP_MS);
        if (one.revents && !drain(fd, all)) fd = -1;   /* it closed both */
    }
    while (fd >= 0 && !passed(begin, how->timeout_s) && drain(fd, all))
        ;
    return 0;
}

static int capture(char *const argv[], const struct capture *how,
                   char **output, int *status, struct err *err)
{
    struct proc   p       = {0};
    int           ends[2] = {-1, -1};
    struct strbuf all;
    bool          is_told;
    int           rc;

    *output = NULL;
    *status = -1;
    if (move_both_up(ends, pipe(ends)))
        return err_set(err, ERR_PREFLIGHT, "%s cannot be started: %s",
                       argv[0], strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    strbuf_init(&all, how->max_bytes);
    rc = spawn(&p, argv, environ, ends[1], err);
    close(ends[1]);
    is_told = rc == 0 && how->on_child;
    if (is_told) how->on_child(how->ctx, p.pid);
    if (rc == 0) rc = collect(&p, ends[0], how, &all, argv[0], err);
    proc_stop(&p, 0.2);
    if (is_told) how->on_child(how->ctx, 0);
    close(ends[0]);
    if (rc == 0) {
        *output = strbuf_take(&all);
        *status = p.status;
    }
    strbuf_done(&all);
    return rc;
}

int proc_capture(char *const argv[], double timeout_s, size_t max_bytes,
                 char **output, int *status, struct err *err)
{
    const struct capture how = {.timeout_s = timeout_s,
                                .max_bytes = max_bytes};

    return capture(argv, &how, output, status, err);
}

int proc_capture_told(char *const argv[], double timeout_s, size_t max_bytes,
                      proc_child_fn on_child, void *ctx, char **output,
                      int *status, struct err *err)
{
    const struct capture how = {.timeout_s = timeout_s,
                                .max_bytes = max_bytes,
                                .on_child = on_child, .ctx = ctx};

    return capture(argv, &how, output, status, err);
}

int proc_capture_to_end(char *const argv[], double timeout_s,
                        size_t max_bytes, char **output, int *status,
                        struct err *err)
{
    const struct capture how = {.timeout_s = timeout_s,
                                .max_bytes = max_bytes, .ignores_stop = true};

    return capture(argv, &how, output, status, err);
}

static bool is_plain(const char *arg, bool first)
{
    for (const char *c = arg; *c; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                      (*c >= '0' && *c <= '9');
        if (!letter && !strchr("-_./:,@%+", *c) && (first || *c != '='))
            return false;
    }
    return *arg != '\0';
}

char *proc_quote(char *const argv[])
{
    struct strbuf line;
    char         *text;

    strbuf_init(&line, SIZE_MAX / 4);
    for (size_t i = 0; argv[i]; i++) {
        if (i) strbuf_addn(&line, " ", 1);
        if (is_plain(argv[i], i == 0)) {
            strbuf_add(&line, argv[i]);
            continue;
        }
        strbuf_addn(&line, "'", 1);
        for (const char *c = argv[i]; *c; c++)
            strbuf_addn(&line, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
        strbuf_addn(&line, "'", 1);
    }
    text = strbuf_take(&line);
    strbuf_done(&line);
    return text;
}
