/* SPDX-License-Identifier: MIT */
/* calibration.c - what a board's own measurements say about the predictions
 * for it. Pure; the file they are kept in is calibration_file.c's. */
#include "predict/calibration.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats.h"

#define LEAST_POINTS 3   /* two say nothing about a third when left out */

/* Logs of measured over predicted time: a factor too slow and the same too
 * fast weigh alike, and a median of them is a factor. */
struct ratios {
    double *logs;
    size_t  n;
};

struct fit {
    double scale;            /* 1 unless it makes the rest better */
    double before, after;
};

/* Item k of a sorted array without its item i. */
static double among_others(const double *sorted, size_t i, size_t k)
{
    return sorted[k < i ? k : k + 1];
}

static double median_of_others(const double *sorted, size_t n, size_t i)
{
    size_t others = n - 1;

    return (among_others(sorted, i, (others - 1) / 2) +
            among_others(sorted, i, others / 2)) / 2;
}

static struct fit fit_ratios(const struct ratios *r)
{
    struct fit out = {.scale = 1, .before = NAN, .after = NAN};
    double    *before, *after, median;

    median = stats_median(r->logs, r->n);          /* sorts */
    if (r->n < LEAST_POINTS) return out;
    before = mem_new(r->n, sizeof *before);
    after = mem_new(r->n, sizeof *after);
    for (size_t i = 0; i < r->n; i++) {
        before[i] = fabs(r->logs[i]);
        after[i] = fabs(r->logs[i] - median_of_others(r->logs, r->n, i));
    }
    out.before = stats_median(before, r->n);
    out.after = stats_median(after, r->n);
    if (out.after < out.before) out.scale = exp(median);
    free(before);
    free(after);
    return out;
}

static void add_ratio(struct ratios *r, double predicted, double measured)
{
    double ratio = log(predicted) - log(measured);

    if (predicted > 0 && measured > 0 && isfinite(ratio))
        r->logs[r->n++] = ratio;
}

static const char *say_why(const struct calibration *c, size_t compared)
{
    bool decode = c->decode_scale != 1, prefill = c->prefill_scale != 1;

    if (compared == 0) return "nothing was measured on this board yet";
    if (compared < LEAST_POINTS)
        return "not used: fewer than three models were measured on this "
               "board";
    if (decode && prefill)
        return "used: with it the other measurements predict each one better";
    if (decode)
        return "used for generation; prompts are not predicted better by it";
    if (prefill)
        return "used for prompts; generation is not predicted better by it";
    return "not used: the other measurements do not predict each one better";
}

void calibration_fit(struct calibration *c)
{
    struct ratios decode  = {mem_new(c->n, sizeof(double)), 0};
    struct ratios prefill = {mem_new(c->n, sizeof(double)), 0};
    struct fit    fit;

    for (size_t i = 0; i < c->n; i++) {
        const struct calibration_point *p = &c->points[i];

        add_ratio(&decode, p->predicted_gen_tok_s, p->measured_gen_tok_s);
        add_ratio(&prefill, p->predicted_prompt_tok_s,
                  p->measured_prompt_tok_s);
    }
    fit = fit_ratios(&prefill);
    c->prefill_scale = fit.scale;
    fit = fit_ratios(&decode);
    c->decode_scale = fit.scale;
    c->error_before = fit.before;
    c->error_after = fit.after;
    if (decode.n || !c->why) c->why = say_why(c, decode.n);
    free(decode.logs);
    free(prefill.logs);
}

void calibration_done(struct calibration *c)
{
    for (size_t i = 0; i < c->n; i++) free(c->points[i].model);
    free(c->points);
    *c = (struct calibration){.decode_scale = 1, .prefill_scale = 1,
                              .error_before = NAN, .error_after = NAN};
}
