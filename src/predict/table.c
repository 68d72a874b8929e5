/* SPDX-License-Identifier: MIT */
/* table.c - which model on which device a row of a published table is about,
 * and what we predict for it; see table.h. The file is table_csv.c's, its
 * free text table_words.c's, the errors table_summary.c's. */
#include "predict/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "predict/table_words.h"

#define MIB             1048576.0
#define PROMPT_TOKENS   512.0      /* llama-bench's pp512 and tg128: what a  */
#define GEN_TOKENS      128.0      /* table means that does not say          */
#define LEAST_PROMPT    64.0       /* fewer tokens tell of the start alone   */
#define CONTEXT_MOST    16777216.0

static void skip(struct judged_row *out, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

static void skip(struct judged_row *out, const char *fmt, ...)
{
    char    text[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    out->skipped = mem_copy(text);
}

/* ---- the device --------------------------------------------------------- */

static int find_device(const struct measured_row *row,
                       const struct boards *boards, struct device *out,
                       struct err *err)
{
    char *mode;
    int   rc = device_find(boards, row->device, NULL, row->device_ram_gb, out,
                           err);

    /* Of a board without modes a mode means nothing. */
    if (rc || !*row->power_mode || !out->power_mode || !*out->power_mode)
        return rc;
    mode = words_before_remark(row->power_mode);
    rc = device_find(boards, row->device, mode, row->device_ram_gb, out, err);
    free(mode);
    return rc;
}

/* The CPU beside a GPU that shares its memory; that beside a card is another
 * part of another machine. Its peak: two 128-bit multiply-adds a clock of a
 * recent Arm core, two of 256 bits of an x86 one. */
static bool compute_on_cpu(struct device *d)
{
    bool is_arm;

    if (d->backend == BACKEND_CPU) return true;
    if (!d->is_unified) return false;
    is_arm = strcmp(d->device_class, "jetson") == 0 ||
             strcmp(d->device_class, "apple") == 0 ||
             strcmp(d->device_class, "nvidia") == 0;
    d->backend = BACKEND_CPU;
    d->device_class = is_arm ? "arm" : "x86";
    d->architecture = NULL;
    d->units = d->cpu_cores;
    d->clock_hz = d->cpu_clock_hz;
    d->fp16_flops = d->cpu_cores * d->cpu_clock_hz * (is_arm ? 16 : 32);
    d->runtime_bytes = NAN;
    return true;
}

/* Can a board whose GPU is driven by `own` run this backend? */
static bool has_backend(enum backend own, int wanted)
{
    if ((int)own == wanted) return true;
    if (own == BACKEND_CPU) return false;
    if (wanted == BACKEND_VULKAN) return own != BACKEND_METAL;
    return own == BACKEND_VULKAN && wanted == BACKEND_ROCM;
}

/* Ollama uses integrated GPUs of Intel and AMD only when told to. */
static bool is_left_to_cpu(const struct engine_words *engine,
                           const struct device *d)
{
    return engine->family == ENGINE_OLLAMA && engine->backend < 0 &&
           d->is_unified && d->device_class &&
           (strcmp(d->device_class, "intel") == 0 ||
            strcmp(d->device_class, "amd") == 0);
}

static void choose_backend(const struct measured_row *row,
                           const struct engine_words *engine,
                           struct judged_row *out)
{
    struct device *d = &out->device;

    if (engine->backend == BACKEND_CPU || is_left_to_cpu(engine, d)) {
        if (!compute_on_cpu(d))
            skip(out, "its engine computed on a CPU, and %s does not say "
                 "which", row->device);
    } else if (engine->backend >= 0) {
        if (has_backend(d->backend, engine->backend))
            d->backend = (enum backend)engine->backend;
        else
            skip(out, "%s has no %s", d->name,
                 backend_name((enum backend)engine->backend));
    }
    out->device_class = d->backend == BACKEND_CPU ? "cpu" : d->device_class;
}

/* ---- the model ---------------------------------------------------------- */

static void say_unknown_model(const struct measured_row *row,
                              const struct catalogue *catalogue,
                              struct judged_row *out)
{
    const char *near[3] = {NULL, NULL, NULL};
    size_t      n = catalogue_nearest(catalogue, row->model, near, 3);

    skip(out, "model \"%.80s\" is not in the catalogue%s%s%s%s%s%s",
         row->model, n > 0 ? "; near are " : "", n > 0 ? near[0] : "",
         n > 1 ? ", " : "", n > 1 ? near[1] : "", n > 2 ? ", " : "",
         n > 2 ? near[2] : "");
}

static void find_model(const struct measured_row *row,
                       const struct engine_words *engine,
                       const struct catalogue *catalogue,
                       struct judged_row *out)
{
    const struct catalogue_model *model;
    char      *name = words_before_remark(row->model);
    char       own[32] = "";         /* a quantisation in the name */
    bool       is_certain = true;
    struct err err = {0};

    model = catalogue_find(catalogue, name, own, sizeof own);
    free(name);
    if (!words_quant(*row->quant ? row->quant : own, engine->family,
                     out->quant, sizeof out->quant, &is_certain)) {
        if (*row->quant)
            skip(out, "\"%.60s\" is no quantisation of GGUF", row->quant);
        else
            skip(out, "it does not say which quantisation");
    } else if (!model) {
        say_unknown_model(row, catalogue, out);
    } else if (model->unsupported) {
        skip(out, "llama.cpp does not run %s: %s", model->id,
             model->unsupported);
    } else if (catalogue_facts(catalogue, model, out->quant, &out->model,
                               &err)) {
        skip(out, "%s", err.text);
    }
    if (!is_certain) out->is_flagged = true;
}

void table_resolve(const struct measured_row *row, const struct boards *boards,
                   const struct catalogue *catalogue, struct judged_row *out)
{
    struct engine_words engine = words_engine(row->engine);
    struct err          err    = {0};
    bool                is_known;

    *out = (struct judged_row){
        .gen_tok_s = RANGE_MISSING, .served_tok_s = NAN,
        .prompt_tok_s = NAN, .memory_mib = NAN,
        .is_flagged = words_doubt(row->note),
        .is_llama_cpp = engine.family == ENGINE_LLAMA_CPP};
    /* The class first: rows are counted by it, also those left out. */
    is_known = find_device(row, boards, &out->device, &err) == 0;
    if (is_known)
        out->device_class = out->device.backend == BACKEND_CPU
                          ? "cpu" : out->device.device_class;
    if (row->fault.kind != ERR_NONE)
        skip(out, "%s", row->fault.text);
    else if (engine.family == ENGINE_OTHER)
        skip(out, "engine \"%.60s\" is not llama.cpp, nor built on it",
             row->engine);
    else if (engine.trouble)
        skip(out, "engine \"%.60s\": %s", row->engine, engine.trouble);
    else if (!is_known)
        skip(out, "%s", err.text);
    else
        choose_backend(row, &engine, out);
    if (!out->skipped) find_model(row, &engine, catalogue, out);
}

/* ---- the prediction ----------------------------------------------------- */

static double or_else(double value, double fallback)
{
    return isnan(value) ? fallback : value;
}

/* What programs may have on that device; on the largest that is sold where
 * the row does not say which it was. */
static double most_memory(const struct measured_row *row,
                          const struct device *d)
{
    double most = d->memory_bytes;

    for (size_t i = 0; isnan(row->device_ram_gb) && i < d->board->n_sizes; i++)
        most = fmax(most, d->board->sizes[i].bytes);
    return most;
}

/* Speed is that of a model that is there whole: what was measured of a larger
 * one says how fast the rest came from elsewhere. */
static void judge_memory(const struct measured_row *row,
                         struct judged_row *out)
{
    const struct device *d = &out->device;
    struct question      usual;
    struct memory_split  split;
    double               context, most = most_memory(row, d);
    bool is_card = !d->is_unified && d->backend != BACKEND_CPU;

    question_init(&usual);
    context = fmin(fmax(or_else(row->context, usual.context), 1),
                   CONTEXT_MOST);
    memory_predict(&out->model, d, (int)context, &split);
    if (split.weights > most)
        skip(out, "its weights are %.0f MiB and %s has %.0f MiB",
             split.weights / MIB, d->name, most / MIB);
    else
        out->memory_mib = (is_card ? split.device_total : split.total) / MIB;
}

/* The mean speed over the tokens that were generated is that at the middle
 * one: each earlier token adds the same to the time of the next. */
static double middle_depth(const struct measured_row *row)
{
    double prompt = measured_is_served(row) ? or_else(row->prompt_tokens, 0)
                                            : 0;

    return prompt + or_else(row->gen_tokens, GEN_TOKENS) / 2;
}

void table_judge(const struct measured_row *row, const struct boards *boards,
                 const struct catalogue *catalogue,
                 const struct speed_constants *constants,
                 struct judged_row *out)
{
    double       tokens = or_else(row->prompt_tokens, PROMPT_TOKENS);
    struct range decode, prefill;
    enum engine_age age;

    table_resolve(row, boards, catalogue, out);
    if (!out->skipped) judge_memory(row, out);
    if (out->skipped) return;
    age = speed_engine_age(row->engine_version);
    decode = speed_decode_aged_s(constants, &out->model, &out->device,
                                 middle_depth(row), age);
    if (isnan(decode.value)) {
        out->memory_mib = NAN;
        skip(out, "too little is known of %s to predict its speed",
             out->device.name);
        return;
    }
    prefill = speed_prefill_s(constants, &out->model, &out->device, tokens, 0);
    out->gen_tok_s = (struct range){1 / decode.value, 1 / decode.high,
                                    1 / decode.low};
    out->served_tok_s = 1 / (decode.value +
        speed_serving_s(constants, &out->model, &out->device));
    out->prompt_tok_s = tokens / prefill.value;
}

void judged_done(struct judged_row *r)
{
    free(r->skipped);
    model_facts_done(&r->model);
    *r = (struct judged_row){0};
}

/* ---- beside the measurement --------------------------------------------- */

bool measured_is_served(const struct measured_row *row)
{
    if (isnan(row->gen_tok_s) && !isnan(row->served_tok_s)) return true;
    return words_served(row->engine, row->note);
}

static struct held hold(struct range predicted, double measured)
{
    return (struct held){predicted, measured, predicted.value / measured - 1};
}

struct held held_speed(const struct measured_row *row,
                       const struct judged_row *judged)
{
    struct range own      = judged->gen_tok_s;
    double       serving  = 1 / judged->served_tok_s - 1 / own.value;
    struct range served   = {judged->served_tok_s,
                             1 / (1 / own.low + serving),
                             1 / (1 / own.high + serving)};
    bool         has_own  = !isnan(row->gen_tok_s);
    double       measured = has_own ? row->gen_tok_s : row->served_tok_s;

    return hold(has_own && !measured_is_served(row) ? own : served, measured);
}

struct held held_prompt(const struct measured_row *row,
                        const struct judged_row *judged)
{
    bool is_rate = !(row->prompt_tokens < LEAST_PROMPT);

    return hold((struct range){judged->prompt_tok_s, NAN, NAN},
                is_rate ? row->prompt_tok_s : NAN);
}

struct held held_memory(const struct measured_row *row,
                        const struct judged_row *judged)
{
    return hold((struct range){judged->memory_mib, NAN, NAN},
                row->memory_mib);
}
