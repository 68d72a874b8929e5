/* SPDX-License-Identifier: MIT */
/* nvml.c - the figures of the driver's library, as keys of a reading and as
 * items of a watch. What they mean with several GPUs: nvml.h. */
#include "probe/nvml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "probe/nvml_internal.h"
#include "probe/probe.h"

#define HZ_PER_MHZ 1e6
#define MHZ_MAX    20000.0
#define MW_MAX     1e8         /* 100 kW                               */
#define TEMP_MIN   (-60.0)
#define TEMP_MAX   200.0
#define MEMORY_MAX 0x1p50
#define COUNT_MAX  0x1p53      /* a double still counts by one         */

/* ---- one figure of one GPU --------------------------------------------- */

/* NAN with the reason in why. */
typedef double figure_of(const struct nvml *nvml, nvml_device gpu, char *why);

static double load_pct(const struct nvml *nvml, nvml_device gpu, char *why)
{
    struct nvml_load load = {0, 0};
    int              status = NVML_ASK(nvml, load, gpu, &load);

    return nvml_told(nvml, NVML_CALL_load, status, load.gpu_pct, 0, 100, why);
}

/* Some drivers know the clock of the whole graphics part only. */
static double clock_hz(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned mhz = 0;
    int      status = NVML_ASK(nvml, clock, gpu, NVML_CLOCK_SM, &mhz);

    if (status > 0)
        status = NVML_ASK(nvml, clock, gpu, NVML_CLOCK_GRAPHICS, &mhz);
    return nvml_told(nvml, NVML_CALL_clock, status, mhz, 0, MHZ_MAX, why) *
           HZ_PER_MHZ;
}

static double hw_max_hz(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned mhz = 0;
    int      status = NVML_ASK(nvml, max_clock, gpu, NVML_CLOCK_SM, &mhz);

    if (status > 0)
        status = NVML_ASK(nvml, max_clock, gpu, NVML_CLOCK_GRAPHICS, &mhz);
    return nvml_told(nvml, NVML_CALL_max_clock, status, mhz, 1, MHZ_MAX, why) *
           HZ_PER_MHZ;
}

/* A limit below the hardware's that somebody set. One that was not set, the
 * default application clock, limits nothing: GPUs boost above it. */
static double set_limit_hz(const struct nvml *nvml, nvml_device gpu)
{
    unsigned set = 0, by_default = 0, boost = 0;

    if (NVML_ASK(nvml, app_clock, gpu, NVML_CLOCK_GRAPHICS, &set) == NVML_OK &&
        NVML_ASK(nvml, default_clock, gpu, NVML_CLOCK_GRAPHICS,
                 &by_default) == NVML_OK &&
        set != by_default && set > 0 && set <= MHZ_MAX)
        return set * HZ_PER_MHZ;
    if (NVML_ASK(nvml, boost_clock, gpu, NVML_CLOCK_GRAPHICS,
                 &boost) == NVML_OK && boost > 0 && boost <= MHZ_MAX)
        return boost * HZ_PER_MHZ;
    return NAN;
}

static double max_hz(const struct nvml *nvml, nvml_device gpu, char *why)
{
    double limit = fmin(hw_max_hz(nvml, gpu, why), set_limit_hz(nvml, gpu));
    char   unused[NVML_WHY_BYTES];

    /* A limit that the clock is above is none. */
    return isnan(limit) ? (double)NAN
                        : fmax(limit, clock_hz(nvml, gpu, unused));
}

static double power_mw(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned mw = 0;
    int      status = NVML_ASK(nvml, power, gpu, &mw);

    return nvml_told(nvml, NVML_CALL_power, status, mw, 0, MW_MAX, why);
}

static double energy_mj(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned long long mj = 0;
    int                status = NVML_ASK(nvml, energy, gpu, &mj);

    return nvml_told(nvml, NVML_CALL_energy, status, (double)mj, 0, COUNT_MAX,
                     why);
}

static double temp_c(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned celsius = 0;
    int      status = NVML_ASK(nvml, temperature, gpu, 0, &celsius);

    return nvml_told(nvml, NVML_CALL_temperature, status, (int)celsius,
                     TEMP_MIN, TEMP_MAX, why);
}

/* The first version counts what the driver keeps for itself as used. */
static double memory_of(const struct nvml *nvml, nvml_device gpu, char *why,
                        double *used)
{
    struct nvml_memory_v2 v2 = {.version = (unsigned)sizeof v2 | 2U << 24};
    struct nvml_memory    v1 = {0, 0, 0};
    enum nvml_call        call = NVML_CALL_memory_v2;
    int                   status = NVML_ASK(nvml, memory_v2, gpu, &v2);
    double                total;

    if (status != NVML_OK && nvml->memory) {
        call = NVML_CALL_memory;
        status = nvml->memory(gpu, &v1);
        v2.total = v1.total;
        v2.used = v1.used;
    }
    total = nvml_told(nvml, call, status, (double)v2.total, 1, MEMORY_MAX, why);
    *used = nvml_told(nvml, call, status, (double)v2.used, 0, total, why);
    return total;
}

static double total_bytes(const struct nvml *nvml, nvml_device gpu, char *why)
{
    double used;

    return memory_of(nvml, gpu, why, &used);
}

static double used_bytes(const struct nvml *nvml, nvml_device gpu, char *why)
{
    double used;

    memory_of(nvml, gpu, why, &used);
    return used;
}

static double reason_bits(const struct nvml *nvml, nvml_device gpu, char *why)
{
    unsigned long long bits = 0;
    int                status = NVML_ASK(nvml, reasons, gpu, &bits);

    return nvml_told(nvml, NVML_CALL_reasons, status, (double)bits, 0,
                     COUNT_MAX, why);
}

/* ---- of all of them ---------------------------------------------------- */

enum over { OVER_FIRST, OVER_SUM, OVER_MAX, OVER_BITS };

static double over_gpus(const struct nvml *nvml, figure_of *figure,
                        enum over over, char *why)
{
    size_t n = over == OVER_FIRST && nvml->n ? 1 : nvml->n;
    double all = NAN;

    if (!n) snprintf(why, NVML_WHY_BYTES, "%s", nvml->why);
    for (size_t i = 0; i < n; i++) {
        double one = figure(nvml, nvml->gpus[i], why);
        if (isnan(one) && over == OVER_SUM) return NAN;
        if (i == 0 || isnan(all)) all = one;
        else if (isnan(one)) continue;
        else if (over == OVER_SUM) all += one;
        else if (over == OVER_MAX) all = fmax(all, one);
        else all = (double)((unsigned long long)all | (unsigned long long)one);
    }
    return all;
}

/* ---- why the clock is held down ---------------------------------------- */

/* Bits of SAMPLE_throttle_flags; watch_list.h. */
enum { HEAT = 1, POWER = 2, OTHER = 8, NO_THROTTLING = 0 };

/* As nvidia-smi names them. What the user set, an idle GPU and the highest
 * voltage (every GeForce that boosts as far as it may) are no throttling. */
static const struct { unsigned long long bit; int flag; const char *name; }
reasons[] = {
    {0x001, NO_THROTTLING, "gpu_idle"},
    {0x002, NO_THROTTLING, "applications_clocks_setting"},
    {0x004, POWER,         "sw_power_cap"},
    {0x008, OTHER,         "hw_slowdown"},
    {0x010, OTHER,         "sync_boost"},
    {0x020, HEAT,          "sw_thermal_slowdown"},
    {0x040, HEAT,          "hw_thermal_slowdown"},
    {0x080, POWER,         "hw_power_brake_slowdown"},
    {0x100, NO_THROTTLING, "display_clock_setting"},
    {0x200, POWER,         "board_limit"},
    {0x400, NO_THROTTLING, "reliability"},
};
#define N_REASONS (sizeof reasons / sizeof *reasons)

static void read_reasons(const struct nvml *nvml, struct reading *into)
{
    char               why[NVML_WHY_BYTES] = "", name[64];
    double             told = over_gpus(nvml, reason_bits, OVER_BITS, why);
    unsigned long long bits;

    if (isnan(told)) {
        reading_lack(into, READ_gpu_throttle_reasons, "%s", why);
        return;
    }
    bits = (unsigned long long)told;
    reading_empty(into, READ_gpu_throttle_reasons);
    for (size_t i = 0; i < N_REASONS; i++) {
        if (!(bits & reasons[i].bit)) continue;
        bits &= ~reasons[i].bit;
        reading_add_name(into, READ_gpu_throttle_reasons, reasons[i].name);
        if (reasons[i].flag == NO_THROTTLING) continue;
        snprintf(name, sizeof name, "gpu %s", reasons[i].name);
        reading_truth(into, READ_throttling_now, true);
        reading_add_name(into, READ_throttle_reasons, name);
    }
    for (int i = 0; bits; i++, bits >>= 1) {
        snprintf(name, sizeof name, "bit %d", i);
        if (bits & 1)
            reading_add_name(into, READ_gpu_throttle_reasons, name);
    }
}

static double throttle_flags(const struct nvml *nvml, nvml_device gpu,
                             char *why)
{
    double   told = reason_bits(nvml, gpu, why);
    unsigned flags = 0;

    if (isnan(told)) return NAN;
    for (size_t i = 0; i < N_REASONS; i++)
        if ((unsigned long long)told & reasons[i].bit)
            flags |= (unsigned)reasons[i].flag;
    return flags;
}

/* ---- the probe --------------------------------------------------------- */

static const struct {
    enum reading_key key;
    figure_of       *figure;
    enum over        over;
} figures[] = {
    {READ_gpu_load_pct,        load_pct,    OVER_FIRST},
    {READ_gpu_freq_hz,         clock_hz,    OVER_FIRST},
    {READ_gpu_max_freq_hz,     max_hz,      OVER_FIRST},
    {READ_gpu_hw_max_freq_hz,  hw_max_hz,   OVER_FIRST},
    {READ_gpu_power_mw,        power_mw,    OVER_SUM},
    {READ_gpu_energy_mj,       energy_mj,   OVER_SUM},
    {READ_gpu_temp_c,          temp_c,      OVER_MAX},
    {READ_gpu_mem_total_bytes, total_bytes, OVER_SUM},
    {READ_gpu_mem_used_bytes,  used_bytes,  OVER_SUM},
};
#define N_FIGURES (sizeof figures / sizeof *figures)

static const enum reading_key others[] = {
    READ_gpu_name, READ_gpu_driver, READ_gpu_processes_bytes,
    READ_gpu_throttle_reasons,
};

static void lack_all(struct reading *into, const char *why)
{
    for (size_t i = 0; i < N_FIGURES; i++)
        reading_lack(into, figures[i].key, "%s", why);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        reading_lack(into, others[i], "%s", why);
}

static void read_names(const struct nvml *nvml, struct reading *into)
{
    char text[96] = "", why[NVML_WHY_BYTES];
    int  status = NVML_ASK(nvml, name, nvml->gpus[0], text, sizeof text);

    text[sizeof text - 1] = '\0';
    if (status == NVML_OK && *text) {
        reading_text(into, READ_gpu_name, text);
    } else {
        nvml_explain(nvml, NVML_CALL_name, status, why);
        reading_lack(into, READ_gpu_name, "%s", why);
    }
    text[0] = '\0';
    status = NVML_ASK(nvml, driver, text, sizeof text);
    text[sizeof text - 1] = '\0';
    if (status == NVML_OK && *text) {
        reading_text(into, READ_gpu_driver, text);
    } else {
        nvml_explain(nvml, NVML_CALL_driver, status, why);
        reading_lack(into, READ_gpu_driver, "%s", why);
    }
}

static void read_processes(const struct nvml *nvml, struct reading *into)
{
    struct nvml_held    *held = NULL;
    struct nvml_process *all = NULL;
    char                 why[NVML_WHY_BYTES] = "", pid[32];
    size_t               n = 0;
    long                 n_held = nvml_list_held(nvml, &held, why);

    if (n_held < 0) {
        reading_lack(into, READ_gpu_processes_bytes, "%s", why);
        return;
    }
    reading_empty(into, READ_gpu_processes_bytes);
    if (n_held > 0) {
        all = mem_new((size_t)n_held, sizeof *all);
        n = nvml_by_process(held, (size_t)n_held, all, (size_t)n_held);
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(pid, sizeof pid, "%ld", all[i].pid);
        reading_add(into, READ_gpu_processes_bytes, pid, all[i].bytes);
    }
    free(all);
    free(held);
}

static void read_nvml(const char *root, struct reading *into)
{
    const struct nvml *nvml;

    if (*root) {
        lack_all(into, "a copied tree has no driver to ask");
        return;
    }
    nvml = nvml_open();
    if (!nvml->n) {
        lack_all(into, nvml->why);
        return;
    }
    read_names(nvml, into);
    for (size_t i = 0; i < N_FIGURES; i++) {
        char   why[NVML_WHY_BYTES] = "";
        double value = over_gpus(nvml, figures[i].figure, figures[i].over,
                                 why);
        if (isnan(value)) reading_lack(into, figures[i].key, "%s", why);
        else reading_number(into, figures[i].key, value);
    }
    read_reasons(nvml, into);
    read_processes(nvml, into);
}

/* ---- the watch --------------------------------------------------------- */

struct watched {
    enum sample_field field;
    figure_of        *figure;
    enum over         over;
    enum watch_merge  merge;
    double            scale, period_s;
};

static const struct watched watched[] = {
    {SAMPLE_gpu_load_pct,    load_pct,  OVER_FIRST, WATCH_MAX, 1,    0.1},
    {SAMPLE_gpu_freq_hz,     clock_hz,  OVER_FIRST, WATCH_MAX, 1,    0.1},
    {SAMPLE_gpu_power_w,     power_mw,  OVER_SUM,   WATCH_SUM, 1e-3, 0.1},
    {SAMPLE_gpu_energy_j,    energy_mj, OVER_SUM,   WATCH_SUM, 1e-3, 0.1},
    {SAMPLE_gpu_max_freq_hz, max_hz,    OVER_FIRST, WATCH_MAX, 1,    0.5},
    {SAMPLE_throttle_flags,  throttle_flags, OVER_BITS, WATCH_MAX, 1, 0.5},
    {SAMPLE_temp_c,          temp_c,    OVER_MAX,   WATCH_MAX, 1,    1},
};

/* ctx: an entry of `watched`. */
static double watch_call(void *ctx)
{
    const struct watched *w = ctx;
    char                  why[NVML_WHY_BYTES];

    return over_gpus(nvml_open(), w->figure, w->over, why) * w->scale;
}

static void watch_nvml(const char *root, struct watch_list *into)
{
    if (*root || !nvml_open()->n) return;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        struct watch_item item = {
            .field = watched[i].field, .merge = watched[i].merge,
            .scale = 1, .period_s = watched[i].period_s, .wraps_at = NAN,
            .call = watch_call, .ctx = (void *)&watched[i],
        };
        /* What is not supported now is not later. */
        if (!isnan(watch_call(item.ctx))) watch_list_add(into, &item);
    }
}

const struct probe_ops probe_nvml = {
    .name = "nvml",
    .help = "NVIDIA GPUs by their driver's libnvidia-ml.so.1",
    .read = read_nvml,
    .watch = watch_nvml,
};

/* ---- for the ledger and doctor ----------------------------------------- */

const char *nvml_why_not(void)
{
    const struct nvml *nvml = nvml_open();

    return nvml->n ? NULL : nvml->why;
}

double nvml_used_bytes(void)
{
    char why[NVML_WHY_BYTES];

    return over_gpus(nvml_open(), used_bytes, OVER_SUM, why);
}
