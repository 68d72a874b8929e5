/* SPDX-License-Identifier: MIT */
/* share.c - see share.h. A set $AUDITION_DATA is the only place that is
 * looked in: data files of two versions are never mixed. */
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

char *share_path(const char *relative, struct err *err)
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
