/* SPDX-License-Identifier: MIT */
/* series.c - see series.h. */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cliff.h"
#include "stats.h"

#define ENTITIES_MAX 1e9

static const char *const skipped[] = {
    [SKIP_NO] = "", [SKIP_CONTEXT] = "longer than the context",
    [SKIP_TIME] = "would have taken too long",
    [SKIP_CUT] = "the server cut it silently",
    [SKIP_SAME] = "the prompt does not depend on the entities",
    [SKIP_CACHED] = "the server took part of it from its cache"};
#define N_SKIPPED (sizeof skipped / sizeof *skipped)

/* ---- gathering ---------------------------------------------------------- */

/* Stored values are not trusted. */
static bool is_count(double value, double least, double most)
{
    return value >= least && value <= most && value == floor(value);
}

static struct turn_facts *new_turn(struct series *s, double number)
{
    s->turns = mem_grow(s->turns, s->n_turns + 1, sizeof *s->turns);
    s->turns[s->n_turns] = (struct turn_facts){
        .turn = (int)number, .first_sentence_s = NAN, .prompt_tokens = NAN,
        .cached_tokens = NAN, .unchanged_tokens = NAN, .reread_tokens = NAN};
    return &s->turns[s->n_turns++];
}

static struct cliff_point *new_point(struct series *s, double entities)
{
    s->points = mem_grow(s->points, s->n_points + 1, sizeof *s->points);
    s->points[s->n_points] = (struct cliff_point){
        .entities = entities, .prompt_tokens = NAN, .ttft_s = NAN};
    return &s->points[s->n_points++];
}

static void set_turn(struct turn_facts *turn, const struct observation *o)
{
    const struct { const char *name; double *into; } fields[] = {
        {SERIES_TURN_FIRST, &turn->first_sentence_s},
        {SERIES_TURN_PROMPT, &turn->prompt_tokens},
        {SERIES_TURN_CACHED, &turn->cached_tokens},
        {SERIES_TURN_UNCHANGED, &turn->unchanged_tokens},
        {SERIES_TURN_REREAD, &turn->reread_tokens}};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(o->metric, fields[i].name) == 0)
            *fields[i].into = o->value;
}

static void set_point(struct cliff_point *point, const struct observation *o)
{
    if (strcmp(o->metric, SERIES_CLIFF_TOKENS) == 0)
        point->prompt_tokens = o->value;
    else if (strcmp(o->metric, SERIES_CLIFF_TTFT) == 0)
        point->ttft_s = o->value;
    else if (strcmp(o->metric, SERIES_CLIFF_SKIPPED) == 0 &&
             o->value >= 1 && o->value < (double)N_SKIPPED)
        snprintf(point->reason, sizeof point->reason, "%s",
                 skipped[(size_t)o->value]);
}

void series_add(struct series *s, const struct trial *t)
{
    struct turn_facts  *turn  = NULL;
    struct cliff_point *point = NULL;

    for (size_t i = 0; i < t->n_observations; i++) {
        const struct observation *o = &t->observations[i];

        if (strcmp(o->metric, SERIES_TURN) == 0)
            turn = is_count(o->value, 1, TURNS_MAX) ? new_turn(s, o->value)
                                                    : NULL;
        else if (strcmp(o->metric, SERIES_CLIFF_ENTITIES) == 0)
            point = is_count(o->value, 0, ENTITIES_MAX)
                ? new_point(s, o->value) : NULL;
        if (!(o->value >= 0) || !isfinite(o->value)) continue;
        if (turn) set_turn(turn, o);
        if (point) set_point(point, o);
    }
}

void series_done(struct series *s)
{
    free(s->turns);
    free(s->points);
    *s = (struct series){0};
}

/* ---- turns -------------------------------------------------------------- */

/* The median of one field, NANs left out. values has room for all. */
static double median_turn(const struct series *s, int number, size_t field,
                          double *values)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_turns; i++) {
        const struct turn_facts *f = &s->turns[i];
        const double all[] = {f->first_sentence_s, f->prompt_tokens,
                              f->cached_tokens, f->unchanged_tokens,
                              f->reread_tokens};

        if (f->turn == number && !isnan(all[field])) values[n++] = all[field];
    }
    return stats_median(values, n);
}

static bool has_turn(const struct series *s, int number)
{
    for (size_t i = 0; i < s->n_turns; i++)
        if (s->turns[i].turn == number) return true;
    return false;
}

static void summarise_turns(const struct series *s,
                            struct candidate_facts *out)
{
    double *values = mem_new(s->n_turns, sizeof *values);

    out->n_turns = 0;
    for (int number = 1; number <= TURNS_MAX; number++) {
        if (!has_turn(s, number)) continue;
        out->turns[out->n_turns++] = (struct turn_facts){
            .turn = number,
            .first_sentence_s = median_turn(s, number, 0, values),
            .prompt_tokens = median_turn(s, number, 1, values),
            .cached_tokens = median_turn(s, number, 2, values),
            .unchanged_tokens = median_turn(s, number, 3, values),
            .reread_tokens = median_turn(s, number, 4, values)};
    }
    free(values);
}

/* ---- the cliff ---------------------------------------------------------- */

/* The points with this many entities become one. */
static struct cliff_point merge_points(const struct series *s, double entities,
                                       double *values)
{
    struct cliff_point p = {.entities = entities};
    size_t             n = 0;

    for (size_t i = 0; i < s->n_points; i++) {
        const struct cliff_point *from = &s->points[i];

        if (from->entities != entities) continue;
        if (!isnan(from->ttft_s)) values[n++] = from->ttft_s;
        if (from->reason[0]) p = *from;
    }
    p.ttft_s = stats_median(values, n);
    if (n > 0) p.reason[0] = '\0';
    else if (!p.reason[0])
        snprintf(p.reason, sizeof p.reason, "no answer came to be timed");
    n = 0;
    for (size_t i = 0; i < s->n_points; i++)
        if (s->points[i].entities == entities &&
            !isnan(s->points[i].prompt_tokens))
            values[n++] = s->points[i].prompt_tokens;
    p.prompt_tokens = stats_median(values, n);
    return p;
}

static void gather_points(const struct series *s, struct cliff_facts *out)
{
    double *values = mem_new(s->n_points, sizeof *values);
    double  last   = -1;

    out->n = 0;
    while (out->n < CLIFF_POINTS) {
        double next = INFINITY;

        for (size_t i = 0; i < s->n_points; i++)
            if (s->points[i].entities > last)
                next = fmin(next, s->points[i].entities);
        if (isinf(next)) break;
        out->points[out->n++] = merge_points(s, next, values);
        last = next;
    }
    free(values);
}

static bool depends_not(const struct series *s)
{
    for (size_t i = 0; i < s->n_points; i++)
        if (strcmp(s->points[i].reason, skipped[SKIP_SAME]) == 0)
            return true;
    return false;
}

/* Why there is no knee or no number of entities; the latter comes first. */
static void explain(size_t measured, size_t counted, struct cliff_facts *c)
{
    char *why = c->reason;

    if (measured == 0)
        snprintf(why, sizeof c->reason, "%s", c->n ? c->points[0].reason
                                                   : "not measured");
    else if (isnan(c->max_entities))
        snprintf(why, sizeof c->reason, "even the smallest prompt takes "
                 "longer than %g s, and nothing says how long a smaller one "
                 "would", c->limit_s);
    else if (isnan(c->knee_tokens) && counted == 0)
        snprintf(why, sizeof c->reason, "no knee: the server does not count "
                 "prompt tokens");
    else if (isnan(c->knee_tokens) && counted < 5)
        snprintf(why, sizeof c->reason, "no knee: that takes 5 measured "
                 "sizes, and there are %zu", counted);
    else if (isnan(c->knee_tokens))
        snprintf(why, sizeof c->reason, "no knee: the time grows evenly with "
                 "the prompt");
}

static void summarise_cliff(const struct series *s, double limit_s,
                            struct cliff_facts *out)
{
    double entities[CLIFF_POINTS], ttft_s[CLIFF_POINTS];
    double tokens[CLIFF_POINTS], counted_s[CLIFF_POINTS];
    size_t n = 0, counted = 0;

    *out = (struct cliff_facts){.limit_s = limit_s, .knee_tokens = NAN,
                                .max_entities = NAN};
    if (depends_not(s)) {
        snprintf(out->reason, sizeof out->reason, "%s", skipped[SKIP_SAME]);
        return;
    }
    gather_points(s, out);
    for (size_t i = 0; i < out->n; i++) {
        const struct cliff_point *p = &out->points[i];

        if (isnan(p->ttft_s)) continue;
        entities[n] = p->entities;
        ttft_s[n++] = p->ttft_s;
        if (isnan(p->prompt_tokens)) continue;
        tokens[counted] = p->prompt_tokens;
        counted_s[counted++] = p->ttft_s;
    }
    out->knee_tokens = cliff_knee(tokens, counted_s, counted);
    out->max_entities = cliff_most(entities, ttft_s, n, limit_s,
                                   &out->is_bound);
    explain(n, counted, out);
}

void series_summarise(const struct series *s, double limit_s,
                      struct candidate_facts *out)
{
    summarise_turns(s, out);
    summarise_cliff(s, limit_s, &out->cliff);
}
