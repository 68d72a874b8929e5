/* SPDX-License-Identifier: MIT */
/* hub_cache.h - where a remote file lies on this machine.
 *
 * Of a hub, as huggingface_hub lays it out, so that other tools find it:
 *   HUB/models--USER--REPO/blobs/ETAG             the bytes
 *   HUB/models--USER--REPO/blobs/ETAG.incomplete  some of them
 *   HUB/models--USER--REPO/refs/main              the commit
 *   HUB/models--USER--REPO/snapshots/COMMIT/PATH  -> ../../blobs/ETAG
 *   HUB/.locks/models--USER--REPO/ETAG.lock       flock(2): who is writing
 * Of a URL: MODELS/KEY/NAME, NAME.incomplete, NAME.lock; KEY is made of URL,
 * entity tag and size, so that a file that changed is another file.
 */
#ifndef REMOTE_HUB_CACHE_H
#define REMOTE_HUB_CACHE_H

#include "base/err.h"
#include "remote/remote.h"
#include "remote/settings.h"

/* Paths of one part; `pointer` is what the user opens. */
struct hub_place {
    char *blob, *incomplete, *lock;
    char *snapshot;           /* folder that `pointer` is below             */
    char *pointer;
    char *target;             /* of the link at pointer, NULL: no link      */
    char *ref, *commit;       /* refs/main and its text, or NULL            */
};
void hub_place_done(struct hub_place *p);          /* safe on a zeroed struct */

/* ERR_FAILED: what the hub said cannot be a file's name. Writes nothing. */
MUST_USE int hub_place(const struct remote_settings *s,
                       const struct remote_model *m, size_t part,
                       struct hub_place *out, struct err *err);

/* Bytes of the part that are here: all of them, of an incomplete one what can
 * be gone on with, else 0. */
double hub_present(const struct hub_place *p, const struct remote_part *part);
/* Is it here as a whole, under the name that the user opens? */
bool hub_is_whole(const char *path, double size_bytes);

/* The folders that are needed for it. */
MUST_USE int hub_make_folders(const struct hub_place *p, struct err *err);

/* From a complete `incomplete` (or a blob that is there) to a pointer that
 * can be opened. */
MUST_USE int hub_publish(const struct hub_place *p,
                         const struct remote_part *part, struct err *err);

#endif
