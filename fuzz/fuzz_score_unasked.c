/* SPDX-License-Identifier: MIT */
/* fuzz_score_unasked.c - any answer: does it want a confirmation?. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
    };

    return score_target("unasked", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
