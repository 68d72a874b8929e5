/* SPDX-License-Identifier: MIT */
/* import_write.h - the sink of an import: suites/NAME.jsonl and
 * homes/NAME.json of a folder. All of them are laid down beside their place,
 * checked by the code that loads them, and moved there at the end: an import
 * that fails or is stopped leaves nothing. */
#ifndef IMPORT_WRITE_H
#define IMPORT_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text_list.h"
#include "import.h"

#define IMPORT_SUITES_MAX 200      /* each is an open file                   */
#define IMPORT_TOLD_MAX   20

struct import_suite {
    char     *name, *path;         /* path: where it will be                 */
    char     *draft;
    FILE     *file;
    size_t    cases;
    uint64_t *ids;                 /* hashes; 0: a free place                */
    size_t    room;
};

struct import_writer {
    char                *out, *staging;
    bool                 force;    /* replaces what is there                 */
    bool                 made_out; /* there was no such folder               */
    struct text_list     placed;   /* paths that were not there before       */
    struct import_suite *suites;
    size_t               n_suites;
    struct text_list     homes;    /* names                                  */
    struct text_list     left_out; /* at most IMPORT_TOLD_MAX sentences      */
    size_t               n_left_out;
    size_t               cases_left_out;   /* as far as known                */
};

/* ERR_FAILED when the folder cannot be made. The sink uses share_look_in. */
MUST_USE int import_writer_open(struct import_writer *w, const char *out,
                                bool force, struct err *err);
struct import_sink import_writer_sink(struct import_writer *w);

/* Everything to its place. ERR_INPUT when something is there meanwhile,
 * ERR_FAILED. */
MUST_USE int import_writer_keep(struct import_writer *w, struct err *err);

/* Removes what was not kept. Safe on a zeroed struct. */
void import_writer_done(struct import_writer *w);

#endif
