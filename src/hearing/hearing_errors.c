/* SPDX-License-Identifier: MIT */
/* hearing_errors.c - what a recogniser gets wrong, and how often each kind.
 *
 * A kind has so many tickets at each place where it can happen; the lowest
 * ticket of all comes first, so a kind with twice the tickets is drawn twice
 * as often. The numbers are set by hand, not fitted to recordings; on our
 * suites 62 % of the errors put another word, 18 % lose one, 20 % add one.
 * Names that are no ordinary words fare worst, the little words next
 * (they are short and unstressed). All is in whole numbers: no libm, the same
 * on every machine. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "hearing/hearing_internal.h"
#include "suite.h"

enum kind {
    ALIKE, NEAR, DROP, FILLER, REPEAT, STUTTER, FALSE_START, CUT_START,
    HALF_START, CUT_END, HALF_END, MERGE, SPLIT, ENDING
};

/* Tickets. */
#define TICKETS_ALIKE       8   /* the table has the usual ones              */
#define TICKETS_RARE_NAME  10   /* no language model knows "Ilona"           */
#define TICKETS_NEAR        4   /* ordinary and long: context helps          */
#define TICKETS_DROP        6   /* unstressed, a few hundredths of a second  */
#define TICKETS_MERGE       2
#define TICKETS_KNOWN_MERGE 4
#define TICKETS_SPLIT       3
#define TICKETS_ENDING      2   /* "lights", "light": the end is quiet       */
#define TICKETS_FILLER      1   /* at every gap, so they add up              */
#define TICKETS_REPEAT      1
#define TICKETS_STUTTER     1
#define TICKETS_FALSE_START 3   /* once a text                               */
#define TICKETS_CUT_START   6   /* once; the wake word's end swallows it     */
#define TICKETS_HALF_START  4
#define TICKETS_CUT_END     4   /* once; silence is found too early          */
#define TICKETS_HALF_END    2
/* A guarded word and a number carry the meaning alone; people stress them,
 * and a text without them cannot be understood. */
#define TICKETS_GUARDED     1

#define LEAST_TO_CUT    4      /* words in a text that may lose one         */
#define LEAST_LETTERS   5      /* bytes of a word that may lose its half    */
#define PHRASE_BYTES    256    /* longer words are heard right              */
#define SAYS_TWO        ((size_t)2)

struct builder {
    const struct hearing_tables *t;
    const struct heard_words    *words;
    json_t                      *in_names;   /* words of the home's names    */
    json_t                      *not_these;  /* those, and what was said     */
    uint64_t                     seed;
    struct hearing_errors       *out;
    size_t                       room;
};

static uint64_t draw(const struct builder *b, enum kind kind, size_t place,
                     size_t ticket)
{
    return suite_mix(b->seed + (place * 32 + (size_t)kind) * 32 + ticket, "");
}

static const struct heard_word *word_at(const struct builder *b, size_t i)
{
    return &b->words->items[i];
}

static bool is_guarded(const struct builder *b, size_t i)
{
    const struct heard_word *w = word_at(b, i);

    return w->is_number || hearing_in(b->t->guard, w->normal) ||
           hearing_in(b->t->guard, w->surface);
}

static bool is_number_at(const struct builder *b, size_t i)
{
    return i < b->words->n && word_at(b, i)->is_number;
}

/* ---- what may not be heard ----------------------------------------------- */

/* Nothing may turn up that carries a meaning of its own and was not there:
 * "office" cut in half is "off". A number may only where the table has it,
 * and not beside another one: "to fifty" would be "two fifty". */
static bool is_harmless(const struct builder *b, size_t first, size_t n,
                        const struct heard_words *heard, enum kind kind)
{
    bool beside = (first && is_number_at(b, first - 1)) ||
                  is_number_at(b, first + n);

    for (size_t i = 0; i < heard->n; i++) {
        const struct heard_word *w = &heard->items[i];
        bool                     was_there = false;

        for (size_t k = first; k < first + n && !was_there; k++)
            was_there = !strcmp(word_at(b, k)->normal, w->normal);
        if (was_there) continue;
        if (hearing_in(b->t->guard, w->normal)) return false;
        if (w->is_number && (kind != ALIKE || beside)) return false;
    }
    return true;
}

/* One more thing that may go wrong, unless it would do harm or be none. */
static void add(struct builder *b, enum kind kind, size_t tickets,
                size_t first, size_t n, const char *text)
{
    struct hearing_error e = {.first = first, .n = n, .ticket = UINT64_MAX};
    struct heard_words   heard;

    heard_words_of(b->t, text, &heard);
    e.cost = heard_words_distance(b->words->items + first, n, heard.items,
                                  heard.n);
    if (!e.cost || !is_harmless(b, first, n, &heard, kind)) {
        heard_words_done(&heard);
        return;
    }
    heard_words_done(&heard);
    for (size_t k = 0; k < tickets; k++) {
        uint64_t ticket = draw(b, kind, first, k);

        if (ticket < e.ticket) e.ticket = ticket;
    }
    e.heard = mem_copy(text);
    if (b->out->n == b->room) {
        b->room = b->room ? b->room * 2 : 64;
        b->out->items = mem_grow(b->out->items, b->room, sizeof e);
    }
    b->out->items[b->out->n++] = e;
}

static PRINTF_LIKE(6, 7) void addf(struct builder *b, enum kind kind,
                                   size_t tickets, size_t first, size_t n,
                                   const char *fmt, ...)
{
    char    text[PHRASE_BYTES * 4 + 8];
    va_list args;
    int     len;

    va_start(args, fmt);
    len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof text)
        add(b, kind, tickets, first, n, text);
}

/* ---- another word -------------------------------------------------------- */

/* One of the words that the table has for this one, or NULL. */
static const char *alike_of(const struct builder *b, const char *word,
                            size_t place)
{
    const json_t *list = json_object_get(b->t->alike, word);
    size_t        n = json_array_size(list);

    if (!n) return NULL;
    return json_string_value(
        json_array_get(list, draw(b, ALIKE, place, 31) % n));
}

/* As it is spoken: a number in words. */
static const char *spoken_form(const struct builder *b, size_t i)
{
    const struct heard_word *w = word_at(b, i);
    char                    *end;
    long                     value;

    if (!w->is_number) return w->surface;
    value = strtol(w->normal, &end, 10);
    if (*end || value < 0 ||
        (size_t)value >= json_array_size(b->t->numbers))
        return w->surface;
    return json_string_value(json_array_get(b->t->numbers, (size_t)value));
}

static bool is_other_name(const struct builder *b, const char *text)
{
    struct heard_words w;
    bool               is = false;

    heard_words_of(b->t, text, &w);
    for (size_t k = 0; k < w.n && !is; k++)
        is = hearing_in(b->in_names, w.items[k].normal);
    heard_words_done(&w);
    return is;
}

static void hear_another(struct builder *b, size_t i)
{
    const struct heard_word *w = word_at(b, i);
    const char              *other = alike_of(b, spoken_form(b, i), i);
    bool guarded = is_guarded(b, i);
    bool rare = hearing_in(b->in_names, w->normal) &&
                !hearing_in(b->t->known, w->normal);

    if (!other) other = alike_of(b, w->normal, i);
    /* Emma's blind is not Anna's, where there is an Anna. */
    if (other && hearing_in(b->in_names, w->normal) && is_other_name(b, other))
        other = NULL;
    if (other)
        add(b, ALIKE, guarded ? TICKETS_GUARDED : TICKETS_ALIKE, i, 1, other);
    if (guarded || hearing_in(b->t->drop, w->normal)) return;
    other = hearing_nearest(b->t, w->normal, b->not_these);
    if (other)
        add(b, NEAR, rare ? TICKETS_RARE_NAME : TICKETS_NEAR, i, 1, other);
}

/* Where a letter begins that is not the first, at or before n bytes. */
static size_t letter_start(const char *text, size_t n)
{
    while (n && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    return n;
}

static bool ends_in(const char *word, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n + 2 && !strcmp(word + len - n, end);
}

/* "lights" for "light", "turned" for "turn". */
static void hear_another_ending(struct builder *b, size_t i)
{
    const char *w   = word_at(b, i)->surface;
    size_t      len = strlen(w), index;
    json_t     *pair;

    if (is_guarded(b, i) || hearing_in(b->t->drop, w) || strchr(w, '\''))
        return;
    json_array_foreach(b->t->endings, index, pair) {
        const char *from = json_string_value(json_array_get(pair, 0));
        const char *to   = json_string_value(json_array_get(pair, 1));

        if (!from || !to || !ends_in(w, len, from) || len < 4) continue;
        addf(b, ENDING, TICKETS_ENDING, i, 1, "%.*s%s",
             (int)(len - strlen(from)), w, to);
        return;
    }
}

/* ---- words lost, added, in pieces ---------------------------------------- */

static void lose(struct builder *b, size_t i)
{
    if (b->words->n < SAYS_TWO + 1 ||
        !hearing_in(b->t->drop, word_at(b, i)->normal) || is_guarded(b, i) ||
        (i && is_number_at(b, i - 1) && is_number_at(b, i + 1)))
        return;
    add(b, DROP, TICKETS_DROP, i, 1, "");
}

static void hesitate(struct builder *b, size_t i)
{
    const struct heard_word *w = word_at(b, i);
    size_t                   len = strlen(w->surface), half;
    size_t                   n = json_array_size(b->t->fillers);

    if (i && n && !(is_number_at(b, i - 1) && is_number_at(b, i)))
        add(b, FILLER, TICKETS_FILLER, i, 0, json_string_value(json_array_get(
            b->t->fillers, draw(b, FILLER, i, 31) % n)));
    if (is_guarded(b, i)) return;
    /* People repeat the little word while they look for the next one. */
    if (hearing_in(b->t->drop, w->normal))
        addf(b, REPEAT, TICKETS_REPEAT, i, 1, "%s %s", w->surface,
             w->surface);
    half = letter_start(w->surface, len < 3 ? len : 3);
    if (len >= LEAST_LETTERS && half)
        addf(b, STUTTER, TICKETS_STUTTER, i, 1, "%.*s %s", (int)half,
             w->surface, w->surface);
}

static void merge(struct builder *b, size_t i)
{
    const char *known, *w, *next;
    char        pair[PHRASE_BYTES * 2 + 2];

    if (i + 1 >= b->words->n) return;
    w = word_at(b, i)->surface;
    next = word_at(b, i + 1)->surface;
    snprintf(pair, sizeof pair, "%s %s", w, next);
    known = jsonx_text(b->t->merge, pair);
    if (known) {
        add(b, MERGE, TICKETS_KNOWN_MERGE, i, SAYS_TWO, known);
        return;
    }
    /* Two words of names that stand together are one name. */
    if (is_guarded(b, i) || is_guarded(b, i + 1) || strchr(w, '\'') ||
        !hearing_in(b->in_names, word_at(b, i)->normal) ||
        !hearing_in(b->in_names, word_at(b, i + 1)->normal))
        return;
    addf(b, MERGE, TICKETS_MERGE, i, SAYS_TWO, "%s%s", w, next);
}

/* "bedroom" as "bed room": what the table has, else two ordinary words. */
static void split(struct builder *b, size_t i)
{
    const char *w = word_at(b, i)->surface;
    const char *known = jsonx_text(b->t->split, w);
    size_t      len = strlen(w);
    char        front[PHRASE_BYTES];

    if (known) {
        add(b, SPLIT, TICKETS_SPLIT, i, 1, known);
        return;
    }
    if (is_guarded(b, i)) return;
    for (size_t cut = 3; cut + 3 <= len; cut++) {
        memcpy(front, w, cut);
        front[cut] = '\0';
        if (!hearing_in(b->t->known, front) ||
            !hearing_in(b->t->known, w + cut))
            continue;
        addf(b, SPLIT, TICKETS_SPLIT, i, 1, "%s %s", front, w + cut);
        return;
    }
}

/* ---- the two ends of a text ---------------------------------------------- */

/* "turn of turn on the light", "set a set a timer": what was meant comes
 * last, and nobody is told to do the opposite. */
static void start_falsely(struct builder *b)
{
    const char *w, *next, *other;

    if (b->words->n < SAYS_TWO + 1 || is_guarded(b, 0) || is_number_at(b, 1))
        return;
    w = word_at(b, 0)->surface;
    next = word_at(b, 1)->surface;
    other = alike_of(b, next, 1);
    if (is_guarded(b, 1) && !other) return;
    addf(b, FALSE_START, TICKETS_FALSE_START, 0, SAYS_TWO, "%s %s %s %s", w,
         is_guarded(b, 1) ? other : next, w, next);
}

/* The second half of a word, better if that is a word ("switch", "witch"). */
static const char *second_half(const struct builder *b, const char *w)
{
    size_t len = strlen(w), cut = letter_start(w, 2);

    for (size_t k = 1; k < 4 && k + 3 <= len; k++)
        if (hearing_in(b->t->known, w + k)) return w + k;
    return cut ? w + cut : w + letter_start(w, 3);
}

static void cut_ends(struct builder *b)
{
    size_t                   n = b->words->n;
    const struct heard_word *first = word_at(b, 0), *last = word_at(b, n - 1);
    size_t                   len = strlen(last->surface);

    if (!is_guarded(b, 0)) {
        if (n >= LEAST_TO_CUT && (hearing_in(b->t->carrier, first->normal) ||
                                  hearing_in(b->t->drop, first->normal)))
            add(b, CUT_START, TICKETS_CUT_START, 0, 1, "");
        if (n > 1 && strlen(first->surface) >= LEAST_LETTERS)
            add(b, HALF_START, TICKETS_HALF_START, 0, 1,
                second_half(b, first->surface));
    }
    if (n < LEAST_TO_CUT || is_guarded(b, n - 1)) return;
    if (hearing_in(b->t->tail, last->normal))
        add(b, CUT_END, TICKETS_CUT_END, n - 1, 1, "");
    if (len >= LEAST_LETTERS + 1)
        addf(b, HALF_END, TICKETS_HALF_END, n - 1, 1, "%.*s",
             (int)letter_start(last->surface, len - 2), last->surface);
}

/* ---- all of it ----------------------------------------------------------- */

static void note_names(struct builder *b, const struct text_list *names)
{
    for (size_t i = 0; names && i < names->n; i++) {
        struct heard_words w;

        heard_words_of(b->t, names->items[i], &w);
        for (size_t k = 0; k < w.n; k++) {
            json_object_set_new(b->in_names, w.items[k].normal, json_true());
            json_object_set_new(b->not_these, w.items[k].normal, json_true());
        }
        heard_words_done(&w);
    }
    for (size_t i = 0; i < b->words->n; i++)
        json_object_set_new(b->not_these, word_at(b, i)->normal, json_true());
}

void hearing_errors_of(const struct hearing_tables *t,
                       const struct heard_words *words,
                       const struct text_list *names, uint64_t seed,
                       struct hearing_errors *out)
{
    struct builder b = {.t = t, .words = words, .seed = seed, .out = out,
                        .in_names = json_object(), .not_these = json_object()};

    *out = (struct hearing_errors){0};
    note_names(&b, names);
    for (size_t i = 0; i < words->n; i++) {
        hesitate(&b, i);
        if (strlen(words->items[i].surface) >= PHRASE_BYTES) continue;
        lose(&b, i);
        hear_another(&b, i);
        hear_another_ending(&b, i);
        merge(&b, i);
        split(&b, i);
    }
    if (words->n) {
        start_falsely(&b);
        cut_ends(&b);
    }
    json_decref(b.in_names);
    json_decref(b.not_these);
}

void hearing_errors_done(struct hearing_errors *e)
{
    for (size_t i = 0; i < e->n; i++) free(e->items[i].heard);
    free(e->items);
    *e = (struct hearing_errors){0};
}
