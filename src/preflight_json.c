/* SPDX-License-Identifier: MIT */
/* preflight_json.c - a preflight as JSON and back. What is read may come from
 * a damaged store: everything in it is bounded. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "preflight_internal.h"

#define TEXT_BYTES   2000
#define FINDINGS_MAX 64
#define ARGS_MAX     32
#define TURN_MAX     1000

static void set_truth(json_t *o, const char *key, int truth)
{
    json_object_set_new(o, key, truth < 0 ? json_null() : json_boolean(truth));
}

static json_t *findings_json(const struct preflight *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        json_t               *o = json_object();

        jsonx_set_text(o, "kind", f->kind);
        jsonx_set_text(o, "fault", fault_name(f->fault));
        jsonx_set_text(o, "text", f->text);
        jsonx_set_text(o, "remedy", f->remedy);
        json_array_append_new(list, o);
    }
    return list;
}

json_t *preflight_json(const struct preflight *p)
{
    json_t *o = json_object(), *args = json_array();

    set_truth(o, "present", p->has_template);
    jsonx_set_text(o, "error", p->template_error);
    jsonx_set_text(o, "tools", tools_support_name(p->tools));
    jsonx_set_text(o, "system", system_support_name(p->system));
    jsonx_set_text(o, "history", history_support_name(p->history));
    json_object_set_new(o, "rewritten_at", p->rewritten_at < 0 ? json_null()
                        : json_integer(p->rewritten_at));
    set_truth(o, "shows_calls", p->shows_calls);
    set_truth(o, "shows_parallel_calls", p->shows_parallel_calls);
    set_truth(o, "shows_results", p->shows_results);
    set_truth(o, "shows_unicode", p->shows_unicode);
    set_truth(o, "takes_empty_content", p->takes_empty_content);
    set_truth(o, "doubles_bos", p->doubles_bos);
    set_truth(o, "ends_turn", p->ends_turn);
    jsonx_set_text(o, "leaked_token", p->leaked_token);
    set_truth(o, "called", p->called);
    jsonx_set_text(o, "text_call", p->text_call);
    set_truth(o, "thinks", p->thinks);
    set_truth(o, "can_disable", p->can_disable);
    jsonx_set_text(o, "disabled_by", p->disabled_by);
    jsonx_set_text(o, "tried", p->tried);
    json_object_set_new(o, "template_kwargs", p->template_kwargs
                        ? json_deep_copy(p->template_kwargs) : json_null());
    for (size_t i = 0; i < p->more_args.n; i++)
        jsonx_add_text(args, p->more_args.items[i]);
    json_object_set_new(o, "more_args", args);
    jsonx_set_text(o, "system_suffix", p->system_suffix);
    json_object_set_new(o, "findings", findings_json(p));
    return o;
}

/* ---- and back ---------------------------------------------------------- */

static char *text_of(const json_t *o, const char *key)
{
    const char *text = jsonx_text(o, key);
    char        cut[TEXT_BYTES];

    if (!text) return NULL;
    preflight_copy(cut, sizeof cut, text);
    return mem_copy(cut);
}

typedef const char *(*name_fn)(int value);

static const char *tools_name(int t)
{
    return tools_support_name((enum tools_support)t);
}

static const char *system_name(int s)
{
    return system_support_name((enum system_support)s);
}

static const char *history_name(int h)
{
    return history_support_name((enum history_support)h);
}

/* Which of the values 1..last has this name; 0, the unknown one, if none. */
static int value_of(const json_t *o, const char *key, name_fn name, int last)
{
    const char *text = jsonx_text(o, key);

    for (int i = 1; text && i <= last; i++)
        if (strcmp(text, name(i)) == 0) return i;
    return 0;
}

static void read_findings(const json_t *list, struct preflight *out)
{
    const json_t *item;
    size_t        i;

    json_array_foreach(list, i, item) {
        struct finding *f;

        if (i == FINDINGS_MAX) break;
        out->findings = mem_grow(out->findings, i + 1, sizeof *out->findings);
        f = &out->findings[i];
        preflight_copy(f->kind, sizeof f->kind, jsonx_text(item, "kind"));
        f->fault = fault_from_name(jsonx_text(item, "fault"));
        preflight_copy(f->text, sizeof f->text, jsonx_text(item, "text"));
        preflight_copy(f->remedy, sizeof f->remedy,
                       jsonx_text(item, "remedy"));
        out->n_findings = i + 1;
    }
}

void preflight_read(const json_t *o, struct preflight *out)
{
    json_t       *kwargs = json_object_get(o, "template_kwargs");
    const json_t *item;
    double        turn = jsonx_number(o, "rewritten_at");
    size_t        i;

    *out = (struct preflight){
        .has_template = jsonx_truth(o, "present"),
        .template_error = text_of(o, "error"),
        .tools = (enum tools_support)value_of(o, "tools", tools_name,
                                              TOOLS_NONE),
        .system = (enum system_support)value_of(o, "system", system_name,
                                                SYSTEM_REFUSED),
        .history = (enum history_support)value_of(o, "history", history_name,
                                                  HISTORY_REWRITTEN),
        .rewritten_at = turn >= 0 && turn <= TURN_MAX ? (int)turn : -1,
        .shows_calls = jsonx_truth(o, "shows_calls"),
        .shows_parallel_calls = jsonx_truth(o, "shows_parallel_calls"),
        .shows_results = jsonx_truth(o, "shows_results"),
        .shows_unicode = jsonx_truth(o, "shows_unicode"),
        .takes_empty_content = jsonx_truth(o, "takes_empty_content"),
        .doubles_bos = jsonx_truth(o, "doubles_bos"),
        .ends_turn = jsonx_truth(o, "ends_turn"),
        .leaked_token = text_of(o, "leaked_token"),
        .called = jsonx_truth(o, "called"),
        .text_call = text_of(o, "text_call"),
        .thinks = jsonx_truth(o, "thinks"),
        .can_disable = jsonx_truth(o, "can_disable"),
        .disabled_by = text_of(o, "disabled_by"), .tried = text_of(o, "tried"),
        .template_kwargs = json_is_object(kwargs) ? json_deep_copy(kwargs)
                                                  : NULL,
        .system_suffix = text_of(o, "system_suffix")};
    json_array_foreach(json_object_get(o, "more_args"), i, item) {
        char cut[TEXT_BYTES];

        if (i == ARGS_MAX) break;
        if (!json_is_string(item)) continue;
        preflight_copy(cut, sizeof cut, json_string_value(item));
        text_list_add(&out->more_args, cut);
    }
    preflight_check_switch(out);
    read_findings(json_object_get(o, "findings"), out);
}
