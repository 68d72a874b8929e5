/* SPDX-License-Identifier: MIT */
/* fuzz_telemetry.c - stored telemetry and marks that are any JSON, and turns
 * joined with any timeline, in order or not. The first byte says which. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "telemetry.h"

#define RING 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void judge(const struct telemetry *t)
{
    struct mark_limits limits = {1e9, 2e9, 0.25, true, false};
    char               why[120];
    unsigned           marks = telemetry_marks(t, &limits, why, sizeof why);
    json_t            *list = marks_json(marks);

    require(memchr(why, '\0', sizeof why) != NULL);
    require((marks == 0) == (*why == '\0'));
    require(marks_from_json(list) == marks);
    json_decref(list);
}

static void read_json(const uint8_t *bytes, size_t size)
{
    struct telemetry first, second;
    json_t          *value = jsonx_parse((const char *)bytes, size, NULL);
    json_t          *again;

    require(marks_from_json(value) < 1U << MARK_BITS);
    telemetry_read(value, &first);
    judge(&first);
    energy_scope_name(first.energy_scope);
    again = telemetry_json(&first);
    telemetry_read(again, &second);
#define X(field, help) require(same(first.field, second.field));
    TELEMETRY_FIELDS(X)
#undef X
    json_decref(again);
    json_decref(value);
}

/* What is not there any more is 0. */
static void take(void *into, size_t n, const uint8_t **bytes, size_t *left)
{
    size_t have = n < *left ? n : *left;

    memset(into, 0, n);
    if (have) memcpy(into, *bytes, have);
    *bytes += have;
    *left -= have;
}

static void join(const uint8_t *bytes, size_t size, bool in_order)
{
    struct timeline  t;
    struct telemetry out;
    int64_t          ends[3], at_ns = 0;

    take(ends, sizeof ends, &bytes, &size);
    timeline_init(&t, RING);
    while (size) {
        struct sample s;
        uint32_t      step;
        uint8_t       fields[2];

        for (int f = 0; f < SAMPLE_COUNT; f++) s.v[f] = NAN;
        take(&step, sizeof step, &bytes, &size);
        at_ns += step;
        s.at_ns = at_ns;
        if (!in_order) take(&s.at_ns, sizeof s.at_ns, &bytes, &size);
        take(fields, sizeof fields, &bytes, &size);
        for (size_t i = 0; i < sizeof fields; i++)
            take(&s.v[fields[i] % SAMPLE_COUNT], sizeof *s.v, &bytes, &size);
        timeline_add(&t, &s);
    }
    if (in_order)
        for (size_t i = 0; i < 3; i++) ends[i] &= 0xffffffffff;
    telemetry_join(&t, ends[0], ends[1], ends[2], &out);
    require(!(out.samples > RING) && !(out.duration_s < 0));
    require(!(out.other_cpu_cores < 0) && !(out.oc_events < 0));
    judge(&out);
    timeline_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) return 0;
    if (*bytes % 3 == 0) read_json(bytes + 1, size - 1);
    else join(bytes + 1, size - 1, *bytes % 3 == 1);
    return 0;
}
