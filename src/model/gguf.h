/* SPDX-License-Identifier: MIT */
/* gguf.h - step 1: what a GGUF file says of itself. Pure, bounds-checked:
 * bytes in, facts out; nothing is believed. Format: the GGUF specification
 * in ggml's documentation, versions 2 and 3, in either byte order (which
 * engine can load which is not decided here: facts.is_big_endian). */
#ifndef GGUF_H
#define GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "types.h"

/* Read a header. `size` bytes of the file's head are given, the whole file
 * has file_bytes. Fails with ERR_INPUT: not a GGUF, cut short (naming how
 * much is missing: the tensors end past the end of the file), version
 * unknown, counts or offsets that cannot be. When only more head
 * bytes are needed, *more is set to 1 besides the failure. On failure `out`
 * is untouched. */
MUST_USE int gguf_parse(const void *head, size_t size, uint64_t file_bytes,
                        struct model_facts *out, int *more, struct err *err);

/* The same of a file, which is read as far as its header goes (64 MiB at
 * most), through a small window. For "X-00001-of-0000N.gguf" all parts count;
 * a missing one is an error naming it. */
MUST_USE int gguf_read(const char *path, struct model_facts *out,
                       struct err *err);

/* Every fact missing: what is known of a model without a readable header. */
void gguf_unknown(struct model_facts *out);

/* Is this a part of a split file, "X-00002-of-00003.gguf"? Then *stem_len is
 * the length of "X", *part 2 and *parts 3; else they are untouched. */
bool gguf_part_name(const char *path, size_t *stem_len, int *part,
                    int *parts);

/* The path of one part: "X" of stem_len bytes, 2, 3. Caller frees. */
char *gguf_part_path(const char *stem, size_t stem_len, int part, int parts);

#endif
