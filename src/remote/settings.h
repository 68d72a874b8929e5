/* SPDX-License-Identifier: MIT */
/* settings.h - what the environment says about models that are elsewhere.
 * The variables are those of Hugging Face's own tools, so that what a user
 * has set up for them holds here. */
#ifndef REMOTE_SETTINGS_H
#define REMOTE_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"

struct remote_settings {
    char *endpoint;   /* $HF_ENDPOINT, no '/' at its end                     */
    char *token;      /* or NULL; for the endpoint's host alone              */
    char *hub;        /* folder of the Hugging Face cache                    */
    char *headers;    /* folder of headers that were read before             */
    char *models;     /* folder of files that are from no hub                */
    bool  offline;    /* $HF_HUB_OFFLINE: the hub is not to be asked         */
    void (*wait)(double seconds);   /* ends early on a stop signal           */
};

/* ERR_INPUT: a variable that cannot be meant so. */
MUST_USE int remote_settings_read(struct remote_settings *out,
                                  struct err *err);
void remote_settings_done(struct remote_settings *s);  /* safe when zeroed */

#endif
