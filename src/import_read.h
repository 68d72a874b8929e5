/* SPDX-License-Identifier: MIT */
/* import_read.h - foreign files of one JSON object a line (perhaps packed with
 * gzip), read one line at a time, with errors that name file and line. */
#ifndef IMPORT_READ_H
#define IMPORT_READ_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/lines.h"

struct import_file {
    struct lines lines;
    const char  *path;       /* borrowed                                     */
    size_t       line;       /* that was told last, from 1                   */
};

MUST_USE int import_open(struct import_file *f, const char *path,
                         struct err *err);

/* 1: *object is the next line's, a new reference; 0: there is none; -1:
 * ERR_INPUT when a line is no object, ERR_FAILED, ERR_STOPPED. Blank lines
 * are passed over. */
MUST_USE int import_next(struct import_file *f, json_t **object,
                         struct err *err);
void import_close(struct import_file *f);   /* safe on a closed one */

/* ERR_INPUT with "path:line: ". */
int import_fail(const struct import_file *f, struct err *err,
                const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The line is not of the format `wanted` ("BFCL"): says which it looks like
 * and what to do. Always -1, ERR_INPUT. */
int import_wrong_format(const struct import_file *f, const json_t *line,
                        const char *wanted, struct err *err);

#endif
