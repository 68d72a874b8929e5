/* SPDX-License-Identifier: MIT */
/* facts_read.h - the JSON document of `run --json` back into the facts that
 * reports render, so that a stored run can be shown in every format. */
#ifndef FACTS_READ_H
#define FACTS_READ_H

#include "facts.h"

/* Whatever is missing in the text, or of another type, is missing in the
 * facts: NAN, NULL, -1, "unknown". Fails with ERR_INPUT, leaving out zeroed:
 * not JSON, a schema_version that we do not know, or nothing that a report
 * could be about (no list of candidates, a candidate without a name). */
MUST_USE int facts_read(struct facts *out, const char *text, struct err *err);

#endif
