/* SPDX-License-Identifier: MIT */
/* soak.c - the records of a soak and what they amount to; see soak.h. The test
 * for drift is soak_drift.c. */
#include "soak.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats.h"

#define CONFIDENCE       0.95
#define TENTHS           10
#define FEWEST_OF_LEVEL  3      /* of a question, before its level is known */
#define MOST_DISTINCT    1000   /* answers to one question; all further ones
                                   share a number                           */

enum quantity { TOK_S, LATENCY, MEMORY, TEMP, POWER, QUANTITIES };

static const struct {
    const char *metric;
    bool        by_question;    /* does its level depend on the question? */
} quantities[QUANTITIES] = {
    [TOK_S] = {SOAK_TOK_S, true},
    [LATENCY] = {SOAK_LATENCY, true},
    [MEMORY] = {SOAK_MEMORY, false},
    [TEMP] = {SOAK_TEMP, false},
    [POWER] = {SOAK_POWER, true},
};

struct soak_series {
    double *at_s, *value[QUANTITIES];     /* a row a record                  */
    int    *question;                     /* -1: none of ours                */
    unsigned *outcome;                    /* bits: enum outcome_bit          */
    size_t  n, capacity;
    int     starts;
};

enum outcome_bit { HAS_FAILED = 1, HAS_ANSWER = 2, IS_DIFFERENT = 4 };

static const char *const names[] = {"unknown", "steady", "drifting"};

const char *steadiness_name(enum steadiness s) { return names[s]; }

static bool is_called(const struct observation *o, const char *metric)
{
    return strcmp(o->metric, metric) == 0;
}

/* A number of a question, or -1. */
static int question_of(double value)
{
    return value >= 0 && value < SOAK_QUESTIONS ? (int)value : -1;
}

/* ---- between passes ------------------------------------------------------ */

static void add_answer(struct soak_past *p, int question, double hash)
{
    size_t n;

    if (question < 0 || isnan(hash)) return;
    n = p->n_answers[question];
    for (size_t i = 0; i < n; i++)
        if (p->answers[question][i] >= hash && p->answers[question][i] <= hash)
            return;
    if (n == MOST_DISTINCT) return;
    p->answers[question] = mem_grow(p->answers[question], n + 1,
                                    sizeof *p->answers[question]);
    p->answers[question][n] = hash;
    p->n_answers[question]++;
}

void soak_past_add(struct soak_past *p, const struct trial *t)
{
    int question = -1;

    for (size_t i = 0; i < t->n_observations; i++) {
        const struct observation *o = &t->observations[i];

        if (is_called(o, SOAK_AT)) {
            question = -1;
            if (o->value > p->elapsed_s) p->elapsed_s = o->value;
        } else if (is_called(o, SOAK_QUESTION)) {
            question = question_of(o->value);
        } else if (is_called(o, SOAK_HASH)) {
            add_answer(p, question, o->value);
        }
    }
}

void soak_past_restart(struct soak_past *p) { p->is_running = false; }

void soak_past_done(struct soak_past *p)
{
    for (int i = 0; i < SOAK_QUESTIONS; i++) free(p->answers[i]);
    *p = (struct soak_past){0};
}

/* ---- gathering ----------------------------------------------------------- */

struct soak_series *soak_new(void)
{
    return mem_new(1, sizeof(struct soak_series));
}

static void open_record(struct soak_series *s, double at_s)
{
    if (s->n == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->at_s = mem_grow(s->at_s, s->capacity, sizeof *s->at_s);
        s->question = mem_grow(s->question, s->capacity, sizeof *s->question);
        s->outcome = mem_grow(s->outcome, s->capacity, sizeof *s->outcome);
        for (int q = 0; q < QUANTITIES; q++)
            s->value[q] = mem_grow(s->value[q], s->capacity,
                                   sizeof *s->value[q]);
    }
    s->at_s[s->n] = at_s;
    s->question[s->n] = -1;
    s->outcome[s->n] = 0;
    for (int q = 0; q < QUANTITIES; q++) s->value[q][s->n] = NAN;
    s->n++;
}

static void note(struct soak_series *s, const struct observation *o)
{
    size_t last = s->n - 1;

    for (int q = 0; q < QUANTITIES; q++)
        if (is_called(o, quantities[q].metric)) s->value[q][last] = o->value;
    if (is_called(o, SOAK_QUESTION)) s->question[last] = question_of(o->value);
    if (is_called(o, SOAK_FAILED) && o->value > 0)
        s->outcome[last] |= HAS_FAILED;
    if (is_called(o, SOAK_ANSWER))
        s->outcome[last] |= HAS_ANSWER | (o->value > 0 ? IS_DIFFERENT : 0);
}

void soak_add(struct soak_series *s, const struct trial *t)
{
    size_t before = s->n;

    for (size_t i = 0; i < t->n_observations; i++) {
        const struct observation *o = &t->observations[i];

        if (is_called(o, SOAK_START)) {
            s->starts++;
        } else if (is_called(o, SOAK_AT)) {
            if (s->starts == 0) s->starts = 1;
            open_record(s, o->value);
        } else if (s->n > before) {
            note(s, o);
        }
    }
}

bool soak_is_any(const struct soak_series *s) { return s->n > 0; }

void soak_free(struct soak_series *s)
{
    if (!s) return;
    for (int q = 0; q < QUANTITIES; q++) free(s->value[q]);
    free(s->at_s);
    free(s->question);
    free(s->outcome);
    free(s);
}

/* ---- summarising --------------------------------------------------------- */

/* The median of a quantity over the records of one question (-1: over all)
 * and between two times; NAN when there are fewer than `fewest`. */
static double median_where(const struct soak_series *s, const double *values,
                           int question, double from_s, double to_s,
                           size_t fewest)
{
    double *some = mem_new(s->n, sizeof *some), median = NAN;
    size_t  n    = 0;

    for (size_t i = 0; i < s->n; i++)
        if (isfinite(values[i]) && s->at_s[i] >= from_s &&
            s->at_s[i] <= to_s &&
            (question < 0 || s->question[i] == question))
            some[n++] = values[i];
    if (n >= fewest && n > 0) median = stats_median(some, n);
    free(some);
    return median;
}

/* A quantity with the level of each question taken out. Caller frees. */
static double *levelled(const struct soak_series *s, enum quantity q)
{
    double *out = mem_new(s->n, sizeof *out);
    double  all = median_where(s, s->value[q], -1, -INFINITY, INFINITY, 1);

    if (s->n) memcpy(out, s->value[q], s->n * sizeof *out);
    for (int k = 0; quantities[q].by_question && k < SOAK_QUESTIONS; k++) {
        double level = median_where(s, s->value[q], k, -INFINITY, INFINITY,
                                    FEWEST_OF_LEVEL);

        for (size_t i = 0; level > 0 && i < s->n; i++)
            if (s->question[i] == k) out[i] *= all / level;
    }
    return out;
}

/* From which time on every tenth's median is as the last one's; NAN when
 * nothing was observed. A tenth without a record says nothing. */
static double settled_s(const struct soak_series *s, const double *values,
                        double first_s, double end_s, double margin)
{
    double last = NAN, from_s = NAN, span_s = (end_s - first_s) / TENTHS;

    for (int k = TENTHS - 1; k >= 0; k--) {
        double begin_s = first_s + k * span_s;
        double median  = median_where(s, values, -1, begin_s,
                                      k == TENTHS - 1 ? end_s
                                                      : begin_s + span_s, 1);

        if (isnan(last)) last = median;
        if (fabs(median - last) > margin * fabs(last)) break;
        if (!isnan(last)) from_s = k == 0 ? 0 : begin_s;
    }
    return from_s;
}

static void add_words(struct soak_facts *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add_words(struct soak_facts *f, const char *fmt, ...)
{
    size_t  used = strlen(f->reason);
    va_list args;

    if (used > 0 && used + 2 < sizeof f->reason) {
        memcpy(f->reason + used, "; ", 3);
        used += 2;
    }
    va_start(args, fmt);
    vsnprintf(f->reason + used, sizeof f->reason - used, fmt, args);
    va_end(args);
}

/* Why a quantity keeps the soak from being steady. */
static void explain(struct soak_facts *f, const char *name,
                    const struct drift *d, double margin, double half_h)
{
    double level = fabs(d->last) / 100, allowed = margin * 100;

    if (d->is == STEADY) return;
    if (d->n == 0)
        add_words(f, "%s was not observed", name);
    else if (d->n < 10)
        add_words(f, "%s was observed %ld times, a verdict takes 10", name,
                  d->n);
    else if (d->is == DRIFTING)
        add_words(f, "%s %s by %.1f %% in the second half (%.1f %% is "
                  "allowed)", name, d->slope_per_h < 0 ? "falls" : "grows",
                  fabs(d->slope_per_h) * half_h / level, allowed);
    else if (isnan(d->slope_low))
        add_words(f, "%s has too few values in the second half", name);
    else
        add_words(f, "%s varies too much to tell: %+.1f to %+.1f %% in the "
                  "second half (%.1f %% is allowed); soak longer", name,
                  d->slope_low * half_h / level,
                  d->slope_high * half_h / level, allowed);
}

static void judge(struct soak_facts *f, double memory_margin, double half_h)
{
    bool drifts = f->tok_s.is == DRIFTING || f->memory.is == DRIFTING;
    bool steady = f->tok_s.is == STEADY && f->memory.is == STEADY;

    f->is = drifts ? DRIFTING : steady ? STEADY : STEADY_UNKNOWN;
    if (!drifts || f->tok_s.is == DRIFTING)
        explain(f, "speed", &f->tok_s, SOAK_MARGIN, half_h);
    if (!drifts || f->memory.is == DRIFTING)
        explain(f, "memory", &f->memory, memory_margin, half_h);
}

static void count(const struct soak_series *s, struct soak_facts *f)
{
    struct interval rate;

    for (size_t i = 0; i < s->n; i++) {
        f->failures += (s->outcome[i] & HAS_FAILED) != 0;
        f->answers += (s->outcome[i] & HAS_ANSWER) != 0;
        f->different += (s->outcome[i] & IS_DIFFERENT) != 0;
    }
    rate = stats_wilson((size_t)f->failures, s->n, CONFIDENCE);
    f->turns = (long)s->n;
    f->failures_per_1000 = s->n ? 1e3 * (double)f->failures / (double)s->n
                                : NAN;
    f->failures_low = 1e3 * rate.low;
    f->failures_high = 1e3 * rate.high;
    f->starts = s->starts;
}

/* Memory per 1,000 turns, at the pace of the second half. */
static double growth(const struct soak_series *s, const struct drift *memory,
                     double middle_s, double half_h)
{
    size_t turns = 0;

    for (size_t i = 0; i < s->n; i++) turns += s->at_s[i] >= middle_s;
    return turns > 0 ? memory->slope_per_h * half_h / (double)turns * 1e3
                     : NAN;
}

void soak_summarise(const struct soak_series *s, double wanted_s,
                    struct soak_facts *out)
{
    double first_s = INFINITY, end_s = 0, half_h, level, memory_margin;
    double margins[QUANTITIES] = {SOAK_MARGIN, SOAK_MARGIN, SOAK_MARGIN,
                                  SOAK_MARGIN_C, SOAK_MARGIN_POWER};
    struct drift *drifts[QUANTITIES] = {&out->tok_s, &out->latency,
                                        &out->memory, &out->temp,
                                        &out->power};
    double *values[QUANTITIES];

    *out = (struct soak_facts){.wanted_s = wanted_s, .time_to_steady_s = NAN};
    for (size_t i = 0; i < s->n; i++) {
        first_s = fmin(first_s, s->at_s[i]);
        end_s = fmax(end_s, s->at_s[i]);
    }
    count(s, out);
    out->duration_s = s->n ? end_s : NAN;
    level = median_where(s, s->value[MEMORY], -1, -INFINITY, INFINITY, 1);
    memory_margin = fmax(SOAK_MARGIN, SOAK_MARGIN_BYTES / level);
    margins[MEMORY] = memory_margin;
    for (int q = 0; q < QUANTITIES; q++) {
        values[q] = levelled(s, (enum quantity)q);
        drift_of(s->at_s, values[q], s->n, margins[q], q == TEMP, drifts[q]);
    }
    half_h = (end_s - first_s) / 2 / 3600;
    judge(out, memory_margin, half_h);
    out->growth_bytes_per_1000 = growth(s, &out->memory,
                                        (first_s + end_s) / 2, half_h);
    if (out->is == STEADY)
        out->time_to_steady_s = fmax(
            settled_s(s, values[TOK_S], first_s, end_s, SOAK_MARGIN),
            settled_s(s, values[MEMORY], first_s, end_s, memory_margin));
    for (int q = 0; q < QUANTITIES; q++) free(values[q]);
}
