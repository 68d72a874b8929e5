/* SPDX-License-Identifier: MIT */
/* children.c - see children.h. Reads /proc/PID/stat; kills only what its
 * record proves to be ours. */
#include "base/children.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define END_WAIT_S 5.0

struct process {
    char      state;              /* of /proc/PID/stat, 'Z' is a zombie */
    long long group, session, start;   /* start: clock ticks since boot */
};

struct record {
    long long pid, start, session, owner, owner_start;
    char      boot[40];
};

/* At most size - 1 bytes of a small file, terminated; 0 when unreadable. */
static size_t read_small(const char *path, char *text, size_t size)
{
    int     fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    ssize_t n  = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0) close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static bool read_process(long long pid, struct process *out)
{
    char  path[48], text[1024];
    char *at;

    snprintf(path, sizeof path, "/proc/%lld/stat", pid);
    read_small(path, text, sizeof text);
    at = strrchr(text, ')');       /* the name before it may hold any byte */
    if (!at || strlen(at) < 4) return false;
    out->state = at[2];
    at += 3;
    for (int field = 4; field <= 22; field++) {
        long long value = strtoll(at, &at, 10);
        if (field == 5) out->group = value;
        if (field == 6) out->session = value;
        if (field == 22) out->start = value;
    }
    return true;
}

static bool runs(const struct process *p)
{
    return p->state != 'Z' && p->state != 'X';
}

static void read_boot(char *boot, size_t size)
{
    read_small("/proc/sys/kernel/random/boot_id", boot, size);
    boot[strcspn(boot, "\n")] = '\0';
}

static char *folder(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home  = getenv("HOME");

    if (state && *state == '/')
        return mem_printf("%s/audition/children", state);
    if (home && *home == '/')
        return mem_printf("%s/.local/state/audition/children", home);
    return NULL;
}

static void make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

/* Whole or not at all: whoever reads the folder meanwhile sees no half. */
static bool write_record(const char *dir, const char *path,
                         const struct record *r)
{
    char *draft = mem_printf("%s/.%lld", dir, r->pid);
    char *text  = mem_printf("%lld %lld %lld %lld %lld %s\n", r->pid,
                             r->start, r->session, r->owner, r->owner_start,
                             r->boot);
    int   fd    = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
                       O_NOFOLLOW, 0600);
    bool  ok    = fd >= 0 &&
                  write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) ok = close(fd) == 0 && ok;
    ok = ok && rename(draft, path) == 0;
    if (fd >= 0 && !ok) unlink(draft);
    free(draft);
    free(text);
    return ok;
}

char *children_record(pid_t child)
{
    struct process us, it;
    struct record  r    = {.pid = child, .owner = getpid()};
    char          *dir  = folder();
    char          *path = NULL;

    if (dir && read_process(r.owner, &us) && read_process(child, &it)) {
        r.start = it.start;
        r.session = it.session;
        r.owner_start = us.start;
        read_boot(r.boot, sizeof r.boot);
        make_folders(dir);
        path = mem_printf("%s/%lld-%lld", dir, r.pid, r.start);
        if (!write_record(dir, path, &r)) {
            free(path);
            path = NULL;
        }
    }
    free(dir);
    return path;
}

void children_forget(char *record)
{
    if (record) unlink(record);
    free(record);
}

/* Any running member of a group: of this session unless session is -1, and
 * not older than since. */
static bool find_member(long long group, long long session, long long since)
{
    DIR           *proc  = opendir("/proc");
    bool           found = false;
    struct dirent *entry;
    struct process p;

    while (proc && !found && (entry = readdir(proc))) {
        long long pid = strtoll(entry->d_name, NULL, 10);
        found = pid > 0 && read_process(pid, &p) && p.group == group &&
                runs(&p) && p.start >= since &&
                (session < 0 || p.session == session);
    }
    if (proc) closedir(proc);
    return found;
}

bool children_group_runs(pid_t group)
{
    return find_member(group, -1, 0);
}

static bool read_record(const char *path, struct record *r)
{
    char  text[256];
    char *at   = text;
    char *end;

    read_small(path, text, sizeof text);
    r->pid = strtoll(at, &at, 10);
    r->start = strtoll(at, &at, 10);
    r->session = strtoll(at, &at, 10);
    r->owner = strtoll(at, &at, 10);
    r->owner_start = strtoll(at, &end, 10);
    if (end == at || *end != ' ') return false;
    snprintf(r->boot, sizeof r->boot, "%.*s", (int)strcspn(end + 1, "\n"),
             end + 1);
    /* kill() gives 0, 1 and our own group a meaning we never want. */
    return r->pid > 1 && r->pid == (pid_t)r->pid && r->pid != getpgrp();
}

static bool owner_lives(const struct record *r)
{
    struct process p;

    return read_process(r->owner, &p) && p.start == r->owner_start && runs(&p);
}

/* A wrapper's children live on in its group when it is gone. While they do,
 * the kernel gives its number to nobody, so a younger process of that number
 * proves that the whole group ended. */
static bool leftover_runs(const struct record *r)
{
    struct process leader;

    if (read_process(r->pid, &leader) && leader.start != r->start)
        return false;
    if (kill((pid_t)-r->pid, 0) != 0) return false;
    return find_member(r->pid, r->session, r->start);
}

static bool end_leftover(const struct record *r)
{
    int64_t begin = clock_now_ns();

    if (!leftover_runs(r)) return false;
    kill((pid_t)-r->pid, SIGKILL);
    while (leftover_runs(r) &&
           (double)(clock_now_ns() - begin) < END_WAIT_S * (double)NS_PER_S)
        clock_nap(0.01);
    return true;
}

int children_reap_leftovers(void)
{
    char           boot[sizeof ((struct record *)NULL)->boot];
    char          *dir    = folder();
    DIR           *list   = dir ? opendir(dir) : NULL;
    int            killed = 0;
    struct dirent *entry;

    read_boot(boot, sizeof boot);
    while (list && (entry = readdir(list))) {
        struct record r    = {0};
        char         *path = mem_printf("%s/%s", dir, entry->d_name);
        bool          ours = *entry->d_name != '.' && read_record(path, &r);
        bool          now  = ours && strcmp(r.boot, boot) == 0;

        if (now && owner_lives(&r)) ours = false;
        else if (now && end_leftover(&r)) killed++;
        if (ours) unlink(path);
        free(path);
    }
    if (list) closedir(list);
    free(dir);
    return killed;
}
