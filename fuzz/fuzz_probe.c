/* SPDX-License-Identifier: MIT */
/* fuzz_probe.c - any bytes in any one file that the probes read, the others
 * sound: no number that a machine cannot have, JSON that is JSON, a reason
 * for what is missing, and what is watched parses without harm. The first
 * byte says which file. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/cpus.h"
#include "probe/nvpmodel.h"
#include "probe/probe.h"
#include "temp_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct { const char *path, *sound; } files[] = {
    {"etc/nvpmodel.conf", "< POWER_MODEL ID=1 NAME=15W >\nGPU MAX_FREQ 9\n"},
    {"proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1024 kB\n"},
    {"proc/swaps", "Filename Type Size Used Priority\n"},
    {"proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1\n"},
    {"proc/pressure/memory", "full avg10=0.10 avg60=0 avg300=0 total=5\n"},
    {"proc/vmstat", "pswpin 1\npswpout 2\n"},
    {"proc/uptime", "5.00 4.00\n"},
    {"proc/cpuinfo", "CPU implementer : 0x41\nCPU part : 0xd42\n"},
    {"proc/42/maps", "10-20 rw-p 00000000 00:00 0\n"},
    {"sys/devices/system/cpu/online", "0-3\n"},
    {"sys/devices/system/cpu/present", "0-3\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "100\n"},
    {"sys/firmware/devicetree/base/model", "A Board"},
    {"sys/firmware/devicetree/base/compatible", "nvidia,tegra234"},
    {"etc/nv_tegra_release", "# R36 (release), REVISION: 4.3\n"},
    {"var/lib/nvpmodel/status", "pmode:0001\n"},
    {"var/lib/dpkg/status", "Package: x\n"},
    {"sys/class/devfreq/17000000.gpu/cur_freq", "100\n"},
    {"sys/class/devfreq/17000000.gpu/available_frequencies", "50 100\n"},
    {"sys/class/devfreq/17000000.gpu/device/load", "100\n"},
    {"sys/kernel/debug/nvmap/iovmm/clients", "CLIENT PROCESS PID SIZE\n"},
    {"sys/class/hwmon/hwmon0/name", "ina3221\n"},
    {"sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n"},
    {"sys/class/hwmon/hwmon0/in1_input", "5000\n"},
    {"sys/class/hwmon/hwmon0/curr1_input", "1000\n"},
    {"sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"},
    {"sys/class/thermal/thermal_zone0/temp", "50000\n"},
};
#define N_FILES (sizeof files / sizeof *files)

static void require(bool holds)
{
    if (!holds) abort();
}

/* One folder for the whole run: filling it anew each time is most of it. */
static struct temp_tree *tree(void)
{
    static struct temp_tree t;

    return &t;
}

static void remove_tree(void) { temp_tree_done(tree()); }

static void fill_tree(void)
{
    require(temp_tree_init(tree()) == 0 && atexit(remove_tree) == 0);
    for (size_t i = 0; i < N_FILES; i++)
        temp_text(tree(), files[i].path, files[i].sound);
}

static void check_reading(const char *root)
{
    struct reading r;
    json_t        *json;
    char          *text;

    probe_read(root, &r);
    for (size_t i = 0; i < READ_COUNT; i++) {
        const struct reading_value *v = &r.values[i];
        require(v->n <= READING_ITEMS_MAX);
        if (v->is_set && reading_info[i].kind == READING_NUMBER)
            require(isfinite(v->number) && fabs(v->number) <= 0x1p64);
        for (size_t k = 0; k < v->n; k++)
            require(!isinf(v->items[k].number));
    }
    json = reading_json(&r);
    text = json_dumps(json, 0);
    require(text != NULL);
    free(text);
    json_decref(json);
    reading_done(&r);
}

static void check_watching(const char *root, const char *text)
{
    struct watch_list list;

    probe_watch(root, &list);
    for (size_t i = 0; i < list.n; i++)
        if (list.items[i].parse) require(!isinf(list.items[i].parse(text)));
    watch_list_done(&list);
}

static void check_parsers(const char *text)
{
    struct cpu_set      *set = mem_new(1, sizeof *set);
    struct nvpmodel_mode mode;
    const char          *at = text;

    while (nvpmodel_next(&at, &mode)) {
        require(mode.id >= 0 && *mode.name);
        require(!(mode.gpu_max_hz <= 0) && !(mode.cpu_max_hz <= 0));
    }
    require(!*at);
    cpus_parse(text, set);
    free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct process_memory memory;
    const char           *root = tree()->root;
    char                 *text;
    size_t                which;

    if (!*root) fill_tree();
    if (size == 0) return 0;
    which = bytes[0] % N_FILES;
    text = mem_copy_n((const char *)bytes + 1, size - 1);
    check_parsers(text);
    temp_write(tree(), files[which].path, text, size - 1);
    check_reading(root);
    check_watching(root, text);
    if (strstr(files[which].path, "maps")) {
        probe_process_memory(root, 42, "/m/a.gguf", &memory);
        require(isnan(memory.largest_bytes) || memory.largest_bytes > 0);
    }
    temp_text(tree(), files[which].path, files[which].sound);
    free(text);
    return 0;
}
