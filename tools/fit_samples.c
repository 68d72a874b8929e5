/* SPDX-License-Identifier: MIT */
/* fit_samples.c - tables of measurements as samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fit.h"

#define GPU_ERROR     0.08      /* log error of a row that is to be expected  */
#define CPU_ERROR     0.12
#define PROMPT_ERROR  0.12
#define SHORT_TOKENS  40        /* a served answer this short is half prompt  */
#define SHORT_FACTOR  2.5
#define LEAST_PROMPT  64        /* tokens; the rate of fewer says little      */
#define MIDDLE_TOKENS 128.0     /* generated, where a row does not say        */

static int source_index(struct data *d, const char *url)
{
    for (int i = 0; i < d->n_sources; i++)
        if (strcmp(d->sources[i], url) == 0) return i;
    d->sources = mem_grow(d->sources, (size_t)d->n_sources + 1,
                          sizeof *d->sources);
    d->sources[d->n_sources] = url;
    return d->n_sources++;
}

static void add_sample(struct data *d, struct sample s)
{
    s.class = speed_class_of(&s.about->device);
    if (s.class == SPEED_CLASSES) return;
    d->samples = mem_grow(d->samples, d->n + 1, sizeof *d->samples);
    d->samples[d->n++] = s;
}

static void add_row(struct data *d, const struct measured_row *row,
                    const struct judged_row *about)
{
    bool   is_cpu = about->device.backend == BACKEND_CPU;
    bool   is_served = measured_is_served(row);
    double made = isnan(row->gen_tokens) ? MIDDLE_TOKENS : row->gen_tokens;
    double before = is_served && !isnan(row->prompt_tokens)
                    ? row->prompt_tokens : 0;
    struct sample s = {
        .about = about, .source = source_index(d, row->source),
        .name = row->model, .age = speed_engine_age(row->engine_version),
        .is_served = is_served, .is_llama_cpp = about->is_llama_cpp};

    if (row->gen_tok_s > 0) {
        s.stage = is_cpu ? FIT_CPU_DECODE : FIT_GPU_DECODE;
        s.seconds = 1 / row->gen_tok_s;
        s.depth = before + made / 2;
        s.sigma = (is_cpu ? CPU_ERROR : GPU_ERROR) *
                  (is_served && made <= SHORT_TOKENS ? SHORT_FACTOR : 1);
        add_sample(d, s);
    }
    if (row->prompt_tok_s > 0 && row->prompt_tokens >= LEAST_PROMPT) {
        s.stage = FIT_PREFILL;
        s.tokens = row->prompt_tokens;
        s.seconds = row->prompt_tokens / row->prompt_tok_s;
        s.sigma = PROMPT_ERROR;
        add_sample(d, s);
    }
}

int data_load(struct data *d, char *const *paths, size_t n, struct err *err)
{
    if (boards_load(&d->boards, err) || catalogue_load(&d->catalogue, err))
        return -1;
    d->tables = mem_new(n, sizeof *d->tables);
    d->rows = mem_new(n, sizeof *d->rows);
    for (size_t t = 0; t < n; t++) {
        struct measured_table *table = &d->tables[t];

        if (measured_load(paths[t], table, err)) return -1;
        d->n_tables++;
        d->rows[t] = mem_new(table->n, sizeof **d->rows);
        for (size_t i = 0; i < table->n; i++) {
            struct judged_row *about = &d->rows[t][i];

            table_resolve(&table->rows[i], &d->boards, &d->catalogue, about);
            if (about->skipped)
                fprintf(stderr, "%s:%d: left out: %s\n", paths[t],
                        table->rows[i].line, about->skipped);
            else if (!about->is_flagged)
                add_row(d, &table->rows[i], about);
        }
    }
    return 0;
}

void data_done(struct data *d)
{
    for (size_t t = 0; t < d->n_tables; t++) {
        for (size_t i = 0; i < d->tables[t].n; i++)
            judged_done(&d->rows[t][i]);
        free(d->rows[t]);
        measured_done(&d->tables[t]);
    }
    free(d->tables);
    free(d->rows);
    free(d->samples);
    free(d->sources);
    boards_done(&d->boards);
    catalogue_done(&d->catalogue);
}

