/* SPDX-License-Identifier: MIT */
/* pyjson_value.c - see pyjson.h: keys, equality, and values in words. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/pyjson_internal.h"

#define SMALL_DICT 16      /* is searched from the front */

/* ---- keys of a dict ------------------------------------------------------ */

static bool same_text(const struct py *a, const char *bytes, size_t len)
{
    return a->as.text.len == len && memcmp(a->as.text.bytes, bytes, len) == 0;
}

/* Any order will do in which equal ones meet; short before long is cheap. */
static int compare_text(const char *a, size_t a_len, const char *b,
                        size_t b_len)
{
    if (a_len != b_len) return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

struct sorted_key {
    const char *bytes;
    size_t      len;
    uint32_t    at;          /* which entry of the dict */
};

static int by_key_then_place(const void *left, const void *right)
{
    const struct sorted_key *a = left, *b = right;
    int order = compare_text(a->bytes, a->len, b->bytes, b->len);

    return order ? order : a->at < b->at ? -1 : 1;
}

/* The last value of equal keys, at the place of the first. Returns how many
 * entries are left of n. */
static uint32_t join_few(struct py_pair *pairs, uint32_t n)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct py *key = &pairs[i].key;
        uint32_t         k = 0;

        while (k < left && !same_text(&pairs[k].key, key->as.text.bytes,
                                      key->as.text.len))
            k++;
        if (k < left) pairs[k].value = pairs[i].value;
        else          pairs[left++] = pairs[i];
    }
    return left;
}

/* The same for many; *order: the places of what is left, in order of key. */
static uint32_t join_many(struct py_pool *pool, struct py_pair *pairs,
                          uint32_t n, const uint32_t **order)
{
    struct sorted_key *keys = mem_new(n, sizeof *keys);
    uint32_t          *places = py_pool_take(pool, n * sizeof *places);
    uint32_t          *moved = mem_new(n, sizeof *moved), left = 0, n_keys = 0;

    for (uint32_t i = 0; i < n; i++)
        keys[i] = (struct sorted_key){pairs[i].key.as.text.bytes,
                                      pairs[i].key.as.text.len, i};
    qsort(keys, n, sizeof *keys, by_key_then_place);
    for (uint32_t i = 0, first = 0; i < n; i++) {
        if (compare_text(keys[first].bytes, keys[first].len, keys[i].bytes,
                         keys[i].len) != 0)
            first = i;
        if (first == i) {
            places[n_keys++] = keys[i].at;
        } else {
            pairs[keys[first].at].value = pairs[keys[i].at].value;
            moved[keys[i].at] = UINT32_MAX;      /* it leaves */
        }
    }
    for (uint32_t i = 0; i < n; i++)
        if (moved[i] != UINT32_MAX) {
            pairs[left] = pairs[i];
            moved[i] = left++;
        }
    for (uint32_t i = 0; i < n_keys; i++) places[i] = moved[places[i]];
    free(keys);
    free(moved);
    *order = places;
    return left;
}

uint32_t py_join_keys(struct py_pool *pool, struct py_pair *pairs, uint32_t n,
                      const uint32_t **order)
{
    *order = NULL;
    if (n <= SMALL_DICT) return join_few(pairs, n);
    return join_many(pool, pairs, n, order);
}

const struct py *py_get_n(const struct py *from, const char *key, size_t len)
{
    const struct py_pair *pairs;
    uint32_t              low = 0, high;

    if (!from || from->kind != PY_DICT) return NULL;
    pairs = from->as.pairs;
    if (!from->as.order) {
        for (uint32_t i = 0; i < from->n; i++)
            if (same_text(&pairs[i].key, key, len)) return &pairs[i].value;
        return NULL;
    }
    for (high = from->n; low < high;) {
        uint32_t              middle = low + (high - low) / 2;
        const struct py_pair *pair = &pairs[from->as.order[middle]];
        int                   order = compare_text(key, len,
                                                   pair->key.as.text.bytes,
                                                   pair->key.as.text.len);

        if (order == 0) return &pair->value;
        if (order < 0) high = middle;
        else           low = middle + 1;
    }
    return NULL;
}

const struct py *py_get(const struct py *from, const char *key)
{
    return py_get_n(from, key, strlen(key));
}

bool py_is_int(const struct py *v)
{
    return v && (v->kind == PY_INT || v->kind == PY_BIG);
}

bool py_is_text(const struct py *v, const char *text)
{
    return v && v->kind == PY_STR && same_text(v, text, strlen(text));
}

/* ---- equality ------------------------------------------------------------ */

static bool is_number(const struct py *v)
{
    return v->kind == PY_BOOL || v->kind == PY_FLOAT || py_is_int(v);
}

/* Of a bool or PY_INT. */
static int64_t small_of(const struct py *v)
{
    return v->kind == PY_BOOL ? v->as.yes : v->as.number;
}

static bool real_is_big(double real, const struct py *big)
{
    char digits[400];       /* the largest double has 309 */
    int  n;

    if (!isfinite(real)) return false;
    n = snprintf(digits, sizeof digits, "%.0f", real);
    /* Its part behind the point is not there: so large ones have none. */
    return same_text(big, digits, (size_t)n);
}

static bool real_is_small(double real, int64_t small)
{
    const double limit = 9223372036854775808.0;        /* 2**63 */

    return real >= -limit && real < limit && (int64_t)real == small &&
           (double)(int64_t)real == real;
}

static bool equal_numbers(const struct py *a, const struct py *b)
{
    if (a->kind == PY_FLOAT && b->kind == PY_FLOAT)
        return !(a->as.real < b->as.real) && !(a->as.real > b->as.real) &&
               !isnan(a->as.real) && !isnan(b->as.real);
    if (b->kind == PY_FLOAT) {
        const struct py *other = a;

        a = b;
        b = other;
    }
    if (a->kind == PY_FLOAT)
        return b->kind == PY_BIG ? real_is_big(a->as.real, b)
                                 : real_is_small(a->as.real, small_of(b));
    if (a->kind == PY_BIG || b->kind == PY_BIG)
        return a->kind == b->kind &&
               same_text(a, b->as.text.bytes, b->as.text.len);
    return small_of(a) == small_of(b);
}

static bool equal_dicts(const struct py *a, const struct py *b)
{
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct py *key = &a->as.pairs[i].key;
        const struct py *value = py_get_n(b, key->as.text.bytes,
                                          key->as.text.len);

        if (!value || !py_equal(&a->as.pairs[i].value, value)) return false;
    }
    return true;
}

bool py_equal(const struct py *a, const struct py *b)
{
    if (is_number(a)) return is_number(b) && equal_numbers(a, b);
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case PY_STR:
        return same_text(a, b->as.text.bytes, b->as.text.len);
    case PY_LIST:
        if (a->n != b->n) return false;
        for (uint32_t i = 0; i < a->n; i++)
            if (!py_equal(&a->as.items[i], &b->as.items[i])) return false;
        return true;
    case PY_DICT:
        return equal_dicts(a, b);
    case PY_NONE: case PY_BOOL: case PY_INT: case PY_BIG: case PY_FLOAT:
        break;
    }
    return true;          /* None is None; numbers were above */
}

/* ---- in words ------------------------------------------------------------ */

/* What fits of a text; once something did not, nothing more is taken. */
struct shown {
    char  *out;
    size_t len, room;      /* without the NUL and what marks the cut */
    bool   is_cut;
};

static void show(struct shown *s, const char *text, size_t len)
{
    if (s->is_cut || len > s->room - s->len) {
        s->is_cut = true;
        return;
    }
    memcpy(s->out + s->len, text, len);
    s->len += len;
}

static void show_real(struct shown *s, double real)
{
    char        text[40], clean[48];
    const char *at = text;
    size_t      n = 0;
    int         precision = 15;

    if (isnan(real) || isinf(real)) {
        const char *word = isnan(real) ? "NaN" : real < 0 ? "-Infinity"
                                                          : "Infinity";

        show(s, word, strlen(word));
        return;
    }
    do snprintf(text, sizeof text, "%.*g", precision, real);
    while (strtod(text, NULL) != real && ++precision <= 17);
    while (*at) {                     /* a locale's point may be any text */
        size_t known = strspn(at, "0123456789+-e");

        memcpy(clean + n, at, known);
        n  += known;
        at += known;
        if (*at) {
            clean[n++] = '.';
            at += strcspn(at, "0123456789+-e");
        }
    }
    clean[n] = '\0';
    if (!strpbrk(clean, ".e")) {
        clean[n++] = '.';
        clean[n++] = '0';
    }
    show(s, clean, n);
}

/* The character at a text that the parser let through, and its bytes. */
static size_t look(const char *at, uint32_t *c)
{
    unsigned char first = (unsigned char)at[0];
    size_t        n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3
                      : 4;

    *c = n == 1 ? first : first & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        *c = *c << 6 | ((unsigned char)at[i] & 0x3F);
    return n;
}

/* Would a terminal do something with it (C0, C1, line and paragraph ends,
 * marks that turn the direction), or is it no character? */
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C ||
           (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || (c >= 0xD800 && c < 0xE000) ||
           c == 0xFEFF;
}

static void show_text(struct shown *s, const struct py *v)
{
    static const char means[] = "\"\\\n\r\t", names[] = "\"\\nrt";
    const char       *text = v->as.text.bytes;
    size_t            n;

    show(s, "\"", 1);
    for (size_t i = 0; i < v->as.text.len && !s->is_cut; i += n) {
        const char *known;
        char        escape[16];
        uint32_t    c;

        n = look(text + i, &c);
        known = c && c < 0x80 ? strchr(means, (int)c) : NULL;
        if (known) {
            escape[0] = '\\';
            escape[1] = names[known - means];
            show(s, escape, 2);
        } else if (needs_escape(c)) {
            show(s, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x",
                                             (unsigned)c));
        } else {
            show(s, text + i, n);
        }
    }
    show(s, "\"", 1);
}

static void show_value(struct shown *s, const struct py *v)
{
    char number[32];

    switch (v->kind) {
    case PY_NONE:  show(s, "null", 4); break;
    case PY_BOOL:  show(s, v->as.yes ? "true" : "false", v->as.yes ? 4 : 5);
                   break;
    case PY_INT:   show(s, number, (size_t)snprintf(number, sizeof number,
                                   "%lld", (long long)v->as.number));
                   break;
    case PY_BIG:   for (size_t i = 0; i < v->as.text.len && !s->is_cut; i++)
                       show(s, v->as.text.bytes + i, 1);
                   break;
    case PY_FLOAT: show_real(s, v->as.real); break;
    case PY_STR:   show_text(s, v); break;
    case PY_LIST:
        show(s, "[", 1);
        for (uint32_t i = 0; i < v->n && !s->is_cut; i++) {
            if (i) show(s, ", ", 2);
            show_value(s, &v->as.items[i]);
        }
        show(s, "]", 1);
        break;
    case PY_DICT:
        show(s, "{", 1);
        for (uint32_t i = 0; i < v->n && !s->is_cut; i++) {
            if (i) show(s, ", ", 2);
            show_text(s, &v->as.pairs[i].key);
            show(s, ": ", 2);
            show_value(s, &v->as.pairs[i].value);
        }
        show(s, "}", 1);
        break;
    }
}

void py_show(const struct py *v, char *out, size_t size)
{
    static const char cut[] = "\xE2\x80\xA6";      /* … */
    struct shown      s = {.out = out, .room = size - sizeof cut};

    show_value(&s, v);
    if (s.is_cut) {
        memcpy(out + s.len, cut, sizeof cut - 1);
        s.len += sizeof cut - 1;
    }
    out[s.len] = '\0';
}
