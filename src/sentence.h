/* SPDX-License-Identifier: MIT */
/* sentence.h - where a speech synthesiser could start talking. Pure.
 *
 * Word      a run of letters, marks and digits; an apostrophe between
 *           letters and a '.' or ',' between digits belong to it ("don't"
 *           and "21.5" are one word, "twenty-one" is two).
 * Sentence  ends after a run of . ! ? or an ellipsis with the quotes and
 *           brackets that close behind it, or before a line break; and only
 *           where the text from its start to there has at least 3 words
 *           ("Yes. It is on now." is one piece: "Yes." is too short).
 * Confirmed by the arrival of the first character after the white space
 *           that follows: until then "21." may become "21.5" and "p.m." may
 *           go on. A final text needs no confirmation.
 * Not ends  titles and abbreviations ("Dr.", "e.g."), initials ("J. R."),
 *           "1." where a list item starts, and a '.' without white space
 *           behind it ("21.5", "example.com"). "p.m.", "etc." and the like
 *           and an ellipsis end a sentence only before a capital letter.
 * Clause    the same, and also after , ; : and a dash (an em dash, or a
 *           hyphen or en dash with white space before it).
 *
 * The answer for a text is the answer for each of its longer forms: once an
 * end is reported, more text never moves it. Rules are English ones; a
 * script without spaces between words is only cut at line breaks and at the
 * end. Invalid UTF-8 counts as neither word nor white space.
 */
#ifndef SENTENCE_H
#define SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes from the start of the text to the end of the first sentence of at
 * least 3 words, or -1 while there is none. With is_final the end of the
 * text ends a sentence too, also a shorter one ("Done."); -1 is then left
 * for a text without any word. Linear in len. */
ptrdiff_t sentence_end(const char *text, size_t len, bool is_final);

/* The same for the first clause of at least 3 words. */
ptrdiff_t sentence_clause_end(const char *text, size_t len, bool is_final);

/* How many words would be spoken. */
size_t sentence_words(const char *text, size_t len);

/* Sentences of at least one word in a final text; a rest without a mark at
 * the end counts as one. */
size_t sentence_count(const char *text, size_t len);

#endif
