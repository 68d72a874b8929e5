/* SPDX-License-Identifier: MIT */
/* prompt_cut.c - see prompt_cut.h. */
#include "engine/prompt_cut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Short prompts are mostly template: too many tokens for their bytes. */
#define LEARN_BYTES 1000
/* No more is believed of a text however dense the others were: denser ones
 * are missed rather than thinner ones accused. */
#define DENSITY_MAX (1.0 / 3.0)
/* Before anything is learned: English has 4.5 bytes a token, JSON 3. The
 * second is for counts that do not look like a cut in themselves. */
#define DENSITY_LOOKS (1.0 / 4.0)
#define DENSITY_FLOOR (1.0 / 8.0)
/* The half cut leaves K + (context - K) / 2 tokens, K what num_keep and the
 * beginning-of-text token come to: 4 by default, 24 in some Modelfiles. */
#define KEPT_MAX 16

void prompt_cut_done(struct prompt_cut *w)
{
    free(w->last);
    *w = (struct prompt_cut){0};
}

static bool looks_halved(const struct prompt_seen *p)
{
    double half = p->context / 2.0;

    return p->tokens >= floor(half) && p->tokens <= half + KEPT_MAX;
}

/* The same count of another text: equal counts of texts that differ by this
 * many bytes are no chance. */
#define OTHER_BYTES 64.0

static bool halved_again(const struct prompt_cut *w,
                         const struct prompt_seen *p)
{
    return w->half_tokens > 0 && p->tokens == w->half_tokens &&
           fabs((double)p->bytes - w->half_bytes) > OTHER_BYTES;
}

/* Is it the last conversation, and more? */
static bool goes_on(const struct prompt_cut *w, const struct prompt_seen *p)
{
    size_t n = w->last ? strlen(w->last) : 0;    /* "[{...},{...}]" */

    return p->messages && n > 2 && strlen(p->messages) > n &&
           strncmp(p->messages, w->last, n - 1) == 0 &&
           p->messages[n - 1] == ',';
}

/* A conversation that goes on needs more tokens. Of what was told since, at
 * least 0.4 of the low estimate must be seen, where it may have been too much
 * for the context: two bytes a token.
 * Versions before 0.4 leave what was cached out of the count, and then it is
 * low without a cut: but not from half a context to more than half of it. */
static bool did_not_grow(const struct prompt_cut *w,
                         const struct prompt_seen *p)
{
    double told    = (double)p->told - w->last_told;
    double density = w->density > 0 ? w->density : DENSITY_FLOOR;

    return goes_on(w, p) && p->tokens > 0.5 * p->context &&
           w->last_tokens + told / 2 >= p->context &&
           p->tokens < 0.98 * w->last_tokens + 0.4 * told * density;
}

static bool was_cut(const struct prompt_cut *w, const struct prompt_seen *p)
{
    double bytes = (double)p->bytes, context = p->context;
    double looks = bytes * (w->density > 0 ? w->density : DENSITY_LOOKS);
    double floor_tokens = bytes * (w->density > 0 ? w->density
                                                  : DENSITY_FLOOR);

    if (p->tokens >= context) return true;
    /* Generated beyond the context: the front made room for it. The token
     * that ends an answer may be counted without having a place. */
    if (p->tokens + p->answer > context + 2) return true;
    if (bytes < context) return false;
    if (did_not_grow(w, p)) return true;
    /* A cut that halves leaves at most half of what was sent. */
    if (looks_halved(p))
        return p->tokens < 0.54 * looks || halved_again(w, p);
    return floor_tokens >= context && p->tokens < 0.5 * floor_tokens;
}

bool prompt_cut_seen(struct prompt_cut *w, const struct prompt_seen *p)
{
    double density = p->tokens / (double)(p->bytes ? p->bytes : 1);

    if (!(p->tokens > 0) || p->context <= 0) return false;
    if (was_cut(w, p)) return true;
    /* Two bytes a token: so short a prompt fits whatever its text. */
    if (p->bytes >= LEARN_BYTES && (double)p->bytes < 2.0 * p->context) {
        if (density > DENSITY_MAX) density = DENSITY_MAX;
        if (!(w->density > 0) || density < w->density) w->density = density;
    }
    if (looks_halved(p)) {
        w->half_tokens = p->tokens;
        w->half_bytes = (double)p->bytes;
    }
    free(w->last);
    w->last = mem_copy(p->messages);
    w->last_tokens = p->tokens;
    w->last_told = (double)p->told;
    return false;
}
