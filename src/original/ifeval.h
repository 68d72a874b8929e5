/* SPDX-License-Identifier: MIT */
/* ifeval.h - is a verifiable instruction followed? The 25 rules of IFEval
 * (Zhou et al. 2023), strict and loose.
 *
 * Source of the rules: lm-eval 0.4.13, tasks/ifeval, with nltk 3.10 (punkt)
 * and langdetect 1.0.9 behind four of them. `audition selfcheck ifeval`
 * compares with recorded verdicts. Pure. */
#ifndef ORIGINAL_IFEVAL_H
#define ORIGINAL_IFEVAL_H

#include "base/err.h"
#include "original/pyjson.h"
#include "original/pytext.h"

/* The registered types, "change_case:english_capital", ...; ends with NULL. */
extern const char *const ifeval_types[];

/* Are the arguments what this instruction needs? ERR_INPUT naming the unknown
 * instruction, or the argument that is missing or of the wrong type. Absent
 * and empty arguments are refused too: the original replaces them at random. */
MUST_USE int ifeval_check_rule(struct view instruction,
                               const struct py *kwargs, struct err *err);

struct ifeval_verdict {
    bool strict;   /* the response as it is                                  */
    bool loose;    /* one of eight: first, last, both lines taken off, each
                      also without any '*'                                   */
};

/* Judge; the rule has passed ifeval_check_rule. prompt: what the user asked.
 * ERR_PREFLIGHT when a table in share/ cannot be read; nothing else fails. */
MUST_USE int ifeval_judge(struct view instruction, const struct py *kwargs,
                          struct view prompt, struct view response,
                          struct ifeval_verdict *out, struct err *err);

#endif
