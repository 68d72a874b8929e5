/* SPDX-License-Identifier: MIT */
/* download.c - whole files into the cache: gone on with where an earlier try
 * stopped, checked before they get their name. */
#include "remote/download.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/stop.h"
#include "base/units.h"
#include "digest.h"
#include "remote/fetch.h"
#include "remote/folders.h"
#include "remote/hub_cache.h"

#define MIB          ((int64_t)1 << 20)
#define WATCH_NS     (NS_PER_S / 10)
#define LOCK_STEP_S  0.1
#define LOCK_IDLE_S  60.0            /* another program that writes nothing */
#define STARTS_MAX   2               /* from the beginning */
#define PIECE_BYTES  65536           /* a shorter answer, not the last, counts
                                        as a try that failed                */

/* One download: all parts, one after the other. */
struct download {
    const struct remote_model    *model;
    const struct remote_settings *settings;
    struct fetch fetch;
    download_fn  watch;
    void        *watch_ctx;
    double       before;                  /* bytes of the parts done already */
    int64_t      watched_ns;
};

/* The part that is coming in. */
struct incoming {
    struct download          *d;
    const struct remote_part *part;
    const struct hub_place   *place;
    int     fd;
    int64_t size, have;               /* bytes of the file, and of it here   */
    int64_t fruitful;                 /* furthest `have` at which the tries
                                         were counted from 0 again           */
    int     starts;
    bool    begun;                    /* a body came for this request        */
    bool    restart;                  /* what is here belongs to other bytes */
    char    tag[WIRE_ETAG_BYTES + 1];
    struct err why;                   /* of `take`                           */
};

/* ---- plan -------------------------------------------------------------- */

void download_plan_done(struct download_plan *p)
{
    free(p->folder);
    *p = (struct download_plan){0};
}

static int plan(const struct remote_settings *s, const struct remote_model *m,
                struct download_plan *out, struct err *err)
{
    *out = (struct download_plan){.free_bytes = NAN};
    for (size_t i = 0; i < m->n_parts; i++) {
        struct hub_place place;

        if (hub_place(s, m, i, &place, err)) {
            download_plan_done(out);
            return -1;
        }
        out->total_bytes += m->parts[i].size_bytes;
        out->present_bytes += hub_present(&place, &m->parts[i]);
        if (i == 0) out->folder = mem_copy(place.snapshot);
        if (i == 0) out->free_bytes = folders_free_bytes(place.blob);
        hub_place_done(&place);
    }
    return 0;
}

int remote_plan(const struct remote_model *m, struct download_plan *out,
                struct err *err)
{
    struct remote_settings settings;
    int                    rc;

    if (remote_settings_read(&settings, err)) return -1;
    rc = plan(&settings, m, out, err);
    remote_settings_done(&settings);
    return rc;
}

static int check_space(const struct download *d, struct err *err)
{
    struct download_plan p;
    double               missing;
    int                  rc = plan(d->settings, d->model, &p, err);

    if (rc) return rc;
    missing = p.total_bytes - p.present_bytes;
    if (missing > p.free_bytes)
        rc = err_set(err, ERR_PREFLIGHT, "%s: %s are still to come and %s are "
                     "free at %s; make room, or set %s to a larger disk",
                     d->model->name, units_bytes(missing).text,
                     units_bytes(p.free_bytes).text, p.folder,
                     d->model->repo ? "HF_HOME" : "XDG_CACHE_HOME");
    download_plan_done(&p);
    return rc;
}

/* ---- bytes ------------------------------------------------------------- */

static int watch(struct incoming *in, bool always)
{
    struct download *d = in->d;
    int64_t          now = clock_now_ns();

    if (!d->watch || (!always && now - d->watched_ns < WATCH_NS)) return 0;
    d->watched_ns = now;
    if (d->watch(d->watch_ctx, in->part, (double)in->have,
                 d->before + (double)in->have) == 0)
        return 0;
    return err_set(&in->why, ERR_STOPPED, "stopped");
}

static int write_trouble(struct incoming *in)
{
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        return err_set(&in->why, ERR_FAILED, "%s: the disk is full or a limit "
                       "is reached (%s) after %s of %s, which are kept; make "
                       "room and say the same again", in->place->incomplete,
                       strerror(errno), units_bytes((double)in->have).text,
                       units_bytes((double)in->size).text);
    return err_set(&in->why, ERR_FAILED, "%s: cannot be written: %s",
                   in->place->incomplete, strerror(errno));
}

/* Back to an empty file. */
static int empty(struct incoming *in)
{
    in->have = 0;      /* not `fruitful`: what came twice is no progress */
    if (ftruncate(in->fd, 0) == 0 && lseek(in->fd, 0, SEEK_SET) == 0) return 0;
    return write_trouble(in);
}

/* Does the reply continue something else than what is here? Between replies
 * the server's tag tells. Before the first one it is the hub's or the URL's,
 * and where a SHA-256 is known a mirror that tags differently is no reason to
 * lose what is here. */
static bool is_other_content(const struct incoming *in,
                             const struct fetch_head *r)
{
    if (*in->tag) return *r->tag && strcmp(in->tag, r->tag) != 0;
    return in->have > 0 && !*in->part->sha256 && in->part->etag &&
           *r->etag && strcmp(r->etag, in->part->etag) != 0;
}

/* Is this a reply that can be used? */
static int begin_reply(struct incoming *in, const struct fetch_head *r)
{
    in->begun = true;
    if (fetch_check_bytes(r, in->have, &in->why)) return -1;
    if (r->total >= 0 && r->total != in->size)
        return err_set(&in->why, ERR_FAILED, "the server now says that it has "
                       "%lld bytes, where %lld were announced; it changed, "
                       "try again", (long long)r->total, (long long)in->size);
    if (is_other_content(in, r)) {
        in->restart = true;
        return 1;
    }
    memcpy(in->tag, r->tag, sizeof in->tag);
    return r->status == 200 && in->have ? empty(in) : 0;
}

static int take(void *ctx, const struct fetch_head *r, const char *bytes,
                size_t n)
{
    struct incoming *in = ctx;
    size_t           room;
    int              rc;

    if (!in->begun && (rc = begin_reply(in, r)) != 0) return rc;
    if (in->have < 4 &&
        memcmp(bytes, &"GGUF"[in->have],
               n < (size_t)(4 - in->have) ? n : (size_t)(4 - in->have)) != 0)
        return err_set(&in->why, ERR_INPUT, "what the server sends is no GGUF "
                       "file; check the address in a browser");
    room = (size_t)(in->size - in->have);
    if (n > room)
        return err_set(&in->why, ERR_FAILED, "the server sends more than the "
                       "%lld bytes that it announced; try again, or another "
                       "source", (long long)in->size);
    if (folders_write(in->fd, bytes, n)) {
        off_t end = lseek(in->fd, 0, SEEK_CUR);   /* some of it may be there */
        if (end > in->have) in->have = end;
        return write_trouble(in);
    }
    in->have += (int64_t)n;
    if (in->have - in->fruitful >= MIB) {
        fetch_progress(&in->d->fetch);
        in->fruitful = in->have;
    }
    return watch(in, false);
}

/* One request for the rest. */
static int ask_rest(struct incoming *in, struct err *err)
{
    struct fetch       *f = &in->d->fetch;
    struct fetch_ask    ask = {.method = "GET", .first = in->have, .last = -1,
                               .if_range = in->tag, .max_bytes = 4096,
                               .total_s = INFINITY, .take = take, .ctx = in};
    struct fetch_reply  reply;
    struct err          why = {0};
    int64_t             before = in->have;
    int                 rc, status;

    in->begun = false;
    rc = fetch_send(f, &ask, &reply, &why);
    status = reply.head.status;
    if (in->why.kind)
        rc = err_set(err, in->why.kind, "%s", in->why.text);
    else if (rc && (why.kind == ERR_STOPPED || stop_signal()))
        rc = err_set(err, ERR_STOPPED, "stopped");
    else if (fetch_again(f, &reply, &why))
        rc = 0;
    else if (rc)
        rc = err_set(err, why.kind, "%s", why.text);
    else if (status != 200 && status != 206 && status != 416)
        rc = fetch_refused(f->settings, &reply.head, in->part->path, err);
    else if (status == 416)
        in->restart = true;
    else if (!in->restart && in->have < in->size &&
             in->have - before < PIECE_BYTES &&
             !fetch_again(f, &reply, &(struct err){.kind = ERR_TIMEOUT}))
        rc = err_set(err, ERR_FAILED, "the server sends too little of it at a "
                     "time; try later, or another source");
    fetch_reply_done(&reply);
    return rc;
}

static int receive(struct incoming *in, struct err *err)
{
    while (in->have < in->size) {
        if (ask_rest(in, err)) return -1;
        if (!in->restart) continue;
        in->restart = false;
        in->tag[0] = '\0';
        fetch_aim(&in->d->fetch, in->part->url);
        if (++in->starts >= STARTS_MAX)
            return err_set(err, ERR_FAILED, "changes while it is fetched; "
                           "try again when it is complete");
        if (empty(in)) return err_set(err, in->why.kind, "%s", in->why.text);
    }
    return 0;
}

/* ---- one part ---------------------------------------------------------- */

static int check_sum(struct incoming *in, struct err *err)
{
    const char *path = in->place->incomplete;
    char        sum[65];

    if (fsync(in->fd) != 0) {
        write_trouble(in);
        return err_set(err, in->why.kind, "%s", in->why.text);
    }
    if (!*in->part->sha256) return 0;
    if (digest_file(path, sum, err)) return -1;
    if (strcmp(sum, in->part->sha256) == 0) return 0;
    unlink(path);
    return err_set(err, ERR_FAILED, "what came has the SHA-256 %.12s..., the "
                   "hub says %.12s...; it was damaged on its way and is "
                   "removed, try again", sum, in->part->sha256);
}

/* Someone else's download goes on while its file grows. 1: it is locked and
 * ours, 0: whole by now, -1. */
static int lock(struct incoming *in, int fd, struct err *err)
{
    double waited_s = 0, seen = -1;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        double now;

        /* A file system without locks: SHA-256 finds what goes wrong. */
        if (errno != EWOULDBLOCK && errno != EINTR) return 1;
        now = hub_present(in->place, in->part);
        if (now > seen) waited_s = 0;
        seen = now;
        if (stop_signal()) return err_set(err, ERR_STOPPED, "stopped");
        if (waited_s > LOCK_IDLE_S)
            return err_set(err, ERR_FAILED, "another program holds %s and "
                           "fetches nothing; end it and try again",
                           in->place->lock);
        in->have = (int64_t)now;
        if (watch(in, false))
            return err_set(err, in->why.kind, "%s", in->why.text);
        in->d->settings->wait(LOCK_STEP_S);
        waited_s += LOCK_STEP_S;
    }
    return !hub_is_whole(in->place->blob, in->part->size_bytes);
}

static int open_incomplete(struct incoming *in, struct err *err)
{
    const char *path = in->place->incomplete;
    struct stat st;

    in->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (in->fd < 0 || fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(err, ERR_FAILED, "%s: cannot be written: %s", path,
                       in->fd < 0 ? strerror(errno) : "it is no file");
    in->have = (int64_t)st.st_size;
    /* Without an entity tag nobody knows what the earlier bytes were of. */
    if ((in->have > in->size || !in->part->etag) && empty(in))
        return err_set(err, in->why.kind, "%s", in->why.text);
    in->fruitful = in->have;
    if (lseek(in->fd, 0, SEEK_END) < 0)
        return err_set(err, ERR_FAILED, "%s: %s", path, strerror(errno));
    return 0;
}

static int fetch_part(struct incoming *in, struct err *err)
{
    int rc = open_incomplete(in, err);

    fetch_aim(&in->d->fetch, in->part->url);
    if (rc == 0) rc = receive(in, err);
    if (rc == 0) rc = check_sum(in, err);
    if (in->fd >= 0) close(in->fd);
    return rc;
}

/* What the user is told about the bytes that are here. */
static void tell_where(const struct incoming *in, struct err *err)
{
    const char *path = in->part->path;

    if (err->kind != ERR_STOPPED && err->kind != ERR_TIMEOUT) {
        if (strncmp(err->text, path, strlen(path)) != 0)
            err_ctx(err, "%s", path);
        return;
    }
    err_ctx(err, "%s: %s of %s are kept and gone on with the next time",
            path, units_bytes((double)in->have).text,
            units_bytes((double)in->size).text);
}

static int get_part(struct download *d, size_t i, char **path,
                    struct err *err)
{
    const struct remote_part *part = &d->model->parts[i];
    struct hub_place          place;
    struct incoming           in = {.d = d, .part = part, .place = &place,
                                    .fd = -1};
    int                       rc, held = -1;

    if (isnan(part->size_bytes))
        return err_set(err, ERR_FAILED, "%s: the server does not say how long "
                       "it is, so its end cannot be told; use another source",
                       part->path);
    if (hub_place(d->settings, d->model, i, &place, err)) return -1;
    in.size = (int64_t)part->size_bytes;
    rc = hub_make_folders(&place, err);
    if (rc == 0 && !hub_is_whole(place.pointer, part->size_bytes)) {
        held = open(place.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                    0664);
        rc = held < 0 ? 1 : lock(&in, held, err);
        if (rc > 0) rc = fetch_part(&in, err);
    }
    if (rc == 0) rc = hub_publish(&place, part, err);
    if (held >= 0) close(held);
    in.have = rc ? in.have : in.size;
    if (rc) tell_where(&in, err);
    else watch(&in, true);
    d->before += part->size_bytes;
    if (i == 0 && rc == 0) *path = mem_copy(place.pointer);
    hub_place_done(&place);
    return rc;
}

int download_model(const struct remote_settings *settings,
                   const struct remote_model *m, download_fn watch_fn,
                   void *ctx, char **path, struct err *err)
{
    struct download d = {.model = m, .settings = settings, .watch = watch_fn,
                         .watch_ctx = ctx};
    int             rc;

    *path = NULL;
    if (m->n_parts == 0)
        return err_set(err, ERR_BUG, "a remote model without files");
    rc = check_space(&d, err);
    fetch_open(&d.fetch, settings, m->parts[0].url);
    for (size_t i = 0; i < m->n_parts && rc == 0; i++)
        rc = get_part(&d, i, path, err);
    fetch_close(&d.fetch);
    if (rc) {
        free(*path);
        *path = NULL;
    }
    return rc;
}

int remote_download(const struct remote_model *m, download_fn watch_fn,
                    void *ctx, char **path, struct err *err)
{
    struct remote_settings settings;
    int                    rc;

    *path = NULL;
    if (remote_settings_read(&settings, err)) return -1;
    rc = download_model(&settings, m, watch_fn, ctx, path, err);
    remote_settings_done(&settings);
    return rc;
}
