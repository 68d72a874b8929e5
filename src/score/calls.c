/* SPDX-License-Identifier: MIT */
/* calls.c - which tools must, and must not, be called:
 *   {"scorer":"calls",
 *    "must":[{"name":"HassBroadcast","arguments":{"area":"Kitchen"}}],
 *    "never":["HassTurnOff"], "at_most":2}
 * Each entry of `must` needs a call of its own. Its arguments are a part of
 * the call's: texts compare without case and outer spaces, numbers by value
 * (also when sent as text), lists as sets (one value is a list of one), an
 * object by the fields that are named. Arguments that are no JSON object
 * match nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/answer.h"
#include "score/score.h"

#define MOST_BYTES (256 * 1024)   /* of one call's arguments              */
#define MOST_CALLS 1000           /* that are judged: a turn has few       */
#define SHOWN_BYTES 150           /* of the arguments, in a reason         */
#define MOST_ITEMS 1000           /* of one list                          */

/* ---- the rule ---------------------------------------------------------- */

static bool is_name(const json_t *value)
{
    return json_is_string(value) && *json_string_value(value);
}

static bool is_never(const json_t *value)
{
    const json_t *name;
    size_t        i;

    json_array_foreach(value, i, name)
        if (!is_name(name)) return false;
    return json_array_size(value) > 0;
}

static int check_must(const json_t *must, struct err *err)
{
    const json_t *call, *value;
    const char   *key;
    size_t        i;

    if (json_array_size(must) == 0)
        return err_set(err, ERR_INPUT, "field \"must\" of scorer \"calls\" "
                       "must be a list of {\"name\", \"arguments\"}");
    json_array_foreach(must, i, call) {
        const json_t *arguments = json_object_get(call, "arguments");

        if (!is_name(json_object_get(call, "name")) ||
            (arguments && !json_is_object(arguments)))
            return err_set(err, ERR_INPUT, "entry %zu of field \"must\" of "
                           "scorer \"calls\" needs a \"name\", and its "
                           "\"arguments\" must be an object", i + 1);
        json_object_foreach((json_t *)call, key, value)
            if (strcmp(key, "name") != 0 && strcmp(key, "arguments") != 0)
                return err_set(err, ERR_INPUT, "entry %zu of field \"must\" "
                               "of scorer \"calls\" has no field \"%.100s\"; "
                               "it knows name, arguments", i + 1, key);
    }
    return 0;
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    const json_t *most = json_object_get(rule, "at_most"), *value;
    const char   *key;

    (void)test;
    json_object_foreach((json_t *)rule, key, value)
        if (strcmp(key, "scorer") != 0 && strcmp(key, "must") != 0 &&
            strcmp(key, "never") != 0 && strcmp(key, "at_most") != 0)
            return err_set(err, ERR_INPUT, "scorer \"calls\" has no field "
                           "\"%.100s\"; it knows must, never, at_most", key);
    if (json_object_size(rule) < 2)
        return err_set(err, ERR_INPUT, "scorer \"calls\" needs at least one "
                       "of must, never, at_most");
    if (json_object_get(rule, "never") &&
        !is_never(json_object_get(rule, "never")))
        return err_set(err, ERR_INPUT, "field \"never\" of scorer \"calls\" "
                       "must be a list of tool names");
    if (most && (!json_is_integer(most) || json_integer_value(most) < 0))
        return err_set(err, ERR_INPUT, "field \"at_most\" of scorer \"calls\" "
                       "must be a whole number from 0");
    return json_object_get(rule, "must")
               ? check_must(json_object_get(rule, "must"), err) : 0;
}

/* ---- comparing --------------------------------------------------------- */

static bool fits(const json_t *want, const json_t *got);

/* A number, or a text that is nothing else; NAN. */
static double number_of(const json_t *value)
{
    const char *text = json_string_value(value);
    char       *end;
    double      number;

    if (json_is_number(value)) return json_number_value(value);
    if (!text || json_string_length(value) > 40 ||
        text[strspn(text, "0123456789+-. ")] != '\0')
        return NAN;
    number = strtod(text, &end);
    end += strspn(end, " ");
    return end > text && *end == '\0' ? number : NAN;
}

static bool same_text(const json_t *want, const json_t *got)
{
    char *a, *b;
    bool  same;

    if (!json_is_string(want) || !json_is_string(got)) return false;
    a    = answer_normal(json_string_value(want));
    b    = answer_normal(json_string_value(got));
    same = strcmp(a, b) == 0 && json_string_length(got) ==
           strlen(json_string_value(got));
    free(a);
    free(b);
    return same;
}

static bool is_in(const json_t *item, const json_t *list, bool item_is_want)
{
    const json_t *other;
    size_t        i;

    json_array_foreach(list, i, other)
        if (item_is_want ? fits(item, other) : fits(other, item)) return true;
    return false;
}

static bool same_set(const json_t *want, const json_t *got)
{
    const json_t *item;
    size_t        i;

    if (json_array_size(got) > MOST_ITEMS) return false;
    json_array_foreach(want, i, item)
        if (!is_in(item, got, true)) return false;
    json_array_foreach(got, i, item)
        if (!is_in(item, want, false)) return false;
    return true;
}

/* As deep as the rule is. */
static bool fits(const json_t *want, const json_t *got)
{
    double a, b;

    if (!got) return false;
    if (json_is_object(want)) {
        const char   *key;
        const json_t *value;

        if (!json_is_object(got)) return false;
        json_object_foreach((json_t *)want, key, value)
            if (!fits(value, json_object_get(got, key))) return false;
        return true;
    }
    if (json_is_array(want) && json_is_array(got)) return same_set(want, got);
    if (json_is_array(want))
        return json_array_size(want) == 1 &&
               fits(json_array_get(want, 0), got);
    if (json_is_array(got))
        return json_array_size(got) == 1 && fits(want, json_array_get(got, 0));
    a = number_of(want);
    b = number_of(got);
    if (!isnan(a) || !isnan(b)) return !isnan(a) && !isnan(b) &&
                                       !(a < b || a > b);
    return same_text(want, got) || json_equal(want, got);
}

/* ---- the verdict ------------------------------------------------------- */

struct call {
    const char *name;
    json_t     *arguments;   /* NULL: not an object of JSON */
    bool        is_taken;    /* by an entry of must         */
};

/* Owned; at most MOST_CALLS. */
static struct call *gather(const struct transcript *t, size_t *n)
{
    size_t       most = 0;
    struct call *calls;

    for (size_t i = 0; i < t->n_turns; i++) most += t->turns[i].n_calls;
    if (most > MOST_CALLS) most = MOST_CALLS;
    calls = mem_new(most + 1, sizeof *calls);
    *n    = 0;
    for (size_t i = 0; i < t->n_turns; i++)
        for (size_t j = 0; j < t->turns[i].n_calls && *n < most; j++) {
            const struct tool_call *c = &t->turns[i].calls[j];
            const char *text = c->arguments && *c->arguments ? c->arguments
                                                             : "{}";
            size_t      len  = strlen(text);
            struct err  ignored = {0};
            json_t     *parsed  = NULL;

            if (len <= MOST_BYTES) parsed = jsonx_parse(text, len, &ignored);
            if (!json_is_object(parsed)) {
                json_decref(parsed);
                parsed = NULL;
            }
            calls[(*n)++] = (struct call){c->name ? c->name : "", parsed,
                                          false};
        }
    return calls;
}

/* Short and safe to print. Caller frees. */
static char *in_words(const json_t *value)
{
    char  *raw = jsonx_dump(value), *text;
    size_t len = strlen(raw);

    text = utf8_printable(raw, len < SHOWN_BYTES ? len : SHOWN_BYTES);
    free(raw);
    return text;
}

/* Finds a free call for the entry; says why when there is none. Entries with
 * more arguments should stand first where a call fits two of them. */
static bool take(const json_t *want, struct call *calls, size_t n,
                 struct judgement *out)
{
    const char   *name      = jsonx_text(want, "name");
    const json_t *arguments = json_object_get(want, "arguments");
    struct call  *near      = NULL;
    bool          is_short  = false;
    char         *wanted, *got;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(calls[i].name, name) != 0) continue;
        is_short = is_short || calls[i].is_taken;
        if (calls[i].is_taken) continue;
        if (calls[i].arguments &&
            (!arguments || fits(arguments, calls[i].arguments))) {
            calls[i].is_taken = true;
            return true;
        }
        near = &calls[i];
    }
    wanted = jsonx_dump(arguments);
    got    = near && near->arguments ? in_words(near->arguments) : NULL;
    if (!near)
        answer_fail(out, n == 0 ? "called nothing, not %s"
                         : is_short ? "called %s too few times"
                                    : "did not call %s", name);
    else if (!got)
        answer_fail(out, "called %s with arguments that are not JSON", name);
    else
        answer_fail(out, "called %s with %s instead of %.100s", name, got,
                    wanted ? wanted : "{}");
    free(wanted);
    free(got);
    return false;
}

static bool is_listed(const json_t *names, const char *name)
{
    const json_t *item;
    size_t        i;

    json_array_foreach(names, i, item)
        if (strcmp(json_string_value(item), name) == 0) return true;
    return false;
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t *most = json_object_get(rule, "at_most"), *want;
    size_t        n, i, all = 0;
    struct call  *calls = gather(t, &n);

    *out = (struct judgement){.pass = true};
    for (i = 0; i < t->n_turns; i++) all += t->turns[i].n_calls;
    for (i = 0; i < n && out->pass; i++)
        if (is_listed(json_object_get(rule, "never"), calls[i].name))
            answer_fail(out, "called %s, which was not to be called",
                        calls[i].name);
    if (out->pass && most && all > (size_t)json_integer_value(most))
        answer_fail(out, "made %zu calls, more than %lld", all,
                    (long long)json_integer_value(most));
    json_array_foreach(json_object_get(rule, "must"), i, want)
        if (out->pass) take(want, calls, n, out);
    for (i = 0; i < n; i++) json_decref(calls[i].arguments);
    free(calls);
}

const struct score_ops score_calls = {
    .name        = "calls",
    .help        = "the given tools are called, and others are not",
    .needs_tools = true,
    .check_rule  = check_rule,
    .judge       = judge,
};
