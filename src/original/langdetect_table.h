/* SPDX-License-Identifier: MIT */
/* langdetect_table.h - the n-grams of 55 languages that langdetect.c counts
 * with: share/originals/langdetect.txt.gz. Its form, which
 * tools/langdetect-table.sh writes, and only langdetect.c and its tests read:
 *
 *   language CODE N1 N2 N3   n-grams of 1, 2, 3 letters in its training texts
 *   same LETTERS             Chinese characters that count as the first one
 *   GRAM<tab>A123B4...       counts; 'A' is the first language above */
#ifndef ORIGINAL_LANGDETECT_TABLE_H
#define ORIGINAL_LANGDETECT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LANGDETECT_LANGUAGES 55
#define LANGDETECT_HAN_FIRST 0x4E00u
#define LANGDETECT_HAN_LAST  0x9FFFu

/* What an n-gram says for one language that has it; for all others, 0. */
struct langdetect_share {
    float    nats;        /* ln(1 + p / q), > 0: p its part of the n-grams of
                             that length, q = 0.5 / 10,000 the smoothing     */
    uint32_t language;
};

struct langdetect_gram {
    uint64_t key;         /* langdetect_key; 0: a free slot                  */
    uint32_t first, n;    /* of the shares                                   */
};

struct langdetect_table {
    char     codes[LANGDETECT_LANGUAGES][8];        /* "en", "zh-cn"         */
    uint16_t han[LANGDETECT_HAN_LAST - LANGDETECT_HAN_FIRST + 1];
                                                    /* 0: counts as itself   */
    struct langdetect_gram  *grams;                 /* a hash table          */
    struct langdetect_share *shares;
};

/* Fails with ERR_PREFLIGHT, naming the line that is damaged. */
MUST_USE int langdetect_table_read(struct langdetect_table *t,
                                   const char *path, struct err *err);
void langdetect_table_done(struct langdetect_table *t);  /* safe on zeroes   */

/* Of up to three characters; of fewer, the first ones are 0. */
static inline uint64_t langdetect_key(uint32_t a, uint32_t b, uint32_t c)
{
    return (uint64_t)a << 42 | (uint64_t)b << 21 | c;
}

/* NULL: in no language. */
const struct langdetect_gram *
langdetect_find(const struct langdetect_table *t, uint64_t key);

#endif
