/* SPDX-License-Identifier: MIT */
/* prompt.c - see prompt.h. */
#include "prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "share.h"

#define PROMPT_BYTES (4u << 20)

/* template with {{entities}} and {{now}} replaced; unknown {{x}} stay. */
static char *fill(const char *template, const char *entities)
{
    struct strbuf out;
    char         *text;

    strbuf_init(&out, PROMPT_BYTES);
    for (const char *at = template; *at;) {
        if (strncmp(at, "{{entities}}", 12) == 0) {
            strbuf_add(&out, entities);
            at += 12;
        } else if (strncmp(at, "{{now}}", 7) == 0) {
            strbuf_add(&out, PROMPT_NOW);
            at += 7;
        } else {
            strbuf_addn(&out, at++, 1);
        }
    }
    text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}

static char *entity_lines(const json_t *entities)
{
    struct strbuf out;
    size_t        i;
    json_t       *item;
    char         *text;

    strbuf_init(&out, PROMPT_BYTES);
    json_array_foreach(entities, i, item) {
        const char *name  = jsonx_text(item, "name");
        const char *area  = jsonx_text(item, "area");
        const char *state = jsonx_text(item, "state");

        strbuf_addf(&out, "%s '%s'", jsonx_text(item, "id"), name ? name : "");
        if (area) strbuf_addf(&out, " (%s)", area);
        if (state) strbuf_addf(&out, " = %s", state);
        strbuf_add(&out, "\n");
    }
    text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}

/* The user's template, or ours. Caller frees. */
static char *template_text(const struct config *config, struct err *err)
{
    struct bytes file = {0};
    char        *path, *text = NULL;

    if (config->prompt) return mem_copy(config->prompt);
    path = share_path("prompts/home.txt", err);
    if (path && bytes_read(&file, path, PROMPT_BYTES, err) == 0)
        text = mem_copy_n((const char *)file.data, file.size);
    else if (path) err_ctx(err, "%s", path);
    bytes_done(&file);
    free(path);
    return text;
}

int prompt_case(struct prompt_kit *out, const struct config *config,
                const struct home *home, struct err *err)
{
    char *template = template_text(config, err);
    char *lines;

    *out = (struct prompt_kit){0};
    if (!template) return -1;
    lines = home ? home_entity_lines(home) : mem_copy("");
    out->system = fill(template, lines);
    out->tools = home ? json_incref(home_tools(home)) : NULL;
    free(lines);
    free(template);
    return 0;
}

int prompt_user(struct prompt_kit *out, const struct config *config,
                struct err *err)
{
    struct home *home = NULL;
    char        *template, *lines;

    *out = (struct prompt_kit){0};
    if (!config->entities || !config->tools)
        if (home_new(&home, "flat", NULL, err)) return -1;
    template = template_text(config, err);
    if (!template) {
        home_free(home);
        return -1;
    }
    lines = config->entities ? entity_lines(config->entities)
                             : home_entity_lines(home);
    out->system = fill(template, lines);
    out->tools = json_incref(config->tools ? config->tools : home_tools(home));
    free(lines);
    free(template);
    home_free(home);
    return 0;
}

void prompt_done(struct prompt_kit *kit)
{
    free(kit->system);
    json_decref(kit->tools);
    *kit = (struct prompt_kit){0};
}
