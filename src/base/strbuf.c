/* SPDX-License-Identifier: MIT */
/* strbuf.c - growing, bounded text; see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void strbuf_init(struct strbuf *b, size_t max_bytes)
{
    *b = (struct strbuf){.cap = 64, .max = max_bytes};
    b->text = mem_new(b->cap, 1);
}

void strbuf_done(struct strbuf *b)
{
    free(b->text);
    *b = (struct strbuf){0};
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    b->over = false;
    if (b->text) b->text[0] = '\0';
}

/* Room for n bytes more and the terminator; false when over the limit. */
static bool reserve(struct strbuf *b, size_t n)
{
    if (b->over || n > b->max - b->len) {
        b->over = true;
        return false;
    }
    if (b->len + n + 1 > b->cap) {
        if (!b->cap) b->cap = 64;    /* zeroed: never got an init */
        while (b->len + n + 1 > b->cap) b->cap *= 2;
        b->text = mem_grow(b->text, b->cap, 1);
    }
    return true;
}

void strbuf_addn(struct strbuf *b, const char *bytes, size_t n)
{
    if (!reserve(b, n)) return;
    if (n) memcpy(b->text + b->len, bytes, n);
    b->len += n;
    b->text[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const char *text)
{
    strbuf_addn(b, text, strlen(text));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list args, again;
    int     n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) b->over = true;
    if (n >= 0 && reserve(b, (size_t)n)) {
        vsnprintf(b->text + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

char *strbuf_take(struct strbuf *b)
{
    char  *text = b->text;
    size_t max  = b->max;

    strbuf_init(b, max);
    return text;
}
