/* SPDX-License-Identifier: MIT */
/* page_cache.c - see page_cache.h. */
#define _DEFAULT_SOURCE           /* mincore */
#include "base/page_cache.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

#define WINDOW_PAGES 65536u       /* looked at in one call */

/* Linux tells who may neither own nor write a file that all of it is cached. */
static bool may_ask(int fd, const char *path)
{
    struct stat st;

    return access(path, W_OK) == 0 ||
           (fstat(fd, &st) == 0 && st.st_uid == geteuid());
}

/* Pages of one window that are cached; -1 when the kernel does not say. */
static long cached_pages(int fd, uint64_t from, size_t bytes, size_t pages,
                         unsigned char *seen)
{
    void *at   = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, (off_t)from);
    long  sum  = 0;
    bool  told = at != MAP_FAILED && mincore(at, bytes, seen) == 0;

    for (size_t i = 0; told && i < pages; i++) sum += seen[i] & 1;
    if (at != MAP_FAILED) munmap(at, bytes);
    return told ? sum : -1;
}

/* Share of the file that is cached, or NAN. Mapping a page does not read it. */
static double cached_frac(int fd, const char *path, uint64_t size)
{
    uint64_t       page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t       window = page * WINDOW_PAGES, all = (size + page - 1) / page;
    unsigned char *seen;
    double         sum = 0;

    if (size == 0 || !may_ask(fd, path)) return NAN;
    seen = mem_new(WINDOW_PAGES, 1);
    for (uint64_t at = 0; at < size && !isnan(sum); at += window) {
        uint64_t bytes = size - at < window ? size - at : window;
        long     n     = cached_pages(fd, at, (size_t)bytes,
                                      (size_t)((bytes + page - 1) / page),
                                      seen);
        sum = n < 0 ? NAN : sum + (double)n;
    }
    free(seen);
    return sum / (double)all;
}

static int drop(int fd, struct err *err)
{
    int why = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);

    return why == 0 ? 0
        : err_set(err, ERR_FAILED, "the kernel does not drop it from the page "
                  "cache: %s", strerror(why));
}

int page_cache_drop(const char *path, double *left_frac, struct err *err)
{
    uint64_t size = 0;
    int      fd   = bytes_open(path, &size, err), rc;

    *left_frac = NAN;
    if (fd < 0) return err_ctx(err, "%s", path);
    rc = drop(fd, err);
    if (rc == 0) *left_frac = cached_frac(fd, path, size);
    /* Pages of a file that was just written are dirty, and stay: only then
     * is its way to the disk worth waiting for. */
    if (rc == 0 && !(*left_frac <= 0) && fdatasync(fd) == 0) {
        rc = drop(fd, err);
        if (rc == 0) *left_frac = cached_frac(fd, path, size);
    }
    close(fd);
    return rc ? err_ctx(err, "%s", path) : 0;
}
