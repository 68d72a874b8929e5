/* SPDX-License-Identifier: MIT */
/* fuzz_score_instruction.c - any answer, held against instructions. */
#include "score_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const rules[] = {
        "{\"max_words\":20,\"max_sentences\":3,\"no_comma\":true}",
        "{\"must_not_contain\":[\"x\"],\"starts_with\":\"a\",\"ends_with\":"
        "\"b\"}",
        "{\"one_of\":[\"a b\"]}",
        "{\"sentences\":2,\"no_markdown\":true,\"one_question\":true}",
        "{\"language\":\"de\",\"order\":[\"a\",\"b\"]}",
        "{\"repeats\":{\"phrase\":\"a\",\"times\":3},\"first_letter\":\"B\""
        "}",
        "{\"repeat_question\":true,\"each_sentence_starts\":\"a\",\"max_cha"
        "rs\":40}",
    };

    return score_target("instruction", rules, sizeof rules / sizeof *rules,
                        bytes, size);
}
