/* SPDX-License-Identifier: MIT */
/* state_rule.c - see state_rule.h. What is expected is put to the home that
 * the case has; a matcher by values that stand for it. */
#include "score/state_rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/home.h"
#include "score/state_match.h"
#include "suite.h"

/* ---- values that stand for what is wanted ------------------------------ */

/* An item of a list names only what matters of it; so much more makes it one
 * that a home could have. */
static json_t *whole_item(const char *attr, const json_t *item);

/* The values of a matcher, each of which must be possible. New reference. */
static json_t *examples(const char *attr, const json_t *want)
{
    static const char *const numbers[] = {"at_least", "at_most", "more_than",
                                          "less_than"};
    static const char *const lists[] = {"has", "lacks"};
    json_t *out = json_array();

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_t *value = json_object_get(want, numbers[i]);
        if (value) json_array_append(out, value);
    }
    for (size_t i = 0; i < json_array_size(json_object_get(want, "one_of"));
         i++)
        json_array_append(out, json_array_get(json_object_get(want, "one_of"),
                                              i));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const json_t *list = json_object_get(want, lists[i]);
        json_t       *items;
        if (!list) continue;
        items = json_array();
        for (size_t k = 0; k < json_array_size(list); k++)
            json_array_append_new(items, whole_item(attr,
                                                    json_array_get(list, k)));
        json_array_append_new(out, items);
    }
    if (json_object_get(want, "count"))
        json_array_append_new(out, json_array());
    return out;
}

/* The first of its examples, or the literal itself. New reference. */
static json_t *example(const char *attr, const json_t *want)
{
    json_t *all, *first;

    if (!state_is_matcher(want)) return json_incref((json_t *)want);
    all = examples(attr, want);
    first = json_incref(json_array_get(all, 0));
    json_decref(all);
    return first ? first : json_null();
}

static json_t *whole_item(const char *attr, const json_t *item)
{
    static const struct {
        const char *list, *member, *value;
    } needed[] = {
        {"alarms", "time", "00:00"},
        {"messages", "text", "x"},
        {"events", "summary", "x"},
        {"events", "start", "2026-01-01"},
        {"events", "end", "2026-01-02"},
    };
    json_t     *whole, *value;
    const char *key;

    if (!json_is_object(item)) return json_incref((json_t *)item);
    whole = json_object();
    json_object_foreach((json_t *)item, key, value)
        json_object_set_new(whole, key, example(key, value));
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (strcmp(needed[i].list, attr) == 0 &&
            !json_object_get(whole, needed[i].member))
            jsonx_set_text(whole, needed[i].member, needed[i].value);
    if (strcmp(attr, "timers") == 0 && !json_object_get(whole, "seconds"))
        jsonx_set_integer(whole, "seconds", 60);
    return whole;
}

/* A value in the form in which the home has it. New reference. */
static json_t *as_literal(const char *attr, const json_t *value)
{
    double  number = json_number_value(value);
    json_t *list;

    if (strcmp(attr, "brightness_pct") == 0 && json_is_number(value) &&
        fabs(number) < 1e6)
        return json_integer((json_int_t)nearbyint(number * 255 / 100));
    if (strcmp(attr, "volume_pct") == 0 && json_is_number(value))
        return json_real(number / 100);
    if (!json_is_array(value)) return json_incref((json_t *)value);
    list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_append_new(list, whole_item(attr,
                                               json_array_get(value, i)));
    return list;
}

static const char *real_name(const char *attr)
{
    return strcmp(attr, "brightness_pct") == 0 ? "brightness"
         : strcmp(attr, "volume_pct") == 0 ? "volume_level" : attr;
}

/* ---- putting them to the home ------------------------------------------ */

static int check_value(const struct home *h, const char *entity,
                       const char *attr, const json_t *value, struct err *err)
{
    json_t *patch = json_object(), *attributes = json_object();
    int     rc;

    json_object_set_new(attributes, real_name(attr), as_literal(attr, value));
    json_object_set_new(patch, entity, attributes);
    rc = home_allows(h, patch, err);
    json_decref(patch);
    return rc;
}

static int check_matcher(const struct home *h, const char *entity,
                         const char *attr, const json_t *want,
                         struct err *err)
{
    json_t *values = examples(attr, want);
    int     rc     = state_check_matcher(want, err)
                     ? err_ctx(err, "%s: %s", entity, attr) : 0;

    for (size_t i = 0; i < json_array_size(values) && rc == 0; i++)
        rc = check_value(h, entity, attr, json_array_get(values, i), err);
    json_decref(values);
    return rc;
}

/* Literals must be possible all at once, matchers each for itself. */
static int check_entity(const struct home *h, const char *entity,
                        const json_t *expect, struct err *err)
{
    json_t     *patch = json_object(), *literals = json_object(), *value;
    const char *attr;
    int         rc = 0;

    json_object_foreach((json_t *)expect, attr, value) {
        if (state_is_matcher(value))
            rc = rc ? rc : check_matcher(h, entity, attr, value, err);
        else
            json_object_set_new(literals, real_name(attr),
                                as_literal(attr, value));
    }
    json_object_set_new(patch, entity, literals);
    if (rc == 0) rc = home_allows(h, patch, err);
    json_decref(patch);
    return rc;
}

static int check_expectation(const struct home *h, const json_t *expect,
                             const char *field, struct err *err)
{
    const char *entity;
    json_t     *attributes;

    if (!json_is_object(expect))
        return err_set(err, ERR_INPUT, "%s must be an object of entities",
                       field);
    json_object_foreach((json_t *)expect, entity, attributes) {
        if (json_object_size(attributes) == 0)
            return err_set(err, ERR_INPUT, "%s: %s must name the attributes "
                           "that are expected", field, entity);
        if (check_entity(h, entity, attributes, err))
            return err_ctx(err, "%s", field);
    }
    return 0;
}

/* Entities that exist, with attributes that they could show. */
static int check_ignore(const struct home *h, const json_t *ignore,
                        struct err *err)
{
    json_t     *state, *list;
    const char *entity;
    int         rc = 0;

    if (!ignore) return 0;
    if (!json_is_object(ignore))
        return err_set(err, ERR_INPUT, "ignore must be an object of entities");
    state = home_state(h);
    json_object_foreach((json_t *)ignore, entity, list) {
        if (!json_object_get(state, entity))
            rc = err_set(err, ERR_INPUT, "ignore: the home has no entity "
                         "%.100s", entity);
        if (json_array_size(list) == 0)
            rc = err_set(err, ERR_INPUT, "ignore: %s must have a list of "
                         "attributes", entity);
        for (size_t i = 0; i < json_array_size(list); i++)
            if (!json_is_string(json_array_get(list, i)))
                rc = err_set(err, ERR_INPUT, "ignore: %s: attribute %zu must "
                             "be a text", entity, i + 1);
    }
    json_decref(state);
    return rc;
}

static int check_fields(const json_t *rule, struct err *err)
{
    static const char *const fields[] = {"scorer", "expect", "also_ok",
                                         "ignore"};
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)rule, key, value) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
            is_known = is_known || strcmp(key, fields[i]) == 0;
        if (!is_known)
            return err_set(err, ERR_INPUT, "the state scorer has no field "
                           "%.60s; it knows expect, also_ok and ignore", key);
    }
    value = json_object_get(rule, "also_ok");
    if (value && !json_is_array(value))
        return err_set(err, ERR_INPUT, "also_ok must be a list of objects "
                       "like expect");
    return 0;
}

int state_check_rule(const json_t *rule, const struct suite_case *test,
                     struct err *err)
{
    const json_t *others = json_object_get(rule, "also_ok");
    struct home  *h = NULL;
    int           rc;

    if (check_fields(rule, err)) return -1;
    if (!test->home)
        return err_set(err, ERR_INPUT, "the state scorer needs a \"home\" in "
                       "the case");
    if (home_new(&h, test->home, test->setup, err)) return -1;
    rc = check_expectation(h, json_object_get(rule, "expect"), "expect", err);
    for (size_t i = 0; i < json_array_size(others) && rc == 0; i++)
        rc = check_expectation(h, json_array_get(others, i), "also_ok", err);
    if (rc == 0) rc = check_ignore(h, json_object_get(rule, "ignore"), err);
    home_free(h);
    return rc;
}
