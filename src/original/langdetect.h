/* SPDX-License-Identifier: MIT */
/* langdetect.h - the language of a text as the Python package langdetect
 * tells it: naive Bayes over n-grams of 1 to 3 letters, 55 languages. For
 * rules that were written around it; for short spoken answers language.h is
 * far better. The original draws n-grams at random and may tell a short text
 * differently each time; this one is what it tends to, and always the same.
 *
 * Source: langdetect 1.0.9 (after Nakatani Shuyo's language-detection). */
#ifndef ORIGINAL_LANGDETECT_H
#define ORIGINAL_LANGDETECT_H

#include "base/err.h"
#include "original/pytext.h"

/* Reads share/ once, also when threads call; ERR_PREFLIGHT. */
MUST_USE int langdetect_ready(struct err *err);

/* Its code ("en", "zh-cn"), static; NULL when the original would raise: no
 * letters to tell by. *probability (may be NULL): about how often the
 * original tells this one, not the second best: 0.5 to 1, 0 with NULL.
 * langdetect_ready has been called. */
const char *langdetect(struct view text, double *probability);

#endif
