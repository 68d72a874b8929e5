/* SPDX-License-Identifier: MIT */
/* fuzz_config.c - any bytes are a config or are refused in one clean
 * sentence; what was accepted keeps the promises of config.h. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void promise(int kept)
{
    if (!kept) abort();
}

static void check_candidate(const struct config *c, size_t at)
{
    const struct candidate *one = &c->candidates.items[at];

    promise(one->name && *one->name && one->line > 0);
    promise(utf8_valid(one->name, strlen(one->name)));
    promise((one->source == SOURCE_HF) == (one->hf != NULL));
    promise((one->source == SOURCE_SERVER) == (one->base_url != NULL));
    promise((one->source == SOURCE_FILE || one->source == SOURCE_REPLAY) ==
            (one->path != NULL));
    promise(!one->model || one->base_url);
    promise(one->context == -1 ||
            (one->context >= 64 && one->context <= 1048576));
    promise(isnan(one->measured_tok_s) || one->measured_tok_s > 0);
    promise(!one->sampling || json_is_object(one->sampling));
    for (size_t i = 0; i < at; i++)
        promise(strcmp(c->candidates.items[i].name, one->name) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct config c;
    struct err    err = {0};
    /* no folder: files named inside are not found */
    int rc = config_parse((const char *)input, size, "f", "/dev/null", &c,
                          &err);

    if (rc) {
        promise(err.kind == ERR_INPUT && err.text[0] && !c.candidates.n);
        promise(strncmp(err.text, "f:", 2) == 0);
        promise(!strchr(err.text, '\n'));
    } else {
        promise(c.candidates.n > 0);
        promise(c.thresholds.target_s <= c.thresholds.ready_s &&
                c.thresholds.ready_s <= c.thresholds.borderline_s);
        promise(!c.tools || json_is_array(c.tools));
        promise(!c.entities || json_is_array(c.entities));
        for (size_t i = 0; i < c.candidates.n; i++) check_candidate(&c, i);
    }
    config_done(&c);
    return 0;
}
