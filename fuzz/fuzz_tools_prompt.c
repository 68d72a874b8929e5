/* SPDX-License-Identifier: MIT */
/* fuzz_tools_prompt.c - any JSON as a catalogue entry's tools: a prompt and a
 * turn of results come of it, whole and within 1 MiB. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "tools_prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(char *text, const char *wanted)
{
    if (strlen(text) > 1024 * 1024 || !strstr(text, wanted)) abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char *const     results[] = {"{\"success\": true}", NULL};
    struct catalogue_model model = {
        .tools = jsonx_parse((const char *)bytes, size, NULL)};
    struct tools_prompt p;

    tools_prompt_make(&model, &p);
    if (!p.name || !p.open || !p.close || !p.arguments_key) abort();
    if (p.separator && (p.is_array || !*p.separator)) abort();
    check(tools_prompt_results(&p, results, 2), results[0]);
    check(tools_prompt_system(&p, "You are Ada.", model.tools), "Ada.");
    tools_prompt_done(&p);
    json_decref(model.tools);
    return 0;
}
