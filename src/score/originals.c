/* SPDX-License-Identifier: MIT */
/* originals.c - see originals.h. */
#include "score/originals.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "original/pyjson.h"
#include "suite.h"

void original_note(const struct transcript *t, bool was_heard,
                   struct original_notes *out)
{
    size_t        i;
    const json_t *check;

    *out = (struct original_notes){0};
    json_array_foreach(t->asked->checks, i, check) {
        const struct score_ops *scorer =
            score_find(jsonx_text(check, "scorer"));

        if (scorer == &score_bfcl) bfcl_note(check, t, was_heard, out);
        if (scorer == &score_ifeval) ifeval_note(check, t, was_heard, out);
    }
}

/* By way of its text: what a suite holds is small, and the reader of the
 * originals decides what a number is. */
const struct py *original_value(struct py_pool *pool, const json_t *value)
{
    char            *text = value ? jsonx_dump(value) : NULL;
    const struct py *twin = text ? py_parse(pool, text, strlen(text)) : NULL;

    free(text);
    return twin;
}

const struct py *original_text(struct py_pool *pool, const char *text)
{
    struct py *twin;
    size_t     len;
    char      *bytes;

    if (!text) return NULL;
    len   = strlen(text);
    twin  = py_pool_take(pool, sizeof *twin);
    bytes = py_pool_take(pool, len + 1);
    memcpy(bytes, text, len + 1);
    *twin = (struct py){.kind = PY_STR};
    twin->as.text.bytes = bytes;
    twin->as.text.len   = len;
    return twin;
}
