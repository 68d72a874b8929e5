/* SPDX-License-Identifier: MIT */
/* ifeval_layout.c - rules about paragraphs, bullets, sections and marks.
 *
 * The original's fixed regular expressions, quoted above each, done by hand:
 * linear in the text whatever it holds. */
#include <stdlib.h>
#include <string.h>

#include "original/ifeval_regex.h"
#include "original/ifeval_rules.h"

static struct view part(struct view v, size_t from, size_t to)
{
    return (struct view){v.at + from, to - from};
}

/* The first place of a byte in [from, len), len when there is none. */
static size_t find_byte(struct view v, size_t from, char byte)
{
    const char *hit = from < v.len ? memchr(v.at + from, byte, v.len - from)
                                   : NULL;

    return hit ? (size_t)(hit - v.at) : v.len;
}

static bool has_at(struct view v, size_t at, const char *text, size_t n)
{
    return v.len - at >= n && memcmp(v.at + at, text, n) == 0;
}

/* The same for n equal bytes. */
static size_t find_run(struct view v, size_t from, char byte, size_t n)
{
    size_t found = 0;

    for (size_t i = find_byte(v, from, byte); i < v.len; i++) {
        found = v.at[i] == byte ? found + 1 : 0;
        if (found == n) return i + 1 - n;
        if (!found) {
            i = find_byte(v, i, byte);
            if (i < v.len) i--;
        }
    }
    return v.len;
}

/* Pieces between runs of n equal bytes: each is told, with whether it is the
 * first or the last; false ends it. */
static bool each_piece(struct view v, char byte, size_t n,
                       bool (*told)(void *ctx, struct view piece,
                                    bool at_an_end),
                       void *ctx)
{
    size_t from = 0;

    for (;;) {
        size_t to   = find_run(v, from, byte, n);
        bool   last = to == v.len;
        if (!told(ctx, part(v, from, to), from == 0 || last)) return false;
        if (last) return true;
        from = to + n;
    }
}

/* re.split(r"\s?\*\*\*\s?"): the white space makes no piece blank or not. */
static bool count_paragraph(void *ctx, struct view piece, bool at_an_end)
{
    if (!py_is_blank(piece)) ++*(size_t *)ctx;
    else if (!at_an_end) return false;
    return true;
}

static bool is_number(const struct ifeval_given *g, const char *key, size_t n)
{
    return (double)n == ifeval_number(g, key);
}

static bool reaches(const struct ifeval_given *g, const char *key, size_t n)
{
    return (double)n >= ifeval_number(g, key);
}

bool ifeval_number_paragraphs(const struct ifeval_given *g)
{
    size_t n = 0;

    return each_piece(g->text, '*', 3, count_paragraph, &n) &&
           is_number(g, "num_paragraphs", n);
}

struct answers { struct view first, second; size_t n; };

static bool count_answer(void *ctx, struct view piece, bool at_an_end)
{
    struct answers *a = ctx;

    piece = py_strip(piece);
    if (!piece.len) return at_an_end;
    if (a->n == 0) a->first = piece;
    a->second = piece;
    return ++a->n <= 2;
}

bool ifeval_two_responses(const struct ifeval_given *g)
{
    struct answers a = {.n = 0};

    return each_piece(g->text, '*', 6, count_answer, &a) && a.n == 2 &&
           !view_same(a.first, a.second);
}

/* -------------------------------------------------------- nth paragraph -- */

struct paragraphs {
    size_t      seen, full, wanted;    /* wanted: from 1, among all          */
    struct view found;
};

static bool count_full(void *ctx, struct view piece, bool at_an_end)
{
    struct paragraphs *p = ctx;

    (void)at_an_end;
    if (!py_is_blank(piece)) p->full++;
    if (++p->seen == p->wanted) p->found = py_strip(piece);
    return true;
}

static bool ends_first_word(uint32_t c)
{
    return c < 0x80 && c && strchr(".,?!'\"", (int)c);
}

/* Lower-cased letter by letter (so no sigma is final there), `word` as a
 * whole. */
static bool begins_with_word(struct view text, struct view word)
{
    size_t end = 0, used = 0, len;
    bool   same = true;

    for (size_t i = 0; i < text.len && !py_is_space(py_next(text, &i));)
        end = i;
    text = part(text, 0, end);
    while (text.len && *text.at == '\'') text = part(text, 1, text.len);
    while (text.len && *text.at == '"') text = part(text, 1, text.len);

    char *wanted = py_lower(word, &len);
    for (size_t i = 0; i < text.len && same;) {
        size_t from = i;
        char   small[16];
        if (ends_first_word(py_next(text, &i))) break;
        size_t n = py_lower_into(part(text, from, i), small);
        same = n <= len - used && memcmp(wanted + used, small, n) == 0;
        used += n;
    }
    free(wanted);
    return same && used == len;
}

bool ifeval_nth_paragraph_first_word(const struct ifeval_given *g)
{
    struct paragraphs p = {
        .wanted = (size_t)ifeval_number(g, "nth_paragraph")};

    each_piece(g->text, '\n', 2, count_full, &p);
    return p.wanted <= p.full && p.found.len &&
           is_number(g, "num_paragraphs", p.full) &&
           begins_with_word(p.found, ifeval_text(g, "first_word"));
}

/* ----------------------------------------------------------------- marks -- */

/* re.findall(r"\[.*?\]") */
bool ifeval_number_placeholders(const struct ifeval_given *g)
{
    struct view v = g->text;
    size_t n = 0, from = SIZE_MAX;    /* of the '[' that is open on this line */

    for (size_t i = 0; i < v.len; i++) {
        if (v.at[i] == '\n') from = SIZE_MAX;
        else if (v.at[i] == '[' && from == SIZE_MAX) from = i;
        else if (v.at[i] == ']' && from != SIZE_MAX) {
            n++;
            from = SIZE_MAX;
        }
    }
    return reaches(g, "num_placeholders", n);
}

/* re.findall(r"^\s*\*[^\*].*$") or, for '-', (r"^\s*-.*$"), by lines. White
 * space and the character behind '*' may be line ends. */
static size_t count_bullets(struct view v, char mark)
{
    size_t n = 0, line = 0;

    if (!memchr(v.at, mark, v.len)) return 0;
    while (line < v.len) {
        size_t at = line;
        for (size_t i = at; i < v.len && py_is_space(py_next(v, &i));) at = i;
        if (at == v.len) break;

        bool is_bullet = v.at[at] == mark &&
                         (mark == '-' ||
                          (at + 1 < v.len && v.at[at + 1] != '*'));
        size_t rest = at + 1;     /* where the rest of the line begins       */
        if (is_bullet && mark == '*' && v.at[rest] == '\n') rest++;
        n += is_bullet;
        size_t end = find_byte(v, is_bullet ? rest : at, '\n');
        /* An empty rest leaves us at the start of a line */
        line = is_bullet && end < v.len && v.at[end - 1] == '\n' ? end
                                                                 : end + 1;
    }
    return n;
}

bool ifeval_number_bullet_lists(const struct ifeval_given *g)
{
    return is_number(g, "num_bullets", count_bullets(g->text, '*') +
                                       count_bullets(g->text, '-'));
}

/* re.findall(r"\*[^\n\*]*\*") with one star at each end, with two
 * (r"\*\*[^\n\*]*\*\*"); those whose content is not blank. */
static size_t count_highlights(struct view v, size_t stars)
{
    size_t n = 0, at = find_byte(v, 0, '*');

    while (at < v.len) {
        if (!has_at(v, at, "**", stars)) {
            at = find_byte(v, at + 1, '*');
            continue;
        }
        size_t end = at + stars;
        while (end < v.len && v.at[end] != '*' && v.at[end] != '\n') end++;
        if (has_at(v, end, "**", stars)) {
            n += !py_is_blank(part(v, at + stars, end));
            at = find_byte(v, end + stars, '*');
        } else {
            at = find_byte(v, at + 1, '*');
        }
    }
    return n;
}

bool ifeval_number_highlighted_sections(const struct ifeval_given *g)
{
    return reaches(g, "num_highlights", count_highlights(g->text, 1) +
                                        count_highlights(g->text, 2));
}

/* re.findall(r"<<[^\n]+>>"), at most one a line: from its first "<<" to its
 * last ">>". */
static bool line_has_title(struct view line)
{
    size_t from = find_run(line, 0, '<', 2), to = line.len;

    if (from == line.len) return false;
    while (to >= 2 && !(line.at[to - 1] == '>' && line.at[to - 2] == '>'))
        to--;
    if (to < from + 5) return false;
    while (from < to && line.at[from] == '<') from++;
    while (to > from && line.at[to - 1] == '>') to--;
    return !py_is_blank(part(line, from, to));
}

bool ifeval_title(const struct ifeval_given *g)
{
    for (size_t from = 0; from < g->text.len;) {
        size_t end = find_byte(g->text, from, '\n');
        if (line_has_title(part(g->text, from, end))) return true;
        from = end + 1;
    }
    return false;
}

/* -------------------------------------------------------------- sections -- */

static bool is_plain(struct view v)
{
    for (size_t i = 0; i < v.len; i++)
        if (strchr(".^$*+?{}[]\\|()", v.at[i])) return false;   /* and NUL  */
    return v.len > 0;
}

/* r"\s?" + word + r"\s?\d+\s?" without a special character in the word. */
static size_t count_sections(struct view v, struct view word)
{
    size_t n = 0, at = 0;

    while ((at = find_byte(v, at, *word.at)) < v.len) {
        size_t end = at + word.len, next;
        if (!has_at(v, at++, word.at, word.len) || end == v.len) continue;
        next = end;
        uint32_t c = py_next(v, &next);
        if (py_is_space(c)) {
            if (next == v.len) continue;
            c = py_next(v, &next);
        }
        if (!py_is_decimal(c)) continue;
        n++;
        for (at = next; next < v.len; at = next)
            if (!py_is_decimal(py_next(v, &next))) break;
    }
    return n;
}

bool ifeval_multiple_sections(const struct ifeval_given *g)
{
    struct view word = py_strip(ifeval_text(g, "section_spliter"));

    return reaches(g, "num_sections",
                   is_plain(word) ? count_sections(g->text, word)
                                  : regex_count(REGEX_SECTION, word, g->text,
                                                g->is_utf8));
}
