/* SPDX-License-Identifier: MIT */
/* fuzz_score_declines.c - any answer: does it decline?. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"about\":[\"oven\",\"a b\"]}",
    };

    return score_target("declines", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
