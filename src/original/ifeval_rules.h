/* SPDX-License-Identifier: MIT */
/* ifeval_rules.h - the 25 rules, for ifeval.c. Their arguments have been
 * checked: what a rule needs is there and of the right type. */
#ifndef ORIGINAL_IFEVAL_RULES_H
#define ORIGINAL_IFEVAL_RULES_H

#include <stdbool.h>

#include "original/pyjson.h"
#include "original/pytext.h"

struct ifeval_given {
    const struct py *kwargs;
    struct view      text;      /* a variant of the response, not blank      */
    bool             is_utf8;   /* the text is known to be valid             */
    struct py_pool  *pool;      /* to parse into                             */
};

/* Arguments: the value of a key as a number or a text ("" when absent). */
double      ifeval_number(const struct ifeval_given *g, const char *key);
struct view ifeval_text(const struct ifeval_given *g, const char *key);
/* "at least" or "less than" the number of `key`? */
bool        ifeval_relation(const struct ifeval_given *g, const char *relation,
                            const char *key, size_t n);

/* ifeval_words.c: what is said. */
bool ifeval_existence(const struct ifeval_given *g);
bool ifeval_frequency(const struct ifeval_given *g);
bool ifeval_forbidden_words(const struct ifeval_given *g);
bool ifeval_letter_frequency(const struct ifeval_given *g);
bool ifeval_number_words(const struct ifeval_given *g);
bool ifeval_number_sentences(const struct ifeval_given *g);
bool ifeval_response_language(const struct ifeval_given *g);
bool ifeval_capital_word_frequency(const struct ifeval_given *g);
bool ifeval_english_capital(const struct ifeval_given *g);
bool ifeval_english_lowercase(const struct ifeval_given *g);
bool ifeval_no_comma(const struct ifeval_given *g);

/* ifeval_layout.c: how it is laid out. */
bool ifeval_number_paragraphs(const struct ifeval_given *g);
bool ifeval_nth_paragraph_first_word(const struct ifeval_given *g);
bool ifeval_number_placeholders(const struct ifeval_given *g);
bool ifeval_number_bullet_lists(const struct ifeval_given *g);
bool ifeval_number_highlighted_sections(const struct ifeval_given *g);
bool ifeval_multiple_sections(const struct ifeval_given *g);
bool ifeval_title(const struct ifeval_given *g);
bool ifeval_two_responses(const struct ifeval_given *g);

/* ifeval_frame.c: what it is, begins with or ends with. */
bool ifeval_postscript(const struct ifeval_given *g);
bool ifeval_constrained_response(const struct ifeval_given *g);
bool ifeval_json_format(const struct ifeval_given *g);
bool ifeval_repeat_prompt(const struct ifeval_given *g);
bool ifeval_end_checker(const struct ifeval_given *g);
bool ifeval_quotation(const struct ifeval_given *g);

#endif
