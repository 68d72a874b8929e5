/* SPDX-License-Identifier: MIT */
/* fuzz_sse.c - however a stream is split, the same events come out of it,
 * and no stream makes the parser hold more than its limit allows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sse.h"
#include "base/strbuf.h"

#define MAX_EVENT_BYTES 64   /* small, so that the fuzzer reaches it */
#define ENOUGH          (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static int note(void *ctx, const char *event, const char *data, size_t len)
{
    struct strbuf *seen = ctx;

    if (len > MAX_EVENT_BYTES || data[len] != '\0') abort();
    strbuf_addf(seen, "[%s|%zu|", event, len);
    strbuf_addn(seen, data, len);
    strbuf_addn(seen, "]", 1);
    return 0;
}

/* Pieces are as long as the bytes of `splits` say, in turn. */
static int feed(struct strbuf *seen, const char *text, size_t len,
                const uint8_t splits[4])
{
    struct sse sse;
    int        rc = 0;

    sse_init(&sse, MAX_EVENT_BYTES);
    for (size_t i = 0, at = 0; at < len && !rc; i++) {
        size_t n = splits ? (size_t)splits[i % 4] + 1 : len;
        if (n > len - at) n = len - at;
        rc = sse_feed(&sse, text + at, n, note, seen, NULL);
        at += n;
        if (sse.line.cap > 4 * MAX_EVENT_BYTES ||
            sse.data.cap > 4 * MAX_EVENT_BYTES ||
            sse.event.cap > 4 * MAX_EVENT_BYTES)
            abort();
    }
    strbuf_addf(seen, "rc %d, comments %zu", rc, sse.comments);
    sse_done(&sse);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct strbuf whole, split;
    const char   *text = (const char *)input + 4;

    if (size < 4) return 0;
    strbuf_init(&whole, ENOUGH);
    strbuf_init(&split, ENOUGH);
    if (feed(&whole, text, size - 4, NULL) !=
        feed(&split, text, size - 4, input))
        abort();
    if (whole.len != split.len || whole.over ||
        memcmp(whole.text, split.text, whole.len) != 0)
        abort();
    strbuf_done(&whole);
    strbuf_done(&split);
    return 0;
}
