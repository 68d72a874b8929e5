/* SPDX-License-Identifier: MIT */
/* fuzz_engine_log.c - whatever a log holds, sizes are NAN or sane, sums are
 * those of their parts, texts end, and its sentences can be written. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine_log.h"
#include "engine/log_cause.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void check_bytes(double bytes)
{
    if (!isnan(bytes) && !(bytes >= 0 && isfinite(bytes))) abort();
}

static void check_words(const char *text, size_t size)
{
    if (!memchr(text, '\0', size)) abort();
}

static void check(const struct engine_log *l)
{
    const double all[] = {
        l->weights_host_bytes, l->weights_device_bytes, l->kv_host_bytes,
        l->kv_device_bytes, l->compute_host_bytes, l->compute_device_bytes,
        l->output_bytes, l->total_bytes, l->device_total_bytes,
        l->largest_bytes, l->gpu_free_bytes, l->failed_bytes};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_bytes(all[i]);
    if (l->device_total_bytes > l->total_bytes * (1 + 1e-9)) abort();
    if (isnan(l->total_bytes) != isnan(l->device_total_bytes)) abort();
    if (isnan(l->largest_bytes) != (l->largest[0] == '\0')) abort();
    if (l->found_gpu < -1 || l->found_gpu > 1) abort();
    if ((l->layers < 0) != (l->layers_on_gpu < 0)) abort();
    if (!l->failed[0] && (!isnan(l->failed_bytes) || l->failed_where[0]))
        abort();
    check_words(l->largest, sizeof l->largest);
    check_words(l->gpu, sizeof l->gpu);
    check_words(l->failed, sizeof l->failed);
    check_words(l->failed_where, sizeof l->failed_where);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    char             *text = mem_copy_n((const char *)input, size);
    struct engine_log l;
    struct oom_facts  oom = {.log = &l, .asked_bytes = NAN,
                             .available_bytes = 5e9, .fits_context = 2560};
    struct fallback_facts fallback = {.gpu_expected = true, .log = &l,
                                      .gpu_load_pct = 2, .tok_s = 8,
                                      .gpu_tok_s = 40, .cpu_tok_s = 8};
    char why[200], *sentence, *cause;

    engine_log_read(text, size, &l);
    check(&l);
    sentence = oom_sentence(&oom);
    if (strncmp(sentence, "out of memory", 13) != 0) abort();
    if (cpu_fallback(&fallback, why, sizeof why) != 1) abort();
    cause = log_cause(text);
    free(cause);
    free(sentence);
    free(text);
    return 0;
}
