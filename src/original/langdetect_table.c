/* SPDX-License-Identifier: MIT */
/* langdetect_table.c - see langdetect_table.h. */
#include "original/langdetect_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/mem.h"
#include "original/pytext.h"

#define LINE_BYTES_MOST 4096
#define SLOTS           (1u << 17)   /* twice the 65,314 n-grams of 1.0.9    */
#define GRAMS_MOST      (SLOTS / 4 * 3)
#define N_LENGTHS       3
#define SMOOTHING       (0.5 / 10000)

struct reader {
    struct langdetect_table *table;
    double counted[LANGDETECT_LANGUAGES][N_LENGTHS];
    size_t n_languages, n_grams, n_shares, room;
};

static size_t slot_of(uint64_t key)
{
    return (size_t)(key * 0x9E3779B97F4A7C15u >> 40) % SLOTS;
}

const struct langdetect_gram *
langdetect_find(const struct langdetect_table *t, uint64_t key)
{
    for (size_t i = slot_of(key); t->grams[i].key; i = (i + 1) % SLOTS)
        if (t->grams[i].key == key) return &t->grams[i];
    return NULL;
}

/* ---- the words of a line ------------------------------------------------ */

/* Takes a number of at most nine digits off the beginning. */
static bool take_number(struct view *v, uint32_t *out)
{
    size_t n = 0;

    for (*out = 0; n < v->len && n < 9; n++) {
        unsigned digit = (unsigned)v->at[n] - '0';
        if (digit > 9) break;
        *out = *out * 10 + digit;
    }
    v->at += n;
    v->len -= n;
    return n > 0;
}

/* Takes a text off the beginning, if it is there. */
static bool take(struct view *v, const char *text)
{
    size_t n = strlen(text);

    if (v->len < n || memcmp(v->at, text, n) != 0) return false;
    v->at += n;
    v->len -= n;
    return true;
}

/* "CODE N1 N2 N3" */
static bool read_language(struct reader *r, struct view v)
{
    struct langdetect_table *t = r->table;
    size_t   i = r->n_languages, len = 0;
    uint32_t n;

    if (i == LANGDETECT_LANGUAGES) return false;
    while (len < v.len && v.at[len] != ' ') len++;
    if (len == 0 || len >= sizeof t->codes[i]) return false;
    memcpy(t->codes[i], v.at, len);
    v.at += len;
    v.len -= len;
    for (size_t k = 0; k < N_LENGTHS; k++) {
        if (!take(&v, " ") || !take_number(&v, &n) || n == 0) return false;
        r->counted[i][k] = n;
    }
    r->n_languages++;
    return v.len == 0;
}

/* "LETTERS" */
static bool read_same(struct reader *r, struct view v)
{
    uint32_t first = 0;

    for (size_t i = 0; i < v.len;) {
        uint32_t c = py_next(v, &i);
        if (c < LANGDETECT_HAN_FIRST || c > LANGDETECT_HAN_LAST) return false;
        if (!first) first = c;
        r->table->han[c - LANGDETECT_HAN_FIRST] = (uint16_t)first;
    }
    return first != 0;
}

/* ---- n-grams ------------------------------------------------------------ */

static void add_share(struct reader *r, size_t language, double part)
{
    struct langdetect_table *t = r->table;

    if (r->n_shares == r->room) {
        r->room = r->room ? r->room * 2 : 1u << 15;
        t->shares = mem_grow(t->shares, r->room, sizeof *t->shares);
    }
    t->shares[r->n_shares++] = (struct langdetect_share){
        .nats = (float)log1p(part / SMOOTHING), .language = (uint32_t)language};
}

/* "GRAM<tab>A123B4..." */
static bool read_gram(struct reader *r, struct view v)
{
    struct langdetect_gram *grams = r->table->grams;
    uint32_t last[N_LENGTHS] = {0}, count;
    size_t   length = 0, from = r->n_shares, i = 0;

    while (i < v.len && v.at[i] != '\t') {
        if (length++ == N_LENGTHS) return false;
        last[0] = last[1];
        last[1] = last[2];
        last[2] = py_next(v, &i);
    }
    if (length == 0 || i == v.len || r->n_grams == GRAMS_MOST) return false;
    for (v.at += i + 1, v.len -= i + 1; v.len > 0;) {
        size_t language = (size_t)((unsigned char)v.at[0] - 'A');
        v.at++;
        v.len--;
        if (language >= r->n_languages || !take_number(&v, &count) ||
            count == 0)
            return false;
        add_share(r, language,
                  count / r->counted[language][length - 1]);
    }
    if (r->n_shares == from) return false;

    uint64_t key  = langdetect_key(last[0], last[1], last[2]);
    size_t   slot = slot_of(key);

    while (grams[slot].key && grams[slot].key != key) slot = (slot + 1) % SLOTS;
    if (key == 0 || grams[slot].key) return false;      /* there twice       */
    grams[slot] = (struct langdetect_gram){
        .key = key, .first = (uint32_t)from,
        .n = (uint32_t)(r->n_shares - from)};
    r->n_grams++;
    return true;
}

static bool read_line(struct reader *r, struct view v)
{
    if (take(&v, "language ")) return read_language(r, v);
    if (take(&v, "same ")) return read_same(r, v);
    return read_gram(r, v);
}

int langdetect_table_read(struct langdetect_table *t, const char *path,
                          struct err *err)
{
    struct reader r = {.table = t};
    struct lines  lines;
    struct line   line;
    struct err    why = {0};
    int           got = -1;

    *t = (struct langdetect_table){
        .grams = mem_new(SLOTS, sizeof *t->grams)};
    if (lines_open(&lines, path, LINE_BYTES_MOST, &why) == 0) {
        while ((got = lines_next(&lines, &line, &why)) == 1)
            if (line.is_too_long ||
                !read_line(&r, (struct view){line.text, line.len})) {
                got = err_set(&why, ERR_PREFLIGHT, "line %zu is damaged; "
                              "install audition again", line.number);
                break;
            }
        lines_close(&lines);
    }
    if (got == 0 && (r.n_languages != LANGDETECT_LANGUAGES || r.n_grams == 0))
        got = err_set(&why, ERR_PREFLIGHT, "is not complete; install "
                      "audition again");
    if (got == 0) return 0;
    langdetect_table_done(t);
    return err_set(err, ERR_PREFLIGHT, "%s: %s", path, why.text);
}

void langdetect_table_done(struct langdetect_table *t)
{
    free(t->grams);
    free(t->shares);
    *t = (struct langdetect_table){.grams = NULL};
}
