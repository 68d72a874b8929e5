/* SPDX-License-Identifier: MIT */
/* fuzz_score_speakable.c - any answer, as it would be read aloud. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{}",
        "{\"strict\":true}",
        "{\"max_words\":5,\"max_first_words\":2}",
    };

    return score_target("speakable", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
