/* SPDX-License-Identifier: MIT */
/* head_cache.h - headers of remote files that were read before, one file
 * each, by URL, entity tag and size. Only a help: what cannot be read, is
 * damaged or was written for something else is as good as absent, and a
 * failure to write is none. At most 256 MiB are kept, the oldest go first. */
#ifndef REMOTE_HEAD_CACHE_H
#define REMOTE_HEAD_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct head_key {
    const char *url, *etag;
    double      size_bytes;        /* of the whole file, NAN unknown         */
};

/* The bytes are put into head, which is empty. */
bool head_cache_get(const char *folder, const struct head_key *key,
                    struct strbuf *head);
void head_cache_put(const char *folder, const struct head_key *key,
                    const char *bytes, size_t n);

#endif
