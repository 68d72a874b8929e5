/* SPDX-License-Identifier: MIT */
/* ifeval_escape.c - characters, escapes and classes of a Python regular
 * expression, written for PCRE2. The classes are spelled out: \s has other
 * members there, and \w from PCRE2 10.43 on. */
#include <string.h>

#include "original/ifeval_translate.h"

/* White space, and everything else. */
#define SPACES    "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}"      \
                  "\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"  \
                  "\\x{3000}"
#define NO_SPACES "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}"               \
                  "\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"      \
                  "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"                   \
                  "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"                   \
                  "\\x{3001}-\\x{10ffff}"
#define WORDS     "\\p{L}\\p{N}_"
/* Connectors but the underscore, one by one. */
#define NO_WORDS  "\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}"         \
                  "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}"            \
                  "\\x{fe4d}-\\x{fe4f}\\x{ff3f}\\p{S}\\p{Z}\\p{C}"
#define AT_EDGE   "(?:(?<=[" WORDS "])(?![" WORDS "])|"                      \
                  "(?<![" WORDS "])(?=[" WORDS "]))"
#define NO_EDGE   "(?:(?<=[" WORDS "])(?=[" WORDS "])|"                      \
                  "(?<![" WORDS "])(?![" WORDS "]))"

/* Characters that are one letter to IGNORECASE and not to PCRE2. */
static const uint32_t alike[][4] = {
    {'I', 'i', 0x130, 0x131}, {0x390, 0x1FD3, 0, 0},
    {0x3B0, 0x1FE3, 0, 0}, {0xFB05, 0xFB06, 0, 0},
};
#define N_ALIKE (sizeof alike / sizeof *alike)

/* ------------------------------------------------------------- characters - */

int regex_refuse(struct reader *r, const char *why)
{
    return err_set(r->err, ERR_INPUT, "not a regular expression: %s at "
                   "byte %zu", why, r->at);
}

uint32_t regex_peek(const struct reader *r)
{
    size_t i = r->at;

    return i < r->src.len ? py_next(r->src, &i) : REGEX_END;
}

uint32_t regex_take(struct reader *r)
{
    return r->at < r->src.len ? py_next(r->src, &r->at) : REGEX_END;
}

bool regex_take_if(struct reader *r, uint32_t c)
{
    if (regex_peek(r) != c) return false;
    r->at++;
    return true;
}

bool regex_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_octal(uint32_t c)
{
    return c >= '0' && c <= '7';
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_digit(uint32_t c)
{
    if (regex_is_digit(c)) return (int)(c - '0');
    if (c >= 'a' && c <= 'f') return (int)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return (int)(c - 'A' + 10);
    return -1;
}

/* Half a surrogate pair is U+FFFD in the texts that PCRE2 sees, too. */
static void put(struct reader *r, uint32_t c)
{
    if (c >= 0xD800 && c <= 0xDFFF) c = 0xFFFD;
    if (is_letter(c) || regex_is_digit(c)) {
        char one = (char)c;
        strbuf_addn(r->out, &one, 1);
    } else {
        strbuf_addf(r->out, "\\x{%x}", (unsigned)c);
    }
}

/* The others of the letters that lie in low..high, for a class. */
static void put_alike(struct reader *r, uint32_t low, uint32_t high)
{
    for (size_t i = 0; i < N_ALIKE; i++) {
        bool hit = false;
        for (size_t k = 0; k < 4; k++)
            hit |= alike[i][k] && alike[i][k] >= low && alike[i][k] <= high;
        for (size_t k = 0; hit && k < 4; k++)
            if (alike[i][k]) put(r, alike[i][k]);
    }
}

static bool has_alike(uint32_t c)
{
    for (size_t i = 0; i < N_ALIKE; i++)
        for (size_t k = 0; k < 4; k++)
            if (c && alike[i][k] == c) return true;
    return false;
}

void regex_literal(struct reader *r, struct flags f, uint32_t c)
{
    if (!f.any_case || !has_alike(c)) {
        put(r, c);
        return;
    }
    strbuf_add(r->out, "[");
    put_alike(r, c, c);
    strbuf_add(r->out, "]");
}

/* ---------------------------------------------------------------- escapes - */

static int hex_escape(struct reader *r, int digits, uint32_t *c)
{
    *c = 0;
    for (int i = 0; i < digits; i++) {
        int digit = hex_digit(regex_peek(r));
        if (digit < 0) return regex_refuse(r, "incomplete escape");
        *c = *c << 4 | (uint32_t)digit;
        r->at++;
    }
    return *c > 0x10FFFF ? regex_refuse(r, "no such character") : 0;
}

/* Escapes that mean one character inside a class and outside; `c` has been
 * read. 1: *value is it; 0: it is none of those; -1: refused. */
static int escaped_character(struct reader *r, uint32_t c, uint32_t *value)
{
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *known = c < 0x80 && c ? strchr(letters, (int)c) : NULL;

    if (known) {
        *value = (uint32_t)values[known - letters];
        return 1;
    }
    if (c == 'x' || c == 'u' || c == 'U')
        return hex_escape(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, value) ? -1 : 1;
    if (c == REGEX_END) return regex_refuse(r, "backslash at the end");
    if (c == 'N') return regex_refuse(r, "\\N is not done here");
    if (is_letter(c)) return 0;
    if (regex_is_digit(c)) return 0;
    *value = c;
    return 1;
}

/* What \d and the like stand for inside a class; NULL: no such escape. */
static const char *category(uint32_t c)
{
    switch (c) {
    case 'd': return "\\p{Nd}";
    case 'D': return "\\P{Nd}";
    case 's': return SPACES;
    case 'S': return NO_SPACES;
    case 'w': return WORDS;
    case 'W': return NO_WORDS;
    default:  return NULL;
    }
}

int regex_refer(struct reader *r, unsigned group, struct width *w)
{
    if (!group || group >= r->n_groups)
        return regex_refuse(r, "reference to no group");
    if (!r->groups[group].is_closed)
        return regex_refuse(r, "reference to an open group");
    if (r->behind && group >= r->behind)
        return regex_refuse(r, "reference within a lookbehind");
    strbuf_addf(r->out, "\\g{%u}", group);
    *w = r->groups[group].width;
    return 0;
}

/* \1 to \99 are references, \0, \012 and \123 are characters; `c`, a digit,
 * has been read. */
static int number_escape(struct reader *r, struct flags f, uint32_t c,
                         struct width *w)
{
    unsigned value = (unsigned)(c - '0');

    if (c == '0') {
        for (int i = 0; i < 2 && is_octal(regex_peek(r)); i++)
            value = value * 8 + (unsigned)(regex_take(r) - '0');
        regex_literal(r, f, value);
        return 0;
    }
    if (regex_is_digit(regex_peek(r))) {
        uint32_t second = regex_take(r);
        if (is_octal(c) && is_octal(second) && is_octal(regex_peek(r))) {
            value = value * 64 + (unsigned)(second - '0') * 8 +
                    (unsigned)(regex_take(r) - '0');
            if (value > 0377) return regex_refuse(r, "octal escape above 377");
            regex_literal(r, f, value);
            return 0;
        }
        value = value * 10 + (unsigned)(second - '0');
    }
    return regex_refer(r, value, w);
}

int regex_escape(struct reader *r, struct flags f, struct width *w,
                  enum item *item)
{
    uint32_t    c = regex_take(r), value;
    const char *members = category(c);

    *item = ITEM_OTHER;
    *w    = (struct width){1, 1};
    if (members) {
        strbuf_addf(r->out, "[%s]", members);
        return 0;
    }
    if (c == 'A' || c == 'Z' || c == 'b' || c == 'B') {
        strbuf_add(r->out, c == 'A' ? "\\A" : c == 'Z' ? "\\z" :
                           c == 'b' ? AT_EDGE : NO_EDGE);
        *item = ITEM_PLACE;
        *w    = (struct width){0, 0};
        return 0;
    }
    if (regex_is_digit(c)) return number_escape(r, f, c, w);

    int known = escaped_character(r, c, &value);
    if (known < 0) return -1;
    if (!known) return regex_refuse(r, "unknown escape");
    regex_literal(r, f, value);
    return 0;
}

/* ---------------------------------------------------------------- classes - */

/* One end of a range, or a category: *members, to be added as it is. */
static int member(struct reader *r, uint32_t *value, const char **members)
{
    uint32_t c = regex_take(r);

    *members = NULL;
    *value   = c;
    if (c == REGEX_END) return regex_refuse(r, "unterminated class");
    if (c != '\\') return 0;
    c        = regex_take(r);
    *members = category(c);
    if (*members) return 0;
    if (c == 'b') {
        *value = '\b';
        return 0;
    }
    if (is_octal(c)) {
        *value = c - '0';
        for (int i = 0; i < 2 && is_octal(regex_peek(r)); i++)
            *value = *value * 8 + (regex_take(r) - '0');
        return *value > 0377 ? regex_refuse(r, "octal escape above 377") : 0;
    }
    int known = escaped_character(r, c, value);
    if (known == 0) return regex_refuse(r, "unknown escape");
    return known < 0 ? -1 : 0;
}

static void put_range(struct reader *r, struct flags f, uint32_t low,
                      uint32_t high)
{
    bool from_half = low >= 0xD800 && low <= 0xDFFF;
    bool to_half   = high >= 0xD800 && high <= 0xDFFF;

    if (f.any_case) put_alike(r, low, high);
    if (low == high || (from_half && to_half)) {
        put(r, low);
        return;
    }
    put(r, from_half ? 0xE000 : low);
    strbuf_add(r->out, "-");
    put(r, to_half ? 0xD7FF : high);
}

/* Behind '['. */
int regex_class(struct reader *r, struct flags f)
{
    bool any = false;

    strbuf_add(r->out, regex_take_if(r, '^') ? "[^" : "[");
    for (;;) {
        uint32_t    low, high;
        const char *members, *more;

        if (any && regex_take_if(r, ']')) break;
        any = true;
        if (member(r, &low, &members)) return -1;
        if (members) strbuf_add(r->out, members);
        if (!regex_take_if(r, '-')) {
            if (!members) put_range(r, f, low, low);
            continue;
        }
        if (regex_take_if(r, ']')) {
            if (!members) put_range(r, f, low, low);
            put(r, '-');
            break;
        }
        if (member(r, &high, &more)) return -1;
        if (members || more || high < low)
            return regex_refuse(r, "bad character range");
        put_range(r, f, low, high);
    }
    strbuf_add(r->out, "]");
    return 0;
}
