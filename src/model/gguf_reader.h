/* SPDX-License-Identifier: MIT */
/* gguf_reader.h - a header read forwards, once: from memory, or from a file
 * through a window that is far smaller than the header (a vocabulary of 256k
 * entries takes 8 MB and nobody looks at it). Numbers in either byte order.
 *
 * Running out is sticky and harmless: reads give 0 or NULL from then on, and
 * the caller looks at `ran_out` when it is convenient. `wanted` is where the
 * first read that did not fit would have ended. */
#ifndef MODEL_GGUF_READER_H
#define MODEL_GGUF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

#define GGUF_WINDOW     ((size_t)128 << 10)
#define GGUF_HEADER_MAX ((uint64_t)64 << 20)  /* of a file; the longest header
                                                 seen is below 20 MB         */

struct gguf_chunk;               /* copies of what is kept of a file          */

struct gguf_reader {
    const unsigned char *at, *end;     /* of the window, not yet read         */
    uint64_t       end_offset;         /* of `end`, from the file's start     */
    uint64_t       limit;              /* bytes that can be had               */
    bool           is_big_endian;
    bool           ran_out;
    uint64_t       wanted;
    int            fd;                 /* -1: all of it is in memory          */
    int            io_error;           /* errno of a failed read, 0           */
    unsigned char *window;
    struct gguf_chunk *kept;
};

/* fd >= 0: a file of file_bytes, whose bytes are read as they are needed;
 * else `size` bytes at `head`, which may be NULL when size is 0. */
void gguf_reader_init(struct gguf_reader *r, const void *head, size_t size,
                      int fd, uint64_t file_bytes);
/* Frees all but what was kept. */
void gguf_reader_done(struct gguf_reader *r);
void gguf_chunks_free(struct gguf_chunk *kept);

/* The next n bytes without passing them; n is at most GGUF_WINDOW. They stay
 * where they are until the next call. NULL when there are not as many. */
const unsigned char *gguf_peek(struct gguf_reader *r, size_t n);

/* Pass n bytes. */
void gguf_skip(struct gguf_reader *r, uint64_t n);

/* Pass n bytes and keep them as long as `kept` (or the head) lives. NULL when
 * there are not as many, or more than `most` would have to be copied. */
const unsigned char *gguf_keep(struct gguf_reader *r, uint64_t n,
                               uint64_t most);

/* n texts: 8 bytes of length and as many bytes as it says. */
void gguf_skip_texts(struct gguf_reader *r, uint64_t n);

uint32_t gguf_u32(struct gguf_reader *r);
uint64_t gguf_u64(struct gguf_reader *r);

static inline uint64_t gguf_offset(const struct gguf_reader *r)
{
    return r->end_offset - (uint64_t)(r->end - r->at);
}

static inline uint32_t gguf_u32_at(const unsigned char *p, bool is_big_endian)
{
    uint32_t n = cursor_u32_at(p);

    return is_big_endian ? __builtin_bswap32(n) : n;
}

static inline uint64_t gguf_u64_at(const unsigned char *p, bool is_big_endian)
{
    uint64_t n = cursor_u64_at(p);

    return is_big_endian ? __builtin_bswap64(n) : n;
}

#endif
