/* SPDX-License-Identifier: MIT */
/* ifeval_frame.c - rules about what a response is as a whole, begins with or
 * ends with. */
#include <stdlib.h>
#include <string.h>

#include "original/ifeval_regex.h"
#include "original/ifeval_rules.h"

/* ------------------------------------------------------------ postscript -- */

/* Behind an optional white space at `at`. */
static size_t past_space(struct view v, size_t at)
{
    size_t next = at;

    return at < v.len && py_is_space(py_next(v, &next)) ? next : at;
}

static bool is_small(struct view v, size_t at, char letter)
{
    return at < v.len && (v.at[at] | 0x20) == letter;
}

/* In lower(): r"p\.\s?p\.\s?s" and r"p\.\s?s\." */
static bool has_postscript(struct view v, bool twice)
{
    for (size_t i = 0; i + 3 < v.len; i++) {
        if (v.at[i + 1] != '.' || !is_small(v, i, 'p')) continue;
        size_t at = past_space(v, i + 2);
        if (!is_small(v, at, twice ? 'p' : 's') || at + 1 >= v.len ||
            v.at[at + 1] != '.')
            continue;
        if (!twice || is_small(v, past_space(v, at + 2), 's')) return true;
    }
    return false;
}

bool ifeval_postscript(const struct ifeval_given *g)
{
    struct view marker = py_strip(ifeval_text(g, "postscript_marker"));
    size_t      len;

    if (view_same(marker, view_of("P.P.S")))
        return has_postscript(g->text, true);
    if (view_same(marker, view_of("P.S.")))
        return has_postscript(g->text, false);
    char *lower = py_lower(g->text, &len);
    bool  found = regex_found(REGEX_POSTSCRIPT, marker,
                              (struct view){lower, len}, true);
    free(lower);
    return found;
}

/* ------------------------------------------------------ fixed responses -- */

bool ifeval_constrained_response(const struct ifeval_given *g)
{
    static const char *const endings[] = {"yes.", "no.", "maybe."};
    static const char start[] = "My answer is ";
    const size_t n = sizeof start - 1;

    for (size_t i = 0; i + n < g->text.len; i++) {
        const char *hit = memchr(g->text.at + i, 'M', g->text.len - n - i);
        if (!hit) return false;
        i = (size_t)(hit - g->text.at);
        if (memcmp(hit, start, n) != 0) continue;
        for (size_t k = 0; k < 3; k++) {
            size_t len = strlen(endings[k]);
            if (g->text.len - i - n >= len &&
                memcmp(hit + n, endings[k], len) == 0)
                return true;
        }
    }
    return false;
}

bool ifeval_quotation(const struct ifeval_given *g)
{
    struct view v = py_strip(g->text);

    return v.len > 1 && v.at[0] == '"' && v.at[v.len - 1] == '"';
}

static bool cut_start(struct view *v, const char *start)
{
    size_t n = strlen(start);

    if (v->len < n || memcmp(v->at, start, n) != 0) return false;
    v->at  += n;
    v->len -= n;
    return true;
}

/* Each of these once and in this order, found or not. */
bool ifeval_json_format(const struct ifeval_given *g)
{
    static const char *const fences[] = {"```json", "```Json", "```JSON",
                                         "```"};
    struct view v = py_strip(g->text);

    for (size_t i = 0; i < sizeof fences / sizeof *fences; i++)
        cut_start(&v, fences[i]);
    if (v.len >= 3 && memcmp(v.at + v.len - 3, "```", 3) == 0) v.len -= 3;
    v = py_strip(v);
    return py_parse_in_place(g->pool, v.at, v.len) != NULL;
}

/* ------------------------------------------- beginnings and ends in lower() */

static int small(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : (unsigned char)c;
}

/* 1: yes; 0: no; -1: not to be told by ASCII alone. */
static int ascii_touches(struct view text, struct view part, bool at_end)
{
    for (size_t i = 0; i < part.len; i++) {
        if (i == text.len) return 0;
        char a = text.at[at_end ? text.len - 1 - i : i];
        char b = part.at[at_end ? part.len - 1 - i : i];
        if ((a & 0x80) || (b & 0x80)) return -1;
        if (small(a) != small(b)) return 0;
    }
    return 1;
}

/* Does text.lower() start or end with part.lower()? Made small as a whole
 * when a letter is not ASCII: what becomes of it depends on its neighbours. */
static bool small_touches(struct view text, struct view part, bool at_end)
{
    int    told = ascii_touches(text, part, at_end);
    size_t n, m;

    if (told >= 0) return told;
    char *whole = py_lower(text, &n);
    char *piece = py_lower(part, &m);
    bool  same  = m <= n &&
                  memcmp(at_end ? whole + n - m : whole, piece, m) == 0;
    free(whole);
    free(piece);
    return same;
}

bool ifeval_repeat_prompt(const struct ifeval_given *g)
{
    return small_touches(py_strip(g->text),
                         py_strip(ifeval_text(g, "prompt_to_repeat")), false);
}

bool ifeval_end_checker(const struct ifeval_given *g)
{
    return small_touches(py_strip_of(py_strip(g->text), "\""),
                         py_strip(ifeval_text(g, "end_phrase")), true);
}
