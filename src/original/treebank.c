/* SPDX-License-Identifier: MIT */
/* treebank.c - see treebank.h. nltk rewrites the sentence by one expression
 * after another, each of which puts spaces around something, and then splits
 * at white space. The steps are the same here, in the same order: what one
 * puts in, a later one looks at. A step reads a text and writes the next one,
 * at most GROWTH bytes for one byte (a double quote becomes " '' "). */
#include "original/treebank.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/nltk_class.h"

#define GROWTH 4
#define EXTRA  8        /* what a step adds to a text at its ends, at most */

struct writer { char *at; };

static void put(struct writer *w, const char *bytes, size_t n)
{
    memcpy(w->at, bytes, n);
    w->at += n;
}

static void put_byte(struct writer *w, char byte)
{
    *w->at++ = byte;
}

static void put_apart(struct writer *w, const char *bytes, size_t n)
{
    put_byte(w, ' ');
    put(w, bytes, n);
    put_byte(w, ' ');
}

/* Does the text go on like this at i? */
static bool has(struct view v, size_t i, const char *text)
{
    size_t n = strlen(text);

    return i <= v.len && n <= v.len - i && memcmp(v.at + i, text, n) == 0;
}

static bool is_in(char byte, const char *set)
{
    return byte && strchr(set, byte);
}

/* Puts what has(v, *i, mark) found apart and steps over it. */
static bool put_mark(struct view v, size_t *i, const char *mark,
                     struct writer *w)
{
    if (!has(v, *i, mark)) return false;
    put_apart(w, mark, strlen(mark));
    *i += strlen(mark);
    return true;
}

/* Puts every byte of the set apart. */
static void put_set(struct view v, const char *set, struct writer *w)
{
    for (size_t i = 0; i < v.len; i++) {
        if (is_in(v.at[i], set)) put_apart(w, v.at + i, 1);
        else put_byte(w, v.at[i]);
    }
}

/* Puts every non-overlapping `mark` as `with`. */
static void replace(struct view v, const char *mark, const char *with,
                    struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        if (has(v, i, mark)) {
            put(w, with, strlen(with));
            i += strlen(mark);
        } else {
            put_byte(w, v.at[i++]);
        }
    }
}

static size_t run_of(struct view v, size_t i, char byte)
{
    size_t start = i;

    while (i < v.len && v.at[i] == byte) i++;
    return i - start;
}

/* ------------------------------------------------------ opening quotation - */

static void opening_quotes(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        size_t n = run_of(v, i, '`');
        if (n) {
            put_apart(w, v.at + i, n);
            i += n;
        } else if (!put_mark(v, &i, "«", w) && !put_mark(v, &i, "“", w) &&
                   !put_mark(v, &i, "‘", w) && !put_mark(v, &i, "„", w)) {
            put_byte(w, v.at[i++]);
        }
    }
}

static void first_quote(struct view v, struct writer *w)
{
    size_t i = v.at[0] == '"';

    if (i) put(w, "``", 2);
    put(w, v.at + i, v.len - i);
}

static void backticks(struct view v, struct writer *w)
{
    replace(v, "``", " `` ", w);
}

static void quotes_after_opening(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        bool opens = is_in(v.at[i], " ([{<");
        put_byte(w, v.at[i++]);
        if (!opens) continue;
        if (!has(v, i, "\"") && !has(v, i, "''")) continue;
        i += has(v, i, "\"") ? 1 : 2;
        put(w, " `` ", 4);
    }
}

/* Bytes of the letter at i that is `letter` but for case, 0 when it is not.
 * Ignoring case, s is also U+017F and i is also U+0130 and U+0131. */
static size_t same_letter(struct view v, size_t i, char letter)
{
    if (i >= v.len) return 0;
    if (v.at[i] == letter || v.at[i] == letter - 'a' + 'A') return 1;
    if (letter == 's' && has(v, i, "\xC5\xBF")) return 2;
    if (letter == 'i' && (has(v, i, "\xC4\xB0") || has(v, i, "\xC4\xB1")))
        return 2;
    return 0;
}

/* Bytes of `word` (small letters and apostrophes) at i, ignoring case. */
static size_t same_word(struct view v, size_t i, const char *word)
{
    size_t start = i;

    for (; *word; word++) {
        size_t n = *word == '\'' ? has(v, i, "'") : same_letter(v, i, *word);
        if (!n) return 0;
        i += n;
    }
    return i - start;
}

/* Is the apostrophe before i one of 're 've 'll 'm 't 's 'd 'n? */
static bool is_clitic(struct view v, size_t i)
{
    static const char *const words[] = {"re", "ve", "ll", "m", "t", "s", "d",
                                        "n"};

    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        size_t n = same_word(v, i, words[k]), after = i + n;
        if (n && (after >= v.len || !nltk_is_word(py_next(v, &after))))
            return true;
    }
    return false;
}

static void opening_apostrophes(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        size_t after = ++i;
        put_byte(w, v.at[i - 1]);
        if (v.at[i - 1] != '\'' || i >= v.len) continue;
        if (i > 1 && nltk_is_word(nltk_before(v, i - 1))) continue;
        if (nltk_is_word(py_next(v, &after)) && !is_clitic(v, i))
            put_byte(w, ' ');
    }
}

/* ------------------------------------------------------------ punctuation - */

static bool is_all_space(struct view v, size_t i)
{
    while (i < v.len)
        if (!nltk_is_space(py_next(v, &i))) return false;
    return true;
}

/* Behind what may close a sentence after its period. */
static size_t skip_closing(struct view v, size_t i, bool also_curly)
{
    for (;;) {
        if (i < v.len && is_in(v.at[i], "])}>\"'")) i++;
        else if (also_curly && has(v, i, " ")) i++;
        else if (also_curly && has(v, i, "»")) i += strlen("»");
        else if (also_curly && (has(v, i, "”") || has(v, i, "’")))
            i += strlen("”");
        else return i;
    }
}

/* The last period, when no period is before it and only closing punctuation
 * and white space behind it. */
static void final_period(struct view v, bool also_curly, struct writer *w)
{
    size_t at = v.len, after;

    while (at > 0 && v.at[at - 1] != '.') at--;
    after = skip_closing(v, at, also_curly);
    if (at < 2 || v.at[at - 2] == '.' || !is_all_space(v, after)) {
        put(w, v.at, v.len);
        return;
    }
    put(w, v.at, at - 1);
    put(w, " .", 2);
    put_byte(w, ' ');
    put(w, v.at + at, after - at);
    put_byte(w, ' ');
}

static void period_before_closing(struct view v, struct writer *w)
{
    final_period(v, true, w);
}

static void period_at_end(struct view v, struct writer *w)
{
    final_period(v, false, w);
}

static void colons_inside(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        size_t start = i++, after = i;
        if (is_in(v.at[start], ":,") && i < v.len &&
            !py_is_decimal(py_next(v, &after))) {
            put_apart(w, v.at + start, 1);
            put(w, v.at + i, after - i);
            i = after;
        } else {
            put_byte(w, v.at[start]);
        }
    }
}

static void colon_at_end(struct view v, struct writer *w)
{
    size_t at = v.len;           /* behind the colon, before a last '\n' */

    if (at > 1 && v.at[at - 1] == '\n' && is_in(v.at[at - 2], ":,")) at--;
    if (!is_in(v.at[at - 1], ":,")) {
        put(w, v.at, v.len);
        return;
    }
    put(w, v.at, at - 1);
    put_apart(w, v.at + at - 1, 1);
    put(w, v.at + at, v.len - at);
}

static void dots(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        size_t n = run_of(v, i, '.');
        if (n > 1) put_apart(w, v.at + i, n);
        else put_byte(w, v.at[i]);
        i += n ? n : 1;
    }
}

static void symbols(struct view v, struct writer *w)
{
    put_set(v, ";@#$%&", w);
}

static void dashes(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;)
        if (!put_mark(v, &i, "\u2012", w) && !put_mark(v, &i, "\u2013", w) &&
            !put_mark(v, &i, "\u2014", w) && !put_mark(v, &i, "\u2015", w))
            put_byte(w, v.at[i++]);
}

static void marks(struct view v, struct writer *w)
{
    put_set(v, "?!", w);
}

static void apostrophe_before_space(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        bool before = v.at[i] != '\'';
        put_byte(w, v.at[i++]);
        if (!before || !has(v, i, "' ")) continue;
        put(w, " ' ", 3);
        i += 2;
    }
}

static void stars(struct view v, struct writer *w)
{
    put_set(v, "*", w);
}

static void brackets(struct view v, struct writer *w)
{
    put_set(v, "[](){}<>", w);
}

static void double_dashes(struct view v, struct writer *w)
{
    replace(v, "--", " -- ", w);
}

static void surround(struct view v, struct writer *w)
{
    put_apart(w, v.at, v.len);
}

/* ------------------------------------------------------ closing quotation - */

static void closing_quotes(struct view v, struct writer *w)
{
    for (size_t i = 0; i < v.len;)
        if (!put_mark(v, &i, "»", w) && !put_mark(v, &i, "”", w) &&
            !put_mark(v, &i, "’", w))
            put_byte(w, v.at[i++]);
}

static void double_apostrophes(struct view v, struct writer *w)
{
    replace(v, "''", " '' ", w);
}

static void double_quotes(struct view v, struct writer *w)
{
    replace(v, "\"", " '' ", w);
}

static void single_spaces(struct view v, struct writer *w)
{
    bool in_space = false;

    for (size_t i = 0; i < v.len;) {
        size_t   start = i;
        uint32_t c     = py_next(v, &i);
        if (!nltk_is_space(c)) put(w, v.at + start, i - start);
        else if (!in_space) put_byte(w, ' ');
        in_space = nltk_is_space(c);
    }
}

/* Bytes of one of the endings at i, before a space. */
static size_t ending_at(struct view v, size_t i, const char *const *endings)
{
    for (; *endings; endings++)
        if (has(v, i, *endings) && has(v, i + strlen(*endings), " "))
            return strlen(*endings);
    return 0;
}

static void part_endings(struct view v, const char *const *endings,
                         struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        bool   before = v.at[i] != '\'' && v.at[i] != ' ';
        size_t n;
        put_byte(w, v.at[i++]);
        n = before ? ending_at(v, i, endings) : 0;
        if (!n) continue;
        put_apart(w, v.at + i, n);
        i += n + 1;
    }
}

static void short_endings(struct view v, struct writer *w)
{
    static const char *const endings[] = {"'s", "'S", "'m", "'M", "'d", "'D",
                                          "'", NULL};

    part_endings(v, endings, w);
}

static void long_endings(struct view v, struct writer *w)
{
    static const char *const endings[] = {"'ll", "'LL", "'re", "'RE", "'ve",
                                          "'VE", "n't", "N'T", NULL};

    part_endings(v, endings, w);
}

/* ----------------------------------------------------------- contractions - */

/* Python's re, not nltk's engine, reads the contractions: its \w, its \s. */
static bool is_re_word(uint32_t c)
{
    return py_is_alnum(c) || c == '_';
}

struct contraction {
    const char *first, *second;
    bool        before_space;    /* else before anything but a letter */
};

/* Bytes of the contraction at i, *cut those of its first part. */
static size_t contraction_at(struct view v, size_t i,
                             const struct contraction *c, size_t *cut)
{
    size_t first = same_word(v, i, c->first), second, after;

    if (!first) return 0;
    second = same_word(v, i + first, c->second);
    if (!second) return 0;
    *cut = first;
    after = i + first + second;
    if (after >= v.len) return c->before_space ? 0 : first + second;
    uint32_t next = py_next(v, &after);
    if (c->before_space ? !py_is_space(next) : is_re_word(next)) return 0;
    return first + second;
}

/* They cannot overlap, and what one puts in makes no other: one pass. */
static void contractions(struct view v, struct writer *w)
{
    static const struct contraction list[] = {
        {"can", "not", false},  {"d", "'ye", false},   {"gim", "me", false},
        {"gon", "na", false},   {"got", "ta", false},  {"lem", "me", false},
        {"more", "'n", false},  {"wan", "na", true},
    };
    bool in_word = false;

    for (size_t i = 0; i < v.len;) {
        size_t start = i, n = 0, cut = 0;
        bool   begins = !in_word && is_in((char)(v.at[i] | 0x20), "cdglmw");
        for (size_t k = 0; begins && !n && k < sizeof list / sizeof *list; k++)
            n = contraction_at(v, i, &list[k], &cut);
        if (n) {
            put_apart(w, v.at + i, cut);
            put(w, v.at + i + cut, n - cut);
            put_byte(w, ' ');
            i += n;
            in_word = true;
        } else {
            in_word = is_re_word(py_next(v, &i));
            put(w, v.at + start, i - start);
        }
    }
}

static void part_it(struct view v, const struct contraction *c,
                    struct writer *w)
{
    for (size_t i = 0; i < v.len;) {
        size_t cut, n = v.at[i] == ' ' ? contraction_at(v, i + 1, c, &cut) : 0;
        if (n) {
            put_apart(w, v.at + i + 1, cut);
            put(w, v.at + i + 1 + cut, n - cut);
            put_byte(w, ' ');
            i += n + 1;
        } else {
            put_byte(w, v.at[i++]);
        }
    }
}

static void it_is(struct view v, struct writer *w)
{
    part_it(v, &(struct contraction){"'t", "is", false}, w);
}

static void it_was(struct view v, struct writer *w)
{
    part_it(v, &(struct contraction){"'t", "was", false}, w);
}

/* ------------------------------------------------------------------ steps - */

/* A step is left out when the sentence has none of the bytes that it looks
 * for, or that an earlier step makes them of; NULL: never. \xC2 and \xE2
 * begin the quotes and dashes that are no ASCII. */
static const struct step {
    void      (*run)(struct view v, struct writer *w);
    const char *bytes;
} steps[] = {
    {opening_quotes, "`\xC2\xE2"},
    {first_quote, "\""},
    {backticks, "`\""},
    {quotes_after_opening, "\"'"},
    {opening_apostrophes, "'"},
    {period_before_closing, "."},
    {colons_inside, ":,"},
    {colon_at_end, ":,"},
    {dots, "."},
    {symbols, ";@#$%&"},
    {dashes, "\xE2"},
    {period_at_end, "."},
    {marks, "?!"},
    {apostrophe_before_space, "'"},
    {stars, "*"},
    {brackets, "[](){}<>"},
    {double_dashes, "-"},
    {surround, NULL},
    {closing_quotes, "\xC2\xE2"},
    {double_apostrophes, "'"},
    {double_quotes, "\""},
    {single_spaces, NULL},
    {short_endings, "'\""},
    {long_endings, "'\""},
    {contractions, NULL},
    {it_is, "'"},
    {it_was, "'"},
};

static bool is_needed(const struct step *step, const bool *seen)
{
    if (!step->bytes) return true;
    for (const char *p = step->bytes; *p; p++)
        if (seen[(unsigned char)*p]) return true;
    return false;
}

static void split(struct view v, void (*each)(void *ctx, struct view token),
                  void *ctx)
{
    size_t start = 0;

    for (size_t i = 0; i < v.len;) {
        size_t at = i;
        if (!py_is_space(py_next(v, &i))) continue;
        if (at > start) each(ctx, (struct view){v.at + start, at - start});
        start = i;
    }
    if (v.len > start)
        each(ctx, (struct view){v.at + start, v.len - start});
}

void treebank_each(struct treebank *t, struct view sentence,
                   void (*each)(void *ctx, struct view token), void *ctx)
{
    bool   seen[256] = {false};
    size_t into      = 0;

    if (!sentence.len) return;
    for (size_t i = 0; i < sentence.len; i++)
        seen[(unsigned char)sentence.at[i]] = true;
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        size_t        need = sentence.len * GROWTH + EXTRA;
        struct writer w;
        if (!is_needed(&steps[k], seen)) continue;
        if (need > t->room[into]) {
            t->text[into] = mem_grow(t->text[into], need, 1);
            t->room[into] = need;
        }
        w.at = t->text[into];
        steps[k].run(sentence, &w);
        sentence = (struct view){t->text[into],
                                 (size_t)(w.at - t->text[into])};
        into = !into;
    }
    split(sentence, each, ctx);
}

void treebank_done(struct treebank *t)
{
    free(t->text[0]);
    free(t->text[1]);
    *t = (struct treebank){0};
}
