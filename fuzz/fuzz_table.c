/* SPDX-License-Identifier: MIT */
/* fuzz_table.c - bytes that claim to be a CSV table of measurements: they
 * become rows in order, or are refused in words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "predict/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct measured_table table;
    struct err            err = {0};

    if (measured_parse((const char *)data, size, NULL, &table, &err)) {
        if (err.kind != ERR_INPUT || !err.text[0] || table.rows) abort();
        return 0;
    }
    for (size_t i = 0; i < table.n; i++) {
        const struct measured_row *row = &table.rows[i];

        if (row->line < (i ? table.rows[i - 1].line : 2)) abort();
        if (row->gen_tok_s <= 0) abort();
        if (row->fault.kind == ERR_NONE && (!*row->device || !*row->model))
            abort();
    }
    measured_done(&table);
    return 0;
}
