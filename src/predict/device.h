/* SPDX-License-Identifier: MIT */
/* device.h - the board in one power mode, as plain numbers a prediction can
 * use. Known boards: share/boards/, one JSON file a family, each with its
 * source; docs/boards.md says how to add one. */
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
    double fp16_flops;         /* dense peak that prefill can use: see below */
    double cpu_clock_hz;
};

/* fp16_flops is units x clock x operations of a unit in a clock, counting a
 * multiply-add as two, without sparsity:
 *   matrix units   of fp16 with fp16 accumulators (GeForce halves the rate of
 *                  fp32 accumulators; this is the rate before that), which is
 *                  half of the int8 rate of the same units
 *   dp4a only      (GTX 10 and 16) half of that int8 rate
 *   neither        packed fp16 where it is faster than fp32, else fp32
 *   CPU            f32 of the fast cores: what stream.h measures             */

/* The same board is sold with several sizes of memory. */
struct memory_size {
    char  *name;               /* of the board with it: "Raspberry Pi 5 8GB" */
    double gb;                 /* as it is sold                              */
    double bytes;              /* that programs see                          */
};

struct board {
    char  *name;               /* "Jetson Orin NX 16GB"; without the memory
                                  when there are several sizes               */
    struct text_list aliases;  /* other spellings                            */
    struct text_list matches;  /* as the device tree, DMI, CPU or driver say */
    char  *device_class;       /* jetson|nvidia|apple|amd|intel|arm|x86      */
    enum backend backend;
    char  *architecture;       /* "ampere", "blackwell", "cortex-a76"        */
    char  *source;             /* where the figures are from                 */
    bool   is_certain;         /* false: derived or from memory              */
    bool   is_unified;         /* GPU and CPU share the memory               */
    bool   is_usual;           /* meant by a name that several boards share  */
    struct memory_size *sizes; /* first: the default                         */
    size_t n_sizes;
    double memory_bytes;       /* of the default size                        */
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
    const char *recognised_by;       /* static: "device tree", "GPU driver",
                                        "processor", NULL: named, or unknown */
    enum backend backend;
    bool   is_unified;
    bool   is_this_machine;
    double clock_hz, bandwidth_bytes_s, units, fp16_flops;
    double measured_bandwidth_bytes_s;   /* by the probe, NAN                */
    double measured_flops;               /* f32, all cores, by the probe, NAN*/
    double memory_bytes, os_bytes, speech_bytes, runtime_bytes;
    double cpu_cores, cpu_clock_hz;
};

/* By name ("jetson orin nx 16gb", an alias; case, spaces, order and maker's
 * name ignored) and mode (NULL: the default; its name, alias or nvpmodel's
 * number, or a text that begins with it). A size of memory in the name must
 * be one that the board is sold with; memory_gb only settles which variant
 * (NAN: unknown). Never a board whose name has another word.
 * ERR_INPUT names the nearest boards, those it may be, or the board's modes. */
MUST_USE int device_find(const struct boards *boards, const char *name,
                         const char *mode, double memory_gb,
                         struct device *out, struct err *err);

/* Which board is this machine? By device tree, DMI, GPU driver and processor,
 * in this order. mode: as the machine says (nvpmodel) unless given; one that
 * the board does not have leaves power_mode NULL and its figures NAN. A
 * machine in no list is a CPU board of its own name whose bandwidth and
 * compute are NAN until measured (stream.h). Memory is what this machine has.
 * root as in probe_read(). `machine` is borrowed by out. */
void device_of_machine(const struct boards *boards,
                       const struct machine *machine, const char *root,
                       const char *mode, struct device *out);

#endif
