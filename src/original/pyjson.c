/* SPDX-License-Identifier: MIT */
/* pyjson.c - see pyjson.h: the pool and the parser. Entries of the lists and
 * dicts that are still open lie on one stack; a list that closes copies its
 * own into the pool. */
#include "original/pyjson.h"

#include <float.h>
#include <math.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/pyjson_internal.h"

#define CHUNK_BYTES_FIRST ((size_t)64 << 10)
#define CHUNK_BYTES_KEPT  ((size_t)8 << 20)   /* also the largest but for one
                                                 that asks for more */
#define STACK_ENTRIES_KEPT ((size_t)8 << 20 >> 5)
#define INT_DIGITS_MAX    4300    /* sys.int_info.default_max_str_digits */

/* ---- the pool ------------------------------------------------------------ */

struct chunk {
    struct chunk *older;
    size_t        size, used;
    alignas(max_align_t) char bytes[];
};

struct py_pool {
    struct chunk *newest;
    struct py    *stack;
    size_t        n_stack, stack_room;
};

struct py_pool *py_pool_new(void)
{
    return mem_new(1, sizeof(struct py_pool));
}

static struct chunk *chunk_new(size_t size, struct chunk *older)
{
    struct chunk *c = mem_grow(NULL, 1, sizeof *c + size);

    c->older = older;
    c->size  = size;
    c->used  = 0;
    return c;
}

void *py_pool_take(struct py_pool *pool, size_t bytes)
{
    const size_t  step = alignof(max_align_t);
    size_t        need = (bytes + step - 1) / step * step;
    struct chunk *c = pool->newest;
    void         *at;

    if (!c || c->size - c->used < need) {
        size_t size = c ? c->size * 2 : CHUNK_BYTES_FIRST;

        if (size > CHUNK_BYTES_KEPT) size = CHUNK_BYTES_KEPT;
        if (size < need) size = need;
        pool->newest = c = chunk_new(size, c);
    }
    at = c->bytes + c->used;
    c->used += need;
    return at;
}

void py_pool_clear(struct py_pool *pool)
{
    struct chunk *kept = NULL, *older;

    for (struct chunk *c = pool->newest; c; c = older) {
        struct chunk *loser = c;

        older = c->older;
        if (c->size <= CHUNK_BYTES_KEPT && (!kept || kept->size < c->size)) {
            loser = kept;
            kept  = c;
        }
        free(loser);
    }
    if (kept) {
        kept->older = NULL;
        kept->used  = 0;
    }
    pool->newest  = kept;
    pool->n_stack = 0;
    if (pool->stack_room > STACK_ENTRIES_KEPT) {
        free(pool->stack);
        pool->stack = NULL;
        pool->stack_room = 0;
    }
}

void py_pool_free(struct py_pool *pool)
{
    if (!pool) return;
    py_pool_clear(pool);
    free(pool->newest);
    free(pool->stack);
    free(pool);
}

static void push(struct py_pool *pool, const struct py *value)
{
    if (pool->n_stack == pool->stack_room) {
        pool->stack_room = pool->stack_room ? pool->stack_room * 2 : 256;
        pool->stack = mem_grow(pool->stack, pool->stack_room,
                               sizeof *pool->stack);
    }
    pool->stack[pool->n_stack++] = *value;
}

/* ---- texts --------------------------------------------------------------- */

struct parser {
    struct py_pool *pool;
    const char     *start, *at, *end;
    char           *own;      /* start again when it is ours to write to: texts
                                 are unescaped where they are, and their quote
                                 makes room for a NUL */
};

/* Up to the first byte that needs a look: a quote, a backslash, a control
 * character, one that is not ASCII. Eight at a time. */
static const char *pass_plain(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;

    while (end - at >= 8) {
        uint64_t word, quote, slash, found;

        memcpy(&word, at, 8);
        quote = word ^ (ones * '"');
        slash = word ^ (ones * '\\');
        /* A byte is zero or below 0x20 where the subtraction borrows; a borrow
         * that runs on can only mark bytes behind one that is found. */
        found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
                ((word - ones * 0x20) & ~word) | word;
        if (found & tops) break;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' &&
           (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80)
        at++;
    return at;
}

/* Bytes of the character (not ASCII) at `at`; 0: it is none. Half a pair is
 * one, as in a Python str. */
static size_t char_bytes(const char *at, const char *end)
{
    unsigned char first = (unsigned char)at[0], second;
    size_t        n = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3
                      : first < 0xF5 ? 4 : 0;

    if (n == 0 || (size_t)(end - at) < n) return 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80) return 0;
    second = (unsigned char)at[1];
    if ((first == 0xE0 && second < 0xA0) ||      /* could be shorter */
        (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))        /* above U+10FFFF */
        return 0;
    return n;
}

static size_t put_char(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* The four digits of \uXXXX; -1: they are none. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];

        value *= 16;
        if (c >= '0' && c <= '9')      value += c - '0';
        else if (c >= 'a' && c <= 'f') value += c - 'a' + 10;
        else if (c >= 'A' && c <= 'F') value += c - 'A' + 10;
        else return -1;
    }
    return value;
}

/* One escape, behind its backslash: its character goes to `out`. Returns the
 * bytes written, 0 when it is no escape. What is written is never longer than
 * what was read. */
static size_t unescape(struct parser *p, char *out)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char       *known;
    int32_t           c, low;

    if (p->at == p->end || *p->at == '\0') return 0;
    known = strchr(names, *p->at);
    if (known) {
        p->at++;
        *out = means[known - names];
        return 1;
    }
    if (*p->at != 'u' || (c = hex4(p->at + 1, p->end)) < 0) return 0;
    p->at += 5;
    if (c >= 0xD800 && c < 0xDC00 && p->end - p->at >= 6 &&
        p->at[0] == '\\' && p->at[1] == 'u') {
        low = hex4(p->at + 2, p->end);
        if (low >= 0xDC00 && low < 0xE000) {
            p->at += 6;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return put_char(out, (uint32_t)c);
}

/* On to the next quote or backslash; false: a byte that may not be there, or
 * the text ends. */
static bool pass_text(struct parser *p)
{
    for (;;) {
        size_t n;

        p->at = pass_plain(p->at, p->end);
        if (p->at == p->end) return false;
        if (*p->at == '"' || *p->at == '\\') return true;
        n = char_bytes(p->at, p->end);     /* 0 for a control character too */
        if (n == 0) return false;
        p->at += n;
    }
}

/* Of the text that begins at `from`, as it is written: room to unescape it. */
static size_t raw_bytes(const char *from, const char *end)
{
    size_t len = (size_t)(end - from), i = 0;

    while (i < len && from[i] != '"') i += from[i] == '\\' ? 2 : 1;
    return i < len ? i : len;
}

/* A text, behind its quote. */
static bool parse_text(struct parser *p, struct py *out)
{
    const char *from = p->at, *run;
    char       *text, *to;

    if (!pass_text(p)) return false;
    *out = (struct py){.kind = PY_STR, .as.text = {from,
                                                   (size_t)(p->at - from)}};
    if (*p->at == '"') {
        if (p->own) p->own[p->at - p->start] = '\0';
        p->at++;
        return true;
    }
    text = p->own ? p->own + (from - p->start)
                  : py_pool_take(p->pool, raw_bytes(from, p->end) + 1);
    if (!p->own) memcpy(text, from, out->as.text.len);
    to = text + out->as.text.len;
    while (*p->at == '\\') {
        size_t n;

        p->at++;
        if ((n = unescape(p, to)) == 0) return false;
        to += n;
        run = p->at;
        if (!pass_text(p)) return false;
        memmove(to, run, (size_t)(p->at - run));
        to += p->at - run;
    }
    p->at++;
    *to = '\0';
    out->as.text.bytes = text;
    out->as.text.len = (size_t)(to - text);
    return true;
}

/* ---- numbers ------------------------------------------------------------- */

/* The parts of a number as it is written. */
struct digits {
    const char *whole, *part;       /* part: behind the point */
    size_t      n_whole, n_part;
    int64_t     exponent;           /* within +-10^12 */
    bool        is_negative, is_real;
};

static const char *pass_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at;
}

/* At 'e': is there an exponent? Then behind it. */
static const char *read_exponent(const char *at, const char *end,
                                 struct digits *d)
{
    const char *first = at + 1, *stop;
    bool        is_negative = false;

    if (first < end && (*first == '+' || *first == '-'))
        is_negative = *first++ == '-';
    stop = pass_digits(first, end);
    if (stop == first) return at;
    for (; first < stop; first++)
        if (d->exponent < (int64_t)100000000000)   /* more is as good as */
            d->exponent = d->exponent * 10 + (*first - '0');
    if (is_negative) d->exponent = -d->exponent;
    d->is_real = true;
    return stop;
}

/* Correctly rounded, by strtod of a number without a point: the locale has no
 * say in it. */
static double slow_real(struct py_pool *pool, const struct digits *d)
{
    size_t n = d->n_whole + d->n_part;
    char   small[400], *text = n < 350 ? small : py_pool_take(pool, n + 40);

    memcpy(text, d->whole, d->n_whole);
    memcpy(text + d->n_whole, d->part, d->n_part);
    snprintf(text + n, 40, "e%lld",
             (long long)d->exponent - (long long)d->n_part);
    return strtod(text, NULL);
}

static double real_of(struct py_pool *pool, const struct digits *d)
{
    static const double tens[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t exponent = d->exponent - (int64_t)d->n_part;
    double  value;

    /* Both exact as a double: one rounding is all there is. */
    if (FLT_EVAL_METHOD == 0 && d->n_whole + d->n_part <= 15 &&
        exponent >= -22 && exponent <= 22) {
        int64_t mantissa = 0;

        for (size_t i = 0; i < d->n_whole; i++)
            mantissa = mantissa * 10 + (d->whole[i] - '0');
        for (size_t i = 0; i < d->n_part; i++)
            mantissa = mantissa * 10 + (d->part[i] - '0');
        value = exponent < 0 ? (double)mantissa / tens[-exponent]
                             : (double)mantissa * tens[exponent];
    } else {
        value = slow_real(pool, d);
    }
    return d->is_negative ? -value : value;
}

static bool int_of(struct py_pool *pool, const struct digits *d,
                   struct py *out)
{
    uint64_t value = 0;
    uint64_t limit = (uint64_t)INT64_MAX + (d->is_negative ? 1 : 0);
    char    *text;

    if (d->n_whole > INT_DIGITS_MAX) return false;
    if (d->n_whole <= 19)                      /* any of these fits uint64_t */
        for (size_t i = 0; i < d->n_whole; i++)
            value = value * 10 + (uint64_t)(d->whole[i] - '0');
    if (d->n_whole <= 19 && value <= limit) {
        *out = (struct py){.kind = PY_INT};
        out->as.number = !d->is_negative ? (int64_t)value
                         : value > (uint64_t)INT64_MAX ? INT64_MIN
                         : -(int64_t)value;
        return true;
    }
    text = py_pool_take(pool, d->n_whole + 2);
    text[0] = '-';
    memcpy(text + d->is_negative, d->whole, d->n_whole);
    text[d->is_negative + d->n_whole] = '\0';
    *out = (struct py){.kind = PY_BIG,
                       .as.text = {text, d->is_negative + d->n_whole}};
    return true;
}

static bool pass_word(struct parser *p, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0)
        return false;
    p->at += n;
    return true;
}

static bool parse_real_word(struct parser *p, const char *word, double value,
                            struct py *out)
{
    *out = (struct py){.kind = PY_FLOAT, .as.real = value};
    return pass_word(p, word);
}

static bool parse_number(struct parser *p, struct py *out)
{
    struct digits d = {.is_negative = *p->at == '-'};
    const char   *at = p->at + d.is_negative, *stop;

    if (d.is_negative && at < p->end && *at == 'I')
        return parse_real_word(p, "-Infinity", -INFINITY, out);
    d.whole = at;
    stop = pass_digits(at, p->end);
    if (stop == at || (*at == '0' && stop > at + 1)) return false;
    d.n_whole = (size_t)(stop - at);
    d.part = at = stop;
    if (at < p->end && *at == '.') {
        stop = pass_digits(at + 1, p->end);
        if (stop == at + 1) return false;     /* "5." and what follows it */
        d.part = at + 1;
        d.n_part = (size_t)(stop - d.part);
        d.is_real = true;
        at = stop;
    }
    if (at < p->end && (*at == 'e' || *at == 'E'))
        at = read_exponent(at, p->end, &d);
    p->at = at;
    if (!d.is_real) return int_of(p->pool, &d, out);
    *out = (struct py){.kind = PY_FLOAT, .as.real = real_of(p->pool, &d)};
    return true;
}

/* ---- values -------------------------------------------------------------- */

static void pass_space(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' ||
                              *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static bool pass_byte(struct parser *p, char c)
{
    if (p->at == p->end || *p->at != c) return false;
    p->at++;
    return true;
}

static bool parse_value(struct parser *p, struct py *out, int depth);

/* A list, behind its bracket. */
static bool parse_list(struct parser *p, struct py *out, int depth)
{
    struct py_pool *pool = p->pool;
    size_t          base = pool->n_stack, bytes;
    struct py      *items;

    *out = (struct py){.kind = PY_LIST};
    pass_space(p);
    if (pass_byte(p, ']')) return true;
    do {
        struct py value;

        pass_space(p);
        if (!parse_value(p, &value, depth)) return false;
        push(pool, &value);
        pass_space(p);
    } while (pass_byte(p, ','));
    if (!pass_byte(p, ']')) return false;
    out->n = (uint32_t)(pool->n_stack - base);
    bytes = out->n * sizeof *items;
    items = py_pool_take(pool, bytes);
    memcpy(items, pool->stack + base, bytes);
    out->as.items = items;
    pool->n_stack = base;
    return true;
}

/* A dict, behind its brace. */
static bool parse_dict(struct parser *p, struct py *out, int depth)
{
    struct py_pool *pool = p->pool;
    size_t          base = pool->n_stack, bytes;
    struct py_pair *pairs;

    *out = (struct py){.kind = PY_DICT};
    pass_space(p);
    if (pass_byte(p, '}')) return true;
    do {
        struct py key, value;

        pass_space(p);
        if (!pass_byte(p, '"') || !parse_text(p, &key)) return false;
        pass_space(p);
        if (!pass_byte(p, ':')) return false;
        pass_space(p);
        if (!parse_value(p, &value, depth)) return false;
        push(pool, &key);
        push(pool, &value);
        pass_space(p);
    } while (pass_byte(p, ','));
    if (!pass_byte(p, '}')) return false;
    out->n = (uint32_t)((pool->n_stack - base) / 2);
    bytes = out->n * sizeof *pairs;
    pairs = py_pool_take(pool, bytes);
    memcpy(pairs, pool->stack + base, bytes);
    out->as.pairs = pairs;
    out->n = py_join_keys(pool, pairs, out->n, &out->as.order);
    pool->n_stack = base;
    return true;
}

static bool parse_value(struct parser *p, struct py *out, int depth)
{
    if (p->at == p->end) return false;
    switch (*p->at) {
    case '"':
        p->at++;
        return parse_text(p, out);
    case '[':
        p->at++;
        return depth < PY_DEPTH_MAX && parse_list(p, out, depth + 1);
    case '{':
        p->at++;
        return depth < PY_DEPTH_MAX && parse_dict(p, out, depth + 1);
    case 'n':
        *out = (struct py){.kind = PY_NONE};
        return pass_word(p, "null");
    case 't':
        *out = (struct py){.kind = PY_BOOL, .as.yes = true};
        return pass_word(p, "true");
    case 'f':
        *out = (struct py){.kind = PY_BOOL, .as.yes = false};
        return pass_word(p, "false");
    case 'N':
        return parse_real_word(p, "NaN", (double)NAN, out);
    case 'I':
        return parse_real_word(p, "Infinity", (double)INFINITY, out);
    default:
        return parse_number(p, out);
    }
}

static const struct py *parse(struct parser *p)
{
    struct py value, *root;

    p->pool->n_stack = 0;
    pass_space(p);
    if (!parse_value(p, &value, 0)) return NULL;
    pass_space(p);
    if (p->at != p->end) return NULL;
    root = py_pool_take(p->pool, sizeof *root);
    *root = value;
    return root;
}

const struct py *py_parse(struct py_pool *pool, const char *text, size_t len)
{
    struct parser p = {.pool = pool};

    if (len == 0 || len > UINT32_MAX) return NULL;
    p.own = py_pool_take(pool, len);
    memcpy(p.own, text, len);
    p.start = p.at = p.own;
    p.end = p.own + len;
    return parse(&p);
}

const struct py *py_parse_in_place(struct py_pool *pool, const char *text,
                                   size_t len)
{
    struct parser p = {.pool = pool, .start = text, .at = text,
                       .end = text + len};

    if (len == 0 || len > UINT32_MAX) return NULL;
    return parse(&p);
}
