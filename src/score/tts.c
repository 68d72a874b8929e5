/* SPDX-License-Identifier: MIT */
/* tts.c - see tts.h. The text is cut at white space; each token, without the
 * marks around it, is one of the things below or nothing. Figures are in
 * tts_figures.c, names in tts_names.c. */
#include "score/tts.h"

#include <string.h>
#include <strings.h>

#include "score/tts_token.h"

/* ---- cutting ----------------------------------------------------------- */

/* Bytes of white space at `at`, also the narrow and the unbreakable kind. */
static size_t blank(const char *at)
{
    if (*at == ' ' || (*at >= '\t' && *at <= '\r')) return 1;
    if (strncmp(at, "\xC2\xA0", 2) == 0) return 2;
    if (strncmp(at, "\xE2\x80\xAF", 3) == 0) return 3;
    return 0;
}

static const char *skip_blanks(const char *at)
{
    size_t n;

    while ((n = blank(at)) > 0) at += n;
    return at;
}

/* Marks that may stand around a word. */
static const char *const marks[] = {
    "(", ")", "[", "]", "\"", "'", "*", "_", ",", ";", ":", "!", "?", ".",
    "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "\xE2\x80\x98",
    "\xE2\x80\x99", "\xC2\xAB", "\xC2\xBB", "\xC2\xBF", "\xC2\xA1",
    "\xE2\x80\xA6",
};

static size_t mark_at(const char *at, size_t len, bool at_end)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);

        if (n <= len && memcmp(at_end ? at + len - n : at, marks[i], n) == 0)
            return n;
    }
    return 0;
}

static const char *read_token(const char *at, struct token *t)
{
    size_t n;

    *t = (struct token){.raw = at};
    while (at[t->raw_len] && blank(at + t->raw_len) == 0) t->raw_len++;
    t->at  = at;
    t->len = t->raw_len;
    while ((n = mark_at(t->at, t->len, false)) > 0) {
        t->at += n;
        t->len -= n;
    }
    while ((n = mark_at(t->at, t->len, true)) > 0) t->len -= n;
    t->has_dot = t->len > 0 && t->at + t->len < at + t->raw_len &&
                 t->at[t->len] == '.';
    return at + t->raw_len;
}

bool token_is(const struct token *t, const char *text)
{
    return strlen(text) == t->len && memcmp(t->at, text, t->len) == 0;
}

bool token_is_any(const struct token *t, const char *const *list)
{
    for (; *list; list++)
        if (token_is(t, *list)) return true;
    return false;
}

/* ---- abbreviations ----------------------------------------------------- */

/* Said as written by a voice that does not know them; with a dot behind. */
static const char *const abbreviations[] = {
    "e.g", "i.e", "eg", "ie", "vs", "approx", "dept", "incl", "excl", "misc",
    "esp", "cf", "viz", "tbsp", "tsp", "Ave", "Blvd", "temp", "appt", "govt",
    "z.B", "d.h", "bzw", "ca", "u.a", "ggf", "inkl", "evtl", "Std", "ugs",
    "aprox", "ej", "avda", "Bd", "Hr", "Fr", "env", "p.ex", "ecc", "bijv",
    "enz", "np", "tzn", "itd", "ex", NULL,
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_abbreviation(const struct token *t, const char *next)
{
    static const char *const numbers[] = {"No", "Nos", "Nr", "no", "nr", NULL};

    if (token_is(t, "vs") || token_is(t, "e.g") || token_is(t, "i.e"))
        return true;
    if (!t->has_dot) return false;
    if (token_is_any(t, numbers)) return is_digit(*next);
    if (token_is(t, "St")) return *next >= 'A' && *next <= 'Z';
    /* "ex." and "ca." in the middle only: a sentence may end in the word. */
    return token_is_any(t, abbreviations);
}

static const char *shorthand(const struct token *t)
{
    static const char *const words[] = {"w/", "w/o", "w/out", "b/c", "W/",
                                        "w/e", NULL};

    return token_is_any(t, words) ? "shorthand" : NULL;
}

/* ---- marks ------------------------------------------------------------- */

static bool ends_in_ellipsis(const struct token *t)
{
    return t->raw_len >= 3 &&
           (memcmp(t->raw + t->raw_len - 3, "...", 3) == 0 ||
            memcmp(t->raw + t->raw_len - 3, "\xE2\x80\xA6", 3) == 0);
}

/* "!!", "?!", "....", and "Hm... well... " */
static bool has_repeated_marks(const struct token *t, const char *next)
{
    size_t loud = 0, dots = 0;

    for (size_t i = 0; i < t->raw_len; i++) {
        char c = t->raw[i];

        loud = c == '!' || c == '?' ? loud + 1 : 0;
        dots = c == '.' ? dots + 1 : 0;
        if (loud > 1 || dots > 3) return true;
    }
    if (ends_in_ellipsis(t) && *next) {
        size_t n = 0;

        while (next[n] && blank(next + n) == 0) n++;
        return ends_in_ellipsis(&(struct token){.raw = next, .raw_len = n});
    }
    return false;
}

/* ---- all of it --------------------------------------------------------- */

static const char *blemish(const struct token *t, const char **next)
{
    const char *kind = tts_figure_blemish(t, next);

    if (!kind) kind = tts_name_blemish(t);
    if (!kind && is_abbreviation(t, *next)) kind = "an abbreviation";
    if (!kind && memchr(t->raw, '(', t->raw_len)) kind = "parentheses";
    return kind;
}

bool tts_next(const char *text, size_t *from, struct tts_flaw *out)
{
    const char *at = skip_blanks(text + *from);

    while (*at) {
        struct token t;
        const char  *next = skip_blanks(read_token(at, &t)), *kind = NULL;
        bool         is_offence = true;

        if (t.len > 0) {
            kind = shorthand(&t);
            if (!kind) kind = tts_figure_offence(&t);
            if (!kind) kind = tts_name_offence(&t);
            if (!kind) {
                is_offence = false;
                kind       = blemish(&t, &next);
            }
        }
        if (!kind && has_repeated_marks(&t, next)) {
            is_offence = false;
            kind       = "repeated marks";
        }
        if (kind) {
            *out  = (struct tts_flaw){kind, (size_t)(at - text), is_offence};
            *from = (size_t)(next - text);
            return true;
        }
        at = next;
    }
    *from = (size_t)(at - text);
    return false;
}
