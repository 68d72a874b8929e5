/* SPDX-License-Identifier: MIT */
/* table.h - the report card: someone's measurements beside our predictions.
 * A CSV file (RFC 4180, read by libcsv) with a header line; columns by name:
 * device and model are needed; quant (else it stands in the model's name),
 * device_ram_gb, power_mode, engine, engine_version, prompt_tokens,
 * gen_tokens, context, gen_tok_s, served_tok_s, prompt_tok_s, ttft_ms,
 * memory_mb, memory_mib, mem_bandwidth_gbs_spec, source_url, note are known;
 * others are ignored. Semicolons or tabs may part the values, and with
 * semicolons a comma is the decimal mark. gpu_process_mib_loaded and
 * gpu_process_mib_after_turns are other names of memory_mib,
 * served_tok_s_after_128 of served_tok_s. A row that names no engine is
 * llama.cpp's; one that nothing was measured of is predicted all the same.
 *
 * Held against each other: gen_tok_s of a row with our engine's speed when an
 * engine alone was measured (llama-bench), with our served speed when answers
 * of a server were timed (measured_is_served()); prompt_tok_s with the speed
 * at the row's prompt_tokens, unless they are below 64; memory_mib (the
 * process's GPU memory, as nvidia-smi shows it) with ours at the row's
 * context. memory_mb means too many things in published tables to be held
 * against anything: it is shown. */
#ifndef PREDICT_TABLE_H
#define PREDICT_TABLE_H

#include <jansson.h>

#include "model/catalogue.h"
#include "predict/device.h"
#include "predict/predict.h"

struct measured_row {
    int    line;              /* in the file, 1 is the header                */
    char  *device, *power_mode, *engine, *engine_version, *model, *quant,
          *source, *note;     /* UTF-8; "" where empty                       */
    double device_ram_gb, bandwidth_gbs, prompt_tokens, gen_tokens, context,
           gen_tok_s, served_tok_s, prompt_tok_s, ttft_ms, memory_mb,
           memory_mib;        /* NAN where empty                             */
    struct err fault;         /* why this row cannot be read; the rest is    */
};
struct measured_table {
    struct measured_row *rows;
    size_t               n;
};
/* ERR_INPUT: no such file, no header, a column that is needed is missing. A
 * row with a value that is no number keeps its fault; mem_bandwidth_gbs_spec
 * may be words and is then unknown. At most 100,000 rows of 64 KiB and 64 MiB
 * in all. */
MUST_USE int measured_load(const char *path, struct measured_table *out,
                           struct err *err);
/* The same of a table of one device, which need not have the column: rows
 * that name none are of `device` (NULL: measured_load). */
MUST_USE int measured_load_of(const char *path, const char *device,
                              struct measured_table *out, struct err *err);
/* The same from memory: err does not name the file. */
MUST_USE int measured_parse(const char *bytes, size_t size,
                            const char *device, struct measured_table *out,
                            struct err *err);
void measured_done(struct measured_table *t);

/* Was a server's answer timed, with sampling and some of the prompt in it, or
 * an engine alone? Told from the column, the engine's name and the note; an
 * engine that says nothing of it is taken to be alone. */
bool measured_is_served(const struct measured_row *row);

/* The parts of a prediction that a row can be held against. */
struct judged_row {
    char  *skipped;           /* reason, or NULL                             */
    bool   is_flagged;        /* its own note doubts it (fallback, a chart),
                                 or its quantisation is one of several       */
    bool   is_llama_cpp;      /* measured with llama.cpp by that name        */
    const char *device_class; /* "jetson", ...; "cpu" when a CPU computed;
                                 NULL: the board is not known                */
    char   quant[32];         /* that was predicted: "Q4_K_M"                */
    struct range gen_tok_s;   /* engine's, at the depth of the row           */
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

/* One predicted quantity beside its measurement; NAN where one is missing. */
struct held {
    struct range predicted;
    double       measured;
    double       error;       /* predicted / measured - 1                    */
};
struct held held_speed(const struct measured_row *row,
                       const struct judged_row *judged);
struct held held_prompt(const struct measured_row *row,
                        const struct judged_row *judged);
struct held held_memory(const struct measured_row *row,
                        const struct judged_row *judged);

/* Errors by device class and over all: coverage (rows predicted of all),
 * median and 90th percentile of |predicted / measured - 1|, share within 20 %,
 * share of measurements inside the interval. Flagged rows are counted apart.
 * The "summary" of the JSON. */
json_t *table_summary(const struct measured_table *t,
                      const struct judged_row *rows);
/* "rows" of the JSON; and the whole for people: the rows, those that were
 * skipped and why, the summary. columns: of the terminal, 0 unknown. */
json_t *table_rows(const struct measured_table *t,
                   const struct judged_row *rows);
void table_text(const struct measured_table *t, const struct judged_row *rows,
                bool colour, int columns, struct strbuf *out);

#endif
