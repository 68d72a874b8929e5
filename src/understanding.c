/* SPDX-License-Identifier: MIT */
/* understanding.c - see understanding.h. */
#include "understanding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "schedule.h"
#include "stats.h"
#include "works.h"

const char *const manner_name[MANNER_COUNT] = {
#define X(name, label) #name,
    MANNERS(X)
#undef X
};

const char *const manner_label[MANNER_COUNT] = {
#define X(name, label) label,
    MANNERS(X)
#undef X
};

/* One judged trial. */
struct asking {
    char  *suite, *id;
    struct trial_variant variant;      /* its `rest` is not kept           */
    bool   passed;
    bool   is_template;                /* it was never shown the tools      */
    double notes[JUDGE_NOTE_COUNT];
    double heard_words, heard_wrong;
};

struct understanding_tally {
    struct asking *askings;
    size_t         n, room;
};

struct understanding_tally *understanding_new(void)
{
    return mem_new(1, sizeof(struct understanding_tally));
}

void understanding_free(struct understanding_tally *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->n; i++) {
        free(t->askings[i].suite);
        free(t->askings[i].id);
    }
    free(t->askings);
    free(t);
}

/* What was lost to the harness says nothing about the model. */
static bool is_judged(const struct trial *trial, const struct trial_variant *v)
{
    return v->is_case && !v->is_cold && trial->suite && trial->case_id &&
           trial->status != TRIAL_HARNESS_FAULT &&
           trial->outcome != OUTCOME_HARNESS &&
           trial->outcome != OUTCOME_NONE;
}

/* A store may hold any number; a case has no more turns or words than this. */
static double count_of(double value)
{
    return value >= 0 && value <= 1e6 ? value : 0;
}

void understanding_add(struct understanding_tally *t, const struct trial *trial)
{
    struct asking a = {.variant = schedule_variant(trial->key)};

    if (!is_judged(trial, &a.variant)) return;
    a.variant.rest = NULL;
    a.suite  = mem_copy(trial->suite);
    a.id     = mem_copy(trial->case_id);
    a.passed = trial->outcome == OUTCOME_PASS;
    a.is_template = trial->outcome == OUTCOME_TEMPLATE;
    for (size_t i = 0; i < trial->n_observations; i++) {
        const struct observation *o = &trial->observations[i];
        enum judge_note           note = judge_note_find(o->metric);

        if (note < JUDGE_NOTE_COUNT) a.notes[note] = count_of(o->value);
        else if (strcmp(o->metric, WORKS_HEARD_WORDS) == 0)
            a.heard_words = count_of(o->value);
        else if (strcmp(o->metric, WORKS_HEARD_WRONG) == 0)
            a.heard_wrong = count_of(o->value);
    }
    if (t->n == t->room) {
        t->room    = t->room ? 2 * t->room : 64;
        t->askings = mem_grow(t->askings, t->room, sizeof *t->askings);
    }
    t->askings[t->n++] = a;
}

/* ---- one order: case by case, the plain asking that counts first -------- */

static int by_case(const void *left, const void *right)
{
    const struct asking *const *a = left, *const *b = right;
    int sign = strcmp((*a)->suite, (*b)->suite);

    if (!sign) sign = strcmp((*a)->id, (*b)->id);
    if (!sign) sign = (*b)->variant.by_prompt - (*a)->variant.by_prompt;
    if (!sign) sign = (*b)->variant.is_plain - (*a)->variant.is_plain;
    return sign ? sign : (*a)->variant.noise_percent -
                         (*b)->variant.noise_percent;
}

/* The askings of one case; where there are some by prompt, those alone. */
struct one_case {
    const struct asking *const *askings;
    size_t                      n;
};

static bool same_case(const struct asking *a, const struct asking *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->suite, b->suite) == 0;
}

/* How it was asked plainly, or NULL. */
static const struct asking *plain_of(const struct one_case *c)
{
    return c->askings[0]->variant.is_plain ? c->askings[0] : NULL;
}

/* ---- shares ------------------------------------------------------------- */

static void finish_share(struct share *s)
{
    struct interval i;

    s->rate = s->low = s->high = NAN;
    if (s->of == 0) return;
    i = stats_wilson((size_t)s->n, (size_t)s->of, 0.95);
    s->rate = (double)s->n / (double)s->of;
    s->low  = i.low;
    s->high = i.high;
}

/* ---- conversations ------------------------------------------------------ */

struct turn_sums {
    double passed, judged;
    double pp, pj, jj;      /* sums of squares and products               */
    int    n;
};

static void add_conversation(struct turn_sums *s, const struct asking *a)
{
    double passed = a->notes[JUDGE_turns_passed];
    double judged = a->notes[JUDGE_turns_judged];

    if (!(judged > 1)) return;
    s->passed += passed;
    s->judged += judged;
    s->pp += passed * passed;
    s->pj += passed * judged;
    s->jj += judged * judged;
    s->n++;
}

/* A ratio of sums over conversations: its variance by how far each is from
 * the ratio of all (linearisation). */
static void finish_conversations(const struct turn_sums *s,
                                 struct understanding *out)
{
    struct share *t = &out->turns;
    double        spread, half;

    out->conversations = s->n;
    t->rate = t->low = t->high = NAN;
    if (s->n == 0) return;
    t->n    = (long)s->passed;
    t->of   = (long)s->judged;
    t->rate = s->passed / s->judged;
    if (s->n < 2) return;
    spread  = s->pp - 2 * t->rate * s->pj + t->rate * t->rate * s->jj;
    half    = 1.96 * sqrt(fmax(spread, 0) * s->n / (s->n - 1.0)) / s->judged;
    t->low  = fmax(0, t->rate - half);
    t->high = fmin(1, t->rate + half);
}

/* ---- noise -------------------------------------------------------------- */

struct noise_sums {
    int    target_percent;
    double words, wrong;
    struct share passed, unharmed;
};

static void add_noise(struct noise_sums *sums, size_t *n,
                      const struct asking *noisy, const struct asking *plain)
{
    size_t i = 0;

    while (i < *n &&
           sums[i].target_percent != noisy->variant.noise_percent) i++;
    if (i == NOISE_LEVELS) return;
    if (i == *n)
        sums[(*n)++] = (struct noise_sums){
            .target_percent = noisy->variant.noise_percent};
    sums[i].words += noisy->heard_words;
    sums[i].wrong += noisy->heard_wrong;
    sums[i].passed.of++;
    sums[i].passed.n += noisy->passed;
    if (!plain) return;
    sums[i].unharmed.of++;
    sums[i].unharmed.n += plain->passed;
}

static int by_target(const void *left, const void *right)
{
    const struct noise_level *a = left, *b = right;

    return a->target_percent - b->target_percent;
}

static void finish_noise(const struct noise_sums *sums, size_t n,
                         struct understanding *out)
{
    for (size_t i = 0; i < n; i++) {
        struct noise_level *l = &out->noise[i];

        *l = (struct noise_level){
            .target_percent = sums[i].target_percent,
            .reached_percent = sums[i].words > 0
                ? 100 * sums[i].wrong / sums[i].words : NAN,
            .passed = sums[i].passed, .unharmed = sums[i].unharmed};
        finish_share(&l->passed);
        finish_share(&l->unharmed);
    }
    out->n_noise = n;
    if (n) qsort(out->noise, n, sizeof *out->noise, by_target);
}

/* ---- consistency -------------------------------------------------------- */

struct repeat_sums {
    double sum[CONSISTENCY_MOST];
    long   n[CONSISTENCY_MOST];
};

/* C(c,k)/C(n,k): the unbiased estimate of p^k from c passes in n askings. */
static void add_repeats(struct repeat_sums *r, const struct one_case *c)
{
    int n = 0, passed = 0;
    double chance = 1;

    for (size_t i = 0; i < c->n; i++) {
        const struct asking *a = c->askings[i];

        if (a->variant.noise_percent) continue;
        n++;
        passed += a->passed;
    }
    for (int k = 1; n > 1 && k <= n && k <= CONSISTENCY_MOST; k++) {
        chance *= fmax(0, (double)(passed - k + 1) / (n - k + 1));
        r->sum[k - 1] += chance;
        r->n[k - 1]++;
    }
}

static void finish_repeats(const struct repeat_sums *r,
                           struct understanding *out)
{
    out->repeated = r->n[0];
    for (int k = 0; k < CONSISTENCY_MOST; k++) {
        out->pass_hat[k] = r->n[k] ? r->sum[k] / (double)r->n[k] : NAN;
        if (r->n[k]) out->most_repeats = k + 1;
    }
}

/* ---- paraphrases -------------------------------------------------------- */

struct group {
    const char *name;
    int         members, asked, passed;
};

static void add_to_group(struct group **groups, size_t *n, const char *name,
                         int members, bool passed)
{
    size_t i = 0;

    while (i < *n && strcmp((*groups)[i].name, name) != 0) i++;
    if (i == *n) {
        *groups = mem_grow(*groups, *n + 1, sizeof **groups);
        (*groups)[(*n)++] = (struct group){.name = name, .members = members};
    }
    (*groups)[i].asked++;
    (*groups)[i].passed += passed;
}

static void finish_groups(const struct group *groups, size_t n,
                          struct understanding *out)
{
    for (size_t i = 0; i < n; i++) {
        if (groups[i].asked < 2 || groups[i].asked < groups[i].members)
            continue;
        out->groups.of++;
        out->groups.n += groups[i].passed == groups[i].asked;
    }
    finish_share(&out->groups);
}

/* ---- all of it ---------------------------------------------------------- */

static void add_manners(struct understanding *u, const struct asking *a)
{
#define X(name, label)                                                        \
    u->manners[MANNER_##name].n += (long)a->notes[JUDGE_##name];              \
    u->manners[MANNER_##name].of += (long)a->notes[JUDGE_##name##_of];
    MANNERS(X)
#undef X
}

static void add_original(struct understanding *u, const struct asking *a)
{
    struct weights_suite *s = weights_of(&u->originals, a->suite);

    if (!s) return;
    s->asked++;
    s->passed       += a->passed;
    if (!a->is_template) {      /* then not calling proves nothing */
        s->parsed       += (long)a->notes[JUDGE_original_parsed];
        s->saner        += (long)a->notes[JUDGE_bfcl_saner];
        s->saner_parsed += (long)a->notes[JUDGE_bfcl_saner_parsed];
    }
    s->of           += (long)a->notes[JUDGE_ifeval_of];
    s->strict       += (long)a->notes[JUDGE_ifeval_strict];
    s->loose        += (long)a->notes[JUDGE_ifeval_loose];
    s->prompt_loose += (long)a->notes[JUDGE_ifeval_prompt_loose];
}

void understanding_summarise(
    const struct understanding_tally *t,
    const char *(*group_of)(void *ctx, const char *suite, const char *id,
                            int *members),
    void *ctx, struct understanding *out)
{
    const struct asking **order = mem_new(t->n, sizeof *order);
    struct turn_sums      turns = {0};
    struct noise_sums     noise[NOISE_LEVELS] = {{0}};
    struct repeat_sums    repeats = {{0}, {0}};
    struct group         *groups = NULL;
    size_t                n_noise = 0, n_groups = 0;

    *out = (struct understanding){0};
    for (size_t i = 0; i < t->n; i++) order[i] = &t->askings[i];
    if (t->n) qsort(order, t->n, sizeof *order, by_case);
    for (size_t i = 0, n; i < t->n; i += n) {
        struct one_case      c = {&order[i], 0};
        const struct asking *plain;
        const char          *name;
        int                  members = 0;

        for (n = 0; i + n < t->n && same_case(order[i], order[i + n]); n++)
            c.n += order[i + n]->variant.by_prompt ==
                   order[i]->variant.by_prompt;
        plain = plain_of(&c);
        for (size_t k = 0; k < c.n; k++)
            if (c.askings[k]->variant.noise_percent)
                add_noise(noise, &n_noise, c.askings[k], plain);
        add_repeats(&repeats, &c);
        if (!plain) continue;
        add_conversation(&turns, plain);
        add_manners(out, plain);
        add_original(out, plain);
        name = group_of(ctx, plain->suite, plain->id, &members);
        if (name)
            add_to_group(&groups, &n_groups, name, members, plain->passed);
    }
    finish_conversations(&turns, out);
    for (int i = 0; i < MANNER_COUNT; i++) finish_share(&out->manners[i]);
    finish_noise(noise, n_noise, out);
    finish_repeats(&repeats, out);
    finish_groups(groups, n_groups, out);
    free(groups);
    free(order);
}
