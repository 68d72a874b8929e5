/* SPDX-License-Identifier: MIT */
/* holders_process.h - one process of another, as /proc below a root shows it:
 * for holders.c alone. A process may end between any two reads. */
#ifndef HOLDERS_PROCESS_H
#define HOLDERS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "holders_owner.h"

struct process {
    long   pid, parent, uid;      /* -1: not known                           */
    long   head;                  /* the process that ends this one with it  */
    char   name[64];              /* printable                               */
    double memory_bytes;          /* RssAnon + VmSwap; NAN                   */
    double gpu_bytes;             /* NAN                                     */
    bool   holds_gpu;
    bool   hides_files;           /* what it has open could not be seen      */
    bool   is_kernel;             /* a thread of the kernel, or a zombie     */
    bool   is_told;               /* not ours, and may be ended              */
    struct owner owner;
};

/* False: it is gone. Not yet known: gpu_bytes, head, is_told. */
bool process_read(const char *root, long pid, struct process *out);

/* Its command line, printable, shortened; what looks like a key, a token or
 * a password in it is "***". "" when it cannot be read. */
void process_command(const char *root, long pid, char *out, size_t size);

/* Which of them a running system cannot do without, or rebuilds at once. */
bool process_is_system(const char *name);

/* bytes made printable, cut at whole letters; "…" shows that it was. */
void process_show(const char *bytes, size_t len, char *out, size_t size);

#endif
