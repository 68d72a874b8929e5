/* SPDX-License-Identifier: MIT */
/* recognise.c - which board this machine is; see device_of_machine in
 * device.h. What the machine says is compared with what the boards' files
 * say that it says ("matches"), else with their names. */
#include "predict/device_internal.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "predict/device_name.h"
#include "probe/probe.h"

#define TEXT_BYTES  4096
#define GPUS_MOST   64

/* ---- what the machine says ---------------------------------------------- */

/* The board whose match is found in the text with the most words. */
static const struct board *by_match(const struct boards *boards,
                                    const char *text, size_t *most)
{
    const struct board *found = NULL;

    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        for (size_t k = 0; k < b->matches.n; k++) {
            size_t words = device_name_holds(text, b->matches.items[k]);
            if (words <= *most) continue;
            *most = words;
            found = b;
        }
    }
    return found;
}

/* A device tree's `compatible`: texts, each with its NUL, most special first.
 * It names the module; `model` names what the module was put on. */
static const struct board *by_device_tree(const struct boards *boards,
                                          const char *root)
{
    static const char *const files[] = {
        "/sys/firmware/devicetree/base/compatible",
        "/proc/device-tree/compatible"};
    const struct board *found = NULL;
    size_t              most = 0;
    char                text[TEXT_BYTES];

    for (size_t f = 0; f < 2 && !found; f++) {
        long n = probe_file(root, files[f], text, sizeof text);
        for (long at = 0; at < n; at += (long)strlen(text + at) + 1) {
            const struct board *b = by_match(boards, text + at, &most);
            if (b) found = b;
        }
    }
    return found;
}

/* "Model: NVIDIA GeForce RTX 3060" */
static const struct board *by_gpu_file(const struct boards *boards,
                                       const char *root, const char *folder,
                                       const struct memory_size **size)
{
    char  path[512], text[TEXT_BYTES];
    const char *model;

    snprintf(path, sizeof path, "/proc/driver/nvidia/gpus/%s/information",
             folder);
    if (probe_file(root, path, text, sizeof text) <= 0) return NULL;
    model = strstr(text, "Model:");
    if (!model) return NULL;
    model += strlen("Model:");
    text[(size_t)(model - text) + strcspn(model, "\n")] = '\0';
    return board_named(boards, model, NAN, size);
}

/* The first of the GPUs that the driver of NVIDIA has and that is known. */
static const struct board *by_gpu(const struct boards *boards,
                                  const char *root,
                                  const struct memory_size **size)
{
    char                path[TEXT_BYTES];
    struct dirent     **folders = NULL;
    const struct board *found = NULL;
    int                 n;

    if ((size_t)snprintf(path, sizeof path, "%s/proc/driver/nvidia/gpus",
                         root) >= sizeof path)
        return NULL;
    n = scandir(path, &folders, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (!found && i < GPUS_MOST && folders[i]->d_name[0] != '.')
            found = by_gpu_file(boards, root, folders[i]->d_name, size);
        free(folders[i]);
    }
    free(folders);
    return found;
}

/* A processor says nothing of a GPU beside it: only boards whose CPU
 * computes. */
static const struct board *by_processor(const struct boards *boards,
                                        const char *cpu)
{
    const struct memory_size *size;
    size_t                    most = 0;
    const struct board       *b = by_match(boards, cpu, &most);

    if (!b) b = board_named(boards, cpu, NAN, &size);
    return b && b->backend == BACKEND_CPU ? b : NULL;
}

/* ---- its power mode ----------------------------------------------------- */

/* As nvpmodel keeps it: by name where its file tells one, since the numbers
 * differ between boards and firmwares; false: it has none. */
static bool read_mode(const char *root, char *out, size_t size)
{
    struct reading now;
    const char    *name;
    double         id;
    bool           is_told;

    reading_init(&now);
    probe_board.read(root, &now);
    id = reading_get(&now, READ_power_mode_id);
    name = reading_get_text(&now, READ_power_mode_name);
    if (name) snprintf(out, size, "%s", name);
    else if (!isnan(id)) snprintf(out, size, "%.0f", id);
    is_told = name || !isnan(id);
    reading_done(&now);
    return is_told;
}

static const struct power_mode *mode_of_machine(const struct board *b,
                                                const char *root,
                                                const char *mode)
{
    char text[64];

    if (mode) return board_mode(b, mode);
    if (read_mode(root, text, sizeof text)) return board_mode(b, text);
    return &b->modes[0];
}

/* ---- the machine -------------------------------------------------------- */

static bool is_arm(const struct machine *m)
{
    return m->arch && (strncmp(m->arch, "aarch64", 7) == 0 ||
                       strncmp(m->arch, "arm", 3) == 0);
}

/* A PC is known by its processor, an ARM board by its own name. */
static const char *own_name(const struct machine *m)
{
    const char *first  = is_arm(m) ? m->board : m->cpu;
    const char *second = is_arm(m) ? m->cpu : m->board;

    return first ? first : second ? second : "this machine";
}

static void set_unknown(struct device *d, const struct machine *m)
{
    double cores = m->cores > 0 ? (double)m->cores : (double)NAN;

    *d = (struct device){
        .name = own_name(m), .power_mode = "",
        .device_class = is_arm(m) ? "arm" : "x86", .backend = BACKEND_CPU,
        .is_unified = true, .clock_hz = NAN, .bandwidth_bytes_s = NAN,
        .units = cores, .fp16_flops = NAN,
        .measured_bandwidth_bytes_s = NAN, .measured_flops = NAN,
        .memory_bytes = m->memory_bytes, .os_bytes = NAN, .speech_bytes = NAN,
        .runtime_bytes = NAN, .cpu_cores = cores,
        .cpu_clock_hz = NAN,
    };
}

/* What this machine has of what its board is sold with: a virtual machine
 * has fewer cores, and firmware keeps more or less of the memory. */
static void correct(struct device *d, const struct machine *m)
{
    if (d->is_unified && isfinite(m->memory_bytes))
        d->memory_bytes = m->memory_bytes;
    if (m->cores <= 0 || d->backend != BACKEND_CPU) return;
    d->cpu_cores = m->cores;
    if (d->units > m->cores) {
        d->fp16_flops *= m->cores / d->units;
        d->units = m->cores;
    }
}

void device_of_machine(const struct boards *boards,
                       const struct machine *machine, const char *root,
                       const char *mode, struct device *out)
{
    const struct memory_size *size = NULL;
    const struct board       *b = by_device_tree(boards, root);
    const char               *how = "device tree";
    size_t                    most = 0;

    if (!b && machine->board) {
        b = by_match(boards, machine->board, &most);
        how = "name of the board";
    }
    if (!b) {
        b = by_gpu(boards, root, &size);
        how = "GPU driver";
    }
    if (!b && machine->cpu) {
        b = by_processor(boards, machine->cpu);
        how = "processor";
    }
    if (b) {
        if (!size || b->is_unified)
            size = board_size_near(b, machine->memory_bytes);
        device_set_board(out, b, size);
        device_set_mode(out, mode_of_machine(b, root, mode));
        out->recognised_by = how;
        correct(out, machine);
    } else {
        set_unknown(out, machine);
    }
    out->is_this_machine = true;
}
