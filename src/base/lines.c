/* SPDX-License-Identifier: MIT */
/* lines.c - see lines.h. The buffer holds one line of the longest kind; a
 * longer one is told as such and passed over. */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/mem.h"

#define PACKED_BYTES  (64u << 10)
#define WINDOW_GZIP   (15 + 16)        /* inflateInit2: only gzip */

struct unpack {
    z_stream      z;
    bool          is_between;     /* two members: nothing is open            */
    bool          is_padded;      /* zeros follow the last member (tapes)    */
    unsigned char packed[PACKED_BYTES];
};

static int unpack_open(struct lines *l, struct err *err)
{
    unsigned char magic[2];

    if (pread(l->fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
        magic[0] != 0x1F || magic[1] != 0x8B)
        return 0;
    l->unpack = mem_new(1, sizeof *l->unpack);
    if (inflateInit2(&l->unpack->z, WINDOW_GZIP) == Z_OK) return 0;
    free(l->unpack);
    l->unpack = NULL;
    return err_set(err, ERR_FAILED, "zlib cannot unpack: out of memory");
}

int lines_open(struct lines *l, const char *path, size_t max_bytes,
               struct err *err)
{
    uint64_t size;

    *l = (struct lines){.fd = bytes_open(path, &size, err),
                        .max_bytes = max_bytes};
    if (l->fd < 0) return -1;
    if (unpack_open(l, err)) {
        close(l->fd);
        l->fd = -1;
        return -1;
    }
    l->buffer = mem_new(max_bytes + 2, 1);
    return 0;
}

void lines_close(struct lines *l)
{
    if (l->buffer) close(l->fd);
    free(l->buffer);
    if (l->unpack) inflateEnd(&l->unpack->z);
    free(l->unpack);
    *l = (struct lines){.fd = -1};
}

/* Bytes of the file as it lies there; 0 at its end, -1. */
static ssize_t read_some(int fd, void *out, size_t room, struct err *err)
{
    ssize_t n;

    do n = read(fd, out, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        err_set(err, ERR_FAILED, "reading on failed: %s", strerror(errno));
    return n;
}

/* What stands between members: the next one, or zeros to the end. */
static int unpack_between(struct unpack *u, struct err *err)
{
    if (*u->z.next_in == 0) {
        u->is_padded = true;
        u->z.next_in++;
        u->z.avail_in--;
        return 0;
    }
    if (u->is_padded || *u->z.next_in != 0x1F)
        return err_set(err, ERR_INPUT, "the gzip data is damaged: something "
                       "else follows it; fetch or pack the file again");
    u->is_between = false;
    if (inflateReset(&u->z) == Z_OK) return 0;
    return err_set(err, ERR_BUG, "zlib cannot begin again");
}

/* As many unpacked bytes as there is room for; 0 at the end, -1. */
static ssize_t unpack_some(struct lines *l, char *out, size_t room,
                           struct err *err)
{
    struct unpack *u = l->unpack;
    size_t         most = room < (size_t)1 << 30 ? room : (size_t)1 << 30;
    int            rc;

    u->z.next_out = (unsigned char *)out;
    u->z.avail_out = (uInt)most;
    while (u->z.avail_out > 0) {
        if (u->z.avail_in == 0) {
            ssize_t n = read_some(l->fd, u->packed, sizeof u->packed, err);

            if (n < 0) return -1;
            if (n == 0 && u->is_between) break;
            if (n == 0)
                return err_set(err, ERR_INPUT, "the gzip data is cut off; "
                               "fetch or pack the file again");
            u->z.next_in = u->packed;
            u->z.avail_in = (uInt)n;
        }
        if (u->is_between) {
            if (unpack_between(u, err)) return -1;
            continue;
        }
        rc = inflate(&u->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END) u->is_between = true;
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return err_set(err, ERR_INPUT, "the gzip data is damaged; fetch "
                           "or pack the file again");
    }
    return (ssize_t)(most - u->z.avail_out);
}

/* More bytes behind those that are there, which move to the front. */
static int fill(struct lines *l, struct err *err)
{
    size_t  room = l->max_bytes + 2;
    ssize_t n;

    memmove(l->buffer, l->buffer + l->next, l->used - l->next);
    l->buffer_offset += l->next;
    l->used -= l->next;
    l->next = 0;
    n = l->unpack
        ? unpack_some(l, l->buffer + l->used, room - l->used, err)
        : read_some(l->fd, l->buffer + l->used, room - l->used, err);
    if (n < 0) return -1;
    l->used += (size_t)n;
    l->is_end = n == 0;
    return 0;
}

/* Past the end of a line that did not fit. */
static int pass_over(struct lines *l, struct err *err)
{
    const char *end;

    while (!(end = memchr(l->buffer + l->next, '\n', l->used - l->next))) {
        l->next = l->used;
        if (l->is_end) return 0;
        if (fill(l, err)) return -1;
    }
    l->next = (size_t)(end - l->buffer) + 1;
    return 0;
}

int lines_next(struct lines *l, struct line *line, struct err *err)
{
    const char *end;

    /* The last line was told out of the buffer: it is still all there. */
    while (!(end = memchr(l->buffer + l->next, '\n', l->used - l->next)) &&
           !l->is_end && l->used - l->next <= l->max_bytes)
        if (fill(l, err)) return -1;
    if (!end && l->next == l->used) return 0;
    *line = (struct line){
        .text = l->buffer + l->next, .number = ++l->number,
        .offset = l->buffer_offset + l->next,
        .len = end ? (size_t)(end - (l->buffer + l->next))
                   : l->used - l->next};
    line->is_too_long = line->len > l->max_bytes;
    if (line->is_too_long) {
        line->len = 0;               /* its bytes are overwritten */
        line->text = "";
        return pass_over(l, err) ? -1 : 1;
    }
    l->next += line->len + (end ? 1 : 0);
    return 1;
}
