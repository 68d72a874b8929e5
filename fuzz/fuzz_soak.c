/* SPDX-License-Identifier: MIT */
/* fuzz_soak.c - observations of any value in any order become figures, these
 * become JSON and are read back as they were; JSON of any shape is read. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "soak.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_any(const uint8_t *data, size_t size)
{
    struct err        ignored = {0};
    json_t           *json    = jsonx_parse((const char *)data, size,
                                            &ignored);
    struct soak_facts f;

    soak_read(json, &f);
    if (f.turns < -1 || f.starts < -1 || f.is > DRIFTING) abort();
    json_decref(soak_json(&f));
    json_decref(json);
}

static void must_come_back(const struct soak_facts *f)
{
    struct soak_facts back;
    json_t *first = soak_json(f), *second;

    soak_read(first, &back);
    second = soak_json(&back);
    if (!json_equal(first, second)) abort();
    json_decref(first);
    json_decref(second);
}

/* A byte says which observation, eight are its value. */
static void summarise_any(const uint8_t *data, size_t size)
{
    static const char *const metrics[] = {
        SOAK_AT, SOAK_AT, SOAK_QUESTION, SOAK_TOK_S, SOAK_LATENCY,
        SOAK_MEMORY, SOAK_TEMP, SOAK_POWER, SOAK_ANSWER, SOAK_FAILED,
        SOAK_HASH, SOAK_START, "another"};
    struct soak_series *s    = soak_new();
    struct soak_past    past = {0};
    struct trial        t    = {.n_turns = 0};
    struct soak_facts   f;

    for (; size >= 9; data += 9, size -= 9) {
        double value;

        memcpy(&value, data + 1, sizeof value);
        if (data[0] & 128) value = (double)data[1] - 100;
        trial_observe(&t, metrics[data[0] % (sizeof metrics /
                                             sizeof *metrics)], value);
    }
    soak_past_add(&past, &t);
    soak_add(s, &t);
    soak_summarise(s, 600, &f);
    if (f.turns < f.failures) abort();
    if (f.is != STEADY && f.turns > 0 && !*f.reason) abort();
    if (!isnan(f.time_to_steady_s) && f.is != STEADY) abort();
    must_come_back(&f);
    soak_past_done(&past);
    trial_done(&t);
    soak_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_any(data, size);
    summarise_any(data, size);
    return 0;
}
