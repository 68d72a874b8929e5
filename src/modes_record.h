/* SPDX-License-Identifier: MIT */
/* modes_record.h - the switched power mode on disk: how to restore it, and who
 * switched it. */
#ifndef MODES_RECORD_H
#define MODES_RECORD_H

#include "base/err.h"

/* Writes or replaces ours: `restore` is the command that puts mode `id` back
 * on the board below root. The path, or NULL with err. Caller frees. */
char *modes_record_write(const char *restore, const char *id,
                         const char *root, struct err *err);

/* The pid of another living audition that has switched the mode; 0: none. */
long long modes_record_other(void);

#endif
