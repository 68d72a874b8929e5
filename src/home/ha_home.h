/* SPDX-License-Identifier: MIT */
/* ha_home.h - homes of github.com/allenporter/home-assistant-datasets: a
 * _fixtures.yaml of areas, devices and entities becomes the JSON of a
 * simulated home (home.h), to be made with home_from as recorded. */
#ifndef HA_HOME_H
#define HA_HOME_H

#include <jansson.h>

#include "base/err.h"

/* *home: a new reference; its "devices" is {device id: name of its area}, for
 * home_speak_in. setup: {entity: {"state"?, "attributes"?}} as tasks
 * have it, put over the fixture before it is understood (a light is on when
 * its brightness says so, whatever its state says); NULL: none. now: the
 * clock of the home, "2025-04-02 08:30+10:00"; NULL: the simulated home's own.
 * Fails with ERR_INPUT: no such file, no YAML of a home, an entity in setup
 * that the home has not. */
MUST_USE int ha_home_read(json_t **home, const char *yaml_path,
                          const json_t *setup, const char *now,
                          struct err *err);

#endif
