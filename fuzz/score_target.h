/* SPDX-License-Identifier: MIT */
/* score_target.h - what the fuzz targets of the scorers share: bytes become
 * the choice of a rule, of a language and of what happened, then texts with
 * 0x1e between: the answer, a call's arguments, the state of the home at the
 * end (JSON). No crash; a verdict with a valid reason; the same one again. */
#ifndef FUZZ_SCORE_TARGET_H
#define FUZZ_SCORE_TARGET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/manners.h"
#include "score/score.h"
#include "suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The next text up to a separator; the rest stays. Owned. */
static char *take_text(const uint8_t **bytes, size_t *size)
{
    const uint8_t *end = *size ? memchr(*bytes, 0x1e, *size) : NULL;
    size_t         n   = end ? (size_t)(end - *bytes) : *size;
    char          *text = mem_copy_n((const char *)*bytes, n);

    *bytes += end ? n + 1 : n;
    *size -= end ? n + 1 : n;
    return text;
}

static json_t *fixed(const char *text)
{
    json_t *value = jsonx_parse(text, strlen(text), NULL);

    if (!value) abort();
    return value;
}

static void check(const struct judgement *got)
{
    if (!memchr(got->reason, '\0', sizeof got->reason)) abort();
    if (got->pass != (got->reason[0] == '\0')) abort();
    if (!utf8_valid(got->reason, strlen(got->reason))) abort();
}

static void judge_twice(const char *scorer, const json_t *rule,
                        const struct transcript *t)
{
    struct judgement first = {.pass = true}, second = {.pass = true};

    score_find(scorer)->judge(rule, t, &first);
    score_find(scorer)->judge(rule, t, &second);
    check(&first);
    if (first.pass != second.pass ||
        strcmp(first.reason, second.reason) != 0)
        abort();
}

static void check_manners(const struct transcript *t)
{
    struct manners m;

    manners_note(t, &m);
    if (!utf8_valid(m.reason, strlen(m.reason))) abort();
    if (m.said_not_done && m.done_not_said) abort();
}

static int score_target(const char *scorer, const char *const *rules,
                        size_t n_rules, const uint8_t *bytes, size_t size)
{
    static const char *const languages[] = {"en", "de", "es", "fr"};
    uint8_t           choice = size ? *bytes : 0, events = size > 1 ? bytes[1]
                                                                    : 0;
    char             *answer, *arguments, *state;
    json_t           *rule = fixed(rules[choice % n_rules]);
    struct suite_turn asked = {.say = (char *)"Set it to 21 in the kitchen.",
                               .cuts_words = -1};
    struct suite_case test = {.id = (char *)"x", .home = (char *)"flat",
                              .turns = &asked, .n_turns = 1};
    struct tool_call  call = {.id = (char *)"1", .name = (char *)"f"};
    struct turn       turn = {.calls = &call, .n_calls = events & 1};
    struct transcript t = {.test = &test, .asked = &asked,
                           .question = asked.say, .turns = &turn,
                           .n_turns = 1, .n_calls = events & 1,
                           .n_refused = (events & 3) == 3};

    bytes += size > 1 ? 2 : size;
    size -= size > 1 ? 2 : size;
    answer    = take_text(&bytes, &size);
    arguments = take_text(&bytes, &size);
    state     = take_text(&bytes, &size);
    json_object_set_new(rule, "scorer", json_string(scorer));
    test.language   = (char *)languages[(events >> 2) & 3];
    asked.checks    = json_pack("[O]", rule);
    asked.reference = fixed(
        events & 16 ? "{\"calls\":[],\"answer\":\"There is no oven.\"}"
                    : "{\"calls\":[{\"name\":\"HassLightSet\",\"arguments\":{"
                      "\"area\":\"kitchen\",\"brightness\":21}}],\"answer\":"
                      "\"It is at 21.\"}");
    call.arguments = arguments;
    turn.content = answer;
    t.answer = answer;
    t.start_state = fixed("{\"light.a\":{\"state\":\"off\",\"brightness\":"
                          "null},\"todo.b\":{\"state\":\"0\",\"items\":[]}}");
    t.end_state = jsonx_parse(state, strlen(state), NULL);
    if (!json_is_object(t.end_state)) {
        json_decref(t.end_state);
        t.end_state = json_incref(t.start_state);
    }
    judge_twice(scorer, rule, &t);
    check_manners(&t);
    json_decref(t.end_state);
    json_decref(t.start_state);
    json_decref(asked.checks);
    json_decref(asked.reference);
    json_decref(rule);
    free(answer);
    free(arguments);
    free(state);
    return 0;
}

#endif
