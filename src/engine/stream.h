/* SPDX-License-Identifier: MIT */
/* stream.h - the bytes of a streamed answer become a turn. Pure: bytes and
 * their arrival times in, a turn out.
 *
 * Reads OpenAI chat streams (content, reasoning_content, tool_calls deltas,
 * usage), llama-server's /completion streams and its `timings`, Ollama's lines
 * of JSON, and a whole JSON answer from a server that ignores "stream".
 * Everything in them is hostile: an answer is bounded to STREAM_MAX_BYTES,
 * invalid UTF-8 and NUL become U+FFFD, what is not JSON ends the stream with
 * one sentence.
 */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sse.h"
#include "types.h"

#define STREAM_MAX_BYTES (4u << 20)   /* of one event, and of one answer */

struct stream {
    struct sse    sse;
    struct turn  *turn;          /* borrowed; filled as bytes arrive        */
    struct strbuf content, reasoning;
    struct strbuf plain;         /* a reply that is no event stream, or the
                                    line that has not ended yet             */
    size_t        call_bytes;    /* texts of all tool calls so far          */
    int64_t       at_ns;         /* arrival of the bytes being read         */
    bool          is_lines, is_plain, started, is_done, is_endless;
    size_t        events;
};

/* How an answer is cut into events. */
enum stream_form {
    STREAM_EVENTS,               /* server-sent events, as OpenAI's         */
    STREAM_LINES                 /* a JSON object a line, as Ollama's       */
};

void stream_init(struct stream *s, enum stream_form form, struct turn *turn);

/* 0: go on. 1: the answer is complete, nothing more is wanted. -1: err. */
MUST_USE int stream_feed(struct stream *s, const char *bytes, size_t n,
                         int64_t at_ns, struct err *err);

/* The transfer ended: moves the texts into the turn, in any case. Fails with
 * ERR_FAILED when the answer is not whole: cut short, or no answer at all. */
MUST_USE int stream_finish(struct stream *s, int64_t end_ns, struct err *err);

void stream_done(struct stream *s);   /* safe on a zeroed struct */

#endif
