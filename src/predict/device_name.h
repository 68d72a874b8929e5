/* SPDX-License-Identifier: MIT */
/* device_name.h - names of boards as sets of words, so that "NVIDIA GeForce
 * RTX 3060", "rtx3060" and "RTX 3060 12 GB" meet, and "RTX 3060 Ti" does not.
 * Pure.
 *
 * Words    runs of letters or of digits in lower case: "RTX3060Ti" is "rtx",
 *          "3060", "ti". "7-core" is one word, "+" is "plus", "mobile" and
 *          "notebook" are "laptop". What follows "@" or "w/" is left out.
 * Memory   "12 GB" is no word but the size of the memory.
 */
#ifndef PREDICT_DEVICE_NAME_H
#define PREDICT_DEVICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_WORDS_MAX  24
#define DEVICE_WORD_BYTES 24

struct device_name {
    char   words[DEVICE_WORDS_MAX][DEVICE_WORD_BYTES];
    size_t n;
    double memory_gb;          /* NAN: the name has none                     */
};

/* Of a text that may be anything; what is over the limits is left out. */
void device_name_read(const char *text, struct device_name *out);
/* The same without what stands in brackets. */
void device_name_read_outside(const char *text, struct device_name *out);

/* How two names differ in words that make a difference: 0 not at all, 1 in
 * where a chip sits (only when is_soc: then "laptop" or "board" is no other
 * chip), 2 `known` has a number of cores that `asked` leaves open, -1 they
 * are names of different things. */
int device_name_differ(const struct device_name *asked,
                       const struct device_name *known, bool is_soc);

/* How much two names have in common, 0..1: for "did you mean". */
double device_name_likeness(const struct device_name *a,
                            const struct device_name *b);

/* Does text hold the words of pattern, in their order and side by side? Their
 * number, else 0. Every word counts here, a maker's name too. */
size_t device_name_holds(const char *text, const char *pattern);

#endif
