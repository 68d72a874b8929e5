/* SPDX-License-Identifier: MIT */
/* import_bfcl_tools.h - from BFCL's descriptions of functions to the tools of
 * an OpenAI request, as bfcl-eval 2026.3.23 makes them for an
 * OpenAI-compatible server (convert_to_tool after the language hint): a model
 * must see what it sees there, to the letter. Pure. */
#ifndef IMPORT_BFCL_TOOLS_H
#define IMPORT_BFCL_TOOLS_H

#include <jansson.h>

#include "base/err.h"

/* functions: the entry's "function", a list. New reference, or NULL with
 * ERR_INPUT naming the function that is none. */
MUST_USE json_t *import_bfcl_tools(const json_t *functions,
                                   const char *category, struct err *err);

#endif
