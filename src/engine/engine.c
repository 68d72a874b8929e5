/* SPDX-License-Identifier: MIT */
/* engine.c - the list of engines. Adding one: its file and one line here
 * (docs/plugins.md). */
#include "engine/engine.h"

#include <string.h>

const struct engine_ops *const engine_all[] = {
    &engine_llama_server,
    &engine_openai_http,
    &engine_replay,
    NULL,
};

const struct engine_ops *engine_find(const char *name)
{
    for (size_t i = 0; engine_all[i]; i++)
        if (strcmp(engine_all[i]->name, name) == 0) return engine_all[i];
    return NULL;
}

const struct engine_ops *engine_for(enum source source)
{
    switch (source) {
    case SOURCE_FILE:
    case SOURCE_HF: return &engine_llama_server;
    case SOURCE_SERVER: return &engine_openai_http;
    case SOURCE_REPLAY: return &engine_replay;
    }
    return NULL;
}
