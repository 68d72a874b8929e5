/* SPDX-License-Identifier: MIT */
/* nvml_library.c - finds the driver's library and the GPUs that CUDA would
 * show to a program. */
#include "probe/nvml_internal.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/tree.h"

#define LIBRARY "libnvidia-ml.so.1"
#define UUID_BYTES 96

static const struct {
    const char *symbol, *other;
    size_t      at;             /* of the function's pointer in struct nvml */
} calls[NVML_CALL_COUNT] = {
#define X(call, type, symbol, other)                                          \
    {symbol, other, offsetof(struct nvml, call)},
    NVML_CALLS(X)
#undef X
};

/* ---- why there is no value --------------------------------------------- */

void nvml_explain(const struct nvml *nvml, enum nvml_call call, int status,
                  char *why)
{
    const char *words = NULL;

    if (status == NVML_NO_CALL) {
        snprintf(why, NVML_WHY_BYTES, "the driver's library has no %s",
                 calls[call].symbol);
        return;
    }
    if (nvml->words) words = nvml->words(status);
    if (words)
        snprintf(why, NVML_WHY_BYTES, "%s: %.160s", calls[call].symbol, words);
    else
        snprintf(why, NVML_WHY_BYTES, "%s: NVML error %d", calls[call].symbol,
                 status);
}

double nvml_told(const struct nvml *nvml, enum nvml_call call, int status,
                 double value, double least, double most, char *why)
{
    if (status != NVML_OK) {
        nvml_explain(nvml, call, status, why);
        return NAN;
    }
    if (value >= least && value <= most) return value;
    snprintf(why, NVML_WHY_BYTES, "%s says %.0f, which cannot be",
             calls[call].symbol, value);
    return NAN;
}

/* ---- the GPUs, in CUDA's order ----------------------------------------- */

struct gpus {
    nvml_device all[NVML_GPUS_MAX];
    size_t      n;
};

static int list_gpus(struct nvml *nvml, struct gpus *gpus)
{
    unsigned count = 0;
    int      status = NVML_ASK(nvml, count, &count);

    if (status != NVML_OK) {
        nvml_explain(nvml, NVML_CALL_count, status, nvml->why);
        return -1;
    }
    for (unsigned i = 0; i < count && gpus->n < NVML_GPUS_MAX; i++) {
        nvml_device gpu = NULL;
        status = NVML_ASK(nvml, by_index, i, &gpu);
        if (status == NVML_OK) gpus->all[gpus->n++] = gpu;
        else nvml_explain(nvml, NVML_CALL_by_index, status, nvml->why);
        if (status == NVML_NO_CALL) break;
    }
    if (gpus->n) return 0;
    if (!count)
        snprintf(nvml->why, sizeof nvml->why, "the driver knows no GPU");
    return -1;
}

/* What CUDA goes by, as far as the driver tells; NAN. */
static double speed(const struct nvml *nvml, nvml_device gpu)
{
    unsigned cores = 0, mhz = 0;

    if (NVML_ASK(nvml, cores, gpu, &cores) != NVML_OK ||
        NVML_ASK(nvml, max_clock, gpu, NVML_CLOCK_SM, &mhz) != NVML_OK)
        return NAN;
    return (double)cores * mhz;
}

static void fastest_first(const struct nvml *nvml, struct gpus *gpus)
{
    const char *order = getenv("CUDA_DEVICE_ORDER");
    double      most = speed(nvml, gpus->all[0]);
    size_t      first = 0;
    nvml_device fastest;

    if (order && strcmp(order, "PCI_BUS_ID") == 0) return;
    for (size_t i = 1; i < gpus->n; i++) {
        double s = speed(nvml, gpus->all[i]);
        if (!(s > most)) continue;
        most = s;
        first = i;
    }
    fastest = gpus->all[first];
    memmove(gpus->all + 1, gpus->all, first * sizeof *gpus->all);
    gpus->all[0] = fastest;
}

static nvml_device by_uuid(const struct nvml *nvml, const struct gpus *gpus,
                           const char *wanted)
{
    nvml_device instance = NULL;
    char        uuid[UUID_BYTES];

    /* A beginning that only one GPU has is enough for CUDA. */
    for (size_t i = 0; i < gpus->n; i++) {
        uuid[0] = '\0';
        if (NVML_ASK(nvml, uuid, gpus->all[i], uuid, sizeof uuid) != NVML_OK)
            continue;
        uuid[sizeof uuid - 1] = '\0';
        if (strncmp(uuid, wanted, strlen(wanted)) == 0) return gpus->all[i];
    }
    return NVML_ASK(nvml, by_uuid, wanted, &instance) == NVML_OK ? instance
                                                                 : NULL;
}

/* One entry of CUDA_VISIBLE_DEVICES; NULL: it names none. */
static nvml_device named(const struct nvml *nvml, const struct gpus *gpus,
                         const char *entry)
{
    unsigned long index;
    char         *end;

    if (strncmp(entry, "GPU-", 4) == 0 || strncmp(entry, "MIG-", 4) == 0)
        return by_uuid(nvml, gpus, entry);
    if (!isdigit((unsigned char)*entry)) return NULL;
    errno = 0;
    index = strtoul(entry, &end, 10);
    return !errno && !*end && index < gpus->n ? gpus->all[index] : NULL;
}

static bool is_chosen(const struct nvml *nvml, nvml_device gpu)
{
    for (size_t i = 0; i < nvml->n; i++)
        if (nvml->gpus[i] == gpu) return true;
    return false;
}

/* As CUDA reads the list: the first entry that names nothing ends it. */
static void choose(struct nvml *nvml, const struct gpus *gpus)
{
    const char *list = getenv("CUDA_VISIBLE_DEVICES");

    if (!list) {
        memcpy(nvml->gpus, gpus->all, gpus->n * sizeof *gpus->all);
        nvml->n = gpus->n;
        return;
    }
    for (const char *at = list; nvml->n < NVML_GPUS_MAX;) {
        char        entry[UUID_BYTES] = "";
        nvml_device gpu;
        size_t      len;
        at += strspn(at, " \t");
        len = strcspn(at, ", \t");
        if (len < sizeof entry) memcpy(entry, at, len);
        gpu = named(nvml, gpus, entry);
        if (!gpu || is_chosen(nvml, gpu)) break;
        nvml->gpus[nvml->n++] = gpu;
        at += len;
        at += strspn(at, " \t");
        if (*at++ != ',') break;
    }
    if (!nvml->n)
        snprintf(nvml->why, sizeof nvml->why, "CUDA_VISIBLE_DEVICES=%.80s "
                 "names no GPU of this machine", list);
}

/* ---- once a process ---------------------------------------------------- */

/* Asked of this machine itself: a watch has no reading to look it up in. */
static bool is_jetson(void)
{
    char text[1024];
    long len = tree_read("", "/proc/device-tree/compatible", text,
                         sizeof text);

    for (long at = 0; at < len; at += (long)strlen(text + at) + 1)
        if (strncmp(text + at, "nvidia,tegra", 12) == 0) return true;
    return tree_exists("", "/etc/nv_tegra_release");
}

static int load_library(struct nvml *nvml)
{
    const char *name = getenv("AUDITION_NVML"), *error;
    void       *library;

    if (!name || !*name) name = LIBRARY;
    /* Never closed: the driver's threads and handles outlive every caller. */
    library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        error = dlerror();
        snprintf(nvml->why, sizeof nvml->why, "no NVIDIA driver: %.200s",
                 error ? error : name);
        return -1;
    }
    for (size_t i = 0; i < NVML_CALL_COUNT; i++) {
        void *function = dlsym(library, calls[i].symbol);
        if (!function && calls[i].other)
            function = dlsym(library, calls[i].other);
        memcpy((char *)nvml + calls[i].at, &function, sizeof function);
    }
    return 0;
}

static void open_library(struct nvml *nvml)
{
    struct gpus gpus = {.n = 0};
    int         status;

    if (is_jetson()) {
        snprintf(nvml->why, sizeof nvml->why,
                 "a Jetson's NVML tells nothing of its GPU");
        return;
    }
    if (load_library(nvml)) return;
    status = nvml->init ? nvml->init() : (int)NVML_NO_CALL;
    if (status != NVML_OK) {
        nvml_explain(nvml, NVML_CALL_init, status, nvml->why);
        return;
    }
    if (list_gpus(nvml, &gpus)) return;
    fastest_first(nvml, &gpus);
    choose(nvml, &gpus);
}

static struct nvml    of_this_process;   /* written once, by open_once() */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_once(void) { open_library(&of_this_process); }

const struct nvml *nvml_open(void)
{
    pthread_once(&once, open_once);
    return &of_this_process;
}
