/* SPDX-License-Identifier: MIT */
/* fuzz_pyjson.c - any bytes as JSON: both ways of reading agree, every key is
 * found, a value equals itself unless there is a NaN in it, what is shown is
 * valid UTF-8, and shown whole it is read as an equal value again. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "original/pyjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool has_nan(const struct py *v)
{
    bool found = v->kind == PY_FLOAT && isnan(v->as.real);

    for (uint32_t i = 0; v->kind == PY_LIST && i < v->n; i++)
        found = found || has_nan(&v->as.items[i]);
    for (uint32_t i = 0; v->kind == PY_DICT && i < v->n; i++) {
        const struct py_pair *p = &v->as.pairs[i];

        if (py_get_n(v, p->key.as.text.bytes, p->key.as.text.len) != &p->value)
            abort();
        found = found || has_nan(&p->value);
    }
    return found;
}

/* Shown texts are escaped where a terminal would act on them; that is JSON
 * of the same value. Half pairs that stand together would be joined. */
static void show_and_read(struct py_pool *pool, const struct py *v, bool is_nan,
                          bool may_join)
{
    static char      shown[1 << 16];
    const struct py *again;
    size_t           len;

    py_show(v, shown, sizeof shown);
    len = strlen(shown);
    if (len >= sizeof shown || !utf8_valid(shown, len)) abort();
    if (len > sizeof shown - 16 || may_join) return;
    again = py_parse(pool, shown, len);
    if (!again || py_equal(v, again) == is_nan) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct py_pool  *pool = py_pool_new();
    char            *text = malloc(size ? size : 1), small[9];
    const struct py *copied, *placed;

    if (!text) abort();
    if (size) memcpy(text, bytes, size);
    copied = py_parse(pool, text, size);
    placed = py_parse_in_place(pool, text, size);
    if (!copied != !placed) abort();
    if (copied) {
        bool is_nan = has_nan(copied);
        bool has_halves = false;

        for (size_t i = 0; i < size; i++) has_halves |= bytes[i] == 0xED;
        if (py_equal(copied, placed) == is_nan) abort();
        if (has_nan(placed) != is_nan) abort();
        show_and_read(pool, copied, is_nan, has_halves);
        py_show(copied, small, sizeof small);
        if (!utf8_valid(small, strlen(small))) abort();
    }
    py_pool_clear(pool);
    if (!py_parse(pool, "[1]", 3)) abort();
    py_pool_free(pool);
    free(text);
    return 0;
}
