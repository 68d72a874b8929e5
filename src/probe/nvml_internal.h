/* SPDX-License-Identifier: MIT */
/* nvml_internal.h - between the nvml*.c: the library as it was opened, and the
 * part of its binary interface that we use. A reason has NVML_WHY_BYTES. */
#ifndef PROBE_NVML_INTERNAL_H
#define PROBE_NVML_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/nvml.h"

#define NVML_GPUS_MAX 64
#define NVML_WHY_BYTES 256

/* ---- the binary interface ---------------------------------------------- */

typedef void *nvml_device;

enum nvml_status {
    NVML_OK = 0,
    NVML_TOO_SMALL = 7,
    NVML_NO_CALL = -1        /* ours: the library does not have the function */
};
enum nvml_clock { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1 };

struct nvml_load { unsigned gpu_pct, memory_pct; };

struct nvml_memory { unsigned long long total, free, used; };
struct nvml_memory_v2 {
    unsigned           version;   /* size | 2 << 24 */
    unsigned long long total, reserved, free, used;
};

struct nvml_holder { unsigned pid; unsigned long long bytes; };
struct nvml_holder_v2 {
    unsigned           pid;
    unsigned long long bytes;
    unsigned           gpu_instance, compute_instance;
};

typedef int         nvml_init(void);
typedef const char *nvml_words(int status);
typedef int         nvml_driver(char *out, unsigned size);
typedef int         nvml_count(unsigned *out);
typedef int         nvml_by_index(unsigned index, nvml_device *out);
typedef int         nvml_by_uuid(const char *uuid, nvml_device *out);
typedef int nvml_text(nvml_device, char *out, unsigned size);
typedef int nvml_number(nvml_device, unsigned *out);
typedef int nvml_long_number(nvml_device, unsigned long long *out);
typedef int nvml_number_of(nvml_device, int what, unsigned *out);
typedef int nvml_load_rates(nvml_device, struct nvml_load *out);
typedef int nvml_memory_info(nvml_device, struct nvml_memory *out);
typedef int nvml_memory_info_v2(nvml_device, struct nvml_memory_v2 *out);
typedef int nvml_holders(nvml_device, unsigned *n, void *out);

/* Who holds memory: the third version of that call had two layouts (CUDA 12.0
 * to 12.2 added a field, later ones took it out), the second one never
 * changed and is still there.
 *    name           type                symbol, and its other name           */
#define NVML_CALLS(X)                                                         \
    X(init,          nvml_init,           "nvmlInit_v2", "nvmlInit")          \
    X(words,         nvml_words,          "nvmlErrorString", NULL)            \
    X(driver,        nvml_driver,         "nvmlSystemGetDriverVersion", NULL) \
    X(count,         nvml_count,          "nvmlDeviceGetCount_v2",            \
                                          "nvmlDeviceGetCount")               \
    X(by_index,      nvml_by_index,       "nvmlDeviceGetHandleByIndex_v2",    \
                                          "nvmlDeviceGetHandleByIndex")       \
    X(by_uuid,       nvml_by_uuid,        "nvmlDeviceGetHandleByUUID", NULL)  \
    X(uuid,          nvml_text,           "nvmlDeviceGetUUID", NULL)          \
    X(name,          nvml_text,           "nvmlDeviceGetName", NULL)          \
    X(cores,         nvml_number,         "nvmlDeviceGetNumGpuCores", NULL)   \
    X(load,          nvml_load_rates,     "nvmlDeviceGetUtilizationRates",    \
                                          NULL)                               \
    X(clock,         nvml_number_of,      "nvmlDeviceGetClockInfo", NULL)     \
    X(max_clock,     nvml_number_of,      "nvmlDeviceGetMaxClockInfo", NULL)  \
    X(app_clock,     nvml_number_of,      "nvmlDeviceGetApplicationsClock",   \
                                          NULL)                               \
    X(default_clock, nvml_number_of,                                          \
                     "nvmlDeviceGetDefaultApplicationsClock", NULL)           \
    X(boost_clock,   nvml_number_of,                                          \
                     "nvmlDeviceGetMaxCustomerBoostClock", NULL)              \
    X(power,         nvml_number,         "nvmlDeviceGetPowerUsage", NULL)    \
    X(energy,        nvml_long_number,                                        \
                     "nvmlDeviceGetTotalEnergyConsumption", NULL)             \
    X(temperature,   nvml_number_of,      "nvmlDeviceGetTemperature", NULL)   \
    X(reasons,       nvml_long_number,                                        \
                     "nvmlDeviceGetCurrentClocksEventReasons",                \
                     "nvmlDeviceGetCurrentClocksThrottleReasons")             \
    X(memory_v2,     nvml_memory_info_v2, "nvmlDeviceGetMemoryInfo_v2", NULL) \
    X(memory,        nvml_memory_info,    "nvmlDeviceGetMemoryInfo", NULL)    \
    X(compute,       nvml_holders,                                            \
                     "nvmlDeviceGetComputeRunningProcesses_v2",               \
                     "nvmlDeviceGetComputeRunningProcesses_v3")               \
    X(compute_v1,    nvml_holders,                                            \
                     "nvmlDeviceGetComputeRunningProcesses", NULL)            \
    X(graphics,      nvml_holders,                                            \
                     "nvmlDeviceGetGraphicsRunningProcesses_v2",              \
                     "nvmlDeviceGetGraphicsRunningProcesses_v3")              \
    X(graphics_v1,   nvml_holders,                                            \
                     "nvmlDeviceGetGraphicsRunningProcesses", NULL)

enum nvml_call {
#define X(call, type, symbol, other) NVML_CALL_##call,
    NVML_CALLS(X)
#undef X
    NVML_CALL_COUNT
};

/* ---- the library: nvml_library.c --------------------------------------- */

struct nvml {
#define X(call, type, symbol, other) type *call;   /* NULL: it has none      */
    NVML_CALLS(X)
#undef X
    nvml_device gpus[NVML_GPUS_MAX];  /* chosen ones, the first one leads    */
    size_t      n;
    char        why[NVML_WHY_BYTES];  /* there are none                      */
};

#define NVML_ASK(nvml, call, ...)                                             \
    ((nvml)->call ? (nvml)->call(__VA_ARGS__) : (int)NVML_NO_CALL)

/* The library of this process, opened by whoever asks first; never NULL, and
 * only read from then on. */
const struct nvml *nvml_open(void);

/* Why a call gave nothing: "nvmlDeviceGetName: Not Supported". */
void nvml_explain(const struct nvml *nvml, enum nvml_call call, int status,
                  char *why);

/* value, or NAN with the reason: the call failed, or there is no such value
 * from least to most. */
double nvml_told(const struct nvml *nvml, enum nvml_call call, int status,
                 double value, double least, double most, char *why);

/* ---- who holds memory: nvml_processes.c -------------------------------- */

struct nvml_held {
    long     pid;
    unsigned gpu, gpu_instance, compute_instance;
    double   bytes;          /* NAN: not told                                */
    bool     exists;         /* a process of that number is here             */
};

/* Both lists of all chosen GPUs; each process once a GPU and instance. The
 * number of them, or -1 with the reason. The caller frees *out. */
long nvml_list_held(const struct nvml *nvml, struct nvml_held **out,
                    char *why);

/* Pure: what of that is held by `pids`, as nvml_process_bytes(). is_apart: we
 * are in a process namespace of our own, so the numbers may not be ours. */
double nvml_held_by(const struct nvml_held *held, size_t n, const long *pids,
                    size_t n_pids, bool is_apart, char *why);

/* Pure: one entry a process, most first, names empty; how many there are. */
size_t nvml_by_process(const struct nvml_held *held, size_t n,
                       struct nvml_process *out, size_t max);

#endif
