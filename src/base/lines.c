/* SPDX-License-Identifier: MIT */
/* lines.c - see lines.h. The buffer holds one line of the longest kind; a
 * longer one is told as such and passed over. */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

int lines_open(struct lines *l, const char *path, size_t max_bytes,
               struct err *err)
{
    uint64_t size;

    *l = (struct lines){.fd = bytes_open(path, &size, err),
                        .max_bytes = max_bytes};
    if (l->fd < 0) return -1;
    l->buffer = mem_new(max_bytes + 2, 1);
    return 0;
}

void lines_close(struct lines *l)
{
    if (l->buffer) close(l->fd);
    free(l->buffer);
    *l = (struct lines){.fd = -1};
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
    do n = read(l->fd, l->buffer + l->used, room - l->used);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set(err, ERR_FAILED, "reading on failed: %s",
                       strerror(errno));
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
