/* SPDX-License-Identifier: MIT */
/* fuzz_shape.c - any bytes as the head of a file: what is accepted gives a
 * header that is read and written as the same bytes again, and can be
 * quantised, given words and measured. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/quantise.h"
#include "model/shape.h"
#include "model/synth.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct strbuf header_of(const struct model_shape *s)
{
    struct strbuf out;

    strbuf_init(&out, (size_t)1 << 26);
    shape_write_header(s, &out);
    return out;
}

static void write_and_read(const struct model_shape *s)
{
    struct strbuf      first = header_of(s), second;
    struct model_shape again;
    struct err         err = {0};
    int                more;

    if (shape_parse(first.text, first.len, UINT64_C(1) << 62, &again, &more,
                    &err))
        abort();
    second = header_of(&again);
    if (first.len != second.len ||
        memcmp(first.text, second.text, first.len) != 0)
        abort();
    strbuf_done(&first);
    strbuf_done(&second);
    shape_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct model_shape  s;
    struct synth_report report;
    struct err          err = {0};
    int                 more;

    if (shape_parse(bytes, size, UINT64_C(1) << 40, &s, &more, &err)) {
        if (err.kind != ERR_INPUT || !err.text[0] || s.pairs) abort();
        return 0;
    }
    write_and_read(&s);
    err = (struct err){0};
    if (quantise_shape(&s, "Q4_K_M", &err) && err.kind != ERR_INPUT) abort();
    synth_tokenizer(&s, 300);
    err = (struct err){0};
    if (synth_write(&s, NULL, true, &report, &err) && err.kind != ERR_INPUT)
        abort();
    shape_done(&s);
    return 0;
}
