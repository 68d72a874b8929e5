/* SPDX-License-Identifier: MIT */
/* yaml_bind.h - a tree of YAML nodes bound to structs by tables of fields.
 *
 * Every error names file, line and field, then what is wrong and what to do:
 * "audition.yaml:14: candidates[2].contxt: unknown field; did you mean
 * `context`?" (items count from 0). A field whose value is null is as if it
 * were not written.
 */
#ifndef YAML_BIND_H
#define YAML_BIND_H

#include "base/err.h"
#include "base/opt.h"
#include "yaml_tree.h"

/* Where a node stands; on the stack of whoever descends. */
struct place {
    const struct place *up;     /* NULL at the root                     */
    const char         *key;    /* in a mapping, else NULL              */
    size_t              index;  /* in a list                            */
    const struct node  *node;
};

struct binder {
    const char *file;           /* as the user named it                 */
    void       *ctx;            /* the caller's                         */
    struct err *err;
};

/* Reads at->node into `out`, which is what the field's offset points to. */
typedef int (*bind_fn)(struct binder *b, const struct place *at, void *out);

/* One row of a table. The first that is set decides: `bind` reads the node
 * itself; `fields` a mapping with these fields, offsets from opt.at; else a
 * single text, read as an option's value. Ends with a NULL opt.name. */
struct field {
    struct opt          opt;
    bind_fn             bind;
    const struct field *fields;
};

/* The fields of a mapping into `out`. Unknown fields are errors. */
MUST_USE int bind_map(struct binder *b, const struct place *at,
                      const struct field *fields, void *out);

/* Calls `each` for every item of a list, which must be one. */
MUST_USE int bind_list(struct binder *b, const struct place *at, bind_fn each,
                       void *out);

/* bind_fn: a list of texts, or one text, into a struct text_list. */
int bind_texts(struct binder *b, const struct place *at, void *out);
/* bind_fn: a mapping of anything, typed, into a json_t *. */
int bind_free_map(struct binder *b, const struct place *at, void *out);

/* Records "FILE:LINE: field.path: ..." with the line of at->node. -1. */
int bind_error(struct binder *b, const struct place *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Puts the same in front of the failure that b->err holds. -1. */
int bind_ctx(struct binder *b, const struct place *at);

/* Fails unless the node is of this kind. */
MUST_USE int bind_expect(struct binder *b, const struct place *at,
                         enum node_kind kind);

#endif
