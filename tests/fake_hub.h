/* SPDX-License-Identifier: MIT */
/* fake_hub.h - a stand-in for a Hugging Face hub and its CDN on two ports of
 * loopback (so the CDN is another host to whoever sends a token), in a thread
 * of its own, one request after the other. The shapes are those of the real
 * one: the API's revision and tree, 302 with X-Linked-Etag, X-Linked-Size and
 * X-Repo-Commit, a CDN with an ETag of its own, ranges, X-Error-Code.
 *
 *   struct fake_hub hub;
 *   hub_start(&hub);
 *   hub_add(&hub, "user/repo/Model-Q4_K_M.gguf", bytes, n);
 *   hub_fault(&hub, (struct hub_fault){.kind = "cut", .cdn = true,
 *                                      .bytes = 1000, .times = 1});
 *   ... HF_ENDPOINT = hub.endpoint; hub.log afterwards ...
 *   hub_stop(&hub);
 *
 * A file is also served without any hub at CDN/files/user/repo/NAME, its ETag
 * the quoted SHA-256. What can go wrong on purpose: fake_hub_reply.h. */
#ifndef TESTS_FAKE_HUB_H
#define TESTS_FAKE_HUB_H

#include "fake_hub_reply.h"

/* ---- the hub's paths ---------------------------------------------------- */

static inline void hub_error(struct hub_request *r, int status,
                             const char *code, const char *message)
{
    char *headers = mem_printf("X-Error-Code: %s\r\nX-Error-Message: %s\r\n",
                               code, message);
    char *body = mem_printf("{\"error\":\"%s\"}", message);

    hub_text(r, status, headers, "application/json", body);
    free(body);
    free(headers);
}

static inline const char *hub_after(const char *text, const char *with)
{
    size_t n = strlen(with);

    return strncmp(text, with, n) == 0 ? text + n : NULL;
}

/* "user/repo" of a target's beginning; what is behind it, or NULL. */
static inline const char *hub_repo(const char *at, char *repo, size_t size)
{
    const char *slash = strchr(at, '/');
    const char *end = slash ? strchr(slash + 1, '/') : NULL;

    if (!end) return NULL;
    snprintf(repo, size, "%.*s", (int)(end - at), at);
    return end;
}

static inline bool hub_has(const struct fake_hub *h, const char *repo)
{
    for (size_t i = 0; i < h->n_files; i++)
        if (strncmp(h->files[i].path, repo, strlen(repo)) == 0 &&
            h->files[i].path[strlen(repo)] == '/')
            return true;
    return false;
}

static inline void hub_tree(struct fake_hub *h, struct hub_request *r,
                            const char *repo)
{
    const char   *cursor = strstr(r->target, "cursor=");
    size_t        from = cursor ? strtoul(cursor + 7, NULL, 10) : 0, n = 0;
    struct strbuf body, link;
    char         *end;

    strbuf_init(&body, 1 << 20);
    strbuf_init(&link, 1000);
    strbuf_add(&body, "[{\"type\":\"directory\",\"oid\":\"" HUB_SHA1
               "\",\"size\":0,\"path\":\"folder\"}");
    for (size_t i = 0; i < h->n_files; i++) {
        const struct hub_file *f = &h->files[i];
        const char *path = hub_after(f->path, repo);

        if (!path || *path != '/' || n++ < from) continue;
        if (h->page && n > from + h->page) {
            end = strchr(r->target, '?');
            strbuf_addf(&link, "Link: <http://127.0.0.1:%d%.*s?recursive=true"
                        "&cursor=%zu>; rel=\"next\"\r\n", h->ports[0],
                        (int)(end ? end - r->target : 0), r->target, n - 1);
            break;
        }
        strbuf_addf(&body, ",{\"type\":\"file\",\"oid\":\"" HUB_SHA1
                    "\",\"size\":%zu,\"path\":\"%s\"", f->n, path + 1);
        if (!f->is_small)
            strbuf_addf(&body, ",\"lfs\":{\"oid\":\"%s\",\"size\":%zu,"
                        "\"pointerSize\":135}", f->sha256, f->n);
        strbuf_add(&body, "}");
    }
    strbuf_add(&body, "]");
    hub_text(r, 200, link.text, "application/json; charset=utf-8", body.text);
    strbuf_done(&body);
    strbuf_done(&link);
}

static inline void hub_api(struct fake_hub *h, struct hub_request *r,
                           const char *at)
{
    char        repo[200], *body;
    const char *rest = hub_repo(at, repo, sizeof repo);
    bool        gated = h->gated && strcmp(h->gated, repo) == 0;

    if (!rest || !hub_has(h, repo)) {
        hub_error(r, 401, "RepoNotFound", "Repository not found");
    } else if (strcmp(rest, "/revision/main") == 0) {
        body = mem_printf("{\"id\":\"%s\",\"sha\":\"" HUB_COMMIT "\","
                          "\"gated\":%s,\"siblings\":[]}", repo,
                          gated ? "\"manual\"" : "false");
        hub_text(r, 200, "", "application/json; charset=utf-8", body);
        free(body);
    } else if (hub_after(rest, "/tree/" HUB_COMMIT)) {
        hub_tree(h, r, repo);
    } else {
        hub_error(r, 404, "RevisionNotFound", "Invalid rev id");
    }
}

static inline const struct hub_file *hub_file(const struct fake_hub *h,
                                              const char *path, size_t len)
{
    for (size_t i = 0; i < h->n_files; i++)
        if (strlen(h->files[i].path) == len &&
            memcmp(h->files[i].path, path, len) == 0)
            return &h->files[i];
    return NULL;
}

/* /user/repo/resolve/REVISION/path */
static inline void hub_resolve(struct fake_hub *h, struct hub_request *r,
                               const char *at)
{
    char        repo[200], *path, *headers;
    const char *rest = hub_repo(at, repo, sizeof repo);
    const struct hub_file *f;

    rest = rest ? hub_after(rest, "/resolve/") : NULL;
    rest = rest ? strchr(rest, '/') : NULL;
    if (!rest || !hub_has(h, repo)) {
        hub_error(r, 401, "RepoNotFound", "Repository not found");
        return;
    }
    if (h->gated && strcmp(h->gated, repo) == 0 &&
        (!h->token || strcmp(r->bearer, h->token) != 0)) {
        hub_error(r, *r->bearer ? 403 : 401, "GatedRepo",
                  "Access to this model is restricted");
        return;
    }
    path = mem_printf("%s%.*s", repo, (int)strcspn(rest, "?"), rest);
    f = hub_file(h, path, strlen(path));
    free(path);
    if (!f) {
        hub_error(r, 404, "EntryNotFound", "Entry not found");
    } else if (f->is_small) {
        hub_bytes(r, f, "\"" HUB_SHA1 "\"");
    } else {
        headers = mem_printf("X-Repo-Commit: " HUB_COMMIT "\r\nX-Linked-Size: "
                             "%zu\r\nX-Linked-ETag: \"%s\"\r\nLocation: "
                             "%s/blob/%s?Signature=secret\r\n", f->n,
                             f->sha256, h->cdn, f->sha256);
        hub_text(r, 302, headers, "text/plain", "Found. Redirecting");
        free(headers);
    }
}

static inline void hub_cdn(struct fake_hub *h, struct hub_request *r)
{
    const char *blob = hub_after(r->target, "/blob/");
    const char *file = hub_after(r->target, "/files/");
    char        tag[80];

    for (size_t i = 0; blob && i < h->n_files; i++)
        if (strncmp(blob, h->files[i].sha256, 64) == 0) {
            snprintf(tag, sizeof tag, "\"cdn-%.32s\"", h->files[i].sha256);
            hub_bytes(r, &h->files[i], tag);
            return;
        }
    if (file) {
        const struct hub_file *f = hub_file(h, file, strcspn(file, "?"));
        if (f) {
            snprintf(tag, sizeof tag, "\"%s\"", f->sha256);
            hub_bytes(r, f, tag);
            return;
        }
    }
    hub_text(r, 404, "", "text/plain", "not here");
}

/* ---- requests ----------------------------------------------------------- */

static inline const struct hub_fault *hub_meet(struct fake_hub *h,
                                               const struct hub_request *r)
{
    for (size_t i = 0; i < h->n_faults; i++) {
        struct hub_fault *f = &h->faults[i];

        if ((f->method && strcmp(f->method, r->method) != 0) ||
            (f->where && !strstr(r->target, f->where)) ||
            (f->cdn && !r->cdn) || (f->hub && r->cdn))
            continue;
        f->seen++;
        if (f->seen > f->skip && (!f->times || f->seen <= f->skip + f->times))
            return f;
    }
    return NULL;
}

/* True when nothing more is to be sent. */
static inline bool hub_strike(struct hub_request *r)
{
    const struct hub_fault *f = r->fault;
    char                   *headers;

    if (hub_is(r, "status")) {
        hub_text(r, f->status, f->text ? f->text : "", "text/plain",
                 "scripted");
    } else if (hub_is(r, "page")) {
        hub_text(r, 200, "", "text/html; charset=utf-8", f->text);
    } else if (hub_is(r, "redirect")) {
        headers = mem_printf("Location: %s\r\n", f->text);
        hub_text(r, 302, headers, "text/plain", "elsewhere");
        free(headers);
    } else if (hub_is(r, "raw")) {
        hub_send(r, f->text, strlen(f->text));
        r->gone = true;
    } else {
        return false;
    }
    return true;
}

static inline void hub_write_log(const struct fake_hub *h)
{
    FILE *out = h->log_path ? fopen(h->log_path, "we") : NULL;

    if (!out) return;
    fputs(h->log.text, out);
    fclose(out);
}

static inline void hub_answer(struct fake_hub *h, struct hub_request *r)
{
    const char *prefix = h->prefix ? h->prefix : "";
    const char *at = hub_after(r->target, prefix), *api;

    pthread_mutex_lock(&h->lock);
    strbuf_addf(&h->log, "%s %s %s range=%s if-range=%s bearer=%s\n",
                r->cdn ? "cdn" : "hub", r->method, r->target, r->range,
                r->if_range, r->bearer);
    hub_write_log(h);
    r->fault = hub_meet(h, r);
    pthread_mutex_unlock(&h->lock);
    if (hub_strike(r)) return;
    if (r->cdn) {
        hub_cdn(h, r);
        return;
    }
    api = at ? hub_after(at, "/api/models/") : NULL;
    if (api) hub_api(h, r, api);
    else if (at && *at == '/') hub_resolve(h, r, at + 1);
    else hub_text(r, 404, "", "text/plain", "not below the prefix");
}

static inline void hub_header(const char *head, const char *name, char *out,
                              size_t size)
{
    size_t n = strlen(name);

    *out = '\0';
    while (*head && strncasecmp(head, name, n) != 0) head++;
    if (!*head) return;
    head += n;
    snprintf(out, size, "%.*s", (int)strcspn(head, "\r\n"), head);
}

/* False: the connection is over. */
static inline bool hub_serve(struct fake_hub *h, int fd, bool cdn)
{
    struct hub_request r = {.fd = fd, .cdn = cdn};
    char               head[8192];
    const char        *space;
    size_t             n = 0;

    while (n < sizeof head - 1 && recv(fd, head + n, 1, 0) == 1) {
        head[++n] = '\0';
        if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0) break;
    }
    head[n] = '\0';
    space = strchr(head, ' ');
    if (!space) return false;
    snprintf(r.method, sizeof r.method, "%.*s", (int)(space - head), head);
    snprintf(r.target, sizeof r.target, "%.*s",
             (int)strcspn(space + 1, " \r"), space + 1);
    hub_header(head, "\r\nRange: ", r.range, sizeof r.range);
    hub_header(head, "\r\nIf-Range: ", r.if_range, sizeof r.if_range);
    hub_header(head, "\r\nAuthorization: Bearer ", r.bearer, sizeof r.bearer);
    hub_answer(h, &r);
    return !r.gone;
}

/* ---- the thread --------------------------------------------------------- */

static inline void hub_drop(struct fake_hub *h, size_t i)
{
    pthread_mutex_lock(&h->lock);
    close(h->conns[i].fd);
    h->conns[i] = h->conns[--h->n_conns];
    pthread_mutex_unlock(&h->lock);
}

static inline void hub_accept(struct fake_hub *h, bool cdn)
{
    int fd = accept(h->listeners[cdn], NULL, NULL);

    if (fd < 0) return;
    if (h->n_conns == HUB_CONNS) {
        close(fd);
        return;
    }
    pthread_mutex_lock(&h->lock);
    h->conns[h->n_conns].fd = fd;
    h->conns[h->n_conns++].cdn = cdn;
    pthread_mutex_unlock(&h->lock);
}

static inline void *hub_run(void *ctx)
{
    struct fake_hub *h = ctx;

    for (;;) {
        struct pollfd all[HUB_CONNS + 3];
        size_t        n = h->n_conns;

        all[0] = (struct pollfd){.fd = h->stop[0], .events = POLLIN};
        for (size_t i = 0; i < 2; i++)
            all[1 + i] = (struct pollfd){.fd = h->listeners[i],
                                         .events = POLLIN};
        for (size_t i = 0; i < n; i++)
            all[3 + i] = (struct pollfd){.fd = h->conns[i].fd,
                                         .events = POLLIN};
        if (poll(all, n + 3, -1) < 0) continue;
        if (all[0].revents) return NULL;
        for (size_t i = n; i-- > 0;)
            if (all[3 + i].revents &&
                !hub_serve(h, h->conns[i].fd, h->conns[i].cdn))
                hub_drop(h, i);
        for (size_t i = 0; i < 2; i++)
            if (all[1 + i].revents) hub_accept(h, i == 1);
    }
}

static inline void hub_start(struct fake_hub *h)
{
    *h = (struct fake_hub){.n_files = 0};
    strbuf_init(&h->log, 10 << 20);
    pthread_mutex_init(&h->lock, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET};
        socklen_t          size = sizeof here;

        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        h->listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(h->listeners[i], (struct sockaddr *)&here, sizeof here) ||
            getsockname(h->listeners[i], (struct sockaddr *)&here, &size) ||
            listen(h->listeners[i], 16))
            abort();
        h->ports[i] = ntohs(here.sin_port);
    }
    snprintf(h->endpoint, sizeof h->endpoint, "http://127.0.0.1:%d",
             h->ports[0]);
    snprintf(h->cdn, sizeof h->cdn, "http://127.0.0.1:%d", h->ports[1]);
    if (pipe(h->stop) || pthread_create(&h->thread, NULL, hub_run, h))
        abort();
}

static inline void hub_stop(struct fake_hub *h)
{
    close(h->stop[1]);
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->n_conns; i++)   /* out of an endless answer */
        shutdown(h->conns[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    for (size_t i = 0; i < h->n_conns; i++) close(h->conns[i].fd);
    for (size_t i = 0; i < h->n_files; i++) free(h->files[i].path);
    close(h->stop[0]);
    close(h->listeners[0]);
    close(h->listeners[1]);
    pthread_mutex_destroy(&h->lock);
    strbuf_done(&h->log);
}

/* Before the first request. The bytes stay the caller's. */
static inline struct hub_file *hub_add(struct fake_hub *h, const char *path,
                                       const void *bytes, size_t n)
{
    struct hub_file *f = &h->files[h->n_files];

    if (h->n_files++ == HUB_FILES) abort();
    *f = (struct hub_file){.path = mem_copy(path), .bytes = bytes, .n = n};
    digest_text(f->bytes, n, f->sha256);
    return f;
}

static inline void hub_fault(struct fake_hub *h, struct hub_fault fault)
{
    pthread_mutex_lock(&h->lock);
    if (h->n_faults == HUB_FAULTS) abort();
    h->faults[h->n_faults++] = fault;
    pthread_mutex_unlock(&h->lock);
}

/* How many lines of the log hold both texts (NULL: any)? */
static inline size_t hub_count(struct fake_hub *h, const char *a,
                               const char *b)
{
    size_t n = 0;

    pthread_mutex_lock(&h->lock);
    for (char *line = h->log.text, *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        *end = '\0';
        n += (!a || strstr(line, a)) && (!b || strstr(line, b));
        *end = '\n';
    }
    pthread_mutex_unlock(&h->lock);
    return n;
}

#endif
