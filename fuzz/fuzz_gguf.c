/* SPDX-License-Identifier: MIT */
/* fuzz_gguf.c - gguf_parse on any bytes: as a whole file, and as the head of
 * a longer one. A failure leaves the facts alone and says why. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void try_as(const uint8_t *bytes, size_t size, uint64_t file_bytes)
{
    struct model_facts facts = {.layers = 12345};
    struct err         err = {0};
    int                more = -1;

    if (gguf_parse(bytes, size, file_bytes, &facts, &more, &err)) {
        if (err.kind != ERR_INPUT || !err.text[0]) abort();
        if (facts.layers != 12345 || facts.architecture) abort();
        if (more && size >= file_bytes) abort();
        return;
    }
    if (more || facts.tensor_bytes > file_bytes) abort();
    model_facts_done(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    try_as(bytes, size, size);
    try_as(bytes, size, UINT64_C(1) << 40);
    return 0;
}
