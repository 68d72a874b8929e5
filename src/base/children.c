/* SPDX-License-Identifier: MIT */
/* children.c - see children.h. Kills only what its record proves to be
 * ours. */
#include "base/children.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/record.h"

#define END_WAIT_S 5.0

struct record {
    long long    pid, start, session;
    struct record_owner owner;
};

char *children_record(pid_t child)
{
    struct proc_stat it;
    struct record  r    = {.pid = child};
    char          *dir  = record_folder("children");
    char          *path = NULL;

    if (dir && record_owner_us(&r.owner) && proc_stat_read(child, &it)) {
        char *name = mem_printf("%lld-%lld", r.pid, it.start);
        char *text = mem_printf("%lld %lld %lld %lld %lld %s\n", r.pid,
                                it.start, it.session, r.owner.pid,
                                r.owner.start, r.owner.boot);

        path = record_write(dir, name, text, strlen(text));
        free(name);
        free(text);
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
    struct proc_stat p;

    while (proc && !found && (entry = readdir(proc))) {
        long long pid = strtoll(entry->d_name, NULL, 10);
        found = pid > 0 && proc_stat_read(pid, &p) && p.group == group &&
                proc_stat_runs(&p) && p.start >= since &&
                (session < 0 || p.session == session);
    }
    if (proc) closedir(proc);
    return found;
}

bool children_group_runs(pid_t group)
{
    return find_member(group, -1, 0);
}

static bool parse_record(const char *path, struct record *r)
{
    char  text[256];
    char *at   = text;
    char *end;

    record_read(path, text, sizeof text);
    r->pid = strtoll(at, &at, 10);
    r->start = strtoll(at, &at, 10);
    r->session = strtoll(at, &at, 10);
    r->owner.pid = strtoll(at, &at, 10);
    r->owner.start = strtoll(at, &end, 10);
    if (end == at || *end != ' ') return false;
    snprintf(r->owner.boot, sizeof r->owner.boot, "%.*s",
             (int)strcspn(end + 1, "\n"), end + 1);
    /* kill() gives 0, 1 and our own group a meaning we never want. */
    return r->pid > 1 && r->pid == (pid_t)r->pid && r->pid != getpgrp();
}

/* A wrapper's children live on in its group when it is gone. While they do,
 * the kernel gives its number to nobody, so a younger process of that number
 * proves that the whole group ended. */
static bool leftover_runs(const struct record *r)
{
    struct proc_stat leader;

    if (proc_stat_read(r->pid, &leader) && leader.start != r->start)
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
    char          *dir    = record_folder("children");
    DIR           *list   = dir ? opendir(dir) : NULL;
    int            killed = 0;
    struct dirent *entry;

    while (list && (entry = readdir(list))) {
        struct record r    = {0};
        char         *path = mem_printf("%s/%s", dir, entry->d_name);
        bool          ours = *entry->d_name != '.' && parse_record(path, &r);
        bool          now  = ours && record_owner_is_of_this_boot(&r.owner);

        if (now && record_owner_lives(&r.owner)) ours = false;
        else if (now && end_leftover(&r)) killed++;
        if (ours) unlink(path);
        free(path);
    }
    if (list) closedir(list);
    free(dir);
    return killed;
}
