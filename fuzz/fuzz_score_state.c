/* SPDX-License-Identifier: MIT */
/* fuzz_score_state.c - any state of a home, compared with expectations. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"expect\":{\"light.a\":{\"state\":\"on\"}}}",
        "{\"expect\":{}}",
        "{\"expect\":{\"light.a\":{\"brightness_pct\":{\"at_least\":20,\"at"
        "_most\":40}}},\"also_ok\":[{}]}",
        "{\"expect\":{\"todo.b\":{\"items\":{\"has\":[\"a\"],\"lacks\":[\"b"
        "\"],\"count\":2}}},\"ignore\":{\"light.a\":[\"color\"]}}",
    };

    return score_target("state", rules, sizeof rules / sizeof *rules, bytes,
                        size);
}
