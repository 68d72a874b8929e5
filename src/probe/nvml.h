/* SPDX-License-Identifier: MIT */
/* nvml.h - what an NVIDIA driver says of its GPUs: memory by process, for the
 * ledger and for doctor. The rest are keys of probe_nvml (probe.h).
 *
 * Library  libnvidia-ml.so.1, opened once a process and kept, never linked;
 *          $AUDITION_NVML names another file (one that is not there hides the
 *          driver). Every function of it is optional. Any thread.
 * Not      on a Jetson, whose NVML tells nothing; below a root: a copied tree
 *          has no driver.
 * GPUs     those that CUDA shows a program with this environment, in CUDA's
 *          order: CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER. By default the
 *          fastest is first (cores times highest clock; all alike: by PCI
 *          address). At most 64.
 * Several  name, load, clock and its limits are of the first GPU; memory,
 *          power, energy and processes add up; the temperature is the hottest,
 *          and what throttles any of them throttles. A sum in which one GPU is
 *          silent is missing.
 * Clock    of the multiprocessors. Its limit now is the application clock
 *          where somebody set one, else the customer boost limit, else the
 *          hardware's. A lock (nvidia-smi -lgc) is not told; it shows as
 *          applications_clocks_setting in gpu_throttle_reasons.
 * Slow     load is a mean over up to 1 s, and so is power from Ampere on: for
 *          energy take the counter.
 * Missing  NAN with the driver's own words as reason: "Not Supported" of a
 *          MIG instance or a virtual GPU, for one.
 */
#ifndef PROBE_NVML_H
#define PROBE_NVML_H

#include <stddef.h>

struct nvml_process {
    long   pid;              /* as the driver numbers it                     */
    double bytes;            /* on all chosen GPUs; NAN: not told            */
    char   name[64];         /* printable; "": no process of that number here */
};

/* Why there is nothing to ask, or NULL. */
const char *nvml_why_not(void);

/* GPU memory of these processes together; 0: they hold none. NAN with the
 * reason in source, else where it is from. NVML numbers processes as the host
 * does, so in a container of its own numbers none may be recognised. */
double nvml_process_bytes(const long *pids, size_t n, char *source,
                          size_t size);

/* GPU memory in use by everybody, without what the driver reserves: for a
 * difference. */
double nvml_used_bytes(void);

/* Who holds GPU memory, most first; how many of them are in out. */
size_t nvml_processes(struct nvml_process *out, size_t max);

#endif
