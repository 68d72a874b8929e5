/* SPDX-License-Identifier: MIT */
/* fit.c - fits the constants of src/predict/speed.c to measurements and says
 * how far they are from measurements that they have not seen.
 *
 *   fit [--splits N] [--rows 1] [--out share/prediction.json] TABLE.csv...
 *
 * Each constant starts at its prior and is pulled back to it; each source of
 * measurements has an offset of its own (clocks, cooling, what was timed),
 * which the constants are thus kept from learning; large errors count less
 * than their square. Links GSL, so it is a tool of ours and not a part of the
 * program. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fit.h"

#define POOLED_SOURCES 4.0      /* a class's spread is as good as its sources,
                                   that of all classes as this many           */
#define LEAST_SPREAD   0.05

/* ---- errors ------------------------------------------------------------- */

/* The share q of the errors is smaller; NAN of none. Sorts. */
static double quantile(double *values, size_t n, double q)
{
    if (n == 0) return NAN;
    gsl_sort(values, 1, n);
    return gsl_stats_quantile_from_sorted_data(values, 1, n, q);
}

enum group { GROUP_LLAMA_CPP_GPU, GROUP_JETSON, GROUP_GPU, GROUP_CPU,
             GROUP_PREFILL, GROUP_JETSON_PREFILL, GROUPS };
static const char *const group_names[GROUPS] = {
    "llama.cpp on GPUs", "llama.cpp on Jetson", "all on GPUs", "CPUs",
    "prompts", "prompts on Jetson"};

static bool is_in(const struct sample *s, enum group g)
{
    bool is_gpu = s->stage == FIT_GPU_DECODE;

    switch (g) {
    case GROUP_LLAMA_CPP_GPU: return is_gpu && s->is_llama_cpp;
    case GROUP_JETSON: return is_gpu && s->is_llama_cpp &&
                              s->class == CLASS_JETSON;
    case GROUP_GPU: return is_gpu;
    case GROUP_CPU: return s->stage == FIT_CPU_DECODE;
    case GROUP_PREFILL: return s->stage == FIT_PREFILL;
    default: return s->stage == FIT_PREFILL && s->class == CLASS_JETSON;
    }
}

/* |predicted / measured - 1| of speeds, of samples that `test` says. */
static size_t errors(const struct data *d, enum group g, const bool *test,
                     const struct speed_constants *c, double *out)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n; i++)
        if (is_in(&d->samples[i], g) && test[d->samples[i].source])
            out[n++] = fabs(exp(-log_off(c, &d->samples[i])) - 1);
    return n;
}

/* ---- half of the sources predict the other half -------------------------- */

static void half(const gsl_rng *rng, int n, bool *fit, bool *test)
{
    int *order = mem_new((size_t)n, sizeof *order);

    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)gsl_rng_uniform_int(rng, (unsigned long)i + 1);
        int k = order[i];

        order[i] = order[j];
        order[j] = k;
    }
    for (int i = 0; i < n; i++) {
        fit[order[i]] = i < n / 2;
        test[order[i]] = !fit[order[i]];
    }
    free(order);
}

static void report_splits(const struct data *d, int splits)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    size_t   most = (size_t)splits;
    double  *median[GROUPS], *p90[GROUPS], *off = mem_new(d->n, sizeof *off);
    size_t   n[GROUPS] = {0};
    bool    *fit = mem_new((size_t)d->n_sources, sizeof *fit);
    bool    *test = mem_new((size_t)d->n_sources, sizeof *test);

    for (enum group g = 0; g < GROUPS; g++) {
        median[g] = mem_new(most, sizeof *median[g]);
        p90[g] = mem_new(most, sizeof *p90[g]);
    }
    gsl_rng_set(rng, 1);
    for (int k = 0; k < splits; k++) {
        struct speed_constants c;

        half(rng, d->n_sources, fit, test);
        fit_constants(d, fit, &c);
        for (enum group g = 0; g < GROUPS; g++) {
            size_t rows = errors(d, g, test, &c, off);

            if (rows == 0) continue;
            median[g][n[g]] = quantile(off, rows, 0.5);
            p90[g][n[g]++] = quantile(off, rows, 0.9);
        }
    }
    printf("half of the sources fitted, the other half predicted, %d seeded "
           "splits:\n  %-20s %12s %10s %12s %10s\n", splits, "",
           "median error", "worst", "90th perc.", "worst");
    for (enum group g = 0; g < GROUPS; g++) {
        printf("  %-20s %11.1f%% %9.1f%% %11.1f%% %9.1f%%\n", group_names[g],
               100 * quantile(median[g], n[g], 0.5),
               100 * quantile(median[g], n[g], 1),
               100 * quantile(p90[g], n[g], 0.5),
               100 * quantile(p90[g], n[g], 1));
        free(median[g]);
        free(p90[g]);
    }
    free(off);
    free(fit);
    free(test);
    gsl_rng_free(rng);
}

/* ---- each source predicted from all others ------------------------------- */

static void leave_each_out(struct data *d)
{
    bool *use = mem_new((size_t)d->n_sources, sizeof *use);

    for (int i = 0; i < d->n_sources; i++) use[i] = true;
    for (int left = 0; left < d->n_sources; left++) {
        struct speed_constants c;

        use[left] = false;
        fit_constants(d, use, &c);
        use[left] = true;
        for (size_t i = 0; i < d->n; i++)
            if (d->samples[i].source == left)
                d->samples[i].off = log_off(&c, &d->samples[i]);
    }
    free(use);
}

static void report_left_out(const struct data *d)
{
    double *off = mem_new(d->n, sizeof *off);

    printf("each source predicted from all others:\n");
    for (enum group g = 0; g < GROUPS; g++) {
        size_t n = 0;

        for (size_t i = 0; i < d->n; i++)
            if (is_in(&d->samples[i], g))
                off[n++] = fabs(exp(-d->samples[i].off) - 1);
        printf("  %-20s %4zu rows, median error %5.1f%%, 90th percentile "
               "%5.1f%%\n", group_names[g], n, 100 * quantile(off, n, 0.5),
               100 * quantile(off, n, 0.9));
    }
    free(off);
}

/* Each row beside what the other sources say of it. */
static void print_rows(const struct data *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct sample *s = &d->samples[i];
        double count = s->stage == FIT_PREFILL ? s->tokens : 1;

        printf("  %-30.30s %-10.10s %-26.26s %-7.7s %s %9.2f %9.2f %+6.1f%%  "
               "%s\n", s->about->device.name, s->about->device.power_mode,
               s->name, s->about->quant,
               s->stage == FIT_PREFILL ? "prompt" : "decode",
               count / s->seconds, count / s->seconds / exp(s->off),
               100 * (exp(-s->off) - 1), d->sources[s->source]);
    }
}

/* The weighted share RANGE_COVERAGE of |off| is below; a source counts as the
 * root of its rows, for they are alike. */
static double spread_of(const struct data *d, bool is_prefill, int class,
                        double *sources)
{
    double *off = mem_new(d->n, sizeof *off), *weight = mem_new(d->n,
                                                        sizeof *weight);
    size_t *order = mem_new(d->n, sizeof *order), n = 0;
    double  sum = 0, before = 0, result = NAN;

    *sources = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct sample *s = &d->samples[i];
        double alike = 0;

        if ((s->stage == FIT_PREFILL) != is_prefill ||
            (class >= 0 && s->class != (enum speed_class)class))
            continue;
        for (size_t k = 0; k < d->n; k++)
            alike += d->samples[k].source == s->source &&
                     d->samples[k].class == s->class &&
                     (d->samples[k].stage == FIT_PREFILL) == is_prefill;
        off[n] = fabs(s->off);
        weight[n++] = 1 / sqrt(alike);
        sum += 1 / sqrt(alike);
        *sources += 1 / alike;
    }
    gsl_sort_index(order, off, 1, n);
    for (size_t i = 0; i < n && isnan(result); i++) {
        before += weight[order[i]];
        if (before >= RANGE_COVERAGE * sum) result = off[order[i]];
    }
    free(off);
    free(weight);
    free(order);
    return result;
}

static double pooled(double own, double sources, double all)
{
    double mine = sources > 0 ? sources * own : 0;

    return fmax((mine + POOLED_SOURCES * all) / (sources + POOLED_SOURCES),
                LEAST_SPREAD);
}

static void set_spreads(const struct data *d, struct speed_constants *c)
{
    double sources, decode = spread_of(d, false, -1, &sources),
           prefill = spread_of(d, true, -1, &sources);

    for (int k = 0; k < SPEED_CLASSES; k++) {
        struct class_spread *s = &c->spread[k];
        double own = spread_of(d, false, k, &sources);

        *s = (struct class_spread){.least_bytes = NAN, .most_bytes = NAN};
        s->decode = pooled(own, sources, decode);
        own = spread_of(d, true, k, &sources);
        s->prefill = pooled(own, sources, prefill);
        for (size_t i = 0; i < d->n; i++) {
            double bytes =
                d->samples[i].about->model.weight_bytes_read_per_token;

            if (d->samples[i].class != (enum speed_class)k) continue;
            s->rows++;
            s->least_bytes = fmin(s->least_bytes, bytes);
            s->most_bytes = fmax(s->most_bytes, bytes);
        }
    }
}

static void set_architectures(const struct data *d, struct speed_constants *c)
{
    c->n_architectures = 0;
    for (size_t i = 0; i < d->n; i++) {
        const char *name = d->samples[i].about->device.architecture;
        size_t k = 0;

        while (name && k < c->n_architectures &&
               strcmp(c->architectures[k], name) != 0)
            k++;
        if (name && k == c->n_architectures && k < ARCHITECTURES_MAX)
            snprintf(c->architectures[c->n_architectures++],
                     sizeof *c->architectures, "%s", name);
    }
}

/* Of measurements that were left out, those inside the interval they had. */
static void report_coverage(const struct data *d,
                            const struct speed_constants *c)
{
    for (enum group g = 0; g < GROUPS; g++) {
        size_t n = 0, inside = 0;

        for (size_t i = 0; i < d->n; i++) {
            const struct sample *s = &d->samples[i];
            const struct model_facts *m = &s->about->model;
            struct range r = s->stage == FIT_PREFILL
                ? speed_prefill_s(c, m, &s->about->device, s->tokens, 0)
                : speed_decode_aged_s(c, m, &s->about->device, s->depth,
                                      s->age);

            if (!is_in(s, g)) continue;
            n++;
            inside += fabs(s->off) <= log(r.high / r.value);
        }
        printf("  %-20s %4zu rows, %.0f%% inside intervals of %.0f%%\n",
               group_names[g], n, 100.0 * (double)inside / (double)n,
               100 * RANGE_COVERAGE);
    }
}

/* ---- the file ----------------------------------------------------------- */

static double rounded(double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.4g", value);
    return strtod(text, NULL);
}

static json_t *document(const struct data *d, const struct speed_constants *c)
{
    json_t *doc = json_object(), *constants = json_object(),
           *classes = json_object(), *names = json_array();
    size_t  rows[FIT_STAGES] = {0};

    for (size_t i = 0; i < d->n; i++) rows[d->samples[i].stage]++;
    for (size_t i = 0; i < CONSTANTS; i++) {
        const struct constant_info *k = &CONSTANT_INFO[i];

        json_object_set_new(constants, k->name, json_pack(
            "{s:f, s:s, s:s, s:f, s:f, s:I}", "value", rounded(c->value[i]),
            "unit", k->unit, "what", k->what, "prior", rounded(k->prior),
            "prior_spread", k->spread, "rows", (json_int_t)rows[k->stage]));
    }
    for (int k = 0; k < SPEED_CLASSES; k++) {
        const struct class_spread *s = &c->spread[k];
        json_t *o = json_pack(
            "{s:f, s:f, s:f}", "decode_spread", rounded(s->decode),
            "prefill_spread", rounded(s->prefill), "rows", s->rows);

        json_object_set_new(o, "least_bytes", isnan(s->least_bytes)
            ? json_null() : json_real(s->least_bytes));
        json_object_set_new(o, "most_bytes", isnan(s->most_bytes)
            ? json_null() : json_real(s->most_bytes));
        json_object_set_new(classes, speed_class_name((enum speed_class)k), o);
    }
    for (size_t i = 0; i < c->n_architectures; i++)
        json_array_append_new(names, json_string(c->architectures[i]));
    json_object_set_new(doc, "schema_version", json_integer(1));
    json_object_set_new(doc, "made_by", json_string("make fit"));
    json_object_set_new(doc, "sources", json_integer(d->n_sources));
    json_object_set_new(doc, "constants", constants);
    json_object_set_new(doc, "classes", classes);
    json_object_set_new(doc, "architectures", names);
    return doc;
}

/* ---- main --------------------------------------------------------------- */

static int usage(void)
{
    fprintf(stderr,
            "usage: fit [--splits N] [--rows 1] [--out FILE] TABLE.csv...\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct speed_constants c;
    struct data d = {0};
    struct err  err = {0};
    const char *out = NULL;
    int         splits = 20, first = 1, status = 1;
    bool        with_rows = false;
    bool       *all;

    for (; first + 1 < argc && strncmp(argv[first], "--", 2) == 0; first += 2) {
        if (strcmp(argv[first], "--out") == 0) out = argv[first + 1];
        else if (strcmp(argv[first], "--rows") == 0)
            with_rows = strcmp(argv[first + 1], "1") == 0;
        else if (strcmp(argv[first], "--splits") == 0)
            splits = (int)strtol(argv[first + 1], NULL, 10);
        else return usage();
    }
    if (first >= argc || splits < 0 || splits > 1000) return usage();
    gsl_set_error_handler_off();
    if (data_load(&d, argv + first, (size_t)(argc - first), &err)) {
        fprintf(stderr, "fit: %s\n", err.text);
        data_done(&d);
        return err_exit_code(err.kind);
    }
    printf("%zu measurements of %d sources\n", d.n, d.n_sources);
    if (splits > 0) report_splits(&d, splits);
    all = mem_new((size_t)d.n_sources, sizeof *all);
    for (int i = 0; i < d.n_sources; i++) all[i] = true;
    leave_each_out(&d);
    report_left_out(&d);
    if (with_rows) print_rows(&d);
    fit_constants(&d, all, &c);
    set_spreads(&d, &c);
    set_architectures(&d, &c);
    report_coverage(&d, &c);
    if (out) {
        json_t *doc = document(&d, &c);

        status = json_dump_file(doc, out, JSON_INDENT(1) |
                                          JSON_REAL_PRECISION(6)) ? 1 : 0;
        if (status) fprintf(stderr, "fit: %s cannot be written\n", out);
        json_decref(doc);
    } else {
        status = 0;
    }
    free(all);
    data_done(&d);
    return status;
}
