/* SPDX-License-Identifier: MIT */
/* verdict.h - is the board held back, and why: from one reading as far as it
 * goes, from two in a row with what their counters gained. Pure.
 *
 * One reading tells: states of cooling devices that cut clocks, the bits of
 * now in a Raspberry Pi's throttle word, the supply's alarm. Over-current
 * counters count from boot: only their growth is news.
 *
 * Reasons  thermal_cpu, thermal_gpu, thermal_cv, thermal_soc; undervoltage,
 *          frequency_capped, throttled, soft_temperature_limit (Pi);
 *          undervoltage_oc1, overcurrent_average_oc2, overcurrent_peak_oc3
 *          (Jetson), overcurrent_ocN of a later counter.
 */
#ifndef PROBE_VERDICT_H
#define PROBE_VERDICT_H

#include <stdbool.h>

#include "base/text_list.h"
#include "probe/reading.h"

/* The reason that a cooling device of this type stands for while its state is
 * above 0; NULL: it cuts no clocks (a fan, an alert, another unit's clock). */
const char *verdict_cooling(const char *type);

/* Bits of now of a Pi's throttle word. */
#define PI_UNDERVOLTAGE     1u
#define PI_FREQUENCY_CAPPED 2u
#define PI_THROTTLED        4u
#define PI_SOFT_LIMIT       8u
#define PI_NOW              15u

/* "0x50005", "50005" -> its bits; false: no such number of at most 32 bits. */
bool verdict_pi_word(const char *text, unsigned *bits);

struct counter_delta {
    char  *name;
    double delta;            /* NAN: it began anew, or was not there before  */
    double power_mw;         /* energy: mean over the interval; NAN          */
};

struct throttling {
    int    is_throttling;    /* 1, 0; -1: nothing here tells                 */
    struct text_list why;
    double interval_s;       /* by the boards' uptime; NAN: none before, or
                                it was started anew in between               */
    bool   has_before;       /* deltas mean something                        */
    struct counter_delta *oc, *rapl;
    size_t n_oc, n_rapl;
};

/* before NULL: the first reading. */
void throttling_of(const struct reading *before, const struct reading *now,
                   struct throttling *out);
void throttling_done(struct throttling *v);        /* safe on a zeroed struct */

/* The reading as JSON with what the verdict adds: reading (its number),
 * throttling, why, interval_s, oc_delta_since_previous_frame,
 * rapl_energy_delta_uj, rapl_power_mw; throttling_now and throttle_reasons in
 * agreement; and other names of some keys: gpu_freq_mhz, cpu_freq_hz,
 * cpu_hw_max_freq_hz. New reference. */
json_t *throttling_json(const struct reading *now,
                        const struct throttling *v, size_t number);

#endif
