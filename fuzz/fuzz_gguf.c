/* SPDX-License-Identifier: MIT */
/* fuzz_gguf.c - gguf_parse on any bytes: as a whole file, and as the head of
 * a longer one; gguf_read on the same bytes in a file must agree. A failure
 * leaves the facts alone and says why; what follows from facts is never
 * negative and fits what is there. */
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "inspect.h"
#include "model/gguf.h"
#include "model/kv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_facts(const struct model_facts *f, uint64_t file_bytes)
{
    double held = 0;

    for (size_t i = 0; i < f->n_types; i++) held += (double)f->types[i].bytes;
    if (held > (double)file_bytes || f->n_groups > LAYER_GROUPS_MAX) abort();
    if (kv_bytes_at(f, 4096, 2) < 0 || kv_bytes_read(f, 4096, 2) < 0) abort();
    if (f->weight_bytes_read_per_token < 0 || f->active_parameters < 0 ||
        f->parameters < 0)
        abort();
}

/* Every renderer must stand what a parser accepts. */
static void render(struct model_facts *f)
{
    static const int  contexts[] = {2048};
    struct inspection i = {.name = (char[]){"x"}, .source = "file",
                           .read_bytes = NAN, .facts = *f};
    struct strbuf     text;
    json_t           *json;

    inspect_note(&i);
    json = inspect_json(&i, contexts, 1);
    strbuf_init(&text, 1 << 20);
    inspect_text(&i, contexts, 1, true, &text);
    strbuf_done(&text);
    json_decref(json);
    text_list_done(&i.notes);
}

/* 0 when the bytes are read. */
static int try_as(const uint8_t *bytes, size_t size, uint64_t file_bytes)
{
    struct model_facts facts = {.layers = 12345};
    struct err         err = {0};
    int                more = -1;

    if (gguf_parse(bytes, size, file_bytes, &facts, &more, &err)) {
        if (err.kind != ERR_INPUT || !err.text[0]) abort();
        if (facts.layers != 12345 || facts.architecture) abort();
        if (more && size >= file_bytes) abort();
        return -1;
    }
    if (more) abort();
    check_facts(&facts, file_bytes);
    render(&facts);
    model_facts_done(&facts);
    return 0;
}

static int try_file(const uint8_t *bytes, size_t size)
{
    static char        path[64];
    struct model_facts facts;
    struct err         err = {0};
    int                fd, rc;

    snprintf(path, sizeof path, "/tmp/audition-fuzz-%ld", (long)getpid());
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) abort();
    close(fd);
    rc = gguf_read(path, &facts, &err);
    unlink(path);
    if (rc == 0) model_facts_done(&facts);
    else if (err.kind != ERR_INPUT || !err.text[0]) abort();
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int whole = try_as(bytes, size, size), file = try_file(bytes, size);

    /* Parts of split models are read by themselves only in memory. */
    if (whole && !file) abort();
    try_as(bytes, size, UINT64_C(1) << 40);
    return 0;
}
