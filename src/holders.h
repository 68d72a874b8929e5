/* SPDX-License-Identifier: MIT */
/* holders.h - which other processes hold the GPU and the memory, and the
 * command that frees them. Reads /proc below a root and, on the live machine,
 * NVML; needs no right beyond the user's own: what cannot be seen is said. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text_list.h"

struct holder {
    long   pid;
    char   name[64];              /* comm, made printable                    */
    char   command[160];          /* its command line, shortened             */
    char   user[32];
    double memory_bytes;          /* RssAnon + VmSwap; NAN                   */
    double gpu_bytes;             /* by NVML or nvmap; NAN                   */
    bool   holds_gpu;             /* has a GPU device node open, or by NVML  */
    char   free_command[200];     /* "sudo systemctl stop ollama", ... ; ""  */
};
#define HOLDERS_MAX 12

/* Other processes than ours and our ancestors, those that hold most first
 * (memory and GPU memory together); only such as hold the GPU, or at least
 * least_bytes. Processes of one service or container are one holder. notes:
 * what could not be seen ("processes of other users: run with sudo"). */
size_t holders_find(const char *root, double least_bytes, struct holder *out,
                    size_t max, struct text_list *notes);

#endif
