/* SPDX-License-Identifier: MIT */
/* fit.h - the parts of fit.c: measurements as samples, and one fit to some of
 * them. */
#ifndef TOOLS_FIT_H
#define TOOLS_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "predict/speed_constants.h"
#include "predict/table.h"

/* One measured time. */
struct sample {
    const struct judged_row *about;
    enum fit_stage   stage;
    enum speed_class class;
    enum engine_age  age;
    int    source;
    const char *name;           /* of the model, as the table has it          */
    bool   is_served, is_llama_cpp;
    double depth, tokens;       /* tokens: of a prompt                        */
    double seconds, sigma;      /* measured; log error expected               */
    double off;                 /* log predicted / measured, left out         */
};

struct data {
    struct measured_table *tables;
    struct judged_row    **rows;
    size_t                 n_tables;
    struct sample         *samples;
    size_t                 n;
    const char           **sources;
    int                    n_sources;
    struct boards          boards;
    struct catalogue       catalogue;
};

/* Rows that can be predicted and are not doubted; says which are left out. */
MUST_USE int data_load(struct data *d, char *const *paths, size_t n,
                       struct err *err);
void data_done(struct data *d);

/* log predicted / measured. */
double log_off(const struct speed_constants *c, const struct sample *s);

/* All constants, from the sources that `use` says. */
void fit_constants(const struct data *d, const bool *use,
                   struct speed_constants *c);

#endif
