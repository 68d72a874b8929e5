/* SPDX-License-Identifier: MIT */
/* fit_solve.c - one fit, by GSL's trust-region least squares. */
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fit.h"

#define SOURCE_SPREAD 0.08      /* of a source's offset, log                  */
#define ITERATIONS    40

double log_off(const struct speed_constants *c, const struct sample *s)
{
    const struct model_facts *m = &s->about->model;
    const struct device      *dev = &s->about->device;
    double seconds;

    if (s->stage == FIT_PREFILL)
        seconds = speed_prefill_s(c, m, dev, s->tokens, 0).value;
    else
        seconds = speed_decode_aged_s(c, m, dev, s->depth, s->age).value +
                  (s->is_served ? speed_serving_s(c, m, dev) : 0);
    return log(seconds / s->seconds);
}

/* What a fit is about: some samples of one stage, all of its constants. */
struct problem {
    const struct data *d;
    const struct sample **samples;
    size_t  n;
    enum constant *constants;
    size_t  n_constants;
    size_t  n_parameters;        /* constants, then an offset a source       */
    struct speed_constants start;
};

static void set_constants(const struct problem *p, const gsl_vector *x,
                          struct speed_constants *c)
{
    for (size_t i = 0; i < p->n_constants; i++) {
        const struct constant_info *k = &CONSTANT_INFO[p->constants[i]];

        c->value[p->constants[i]] =
            k->prior * exp(k->spread * gsl_vector_get(x, i));
    }
}

/* Half the square near 0, growing like the error itself far out. */
static double softened(double z)
{
    return copysign(sqrt(2 * (sqrt(1 + z * z) - 1)), z);
}

static int residuals(const gsl_vector *x, void *problem, gsl_vector *f)
{
    const struct problem  *p = problem;
    struct speed_constants c = p->start;

    set_constants(p, x, &c);
    for (size_t i = 0; i < p->n; i++) {
        const struct sample *s = p->samples[i];
        double offset = SOURCE_SPREAD *
            gsl_vector_get(x, p->n_constants + (size_t)s->source);

        gsl_vector_set(f, i, softened((log_off(&c, s) + offset) / s->sigma));
    }
    for (size_t i = 0; i < p->n_parameters; i++)
        gsl_vector_set(f, p->n + i, gsl_vector_get(x, i));
    return GSL_SUCCESS;
}

/* The constants of one stage, from the samples that `use` says. */
static void fit_stage(const struct data *d, enum fit_stage stage,
                      const bool *use, struct speed_constants *c)
{
    enum constant   constants[CONSTANTS];
    struct problem  p = {.d = d, .constants = constants, .start = *c};
    gsl_multifit_nlinear_parameters how =
        gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf fdf = {.f = residuals, .params = &p};
    gsl_multifit_nlinear_workspace *w;
    gsl_vector *x;
    int         info;

    p.samples = mem_new(d->n, sizeof *p.samples);
    for (size_t i = 0; i < d->n; i++)
        if (d->samples[i].stage == stage && use[d->samples[i].source])
            p.samples[p.n++] = &d->samples[i];
    for (enum constant k = 0; k < CONSTANTS; k++)
        if (CONSTANT_INFO[k].stage == stage) constants[p.n_constants++] = k;
    p.n_parameters = p.n_constants + (size_t)d->n_sources;
    fdf.n = p.n + p.n_parameters;
    fdf.p = p.n_parameters;
    how.trs = gsl_multifit_nlinear_trs_lmaccel;
    how.solver = gsl_multifit_nlinear_solver_cholesky;
    w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, fdf.n,
                                   fdf.p);
    x = gsl_vector_calloc(fdf.p);
    gsl_multifit_nlinear_init(x, &fdf, w);
    gsl_multifit_nlinear_driver(ITERATIONS, 1e-5, 1e-5, 0, NULL, NULL, &info,
                                w);
    set_constants(&p, gsl_multifit_nlinear_position(w), c);
    gsl_vector_free(x);
    gsl_multifit_nlinear_free(w);
    free(p.samples);
}

void fit_constants(const struct data *d, const bool *use,
                   struct speed_constants *c)
{
    speed_priors(c);
    /* A prompt is predicted with the bandwidth that decoding showed. */
    fit_stage(d, FIT_GPU_DECODE, use, c);
    fit_stage(d, FIT_CPU_DECODE, use, c);
    fit_stage(d, FIT_PREFILL, use, c);
}

