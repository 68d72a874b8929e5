/* SPDX-License-Identifier: MIT */
/* fuzz_score_given.c - any answer: does it ask for what was said?. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
    };

    return score_target("given", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
