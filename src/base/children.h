/* SPDX-License-Identifier: MIT */
/* children.h - which processes are ours, also after we were killed.
 *
 * proc.c's memory on disk: one small file for each running child names the
 * child and the audition that owns it. A pid alone proves nothing, since the
 * kernel gives numbers out again: a process is pid and start time, on one
 * boot of the machine.
 */
#ifndef BASE_CHILDREN_H
#define BASE_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

/* Record that `child` leads a group of ours. The path of the record, for
 * children_forget; NULL when there is no folder to write it to (the child
 * then runs without this net). */
char *children_record(pid_t child);

/* Remove the record and free its path; NULL is fine. */
void children_forget(char *record);

/* Does any process of this group run, zombies not counted? Only meaningful
 * while the group's leader is not reaped. */
bool children_group_runs(pid_t group);

/* Kill the groups whose audition is gone, and wait up to 5 s for each to
 * end. A record of another boot, or whose processes are gone, is removed.
 * Returns how many groups were killed. */
int children_reap_leftovers(void);

#endif
