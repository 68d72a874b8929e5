/* SPDX-License-Identifier: MIT */
/* gguf_reader.c - see gguf_reader.h. */
#include "model/gguf_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define CHUNK_BYTES ((size_t)64 << 10)

struct gguf_chunk {
    struct gguf_chunk *next;
    size_t             used, size;
    unsigned char      bytes[];
};

void gguf_reader_init(struct gguf_reader *r, const void *head, size_t size,
                      int fd, uint64_t file_bytes)
{
    *r = (struct gguf_reader){.fd = fd};
    if (fd >= 0) {
        r->window = mem_new(GGUF_WINDOW, 1);
        r->at = r->end = r->window;
        r->limit = file_bytes < GGUF_HEADER_MAX ? file_bytes : GGUF_HEADER_MAX;
        return;
    }
    r->at = head ? head : (const unsigned char *)"";
    r->end = r->at + size;
    r->end_offset = r->limit = size;
}

void gguf_reader_done(struct gguf_reader *r)
{
    free(r->window);
    r->window = NULL;
}

void gguf_chunks_free(struct gguf_chunk *kept)
{
    while (kept) {
        struct gguf_chunk *next = kept->next;
        free(kept);
        kept = next;
    }
}

static void run_out(struct gguf_reader *r, uint64_t n)
{
    uint64_t offset = gguf_offset(r);

    if (r->ran_out) return;
    r->ran_out = true;
    r->wanted = n > UINT64_MAX - offset ? UINT64_MAX : offset + n;
}

/* Move what is left of the window to its start and fill it up. */
static void refill(struct gguf_reader *r)
{
    size_t   left  = (size_t)(r->end - r->at);
    uint64_t ahead = r->limit - r->end_offset;
    size_t   want  = GGUF_WINDOW - left;

    if (want > ahead) want = (size_t)ahead;
    memmove(r->window, r->at, left);
    r->at = r->window;
    r->end = r->window + left;
    while (want > 0) {
        ssize_t n = pread(r->fd, r->window + left, want, (off_t)r->end_offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) r->io_error = errno;
        if (n <= 0) return;            /* it shrank while we read */
        left += (size_t)n;
        want -= (size_t)n;
        r->end += n;
        r->end_offset += (uint64_t)n;
    }
}

const unsigned char *gguf_peek(struct gguf_reader *r, size_t n)
{
    if (r->ran_out) return NULL;
    if ((size_t)(r->end - r->at) < n && r->fd >= 0) refill(r);
    if ((size_t)(r->end - r->at) < n) {
        run_out(r, n);
        return NULL;
    }
    return r->at;
}

void gguf_skip(struct gguf_reader *r, uint64_t n)
{
    if (r->ran_out) return;
    if (n <= (uint64_t)(r->end - r->at)) {
        r->at += n;
        return;
    }
    if (n > r->limit - gguf_offset(r)) {
        run_out(r, n);
        return;
    }
    r->end_offset = gguf_offset(r) + n;
    r->at = r->end = r->window;
}

/* Room for n bytes that stay where they are. */
static unsigned char *room_for(struct gguf_reader *r, size_t n)
{
    struct gguf_chunk *c = r->kept;

    if (!c || c->size - c->used < n) {
        size_t size = n > CHUNK_BYTES ? n : CHUNK_BYTES;
        c = mem_new(1, sizeof *c + size);
        *c = (struct gguf_chunk){.next = r->kept, .size = size};
        r->kept = c;
    }
    c->used += n;
    return c->bytes + c->used - n;
}

const unsigned char *gguf_keep(struct gguf_reader *r, uint64_t n,
                               uint64_t most)
{
    const unsigned char *begin = r->at;
    unsigned char       *copy, *to;

    if (r->ran_out) return NULL;
    if (n > r->limit - gguf_offset(r)) {
        run_out(r, n);
        return NULL;
    }
    if (r->fd < 0 || n > most) {
        gguf_skip(r, n);
        return r->fd < 0 ? begin : NULL;
    }
    copy = to = room_for(r, (size_t)n);
    while (n > 0) {
        size_t piece = n < GGUF_WINDOW ? (size_t)n : GGUF_WINDOW;
        if (!gguf_peek(r, piece)) return NULL;
        memcpy(to, r->at, piece);
        gguf_skip(r, piece);
        to += piece;
        n -= piece;
    }
    return copy;
}

void gguf_skip_texts(struct gguf_reader *r, uint64_t n)
{
    while (n > 0 && !r->ran_out) {
        const unsigned char *at = r->at, *end = r->end;
        while (n > 0 && end - at >= 8) {
            uint64_t len = gguf_u64_at(at, r->is_big_endian);
            if (len > (uint64_t)(end - at) - 8) break;
            at += 8 + len;
            n--;
        }
        r->at = at;
        if (n == 0) return;
        gguf_skip(r, gguf_u64(r));       /* one that crosses the window's end */
        n--;
    }
}

uint32_t gguf_u32(struct gguf_reader *r)
{
    const unsigned char *p = gguf_peek(r, 4);

    if (!p) return 0;
    r->at += 4;
    return gguf_u32_at(p, r->is_big_endian);
}

uint64_t gguf_u64(struct gguf_reader *r)
{
    const unsigned char *p = gguf_peek(r, 8);

    if (!p) return 0;
    r->at += 8;
    return gguf_u64_at(p, r->is_big_endian);
}
