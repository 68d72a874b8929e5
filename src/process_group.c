/* SPDX-License-Identifier: MIT */
/* process_group.c - see process_group.h. Formats: proc(5). */
#define _XOPEN_SOURCE 700          /* getpgid */

#include "process_group.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "probe/probe.h"

#define SCAN_S      2.0
#define MEMORY_S    0.5
#define PSS_S       10.0
#define COST_SHARE  0.001          /* of the time, for each rare look         */
#define PROCS_MAX   65536          /* entries of /proc that are looked at     */
#define TEXT_BYTES  4096
#define COUNT_MAX   0x1p53

/* What /proc/PID/stat says of one process and its children that ended. */
struct use {
    long   group;
    char   state;
    double ticks, faults;
};

void process_group_init(struct process_group *g, const char *root,
                        bool by_pss)
{
    *g = (struct process_group){.root = root, .by_pss = by_pss,
                                .anon_bytes = NAN, .bytes = NAN,
                                .pss_bytes = NAN};
}

static void member_done(struct group_member *m)
{
    kept_file_done(&m->stat);
    kept_file_done(&m->status);
    kept_file_done(&m->rollup);
}

static void forget_members(struct process_group *g)
{
    for (size_t i = 0; i < g->n; i++) member_done(&g->members[i]);
    g->n = 0;
}

void process_group_done(struct process_group *g) { forget_members(g); }

/* ---- one process ------------------------------------------------------- */

/* Fields 3, 5, 12 to 17; the name before them may hold any byte. */
static bool parse_stat(const char *text, struct use *out)
{
    const char *at = strrchr(text, ')');
    double      sum[18] = {0};

    if (!at || strlen(at) < 4) return false;
    out->state = at[2];
    at += 3;
    for (int field = 4; field <= 17; field++) {
        char *end;
        sum[field] = (double)strtoll(at, &end, 10);
        if (end == at || fabs(sum[field]) > COUNT_MAX) return false;
        at = end;
    }
    out->group = (long)sum[5];
    out->faults = sum[12] + sum[13];
    out->ticks = sum[14] + sum[15] + sum[16] + sum[17];
    return out->faults >= 0 && out->ticks >= 0;
}

static bool read_use(struct group_member *m, int64_t at_ns, struct use *out)
{
    char text[TEXT_BYTES];

    return kept_file_read(&m->stat, at_ns, text, sizeof text) &&
           parse_stat(text, out);
}

/* ---- who belongs to it ------------------------------------------------- */

static bool is_member(const struct process_group *g, long pid)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->members[i].pid == pid) return true;
    return false;
}

static void add_member(struct process_group *g, long pid)
{
    struct group_member *m = &g->members[g->n++];
    char                 path[64];

    m->pid = pid;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    kept_file_init(&m->stat, g->root, path);
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    kept_file_init(&m->status, g->root, path);
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    kept_file_init(&m->rollup, g->root, path);
}

/* On this machine a call is a hundred times cheaper than a file. */
static long group_of(const char *root, long pid)
{
    char       path[64], text[TEXT_BYTES];
    struct use use;

    if (!*root) return (long)getpgid((pid_t)pid);
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    return probe_file(root, path, text, sizeof text) > 0 &&
           parse_stat(text, &use) ? use.group : -1;
}

/* Those that ended make room; the order is that of /proc, older first. */
static void find_members(struct process_group *g, int64_t at_ns)
{
    char          *path = mem_printf("%s/proc", g->root);
    DIR           *proc = opendir(path);
    struct dirent *entry;
    struct use     use;
    size_t         kept = 0;

    for (size_t i = 0; i < g->n; i++) {
        bool is_read = read_use(&g->members[i], at_ns, &use);
        if (is_read ? use.group == g->id
                    : g->members[i].stat.failures < KEPT_FILE_PATIENCE)
            g->members[kept++] = g->members[i];
        else
            member_done(&g->members[i]);
    }
    g->n = kept;
    for (int i = 0; proc && i < PROCS_MAX && g->n < GROUP_MEMBERS_MAX; i++) {
        long pid;
        entry = readdir(proc);
        if (!entry) break;
        if (!isdigit((unsigned char)*entry->d_name)) continue;
        pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && !is_member(g, pid) && group_of(g->root, pid) == g->id)
            add_member(g, pid);
    }
    if (proc) closedir(proc);
    free(path);
}

void process_group_name(struct process_group *g, long id, int64_t at_ns)
{
    forget_members(g);
    g->id = id > 0 ? id : 0;
    g->cpu_s.has_begun = g->fault_bytes.has_begun = false;
    g->anon_bytes = g->bytes = g->pss_bytes = NAN;
    g->next_scan_ns = g->next_memory_ns = g->next_pss_ns = at_ns;
    if (g->id) find_members(g, at_ns);
}

/* ---- counters ---------------------------------------------------------- */

/* A process that ended takes its time out of the sum until its parent has
 * waited for it, and for ever when the parent is no member. So a sum that
 * fell counts for nothing, and is believed when it stays low. */
static void count(struct group_counter *c, double sum)
{
    if (!c->has_begun) {
        c->has_begun = true;
        c->high = sum;
        c->was_low = false;
    } else if (sum >= c->high) {
        c->total += sum - c->high;
        c->high = sum;
        c->was_low = false;
    } else if (c->was_low) {
        c->high = sum;
        c->was_low = false;
    } else {
        c->was_low = true;
    }
}

void process_group_count(struct process_group *g, int64_t at_ns,
                         double *cpu_s, double *fault_bytes)
{
    double     ticks = 0, faults = 0;
    struct use use;
    size_t     n = 0;

    for (size_t i = 0; i < g->n; i++) {
        if (!read_use(&g->members[i], at_ns, &use) || use.group != g->id)
            continue;
        ticks += use.ticks;
        faults += use.faults;
        n++;
    }
    if (n) {
        count(&g->cpu_s, ticks / (double)sysconf(_SC_CLK_TCK));
        count(&g->fault_bytes, faults * (double)sysconf(_SC_PAGESIZE));
    }
    *cpu_s = g->id && g->cpu_s.has_begun ? g->cpu_s.total : NAN;
    *fault_bytes = g->id && g->fault_bytes.has_begun ? g->fault_bytes.total
                                                     : NAN;
}

bool process_group_runs(struct process_group *g, int64_t at_ns)
{
    struct use use;

    for (size_t i = 0; i < g->n; i++)
        if (read_use(&g->members[i], at_ns, &use) && use.group == g->id &&
            use.state != 'Z' && use.state != 'X')
            return true;
    return false;
}

/* ---- memory ------------------------------------------------------------ */

/* A line in kB of all members as bytes; NAN: of none. */
static double status_sum(double so_far, const char *text, const char *key)
{
    double bytes = probe_value(text, key) * 1024;

    if (isnan(bytes)) return so_far;
    return isnan(so_far) ? bytes : so_far + bytes;
}

static void read_status(struct process_group *g, int64_t at_ns)
{
    char   text[TEXT_BYTES];
    double rss = NAN;

    g->anon_bytes = NAN;
    for (size_t i = 0; i < g->n; i++) {
        if (!kept_file_read(&g->members[i].status, at_ns, text, sizeof text))
            continue;
        g->anon_bytes = status_sum(g->anon_bytes, text, "RssAnon");
        g->anon_bytes = status_sum(g->anon_bytes, text, "VmSwap");
        rss = status_sum(rss, text, "VmRSS");
    }
    g->bytes = isnan(g->pss_bytes) ? rss : g->pss_bytes;
}

static void read_pss(struct process_group *g, int64_t at_ns)
{
    char text[TEXT_BYTES];

    g->pss_bytes = NAN;
    for (size_t i = 0; i < g->n; i++)
        if (kept_file_read(&g->members[i].rollup, at_ns, text, sizeof text))
            g->pss_bytes = status_sum(g->pss_bytes, text, "Pss");
}

/* When to look again: after the period, later when looking was dear. */
static int64_t again(int64_t at_ns, double period_s, int64_t began_ns)
{
    double cost_ns = (double)(clock_now_ns() - began_ns);
    double wait_ns = fmax(period_s * (double)NS_PER_S, cost_ns / COST_SHARE);

    return at_ns + (int64_t)fmin(wait_ns, 60 * (double)NS_PER_S);
}

bool process_group_look(struct process_group *g, int64_t at_ns)
{
    int64_t began_ns = clock_now_ns();

    if (!g->id) return false;
    if (at_ns >= g->next_scan_ns) {
        find_members(g, at_ns);
        g->next_scan_ns = again(at_ns, SCAN_S, began_ns);
    }
    if (at_ns < g->next_memory_ns) return false;
    if (g->by_pss && at_ns >= g->next_pss_ns) {
        began_ns = clock_now_ns();
        read_pss(g, at_ns);
        g->next_pss_ns = again(at_ns, PSS_S, began_ns);
    }
    read_status(g, at_ns);
    g->next_memory_ns = at_ns + (int64_t)(MEMORY_S * (double)NS_PER_S);
    return true;
}
