/* SPDX-License-Identifier: MIT */
/* table.h - the report card: someone's measurements beside our predictions.
 * A CSV file (RFC 4180, read by libcsv) with a header line; columns by name:
 * device, model, quant and at least one measured value are needed;
 * device_ram_gb, power_mode, engine, engine_version, prompt_tokens,
 * gen_tokens, context, gen_tok_s, prompt_tok_s, ttft_ms, power_w, memory_mb,
 * mem_bandwidth_gbs_spec, source_url, note are known; others are ignored. */
#ifndef PREDICT_TABLE_H
#define PREDICT_TABLE_H

#include <jansson.h>

#include "model/catalogue.h"
#include "predict/device.h"
#include "predict/predict.h"

struct measured_row {
    int    line;              /* in the file, 1 is the header                */
    char  *device, *power_mode, *engine, *engine_version, *model, *quant,
          *source, *note;     /* "" where empty                              */
    double device_ram_gb, bandwidth_gbs, prompt_tokens, gen_tokens, context,
           gen_tok_s, prompt_tok_s, ttft_ms, memory_mb;    /* NAN where empty */
    struct err fault;         /* why this row cannot be read; the rest is    */
};
struct measured_table {
    struct measured_row *rows;
    size_t               n;
};
/* ERR_INPUT: no such file, no header, a column that is needed is missing. A
 * row with a value that is no number keeps its fault. At most 100,000 rows
 * of 64 KiB. */
MUST_USE int measured_load(const char *path, struct measured_table *out,
                           struct err *err);
void measured_done(struct measured_table *t);

/* The parts of a prediction that a row can be held against. */
struct judged_row {
    char  *skipped;           /* reason, or NULL                             */
    bool   is_flagged;        /* its own note doubts it (fallback, a chart)  */
    const char *device_class; /* "jetson", ...; "cpu" when a CPU computed    */
    struct range gen_tok_s;   /* engine's                                    */
    double served_tok_s, prompt_tok_s, memory_mib;
    struct model_facts model; /* what it was predicted from                  */
    struct device device;
};
/* Which model and device is that row about? Sets skipped when it cannot be
 * said: unknown device or model, an engine that is not llama.cpp (nor Ollama,
 * which is built on it), a quantisation that is not GGUF's. */
void table_resolve(const struct measured_row *row, const struct boards *boards,
                   const struct catalogue *catalogue, struct judged_row *out);
/* table_resolve() and the prediction. */
void table_judge(const struct measured_row *row, const struct boards *boards,
                 const struct catalogue *catalogue,
                 const struct speed_constants *constants,
                 struct judged_row *out);
void judged_done(struct judged_row *r);

/* Errors by device class and over all: coverage (rows predicted of all),
 * median and 90th percentile of |predicted / measured - 1|, share within 20 %,
 * share of measurements inside the interval. The "summary" of the JSON. */
json_t *table_summary(const struct measured_table *t,
                      const struct judged_row *rows);

#endif
