/* SPDX-License-Identifier: MIT */
/* bytes.h - a file's bytes: read whole when small, mapped when large. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bytes {
    const unsigned char *data;  /* NULL when empty or not loaded */
    size_t               size;
    bool                 mapped;
};

/* Read a regular file of at most max_bytes; data is followed by a NUL that
 * is not counted. Fails with ERR_INPUT: missing, directory, unreadable, too
 * big; the text does not name the path (the caller adds it). */
MUST_USE int bytes_read(struct bytes *b, const char *path, size_t max_bytes,
                        struct err *err);

/* Map a regular file read-only. The same failures; an empty file maps to
 * size 0. A file that shrinks afterwards can raise SIGBUS: header readers
 * use bytes_read_head instead. */
MUST_USE int bytes_map(struct bytes *b, const char *path, struct err *err);

/* At most max_bytes from the start of a file; *file_bytes is its full size. */
MUST_USE int bytes_read_head(struct bytes *b, const char *path,
                             size_t max_bytes, uint64_t *file_bytes,
                             struct err *err);

void bytes_done(struct bytes *b);   /* safe on a zeroed struct */

#endif
