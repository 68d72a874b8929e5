/* SPDX-License-Identifier: MIT */
/* bfcl.h - is a tool call right? The rule of the Berkeley Function Calling
 * Leaderboard for single turns (the "AST checker"), and a saner variant.
 *
 * Source of the rule: bfcl-eval 2026.3.23, eval_checker/ast_eval and
 * eval_runner, with the decoding of an OpenAI-compatible endpoint that takes
 * '.' in names as '_'. The names of the errors are those of the original.
 * `audition selfcheck bfcl` compares with recorded verdicts. Pure. */
#ifndef ORIGINAL_BFCL_H
#define ORIGINAL_BFCL_H

#include "original/pyjson.h"

enum bfcl_rule {
    BFCL_ORIGINAL,   /* as the leaderboard judges, quirks and all            */
    BFCL_SANER       /* an argument that spells out the default which the
                        schema declares, and is not in the ground truth or
                        may be left out there, is no error; likewise null for
                        an argument that is not required; 2.0 is 2 where an
                        integer is asked for; the expected calls may be
                        matched in any way, not greedily; the name may have
                        its dots. Never stricter than the original.          */
};

/* What is judged; nothing is owned. */
struct bfcl_case {
    const struct py *category;    /* "simple_python", ...                    */
    const struct py *functions;   /* `tools` of an OpenAI request            */
    const struct py *truth;       /* possible_answer; NULL or None: none     */
    const struct py *calls;       /* list of {name, arguments}, arguments a
                                     dict, or a text still to be parsed;
                                     NULL or None: no tool_calls came        */
    const struct py *content;     /* text of the message; NULL or None       */
};

struct bfcl_verdict {
    bool        valid;
    const char *error;            /* static, NULL when valid:
                                     "value_error:string"                    */
    char        reason[300];      /* in words, with the names; "" when valid */
};

/* Cannot fail; hostile input gets a verdict in bounded time. A case that is
 * itself unsound (no function of the expected name, a ground truth of another
 * shape) is not valid, with error "case:unsound". */
void bfcl_judge(struct py_pool *pool, const struct bfcl_case *c,
                enum bfcl_rule rule, struct bfcl_verdict *out);

#endif
