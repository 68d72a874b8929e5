/* SPDX-License-Identifier: MIT */
/* facts.c - remote_facts(): a header read by range requests, a MiB at a time
 * until it is complete, and of a split model the header of each part. */
#include "remote/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/gguf.h"
#include "model/gguf_walk.h"
#include "remote/fetch.h"
#include "remote/folders.h"
#include "remote/head_cache.h"

#define MIB            ((int64_t)1 << 20)
#define HEAD_MAX_BYTES (64 * MIB)   /* as gguf_read() */
#define LOOK_BYTES     (MIB / 4)    /* of a stream: is it complete by now? */
#define STEP_S         1800.0       /* a MiB over a line of 600 bytes/s */
#define REQUESTS_MAX   256          /* a header takes 64 at most ... */
#define EMPTY_MAX      3            /* ... of which some bring nothing */

/* One part's header while it comes in. */
struct head {
    const struct remote_part *part;
    const char   *shown;
    struct strbuf bytes;         /* from the file's start, no gaps          */
    int64_t  file_bytes;         /* -1: not known yet                       */
    int64_t  first, last;        /* what was asked for                      */
    char     tag[WIRE_ETAG_BYTES + 1];   /* of the replies, as sent         */
    char     etag[WIRE_ETAG_BYTES];      /* of the content, first reply     */
    double   received;
    bool     begun;              /* a body came for this request            */
    bool     changed;            /* the file is another one than before     */
    bool     streams;            /* the server ignores ranges               */
    bool     complete;
    int      changes, requests;
    size_t   next_look;
    struct err why;              /* of `take`                               */
};

/* Is the header complete? -1: not a header (why is set). */
static int look(struct head *h)
{
    struct gguf_walk walk;
    int              more = 0;
    struct err       why = {0};
    uint64_t         file_bytes = h->file_bytes < 0 ? (uint64_t)WIRE_SIZE_MAX
                                                    : (uint64_t)h->file_bytes;

    h->complete = gguf_walk(h->bytes.text, h->bytes.len, file_bytes, &walk,
                            &more, &why) == 0;
    if (h->complete) gguf_walk_done(&walk);
    if (h->complete || more) return 0;
    if (h->bytes.len >= 4 && memcmp(h->bytes.text, "GGUF", 4) != 0 &&
        h->bytes.text[strspn(h->bytes.text, " \t\r\n")] == '<')
        return err_set(&h->why, ERR_INPUT, "is a web page and no GGUF file; "
                       "copy the address of its download link");
    return err_set(&h->why, why.kind, "%s", why.text);
}

/* ---- one reply --------------------------------------------------------- */

/* Is this a reply that can be used? 0, or what fetch_bytes_fn returns. */
static int begin_reply(struct head *h, const struct fetch_head *r)
{
    h->begun = true;
    if (fetch_check_bytes(r, h->first, &h->why)) return -1;
    if ((*h->tag && *r->tag && strcmp(h->tag, r->tag) != 0) ||
        (h->file_bytes >= 0 && r->total >= 0 &&
         r->total != h->file_bytes)) {
        h->changed = true;
        return 1;
    }
    if (!*h->tag) {
        memcpy(h->tag, r->tag, sizeof h->tag);
        memcpy(h->etag, r->etag, sizeof h->etag);
    }
    if (r->total >= 0) h->file_bytes = r->total;
    h->streams = r->status == 200;
    if (h->streams) strbuf_clear(&h->bytes);
    h->next_look = h->bytes.len + (size_t)LOOK_BYTES;
    return 0;
}

static int take(void *ctx, const struct fetch_head *r, const char *bytes,
                size_t n)
{
    struct head *h = ctx;
    size_t       room;
    int          rc;

    if (!h->begun && (rc = begin_reply(h, r)) != 0) return rc;
    h->received += (double)n;
    room = h->streams ? (size_t)HEAD_MAX_BYTES - h->bytes.len
                      : (size_t)(h->last + 1) - h->bytes.len;
    strbuf_addn(&h->bytes, bytes, n < room ? n : room);
    if (h->streams && h->bytes.len >= h->next_look) {
        h->next_look = h->bytes.len + (size_t)LOOK_BYTES;
        if (look(h)) return -1;
        if (h->complete) return 1;
    }
    return n > room;      /* longer than asked for: the rest is not wanted */
}

/* ---- one part ---------------------------------------------------------- */

static void start_over(struct head *h, struct fetch *f)
{
    strbuf_clear(&h->bytes);
    h->file_bytes = -1;
    h->tag[0] = '\0';
    h->changed = false;
    h->changes++;
    fetch_aim(f, h->part->url);
}

/* One request for the next MiB; 1: it is to be asked again. */
static int ask_step(struct head *h, struct fetch *f, struct err *err)
{
    struct fetch_ask   ask = {.method = "GET", .if_range = h->tag,
                              .max_bytes = 4096, .total_s = STEP_S,
                              .take = take, .ctx = h};
    struct fetch_reply reply;
    struct err         why = {0};
    size_t             before = h->bytes.len;
    int                rc, status;

    h->first = ask.first = (int64_t)before;
    h->last = ask.last = (int64_t)before + MIB - 1;
    if (h->file_bytes >= 0 && h->last >= h->file_bytes)
        h->last = ask.last = h->file_bytes - 1;
    h->begun = false;
    rc = fetch_send(f, &ask, &reply, &why);
    status = reply.head.status;
    if (h->why.kind) {
        rc = err_set(err, h->why.kind, "%s", h->why.text);
    } else if (fetch_again(f, &reply, &why)) {
        rc = 1;
    } else if (rc) {
        rc = err_set(err, why.kind, "%s", why.text);
    } else if (h->changed || (status == 416 && before > 0)) {
        h->changed = true;
    } else if (status == 416) {
        rc = err_set(err, ERR_INPUT, "is empty and no GGUF file; check the "
                     "URL");
    } else if (status != 200 && status != 206) {
        rc = fetch_refused(f->settings, &reply.head, h->shown, err);
    } else {
        if (status == 200 && !h->complete && h->file_bytes < 0 &&
            (int64_t)h->bytes.len < HEAD_MAX_BYTES)
            h->file_bytes = (int64_t)h->bytes.len;
        if (h->bytes.len > before) fetch_progress(f);
        else if (!h->complete && ++f->tries > EMPTY_MAX) rc = -1;
        if (rc || ++h->requests > REQUESTS_MAX)
            rc = err_set(err, ERR_FAILED, "the server sends too little of it "
                         "at a time; try later, or another source");
    }
    fetch_reply_done(&reply);
    return rc;
}

static int read_head(struct head *h, struct fetch *f, struct err *err)
{
    int rc = 0;

    while (rc >= 0 && !h->complete) {
        rc = ask_step(h, f, err);
        if (rc) continue;
        if (h->changed && h->changes)
            rc = err_set(err, ERR_FAILED, "changes while it is read; try "
                         "again when it is complete");
        else if (h->changed)
            start_over(h, f);
        else if (!h->complete && look(h))
            rc = err_set(err, h->why.kind, "%s", h->why.text);
        else if (!h->complete && (int64_t)h->bytes.len >= HEAD_MAX_BYTES)
            rc = err_set(err, ERR_INPUT, "its header is longer than %lld MiB, "
                         "which no model's is; is it a GGUF file?",
                         (long long)(HEAD_MAX_BYTES / MIB));
    }
    return rc;
}

/* From the cache or the server. The head's bytes are to be freed. */
static int get_head(struct fetch *f, const struct remote_part *part,
                    struct head *h, struct err *err)
{
    struct head_key key = {part->url, part->etag, part->size_bytes};
    const char     *folder = f->settings->headers;
    int             rc;

    *h = (struct head){.part = part, .file_bytes = -1};
    if (!isnan(part->size_bytes)) h->file_bytes = (int64_t)part->size_bytes;
    strbuf_init(&h->bytes, (size_t)HEAD_MAX_BYTES);
    if (part->etag && head_cache_get(folder, &key, &h->bytes) &&
        look(h) == 0 && h->complete)
        return 0;
    h->why = (struct err){0};
    strbuf_clear(&h->bytes);
    fetch_aim(f, part->url);
    h->shown = f->shown;
    rc = read_head(h, f, err);
    if (rc && strncmp(err->text, f->shown, strlen(f->shown)) != 0)
        err_ctx(err, "%s", f->shown);
    if (rc == 0 && part->etag && strcmp(part->etag, h->etag) == 0)
        head_cache_put(folder, &key, h->bytes.text, h->bytes.len);
    return rc;
}

/* ---- a model ----------------------------------------------------------- */

static int parse_one(const struct remote_part *part, const struct head *h,
                     struct model_facts *out, struct err *err)
{
    uint64_t file_bytes = h->file_bytes < 0 ? (uint64_t)WIRE_SIZE_MAX
                                            : (uint64_t)h->file_bytes;
    int      more = 0;

    if (gguf_parse(h->bytes.text, h->bytes.len, file_bytes, out, &more, err))
        return err_ctx(err, "%s", part->path);
    /* A server that streams need not say how long the file is: its tensors
     * are the least it can be. */
    if (h->file_bytes < 0) out->file_bytes = out->tensor_bytes;
    return 0;
}

/* The part's header in a file as long as the part, which takes no more room
 * than the header: the reader of split models wants files. */
static int write_part(const char *folder, const struct remote_part *part,
                      const struct head *h, struct err *err)
{
    const char *slash = strrchr(part->path, '/');
    char       *path = mem_printf("%s/%s", folder,
                                  slash ? slash + 1 : part->path);
    int         fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int         rc = 0;

    if (h->file_bytes < 0)
        rc = err_set(err, ERR_FAILED, "%s: the server does not say how long "
                     "it is; use another source", part->path);
    else if (fd < 0 || folders_write(fd, h->bytes.text, h->bytes.len) != 0 ||
             ftruncate(fd, (off_t)h->file_bytes) != 0)
        rc = err_set(err, ERR_FAILED, "%s: cannot be written: %s", path,
                     strerror(errno));
    if (fd >= 0) close(fd);
    free(path);
    return rc;
}

static void remove_parts(const char *folder, const struct remote_model *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        const char *slash = strrchr(m->parts[i].path, '/');
        char       *path = mem_printf("%s/%s", folder, slash
                                      ? slash + 1 : m->parts[i].path);
        unlink(path);
        free(path);
    }
    rmdir(folder);
}

static int read_parts(struct fetch *f, const struct remote_model *m,
                      const char *folder, struct model_facts *out,
                      double *read_bytes, struct err *err)
{
    const char *slash = strrchr(m->parts[0].path, '/');
    char       *first = mem_printf("%s/%s", folder,
                                   slash ? slash + 1 : m->parts[0].path);
    size_t      len = strlen(folder) + 1;
    struct err  why = {0};
    int         rc = 0;

    for (size_t i = 0; i < m->n_parts && rc == 0; i++) {
        struct head h;

        rc = get_head(f, &m->parts[i], &h, err);
        *read_bytes += h.received;
        if (rc == 0) rc = write_part(folder, &m->parts[i], &h, err);
        strbuf_done(&h.bytes);
    }
    if (rc == 0 && gguf_read(first, out, &why))
        rc = err_set(err, why.kind, "%s", strncmp(why.text, first, len) == 0
                     ? why.text + len : why.text);
    free(first);
    return rc;
}

static int facts_of_split(struct fetch *f, const struct remote_model *m,
                          struct model_facts *out, double *read_bytes,
                          struct err *err)
{
    char *folder = mem_printf("%s/split-XXXXXX", f->settings->headers);
    int   rc = folders_make(f->settings->headers, err);

    if (rc == 0 && !mkdtemp(folder))
        rc = err_set(err, ERR_FAILED, "%s: a folder cannot be made: %s",
                     f->settings->headers, strerror(errno));
    if (rc == 0) {
        rc = read_parts(f, m, folder, out, read_bytes, err);
        remove_parts(folder, m);
    }
    free(folder);
    return rc;
}

int remote_facts(const struct remote_model *m, struct model_facts *out,
                 double *read_bytes, struct err *err)
{
    struct remote_settings settings;
    struct fetch           f;
    struct head            h;
    int                    rc;

    *read_bytes = 0;
    if (m->n_parts == 0)
        return err_set(err, ERR_BUG, "a remote model without files");
    if (remote_settings_read(&settings, err)) return -1;
    fetch_open(&f, &settings, m->parts[0].url);
    if (m->n_parts > 1) {
        rc = facts_of_split(&f, m, out, read_bytes, err);
    } else {
        rc = get_head(&f, &m->parts[0], &h, err);
        *read_bytes = h.received;
        if (rc == 0) rc = parse_one(&m->parts[0], &h, out, err);
        strbuf_done(&h.bytes);
    }
    fetch_close(&f);
    remote_settings_done(&settings);
    return rc;
}
