/* SPDX-License-Identifier: MIT */
/* cursor.h - reads little-endian bytes inside a bound. Running out is sticky
 * and harmless: reads give 0 or NULL from then on, and the caller looks at
 * `ran_out` when it is convenient. `wanted` tells how far the first read that
 * did not fit would have gone, so that "more of it is on disk" and "it was
 * never there" can be told apart. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const unsigned char *begin, *at, *end;
    bool                 ran_out;
    uint64_t             wanted;   /* offset from begin, when ran_out */
};

/* bytes may be NULL when size is 0. */
static inline struct cursor cursor_of(const void *bytes, size_t size)
{
    const unsigned char *begin = bytes ? bytes : (const unsigned char *)"";

    return (struct cursor){.begin = begin, .at = begin, .end = begin + size};
}

static inline uint64_t cursor_offset(const struct cursor *c)
{
    return (uint64_t)(c->at - c->begin);
}

/* The next n bytes, or NULL. */
static inline const unsigned char *cursor_take(struct cursor *c, uint64_t n)
{
    const unsigned char *taken = c->at;

    if (c->ran_out) return NULL;
    if (n > (uint64_t)(c->end - c->at)) {
        c->ran_out = true;
        c->wanted = n > UINT64_MAX - cursor_offset(c)
                  ? UINT64_MAX : cursor_offset(c) + n;
        return NULL;
    }
    c->at += n;
    return taken;
}

static inline uint32_t cursor_u32_at(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t cursor_u64_at(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 4);

    return p ? cursor_u32_at(p) : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 8);

    return p ? cursor_u64_at(p) : 0;
}

#endif
