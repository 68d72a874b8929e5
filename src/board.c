/* SPDX-License-Identifier: MIT */
/* board.c - see board.h. */
#include "board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "observe.h"
#include "probe/probe.h"

#define LOG_BYTES (8u << 20)     /* of an engine's log, from its beginning */
#define JUDGED_TOKENS 32         /* a shorter answer says nothing of speed */
#define WARMER_C 5.0             /* above the start that still counts as cool */
#define COOL_C 60.0              /* a board below it need not cool down      */
#define NAP_S 0.05
#define Q8_0_OF_F16 (34.0 / 64)  /* bytes of 32 elements */

/* ---- the start ---------------------------------------------------------- */

static const enum reading_key at_start_keys[] = {
    READ_board_model, READ_l4t_release, READ_kernel, READ_power_mode_id,
    READ_power_mode_name, READ_clocks_locked, READ_gpu_name, READ_gpu_driver,
    READ_gpu_load_pct, READ_gpu_freq_hz, READ_gpu_max_freq_hz,
    READ_gpu_hw_max_freq_hz, READ_gpu_mode_max_freq_hz, READ_cpu_freqs_hz,
    READ_cpu_max_freq_hz, READ_cpu_max_freq_hz_now, READ_cpu_online,
    READ_emc_freq_hz, READ_emc_cap_hz, READ_power_in_mw, READ_gpu_power_mw,
    READ_max_temp_c, READ_gpu_temp_c, READ_throttle_trip_c,
    READ_throttling_now, READ_throttle_reasons, READ_undervoltage_now,
    READ_oc_event_counts, READ_fan_rpm, READ_mem_total_bytes,
    READ_mem_available_bytes, READ_gpu_mem_total_bytes,
    READ_gpu_mem_used_bytes, READ_swap_total_bytes, READ_swap_used_bytes,
    READ_swap_is_zram, READ_memory_stall_pct};

static json_t *chosen(const struct reading *r)
{
    json_t *all = reading_json(r), *out = json_object();
    json_t *missing = json_object(), *reasons = json_object_get(all, "missing");

    for (size_t i = 0; i < sizeof at_start_keys / sizeof *at_start_keys; i++) {
        const char *name = reading_info[at_start_keys[i]].name;
        json_t     *value = json_object_get(all, name);
        json_t     *why = json_object_get(reasons, name);

        json_object_set(out, name, value);
        if (why) json_object_set(missing, name, why);
    }
    json_object_set_new(out, "missing", missing);
    json_decref(all);
    return out;
}

static double first_of(double a, double b) { return isnan(a) ? b : a; }

static void take_reading(struct board_state *b, const struct reading *r)
{
    double id = reading_get(r, READ_power_mode_id);

    b->at_start = chosen(r);
    b->power_mode_id = isnan(id) ? NULL : mem_printf("%.0f", id);
    b->cores = reading_get(r, READ_cpu_online);
    b->memory_bytes = reading_get(r, READ_mem_total_bytes);
    b->start_temp_c = reading_get(r, READ_max_temp_c);
    b->limits = (struct mark_limits){
        .gpu_mode_max_freq_hz = first_of(
            reading_get(r, READ_gpu_mode_max_freq_hz),
            reading_get(r, READ_gpu_max_freq_hz)),
        .cpu_mode_max_freq_hz = first_of(
            reading_get(r, READ_cpu_mode_max_freq_hz),
            reading_get(r, READ_cpu_max_freq_hz_now)),
        .other_cpu_cores = mark_other_cpu_cores(b->cores)};
}

int board_begin(struct board_state *b, const struct board_spec *spec,
                struct err *err)
{
    struct reading now;
    struct sampler_spec sampled = {.root = spec->root,
                                   .memory_floor_bytes =
                                       spec->memory_floor_bytes};

    *b = (struct board_state){.root = spec->root, .fallback = -1};
    engine_log_read("", 0, &b->log);
    probe_read(spec->root, &now);
    take_reading(b, &now);
    reading_done(&now);
    if (isnan(sampled.memory_floor_bytes))
        sampled.memory_floor_bytes = memory_floor(b->memory_bytes);
    if (sampled.memory_floor_bytes == 0) sampled.memory_floor_bytes = NAN;
    if (spec->coload && coload_is_wanted(spec->coload) &&
        coload_start(&b->coload, spec->coload, err))
        return -1;
    if (!spec->is_sampled) return 0;
    if (sampler_start(&b->sampler, &sampled, err)) return -1;
    if (b->coload) sampler_coload(b->sampler, coload_group(b->coload));
    return 0;
}

void board_end(struct board_state *b)
{
    sampler_stop(b->sampler);
    coload_stop(b->coload);
    json_decref(b->at_start);
    free(b->power_mode_id);
    *b = (struct board_state){0};
}

/* ---- an engine ---------------------------------------------------------- */

void board_before_engine(struct board_state *b,
                         const struct board_expectation *e)
{
    struct reading now;

    b->expected = *e;
    engine_log_read("", 0, &b->log);
    b->fallback = -1;
    b->fallback_why[0] = '\0';
    b->after_load = (struct memory_moment){NAN, NAN, NAN};
    b->device_memory = DEVICE_MEMORY_NONE;
    b->device_source = DEVICE_SOURCE_NONE;
    b->ran_out = b->has_child = false;
    b->limits.on_gpu = e->gpu_expected;
    b->limits.cpu_fallback = false;
    probe_read(b->root, &now);
    b->available_before_bytes = reading_get(&now, READ_mem_available_bytes);
    reading_done(&now);
    if (b->sampler) sampler_reset_extremes(b->sampler);
}

void board_on_child(void *ctx, long group)
{
    struct board_state *b = ctx;

    if (group > 0) b->has_child = true;
    if (b->sampler) sampler_engine(b->sampler, group);
}

static void read_log(struct board_state *b, const char *log_path)
{
    struct bytes log = {0};
    struct err   ignored = {0};

    if (!log_path || bytes_read(&log, log_path, LOG_BYTES, &ignored)) return;
    engine_log_read((const char *)log.data, log.size, &b->log);
    bytes_done(&log);
}

/* Is the model, or a part of it, on a GPU? */
static bool is_on_gpu(const struct engine_log *log)
{
    return log->layers_on_gpu > 0 || log->device_total_bytes > 0;
}

/* What the process has now; a GPU's part by its driver, else by the engine's
 * log. */
static void look_at_memory(struct board_state *b, long pid,
                           const char *model_path, struct memory_moment *out,
                           double *largest_bytes)
{
    struct process_memory use;

    probe_process_memory("", pid, model_path, &use);
    *out = (struct memory_moment){use.anon_bytes, use.mapped_bytes, NAN};
    if (b->sampler) sampler_memory_now(b->sampler);
    if (b->sampler)
        out->device_bytes = sampler_latest(b->sampler, SAMPLE_device_bytes);
    b->device_source = isnan(out->device_bytes) ? DEVICE_SOURCE_NONE
                                              : DEVICE_SOURCE_NVML;
    if (isnan(out->device_bytes) && is_on_gpu(&b->log)) {
        out->device_bytes = b->log.device_total_bytes;
        if (!isnan(out->device_bytes)) b->device_source = DEVICE_SOURCE_LOG;
    }
    b->device_memory = isnan(out->device_bytes) && !is_on_gpu(&b->log)
                       ? DEVICE_MEMORY_NONE
                   : b->expected.is_unified ? DEVICE_MEMORY_SHARED
                                            : DEVICE_MEMORY_OWN;
    *largest_bytes = use.largest_bytes;
}

static void judge_fallback(struct board_state *b, double load_pct, double tok_s)
{
    struct fallback_facts f = {
        .gpu_expected = b->expected.gpu_expected, .log = &b->log,
        .gpu_load_pct = load_pct, .tok_s = tok_s,
        .gpu_tok_s = b->expected.gpu_tok_s,
        .cpu_tok_s = b->expected.cpu_tok_s};
    char why[sizeof b->fallback_why] = "";
    int  is = cpu_fallback(&f, why, sizeof why);

    if (is < 0) return;
    b->fallback = is;
    memcpy(b->fallback_why, why, sizeof why);
    b->limits.cpu_fallback = is == 1;
    b->limits.on_gpu = b->expected.gpu_expected && is != 1;
}

void board_loaded(struct board_state *b, const char *log_path, long pid,
                  const char *model_path)
{
    double largest_bytes;

    read_log(b, log_path);
    judge_fallback(b, NAN, NAN);
    look_at_memory(b, pid, model_path, &b->after_load, &largest_bytes);
}

/* ---- a turn ------------------------------------------------------------- */

void board_before_turn(void *ctx)
{
    struct board_state *b = ctx;

    if (b->sampler) sampler_now(b->sampler);
}

void board_after_turn(void *ctx, struct turn *turn)
{
    struct board_state *b = ctx;
    int64_t       first_ns = turn->n_chunks ? turn->chunks[0].at_ns : -1;

    if (!b->sampler || turn->sent_ns < 0 || turn->end_ns < turn->sent_ns)
        return;
    sampler_now(b->sampler);
    sampler_join(b->sampler, turn->sent_ns, first_ns, turn->end_ns,
                 &turn->board);
    if (turn->server.predicted_n >= JUDGED_TOKENS)
        judge_fallback(b, turn->board.gpu_load_pct,
                       observe_timings_tok_s(turn));
    turn->marks = telemetry_marks(&turn->board, &b->limits, b->marks_why,
                                  sizeof b->marks_why);
}

/* ---- memory ------------------------------------------------------------- */

void board_observe_memory(struct board_state *b, long pid,
                          const char *model_path, struct trial *t)
{
    struct memory_moment end, peak;
    double largest_bytes, low_bytes = NAN, taken_bytes;

    look_at_memory(b, pid, model_path, &end, &largest_bytes);
    peak = end;
    if (b->sampler) {
        peak.anon_bytes = fmax(end.anon_bytes, sampler_most(
            b->sampler, SAMPLE_engine_anon_bytes));
        peak.device_bytes = fmax(end.device_bytes, sampler_most(
            b->sampler, SAMPLE_device_bytes));
        low_bytes = sampler_least(b->sampler, SAMPLE_available_bytes);
    }
    taken_bytes = ledger_taken_bytes(&peak, b->device_memory);
    trial_observe(t, "anon_bytes", end.anon_bytes);
    trial_observe(t, "weights_mapped_bytes", end.mapped_bytes);
    trial_observe(t, "device_bytes", peak.device_bytes);
    trial_observe(t, "peak_memory_bytes", taken_bytes);
    trial_observe(t, "left_for_speech_bytes", b->available_before_bytes -
                  ledger_system_bytes(&peak, b->device_memory));
    trial_observe(t, "ledger_available_before_bytes",
                  b->available_before_bytes);
    trial_observe(t, "ledger_after_load_bytes",
                  ledger_taken_bytes(&b->after_load, b->device_memory));
    trial_observe(t, "ledger_anon_bytes", end.anon_bytes);
    trial_observe(t, "ledger_weights_mapped_bytes", end.mapped_bytes);
    trial_observe(t, "ledger_device_bytes", peak.device_bytes);
    trial_observe(t, "ledger_peak_bytes", taken_bytes);
    trial_observe(t, "ledger_available_low_bytes", low_bytes);
    trial_observe(t, "ledger_largest_bytes", largest_bytes);
    trial_observe(t, "ledger_growth_bytes",
                  ledger_taken_bytes(&end, b->device_memory) -
                  ledger_taken_bytes(&b->after_load, b->device_memory));
    trial_observe(t, LEDGER_DEVICE_SOURCE, b->device_source);
    ledger_observe_log(&b->log, t);
}

/* What a new process may take: what is available, or less by a limit of ours
 * that it inherits. */
static double may_take_bytes(const struct board_state *b)
{
    struct rlimit space;

    if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY)
        return b->available_before_bytes;
    return fmin((double)space.rlim_cur, b->available_before_bytes);
}

/* The largest context, and whether a cache of half the size, would have
 * fitted; nothing when what was predicted fits as it is. */
static void find_fit(const struct board_expectation *e, double room_bytes,
                     struct oom_facts *f)
{
    double rest = e->memory_bytes - e->kv_bytes, tokens;

    f->fits_context = -1;
    if (!(e->memory_bytes > room_bytes) || !(e->kv_bytes > 0)) return;
    tokens = floor((room_bytes - rest) / e->kv_bytes * e->context / 256) * 256;
    if (tokens >= 256 && tokens < e->context) f->fits_context = (int)tokens;
    f->fits_q8_kv = rest + e->kv_bytes * Q8_0_OF_F16 <= room_bytes;
}

bool board_explain(struct board_state *b, const char *log_path, struct err *err)
{
    struct memory_stop stop = {NAN, NAN, NAN};
    /* Else it speaks of the engine before this one. */
    bool               by_us = b->sampler && b->has_child &&
                               sampler_stopped_engine(b->sampler, &stop);
    struct oom_facts   f = {.log = &b->log, .stopped_by_us = by_us,
                            .asked_bytes = NAN,
                            .available_bytes = may_take_bytes(b),
                            .stop_available_bytes = stop.available_bytes};
    char *text;

    read_log(b, log_path);
    if (!by_us && !b->log.failed[0]) return false;
    b->ran_out = true;
    /* MemAvailable says nothing of a GPU's own memory. */
    if (b->log.failed_where[0] && !b->expected.is_unified &&
        strcmp(b->log.failed_where, "main memory") != 0)
        f.available_bytes = NAN;
    find_fit(&b->expected, f.available_bytes, &f);
    /* What the log does not tell was predicted, where that explains it. */
    if (b->expected.memory_bytes > f.available_bytes)
        f.asked_bytes = b->expected.memory_bytes;
    text = oom_sentence(&f);
    *err = (struct err){0};
    err_set(err, ERR_FAILED, "%s", text);
    free(text);
    return true;
}

/* ---- cooling ------------------------------------------------------------ */

static bool is_hot(struct board_state *b)
{
    double temp_c = sampler_latest(b->sampler, SAMPLE_temp_c);

    if (sampler_latest(b->sampler, SAMPLE_cooling_state) > 0) return true;
    return temp_c > b->start_temp_c + WARMER_C && temp_c > COOL_C;
}

double board_cool(struct board_state *b, double limit_s)
{
    double waited_s = 0;

    if (!b->sampler) return 0;
    for (; waited_s < limit_s && is_hot(b) && !stop_signal();
         waited_s += NAP_S)
        clock_nap(NAP_S);
    return waited_s;
}
