/* SPDX-License-Identifier: MIT */
/* fake_nvml.c - a libnvidia-ml.so.1 that says what a text file tells it to,
 * asked anew with each call: test_nvml.c. Its structs are declared from the
 * public interface once more, so that a wrong one of ours shows.
 *
 * The file is $FAKE_NVML, a line each, the first that fits counts:
 *   gpus 2                  how many (default 1)
 *   fail.SYMBOL 3           that function returns 3
 *   fail 15                 and so do all others that are about a GPU
 *   1.power 5000            of GPU 1; "power 5000" is of every GPU
 *   clock.1 1980            clock type 1
 *   compute 12:1000 13:500  processes and their bytes; graphics: the same
 *   12:1000:3               ... of GPU instance 3
 *   grows 1                 each call finds one process more than the last
 *   claims 99               count that a list call gives back, whatever it is
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GPUS_MAX 100

typedef struct gpu *nvmlDevice_t;
typedef int         nvmlReturn_t;
typedef struct { unsigned gpu, memory; } nvmlUtilization_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct {
    unsigned           version;
    unsigned long long total, reserved, free, used;
} nvmlMemory_v2_t;
typedef struct { unsigned pid; unsigned long long used; } nvmlProcessInfo_v1_t;
typedef struct {
    unsigned           pid;
    unsigned long long used;
    unsigned           gpuInstanceId, computeInstanceId;
} nvmlProcessInfo_v2_t;

_Static_assert(sizeof(nvmlMemory_v2_t) == 40, "as the driver has it");
_Static_assert(sizeof(nvmlProcessInfo_v1_t) == 16, "as the driver has it");
_Static_assert(sizeof(nvmlProcessInfo_v2_t) == 24, "as the driver has it");

static atomic_uint n_calls, n_inits;

unsigned fakeCalls(void);
unsigned fakeInits(void);
unsigned fakeCalls(void) { return n_calls; }
unsigned fakeInits(void) { return n_inits; }

/* ---- the script -------------------------------------------------------- */

static int look_up(const char *key, char *out, size_t size)
{
    const char *path = getenv("FAKE_NVML");
    FILE       *f = path ? fopen(path, "r") : NULL;
    char        line[8192];
    int         found = 0;

    while (f && !found && fgets(line, sizeof line, f)) {
        size_t len = strlen(key);
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, key, len) != 0 || line[len] != ' ') continue;
        snprintf(out, size, "%s", line + len + 1);
        found = 1;
    }
    if (f) fclose(f);
    return found;
}

static int of_gpu(nvmlDevice_t gpu, const char *key, char *out, size_t size)
{
    char own[96];

    snprintf(own, sizeof own, "%u.%s", (unsigned)(uintptr_t)gpu - 1, key);
    return look_up(own, out, size) || look_up(key, out, size);
}

static unsigned long long number(nvmlDevice_t gpu, const char *key,
                                 unsigned long long otherwise)
{
    char text[64];

    return of_gpu(gpu, key, text, sizeof text) ? strtoull(text, NULL, 10)
                                               : otherwise;
}

static nvmlReturn_t failure(const char *symbol, int is_of_gpu)
{
    char key[96], text[64];

    n_calls++;
    snprintf(key, sizeof key, "fail.%s", symbol);
    if (look_up(key, text, sizeof text) ||
        (is_of_gpu && look_up("fail", text, sizeof text)))
        return (nvmlReturn_t)strtol(text, NULL, 10);
    return 0;
}

/* ---- the library ------------------------------------------------------- */

#define CALL(name, ...)                                                       \
    nvmlReturn_t name(__VA_ARGS__);                                           \
    nvmlReturn_t name(__VA_ARGS__)

#define FAIL_AS_TOLD(is_of_gpu)                                               \
    do {                                                                      \
        nvmlReturn_t told_ = failure(__func__, is_of_gpu);                    \
        if (told_) return told_;                                              \
    } while (0)

#define NUMBER_CALL(name, type, key, otherwise)                               \
    CALL(name, nvmlDevice_t gpu, type *out)                                   \
    {                                                                         \
        FAIL_AS_TOLD(1);                                                      \
        *out = (type)number(gpu, key, otherwise);                             \
        return 0;                                                             \
    }

#define NUMBER_OF_CALL(name, key, otherwise)                                  \
    CALL(name, nvmlDevice_t gpu, int what, unsigned *out)                     \
    {                                                                         \
        char typed[32];                                                       \
        FAIL_AS_TOLD(1);                                                      \
        snprintf(typed, sizeof typed, "%s.%d", key, what);                    \
        *out = (unsigned)number(gpu, typed, number(gpu, key, otherwise));     \
        return 0;                                                             \
    }

/* Also under their first names. Neither calls the other: a test takes one of
 * them away. */
#define INIT_CALL(name)                                                       \
    CALL(name, void)                                                          \
    {                                                                         \
        FAIL_AS_TOLD(0);                                                      \
        n_inits++;                                                            \
        return 0;                                                             \
    }
INIT_CALL(nvmlInit_v2)
INIT_CALL(nvmlInit)

const char *nvmlErrorString(nvmlReturn_t status);
const char *nvmlErrorString(nvmlReturn_t status)
{
    return status == 3 ? "Not Supported" : status == 15 ? "GPU is lost"
                                                        : "Unknown Error";
}

CALL(nvmlSystemGetDriverVersion, char *out, unsigned size)
{
    char text[256] = "580.159.03";

    FAIL_AS_TOLD(0);
    look_up("driver", text, sizeof text);
    snprintf(out, size, "%s", text);
    return 0;
}

#define COUNT_CALL(name)                                                      \
    CALL(name, unsigned *out)                                                 \
    {                                                                         \
        FAIL_AS_TOLD(0);                                                      \
        *out = (unsigned)number((nvmlDevice_t)1, "gpus", 1);                  \
        return 0;                                                             \
    }
COUNT_CALL(nvmlDeviceGetCount_v2)
COUNT_CALL(nvmlDeviceGetCount)

#define INDEX_CALL(name)                                                      \
    CALL(name, unsigned index, nvmlDevice_t *out)                             \
    {                                                                         \
        FAIL_AS_TOLD(0);                                                      \
        if (index >= GPUS_MAX) return 2;                                      \
        *out = (nvmlDevice_t)(uintptr_t)(index + 1);                          \
        return 0;                                                             \
    }
INDEX_CALL(nvmlDeviceGetHandleByIndex_v2)
INDEX_CALL(nvmlDeviceGetHandleByIndex)

CALL(nvmlDeviceGetUUID, nvmlDevice_t gpu, char *out, unsigned size)
{
    FAIL_AS_TOLD(1);
    snprintf(out, size, "GPU-%u000-cafe", (unsigned)(uintptr_t)gpu - 1);
    return 0;
}

/* A part of GPU 0 is "GPU 40". */
CALL(nvmlDeviceGetHandleByUUID, const char *uuid, nvmlDevice_t *out)
{
    FAIL_AS_TOLD(0);
    if (strcmp(uuid, "MIG-beef") != 0) return 6;
    *out = (nvmlDevice_t)(uintptr_t)41;
    return 0;
}

CALL(nvmlDeviceGetName, nvmlDevice_t gpu, char *out, unsigned size)
{
    char text[256] = "NVIDIA H200";

    FAIL_AS_TOLD(1);
    of_gpu(gpu, "name", text, sizeof text);
    snprintf(out, size, "%s", text);
    return 0;
}

CALL(nvmlDeviceGetUtilizationRates, nvmlDevice_t gpu, nvmlUtilization_t *out)
{
    FAIL_AS_TOLD(1);
    out->gpu = (unsigned)number(gpu, "load", 97);
    out->memory = 40;
    return 0;
}

NUMBER_CALL(nvmlDeviceGetNumGpuCores, unsigned, "cores", 16896)
NUMBER_CALL(nvmlDeviceGetPowerUsage, unsigned, "power", 345678)
NUMBER_CALL(nvmlDeviceGetTotalEnergyConsumption, unsigned long long, "energy",
            987654321)
NUMBER_CALL(nvmlDeviceGetCurrentClocksEventReasons, unsigned long long,
            "reasons", 1)
NUMBER_CALL(nvmlDeviceGetCurrentClocksThrottleReasons, unsigned long long,
            "reasons", 1)
NUMBER_OF_CALL(nvmlDeviceGetClockInfo, "clock", 1755)
NUMBER_OF_CALL(nvmlDeviceGetMaxClockInfo, "max_clock", 1980)
NUMBER_OF_CALL(nvmlDeviceGetApplicationsClock, "app_clock", 1980)
NUMBER_OF_CALL(nvmlDeviceGetDefaultApplicationsClock, "default_clock", 1980)
NUMBER_OF_CALL(nvmlDeviceGetMaxCustomerBoostClock, "boost_clock", 1980)
NUMBER_OF_CALL(nvmlDeviceGetTemperature, "temperature", 54)

CALL(nvmlDeviceGetMemoryInfo, nvmlDevice_t gpu, nvmlMemory_t *out)
{
    FAIL_AS_TOLD(1);
    out->total = number(gpu, "total", 150754820096);
    out->used = number(gpu, "used", 6000000000) + 600000000;
    out->free = out->total - out->used;
    return 0;
}

CALL(nvmlDeviceGetMemoryInfo_v2, nvmlDevice_t gpu, nvmlMemory_v2_t *out)
{
    FAIL_AS_TOLD(1);
    if (out->version != (40 | 2 << 24)) return 25;
    out->total = number(gpu, "total", 150754820096);
    out->reserved = 600000000;
    out->used = number(gpu, "used", 6000000000);
    out->free = out->total - out->used - out->reserved;
    return 0;
}

/* ---- lists of processes ------------------------------------------------ */

static void put(void *out, unsigned i, int version, unsigned pid,
                unsigned long long bytes, unsigned instance)
{
    if (version == 1)
        ((nvmlProcessInfo_v1_t *)out)[i] = (nvmlProcessInfo_v1_t){pid, bytes};
    else
        ((nvmlProcessInfo_v2_t *)out)[i] =
            (nvmlProcessInfo_v2_t){pid, bytes, instance, instance};
}

static nvmlReturn_t list(nvmlDevice_t gpu, const char *key, int version,
                         unsigned *count, void *out)
{
    static atomic_uint grown;
    char               text[4096] = "";
    unsigned           room = *count, n = 0, more = 0;

    of_gpu(gpu, key, text, sizeof text);
    if (number(gpu, "grows", 0)) more = 32 + grown++;
    for (char *at = text, *end; *at; at = end + strspn(end, " ")) {
        unsigned           pid = (unsigned)strtoul(at, &end, 10);
        unsigned long long bytes = strtoull(end + 1, &end, 10);
        unsigned           instance = ~0U;
        if (*end == ':') instance = (unsigned)strtoul(end + 1, &end, 10);
        if (n < room) put(out, n, version, pid, bytes, instance);
        n++;
    }
    for (unsigned i = 0; i < more; i++, n++)
        if (n < room) put(out, n, version, 100000 + i, 1000, ~0U);
    *count = (unsigned)number(gpu, "claims", n);
    return n > room ? 7 : 0;
}

#define LIST_CALL(name, key, version)                                         \
    CALL(name, nvmlDevice_t gpu, unsigned *count, void *out)                  \
    {                                                                         \
        FAIL_AS_TOLD(1);                                                      \
        return list(gpu, key, version, count, out);                           \
    }
LIST_CALL(nvmlDeviceGetComputeRunningProcesses, "compute", 1)
LIST_CALL(nvmlDeviceGetComputeRunningProcesses_v2, "compute", 2)
LIST_CALL(nvmlDeviceGetComputeRunningProcesses_v3, "compute", 2)
LIST_CALL(nvmlDeviceGetGraphicsRunningProcesses, "graphics", 1)
LIST_CALL(nvmlDeviceGetGraphicsRunningProcesses_v2, "graphics", 2)
LIST_CALL(nvmlDeviceGetGraphicsRunningProcesses_v3, "graphics", 2)
