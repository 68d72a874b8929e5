/* SPDX-License-Identifier: MIT */
/* log_line.h - one line of what llama.cpp prints: its text, the sizes in it
 * and the names of buffers. Pure; a hostile log only yields odd values. */
#ifndef ENGINE_LOG_LINE_H
#define ENGINE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINE_BYTES 512     /* what is longer is cut: no fact is so late */

struct log_line {
    char text[LOG_LINE_BYTES];     /* control characters are spaces          */
    char lower[LOG_LINE_BYTES];    /* the same in lower case                 */
};

/* The line at *at, which moves behind it; false at the end. */
bool log_line_next(struct log_line *line, const char **at, const char *end);

/* What follows `phrase` (lower case) in the line, or NULL. */
const char *log_line_after(const struct log_line *line, const char *phrase);

/* "12.50 MiB", "4096 bytes", "4096" in bytes, behind blanks, '=' and ':'; NAN
 * when no number stands there. llama.cpp's MB are MiB. */
double log_bytes(const char *at);

/* A number without sign or point of at most 6 digits, or -1; *at moves behind
 * it. */
int log_count(const char **at);

/* Is a buffer of this name in main memory ("CPU_Mapped", "CUDA_Host")? */
bool log_is_host(const char *name);
/* ... and a file that is mapped? */
bool log_is_mapped_file(const char *name);

#endif
