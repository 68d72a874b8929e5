/* SPDX-License-Identifier: MIT */
/* template_facts.h - what a chat template (Jinja) can express, from its text
 * alone: which variables it reads, which roles it knows. What it does with
 * them only rendering shows; the engine does that later. Pure. */
#ifndef MODEL_TEMPLATE_FACTS_H
#define MODEL_TEMPLATE_FACTS_H

#include "types.h"

/* text NULL: there is no template. */
struct template_facts template_facts_of(const char *text);

#endif
