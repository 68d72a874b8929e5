/* SPDX-License-Identifier: MIT */
/* mem.c - allocation that cannot fail; see mem.h. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
    if (p) return p;
    fputs("audition: out of memory; everything finished is stored\n", stderr);
    abort();
}

void *mem_new(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) return checked(NULL);
    return checked(realloc(old, count && size ? count * size : 1));
}

char *mem_copy(const char *text)
{
    return text ? mem_copy_n(text, strlen(text)) : NULL;
}

char *mem_copy_n(const char *text, size_t len)
{
    char *copy = mem_new(len + 1, 1);

    if (len) memcpy(copy, text, len);
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list args, again;
    int     len;
    char   *text;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    text = mem_new((size_t)(len < 0 ? 0 : len) + 1, 1);
    vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

void mem_push(double **list, size_t *n, double value)
{
    *list = mem_grow(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = value;
}
