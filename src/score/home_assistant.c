/* SPDX-License-Identifier: MIT */
/* home_assistant.c - judged as home-assistant-datasets judges: ha_rule.h.
 *
 *   {"scorer":"home_assistant",
 *    "expect_changes":{"light.kitchen":{"state":"on",
 *                                       "attributes":{"brightness":100}}},
 *    "ignore_changes":{"light.kitchen":["color_mode"]},
 *    "expect_response":["20","twenty"],
 *    "expect_tool_call":{"tool_name":"HassTurnOn","tool_args":{..}}}
 *
 * For suites that were imported: a result means the same as the published
 * ones. Our own suites use the state scorer, which asks for less luck. What a
 * simulated home shows and Home Assistant does not (the entries of a list) is
 * not compared. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "home/home.h"
#include "original/ha_rule.h"
#include "score/score.h"
#include "suite.h"

#define WORDS_MAX_BYTES 4000

/* ---- the rule ------------------------------------------------------------ */

static int check_fields(const json_t *rule, struct err *err)
{
    static const char *const fields[] = {"scorer", "expect_changes",
                                         "ignore_changes", "expect_response",
                                         "expect_tool_call"};
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)rule, key, value) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
            is_known = is_known || strcmp(key, fields[i]) == 0;
        if (!is_known)
            return err_set(err, ERR_INPUT, "the home_assistant scorer has no "
                           "field %.60s; it knows expect_changes, "
                           "ignore_changes, expect_response and "
                           "expect_tool_call", key);
    }
    return 0;
}

/* To the original, a change of an entity that the home has not is an error of
 * the task. */
static int check_entities(const json_t *changes, const struct suite_case *test,
                          struct err *err)
{
    struct home *h = NULL;
    json_t      *state, *change;
    const char  *id;
    int          rc = 0;

    if (home_new(&h, test->home, test->setup, err)) return -1;
    state = home_state(h);
    json_object_foreach((json_t *)changes, id, change)
        if (!json_object_get(state, id))
            rc = err_set(err, ERR_INPUT, "expect_changes: the home has no "
                         "entity %.100s", id);
    json_decref(state);
    home_free(h);
    return rc;
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    struct ha_rule r;

    if (check_fields(rule, err) || ha_rule_read(rule, &r, err)) return -1;
    if (!ha_rule_asks(&r))
        return err_set(err, ERR_INPUT, "the home_assistant scorer needs "
                       "expect_changes, expect_response or expect_tool_call "
                       "that are not empty; any answer would pass");
    if (!ha_rule_asks_state(&r)) return 0;
    if (!test->home)
        return err_set(err, ERR_INPUT, "expect_changes needs a \"home\" in "
                       "the case");
    return check_entities(r.changes, test, err);
}

/* ---- what happened ------------------------------------------------------- */

/* A state as Home Assistant would show it. New reference; NULL of NULL. */
static json_t *shown(json_t *state)
{
    static const char *const ours[] = {"items", "completed", "events",
                                       "timers", "alarms", "messages"};
    json_t     *out, *entity;
    const char *id;

    if (!state) return NULL;
    out = json_copy(state);
    json_object_foreach(state, id, entity) {
        json_t *copy = NULL;

        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
            if (!json_object_get(entity, ours[i])) continue;
            if (!copy) copy = json_copy(entity);
            json_object_del(copy, ours[i]);
        }
        if (copy) json_object_set_new(out, id, copy);
    }
    return out;
}

static const struct tool_call *first_call(const struct transcript *t)
{
    for (size_t i = 0; i < t->n_turns; i++)
        if (t->turns[i].n_calls > 0) return &t->turns[i].calls[0];
    return NULL;
}

/* ---- saying why ---------------------------------------------------------- */

static void say_value(struct strbuf *out, const json_t *value)
{
    char *text = jsonx_dump(value);

    strbuf_add(out, text);
    free(text);
}

/* "light.kitchen: state is "off", not "on"", the first difference. */
static void say_states(struct strbuf *out, const json_t *unexpected)
{
    const char *id, *attribute;
    json_t     *sides, *got;

    if (json_is_string(unexpected))
        strbuf_add(out, json_string_value(unexpected));
    json_object_foreach((json_t *)unexpected, id, sides) {
        json_object_foreach(json_object_get(sides, "got"), attribute, got) {
            strbuf_addf(out, "%.100s: %.60s is ", id, attribute);
            say_value(out, got);
            strbuf_add(out, ", not ");
            say_value(out, json_object_get(json_object_get(sides, "expected"),
                                           attribute));
            break;
        }
        break;
    }
    if (json_object_size(unexpected) > 1)
        strbuf_addf(out, "; and %zu more entities",
                    json_object_size(unexpected) - 1);
}

static void say_why(struct strbuf *out, enum ha_why why,
                    const struct ha_rule *rule, const struct ha_run *run)
{
    json_t *unexpected;

    switch (why) {
    case HA_STATE:
        unexpected = ha_unexpected(rule, run->start, run->end);
        say_states(out, unexpected);
        json_decref(unexpected);
        return;
    case HA_SORRY:
        strbuf_add(out, "the home is as expected, but the answer says "
                        "\"Sorry\"");
        return;
    case HA_RESPONSE:
        strbuf_add(out, "the answer has none of ");
        say_value(out, rule->response);
        return;
    case HA_TOOL_NAME:
        strbuf_addf(out, "the first call is %s%.100s, not %.100s",
                    run->tool ? "" : "missing", run->tool ? run->tool : "",
                    jsonx_text(rule->tool_call, "tool_name"));
        return;
    case HA_TOOL_ARGS:
        strbuf_add(out, "the first call's arguments are not ");
        say_value(out, json_object_get(rule->tool_call, "tool_args"));
        return;
    case HA_RIGHT:
        return;
    }
}

/* ---- the verdict --------------------------------------------------------- */

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const struct tool_call *call      = first_call(t);
    json_t                 *start     = shown(t->start_state);
    json_t                 *end       = shown(t->end_state);
    json_t                 *arguments = NULL;
    struct ha_run  run = {start, end, t->answer, strlen(t->answer), NULL,
                          NULL};
    struct ha_rule r;
    struct strbuf  words;
    enum ha_why    why;
    char          *text;

    *out = (struct judgement){0};
    strbuf_init(&words, WORDS_MAX_BYTES);
    (void)!ha_rule_read(rule, &r, NULL);   /* has passed check_rule */
    if (call) {
        run.tool = call->name;
        if (r.tool_call && call->arguments)
            arguments = jsonx_parse(call->arguments,
                                    strlen(call->arguments), NULL);
        run.arguments = arguments;
    }
    if (ha_rule_asks_state(&r) && (!start || !end)) {
        strbuf_add(&words, "the state of the home was not recorded");
    } else {
        why = ha_judge(&r, &run);
        out->pass = why == HA_RIGHT;
        say_why(&words, why, &r, &run);
        if (!out->pass && words.len == 0)
            strbuf_add(&words, ha_why_name(why));
    }
    text = utf8_printable(words.text, words.len);
    utf8_copy(out->reason, sizeof out->reason, text);
    free(text);
    strbuf_done(&words);
    json_decref(arguments);
    json_decref(start);
    json_decref(end);
}

/* Something is to change, or a call is named; or it is asked about the home,
 * whose states only a call tells. */
static bool wants_call(const json_t *rule)
{
    (void)rule;
    return true;
}

const struct score_ops score_home_assistant = {
    .name         = "home_assistant",
    .help         = "as home-assistant-datasets judges: states, answer, call",
    .needs_tools  = true,
    .is_as_served = true,
    .is_original  = true,
    .wants_call   = wants_call,
    .check_rule   = check_rule,
    .judge        = judge,
};
