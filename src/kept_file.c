/* SPDX-License-Identifier: MIT */
/* kept_file.c - see kept_file.h. */
#include "kept_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "probe/tree.h"

#define PATH_BYTES 4096

void kept_file_init(struct kept_file *f, const char *root, const char *path)
{
    *f = (struct kept_file){root, mem_copy(path), -1, INT64_MIN, 0};
}

static void close_file(struct kept_file *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

void kept_file_done(struct kept_file *f)
{
    close_file(f);
    free(f->path);
    f->path = NULL;
}

static void open_file(struct kept_file *f)
{
    char        inside[PATH_BYTES], full[2 * PATH_BYTES];
    const char *below = f->path;
    struct stat st;

    if (*f->root) {
        if (!tree_resolve(f->root, f->path, inside, sizeof inside)) return;
        below = inside;
    }
    if ((size_t)snprintf(full, sizeof full, "%s%s", f->root, below) >=
        sizeof full)
        return;
    f->fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f->fd >= 0 && (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode)))
        close_file(f);
}

/* In a copied tree a file that was removed or renamed over can still be
 * read; the kernel's own files then fail by themselves. */
static bool is_replaced(const struct kept_file *f)
{
    struct stat st;

    return *f->root && (fstat(f->fd, &st) != 0 || st.st_nlink == 0);
}

static bool read_open(const struct kept_file *f, char *text, size_t size)
{
    size_t  got = 0;
    ssize_t n   = 1;

    if (f->fd < 0 || is_replaced(f)) return false;
    while (n > 0 && got < size - 1) {
        n = pread(f->fd, text + got, size - 1 - got, (off_t)got);
        if (n > 0) got += (size_t)n;
        else if (n < 0 && errno == EINTR) n = 1;
    }
    text[n < 0 ? 0 : got] = '\0';
    return n >= 0 && got > 0;
}

bool kept_file_read(struct kept_file *f, int64_t at_ns, char *text,
                    size_t size)
{
    text[0] = '\0';
    if (f->fd < 0 && at_ns < f->retry_ns) return false;
    if (!read_open(f, text, size)) {
        close_file(f);
        open_file(f);
        if (!read_open(f, text, size)) {
            close_file(f);
            text[0] = '\0';
            if (f->failures < KEPT_FILE_PATIENCE) f->failures++;
            if (f->failures == KEPT_FILE_PATIENCE)
                f->retry_ns = at_ns + NS_PER_S;
            return false;
        }
    }
    f->failures = 0;
    return true;
}

double kept_file_number(const char *text)
{
    char               *end;
    unsigned long long  value;
    bool                negative;

    while (isspace((unsigned char)*text)) text++;
    negative = *text == '-';
    if (negative) text++;
    if (!isdigit((unsigned char)*text)) return NAN;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || value > 1ULL << 53) return NAN;
    if (*end == ' ' || *end == '\t') {
        while (*end == ' ' || *end == '\t') end++;
        while (isalpha((unsigned char)*end)) end++;
    }
    while (isspace((unsigned char)*end)) end++;
    if (*end) return NAN;
    return negative ? -(double)value : (double)value;
}
