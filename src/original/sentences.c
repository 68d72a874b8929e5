/* SPDX-License-Identifier: MIT */
/* sentences.c - see sentences.h. */
#include "original/sentences.h"

#include "original/punkt.h"
#include "original/punkt_table.h"
#include "original/treebank.h"

int sentences_ready(struct err *err)
{
    return punkt_table_ready(err);
}

static void count(void *ctx, struct view sentence)
{
    size_t *n = ctx;

    (void)sentence;
    ++*n;
}

size_t sentences_count(struct view text)
{
    size_t n = 0;

    punkt_each(text, count, &n);
    return n;
}

struct words {
    struct treebank treebank;
    void          (*each)(void *ctx, struct view token);
    void           *ctx;
};

static void cut_words(void *ctx, struct view sentence)
{
    struct words *w = ctx;

    treebank_each(&w->treebank, sentence, w->each, w->ctx);
}

void words_each(struct view text, void (*each)(void *ctx, struct view token),
                void *ctx)
{
    struct words words = {.each = each, .ctx = ctx};

    punkt_each(text, cut_words, &words);
    treebank_done(&words.treebank);
}
