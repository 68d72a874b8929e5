/* SPDX-License-Identifier: MIT */
/* record.h - what outlives a kill -9 of ours: small files in the state folder
 * (${XDG_STATE_HOME:-~/.local/state}/audition/KIND/) from which the next
 * audition learns what to put right, and whether their owner still lives.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

/* From /proc/PID/stat. */
struct proc_stat {
    char      state;                   /* 'Z' is a zombie                    */
    long long group, session, start;   /* start: clock ticks since boot      */
};
bool proc_stat_read(long long pid, struct proc_stat *out);
bool proc_stat_runs(const struct proc_stat *p);

/* A pid alone proves nothing, since the kernel gives numbers out again: a
 * process is pid and start time, on one boot of the machine. */
struct record_owner {
    long long pid, start;
    char      boot[40];
};
bool record_owner_us(struct record_owner *o);
bool record_owner_is_of_this_boot(const struct record_owner *o);
/* Only meaningful on its boot. */
bool record_owner_lives(const struct record_owner *o);

/* The folder of one kind of records; NULL: neither variable names one. Caller
 * frees. */
char *record_folder(const char *kind);

/* Whole or not at all, readable by the user alone; makes the folders. Whoever
 * reads the folder meanwhile sees no half: drafts begin with a dot. The path,
 * or NULL with errno. Caller frees. */
char *record_write(const char *folder, const char *name, const char *text,
                   size_t len);

/* At most size - 1 bytes of a small regular file, terminated; 0: unreadable.
 * Never waits, follows no link. */
size_t record_read(const char *path, char *text, size_t size);

#endif
