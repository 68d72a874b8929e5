/* SPDX-License-Identifier: MIT */
/* plan.c - `run --dry-run`: what would be done, what is stored already, and
 * what it costs at most. Starts no engine, writes nothing. */
#include "audition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/table.h"
#include "base/term.h"
#include "base/units.h"

static size_t stored_works(const struct entry *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->progress.n_keys; i++)
        if (!strstr(e->progress.keys[i], "/load/") &&
            !strstr(e->progress.keys[i], "/memory"))
            n++;
    return n;
}

static void add_row(struct table *t, const struct audition *a,
                    const struct entry *e)
{
    char trials[48];

    snprintf(trials, sizeof trials, "%zu of at most %zu", stored_works(e),
             schedule_trials(&a->schedule));
    table_add_cell(t, STYLE_PLAIN, e->candidate->name);
    table_add_cell(t, STYLE_PLAIN, e->candidate->facts.quantisation
                   ? e->candidate->facts.quantisation : UNITS_MISSING);
    table_add_cell(t, STYLE_PLAIN,
                   units_bytes(e->forecast.weights_bytes).text);
    table_add_cell(t, STYLE_PLAIN, units_bytes(e->forecast.kv_bytes).text);
    table_add_cell(t, STYLE_PLAIN, e->forecast.fits == 1 ? "yes"
                   : e->forecast.fits == 0 ? "no" : "?");
    table_add_cell(t, STYLE_PLAIN, e->is_out ? UNITS_MISSING : trials);
}

void audition_print_plan(const struct audition *a)
{
    struct strbuf out;
    struct table  t = {0};

    strbuf_init(&out, 1u << 20);
    table_add_column(&t, "candidate", ALIGN_LEFT, 0, 12);
    table_add_column(&t, "quant", ALIGN_LEFT, 1, 0);
    table_add_column(&t, "weights", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "cache", ALIGN_RIGHT, 2, 0);
    table_add_column(&t, "fits", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "stored trials", ALIGN_LEFT, 0, 0);
    for (size_t i = 0; i < a->list.n; i++) add_row(&t, a, &a->entries[i]);
    table_fit(&t, term_of(STDOUT_FILENO).columns);
    table_print(&t, 0, false, &out);
    table_done(&t);
    for (size_t i = 0; i < a->list.n; i++)
        if (a->entries[i].is_out)
            strbuf_addf(&out, "%s: %s\n", a->entries[i].candidate->name,
                        a->entries[i].failure.text);
    if (audition_plan_exit_code(a) != 0)
        strbuf_add(&out, "\nNo candidate can be auditioned.\n");
    else
        strbuf_addf(&out, "\n%d block%s a candidate, %zu cases; speed takes "
                "about %s of engine time a candidate, cases and loads come on "
                "top.\n",
                a->schedule.blocks, a->schedule.blocks == 1 ? "" : "s",
                a->n_cases,
                units_value(a->schedule.block_budget_s * a->schedule.blocks,
                            "s", 0).text);
    if (a->llama_server)
        strbuf_addf(&out, "engine: %s (build %d)\n", a->llama_server,
                    a->llama_build);
    if (a->opt->store) strbuf_addf(&out, "store: %s\n", a->opt->store);
    else strbuf_addf(&out, "store: %s/audition.db\n", a->config.folder);
    fputs(out.text, stdout);
    strbuf_done(&out);
}
