/* SPDX-License-Identifier: MIT */
/* pyjson.h - JSON as Python's json module reads it. The graders that are
 * reproduced here are Python programs, and what they see differs from what
 * RFC 8259 (and jansson) gives:
 *
 *   5 and 5.0 are two types; integers have any size (to 4,300 digits);
 *   NaN, Infinity and -Infinity are numbers, 1e400 is Infinity;
 *   of two equal keys the last value counts, at the place of the first;
 *   half a surrogate pair ("\ud800") is a character;
 *   white space is space, tab, LF, CR; a byte-order mark is refused;
 *   a control character inside a string is refused.
 *
 * Values live in a pool and are freed together: a line of a file of a million
 * is read without a call of malloc. Texts are UTF-8, in which half a pair is
 * written as if it were a character (3 bytes). A text to be parsed is of the
 * same form; bytes that are not are refused, as Python refuses such a file.
 *
 * Time grows as n log n with the text whatever is in it; memory is at most
 * about 50 times the text ("[0,0,0,...") and the stack needs well under 1 MB.
 *
 * Source: Python 3.11, Lib/json/decoder.py and Modules/_json.c. */
#ifndef ORIGINAL_PYJSON_H
#define ORIGINAL_PYJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum py_kind {
    PY_NONE, PY_BOOL, PY_INT, PY_BIG, PY_FLOAT, PY_STR, PY_LIST, PY_DICT
};

/* PY_BIG is an integer that int64_t cannot hold: PY_INT to whoever asks for
 * its type, see py_is_int. */
struct py {
    enum py_kind kind;
    uint32_t     n;                 /* of a list or a dict: entries          */
    union {
        bool             yes;       /* PY_BOOL                               */
        int64_t          number;    /* PY_INT                                */
        double           real;      /* PY_FLOAT                              */
        struct { const char *bytes; size_t len; } text;  /* PY_STR; PY_BIG:
                                       its digits, perhaps after a '-';
                                       a NUL follows, NULs may be inside     */
        const struct py      *items;                     /* PY_LIST          */
        struct {                                         /* PY_DICT          */
            const struct py_pair *pairs;
            const uint32_t       *order;   /* how to find a key in a large
                                       dict; NULL in one that you build      */
        };
    } as;
};
struct py_pair { struct py key, value; };   /* key: PY_STR; no two are equal */

struct py_pool;
struct py_pool *py_pool_new(void);
/* Frees all values. Keeps some memory (to 16 MiB) for the next ones. */
void py_pool_clear(struct py_pool *pool);
void py_pool_free(struct py_pool *pool);    /* safe on NULL                   */
/* max_align_t aligned, not zeroed, never NULL, lives until the next clear. */
void *py_pool_take(struct py_pool *pool, size_t bytes);

/* The value of a whole text, or NULL: Python would raise (no JSON, something
 * behind it, nested deeper than PY_DEPTH_MAX, an integer of more than 4,300
 * digits), or it is longer than 4 GiB. The text may be freed afterwards. */
const struct py *py_parse(struct py_pool *pool, const char *text, size_t len);
#define PY_DEPTH_MAX 990   /* about where CPython's recursion limit strikes   */

/* The same when the text is trusted not to change while the values are used:
 * texts without escapes point into it, and then no NUL follows them. */
const struct py *py_parse_in_place(struct py_pool *pool, const char *text,
                                   size_t len);

/* Of a dict: the value of a key, NULL when there is none or `from` is NULL or
 * no dict. py_get takes a C string. */
const struct py *py_get(const struct py *from, const char *key);
const struct py *py_get_n(const struct py *from, const char *key, size_t len);

bool py_is_int(const struct py *v);          /* also PY_BIG; not a bool       */
/* This string? Safe on NULL. */
bool py_is_text(const struct py *v, const char *text);

/* a == b in Python: 1 == 1.0 == True, lists in order, dicts in any order,
 * an integer and a float only when exactly equal (2**63 == 2.0**63 but 2**53+1
 * != 2.0**53), NaN equals nothing (Python finds a NaN in a list that holds
 * the same object: never here). */
bool py_equal(const struct py *a, const struct py *b);

/* json.dumps-like text for messages, at most `size` (>= 4) bytes with the
 * NUL, ending in "…" when it had to be cut. Valid UTF-8 without control
 * characters; half a pair is shown as \udxxx. */
void py_show(const struct py *v, char *out, size_t size);

#endif
