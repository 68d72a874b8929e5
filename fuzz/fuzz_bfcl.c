/* SPDX-License-Identifier: MIT */
/* fuzz_bfcl.c - any JSON as a BFCL case, in every category, also with the
 * answer as raw text: a verdict comes by both rules, in words where it is
 * against, and the saner rule accepts all that the original does. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "original/bfcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct py text_of(const char *text, size_t len)
{
    struct py v = {.kind = PY_STR};

    v.as.text.bytes = text;
    v.as.text.len   = len;
    return v;
}

static void judge(struct py_pool *pool, const struct bfcl_case *c)
{
    struct bfcl_verdict original, saner;

    bfcl_judge(pool, c, BFCL_ORIGINAL, &original);
    bfcl_judge(pool, c, BFCL_SANER, &saner);
    if (original.valid && !saner.valid) abort();
    if (original.valid != !original.error ||
        original.valid != !original.reason[0])
        abort();
    if (saner.valid != !saner.error) abort();
}

/* The first byte chooses a category. The rest is a whole case, or only the
 * raw arguments of a call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const categories[] = {
        "simple_python", "multiple", "parallel", "irrelevance",
        "live_relevance", "simple_java", "simple_javascript",
        "live_parallel_multiple",
    };
    static const char known[] =
        "{\"functions\":[{\"function\":{\"name\":\"a_b\",\"parameters\":{"
        "\"properties\":{\"t\":{\"type\":\"string\",\"description\":\"This "
        "is Java HashMap type parameter in string representation.\"},"
        "\"i\":{\"type\":\"integer\",\"default\":4},"
        "\"n\":{\"type\":\"number\"},\"d\":{\"type\":\"object\"},"
        "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
        "\"s\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
        "\"required\":[]}}}],\"possible_answer\":[{\"a.b\":{\"t\":[\"x "
        "\xce\xa3\",\"\",{\"k\":[1]}],\"i\":[3,\"\"],\"n\":[0,2.5,\"\"],"
        "\"d\":[\"\",{\"k\":[1,\"A\",\"\"]}],\"l\":[\"\",[{\"k\":[1]}]],"
        "\"s\":[[\"a\",\"B\"],\"\"]}}]}";
    const char *text = (const char *)data + 1;

    if (size < 1) return 0;
    struct py_pool  *pool = py_pool_new();
    const char      *name = categories[data[0] % 8];
    struct py        category = text_of(name, strlen(name));
    const struct py *any  = py_parse(pool, text, size - 1);
    const struct py *ours = py_parse(pool, known, sizeof known - 1);
    struct bfcl_case c    = {.category = &category};

    if (any && any->kind == PY_DICT && py_get(any, "calls")) {
        c.functions = py_get(any, "functions");
        c.truth     = py_get(any, "possible_answer");
        c.calls     = py_get(any, "calls");
        c.content   = py_get(any, "content");
        judge(pool, &c);
    }

    struct py_pair call[2] = {
        {text_of("name", 4), text_of("a_b", 3)},
        {text_of("arguments", 9), text_of(text, size - 1)},
    };
    struct py one   = {.kind = PY_DICT, .n = 2};
    struct py calls = {.kind = PY_LIST, .n = 1};
    one.as.pairs    = call;
    calls.as.items  = &one;
    c.functions     = py_get(ours, "functions");
    c.truth         = py_get(ours, "possible_answer");
    c.calls         = &calls;
    judge(pool, &c);
    py_pool_free(pool);
    return 0;
}
