/* SPDX-License-Identifier: MIT */
/* report_board.h - the board's part of a facts record: what a Jetson Orin NX
 * in its 25 W mode says, and what an audition makes of it. */
#ifndef TESTS_REPORT_BOARD_H
#define TESTS_REPORT_BOARD_H

#include <stdlib.h>

#include "base/utf8.h"
#include "coload.h"
#include "mode_facts.h"
#include "probe/reading.h"
#include "soak.h"
#include "unit/report_parts.h"

#define MIB 1048576.0

/* The keys that a reading has or lacks for a reason of its own. */
static inline json_t *known_of(const struct reading *r)
{
    json_t *all = reading_json(r), *out = json_object();
    json_t *missing = json_object(), *why = json_object_get(all, "missing");

    for (int k = 0; k < READ_COUNT; k++) {
        const char *name = reading_info[k].name;

        if (!r->values[k].is_set && !r->values[k].why) continue;
        json_object_set(out, name, json_object_get(all, name));
        if (r->values[k].why)
            json_object_set(missing, name, json_object_get(why, name));
    }
    json_object_set_new(out, "missing", missing);
    json_decref(all);
    return out;
}

static inline json_t *orin_at_start(double temp_c, bool is_throttling)
{
    struct reading r;
    json_t        *out;

    reading_init(&r);
    reading_text(&r, READ_board_model, "NVIDIA Jetson Orin NX 16GB");
    reading_text(&r, READ_l4t_release, "36.4.3");
    reading_number(&r, READ_power_mode_id, 3);
    reading_text(&r, READ_power_mode_name, "25W");
    reading_truth(&r, READ_clocks_locked, false);
    reading_number(&r, READ_gpu_load_pct, 0);
    reading_number(&r, READ_gpu_max_freq_hz, 408e6);
    reading_number(&r, READ_gpu_hw_max_freq_hz, 918e6);
    reading_number(&r, READ_cpu_max_freq_hz_now, 1497.6e6);
    reading_number(&r, READ_power_in_mw, 5640);
    reading_number(&r, READ_max_temp_c, temp_c);
    reading_truth(&r, READ_throttling_now, is_throttling);
    reading_number(&r, READ_swap_used_bytes, is_throttling ? 412 * MIB : 0);
    reading_lack(&r, READ_emc_freq_hz, "needs root: /sys/kernel/debug/bpmp");
    out = known_of(&r);
    reading_done(&r);
    return out;
}

/* Of 240 turns, while it generates at tok_s with power_w at the input. */
static inline void set_board(struct candidate_facts *c, double tok_s,
                             double power_w, double temp_c, long marked,
                             const double by_mark[MARK_BITS])
{
    double power[] = {power_w}, load[] = {96.8}, freq[] = {408e6};
    struct board_tally tally = {
        .is_begun = true, .turns = 240, .marked = (double)marked,
        .oc_events = by_mark[0] > 0 ? 3 : 0, .swapped_bytes = 212 * MIB,
        .temp_c = temp_c, .other_cores = 1.4, .power_peak_w = power_w * 1.21,
        .energy_scope = ENERGY_BOARD, .power_w = power, .n_power = 1,
        .load_pct = load, .n_load = 1, .freq_hz = freq, .n_freq = 1};

    for (size_t k = 0; k < MARK_BITS; k++) tally.by_mark[k] = by_mark[k];
    c->board.at_start = orin_at_start(46.9, by_mark[0] > 20);
    board_notes_summarise(&tally, "the engine's log says that 0 of 25 layers "
                          "are on the GPU", &c->board);
    set_metric(c, METRIC_energy_j_per_token, power_w / tok_s,
               power_w / tok_s * .98, power_w / tok_s * 1.03, 20);
    set_reason(c, METRIC_energy_j_per_token, "");
}

/* Of a model with so many bytes of weights, all on the GPU. */
static inline void set_ledger(struct candidate_facts *c, double weights_bytes)
{
    struct ledger *l = &c->ledger;
    double kv = 144 * MIB, compute = 301 * MIB, process = 190 * MIB;
    double device = weights_bytes + kv + compute;

    l->predicted.weights_bytes = weights_bytes;
    l->predicted.kv_bytes = kv;
    l->predicted.compute_bytes = compute * 1.05;
    l->predicted.overhead_bytes = 210 * MIB;
    l->predicted.total_bytes = weights_bytes + kv + compute * 1.05 + 210 * MIB;
    l->engine.weights_bytes = weights_bytes;
    l->engine.kv_bytes = kv;
    l->engine.compute_bytes = compute;
    l->engine.total_bytes = l->engine.device_bytes = device;
    l->engine.largest_bytes = weights_bytes;
    snprintf(l->largest, sizeof l->largest, "weights");
    snprintf(l->device_source, sizeof l->device_source, "engine's log");
    l->measured.available_before_bytes = 12.7 * GIB;
    l->measured.after_load_bytes = device + process;
    l->measured.anon_bytes = process + 12 * MIB;
    l->measured.weights_mapped_bytes = 0;
    l->measured.device_bytes = device;
    l->measured.peak_bytes = device + process + 31 * MIB;
    l->measured.available_low_bytes = 12.7 * GIB - device - process;
    l->measured.largest_bytes = 96 * MIB;
    l->measured.growth_bytes = 12 * MIB;
    l->reserve_bytes = 1.5 * GIB;
    l->left_for_speech_bytes = 11.2 * GIB - l->measured.peak_bytes;
    set_metric(c, METRIC_peak_memory_bytes, l->measured.peak_bytes, NAN, NAN,
               2);
    set_metric(c, METRIC_left_for_speech_bytes, l->left_for_speech_bytes, NAN,
               NAN, 2);
}

static inline struct drift drift_at(double first, double change,
                                    double slope_per_h, enum steadiness is)
{
    return (struct drift){
        .first = first, .last = first * (1 + change), .change = change,
        .slope_per_h = slope_per_h, .slope_low = slope_per_h * .4,
        .slope_high = slope_per_h * 1.7, .is = is, .n = 181};
}

/* Ten minutes, in which the board grows warm. */
static inline void set_soak(struct candidate_facts *c, double tok_s)
{
    c->soak = mem_new(1, sizeof *c->soak);
    *c->soak = (struct soak_facts){
        .duration_s = 600.4, .wanted_s = 600, .turns = 182, .failures = 1,
        .failures_per_1000 = 1e3 / 182, .failures_low = .97,
        .failures_high = 30.5, .answers = 181, .different = 0,
        .time_to_steady_s = NAN, .starts = 1, .is = DRIFTING,
        .growth_bytes_per_1000 = 3 * MIB,
        .tok_s = drift_at(tok_s, -.041, -tok_s * .19, DRIFTING),
        .latency = drift_at(1.18, .038, .21, STEADY_UNKNOWN),
        .memory = drift_at(2.4 * GIB, .002, 18 * MIB, STEADY),
        .power = drift_at(9.8, -.011, -.4, STEADY),
        .temp = drift_at(61.5, 0, 9.2, DRIFTING)};
    c->soak->temp.last = 73.9;
    c->soak->temp.change = 12.4;
    snprintf(c->soak->reason, sizeof c->soak->reason, "speed falls by 3.2 %% "
             "in the second half (2.0 %% is allowed)");
}

static inline void set_coload(struct candidate_facts *c, const char *command,
                              const char *how_ended)
{
    c->coload = mem_new(1, sizeof *c->coload);
    *c->coload = (struct coload_facts){
        .is_wanted = true, .ready_s = 4.2, .has_ended = how_ended != NULL,
        .health_median_s = .034, .health_worst_s = .212, .health_n = 640,
        .health_failures = how_ended ? 203 : 0, .cpu_cores = 1.12,
        .memory_bytes = 812 * MIB};
    snprintf(c->coload->command, sizeof c->coload->command, "%s", command);
    if (how_ended)
        snprintf(c->coload->how, sizeof c->coload->how, "%s", how_ended);
    board_notes_coload(c->coload, &c->board);
}

/* What f says as the mode it was auditioned in, and another mode in which
 * everything is slower by a fifth. */
static inline void add_modes(struct facts *f, const char *name,
                             const char *other)
{
    struct mode_facts *m;

    mode_facts_add(f, f, "3", name, NULL);
    mode_facts_add(f, f, "2", other, NULL);
    m = &f->modes[f->n_modes - 1];
    for (size_t i = 0; i < m->n; i++) {
        m->cells[i].served_tok_s *= .8;
        m->cells[i].first_sentence_s /= .8;
        m->cells[i].energy_j_per_token *= .9;
        m->cells[i].power_w *= .72;
        m->cells[i].temp_peak_c -= 11;
    }
}

#endif
