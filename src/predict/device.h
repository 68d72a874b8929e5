/* SPDX-License-Identifier: MIT */
/* device.h - the board in one power mode, as plain numbers a prediction can
 * use. Known boards: share/boards/, one JSON file each with its source. */
#ifndef PREDICT_DEVICE_H
#define PREDICT_DEVICE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/text_list.h"
#include "types.h"

/* Who computes; decides kernels, overheads and memory. */
enum backend { BACKEND_CPU, BACKEND_CUDA, BACKEND_METAL, BACKEND_VULKAN,
               BACKEND_ROCM };
const char *backend_name(enum backend b);       /* "cpu", "cuda", ... */

struct power_mode {
    char  *name;               /* "MAXN_SUPER"; "" of a board without modes  */
    struct text_list aliases;  /* "0", "25W"                                 */
    double clock_hz;           /* of the GPU, else of the CPU's fast cores   */
    double bandwidth_bytes_s;  /* of memory, by specification                */
    double units;              /* SMs, GPU cores, CUs; CPU: fast cores       */
    double fp16_flops;         /* dense peak that prefill can use            */
    double cpu_clock_hz;
};

struct board {
    char  *name;               /* "Jetson Orin NX 16GB"                      */
    struct text_list aliases;  /* other spellings                            */
    struct text_list matches;  /* as the device tree, DMI, CPU or driver say */
    char  *device_class;       /* jetson|nvidia|apple|amd|intel|arm|x86      */
    enum backend backend;
    char  *architecture;       /* "ampere", "blackwell", "cortex-a76"        */
    char  *source;             /* where the figures are from                 */
    bool   is_certain;         /* false: derived or from memory              */
    bool   is_unified;         /* GPU and CPU share the memory               */
    double memory_bytes;       /* that programs see                          */
    double os_bytes, speech_bytes;   /* typical: system; STT and TTS         */
    double runtime_bytes;      /* a GPU process before any buffer, NAN       */
    double cpu_cores;
    struct power_mode *modes;  /* first: the default                         */
    size_t n_modes;
};

struct boards {
    struct board *items;       /* sorted by name                             */
    size_t        n;
};
/* ERR_PREFLIGHT without share/boards; ERR_INPUT names file and key. */
MUST_USE int  boards_load(struct boards *out, struct err *err);
void          boards_done(struct boards *b);

/* One board in one mode. NAN what is not known. Owns nothing: borrows from
 * the board, or from the machine it was measured on. */
struct device {
    const char *name, *power_mode, *device_class, *architecture;
    const struct board *board;       /* NULL: not in the catalogue           */
    enum backend backend;
    bool   is_unified;
    bool   is_this_machine;
    double clock_hz, bandwidth_bytes_s, units, fp16_flops;
    double measured_bandwidth_bytes_s;   /* by the probe, NAN                */
    double measured_flops;               /* f32, all cores, by the probe, NAN*/
    double memory_bytes, os_bytes, speech_bytes, runtime_bytes;
    double cpu_cores, cpu_clock_hz;
};

/* By name ("jetson orin nx 16gb", an alias, case and spaces ignored) and mode
 * (NULL: the default). memory_gb may settle which variant (NAN: unknown).
 * ERR_INPUT names the nearest boards, or the board's modes. */
MUST_USE int device_find(const struct boards *boards, const char *name,
                         const char *mode, double memory_gb,
                         struct device *out, struct err *err);

/* Which board is this machine? By device tree, DMI, CPU and GPU name. mode:
 * as the machine says (nvpmodel) unless given. A machine in no list is a CPU
 * board of its own name whose bandwidth and compute are NAN until measured
 * (stream.h). root as in probe_read(). `machine` is borrowed by out. */
void device_of_machine(const struct boards *boards,
                       const struct machine *machine, const char *root,
                       const char *mode, struct device *out);

#endif
