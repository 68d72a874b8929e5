/* SPDX-License-Identifier: MIT */
/* openai_http.c - engine: a server that already runs and speaks the OpenAI
 * API. When it turns out to be of a kind that we know (server_kind.h), its own
 * endpoints are used too; whatever a server does not report stays unknown. */
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "engine/server_kind.h"

#define META_S 10.0
#define MAX_MODEL_NAME 1000
#define POLL_S 0.1

/* "http://host:1/v1/" and "host:1" both mean "http://host:1". */
static char *tidy_url(const char *url)
{
    char  *tidy = strstr(url, "://") ? mem_copy(url)
                                     : mem_printf("http://%s", url);
    size_t n    = strlen(tidy);

    while (n > 0 && tidy[n - 1] == '/') tidy[--n] = '\0';
    if (n > 3 && strcmp(tidy + n - 3, "/v1") == 0) tidy[n -= 3] = '\0';
    while (n > 0 && tidy[n - 1] == '/') tidy[--n] = '\0';
    return tidy;
}

/* In Ollama, "llama3.2" is short for "llama3.2:latest". */
static bool is_short_for(const char *wanted, const char *id)
{
    size_t n = strlen(wanted);

    return strncmp(id, wanted, n) == 0 && strcmp(id + n, ":latest") == 0;
}

/* The one model that is meant, from /v1/models. */
static int choose_model(struct client *c, const json_t *models,
                        const char *wanted, struct err *err)
{
    const json_t *data = json_object_get(models, "data");
    struct strbuf names;
    const char   *found = NULL;
    size_t        i, n = 0;
    json_t       *item;

    strbuf_init(&names, 600);
    json_array_foreach(data, i, item) {
        const char *id = jsonx_text(item, "id");
        if (!id || strlen(id) > MAX_MODEL_NAME) continue;
        n++;
        strbuf_addf(&names, "%s%.80s", n > 1 ? ", " : "", id);
        if (!wanted || strcmp(id, wanted) == 0 ||
            (!found && is_short_for(wanted, id)))
            found = id;
    }
    if (found && (wanted || n == 1))
        c->model = mem_copy(found);
    else if (n == 0)
        err_set(err, ERR_PREFLIGHT, "the server offers no model "
                "(/v1/models is empty); load one first");
    else if (wanted)
        err_set(err, ERR_INPUT, "the server has no model \"%.100s\"; it has: "
                "%s", wanted, names.text);
    else
        err_set(err, ERR_INPUT, "the server has %zu models; choose one with "
                "--model NAME, or take --all-models: %s", n, names.text);
    strbuf_done(&names);
    return c->model ? 0 : -1;
}

/* GET /v1/models, or NULL with err in terms of what the URL is. A server that
 * says 503 is still loading its model. */
static json_t *get_models(struct client *c, struct err *err)
{
    int64_t    begin_ns = clock_now_ns();
    struct err why      = {0};
    int        status   = 0;
    json_t    *models   = client_get(c, "/v1/models", META_S, &status, &why);

    while (status == 503 && !stop_signal() &&
           (double)(clock_now_ns() - begin_ns) / 1e9 < c->limits.load_s) {
        clock_nap(POLL_S);
        why = (struct err){0};
        models = client_get(c, "/v1/models", META_S, &status, &why);
    }
    if (status == 503 && stop_signal())
        why.kind = ERR_STOPPED;
    if (models && json_is_array(json_object_get(models, "data")))
        return models;
    if (models || status == 200 || status == 404 || status == 405)
        err_set(err, ERR_PREFLIGHT, "is not an OpenAI-compatible server: "
                "/v1/models gives no list of models; check the URL");
    else
        err_set(err, why.kind == ERR_STOPPED ? ERR_STOPPED : ERR_PREFLIGHT,
                "%s", why.text);
    json_decref(models);
    return NULL;
}

/* Errors of http.c already begin with the address. */
static void name_url(const char *url, struct err *err)
{
    if (err && strncmp(err->text, url, strlen(url)) != 0)
        err_ctx(err, "%s", url);
}

int engine_list_models(const struct candidate *c, const char *api_key,
                       struct text_list *names, struct err *err)
{
    static const struct limits limits = {META_S, META_S, META_S, META_S};
    struct client self;
    char         *url = tidy_url(c->base_url);
    json_t       *models, *item;
    size_t        i;

    client_init(&self, url, api_key, &limits);
    models = get_models(&self, err);
    json_array_foreach(json_object_get(models, "data"), i, item)
        if (jsonx_text(item, "id")) text_list_add(names,
                                                  jsonx_text(item, "id"));
    json_decref(models);
    if (models && names->n == 0)
        err_set(err, ERR_PREFLIGHT, "offers no model (/v1/models is empty); "
                "load one first");
    if (!models || names->n == 0) name_url(url, err);
    client_done(&self);
    free(url);
    return names->n ? 0 : -1;
}

static const struct server_kind *recognise(struct client *c,
                                           const json_t *models)
{
    size_t i = 0;

    while (server_kinds[i]->recognise &&
           !server_kinds[i]->recognise(c, models))
        i++;
    return server_kinds[i];
}

static void stop(void *self)
{
    struct server *s = self;

    if (s->kind && s->kind->done) s->kind->done(s);
    client_done(&s->client);
    free(s);
}

/* Who answers, and what is known of it before anybody has looked. */
static struct engine_facts unknown_facts(const struct server *s)
{
    return (struct engine_facts){
        .engine = mem_copy("openai_http"),
        .model = mem_copy(s->client.model),
        .server = mem_copy(s->kind->name), .pid = -1,
        .remote = !http_is_loopback(s->client.base_url), .context = -1,
        .load_s = NAN, .started_ns = -1, .memory_bytes = NAN,
        .has_template = -1, .supports_tools = -1,
        .supports_tool_calls = -1, .supports_system_role = -1};
}

static int start(void **out, const struct engine_spec *spec,
                 struct engine_facts *facts, struct err *err)
{
    const struct candidate *c   = spec->candidate;
    struct server          *s   = mem_new(1, sizeof *s);
    char                   *url = tidy_url(c->base_url);
    struct engine_facts     found;
    json_t                 *models;
    int                     rc = -1;

    client_init(&s->client, url, spec->api_key, &spec->limits);
    models = get_models(&s->client, err);
    if (!models) goto done;
    if (choose_model(&s->client, models, c->model, err)) goto done;
    s->kind = recognise(&s->client, models);
    found = unknown_facts(s);
    rc = s->kind->prepare(s, spec, models, &found, err);
    if (rc) {
        engine_facts_done(&found);
        goto done;
    }
    *facts = found;
    *out = s;
done:
    json_decref(models);
    if (rc) {
        name_url(url, err);
        stop(s);
    }
    free(url);
    return rc;
}

static int chat(void *self, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    struct server *s = self;

    return s->kind->chat ? s->kind->chat(s, request, out, err)
                         : client_chat(&s->client, request, out, err);
}

static int only_chats(struct err *err)
{
    return err_set(err, ERR_FAILED, "this server takes no raw prompts, only "
                   "chats");
}

static int complete(void *self, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    struct server *s = self;

    return s->kind->complete ? s->kind->complete(s, request, out, err)
                             : only_chats(err);
}

static int tokenize(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    struct server *s = self;

    return s->kind->tokenize ? s->kind->tokenize(s, text, as_prompt, ids, n,
                                                 err)
                             : only_chats(err);
}

static int render(void *self, const struct chat_request *request, char **text,
                  struct err *err)
{
    struct server *s = self;

    return s->kind->render ? s->kind->render(s, request, text, err)
                           : only_chats(err);
}

static bool alive(void *self, struct err *why)
{
    struct client *c = &((struct server *)self)->client;
    struct err     failed = {0};
    int            status = 0;

    json_decref(client_get(c, "/v1/models", META_S, &status, &failed));
    if (status != 0) return true;
    name_url(c->base_url, &failed);
    if (why) *why = failed;
    return false;
}

const struct engine_ops engine_openai_http = {
    .name = "openai_http",
    .help = "talks to a running OpenAI-compatible server (--base-url)",
    .start = start,
    .chat = chat,
    .complete = complete,
    .tokenize = tokenize,
    .render = render,
    .alive = alive,
    .stop = stop,
};
