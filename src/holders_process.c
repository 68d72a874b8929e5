/* SPDX-License-Identifier: MIT */
/* holders_process.c - see holders_process.h. Formats: proc(5). */
#include "holders_process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "probe/probe.h"
#include "probe/tree.h"

#define STATUS_BYTES  16384
#define CGROUP_BYTES  16384
#define COMMAND_BYTES 4096      /* more is never shown */
#define FILES_MAX     65536
#define MEMORY_MAX    0x1p50    /* 1 PiB: no board has more */

void process_show(const char *bytes, size_t len, char *out, size_t size)
{
    static const char cut[] = "\xe2\x80\xa6";
    char  *safe = utf8_printable(bytes, len);
    size_t keep = strlen(safe);

    if (keep >= size) {
        keep = size - sizeof cut;
        while (keep && ((unsigned char)safe[keep] & 0xc0) == 0x80) keep--;
        snprintf(out, size, "%.*s%s", (int)keep, safe, cut);
    } else {
        snprintf(out, size, "%s", safe);
    }
    free(safe);
}

/* ---- what it is -------------------------------------------------------- */

bool process_is_system(const char *name)
{
    /* As the kernel has them: cut to 15 characters. */
    static const char *const names[] = {
        "init", "systemd", "(sd-pam)", "dockerd", "containerd",
        "containerd-shim", "conmon", "sshd", "sshd-session", "dbus-daemon",
        "dbus-broker", "dbus-broker-lau", "nvidia-persiste", "nvidia-powerd"};

    if (strncmp(name, "systemd-", 8) == 0) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void read_name(const char *status, struct process *out)
{
    const char *at = strstr(status, "Name:");

    if (!at) return;
    at += strlen("Name:");
    at += strspn(at, " \t");
    process_show(at, strcspn(at, "\n"), out->name, sizeof out->name);
}

static double kib(const char *status, const char *key)
{
    double bytes = probe_value(status, key) * 1024;

    return bytes <= MEMORY_MAX ? bytes : NAN;
}

static long number(const char *status, const char *key)
{
    double value = probe_value(status, key);

    return value >= 0 && value < 0x1p32 ? (long)value : -1;
}

/* ---- what it has open -------------------------------------------------- */

static bool is_gpu_node(const char *path)
{
    static const char *const nodes[] = {"/dev/nvidia", "/dev/nvhost",
        "/dev/nvmap", "/dev/nvgpu/", "/dev/dri/renderD", "/dev/kfd",
        "/dev/mali"};

    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (strncmp(path, nodes[i], strlen(nodes[i])) == 0) return true;
    return false;
}

static void look_at_files(const char *root, struct process *p)
{
    char          *path = mem_printf("%s/proc/%ld/fd", root, p->pid);
    DIR           *folder = opendir(path);
    struct dirent *entry;

    p->hides_files = !folder;
    for (size_t i = 0; folder && i < FILES_MAX && !p->holds_gpu &&
                       (entry = readdir(folder)); i++) {
        char    target[64];
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, target,
                               sizeof target - 1);
        if (n <= 0) continue;
        target[n] = '\0';
        p->holds_gpu = is_gpu_node(target);
    }
    if (folder) closedir(folder);
    free(path);
}

bool process_read(const char *root, long pid, struct process *out)
{
    char   path[64], text[STATUS_BYTES];
    double swap;

    *out = (struct process){.pid = pid, .head = pid, .gpu_bytes = NAN};
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    if (tree_read(root, path, text, sizeof text) <= 0) return false;
    read_name(text, out);
    out->parent = number(text, "PPid");
    out->uid = number(text, "Uid");
    out->memory_bytes = kib(text, "RssAnon");
    swap = kib(text, "VmSwap");
    if (!isnan(swap)) out->memory_bytes += swap;
    /* Neither has memory of its own: no line of it is there. */
    out->is_kernel = isnan(out->memory_bytes) && isnan(kib(text, "VmSize")) &&
                     (pid == 2 || out->parent == 2 ||
                      strstr(text, "\nState:\tZ"));
    if (out->is_kernel) return true;
    snprintf(path, sizeof path, "/proc/%ld/cgroup", pid);
    if (tree_read(root, path, text, CGROUP_BYTES) < 0) text[0] = '\0';
    owner_read(text, &out->owner);
    look_at_files(root, out);
    return true;
}

/* ---- its command line -------------------------------------------------- */

/* "--api-key", "HF_TOKEN=...", "password": up to the '=', if any. */
static bool names_a_secret(const char *word)
{
    static const char *const secrets[] = {"key", "token", "secret",
                                          "passw"};
    char   lower[64];
    size_t n = strcspn(word, "=");

    if (n >= sizeof lower) n = sizeof lower - 1;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)tolower((unsigned char)word[i]);
    lower[n] = '\0';
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strstr(lower, secrets[i])) return true;
    return false;
}

/* The user and password of a URL are between "://" and '@'. */
static void add_word(struct strbuf *line, const char *word)
{
    const char *host = strstr(word, "://");
    const char *at = host ? strchr(host + 3, '@') : NULL;
    const char *equals = strchr(word, '=');

    if (equals && names_a_secret(word))
        strbuf_addf(line, "%.*s=***", (int)(equals - word), word);
    else if (at && at < host + 3 + strcspn(host + 3, "/?#"))
        strbuf_addf(line, "%.*s***%s", (int)(host + 3 - word), word, at);
    else
        strbuf_add(line, word);
}

void process_command(const char *root, long pid, char *out, size_t size)
{
    char          path[64], text[COMMAND_BYTES];
    long          len;
    bool          hide = false;
    struct strbuf line;

    snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
    len = tree_read(root, path, text, sizeof text);
    strbuf_init(&line, 2 * sizeof text);
    for (long i = 0; i < len; i += (long)strlen(text + i) + 1) {
        const char *word = text + i;

        if (*word == '\0') continue;
        if (line.len) strbuf_add(&line, " ");
        if (hide && *word != '-') strbuf_add(&line, "***");
        else add_word(&line, word);
        hide = *word == '-' && !strchr(word, '=') && names_a_secret(word);
    }
    process_show(line.text, line.len, out, size);
    strbuf_done(&line);
}
