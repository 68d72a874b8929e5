/* SPDX-License-Identifier: MIT */
/* synth.h - a GGUF with the exact shapes, types and keys of a model and
 * made-up finite weights: real speed and memory without the download. Its
 * words mean nothing. */
#ifndef MODEL_SYNTH_H
#define MODEL_SYNTH_H

#include <stdbool.h>

#include "model/shape.h"

/* A key that says so, true in every file written here. */
#define SYNTH_KEY "audition.synthetic"

struct synth_report {
    uint64_t header_bytes, data_bytes, file_bytes;
    uint64_t free_bytes;       /* on the target's file system, before        */
    double   seconds;          /* NAN when nothing was written               */
};

/* A working tokenizer of `vocabulary` entries of the kind that
 * tokenizer.ggml.model names ("gpt2" or "llama"; others get "gpt2"), with
 * byte tokens so that any text can be encoded, special tokens where the
 * catalogue says, and a ChatML template unless one is set. Keeps one that the
 * shape already has. */
void synth_tokenizer(struct model_shape *s, uint32_t vocabulary);

/* Write it. Refuses to overwrite (ERR_INPUT), checks the space first
 * (ERR_PREFLIGHT with both figures), writes to a temporary name in the same
 * folder and renames: no partial file on failure, signal or full disk.
 * Weights are seeded by tensor name: the same shape gives the same bytes.
 * dry_run: only the report; path may be NULL, the current folder's space is
 * reported then. ERR_INPUT also for a tensor type that cannot be made up. */
MUST_USE int synth_write(const struct model_shape *s, const char *path,
                         bool dry_run, struct synth_report *out,
                         struct err *err);

#endif
