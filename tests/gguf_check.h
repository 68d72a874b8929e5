/* SPDX-License-Identifier: MIT */
/* gguf_check.h - for tests: a header in memory is accepted, or refused in
 * words. Include after cmocka.h. */
#ifndef TESTS_GGUF_CHECK_H
#define TESTS_GGUF_CHECK_H

#include <string.h>

#include "model/gguf.h"
#include "gguf_writer.h"

/* The whole of g as one file. */
static inline int parse_all(const struct gguf_file *g, struct model_facts *out,
                            int *more, struct err *err)
{
    *err = (struct err){0};
    return gguf_parse(g->bytes, g->len, g->len, out, more, err);
}

/* The whole of g is refused in words that hold `words`. Ends g. */
static inline void assert_refused(struct gguf_file *g, const char *words)
{
    struct model_facts facts = {.layers = 77};
    struct err         err;
    int                more = 5;

    assert_int_equal(parse_all(g, &facts, &more, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_int_equal(more, 0);
    assert_int_equal(facts.layers, 77);
    gguf_free(g);
}

/* The facts of g, which must be accepted. Ends g. */
static inline struct model_facts accepted(struct gguf_file *g)
{
    struct model_facts facts;
    struct err         err;
    int                more = 5;

    if (parse_all(g, &facts, &more, &err)) fail_msg("refused: %s", err.text);
    assert_int_equal(more, 0);
    gguf_free(g);
    return facts;
}

#endif
