/* SPDX-License-Identifier: MIT */
/* bfcl_javascript.c - a value written in JavaScript, as the leaderboard reads
 * it. */
#include "original/bfcl_foreign.h"

static bool is_quoted(struct view v)
{
    return view_ends(v, '"', '"') || view_ends(v, '\'', '\'');
}

/* A value of which the type is not known. */
static struct py guess(const struct foreign *f, struct view v)
{
    v = py_strip(v);
    if (view_is(v, "true") || view_is(v, "false"))
        return foreign_bool(view_is(v, "true"));
    if (is_quoted(v)) return foreign_text(view_inner(v));
    return foreign_guess(f->pool, v);
}

/* Lists in a list, one level deep. */
static struct py array_2d(const struct foreign *f, struct view all,
                          struct view whole)
{
    struct foreign_list rows = {.pool = f->pool};
    struct view         g[PATTERN_GROUPS], piece;

    for (size_t at = 0; pattern_find(f, PATTERN_JS_INNER, all, at, g);) {
        struct foreign_list row = {.pool = f->pool};
        struct view inner = py_strip(g[1]);
        at = (size_t)(g[0].at - all.at) + g[0].len;
        if (rows.n == 0 && inner.len && inner.at[0] == '[') {
            inner.at++;
            inner.len--;
        }
        for (size_t in = 0; next_piece(inner, &in, &piece);)
            if (!foreign_add(&row, guess(f, piece)))
                return foreign_text(whole);
        if (!foreign_add(&rows, foreign_list_of(&row)))
            return foreign_text(whole);
    }
    return foreign_list_of(&rows);
}

#define LEVELS_MAX 100   /* each loses a character at least: far more text */

static struct py read(const struct foreign *f, struct view text,
                      struct view type, struct view item, int level,
                      bool *unsound);

static struct py array(const struct foreign *f, struct view code,
                       struct view item, int level)
{
    const struct view   string = view_of("String"), none = {"", 0};
    struct foreign_list list   = {.pool = f->pool};
    struct view         g[PATTERN_GROUPS], pieces, piece;

    if (pattern_find(f, PATTERN_JS_ARRAY_2D, code, 0, g))
        return array_2d(f, g[0], code);
    if (!pattern_find(f, PATTERN_JS_ARRAY, code, 0, g))
        return foreign_text(code);
    pieces = py_strip(g[1].at ? g[1] : g[2]);
    if (pieces.len == 0) return foreign_list_of(&list);
    for (size_t at = 0; next_piece(pieces, &at, &piece);) {
        bool      failed = false;
        struct py one;

        piece = py_strip(piece);
        if (item.len == 0) {
            one = guess(f, piece);
        } else {
            bool quoted = piece.len &&
                          (piece.at[0] == '\'' || piece.at[0] == '"');
            one = read(f, piece, item, quoted ? string : none, level + 1,
                       &failed);
        }
        if (failed || !foreign_add(&list, one)) return foreign_text(code);
    }
    return foreign_list_of(&list);
}

static struct view without_quotes(struct view v)
{
    return py_strip_of(v, "'\"");
}

static struct py dict(const struct foreign *f, struct view code, int level)
{
    const struct view   none = {"", 0};
    struct foreign_dict map  = {.pool = f->pool};
    struct view         g[PATTERN_GROUPS], inside;

    if (view_is(code, "{}")) return foreign_dict_of(&map);
    if (!pattern_find(f, PATTERN_JS_DICT, code, 0, g))
        return foreign_text(code);
    inside = g[1];
    for (size_t at = 0; pattern_find(f, PATTERN_JS_PAIR, inside, at, g);) {
        struct view key   = without_quotes(py_strip(g[1]));
        struct view value = py_strip(g[2]);
        struct py   one;
        bool        unsound = false;

        at = (size_t)(g[0].at - inside.at) + g[0].len;
        if (view_ends(value, '[', ']'))
            one = read(f, value, view_of("array"), none, level + 1,
                       &unsound);
        else if (view_ends(value, '{', '}'))
            one = read(f, value, view_of("dict"), none, level + 1,
                       &unsound);
        else
            one = guess(f, without_quotes(value));
        if (!foreign_set(&map, key, one)) return foreign_text(code);
    }
    return foreign_dict_of(&map);
}

static struct py read(const struct foreign *f, struct view text,
                      struct view type, struct view item, int level,
                      bool *unsound)
{
    struct py out;
    bool      number = false;

    if (view_is(type, "String"))
        return foreign_text(is_quoted(text) ? view_inner(text) : text);
    if (view_is(type, "Boolean"))
        return view_is(text, "true") || view_is(text, "false")
                   ? foreign_bool(view_is(text, "true"))
                   : foreign_text(text);
    if (level <= LEVELS_MAX && view_is(type, "dict"))
        return dict(f, py_strip(text), level);
    if (level <= LEVELS_MAX && view_is(type, "array"))
        return array(f, py_strip(text), item, level);
    if (view_is(type, "integer"))
        number = foreign_number(f->pool, text, DIGITS_ONLY, 0, &out);
    else if (view_is(type, "float"))
        number = foreign_number(f->pool, text, WITH_FRACTION | AS_REAL, 0,
                                &out);
    else if (view_is(type, "Bigint"))
        number = foreign_number(f->pool, text, DIGITS_ONLY, 'n', &out);
    else if (!view_is(type, "any"))
        *unsound = true;
    return number ? out : foreign_text(text);
}

struct py javascript_value(const struct foreign *f, struct view text,
                           struct view type, struct view item, bool *unsound)
{
    return read(f, text, type, item, 0, unsound);
}
