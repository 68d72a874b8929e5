/* SPDX-License-Identifier: MIT */
/* err.c - recording a failure; see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/stop.h"

/* A path, a server reply or a model's text may hold escape sequences. */
static void one_clean_line(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = *c == '\n' ? ' ' : '?';
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
    char    text[sizeof err->text];
    va_list args;
    size_t  used;

    if (!err || err->kind == ERR_NONE) return -1;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", err->text);
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
