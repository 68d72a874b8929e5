/* SPDX-License-Identifier: MIT */
/* selfcheck_ha.c - recorded runs of real Home Assistant: the same calls in a
 * simulated home must come to the same verdict, and to the same states and
 * answers on the way. Also the accuracy of each recorded model, as published
 * and as ours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/utf8.h"
#include "original/ha_replay.h"
#include "original/ha_rule.h"
#include "original/pytext.h"
#include "original/selfcheck.h"

#define MODELS_MAX  200     /* also of datasets of one model                 */
#define CLASSES_MAX 200     /* kinds of disagreement that are told apart     */
#define TOLD_MAX    20

struct ha_check {
    struct ha_homes *homes;
    json_t          *models;     /* {model: {"datasets": {name: tally}}}, a
                                    tally {"runs","published","ours"} of
                                    counts                                   */
    json_t          *classes;    /* {kind of disagreement: how often}        */
    size_t           n_states, n_states_alike;
    size_t           n_calls, n_calls_alike;
    json_t          *answers;    /* {group: {"cases","agree"}}               */
    json_t          *told;       /* of differing answers and states, the
                                    first TOLD_MAX: a sentence each          */
};

/* ---- a row --------------------------------------------------------------- */

/* As jansson has it: an integer without bounds becomes a real, NaN and the
 * infinities null, what is no character U+FFFD. New reference. */
static json_t *json_of(const struct py *v)
{
    json_t *out;
    char   *text;
    size_t  len;

    switch (v->kind) {
    case PY_BOOL:  return json_boolean(v->as.yes);
    case PY_INT:   return json_integer(v->as.number);
    case PY_BIG:
        text = mem_copy_n(v->as.text.bytes, v->as.text.len);
        out  = json_real(strtod(text, NULL));
        free(text);
        return out ? out : json_null();
    case PY_FLOAT:
        out = json_real(v->as.real);
        return out ? out : json_null();
    case PY_STR:
        text = py_clean((struct view){v->as.text.bytes, v->as.text.len},
                        &len);
        out  = json_stringn(text, len);
        free(text);
        return out ? out : json_string("");
    case PY_LIST:
        out = json_array();
        for (uint32_t i = 0; i < v->n; i++)
            json_array_append_new(out, json_of(&v->as.items[i]));
        return out;
    case PY_DICT:
        out = json_object();
        for (uint32_t i = 0; i < v->n; i++) {
            const struct py *key = &v->as.pairs[i].key;

            text = py_clean((struct view){key->as.text.bytes,
                                          key->as.text.len}, &len);
            json_object_set_new(out, text, json_of(&v->as.pairs[i].value));
            free(text);
        }
        return out;
    case PY_NONE:
        break;
    }
    return json_null();
}

/* The verdict that was recorded: *why NULL when it passed. */
static int recorded_verdict(const json_t *row, const char **why,
                            struct err *err)
{
    const json_t *passed = json_object_get(row, "passed");

    *why = NULL;
    if (!json_is_boolean(passed))
        return err_set(err, ERR_INPUT, "field \"passed\" must be true or "
                       "false");
    if (json_is_true(passed)) return 0;
    *why = jsonx_text(row, "why");
    if (*why) return 0;
    return err_set(err, ERR_INPUT, "field \"why\" must say why the run did "
                   "not pass: state, response or sorry");
}

static int check_row(const json_t *row, struct err *err)
{
    static const char *const texts[] = {"id", "dataset", "home", "response"};
    const json_t *category = json_object_get(row, "category");
    const json_t *runs     = json_object_get(row, "runs");
    const char   *model;
    json_t       *n;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!jsonx_text(row, texts[i]))
            return err_set(err, ERR_INPUT, "field \"%s\" must be a text",
                           texts[i]);
    if (json_is_array(category)) category = json_array_get(category, 0);
    if (!json_is_string(category))
        return err_set(err, ERR_INPUT, "field \"category\" must be a text or "
                       "a list of texts");
    if (!json_is_object(runs))
        return err_set(err, ERR_INPUT, "field \"runs\" must be an object, "
                       "{model: how many runs}");
    json_object_foreach((json_t *)runs, model, n)
        if (!json_is_integer(n) || json_integer_value(n) < 1 ||
            json_integer_value(n) > 1000000)
            return err_set(err, ERR_INPUT, "runs: %.100s must have 1 to "
                           "1000000 runs", model);
    return 0;
}

/* ---- counting ------------------------------------------------------------ */

static void count(json_t *counts, const char *name, json_int_t more)
{
    json_t *n = json_object_get(counts, name);

    if (n)
        json_integer_set(n, json_integer_value(n) + more);
    else
        json_object_set_new(counts, name, json_integer(more));
}

static void count_class(struct ha_check *check, const char *what)
{
    bool has_room = json_object_size(check->classes) < CLASSES_MAX ||
                    json_object_get(check->classes, what);

    count(check->classes, has_room ? what : "(others)", 1);
}

/* The object of that name in an object, made when it is not there; borrowed. */
static json_t *member(json_t *of, const char *name)
{
    json_t *found;

    if (!json_object_get(of, name) && json_object_size(of) >= MODELS_MAX)
        name = "(others)";
    found = json_object_get(of, name);
    if (!found) {
        found = json_object();
        json_object_set_new(of, name, found);
    }
    return found;
}

static void count_runs(struct ha_check *check, const json_t *row,
                       bool published, bool ours)
{
    const char *model;
    json_t     *n;

    json_object_foreach(json_object_get(row, "runs"), model, n) {
        json_int_t runs = json_integer_value(n);
        json_t *tally = member(member(member(check->models, model),
                                      "datasets"), jsonx_text(row, "dataset"));

        count(tally, "runs", runs);
        count(tally, "published", published ? runs : 0);
        count(tally, "ours", ours ? runs : 0);
    }
}

/* ---- states -------------------------------------------------------------- */

static bool same_side(const json_t *want, const json_t *got)
{
    const char *attribute;
    json_t     *value;

    if (json_object_size(want) != json_object_size(got)) return false;
    json_object_foreach((json_t *)want, attribute, value) {
        const json_t *other = json_object_get(got, attribute);
        if (!other || !ha_same(value, other)) return false;
    }
    return true;
}

static bool same_sides(const json_t *want, const json_t *got)
{
    return same_side(json_object_get(want, "expected"),
                     json_object_get(got, "expected")) &&
           same_side(json_object_get(want, "got"),
                     json_object_get(got, "got"));
}

/* The kind of the first difference: "states: light brightness". */
static char *states_class(const json_t *want, const json_t *got)
{
    const char *id, *attribute = NULL;
    json_t     *entity, *value;

    if (!json_is_object(want) || !json_is_object(got))
        return mem_copy("states: cannot be compared for one of the two");
    json_object_foreach((json_t *)want, id, entity) {
        const json_t *ours = json_object_get(got, id);
        int           len  = (int)strcspn(id, ".") % 60;

        if (!ours)
            return mem_printf("states: %.*s, which ours has as expected",
                              len, id);
        if (same_sides(entity, ours)) continue;
        json_object_foreach(json_object_get(entity, "got"), attribute, value) {
            const json_t *other = json_object_get(json_object_get(ours, "got"),
                                                  attribute);
            if (!other || !ha_same(value, other)) break;
        }
        return mem_printf("states: %.*s %.60s", len, id,
                          attribute ? attribute : "");
    }
    json_object_foreach((json_t *)got, id, entity)
        if (!json_object_get(want, id))
            return mem_printf("states: %.*s, unexpected in ours alone",
                              (int)strcspn(id, ".") % 60, id);
    return NULL;
}

/* Unexpected states against the recorded ones; returns the kind of difference
 * or NULL. Caller frees. */
static char *compare_states(struct ha_check *check, const json_t *row,
                            const struct ha_rule *rule,
                            const struct ha_replay *replay)
{
    const json_t *want = json_object_get(row, "unexpected_states");
    json_t       *got;
    char         *class = NULL;

    if (!want || json_is_null(want) || !ha_rule_asks_state(rule)) return NULL;
    got = ha_unexpected(rule, replay->start, replay->end);
    /* Two texts: both say that there is no such entity, each in its words. */
    if (!json_is_string(want) || !json_is_string(got))
        class = states_class(want, got);
    check->n_states++;
    check->n_states_alike += !class;
    json_decref(got);
    return class;
}

/* ---- answers ------------------------------------------------------------- */

static void tell_beside(struct ha_check *check, const json_t *row,
                        const char *what)
{
    char *text;

    if (json_array_size(check->told) == TOLD_MAX) return;
    text = mem_printf("%.200s: %s", jsonx_text(row, "id"), what);
    jsonx_add_text(check->told, text);
    free(text);
}

static void note_answers(struct ha_check *check, const json_t *row,
                         const char *group, const struct ha_replay *replay)
{
    json_t *tally = member(check->answers, group);

    check->n_calls += replay->n_calls;
    check->n_calls_alike += replay->n_alike;
    count(tally, "cases", (json_int_t)replay->n_calls);
    count(tally, "agree", (json_int_t)replay->n_alike);
    for (size_t i = 0; i < replay->differ.n; i++) {
        char *class = mem_printf("answer of %s", replay->differ.items[i]);

        count_class(check, class);
        tell_beside(check, row, replay->told.items[i]);
        free(class);
    }
}

/* ---- a line of the file -------------------------------------------------- */

struct told {
    const json_t *row;
    const char   *want, *got;
};

static char *tell(void *ctx)
{
    const struct told *t = ctx;

    return mem_printf("%.200s: recorded %.60s, ours %s",
                      jsonx_text(t->row, "id"), t->want ? t->want : "passed",
                      t->got ? t->got : "passed");
}

static void compare(struct ha_check *check, const json_t *row,
                    const struct ha_rule *rule,
                    const struct ha_replay *replay, const char *want,
                    struct agreement *a)
{
    const json_t *category = json_object_get(row, "category");
    const json_t *reply    = json_object_get(row, "response");
    const json_t *step     = json_array_get(json_object_get(row, "steps"), 0);
    const json_t *call     = json_array_get(json_object_get(step, "calls"), 0);
    struct ha_run run = {replay->start, replay->end, json_string_value(reply),
                         json_string_length(reply), jsonx_text(call, "name"),
                         json_object_get(call, "arguments")};
    const char *got   = ha_why_name(ha_judge(rule, &run));
    struct told told  = {row, want, got};
    char       *class = compare_states(check, row, rule, replay), *group;

    if (json_is_array(category)) category = json_array_get(category, 0);
    group = mem_printf("%s %s", jsonx_text(row, "dataset"),
                       json_string_value(category));
    agreement_add(a, group, strlen(group), want, got, tell, &told);
    note_answers(check, row, group, replay);
    free(group);
    if (class) {
        count_class(check, class);
        tell_beside(check, row, class);
    }
    free(class);
    if (!want != !got || (want && strcmp(want, got) != 0)) {
        class = agreement_class(a, want, got);
        count_class(check, class);
        free(class);
    }
    count_runs(check, row, !want, !got);
}

static int check_line(void *state, const struct selfcheck_case *c,
                      struct agreement *a, struct err *err)
{
    struct ha_check *check  = state;
    json_t          *row    = json_of(c->object);
    struct ha_replay replay = {0};
    struct ha_rule   rule;
    const char      *want;
    int              rc = -1;

    if (check_row(row, err) || recorded_verdict(row, &want, err) ||
        ha_rule_read(row, &rule, err) ||
        ha_replay(check->homes, row, ha_rule_asks_state(&rule), &replay, err))
        goto done;
    compare(check, row, &rule, &replay, want, a);
    rc = 0;

done:
    ha_replay_done(&replay);
    json_decref(row);
    return rc;
}

/* ---- what there is beside the agreement ---------------------------------- */

static double share(double part, double of) { return of > 0 ? part / of : NAN; }

/* 95 %, as the original gives it beside its accuracies. */
static double half_width(double p, double n)
{
    return n > 0 ? 1.96 * sqrt(p * (1 - p) / n) : NAN;
}

/* {"runs","published","ours","difference","half_width"} of a tally. */
static void add_accuracy(json_t *out, const json_t *tally)
{
    double runs      = jsonx_number(tally, "runs");
    double published = share(jsonx_number(tally, "published"), runs);
    double ours      = share(jsonx_number(tally, "ours"), runs);

    jsonx_set_integer(out, "runs", (long long)runs);
    jsonx_set_number(out, "published", published);
    jsonx_set_number(out, "ours", ours);
    jsonx_set_number(out, "difference", ours - published);
    jsonx_set_number(out, "half_width", half_width(published, runs));
}

static json_t *model_accuracy(const json_t *model)
{
    static const char *const fields[] = {"runs", "published", "ours"};
    json_t     *out = json_object(), *all = json_object();
    json_t     *sets = json_object(), *tally;
    const char *name;

    json_object_foreach(json_object_get(model, "datasets"), name, tally) {
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            count(all, fields[i],
                  json_integer_value(json_object_get(tally, fields[i])));
        add_accuracy(member(sets, name), tally);
    }
    add_accuracy(out, all);
    json_object_set_new(out, "datasets", sets);
    json_decref(all);
    return out;
}

static json_t *rate_of(size_t cases, size_t agree)
{
    json_t *out = json_object();

    jsonx_set_integer(out, "cases", (long long)cases);
    jsonx_set_integer(out, "agree", (long long)agree);
    jsonx_set_number(out, "agreement", share((double)agree, (double)cases));
    return out;
}

static void add_percent(struct table *t, const json_t *from, const char *key,
                        const char *sign)
{
    double number = jsonx_number(from, key);
    char  *text   = isnan(number) ? mem_copy("-")
                                  : mem_printf("%s%.1f %%", sign,
                                               100 * number);

    table_add_cell(t, STYLE_PLAIN, text);
    free(text);
}

static void add_row(struct table *t, const char *model, const char *set,
                    const json_t *accuracy)
{
    char *runs = mem_printf("%.0f", jsonx_number(accuracy, "runs"));

    table_add_cell(t, STYLE_PLAIN, model);
    table_add_cell(t, STYLE_PLAIN, set);
    table_add_cell(t, STYLE_PLAIN, runs);
    add_percent(t, accuracy, "published", "");
    add_percent(t, accuracy, "half_width", "+/- ");
    add_percent(t, accuracy, "ours", "");
    free(runs);
}

static void print_models(const json_t *models, struct strbuf *out)
{
    struct table t = {0};
    const char  *name, *set;
    json_t      *model, *accuracy;

    table_add_column(&t, "model", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "dataset", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "runs", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "published", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "95 %", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "ours", ALIGN_RIGHT, 0, 0);
    json_object_foreach((json_t *)models, name, model) {
        add_row(&t, name, "all", model);
        json_object_foreach(json_object_get(model, "datasets"), set, accuracy)
            add_row(&t, "", set, accuracy);
    }
    table_fit(&t, 0);
    table_print(&t, 0, false, out);
    table_done(&t);
}

static json_t *all_answers(const struct ha_check *check)
{
    json_t     *out = rate_of(check->n_calls, check->n_calls_alike);
    json_t     *by  = json_object(), *tally;
    const char *group;

    json_object_foreach(check->answers, group, tally)
        json_object_set_new(by, group, rate_of(
            (size_t)json_integer_value(json_object_get(tally, "cases")),
            (size_t)json_integer_value(json_object_get(tally, "agree"))));
    json_object_set_new(out, "by", by);
    return out;
}

static void print_more(const struct ha_check *check, const json_t *models,
                       struct strbuf *out)
{
    strbuf_addf(out, "\nresulting states: %zu of %zu alike\n"
                "answers of calls: %zu of %zu alike\n\n",
                check->n_states_alike, check->n_states, check->n_calls_alike,
                check->n_calls);
    print_models(models, out);
    for (size_t i = 0; i < json_array_size(check->told); i++) {
        const char *text = json_string_value(json_array_get(check->told, i));
        char       *safe = utf8_printable(text, strlen(text));

        strbuf_addf(out, "%s%s\n", i ? "" : "\n", safe);
        free(safe);
    }
}

/* json: "states", "answers": {"cases","agree","agreement"}, of the latter
 * also "by": {group: the same}; "models": {name: {"runs","published","ours",
 * "difference","half_width","datasets": {name: the same}}}; "classes": {kind
 * of disagreement: how often}; "told": [of answers and states, in words]. */
static void add_more(void *state, json_t *json, struct strbuf *out)
{
    struct ha_check *check  = state;
    json_t          *models = json_object(), *model;
    const char      *name;

    json_object_foreach(check->models, name, model)
        json_object_set_new(models, name, model_accuracy(model));
    if (out) print_more(check, models, out);
    if (json) {
        json_object_set_new(json, "states", rate_of(check->n_states,
                                                    check->n_states_alike));
        json_object_set_new(json, "answers", all_answers(check));
        json_object_set(json, "models", models);
        json_object_set(json, "classes", check->classes);
        json_object_set(json, "told", check->told);
    }
    json_decref(models);
}

/* ---- the format ---------------------------------------------------------- */

static void *begin(const char *homes, struct err *err)
{
    struct ha_check *check;
    struct ha_homes *open;

    if (!homes) {
        err_set(err, ERR_INPUT, "the runs took place in homes that are not in "
                "the file; say where they are with --homes DIR, the folder "
                "datasets/ of home-assistant-datasets");
        return NULL;
    }
    open = ha_homes_open(homes, err);
    if (!open) {
        err_ctx(err, "--homes");
        return NULL;
    }
    check = mem_new(1, sizeof *check);
    check->homes   = open;
    check->models  = json_object();
    check->classes = json_object();
    check->answers = json_object();
    check->told    = json_array();
    return check;
}

static void end(void *state)
{
    struct ha_check *check = state;

    if (!check) return;
    ha_homes_close(check->homes);
    json_decref(check->models);
    json_decref(check->classes);
    json_decref(check->answers);
    json_decref(check->told);
    free(check);
}

const struct selfcheck_ops selfcheck_ha = {
    .name       = "ha",
    .title      = "a recorded run of Home Assistant",
    .help       = "runs in homes of home-assistant-datasets, made again; "
                  "needs --homes",
    .right      = "passed",
    .own_fields = {"home", "steps", "passed", NULL},
    .id_fields  = {"id", NULL},
    .begin      = begin,
    .line       = check_line,
    .more       = add_more,
    .end        = end,
};
