/* SPDX-License-Identifier: MIT */
/* bytes.h - a file's bytes, read whole or their beginning. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bytes {
    const unsigned char *data;  /* NULL when empty or not loaded */
    size_t               size;
};

/* A descriptor of a regular file, open for reading, and its size; -1 with
 * ERR_INPUT. Never waits; the caller closes it. */
MUST_USE int bytes_open(const char *path, uint64_t *size, struct err *err);

/* Read a regular file of at most max_bytes; data is followed by a NUL that
 * is not counted. Fails with ERR_INPUT: missing, directory, unreadable, too
 * big; the text does not name the path (the caller adds it). */
MUST_USE int bytes_read(struct bytes *b, const char *path, size_t max_bytes,
                        struct err *err);

/* At most max_bytes from the start of a file; *file_bytes is its full size. */
MUST_USE int bytes_read_head(struct bytes *b, const char *path,
                             size_t max_bytes, uint64_t *file_bytes,
                             struct err *err);

void bytes_done(struct bytes *b);   /* safe on a zeroed struct */

#endif
