/* SPDX-License-Identifier: MIT */
/* wire.h - what servers write into headers and listings, read without
 * believing it. Pure: text in, values out. Formats: RFC 9110 (ranges, entity
 * tags), RFC 8288 (Link), the hub's API. */
#ifndef REMOTE_WIRE_H
#define REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A size or an offset is below 2^53, so that a double holds it; -1: none. */
#define WIRE_SIZE_MAX ((int64_t)1 << 53)

/* Digits and nothing else, or -1. */
int64_t wire_size(const char *text);

/* "bytes 0-99/1234", "bytes 0-99/ *" (total -1), "bytes * /1234" (first and
 * last -1; no spaces there). False when it is none of these or cannot be. */
struct wire_range {
    int64_t first, last, total;
};
bool wire_content_range(const char *text, struct wire_range *out);

/* An entity tag without W/ and quotes; "" when it is missing, longer than 256
 * bytes or holds what no tag does. */
#define WIRE_ETAG_BYTES 257
void wire_etag(const char *text, char out[WIRE_ETAG_BYTES]);

/* Can it be sent in If-Range, quotes included: is it strong and printable? */
bool wire_etag_is_strong(const char *text);

/* The reference of rel="next" in a Link header, or NULL. Caller frees. */
char *wire_link_next(const char *text);

/* n hex digits and nothing else. */
bool wire_is_hex(const char *text, size_t n);

/* Is this a path that may be made below a folder: relative, no empty, "." or
 * ".." component, no control characters or backslashes, components of at most
 * 255 bytes, 1,000 in all? */
bool wire_path_is_safe(const char *path);

/* Percent-encoded for a URL, '/' kept. Caller frees. */
char *wire_path_escape(const char *path);

/* The .gguf files of a repository. */
struct wire_file {
    char   *path;
    int64_t size;          /* -1: not said                                  */
    char    oid[65];       /* of LFS the SHA-256, else git's SHA-1; ""      */
};
struct wire_files {
    struct wire_file *items;
    size_t            n;
};
void wire_files_done(struct wire_files *f);

/* One page of GET /api/models/REPO/tree/REV?recursive=true, added to what is
 * there. ERR_FAILED: not such a list, a path that is not safe, too many. */
MUST_USE int wire_files_add(struct wire_files *f, const char *json,
                            size_t len, struct err *err);

/* GET /api/models/REPO/revision/REV. ERR_FAILED: no commit in it. */
struct wire_revision {
    char commit[41];
    bool gated;
};
MUST_USE int wire_revision(const char *json, size_t len,
                           struct wire_revision *out, struct err *err);

#endif
