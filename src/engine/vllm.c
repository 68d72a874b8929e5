/* SPDX-License-Identifier: MIT */
/* vllm.c - a server kind: vLLM, known by the owner of its models. It
 * counts tokens in the last event of an answer, those that its prefix cache
 * held only when it was started with --enable-prompt-tokens-details; it tells
 * no durations and no memory. */
#include "engine/server_kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

static bool recognise(struct client *c, const json_t *models)
{
    const char *owner = jsonx_text(server_model(models, c->model), "owned_by");

    return owner && strcmp(owner, "vllm") == 0;
}

static int prepare(struct server *s, const struct engine_spec *spec,
                   const json_t *models, struct engine_facts *facts,
                   struct err *err)
{
    json_t *version = server_ask(&s->client, "/version");

    (void)err;
    facts->build = client_version(version, "version");
    server_set_context(s, server_context(server_model(models, s->client.model),
                                         "max_model_len"),
                       spec, "start it with --max-model-len", facts);
    s->client.takes_template_kwargs = true;
    json_decref(version);
    return 0;
}

/* It ignores a sampling key that it does not know, and has another name for
 * this one. */
static int chat(struct server *s, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    struct chat_request ours   = *request;
    json_t             *repeat = json_object_get(request->sampling,
                                                 "repeat_penalty");
    int                 rc;

    if (!repeat) return client_chat(&s->client, request, out, err);
    ours.sampling = json_copy(request->sampling);
    json_object_set(ours.sampling, "repetition_penalty", repeat);
    json_object_del(ours.sampling, "repeat_penalty");
    rc = client_chat(&s->client, &ours, out, err);
    json_decref(ours.sampling);
    return rc;
}

const struct server_kind server_vllm = {
    .name = "vLLM",
    .recognise = recognise,
    .prepare = prepare,
    .chat = chat,
};
