/* SPDX-License-Identifier: MIT */
/* client.h - speaks to a server that listens: llama-server's own HTTP or any
 * OpenAI-compatible one. Shared by the engines llama_server (whose child it
 * talks to) and openai_http.
 */
#ifndef ENGINE_CLIENT_H
#define ENGINE_CLIENT_H

#include <stdbool.h>

#include "base/http.h"
#include "engine/engine.h"

struct client {
    struct http  *http;
    char         *base_url;     /* without a trailing slash or /v1          */
    char         *api_key;      /* or NULL                                  */
    char         *model;        /* sent with each request, or NULL          */
    bool          is_llama;     /* has /props, /completion, /tokenize, ...  */
    struct limits limits;
    bool        (*alive)(void *ctx);
    void         *alive_ctx;
};

void client_init(struct client *c, const char *base_url, const char *api_key,
                 const struct limits *limits);
void client_done(struct client *c);   /* safe on a zeroed struct */

/* GET a small JSON document within limit_s; *status is the HTTP status, 0
 * when none came. NULL with err when there is no JSON object. */
json_t *client_get(struct client *c, const char *path, double limit_s,
                   int *status, struct err *err);

/* Fill from /props: build, context, template capabilities. */
void client_read_props(const json_t *props, struct engine_facts *facts);

/* The engine_ops of the same names; self is the client. */
MUST_USE int client_chat(struct client *c, const struct chat_request *request,
                         struct turn *out, struct err *err);
MUST_USE int client_complete(struct client *c,
                             const struct complete_request *request,
                             struct turn *out, struct err *err);
MUST_USE int client_tokenize(struct client *c, const char *text,
                             bool as_prompt, int **ids, size_t *n,
                             struct err *err);
MUST_USE int client_render(struct client *c, const struct chat_request *r,
                           char **text, struct err *err);

#endif
