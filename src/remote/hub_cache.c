/* SPDX-License-Identifier: MIT */
/* hub_cache.c - see hub_cache.h. */
#include "remote/hub_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "digest.h"
#include "remote/folders.h"
#include "remote/wire.h"

#define KEY_DIGITS 16

void hub_place_done(struct hub_place *p)
{
    free(p->blob);
    free(p->incomplete);
    free(p->lock);
    free(p->snapshot);
    free(p->pointer);
    free(p->target);
    free(p->ref);
    free(p->commit);
    *p = (struct hub_place){0};
}

/* ---- where ------------------------------------------------------------- */

/* "../../blobs/ETAG" from snapshots/COMMIT/PATH: one more ".." for each
 * folder in the path. */
static char *link_target(const char *path, const char *etag)
{
    char *up = mem_copy("../.."), *target;

    for (; *path; path++)
        if (*path == '/') {
            char *more = mem_printf("%s/..", up);
            free(up);
            up = more;
        }
    target = mem_printf("%s/blobs/%s", up, etag);
    free(up);
    return target;
}

static int place_in_hub(const struct remote_settings *s,
                        const struct remote_model *m,
                        const struct remote_part *part, struct hub_place *out,
                        struct err *err)
{
    const char *etag = part->etag;
    char       *repo;

    if (!wire_is_hex(m->commit, 40) ||
        (!wire_is_hex(etag, 64) && !wire_is_hex(etag, 40)))
        return err_set(err, ERR_FAILED, "%s/%s: the hub does not say which "
                       "content %s has, so it cannot be kept; is HF_ENDPOINT "
                       "the address of a Hugging Face hub?", m->user, m->repo,
                       part->path);
    repo = mem_printf("models--%s--%s", m->user, m->repo);
    out->blob = mem_printf("%s/%s/blobs/%s", s->hub, repo, etag);
    out->lock = mem_printf("%s/.locks/%s/%s.lock", s->hub, repo, etag);
    out->snapshot = mem_printf("%s/%s/snapshots/%s", s->hub, repo, m->commit);
    out->ref = mem_printf("%s/%s/refs/main", s->hub, repo);
    out->commit = mem_copy(m->commit);
    out->pointer = mem_printf("%s/%s", out->snapshot, part->path);
    out->target = link_target(part->path, etag);
    free(repo);
    return 0;
}

/* All parts of a split model are in the folder of the first. */
static void place_of_url(const struct remote_settings *s,
                         const struct remote_model *m,
                         const struct remote_part *part, struct hub_place *out)
{
    const struct remote_part *first = &m->parts[0];
    char *text = mem_printf("%s\n%s\n%.0f", first->url,
                            first->etag ? first->etag : "",
                            first->size_bytes);
    char  key[65];

    digest_text(text, strlen(text), key);
    free(text);
    out->snapshot = mem_printf("%s/%.*s", s->models, KEY_DIGITS, key);
    out->pointer = mem_printf("%s/%s", out->snapshot, part->path);
    out->blob = mem_copy(out->pointer);
    out->lock = mem_printf("%s.lock", out->pointer);
}

int hub_place(const struct remote_settings *s, const struct remote_model *m,
              size_t part, struct hub_place *out, struct err *err)
{
    const struct remote_part *p = &m->parts[part];
    int                       rc = 0;

    *out = (struct hub_place){0};
    if (!wire_path_is_safe(p->path))
        return err_set(err, ERR_FAILED, "\"%.80s\": a file of this name would "
                       "be written outside the cache; refused", p->path);
    if (m->repo) rc = place_in_hub(s, m, p, out, err);
    else place_of_url(s, m, p, out);
    if (rc == 0) out->incomplete = mem_printf("%s.incomplete", out->blob);
    return rc;
}

/* ---- what is there ----------------------------------------------------- */

bool hub_is_whole(const char *path, double size_bytes)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           (double)st.st_size == size_bytes;
}

double hub_present(const struct hub_place *p, const struct remote_part *part)
{
    struct stat st;

    if (hub_is_whole(p->pointer, part->size_bytes) ||
        hub_is_whole(p->blob, part->size_bytes))
        return part->size_bytes;
    if (!part->etag || lstat(p->incomplete, &st) != 0 ||
        !S_ISREG(st.st_mode) || (double)st.st_size > part->size_bytes)
        return 0;
    return (double)st.st_size;
}

/* ---- making it --------------------------------------------------------- */

static int make_parent(const char *path, struct err *err)
{
    char *folder = mem_copy_n(path, (size_t)(strrchr(path, '/') - path));
    int   rc = folders_make(folder, err);

    free(folder);
    return rc;
}

int hub_make_folders(const struct hub_place *p, struct err *err)
{
    if (make_parent(p->blob, err) || make_parent(p->lock, err) ||
        folders_make(p->snapshot, err))
        return -1;
    return p->ref ? make_parent(p->ref, err) : 0;
}

/* A name that no reader sees half made. Where links cannot be made the bytes
 * take the link's place, as huggingface_hub does it. */
static int make_link(int folder, const char *name, const struct hub_place *p,
                     struct err *err)
{
    char *next = mem_printf(".%ld.link", (long)getpid());
    int   rc;

    unlinkat(folder, next, 0);
    rc = symlinkat(p->target, folder, next);
    if (rc == 0) rc = renameat(folder, next, folder, name);
    else rc = renameat(AT_FDCWD, p->blob, folder, name);
    if (rc)
        err_set(err, ERR_FAILED, "%s: cannot be made: %s", p->pointer,
                strerror(errno));
    unlinkat(folder, next, 0);
    free(next);
    return rc;
}

static int point(const struct hub_place *p, struct err *err)
{
    const char *below = p->pointer + strlen(p->snapshot) + 1;
    const char *slash = strrchr(below, '/');
    int         root = open(p->snapshot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int         folder = -1, rc = -1;

    if (root < 0)
        err_set(err, ERR_FAILED, "%s: cannot be opened: %s", p->snapshot,
                strerror(errno));
    else
        rc = folders_make_below(root, below, &folder, err);
    if (rc == 0) rc = make_link(folder, slash ? slash + 1 : below, p, err);
    if (folder >= 0) close(folder);
    if (root >= 0) close(root);
    return rc;
}

/* Written only when it says something else: a cache may be read-only by the
 * time that everything is in it. */
static int write_ref(const struct hub_place *p, struct err *err)
{
    struct bytes old = {0};
    struct err   unread = {0};
    bool         same;

    same = bytes_read(&old, p->ref, 100, &unread) == 0 && old.size == 40 &&
           memcmp(old.data, p->commit, 40) == 0;
    bytes_done(&old);
    return same ? 0 : folders_write_file(p->ref, p->commit, 40, err);
}

int hub_publish(const struct hub_place *p, const struct remote_part *part,
                struct err *err)
{
    if (!hub_is_whole(p->pointer, part->size_bytes)) {
        if (!hub_is_whole(p->blob, part->size_bytes) &&
            rename(p->incomplete, p->blob) != 0)
            return err_set(err, ERR_FAILED, "%s: cannot be named %s: %s",
                           p->incomplete, p->blob, strerror(errno));
        if (p->target && point(p, err)) return -1;
    }
    return p->ref ? write_ref(p, err) : 0;
}
