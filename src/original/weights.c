/* SPDX-License-Identifier: MIT */
/* weights.c - see weights.h. */
#include "original/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BFCL "bfcl_"
#define HA   "ha_"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool weights_knows(const char *suite)
{
    return strlen(suite) < WEIGHTS_NAME_MAX &&
           (begins(suite, BFCL) || begins(suite, HA) ||
            strcmp(suite, "ifeval") == 0);
}

static const struct weights_suite *find(const struct weights *w,
                                        const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->suites[i].name, name) == 0) return &w->suites[i];
    return NULL;
}

struct weights_suite *weights_of(struct weights *w, const char *suite)
{
    struct weights_suite *s = (struct weights_suite *)find(w, suite);

    if (s || !weights_knows(suite) || w->n == WEIGHTS_SUITES) return s;
    s  = &w->suites[w->n++];
    *s = (struct weights_suite){.cases = 0};
    snprintf(s->name, sizeof s->name, "%s", suite);
    return s;
}

static double share(long n, long of)
{
    return of > 0 ? (double)n / (double)of : NAN;
}

/* ---- BFCL ---------------------------------------------------------------- */

static struct weights_row bfcl_row(const char *name, bool is_total)
{
    struct weights_row row = {.original = "bfcl", .is_total = is_total,
                              .rate = NAN, .other = NAN, .half_width = NAN,
                              .rate_parsed = NAN, .other_parsed = NAN,
                              .is_complete = true};

    snprintf(row.name, sizeof row.name, "%s", name);
    return row;
}

static struct weights_row category(const struct weights *w, const char *name)
{
    struct weights_row          row = bfcl_row(name, false);
    char                        suite[WEIGHTS_NAME_MAX];
    const struct weights_suite *s;

    snprintf(suite, sizeof suite, BFCL "%s", name);
    s = find(w, suite);
    if (!s) return row;
    row.rate  = share(s->passed, s->asked);
    row.other = share(s->saner, s->asked);
    row.rate_parsed  = share(s->parsed, s->asked);
    row.other_parsed = share(s->saner_parsed, s->asked);
    row.asked = s->asked;
    row.cases = s->cases;
    row.is_complete = s->asked > 0 && s->asked == s->cases;
    return row;
}

/* One more part of a mean: with what weight. A part that is missing leaves
 * NAN. */
struct mean {
    double rate, other, rate_parsed, other_parsed, weight;
};

static void add_part(struct mean *m, struct weights_row *total,
                     const struct weights_row *part, double weight)
{
    m->rate   += part->rate * weight;
    m->other  += part->other * weight;
    m->rate_parsed  += part->rate_parsed * weight;
    m->other_parsed += part->other_parsed * weight;
    m->weight += weight;
    total->asked += part->asked;
    total->cases += part->cases;
    total->is_complete = total->is_complete && part->is_complete;
}

static struct weights_row finish(struct weights_row total,
                                 const struct mean *m)
{
    total.rate  = m->rate / m->weight;
    total.other = m->other / m->weight;
    total.rate_parsed  = m->rate_parsed / m->weight;
    total.other_parsed = m->other_parsed / m->weight;
    if (isnan(total.rate)) total.is_complete = false;
    return total;
}

/* The mean of parts, each as much as the next, or by its cases. */
static struct weights_row mean_of(const char *name,
                                  const struct weights_row *parts, size_t n,
                                  bool by_cases)
{
    struct weights_row total = bfcl_row(name, true);
    struct mean        m = {0};

    for (size_t i = 0; i < n; i++)
        add_part(&m, &total, &parts[i], !by_cases ? 1
                 : (double)(parts[i].cases ? parts[i].cases
                                           : parts[i].asked));
    return finish(total, &m);
}

static void add_row(struct weights_row *rows, size_t *n,
                    const struct weights_row *row)
{
    if (row->asked > 0) rows[(*n)++] = *row;
}

static void add_bfcl(const struct weights *w, struct weights_row *rows,
                     size_t *n)
{
    static const char *const names[] = {
        "simple_python", "simple_java", "simple_javascript", "multiple",
        "parallel", "parallel_multiple", "irrelevance", "live_simple",
        "live_multiple", "live_parallel", "live_parallel_multiple",
        "live_irrelevance", "live_relevance"};
    enum { N = sizeof names / sizeof *names };
    struct weights_row c[N], non_live[4], all[3], both[2];

    for (size_t i = 0; i < N; i++) {
        c[i] = category(w, names[i]);
        add_row(rows, n, &c[i]);
    }
    non_live[0] = mean_of("simple", &c[0], 3, false);
    memcpy(&non_live[1], &c[3], 3 * sizeof *c);
    both[0] = c[6];
    both[1] = c[11];
    all[0] = mean_of("non_live", non_live, 4, false);
    all[1] = mean_of("live", &c[7], 4, true);
    all[2] = mean_of("irrelevance_all", both, 2, false);
    add_row(rows, n, &non_live[0]);
    for (size_t i = 0; i < 3; i++) add_row(rows, n, &all[i]);
    all[0] = mean_of("single_turn", all, 3, false);
    add_row(rows, n, &all[0]);
}

/* ---- the others ---------------------------------------------------------- */

static void add_ifeval(const struct weights *w, struct weights_row *rows,
                       size_t *n)
{
    const struct weights_suite *s = find(w, "ifeval");
    struct weights_row          row = {.original = "ifeval",
                                       .name = "prompt", .half_width = NAN};

    if (!s || s->asked == 0) return;
    row.is_complete = s->asked == s->cases;
    row.rate  = share(s->passed, s->asked);
    row.other = share(s->prompt_loose, s->asked);
    row.rate_parsed  = row.rate;
    row.other_parsed = row.other;
    row.asked = s->asked;
    row.cases = s->cases;
    rows[(*n)++] = row;
    snprintf(row.name, sizeof row.name, "instruction");
    row.rate  = share(s->strict, s->of);
    row.other = share(s->loose, s->of);
    row.rate_parsed  = row.rate;
    row.other_parsed = row.other;
    row.asked = row.cases = s->of;
    rows[(*n)++] = row;
}

static void add_ha(const struct weights *w, struct weights_row *rows,
                   size_t *n)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct weights_suite *s = &w->suites[i];
        struct weights_row          row = {.original = "ha", .other = NAN,
                                           .other_parsed = NAN};

        if (!begins(s->name, HA) || s->asked == 0) continue;
        snprintf(row.name, sizeof row.name, "%s", s->name + strlen(HA));
        row.rate  = share(s->passed, s->asked);
        row.rate_parsed = share(s->parsed, s->asked);
        row.half_width = 1.96 * sqrt(row.rate * (1 - row.rate) /
                                     (double)s->asked);
        row.asked = s->asked;
        row.cases = s->cases;
        row.is_complete = s->asked == s->cases;
        rows[(*n)++] = row;
    }
}

size_t weights_rows(const struct weights *w,
                    struct weights_row rows[WEIGHTS_ROWS])
{
    size_t n = 0;

    add_bfcl(w, rows, &n);
    add_ifeval(w, rows, &n);
    add_ha(w, rows, &n);
    return n;
}
