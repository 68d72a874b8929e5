/* SPDX-License-Identifier: MIT */
/* head_cache.c - see head_cache.h. A file is a line of text, which names the
 * format, the key and the SHA-256 of what follows, and the header's bytes. */
#include "remote/head_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "digest.h"
#include "remote/folders.h"

#define HEAD_MAX_BYTES  ((size_t)65 << 20)
#define CACHE_MAX_BYTES (256.0 * 1024 * 1024)
#define FILES_MAX       4096

/* SHA-256 of what the header belongs to. */
static void key_of(const struct head_key *key, char out[65])
{
    char *text = mem_printf("%s\n%s\n%.0f", key->url, key->etag,
                            key->size_bytes);

    digest_text(text, strlen(text), out);
    free(text);
}

static char *line_of(const char *key, const char *bytes, size_t n)
{
    char sum[65];

    digest_text(bytes, n, sum);
    return mem_printf("audition header 1 %s %s\n", key, sum);
}

bool head_cache_get(const char *folder, const struct head_key *key,
                    struct strbuf *head)
{
    char         name[65];
    char        *path, *line = NULL;
    struct bytes file = {0};
    struct err   unread = {0};
    const char  *text, *end;
    bool         ok = false;

    key_of(key, name);
    path = mem_printf("%s/%s", folder, name);
    if (bytes_read(&file, path, HEAD_MAX_BYTES, &unread) == 0 && file.size) {
        text = (const char *)file.data;
        end = memchr(text, '\n', file.size);
        if (end) {
            size_t n = file.size - (size_t)(end + 1 - text);
            line = line_of(name, end + 1, n);
            ok = strncmp(text, line, strlen(line)) == 0;
            if (ok) strbuf_addn(head, end + 1, n);
        }
        if (!ok) unlink(path);
    }
    free(line);
    bytes_done(&file);
    free(path);
    return ok && !head->over;
}

/* ---- bounded ----------------------------------------------------------- */

struct entry {
    char            name[65];
    double          bytes;
    struct timespec changed;
};

static int oldest_first(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (a->changed.tv_sec != b->changed.tv_sec)
        return a->changed.tv_sec < b->changed.tv_sec ? -1 : 1;
    if (a->changed.tv_nsec != b->changed.tv_nsec)
        return a->changed.tv_nsec < b->changed.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void prune(const char *folder)
{
    DIR           *dir = opendir(folder);
    struct entry  *all = mem_new(FILES_MAX, sizeof *all);
    struct dirent *d;
    size_t         n = 0;
    double         sum = 0;

    while (dir && n < FILES_MAX && (d = readdir(dir)) != NULL) {
        struct stat st;
        if (strlen(d->d_name) != 64 ||
            fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        memcpy(all[n].name, d->d_name, sizeof all[n].name);
        all[n].bytes = (double)st.st_size;
        all[n].changed = st.st_mtim;
        sum += all[n++].bytes;
    }
    qsort(all, n, sizeof *all, oldest_first);
    for (size_t i = 0; i < n && (sum > CACHE_MAX_BYTES || n - i == FILES_MAX);
         i++) {
        unlinkat(dirfd(dir), all[i].name, 0);
        sum -= all[i].bytes;
    }
    if (dir) closedir(dir);
    free(all);
}

void head_cache_put(const char *folder, const struct head_key *key,
                    const char *bytes, size_t n)
{
    char          name[65];
    char         *path, *line;
    struct strbuf file;
    struct err    unwritten = {0};

    key_of(key, name);
    path = mem_printf("%s/%s", folder, name);
    line = line_of(name, bytes, n);
    strbuf_init(&file, HEAD_MAX_BYTES);
    strbuf_add(&file, line);
    strbuf_addn(&file, bytes, n);
    if (!file.over && folders_make(folder, &unwritten) == 0 &&
        folders_write_file(path, file.text, file.len, &unwritten) == 0)
        prune(folder);
    strbuf_done(&file);
    free(line);
    free(path);
}
