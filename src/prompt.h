/* SPDX-License-Identifier: MIT */
/* prompt.h - what the assistant is told before the user speaks: the system
 * prompt with {{entities}} and {{now}} filled in, and the tools. */
#ifndef PROMPT_H
#define PROMPT_H

#include <jansson.h>

#include "base/err.h"
#include "config.h"
#include "home/home.h"
#include "suite.h"

/* {{now}} is always this, the clock of our homes: an audition today and one
 * tomorrow must ask the same, or their answers could not be compared. */
#define PROMPT_NOW "Thursday, 12 March 2026, 18:30"

struct prompt_kit {
    char   *system;     /* "" of a case that wants no system message */
    json_t *tools;      /* array, or NULL: none are offered */
    char   *unstamped;  /* system with {{now}} still in it; NULL: it has none */
};

/* The system prompt `minutes` (0..1000) after PROMPT_NOW. Caller frees. */
char *prompt_later(const struct prompt_kit *kit, int minutes);

/* The prompt that the user would deploy with `factor` times as many entities
 * (rounded, at least 1; beyond their own number they come again, renamed:
 * "light.kitchen_2", "Kitchen light 2"). *entities: how many that are. */
MUST_USE int prompt_scaled(struct prompt_kit *out, const struct config *config,
                           double factor, size_t *entities, struct err *err);

/* The prompt that the user would deploy: their prompt (else
 * share/prompts/home.txt), their entities and tools (else those of the
 * simulated home `flat`). */
MUST_USE int prompt_user(struct prompt_kit *out, const struct config *config,
                         struct err *err);

/* The prompt of a case: their prompt with the entities of `home` and its
 * tools of that kind (HOME_TOOLS_*), or with neither when home is NULL. */
MUST_USE int prompt_case(struct prompt_kit *out, const struct config *config,
                         const struct home *home, const char *tools,
                         struct err *err);

/* The prompt of a case that brings functions or a system message of its own:
 * these word for word, nothing is filled in; what it does not bring is as in
 * prompt_case. */
MUST_USE int prompt_foreign(struct prompt_kit *out,
                            const struct config *config,
                            const struct suite_case *test,
                            const struct home *home, struct err *err);

/* One more line behind the system prompt. */
void prompt_append(struct prompt_kit *kit, const char *line);

void prompt_done(struct prompt_kit *kit);   /* safe on a zeroed struct */

#endif
