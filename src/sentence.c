/* SPDX-License-Identifier: MIT */
/* sentence.c - see sentence.h. One pass from the left; each mark that could
 * end a sentence is first named (find_mark), then weighed by what follows
 * it (weigh). */
#include "sentence.h"

#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#define LEAST_WORDS 3
#define TOKEN_BYTES 12   /* longest abbreviation looked for, and one more */

/* When does a mark end a sentence? */
enum ends { ALWAYS, NEVER, BEFORE_CAPITAL, NOT_BEFORE_DIGIT };

/* All abbreviations, without their last dot. An entry that starts with a
 * capital is matched as written: "Gen." is a title, "gen" a word. */
static const struct abbreviation {
    const char *text;
    enum ends   ends;
} abbreviations[] = {
    {"Dr", NEVER},   {"Mr", NEVER},    {"Mrs", NEVER},  {"Ms", NEVER},
    {"Prof", NEVER}, {"St", NEVER},    {"Mt", NEVER},   {"Gen", NEVER},
    {"Col", NEVER},  {"Capt", NEVER},  {"Lt", NEVER},   {"Sgt", NEVER},
    {"Rev", NEVER},  {"Gov", NEVER},   {"Sen", NEVER},  {"Rep", NEVER},
    {"Messrs", NEVER},
    {"e.g", NEVER},  {"i.e", NEVER},   {"vs", NEVER},   {"cf", NEVER},
    {"viz", NEVER},  {"approx", NEVER}, {"esp", NEVER},
    {"a.m", BEFORE_CAPITAL},  {"p.m", BEFORE_CAPITAL},
    {"etc", BEFORE_CAPITAL},  {"Jr", BEFORE_CAPITAL},
    {"Sr", BEFORE_CAPITAL},   {"Inc", BEFORE_CAPITAL},
    {"Ltd", BEFORE_CAPITAL},  {"Co", BEFORE_CAPITAL},
    {"Corp", BEFORE_CAPITAL}, {"Ave", BEFORE_CAPITAL},
    {"Blvd", BEFORE_CAPITAL}, {"al", BEFORE_CAPITAL},
    {"tsp", BEFORE_CAPITAL},  {"tbsp", BEFORE_CAPITAL},
    {"hrs", BEFORE_CAPITAL},  {"mins", BEFORE_CAPITAL},
    {"no", NOT_BEFORE_DIGIT},  {"nos", NOT_BEFORE_DIGIT},
    {"p", NOT_BEFORE_DIGIT},   {"pp", NOT_BEFORE_DIGIT},
    {"fig", NOT_BEFORE_DIGIT}, {"vol", NOT_BEFORE_DIGIT},
    {"ch", NOT_BEFORE_DIGIT},  {"sec", NOT_BEFORE_DIGIT},
    {"Jan", NOT_BEFORE_DIGIT}, {"Feb", NOT_BEFORE_DIGIT},
    {"Mar", NOT_BEFORE_DIGIT}, {"Apr", NOT_BEFORE_DIGIT},
    {"Jun", NOT_BEFORE_DIGIT}, {"Jul", NOT_BEFORE_DIGIT},
    {"Aug", NOT_BEFORE_DIGIT}, {"Sep", NOT_BEFORE_DIGIT},
    {"Sept", NOT_BEFORE_DIGIT}, {"Oct", NOT_BEFORE_DIGIT},
    {"Nov", NOT_BEFORE_DIGIT}, {"Dec", NOT_BEFORE_DIGIT},
};

struct text {
    const char *at;
    size_t      len;
};

/* The character at i and its bytes; an invalid byte is -1 and 1 byte. */
static size_t look(const struct text *t, size_t i, utf8proc_int32_t *point)
{
    utf8proc_ssize_t n;

    if ((unsigned char)t->at[i] < 0x80) {
        *point = t->at[i];
        return 1;
    }
    n = utf8proc_iterate((const utf8proc_uint8_t *)t->at + i,
                         (utf8proc_ssize_t)(t->len - i), point);
    if (n > 0) return (size_t)n;
    *point = -1;
    return 1;
}

static bool has_category(utf8proc_int32_t c, int first, int last)
{
    int category = c < 0 ? -1 : (int)utf8proc_category(c);

    return category >= first && category <= last;
}

static bool is_letter(utf8proc_int32_t c)
{
    return has_category(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO);
}

static bool is_digit(utf8proc_int32_t c)
{
    return has_category(c, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

static bool is_capital(utf8proc_int32_t c)
{
    return has_category(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LU) ||
           has_category(c, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LT);
}

static bool is_break(utf8proc_int32_t c)
{
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static bool is_space(utf8proc_int32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') ||
           has_category(c, UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP);
}

static bool is_closer(utf8proc_int32_t c)
{
    return (c > 0 && c < 0x80 && strchr("\"')]}*_", (int)c)) ||
           c == 0x201d || c == 0x2019 || c == 0xbb;
}

/* Where the word that starts at i ends. */
static size_t skip_word(const struct text *t, size_t i)
{
    utf8proc_int32_t c, last = 0, after;

    while (i < t->len) {
        size_t n = look(t, i, &c);

        if (has_category(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_NO)) {
            last = c;
            i += n;
            continue;
        }
        if (i + n >= t->len) break;
        look(t, i + n, &after);
        if ((c == '\'' || c == 0x2019) && is_letter(last) && is_letter(after))
            i += n;
        else if ((c == '.' || c == ',') && is_digit(last) && is_digit(after))
            i += n;
        else
            break;
    }
    return i;
}

/* Start of the character before i. */
static size_t back(const struct text *t, size_t i)
{
    do i--;
    while (i > 0 && ((unsigned char)t->at[i] & 0xc0) == 0x80);
    return i;
}

/* Does a list item start at i? At the start of the text or of a line, or
 * behind a mark: "Two steps: 1. Open it." */
static bool starts_item(const struct text *t, size_t i)
{
    utf8proc_int32_t c;

    while (i > 0) {
        i = back(t, i);
        look(t, i, &c);
        if (is_break(c)) return true;
        if (!is_space(c))
            return c == ':' || c == ';' || c == '.' || c == '!' || c == '?';
    }
    return true;
}

/* What the single dot at `dot` means, by the token in front of it. */
static enum ends weigh_token(const struct text *t, size_t dot)
{
    char             token[TOKEN_BYTES + 1];
    size_t           start = dot, n, digits, dots = 0, capitals = 0;
    utf8proc_int32_t before;

    while (start > 0 && dot - start < TOKEN_BYTES &&
           ((unsigned char)t->at[start - 1] < 0x80) &&
           (is_letter(t->at[start - 1]) || is_digit(t->at[start - 1]) ||
            t->at[start - 1] == '.'))
        start--;
    n = dot - start;
    if (n == 0 || n == TOKEN_BYTES) return ALWAYS;
    if (start > 0) {
        look(t, back(t, start), &before);
        if (is_letter(before) || is_digit(before)) return ALWAYS;
    }
    memcpy(token, t->at + start, n);
    token[n] = '\0';

    digits = strspn(token, "0123456789");
    if (digits == n)
        return n <= 2 && starts_item(t, start) ? NEVER : ALWAYS;
    for (size_t i = 0; i < sizeof abbreviations / sizeof *abbreviations; i++) {
        const struct abbreviation *a = &abbreviations[i];
        if (is_capital(a->text[0]) ? strcmp(token, a->text) == 0
                                   : strcasecmp(token, a->text) == 0)
            return a->ends;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_capital(token[i])) capitals++;
        if (token[i] == '.') dots++;
    }
    /* "J." and "U.S." stand inside a sentence far more often than at its
     * end; the pronoun does not. */
    if (capitals == dots + 1 && n == capitals + dots &&
        strcmp(token, "I") != 0)
        return NEVER;
    return ALWAYS;
}

struct mark {
    size_t    end;          /* first byte behind the mark                 */
    size_t    piece_end;    /* where the piece ends, were this its end    */
    enum ends ends;
    bool      needs_space;  /* white space must follow                    */
};

static bool is_terminator(utf8proc_int32_t c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x2026;
}

/* Is the character c of n bytes at i a mark? `last` is the end of what is
 * visible before it. */
static bool find_mark(const struct text *t, size_t i, utf8proc_int32_t c,
                      size_t n, size_t last, bool clause, struct mark *m)
{
    bool behind_space = last < i;

    *m = (struct mark){i + n, i + n, ALWAYS, true};
    if (is_break(c)) {
        *m = (struct mark){i, last, ALWAYS, true};
        return true;
    }
    if (is_terminator(c)) {
        size_t dots = 0;
        bool   loud = false;

        for (m->end = i; m->end < t->len; m->end += n) {
            n = look(t, m->end, &c);
            if (!is_terminator(c)) break;
            dots += c == 0x2026 ? 3 : 1;
            if (c == '!' || c == '?') loud = true;
        }
        if (!loud) m->ends = dots > 1 ? BEFORE_CAPITAL : weigh_token(t, i);
        while (m->end < t->len) {
            n = look(t, m->end, &c);
            if (!is_closer(c)) break;
            m->end += n;
        }
        m->piece_end = m->end;
        return true;
    }
    if (!clause) return false;
    if (c == 0x2014) {
        m->needs_space = false;
        return true;
    }
    return c == ',' || c == ';' || c == ':' ||
           ((c == '-' || c == 0x2013) && behind_space);
}

enum verdict { IS_END, IS_NOT, WAIT };

/* What follows the mark decides. */
static enum verdict weigh(const struct text *t, const struct mark *m,
                          bool is_final)
{
    utf8proc_int32_t c      = 0;
    size_t           i      = m->end;
    bool             broken = false;

    if (m->ends == NEVER && i < t->len) return IS_NOT;
    while (i < t->len) {
        size_t n = look(t, i, &c);
        if (!is_space(c)) break;
        broken = broken || is_break(c);
        i += n;
    }
    if (i == t->len) return is_final ? IS_END : WAIT;
    if (i == m->end && m->needs_space) return IS_NOT;
    if (m->ends == BEFORE_CAPITAL && !broken && !is_capital(c)) return IS_NOT;
    if (m->ends == NOT_BEFORE_DIGIT && !broken && is_digit(c)) return IS_NOT;
    return IS_END;
}

/* Without the bytes of a character that has not arrived whole. */
static size_t whole_characters(const char *text, size_t len)
{
    for (size_t back_by = 1; back_by <= 3 && back_by <= len; back_by++) {
        unsigned char c = (unsigned char)text[len - back_by];

        if (c < 0x80) break;
        if (c >= 0xc0)
            return back_by < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u)
                       ? len - back_by : len;
    }
    return len;
}

static ptrdiff_t find_end(const char *text, size_t len, bool is_final,
                          bool clause, size_t least_words)
{
    struct text t     = {text, is_final ? len : whole_characters(text, len)};
    size_t      words = 0, last = 0;

    for (size_t i = 0; i < t.len;) {
        utf8proc_int32_t c;
        struct mark      mark;
        size_t           n = look(&t, i, &c);

        if (is_letter(c) || is_digit(c)) {
            i = last = skip_word(&t, i);
            words++;
            continue;
        }
        if (find_mark(&t, i, c, n, last, clause, &mark)) {
            enum verdict v =
                words < least_words ? IS_NOT : weigh(&t, &mark, is_final);

            if (v == IS_END) return (ptrdiff_t)mark.piece_end;
            if (v == WAIT) return -1;
            if (mark.end > i) {
                i = last = mark.end;
                continue;
            }
        }
        i += n;
        if (!is_space(c)) last = i;
    }
    return is_final && words > 0 ? (ptrdiff_t)last : -1;
}

ptrdiff_t sentence_end(const char *text, size_t len, bool is_final)
{
    return find_end(text, len, is_final, false, LEAST_WORDS);
}

ptrdiff_t sentence_clause_end(const char *text, size_t len, bool is_final)
{
    return find_end(text, len, is_final, true, LEAST_WORDS);
}

size_t sentence_words(const char *text, size_t len)
{
    struct text t     = {text, len};
    size_t      words = 0;

    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        size_t           n = look(&t, i, &c);

        if (is_letter(c) || is_digit(c)) {
            words++;
            n = skip_word(&t, i) - i;
        }
        i += n;
    }
    return words;
}

size_t sentence_count(const char *text, size_t len)
{
    size_t    count = 0;
    ptrdiff_t end;

    while ((end = find_end(text, len, true, false, 1)) > 0) {
        count++;
        text += end;
        len -= (size_t)end;
    }
    return count;
}
