/* SPDX-License-Identifier: MIT */
/* machine.c - who this machine is: board, processor, system, memory; see
 * machine_read in probe/probe.h. Board and processor as the probes read them,
 * and what no probe needs. What a board does not say is NULL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/probe.h"

#define LINE_BYTES    256
#define CPUINFO_BYTES ((size_t)256 << 10)

/* The first line of text without blanks around it, fit for a terminal; NULL
 * when nothing is left. */
static char *clean_line(const char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strcspn(text, "\n");
    while (len && strchr(" \t\r", text[len - 1])) len--;
    return len ? utf8_printable(text, len < LINE_BYTES ? len : LINE_BYTES)
               : NULL;
}

static char *first_line(const char *root, const char *path)
{
    char text[LINE_BYTES];

    return probe_file(root, path, text, sizeof text) > 0 ? clean_line(text)
                                                         : NULL;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : NULL;
}

/* Processors that the kernel lists; -1: it lists none. */
static int listed_cores(const char *root)
{
    char *text = mem_new(CPUINFO_BYTES, 1);
    int   n = 0;

    probe_file(root, "/proc/cpuinfo", text, CPUINFO_BYTES);
    for (const char *line = text; line; line = next_line(line))
        n += strncmp(line, "processor", 9) == 0 &&
             line[9 + strspn(line + 9, " \t")] == ':';
    free(text);
    return n ? n : -1;
}

/* PRETTY_NAME of os-release(5): a shell's assignment, maybe in quotes. */
static char *read_os(const char *root)
{
    char        text[8192];
    const char *value = NULL;
    char       *out, *end;

    if (probe_file(root, "/etc/os-release", text, sizeof text) <= 0 &&
        probe_file(root, "/usr/lib/os-release", text, sizeof text) <= 0)
        return NULL;
    for (const char *line = text; line && !value; line = next_line(line))
        if (strncmp(line, "PRETTY_NAME=", 12) == 0) value = line + 12;
    if (!value) return NULL;
    out = clean_line(value + (*value == '"' || *value == '\''));
    end = out ? out + strlen(out) - 1 : NULL;
    if (end && (*value == '"' || *value == '\'') && *end == *value)
        *end = '\0';
    if (out && *out) return out;
    free(out);
    return NULL;
}

/* This machine's architecture; of a copied tree, the one it shows. */
static char *read_arch(const char *root)
{
    struct utsname name;

    if (*root) return first_line(root, "/proc/sys/kernel/arch");
    return uname(&name) == 0 ? clean_line(name.machine) : NULL;
}

void machine_read(const char *root, struct machine *out)
{
    long           online = *root ? -1 : sysconf(_SC_NPROCESSORS_ONLN);
    struct reading now;

    /* These two alone: the others ask drivers, which takes time. */
    reading_init(&now);
    probe_procfs.read(root, &now);
    probe_board.read(root, &now);
    *out = (struct machine){
        .board = mem_copy(reading_get_text(&now, READ_board_model)),
        .cpu = mem_copy(reading_get_text(&now, READ_cpu_model)),
        .os = read_os(root),
        .kernel = mem_copy(reading_get_text(&now, READ_kernel)),
        .arch = read_arch(root),
        .cores = online > 0 ? (int)online : listed_cores(root),
        .memory_bytes = reading_get(&now, READ_mem_total_bytes),
        .available_bytes = reading_get(&now, READ_mem_available_bytes),
        .reload_degrades = reading_get(&now, READ_is_tegra) > 0,
    };
    reading_done(&now);
}
