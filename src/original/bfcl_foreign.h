/* SPDX-License-Identifier: MIT */
/* bfcl_foreign.h - what reading Java and JavaScript as the leaderboard does
 * have in common: both are read by regular expressions of Python, and all
 * that is not understood stays a text. */
#ifndef ORIGINAL_BFCL_FOREIGN_H
#define ORIGINAL_BFCL_FOREIGN_H

#include "original/bfcl_internal.h"
#include "original/pytext.h"

enum pattern {
    PATTERN_JAVA_AS_LIST, PATTERN_JAVA_ADDS, PATTERN_JAVA_ADD,
    PATTERN_JAVA_EMPTY_LIST, PATTERN_JAVA_ARRAY, PATTERN_JAVA_MAP,
    PATTERN_JAVA_PUT, PATTERN_JAVA_EMPTY_MAP,
    PATTERN_JS_ARRAY_2D, PATTERN_JS_INNER, PATTERN_JS_ARRAY, PATTERN_JS_DICT,
    PATTERN_JS_PAIR,
    N_PATTERNS
};

/* A text in the language. Views of its parts point into `text`. */
struct foreign {
    struct py_pool *pool;
    struct view     text;
    const char     *safe;    /* the same bytes, but halves of surrogate pairs
                                are other characters that are no letters:
                                they are no UTF-8 to the matcher            */
};
struct foreign foreign_of(struct py_pool *pool, struct view text);

/* re.search from byte `from` on (re.match for those of JavaScript that start
 * an expression); groups[0] is the whole match, one that took no part has no
 * `at`. false also when the search takes too long, and for a part of more than
 * FOREIGN_TEXT_MAX bytes: some of the original's patterns take time that grows
 * with the square of the text, or worse. */
#define PATTERN_GROUPS   3
#define FOREIGN_TEXT_MAX 16384
bool pattern_find(const struct foreign *f, enum pattern which,
                  struct view part, size_t from,
                  struct view groups[PATTERN_GROUPS]);

/* Values of Python, in the pool; texts point into their source. */
struct py foreign_text(struct view v);
struct py foreign_bool(bool yes);

/* A growing list, or object in which the last of two equal keys counts, at
 * the place of the first. At most FOREIGN_ITEMS_MAX; more are refused. */
struct foreign_list {
    struct py_pool *pool;
    struct py      *items;
    size_t          n, room;
};
struct foreign_dict {
    struct py_pool *pool;
    struct py_pair *pairs;
    size_t          n, room;
};
#define FOREIGN_ITEMS_MAX 10000
#define FOREIGN_KEYS_MAX  1000
bool      foreign_add(struct foreign_list *l, struct py value);
bool      foreign_set(struct foreign_dict *d, struct view key,
                      struct py value);
struct py foreign_list_of(const struct foreign_list *l);
struct py foreign_dict_of(const struct foreign_dict *d);

/* str.split(","): the piece at *at, and *at behind its comma; false after the
 * last. Starts with *at 0; a text of no bytes has one piece. */
bool next_piece(struct view text, size_t *at, struct view *piece);

bool view_is(struct view v, const char *text);
bool view_ends(struct view v, char first, char last);   /* startswith and
                                                           endswith          */
struct view view_inner(struct view v);   /* v[1:-1] in characters            */

/* A number written with digits of any script, and nothing else but one line
 * end behind it: "-?\d+", then perhaps a fraction, an exponent (bits of
 * `parts`), then the character `suffix` in either case, when it is not 0.
 * Becomes an integer when no part may follow, else a number. */
enum { DIGITS_ONLY = 0, WITH_FRACTION = 1, WITH_EXPONENT = 2, AS_REAL = 4 };
bool foreign_number(struct py_pool *pool, struct view v, int parts,
                    char suffix, struct py *out);

/* int(text), or float(text) where that fails; else the text. */
struct py foreign_guess(struct py_pool *pool, struct view v);

/* A value of this type (its name in the language; item: that of its items, or
 * an empty view), read from a part of f->text. *unsound: the original stops. */
struct py java_value(const struct foreign *f, struct view text,
                     struct view type, struct view item);
struct py javascript_value(const struct foreign *f, struct view text,
                           struct view type, struct view item,
                           bool *unsound);

#endif
