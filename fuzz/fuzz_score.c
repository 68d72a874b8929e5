/* SPDX-License-Identifier: MIT */
/* fuzz_score.c - any answer, judged by every scorer of answers: no crash, a
 * valid reason; and a sentence end that never moves as the text grows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/score.h"
#include "sentence.h"
#include "suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void judge_all(const char *answer)
{
    static const char *const rules[] = {
        "{\"scorer\":\"no_call\"}",
        "{\"scorer\":\"speakable\"}",
        "{\"scorer\":\"mentions\",\"any\":[\"a b\",\"21\"],\"all\":[\"c\"]}",
        "{\"scorer\":\"instruction\",\"max_words\":20,\"max_sentences\":3,"
        "\"must_not_contain\":[\"x\"],\"starts_with\":\"a\",\"ends_with\":"
        "\"b\",\"one_of\":[\"a b\"],\"no_comma\":true}",
    };
    struct transcript t = {.question = "Is it 21 degrees?", .answer = answer};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        json_t *rule = jsonx_parse(rules[i], strlen(rules[i]), NULL);
        struct judgement got = {.pass = true};

        score_find(jsonx_text(rule, "scorer"))->judge(rule, &t, &got);
        if (got.pass != (got.reason[0] == '\0')) abort();
        if (!utf8_valid(got.reason, strlen(got.reason))) abort();
        json_decref(rule);
    }
}

static void grow(const char *text, size_t len)
{
    ptrdiff_t end = -1, clause = -1;

    for (size_t n = 0; n <= len; n++) {
        ptrdiff_t now = sentence_end(text, n, false);
        ptrdiff_t part = sentence_clause_end(text, n, false);

        if (now > (ptrdiff_t)n || (end >= 0 && now != end)) abort();
        if (part > (ptrdiff_t)n || (clause >= 0 && part != clause)) abort();
        if (now >= 0 && (part < 0 || part > now)) abort();
        end    = now;
        clause = part;
    }
    if (end >= 0 && sentence_end(text, len, true) != end) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = mem_copy_n((const char *)bytes, size);

    judge_all(text);
    /* Streams are cut between characters. */
    if (size < 300 && utf8_valid(text, strlen(text))) grow(text, strlen(text));
    free(text);
    return 0;
}
