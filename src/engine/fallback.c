/* SPDX-License-Identifier: MIT */
/* fallback.c - is it the CPU that computes? See engine_log.h. */
#include "engine/engine_log.h"

#include <math.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "base/units.h"

#define BUSY_PCT    5.0  /* a GPU that generates is busier than this */
#define WORDS_BYTES 500

enum vote { SILENT = -1, GPU = 0, CPU = 1 };

static void say(struct strbuf *why, const char *text)
{
    if (why->len) strbuf_add(why, "; ");
    strbuf_add(why, text);
}

static enum vote ask_log(const struct engine_log *log, struct strbuf *why)
{
    if (!log) return SILENT;
    if (log->layers_on_gpu >= 0) {
        say(why, "the engine put ");
        strbuf_addf(why, "%d of %d layers on the GPU", log->layers_on_gpu,
                    log->layers);
        return log->layers_on_gpu == 0 ? CPU : GPU;
    }
    if (log->found_gpu == 0) {
        say(why, "the engine found no GPU");
        return CPU;
    }
    if (log->device_total_bytes > 0) {
        say(why, "the engine has buffers on the GPU");
        return GPU;
    }
    return SILENT;
}

static enum vote ask_load(double load_pct, struct strbuf *why)
{
    if (!(load_pct >= 0)) return SILENT;
    say(why, "the GPU was ");
    strbuf_addf(why, "%s %% busy while it generated",
                units_number(load_pct, load_pct < 10 ? 1 : 0).text);
    return load_pct < BUSY_PCT ? CPU : GPU;
}

/* Only where the GPU is the faster one do the two predictions differ in the
 * way that is meant. */
static enum vote ask_speed(const struct fallback_facts *f, struct strbuf *why)
{
    bool is_cpu;

    if (!(f->tok_s > 0) || !(f->cpu_tok_s > 0) ||
        !(f->gpu_tok_s > f->cpu_tok_s) || !isfinite(f->gpu_tok_s) ||
        !isfinite(f->tok_s))
        return SILENT;
    is_cpu = log(f->tok_s) < (log(f->gpu_tok_s) + log(f->cpu_tok_s)) / 2;
    say(why, units_value(f->tok_s, "tok/s", 1).text);
    strbuf_addf(why, " is nearer to the %s predicted on the %s than to the "
                "%s on the %s",
                units_number(is_cpu ? f->cpu_tok_s : f->gpu_tok_s, 1).text,
                is_cpu ? "CPU" : "GPU",
                units_number(is_cpu ? f->gpu_tok_s : f->cpu_tok_s, 1).text,
                is_cpu ? "GPU" : "CPU");
    return is_cpu ? CPU : GPU;
}

int cpu_fallback(const struct fallback_facts *f, char *why, size_t size)
{
    struct strbuf words;
    enum vote     votes[3];
    int           cpu = 0, gpu = 0, is;

    strbuf_init(&words, WORDS_BYTES);
    votes[0] = ask_log(f->log, &words);
    votes[1] = ask_load(f->gpu_load_pct, &words);
    votes[2] = ask_speed(f, &words);
    for (int i = 0; i < 3; i++) {
        cpu += votes[i] == CPU;
        gpu += votes[i] == GPU;
    }
    if (!f->gpu_expected) is = 0;
    else if (f->log && f->log->layers_on_gpu == 0) is = 1;
    else is = cpu >= 2 ? 1 : gpu >= 2 ? 0 : -1;
    snprintf(why, size, "%s", words.text);
    strbuf_done(&words);
    return is;
}
