/* SPDX-License-Identifier: MIT */
/* file_stamp.c - see file_stamp.h. */
#include "file_stamp.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool file_stamp_holds(const struct file_stamp *stamp, const char *path)
{
    struct stat now;

    return stamp->path && strcmp(stamp->path, path) == 0 &&
           stat(path, &now) == 0 && now.st_size == stamp->size &&
           now.st_ino == stamp->inode &&
           now.st_mtim.tv_sec == stamp->changed.tv_sec &&
           now.st_mtim.tv_nsec == stamp->changed.tv_nsec;
}

void file_stamp_take(struct file_stamp *stamp, const char *path)
{
    struct stat now;

    file_stamp_done(stamp);
    if (stat(path, &now) != 0) return;
    stamp->path = mem_copy(path);
    stamp->changed = now.st_mtim;
    stamp->size = now.st_size;
    stamp->inode = now.st_ino;
}

void file_stamp_done(struct file_stamp *stamp)
{
    free(stamp->path);
    *stamp = (struct file_stamp){0};
}
