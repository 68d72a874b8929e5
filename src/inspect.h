/* SPDX-License-Identifier: MIT */
/* inspect.h - what a model file is, as JSON and as a card for people: two
 * renderings of one record. Pure. */
#ifndef INSPECT_H
#define INSPECT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"
#include "base/text_list.h"
#include "types.h"

struct inspection {
    char       *name;             /* as the user wrote it                    */
    char       *file;             /* path or URL; NULL: of the catalogue     */
    const char *source;           /* "file", "cache", "url", "catalogue"     */
    double      read_bytes;       /* fetched from elsewhere; NAN: nothing    */
    struct text_list   notes;     /* what a user should know, one sentence   */
    struct model_facts facts;
};
void inspection_done(struct inspection *i);   /* safe on a zeroed struct */

/* Sentences that follow from the facts alone are added to the notes: not a
 * model that can be auditioned by itself, a byte order no engine loads. */
void inspect_note(struct inspection *i);

/* Contexts: for how many tokens the cache is computed. New reference. */
json_t *inspect_json(const struct inspection *i, const int *contexts,
                     size_t n_contexts);
void inspect_text(const struct inspection *i, const int *contexts,
                  size_t n_contexts, bool colour, struct strbuf *out);

#endif
