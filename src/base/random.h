/* SPDX-License-Identifier: MIT */
/* random.h - SplitMix64 (Steele, Lea, Flood 2014): passes the usual tests of
 * randomness, any seed is good, the same numbers on every machine. Inline, as
 * made-up weights take gigabytes of them. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* Its finaliser: near numbers become far ones. */
static inline uint64_t random_mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint64_t random_next(uint64_t *state)
{
    return random_mix(*state += 0x9e3779b97f4a7c15u);
}

#endif
