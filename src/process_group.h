/* SPDX-License-Identifier: MIT */
/* process_group.h - what a process group has used: CPU time, pages that it
 * waited for from a disk, memory. For the sampler: files are kept open, and
 * each figure is read no more often than it is worth. */
#ifndef PROCESS_GROUP_H
#define PROCESS_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kept_file.h"

#define GROUP_MEMBERS_MAX 64

/* A sum over members that only grows, whatever ends or is born. */
struct group_counter {
    double total, high;
    bool   has_begun, was_low;
};

struct group_member {
    long             pid;
    struct kept_file stat, status, rollup;
};

struct process_group {
    const char *root;             /* borrowed                                */
    long        id;               /* 0: none                                 */
    struct group_member members[GROUP_MEMBERS_MAX];
    size_t      n;
    struct group_counter cpu_s, fault_bytes;
    int64_t     next_scan_ns, next_memory_ns, next_pss_ns;
    bool        by_pss;           /* bytes: PSS, else RSS                    */
    double      anon_bytes, bytes, pss_bytes; /* latest; NAN                 */
};

void process_group_init(struct process_group *g, const char *root,
                        bool by_pss);
void process_group_done(struct process_group *g);

/* Look into this group from now on, 0: into none. Counters go on from where
 * they are. */
void process_group_name(struct process_group *g, long id, int64_t at_ns);

/* CPU time and faults, always; NAN in the counters' place: no group, or no
 * process of it was ever seen. */
void process_group_count(struct process_group *g, int64_t at_ns,
                         double *cpu_s, double *fault_bytes);

/* The rarer things, where their time has come: members are looked for (2 s),
 * anon_bytes (0.5 s), bytes (1 s; PSS 10 s). True: a figure of memory is
 * there now to be taken. */
bool process_group_look(struct process_group *g, int64_t at_ns);

/* Does any process of it that was seen still run? */
bool process_group_runs(struct process_group *g, int64_t at_ns);

#endif
