/* SPDX-License-Identifier: MIT */
/* gguf_keys.c - see gguf_keys.h. */
#include "model/gguf_keys.h"

#include <limits.h>
#include <stdio.h>

#include "base/utf8.h"

char *gguf_walk_text(const struct gguf_walk *w, const char *key, size_t max)
{
    const struct gguf_pair *p = gguf_walk_find(w, key);

    if (!p || p->is_array || p->type != GGUF_TEXT || !p->value ||
        p->value_len == 0)
        return NULL;
    return utf8_clean((const char *)p->value,
                      p->value_len < max ? (size_t)p->value_len : max);
}

static int single(const struct gguf_walk *w, const struct gguf_pair *p)
{
    uint64_t n;

    if (!p || p->is_array || !gguf_walk_number(w, p, 0, &n) || n > INT_MAX)
        return -1;
    return (int)n;
}

int gguf_walk_count(const struct gguf_walk *w, const char *key)
{
    return single(w, gguf_walk_find(w, key));
}

const struct gguf_pair *gguf_walk_of_model(const struct gguf_walk *w,
                                           const char *architecture,
                                           const char *suffix)
{
    char key[GGUF_NAME_MAX * 3 + 64];   /* a byte becomes at most U+FFFD */

    if (!architecture) return NULL;
    snprintf(key, sizeof key, "%s.%s", architecture, suffix);
    return gguf_walk_find(w, key);
}

int gguf_walk_model_count(const struct gguf_walk *w, const char *architecture,
                          const char *suffix)
{
    return single(w, gguf_walk_of_model(w, architecture, suffix));
}
