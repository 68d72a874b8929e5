/* SPDX-License-Identifier: MIT */
/* suite_pick.c - a stratified sample of several suites: see suite.h. */
#include "suite_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

/* FNV-1a, then the finaliser of SplitMix64. */
uint64_t suite_mix(uint64_t seed, const char *text)
{
    uint64_t h = 14695981039346656037u ^ seed;

    for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    return random_mix(h);
}

struct draw {
    const struct suite       *suite;
    const struct suite_entry *entry;
    uint64_t                  stratum, ticket;
    size_t                    order;   /* of the suite                      */
    size_t                    round;   /* 0 for the first of its stratum    */
    double                    share;   /* place in the whole sample         */
};

static int order(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int by_stratum(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = order(a->order, b->order);

    if (!sign) sign = order(a->stratum, b->stratum);
    if (!sign) sign = order(a->ticket, b->ticket);
    return sign ? sign : order(a->entry->line, b->entry->line);
}

static int by_round(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = order(a->order, b->order);

    if (!sign) sign = order(a->round, b->round);
    return sign ? sign : by_stratum(a, b);
}

static int by_share(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = (a->share > b->share) - (a->share < b->share);

    return sign ? sign : by_round(a, b);
}

static double mean_turns(const struct suite *s)
{
    double sum = 0;

    for (size_t i = 0; i < s->n; i++) sum += s->entries[i].n_turns;
    return s->n ? sum / (double)s->n : 1;
}

static bool is_in(const struct suite *s, const struct suite_entry *e,
                  const struct text_list *homes)
{
    if (!homes || e->home == 0) return true;
    for (size_t i = 0; i < homes->n; i++)
        if (strcmp(homes->items[i], s->homes.items[e->home - 1]) == 0)
            return true;
    return false;
}

/* Every case of every suite, in the order in which a sample takes them. With
 * costs c and equal spread the best allocation goes with N / sqrt(c); the
 * square root of N in its place keeps small suites large enough to be told of
 * (power allocation). */
static struct draw *draw_all(const struct suite *suites, size_t n_suites,
                             const struct text_list *homes, uint64_t seed,
                             size_t *n_draws)
{
    struct draw *draws;
    size_t       n = 0, first = 0;

    for (size_t i = 0; i < n_suites; i++) n += suites[i].n;
    draws = mem_new(n, sizeof *draws);
    n = 0;
    for (size_t i = 0; i < n_suites; i++) {
        uint64_t of_suite = suite_mix(seed, suites[i].name);

        for (size_t k = 0; k < suites[i].n; k++) {
            const struct suite_entry *e = &suites[i].entries[k];

            if (!is_in(&suites[i], e, homes)) continue;
            draws[n++] = (struct draw){
                .suite = &suites[i], .entry = e, .order = i,
                .stratum = suite_mix(
                    of_suite, suites[i].categories.items[e->category]),
                .ticket = suite_mix(of_suite ^ e->id_hash, "")};
        }
    }
    *n_draws = n;
    if (n) qsort(draws, n, sizeof *draws, by_stratum);
    for (size_t i = 1; i < n; i++)
        if (draws[i - 1].order == draws[i].order &&
            draws[i - 1].stratum == draws[i].stratum)
            draws[i].round = draws[i - 1].round + 1;
    if (n) qsort(draws, n, sizeof *draws, by_round);
    for (size_t i = 0; i < n; i++) {
        const struct suite *s = draws[i].suite;

        if (draws[i].order != draws[first].order) first = i;
        draws[i].share = ((double)(i - first) + 0.5) *
                         sqrt(mean_turns(s)) / sqrt((double)s->n);
    }
    if (n) qsort(draws, n, sizeof *draws, by_share);
    return draws;
}

/* How many of them are within both limits. A conversation that is too long
 * ends the sample: what came later would not be drawn with its share. */
static size_t within(const struct draw *draws, size_t n, size_t most,
                     size_t most_turns)
{
    size_t turns = 0, i = 0;

    for (; i < n && i < most; i++) {
        turns += draws[i].entry->n_turns;
        if (most_turns && turns > most_turns && i > 0) break;
    }
    return i;
}

static int order_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

struct picked {
    struct suite_case *test;
    size_t             suite, place;
};

/* As they are asked: what has the same prompt together, so that it stays in
 * the engine's cache; cases without a home last. */
static int by_prompt(const void *left, const void *right)
{
    const struct picked *a = left, *b = right;
    int sign = (a->test->home == NULL) - (b->test->home == NULL);

    if (!sign) sign = order_text(a->test->home, b->test->home);
    if (!sign) sign = strcmp(suite_case_tools(a->test),
                             suite_case_tools(b->test));
    if (!sign) sign = order(a->suite, b->suite);
    return sign ? sign : order(a->place, b->place);
}

int suite_pick(const struct suite *suites, size_t n_suites,
               const struct text_list *homes, size_t most, size_t most_turns,
               uint64_t seed, struct suite_case ***picked, size_t *n_picked,
               struct err *err)
{
    size_t         n, done = 0;
    struct draw   *draws = draw_all(suites, n_suites, homes, seed, &n);
    struct picked *chosen;
    int            rc = 0;

    n = within(draws, n, most, most_turns);
    chosen = mem_new(n, sizeof *chosen);
    for (; done < n && rc == 0; done++) {
        const struct draw *d = &draws[done];

        chosen[done] = (struct picked){mem_new(1, sizeof *chosen->test),
                                       d->order, done};
        rc = suite_get(d->suite, (size_t)(d->entry - d->suite->entries),
                       chosen[done].test, err);
    }
    if (rc == 0 && n) qsort(chosen, n, sizeof *chosen, by_prompt);
    *picked = mem_new(done, sizeof **picked);
    for (size_t i = 0; i < done; i++) (*picked)[i] = chosen[i].test;
    *n_picked = done;
    if (rc) {
        suite_picked_free(*picked, done);
        *picked = NULL;
        *n_picked = 0;
    }
    free(chosen);
    free(draws);
    return rc;
}

void suite_picked_free(struct suite_case **picked, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        suite_case_done(picked[i]);
        free(picked[i]);
    }
    free(picked);
}
