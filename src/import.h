/* SPDX-License-Identifier: MIT */
/* import.h - suites of others become suites of ours: `audition import`.
 *
 * An importer reads one format (import_bfcl.c, import_ifeval.c, import_ha.c)
 * line by line or file by file and hands each case to a sink, which writes
 * the files (import_write.c). A case has the form of suite.h; the sink checks
 * it with the code that loads suites before it is written, so what was
 * imported can be run. */
#ifndef IMPORT_H
#define IMPORT_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/* Of one line or one file of a foreign suite. */
#define IMPORT_MAX_BYTES ((size_t)16 << 20)

/* Where an importer hands things to. The callbacks return 0, or -1 with err
 * set: then the importer stops and returns -1 with that err. */
struct import_sink {
    void *ctx;

    /* One case, borrowed: an object as suite.h describes it, with the field
     * "id" and without "suite". suite: the stem of the file that it goes to,
     * letters, digits, '_' and '-': "bfcl_simple_python". Suites may be mixed
     * in any order. Fails with ERR_INPUT when the id was there before in this
     * suite or the case is no case. */
    int (*add_case)(void *ctx, const char *suite, const json_t *test,
                    struct err *err);

    /* A simulated home, borrowed: what homes/NAME.json is to hold. A case
     * names it in "home", so it is handed over before them. */
    int (*add_home)(void *ctx, const char *name, const json_t *home,
                    struct err *err);

    /* What was not taken over: one sentence, without a full stop, that names
     * it and says why. Told to the user; not an error. cases: how many cases
     * that were, 0 when not known. */
    void (*leave_out)(void *ctx, size_t cases, const char *what);
};

/* path: a file or a folder as the suite's publisher has it; docs/suites.md.
 * ERR_INPUT: it is not of this format, is broken (file and line are named),
 * or holds no case; ERR_FAILED: cannot be read to its end; ERR_STOPPED. What
 * the sink has got until then is not to be used. */
MUST_USE int import_bfcl(const char *path, const struct import_sink *sink,
                         struct err *err);
MUST_USE int import_ifeval(const char *path, const struct import_sink *sink,
                           struct err *err);
MUST_USE int import_ha(const char *path, const struct import_sink *sink,
                       struct err *err);

#endif
