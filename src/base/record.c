/* SPDX-License-Identifier: MIT */
/* record.c - see record.h. */
#include "base/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

size_t record_read(const char *path, char *text, size_t size)
{
    int     fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    ssize_t n  = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0) close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

bool proc_stat_read(long long pid, struct proc_stat *out)
{
    char  path[48], text[1024];
    char *at;

    snprintf(path, sizeof path, "/proc/%lld/stat", pid);
    record_read(path, text, sizeof text);
    at = strrchr(text, ')');       /* the name before it may hold any byte */
    if (!at || strlen(at) < 4) return false;
    out->state = at[2];
    at += 3;
    for (int field = 4; field <= 22; field++) {
        long long value = strtoll(at, &at, 10);
        if (field == 5) out->group = value;
        if (field == 6) out->session = value;
        if (field == 22) out->start = value;
    }
    return true;
}

bool proc_stat_runs(const struct proc_stat *p)
{
    return p->state != 'Z' && p->state != 'X';
}

static void read_boot(char *boot, size_t size)
{
    record_read("/proc/sys/kernel/random/boot_id", boot, size);
    boot[strcspn(boot, "\n")] = '\0';
}

bool record_owner_us(struct record_owner *o)
{
    struct proc_stat us;

    *o = (struct record_owner){.pid = getpid()};
    if (!proc_stat_read(o->pid, &us)) return false;
    o->start = us.start;
    read_boot(o->boot, sizeof o->boot);
    return true;
}

bool record_owner_is_of_this_boot(const struct record_owner *o)
{
    char boot[sizeof o->boot];

    read_boot(boot, sizeof boot);
    return strcmp(o->boot, boot) == 0;
}

bool record_owner_lives(const struct record_owner *o)
{
    struct proc_stat p;

    return proc_stat_read(o->pid, &p) && p.start == o->start &&
           proc_stat_runs(&p);
}

char *record_folder(const char *kind)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home  = getenv("HOME");

    if (state && *state == '/')
        return mem_printf("%s/audition/%s", state, kind);
    if (home && *home == '/')
        return mem_printf("%s/.local/state/audition/%s", home, kind);
    return NULL;
}

static void make_folders(const char *folder)
{
    char *path = mem_copy(folder);

    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    free(path);
}

char *record_write(const char *folder, const char *name, const char *text,
                   size_t len)
{
    char *draft = mem_printf("%s/.%s", folder, name);
    char *path  = mem_printf("%s/%s", folder, name);
    bool  ok;
    int   fd, why;

    make_folders(folder);
    fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    if (fd >= 0) ok = close(fd) == 0 && ok;
    ok = ok && rename(draft, path) == 0;
    why = errno;
    if (fd >= 0 && !ok) unlink(draft);
    free(draft);
    if (ok) return path;
    free(path);
    errno = why;
    return NULL;
}
