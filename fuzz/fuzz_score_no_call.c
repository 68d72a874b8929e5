/* SPDX-License-Identifier: MIT */
/* fuzz_score_no_call.c - any answer and call, judged by no_call. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
    };

    return score_target("no_call", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
