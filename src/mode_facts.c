/* SPDX-License-Identifier: MIT */
/* mode_facts.c - see mode_facts.h. */
#include "mode_facts.h"

#include <math.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define MOST_MODES 64
#define MOST_CELLS 1000

static struct mode_facts *add_mode(struct facts *f)
{
    f->modes = mem_grow(f->modes, f->n_modes + 1, sizeof *f->modes);
    f->modes[f->n_modes] = (struct mode_facts){.n = 0};
    return &f->modes[f->n_modes++];
}

static struct mode_cell *add_cell(struct mode_facts *m)
{
    m->cells = mem_grow(m->cells, m->n + 1, sizeof *m->cells);
    return &m->cells[m->n++];
}

void mode_facts_add(struct facts *into, const struct facts *of,
                    const char *id, const char *name, const char *failure)
{
    struct mode_facts *m = add_mode(into);

    m->id = mem_copy(id);
    m->name = mem_copy(name && *name ? name : id);
    m->failure = mem_copy(failure);
    for (size_t i = 0; of && i < of->n_candidates; i++) {
        const struct candidate_facts *c = &of->candidates[i];
        const struct metric          *all = c->metrics;

        *add_cell(m) = (struct mode_cell){
            .name = mem_copy(c->name), .verdict = c->verdict,
            .served_tok_s = all[METRIC_served_tok_s].median,
            .first_sentence_s = all[METRIC_first_sentence_s].median,
            .energy_j_per_token = all[METRIC_energy_j_per_token].median,
            .power_w = c->board.power_w,
            .temp_peak_c = c->board.temp_peak_c,
            .is_marked = all[METRIC_served_tok_s].is_marked ||
                         all[METRIC_first_sentence_s].is_marked ||
                         all[METRIC_energy_j_per_token].is_marked};
    }
}

char *mode_facts_note(const struct mode_facts *m)
{
    struct strbuf names;
    char         *note = NULL;

    if (m->failure) return mem_copy(m->failure);
    if (m->n == 0) return mem_copy("no candidate");
    strbuf_init(&names, 4000);
    for (size_t i = 0; i < m->n; i++)
        if (m->cells[i].is_marked)
            strbuf_addf(&names, "%s%s", names.len ? ", " : "",
                        m->cells[i].name);
    if (names.len)
        note = mem_printf("some figures were only measured under a mark: %s",
                          names.text);
    strbuf_done(&names);
    return note;
}

void mode_facts_done(struct mode_facts *m)
{
    for (size_t i = 0; i < m->n; i++) free(m->cells[i].name);
    free(m->cells);
    free(m->id);
    free(m->name);
    free(m->failure);
    *m = (struct mode_facts){0};
}

json_t *mode_facts_json(const struct facts *f)
{
    json_t *list;

    if (f->n_modes == 0) return json_null();
    list = json_array();
    for (size_t i = 0; i < f->n_modes; i++) {
        const struct mode_facts *m = &f->modes[i];
        json_t *o = json_object(), *cells = json_array();

        jsonx_set_text(o, "id", m->id);
        jsonx_set_text(o, "name", m->name);
        jsonx_set_text(o, "failure", m->failure);
        for (size_t k = 0; k < m->n; k++) {
            const struct mode_cell *cell = &m->cells[k];
            json_t                 *one = json_object();

            jsonx_set_text(one, "name", cell->name);
            jsonx_set_text(one, "verdict", verdict_name(cell->verdict));
            jsonx_set_number(one, "served_tok_s", cell->served_tok_s);
            jsonx_set_number(one, "first_sentence_s", cell->first_sentence_s);
            jsonx_set_number(one, "energy_j_per_token",
                             cell->energy_j_per_token);
            jsonx_set_number(one, "power_w", cell->power_w);
            jsonx_set_number(one, "temp_peak_c", cell->temp_peak_c);
            json_object_set_new(one, "marked", json_boolean(cell->is_marked));
            json_array_append_new(cells, one);
        }
        json_object_set_new(o, "candidates", cells);
        json_array_append_new(list, o);
    }
    return list;
}

static void read_cells(const json_t *list, struct mode_facts *m)
{
    const json_t *one;
    size_t        i;

    json_array_foreach((json_t *)(uintptr_t)list, i, one) {
        const char *name = jsonx_text(one, "name");
        const char *verdict = jsonx_text(one, "verdict");

        if (i == MOST_CELLS) return;
        *add_cell(m) = (struct mode_cell){
            .name = mem_copy(name ? name : ""),
            .verdict = verdict_from_name(verdict ? verdict : ""),
            .served_tok_s = jsonx_number(one, "served_tok_s"),
            .first_sentence_s = jsonx_number(one, "first_sentence_s"),
            .energy_j_per_token = jsonx_number(one, "energy_j_per_token"),
            .power_w = jsonx_number(one, "power_w"),
            .temp_peak_c = jsonx_number(one, "temp_peak_c"),
            .is_marked = jsonx_truth(one, "marked") == 1};
    }
}

void mode_facts_read(const json_t *list, struct facts *out)
{
    const json_t *o;
    size_t        i;

    json_array_foreach((json_t *)(uintptr_t)list, i, o) {
        const char        *id = jsonx_text(o, "id");
        const char        *name = jsonx_text(o, "name");
        struct mode_facts *m;

        if (i == MOST_MODES) return;
        m = add_mode(out);
        m->id = mem_copy(id ? id : "");
        m->name = mem_copy(name ? name : "");
        m->failure = mem_copy(jsonx_text(o, "failure"));
        read_cells(json_object_get(o, "candidates"), m);
    }
}
