/* SPDX-License-Identifier: MIT */
/* state.c - judged by what came of it: the state of the home.
 *
 *   {"scorer":"state",
 *    "expect":{"light.kitchen":{"state":"on"}},   may be empty: no change
 *    "also_ok":[{...}, ...]}                      other right outcomes
 *
 * Right is: the start state with the expected attributes replaced, and
 * nothing else. Every entity is compared, so a side effect anywhere fails.
 * Numbers compare by value; a list item that is an object (a timer) is
 * compared by the attributes that the rule names. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "home.h"
#include "score/score.h"
#include "suite.h"

#define REASONS_MAX      3       /* told in words; the rest is counted */
#define REASON_MAX_BYTES 4000
#define VALUE_MAX_BYTES  80

/* ---- the rule ---------------------------------------------------------- */

/* An expectation is a change that the case's home could undergo. */
static int check_expectation(const json_t *expect, const char *field,
                             const struct suite_case *test, struct err *err)
{
    struct home  *home = NULL;
    struct err    why  = {0};
    const char   *entity;
    const json_t *attributes;

    if (!json_is_object(expect))
        return err_set(err, ERR_INPUT, "%s must be an object of entities",
                       field);
    json_object_foreach((json_t *)expect, entity, attributes)
        if (json_object_size(attributes) == 0)
            return err_set(err, ERR_INPUT, "%s: %s must name the attributes "
                           "that are expected", field, entity);
    if (home_new(&home, test->home, expect, &why))
        return err_set(err, why.kind, "%s: %s", field, why.text);
    home_free(home);
    return 0;
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    const json_t *others = json_object_get(rule, "also_ok");
    const char   *key;
    const json_t *value;

    json_object_foreach((json_t *)rule, key, value)
        if (strcmp(key, "scorer") != 0 && strcmp(key, "expect") != 0 &&
            strcmp(key, "also_ok") != 0)
            return err_set(err, ERR_INPUT, "the state scorer has no field "
                           "%.60s; it knows expect and also_ok", key);
    if (!test->home)
        return err_set(err, ERR_INPUT, "the state scorer needs a \"home\" in "
                       "the case");
    if (others && !json_is_array(others))
        return err_set(err, ERR_INPUT, "also_ok must be a list of objects "
                       "like expect");
    if (check_expectation(json_object_get(rule, "expect"), "expect", test,
                          err))
        return -1;
    for (size_t i = 0; i < json_array_size(others); i++)
        if (check_expectation(json_array_get(others, i), "also_ok", test,
                              err))
            return -1;
    return 0;
}

/* ---- comparing --------------------------------------------------------- */

static bool same_list(const json_t *want, const json_t *got);

static bool same(const json_t *want, const json_t *got)
{
    if (json_is_number(want) && json_is_number(got)) {
        double a = json_number_value(want), b = json_number_value(got);
        return !(a < b || a > b);
    }
    if (json_is_array(want) && json_is_array(got)) return same_list(want, got);
    return json_equal(want, got);
}

static bool same_item(const json_t *want, const json_t *got)
{
    const char   *key;
    const json_t *value;

    if (!json_is_object(want) || !json_is_object(got)) return same(want, got);
    json_object_foreach((json_t *)want, key, value)
        if (!same(value, json_object_get(got, key))) return false;
    return true;
}

static bool same_list(const json_t *want, const json_t *got)
{
    size_t n = json_array_size(want);

    if (n != json_array_size(got)) return false;
    for (size_t i = 0; i < n; i++)
        if (!same_item(json_array_get(want, i), json_array_get(got, i)))
            return false;
    return true;
}

/* ---- saying what differs ----------------------------------------------- */

struct differences {
    struct strbuf words;
    size_t        n;
};

/* A value in words, short and safe to print. Caller frees. */
static char *in_words(const json_t *value)
{
    char  *raw, *text;
    size_t len;

    if (!value || json_is_null(value)) return mem_copy("nothing");
    raw = json_is_string(value) ? mem_copy_n(json_string_value(value),
                                             json_string_length(value))
                                : jsonx_dump(value);
    if (json_is_real(value)) {
        free(raw);
        raw = mem_printf("%.10g", json_real_value(value));
    }
    len = strlen(raw);
    if (len > VALUE_MAX_BYTES) {
        len = VALUE_MAX_BYTES;
        while (len > 0 && !utf8_valid(raw, len)) len--;
    }
    text = utf8_printable(raw, len);
    free(raw);
    return text;
}

/* How the sentence goes on after the entity, with room for two values. */
static void tell(struct differences *d, const char *entity, const char *attr,
                 const json_t *first, const json_t *second, bool is_unmet)
{
    bool  is_state = strcmp(attr, "state") == 0;
    char *a = in_words(first), *b = in_words(second);

    d->n++;
    if (d->n <= REASONS_MAX) {
        if (d->n > 1) strbuf_add(&d->words, "; ");
        if (is_unmet && is_state)
            strbuf_addf(&d->words, "%s should be %s, is %s", entity, a, b);
        else if (is_unmet)
            strbuf_addf(&d->words, "%s should have %s %s, has %s", entity,
                        attr, a, b);
        else
            strbuf_addf(&d->words, "%s changed %s from %s to %s, which "
                        "nobody asked for", entity, attr, a, b);
    }
    free(a);
    free(b);
}

static void compare_entity(struct differences *d, const char *entity,
                           const json_t *expect, const json_t *start,
                           const json_t *end)
{
    const char   *attr;
    const json_t *value;

    json_object_foreach((json_t *)expect, attr, value)
        if (!same(value, json_object_get(end, attr)))
            tell(d, entity, attr, value, json_object_get(end, attr), true);
    json_object_foreach((json_t *)start, attr, value)
        if (!json_object_get(expect, attr) &&
            !same(value, json_object_get(end, attr)))
            tell(d, entity, attr, value, json_object_get(end, attr), false);
    json_object_foreach((json_t *)end, attr, value)
        if (!json_object_get(expect, attr) && !json_object_get(start, attr))
            tell(d, entity, attr, NULL, value, false);
}

/* How many attributes are not as expected, in words in d. */
static size_t compare(struct differences *d, const json_t *expect,
                      const json_t *start, const json_t *end)
{
    const char   *entity;
    const json_t *state;

    strbuf_init(&d->words, REASON_MAX_BYTES);
    d->n = 0;
    json_object_foreach((json_t *)expect, entity, state)
        compare_entity(d, entity, state, json_object_get(start, entity),
                       json_object_get(end, entity));
    json_object_foreach((json_t *)start, entity, state)
        if (!json_object_get(expect, entity))
            compare_entity(d, entity, NULL, state,
                           json_object_get(end, entity));
    json_object_foreach((json_t *)end, entity, state)
        if (!json_object_get(expect, entity) &&
            !json_object_get(start, entity))
            compare_entity(d, entity, NULL, NULL, state);
    if (d->n > REASONS_MAX)
        strbuf_addf(&d->words, "; and %zu more", d->n - REASONS_MAX);
    return d->n;
}

/* ---- the verdict ------------------------------------------------------- */

static void set_reason(struct judgement *out, const char *text)
{
    size_t len = strlen(text);

    if (len >= sizeof out->reason) {
        len = sizeof out->reason - 1;
        while (len > 0 && !utf8_valid(text, len)) len--;
    }
    memcpy(out->reason, text, len);
    out->reason[len] = '\0';
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t      *others = json_object_get(rule, "also_ok");
    struct differences d;
    size_t             left;

    *out = (struct judgement){0};
    if (!t->start_state || !t->end_state) {
        set_reason(out, "the state of the home was not recorded");
        return;
    }
    left = compare(&d, json_object_get(rule, "expect"), t->start_state,
                   t->end_state);
    if (left > 0) set_reason(out, d.words.text);
    strbuf_done(&d.words);
    for (size_t i = 0; left > 0 && i < json_array_size(others); i++) {
        left = compare(&d, json_array_get(others, i), t->start_state,
                       t->end_state);
        strbuf_done(&d.words);
    }
    if (left > 0) return;
    out->pass = true;
    out->reason[0] = '\0';
}

const struct score_ops score_state = {
    .name = "state",
    .help = "the home is as asked for, and nothing else has changed",
    .needs_tools = true,
    .check_rule = check_rule,
    .judge = judge,
};
