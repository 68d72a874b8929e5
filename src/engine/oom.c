/* SPDX-License-Identifier: MIT */
/* oom.c - why a candidate ran out of memory, in one sentence: engine_log.h. */
#include "engine/engine_log.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"

#define SENTENCE_BYTES 600

static struct units_text mib(double bytes)
{
    return units_grouped(bytes / 1048576);
}

/* "out of memory allocating the KV cache on CUDA0" */
static void say_what(struct strbuf *b, const struct engine_log *log)
{
    strbuf_add(b, "out of memory");
    if (!log || !log->failed[0]) return;
    strbuf_addf(b, " allocating %s%s",
                strcmp(log->failed, "KV cache") == 0 ? "the " : "",
                log->failed);
    if (log->failed_where[0] && strcmp(log->failed_where, "main memory") != 0)
        strbuf_addf(b, " on %s", log->failed_where);
}

static bool is_on_gpu(const struct engine_log *log)
{
    return log && log->failed_where[0] &&
           strcmp(log->failed_where, "main memory") != 0;
}

/* What was asked and what there was. A GPU's own memory is what the engine
 * saw of it. A piece that looks as if it fitted was asked for on top of what
 * had been allocated before. */
static void say_how_much(struct strbuf *b, const struct oom_facts *f)
{
    const struct engine_log *log = f->log;
    bool   is_gpu = is_on_gpu(log);
    bool   is_piece  = log && !isnan(log->failed_bytes);
    double asked     = is_piece ? log->failed_bytes : f->asked_bytes;
    double available = is_gpu && !isnan(log->gpu_free_bytes)
                     ? log->gpu_free_bytes : f->available_bytes;
    double before = !is_piece ? NAN
                  : is_gpu ? log->device_total_bytes : log->total_bytes;

    if (isnan(asked) && isnan(available)) return;
    strbuf_add(b, ": ");
    if (isnan(asked)) {
        strbuf_addf(b, "%s MiB available", mib(available).text);
        return;
    }
    strbuf_addf(b, "%s MiB asked", mib(asked).text);
    if (asked <= available && before >= 1048576)
        strbuf_addf(b, " on top of %s", mib(before).text);
    if (!isnan(available))
        strbuf_addf(b, ", %s available", mib(available).text);
}

static void say_what_fits(struct strbuf *b, const struct oom_facts *f)
{
    if (f->fits_context > 0)
        strbuf_addf(b, "; fits with context ≤ %s%s",
                    units_grouped(f->fits_context).text,
                    f->fits_q8_kv ? " or q8_0 KV" : "");
    else if (f->fits_q8_kv)
        strbuf_add(b, "; fits with q8_0 KV");
}

char *oom_sentence(const struct oom_facts *f)
{
    struct strbuf b;
    char         *text;

    strbuf_init(&b, SENTENCE_BYTES);
    say_what(&b, f->log);
    say_how_much(&b, f);
    if (f->stopped_by_us) {
        strbuf_add(&b, "; ended before the kernel had to");
        if (!isnan(f->stop_available_bytes))
            strbuf_addf(&b, ", when %s MiB were left",
                        mib(f->stop_available_bytes).text);
    }
    say_what_fits(&b, f);
    text = strbuf_take(&b);
    strbuf_done(&b);
    return text;
}
