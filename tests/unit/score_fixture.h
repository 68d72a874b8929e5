/* SPDX-License-Identifier: MIT */
/* score_fixture.h - tables of answers and what a scorer says of them. */
#ifndef SCORE_FIXTURE_H
#define SCORE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/jsonx.h"
#include "score/score.h"
#include "suite.h"

#define QUESTION "Is it warm outside?"

/* One rule, one answer; says NULL: it passes, else a part of the reason. */
struct label {
    const char *rule, *answer, *says;
};

static const struct suite_case chat = {
    .suite = (char[]){"s"}, .id = (char[]){"i"}, .category = (char[]){"c"}};

static inline json_t *rule_of(const struct score_ops *scorer, const char *text)
{
    struct err err  = {0};
    json_t    *rule = jsonx_parse(text, strlen(text), &err);

    if (!rule) fail_msg("%s: %s", text, err.text);
    json_object_set_new(rule, "scorer", json_string(scorer->name));
    return rule;
}

static inline void check_asked(const struct score_ops *scorer,
                               const char *question,
                               const struct label *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err        err  = {0};
        json_t           *rule = rule_of(scorer, labels[i].rule);
        struct transcript t    = {.test = &chat, .question = question,
                                  .answer = labels[i].answer};
        struct judgement  got  = {.pass = true};

        if (scorer->check_rule(rule, &chat, &err)) fail_msg("%s", err.text);
        scorer->judge(rule, &t, &got);
        if (got.pass != (labels[i].says == NULL) ||
            (got.pass ? got.reason[0] != '\0'
                      : !strstr(got.reason, labels[i].says)))
            fail_msg("%s of \"%s\": %s \"%s\", not \"%s\"", labels[i].rule,
                     labels[i].answer, got.pass ? "pass" : "fail",
                     got.reason, labels[i].says ? labels[i].says : "pass");
        json_decref(rule);
    }
}

#define CHECK(scorer, labels)                                                 \
    check_asked(scorer, QUESTION, labels, sizeof labels / sizeof *labels)

#endif
