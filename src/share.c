/* SPDX-License-Identifier: MIT */
/* share.c - see share.h. A set $AUDITION_DATA is the only place that is
 * looked in for what we ship: data files of two versions are never mixed. */
#include "share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define PATH_MAX_BYTES 4096

/* The folder of our own executable, or NULL. Caller frees. */
static char *exe_folder(void)
{
    char    path[PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    char   *slash;

    if (n <= 0) return NULL;
    path[n] = '\0';
    slash = strrchr(path, '/');
    return slash ? mem_copy_n(path, (size_t)(slash - path)) : NULL;
}

/* folder/relative when it can be read, else NULL. Caller frees. */
static char *readable(const char *folder, const char *relative)
{
    char *path = mem_printf("%s/%s", folder, relative);

    if (access(path, R_OK) == 0) return path;
    free(path);
    return NULL;
}

/* ---- what was imported --------------------------------------------------- */

static char *looked_in;   /* see share_look_in */

char *share_user_folder(void)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");

    if (data && *data == '/') return mem_printf("%s/audition", data);
    if (home && *home == '/')
        return mem_printf("%s/.local/share/audition", home);
    return NULL;
}

void share_look_in(const char *folder)
{
    free(looked_in);
    looked_in = mem_copy(folder);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The path of an imported suite or home, or NULL. Caller frees. */
static char *imported(const char *relative)
{
    char *folder, *path;

    if (!begins(relative, "suites/") && !begins(relative, "homes/"))
        return NULL;
    path = looked_in ? readable(looked_in, relative) : NULL;
    if (path) return path;
    folder = share_user_folder();
    path   = folder ? readable(folder, relative) : NULL;
    free(folder);
    return path;
}

/* ---- what we ship -------------------------------------------------------- */

static char *shipped(const char *relative, struct err *err)
{
    const char *set    = getenv("AUDITION_DATA");
    char       *folder = set && *set ? mem_copy(set) : NULL;
    char       *exe, *installed, *path;

    if (folder) {
        path = readable(folder, relative);
        if (!path)
            err_set(err, ERR_PREFLIGHT, "the data file %s is not in %s; set "
                    "AUDITION_DATA to audition's share folder or unset it",
                    relative, folder);
        free(folder);
        return path;
    }
    exe = exe_folder();
    if (!exe) {
        err_set(err, ERR_PREFLIGHT, "cannot tell where audition is "
                "installed; set AUDITION_DATA to its share folder");
        return NULL;
    }
    installed = mem_printf("%s/../share/audition", exe);
    folder = mem_printf("%s/../share", exe);
    path = readable(installed, relative);
    if (!path) path = readable(folder, relative);
    if (!path)
        err_set(err, ERR_PREFLIGHT, "the data file %s is neither in %s nor in "
                "%s; set AUDITION_DATA to audition's share folder", relative,
                installed, folder);
    free(exe);
    free(installed);
    free(folder);
    return path;
}

bool share_ships(const char *relative)
{
    char *path = shipped(relative, NULL);

    free(path);
    return path != NULL;
}

char *share_path(const char *relative, struct err *err)
{
    struct err why  = {0};
    char      *path = shipped(relative, &why);

    if (!path) path = imported(relative);
    if (!path) err_set(err, why.kind, "%s", why.text);
    return path;
}
