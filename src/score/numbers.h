/* SPDX-License-Identifier: MIT */
/* numbers.h - whole numbers as they are spoken. Pure. */
#ifndef SCORE_NUMBERS_H
#define SCORE_NUMBERS_H

#include <stdbool.h>

/* Does the normal text (answer.h) hold this number, in digits or, for 0 to
 * 100, in words of the language (en, de, es)? */
bool numbers_has(const char *normal, double number, const char *language);

#endif
