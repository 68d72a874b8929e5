/* SPDX-License-Identifier: MIT */
/* mem.h - allocation of our own small objects: aborts when out of memory
 * (every finished trial is already on disk). A size that comes from outside
 * is bounded by its caller first. Freed with free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t count, size_t size);              /* zeroed */
void *mem_grow(void *old, size_t count, size_t size);  /* realloc */
char *mem_copy(const char *text);                      /* NULL stays NULL */
char *mem_copy_n(const char *text, size_t len);        /* adds the NUL */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One more at the end of a list of n numbers. */
void mem_push(double **list, size_t *n, double value);

#endif
