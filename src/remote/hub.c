/* SPDX-License-Identifier: MIT */
/* hub.c - remote_find(): which files a name means, and what the hub or the
 * server says of them before any of their bytes are read.
 *
 * The hub's API: GET /api/models/REPO/revision/main names the commit and
 * whether the repository is gated; GET .../tree/COMMIT?recursive=true lists
 * its files with sizes and, of large ones, their SHA-256. Everything after
 * that is asked of the commit, so that nothing can change in between. */
#include "remote/remote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/gguf.h"
#include "remote/fetch.h"
#include "remote/name.h"

#define ANSWER_MAX_BYTES ((size_t)16 << 20)
#define ANSWER_S         120.0
#define PAGES_MAX        50
#define PARTS_MAX        1000

void remote_model_done(struct remote_model *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        free(m->parts[i].url);
        free(m->parts[i].path);
        free(m->parts[i].etag);
    }
    free(m->parts);
    free(m->name);
    free(m->user);
    free(m->repo);
    free(m->commit);
    *m = (struct remote_model){0};
}

static struct remote_part *add_part(struct remote_model *m, const char *url,
                                    const char *path)
{
    struct remote_part *p;

    m->parts = mem_grow(m->parts, m->n_parts + 1, sizeof *m->parts);
    p = &m->parts[m->n_parts++];
    *p = (struct remote_part){.url = mem_copy(url), .path = mem_copy(path),
                              .size_bytes = NAN};
    return p;
}

static int offline(const char *what, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: the hub is not asked because "
                   "HF_HUB_OFFLINE is set; unset it, or name a file that is "
                   "here", what);
}

/* ---- a repository ------------------------------------------------------ */

struct repository {
    struct fetch     *fetch;
    const char       *endpoint;
    char             *id;            /* "user/repo" */
    struct wire_revision revision;
    struct wire_files    files;
};

/* One answer of the API, 200. */
static int ask_api(struct repository *r, const char *url,
                   struct fetch_reply *out, struct err *err)
{
    struct fetch_ask ask = {.method = "GET", .first = -1, .last = -1,
                            .max_bytes = ANSWER_MAX_BYTES,
                            .total_s = ANSWER_S};

    fetch_aim(r->fetch, url);
    if (fetch_patiently(r->fetch, &ask, out, err)) {
        err_ctx(err, "%s", r->id);
        return -1;
    }
    if (out->head.status == 200) return 0;
    return fetch_refused(r->fetch->settings, &out->head, r->id, err);
}

static int read_revision(struct repository *r, struct err *err)
{
    char              *url = mem_printf("%s/api/models/%s/revision/main",
                                        r->endpoint, r->id);
    struct fetch_reply reply;
    int                rc = ask_api(r, url, &reply, err);

    if (rc == 0) {
        rc = wire_revision(reply.body, reply.body_len, &r->revision, err);
        if (rc) err_ctx(err, "%s", r->id);
    }
    fetch_reply_done(&reply);
    free(url);
    return rc;
}

/* The address of the page after this one; NULL when it is the last or err is
 * set. */
static char *next_page(const struct repository *r, const char *link,
                       struct err *err)
{
    char *reference = wire_link_next(link);
    char *url = reference ? http_url_join(r->fetch->url, reference) : NULL;

    if (reference && (!url || !http_same_origin(url, r->endpoint))) {
        err_set(err, ERR_FAILED, "%s: the list of its files goes on at "
                "another host; is HF_ENDPOINT right?", r->id);
        free(url);
        url = NULL;
    }
    free(reference);
    return url;
}

static int list_files(struct repository *r, struct err *err)
{
    char *url = mem_printf("%s/api/models/%s/tree/%s?recursive=true",
                           r->endpoint, r->id, r->revision.commit);
    int   rc = 0;

    for (int page = 0; url && rc == 0; page++) {
        struct fetch_reply reply;
        char              *next = NULL;

        if (page == PAGES_MAX) {
            rc = err_set(err, ERR_FAILED, "%s: its list of files has more "
                         "than %d pages; name one file by its URL", r->id,
                         PAGES_MAX);
            break;
        }
        rc = ask_api(r, url, &reply, err);
        if (rc == 0) {
            rc = wire_files_add(&r->files, reply.body, reply.body_len, err);
            if (rc) err_ctx(err, "%s", r->id);
        }
        if (rc == 0) next = next_page(r, reply.link, err);
        if (err->kind) rc = -1;
        fetch_reply_done(&reply);
        free(url);
        url = next;
    }
    free(url);
    return rc;
}

static const struct wire_file *find_file(const struct wire_files *files,
                                         const char *path)
{
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->items[i].path, path) == 0) return &files->items[i];
    return NULL;
}

static void add_file(const struct repository *r, struct remote_model *m,
                     const struct wire_file *file)
{
    char *path = wire_path_escape(file->path);
    char *url = mem_printf("%s/%s/resolve/%s/%s", r->endpoint, r->id,
                           r->revision.commit, path);
    struct remote_part *p = add_part(m, url, file->path);

    if (file->size >= 0) p->size_bytes = (double)file->size;
    if (*file->oid) p->etag = mem_copy(file->oid);
    if (strlen(file->oid) == 64) memcpy(p->sha256, file->oid, 65);
    free(url);
    free(path);
}

/* The file that was chosen, with the parts that belong to it. */
static int add_files(const struct repository *r, struct remote_model *m,
                     const char *first, struct err *err)
{
    size_t stem = 0;
    int    part = 1, parts = 1;

    if (!gguf_part_name(first, &stem, &part, &parts)) {
        add_file(r, m, find_file(&r->files, first));
        return 0;
    }
    if (parts > PARTS_MAX)
        return err_set(err, ERR_INPUT, "%s: %s is one of %d parts, which "
                       "cannot be meant; name another model of it", r->id,
                       first, parts);
    for (part = 1; part <= parts; part++) {
        char                   *path = gguf_part_path(first, stem, part,
                                                      parts);
        const struct wire_file *file = find_file(&r->files, path);

        if (file) add_file(r, m, file);
        else err_set(err, ERR_INPUT, "%s: %s is not there, without which %s "
                     "is no model; name another one of this repository",
                     r->id, path, first);
        free(path);
        if (!file) return -1;
    }
    return 0;
}

static int find_in_hub(struct fetch *f, const struct remote_name *name,
                       struct remote_model *out, struct err *err)
{
    struct repository r = {.fetch = f, .endpoint = f->settings->endpoint};
    int               rc, chosen;

    r.id = mem_printf("%s/%s", name->user, name->repo);
    rc = f->settings->offline ? offline(r.id, err) : read_revision(&r, err);
    if (rc == 0) rc = list_files(&r, err);
    if (rc == 0 && r.revision.gated && !f->settings->token) {
        struct fetch_head gated = {.status = 401, .from_hub = true,
                                   .error_code = "GatedRepo"};
        rc = fetch_refused(f->settings, &gated, r.id, err);
    }
    if (rc == 0) {
        chosen = remote_choose(&r.files, name->quant, err);
        if (chosen < 0) rc = err_ctx(err, "%s", r.id);
        else rc = add_files(&r, out, r.files.items[chosen].path, err);
    }
    if (rc == 0) {
        out->user = mem_copy(name->user);
        out->repo = mem_copy(name->repo);
        out->commit = mem_copy(r.revision.commit);
    }
    wire_files_done(&r.files);
    free(r.id);
    return rc;
}

/* ---- a URL ------------------------------------------------------------- */

static int stop_at_once(void *ctx, const struct fetch_head *head,
                        const char *bytes, size_t n)
{
    (void)ctx;
    (void)head;
    (void)bytes;
    (void)n;
    return 1;
}

/* Some servers and all addresses that are signed for GET refuse HEAD: then
 * one byte is asked for. */
static int ask_head(struct fetch *f, struct fetch_reply *out, struct err *err)
{
    struct fetch_ask head = {.method = "HEAD", .first = -1, .last = -1,
                             .max_bytes = 0, .total_s = ANSWER_S};
    struct fetch_ask byte = {.method = "GET", .first = 0, .last = 0,
                             .max_bytes = 4096, .total_s = ANSWER_S,
                             .take = stop_at_once};
    int              status;

    if (fetch_patiently(f, &head, out, err)) return -1;
    status = out->head.status;
    if (status != 400 && status != 403 && status != 405 && status != 501)
        return 0;
    if (*out->head.error_code) return 0;     /* a hub that knows why */
    fetch_reply_done(out);
    return fetch_patiently(f, &byte, out, err);
}

static int find_url_part(struct fetch *f, struct remote_model *m,
                         const char *url, struct err *err)
{
    struct fetch_reply  reply;
    struct remote_part *part;
    char               *name;
    int                 rc;

    fetch_aim(f, url);
    rc = ask_head(f, &reply, err);
    if (rc) {
        err_ctx(err, "%s", f->shown);
    } else if (reply.head.status != 200 && reply.head.status != 206) {
        rc = fetch_refused(f->settings, &reply.head, f->shown, err);
    } else if (fetch_check_bytes(&reply.head, 0, err)) {
        rc = err_ctx(err, "%s", f->shown);
    } else {
        name = http_url_name(url);
        part = add_part(m, url, wire_path_is_safe(name) ? name : "model.gguf");
        if (reply.head.linked_size >= 0)
            part->size_bytes = (double)reply.head.linked_size;
        else if (reply.head.total >= 0)
            part->size_bytes = (double)reply.head.total;
        if (*reply.head.etag) part->etag = mem_copy(reply.head.etag);
        memcpy(part->sha256, reply.head.sha256, sizeof part->sha256);
        free(name);
    }
    fetch_reply_done(&reply);
    return rc;
}

static int find_url(struct fetch *f, const char *url,
                    struct remote_model *out, struct err *err)
{
    char  *path = http_url_path(url);
    size_t stem = 0;
    int    part = 1, parts = 1, rc = 0;
    bool   split = gguf_part_name(path, &stem, &part, &parts);

    fetch_aim(f, url);
    if (f->settings->offline && http_same_origin(url, f->settings->endpoint))
        rc = offline(f->shown, err);
    else if (part != 1)
        rc = err_set(err, ERR_INPUT, "%s: is part %d of %d of a split model; "
                     "name its first part, %.*s-00001-of-%05d.gguf", f->shown,
                     part, parts, (int)stem, path, parts);
    else if (parts > PARTS_MAX)
        rc = err_set(err, ERR_INPUT, "%s: is one of %d parts, which cannot "
                     "be meant; check the URL", f->shown, parts);
    else if (!split)
        rc = find_url_part(f, out, url, err);
    for (int i = 1; split && rc == 0 && i <= parts; i++) {
        char *of_part = gguf_part_path(path, stem, i, parts);
        char *part_url = http_url_with_path(url, of_part);
        rc = part_url ? find_url_part(f, out, part_url, err)
                      : err_set(err, ERR_INPUT, "%s: has no part %d",
                                f->shown, i);
        free(part_url);
        free(of_part);
    }
    free(path);
    return rc;
}

int remote_find(const char *name, struct remote_model *out, struct err *err)
{
    struct remote_settings settings = {0};
    struct remote_name     read = {0};
    struct fetch           fetch = {0};
    int                    rc;

    *out = (struct remote_model){.name = mem_copy(name)};
    rc = remote_name_read(name, &read, err);
    if (rc == 0) rc = remote_settings_read(&settings, err);
    if (rc == 0) {
        fetch_open(&fetch, &settings, read.url ? read.url : settings.endpoint);
        rc = read.url ? find_url(&fetch, read.url, out, err)
                      : find_in_hub(&fetch, &read, out, err);
        fetch_close(&fetch);
    }
    if (rc) remote_model_done(out);
    remote_name_done(&read);
    remote_settings_done(&settings);
    return rc;
}
