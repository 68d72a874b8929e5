/* SPDX-License-Identifier: MIT */
/* fuzz_sentences.c - sentences lie in the text one behind the other, with
 * nothing but white space between, and the words of all of them hold every
 * character of the text but white space and quotation marks, which are
 * spelt anew. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "original/punkt.h"
#include "original/sentences.h"

#define ENOUGH (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

struct cut {
    const char *end;             /* of the sentence before */
    size_t      n;
};

static void note_sentence(void *ctx, struct view sentence)
{
    struct cut *cut = ctx;

    if (!sentence.len || sentence.at < cut->end) abort();
    if (!py_is_blank((struct view){cut->end, (size_t)(sentence.at - cut->end)}))
        abort();
    cut->end = sentence.at + sentence.len;
    cut->n++;
}

/* Adds what is neither white space nor a quotation mark. */
static void add_bare(struct strbuf *out, struct view v)
{
    for (size_t i = 0, start; i < v.len;) {
        start = i;
        uint32_t c = py_next(v, &i);
        if (!py_is_space(c) && c != '"' && c != '\'' && c != '`')
            strbuf_addn(out, v.at + start, i - start);
    }
}

static void note_word(void *ctx, struct view token)
{
    if (!token.len) abort();
    for (size_t i = 0; i < token.len;)
        if (py_is_space(py_next(token, &i))) abort();
    add_bare(ctx, token);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char nothing[1] = "";
    struct view       text = {size ? (const char *)input : nothing, size};
    struct cut        cut  = {.end = text.at};
    struct strbuf     wanted, words;
    struct err        err  = {0};

    if (sentences_ready(&err)) abort();
    punkt_each(text, note_sentence, &cut);
    if (!py_is_blank((struct view){cut.end,
                                   (size_t)(text.at + size - cut.end)}))
        abort();
    if (sentences_count(text) != cut.n) abort();

    strbuf_init(&wanted, ENOUGH);
    strbuf_init(&words, ENOUGH);
    add_bare(&wanted, text);
    words_each(text, note_word, &words);
    if (wanted.over || words.over || wanted.len != words.len ||
        memcmp(wanted.text, words.text, words.len) != 0)
        abort();
    strbuf_done(&wanted);
    strbuf_done(&words);
    return 0;
}
