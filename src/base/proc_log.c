/* SPDX-License-Identifier: MIT */
/* proc_log.c - see proc_log.h. */
#include "base/proc_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define HEAD_BYTES (1u << 20)    /* a load at its most talkative is 100 kB */
#define END_BYTES  (64u << 10)

/* The last max_bytes of a regular file; NULL when there are none. */
static char *read_end(const char *path, size_t max_bytes, size_t *len,
                      bool *cut)
{
    int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char       *text = NULL;
    ssize_t     n    = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *cut = (uint64_t)st.st_size > max_bytes;
        *len = *cut ? max_bytes : (size_t)st.st_size;
        text = mem_new(*len + 1, 1);
        n = pread(fd, text, *len, st.st_size - (off_t)*len);
        *len = n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0) close(fd);
    return text;
}

/* A log that cannot be written, on a full disk say, has lost these bytes. */
static void write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        bytes += done;
        n -= (size_t)done;
    }
}

/* The child appends, so that its next line follows what stays. What it writes
 * between our read and our cut is lost. */
void proc_log_bound(const char *path)
{
    static const char cut_here[] =
        "\n[audition cut the middle of this log]\n";
    struct stat st;
    size_t      len = 0;
    bool        cut = false;
    char       *end;
    int         fd;

    if (!path || stat(path, &st) || !S_ISREG(st.st_mode) ||
        st.st_size <= (off_t)PROC_LOG_BYTES)
        return;
    end = read_end(path, END_BYTES, &len, &cut);
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                    O_NONBLOCK);
    if (fd >= 0 && ftruncate(fd, HEAD_BYTES) == 0) {
        write_all(fd, cut_here, sizeof cut_here - 1);
        write_all(fd, end, end ? len : 0);
    }
    if (fd >= 0) close(fd);
    free(end);
}

void proc_log_empty(const char *path)
{
    int fd = path ? open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC)
                  : -1;

    if (fd >= 0) close(fd);
}

char *proc_log_tail(const struct proc *p, size_t max_bytes)
{
    size_t        len  = 0;
    bool          cut  = false;
    char         *raw  = p->log_path
                         ? read_end(p->log_path, max_bytes, &len, &cut) : NULL;
    char         *line = raw, *first, *tail;
    struct strbuf all;

    if (!raw) return mem_copy("");
    first = cut ? memchr(raw, '\n', len) : NULL;
    if (first && first + 1 < raw + len) line = first + 1;
    while (len && raw[len - 1] == '\n') len--;
    strbuf_init(&all, 3 * len + 1);
    while (line < raw + len) {
        size_t left = (size_t)(raw + len - line);
        char  *end  = memchr(line, '\n', left);
        size_t n    = end ? (size_t)(end - line) : left;
        char  *show = utf8_printable(line, n);

        strbuf_add(&all, show);
        if (end) strbuf_addn(&all, "\n", 1);
        free(show);
        line += n + 1;
    }
    /* Replacing made it longer: drop from the front, by whole letters. */
    first = all.text + (all.len > max_bytes ? all.len - max_bytes : 0);
    while (((unsigned char)*first & 0xc0) == 0x80) first++;
    tail = mem_copy(first);
    strbuf_done(&all);
    free(raw);
    return tail;
}
