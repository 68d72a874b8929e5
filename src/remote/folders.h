/* SPDX-License-Identifier: MIT */
/* folders.h - folders and small files of caches. */
#ifndef REMOTE_FOLDERS_H
#define REMOTE_FOLDERS_H

#include <stddef.h>

#include "base/err.h"

/* The folder and all above it. ERR_FAILED names the one that cannot be. */
MUST_USE int folders_make(const char *path, struct err *err);

/* The folders in front of the last '/' of a path below an open folder, none
 * of which may be a link: what a server calls "a/b" must not lead away from
 * where it belongs. Gives the open folder of the last name. */
MUST_USE int folders_make_below(int root, const char *path, int *folder,
                                struct err *err);

/* Bytes that may be written where path is or will be; NAN unknown. */
double folders_free_bytes(const char *path);

/* All bytes to a file, EINTR and short writes seen to; -1 with errno. */
int folders_write(int fd, const char *bytes, size_t n);

/* A small file, written whole or not at all. ERR_FAILED. */
MUST_USE int folders_write_file(const char *path, const char *bytes,
                                size_t n, struct err *err);

#endif
