/* SPDX-License-Identifier: MIT */
/* import_ha.h - what the files of the import of home-assistant-datasets share.
 *
 *   import_ha.c        the folders: datasets, homes, files of tasks
 *   import_ha_task.c   a file of tasks: its cases and their homes
 */
#ifndef IMPORT_HA_H
#define IMPORT_HA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "import.h"

struct ha_import {
    const struct import_sink *sink;
    json_t *homes;     /* {name: true}: handed over                          */
    json_t *ids;       /* {suite: {id: how often}}                           */
    json_t *left;      /* {what was left out and why: cases}                 */
    json_t *notes;     /* {what else is not as there: 0}                     */
    size_t  n_cases;
};

/* One file of tasks and what is around it; texts are borrowed. */
struct ha_tasks {
    const char *path;       /* of the file                                   */
    const char *told;       /* the same as messages have it, "assist/x.yaml" */
    const char *fixture;    /* path of the home's _fixtures.yaml             */
    const char *suite;      /* "ha_assist"                                   */
    const char *record;     /* of the file within its dataset, the first half
                               of its tasks' names: "dom1_pl_lights"         */
    const char *home;       /* "ha_assist_dom1_pl"                           */
    const char *language;   /* of the user, NULL: en                         */
};

/* Hands over the cases of a file and the homes that they need. -1 with err:
 * no YAML, a broken home, or the sink refused. */
MUST_USE int ha_import_tasks(struct ha_import *in, const struct ha_tasks *from,
                             struct err *err);

/* Counts what cannot be taken over, to be told at the end. */
void ha_import_leave(struct ha_import *in, size_t cases, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A name of small letters and digits, all between them one '_': "dom1-pl/a"
 * is "dom1_pl_a". Letters that are not ASCII stay with any_script, else
 * become '_'. Caller frees. */
char *ha_import_slug(const char *text, bool any_script);

/* The name if it has at most max_bytes, else its beginning, and a hash of
 * `unique`. Caller frees. */
char *ha_import_name(const char *name, const char *unique, size_t max_bytes);

/* A YAML file as JSON, typed as yaml_tree.h says. New reference, NULL with
 * ERR_INPUT. */
json_t *ha_import_yaml(const char *path, struct err *err);

#endif
