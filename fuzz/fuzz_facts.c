/* SPDX-License-Identifier: MIT */
/* fuzz_facts.c - facts_read on any text. What it accepts can be shown in
 * every format, and written and read again gives the same report; what it
 * refuses leaves nothing behind and says why. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "facts_read.h"
#include "report/report.h"

#define ENOUGH (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char *shown(const struct facts *f, const struct report_ops *ops)
{
    struct strbuf out;

    strbuf_init(&out, ENOUGH);
    ops->render(f, false, 80, &out);
    return out.text;
}

static void read_again(const struct facts *first)
{
    struct err   err      = {0};
    struct facts second;
    json_t      *document = report_json_document(first);
    char        *text     = jsonx_dump(document);

    if (facts_read(&second, text, &err)) abort();
    for (size_t i = 0; report_all[i]; i++) {
        char *before = shown(first, report_all[i]);
        char *after  = shown(&second, report_all[i]);

        if (strcmp(before, after) != 0) abort();
        free(before);
        free(after);
    }
    facts_done(&second);
    free(text);
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char        *text = mem_copy_n((const char *)bytes, size);
    struct facts facts;
    struct err   err = {0};

    if (facts_read(&facts, text, &err)) {
        if (err.kind != ERR_INPUT || !err.text[0]) abort();
        if (facts.candidates || facts.run_id || facts.settings) abort();
    } else {
        read_again(&facts);
    }
    facts_done(&facts);
    free(text);
    return 0;
}
