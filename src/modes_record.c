/* SPDX-License-Identifier: MIT */
/* modes_record.c - see modes_record.h; restoring at the next start is
 * modes.h's. A record holds a command that will be run: it counts only when
 * nobody else can have written it. */
#include "modes_record.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/record.h"
#include "modes.h"
#include "modes_command.h"

#define RECORD_BYTES (80u << 10)

struct left {
    struct record_owner owner;
    const char         *restore, *id, *root;    /* borrowed from json */
    json_t             *json;
};

char *modes_record_write(const char *restore, const char *id,
                         const char *root, struct err *err)
{
    struct record_owner us;
    char               *folder = record_folder("modes"), *path = NULL;
    int                 why    = ENOENT;

    if (folder && record_owner_us(&us)) {
        json_t *json = json_object();
        char   *name = mem_printf("%lld-%lld", us.pid, us.start), *text;

        jsonx_set_integer(json, "owner", us.pid);
        jsonx_set_integer(json, "owner_start", us.start);
        jsonx_set_text(json, "boot", us.boot);
        jsonx_set_text(json, "restore", restore);
        jsonx_set_text(json, "id", id);
        jsonx_set_text(json, "root", root);
        text = jsonx_dump(json);
        path = record_write(folder, name, text, strlen(text));
        why = errno;
        free(text);
        free(name);
        json_decref(json);
    }
    if (!path)
        err_set(err, ERR_PREFLIGHT, "how to restore the power mode cannot be "
                "written to %s: %s; without that it would stay switched after "
                "a crash: set XDG_STATE_HOME to a folder that can be written",
                folder ? folder : "the state folder", strerror(why));
    free(folder);
    return path;
}

/* False: damaged, or a command could not be read back whole. */
static bool read_left(const char *path, struct left *out)
{
    char       *text    = mem_new(RECORD_BYTES, 1);
    size_t      len     = record_read(path, text, RECORD_BYTES);
    struct err  ignored = {0};
    const char *boot;

    *out = (struct left){.json = len ? jsonx_parse(text, len, &ignored)
                                     : NULL};
    free(text);
    boot = jsonx_text(out->json, "boot");
    out->restore = jsonx_text(out->json, "restore");
    out->id = jsonx_text(out->json, "id");
    out->root = jsonx_text(out->json, "root");
    out->owner.pid =
        json_integer_value(json_object_get(out->json, "owner"));
    out->owner.start =
        json_integer_value(json_object_get(out->json, "owner_start"));
    snprintf(out->owner.boot, sizeof out->owner.boot, "%s", boot ? boot : "");
    return boot && out->restore && out->id && out->root &&
           out->owner.pid > 0;
}

static bool is_living(const struct left *l)
{
    return record_owner_is_of_this_boot(&l->owner) &&
           record_owner_lives(&l->owner);
}

/* Each record of the folder in turn. */
static void each(void (*visit)(void *ctx, const char *path), void *ctx)
{
    char          *folder = record_folder("modes");
    DIR           *list   = folder ? opendir(folder) : NULL;
    struct dirent *entry;

    while (list && (entry = readdir(list))) {
        char *path = mem_printf("%s/%s", folder, entry->d_name);

        if (*entry->d_name != '.') visit(ctx, path);
        free(path);
    }
    if (list) closedir(list);
    free(folder);
}

static void look_for_other(void *ctx, const char *path)
{
    long long  *pid = ctx;
    struct left l;

    if (read_left(path, &l) && is_living(&l) && l.owner.pid != getpid())
        *pid = l.owner.pid;
    json_decref(l.json);
}

long long modes_record_other(void)
{
    long long pid = 0;

    each(look_for_other, &pid);
    return pid;
}

/* ---- leftovers ----------------------------------------------------------- */

struct restoring {
    void (*story)(const char *text);
    int    restored;
};

static void tell(const struct restoring *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const struct restoring *r, const char *fmt, ...)
{
    struct err words = {0};      /* also makes it printable, in one line */
    va_list    args;
    char      *text;

    if (!r->story) return;
    va_start(args, fmt);
    text = mem_new(sizeof words.text, 1);
    vsnprintf(text, sizeof words.text, fmt, args);
    va_end(args);
    err_set(&words, ERR_FAILED, "%s", text);
    free(text);
    r->story(words.text);
}

static bool is_only_ours(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void restore(struct restoring *r, const char *path,
                    const struct left *l)
{
    struct err why = {0};

    if (modes_command_run(l->restore, l->root, l->id, MODES_SETTLE_S, false,
                          &why)) {
        tell(r, "an earlier audition (process %lld) was killed and left the "
             "board in another power mode, which cannot be restored: %s; run "
             "`%s` by hand", l->owner.pid, why.text, l->restore);
        return;
    }
    unlink(path);
    r->restored++;
    tell(r, "an earlier audition (process %lld) was killed and left the board "
         "in another power mode: mode %s was restored with `%s`",
         l->owner.pid, l->id, l->restore);
}

/* nvpmodel keeps its mode when the board restarts; other boards may come up
 * in their own. */
static bool is_back(const struct left *l)
{
    char   id[32];
    double now = modes_current(l->root);

    snprintf(id, sizeof id, "%.0f", now);
    return !isnan(now) && strcmp(id, l->id) == 0;
}

static void visit_leftover(void *ctx, const char *path)
{
    struct restoring *r = ctx;
    struct left       l;

    if (!is_only_ours(path)) {
        tell(r, "%s says how to restore a power mode, but others may have "
             "written it: it is not run; check the mode, then remove it",
             path);
        return;
    }
    if (!read_left(path, &l)) {
        unlink(path);
        tell(r, "what an earlier audition left on how to restore the power "
             "mode is damaged and was removed; check the mode of the board");
    } else if (is_living(&l)) {
        ;                                     /* it will restore it itself */
    } else if (!record_owner_is_of_this_boot(&l.owner) && is_back(&l)) {
        unlink(path);
        tell(r, "an earlier audition left the board in another power mode; it "
             "was restarted since and is back in mode %s, so nothing was "
             "restored", l.id);
    } else {
        restore(r, path, &l);
    }
    json_decref(l.json);
}

int modes_restore_leftovers(void (*story)(const char *text))
{
    struct restoring r = {.story = story};

    each(visit_leftover, &r);
    return r.restored;
}
