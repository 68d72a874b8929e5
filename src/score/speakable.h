/* SPDX-License-Identifier: MIT */
/* speakable.h - what in an answer is not fit to be read aloud. Pure; linear
 * in the text.
 *
 * Two levels. An offence is heard as something that makes no sense, whatever
 * the voice: it fails the answer. A blemish is said wrong, or clumsily, by
 * some voices only: it fails the answer when the rule has "strict":true, and
 * is counted for the report. What Piper and Kokoro read with the rules of
 * espeak-ng decides:
 *
 *   as it is    21.5 and 21,5, 1,234.50, 19:30, 7pm, 7 p.m., 3rd, 1990s,
 *               -5, one ellipsis, Dr., Mr., Mrs., Ms., Jr., etc., usw.,
 *               short capitals (TV, LED, USA), MP3 and the like, quotes
 *   blemish     "a symbol"        20°C, 50%, 5 €, $5.99, ±, & between words,
 *                                 5 < 6, =, @, #1: left out by some voices
 *               "a range"         5-10 is "five ten"; 3–4
 *               "a fraction"      3/4 is "three slash four"
 *               "a multiple"      2x, 3×
 *               "a unit"          km/h, kWh, 5 kg: spelled letter by letter
 *               "an abbreviation" e.g., i.e., vs., approx., No. 5, St., ...
 *               "a slash"         and/or
 *               "a roman numeral" XIV, III
 *               "an initialism"   letters with digits: RTX3060
 *               "capitals"        words of 5 letters and more
 *               "parentheses"     nobody hears them
 *               "repeated marks"  !!, ?!, a row of dots
 *               "a number in groups"  555-123-4567, 192.168.1.10
 *               "a site"          example.com, a@example.com
 *               "a file name"     notes.txt
 *               "a name with underscores"
 *   offence     markdown, tables, bare lists, code, tags, JSON, addresses,
 *               emoji and emoticons (markup.h);
 *               "a hashtag", "a date in figures" (2026-03-12), "an
 *               identifier" (light.kitchen, 9f8e7d6c, 0x1f), "a long number"
 *               (10 digits and more are read as thousands of millions), "a
 *               formula" (10^3), "a path", "shorthand" (w/, w/o, b/c)
 */
#ifndef SCORE_SPEAKABLE_H
#define SCORE_SPEAKABLE_H

#include <stddef.h>

/* How many blemishes the text has. first_kind: the kind of the first one,
 * static, NULL when there is none; at: its byte in the text, 0 when there is
 * none. Both may be NULL. Any bytes will do; no more than ANSWER_MOST_BYTES
 * are looked at. */
size_t speakable_blemishes(const char *text, const char **first_kind,
                           size_t *at);

#endif
