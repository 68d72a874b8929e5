/* SPDX-License-Identifier: MIT */
/* acts_match.c - see acts_match.h. */
#include "score/acts_match.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "score/acts.h"

#define WORD_BYTES 64   /* a longer one is in no table and not folded     */
#define GAP        5
#define LONG_GAP   14
#define MOST_WORDS 24   /* that a pattern without a long gap spans         */

/* ---- words ------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Does the mark c of n bytes at `at` belong to the word around it? "don't",
 * "21.5", "19:30". */
static bool is_inside(const char *start, const char *at, utf8proc_int32_t c,
                      size_t n)
{
    utf8proc_int32_t after;

    if (at == start) return false;
    utf8_look(at + n, &after);
    if (c == '\'' || c == 0x2019) return utf8_is_word(after);
    return (c == '.' || c == ',' || c == ':') && is_digit(at[-1]) &&
           is_digit(at[n]);
}

static const char *word_end(const char *start)
{
    const char *at = start;

    while (*at) {
        utf8proc_int32_t c;
        size_t           n = utf8_look(at, &c);

        if (!utf8_is_word(c) && !is_inside(start, at, c, n)) break;
        at += n;
    }
    return at;
}

static char *fold(const char *text, size_t len)
{
    char  *piece = mem_copy_n(text, len), *folded, *mark;

    if (len > WORD_BYTES) return piece;
    while ((mark = strstr(piece, "\xE2\x80\x99")) != NULL) {
        *mark = '\'';
        memmove(mark + 1, mark + 3, strlen(mark + 3) + 1);
    }
    folded = utf8_fold(piece);
    free(piece);
    return folded;
}

static bool is_listed(const char *words, const char *word, size_t len)
{
    for (const char *at = words; *at;) {
        size_t n = strcspn(at, " ");

        if (n == len && memcmp(at, word, len) == 0) return true;
        at += n;
        at += strspn(at, " ");
    }
    return false;
}

uint32_t words_class(const struct acts_table *table, const char *name)
{
    for (size_t i = 0; table->classes[i].name; i++)
        if (strcmp(table->classes[i].name, name) == 0) return 1u << i;
    return 0;
}

static uint32_t classes_of(const struct acts_table *table, const char *word)
{
    uint32_t bits = 0;
    size_t   len  = strlen(word);

    for (size_t i = 0; table->classes[i].name; i++)
        if (is_listed(table->classes[i].words, word, len)) bits |= 1u << i;
    return bits;
}

/* ---- sentences --------------------------------------------------------- */

struct reader {
    struct words *out;
    uint32_t      but, and;
    size_t        cap, sentence_cap;
    unsigned      clause;
    bool          is_fresh;      /* the next word starts a clause */
};

static void open_sentence(struct reader *r, size_t begin)
{
    struct words *w = r->out;

    if (w->n_sentences == r->sentence_cap) {
        r->sentence_cap = r->sentence_cap * 2 + 8;
        w->sentences = mem_grow(w->sentences, r->sentence_cap,
                                sizeof *w->sentences);
    }
    w->sentences[w->n_sentences++] =
        (struct sentence_span){begin, begin, w->n, w->n, false};
    r->clause++;
    r->is_fresh = true;
}

/* An empty one is only moved; its mark is one more of the one before: "!?" */
static void next_sentence(struct reader *r, size_t at, bool is_question)
{
    struct sentence_span *s = &r->out->sentences[r->out->n_sentences - 1];

    if (s->first == r->out->n && is_question && r->out->n_sentences > 1)
        s[-1].is_question = true;
    s->is_question = s->is_question || is_question;
    s->end         = at;
    s->last        = r->out->n;
    if (s->last > s->first) open_sentence(r, at);
    else *s = (struct sentence_span){at, at, s->first, s->first, false};
}

static void add_word(struct reader *r, const char *text, size_t len)
{
    struct words *w = r->out;
    struct word  *word;

    if (w->n == r->cap) {
        r->cap = r->cap * 2 + 32;
        w->at  = mem_grow(w->at, r->cap, sizeof *w->at);
    }
    word  = &w->at[w->n++];
    *word = (struct word){.text = fold(text, len)};
    word->classes = classes_of(w->table, word->text);
    if (word->classes & (r->but | r->and)) {
        /* "and" at the start of a sentence joins nothing. */
        r->is_fresh = r->is_fresh || (word->classes & r->but) != 0;
        word->starts_clause = r->is_fresh;
        word->clause        = ++r->clause;
    } else {
        word->starts_clause = r->is_fresh;
        word->clause        = r->clause;
        r->is_fresh         = false;
    }
    word->sentence = (unsigned)w->n_sentences - 1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* "p.m." and initials do not end a sentence, nor does a dot inside. */
static bool is_end(const struct reader *r, const char *at, size_t n)
{
    const struct words *w = r->out;
    char                after = at[n];

    if (*at != '.') return true;
    if (!is_space(after) && !strchr("\"')*", after)) return false;
    return w->n == 0 || strlen(w->at[w->n - 1].text) > 1 ||
           is_digit(w->at[w->n - 1].text[0]);
}

/* The mark c of n bytes at `at`. */
static void take_mark(struct reader *r, const char *at, utf8proc_int32_t c,
                      size_t n)
{
    size_t offset = (size_t)(at - r->out->clean);

    switch (c) {
    case '.':
    case '!':
    case '?':
    case 0x2026:
        if (is_end(r, at, n)) next_sentence(r, offset + n, c == '?');
        break;
    case '\n':
    case 0xbf:      /* an opening question mark */
        next_sentence(r, offset, false);
        break;
    case ',':
    case ';':
    case ':':
    case '(':
    case ')':
    case 0x2013:
    case 0x2014:
        r->clause++;
        r->is_fresh = true;
        break;
    case '-':
        if (is_space(at[1]) && at > r->out->clean && is_space(at[-1])) {
            r->clause++;
            r->is_fresh = true;
        }
        break;
    default: break;
    }
}

void words_read(const char *text, const struct acts_table *table,
                struct words *out)
{
    size_t        len = strnlen(text, ACTS_MOST_BYTES);
    struct reader r   = {.out = out, .but = words_class(table, CLASS_BUT),
                         .and = words_class(table, CLASS_AND)};

    *out = (struct words){.table = table, .clean = utf8_clean(text, len)};
    open_sentence(&r, 0);
    for (const char *at = out->clean; *at;) {
        utf8proc_int32_t c;
        size_t           n = utf8_look(at, &c);

        if (utf8_is_word(c)) {
            const char *end = word_end(at);

            add_word(&r, at, (size_t)(end - at));
            at = end;
        } else {
            take_mark(&r, at, c, n);
            at += n;
        }
    }
    next_sentence(&r, strlen(out->clean), false);
    out->n_sentences--;      /* the one opened behind the end, or empty */
}

void words_done(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) free(w->at[i].text);
    free(w->at);
    free(w->sentences);
    free(w->clean);
    *w = (struct words){0};
}

/* ---- patterns ---------------------------------------------------------- */

/* Is the word one of "word|CLASS|..."? */
static bool is_one_of(const struct words *w, const struct word *word,
                      const char *choice, size_t len)
{
    size_t own = strlen(word->text);

    while (len > 0) {
        const char *bar = memchr(choice, '|', len);
        size_t      n   = bar ? (size_t)(bar - choice) : len;

        if (*choice >= 'A' && *choice <= 'Z') {
            for (size_t i = 0; w->table->classes[i].name; i++)
                if (strlen(w->table->classes[i].name) == n &&
                    memcmp(w->table->classes[i].name, choice, n) == 0 &&
                    (word->classes & 1u << i))
                    return true;
        } else if (n == own && memcmp(choice, word->text, n) == 0) {
            return true;
        }
        if (!bar) break;
        choice += n + 1;
        len -= n + 1;
    }
    return false;
}

/* May word i stand behind word i - 1 in a pattern? Marks and "but" part
 * them, "and" does not. */
static bool goes_on(const struct words *w, size_t i, size_t first)
{
    if (i >= w->n || i - first > MOST_WORDS) return false;
    return i == first || (w->at[i].sentence == w->at[i - 1].sentence &&
                          !w->at[i].starts_clause);
}

static bool match(const struct words *w, size_t i, size_t first,
                  const char *pattern, size_t *end);

static bool match_gap(const struct words *w, size_t i, size_t first,
                      bool is_long, const char *rest, size_t *end)
{
    size_t most = is_long ? LONG_GAP : GAP;

    for (size_t n = 0; n <= most && i + n <= w->n; n++) {
        size_t at = i + n;

        if (at < w->n && at > first &&
            (is_long ? w->at[at].sentence != w->at[at - 1].sentence
                     : w->at[at].clause != w->at[at - 1].clause))
            return false;
        /* Behind a long gap a clause may start. */
        if (match(w, at, is_long ? at : first, rest, end)) return true;
    }
    return false;
}

static bool match(const struct words *w, size_t i, size_t first,
                  const char *pattern, size_t *end)
{
    const char *at = pattern + strspn(pattern, " "), *rest;
    size_t      len = strcspn(at, " ");
    char        kind = *at;
    bool        fits, is_other = false;

    if (len == 0) {
        *end = i;
        return true;
    }
    rest = at + len;
    if (kind == '^')
        return i < w->n && w->at[i].starts_clause &&
               match(w, i, i, rest, end);
    if (kind == '<')
        return i < w->n &&
               w->sentences[w->at[i].sentence].first == i &&
               match(w, i, i, rest, end);
    if (kind == '$')
        return (i == w->n || w->at[i].clause != w->at[i - 1].clause) &&
               match(w, i, first, rest, end);
    if (kind == '.')
        return match_gap(w, i, first, len == 3, rest, end);
    if (strchr("?*~!", kind)) {
        at++;
        len--;
    }
    if (kind == '?' && *at == '~') {
        at++;
        len--;
        is_other = true;
    }
    is_other = is_other || kind == '~';
    fits     = goes_on(w, i, first) &&
           is_one_of(w, &w->at[i], at, len) != is_other;
    if (kind == '!') return !fits && match(w, i, first, rest, end);
    if (kind == '?' || kind == '*') {
        if (fits && match(w, i + 1, first, kind == '*' ? pattern : rest, end))
            return true;
        return match(w, i, first, rest, end);
    }
    return fits && match(w, i + 1, first, rest, end);
}

bool words_match(const struct words *w, size_t i, const char *pattern,
                 size_t *end)
{
    return match(w, i, i, pattern, end);
}
