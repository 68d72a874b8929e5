/* SPDX-License-Identifier: MIT */
/* hearing.c - see hearing.h. Everything that may go wrong is put into one
 * order that no rate has a part in; a rate says how far down that order it
 * goes. So the errors of a low rate are among those of a high one. */
#include "hearing/hearing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "hearing/hearing_internal.h"
#include "suite.h"

#define MILLION 1000000

/* How one recogniser writes; drawn for each text. */
enum numbers_written { NUMBERS_AS_SAID, NUMBERS_IN_DIGITS, NUMBERS_IN_WORDS,
                       NUMBERS_STYLES };

struct style {
    enum numbers_written numbers;
    bool                 no_apostrophe;   /* "emmas blind"                   */
};

#define LEAST_IN_DIGITS 10    /* smaller ones are written in words           */

/* ---- which errors -------------------------------------------------------- */

static int by_ticket(const void *a, const void *b)
{
    const struct hearing_error *x = a, *y = b;

    if (x->ticket != y->ticket) return x->ticket < y->ticket ? -1 : 1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return strcmp(x->heard, y->heard);
}

/* Are these words free, and with them `margin` words on both sides? */
static bool is_free(const bool *taken, size_t n_words,
                    const struct hearing_error *e, size_t margin)
{
    size_t n   = e->n ? e->n : 1;
    size_t end = e->first + n + margin;

    for (size_t i = e->first > margin ? e->first - margin : 0;
         i < end && i < n_words; i++)
        if (taken[i]) return false;
    return true;
}

/* The order in which things go wrong: by ticket, no two at one word; those
 * beside another one come last, since two in a row are hard to guess. `order`
 * has room for all; gives how many. */
static size_t put_in_order(struct hearing_errors *e, size_t n_words,
                           size_t *order)
{
    bool  *taken = mem_new(n_words + 1, sizeof *taken);
    bool  *used  = mem_new(e->n + 1, sizeof *used);
    size_t n = 0;

    if (e->n) qsort(e->items, e->n, sizeof *e->items, by_ticket);
    for (size_t margin = 2; margin-- > 0;)
        for (size_t i = 0; i < e->n; i++) {
            const struct hearing_error *x = &e->items[i];

            if (used[i] || !is_free(taken, n_words, x, margin)) continue;
            used[i] = true;
            order[n++] = i;
            for (size_t k = x->first; k < x->first + (x->n ? x->n : 1); k++)
                taken[k] = true;
        }
    free(taken);
    free(used);
    return n;
}

/* How many of them happen. With u drawn evenly from 0 to 1 for the text, the
 * one that brings the errors from c to c + d happens when the rate wants more
 * than c + u * d: on average just what it wants, in a text of three words
 * too. */
static size_t how_many(const struct hearing_errors *e, const size_t *order,
                       size_t n, size_t n_words, long long parts,
                       uint64_t seed)
{
    long long wanted = (long long)n_words * parts, sum = 0;
    long long u = (long long)(suite_mix(seed, "how many") % MILLION);

    for (size_t i = 0; i < n; i++) {
        int cost = e->items[order[i]].cost;

        if (wanted <= sum * MILLION + u * cost) return i;
        sum += cost;
    }
    return n;
}

/* ---- how it is written --------------------------------------------------- */

static struct style style_of(uint64_t seed)
{
    return (struct style){
        .numbers = (enum numbers_written)(suite_mix(seed, "numbers") %
                                          NUMBERS_STYLES),
        .no_apostrophe = suite_mix(seed, "apostrophe") & 1};
}

static bool is_number(const struct heard_words *w, size_t i)
{
    return i < w->n && w->items[i].is_number;
}

static void write_number(const struct hearing_tables *t,
                         const struct heard_words *w, size_t i,
                         const struct style *how, struct strbuf *out)
{
    const struct heard_word *word = &w->items[i];
    bool  beside = is_number(w, i + 1) || (i && is_number(w, i - 1));
    bool  is_digits = strspn(word->surface, "0123456789.") ==
                      strlen(word->surface);
    char *end;
    long  value = strtol(word->normal, &end, 10);
    const char *name;

    /* Two in a row would run into one in words: twenty, five. */
    if (*end) {
        char *dot;
        size_t at = out->len;

        strbuf_add(out, word->surface);
        if (is_digits && (dot = strchr(out->text + at, '.'))) *dot = t->decimal;
    } else if (beside) {
        strbuf_add(out, is_digits ? word->surface : word->normal);
    } else if (how->numbers == NUMBERS_IN_DIGITS && value >= LEAST_IN_DIGITS) {
        strbuf_add(out, word->normal);
    } else if (how->numbers == NUMBERS_IN_WORDS && value >= 0 &&
               (size_t)value < json_array_size(t->numbers) &&
               (name = json_string_value(
                    json_array_get(t->numbers, (size_t)value)))) {
        strbuf_add(out, name);
    } else {
        strbuf_add(out, word->surface);
    }
}

/* "emma's" loses its apostrophe, "what's" keeps it. */
static void write_word(const struct hearing_tables *t,
                       const struct heard_word *w, const struct style *how,
                       struct strbuf *out)
{
    size_t len = strlen(w->surface);

    if (how->no_apostrophe && len > 2 &&
        !strcmp(w->surface + len - 2, "'s") &&
        !hearing_in(t->whole, w->surface)) {
        strbuf_addn(out, w->surface, len - 2);
        strbuf_add(out, "s");
        return;
    }
    strbuf_add(out, w->surface);
}

static void add_space(struct strbuf *out)
{
    if (out->len) strbuf_add(out, " ");
}

/* at[i]: the error of word i, or NULL. */
static char *write_heard(const struct hearing_tables *t,
                         const struct heard_words *w,
                         const struct hearing_error *const *at,
                         const struct style *how)
{
    struct strbuf out;

    strbuf_init(&out, (size_t)HEARING_MOST_BYTES * 16);
    for (size_t i = 0; i < w->n;) {
        const struct hearing_error *e = at[i];

        if (e && *e->heard) {
            add_space(&out);
            strbuf_add(&out, e->heard);
        }
        if (e && e->n) {
            i += e->n;
            continue;
        }
        if (w->items[i].is_joined && !e && i && !at[i - 1])
            strbuf_add(&out, ":");
        else
            add_space(&out);
        if (w->items[i].is_number)
            write_number(t, w, i, how, &out);
        else
            write_word(t, &w->items[i], how, &out);
        i++;
    }
    return out.text;
}

char *hearing_noise(const char *text, const char *language, double target_wer,
                    uint64_t seed, const struct text_list *names,
                    struct err *err)
{
    const struct hearing_tables *t = hearing_tables(language, err);
    const struct hearing_error **at;
    struct hearing_errors        errors;
    struct heard_words           words;
    struct style                 how;
    size_t                      *order, n;
    char                        *heard;

    if (!t) return NULL;
    if (isnan(target_wer) || target_wer <= 0)
        return utf8_clean(text, strlen(text));
    if (target_wer > 1) target_wer = 1;
    heard_words_of(t, text, &words);
    /* What was said is part of the seed: cases that share one seed do not all
     * lose their first word. */
    for (size_t i = 0; i < words.n; i++)
        seed = suite_mix(seed, words.items[i].normal);
    seed = suite_mix(seed, t->language);
    hearing_errors_of(t, &words, names, seed, &errors);
    order = mem_new(errors.n + 1, sizeof *order);
    n = put_in_order(&errors, words.n, order);
    n = how_many(&errors, order, n, words.n,
                 (long long)(target_wer * MILLION + 0.5), seed);
    at = mem_new(words.n + 1, sizeof *at);
    for (size_t i = 0; i < n; i++)
        at[errors.items[order[i]].first] = &errors.items[order[i]];
    how = style_of(seed);
    heard = write_heard(t, &words, at, &how);
    free(at);
    free(order);
    hearing_errors_done(&errors);
    heard_words_done(&words);
    return heard;
}
