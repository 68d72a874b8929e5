/* SPDX-License-Identifier: MIT */
/* units.h - numbers as people read them, the same bytes in every locale.
 *
 * Memory is binary and says so: KiB, MiB, GiB (1 GiB = 2^30 bytes).
 * A number that is missing (NAN) or not finite is "–", never 0; a positive
 * one that would round to 0 is "<0.01".
 * Results are small values, made for units shorter than 16 bytes;
 * `units_bytes(n).text` lives as long as the full expression it stands in.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#define UNITS_MISSING "–"

struct units_text {
    char text[192];
};

struct units_text units_number(double value, int decimals);   /* "41.2" */
struct units_text units_bytes(double bytes);                  /* "1.7 GiB" */
struct units_text units_grouped(double whole);                /* "12,288" */
struct units_text units_count(double count);   /* "494M", "1.7B" (billions) */

/* A value of a metric with its unit: "1.24 s", "1.7 GiB", "41.2 tok/s". The
 * unit "bytes" gets a prefix; "" adds nothing. */
struct units_text units_value(double value, const char *unit, int decimals);

/* "1.19–1.31 s"; "–" when an end is missing. */
struct units_text units_range(double low, double high, const char *unit,
                              int decimals);

/* "1.24 [1.19–1.31] s", or as units_value when an end is missing. */
struct units_text units_interval(double value, double low, double high,
                                 const char *unit, int decimals);

/* A rate of 0..1: "62 %". Only exactly none is "0 %" and only exactly all
 * is "100 %"; what would round to them is "<1 %" and ">99 %". */
struct units_text units_rate(double rate);

/* "62 [48–75] %": the ends are rounded outwards. */
struct units_text units_rate_interval(double rate, double low, double high);

#endif
