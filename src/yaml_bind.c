/* SPDX-License-Identifier: MIT */
/* yaml_bind.c - tables against nodes; see yaml_bind.h. */
#include "yaml_bind.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define PATH_BYTES 300

static void add_path(struct strbuf *out, const struct place *at)
{
    if (!at->up) return;
    add_path(out, at->up);
    if (at->key)
        strbuf_addf(out, "%s%.*s", out->len ? "." : "", opt_cut(at->key),
                    at->key);
    else
        strbuf_addf(out, "[%zu]", at->index);
}

int bind_ctx(struct binder *b, const struct place *at)
{
    struct strbuf path;

    strbuf_init(&path, PATH_BYTES);
    add_path(&path, at);
    err_ctx(b->err, "%s:%d%s%s", b->file, at->node->line,
            path.len ? ": " : "", path.text);
    strbuf_done(&path);
    return -1;
}

int bind_error(struct binder *b, const struct place *at, const char *fmt, ...)
{
    char    what[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    err_set(b->err, ERR_INPUT, "%s", what);
    return bind_ctx(b, at);
}

int bind_expect(struct binder *b, const struct place *at, enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_TEXT] = "a single value", [NODE_LIST] = "a list",
        [NODE_MAP] = "a mapping"};
    static const char *const hints[] = {
        [NODE_TEXT] = "write it behind the `:`",
        [NODE_LIST] = "write one `- item` a line, or [a, b]",
        [NODE_MAP] = "write one `name: value` a line"};

    if (at->node->kind == kind) return 0;
    return bind_error(b, at, "must be %s, not %s; %s", names[kind],
                      names[at->node->kind], hints[kind]);
}

static int unknown_field(struct binder *b, const struct place *at,
                         const struct field *fields)
{
    struct strbuf known;
    const char  **names, *near;
    size_t        n = 0;

    while (fields[n].opt.name) n++;
    names = mem_new(n + 1, sizeof *names);
    strbuf_init(&known, PATH_BYTES);
    for (size_t i = 0; i < n; i++) {
        names[i] = fields[i].opt.name;
        strbuf_addf(&known, "%s%s", i ? ", " : "", names[i]);
    }
    near = opt_nearest(at->key, names);
    if (near) bind_error(b, at, "unknown field; did you mean `%s`?", near);
    else bind_error(b, at, "unknown field; known here: %s", known.text);
    strbuf_done(&known);
    free(names);
    return -1;
}

static int bind_value(struct binder *b, const struct place *at,
                      const struct opt *o, void *out)
{
    if (bind_expect(b, at, NODE_TEXT)) return -1;
    return opt_parse_value(o, at->node->text, out, b->err) ? bind_ctx(b, at)
                                                           : 0;
}

static int bind_field(struct binder *b, const struct place *at,
                      const struct field *f, void *out)
{
    char *field = (char *)out + f->opt.at;

    if (node_is_null(at->node)) return 0;
    if (f->bind) return f->bind(b, at, field);
    if (f->fields) return bind_map(b, at, f->fields, field);
    return bind_value(b, at, &f->opt, out);
}

int bind_map(struct binder *b, const struct place *at,
             const struct field *fields, void *out)
{
    const struct node *map = at->node;

    if (bind_expect(b, at, NODE_MAP)) return -1;
    for (size_t i = 0; i < map->n; i++) {
        const char         *key = map->keys[i]->text;
        const struct place  in  = {at, key, 0, map->items[i]};
        const struct field *f   = fields;

        while (f->opt.name && strcmp(f->opt.name, key) != 0) f++;
        if (!f->opt.name) {
            const struct place name = {at, key, 0, map->keys[i]};
            return unknown_field(b, &name, fields);
        }
        if (bind_field(b, &in, f, out)) return -1;
    }
    return 0;
}

int bind_list(struct binder *b, const struct place *at, bind_fn each,
              void *out)
{
    if (bind_expect(b, at, NODE_LIST)) return -1;
    for (size_t i = 0; i < at->node->n; i++) {
        const struct place in = {at, NULL, i, at->node->items[i]};

        if (node_is_null(in.node))
            return bind_error(b, &in, "is empty; write a value behind the `-` "
                              "or remove it");
        if (each(b, &in, out)) return -1;
    }
    return 0;
}

static int bind_text(struct binder *b, const struct place *at, void *out)
{
    static const struct opt o = {.name = "item", .type = OPT_LIST,
                                 .value = "a text"};

    return bind_value(b, at, &o, out);
}

int bind_texts(struct binder *b, const struct place *at, void *out)
{
    return at->node->kind == NODE_TEXT ? bind_text(b, at, out)
                                       : bind_list(b, at, bind_text, out);
}

int bind_free_map(struct binder *b, const struct place *at, void *out)
{
    json_t *value = NULL;

    if (bind_expect(b, at, NODE_MAP)) return -1;
    if (node_json(at->node, true, &value, b->err)) return bind_ctx(b, at);
    json_decref(*(json_t **)out);
    *(json_t **)out = value;
    return 0;
}
