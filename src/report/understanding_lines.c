/* SPDX-License-Identifier: MIT */
/* understanding_lines.c - see understanding_lines.h. */
#include "report/understanding_lines.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"

#define LINE_BYTES (1u << 16)

/* "12 % [8–17] of 210 turns" */
static void add_share(struct strbuf *out, const struct share *s,
                      const char *what)
{
    strbuf_addf(out, "%s of %ld %s", units_interval(
        100 * s->rate, 100 * s->low, 100 * s->high, "%", 0).text, s->of, what);
}

static void talks(const struct understanding *u, struct strbuf *out)
{
    if (u->conversations <= 0 || u->turns.of <= 0) return;
    add_share(out, &u->turns, "turns");
    strbuf_addf(out, " in %d conversation%s went right", u->conversations,
                u->conversations == 1 ? "" : "s");
}

static void manners(const struct understanding *u, struct strbuf *out)
{
    for (int i = 0; i < MANNER_COUNT; i++) {
        const struct share *s = &u->manners[i];

        if (s->of <= 0) continue;
        strbuf_addf(out, "%s%s %s of %ld", out->len ? "; " : "",
                    manner_label[i], units_rate(s->rate).text, s->of);
    }
    if (out->len) strbuf_add(out, " turns where it could be");
}

static void misheard(const struct understanding *u, struct strbuf *out)
{
    for (size_t i = 0; i < u->n_noise; i++) {
        const struct noise_level *l = &u->noise[i];

        if (l->passed.of <= 0) continue;
        if (i == 0 && l->unharmed.of > 0)
            strbuf_addf(out, "of the same cases %s pass as spoken",
                        units_rate(l->unharmed.rate).text);
        if (out->len) strbuf_add(out, "; ");
        strbuf_addf(out, "with %s %% of words wrong ",
                    units_number(l->reached_percent, 0).text);
        add_share(out, &l->passed, "cases");
    }
}

static void steady(const struct understanding *u, struct strbuf *out)
{
    if (u->most_repeats > 1) {
        int k = u->most_repeats;

        strbuf_addf(out, "of %ld cases asked again %s pass once, ",
                    u->repeated, units_rate(u->pass_hat[0]).text);
        strbuf_addf(out, "%s %d times in a row",
                    units_rate(u->pass_hat[k - 1]).text, k);
    }
    if (u->groups.of <= 0) return;
    if (out->len) strbuf_add(out, "; ");
    strbuf_addf(out, "of %ld wishes put in several ways %ld were understood "
                "in each", u->groups.of, u->groups.n);
}

size_t understanding_lines(const struct candidate_facts *c,
                           struct listener_line *out)
{
    static const struct {
        const char *label;
        void      (*write)(const struct understanding *, struct strbuf *);
    } subjects[] = {
        {"talks", talks}, {"manners", manners}, {"misheard", misheard},
        {"steady", steady},
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct strbuf line;

        strbuf_init(&line, LINE_BYTES);
        subjects[i].write(&c->understanding, &line);
        if (line.len)
            out[n++] = (struct listener_line){
                subjects[i].label, "understanding", strbuf_take(&line)};
        strbuf_done(&line);
    }
    return n;
}
