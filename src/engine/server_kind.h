/* SPDX-License-Identifier: MIT */
/* server_kind.h - what a server at a base URL is, and what is special about
 * it. openai_http.c finds the first kind of the list that recognises the
 * server; what a kind leaves NULL goes the OpenAI way, or cannot be done.
 *
 * A further kind is one file with a `const struct server_kind`, and its line
 * in server_kinds. Proof: tests/contract/test_engine_contract.c, with
 * tests/fake_server.c --as NAME.
 */
#ifndef ENGINE_SERVER_KIND_H
#define ENGINE_SERVER_KIND_H

#include "engine/client.h"

/* A server that somebody started: an engine's self. */
struct server {
    struct client             client;
    const struct server_kind *kind;
    void                     *state;   /* the kind's own, or NULL           */
};

struct server_kind {
    const char *name;      /* engine_facts.server; NULL: none is known       */

    /* Does it say that it is one? Asks for little. `models` is the server's
     * /v1/models. The last kind of the list has NULL: it is always one. */
    bool (*recognise)(struct client *c, const json_t *models);
    /* Makes the chosen model ready, and fills what is known of it: facts are
     * "unknown" before. On failure `state` stays NULL. */
    int (*prepare)(struct server *s, const struct engine_spec *spec,
                   const json_t *models, struct engine_facts *facts,
                   struct err *err);

    /* As in engine_ops. */
    int (*chat)(struct server *s, const struct chat_request *request,
                struct turn *out, struct err *err);
    int (*complete)(struct server *s, const struct complete_request *request,
                    struct turn *out, struct err *err);
    int (*tokenize)(struct server *s, const char *text, bool as_prompt,
                    int **ids, size_t *n, struct err *err);
    int (*render)(struct server *s, const struct chat_request *request,
                  char **text, struct err *err);
    void (*done)(struct server *s);    /* frees the state                    */
};

extern const struct server_kind server_llama;
extern const struct server_kind server_ollama;
extern const struct server_kind server_vllm;
extern const struct server_kind server_lmstudio;
extern const struct server_kind server_openai;    /* recognises none         */

/* Every kind, the more telling signs first; ends with NULL. */
extern const struct server_kind *const server_kinds[];

/* ---- for kinds ----------------------------------------------------------- */

/* GET a small JSON object that may well not be there. NULL: it is not. */
json_t *server_ask(struct client *c, const char *path);

/* The entry of a list of models, {"data":[{"id":..}]}, with this id, or NULL.
 * Borrowed. */
const json_t *server_model(const json_t *models, const char *id);

/* A context's length as a server gives it, or -1. */
int server_context(const json_t *object, const char *key);

/* Sets the context, and notes when it is less than was asked for; `remedy`
 * ends in what the number that was asked for follows, "start it with -c". */
void server_set_context(const struct server *s, int context,
                        const struct engine_spec *spec, const char *remedy,
                        struct engine_facts *facts);

#endif
