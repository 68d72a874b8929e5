/* SPDX-License-Identifier: MIT */
/* fuzz_dialect.c - any text: no crash, and every call that is found names a
 * tool of the list and carries arguments that are a JSON object. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char TOOLS[] =
    "[{\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{"
    "\"a\":{\"type\":\"integer\"},\"b\":{\"type\":[\"array\",\"null\"]},"
    "\"c\":{\"anyOf\":[{\"type\":\"object\"},{\"enum\":[true]}]}}}}},"
    "{\"function\":{\"name\":\"turn_on\"}}]";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char   *text  = mem_copy_n((const char *)bytes, size);
    json_t *tools = json_loads(TOOLS, 0, NULL);
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    if (dialect_find(text, tools, &calls, &n, &dialect) != (int)n) abort();
    if ((n > 0) != (dialect != NULL)) abort();
    for (size_t i = 0; i < n; i++) {
        json_t *arguments = jsonx_parse(calls[i].arguments,
                                        strlen(calls[i].arguments), NULL);

        if (!json_is_object(arguments)) abort();
        if (strcmp(calls[i].name, "f") != 0 &&
            strcmp(calls[i].name, "turn_on") != 0)
            abort();
        json_decref(arguments);
    }
    dialect_free(calls, n);
    json_decref(tools);
    free(text);
    return 0;
}
