/* SPDX-License-Identifier: MIT */
/* engine.h - anything that can answer a prompt while we watch the clock.
 *
 * Required  name, help, start, chat, stop. Optional (NULL = cannot):
 *           complete, tokenize, render.
 * Order     start, any number of the others, stop. After a successful start,
 *           stop is called exactly once, also when a request failed; after a
 *           failed start it is not called.
 * Waiting   every call returns within the limits of its `struct limits`, or
 *           fails with ERR_TIMEOUT; a stop signal ends it with ERR_STOPPED.
 * Stamps    turns carry the engine's own time stamps; nobody else reads a
 *           clock, so `replay` can bring a scripted one.
 * Failure   of a request: -1 with err set, and the turn holds what arrived.
 *           err.kind says whose fault: ERR_TIMEOUT and ERR_FAILED the
 *           engine's, ERR_INPUT our request's (HTTP 4xx).
 *           `alive` tells whether more requests make sense.
 * Threads   one engine is driven by one thread.
 * Proof     tests/contract/test_engine_contract.c runs these rules against
 *           every entry of engine_all.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/err.h"
#include "types.h"

/* All in seconds, from the start of the call; 0 is not a valid limit. */
struct limits {
    double load_s;      /* until the server is ready                      */
    double first_s;     /* until the first byte of the answer             */
    double silence_s;   /* between two arrivals                           */
    double total_s;     /* of one answer                                  */
};

/* engine_facts.page_cache when all is as it should be. */
#define PAGE_CACHE_DROPPED "dropped before each load"

/* How to start: everything that the command line or the YAML decided. */
struct engine_spec {
    const struct candidate *candidate;   /* borrowed until stop             */
    const char  *server_path;            /* llama-server to use, or NULL    */
    const char  *api_key;                /* for a server that is not ours   */
    const char  *log_path;               /* the child's output, or NULL     */
    int          context;                /* tokens, > 0                     */
    int          cache_ram_mib;          /* the server's prompt cache       */
    int          threads;                /* -1: the server's default        */
    int          port;                   /* -1: a free one                  */
    struct limits limits;
    json_t      *template_kwargs;        /* borrowed; what is put to the
                                            template, or NULL               */
    const struct text_list *more_args;   /* borrowed; what preflight added to
                                            the candidate's server_args, or
                                            NULL                            */
    bool         keep_page_cache;        /* do not drop the model file from it
                                            before the start                */
    /* Told of each child's process group once it runs, and of 0 when it has
     * ended; may be NULL. */
    void       (*on_child)(void *ctx, long group);
    void        *on_child_ctx;
    bool         only_identify;          /* nothing will be asked: a server that
                                            is not ours need not load the model,
                                            facts that take this stay unknown */
};

struct chat_request {
    const struct message *messages;      /* borrowed                        */
    size_t                n_messages;
    const struct turn    *turns;         /* for messages[i].turn            */
    json_t               *tools;         /* OpenAI tool array, or NULL      */
    json_t               *sampling;      /* merged into the request, or NULL*/
    json_t               *template_kwargs;
    int                   max_tokens;    /* > 0                             */
    bool                  is_cold;       /* nothing may come from a prefix
                                            cache; a server that cannot be
                                            told gets a prompt that begins
                                            anew                            */
};

struct complete_request {
    const char *prompt;                  /* text, or NULL when ids are given*/
    const int  *ids;
    size_t      n_ids;
    int         n_predict;               /* exactly so many: end is ignored */
    bool        cache_prompt;            /* reuse the longest cached prefix */
    json_t     *sampling;                /* may also hold "samplers" and
                                            "backend_sampling"              */
};

struct engine_ops {
    const char *name;     /* as written in reports                          */
    const char *help;     /* one line                                       */

    /* facts is filled on success; the caller frees it with
     * engine_facts_done. *self is untouched on failure. */
    int (*start)(void **self, const struct engine_spec *spec,
                 struct engine_facts *facts, struct err *err);
    int (*chat)(void *self, const struct chat_request *request,
                struct turn *out, struct err *err);
    int (*complete)(void *self, const struct complete_request *request,
                    struct turn *out, struct err *err);
    /* Token ids of a text; *ids is the caller's to free. as_prompt: as the
     * engine reads a rendered prompt, with control tokens recognised and the
     * beginning-of-text token where the model wants one; otherwise as plain
     * text. */
    int (*tokenize)(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err);
    /* The prompt text that the engine's template makes of a conversation. */
    int (*render)(void *self, const struct chat_request *request,
                  char **text, struct err *err);
    /* Is it worth asking again? When not, why in one sentence: how the
     * process ended, with the engine's own last words. */
    bool (*alive)(void *self, struct err *why);
    void (*stop)(void *self);            /* frees self; cannot fail         */
};

extern const struct engine_ops engine_llama_server;
extern const struct engine_ops engine_openai_http;
extern const struct engine_ops engine_replay;

/* Every engine, in one greppable place; ends with NULL. */
extern const struct engine_ops *const engine_all[];

/* Borrowed, static storage. NULL when no engine has that name. */
const struct engine_ops *engine_find(const char *name);

/* The models that the server of a SOURCE_SERVER candidate offers. */
MUST_USE int engine_list_models(const struct candidate *c, const char *api_key,
                                struct text_list *names, struct err *err);

/* The engine that answers for a candidate of this source. */
const struct engine_ops *engine_for(enum source source);

#endif
