/* SPDX-License-Identifier: MIT */
/* punkt.c - see punkt.h. A sentence may end at . ! or ? before punctuation or
 * white space and a word. The words around it decide: they are annotated by
 * what they are (first pass), then by the pair they make (second pass). */
#include "original/punkt.h"

#include <string.h>

#include "original/nltk_class.h"
#include "original/punkt_table.h"
#include "original/punkt_token.h"

#define NUMBER "##number##"      /* what the table calls every number */

/* ------------------------------------------------------------------ words - */

struct token {
    struct view text;
    bool        is_break, is_abbreviation, is_ellipsis;
};

static bool is_one_of(struct view word, const char *marks)
{
    return word.len == 1 && word.at[0] && strchr(marks, word.at[0]);
}

static bool ends_in_period(struct view word)
{
    return word.len > 0 && word.at[word.len - 1] == '.';
}

/* The word in lower case as the table would have it, 0 bytes when it cannot
 * be in the table, whose words are ASCII. */
static size_t lower(struct view word, char out[PUNKT_WORD_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < word.len; n++) {
        uint32_t c = py_next(word, &i);
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if (c == 0x212A) c = 'k';        /* the Kelvin sign */
        if (c >= 0x80 || n == PUNKT_WORD_MAX) return 0;
        out[n] = (char)c;
    }
    return n;
}

/* -1,000.50 and the like: ^-?[.,]?\d[\d,.-]*\.?$ */
static bool is_number(struct view word)
{
    size_t i = 0;

    if (i < word.len && word.at[i] == '-') i++;
    if (i < word.len && (word.at[i] == '.' || word.at[i] == ',')) i++;
    if (i >= word.len || !py_is_decimal(py_next(word, &i))) return false;
    while (i < word.len) {
        char byte = word.at[i];
        if (!py_is_decimal(py_next(word, &i)) && byte != ',' && byte != '.' &&
            byte != '-')
            return false;
    }
    return true;
}

/* A letter and a period; marks and '_' count as letters. */
static bool is_initial(struct view word)
{
    size_t   i = 0;
    uint32_t c;

    if (word.len < 2) return false;
    c = py_next(word, &i);
    return i == word.len - 1 && word.at[i] == '.' && nltk_is_word(c) &&
           !py_is_decimal(c);
}

/* The table's name for a word, without its last period if so wished. */
static size_t type_of(struct view word, bool drop_period,
                      char out[PUNKT_WORD_MAX])
{
    if (is_number(word)) {
        memcpy(out, NUMBER, sizeof NUMBER - 1);
        return sizeof NUMBER - 1;
    }
    if (drop_period && word.len > 1 && ends_in_period(word)) word.len--;
    return lower(word, out);
}

static bool is_abbreviation(struct view word)
{
    char   text[PUNKT_WORD_MAX];
    size_t start = word.len;     /* of what follows the last '-' */

    if (punkt_table_roles(text, lower(word, text)) & PUNKT_ABBREVIATION)
        return true;
    while (start > 0 && word.at[start - 1] != '-') start--;
    if (start == 0) return false;
    word.at += start;
    word.len -= start;
    return punkt_table_roles(text, lower(word, text)) & PUNKT_ABBREVIATION;
}

static uint32_t first_character(struct view word)
{
    size_t i = 0;

    return py_next(word, &i);
}

/* ------------------------------------------------------------- annotation - */

static void first_pass(struct token *t)
{
    struct view word    = t->text;
    size_t      periods = 0;

    if (is_one_of(word, ".?!")) {
        t->is_break = true;
        return;
    }
    while (periods < word.len && word.at[word.len - 1 - periods] == '.')
        periods++;
    if (periods == word.len) {
        t->is_ellipsis = true;
    } else if (periods == 1) {
        word.len--;
        t->is_abbreviation = is_abbreviation(word);
        t->is_break = !t->is_abbreviation;
    }
}

enum guess { NO, YES, UNKNOWN };

/* Does a sentence start with this word, by how it is spelt? */
static enum guess starts_sentence(const struct token *t, unsigned roles)
{
    uint32_t c = first_character(t->text);

    if (is_one_of(t->text, ";:,.!?")) return NO;
    if (py_is_upper(c) && roles & PUNKT_LOWER && !(roles & PUNKT_MIDDLE_UPPER))
        return YES;
    if (py_is_lower(c) && (roles & PUNKT_UPPER || !(roles & PUNKT_BEGIN_LOWER)))
        return NO;
    return UNKNOWN;
}

/* Decides about t, a word that ends in a period, by the word that follows. */
static void second_pass(struct token *t, const struct token *next)
{
    char     pair[2 * PUNKT_WORD_MAX + 1], follower[PUNKT_WORD_MAX];
    size_t   len     = type_of(t->text, true, pair);
    size_t   len2    = type_of(next->text, next->is_break, follower);
    unsigned roles   = punkt_table_roles(follower, len2);
    bool     initial = is_initial(t->text);
    bool     number  = is_number(t->text);
    bool     upper   = py_is_upper(first_character(next->text));
    enum guess starts = starts_sentence(next, roles);

    if (len && len2) {
        pair[len] = '\t';
        memcpy(pair + len + 1, follower, len2);
        if (punkt_table_roles(pair, len + 1 + len2) & PUNKT_COLLOCATION) {
            t->is_break = false;
            return;
        }
    }
    if ((t->is_abbreviation || t->is_ellipsis) && !initial &&
        (starts == YES || (upper && roles & PUNKT_STARTER))) {
        t->is_break = true;
        return;
    }
    if (!initial && !number) return;
    if (starts == NO ||
        (starts == UNKNOWN && initial && upper && !(roles & PUNKT_LOWER)))
        t->is_break = false;
}

/* Does a sentence end in this text, before its last word? */
static bool has_break(struct view text)
{
    struct token last = {0};

    for (size_t start = 0, len; start <= text.len; start += len + 1) {
        const char *at      = text.at + start;
        const char *newline = memchr(at, '\n', text.len - start);
        struct view line, word;

        len = newline ? (size_t)(newline - at) : text.len - start;
        line = (struct view){at, len};
        if (py_is_blank(line)) continue;
        for (size_t i = 0; punkt_next_token(line, &i, &word);) {
            struct token t = {.text = word};
            first_pass(&t);
            if (ends_in_period(last.text)) second_pass(&last, &t);
            if (last.is_break) return true;
            last = t;
        }
    }
    return false;
}

/* ----------------------------------------------------------------- slices - */

struct slice { size_t start, stop; };    /* empty when start >= stop */

struct cutter {
    struct view  text;
    size_t       last_break;     /* where the sentence being read starts    */
    struct slice held;           /* cut, but the next one may change it     */
    bool         is_held;
    size_t       moved;          /* from the start of held to the one before */
    void       (*each)(void *ctx, struct view sentence);
    void        *ctx;
};

/* How many bytes at the start of s are closing quotes and brackets that
 * belong to the sentence before it; *moved counts the white space too. */
static size_t closing(const struct cutter *c, struct slice s, size_t *moved)
{
    struct view v = {c->text.at, s.stop};
    size_t      i = s.start, end = s.start;

    *moved = 0;
    while (i < s.stop) {
        uint32_t point = py_next(v, &i);
        if (point < 0x80 ? point == 0 || !strchr("\"')]}", (int)point)
                         : !punkt_is_nonword(point))
            break;
        end = i;
    }
    if (end <= s.start) return 0;
    for (i = end; i < s.stop;) {
        size_t after = i;
        if (!nltk_is_space(py_next(v, &after))) break;
        i = after;
    }
    if (i == end && end < s.stop &&
        !(end + 1 < s.stop && v.at[end] == '-' && v.at[end + 1] == '-'))
        return 0;
    *moved = i - s.start;
    return end - s.start;
}

static void tell(const struct cutter *c, size_t start, size_t stop)
{
    if (start < stop)
        c->each(c->ctx, (struct view){c->text.at + start, stop - start});
}

/* The next slice in order, which may give its start to the one held. */
static void push(struct cutter *c, struct slice s)
{
    size_t moved  = 0;
    size_t closed = closing(c, s, &moved);
    size_t start  = c->held.start + c->moved;

    if (c->is_held) tell(c, start, closed ? s.start + closed : c->held.stop);
    c->moved = c->is_held ? moved : 0;
    c->held = s;
    c->is_held = true;
}

/* ------------------------------------------------- where it may be an end - */

struct candidate {
    size_t start, at;            /* of the word before, of the mark        */
    size_t next, end;            /* of the word behind (0: none), of all   */
};

/* Is the mark at c->at followed as the end of a sentence is? */
static bool read_behind(struct view text, struct candidate *c)
{
    size_t i = c->at + 1, start = i;

    c->next = 0;
    if (i >= text.len) return false;
    if (punkt_is_nonword(py_next(text, &i))) {
        c->end = i;
        return true;
    }
    for (i = start; i < text.len; start = i)
        if (!nltk_is_space(py_next(text, &i))) break;
    if (start == c->at + 1 || start >= text.len) return false;
    c->next = start;
    for (i = start; i < text.len; c->end = i)
        if (nltk_is_space(py_next(text, &i))) break;
    return true;
}

/* Behind the last ASCII white space of text[from..at), but `otherwise` when
 * there is none behind its first character. */
static size_t word_start(struct view text, size_t from, size_t at,
                         size_t otherwise)
{
    for (size_t i = at; i > from + 1; i--) {
        char c = text.at[i - 1];
        if (c == ' ' || (c >= '\t' && c <= '\r')) return i;
    }
    return otherwise;
}

static void decide(struct cutter *cut, const struct candidate *c)
{
    struct view around = {cut->text.at + c->start, c->end - c->start};

    if (!has_break(around)) return;
    push(cut, (struct slice){cut->last_break, c->at + 1});
    cut->last_break = c->next ? c->next : c->at + 1;
}

static bool is_mark(char c)
{
    return c == '.' || c == '!' || c == '?';
}

void punkt_each(struct view text,
                void (*each)(void *ctx, struct view sentence), void *ctx)
{
    struct cutter    cut  = {.text = text, .each = each, .ctx = ctx};
    struct candidate last = {0};
    bool             any  = false;
    struct view      whole;

    for (size_t i = 0; i < text.len; i++) {
        struct candidate c = {.at = i};
        if (!is_mark(text.at[i]) || !read_behind(text, &c)) continue;
        c.start = word_start(text, last.at, i, last.start);
        /* Of "Stop!!! It" all marks share the word; the last one counts. */
        if (any && last.at <= c.start) decide(&cut, &last);
        last = c;
        any = true;
    }
    if (any) decide(&cut, &last);
    whole = py_strip(text);
    push(&cut, (struct slice){cut.last_break, whole.len ? (size_t)
                              (whole.at + whole.len - text.at) : 0});
    tell(&cut, cut.held.start + cut.moved, cut.held.stop);
}
