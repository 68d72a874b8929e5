/* SPDX-License-Identifier: MIT */
/* machine_json.h - this machine as the `machine` object of reports. */
#ifndef MACHINE_JSON_H
#define MACHINE_JSON_H

#include <jansson.h>

#include "types.h"

json_t *machine_json(const struct machine *m);   /* new reference */

#endif
