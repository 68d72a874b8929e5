/* SPDX-License-Identifier: MIT */
/* hearing_internal.h - the parts of hearing.c: tables, words, sounds, errors.
 * Nobody else includes it but its test and fuzzer. */
#ifndef HEARING_INTERNAL_H
#define HEARING_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "hearing/hearing.h"

#define HEARING_MOST_BYTES (32 * 1024)

/* ---- sounds -------------------------------------------------------------- */

enum hearing_sounds { SOUNDS_ENGLISH, SOUNDS_GERMAN, SOUNDS_SPANISH };

#define HEARING_KEY_BYTES 16

/* The key of a lower-case word: words that sound alike have the same. English:
 * Metaphone (L. Philips, 1990); German: Kölner Phonetik (H. J. Postel, 1969);
 * Spanish is written nearly as spoken: letters of one sound are one. Letters
 * that are unknown have no sound. A long key is cut. */
void hearing_key(enum hearing_sounds sounds, const char *word,
                 char key[HEARING_KEY_BYTES]);

/* ---- tables -------------------------------------------------------------- */

struct sound_word {
    const char *word;
    char        key[HEARING_KEY_BYTES];
};

struct hearing_tables {
    char                language[4];
    enum hearing_sounds sounds;
    json_t             *root;       /* the file; owns what stands below      */
    json_t             *values;     /* "twenty one" -> 21                    */
    /* Sets of words. */
    json_t             *guard, *drop, *carrier, *tail, *whole, *known;
    const json_t       *numbers;    /* 21 -> "twenty one"                    */
    const json_t       *same, *alike, *signs, *split, *merge, *fillers,
                       *endings;
    const char         *hundred, *thousand, *and_word, *point;
    char                decimal;
    struct sound_word  *near;       /* ordinary words, by key                */
    size_t              n_near;
};

/* Of a language like "en" or "en-GB"; NULL with err. Kept: not to be freed. */
const struct hearing_tables *hearing_tables(const char *language,
                                            struct err *err);

/* Is the word in the set? */
bool hearing_in(const json_t *set, const char *word);

/* An ordinary word that sounds nearly like this one and is none of `not`; or
 * NULL. Equally near ones: the earlier by key and letters. */
const char *hearing_nearest(const struct hearing_tables *t, const char *word,
                            const json_t *not_these);

/* ---- words --------------------------------------------------------------- */

struct heard_word {
    char *normal;      /* as it is compared                                  */
    char *surface;     /* as it was written, in lower case                   */
    bool  is_number;
    bool  is_joined;   /* to the number before, by a colon: 6:45             */
};

struct heard_words {
    struct heard_word *items;
    size_t             n;
};

/* The words of a text; tables may be NULL. Done with heard_words_done. */
void heard_words_of(const struct hearing_tables *t, const char *text,
                    struct heard_words *out);
void heard_words_done(struct heard_words *w);

/* The least changes of words that make b of a: n log n and n * m / 64. */
int heard_words_distance(const struct heard_word *a, size_t n,
                         const struct heard_word *b, size_t m);

/* ---- errors -------------------------------------------------------------- */

/* One thing that may be misheard. */
struct hearing_error {
    size_t   first, n;   /* words that become `heard`; 0: put in before      */
    char    *heard;      /* "": nothing is                                   */
    int      cost;       /* errors that it counts as, at least 1             */
    uint64_t ticket;     /* the lowest come first                            */
};

struct hearing_errors {
    struct hearing_error *items;
    size_t                n;
};

/* Everything that may go wrong with these words, with tickets drawn from the
 * seed, each kind as often as hearing_errors.c says. */
void hearing_errors_of(const struct hearing_tables *t,
                       const struct heard_words *words,
                       const struct text_list *names, uint64_t seed,
                       struct hearing_errors *out);
void hearing_errors_done(struct hearing_errors *e);

#endif
