/* SPDX-License-Identifier: MIT */
/* file_stamp.h - files that are read again and again and hardly ever
 * change: what was made of one is kept until the file is another. One thread
 * at a time. */
#ifndef FILE_STAMP_H
#define FILE_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* Which file, and which version of it. Zeroed: none. */
struct file_stamp {
    char           *path;    /* owned */
    struct timespec changed;
    off_t           size;
    ino_t           inode;
};

/* Is it still this file? False also when there is none. */
bool file_stamp_holds(const struct file_stamp *stamp, const char *path);
/* The stamp of the file as it is now. */
void file_stamp_take(struct file_stamp *stamp, const char *path);
void file_stamp_done(struct file_stamp *stamp);

#endif
