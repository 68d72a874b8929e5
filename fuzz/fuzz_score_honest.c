/* SPDX-License-Identifier: MIT */
/* fuzz_score_honest.c - any answer, held against what was done; and
 * the manners that count it. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
    };

    return score_target("honest", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
