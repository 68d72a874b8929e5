/* SPDX-License-Identifier: MIT */
/* architecture.c - see architecture.h; the format is in docs/catalogue.md. */
#include "model/architecture.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "model/expression.h"
#include "model/gguf_types.h"

#define KEY_MAX_BYTES   128
#define LAYERS_MAX      512u             /* the engine's limit              */
#define SIZE_MAX_VALUE  1099511627776.0  /* 2^40 elements in one direction  */
#define TYPES_MAX       64u              /* numbers of ggml's types         */
#define ANCESTORS_MAX   8
#define F32             0u               /* ggml's numbers                  */
#define F16             1u

/* What a family file consists of; each is an object, taken over from the
 * family that it is "like" and overridden name by name. null takes away. */
static const char *const PARTS[] = {"defaults", "keys", "tensors", "layers"};
#define N_PARTS (sizeof PARTS / sizeof *PARTS)

struct expansion {
    const char             *prefix;
    struct expression_scope scope;
    unsigned                layers;
    struct model_shape     *shape;
    struct err             *err;
};

/* ---- inheritance ------------------------------------------------------- */

static int check_family(const char *name, const json_t *family,
                        struct err *err)
{
    const char *key;
    json_t     *part;

    if (!json_is_object(family))
        return err_set(err, ERR_INPUT, "%s: an object is wanted", name);
    if (!jsonx_text(family, "source"))
        return err_set(err, ERR_INPUT, "%s: \"source\" must say where its "
                       "tensors are listed", name);
    json_object_foreach((json_t *)(uintptr_t)family, key, part) {
        bool is_part = false;
        for (size_t i = 0; i < N_PARTS; i++)
            if (strcmp(key, PARTS[i]) == 0) is_part = true;
        if (!is_part && strcmp(key, "source") != 0 && strcmp(key, "like") != 0)
            return err_set(err, ERR_INPUT, "%s: unknown entry \"%s\"", name,
                           key);
        if (is_part ? !json_is_object(part) : !json_is_string(part))
            return err_set(err, ERR_INPUT, "%s: \"%s\" must be %s", name, key,
                           is_part ? "an object" : "a text");
    }
    return 0;
}

/* Own names over a copy of the inherited ones. */
static json_t *merged(const json_t *inherited, const json_t *own)
{
    json_t *all = json_is_object(inherited) ? json_copy((json_t *)(uintptr_t)
                                                        inherited)
                                            : json_object();

    if (own) json_object_update(all, (json_t *)(uintptr_t)own);
    return all;
}

static int inherit(json_t *all, const char *name, int depth, struct err *err)
{
    json_t     *family = json_object_get(all, name), *parent;
    const char *like;

    if (check_family(name, family, err) != 0) return -1;
    like = jsonx_text(family, "like");
    if (!like) return 0;
    parent = json_object_get(all, like);
    if (!parent || depth >= ANCESTORS_MAX)
        return err_set(err, ERR_INPUT, "%s: \"like\" names %s, %s", name, like,
                       parent ? "which leads in a circle"
                              : "which is no architecture here");
    if (inherit(all, like, depth + 1, err) != 0) return -1;
    for (size_t i = 0; i < N_PARTS; i++)
        json_object_set_new(family, PARTS[i],
                            merged(json_object_get(parent, PARTS[i]),
                                   json_object_get(family, PARTS[i])));
    json_object_del(family, "like");
    return 0;
}

int architecture_inherit(json_t *all, struct err *err)
{
    const char *name;
    json_t     *family;

    json_object_foreach(all, name, family)
        if (inherit(all, name, 0, err) != 0) return -1;
    return 0;
}

/* ---- values ------------------------------------------------------------ */

/* Does its "when" hold? 1, 0, -1 an error; without one it does. */
static int holds(struct expansion *e, const json_t *spec)
{
    const char *when = jsonx_text(spec, "when");
    double      value;

    if (!when) return 1;
    if (expression_number(when, &e->scope, &value, e->err) != 0) return -1;
    return value != 0;
}

static int whole(struct expansion *e, const char *text, double most,
                 uint64_t *out)
{
    double value;

    if (!text)
        return err_set(e->err, ERR_INPUT, "an expression in quotes is wanted");
    if (expression_number(text, &e->scope, &value, e->err) != 0) return -1;
    if (!(value >= 0) || value > most || value != floor(value))
        return err_set(e->err, ERR_INPUT, "expression `%s` gives %g, which is "
                       "no size", text, value);
    *out = (uint64_t)value;
    return 0;
}

/* ---- keys -------------------------------------------------------------- */

/* One value a layer. */
static int add_list(struct expansion *e, const char *key, const char *text,
                    bool is_bool)
{
    uint32_t      numbers[LAYERS_MAX];
    unsigned char truths[LAYERS_MAX];
    uint64_t      value;

    for (unsigned i = 0; i < e->layers; i++) {
        e->scope.layer = (int)i;
        if (whole(e, text, UINT32_MAX, &value) != 0) return -1;
        numbers[i] = (uint32_t)value;
        truths[i] = value != 0;
    }
    e->scope.layer = -1;
    if (is_bool) shape_set_bools(e->shape, key, truths, e->layers);
    else shape_set_u32s(e->shape, key, numbers, e->layers);
    return 0;
}

static int add_number(struct expansion *e, const char *key, const char *text)
{
    uint64_t value;

    if (whole(e, text, UINT32_MAX, &value) != 0) return -1;
    shape_set_u32(e->shape, key, (uint32_t)value);
    return 0;
}

/* "EXPRESSION", or {KIND: "EXPRESSION"}, or {"text": "as it is"}, each object
 * with an optional "when". */
static int add_key(struct expansion *e, const char *name, const json_t *spec)
{
    enum { F32_KEY, BOOL_KEY, U32_KEY, U32S_KEY, BOOLS_KEY, TEXT_KEY, KINDS };
    static const char *const kinds[KINDS] = {"f32", "bool", "u32", "u32s",
                                             "bools", "text"};
    char        key[KEY_MAX_BYTES];
    const char *text = json_string_value(spec);
    int         kind = text ? U32_KEY : 0;
    double      value;

    snprintf(key, sizeof key, "%s.%s", e->prefix, name);
    while (!text && kind < KINDS && !(text = jsonx_text(spec, kinds[kind])))
        kind++;
    switch (kind) {
    case U32_KEY:   return add_number(e, key, text);
    case U32S_KEY:
    case BOOLS_KEY: return add_list(e, key, text, kind == BOOLS_KEY);
    case TEXT_KEY:  shape_set_text(e->shape, key, text); return 0;
    case KINDS:
        return err_set(e->err, ERR_INPUT, "a kind of value is missing: f32, "
                       "bool, u32, u32s, bools or text");
    default: break;
    }
    if (expression_number(text, &e->scope, &value, e->err) != 0) return -1;
    if (kind == F32_KEY) shape_set_f32(e->shape, key, value);
    else shape_set_bool(e->shape, key, value != 0);
    return 0;
}

static int add_keys(struct expansion *e, const json_t *keys)
{
    const char *name;
    json_t     *spec;

    json_object_foreach((json_t *)(uintptr_t)keys, name, spec) {
        int wanted = json_is_null(spec) ? 0 : holds(e, spec);
        if (wanted < 0 || (wanted && add_key(e, name, spec) != 0))
            return err_ctx(e->err, "key %s", name);
    }
    return 0;
}

/* ---- tensors ----------------------------------------------------------- */

static int type_number(struct expansion *e, const char *name, uint32_t *out)
{
    for (uint32_t i = 0; i < TYPES_MAX; i++) {
        const struct gguf_type *type = gguf_type_find(i);
        if (type && strcmp(type->name, name) == 0) {
            *out = i;
            return 0;
        }
    }
    return err_set(e->err, ERR_INPUT, "type %s is none of ggml's", name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ["EXPRESSION", ...] in ggml's order, or {"ne": [...], "type": "F32",
 * "when": "EXPRESSION"}. */
static int add_tensor(struct expansion *e, const char *name,
                      const json_t *spec)
{
    const json_t *ne   = json_is_array(spec) ? spec
                                             : json_object_get(spec, "ne");
    const char   *type = jsonx_text(spec, "type");
    size_t        n    = json_array_size(ne);
    uint64_t      sizes[4] = {1, 1, 1, 1};
    uint32_t      number = F16;

    if (n < 1 || n > 4 || strlen(name) >= sizeof e->shape->tensors->name)
        return err_set(e->err, ERR_INPUT, "a name of at most 63 letters and "
                       "one to four sizes are wanted");
    for (size_t i = 0; i < n; i++) {
        if (whole(e, json_string_value(json_array_get(ne, i)), SIZE_MAX_VALUE,
                  &sizes[i]) != 0)
            return -1;
        if (sizes[i] == 0)
            return err_set(e->err, ERR_INPUT, "size %zu is 0", i + 1);
    }
    if (n == 1 || ends_with(name, "_norm.weight") ||
        !ends_with(name, ".weight"))
        number = F32;
    if (type && type_number(e, type, &number) != 0) return -1;
    shape_add_tensor(e->shape, name, number, (int)n, sizes);
    return 0;
}

static int add_tensors(struct expansion *e, const json_t *tensors)
{
    const char *name;
    json_t     *spec;

    json_object_foreach((json_t *)(uintptr_t)tensors, name, spec) {
        int  wanted = json_is_null(spec) ? 0 : holds(e, spec);
        char full[KEY_MAX_BYTES];
        if (e->scope.layer < 0) snprintf(full, sizeof full, "%s", name);
        else snprintf(full, sizeof full, "blk.%d.%s", e->scope.layer, name);
        if (wanted < 0 || (wanted && add_tensor(e, full, spec) != 0))
            return err_ctx(e->err, "tensor %s", full);
    }
    return 0;
}

int architecture_shape(const json_t *family, const char *prefix,
                       const json_t *config, struct model_shape *s,
                       struct err *err)
{
    struct expansion e = {prefix, {config, json_object_get(family, "defaults"),
                                   -1}, 0, s, err};
    uint64_t         layers;

    if (whole(&e, "num_hidden_layers", LAYERS_MAX, &layers) != 0) return -1;
    e.layers = (unsigned)layers;
    if (add_keys(&e, json_object_get(family, "keys")) != 0) return -1;
    if (add_tensors(&e, json_object_get(family, "tensors")) != 0) return -1;
    for (unsigned i = 0; i < e.layers; i++) {
        e.scope.layer = (int)i;
        if (add_tensors(&e, json_object_get(family, "layers")) != 0) return -1;
    }
    return 0;
}
