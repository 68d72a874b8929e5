/* SPDX-License-Identifier: MIT */
/* hearing_words.c - a text as the words that a word error rate counts. First
 * into pieces (letters, digits, signs), then pieces into words: "twenty one"
 * is one, and so is "21". Linear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "hearing/hearing_internal.h"

#define PHRASE_BYTES  64    /* longest number below a hundred, in words     */
#define PHRASE_PIECES 3     /* "treinta y uno"                              */
#define POINT_DIGITS  6

/* ---- lower case ---------------------------------------------------------- */

static size_t look(const char *text, utf8proc_int32_t *c)
{
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, -1, c);

    if (n > 0) return (size_t)n;
    *c = -1;
    return 1;
}

/* Valid, in lower case, with straight apostrophes. Caller frees. */
static char *lower(const char *text)
{
    size_t        len = strnlen(text, HEARING_MOST_BYTES + 4);
    char         *clean;
    struct strbuf out;

    /* Cut between letters. */
    if (len > HEARING_MOST_BYTES)
        for (len = HEARING_MOST_BYTES; len > HEARING_MOST_BYTES - 4 &&
             ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    clean = utf8_clean(text, len);
    strbuf_init(&out, (size_t)HEARING_MOST_BYTES * 8);
    for (const char *at = clean; *at;) {
        utf8proc_int32_t   c;
        utf8proc_uint8_t   bytes[4];
        size_t             n = look(at, &c);
        utf8proc_ssize_t   wide;

        at += n;
        if (c == 0x2018 || c == 0x2019) c = '\'';
        wide = c < 0 ? 0 : utf8proc_encode_char(utf8proc_tolower(c), bytes);
        if (wide > 0) strbuf_addn(&out, (const char *)bytes, (size_t)wide);
    }
    free(clean);
    return out.text;
}

/* ---- pieces -------------------------------------------------------------- */

enum piece_kind { PIECE_WORD, PIECE_DIGITS };

struct piece {
    char           *text;
    enum piece_kind kind;
    char            gap;         /* what stands before: ' ' nothing or a
                                    hyphen, ':' only that, ',' anything      */
    bool            is_letters;  /* "a", "a.m": single letters with dots     */
};

struct pieces {
    struct piece *items;
    size_t        n, room;
};

static bool is_digit(utf8proc_int32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(utf8proc_int32_t c)
{
    utf8proc_category_t category = c > 0 ? utf8proc_category(c)
                                         : UTF8PROC_CATEGORY_CN;

    return category >= UTF8PROC_CATEGORY_LU &&
           category <= UTF8PROC_CATEGORY_NO && !is_digit(c);
}

static void add_piece(struct pieces *p, const char *text, size_t n,
                      enum piece_kind kind, char gap)
{
    if (p->n == p->room) {
        p->room  = p->room ? p->room * 2 : 16;
        p->items = mem_grow(p->items, p->room, sizeof *p->items);
    }
    p->items[p->n++] = (struct piece){
        .text = mem_copy_n(text, n), .kind = kind, .gap = gap};
}

/* Letters, with apostrophes inside ("don't", "kids'" loses its own). */
static size_t letters_at(const char *at)
{
    size_t           used = 0, n;
    utf8proc_int32_t c;

    while (at[used]) {
        n = look(at + used, &c);
        if (c == '\'' && used) {
            look(at + used + 1, &c);
            if (!is_letter(c)) break;
        } else if (!is_letter(c)) {
            break;
        }
        used += n;
    }
    return used;
}

static size_t digits_at(const char *at)
{
    size_t n = 0;

    while (is_digit(at[n])) n++;
    return n;
}

/* "21", "21.5", "1,000", "15th". Adds it, gives its bytes. */
static size_t read_digits(const struct hearing_tables *t, const char *at,
                          char gap, struct pieces *p)
{
    static const char *const ordinal[] = {"st", "nd", "rd", "th"};
    char                     decimal = t ? t->decimal : '.';
    char                     thousands = decimal == '.' ? ',' : '.';
    size_t                   n = digits_at(at), after;
    struct strbuf            text;

    for (size_t i = 0; i < 4; i++)
        if (!strncmp(at + n, ordinal[i], 2) && letters_at(at + n) == 2) {
            add_piece(p, at, n + 2, PIECE_WORD, gap);
            return n + 2;
        }
    strbuf_init(&text, HEARING_MOST_BYTES * 2);
    strbuf_addn(&text, at, n);
    while (at[n] == thousands && digits_at(at + n + 1) == 3) {
        strbuf_addn(&text, at + n + 1, 3);
        n += 4;
    }
    after = at[n] == '.' || at[n] == ',' ? digits_at(at + n + 1) : 0;
    if (at[n] == decimal && after > 0) {
        strbuf_addn(&text, ".", 1);
        strbuf_addn(&text, at + n + 1, after);
        n += after + 1;
    }
    add_piece(p, text.text, text.len, PIECE_DIGITS, gap);
    strbuf_done(&text);
    return n;
}

/* "a.m." is one word; its second letter joins the first. */
static bool join_letter(struct pieces *p, const char *before, const char *at,
                        size_t used)
{
    struct piece *last = p->n ? &p->items[p->n - 1] : NULL;
    char         *joined;

    if (!last || used != 1 || !last->is_letters || before + 1 != at ||
        *before != '.')
        return false;
    joined = mem_printf("%s%.1s", last->text, at);
    free(last->text);
    last->text = joined;
    return true;
}

static void read_pieces(const struct hearing_tables *t, const char *text,
                        struct pieces *p)
{
    const char      *end = text;     /* of the last piece                   */
    char             gap = ' ';
    utf8proc_int32_t c;

    for (const char *at = text; *at;) {
        size_t      n = look(at, &c), used = 0;
        char        sign[5] = "";
        const char *name;

        if (is_digit(c)) {
            used = read_digits(t, at, gap, p);
        } else if (is_letter(c)) {
            used = letters_at(at);
            if (!join_letter(p, end, at, used)) {
                add_piece(p, at, used, PIECE_WORD, gap);
                p->items[p->n - 1].is_letters = used == 1;
            }
        } else {
            memcpy(sign, at, n < sizeof sign ? n : 0);
            name = t ? jsonx_text(t->signs, sign) : NULL;
            if (name) {
                add_piece(p, name, strlen(name), PIECE_WORD, gap);
                used = n;
            }
        }
        if (used) {
            at += used;
            end = at;
            gap = ' ';
            continue;
        }
        if (c == ':' && at == end && digits_at(at + 1))
            gap = ':';
        else if (c != ' ' && c != '-')
            gap = ',';
        at += n;
    }
}

/* ---- numbers in words ---------------------------------------------------- */

static bool is_named(const struct piece *p, const char *name)
{
    return name && p->gap == ' ' && !strcmp(p->text, name);
}

/* 0 to 99 at p: its pieces, 0 when there is none. */
static size_t below_hundred(const struct hearing_tables *t,
                            const struct piece *p, size_t n, long *value)
{
    char   phrase[PHRASE_BYTES];
    size_t used = 0, best = 0;

    for (size_t k = 0; k < n && k < PHRASE_PIECES; k++) {
        const json_t *found;
        size_t        len = strlen(p[k].text);

        if (p[k].kind != PIECE_WORD || (k && p[k].gap != ' ') ||
            used + len + 2 > sizeof phrase)
            break;
        if (k) phrase[used++] = ' ';
        memcpy(phrase + used, p[k].text, len + 1);
        used += len;
        found = json_object_get(t->values, phrase);
        if (!found) continue;
        *value = (long)json_integer_value(found);
        best = k + 1;
    }
    return best;
}

static size_t below_thousand(const struct hearing_tables *t,
                             const struct piece *p, size_t n, long *value)
{
    size_t used = below_hundred(t, p, n, value), rest;
    long   more = 0;

    if (!used && p[0].kind == PIECE_WORD && t->hundred &&
        !strcmp(p[0].text, t->hundred)) {
        *value = 100;
        used = 1;
    } else if (used && *value && used < n && is_named(&p[used], t->hundred)) {
        *value *= 100;
        used++;
    } else {
        return used;
    }
    rest = used;
    if (rest < n && is_named(&p[rest], t->and_word)) rest++;
    if (rest < n && p[rest].gap == ' ' && p[rest].kind == PIECE_WORD) {
        size_t took = below_hundred(t, p + rest, n - rest, &more);

        if (took) {
            *value += more;
            used = rest + took;
        }
    }
    return used;
}

/* The number in words at p, as digits into out; its pieces. */
static size_t number_in_words(const struct hearing_tables *t,
                              const struct piece *p, size_t n, char *out,
                              size_t size)
{
    long   value = 0, more = 0;
    size_t used = below_thousand(t, p, n, &value), len;

    if (!used) return 0;
    if (value && used < n && is_named(&p[used], t->thousand)) {
        value *= 1000;
        used++;
        if (used < n && p[used].gap == ' ') {
            size_t took = below_thousand(t, p + used, n - used, &more);

            used += took;
            value += took ? more : 0;
        }
    }
    snprintf(out, size, "%ld", value);
    len = strlen(out);
    if (used + 1 >= n || !is_named(&p[used], t->point)) return used;
    for (size_t k = used + 1, digits = 0;
         k < n && digits < POINT_DIGITS && p[k].gap == ' ' &&
         below_hundred(t, p + k, 1, &more) && more < 10; k++, digits++) {
        if (digits == 0) out[len++] = '.';
        out[len++] = (char)('0' + more);
        out[len] = '\0';
        used = k + 1;
    }
    return used;
}

/* ---- words --------------------------------------------------------------- */

/* Without apostrophes, in the one spelling of two. Caller frees. */
static char *normal_of(const struct hearing_tables *t, const char *surface)
{
    char       *normal = mem_copy(surface);
    const char *same;
    size_t      n = 0;

    for (const char *at = surface; *at; at++)
        if (*at != '\'') normal[n++] = *at;
    normal[n] = '\0';
    same = t ? jsonx_text(t->same, normal) : NULL;
    if (!same) return normal;
    free(normal);
    return mem_copy(same);
}

/* "007" is "7", "0" is "0", "0.5" stays. Caller frees. */
static char *digits_normal(const char *digits)
{
    while (digits[0] == '0' && is_digit(digits[1])) digits++;
    return mem_copy(digits);
}

static char *surface_of(const struct piece *p, size_t n)
{
    struct strbuf b;

    strbuf_init(&b, HEARING_MOST_BYTES * 4);
    for (size_t i = 0; i < n; i++) {
        if (i) strbuf_add(&b, " ");
        strbuf_add(&b, p[i].text);
    }
    return b.text;
}

void heard_words_of(const struct hearing_tables *t, const char *text,
                    struct heard_words *out)
{
    char         *small = lower(text);
    struct pieces p = {0};

    *out = (struct heard_words){0};
    read_pieces(t, small, &p);
    out->items = mem_new(p.n + 1, sizeof *out->items);
    for (size_t i = 0; i < p.n;) {
        struct heard_word *w = &out->items[out->n++];
        char               number[64] = "";
        size_t             used = 1;

        if (p.items[i].kind == PIECE_DIGITS) {
            w->normal = digits_normal(p.items[i].text);
            w->is_number = true;
            w->is_joined = p.items[i].gap == ':' && i &&
                           p.items[i - 1].kind == PIECE_DIGITS;
        } else if (t && (used = number_in_words(t, p.items + i, p.n - i,
                                                number, sizeof number))) {
            w->normal = mem_copy(number);
            w->is_number = true;
        } else {
            used = 1;
            w->normal = normal_of(t, p.items[i].text);
        }
        w->surface = surface_of(p.items + i, used);
        i += used;
    }
    for (size_t i = 0; i < p.n; i++) free(p.items[i].text);
    free(p.items);
    free(small);
}

void heard_words_done(struct heard_words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->items[i].normal);
        free(w->items[i].surface);
    }
    free(w->items);
    *w = (struct heard_words){0};
}
