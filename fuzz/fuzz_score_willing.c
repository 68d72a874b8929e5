/* SPDX-License-Identifier: MIT */
/* fuzz_score_willing.c - any answer: does it refuse?. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
    };

    return score_target("willing", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
