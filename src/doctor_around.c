/* SPDX-License-Identifier: MIT */
/* doctor_around.c - see doctor_around.h. */
#include "doctor_around.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "probe/tree.h"

#define MUCH          0.05         /* of the machine's memory: worth a word  */
#define LITTLE_BYTES  67108864.0   /* 64 MiB: where memory is lacking        */
#define FINDINGS_MAX  5            /* the rest is in --json                  */

void finding_add(struct finding **list, size_t *n, const char *kind,
                 enum fault fault, const char *text, const char *remedy)
{
    struct finding *f;

    *list = mem_grow(*list, *n + 1, sizeof **list);
    f = &(*list)[(*n)++];
    *f = (struct finding){.fault = fault};
    snprintf(f->kind, sizeof f->kind, "%s", kind);
    snprintf(f->text, sizeof f->text, "%s", text);
    snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
}

/* ---- who holds what ---------------------------------------------------- */

static void describe(const struct holder *h, const struct around *how,
                     struct strbuf *text)
{
    strbuf_clear(text);
    strbuf_addf(text, "%s (pid %ld%s%s)", *h->name ? h->name : "a process",
                h->pid, *h->user ? ", user " : "", h->user);
    if (h->gpu_bytes > 0)
        strbuf_addf(text, " holds %s of the GPU's memory",
                    units_bytes(h->gpu_bytes).text);
    else if (h->holds_gpu)
        strbuf_add(text, " has the GPU open");
    if (h->memory_bytes > 0)
        strbuf_addf(text, "%s %s of memory",
                    h->gpu_bytes > 0 ? " and" : h->holds_gpu ? " and holds"
                    : " holds", units_bytes(h->memory_bytes).text);
    if (how->lacking_bytes > 0)
        strbuf_addf(text, "; a candidate lacks %s",
                    units_bytes(how->lacking_bytes).text);
}

static void advise(const struct holder *h, const struct around *how,
                   char *remedy, size_t size)
{
    const char *more = "";

    if (strstr(h->free_command, " isolate "))
        more = " (it ends the desktop: go on over ssh)";
    else if (how->asks_server)
        more = " (unless it is the server that is examined)";
    if (*h->free_command)
        snprintf(remedy, size, "free it for the audition: %s%s",
                 h->free_command, more);
    else
        snprintf(remedy, size, "end it where it runs: on the host, or in "
                 "another container");
}

static void tell_holders(struct doctor *d, const struct around *how,
                         double much_bytes)
{
    size_t        told = 0;
    struct strbuf text;

    strbuf_init(&text, 1000);
    for (size_t i = 0; i < d->n_holders && told < FINDINGS_MAX; i++) {
        const struct holder *h = &d->holders[i];
        bool is_much = h->memory_bytes >= much_bytes;
        bool on_gpu = h->holds_gpu && (how->uses_gpu || h->gpu_bytes > 0);
        char remedy[400];

        if (!on_gpu && !is_much) continue;
        describe(h, how, &text);
        advise(h, how, remedy, sizeof remedy);
        finding_add(&d->findings, &d->n_findings,
                    on_gpu ? "gpu_held" : "memory_held", FAULT_HARNESS,
                    text.text, remedy);
        told++;
    }
    strbuf_done(&text);
}

/* ---- what may not be read ---------------------------------------------- */

static bool is_forbidden(const char *root, const char *path, int mode)
{
    char *full = mem_printf("%s%s", root, path);
    bool  is = access(full, mode) != 0 && (errno == EACCES || errno == EPERM);

    free(full);
    return is;
}

static void add_right(struct doctor *d, const char *path, const char *what,
                      const char *remedy)
{
    struct right *r;

    if (d->n_rights == RIGHTS_MAX) return;
    r = &d->rights[d->n_rights++];
    snprintf(r->path, sizeof r->path, "%s", path);
    snprintf(r->what, sizeof r->what, "%s", what);
    snprintf(r->remedy, sizeof r->remedy, "%s", remedy);
}

static void look_at_energy(struct doctor *d, const char *root)
{
    static const char folder[] = "/sys/class/powercap";
    struct text_list  zones = {0};
    bool              is_found = false;

    tree_list(root, folder, &zones);
    for (size_t i = 0; i < zones.n && !is_found; i++) {
        char *path = mem_printf("%s/%s/energy_uj", folder, zones.items[i]);

        is_found = is_forbidden(root, path, R_OK);
        free(path);
    }
    text_list_done(&zones);
    if (is_found)
        add_right(d, "/sys/class/powercap/*/energy_uj", "the processor's "
                  "energy (J per token)", "sudo chmod a+r /sys/class/powercap/"
                  "*/energy_uj (until the next boot), or run audition with "
                  "sudo");
}

/* Older Pis have the firmware's throttle word in a file as well. */
static bool has_throttle_file(const char *root)
{
    static const char folder[] = "/sys/devices/platform";
    struct text_list  names = {0}, inner = {0};
    bool              is_there = false;

    tree_list(root, folder, &names);
    for (size_t i = 0; i < names.n && !is_there; i++) {
        char *soc = mem_printf("%s/%s", folder, names.items[i]);

        if (strncmp(names.items[i], "soc", 3) == 0)
            tree_list(root, soc, &inner);
        for (size_t k = 0; k < inner.n && !is_there; k++) {
            char *file = mem_printf("%s/%s/get_throttled", soc,
                                    inner.items[k]);
            is_there = tree_exists(root, file);
            free(file);
        }
        text_list_done(&inner);
        free(soc);
    }
    text_list_done(&names);
    return is_there;
}

static void look_at_rights(struct doctor *d, const char *root)
{
    look_at_energy(d, root);
    if (is_forbidden(root, "/dev/vcio", R_OK | W_OK) &&
        !has_throttle_file(root))
        add_right(d, "/dev/vcio", "whether this Pi was throttled",
                  "sudo usermod -aG video $USER, then log in again");
}

/* ---- the whole --------------------------------------------------------- */

void doctor_look_around(struct doctor *d, const char *root,
                        const struct around *how)
{
    double much = MUCH * d->machine.memory_bytes;

    if (!(much > LITTLE_BYTES) || how->lacking_bytes > 0) much = LITTLE_BYTES;
    d->n_holders = holders_find(root, much, d->holders, HOLDERS_MAX,
                                &d->unseen);
    tell_holders(d, how, much);
    look_at_rights(d, root);
}
