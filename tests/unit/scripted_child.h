/* SPDX-License-Identifier: MIT */
/* scripted_child.h - shell scripts as children of a test, in a folder of its
 * own. They tell their pids through a FIFO, which is also how a test waits
 * for them. Included after cmocka.h. */
#ifndef UNIT_SCRIPTED_CHILD_H
#define UNIT_SCRIPTED_CHILD_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"

static char dir[] = "/tmp/audition-proc-XXXXXX";

static inline char *in_dir(const char *name)
{
    return mem_printf("%s/%s", dir, name);
}

static inline void write_file(const char *path, const void *text, size_t n,
                              int mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    assert_int_equal(fchmod(fd, (mode_t)mode), 0);
    close(fd);
}

/* A script runs as: sh -c SCRIPT sh FIFO, so "$1" is the FIFO. */
static inline void start_script(struct proc *p, const char *script,
                                const char *log)
{
    char       *fifo   = in_dir("fifo");
    char       *argv[] = {"/bin/sh", "-c", mem_copy(script), "sh", fifo, NULL};
    struct err  err    = {0};

    if (proc_start(p, argv, log, &err)) fail_msg("%s", err.text);
    free(argv[2]);
    free(fifo);
}

/* The number that a script writes to the FIFO. */
static inline long read_fifo(void)
{
    char   *fifo     = in_dir("fifo");
    char    text[32] = "";
    int     fd       = open(fifo, O_RDONLY);
    ssize_t n;

    assert_true(fd >= 0);
    while ((n = read(fd, text, sizeof text - 1)) < 0 && errno == EINTR)
        ;
    assert_true(n > 0);
    close(fd);
    free(fifo);
    return strtol(text, NULL, 10);
}

/* The letter in /proc/PID/stat, '-' when there is no such process. */
static inline char state_of(long pid)
{
    char  path[64], text[512] = "";
    char *end;
    int   fd;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    fd = open(path, O_RDONLY);
    if (fd < 0) return '-';
    if (read(fd, text, sizeof text - 1) < 0) text[0] = '\0';
    close(fd);
    end = strrchr(text, ')');
    return end && end[1] ? end[2] : '-';
}

/* Zombies, which nobody reaps in some containers, do not live. */
static inline bool lives(long pid) { return !strchr("-ZX", state_of(pid)); }

static inline void await_end(struct proc *p)
{
    while (proc_running(p)) clock_nap(0.002);
}

static inline size_t count_records(void)
{
    char          *path  = in_dir("audition/children");
    DIR           *list  = opendir(path);
    size_t         count = 0;
    struct dirent *entry;

    while (list && (entry = readdir(list)))
        if (entry->d_name[0] != '.') count++;
    if (list) closedir(list);
    free(path);
    return count;
}

static inline int make_dir(void **state)
{
    char         *fifo;
    struct rlimit no_core = {0, 0};

    (void)state;
    setrlimit(RLIMIT_CORE, &no_core);
    if (!mkdtemp(dir)) return -1;
    fifo = in_dir("fifo");
    if (mkfifo(fifo, 0600)) return -1;
    free(fifo);
    return setenv("XDG_STATE_HOME", dir, 1);
}

static inline int remove_dir(void **state)
{
    char      *argv[] = {"/bin/rm", "-rf", dir, NULL};
    char      *output = NULL;
    struct err err    = {0};
    int        status, rc;

    (void)state;
    setenv("XDG_STATE_HOME", "/proc/no/such", 1);
    rc = proc_capture(argv, 60, 1000, &output, &status, &err);
    free(output);
    return rc;
}

#endif
