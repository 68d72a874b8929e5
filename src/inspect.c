/* SPDX-License-Identifier: MIT */
/* inspect.c - see inspect.h. */
#include "inspect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/term.h"
#include "base/units.h"
#include "base/utf8.h"
#include "model/gguf_types.h"
#include "model/gguf_walk.h"
#include "model/kv.h"

#define F16_BYTES 2.0

void inspection_done(struct inspection *i)
{
    free(i->name);
    free(i->file);
    text_list_done(&i->notes);
    model_facts_done(&i->facts);
    *i = (struct inspection){0};
}

static const char *kind_name(enum layer_kind kind)
{
    static const char *const names[] = {
        [LAYER_FULL] = "full",           [LAYER_WINDOW] = "window",
        [LAYER_RECURRENT] = "recurrent", [LAYER_SHARED] = "shared",
    };

    return names[kind];
}

/* The catalogue leaves templates out. */
static bool knows_template(const struct inspection *i)
{
    return strcmp(i->source, "catalogue") != 0;
}

/* ---- notes ------------------------------------------------------------- */

static const char *note_of_kind(enum model_kind kind)
{
    static const char *const notes[] = {
        [MODEL_PROJECTOR] = "a projector for pictures or sound, which goes "
                            "with a language model (--mmproj)",
        [MODEL_DRAFT] = "a companion that guesses tokens ahead for a larger "
                        "model (--model-draft)",
        [MODEL_ADAPTER] = "an adapter that changes another model (--lora)",
        [MODEL_EMBEDDING] = "made to compare texts; it writes none",
        [MODEL_VOCABULARY] = "a vocabulary without weights",
        [MODEL_OTHER] = "no language model",
    };

    return kind == MODEL_TEXT ? NULL : notes[kind];
}

void inspect_note(struct inspection *i)
{
    const struct model_facts *f    = &i->facts;
    const char               *note = note_of_kind(f->kind);

    if (note) text_list_add(&i->notes, note);
    if (f->is_big_endian)
        text_list_add(&i->notes, "big-endian: llama.cpp on this kind of "
                      "machine loads little-endian files only; download that "
                      "one");
    for (size_t t = 0; t < f->n_types; t++) {
        char name[24], *text;
        if (gguf_type_find(f->types[t].type)) continue;
        text = mem_printf("%llu tensor%s of %s, which llama.cpp does not load; "
                          "bytes are counted up to where the next one begins",
                          (unsigned long long)f->types[t].tensors,
                          f->types[t].tensors == 1 ? " is" : "s are",
                          gguf_type_name(f->types[t].type, name));
        text_list_add(&i->notes, text);
        free(text);
    }
    if (f->kind == MODEL_TEXT && !f->chat_template && knows_template(i))
        text_list_add(&i->notes, "without a chat template, as base models "
                      "are: the engine falls back on ChatML, which such a "
                      "model was not taught");
}

/* ---- JSON -------------------------------------------------------------- */

/* null for -1. */
static void set_count(json_t *o, const char *key, int n)
{
    json_object_set_new(o, key, n >= 0 ? json_integer(n) : json_null());
}

/* To whole ones; null for NAN. */
static void set_whole(json_t *o, const char *key, double n)
{
    if (isfinite(n) && fabs(n) < 9e18) jsonx_set_integer(o, key, llround(n));
    else jsonx_set_number(o, key, n);
}

static void set_truth(json_t *o, const char *key, int truth)
{
    json_object_set_new(o, key, truth < 0 ? json_null() : json_boolean(truth));
}

static json_t *kv_json(const struct model_facts *f, const int *contexts,
                       size_t n)
{
    json_t *o = json_object();
    char    key[16];

    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, "%d", contexts[i]);
        set_whole(o, key, kv_bytes_at(f, contexts[i], F16_BYTES));
    }
    return o;
}

static json_t *layers_json(const struct model_facts *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->n_groups; i++) {
        const struct layer_group *g = &f->groups[i];
        json_t                   *o = json_object();
        jsonx_set_text(o, "kind", kind_name(g->kind));
        jsonx_set_integer(o, "layers", g->layers);
        set_whole(o, "key_elements", g->key_elements);
        set_whole(o, "value_elements", g->value_elements);
        set_whole(o, "state_bytes", g->state_bytes);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *types_json(const struct model_facts *f)
{
    json_t *types = json_object();

    for (size_t i = 0; i < f->n_types; i++) {
        const struct type_share *t = &f->types[i];
        json_t                  *o = json_object();
        char                     name[24];
        jsonx_set_integer(o, "tensors", (long long)t->tensors);
        set_whole(o, "elements", t->elements);
        jsonx_set_integer(o, "bytes", (long long)t->bytes);
        set_whole(o, "bytes_read_per_token", t->bytes_read);
        json_object_set_new(types, gguf_type_name(t->type, name), o);
    }
    return types;
}

static json_t *classes_json(const struct model_facts *f)
{
    json_t *o = json_object();

    for (int c = 0; c < TENSOR_CLASSES; c++)
        jsonx_set_integer(o, tensor_class_name((enum tensor_class)c),
                          (long long)f->class_bytes[c]);
    return o;
}

/* knows: a source that would have the template, if there were one. */
static json_t *template_json(const struct model_facts *f, bool knows)
{
    const struct template_facts *t = &f->template;
    json_t                      *o = json_object();

    set_truth(o, "present", f->chat_template ? 1 : knows ? 0 : -1);
    set_truth(o, "system", t->supports_system);
    set_truth(o, "tools", t->supports_tools);
    set_truth(o, "tool_results", t->supports_tool_results);
    set_truth(o, "thinking", t->supports_thinking);
    set_truth(o, "uses_date", t->uses_date);
    return o;
}

static void set_sizes(json_t *o, const struct model_facts *f)
{
    set_whole(o, "parameters", f->parameters);
    set_whole(o, "active_parameters", f->active_parameters);
    jsonx_set_integer(o, "file_bytes", (long long)f->file_bytes);
    jsonx_set_integer(o, "tensor_data_bytes", (long long)f->tensor_bytes);
    set_whole(o, "weight_bytes_read_per_token",
              f->weight_bytes_read_per_token);
    set_whole(o, "kv_bytes_per_token_f16", f->kv_bytes_per_token);
}

static void set_shape(json_t *o, const struct model_facts *f)
{
    set_count(o, "layers", f->layers);
    set_count(o, "vocabulary", f->vocabulary);
    set_count(o, "context", f->context);
    set_count(o, "embedding", f->embedding);
    set_count(o, "feed_forward", f->feed_forward);
    set_count(o, "heads", f->heads);
    set_count(o, "kv_heads", f->kv_heads);
    set_count(o, "head_size", f->head_size);
    set_count(o, "window", f->window);
    set_count(o, "experts", f->experts);
    set_count(o, "experts_used", f->experts_used);
    set_truth(o, "is_tied", f->is_tied);
    set_truth(o, "is_big_endian", f->is_big_endian);
}

json_t *inspect_json(const struct inspection *i, const int *contexts,
                     size_t n_contexts)
{
    const struct model_facts *f = &i->facts;
    json_t                   *o = json_object(), *notes = json_array();

    jsonx_set_text(o, "name", i->name);
    jsonx_set_text(o, "file", i->file);
    jsonx_set_text(o, "source", i->source);
    set_whole(o, "read_bytes", i->read_bytes);
    jsonx_set_text(o, "kind", model_kind_name(f->kind));
    jsonx_set_text(o, "model_name", f->model_name);
    jsonx_set_text(o, "architecture", f->architecture);
    jsonx_set_text(o, "quantisation", f->quantisation);
    set_sizes(o, f);
    json_object_set_new(o, "kv_bytes_at", kv_json(f, contexts, n_contexts));
    json_object_set_new(o, "layer_groups", layers_json(f));
    set_shape(o, f);
    jsonx_set_text(o, "tokenizer", f->tokenizer);
    json_object_set_new(o, "types", types_json(f));
    json_object_set_new(o, "class_bytes", classes_json(f));
    json_object_set_new(o, "template",
                        template_json(f, knows_template(i)));
    jsonx_set_text(o, "license", f->license);
    for (size_t n = 0; n < i->notes.n; n++)
        jsonx_add_text(notes, i->notes.items[n]);
    json_object_set_new(o, "notes", notes);
    return o;
}

/* ---- the card ---------------------------------------------------------- */

struct card {
    struct strbuf *out;
    bool           colour;
};

/* One line of the card; the text may hold anything. */
static void line(const struct card *c, const char *label,
                 const struct strbuf *text)
{
    char *safe = utf8_printable(text->text, text->len);
    char  padded[16];

    snprintf(padded, sizeof padded, "  %-11s", label);
    term_add(c->out, c->colour, STYLE_FAINT, padded);
    strbuf_addf(c->out, "%s\n", safe);
    free(safe);
}

static void add_count(struct strbuf *b, const char *before, int n,
                      const char *after)
{
    char text[32];

    if (n >= 0)
        strbuf_addf(b, "%s%s%s", before, gguf_grouped((uint64_t)n, text),
                    after);
}

static void model_line(const struct card *c, const struct inspection *i)
{
    const struct model_facts *f = &i->facts;
    struct strbuf             b;

    strbuf_init(&b, 4096);
    strbuf_add(&b, f->model_name ? f->model_name : "no name");
    strbuf_addf(&b, " · %s", f->architecture ? f->architecture
                                             : "unknown architecture");
    if (f->kind != MODEL_TEXT)
        strbuf_addf(&b, " · %s", model_kind_name(f->kind));
    if (f->license) strbuf_addf(&b, " · licence %s", f->license);
    line(c, "model", &b);
    strbuf_clear(&b);
    strbuf_add(&b, i->file ? i->file : "none here: these are the catalogue's "
                                      "facts");
    if (isfinite(i->read_bytes))
        strbuf_addf(&b, " (%s read)", units_bytes(i->read_bytes).text);
    if (i->file && strcmp(i->source, "cache") == 0)
        strbuf_add(&b, " (found on this machine)");
    line(c, "file", &b);
    strbuf_done(&b);
}

static void size_lines(const struct card *c, const struct model_facts *f)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    strbuf_addf(&b, "%s parameters, %s, %s",
                units_count(f->parameters).text,
                f->quantisation ? f->quantisation : "no tensors",
                units_bytes((double)f->file_bytes).text);
    if (f->experts > 0 && isfinite(f->active_parameters))
        strbuf_addf(&b, "; %s active: %d of %d experts",
                    units_count(f->active_parameters).text, f->experts_used,
                    f->experts);
    line(c, "size", &b);
    strbuf_clear(&b);
    if (isfinite(f->weight_bytes_read_per_token)) {
        strbuf_addf(&b, "%s of weights a token",
                    units_bytes(f->weight_bytes_read_per_token).text);
        if (f->is_tied) strbuf_add(&b, "; the embedding is the output too");
        line(c, "reads", &b);
        strbuf_clear(&b);
    }
    for (size_t i = 0; i < f->n_types; i++) {
        char name[24];
        strbuf_addf(&b, "%s%s %s", i ? ", " : "",
                    gguf_type_name(f->types[i].type, name),
                    units_bytes((double)f->types[i].bytes).text);
    }
    if (f->n_types > 0) line(c, "types", &b);
    strbuf_done(&b);
}

static void shape_line(const struct card *c, const struct model_facts *f)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    add_count(&b, "", f->layers, " layers");
    add_count(&b, ", width ", f->embedding, "");
    add_count(&b, ", feed-forward ", f->feed_forward, "");
    add_count(&b, ", ", f->heads, " heads");
    if (f->heads > 0) add_count(&b, " of ", f->head_size, "");
    if (f->kv_heads != f->heads) add_count(&b, ", ", f->kv_heads, " for keys");
    if (b.len > 0) line(c, "shape", &b);
    strbuf_clear(&b);
    add_count(&b, "", f->context, " tokens of context");
    add_count(&b, b.len ? ", " : "", f->vocabulary, " in the vocabulary");
    if (f->tokenizer && f->vocabulary < 0)
        strbuf_addf(&b, "%stokenizer %s", b.len ? ", " : "", f->tokenizer);
    else if (f->tokenizer)
        strbuf_addf(&b, " (%s)", f->tokenizer);
    if (b.len > 0) line(c, "text", &b);
    strbuf_done(&b);
}

static void cache_lines(const struct card *c, const struct model_facts *f,
                        const int *contexts, size_t n)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    if (f->n_groups == 0) {
        strbuf_add(&b, "cannot be computed from this header");
        if (f->kind == MODEL_TEXT) line(c, "cache", &b);
        strbuf_done(&b);
        return;
    }
    strbuf_addf(&b, "%s a token", units_bytes(f->kv_bytes_per_token).text);
    for (size_t i = 0; i < n; i++) {
        strbuf_addf(&b, "%s%s", i ? ", " : "; ",
                    units_bytes(kv_bytes_at(f, contexts[i], F16_BYTES)).text);
        add_count(&b, " at ", contexts[i], "");
    }
    line(c, "cache f16", &b);
    strbuf_clear(&b);
    for (size_t i = 0; i < f->n_groups; i++) {
        const struct layer_group *g = &f->groups[i];
        strbuf_addf(&b, "%s%d %s", i ? ", " : "", g->layers,
                    kind_name(g->kind));
        if (g->kind == LAYER_WINDOW) add_count(&b, " of ", f->window, "");
        if (g->kind == LAYER_RECURRENT)
            strbuf_addf(&b, " (%s each)", units_bytes(g->state_bytes).text);
    }
    if (f->n_groups > 1 || f->groups[0].kind != LAYER_FULL)
        line(c, "layers", &b);
    strbuf_done(&b);
}

static void template_line(const struct card *c, const struct model_facts *f)
{
    const struct { const char *name; int has; } parts[] = {
        {"system", f->template.supports_system},
        {"tools", f->template.supports_tools},
        {"tool results", f->template.supports_tool_results},
        {"thinking", f->template.supports_thinking},
        {"today's date", f->template.uses_date},
    };
    struct strbuf b;

    strbuf_init(&b, 4096);
    if (!f->chat_template) strbuf_add(&b, "none");
    for (int wanted = 1; f->chat_template && wanted >= 0; wanted--) {
        bool first = true;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            if (parts[i].has != wanted) continue;
            strbuf_addf(&b, "%s%s", !first ? ", " : wanted ? ""
                        : b.len ? "; not: " : "not: ", parts[i].name);
            first = false;
        }
    }
    line(c, "template", &b);
    strbuf_done(&b);
}

void inspect_text(const struct inspection *i, const int *contexts,
                  size_t n_contexts, bool colour, struct strbuf *out)
{
    struct card   card = {.out = out, .colour = colour};
    char         *name = utf8_printable(i->name, strlen(i->name));
    struct strbuf b;

    term_add(out, colour, STYLE_STRONG, name);
    strbuf_add(out, "\n");
    free(name);
    model_line(&card, i);
    size_lines(&card, &i->facts);
    shape_line(&card, &i->facts);
    cache_lines(&card, &i->facts, contexts, n_contexts);
    if (i->facts.kind == MODEL_TEXT && knows_template(i))
        template_line(&card, &i->facts);
    strbuf_init(&b, 4096);
    for (size_t n = 0; n < i->notes.n; n++) {
        strbuf_clear(&b);
        strbuf_add(&b, i->notes.items[n]);
        line(&card, n ? "" : "note", &b);
    }
    strbuf_done(&b);
}
