/* SPDX-License-Identifier: MIT */
/* bfcl_saner.c - what the saner rule forgives, and how it matches calls. It
 * is asked only after the original's rule said no: so it is never stricter. */
#include <string.h>

#include "original/bfcl_internal.h"

static bool is_required(const struct py *parameters, const struct py *name)
{
    const struct py *required = py_get(parameters, "required");

    if (!required || required->kind != PY_LIST) return false;
    for (uint32_t i = 0; i < required->n; i++) {
        const struct py *one = &required->as.items[i];
        if (one->kind == PY_STR && py_equal(one, name)) return true;
    }
    return false;
}

/* The same value, as a person would see it: 5 and 5.0 are, 1 and true are
 * not; texts by the string rule. */
static bool same_default(struct bfcl_judge *j, const struct py *value,
                         const struct py *declared)
{
    if (value->kind == PY_STR && declared->kind == PY_STR)
        return bfcl_same_words(j, value, declared);
    return (value->kind == PY_BOOL) == (declared->kind == PY_BOOL) &&
           py_equal(value, declared);
}

bool bfcl_saner_ignores(struct bfcl_judge *j, const struct py *parameters,
                        const struct py_pair *argument,
                        const struct py *acceptable)
{
    const struct py *parameter =
        py_get_n(py_get(parameters, "properties"),
                 argument->key.as.text.bytes, argument->key.as.text.len);
    const struct py *declared = py_get(parameter, "default");

    if (!parameter) return false;
    if (acceptable && !bfcl_may_be_absent(acceptable)) return false;
    if (declared && same_default(j, &argument->value, declared)) return true;
    return argument->value.kind == PY_NONE &&
           !is_required(parameters, &argument->key);
}

/* 2^53: above it the next integer is no double. */
static bool is_whole(const struct py *v)
{
    return v->kind == PY_FLOAT && v->as.real >= -9007199254740992.0 &&
           v->as.real <= 9007199254740992.0 &&
           v->as.real == (double)(int64_t)v->as.real;
}

static struct py whole(const struct py *v)
{
    struct py number = {.kind = PY_INT};

    if (!is_whole(v)) return *v;
    number.as.number = (int64_t)v->as.real;
    return number;
}

const struct py *bfcl_saner_value(struct bfcl_judge *j,
                                  const struct bfcl_type *type,
                                  const struct py *value)
{
    struct py *own, *items;

    if (type->kind == PY_INT && is_whole(value)) {
        own  = py_pool_take(j->pool, sizeof *own);
        *own = whole(value);
        return own;
    }
    if (type->kind != PY_LIST || !type->nested || type->item != PY_INT ||
        value->kind != PY_LIST)
        return value;
    own   = py_pool_take(j->pool, sizeof *own);
    items = py_pool_take(j->pool, ((size_t)value->n + 1) * sizeof *items);
    for (uint32_t i = 0; i < value->n; i++)
        items[i] = whole(&value->as.items[i]);
    *own          = *value;
    own->as.items = items;
    return own;
}

/* ---- matching: augmenting paths (Kuhn) ----------------------------------- */

#define NOBODY SIZE_MAX

struct match {
    size_t  n;
    bool   *fits;      /* [expected * n + call]                              */
    bool   *seen;      /* calls, while a place is looked for                 */
    size_t *holder;    /* of a call: the expected one that has it            */
};

static bool find_place(struct match *m, size_t e)
{
    for (size_t c = 0; c < m->n; c++) {
        if (!m->fits[e * m->n + c] || m->seen[c]) continue;
        m->seen[c] = true;
        if (m->holder[c] == NOBODY || find_place(m, m->holder[c])) {
            m->holder[c] = e;
            return true;
        }
    }
    return false;
}

bool bfcl_saner_match(struct py_pool *pool, size_t n,
                      bool (*fits)(void *ctx, size_t e, size_t c), void *ctx,
                      size_t *missing)
{
    struct match m = {.n      = n,
                      .fits   = py_pool_take(pool, n * n + 1),
                      .seen   = py_pool_take(pool, n + 1),
                      .holder = py_pool_take(pool, (n + 1) * sizeof(size_t))};

    for (size_t c = 0; c < n; c++) m.holder[c] = NOBODY;
    for (size_t e = 0; e < n; e++) {
        for (size_t c = 0; c < n; c++) m.fits[e * n + c] = fits(ctx, e, c);
        memset(m.seen, 0, n);
        if (!find_place(&m, e)) {
            *missing = e;
            return false;
        }
    }
    return true;
}
