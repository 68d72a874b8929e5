/* SPDX-License-Identifier: MIT */
/* punkt_token.c - see punkt_token.h. */
#include "original/punkt_token.h"

#include "original/nltk_class.h"

enum {
    SPACE   = 1,
    NONWORD = 2,
    NOSTART = 4      /* cannot be the first character of a word */
};

static const unsigned char ascii[0x80] = {
    ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE,
    ['\r'] = SPACE, [' '] = SPACE,
    ['?'] = NONWORD, ['!'] = NONWORD, ['\''] = NONWORD,
    ['('] = NONWORD | NOSTART, [')'] = NONWORD | NOSTART,
    ['['] = NONWORD | NOSTART, [']'] = NONWORD | NOSTART,
    ['{'] = NONWORD | NOSTART, ['}'] = NONWORD | NOSTART,
    ['"'] = NONWORD | NOSTART, ['*'] = NONWORD | NOSTART,
    [':'] = NONWORD | NOSTART, [';'] = NONWORD | NOSTART,
    ['@'] = NONWORD | NOSTART,
    ['`'] = NOSTART, ['&'] = NOSTART, ['#'] = NOSTART, ['-'] = NOSTART,
    [','] = NOSTART,
};

static unsigned class_of(uint32_t c)
{
    if (c < 0x80) return ascii[c];
    if (nltk_is_space(c)) return SPACE;
    return c == 0x2018 || c == 0x2019 || c == 0x201C || c == 0x201D ||
           c == 0xAB || c == 0xBB ? NONWORD : 0;
}

bool punkt_is_nonword(uint32_t c)
{
    return class_of(c) & NONWORD;
}

/* Is there this character at i? */
static bool is_at(struct view v, size_t i, char c)
{
    return i < v.len && v.at[i] == c;
}

/* Behind the white space character at i, or i when there is none. */
static size_t skip_space(struct view v, size_t i)
{
    size_t after = i;

    if (i >= v.len) return i;
    return class_of(py_next(v, &after)) & SPACE ? after : i;
}

/* Behind a period and the white space character that follows it, or i. */
static size_t skip_pair(struct view v, size_t i)
{
    size_t after;

    if (!is_at(v, i, '.')) return i;
    after = skip_space(v, i + 1);
    return after > i + 1 ? after : i;
}

/* Does "--", ".." or ". . ." start at i? */
static bool starts_run(struct view v, size_t i)
{
    size_t once, twice;

    if (is_at(v, i, '-')) return is_at(v, i + 1, '-');
    if (!is_at(v, i, '.')) return false;
    if (is_at(v, i + 1, '.')) return true;
    once = skip_pair(v, i);
    twice = skip_pair(v, once);
    return once > i && twice > once && is_at(v, twice, '.');
}

/* Where the run that starts at i ends. A run of periods with white space
 * between ends with a period; a pair too many is given back. */
static size_t run_end(struct view v, size_t i)
{
    char   c     = v.at[i];
    size_t last  = i, next;

    if (is_at(v, i + 1, c)) {
        while (is_at(v, i, c)) i++;
        return i;
    }
    while ((next = skip_pair(v, i)) > i) {
        last = i;
        i = next;
    }
    return is_at(v, i, '.') ? i + 1 : last + 1;
}

/* Does a word end before i? */
static bool is_end(struct view v, size_t i)
{
    size_t after = i;

    if (i >= v.len) return true;
    if (class_of(py_next(v, &after)) & (SPACE | NONWORD)) return true;
    if (v.at[i] != ',') return starts_run(v, i);
    i++;
    if (i >= v.len || starts_run(v, i)) return true;
    return class_of(py_next(v, &i)) & (SPACE | NONWORD);
}

bool punkt_next_token(struct view line, size_t *i, struct view *token)
{
    size_t   start = *i, end = *i;
    unsigned class = SPACE;

    while (end < line.len && class & SPACE) {
        start = end;
        class = class_of(py_next(line, &end));
    }
    if (class & SPACE) {
        *i = line.len;
        return false;
    }
    if (starts_run(line, start))
        end = run_end(line, start);
    else if (!(class & NOSTART))
        while (!is_end(line, end)) (void)py_next(line, &end);
    *token = (struct view){line.at + start, end - start};
    *i = end;
    return true;
}
