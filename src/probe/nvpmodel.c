/* SPDX-License-Identifier: MIT */
/* nvpmodel.c - see nvpmodel.h. */
#include "probe/nvpmodel.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/tree.h"

#define CONF_BYTES ((size_t)256 << 10)   /* the makers' have 10 to 30 KB */
#define ID_MAX     9999
#define BLANKS     " \t\r"

long nvpmodel_id(const char *root)
{
    char        text[256], *end;
    const char *at;
    long        id;

    if (tree_read(root, "/var/lib/nvpmodel/status", text, sizeof text) < 0)
        return -1;
    errno = EINVAL;
    at = strstr(text, "pmode:");
    if (!at) return -1;
    at += strlen("pmode:");
    if (*at < '0' || *at > '9') return -1;
    id = strtol(at, &end, 10);
    if (*end && !strchr(BLANKS "\n", *end)) return -1;
    if (id <= ID_MAX) return id;
    errno = ERANGE;
    return -1;
}

/* ---- the modes --------------------------------------------------------- */

/* What is behind "KEY=" in a header; NULL when it is not there. */
static const char *attribute(const char *line, const char *end,
                             const char *key)
{
    size_t len = strlen(key);

    for (const char *at = line; at + len < end; at++) {
        const char *value = at + len;
        if (strncmp(at, key, len) != 0 || !strchr(BLANKS "<", at[-1]))
            continue;
        value += strspn(value, BLANKS);
        if (*value == '=') return value + 1 + strspn(value + 1, BLANKS);
    }
    return NULL;
}

/* "< POWER_MODEL ID=2 NAME=15W >", the blanks as they come. */
static bool parse_header(const char *line, const char *end,
                         struct nvpmodel_mode *out)
{
    const char *at = line + 1 + strspn(line + 1, BLANKS), *id, *name;
    char       *stop;

    if (strncmp(at, "POWER_MODEL", 11) != 0) return false;
    id = attribute(at + 1, end, "ID");
    name = attribute(at + 1, end, "NAME");
    if (!id || !name || *id < '0' || *id > '9') return false;
    *out = (struct nvpmodel_mode){.gpu_max_hz = NAN, .cpu_max_hz = NAN};
    out->id = strtol(id, &stop, 10);
    if (out->id > ID_MAX || !strchr(BLANKS ">", *stop)) return false;
    snprintf(out->name, sizeof out->name, "%.*s",
             (int)strcspn(name, BLANKS ">\n"), name);
    return *out->name != '\0';
}

/* A limit in a mode's line: "-1", "0" and INT_MAX leave it to the hardware. */
static double parse_limit(const char *at, double unit_hz)
{
    char *end;
    long  value;

    errno = 0;
    value = strtol(at, &end, 10);
    if (end == at || errno || (*end && !strchr(BLANKS "\n", *end)))
        return NAN;
    if (value == -1 || value == 0 || value >= 2147483647)
        return (double)INFINITY;
    return value > 0 ? (double)value * unit_hz : NAN;
}

/* "CPU_A78_0 MAX_FREQ 1497600". */
static void parse_line(const char *line, struct nvpmodel_mode *mode)
{
    size_t      len = strcspn(line, BLANKS "\n");
    const char *at = line + len + strspn(line + len, BLANKS);
    bool        is_gpu = len == 3 && strncmp(line, "GPU", 3) == 0;
    bool        is_cpu = strncmp(line, "CPU", 3) == 0;

    if ((!is_gpu && !is_cpu) || strncmp(at, "MAX_FREQ", 8) != 0) return;
    at += 8;
    if (!*at || !strchr(BLANKS, *at)) return;
    at += strspn(at, BLANKS);
    if (is_gpu) mode->gpu_max_hz = fmax(mode->gpu_max_hz, parse_limit(at, 1));
    else mode->cpu_max_hz = fmax(mode->cpu_max_hz, parse_limit(at, 1e3));
}

/* Up to the next "<", which is not taken. */
static const char *parse_lines(const char *at, struct nvpmodel_mode *mode)
{
    while (*at) {
        at += strspn(at, BLANKS);
        if (*at == '<') break;
        parse_line(at, mode);
        at += strcspn(at, "\n");
        if (*at) at++;
    }
    return at;
}

bool nvpmodel_next(const char **at, struct nvpmodel_mode *out)
{
    const char *line = *at;

    while (*line) {
        const char *begin = line + strspn(line, BLANKS);
        const char *end = begin + strcspn(begin, "\n");
        line = *end ? end + 1 : end;
        if (*begin != '<' || !parse_header(begin, end, out)) continue;
        *at = parse_lines(line, out);
        return true;
    }
    *at = line;
    return false;
}

/* ---- where they are written -------------------------------------------- */

/* Modules that are served by the file of another one of their family. */
static const struct { const char *module, *served_by; } stand_ins[] = {
    {"p3767-0002", "p3767-0000"}, {"p3767-0005", "p3767-0003"},
};

static bool holds(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (const char *at = text; (at = strstr(at, part)); at++)
        if (!strchr("0123456789abcdefghijklmnopqrstuvwxyz", at[len]) ||
            !at[len])
            return true;
    return false;
}

/* Whether one entry of the compatible list names this module. */
static bool names_module(const char *entry, const char *module)
{
    if (holds(entry, module)) return true;
    for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++) {
        const char *at = strstr(entry, stand_ins[i].module);
        char       *other;
        bool        found;
        if (!at) continue;
        other = mem_printf("%.*s%s%s", (int)(at - entry), entry,
                           stand_ins[i].served_by,
                           at + strlen(stand_ins[i].module));
        found = holds(other, module);
        free(other);
        if (found) return true;
    }
    return false;
}

/* How much of the board the name of a conf tells: "nvpmodel_p3767_0003_super
 * .conf" more than "nvpmodel_p3767_0003.conf"; 0: it is of another board. */
static size_t fit(const char *name, const struct reading *board)
{
    const struct reading_value *list = &board->values[READ_board_compatible];
    static const char           begin[] = "nvpmodel_", end[] = ".conf";
    size_t                      len = strlen(name), digits = 0;
    char                        chip[32], stem[128];
    const char                 *module = stem;

    if (len <= sizeof begin + sizeof end - 2 || len >= sizeof stem ||
        strncmp(name, begin, sizeof begin - 1) != 0 ||
        strcmp(name + len - (sizeof end - 1), end) != 0)
        return 0;
    snprintf(stem, sizeof stem, "%.*s",
             (int)(len - (sizeof begin + sizeof end - 2)),
             name + sizeof begin - 1);
    for (char *c = stem; *c; c++)
        if (*c == '_') *c = '-';
    if (*stem == 't') digits = strspn(stem + 1, "0123456789");
    if (digits) module = stem + 1 + digits + (stem[1 + digits] == '-');
    snprintf(chip, sizeof chip, "tegra%.*s", (int)digits, stem + 1);
    for (size_t i = 0; i < list->n; i++) {
        const char *entry = list->items[i].name;
        if (*module ? names_module(entry, module)
                    : digits > 0 && holds(entry, chip))
            return 1 + strlen(module);
    }
    return 0;
}

/* The file that fits best; NULL when none or two do. Caller frees. */
static char *fitting_conf(const char *root, const struct reading *board)
{
    struct text_list names;
    size_t           best = 0, times = 0;
    char            *path = NULL;

    tree_list(root, "/etc/nvpmodel", &names);
    for (size_t i = 0; i < names.n; i++) {
        size_t now = fit(names.items[i], board);
        if (now == 0 || now < best) continue;
        times = now > best ? 1 : times + 1;
        best = now;
        free(path);
        path = mem_printf("/etc/nvpmodel/%s", names.items[i]);
    }
    text_list_done(&names);
    if (times == 1) return path;
    free(path);
    return NULL;
}

char *nvpmodel_conf(const char *root, const struct reading *board)
{
    char *text = mem_new(CONF_BYTES, 1), *path;
    long  len = tree_read(root, "/etc/nvpmodel.conf", text, CONF_BYTES);

    /* A link that leads nowhere may also be there as a text. */
    if (len <= 0 || !strstr(text, "POWER_MODEL")) {
        path = fitting_conf(root, board);
        if (path) len = tree_read(root, path, text, CONF_BYTES);
        free(path);
    }
    if (len > 0) return text;
    free(text);
    return NULL;
}
