/* SPDX-License-Identifier: MIT */
/* machine.c - who this machine is: board, processor, system, memory; see
 * machine_read in probe/probe.h. Every line is best effort: what a board does
 * not say is NULL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
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

/* ---- the board --------------------------------------------------------- */

/* Of a device tree's file. In a copied tree /proc/device-tree may be a link
 * that leads to this machine's own. */
static long tree_file(const char *root, const char *name, char *out,
                      size_t size)
{
    char        path[512];
    struct stat st;
    long        n;

    snprintf(path, sizeof path, "/sys/firmware/devicetree/base/%s", name);
    n = probe_file(root, path, out, size);
    if (n > 0) return n;
    snprintf(path, sizeof path, "%s/proc/device-tree", root);
    if (*root && lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) return -1;
    snprintf(path, sizeof path, "/proc/device-tree/%s", name);
    return probe_file(root, path, out, size);
}

/* What makers leave in when nobody filled it in. */
static bool is_filler(const char *text)
{
    static const char *const fillers[] = {
        "To Be Filled By O.E.M.", "Default string", "System Product Name",
        "System manufacturer", "Not Specified", "Not Applicable", "None",
        "Unknown", "Empty", "O.E.M.", "OEM",
    };

    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (strcasecmp(text, fillers[i]) == 0) return true;
    return false;
}

static char *dmi(const char *root, const char *name)
{
    static const char *const folders[] = {"/sys/class/dmi/id",
                                          "/sys/devices/virtual/dmi/id"};
    char                     path[128], *text = NULL;

    for (size_t i = 0; i < 2 && !text; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        text = first_line(root, path);
        if (!text || !is_filler(text)) continue;
        free(text);
        text = NULL;
    }
    return text;
}

static char *read_board(const char *root)
{
    char  text[LINE_BYTES], *vendor, *product, *board;

    if (tree_file(root, "model", text, sizeof text) > 0)
        return clean_line(text);
    product = dmi(root, "product_name");
    if (!product) return NULL;
    vendor = dmi(root, "sys_vendor");
    board = vendor && strncasecmp(product, vendor, strlen(vendor)) != 0
          ? mem_printf("%s %s", vendor, product) : mem_copy(product);
    free(vendor);
    free(product);
    return board;
}

static bool is_tegra(const char *root)
{
    char text[1024];
    long n = probe_file(root, "/etc/nv_tegra_release", text, sizeof text);

    if (n >= 0) return true;
    n = tree_file(root, "compatible", text, sizeof text);
    for (long at = 0; at < n; at += (long)strlen(text + at) + 1)
        if (strncmp(text + at, "nvidia,tegra", 12) == 0) return true;
    return false;
}

/* ---- the processor ----------------------------------------------------- */

/* "CPU implementer" and "CPU part" of 64-bit ARM, from Arm's reference
 * manuals (MIDR_EL1) of the cores that boards have. */
static const struct { unsigned implementer, part; const char *name; } cores[] =
{
    {0x41, 0xd03, "Cortex-A53"},  {0x41, 0xd04, "Cortex-A35"},
    {0x41, 0xd05, "Cortex-A55"},  {0x41, 0xd07, "Cortex-A57"},
    {0x41, 0xd08, "Cortex-A72"},  {0x41, 0xd09, "Cortex-A73"},
    {0x41, 0xd0a, "Cortex-A75"},  {0x41, 0xd0b, "Cortex-A76"},
    {0x41, 0xd0c, "Neoverse-N1"}, {0x41, 0xd0d, "Cortex-A77"},
    {0x41, 0xd40, "Neoverse-V1"}, {0x41, 0xd41, "Cortex-A78"},
    {0x41, 0xd42, "Cortex-A78AE"}, {0x41, 0xd44, "Cortex-X1"},
    {0x41, 0xd46, "Cortex-A510"}, {0x41, 0xd47, "Cortex-A710"},
    {0x41, 0xd48, "Cortex-X2"},   {0x41, 0xd49, "Neoverse-N2"},
    {0x41, 0xd4b, "Cortex-A78C"}, {0x41, 0xd4d, "Cortex-A715"},
    {0x41, 0xd4e, "Cortex-X3"},   {0x41, 0xd4f, "Neoverse-V2"},
    {0x41, 0xd80, "Cortex-A520"}, {0x41, 0xd81, "Cortex-A720"},
    {0x41, 0xd82, "Cortex-X4"},   {0x41, 0xd83, "Neoverse-V3AE"},
    {0x41, 0xd85, "Cortex-X925"}, {0x41, 0xd87, "Cortex-A725"},
    {0x4e, 0x003, "NVIDIA Denver 2"}, {0x4e, 0x004, "NVIDIA Carmel"},
    {0x51, 0x001, "Qualcomm Oryon"},
};

/* The text behind "key : " in the line that begins at `line`, or NULL. */
static const char *behind(const char *line, const char *key)
{
    size_t len = strlen(key);

    if (strncmp(line, key, len) != 0) return NULL;
    line += len;
    line += strspn(line, " \t");
    return *line == ':' ? line + 1 : NULL;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : NULL;
}

static char *core_name(unsigned long implementer, unsigned long part)
{
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (cores[i].implementer == implementer && cores[i].part == part)
            return mem_copy(cores[i].name);
    return mem_printf("ARM 0x%02lx part 0x%03lx", implementer & 0xff,
                      part & 0xfff);
}

/* The kinds of cores, each once: "Cortex-A55 + Cortex-A76". */
static char *arm_cores(const char *cpuinfo)
{
    unsigned long implementer = 0;
    char         *all = NULL;

    for (const char *line = cpuinfo; line; line = next_line(line)) {
        const char *text = behind(line, "CPU implementer");
        char       *name, *longer;
        if (text) implementer = strtoul(text, NULL, 0);
        text = behind(line, "CPU part");
        if (!text) continue;
        name = core_name(implementer, strtoul(text, NULL, 0));
        if (all && (strstr(all, name) || strlen(all) > LINE_BYTES)) {
            free(name);
            continue;
        }
        longer = all ? mem_printf("%s + %s", all, name) : mem_copy(name);
        free(all);
        free(name);
        all = longer;
    }
    return all;
}

static void read_processor(const char *root, struct machine *out)
{
    char *text = mem_new(CPUINFO_BYTES, 1);
    long  online = *root ? -1 : sysconf(_SC_NPROCESSORS_ONLN);
    int   listed = 0;

    if (probe_file(root, "/proc/cpuinfo", text, CPUINFO_BYTES) > 0) {
        out->cpu = arm_cores(text);
        for (const char *line = text; line; line = next_line(line)) {
            const char *model = behind(line, "model name");
            listed += behind(line, "processor") != NULL;
            if (model && !out->cpu) out->cpu = clean_line(model);
        }
    }
    out->cores = online > 0 ? (int)online : listed ? listed : -1;
    free(text);
}

/* ---- the system -------------------------------------------------------- */

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

static void read_system(const char *root, struct machine *out)
{
    struct utsname name;

    out->os = read_os(root);
    if (*root) {
        /* A copied tree: this machine's kernel is not the one it shows. */
        out->kernel = first_line(root, "/proc/sys/kernel/osrelease");
        out->arch = first_line(root, "/proc/sys/kernel/arch");
    } else if (uname(&name) == 0) {
        out->kernel = clean_line(name.release);
        out->arch = clean_line(name.machine);
    }
}

void machine_read(const char *root, struct machine *out)
{
    struct probe_reading now;

    probe_read(root, &now);
    *out = (struct machine){.memory_bytes = now.memory_bytes,
                            .available_bytes = now.available_bytes};
    out->board = read_board(root);
    read_processor(root, out);
    read_system(root, out);
    out->reload_degrades = is_tegra(root);
}
