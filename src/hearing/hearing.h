/* SPDX-License-Identifier: MIT */
/* hearing.h - what a speech recogniser of the size of Whisper small, with a
 * microphone across the room, would have written of what a user said.
 *
 * The tables (share/speech/LANGUAGE.json) are read at the first use of a
 * language and kept until the process ends; from then on both functions are
 * pure. Not for two threads at once.
 *
 * Words are compared as word error rates usually are: without case,
 * punctuation and apostrophes ("Emma's" is "emmas"), a number the same in
 * words and in digits ("twenty-five" is "25", "6:45" is "six forty five"),
 * and so are two spellings of one word ("grey", "gray"). A hesitation ("uh")
 * counts as a word. Of a text no more than the first 32 KiB are looked at.
 */
#ifndef HEARING_H
#define HEARING_H

#include <stdint.h>

#include "base/err.h"
#include "base/text_list.h"

/* `text` misheard. language: "en", also "en-GB"; NULL or "" is "en". names:
 * of everything in the home, what recognisers know least; may be NULL.
 *
 * At a rate of 0 (or NAN) the text as it is. Above that everything is in
 * lower case without punctuation, and the errors are drawn: over many texts
 * errors / words is target_wer, in each it is no further off than its last
 * error, which counts 1 or 2.
 * The errors of a rate contain those of every lower rate of that seed. Equal
 * arguments give equal bytes everywhere. At most 1; above about 0.4 there is
 * not always enough to mishear.
 *
 * The aim, which nobody has measured: a person who knows the home still
 * understands 5 %, mostly 10 %, often 20 %. What tests hold to: a number
 * never becomes another one; a word that alone carries the meaning ("off",
 * "not", "red") never becomes another such word and never vanishes, at the
 * worst there is a word that sounds like it; after a false start comes what
 * was meant.
 *
 * Caller frees. NULL with err when there are no tables of that language. */
MUST_USE char *hearing_noise(const char *text, const char *language,
                             double target_wer, uint64_t seed,
                             const struct text_list *names, struct err *err);

/* words: of what was said. errors: the least substitutions, deletions and
 * insertions that make of it what was heard; the word error rate is their
 * quotient. Without tables of the language, numbers are compared as
 * written. */
struct hearing_rate {
    int words, errors;
};
struct hearing_rate hearing_rate(const char *said, const char *heard,
                                 const char *language);

#endif
