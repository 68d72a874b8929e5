/* SPDX-License-Identifier: MIT */
/* remote.h - models that are elsewhere: their headers by range requests, and
 * whole files into the Hugging Face cache. Only what a flag or a URL asks for
 * leaves the machine.
 *
 * Names     "https://host/path/FILE.gguf" (http:// only to loopback), or
 *           "hf:user/repo[:quant]", "user/repo[:quant]" of a hub at
 *           $HF_ENDPOINT (default https://huggingface.co).
 * Token     $HF_TOKEN, else the file that hub tools keep it in; sent to the
 *           endpoint's host only, never after a redirect to another host,
 *           never in a message.
 * Cache     headers under $XDG_CACHE_HOME/audition/headers by URL and ETag;
 *           a header that the server says is unchanged is not fetched again.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include <stdbool.h>

#include "base/err.h"
#include "types.h"

struct remote_part {
    char  *url;               /* as asked, before redirects                  */
    char  *path;              /* in the repository, or the URL's last name   */
    double size_bytes;        /* NAN: the server did not say                 */
    char  *etag;              /* of the content, quotes removed, or NULL     */
    char   sha256[65];        /* where the hub says it; else ""              */
};

struct remote_model {
    char *name;               /* as given                                    */
    char *user, *repo;        /* NULL of a plain URL                         */
    char *commit;             /* revision the hub resolved, or NULL          */
    struct remote_part *parts;/* in order; more than one of a split model    */
    size_t n_parts;
};
void remote_model_done(struct remote_model *m);   /* safe on a zeroed struct */

/* Does this name something elsewhere (by its form alone)? */
bool remote_is_name(const char *name);

/* Which files is that? Asks the hub's API for a repository (the quantisation
 * given, else Q4_K_M, else Q8_0, else the only one), or HEAD of a URL.
 * ERR_INPUT: no such repository, file or quantisation (those there are
 * named), gated or private (what to do about it); ERR_FAILED: the server. */
MUST_USE int remote_find(const char *name, struct remote_model *out,
                         struct err *err);

/* The facts of a model that remote_find() found, from range requests: at most
 * its header rounded up to the next MiB is read of each part. A server that
 * ignores ranges is read from the start and cut off there. *read_bytes: body
 * bytes received (0 from the cache). ERR_INPUT: not a GGUF (a web page is
 * named so). */
MUST_USE int remote_facts(const struct remote_model *m,
                          struct model_facts *out, double *read_bytes,
                          struct err *err);

/* What a download would take and have. */
struct download_plan {
    double total_bytes, present_bytes;   /* present: of it, already here     */
    double free_bytes;        /* on the cache's file system                  */
    char  *folder;            /* snapshot folder in the hub cache            */
};
void download_plan_done(struct download_plan *p);
MUST_USE int remote_plan(const struct remote_model *m,
                         struct download_plan *out, struct err *err);

/* Called now and then while bytes arrive; non-zero stops (ERR_STOPPED). */
typedef int (*download_fn)(void *ctx, const struct remote_part *part,
                           double part_bytes, double total_bytes);

/* Into the Hugging Face cache layout (blobs, refs, snapshots) under
 * $HF_HUB_CACHE, $HF_HOME/hub or ~/.cache/huggingface/hub; a plain URL into
 * $XDG_CACHE_HOME/audition/models. Goes on where an earlier one stopped; checks
 * SHA-256 where the hub gives one and the size always; a file that does not
 * match is removed and named. ERR_PREFLIGHT: no space, with both figures.
 * *path: first part, owned by the caller. */
MUST_USE int remote_download(const struct remote_model *m, download_fn watch,
                             void *ctx, char **path, struct err *err);

/* The command that fetches NAME with other tools (the hub's own `hf`, curl),
 * for a shell; owned by the caller. NULL: no name of something remote. Asks
 * nobody: a repository's file is given by its quantisation. */
char *remote_command(const char *name);

#endif
