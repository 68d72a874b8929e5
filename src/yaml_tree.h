/* SPDX-License-Identifier: MIT */
/* yaml_tree.h - YAML text that we did not write becomes a bounded tree of
 * nodes, each with its line and column. Only libyaml's events are used.
 *
 * Bounds   depth 16; 10,000 nodes with aliases written out; 100 aliases.
 * Merging  `<<: *base` in a mapping adds what base has and it has not.
 * Typing   a plain text means a number, truth or null as YAML's core schema
 *          has it; also yes, no, on and off, as in YAML 1.1 and Home
 *          Assistant. A quoted text is a text.
 * Refused  several documents, duplicate keys, foreign tags such as !secret,
 *          NUL characters, bytes that are not UTF-8.
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    int            line, column;   /* from 1                                */
    bool           plain;          /* TEXT: neither quoted nor tagged !!str */
    char          *text;           /* TEXT: UTF-8                           */
    struct node  **keys;           /* MAP: n texts                          */
    struct node  **items;          /* LIST and MAP: n nodes                 */
    size_t         n;
    size_t         size;           /* nodes, with aliases written out       */
    int            height;         /* 1 for a text                          */
};

struct tree {
    struct node  *root;     /* an empty document: a null */
    struct node **all;      /* owns the nodes: aliases share them */
    size_t        n_all;
};

/* Fails with ERR_INPUT: "NAME:LINE: what is wrong; what to do". out is to be
 * ended by tree_done also then. */
MUST_USE int tree_parse(struct tree *out, const char *text, size_t len,
                        const char *name, struct err *err);
void tree_done(struct tree *t);     /* safe on a zeroed struct */

/* Borrowed; NULL when map is no mapping or has no such key. */
const struct node *node_get(const struct node *map, const char *key);

/* Nothing, `~` or `null`, unquoted. */
bool node_is_null(const struct node *n);

/* The node as JSON: typed as above, or each text and number as a string
 * (null stays null). New reference in *out. Fails with ERR_INPUT: .nan and
 * .inf, which JSON does not have; the text names no place. */
MUST_USE int node_json(const struct node *n, bool typed, json_t **out,
                       struct err *err);

#endif
