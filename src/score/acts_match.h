/* SPDX-License-Identifier: MIT */
/* acts_match.h - a text as words in clauses and sentences, and the patterns
 * of acts_table.h over them. Pure; linear in the text. */
#ifndef SCORE_ACTS_MATCH_H
#define SCORE_ACTS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "score/acts_table.h"

struct word {
    char    *text;          /* case folded                              */
    uint32_t classes;       /* bits: which of the table's it is in      */
    unsigned clause, sentence;
    bool     starts_clause; /* '^' holds before it: not behind an "and" */
};

struct sentence_span {
    size_t begin, end;      /* bytes of words.clean                     */
    size_t first, last;     /* its words, last excluded; may be none    */
    bool   is_question;     /* it ends with a question mark             */
};

struct words {
    const struct acts_table *table;
    char                    *clean;     /* valid UTF-8, what was read   */
    struct word             *at;
    size_t                   n;
    struct sentence_span    *sentences;
    size_t                   n_sentences;
};

void words_read(const char *text, const struct acts_table *table,
                struct words *out);
void words_done(struct words *w);

/* The bit of a class, 0 when the table has none of that name. */
uint32_t words_class(const struct acts_table *table, const char *name);

/* Does the pattern match from word i on? Then *end is behind its last word;
 * nothing matches across sentences. */
bool words_match(const struct words *w, size_t i, const char *pattern,
                 size_t *end);

#endif
