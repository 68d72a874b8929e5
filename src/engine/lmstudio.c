/* SPDX-License-Identifier: MIT */
/* lmstudio.c - a server kind: LM Studio, known by its own list of
 * models. It counts tokens in the last event of an answer; durations are in
 * the answers of its other API only, which is not used. It does not say
 * its version, nor its memory. */
#include "engine/server_kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define MODELS "/api/v0/models"

/* Whatever path it is asked for, it answers with 200: look at what it says. */
static bool recognise(struct client *c, const json_t *models)
{
    json_t *own = server_ask(c, MODELS);
    bool    is  = jsonx_text(server_model(own, c->model), "state") != NULL;

    (void)models;
    json_decref(own);
    return is;
}

/* A model is loaded by the first request for it: not by one that is
 * measured. */
static int load(struct server *s, const struct engine_spec *spec,
                struct err *err)
{
    json_t *body  = json_pack("{s:s,s:[{s:s,s:s}],s:i}", "model",
                              s->client.model, "messages", "role", "user",
                              "content", "Hello.", "max_tokens", 1);
    json_t *reply = client_post(&s->client, "/v1/chat/completions", body,
                                spec->limits.load_s, err);

    json_decref(body);
    json_decref(reply);
    return reply ? 0 : err_ctx(err, "LM Studio could not load the model");
}

static bool has_word(const json_t *list, const char *word)
{
    size_t  i;
    json_t *item;

    json_array_foreach(list, i, item)
        if (json_is_string(item) && strcmp(json_string_value(item), word) == 0)
            return true;
    return false;
}

static int prepare(struct server *s, const struct engine_spec *spec,
                   const json_t *models, struct engine_facts *facts,
                   struct err *err)
{
    json_t       *own   = server_ask(&s->client, MODELS);
    const json_t *model = server_model(own, s->client.model);
    const char   *state = jsonx_text(model, "state");
    int           rc    = 0;

    (void)models;
    if (!spec->only_identify && (!state || strcmp(state, "loaded") != 0)) {
        rc = load(s, spec, err);
        json_decref(own);
        own = rc ? NULL : server_ask(&s->client, MODELS);
        model = server_model(own, s->client.model);
    }
    server_set_context(s, server_context(model, "loaded_context_length"), spec,
                       "load it with lms load --context-length", facts);
    if (has_word(json_object_get(model, "capabilities"), "tool_use"))
        facts->supports_tools = facts->supports_tool_calls = 1;
    json_decref(own);
    return rc;
}

const struct server_kind server_lmstudio = {
    .name = "LM Studio",
    .recognise = recognise,
    .prepare = prepare,
};
