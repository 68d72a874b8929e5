/* SPDX-License-Identifier: MIT */
/* sse.h - server-sent events from bytes split anywhere. Pure.
 *
 * CR, LF and CRLF end lines, also across a split; comments and unknown
 * fields are skipped; several data lines are joined by LF; a byte order mark
 * at the start is skipped. The bytes of an event are handed on as they came:
 * UTF-8 cut by a split is whole again here, NUL bytes and invalid UTF-8 pass
 * through for the JSON parser to judge.
 * Source: the WHATWG HTML standard, "server-sent events", parsing.
 */
#ifndef BASE_SSE_H
#define BASE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strbuf.h"

/* data is terminated; event is "" unless the server named one. Non-zero
 * ends the feed, which returns it. */
typedef int (*sse_event_fn)(void *ctx, const char *event, const char *data,
                            size_t len);

struct sse {
    struct strbuf line, data, event;
    bool          after_cr, started, has_data;
    size_t        comments;     /* lines that were only comments */
};

void sse_init(struct sse *s, size_t max_event_bytes);
void sse_done(struct sse *s);

/* 0, what the callback returned, or -1 with ERR_FAILED when one event is
 * longer than max_event_bytes. */
MUST_USE int sse_feed(struct sse *s, const char *bytes, size_t n,
                      sse_event_fn on_event, void *ctx, struct err *err);

#endif
