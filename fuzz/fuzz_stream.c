/* SPDX-License-Identifier: MIT */
/* fuzz_stream.c - however the bytes of an answer are split, the same turn
 * comes out of them, its texts are valid UTF-8 and its chunks add up. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* Pieces are as long as the bytes of `splits` say, in turn. */
static int play(struct turn *t, struct err *err, enum stream_form form,
                const char *text, size_t len, const uint8_t splits[4])
{
    struct stream s;
    struct err    late = {0};
    int           fed  = 0, rc;

    turn_init(t);
    stream_init(&s, form, t);
    for (size_t i = 0, at = 0; at < len && !fed; i++) {
        size_t n = splits ? (size_t)splits[i % 4] + 1 : len;
        if (n > len - at) n = len - at;
        fed = stream_feed(&s, text + at, n, (int64_t)i, err);
        at += n;
    }
    rc = stream_finish(&s, (int64_t)len, &late);
    stream_done(&s);
    if ((fed < 0) != (err->kind != ERR_NONE)) abort();
    if ((rc < 0) != (late.kind != ERR_NONE)) abort();
    if (fed >= 0) *err = late;
    return fed < 0 ? -1 : rc;
}

static void check(const struct turn *t)
{
    size_t at[3] = {0};

    if (!utf8_valid(t->content, strlen(t->content)) ||
        !utf8_valid(t->reasoning, strlen(t->reasoning)))
        abort();
    for (size_t i = 0; i < t->n_chunks; i++) {
        if (t->chunks[i].end_bytes < at[t->chunks[i].kind]) abort();
        at[t->chunks[i].kind] = t->chunks[i].end_bytes;
    }
    if (at[CHUNK_CONTENT] != strlen(t->content) ||
        at[CHUNK_REASONING] != strlen(t->reasoning))
        abort();
    for (size_t i = 0; i < t->n_calls; i++)
        if (!utf8_valid(t->calls[i].arguments,
                        strlen(t->calls[i].arguments)))
            abort();
}

static void compare(const struct turn *a, const struct turn *b)
{
    if (strcmp(a->content, b->content) || strcmp(a->reasoning, b->reasoning) ||
        a->finish != b->finish || a->n_chunks != b->n_chunks ||
        a->n_calls != b->n_calls ||
        memcmp(&a->server, &b->server, sizeof a->server))
        abort();
    for (size_t i = 0; i < a->n_calls; i++)
        if (strcmp(a->calls[i].id, b->calls[i].id) ||
            strcmp(a->calls[i].name, b->calls[i].name) ||
            strcmp(a->calls[i].arguments, b->calls[i].arguments))
            abort();
    for (size_t i = 0; i < a->n_chunks; i++)
        if (a->chunks[i].kind != b->chunks[i].kind ||
            a->chunks[i].end_bytes != b->chunks[i].end_bytes ||
            a->chunks[i].tokens != b->chunks[i].tokens)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const char *text = (const char *)input + 4;
    struct turn whole, split;
    struct err  err[2] = {{0}};
    enum stream_form form;

    if (size < 4) return 0;
    form = input[0] & 1 ? STREAM_LINES : STREAM_EVENTS;
    if (play(&whole, &err[0], form, text, size - 4, NULL) !=
            play(&split, &err[1], form, text, size - 4, input) ||
        strcmp(err[0].text, err[1].text))
        abort();
    check(&whole);
    compare(&whole, &split);
    turn_done(&whole);
    turn_done(&split);
    return 0;
}
