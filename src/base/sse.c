/* SPDX-License-Identifier: MIT */
/* sse.c - see sse.h. Lines are gathered whole before they are looked at, so
 * where the bytes were split cannot matter. */
#include "base/sse.h"

#include <string.h>

#define BOM        "\xEF\xBB\xBF"
#define LONGEST_FIELD "data: "

void sse_init(struct sse *s, size_t max_event_bytes)
{
    *s = (struct sse){0};
    strbuf_init(&s->line, max_event_bytes + strlen(BOM LONGEST_FIELD));
    strbuf_init(&s->data, max_event_bytes);
    strbuf_init(&s->event, max_event_bytes);
}

void sse_done(struct sse *s)
{
    strbuf_done(&s->line);
    strbuf_done(&s->data);
    strbuf_done(&s->event);
    *s = (struct sse){0};
}

static bool is(const char *name, size_t len, const char *want)
{
    return len == strlen(want) && memcmp(name, want, len) == 0;
}

static void read_field(struct sse *s, const char *line, size_t len)
{
    const char *colon    = memchr(line, ':', len);
    size_t      name_len = colon ? (size_t)(colon - line) : len;
    const char *value    = colon ? colon + 1 : line + len;
    size_t      value_len = (size_t)(line + len - value);

    if (value_len && *value == ' ') {
        value++;
        value_len--;
    }
    if (is(line, name_len, "data")) {
        if (s->has_data) strbuf_addn(&s->data, "\n", 1);
        strbuf_addn(&s->data, value, value_len);
        s->has_data = true;
    } else if (is(line, name_len, "event")) {
        strbuf_clear(&s->event);
        strbuf_addn(&s->event, value, value_len);
    }
}

/* s->line is complete; an empty one hands the event on. */
static int take_line(struct sse *s, sse_event_fn on_event, void *ctx)
{
    const char *line = s->line.text;
    size_t      len  = s->line.len;
    int         rc   = 0;

    if (!s->started && len >= strlen(BOM) &&
        memcmp(line, BOM, strlen(BOM)) == 0) {
        line += strlen(BOM);
        len -= strlen(BOM);
    }
    s->started = true;
    if (len && *line == ':') {
        s->comments++;
    } else if (len) {
        read_field(s, line, len);
    } else {
        if (s->has_data)
            rc = on_event(ctx, s->event.text, s->data.text, s->data.len);
        strbuf_clear(&s->data);
        strbuf_clear(&s->event);
        s->has_data = false;
    }
    strbuf_clear(&s->line);
    return rc;
}

static bool too_long(const struct sse *s)
{
    return s->line.over || s->data.over || s->event.over;
}

int sse_feed(struct sse *s, const char *bytes, size_t n,
             sse_event_fn on_event, void *ctx, struct err *err)
{
    const char *end = bytes + n;

    while (bytes < end && !too_long(s)) {
        const char *stop = bytes;
        int         rc;

        if (s->after_cr && *bytes == '\n') {
            s->after_cr = false;
            bytes++;
            continue;
        }
        s->after_cr = false;
        while (stop < end && *stop != '\r' && *stop != '\n') stop++;
        strbuf_addn(&s->line, bytes, (size_t)(stop - bytes));
        if (stop == end || s->line.over) break;
        s->after_cr = *stop == '\r';
        bytes = stop + 1;
        rc = take_line(s, on_event, ctx);
        if (rc) return rc;
    }
    if (too_long(s))
        return err_set(err, ERR_FAILED, "the server's event stream holds an "
                       "event longer than %zu bytes; is this the address of "
                       "a chat API?", s->data.max);
    return 0;
}
