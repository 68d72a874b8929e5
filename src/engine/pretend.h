/* SPDX-License-Identifier: MIT */
/* pretend.h - engines that understand nothing, and one that knows the answer:
 * what a suite gives them is its floor and its ceiling. They take part in the
 * same sessions as a real engine and are judged by the same code; they are no
 * entry of engine_all, as nobody auditions them. */
#ifndef ENGINE_PRETEND_H
#define ENGINE_PRETEND_H

#include "engine/engine.h"
#include "suite.h"

/*    kind         what it does to everything it is told                      */
#define PRETENDERS(X)                                                         \
    X(first_tool,  "calls the first tool, then says \"Done.\"")               \
    X(never_calls, "says something friendly and calls nothing")               \
    X(echo,        "says back what it was told")                              \
    X(done,        "says \"Done!\"")                                          \
    X(asks,        "asks which one is meant")                                 \
    X(declines,    "says that there is no such thing here")                   \
    X(random,      "calls or says anything")                                  \
    X(oracle,      "gives the reference of the case")

enum pretender {
#define X(kind, help) PRETEND_##kind,
    PRETENDERS(X)
#undef X
    PRETEND_COUNT
};
extern const char *const pretend_name[PRETEND_COUNT];
extern const char *const pretend_help[PRETEND_COUNT];

/* `self` of the engine is one of these, zeroed but for the first fields;
 * it owns nothing. */
struct pretend {
    enum pretender           kind;
    const struct suite_case *test;    /* the case that is asked now          */
    const struct text_list  *names;   /* of its home; for arguments          */
    uint64_t                 seed;
};

extern const struct engine_ops engine_pretend;

#endif
