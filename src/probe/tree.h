/* SPDX-License-Identifier: MIT */
/* tree.h - small files below a root: the live machine (root "") or a folder
 * with a copied /sys, /proc, /etc, /var.
 *
 * Links    are followed inside the root: an absolute link of a copied tree
 *          ("/proc/device-tree -> /sys/firmware/devicetree/base") is rebased,
 *          ".." never climbs above the root, at most 40 links. Where links
 *          could not be copied, a file whose text is its target counts as one.
 * Hostile  only regular files are read (and sysfs's, which are); a FIFO, a
 *          folder, a file that vanishes between open and read, EAGAIN, EIO:
 *          -1 with errno. Never waits.
 */
#ifndef PROBE_TREE_H
#define PROBE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text_list.h"

/* At most size - 1 bytes, and a NUL. The length, or -1 with errno (EISDIR for
 * a folder, EINVAL for another kind of file). A NUL inside stays. */
long tree_read(const char *root, const char *path, char *out, size_t size);

/* First line without trailing space, NULs as its end; false: missing or
 * empty, with errno. */
bool tree_line(const char *root, const char *path, char *out, size_t size);

/* A whole decimal number, blanks around it allowed, nothing else behind it
 * but a unit in letters ("3600 ma"); NAN with errno: missing, empty, no
 * number, magnitude above 2^53 (ERANGE; else EINVAL). */
double tree_number(const char *root, const char *path);

/* Entries of a folder, links too, "." and ".." not, sorted so that hwmon2
 * comes before hwmon10; at most 4096. Empty when there is no such folder. */
void tree_list(const char *root, const char *path, struct text_list *out);

bool tree_exists(const char *root, const char *path);

/* The path that the kernel would open: links followed inside the root, below
 * it. False with errno: nothing there, too long, a loop. */
bool tree_resolve(const char *root, const char *path, char *out, size_t size);

/* errno in the words of a reason: "not there", "needs root", "busy (EAGAIN)",
 * "not a number", ... static storage. */
const char *tree_why(int error);

#endif
