/* SPDX-License-Identifier: MIT */
/* launcher.c - bin/audition of the bundle. A program names the loader that
 * starts it by an absolute path, so one that brings its own C library cannot
 * be moved. This one is linked statically, needs no loader, and starts
 * ../lib/ld-linux-* with the real program beside it, wherever that is. It
 * finds itself by what the kernel executed, which needs no /proc. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* LOADER: file name of the loader, given by tools/bundle.sh. */

/* The folder that holds bin/, in `out` of PATH_MAX bytes. */
static int bundle_folder(char *out)
{
    const char *run = (const char *)getauxval(AT_EXECFN);

    if (!run || !realpath(run, out)) return -1;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(out, '/');
        if (!slash) return -1;
        *slash = '\0';
    }
    return 0;
}

/* The user's choice stays; the program itself would look beside the loader,
 * which it can only find with /proc. */
static int point_to_data(const char *folder)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/share/audition", folder);
    return setenv("AUDITION_DATA", path, 0);
}

int main(int argc, char **argv)
{
    char   folder[PATH_MAX], loader[PATH_MAX + 64], program[PATH_MAX + 32];
    char **args = calloc((size_t)argc + 5, sizeof *args);
    int    n = 0;

    if (!args || bundle_folder(folder) || point_to_data(folder)) {
        fprintf(stderr, "audition: cannot tell where this bundle is (%s); "
                "start bin/audition by its path\n", strerror(errno));
        return 1;
    }
    snprintf(loader, sizeof loader, "%s/lib/" LOADER, folder);
    snprintf(program, sizeof program, "%s/lib/audition", folder);
    args[n++] = loader;
    args[n++] = (char[]){"--argv0"};
    args[n++] = argc > 0 ? argv[0] : program;
    args[n++] = program;
    for (int i = 1; i < argc; i++) args[n++] = argv[i];
    execv(loader, args);
    fprintf(stderr, "audition: cannot start %s: %s; unpack the whole bundle "
            "again, lib/ is part of it\n", loader, strerror(errno));
    return 1;
}
