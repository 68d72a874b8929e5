/* SPDX-License-Identifier: MIT */
/* client.h - speaks HTTP to a server that listens: the small requests and the
 * streamed answers that all servers share, and the chats, raw prompts and
 * tokens of llama-server and the OpenAI API. Shared by the engines
 * llama_server (whose child it talks to) and openai_http.
 *
 * Limits   an answer ends within the limits of the client; tokenize and render
 *          within client_meta_s: a chat template may hold a loop.
 */
#ifndef ENGINE_CLIENT_H
#define ENGINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http.h"
#include "engine/engine.h"
#include "engine/stream.h"

struct client {
    struct http  *http;
    char         *base_url;     /* without a trailing slash or /v1          */
    char         *api_key;      /* or NULL                                  */
    char         *model;        /* sent with each request, or NULL          */
    bool          is_llama;     /* has /props, /completion, /tokenize, ...  */
    bool          takes_template_kwargs;  /* with a chat; is_llama: it does.
                                   Others may refuse a field they don't know */
    uint32_t      cold_prompts; /* where client_cold_line is                */
    struct limits limits;
    bool        (*alive)(void *ctx);
    void         *alive_ctx;
};

void client_init(struct client *c, const char *base_url, const char *api_key,
                 const struct limits *limits);
void client_done(struct client *c);   /* safe on a zeroed struct */

/* For a small request: 10 s, or less where the client's answers have less. */
double client_meta_s(const struct client *c);

/* GET a small JSON document within limit_s; *status is the HTTP status, 0
 * when none came. NULL with err when there is no JSON object. */
json_t *client_get(struct client *c, const char *path, double limit_s,
                   int *status, struct err *err);
/* POST, likewise. */
json_t *client_post(struct client *c, const char *path, const json_t *body,
                    double limit_s, struct err *err);
/* POST a body whose answer streams into a turn. */
MUST_USE int client_stream(struct client *c, const char *path,
                           const json_t *body, enum stream_form form,
                           struct turn *out, struct err *err);

/* A line for the very front of a prompt, so that no prefix cache knows what
 * follows: of equal length and different in each prompt. A sequence without
 * chance that begins at the clock, because a server's cache may outlive us.
 * Caller frees. */
char *client_cold_line(struct client *c);

/* What a server says its version is, cut to what a report can show; NULL: it
 * does not say. Caller frees. */
char *client_version(const json_t *object, const char *key);

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
