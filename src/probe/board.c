/* SPDX-License-Identifier: MIT */
/* board.c - which board this is: its name, its Jetson Linux, its power mode,
 * its processor. Device tree: Devicetree Specification, section 2.3 (texts end
 * with a NUL, lists are texts behind each other). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "probe/nvpmodel.h"
#include "probe/probe.h"
#include "probe/tree.h"

#define LINE_BYTES    256
#define CPUINFO_BYTES ((size_t)256 << 10)
#define DPKG_BYTES    ((size_t)16 << 20)
#define UPTIME_MAX_S  0x1p40
#define BLANKS        " \t\r"

/* ---- the name ---------------------------------------------------------- */

/* A file of the device tree's root. */
static long tree_file(const char *root, const char *name, char *out,
                      size_t size)
{
    static const char *const folders[] = {"/sys/firmware/devicetree/base",
                                          "/proc/device-tree"};
    char                     path[128];
    long                     n = -1;

    for (size_t i = 0; i < 2 && n <= 0; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        n = tree_read(root, path, out, size);
    }
    return n;
}

/* What makers leave in when nobody filled it in. */
static bool is_filler(const char *text)
{
    static const char *const fillers[] = {
        "To Be Filled By O.E.M.", "To Be Filled By O.E.M", "Default string",
        "System Product Name", "System manufacturer", "Not Specified",
        "Not Applicable", "None", "N/A", "Unknown", "Empty", "O.E.M.", "OEM",
        "Product Name", "Undefined", "INVALID",
    };

    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (strcasecmp(text, fillers[i]) == 0) return true;
    return false;
}

/* "" where nobody filled it in. */
static const char *dmi(const char *root, const char *name, char *out,
                       size_t size)
{
    static const char *const folders[] = {"/sys/class/dmi/id",
                                          "/sys/devices/virtual/dmi/id"};
    char                     path[128];

    for (size_t i = 0; i < 2; i++) {
        const char *text = out;
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        if (!tree_line(root, path, out, size)) continue;
        text += strspn(out, BLANKS);
        if (!is_filler(text)) return text;
    }
    return "";
}

static void read_dmi_model(const char *root, struct reading *into)
{
    char        product_line[LINE_BYTES], vendor_line[LINE_BYTES], *both;
    const char *product = dmi(root, "product_name", product_line, LINE_BYTES);
    const char *vendor = dmi(root, "sys_vendor", vendor_line, LINE_BYTES);

    if (!*product) return;
    if (!*vendor || strncasecmp(product, vendor, strlen(vendor)) == 0) {
        reading_text(into, READ_board_model, product);
        return;
    }
    both = mem_printf("%s %s", vendor, product);
    reading_text(into, READ_board_model, both);
    free(both);
}

static void read_model(const char *root, struct reading *into)
{
    char   text[LINE_BYTES];
    size_t len;

    if (tree_file(root, "model", text, sizeof text) > 0) {
        len = strcspn(text, "\n");
        while (len && strchr(BLANKS, text[len - 1])) len--;
        text[len] = '\0';
        reading_text(into, READ_board_model, text + strspn(text, BLANKS));
    }
    if (!into->values[READ_board_model].is_set) read_dmi_model(root, into);
    reading_lack(into, READ_board_model,
                 "neither a device tree nor a filled-in DMI name");
}

static void read_compatible(const char *root, struct reading *into)
{
    char text[4096];
    long n = tree_file(root, "compatible", text, sizeof text);

    for (long at = 0; at < n; at += (long)strlen(text + at) + 1)
        if (text[at] && text[at] != '\n')
            reading_add_name(into, READ_board_compatible, text + at);
    reading_lack(into, READ_board_compatible, "no device tree");
}

/* ---- Jetson Linux ------------------------------------------------------ */

/* Digits and dots at the start of a text. */
static size_t version_length(const char *text)
{
    size_t len = strspn(text, "0123456789.");

    while (len && text[len - 1] == '.') len--;
    return len && len < 32 && *text != '.' ? len : 0;
}

/* "# R36 (release), REVISION: 4.3, GCID: ..." as "36.4.3". */
static bool parse_l4t(const char *text, char *out, size_t size)
{
    const char *major = strstr(text, "# R"), *minor;
    size_t      n, m;

    if (!major) return false;
    major += strlen("# R");
    n = strspn(major, "0123456789");
    minor = strstr(major, "REVISION:");
    if (n == 0 || n > 4 || !minor) return false;
    minor += strlen("REVISION:");
    minor += strspn(minor, BLANKS);
    m = version_length(minor);
    if (m == 0) return false;
    snprintf(out, size, "%.*s.%.*s", (int)n, major, (int)m, minor);
    return true;
}

/* The version of the package that is the base of Jetson Linux, as dpkg keeps
 * it: "36.4.3-20250107174145". */
static bool packaged_l4t(const char *root, char *out, size_t size)
{
    static const char package[] = "Package: nvidia-l4t-core\n";
    char             *text = mem_new(DPKG_BYTES, 1), *at, *end, *version;
    size_t            n = 0;

    if (tree_read(root, "/var/lib/dpkg/status", text, DPKG_BYTES) > 0) {
        at = strstr(text, package);
        while (at && at != text && at[-1] != '\n') at = strstr(at + 1, package);
        end = at ? strstr(at, "\n\n") : NULL;
        if (end) *end = '\0';
        version = at ? strstr(at, "\nVersion: ") : NULL;
        if (version) {
            version += strlen("\nVersion: ");
            n = version_length(version);
            snprintf(out, size, "%.*s", (int)n, version);
        }
    }
    free(text);
    return n > 0;
}

static bool has_tegra_chip(const struct reading *r)
{
    const struct reading_value *list = &r->values[READ_board_compatible];

    for (size_t i = 0; i < list->n; i++)
        if (strncmp(list->items[i].name, "nvidia,tegra", 12) == 0) return true;
    return false;
}

/* A Jetson by its chip, its release file or its kernel; not a Jetson when the
 * device tree names other chips, or when there is a PC's DMI or processor. */
static void read_tegra(const char *root, const char *release,
                       struct reading *into)
{
    const char *kernel = reading_get_text(into, READ_kernel);
    bool        is_release = strncmp(release, "# R", 3) == 0 &&
                             release[3] >= '0' && release[3] <= '9';
    char        text[LINE_BYTES];

    if (is_release || has_tegra_chip(into) ||
        (kernel && strstr(kernel, "-tegra")))
        reading_truth(into, READ_is_tegra, true);
    else if (into->values[READ_board_compatible].is_set ||
             into->values[READ_board_model].is_set ||
             (tree_read(root, "/proc/cpuinfo", text, sizeof text) > 0 &&
              strstr(text, "vendor_id")))
        reading_truth(into, READ_is_tegra, false);
    reading_lack(into, READ_is_tegra, "no device tree");
}

static void read_l4t(const char *root, struct reading *into)
{
    static const char path[] = "/etc/nv_tegra_release";
    char              text[1024], version[64];
    long              n = tree_read(root, path, text, sizeof text);

    read_tegra(root, text, into);
    if (!(reading_get(into, READ_is_tegra) > 0)) {
        reading_lack(into, READ_l4t_release, "not a Jetson");
        return;
    }
    if ((n > 0 && parse_l4t(text, version, sizeof version)) ||
        packaged_l4t(root, version, sizeof version))
        reading_text(into, READ_l4t_release, version);
    reading_lack(into, READ_l4t_release,
                 "neither %s nor the package nvidia-l4t-core says it", path);
}

/* ---- the power mode ---------------------------------------------------- */

static void read_modes(const char *root, long id, struct reading *into)
{
    struct nvpmodel_mode mode;
    char                *conf = nvpmodel_conf(root, into), key[24];
    const char          *at = conf;

    while (conf && nvpmodel_next(&at, &mode)) {
        snprintf(key, sizeof key, "%ld", mode.id);
        reading_add_text(into, READ_power_mode_names, key, mode.name);
        if (mode.id == id) reading_text(into, READ_power_mode_name, mode.name);
    }
    if (!conf)
        reading_lack(into, READ_power_mode_names,
                     "no /etc/nvpmodel.conf, and no file in /etc/nvpmodel "
                     "fits this board");
    else
        reading_lack(into, READ_power_mode_names,
                     "/etc/nvpmodel.conf defines no mode");
    if (id >= 0)
        reading_lack(into, READ_power_mode_name,
                     "mode %ld is not in this board's nvpmodel.conf", id);
    free(conf);
}

static void read_power_mode(const char *root, struct reading *into)
{
    static const enum reading_key keys[] = {
        READ_power_mode_id, READ_power_mode_name, READ_power_mode_names};
    long id = nvpmodel_id(root);

    if (id >= 0) {
        reading_number(into, READ_power_mode_id, (double)id);
    } else {
        const char *why = tree_why(errno);
        for (size_t i = 0; i < 3; i++)
            if (reading_get(into, READ_is_tegra) <= 0)
                reading_lack(into, keys[i], "not a Jetson");
            else if (i < 2)
                reading_lack(into, keys[i], "%s: /var/lib/nvpmodel/status",
                             why);
    }
    read_modes(root, id, into);
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
    return *line == ':' ? line + 1 + strspn(line + 1, " \t") : NULL;
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

/* "model name" of the first processor that has one. */
static char *pc_processor(const char *cpuinfo)
{
    for (const char *line = cpuinfo; line; line = next_line(line)) {
        const char *text = behind(line, "model name");
        size_t      len = text ? strcspn(text, "\n") : 0;
        while (len && strchr(BLANKS, text[len - 1])) len--;
        if (len) return mem_copy_n(text, len);
    }
    return NULL;
}

static void read_processor(const char *root, struct reading *into)
{
    char *text = mem_new(CPUINFO_BYTES, 1), *name = NULL;

    if (tree_read(root, "/proc/cpuinfo", text, CPUINFO_BYTES) > 0) {
        name = arm_cores(text);
        if (!name) name = pc_processor(text);
    }
    reading_text(into, READ_cpu_model, name);
    reading_lack(into, READ_cpu_model, "not told by /proc/cpuinfo");
    free(name);
    free(text);
}

/* ---- the system -------------------------------------------------------- */

/* Seconds with a fraction, whatever the locale's point is; NAN: no number. */
static double parse_seconds(const char *text)
{
    double seconds = 0, unit = 1;

    if (*text < '0' || *text > '9') return NAN;
    for (; *text >= '0' && *text <= '9'; text++)
        seconds = seconds * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            seconds += (*text - '0') * (unit /= 10);
    if (*text && !strchr(BLANKS "\n", *text)) return NAN;
    return seconds <= UPTIME_MAX_S ? seconds : NAN;
}

static void read_system(const char *root, struct reading *into)
{
    char text[LINE_BYTES];

    if (tree_line(root, "/proc/sys/kernel/osrelease", text, sizeof text))
        reading_text(into, READ_kernel, text);
    reading_lack(into, READ_kernel, "%s: /proc/sys/kernel/osrelease",
                 tree_why(errno));
    errno = 0;
    if (tree_line(root, "/proc/uptime", text, sizeof text)) {
        reading_number(into, READ_uptime_s, parse_seconds(text));
        errno = EINVAL;
    }
    reading_lack(into, READ_uptime_s, "%s: /proc/uptime", tree_why(errno));
}

static void read_board(const char *root, struct reading *into)
{
    read_system(root, into);
    read_model(root, into);
    read_compatible(root, into);
    read_l4t(root, into);
    read_power_mode(root, into);
    read_processor(root, into);
}

const struct probe_ops probe_board = {
    .name = "board",
    .help = "board, Jetson Linux, power mode and processor",
    .read = read_board,
};
