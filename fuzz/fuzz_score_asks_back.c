/* SPDX-License-Identifier: MIT */
/* fuzz_score_asks_back.c - any answer: does it ask?. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"about\":[\"which\",\"a b\"]}",
    };

    return score_target("asks_back", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
