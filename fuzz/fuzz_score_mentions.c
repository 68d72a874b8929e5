/* SPDX-License-Identifier: MIT */
/* fuzz_score_mentions.c - any answer, searched for words. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"any\":[\"a b\",\"21\"],\"all\":[\"c\"]}",
        "{\"none\":[\"\xC3\xA9\",\"it's\"]}",
    };

    return score_target("mentions", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
