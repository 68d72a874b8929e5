/* SPDX-License-Identifier: MIT */
/* reading.h - what the machine says at one moment: one value a key, and for
 * each missing one a reason. What `audition probe --json` prints, key by key.
 *
 * Missing  a key that no probe has set. In a map a value may be missing by
 *          itself: NAN, null in JSON ("this rail has no limit").
 * Owns     texts and lists are copied; reading_done() frees them.
 * Bounded  a list keeps READING_ITEMS_MAX items, a text READING_TEXT_BYTES.
 */
#ifndef PROBE_READING_H
#define PROBE_READING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define READING_ITEMS_MAX 256
#define READING_TEXT_BYTES 512

enum reading_kind {
    READING_NUMBER,
    READING_TRUTH,
    READING_TEXT,
    READING_NUMBERS,   /* {name: number}                                     */
    READING_TEXTS,     /* {name: text}                                       */
    READING_NAMES,     /* [name, ...]                                        */
    READING_INDEXES    /* [number, ...]                                      */
};

/*    key                     kind     what it is; the unit is in the key    */
#define READING_KEYS(X)                                                       \
    X(board_model,            TEXT,                                           \
          "device tree's model, else DMI's vendor and product")               \
    X(board_compatible,       NAMES,   "device tree's compatible list")       \
    X(is_tegra,               TRUTH,   "an NVIDIA Jetson")                    \
    X(l4t_release,            TEXT,    "Jetson Linux release, \"36.4.3\"")    \
    X(kernel,                 TEXT,    "release of the kernel")               \
    X(cpu_model,              TEXT,    "processor's name")                    \
    X(uptime_s,               NUMBER,  "since boot")                          \
    X(power_mode_id,          NUMBER,  "nvpmodel's current mode")             \
    X(power_mode_name,        TEXT,                                           \
          "its name in this board's nvpmodel.conf")                           \
    X(power_mode_names,       TEXTS,   "every mode of this board, by id")     \
    X(clocks_locked,          TRUTH,                                          \
          "GPU and CPU: lowest clock = highest clock, as jetson_clocks does") \
    X(gpu_name,               TEXT,    "as the driver names it")              \
    X(gpu_driver,             TEXT,    "version of the NVIDIA driver")        \
    X(gpu_devfreq_name,       TEXT,    "folder in /sys/class/devfreq")        \
    X(gpu_load_pct,           NUMBER,  "busy share of the GPU")               \
    X(gpu_freq_hz,            NUMBER,  "GPU clock now")                       \
    X(gpu_min_freq_hz,        NUMBER,  "lowest allowed now")                  \
    X(gpu_max_freq_hz,        NUMBER,  "highest allowed now")                 \
    X(gpu_hw_max_freq_hz,     NUMBER,                                         \
          "highest of available_frequencies, or by the driver")               \
    X(gpu_mode_max_freq_hz,   NUMBER,  "highest that the power mode allows")  \
    X(gpu_freqs_available,    NUMBER,  "count of available frequencies")      \
    X(gpu_suspended,          TRUTH,   "powered off for now")                 \
    X(gpu_power_mw,           NUMBER,  "power of the GPU alone")              \
    X(gpu_energy_mj,          NUMBER,  "its energy counter")                  \
    X(gpu_temp_c,             NUMBER,  "temperature of the GPU")              \
    X(gpu_mem_total_bytes,    NUMBER,  "memory of its own")                   \
    X(gpu_mem_used_bytes,     NUMBER,  "of it in use by everybody")           \
    X(gpu_processes_bytes,    NUMBERS, "GPU memory by process id")            \
    X(gpu_throttle_reasons,   NAMES,                                          \
          "why its clock is held down, by the driver")                        \
    X(power_in_mw,            NUMBER,  "module input rail")                   \
    X(power_in_rail,          TEXT,    "the label of that rail")              \
    X(power_rails_sum_mw,     NUMBER,                                         \
          "sum of the labelled rails where there is no input rail")           \
    X(input_mv,               NUMBER,  "voltage of the input rail")           \
    X(rails_mw,               NUMBERS, "power by rail label")                 \
    X(rails_mv,               NUMBERS, "voltage by rail label")               \
    X(rails_ma,               NUMBERS, "current by rail label")               \
    X(rails_crit_ma,          NUMBERS,                                        \
          "current limit by rail label; null: none")                          \
    X(rails_absent,           NAMES,                                          \
          "labels and channels that are not rails")                           \
    X(rails_over_crit,        NAMES,                                          \
          "rails whose current-limit alarm is on")                            \
    X(over_curr1_crit,        TRUTH,   "the input rail's current-limit alarm") \
    X(ina3221_layout,         TEXT,                                           \
          "\"hwmon\" (JetPack 5, 6) or \"iio\" (JetPack 4)")                  \
    X(ina3221_chips,          NUMBER,  "count of power monitors")             \
    X(temps_c,                NUMBERS, "temperature by thermal zone type")    \
    X(temps_unavailable,      NAMES,   "zones that cannot be read now")       \
    X(temps_ignored,          NAMES,   "zones that are no measurement")       \
    X(max_temp_c,             NUMBER,  "hottest zone")                        \
    X(max_temp_zones,         NAMES,   "which zones that is")                 \
    X(cpu_temp_c,             NUMBER,                                         \
          "of the processor, where it has a sensor of its own")               \
    X(throttle_trip_c,        NUMBER,  "temperature at which clocks are cut") \
    X(shutdown_trip_c,        NUMBER,                                         \
          "temperature at which the board turns off")                         \
    X(cooling_states,         NUMBERS,                                        \
          "state of each cooling device that cuts clocks")                    \
    X(oc_event_counts,        NUMBERS, "over-current events since boot")      \
    X(throttled_flags,        TEXT,                                           \
          "a Raspberry Pi's throttle word, \"0x50005\"")                      \
    X(undervoltage_now,       TRUTH,   "supply voltage too low now")          \
    X(throttling_now,         TRUTH,   "clocks are cut now")                  \
    X(throttle_reasons,       NAMES,   "why")                                 \
    X(fan_pwm,                NUMBER,  "0 to 255")                            \
    X(fan_rpm,                NUMBER,  "revolutions a minute")                \
    X(cpu_online,             NUMBER,  "count of processors that run")        \
    X(cpu_offline,            INDEXES, "numbers of those that do not")        \
    X(cpu_freqs_hz,           NUMBERS, "clock by cpufreq policy")             \
    X(cpu_actual_freq_hz,     NUMBER,  "highest cpuinfo_cur_freq; root only") \
    X(cpu_max_freq_hz,        NUMBER,  "hardware's highest: cpuinfo_max_freq") \
    X(cpu_max_freq_hz_now,    NUMBER,                                         \
          "highest allowed now: scaling_max_freq")                            \
    X(cpu_mode_max_freq_hz,   NUMBER,  "highest that the power mode allows")  \
    X(emc_freq_hz,            NUMBER,  "memory clock; root only")             \
    X(emc_cap_hz,             NUMBER,  "highest memory clock of the mode")    \
    X(emc_load_pct,           NUMBER,  "busy share of memory; root only")     \
    X(mem_total_bytes,        NUMBER,  "MemTotal")                            \
    X(mem_available_bytes,    NUMBER,  "MemAvailable: free or reclaimable")   \
    X(mem_free_bytes,         NUMBER,  "MemFree")                             \
    X(nvmap_used_bytes,       NUMBER,  "taken by the GPU, of unified memory") \
    X(nvmap_clients_bytes,    NUMBERS, "the same by process; root only")      \
    X(swap_total_bytes,       NUMBER,  "all swap")                            \
    X(swap_used_bytes,        NUMBER,  "of it in use")                        \
    X(swap_is_zram,           TRUTH,                                          \
          "all swap is compressed memory; false without swap")                \
    X(memory_stall_pct,       NUMBER,                                         \
          "PSI memory, full avg10: time in which all waited")                 \
    X(cpu_busy_s,             NUMBER,                                         \
          "CPU time of everybody since boot, steal not counted")              \
    X(cpu_stolen_s,           NUMBER,  "CPU time that the host took away")    \
    X(rapl_zones,             TEXTS,                                          \
          "folder in /sys/class/powercap by zone")                            \
    X(rapl_energy_uj,         NUMBERS, "energy counter by zone")              \
    X(rapl_max_energy_range_uj, NUMBERS, "where that counter wraps, by zone")

enum reading_key {
#define X(key, kind, help) READ_##key,
    READING_KEYS(X)
#undef X
    READ_COUNT
};

struct reading_info {
    const char       *name, *help;
    enum reading_kind kind;
};
extern const struct reading_info reading_info[READ_COUNT];

struct reading_item {
    char  *name;
    double number;        /* NUMBERS, INDEXES                                */
    char  *text;          /* TEXTS                                           */
};

struct reading_value {
    bool   is_set;
    double number;        /* NUMBER; TRUTH: 1 or 0                           */
    char  *text;
    struct reading_item *items;
    size_t n;
    char  *why;           /* why it is missing, or NULL                      */
};

struct reading { struct reading_value values[READ_COUNT]; };

void reading_init(struct reading *r);
void reading_done(struct reading *r);             /* safe on a zeroed struct */

/* Setting. A kind that is not the key's is a programming error (assert). A
 * number that is not finite is not set. */
void reading_number(struct reading *r, enum reading_key key, double value);
void reading_truth(struct reading *r, enum reading_key key, bool value);
void reading_text(struct reading *r, enum reading_key key, const char *text);
/* "There are none": an empty list is set. */
void reading_empty(struct reading *r, enum reading_key key);
/* Adds to a list; the same name again in a map replaces. */
void reading_add(struct reading *r, enum reading_key key, const char *name,
                 double value);
void reading_add_text(struct reading *r, enum reading_key key,
                      const char *name, const char *text);
void reading_add_name(struct reading *r, enum reading_key key,
                      const char *name);
void reading_add_index(struct reading *r, enum reading_key key, double value);
/* Why a key is missing; the first reason stays. One clause, no full stop:
 * "needs root: /sys/kernel/debug/..." */
void reading_lack(struct reading *r, enum reading_key key, const char *fmt,
                  ...) __attribute__((format(printf, 3, 4)));

/* Asking: NAN, NULL where missing. TRUTH: 1, 0, NAN. */
double      reading_get(const struct reading *r, enum reading_key key);
const char *reading_get_text(const struct reading *r, enum reading_key key);
double      reading_find(const struct reading *r, enum reading_key key,
                         const char *name);
bool        reading_has_name(const struct reading *r, enum reading_key key,
                             const char *name);

/* One flat object: every key, null where missing, and "missing": {key:
 * reason}; a key without one gets a general one. New reference. Whole numbers
 * are JSON integers. */
json_t *reading_json(const struct reading *r);

#endif
