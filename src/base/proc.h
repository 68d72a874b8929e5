/* SPDX-License-Identifier: MIT */
/* proc.h - a child process that cannot outlive us.
 *
 * The child leads its own process group, dies with us (PR_SET_PDEATHSIG and
 * a check for the race), is preferred by the kernel's OOM killer over us,
 * has /dev/null as stdin and its output in a log file. Its pid and start
 * time are written to a record in the state folder
 * (${XDG_STATE_HOME:-~/.local/state}/audition/children/), so that the next
 * audition can end what a kill -9 of ours left behind.
 *
 * Threads  call proc_start and proc_capture from the main thread only: the
 *          kernel sends the death signal when the *thread* that forked ends.
 * Groups   a wrapper script's children belong to the group. When the leader
 *          ends, by itself or not, the rest of the group is killed with it.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct proc {
    pid_t pid;             /* also the process group; 0: not running        */
    int   status;          /* of waitpid, once it ended                     */
    bool  ended;
    bool  stopped_by_us;
    long  oom_kills;       /* of the kernel before it started; -1: not said */
    bool  killed_for_memory;   /* SIGKILL, and the kernel counts one more   */
    char *record;          /* path of the record file, or NULL              */
    char *log_path;        /* or NULL                                       */
};

/* argv ends with NULL; argv[0] is a path. log_path NULL: output discarded;
 * otherwise the file is truncated and owned by the user alone (0600).
 * Fails with ERR_PREFLIGHT: not there, not executable, wrong format or
 * architecture (each in its own words). The exec's own failure is reported
 * by this call, not by a later wait. */
MUST_USE int proc_start(struct proc *p, char *const argv[],
                        const char *log_path, struct err *err);

/* As proc_start, with an environment of its own: it ends with NULL. */
MUST_USE int proc_start_in(struct proc *p, char *const argv[],
                           char *const environment[], const char *log_path,
                           struct err *err);

/* Is it running? Reaps it when it ended. Never waits. Keeps its log within
 * PROC_LOG_BYTES (proc_log.h). */
bool proc_running(struct proc *p);

/* SIGTERM to the group, up to grace_s, SIGKILL, reaped. Safe when it has
 * ended, or on a zeroed struct. Removes the record; frees what p owns. */
void proc_stop(struct proc *p, double grace_s);

/* How it ended, in words for the user: "exited with status 1", "was killed
 * by SIGILL: this build does not suit this CPU ..." , "was killed by
 * SIGKILL, as the kernel does when memory runs out", "was killed by the
 * kernel ..." where that is certain. `text` of size bytes. */
void proc_describe_end(const struct proc *p, char *text, size_t size);

/* The last lines of the log, at most max_bytes, made printable: control
 * characters replaced. "" when there is none. Caller frees. */
char *proc_log_tail(const struct proc *p, size_t max_bytes);

/* End the children that an earlier audition left behind: those whose record
 * names a live process (same pid and start time) whose audition is gone.
 * Their whole group is killed. Returns how many. */
int proc_reap_leftovers(void);

/* Run a program to its end and collect its stdout and stderr together, at
 * most max_bytes: for `llama-server --help`. Caller frees *output.
 * Fails like proc_start, or with ERR_TIMEOUT; *status as of waitpid. */
MUST_USE int proc_capture(char *const argv[], double timeout_s,
                          size_t max_bytes, char **output, int *status,
                          struct err *err);

/* As proc_capture, and on_child is told of the process group once the program
 * runs and of 0 when it has ended; NULL: nobody is. */
typedef void (*proc_child_fn)(void *ctx, long group);
MUST_USE int proc_capture_told(char *const argv[], double timeout_s,
                               size_t max_bytes, proc_child_fn on_child,
                               void *ctx, char **output, int *status,
                               struct err *err);

/* As proc_capture, whether a stop signal has come or not: for what puts back
 * what we changed. */
MUST_USE int proc_capture_to_end(char *const argv[], double timeout_s,
                                 size_t max_bytes, char **output, int *status,
                                 struct err *err);

/* An argv as one line that a POSIX shell reads back. Caller frees. */
char *proc_quote(char *const argv[]);

#endif
