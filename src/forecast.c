/* SPDX-License-Identifier: MIT */
/* forecast.c - step 2 of an audition: which board predictions are for, what
 * is asked of each candidate, and what measuring teaches about this board. */
#include "audition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "predict/stream.h"

/* English text and JSON of tools, over the tokenizers of the catalogue. */
#define BYTES_PER_TOKEN 4.0
#define TEMPLATE_TOKENS 30.0

/* ---- which board ------------------------------------------------------- */

/* Memory and cores of a machine that is in no list, or whose memory is known
 * only by its kind, are measured once. */
static void measure_machine(struct audition *a)
{
    struct stream_figures figures;
    struct err            err = {0};
    struct device        *d = &a->device;

    if (!d->is_this_machine || d->backend != BACKEND_CPU) return;
    if (!isnan(d->measured_bandwidth_bytes_s)) return;
    if (stream_measure(&a->machine, &figures, &err)) {
        story_say(a, "%s", err.text);
        return;
    }
    d->measured_bandwidth_bytes_s = figures.bandwidth_bytes_s;
    d->measured_flops = figures.flops;
}

static bool differs(const char *flag, const char *configured)
{
    return flag && (!configured || strcasecmp(flag, configured) != 0);
}

/* A plan may be for any board; measuring happens on this one. */
static int choose_device(struct audition *a, struct err *err)
{
    const char *name = a->opt->device ? a->opt->device : a->config.board;
    const char *mode = a->opt->power_mode;

    /* A mode of the config is one of the board that stands beside it. */
    if (!mode && !differs(a->opt->device, a->config.board))
        mode = a->config.power_mode;

    device_of_machine(&a->boards, &a->machine, "", name ? NULL : mode,
                      &a->device);
    if (name) {
        struct device named;
        if (device_find(&a->boards, name, mode, NAN, &named, err)) return -1;
        if (named.board == a->device.board) named.is_this_machine = true;
        if (named.is_this_machine || a->opt->dry_run || a->opt->plan_only) {
            a->device = named;
            a->machine.reload_degrades =
                strcmp(named.device_class, "jetson") == 0;
            audition_schedule(a);
        } else {
            story_say(a, "this machine is %s, not the %s that was named: "
                      "measured and predicted is this one", a->device.name,
                      named.name);
        }
    }
    measure_machine(a);
    return 0;
}

/* ---- what is asked ----------------------------------------------------- */

double forecast_tokens(size_t bytes)
{
    return (double)bytes / BYTES_PER_TOKEN + TEMPLATE_TOKENS;
}

double forecast_prompt_tokens(const struct audition *a)
{
    char  *tools = a->prompt.tools ? json_dumps(a->prompt.tools, JSON_COMPACT)
                                   : NULL;
    size_t bytes = (a->prompt.system ? strlen(a->prompt.system) : 0) +
                   (tools ? strlen(tools) : 0);

    free(tools);
    return forecast_tokens(bytes);
}

/* What the user measured, they measured on the board and in the mode that
 * the config names. */
static bool is_as_configured(const struct audition *a)
{
    return !differs(a->opt->device, a->config.board) &&
           !differs(a->opt->power_mode, a->config.power_mode);
}

/* What the other models say of this board: a prediction that its own
 * measurement had corrected would be none. */
static void take_scales(const struct audition *a, const char *name,
                        struct question *q)
{
    struct calibration others = {.why = a->calibration.why};

    others.points = mem_new(a->calibration.n, sizeof *others.points);
    for (size_t i = 0; i < a->calibration.n; i++)
        if (!a->calibration.points[i].model ||
            strcmp(a->calibration.points[i].model, name) != 0)
            others.points[others.n++] = a->calibration.points[i];
    calibration_fit(&others);
    q->decode_scale = others.decode_scale;
    q->prefill_scale = others.prefill_scale;
    free(others.points);
}

static void ask(const struct audition *a, const struct entry *e,
                struct question *q)
{
    question_init(q);
    q->context = e->context;
    q->reserve_bytes = a->config.reserve_bytes;
    q->prompt_tokens = forecast_prompt_tokens(a);
    if (is_as_configured(a)) q->measured_tok_s = e->candidate->measured_tok_s;
    take_scales(a, e->candidate->name, q);
    if (a->device.is_this_machine &&
        (a->device.is_unified || a->device.backend == BACKEND_CPU))
        q->available_bytes = a->machine.available_bytes;
}

/* What the user knows of this board counts for the other candidates too, as
 * one point each of its calibration. */
static void add_known_speeds(struct audition *a)
{
    struct calibration *c = &a->calibration;

    for (size_t i = 0; i < a->list.n; i++) {
        const struct candidate *k = &a->list.items[i];
        struct question         q;
        struct forecast         f;

        if (isnan(k->measured_tok_s) || !is_as_configured(a)) continue;
        ask(a, &a->entries[i], &q);
        q.measured_tok_s = NAN;
        q.decode_scale = q.prefill_scale = 1;
        predict(a->constants, &k->facts, &a->device, &q, &f);
        if (isnan(f.served_tok_s.value)) continue;
        c->points = mem_grow(c->points, c->n + 1, sizeof *c->points);
        c->points[c->n] = (struct calibration_point){
            .model = mem_copy(k->name),
            .predicted_gen_tok_s = f.served_tok_s.value,
            .measured_gen_tok_s = k->measured_tok_s,
            .predicted_prompt_tok_s = NAN, .measured_prompt_tok_s = NAN,
            .predicted_memory_bytes = NAN, .measured_memory_bytes = NAN};
        snprintf(c->points[c->n].key, sizeof c->points[c->n].key, "config-%zu",
                 i);
        c->n++;
    }
}

int audition_predict(struct audition *a, struct err *err)
{
    if (choose_device(a, err)) return -1;
    if (calibration_load(&a->device, &a->calibration, err)) return -1;
    calibration_fit(&a->calibration);
    add_known_speeds(a);
    calibration_fit(&a->calibration);
    for (size_t i = 0; i < a->list.n; i++) {
        struct entry   *e = &a->entries[i];
        struct question q;

        ask(a, e, &q);
        predict(a->constants, &e->candidate->facts, &a->device, &q,
                &e->forecast);
        if (e->is_out || e->forecast.fits != 0) continue;
        e->is_out = e->is_skipped = true;
        err_set(&e->failure, ERR_PREFLIGHT, "does not fit: %s",
                e->forecast.reason);
    }
    return 0;
}

double forecast_cpu_tok_s(const struct audition *a, const struct entry *e)
{
    struct device   cpu = a->device;
    struct question q;
    struct forecast f;

    if (!cpu.is_unified) return NAN;
    ask(a, e, &q);
    cpu.backend = BACKEND_CPU;
    cpu.clock_hz = cpu.cpu_clock_hz;
    cpu.units = cpu.cpu_cores;
    predict(a->constants, &e->candidate->facts, &cpu, &q, &f);
    return f.served_tok_s.value;
}

/* ---- what was measured ------------------------------------------------- */

static double median_of(const struct candidate_facts *c, enum metric_id id)
{
    return c->metrics[id].n > 0 && !c->metrics[id].reason[0]
           ? c->metrics[id].median : NAN;
}

/* One point for a candidate that was measured whole on this machine. */
static int learn(const struct audition *a, const struct entry *e,
                 const struct candidate_facts *c, struct err *err)
{
    struct question          q;
    struct forecast          f;
    struct calibration_point p = {
        .model = c->name,
        .measured_gen_tok_s = median_of(c, METRIC_served_tok_s),
        .measured_prompt_tok_s = median_of(c, METRIC_prompt_tok_s),
        .measured_memory_bytes = a->device.backend == BACKEND_CPU
            ? median_of(c, METRIC_peak_memory_bytes) : NAN};

    if (isnan(p.measured_gen_tok_s)) return 0;
    ask(a, e, &q);
    q.measured_tok_s = NAN;
    q.decode_scale = q.prefill_scale = 1;
    predict(a->constants, &e->candidate->facts, &a->device, &q, &f);
    if (isnan(f.served_tok_s.value)) return 0;
    p.predicted_gen_tok_s = f.served_tok_s.value;
    p.predicted_prompt_tok_s = f.prompt_tok_s.value;
    p.predicted_memory_bytes = f.memory.total;
    snprintf(p.key, sizeof p.key, "%s", e->subject_hash);
    return calibration_add(&a->device, &p, err);
}

void audition_learn(const struct audition *a, const struct facts *facts)
{
    for (size_t i = 0; i < a->list.n; i++) {
        const struct entry *e = &a->entries[i];

        for (size_t k = 0; k < facts->n_candidates; k++) {
            const struct candidate_facts *c = &facts->candidates[k];
            struct err                    err = {0};
            if (c->status != STATUS_OK || c->remote || !e->subject_hash[0] ||
                e->candidate->facts.layers < 0 ||
                strcmp(c->name, e->candidate->name) != 0)
                continue;
            if (learn(a, e, c, &err))
                story_say(a, "not kept for later predictions: %s", err.text);
        }
    }
}
