/* SPDX-License-Identifier: MIT */
/* err.c - recording a failure; see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/stop.h"

/* Bytes of the letter at `at`; 0 when it drives a terminal (also as U+0080
 * to U+009F) or is not UTF-8, such as a letter that our limit cut. */
static size_t letter_bytes(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t        n     = first < 0x20 || first == 0x7f ? 0
                          : first < 0x80 ? 1
                          : first < 0xc2 || first > 0xf4 ? 0
                          : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < n; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80) return 0;
    return first == 0xc2 && (unsigned char)at[1] < 0xa0 ? 0 : n;
}

/* A path, a server reply or a model's text may hold escape sequences. */
static void one_clean_line(char *text)
{
    while (*text) {
        size_t n = letter_bytes(text);
        if (n == 0) *text = *text == '\n' ? ' ' : '?';
        text += n ? n : 1;
    }
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    va_list args;

    if (!err || err->kind != ERR_NONE) return -1;
    err->kind = kind;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    one_clean_line(err->text);
    return -1;
}

int err_ctx(struct err *err, const char *fmt, ...)
{
    char    text[2 * sizeof err->text + 2];
    va_list args;
    size_t  used;

    if (!err || err->kind == ERR_NONE) return -1;
    va_start(args, fmt);
    vsnprintf(text, sizeof err->text, fmt, args);
    va_end(args);
    used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", err->text);
    text[sizeof err->text - 1] = '\0';
    one_clean_line(text);
    memcpy(err->text, text, sizeof err->text);
    return -1;
}

int err_exit_code(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE: return 0;
    case ERR_INPUT: return 2;
    case ERR_PREFLIGHT: return 3;
    case ERR_STOPPED: return 128 + stop_signal();
    case ERR_FAILED:
    case ERR_TIMEOUT:
    case ERR_BUG: return 1;
    }
    return 1;
}
