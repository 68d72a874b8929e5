/* SPDX-License-Identifier: MIT */
/* nltk_class.h - what \s and \w mean to nltk's tokenizers. They run the
 * third-party `regex` engine, which reads Unicode otherwise than Python's re
 * (pytext.h): combining marks are word characters, superscript digits are
 * not, and U+001C..U+001F are no white space. Pure. */
#ifndef ORIGINAL_NLTK_CLASS_H
#define ORIGINAL_NLTK_CLASS_H

#include "original/pytext.h"

bool nltk_is_space(uint32_t c);
bool nltk_is_word(uint32_t c);

/* The character that ends where `end` says (> 0); U+FFFD where the bytes
 * before it are no UTF-8. */
uint32_t nltk_before(struct view v, size_t end);

#endif
