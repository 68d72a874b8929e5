/* SPDX-License-Identifier: MIT */
/* hearing_rate.c - how many words were misheard: the distance of V. I.
 * Levenshtein over words, 64 rows of its matrix in one step (G. Myers, JACM
 * 1999, with the carries of H. Hyyrö, 2003). 16,000 words against as many
 * others take some ten milliseconds, whatever they are. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hearing/hearing_internal.h"

#define WORD_BITS 64

/* ---- words as numbers: equal ones have the same -------------------------- */

struct mention {
    const char *word;
    size_t      at;        /* in the first text, then in the second         */
};

static int by_word(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;

    return strcmp(x->word, y->word);
}

/* ids[0..n) of the first, ids[n..n+m) of the second; how many there are. */
static size_t number_words(const struct heard_word *a, size_t n,
                           const struct heard_word *b, size_t m, size_t *ids)
{
    struct mention *all = mem_new(n + m + 1, sizeof *all);
    size_t          id = 0;

    for (size_t i = 0; i < n + m; i++)
        all[i] = (struct mention){i < n ? a[i].normal : b[i - n].normal, i};
    qsort(all, n + m, sizeof *all, by_word);
    for (size_t i = 0; i < n + m; i++) {
        if (i && strcmp(all[i].word, all[i - 1].word) != 0) id++;
        ids[all[i].at] = id;
    }
    free(all);
    return id + 1;
}

/* ---- where a word stands in the first text ------------------------------- */

/* The places of each word in a row; words that are there often have their
 * bits made once, the others when they are asked for: either is little. */
struct places {
    size_t    *first;      /* of each id, in `at`; one more at the end      */
    size_t    *at;
    uint64_t **often;      /* bits of all blocks, or NULL                   */
    uint64_t  *bits;       /* for one that is not often, else all 0         */
    size_t     blocks, n_ids;
};

static void set_bits(const struct places *p, size_t id, uint64_t *bits)
{
    for (size_t k = p->first[id]; k < p->first[id + 1]; k++)
        bits[p->at[k] / WORD_BITS] |= (uint64_t)1 << p->at[k] % WORD_BITS;
}

static void places_of(const size_t *ids, size_t n, size_t n_ids,
                      struct places *p)
{
    size_t *next = mem_new(n_ids + 1, sizeof *next);

    *p = (struct places){.blocks = (n + WORD_BITS - 1) / WORD_BITS,
                         .n_ids = n_ids};
    p->first = mem_new(n_ids + 1, sizeof *p->first);
    p->at    = mem_new(n + 1, sizeof *p->at);
    p->often = mem_new(n_ids, sizeof *p->often);
    p->bits  = mem_new(p->blocks + 1, sizeof *p->bits);
    for (size_t i = 0; i < n; i++) p->first[ids[i] + 1]++;
    for (size_t i = 0; i < n_ids; i++) p->first[i + 1] += p->first[i];
    memcpy(next, p->first, n_ids * sizeof *next);
    for (size_t i = 0; i < n; i++) p->at[next[ids[i]]++] = i;
    for (size_t id = 0; id < n_ids; id++) {
        if (p->first[id + 1] - p->first[id] <= WORD_BITS) continue;
        p->often[id] = mem_new(p->blocks, sizeof **p->often);
        set_bits(p, id, p->often[id]);
    }
    free(next);
}

static void places_done(struct places *p)
{
    for (size_t i = 0; i < p->n_ids; i++) free(p->often[i]);
    free(p->often);
    free(p->first);
    free(p->at);
    free(p->bits);
}

/* ---- the matrix ---------------------------------------------------------- */

/* Where a column grows by one against the row above, and where it shrinks. */
struct block {
    uint64_t up, down;
};

/* One column of one block; carry: how the row above changed (-1, 0, 1), then
 * how the row of the bit `last` did. */
static int advance(struct block *b, uint64_t equal, int carry, unsigned last)
{
    uint64_t x_vertical = equal | b->down, x_level, grows, shrinks;
    int      out;

    if (carry < 0) equal |= 1;
    x_level = (((equal & b->up) + b->up) ^ b->up) | equal;
    grows   = b->down | ~(x_level | b->up);
    shrinks = b->up & x_level;
    out = (int)(grows >> last & 1) - (int)(shrinks >> last & 1);
    grows <<= 1;
    shrinks <<= 1;
    if (carry < 0) shrinks |= 1;
    if (carry > 0) grows |= 1;
    b->up   = shrinks | ~(x_vertical | grows);
    b->down = grows & x_vertical;
    return out;
}

static long distance(const size_t *ids, size_t n, size_t m, size_t n_ids)
{
    struct places p;
    struct block *blocks;
    long          apart = (long)n;

    places_of(ids, n, n_ids, &p);
    blocks = mem_new(p.blocks, sizeof *blocks);
    for (size_t k = 0; k < p.blocks; k++) blocks[k].up = ~(uint64_t)0;
    for (size_t j = n; j < n + m; j++) {
        const uint64_t *bits = p.often[ids[j]];
        int             carry = 1;

        if (!bits) set_bits(&p, ids[j], p.bits);
        for (size_t k = 0; k < p.blocks; k++) {
            unsigned last = k + 1 < p.blocks ? WORD_BITS - 1
                                             : (unsigned)((n - 1) % WORD_BITS);

            carry = advance(&blocks[k], (bits ? bits : p.bits)[k], carry,
                            last);
        }
        apart += carry;
        if (bits) continue;
        for (size_t k = p.first[ids[j]]; k < p.first[ids[j] + 1]; k++)
            p.bits[p.at[k] / WORD_BITS] = 0;
    }
    free(blocks);
    places_done(&p);
    return apart;
}

int heard_words_distance(const struct heard_word *a, size_t n,
                         const struct heard_word *b, size_t m)
{
    size_t *ids, n_ids;
    long    apart;

    /* Equal ends change nothing, and are most of what is compared. */
    while (n && m && !strcmp(a[0].normal, b[0].normal)) a++, b++, n--, m--;
    while (n && m && !strcmp(a[n - 1].normal, b[m - 1].normal)) n--, m--;
    if (!n || !m) return (int)(n + m);
    ids = mem_new(n + m, sizeof *ids);
    n_ids = number_words(a, n, b, m, ids);
    apart = distance(ids, n, m, n_ids);
    free(ids);
    return (int)apart;
}

struct hearing_rate hearing_rate(const char *said, const char *heard,
                                 const char *language)
{
    struct err                   ignored = {0};
    const struct hearing_tables *t = hearing_tables(language, &ignored);
    struct heard_words           a, b;
    struct hearing_rate          rate;

    heard_words_of(t, said, &a);
    heard_words_of(t, heard, &b);
    rate.words  = (int)a.n;
    rate.errors = heard_words_distance(a.items, a.n, b.items, b.n);
    heard_words_done(&a);
    heard_words_done(&b);
    return rate;
}
