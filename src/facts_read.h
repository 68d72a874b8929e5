/* SPDX-License-Identifier: MIT */
/* facts_read.h - the JSON document of `run --json` back into the facts that
 * reports render, so that a stored run can be shown in every format. */
#ifndef FACTS_READ_H
#define FACTS_READ_H

#include "facts.h"

/* Whatever is missing in the text is missing in the facts. Fails with
 * ERR_INPUT: not JSON, or a schema_version that we do not know. */
MUST_USE int facts_read(struct facts *out, const char *text, struct err *err);

#endif
