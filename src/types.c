/* SPDX-License-Identifier: MIT */
/* types.c - making and freeing the plain data of types.h. */
#include "types.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "telemetry.h"

void turn_init(struct turn *t)
{
    *t = (struct turn){
        .sent_ns = -1, .end_ns = -1,
        .content = mem_copy(""), .reasoning = mem_copy(""),
        .server = {NAN, NAN, NAN, NAN, NAN}, .retry_after_s = NAN,
    };
    telemetry_init(&t->board);
}

void turn_done(struct turn *t)
{
    for (size_t i = 0; i < t->n_calls; i++) {
        free(t->calls[i].id);
        free(t->calls[i].name);
        free(t->calls[i].arguments);
    }
    free(t->calls);
    free(t->chunks);
    free(t->content);
    free(t->reasoning);
    *t = (struct turn){0};
}

const char *tensor_class_name(enum tensor_class c)
{
    static const char *const names[TENSOR_CLASSES] = {
        [TENSOR_EMBEDDING] = "embedding",       [TENSOR_OUTPUT] = "output",
        [TENSOR_ATTENTION] = "attention",
        [TENSOR_FEED_FORWARD] = "feed_forward", [TENSOR_EXPERTS] = "experts",
        [TENSOR_RECURRENT] = "recurrent",       [TENSOR_NORM] = "norm",
        [TENSOR_OTHER] = "other",
    };

    return names[c];
}

const char *model_kind_name(enum model_kind k)
{
    static const char *const names[] = {
        [MODEL_TEXT] = "text",           [MODEL_PROJECTOR] = "mmproj",
        [MODEL_DRAFT] = "draft",         [MODEL_ADAPTER] = "adapter",
        [MODEL_EMBEDDING] = "embedding", [MODEL_VOCABULARY] = "vocabulary",
        [MODEL_OTHER] = "other",
    };

    return names[k];
}

void model_facts_done(struct model_facts *m)
{
    free(m->architecture);
    free(m->model_name);
    free(m->quantisation);
    free(m->chat_template);
    free(m->license);
    free(m->tokenizer);
    *m = (struct model_facts){0};
}

void candidate_done(struct candidate *c)
{
    free(c->name);
    free(c->path);
    free(c->url);
    free(c->hf);
    free(c->base_url);
    free(c->model);
    json_decref(c->sampling);
    json_decref(c->template_kwargs);
    text_list_done(&c->server_args);
    model_facts_done(&c->facts);
    *c = (struct candidate){0};
}

void candidate_list_done(struct candidate_list *list)
{
    for (size_t i = 0; i < list->n; i++) candidate_done(&list->items[i]);
    free(list->items);
    *list = (struct candidate_list){0};
}

void engine_facts_done(struct engine_facts *f)
{
    free(f->engine);
    free(f->build);
    free(f->command);
    free(f->model);
    free(f->server);
    free(f->context_note);
    free(f->page_cache);
    *f = (struct engine_facts){0};
}

static const char *const outcome_names[] = {
    [OUTCOME_NONE] = "none",         [OUTCOME_PASS] = "pass",
    [OUTCOME_FAIL] = "fail",         [OUTCOME_UNPARSED] = "unparsed",
    [OUTCOME_TEMPLATE] = "template_fault",
    [OUTCOME_HARNESS] = "harness_fault",
};

const char *outcome_name(enum outcome o) { return outcome_names[o]; }

enum outcome outcome_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof outcome_names / sizeof *outcome_names; i++)
        if (name && strcmp(name, outcome_names[i]) == 0) return (enum outcome)i;
    return OUTCOME_NONE;
}

void trial_done(struct trial *t)
{
    for (size_t i = 0; i < t->n_turns; i++) turn_done(&t->turns[i]);
    for (size_t i = 0; i < t->n_messages; i++) {
        free(t->messages[i].text);
        free(t->messages[i].call_id);
    }
    free(t->turns);
    free(t->messages);
    free(t->observations);
    free(t->reason);
    free(t->suite);
    free(t->case_id);
    free(t->case_hash);
    json_decref(t->end_state);
    *t = (struct trial){0};
}

void trial_observe(struct trial *t, const char *metric, double value)
{
    if (isnan(value)) return;
    t->observations = mem_grow(t->observations, t->n_observations + 1,
                               sizeof *t->observations);
    t->observations[t->n_observations++] =
        (struct observation){.metric = metric, .value = value};
}

struct turn *trial_add_turn(struct trial *t)
{
    t->turns = mem_grow(t->turns, t->n_turns + 1, sizeof *t->turns);
    turn_init(&t->turns[t->n_turns]);
    return &t->turns[t->n_turns++];
}

struct message *trial_add_message(struct trial *t, const char *role,
                                  const char *text)
{
    t->messages = mem_grow(t->messages, t->n_messages + 1,
                           sizeof *t->messages);
    t->messages[t->n_messages] = (struct message){
        .role = role, .text = mem_copy(text ? text : ""), .turn = -1};
    return &t->messages[t->n_messages++];
}

void machine_copy(struct machine *to, const struct machine *from)
{
    *to = *from;
    to->board = mem_copy(from->board);
    to->cpu = mem_copy(from->cpu);
    to->os = mem_copy(from->os);
    to->kernel = mem_copy(from->kernel);
    to->arch = mem_copy(from->arch);
}

void machine_done(struct machine *m)
{
    free(m->board);
    free(m->cpu);
    free(m->os);
    free(m->kernel);
    free(m->arch);
    *m = (struct machine){0};
}
