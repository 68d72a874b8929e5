/* SPDX-License-Identifier: MIT */
/* wrap.c - see wrap.h. */
#include "base/wrap.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static int width_n(const char *text, size_t len)
{
    char *copy  = mem_copy_n(text, len);
    int   width = utf8_width(copy);

    free(copy);
    return width;
}

/* Bytes of the character at text. */
static size_t character(const char *text, size_t len)
{
    size_t n = 1;

    while (n < len && ((unsigned char)text[n] & 0xc0) == 0x80) n++;
    return n;
}

static int new_line(struct strbuf *out, int indent)
{
    strbuf_addf(out, "\n%*s", indent, "");
    return indent;
}

/* A word wider than any line, broken where the lines end. */
static int add_broken(struct strbuf *out, const char *word, size_t len,
                      int at, int indent, int columns)
{
    for (size_t i = 0; i < len;) {
        size_t n     = character(word + i, len - i);
        int    width = width_n(word + i, n);

        if (at + width > columns && at > indent) at = new_line(out, indent);
        strbuf_addn(out, word + i, n);
        at += width;
        i += n;
    }
    return at;
}

void wrap_add(struct strbuf *out, const char *text, int at, int indent,
              int columns)
{
    bool is_first = true;

    if (columns <= 0) columns = INT_MAX;
    if (columns < indent + 8) columns = indent + 8;
    while (*(text += strspn(text, " "))) {
        size_t len   = strcspn(text, " ");
        int    width = width_n(text, len);
        int    gap   = is_first ? 0 : 1;

        if (width <= columns - indent && at + gap + width > columns &&
            at > indent)
            at = new_line(out, indent);
        else if (gap && at < columns) {
            strbuf_add(out, " ");
            at++;
        }
        at = add_broken(out, text, len, at, indent, columns);
        is_first = false;
        text += len;
    }
}
