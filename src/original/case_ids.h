/* SPDX-License-Identifier: MIT */
/* case_ids.h - is a case in a file twice? Remembers a hash of each and where
 * it was, in at most 48 MiB; what comes then is not looked at. */
#ifndef ORIGINAL_CASE_IDS_H
#define ORIGINAL_CASE_IDS_H

#include "original/pyjson.h"

struct case_ids {
    uint64_t *hashes;          /* open addressing, 0: free                   */
    uint32_t *lines;           /* of each hash; UINT32_MAX: there or later   */
    size_t    room, n;         /* room: a power of two                       */
    bool      is_full;         /* cases are no longer compared               */
};
#define CASE_IDS_BYTES_MAX ((size_t)48 << 20)

/* The line of the first case with the same values in these fields (end with
 * NULL); 0: there was none, this one is remembered as that of `line` (from
 * 1). A case that lacks a field is none's double. Of 10^6 different cases one
 * is told as a double with a chance of 1 in 10^7. */
size_t case_ids_first(struct case_ids *ids, const struct py *object,
                      const char *const *fields, size_t line);

void case_ids_done(struct case_ids *ids);   /* safe on a zeroed struct */

#endif
