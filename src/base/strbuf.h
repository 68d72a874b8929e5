/* SPDX-License-Identifier: MIT */
/* strbuf.h - growing text with a limit from birth.
 *
 * Going over the limit is sticky: `over` is set, the text stays as it was,
 * and the caller checks once at the end. The text is always terminated and
 * may hold NUL bytes when they were added with strbuf_addn.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char  *text;   /* never NULL after strbuf_init */
    size_t len;    /* bytes, without the terminator */
    size_t cap, max;
    bool   over;   /* something did not fit in max bytes */
};

void strbuf_init(struct strbuf *b, size_t max_bytes);
void strbuf_done(struct strbuf *b);               /* safe on a zeroed struct */
void strbuf_clear(struct strbuf *b);              /* also clears `over` */
void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const char *bytes, size_t n);
void strbuf_addf(struct strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The text becomes the caller's, to free(); the buffer starts anew. */
char *strbuf_take(struct strbuf *b);

#endif
