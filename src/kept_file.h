/* SPDX-License-Identifier: MIT */
/* kept_file.h - a small file of /proc or /sys that is read many times a
 * second: opened once, read from its beginning again and again.
 *
 * A read that fails opens the file anew at once; what failed three times in
 * a row is tried again once a second. A file that was replaced in a copied
 * tree is noticed. Only regular files, and never waits.
 */
#ifndef KEPT_FILE_H
#define KEPT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_FILE_PATIENCE 3      /* failures that say it is gone            */

struct kept_file {
    const char *root;             /* borrowed; "" : this machine             */
    char       *path;             /* below the root                          */
    int         fd;               /* -1: not open                            */
    int64_t     retry_ns;         /* not tried again before                  */
    int         failures;         /* in a row                                */
};
void kept_file_init(struct kept_file *f, const char *root, const char *path);
void kept_file_done(struct kept_file *f);

/* At most size - 1 bytes and a NUL; false: nothing can be read now. at_ns: of
 * the clock that retry_ns is on. */
bool kept_file_read(struct kept_file *f, int64_t at_ns, char *text,
                    size_t size);

/* The whole decimal number that a text is, blanks around it and a unit in
 * letters behind it allowed; NAN: none, or a magnitude above 2^53. */
double kept_file_number(const char *text);

#endif
