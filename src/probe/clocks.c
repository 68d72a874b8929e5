/* SPDX-License-Identifier: MIT */
/* clocks.c - how fast it runs: GPU (devfreq), processors (cpufreq, in kHz),
 * memory (EMC of a Jetson). Formats: the kernel's
 * Documentation/ABI/testing/sysfs-class-devfreq, admin-guide/pm/cpufreq.rst
 * and admin-guide/cputopology.rst; a Jetson's GPU load is per mille. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/cpus.h"
#include "probe/nvpmodel.h"
#include "probe/probe.h"
#include "probe/sysfs.h"
#include "probe/tree.h"

#define TEXT_BYTES     16384
#define POLICIES_WATCH 16      /* so many clocks are read many times a second */
#define CPU_FOLDER     "/sys/devices/system/cpu"
#define DEVFREQ        "/sys/class/devfreq"
#define BPMP_EMC       "/sys/kernel/debug/bpmp/debug/clk/emc"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* ---- which device is the GPU ------------------------------------------- */

/* "17000000.gv11b", "gpu@fb000000", "soc:gpu", "5000000.qcom,kgsl-3d0". The
 * video, vision and memory engines beside it have devfreq folders too. */
static bool is_gpu_name(const char *text)
{
    static const char *const names[] = {
        "gpu", "gk20a", "gm20b", "gp10b", "gv11b", "ga10b", "gb10b", "nvgpu",
        "gpu-gpc-0", "v3d", "mali", "panfrost", "panthor", "lima", "kgsl-3d0",
        "adreno", "etnaviv", "pvrsrvkm", "img-gpu",
    };
    size_t len = strcspn(text, "@\n");

    for (size_t at = len; at-- > 0;)
        if (strchr(".:,", text[at])) {
            text += at + 1;
            len -= at + 1;
            break;
        }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncmp(text, names[i], len) == 0)
            return true;
    return false;
}

/* By its node's name in the device tree, by its driver, by its own name. */
static bool is_gpu(const char *root, const char *folder)
{
    char text[SYSFS_NAME_BYTES], path[SYSFS_PATH_BYTES],
         driver[SYSFS_PATH_BYTES];

    if (sysfs_line(root, text, sizeof text, "%s/device/of_node/name", folder)
        && is_gpu_name(text))
        return true;
    if (snprintf(path, sizeof path, "%s/device/driver", folder) <
            (int)sizeof path &&
        tree_resolve(root, path, driver, sizeof driver) &&
        is_gpu_name(base_name(driver)))
        return true;
    return is_gpu_name(base_name(folder));
}

/* The devfreq folder of the GPU; "" without one. */
static void find_gpu(const char *root, char *out, size_t size)
{
    struct text_list all;

    *out = '\0';
    sysfs_entries(root, DEVFREQ, "", &all);
    for (size_t i = 0; i < all.n && !*out; i++)
        if (strlen(all.items[i]) < size && is_gpu(root, all.items[i]))
            memcpy(out, all.items[i], strlen(all.items[i]) + 1);
    text_list_done(&all);
}

/* A file of the GPU's device: beside its devfreq folder, or where Jetson
 * Linux 32 to 36 have the device. False: nowhere. */
static bool gpu_file(const char *root, const char *folder, const char *name,
                     char *out, size_t size)
{
    static const char *const of_folder[] = {"device", "../.."};
    static const char *const fixed[] = {"/sys/devices/gpu.0",
                                        "/sys/devices/platform/gpu.0"};
    static const char *const parents[] = {
        "/sys/devices", "/sys/devices/platform", "/sys/devices/platform/bus@0"};
    bool found = false;

    for (size_t i = 0; i < 2 && *folder && !found; i++)
        found = (size_t)snprintf(out, size, "%s/%s/%s", folder, of_folder[i],
                                 name) < size && tree_exists(root, out);
    for (size_t i = 0; i < 2 && !found; i++) {
        snprintf(out, size, "%s/%s", fixed[i], name);
        found = tree_exists(root, out);
    }
    for (size_t i = 0; i < 3 && !found; i++) {
        struct text_list all;
        sysfs_entries(root, parents[i], "", &all);
        for (size_t k = 0; k < all.n && !found; k++)
            found = is_gpu_name(base_name(all.items[k])) &&
                    (size_t)snprintf(out, size, "%s/%s", all.items[k], name) <
                        size && tree_exists(root, out);
        text_list_done(&all);
    }
    return found;
}

/* ---- what the GPU does ------------------------------------------------- */

/* "873" is per mille; some vendors' kernels write "12@300000000Hz" with a
 * percentage instead. */
static double load_pct(const char *text)
{
    char  *end;
    double value;

    if (*text < '0' || *text > '9') return NAN;
    value = (double)strtoull(text, &end, 10);
    if (*end != '@') value /= 10;
    else if (end[1] < '0' || end[1] > '9') return NAN;
    else end += strcspn(end, "\n");
    if (end[strspn(end, " \t\r\n")]) return NAN;
    return value <= 100 ? value : NAN;
}

/* Where the load is told; false: nowhere. */
static bool load_file(const char *root, const char *folder, char *out,
                      size_t size)
{
    if (gpu_file(root, folder, "load", out, size)) return true;
    return *folder && (size_t)snprintf(out, size, "%s/load", folder) < size &&
           tree_exists(root, out);
}

static void read_load(const char *root, const char *folder,
                      struct reading *into)
{
    char path[SYSFS_PATH_BYTES], text[64];
    bool is_off = reading_get(into, READ_gpu_suspended) > 0;

    if (!load_file(root, folder, path, sizeof path)) {
        if (*folder)
            reading_lack(into, READ_gpu_load_pct,
                         is_off ? "GPU is suspended: no %s/device/load"
                                : "not there: %s/device/load", folder);
        return;
    }
    if (tree_read(root, path, text, sizeof text) >= 0) {
        errno = *text ? EINVAL : ENODATA;
        reading_number(into, READ_gpu_load_pct, load_pct(text));
    }
    reading_lack(into, READ_gpu_load_pct, "%s: %s",
                 is_off ? "GPU is suspended" : tree_why(errno), path);
}

static void read_suspended(const char *root, const char *folder,
                           struct reading *into)
{
    char path[SYSFS_PATH_BYTES], status[32] = "", gated[32] = "";

    if (gpu_file(root, folder, "power/runtime_status", path, sizeof path))
        tree_line(root, path, status, sizeof status);
    if (gpu_file(root, folder, "is_railgated", path, sizeof path))
        tree_line(root, path, gated, sizeof gated);
    if (strcmp(status, "suspended") == 0 || strcmp(gated, "yes") == 0)
        reading_truth(into, READ_gpu_suspended, true);
    else if (strcmp(status, "active") == 0 || strcmp(gated, "no") == 0)
        reading_truth(into, READ_gpu_suspended, false);
    else if (*folder)
        reading_lack(into, READ_gpu_suspended,
                     "not told by %s/device/power/runtime_status", folder);
}

/* A file of a folder as a number that is >= least; false: not set, lacked. */
static bool read_hz(const char *root, const char *folder, const char *name,
                    double least, enum reading_key key, struct reading *into)
{
    double hz = sysfs_number(root, "%s/%s", folder, name);

    if (hz >= least) {
        reading_number(into, key, hz);
        return true;
    }
    reading_lack(into, key, "%s: %s/%s",
                 tree_why(isnan(hz) ? errno : ERANGE), folder, name);
    return false;
}

/* "306000000 408000000 ...": how many, and the highest. */
static void read_available(const char *root, const char *folder,
                           struct reading *into)
{
    char   text[TEXT_BYTES], path[SYSFS_PATH_BYTES], *at = text, *end;
    double highest = 0, n = 0;

    if ((size_t)snprintf(path, sizeof path, "%s/available_frequencies",
                         folder) >= sizeof path)
        return;
    if (tree_read(root, path, text, sizeof text) >= 0) errno = EINVAL;
    for (at += strspn(at, " \t\n"); *at >= '0' && *at <= '9';
         at = end + strspn(end, " \t\n")) {
        double hz = (double)strtoull(at, &end, 10);
        if (hz > 0x1p53 || (*end && !strchr(" \t\n", *end))) break;
        highest = fmax(highest, hz);
        n++;
    }
    if (highest > 0 && !*at) {
        reading_number(into, READ_gpu_hw_max_freq_hz, highest);
        reading_number(into, READ_gpu_freqs_available, n);
        return;
    }
    reading_lack(into, READ_gpu_hw_max_freq_hz, "%s: %s", tree_why(errno),
                 path);
    reading_lack(into, READ_gpu_freqs_available, "%s: %s", tree_why(errno),
                 path);
}

/* A PC's graphics card has no devfreq folder: what its driver may tell is
 * lacked by the driver's own probe, which knows why it does not. */
static void read_gpu(const char *root, struct reading *into)
{
    static const enum reading_key
        only_here[] = {READ_gpu_devfreq_name, READ_gpu_min_freq_hz,
                       READ_gpu_freqs_available, READ_gpu_suspended},
        or_by_driver[] = {READ_gpu_load_pct, READ_gpu_freq_hz,
                          READ_gpu_max_freq_hz, READ_gpu_hw_max_freq_hz};
    char folder[SYSFS_PATH_BYTES];

    find_gpu(root, folder, sizeof folder);
    if (*folder) {
        reading_text(into, READ_gpu_devfreq_name, base_name(folder));
        read_hz(root, folder, "cur_freq", 0, READ_gpu_freq_hz, into);
        read_hz(root, folder, "min_freq", 0, READ_gpu_min_freq_hz, into);
        read_hz(root, folder, "max_freq", 1, READ_gpu_max_freq_hz, into);
        read_available(root, folder, into);
    }
    read_suspended(root, folder, into);
    read_load(root, folder, into);
    if (*folder) return;
    for (size_t i = 0; i < sizeof only_here / sizeof *only_here; i++)
        reading_lack(into, only_here[i], "no GPU in " DEVFREQ);
    if (!(reading_get(into, READ_is_tegra) > 0)) return;
    for (size_t i = 0; i < sizeof or_by_driver / sizeof *or_by_driver; i++)
        reading_lack(into, or_by_driver[i], "no GPU in " DEVFREQ);
}

/* ---- processors -------------------------------------------------------- */

/* cpufreq folders: one a policy, on old kernels one a processor. */
static void find_policies(const char *root, struct text_list *out)
{
    struct text_list cpus;

    sysfs_entries(root, CPU_FOLDER "/cpufreq", "policy", out);
    if (out->n) return;
    sysfs_entries(root, CPU_FOLDER, "cpu", &cpus);
    for (size_t i = 0; i < cpus.n; i++) {
        char path[SYSFS_PATH_BYTES];
        if ((size_t)snprintf(path, sizeof path, "%s/cpufreq", cpus.items[i]) <
                sizeof path && tree_exists(root, path) &&
            strspn(base_name(cpus.items[i]) + 3, "0123456789") > 0)
            text_list_add(out, path);
    }
    text_list_done(&cpus);
}

/* "policy4" of ".../cpufreq/policy4", "cpu4" of ".../cpu4/cpufreq". */
static void policy_name(const char *folder, char *out, size_t size)
{
    const char *last = base_name(folder), *before = last - 1;

    if (strcmp(last, "cpufreq") != 0) {
        snprintf(out, size, "%s", last);
        return;
    }
    while (before > folder && before[-1] != '/') before--;
    snprintf(out, size, "%.*s", (int)(last - 1 - before), before);
}

/* The clock of a policy, in Hz: a number >= 0. */
static double policy_hz(const char *root, const char *folder, const char *name)
{
    double khz = sysfs_number(root, "%s/%s", folder, name);

    if (khz >= 0 && khz <= 0x1p43) return khz * 1000;
    if (!isnan(khz)) errno = ERANGE;
    return NAN;
}

/* 1: in all policies the lowest clock is the highest; 0: not; NAN: unknown. */
static double cpus_locked(const char *root, const struct text_list *policies)
{
    bool is_known = policies->n > 0;

    for (size_t i = 0; i < policies->n; i++) {
        double low = policy_hz(root, policies->items[i], "scaling_min_freq");
        double high = policy_hz(root, policies->items[i], "scaling_max_freq");
        if (low < high) return 0;
        is_known = is_known && low >= high;
    }
    return is_known ? 1 : (double)NAN;
}

static void read_locked(const char *root, const struct text_list *policies,
                        struct reading *into)
{
    double low = reading_get(into, READ_gpu_min_freq_hz);
    double high = reading_get(into, READ_gpu_max_freq_hz);
    double cpus = cpus_locked(root, policies);

    if (low < high || (!isnan(cpus) && cpus <= 0))
        reading_truth(into, READ_clocks_locked, false);
    else if (low >= high && cpus > 0)
        reading_truth(into, READ_clocks_locked, true);
    reading_lack(into, READ_clocks_locked,
                 "the limits of GPU and processors are not both known");
}

/* The highest of one file of all policies. */
static void read_highest(const char *root, const struct text_list *policies,
                         const char *name, enum reading_key key,
                         struct reading *into)
{
    double highest = NAN;

    for (size_t i = 0; i < policies->n; i++) {
        double hz = policy_hz(root, policies->items[i], name);
        if (hz > 0) highest = fmax(highest, hz);
        else
            reading_lack(into, key, "%s: %s/%s",
                         key == READ_cpu_actual_freq_hz && errno == ENOENT
                         ? "needs root" : tree_why(isnan(hz) ? errno : ERANGE),
                         policies->items[i], name);
    }
    reading_number(into, key, highest);
    reading_lack(into, key, "no cpufreq in " CPU_FOLDER);
}

static void read_cpus(const char *root, struct reading *into)
{
    struct text_list policies;

    find_policies(root, &policies);
    for (size_t i = 0; i < policies.n; i++) {
        const char *folder = policies.items[i];
        double      hz = policy_hz(root, folder, "scaling_cur_freq");
        char        name[SYSFS_NAME_BYTES];
        policy_name(folder, name, sizeof name);
        if (!isnan(hz)) reading_add(into, READ_cpu_freqs_hz, name, hz);
        else reading_lack(into, READ_cpu_freqs_hz, "%s: %s/scaling_cur_freq",
                          tree_why(errno), folder);
    }
    reading_lack(into, READ_cpu_freqs_hz, "no cpufreq in " CPU_FOLDER);
    read_highest(root, &policies, "cpuinfo_max_freq", READ_cpu_max_freq_hz,
                 into);
    read_highest(root, &policies, "scaling_max_freq", READ_cpu_max_freq_hz_now,
                 into);
    read_highest(root, &policies, "cpuinfo_cur_freq", READ_cpu_actual_freq_hz,
                 into);
    read_locked(root, &policies, into);
    text_list_done(&policies);
}

/* ---- what the power mode allows ---------------------------------------- */

static void set_limit(struct reading *into, enum reading_key key,
                      double limit_hz, double hardware_hz, const char *what)
{
    /* fmin: an unknown hardware limits nothing. */
    if (!isnan(limit_hz)) reading_number(into, key,
                                         fmin(limit_hz, hardware_hz));
    reading_lack(into, key, isnan(limit_hz)
                 ? "the power mode sets no highest %s clock"
                 : "the power mode leaves it to the hardware, whose highest "
                   "%s clock is not known", what);
}

static void read_mode_limits(const char *root, struct reading *into)
{
    double               id = reading_get(into, READ_power_mode_id);
    char                *conf = isnan(id) ? NULL : nvpmodel_conf(root, into);
    struct nvpmodel_mode mode;
    const char          *at = conf;

    while (conf && nvpmodel_next(&at, &mode))
        if (mode.id == (long)id) {
            set_limit(into, READ_gpu_mode_max_freq_hz, mode.gpu_max_hz,
                      reading_get(into, READ_gpu_hw_max_freq_hz), "GPU");
            set_limit(into, READ_cpu_mode_max_freq_hz, mode.cpu_max_hz,
                      reading_get(into, READ_cpu_max_freq_hz), "processor");
            break;
        }
    free(conf);
    reading_lack(into, READ_gpu_mode_max_freq_hz, "no power mode is known");
    reading_lack(into, READ_cpu_mode_max_freq_hz, "no power mode is known");
}

/* ---- memory of a Jetson ------------------------------------------------ */

/* The first of these files that gives a number. Root's own, mostly: why the
 * first one does not goes into *error. */
static double first_number(const char *root, const char *const *paths,
                           int *error)
{
    *error = 0;
    for (; *paths; paths++) {
        double value = tree_number(root, *paths);
        if (value >= 0) {
            *error = 0;
            return value;
        }
        if (!*error || *error == ENOENT) *error = isnan(value) ? errno : ERANGE;
    }
    return NAN;
}

static void lack_emc(struct reading *into, enum reading_key key,
                     const char *path, int error)
{
    if (reading_get(into, READ_is_tegra) > 0)
        reading_lack(into, key, "%s: %s",
                     error == ENOENT ? "needs root" : tree_why(error), path);
    else
        reading_lack(into, key, "only a Jetson tells it");
}

static void read_emc(const char *root, struct reading *into)
{
    static const char *const rates[] = {
        BPMP_EMC "/rate", "/sys/kernel/debug/clk/override.emc/clk_rate",
        "/sys/kernel/debug/clk/emc/clk_rate", DEVFREQ "/bwmgr/cur_freq", NULL};
    static const char *const activities[] = {
        "/sys/kernel/debug/cactmon/mc_all",
        "/sys/kernel/debug/bpmp/debug/actmon/mc_all_avg_activity",
        "/sys/kernel/actmon_avg_activity/mc_all", NULL};
    static const char *const caps[] = {
        "/sys/kernel/nvpmodel_clk_cap/emc",
        "/sys/kernel/nvpmodel_emc_cap/emc_iso_cap", NULL};
    int    no_rate, no_activity, no_cap;
    double hz = first_number(root, rates, &no_rate);
    double activity = first_number(root, activities, &no_activity);
    double cap = first_number(root, caps, &no_cap);
    double load = hz > 0 ? activity / (hz / 1000) : (double)NAN;

    reading_number(into, READ_emc_freq_hz, hz);
    lack_emc(into, READ_emc_freq_hz, rates[0], no_rate);
    if (load <= 100) reading_number(into, READ_emc_load_pct, load);
    else if (isnan(activity))
        lack_emc(into, READ_emc_load_pct, activities[0], no_activity);
    else if (isnan(hz))
        lack_emc(into, READ_emc_load_pct, rates[0], no_rate);
    reading_lack(into, READ_emc_load_pct, "memory clock and activity do not "
                 "fit together");
    /* No cap at all is 0: then the hardware's highest counts. */
    if (cap <= 0) cap = tree_number(root, BPMP_EMC "/max_rate");
    if (cap > 0) reading_number(into, READ_emc_cap_hz, cap);
    lack_emc(into, READ_emc_cap_hz, caps[1], no_cap ? no_cap : ENODATA);
}

/* ---- the probe --------------------------------------------------------- */

static void read_clocks(const char *root, struct reading *into)
{
    read_gpu(root, into);
    cpus_read(root, into);
    read_cpus(root, into);
    read_mode_limits(root, into);
    read_emc(root, into);
}

static void watch_file(struct watch_list *into, const struct watch_item *how,
                       const char *folder, const char *name)
{
    struct watch_item item = *how;
    char              path[SYSFS_PATH_BYTES];

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >=
        sizeof path)
        return;
    item.path = path;
    watch_list_add(into, &item);
}

static void watch_gpu(const char *root, struct watch_list *into)
{
    static const struct watch_item
        load = {.field = SAMPLE_gpu_load_pct, .period_s = 0.1,
                .parse = load_pct},
        now = {.field = SAMPLE_gpu_freq_hz, .period_s = 0.1},
        limit = {.field = SAMPLE_gpu_max_freq_hz, .period_s = 0.5};
    char folder[SYSFS_PATH_BYTES], path[SYSFS_PATH_BYTES];

    find_gpu(root, folder, sizeof folder);
    if (load_file(root, folder, path, sizeof path)) {
        struct watch_item item = load;
        item.path = path;
        watch_list_add(into, &item);
    }
    if (!*folder) return;
    watch_file(into, &now, folder, "cur_freq");
    watch_file(into, &limit, folder, "max_freq");
}

static void watch_clocks(const char *root, struct watch_list *into)
{
    static const struct watch_item
        now = {.field = SAMPLE_cpu_freq_hz, .merge = WATCH_MAX,
               .scale = 1000, .period_s = 0.2},
        limit = {.field = SAMPLE_cpu_max_freq_hz, .merge = WATCH_MAX,
                 .scale = 1000, .period_s = 0.5};
    struct text_list policies;
    size_t           step;

    watch_gpu(root, into);
    find_policies(root, &policies);
    /* A big server has a policy a processor: some of them, evenly. */
    step = policies.n / POLICIES_WATCH + (policies.n % POLICIES_WATCH != 0);
    for (size_t i = 0; i < policies.n; i += step) {
        watch_file(into, &now, policies.items[i], "scaling_cur_freq");
        watch_file(into, &limit, policies.items[i], "scaling_max_freq");
    }
    text_list_done(&policies);
}

const struct probe_ops probe_clocks = {
    .name = "clocks",
    .help = "clocks and load of GPU, processors and memory",
    .read = read_clocks,
    .watch = watch_clocks,
};
