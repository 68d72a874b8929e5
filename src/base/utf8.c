/* SPDX-License-Identifier: MIT */
/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"

#define REPLACEMENT "\xEF\xBF\xBD"   /* U+FFFD */

/* One code point at text, its bytes returned; negative when invalid. */
static utf8proc_ssize_t next(const char *text, size_t len,
                             utf8proc_int32_t *point)
{
    return utf8proc_iterate((const utf8proc_uint8_t *)text,
                            (utf8proc_ssize_t)len, point);
}

bool utf8_valid(const char *text, size_t len)
{
    utf8proc_int32_t point;

    for (size_t i = 0; i < len;) {
        utf8proc_ssize_t n = next(text + i, len - i, &point);
        if (n <= 0) return false;
        i += (size_t)n;
    }
    return true;
}

/* Characters that drive a terminal or hide what a text says. */
static bool steers(utf8proc_int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff;
}

static bool breaks_line(utf8proc_int32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static char *rewrite(const char *text, size_t len, bool for_terminal)
{
    char  *out  = mem_new(len * 3 + 1, 1);   /* one byte can become U+FFFD */
    size_t used = 0;

    for (size_t i = 0; i < len;) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t n     = next(text + i, len - i, &point);

        if (n <= 0 || point == 0) {
            memcpy(out + used, REPLACEMENT, 3);
            used += 3;
            i++;
        } else if (for_terminal && (breaks_line(point) || steers(point))) {
            out[used++] = breaks_line(point) ? ' ' : '?';
            i += (size_t)n;
        } else {
            memcpy(out + used, text + i, (size_t)n);
            used += (size_t)n;
            i += (size_t)n;
        }
    }
    return out;
}

char *utf8_clean(const char *text, size_t len)
{
    return rewrite(text, len, false);
}

char *utf8_printable(const char *text, size_t len)
{
    return rewrite(text, len, true);
}

void utf8_copy(char *out, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) len--;
    }
    if (len > 0) memcpy(out, text, len);
    out[len] = '\0';
}

int utf8_width(const char *text)
{
    size_t len   = strlen(text);
    int    width = 0;

    for (size_t i = 0; i < len;) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t n     = next(text + i, len - i, &point);
        if (n <= 0) {
            width++;
            i++;
            continue;
        }
        width += utf8proc_charwidth(point);
        i += (size_t)n;
    }
    return width;
}

size_t utf8_length(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80) count++;
    return count;
}

char *utf8_fold(const char *text)
{
    utf8proc_uint8_t *folded = NULL;
    char             *ours;

    utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
                 UTF8PROC_NULLTERM | UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE);
    ours = mem_copy(folded ? (const char *)folded : text);
    free(folded);
    return ours;
}

size_t utf8_look(const char *text, int32_t *point)
{
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, -1, point);

    if (n > 0) return (size_t)n;
    *point = -1;
    return 1;
}

bool utf8_is_word(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);

    return point > 0 && category >= UTF8PROC_CATEGORY_LU &&
           category <= UTF8PROC_CATEGORY_NO;
}
