/* SPDX-License-Identifier: MIT */
/* ifeval_regex.h - keywords, words, section and postscript markers, which the
 * original takes as Python regular expressions, unescaped: "U.S." finds "ups".
 *
 * Translated to PCRE2 (ifeval_translate.c), compiled once and kept in a small
 * cache. Bounded: a pattern that repeats sees the first REGEX_TEXT_MAX bytes
 * of a text, and one that goes through too many ways finds nothing from there
 * on; the original would take minutes. For one thread at a time. */
#ifndef ORIGINAL_IFEVAL_REGEX_H
#define ORIGINAL_IFEVAL_REGEX_H

#include "base/err.h"
#include "base/strbuf.h"
#include "original/pytext.h"

enum regex_use {
    REGEX_KEYWORD,      /* as it is, any case                                */
    REGEX_WORD,         /* with \b on both sides, any case                   */
    REGEX_SECTION,      /* then a number                                     */
    REGEX_POSTSCRIPT    /* its lower case; then a line's rest                */
};
#define REGEX_PATTERN_MAX 10000   /* bytes                                   */
#define REGEX_TEXT_MAX    32768   /* bytes                                   */

/* ERR_INPUT: Python would raise, or we cannot do what it does (flag `a`, named
 * characters, repeats above 65,535, patterns above REGEX_PATTERN_MAX). */
MUST_USE int regex_check(enum regex_use use, struct view pattern,
                         struct err *err);

/* re.search; a pattern that fails the check is found nowhere.
 * is_utf8: the text is known to be valid. */
bool regex_found(enum regex_use use, struct view pattern, struct view text,
                 bool is_utf8);

/* len(re.findall), or what re.split cuts off: capturing groups count. */
size_t regex_count(enum regex_use use, struct view pattern, struct view text,
                   bool is_utf8);

/* A pattern of Python in the language of PCRE2, added to out.
 * *repeats: it holds a quantifier other than '?'. ERR_INPUT. */
MUST_USE int regex_translate(struct view pattern, bool any_case,
                             struct strbuf *out, bool *repeats,
                             struct err *err);

#endif
