/* SPDX-License-Identifier: MIT */
/* fuzz_score_calls.c - any arguments of a call, compared with rules. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"must\":[{\"name\":\"f\",\"arguments\":{\"a\":[1,\"b\"],\"c\":{"
        "\"d\":2}}}]}",
        "{\"must\":[{\"name\":\"f\"}],\"never\":[\"g\"]}",
        "{\"must\":[{\"name\":\"f\",\"arguments\":{\"a\":\"7\"}}],\"at_most"
        "\":1}",
    };

    return score_target("calls", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
