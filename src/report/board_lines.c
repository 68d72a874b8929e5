/* SPDX-License-Identifier: MIT */
/* board_lines.c - see board_lines.h. */
#include "report/board_lines.h"

#include <math.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "coload.h"
#include "report/cells.h"
#include "soak.h"

#define MHZ 1e6

/* The next clause of a line. */
static void clause(struct strbuf *out)
{
    if (out->len) strbuf_add(out, "; ");
}

static void add_text(struct strbuf *out, const char *before, const char *text)
{
    if (!text || !*text) return;
    clause(out);
    strbuf_addf(out, "%s%s", before, text);
}

static void add_number(struct strbuf *out, const char *before, double value,
                       int decimals, const char *after)
{
    if (!isfinite(value)) return;
    clause(out);
    strbuf_addf(out, "%s%s%s", before, units_number(value, decimals).text,
                after);
}

static void add_bytes(struct strbuf *out, const char *before, double bytes)
{
    if (isfinite(bytes)) add_text(out, before, units_bytes(bytes).text);
}

/* ---- the board at the start --------------------------------------------- */

static void start(const struct candidate_facts *c, struct strbuf *out)
{
    const json_t *o = c->board.at_start;
    double        swap_bytes = jsonx_number(o, "swap_used_bytes");

    add_text(out, "power mode ", jsonx_text(o, "power_mode_name"));
    add_number(out, "GPU up to ", jsonx_number(o, "gpu_max_freq_hz") / MHZ,
               0, " MHz");
    add_number(out, "CPU up to ",
               jsonx_number(o, "cpu_max_freq_hz_now") / MHZ, 0, " MHz");
    if (jsonx_truth(o, "clocks_locked") == 1)
        add_text(out, "", "clocks locked");
    add_text(out, "L4T ", jsonx_text(o, "l4t_release"));
    add_text(out, "", jsonx_text(o, "gpu_name"));
    add_number(out, "", jsonx_number(o, "max_temp_c"), 1,
               " °C before the first load");
    if (jsonx_truth(o, "throttling_now") == 1)
        add_text(out, "", "its clocks were being cut even then");
    if (jsonx_truth(o, "undervoltage_now") == 1)
        add_text(out, "", "its supply voltage was too low");
    if (swap_bytes > 0)
        add_text(out, "swap in use: ", units_bytes(swap_bytes).text);
}

/* ---- power and heat ----------------------------------------------------- */

static void add_energy(const struct metric *m, struct strbuf *out)
{
    if (!isfinite(m->median)) return;
    clause(out);
    strbuf_add(out, units_interval(m->median, m->low, m->high, "J per token",
                                   2).text);
    if (*m->reason) strbuf_addf(out, " (%s)", m->reason);
}

static void add_load(const struct board_facts *b, struct strbuf *out)
{
    bool is_clocked = b->gpu_freq_hz > 0;

    if (!isfinite(b->gpu_load_pct)) {
        if (is_clocked)
            add_number(out, "GPU at ", b->gpu_freq_hz / MHZ, 0, " MHz");
        return;
    }
    add_number(out, "GPU ", b->gpu_load_pct, 0, " % busy");
    if (is_clocked)
        strbuf_addf(out, " at %s MHz",
                    units_number(b->gpu_freq_hz / MHZ, 0).text);
}

static void power(const struct candidate_facts *c, struct strbuf *out)
{
    const struct board_facts *b = &c->board;

    add_energy(&c->metrics[METRIC_energy_j_per_token], out);
    add_number(out, "", b->power_w, 1, " W while generating");
    add_number(out, isfinite(b->power_w) ? "peak " : "power peak ",
               b->power_peak_w, 1, " W");
    if (out->len && *b->energy_scope)
        strbuf_addf(out, " (%s)", b->energy_scope);
    add_load(b, out);
    add_number(out, "hottest ", b->temp_peak_c, 1, " °C");
}

/* ---- memory ------------------------------------------------------------- */

static void memory(const struct candidate_facts *c, struct strbuf *out)
{
    const struct ledger *l = &c->ledger;
    double               growth = l->measured.growth_bytes;

    if (!isfinite(l->measured.peak_bytes) && !isfinite(l->engine.total_bytes))
        return;
    add_bytes(out, "predicted ", l->predicted.total_bytes);
    add_bytes(out, "buffers by the engine's log ", l->engine.total_bytes);
    if (isfinite(l->engine.largest_bytes)) {
        add_bytes(out, "the largest ", l->engine.largest_bytes);
        if (*l->largest) strbuf_addf(out, " (%s)", l->largest);
    }
    add_bytes(out, "measured at most ", l->measured.peak_bytes);
    if (isfinite(l->measured.peak_bytes) && l->measured.device_bytes > 0)
        strbuf_addf(out, ", %s on the GPU",
                    units_bytes(l->measured.device_bytes).text);
    if (isfinite(growth))
        add_bytes(out, growth < 0 ? "it shrank by " : "it grew by ",
                  fabs(growth));
    add_bytes(out, "lowest MemAvailable ", l->measured.available_low_bytes);
}

static bool is_known(const double *bytes)
{
    return bytes && isfinite(*bytes);
}

size_t board_ledger(const struct ledger *l, struct ledger_row *out)
{
    const struct ledger_row all[LEDGER_ROWS] = {
        {"weights", &l->predicted.weights_bytes, &l->engine.weights_bytes,
         NULL, "", ""},
        {"cache and recurrent state", &l->predicted.kv_bytes,
         &l->engine.kv_bytes, NULL, "", ""},
        {"compute and output buffers", &l->predicted.compute_bytes,
         &l->engine.compute_bytes, NULL, "", ""},
        {"the process itself", &l->predicted.overhead_bytes, NULL, NULL, "",
         ""},
        {"all of it, at most", &l->predicted.total_bytes,
         &l->engine.total_bytes, &l->measured.peak_bytes, "", ""},
        {"of it on a GPU", NULL, &l->engine.device_bytes,
         &l->measured.device_bytes, "", l->device_source},
        {"largest single allocation", NULL, &l->engine.largest_bytes,
         &l->measured.largest_bytes, l->largest, ""},
        {"after the load", NULL, NULL, &l->measured.after_load_bytes, "", ""},
        {"growth from then to the end", NULL, NULL,
         &l->measured.growth_bytes, "", ""},
        {"anonymous, at the end", NULL, NULL, &l->measured.anon_bytes, "",
         ""},
        {"weight files mapped", NULL, NULL,
         &l->measured.weights_mapped_bytes, "", ""},
        {"MemAvailable before the load", NULL, NULL,
         &l->measured.available_before_bytes, "", ""},
        {"lowest MemAvailable", NULL, NULL,
         &l->measured.available_low_bytes, "", ""},
        {"reserve for speech", NULL, NULL, &l->reserve_bytes, "", ""},
        {"left for speech", NULL, NULL, &l->left_for_speech_bytes, "", ""},
    };
    size_t n = 0;

    if (!isfinite(l->measured.peak_bytes) && !isfinite(l->engine.total_bytes))
        return 0;
    for (size_t i = 0; i < LEDGER_ROWS; i++)
        if (is_known(all[i].predicted) || is_known(all[i].engine) ||
            is_known(all[i].measured))
            out[n++] = all[i];
    return n;
}

/* ---- beside it, and for long -------------------------------------------- */

static void coload(const struct candidate_facts *c, struct strbuf *out)
{
    const struct coload_facts *l = c->coload;

    if (!l || !l->is_wanted) return;
    add_text(out, "", l->command);
    add_number(out, "", l->cpu_cores, 2, " cores");
    add_bytes(out, "memory at most ", l->memory_bytes);
    add_number(out, "health check ", l->health_median_s * 1e3, 0, " ms");
    add_number(out, "slowest ", l->health_worst_s * 1e3, 0, " ms");
    if (l->health_failures > 0) {
        clause(out);
        strbuf_addf(out, "%ld of %ld checks failed", l->health_failures,
                    l->health_n);
    }
    if (l->has_ended)
        add_text(out, "ended before the audition did: ",
                 *l->how ? l->how : "how is not known");
}

static const char *steady_word(enum steadiness is)
{
    return is == STEADY_UNKNOWN ? "cannot tell" : steadiness_name(is);
}

static void add_drift(struct strbuf *out, const char *name,
                      const struct drift *d, double unit, const char *after)
{
    if (!isfinite(d->change)) return;
    clause(out);
    strbuf_addf(out, "%s %+.1f%s (%s)", name, d->change * unit, after,
                steady_word(d->is));
}

static void add_outcomes(struct strbuf *out, const struct soak_facts *s)
{
    if (s->failures > 0) {
        clause(out);
        strbuf_addf(out, "%ld of %ld turns failed", s->failures, s->turns);
        if (isfinite(s->failures_per_1000))
            strbuf_addf(out, ", %s", units_interval(
                s->failures_per_1000, s->failures_low, s->failures_high,
                "per 1,000", 1).text);
    } else if (s->failures == 0) {
        add_text(out, "", "no turn failed");
    }
    if (s->answers <= 0 || s->different < 0) return;
    clause(out);
    if (s->different == 0)
        strbuf_add(out, "the same question always had the same answer");
    else
        strbuf_addf(out, "%ld of %ld answers differed from the first to the "
                    "same question", s->different, s->answers);
}

static void soak(const struct candidate_facts *c, struct strbuf *out)
{
    const struct soak_facts *s = c->soak;

    if (!s || s->turns <= 0) return;
    strbuf_addf(out, "%s: %ld turns", s->is == STEADY_UNKNOWN
                ? "cannot tell whether steady" : steadiness_name(s->is),
                s->turns);
    if (isfinite(s->duration_s))
        strbuf_addf(out, " in %s s", units_number(s->duration_s, 0).text);
    add_number(out, "steady after ", s->time_to_steady_s, 0, " s");
    add_drift(out, "tok/s", &s->tok_s, 100, " %");
    add_drift(out, "first sentence", &s->latency, 100, " %");
    add_drift(out, "memory", &s->memory, 100, " %");
    add_drift(out, "power", &s->power, 100, " %");
    add_drift(out, "temperature", &s->temp, 1, " °C");
    add_outcomes(out, s);
    add_text(out, "", s->reason);
    if (s->starts > 1)
        add_text(out, "", "interrupted: the engine was started anew");
}

/* ---- marks -------------------------------------------------------------- */

#define COUNT "count in a median only where there are no others"

/* Of the co-load its own line tells. */
static size_t marks(const struct candidate_facts *c,
                    struct listener_line *out)
{
    const struct board_facts *b = &c->board;
    size_t                    n = 0;
    char                     *in_all;

    for (size_t i = 0; i < b->n_verdicts; i++) {
        const struct board_verdict *v = &b->verdicts[i];

        if (strcmp(v->kind, "co_load") == 0) continue;
        out[n++] = (struct listener_line){
            "marked", "marks", mem_printf("%s%s%s", v->text,
                                          *v->remedy ? "; remedy: " : "",
                                          v->remedy)};
    }
    if (b->marked <= 0) return n;
    /* a turn may bear several marks */
    in_all = n > 1 ? mem_printf("in all %ld of %ld turns; they " COUNT,
                                b->marked, b->turns)
                   : mem_copy("such turns " COUNT);
    out[n++] = (struct listener_line){"marked", "marks", in_all};
    return n;
}

/* ---- together ----------------------------------------------------------- */

size_t board_lines(const struct candidate_facts *c,
                   struct listener_line *out)
{
    static const struct {
        const char *label, *section;
        void      (*write)(const struct candidate_facts *, struct strbuf *);
    } subjects[] = {
        {"board", "the-board", start},
        {"power", "energy_j_per_token", power},
        {"memory", "the-ledger", memory},
        {"co-load", "co-load", coload},
        {"soak", "soak", soak},
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct strbuf line;

        strbuf_init(&line, 1 << 16);
        subjects[i].write(c, &line);
        if (line.len)
            out[n++] = (struct listener_line){
                subjects[i].label, subjects[i].section, strbuf_take(&line)};
        strbuf_done(&line);
    }
    return n + marks(c, out + n);
}
