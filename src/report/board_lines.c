/* SPDX-License-Identifier: MIT */
/* board_lines.c - see board_lines.h. */
#include "report/board_lines.h"

#include <math.h>
#include <stdlib.h>

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
    if (!isfinite(bytes)) return;
    clause(out);
    strbuf_addf(out, "%s%s%s", before, bytes < 0 ? "-" : "",
                units_bytes(fabs(bytes)).text);
}

/* ---- the board at the start --------------------------------------------- */

static void start(const struct candidate_facts *c, struct strbuf *out)
{
    const json_t *o = c->board.at_start;

    if (!o) return;
    add_text(out, "", jsonx_text(o, "power_mode_name"));
    add_number(out, "GPU at most ", jsonx_number(o, "gpu_max_freq_hz") / MHZ,
               0, " MHz");
    add_number(out, "CPU at most ",
               jsonx_number(o, "cpu_max_freq_hz_now") / MHZ, 0, " MHz");
    if (jsonx_truth(o, "clocks_locked") == 1)
        add_text(out, "", "clocks locked");
    add_text(out, "L4T ", jsonx_text(o, "l4t_release"));
    add_text(out, "", jsonx_text(o, "gpu_name"));
    add_number(out, "", jsonx_number(o, "max_temp_c"), 1,
               " °C at the start");
    if (jsonx_truth(o, "throttling_now") == 1)
        add_text(out, "", "clocks were cut already at the start");
    if (jsonx_number(o, "swap_used_bytes") > 0)
        add_bytes(out, "swap in use ", jsonx_number(o, "swap_used_bytes"));
}

/* ---- power and heat ----------------------------------------------------- */

static void power(const struct candidate_facts *c, struct strbuf *out)
{
    const struct board_facts *b = &c->board;

    cells_metric(c, METRIC_energy_j_per_token,
                 metric_info[METRIC_energy_j_per_token].label, true, out);
    add_number(out, "", b->power_w, 1, " W while generating");
    add_number(out, "at most ", b->power_peak_w, 1, " W");
    if (out->len && *b->energy_scope)
        strbuf_addf(out, " (%s)", b->energy_scope);
    add_number(out, "at most ", b->temp_peak_c, 1, " °C");
    add_number(out, "GPU busy ", b->gpu_load_pct, 0, " %");
    add_number(out, "at ", b->gpu_freq_hz / MHZ, 0, " MHz");
}

static char *marked(const struct board_verdict *v)
{
    return mem_printf("%s%s%s", v->text, *v->remedy ? "; remedy: " : "",
                      v->remedy);
}

/* ---- memory ------------------------------------------------------------- */

static void memory(const struct candidate_facts *c, struct strbuf *out)
{
    const struct ledger *l = &c->ledger;

    if (!isfinite(l->measured.peak_bytes) && !isfinite(l->engine.total_bytes))
        return;
    add_bytes(out, "predicted ", l->predicted.total_bytes);
    add_bytes(out, "the engine's buffers ", l->engine.total_bytes);
    if (isfinite(l->engine.largest_bytes) && *l->largest)
        strbuf_addf(out, " (largest: %s, %s)", l->largest,
                    units_bytes(l->engine.largest_bytes).text);
    add_bytes(out, "measured ", l->measured.after_load_bytes);
    if (isfinite(l->measured.after_load_bytes))
        strbuf_add(out, " after the load");
    add_bytes(out, "at most ", l->measured.peak_bytes);
    add_bytes(out, "of it on the GPU ", l->measured.device_bytes);
    add_bytes(out, "left for speech ", l->left_for_speech_bytes);
    add_bytes(out, "least available ", l->measured.available_low_bytes);
}

/* ---- beside it, and for long -------------------------------------------- */

static void coload(const struct candidate_facts *c, struct strbuf *out)
{
    const struct coload_facts *l = c->coload;

    if (!l || !l->is_wanted) return;
    add_text(out, "", l->command);
    add_number(out, "", l->cpu_cores, 2, " cores");
    add_bytes(out, "", l->memory_bytes);
    add_number(out, "health ", l->health_median_s * 1e3, 0, " ms");
    add_number(out, "worst ", l->health_worst_s * 1e3, 0, " ms");
    if (l->health_failures > 0)
        add_number(out, "", (double)l->health_failures, 0,
                   " health checks failed");
    if (l->has_ended) add_text(out, "it ended early: ", l->how);
}

static void add_drift(struct strbuf *out, const char *name,
                      const struct drift *d)
{
    if (!isfinite(d->change)) return;
    clause(out);
    strbuf_addf(out, "%s %+.1f %% (%s)", name, d->change * 100,
                steadiness_name(d->is));
}

static void soak(const struct candidate_facts *c, struct strbuf *out)
{
    const struct soak_facts *s = c->soak;

    if (!s || s->turns == 0) return;
    strbuf_addf(out, "%s in %.0f s, %ld turns", steadiness_name(s->is),
                s->duration_s, s->turns);
    add_drift(out, "tok/s", &s->tok_s);
    add_drift(out, "first sentence", &s->latency);
    add_drift(out, "memory", &s->memory);
    add_number(out, "temperature ", s->temp.change, 1, " °C");
    add_number(out, "", s->failures_per_1000, 1, " failures per 1,000");
    if (s->answers > 0)
        add_number(out, "", (double)s->different, 0, s->different == 1
                   ? " answer differed" : " answers differed");
    add_text(out, "", s->reason);
    if (s->starts > 1)
        add_text(out, "", "interrupted: the engine was started anew");
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
    for (size_t i = 0; i < c->board.n_verdicts; i++)
        out[n++] = (struct listener_line){"marked", "marks",
                                          marked(&c->board.verdicts[i])};
    return n;
}

char *board_mode_line(const struct mode_facts *m)
{
    struct strbuf line;
    char         *text;

    strbuf_init(&line, 1 << 16);
    strbuf_addf(&line, "%s: ", m->name);
    if (m->failure) strbuf_addf(&line, "%s", m->failure);
    else if (m->n == 0) strbuf_add(&line, UNITS_MISSING);
    for (size_t i = 0; i < m->n; i++) {
        const struct mode_cell *cell = &m->cells[i];

        strbuf_addf(&line, "%s%s", i || m->failure ? "; " : "", cell->name);
        if (isfinite(cell->served_tok_s))
            strbuf_addf(&line, " %s tok/s",
                        units_number(cell->served_tok_s, 1).text);
        if (isfinite(cell->first_sentence_s))
            strbuf_addf(&line, ", first sentence %s s",
                        units_number(cell->first_sentence_s, 2).text);
        if (isfinite(cell->energy_j_per_token))
            strbuf_addf(&line, ", %s J per token",
                        units_number(cell->energy_j_per_token, 2).text);
        if (isfinite(cell->power_w))
            strbuf_addf(&line, ", %s W",
                        units_number(cell->power_w, 1).text);
        if (isfinite(cell->temp_peak_c))
            strbuf_addf(&line, ", at most %s °C",
                        units_number(cell->temp_peak_c, 1).text);
        strbuf_addf(&line, ", %s", cells_verdict(cell->verdict));
    }
    text = strbuf_take(&line);
    strbuf_done(&line);
    return text;
}
