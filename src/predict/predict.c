/* SPDX-License-Identifier: MIT */
/* predict.c - see predict.h. */
#include "predict/predict.h"

#include <math.h>
#include <stdio.h>

#include "model/kv.h"

#define MIB             (1024.0 * 1024.0)
#define F16_BYTES       2.0
#define BENCH_DEPTH     64.0   /* mean depth of llama-bench's tg128          */
#define SERVED_DEPTH    128.0  /* 64 prompt tokens, middle of 128 generated  */
#define MEASURED_PROMPT 512.0
#define FORCED_TOKENS   50.0
#define WRAPPING_TOKENS 10.0   /* of a chat template round one utterance     */
#define MEASURED_SPREAD 0.05   /* of what the user measured: run to run      */
#define LAST_TOKENS     4.0    /* see reading()                              */
#define CONTEXT_STEP    256

void question_init(struct question *q)
{
    *q = (struct question){
        .context = 4096, .available_bytes = NAN, .reserve_bytes = 0,
        .prompt_tokens = 1200, .utterance_tokens = 20, .sentence_tokens = 15,
        .measured_tok_s = NAN, .decode_scale = 1, .prefill_scale = 1};
}

/* ---- ranges ------------------------------------------------------------ */

static struct range scaled(struct range r, double by)
{
    return (struct range){r.value * by, r.low * by, r.high * by};
}

/* Times that share their causes err together: ends are added to ends. */
static struct range sum(struct range a, struct range b)
{
    return (struct range){a.value + b.value, a.low + b.low, a.high + b.high};
}

static struct range shifted(struct range r, double by)
{
    return sum(r, (struct range){by, by, by});
}

static struct range per_second(struct range seconds, double count)
{
    return (struct range){count / seconds.value, count / seconds.high,
                          count / seconds.low};
}

/* ---- times ------------------------------------------------------------- */

struct times {
    const struct speed_constants *c;
    const struct model_facts     *m;
    const struct device          *d;
    double decode_scale, prefill_scale, serving_s;
    double spread;     /* half width that a measurement leaves; NAN: none    */
};

static struct range decode(const struct times *t, double depth)
{
    struct range r = scaled(speed_decode_s(t->c, t->m, t->d, depth),
                            t->decode_scale);

    if (!isnan(t->spread)) {
        r.low = r.value * (1 - t->spread);
        r.high = r.value * (1 + t->spread);
    }
    return r;
}

static struct range prefill(const struct times *t, double tokens, double depth)
{
    return scaled(speed_prefill_s(t->c, t->m, t->d, tokens, depth),
                  t->prefill_scale);
}

/* A window or a state cannot be taken back to an earlier token. */
static bool can_cache_go_back(const struct model_facts *m)
{
    for (size_t i = 0; i < m->n_groups; i++)
        if (m->groups[i].kind == LAYER_WINDOW ||
            m->groups[i].kind == LAYER_RECURRENT)
            return false;
    return true;
}

/* A prompt as llama-server reads it: where the cache cannot be taken back, it
 * stops before the last tokens to keep a copy, and reads them by themselves. */
static struct range reading(const struct times *t, double tokens, double depth)
{
    double body = tokens - LAST_TOKENS;

    if (can_cache_go_back(t->m) || body <= 0)
        return prefill(t, tokens, depth);
    return sum(prefill(t, body, depth), prefill(t, LAST_TOKENS, depth + body));
}

/* As it arrives: the engine's time and what serving adds. */
static struct range served(const struct times *t, double depth)
{
    return shifted(decode(t, depth), t->serving_s);
}

/* Seconds from a request on a warm prefix to its n-th generated token; the
 * first token comes from the prompt's own evaluation. */
static struct range until_token(const struct times *t,
                                const struct question *q, double n)
{
    double tokens = q->utterance_tokens + WRAPPING_TOKENS;
    double depth  = q->prompt_tokens + tokens + n / 2;

    return sum(shifted(reading(t, tokens, q->prompt_tokens), t->serving_s),
               scaled(served(t, depth), n - 1));
}

/* What the user measured here counts more than any formula. */
static void calibrate(struct times *t, const struct question *q,
                      struct forecast *out)
{
    double said = 1 / served(t, SERVED_DEPTH).value;
    double decode_s = 1 / q->measured_tok_s - t->serving_s;

    if (isnan(said) || isnan(q->measured_tok_s)) return;
    if (decode_s <= 0) {        /* faster than serving is thought to be */
        t->serving_s = 0;
        decode_s = 1 / q->measured_tok_s;
    }
    t->decode_scale *= decode_s / decode(t, SERVED_DEPTH).value;
    t->spread = MEASURED_SPREAD;
    out->is_calibrated = true;
}

static void predict_times(struct times *t, const struct question *q,
                          struct forecast *out)
{
    double whole = q->prompt_tokens + q->utterance_tokens + WRAPPING_TOKENS;
    double load_s;

    calibrate(t, q, out);
    out->gen_tok_s = per_second(decode(t, BENCH_DEPTH), 1);
    out->served_tok_s = per_second(served(t, SERVED_DEPTH), 1);
    out->prompt_tok_s = per_second(reading(t, MEASURED_PROMPT, 0),
                                   MEASURED_PROMPT);
    out->ttft_s = until_token(t, q, 1);
    out->ttft_cold_s = shifted(reading(t, whole, 0), t->serving_s);
    /* A sentence is known to be whole when the next token arrives. */
    out->first_sentence_s = until_token(t, q, q->sentence_tokens + 1);
    out->latency50_s = until_token(t, q, FORCED_TOKENS);
    load_s = speed_load_s(t->c, t->m, t->d, false);
    out->cold_start_s = shifted(out->ttft_cold_s, load_s);
}

/* ---- fit --------------------------------------------------------------- */

/* What programs on this board may take: all of it without a GPU's own
 * memory, else that of the GPU. */
static double available(const struct device *d, const struct question *q)
{
    if (!isnan(q->available_bytes)) return q->available_bytes;
    if (isnan(d->memory_bytes)) return NAN;
    return d->memory_bytes - (d->is_unified && !isnan(d->os_bytes)
                              ? d->os_bytes : 0);
}

static double needed(const struct model_facts *m, const struct device *d,
                     int context, struct memory_split *split)
{
    memory_predict(m, d, context, split);
    if (d->backend != BACKEND_CPU && !d->is_unified)
        return split->device_total;
    return split->total;
}

/* The longest context that fits, a multiple of CONTEXT_STEP; -1: none. */
static int most_context(const struct model_facts *m, const struct device *d,
                        double room)
{
    int low = 0, high = (m->context > 0 ? m->context : 131072) / CONTEXT_STEP;

    while (low < high) {
        struct memory_split split;
        int                 middle = low + (high - low + 1) / 2;
        if (needed(m, d, middle * CONTEXT_STEP, &split) <= room) low = middle;
        else high = middle - 1;
    }
    return low ? low * CONTEXT_STEP : -1;
}

static void say_why_not(struct forecast *out, double need,
                        const struct question *q)
{
    char beside[64] = "", most[64] = "no context makes it fit";

    if (q->reserve_bytes > 0)
        snprintf(beside, sizeof beside, " beside the %.0f MiB reserved for "
                 "speech", q->reserve_bytes / MIB);
    if (out->most_context > 0)
        snprintf(most, sizeof most, "a context of at most %d fits",
                 out->most_context);
    snprintf(out->reason, sizeof out->reason, "it needs %.0f MiB at a context "
             "of %d, and %.0f MiB are available%s; %s", need / MIB,
             q->context, fmax(0, out->available_bytes) / MIB, beside, most);
}

static void predict_fit(const struct model_facts *m, const struct device *d,
                        const struct question *q, struct forecast *out)
{
    double need = needed(m, d, q->context, &out->memory);

    out->fits = -1;
    out->most_context = -1;
    out->available_bytes = available(d, q) - q->reserve_bytes;
    if (isnan(need) || isnan(out->available_bytes)) return;
    out->fits = need <= out->available_bytes;
    if (out->fits) return;
    out->most_context = most_context(m, d, out->available_bytes);
    say_why_not(out, need, q);
}

void predict(const struct speed_constants *c, const struct model_facts *m,
             const struct device *d, const struct question *q,
             struct forecast *out)
{
    struct times t = {.c = c, .m = m, .d = d, .spread = NAN,
                      .decode_scale = q->decode_scale,
                      .prefill_scale = q->prefill_scale};

    *out = (struct forecast){
        .gen_tok_s = RANGE_MISSING, .served_tok_s = RANGE_MISSING,
        .prompt_tok_s = RANGE_MISSING, .ttft_s = RANGE_MISSING,
        .ttft_cold_s = RANGE_MISSING,
        .first_sentence_s = RANGE_MISSING, .latency50_s = RANGE_MISSING,
        .cold_start_s = RANGE_MISSING};
    predict_fit(m, d, q, out);
    t.serving_s = speed_serving_s(c, m, d);
    predict_times(&t, q, out);
}
