/* SPDX-License-Identifier: MIT */
/* observe_fixture.h - turns whose every arrival is scripted: milliseconds
 * after the request was sent. */
#ifndef OBSERVE_FIXTURE_H
#define OBSERVE_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "observe.h"

#define SENT_NS INT64_C(5000000000)
#define NEVER (-1.0)            /* of a table: the quantity is missing */

struct arrival {
    int             ms;
    enum chunk_kind kind;
    const char     *text;
    int             tokens;
};

#define SAYS(ms, text) {ms, CHUNK_CONTENT, text, -1}
#define THINKS(ms, text) {ms, CHUNK_REASONING, text, -1}
#define CALLS(ms, text) {ms, CHUNK_CALL, text, -1}

static inline char *joined(char *text, const char *more)
{
    char *longer = mem_printf("%s%s", text, more);

    free(text);
    return longer;
}

static inline void arrive(struct turn *t, const struct arrival *a)
{
    size_t end = strlen(a->text);

    if (a->kind == CHUNK_CONTENT) {
        t->content = joined(t->content, a->text);
        end = strlen(t->content);
    } else if (a->kind == CHUNK_REASONING) {
        t->reasoning = joined(t->reasoning, a->text);
        end = strlen(t->reasoning);
    }
    t->chunks = mem_grow(t->chunks, t->n_chunks + 1, sizeof *t->chunks);
    t->chunks[t->n_chunks++] = (struct chunk){
        SENT_NS + a->ms * INT64_C(1000000), a->kind, end, a->tokens};
}

/* Up to the first arrival without a text. */
static inline void play(struct turn *t, const struct arrival *list, int end_ms)
{
    turn_init(t);
    t->sent_ns = SENT_NS;
    for (; list->text; list++) arrive(t, list);
    t->end_ns = SENT_NS + end_ms * INT64_C(1000000);
}

static inline void check(const char *what, double got, double want)
{
    bool same = want == NEVER ? isnan(got) : fabs(got - want) < 1e-9;

    if (!same) fail_msg("%s: %g, not %g", what, got, want);
}

/* One megabyte in 100,000 arrivals, 1 ms apart, made of one piece. */
static inline void play_megabyte(struct turn *t, const char *piece)
{
    size_t bytes = 1000000, n = strlen(piece);

    turn_init(t);
    t->sent_ns = SENT_NS;
    free(t->content);
    t->content = mem_new(bytes + 1, 1);
    for (size_t i = 0; i < bytes; i++) t->content[i] = piece[i % n];
    t->n_chunks = 100000;
    t->chunks = mem_new(t->n_chunks, sizeof *t->chunks);
    for (size_t i = 0; i < t->n_chunks; i++)
        t->chunks[i] = (struct chunk){SENT_NS + (int64_t)i * 1000000,
                                      CHUNK_CONTENT, (i + 1) * 10, -1};
    t->end_ns = SENT_NS + INT64_C(100000000000);
}

#endif
