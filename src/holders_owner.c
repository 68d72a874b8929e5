/* SPDX-License-Identifier: MIT */
/* holders_owner.c - see holders_owner.h. Names of cgroups: systemd's CGROUP
 * delegation document, and what Docker, Podman, containerd and CRI-O make. */
#include "holders_owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"

#define ID_DIGITS    64      /* of a container                          */
#define SHOWN_DIGITS 12      /* of them are enough for every tool       */

/* One name of a cgroup's path. */
struct part {
    const char *at;
    size_t      len;
};

static bool begins(struct part p, const char *with)
{
    size_t n = strlen(with);

    return p.len >= n && memcmp(p.at, with, n) == 0;
}

static bool ends(struct part p, const char *with)
{
    size_t n = strlen(with);

    return p.len >= n && memcmp(p.at + p.len - n, with, n) == 0;
}

static bool is(struct part p, const char *text)
{
    return p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

static struct part without(struct part p, size_t front, size_t back)
{
    return (struct part){p.at + front, p.len - front - back};
}

/* What systemd allows in the name of a unit: nothing that a terminal or a
 * shell's quotes could stumble over. */
static bool is_unit_name(struct part p)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

    for (size_t i = 0; i < p.len; i++)
        if (!p.at[i] || !strchr(allowed, p.at[i])) return false;
    return p.len > 0 && *p.at != '-';
}

/* ---- containers -------------------------------------------------------- */

static bool is_id(struct part p)
{
    if (p.len != ID_DIGITS) return false;
    for (size_t i = 0; i < p.len; i++)
        if (!p.at[i] || !strchr("0123456789abcdef", p.at[i])) return false;
    return true;
}

/* "docker-ID.scope", "libpod-ID.scope", or the bare id below a folder. */
static bool read_container(struct part p, struct part parent,
                           struct owner *out)
{
    static const struct { const char *prefix, *tool; } kinds[] = {
        {"docker-", "docker"}, {"libpod-", "podman"},
        {"nerdctl-", "nerdctl"}, {"cri-containerd-", "crictl"},
        {"crio-", "crictl"}};
    const char *tool = "docker";

    if (ends(p, ".scope")) p = without(p, 0, strlen(".scope"));
    if (is(parent, "libpod_parent")) tool = "podman";
    else if (is(parent, "default")) tool = "nerdctl";
    else if (begins(parent, "pod") || begins(parent, "kubepods"))
        tool = "crictl";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!begins(p, kinds[i].prefix)) continue;
        p = without(p, strlen(kinds[i].prefix), 0);
        tool = kinds[i].tool;
        break;
    }
    if (!is_id(p)) return false;
    out->kind = OWNER_CONTAINER;
    snprintf(out->name, sizeof out->name, "%.*s", SHOWN_DIGITS, p.at);
    snprintf(out->tool, sizeof out->tool, "%s", tool);
    return true;
}

/* ---- units ------------------------------------------------------------- */

static bool is_display_manager(struct part p)
{
    static const char *const names[] = {"gdm", "gdm3", "lightdm", "sddm",
                                        "lxdm", "xdm", "greetd",
                                        "display-manager"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(p, names[i])) return true;
    return false;
}

/* "user@1000.service": what follows is of that user's systemd. */
static long manager_of(struct part p)
{
    char *end;
    long  uid;

    if (!begins(p, "user@") || !ends(p, ".service")) return -1;
    p = without(p, strlen("user@"), 0);
    uid = strtol(p.at, &end, 10);
    return end > p.at && *end == '.' && uid >= 0 ? uid : -1;
}

static void read_unit(struct part p, struct owner *out)
{
    bool is_service = ends(p, ".service");

    if (out->kind != OWNER_NONE || !is_unit_name(p)) return;
    /* The other scopes hold logins and shells: not one thing to end. */
    if (!is_service && !(ends(p, ".scope") &&
                         (begins(p, "app-") || begins(p, "snap."))))
        return;
    if (is_service) p = without(p, 0, strlen(".service"));
    if (p.len == 0 || p.len >= sizeof out->name) return;
    out->kind = !is_service ? OWNER_APP : is_display_manager(p)
              ? OWNER_DESKTOP : out->uid >= 0 ? OWNER_USER_UNIT : OWNER_UNIT;
    if (out->kind == OWNER_DESKTOP) return;
    memcpy(out->name, p.at, p.len);
    out->name[p.len] = '\0';
}

/* ---- the whole --------------------------------------------------------- */

static struct owner read_path(const char *path, size_t len)
{
    struct owner found = {.uid = -1};
    struct part  p = {path, 0}, parent = {"", 0};

    for (const char *end = path + len; p.at < end; p.at += p.len + 1) {
        const char *slash = memchr(p.at, '/', (size_t)(end - p.at));
        long        uid;

        p.len = (size_t)((slash ? slash : end) - p.at);
        if (p.len == 0) continue;
        if (read_container(p, parent, &found)) break;
        uid = manager_of(p);
        if (uid >= 0) found.uid = uid;
        else read_unit(p, &found);
        parent = p;
    }
    found.is_rootless = found.kind == OWNER_CONTAINER && found.uid >= 0;
    /* A system's unit is one, whoever's slice its path went through. */
    if (found.kind != OWNER_USER_UNIT && found.kind != OWNER_APP)
        found.uid = -1;
    return found;
}

void owner_read(const char *cgroup, struct owner *out)
{
    *out = (struct owner){.uid = -1};
    while (*cgroup) {
        size_t       len = strcspn(cgroup, "\n");
        const char  *path = memchr(cgroup, '/', len);
        struct owner found;

        if (path) {
            found = read_path(path, len - (size_t)(path - cgroup));
            if (found.kind > out->kind) *out = found;
        }
        cgroup += len + (cgroup[len] == '\n');
    }
}

bool owner_is_desktop(const char *process)
{
    /* As the kernel has them: cut to 15 characters. */
    static const char *const names[] = {
        "gdm", "gdm3", "gdm-session-wor", "gdm-x-session", "gdm-wayland-ses",
        "lightdm", "sddm", "sddm-helper", "Xorg", "X", "Xwayland",
        "gnome-shell", "gnome-session-b", "mutter", "kwin_x11",
        "kwin_wayland", "plasmashell", "cinnamon", "compiz", "xfwm4",
        "marco", "weston", "sway", "labwc", "wayfire", "lxpanel",
        "wf-panel-pi"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(process, names[i]) == 0) return true;
    return false;
}

int owner_compare(const struct owner *a, const struct owner *b)
{
    int names;

    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->uid != b->uid) return a->uid < b->uid ? -1 : 1;
    names = strcmp(a->name, b->name);
    return names ? names : strcmp(a->tool, b->tool);
}

/* "snap.ollama.listener" is of the snap ollama. */
static bool stop_snap(const char *unit, char *out, size_t size)
{
    const char *name = unit + strlen("snap.");
    int         len;

    if (strncmp(unit, "snap.", strlen("snap.")) != 0) return false;
    len = (int)strcspn(name, ".");
    if (len == 0 || name[len] == '\0') return false;
    snprintf(out, size, "sudo snap stop %.*s", len, name);
    return true;
}

static void stop_user_unit(const struct owner *o, const struct owner_case *c,
                           const char *unit, char *out, size_t size)
{
    if (c->our_uid < 0 || c->our_uid == o->uid || !c->user)
        snprintf(out, size, "systemctl --user stop %s", unit);
    else
        snprintf(out, size, "sudo -u %s XDG_RUNTIME_DIR=/run/user/%ld "
                 "systemctl --user stop %s", c->user, o->uid, unit);
}

void owner_free_command(const struct owner *o, const struct owner_case *c,
                        char *out, size_t size)
{
    char  name[sizeof o->name];
    char *words[] = {name, NULL};
    char *unit;

    memcpy(name, o->name, sizeof name);
    unit = proc_quote(words);
    switch (o->kind) {
    case OWNER_CONTAINER:
        snprintf(out, size, "%s%s stop %s",
                 strcmp(o->tool, "docker") == 0 || o->is_rootless ? ""
                 : "sudo ", o->tool, o->name);
        break;
    case OWNER_DESKTOP:
        snprintf(out, size, "sudo systemctl isolate multi-user.target");
        break;
    case OWNER_UNIT:
        if (!stop_snap(o->name, out, size))
            snprintf(out, size, "sudo systemctl stop %s", unit);
        break;
    case OWNER_USER_UNIT: stop_user_unit(o, c, unit, out, size); break;
    case OWNER_APP:
    case OWNER_NONE:
        snprintf(out, size, "%skill %ld",
                 c->our_uid > 0 && c->uid >= 0 && c->uid != c->our_uid
                 ? "sudo " : "", c->pid);
        break;
    }
    free(unit);
}
