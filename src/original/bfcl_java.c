/* SPDX-License-Identifier: MIT */
/* bfcl_java.c - a value written in Java, as the leaderboard reads it. */
#include "original/bfcl_foreign.h"

/* A value of which the type is not known. */
static struct py guess(const struct foreign *f, struct view v)
{
    struct py out;

    if (view_is(v, "true") || view_is(v, "false"))
        return foreign_bool(view_is(v, "true"));
    if (view_ends(v, '"', '"')) return foreign_text(view_inner(v));
    if (foreign_number(f->pool, v, DIGITS_ONLY, 'l', &out)) return out;
    if (foreign_number(f->pool, v, WITH_FRACTION | WITH_EXPONENT | AS_REAL,
                       'f', &out))
        return out;
    return foreign_guess(f->pool, v);
}

static struct py scalar(const struct foreign *f, struct view v,
                        struct view type)
{
    struct py out;
    bool      read = false;

    if (view_is(type, "byte") || view_is(type, "short") ||
        view_is(type, "integer"))
        read = foreign_number(f->pool, v, DIGITS_ONLY, 0, &out);
    else if (view_is(type, "float"))
        read = foreign_number(f->pool, v,
                              WITH_FRACTION | WITH_EXPONENT | AS_REAL, 'f',
                              &out);
    else if (view_is(type, "double"))
        read = foreign_number(f->pool, v,
                              WITH_FRACTION | WITH_EXPONENT | AS_REAL, 0,
                              &out);
    else if (view_is(type, "long"))
        read = foreign_number(f->pool, v, DIGITS_ONLY, 'l', &out);
    else if (view_is(type, "boolean") &&
             (view_is(v, "true") || view_is(v, "false")))
        return foreign_bool(view_is(v, "true"));
    return read ? out : foreign_text(v);
}

/* An item of a list; char and String lose what stands around them. */
static struct py item_value(const struct foreign *f, struct view v,
                            struct view item, bool quoted)
{
    const struct view none = {"", 0};

    if (item.len == 0) return guess(f, v);
    if (quoted && (view_is(item, "char") || view_is(item, "String")))
        return foreign_text(view_inner(v));
    return java_value(f, v, item, none);
}

static struct py as_list(const struct foreign *f, struct view pieces,
                         struct view item, bool is_array, struct view whole)
{
    struct foreign_list list = {.pool = f->pool};
    struct view         piece;

    for (size_t at = 0; next_piece(pieces, &at, &piece);) {
        piece = py_strip(piece);
        if (is_array && piece.len == 0) continue;
        if (!foreign_add(&list, item_value(f, piece, item, !is_array)))
            return foreign_text(whole);
    }
    return foreign_list_of(&list);
}

static struct py array_list(const struct foreign *f, struct view v,
                            struct view item)
{
    struct view         g[PATTERN_GROUPS], add[PATTERN_GROUPS];
    struct foreign_list list = {.pool = f->pool};

    if (pattern_find(f, PATTERN_JAVA_AS_LIST, v, 0, g))
        return as_list(f, g[1], item, false, v);
    if (!pattern_find(f, PATTERN_JAVA_ADDS, v, 0, g))
        return pattern_find(f, PATTERN_JAVA_EMPTY_LIST, v, 0, g)
                   ? foreign_list_of(&list)
                   : foreign_text(v);
    for (size_t at = 0; pattern_find(f, PATTERN_JAVA_ADD, g[1], at, add);) {
        at = (size_t)(add[0].at - g[1].at) + add[0].len;
        if (!foreign_add(&list, item_value(f, py_strip(add[1]), item, true)))
            return foreign_text(v);
    }
    return foreign_list_of(&list);
}

static struct py hash_map(const struct foreign *f, struct view v)
{
    struct view         g[PATTERN_GROUPS], put[PATTERN_GROUPS];
    struct foreign_dict map = {.pool = f->pool};

    if (!pattern_find(f, PATTERN_JAVA_MAP, v, 0, g))
        return pattern_find(f, PATTERN_JAVA_EMPTY_MAP, v, 0, g)
                   ? foreign_dict_of(&map)
                   : foreign_text(v);
    for (size_t at = 0; pattern_find(f, PATTERN_JAVA_PUT, g[1], at, put);) {
        at = (size_t)(put[0].at - g[1].at) + put[0].len;
        if (!foreign_set(&map, put[1], guess(f, py_strip(put[2]))))
            return foreign_text(v);
    }
    return foreign_dict_of(&map);
}

struct py java_value(const struct foreign *f, struct view text,
                     struct view type, struct view item)
{
    struct view g[PATTERN_GROUPS];

    if (view_is(type, "ArrayList")) return array_list(f, text, item);
    if (view_is(type, "HashMap")) return hash_map(f, text);
    if (view_is(type, "Array"))
        return pattern_find(f, PATTERN_JAVA_ARRAY, text, 0, g)
                   ? as_list(f, g[1], item, true, text)
                   : foreign_text(text);
    return scalar(f, text, type);
}
