/* SPDX-License-Identifier: MIT */
/* watched.c - see watched.h. */
#include "engine/watched.h"

static int chat(void *self, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    struct watched *w = self;
    int             rc;

    w->before(w->ctx);
    rc = w->inner->chat(w->engine, request, out, err);
    w->after(w->ctx, out);
    return rc;
}

static int complete(void *self, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    struct watched *w = self;
    int             rc;

    w->before(w->ctx);
    rc = w->inner->complete(w->engine, request, out, err);
    w->after(w->ctx, out);
    return rc;
}

static int tokenize(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    struct watched *w = self;

    return w->inner->tokenize(w->engine, text, as_prompt, ids, n, err);
}

static int render(void *self, const struct chat_request *request, char **text,
                  struct err *err)
{
    struct watched *w = self;

    return w->inner->render(w->engine, request, text, err);
}

static bool alive(void *self, struct err *why)
{
    struct watched *w = self;

    return w->inner->alive(w->engine, why);
}

void watched_make(struct watched *w)
{
    w->ops = (struct engine_ops){
        .name = w->inner->name, .help = w->inner->help, .chat = chat,
        .complete = w->inner->complete ? complete : NULL,
        .tokenize = w->inner->tokenize ? tokenize : NULL,
        .render = w->inner->render ? render : NULL,
        .alive = alive};
}
