/* SPDX-License-Identifier: MIT */
/* cold.c - see cold.h. */
#include "engine/cold.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/page_cache.h"
#include "base/units.h"

#define MAX_PARTS    10000
#define NOTICED_FRAC 0.01     /* less makes no start warmer */

struct dropped {
    double bytes, left_bytes;   /* left_bytes NAN: the kernel does not say */
};

static int drop_one(const char *path, struct dropped *sum, struct err *err)
{
    struct stat st = {0};
    double      left_frac;

    if (page_cache_drop(path, &left_frac, err)) return -1;
    if (stat(path, &st) != 0 || st.st_size == 0) return 0;
    sum->bytes += (double)st.st_size;
    sum->left_bytes += left_frac * (double)st.st_size;
    return 0;
}

/* The parts of a split model, given the first, or the one file. */
static int drop_parts(const char *path, struct dropped *sum, struct err *err)
{
    const char *name = strrchr(path, '/');
    const char *mark = strstr(name ? name : path, "-00001-of-");
    long        parts = mark ? strtol(mark + 10, NULL, 10) : 1;
    int         rc    = 0;

    if (parts < 2 || parts > MAX_PARTS) return drop_one(path, sum, err);
    for (long i = 1; rc == 0 && i <= parts; i++) {
        char *part = mem_printf("%.*s-%05ld-of-%s", (int)(mark - path), path,
                                i, mark + 10);
        rc = drop_one(part, sum, err);
        free(part);
    }
    return rc;
}

char *cold_drop(const char *model_path)
{
    struct dropped sum = {0};
    struct err     why = {0};

    if (drop_parts(model_path, &sum, &why))
        return mem_printf("kept: %s", why.text);
    if (isnan(sum.left_bytes))
        return mem_copy("dropped before each load; the kernel does not say "
                        "whether all of it went");
    if (sum.left_bytes > NOTICED_FRAC * sum.bytes)
        return mem_printf("dropped, but %s of the file stayed",
                          units_rate(sum.left_bytes / sum.bytes).text);
    return mem_copy("dropped before each load");
}
