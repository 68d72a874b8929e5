/* SPDX-License-Identifier: MIT */
/* punkt_table.h - what the English punkt model knows of words: the file
 * share/originals/punkt-english.tsv (its form: the NOTICE beside it). */
#ifndef ORIGINAL_PUNKT_TABLE_H
#define ORIGINAL_PUNKT_TABLE_H

#include "base/err.h"

#include <stddef.h>

/* A word longer than this is in no table. */
#define PUNKT_WORD_MAX 63

/* Where a word was seen when the model was trained, and what it is. */
enum punkt_role {
    PUNKT_BEGIN_UPPER   = 1 << 1,
    PUNKT_MIDDLE_UPPER  = 1 << 2,
    PUNKT_UNKNOWN_UPPER = 1 << 3,
    PUNKT_BEGIN_LOWER   = 1 << 4,
    PUNKT_MIDDLE_LOWER  = 1 << 5,
    PUNKT_UNKNOWN_LOWER = 1 << 6,
    PUNKT_ABBREVIATION  = 1 << 7,
    PUNKT_STARTER       = 1 << 8,
    PUNKT_COLLOCATION   = 1 << 9,  /* of "first\tsecond" */

    PUNKT_UPPER = PUNKT_BEGIN_UPPER | PUNKT_MIDDLE_UPPER | PUNKT_UNKNOWN_UPPER,
    PUNKT_LOWER = PUNKT_BEGIN_LOWER | PUNKT_MIDDLE_LOWER | PUNKT_UNKNOWN_LOWER
};

/* Reads the table unless it is there; threads may call at once. It stays
 * until the process ends. ERR_PREFLIGHT: no file, or not of that form. */
MUST_USE int punkt_table_ready(struct err *err);

/* The roles of a word in lower case, 0 of an unknown one. */
unsigned punkt_table_roles(const char *word, size_t len);

#endif
