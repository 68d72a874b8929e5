/* SPDX-License-Identifier: MIT */
/* ha_rule.c - see ha_rule.h. */
#include "original/ha_rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "original/pytext.h"

#define NUMBER_BYTES 400   /* more than the longest double written out */

/* ---- equality as Python has it ------------------------------------------- */

static bool is_none(const json_t *v) { return !v || json_is_null(v); }

static bool is_number(const json_t *v)
{
    return json_is_number(v) || json_is_boolean(v);
}

static json_int_t whole_of(const json_t *v)
{
    return json_is_integer(v) ? json_integer_value(v) : json_is_true(v);
}

static bool same_number(const json_t *a, const json_t *b)
{
    const double limit = 9223372036854775808.0;        /* 2**63 */
    double       real;

    if (json_is_real(a) && json_is_real(b))
        return !(json_real_value(a) < json_real_value(b)) &&
               !(json_real_value(a) > json_real_value(b));
    if (!json_is_real(a) && !json_is_real(b))
        return whole_of(a) == whole_of(b);
    if (json_is_real(b)) return same_number(b, a);
    real = json_real_value(a);
    return real >= -limit && real < limit && !(floor(real) < real) &&
           (json_int_t)real == whole_of(b);
}

/* a == b; nothing is read as text. */
static bool is_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t     *value;

    if (is_none(a) || is_none(b)) return is_none(a) && is_none(b);
    if (is_number(a) || is_number(b))
        return is_number(a) && is_number(b) && same_number(a, b);
    if (json_typeof(a) != json_typeof(b)) return false;
    if (json_is_string(a)) return json_equal(a, b);
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b)) return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!is_equal(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return true;
    }
    if (json_object_size(a) != json_object_size(b)) return false;
    json_object_foreach((json_t *)a, key, value) {
        const json_t *other = json_object_get(b, key);
        if (!other || !is_equal(value, other)) return false;
    }
    return true;
}

/* repr(): the shortest digits that are this number again. */
static void real_text(double value, char out[NUMBER_BYTES])
{
    int n_digits = 0, power;

    do snprintf(out, NUMBER_BYTES, "%.*e", n_digits, value);
    while (n_digits++ < 16 &&
           (strtod(out, NULL) < value || strtod(out, NULL) > value));
    power = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
    if (power < -4 || power >= 16) return;
    snprintf(out, NUMBER_BYTES, "%.*f",
             n_digits - 1 > power ? n_digits - 1 - power : 1, value);
}

/* str() of a value that is no list and no object. */
static const char *text_of(const json_t *v, char room[NUMBER_BYTES])
{
    if (is_none(v)) return "None";
    if (json_is_boolean(v)) return json_is_true(v) ? "True" : "False";
    if (json_is_string(v)) return json_string_value(v);
    if (json_is_integer(v))
        snprintf(room, NUMBER_BYTES, "%lld",
                 (long long)json_integer_value(v));
    else
        real_text(json_real_value(v), room);
    return room;
}

char *ha_text(const json_t *value)
{
    char room[NUMBER_BYTES];

    if (json_is_array(value) || json_is_object(value)) return NULL;
    return mem_copy(text_of(value, room));
}

bool ha_same(const json_t *a, const json_t *b)
{
    char left[NUMBER_BYTES], right[NUMBER_BYTES];

    if (is_equal(a, b)) return true;
    if (json_is_array(a) || json_is_array(b) || json_is_object(a) ||
        json_is_object(b) || (json_is_string(a) && json_is_string(b)))
        return false;
    return strcmp(text_of(a, left), text_of(b, right)) == 0;
}

/* ---- the rule of a task -------------------------------------------------- */

static int check_changes(const json_t *changes, struct err *err)
{
    const char *id, *key;
    json_t     *change, *value;

    if (is_none(changes)) return 0;
    if (!json_is_object(changes))
        return err_set(err, ERR_INPUT, "expect_changes must be an object of "
                       "entities");
    json_object_foreach((json_t *)changes, id, change) {
        const json_t *attributes = json_object_get(change, "attributes");

        if (!json_is_object(change) ||
            (!is_none(attributes) && !json_is_object(attributes)))
            return err_set(err, ERR_INPUT, "expect_changes: %.100s must be "
                           "{\"state\":..,\"attributes\":{..}}", id);
        json_object_foreach(change, key, value)
            if (strcmp(key, "state") != 0 && strcmp(key, "attributes") != 0)
                return err_set(err, ERR_INPUT, "expect_changes: %.100s has a "
                               "field %.60s; it may have state and "
                               "attributes", id, key);
    }
    return 0;
}

static int check_ignore(const json_t *ignore, struct err *err)
{
    const char *id;
    json_t     *list;

    if (is_none(ignore)) return 0;
    if (!json_is_object(ignore))
        return err_set(err, ERR_INPUT, "ignore_changes must be an object of "
                       "entities");
    json_object_foreach((json_t *)ignore, id, list)
        if (!json_is_array(list) && !json_is_object(list) && !is_none(list))
            return err_set(err, ERR_INPUT, "ignore_changes: %.100s must have "
                           "a list of attributes", id);
    return 0;
}

static int check_response(const json_t *response, struct err *err)
{
    if (is_none(response) || json_is_string(response)) return 0;
    if (!json_is_array(response))
        return err_set(err, ERR_INPUT, "expect_response must be a text or a "
                       "list of texts");
    for (size_t i = 0; i < json_array_size(response); i++)
        if (!json_is_string(json_array_get(response, i)))
            return err_set(err, ERR_INPUT, "expect_response: entry %zu must "
                           "be a text", i + 1);
    return 0;
}

static int check_tool_call(const json_t *call, struct err *err)
{
    const json_t *arguments = json_object_get(call, "tool_args");

    if (is_none(call)) return 0;
    if (!json_is_object(call) ||
        (json_object_size(call) > 0 && !jsonx_text(call, "tool_name")) ||
        (!is_none(arguments) && !json_is_object(arguments)))
        return err_set(err, ERR_INPUT, "expect_tool_call must be "
                       "{\"tool_name\":text,\"tool_args\":object}");
    return 0;
}

int ha_rule_read(const json_t *object, struct ha_rule *out, struct err *err)
{
    *out = (struct ha_rule){
        .changes   = json_object_get(object, "expect_changes"),
        .ignore    = json_object_get(object, "ignore_changes"),
        .response  = json_object_get(object, "expect_response"),
        .tool_call = json_object_get(object, "expect_tool_call")};
    if (check_changes(out->changes, err) || check_ignore(out->ignore, err) ||
        check_response(out->response, err) ||
        check_tool_call(out->tool_call, err))
        return -1;
    return 0;
}

bool ha_rule_asks_state(const struct ha_rule *rule)
{
    return json_object_size(rule->changes) > 0;
}

/* An empty text and an empty list ask for nothing. */
static bool asks_response(const struct ha_rule *rule)
{
    return json_array_size(rule->response) > 0 ||
           json_string_length(rule->response) > 0;
}

bool ha_rule_asks(const struct ha_rule *rule)
{
    return ha_rule_asks_state(rule) || asks_response(rule) ||
           json_object_size(rule->tool_call) > 0;
}

/* ---- states -------------------------------------------------------------- */

/* The entity as the task expects it. New reference. */
static json_t *expected_of(const json_t *entity, const json_t *change)
{
    json_t       *all   = json_copy((json_t *)entity);
    const json_t *state = json_object_get(change, "state");
    json_t       *attributes = json_object_get(change, "attributes");

    if (!is_none(state)) json_object_set(all, "state", (json_t *)state);
    if (json_is_object(attributes)) json_object_update(all, attributes);
    return all;
}

static bool is_ignored(const json_t *list, const char *attribute)
{
    static const char *const derived[] = {"is_closed", "is_opening",
                                          "is_closing"};

    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
        if (strcmp(derived[i], attribute) == 0) return true;
    if (json_object_get(list, attribute)) return true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name && strcmp(name, attribute) == 0) return true;
    }
    return false;
}

static void add_side(json_t *sides, const char *side, const char *attribute,
                     const json_t *value)
{
    json_t *object = json_object_get(sides, side);

    if (!object) {
        object = json_object();
        json_object_set_new(sides, side, object);
    }
    if (value)
        json_object_set(object, attribute, (json_t *)value);
    else
        json_object_set_new(object, attribute, json_null());
}

/* {"expected":..,"got":..}, new, or NULL: the entity is as expected. */
static json_t *difference(const json_t *expected, const json_t *got,
                          const json_t *ignore)
{
    json_t     *sides = NULL, *value;
    const char *key;

    json_object_foreach((json_t *)expected, key, value) {
        const json_t *other = json_object_get(got, key);

        if (ha_same(value, other) || is_ignored(ignore, key)) continue;
        if (!sides) sides = json_object();
        add_side(sides, "expected", key, value);
        add_side(sides, "got", key, other);
    }
    json_object_foreach((json_t *)got, key, value) {
        if (!*key || json_object_get(expected, key) || is_ignored(ignore, key))
            continue;
        if (!sides) sides = json_object();
        add_side(sides, "expected", key, NULL);
        add_side(sides, "got", key, value);
    }
    return sides;
}

static json_t *no_entity(const char *words, const char *id)
{
    char   *text  = mem_printf("%s %s", words, id);
    json_t *value = json_string(text);

    free(text);
    return value;
}

json_t *ha_unexpected(const struct ha_rule *rule, const json_t *start,
                      const json_t *end)
{
    json_t     *all, *entity, *change;
    const char *id;

    json_object_foreach((json_t *)rule->changes, id, change)
        if (!json_object_get(start, id))
            return no_entity("the home has no entity", id);
    json_object_foreach((json_t *)end, id, entity)
        if (!json_object_get(start, id))
            return no_entity("there was no entity", id);
    json_object_foreach((json_t *)start, id, entity)
        if (!json_object_get(end, id))
            return no_entity("there is no more an entity", id);
    all = json_object();
    json_object_foreach((json_t *)start, id, entity) {
        json_t *expected = NULL, *sides;

        change = json_object_get(rule->changes, id);
        if (change) expected = expected_of(entity, change);
        sides = difference(expected ? expected : entity,
                           json_object_get(end, id),
                           json_object_get(rule->ignore, id));
        if (sides) json_object_set_new(all, id, sides);
        json_decref(expected);
    }
    return all;
}

static bool is_as_expected(const struct ha_rule *rule,
                           const struct ha_run *run)
{
    json_t *unexpected = ha_unexpected(rule, run->start, run->end);
    bool    yes = json_is_object(unexpected) &&
                  json_object_size(unexpected) == 0;

    json_decref(unexpected);
    return yes;
}

/* ---- the reply ----------------------------------------------------------- */

static bool says_sorry(const struct ha_run *run)
{
    for (size_t at = 0; at < run->reply_len;
         at += strlen(run->reply + at) + 1)
        if (strstr(run->reply + at, "Sorry")) return true;
    return false;
}

/* str.lower(), for strstr, which takes linear time: a NUL becomes a byte that
 * no text has. Caller frees. */
static char *lower_of(struct view text)
{
    size_t len   = 0;
    char  *lower = py_lower(text, &len);

    for (size_t i = 0; i < len; i++)
        if (lower[i] == '\0') lower[i] = '\xFF';
    return lower;
}

static bool holds(const char *reply, const json_t *item)
{
    char *word = lower_of((struct view){json_string_value(item),
                                        json_string_length(item)});
    bool  yes  = strstr(reply, word);

    free(word);
    return yes;
}

static bool is_answered(const json_t *wanted, const struct ha_run *run)
{
    char *reply = lower_of((struct view){run->reply, run->reply_len});
    bool  yes   = json_is_string(wanted) && holds(reply, wanted);

    for (size_t i = 0; i < json_array_size(wanted) && !yes; i++)
        yes = holds(reply, json_array_get(wanted, i));
    free(reply);
    return yes;
}

/* ---- the verdict --------------------------------------------------------- */

static enum ha_why judge_call(const json_t *wanted, const struct ha_run *run)
{
    const char   *name      = jsonx_text(wanted, "tool_name");
    const json_t *arguments = json_object_get(wanted, "tool_args");

    if (!name) return HA_RIGHT;
    if (!run->tool || strcmp(run->tool, name) != 0) return HA_TOOL_NAME;
    if (json_object_size(arguments) > 0 &&
        !is_equal(arguments, run->arguments))
        return HA_TOOL_ARGS;
    return HA_RIGHT;
}

enum ha_why ha_judge(const struct ha_rule *rule, const struct ha_run *run)
{
    if (ha_rule_asks_state(rule)) {
        if (!is_as_expected(rule, run)) return HA_STATE;
        if (says_sorry(run)) return HA_SORRY;
    }
    if (asks_response(rule) && !is_answered(rule->response, run))
        return HA_RESPONSE;
    return judge_call(rule->tool_call, run);
}

const char *ha_why_name(enum ha_why why)
{
    static const char *const names[] = {NULL, "state", "sorry", "response",
                                        "tool_name", "tool_args"};

    return names[why];
}
