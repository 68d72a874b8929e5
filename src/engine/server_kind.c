/* SPDX-License-Identifier: MIT */
/* server_kind.c - the list of servers, what their kinds share, and the two
 * simplest: llama-server, whose own endpoints client.c speaks, and whatever
 * has the OpenAI endpoints and no more. See server_kind.h. */
#include "engine/server_kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

const struct server_kind *const server_kinds[] = {
    &server_llama, &server_ollama, &server_vllm, &server_lmstudio,
    &server_openai, NULL};

json_t *server_ask(struct client *c, const char *path)
{
    struct err ignored = {0};
    int        status  = 0;

    return client_get(c, path, client_meta_s(c), &status, &ignored);
}

const json_t *server_model(const json_t *models, const char *id)
{
    size_t  i;
    json_t *item;

    json_array_foreach(json_object_get(models, "data"), i, item) {
        const char *name = jsonx_text(item, "id");

        if (name && strcmp(name, id) == 0) return item;
    }
    return NULL;
}

int server_context(const json_t *object, const char *key)
{
    double n = jsonx_number(object, key);

    return n >= 1 && n < 1e9 ? (int)n : -1;
}

void server_set_context(const struct server *s, int context,
                        const struct engine_spec *spec, const char *remedy,
                        struct engine_facts *facts)
{
    facts->context = context;
    if (context < 0 || context >= spec->context) return;
    free(facts->context_note);
    facts->context_note = mem_printf(
        "%s runs the model with a context of %d tokens where %d were asked "
        "for; %s %d, or ask for less with `context:`", s->kind->name, context,
        spec->context, remedy, spec->context);
}

/* ---- llama-server ------------------------------------------------------- */

static bool is_llama(struct client *c, const json_t *models)
{
    json_t *props = server_ask(c, "/props");

    (void)models;
    c->is_llama = json_is_object(
        json_object_get(props, "default_generation_settings"));
    json_decref(props);
    return c->is_llama;
}

static int prepare_llama(struct server *s, const struct engine_spec *spec,
                         const json_t *models, struct engine_facts *facts,
                         struct err *err)
{
    int     status = 0;
    json_t *props  = client_get(&s->client, "/props",
                                client_meta_s(&s->client), &status, err);

    (void)models;
    if (!props) return -1;
    client_read_props(props, facts);
    server_set_context(s, facts->context, spec, "start it with -c", facts);
    facts->has_completion = facts->counts_tokens = true;
    json_decref(props);
    return 0;
}

static int complete_llama(struct server *s,
                          const struct complete_request *request,
                          struct turn *out, struct err *err)
{
    return client_complete(&s->client, request, out, err);
}

static int tokenize_llama(struct server *s, const char *text, bool as_prompt,
                          int **ids, size_t *n, struct err *err)
{
    return client_tokenize(&s->client, text, as_prompt, ids, n, err);
}

static int render_llama(struct server *s, const struct chat_request *request,
                        char **text, struct err *err)
{
    return client_render(&s->client, request, text, err);
}

const struct server_kind server_llama = {
    .name = "llama-server",
    .recognise = is_llama,
    .prepare = prepare_llama,
    .complete = complete_llama,
    .tokenize = tokenize_llama,
    .render = render_llama,
};

/* ---- any other ---------------------------------------------------------- */

/* What the user himself set goes to a server that we know nothing of, which
 * may refuse it; what is only tried does not. */
static int prepare_openai(struct server *s, const struct engine_spec *spec,
                          const json_t *models, struct engine_facts *facts,
                          struct err *err)
{
    (void)models;
    (void)facts;
    (void)err;
    s->client.takes_template_kwargs = spec->candidate->template_kwargs != NULL;
    return 0;
}

const struct server_kind server_openai = {
    .name = NULL,
    .recognise = NULL,
    .prepare = prepare_openai,
};
