/* SPDX-License-Identifier: MIT */
/* lines.h - the lines of a file that may be larger than memory: one at a
 * time, none longer than a limit. A file that begins as gzip does is unpacked
 * on the way, one or several members. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lines {
    int      fd;
    size_t   max_bytes;        /* of a line                                */
    char    *buffer;
    size_t   used, next;       /* of the buffer: filled, not yet told      */
    uint64_t buffer_offset;    /* of the buffer's start in the file        */
    size_t   number;           /* of the line that was told last, from 1   */
    bool     is_end;
    struct unpack *unpack;     /* NULL: the file is not packed             */
};

struct line {
    const char *text;          /* not terminated; until the next call      */
    size_t      len;           /* without the line end                     */
    uint64_t    offset;        /* of its first byte in the file; in a packed
                                  one it counts unpacked bytes: no place to
                                  seek to                                  */
    size_t      number;        /* from 1                                   */
    bool        is_too_long;   /* then there is no text                      */
};

/* A regular file. ERR_INPUT: not there, not to be read. */
MUST_USE int lines_open(struct lines *l, const char *path, size_t max_bytes,
                        struct err *err);
/* 1: *line is the next one; 0: there is none; -1 with ERR_FAILED: the file
 * cannot be read any further, or with ERR_INPUT: its gzip data is damaged or
 * cut off (some lines in front of that may not have been told). */
MUST_USE int lines_next(struct lines *l, struct line *line, struct err *err);
void lines_close(struct lines *l);   /* safe on a closed one */

#endif
