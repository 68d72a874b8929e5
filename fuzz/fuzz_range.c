/* SPDX-License-Identifier: MIT */
/* fuzz_range.c - what a server writes, through the readers that believe none
 * of it. The first byte says what the rest is: a Content-Range, an entity
 * tag, a Link header, a Location, a listing, a revision, or a name that the
 * user gives. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "remote/fetch.h"
#include "remote/name.h"
#include "remote/remote.h"
#include "remote/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(int ok)
{
    if (!ok) abort();
}

static void try_range(const char *text)
{
    struct wire_range r;
    int64_t           n = wire_size(text);

    require(n >= -1 && n < WIRE_SIZE_MAX);
    if (!wire_content_range(text, &r)) return;
    require(r.first >= -1 && r.first <= r.last && r.last < WIRE_SIZE_MAX);
    require((r.first < 0) == (r.last < 0));
    require(r.total >= -1 && r.total < WIRE_SIZE_MAX);
    require(r.total < 0 || r.last < r.total);
    require(r.first >= 0 || r.total >= 0);
}

static void try_tag(const char *text)
{
    char tag[WIRE_ETAG_BYTES];

    wire_etag(text, tag);
    require(strlen(tag) < sizeof tag);
    require(!strpbrk(tag, "\"\r\n \t"));
    require(!wire_etag_is_strong(text) || !strpbrk(text, "\r\n"));
}

static void try_location(const char *text)
{
    static const char base[] = "https://hub.example/a/b?c";
    char *to = http_url_join(base, text), *shown, *origin, *name, *host;

    if (!to) return;
    origin = http_url_origin(to);
    shown = http_url_shown(to);
    name = http_url_name(to);
    require(origin && name && !strchr(name, '/'));
    host = strstr(shown, "://") + 3;
    require(!memchr(host, '@', strcspn(host, "/")) && !strpbrk(host, "?#"));
    require(!fetch_may_follow(base, to) || strncmp(to, "https:", 6) == 0);
    require(http_same_origin(to, to));
    free(origin);
    free(shown);
    free(name);
    free(to);
}

static void try_listing(const char *text, size_t len)
{
    struct wire_files    f = {0};
    struct wire_revision revision;
    struct err           err = {0};

    if (wire_revision(text, len, &revision, &err) == 0)
        require(wire_is_hex(revision.commit, 40));
    else
        require(err.kind == ERR_FAILED);
    err = (struct err){0};
    if (wire_files_add(&f, text, len, &err)) require(err.kind == ERR_FAILED);
    for (size_t i = 0; i < f.n; i++) {
        char *escaped = wire_path_escape(f.items[i].path);

        require(wire_path_is_safe(f.items[i].path));
        require(!strpbrk(escaped, " ?#\"<>"));
        require(f.items[i].size >= -1 && f.items[i].size < WIRE_SIZE_MAX);
        free(escaped);
    }
    err = (struct err){0};
    if (remote_choose(&f, NULL, &err) < 0) require(err.kind == ERR_INPUT);
    err = (struct err){0};
    if (remote_choose(&f, "Q4_0", &err) < 0) require(err.kind == ERR_INPUT);
    wire_files_done(&f);
}

static void try_name(const char *text)
{
    struct remote_name name;
    struct err         err = {0};

    if (remote_name_read(text, &name, &err)) {
        require(err.kind == ERR_INPUT);
        return;
    }
    require(name.url || (*name.user && *name.repo));
    require(name.url || (!strpbrk(name.user, "/: \n%?#") &&
                         !strpbrk(name.repo, "/: \n%?#") &&
                         !strstr(name.user, "..") && !strstr(name.repo, "..")));
    require(remote_is_name(text) || !name.url);
    remote_name_done(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    char *text, *next;

    if (size == 0) return 0;
    text = mem_copy_n((const char *)input + 1, size - 1);
    switch (*input) {
    case 'r': try_range(text); break;
    case 't': try_tag(text); break;
    case 'k':
        next = wire_link_next(text);
        require(!next || *next);
        free(next);
        break;
    case 'l': try_location(text); break;
    case 'j': try_listing(text, size - 1); break;
    case 'n': try_name(text); break;
    default: break;
    }
    free(text);
    return 0;
}
