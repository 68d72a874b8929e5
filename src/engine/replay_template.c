/* SPDX-License-Identifier: MIT */
/* replay_template.c - see replay_template.h. */
#include "engine/replay_template.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

static bool says(const json_t *template, const char *key, const char *what)
{
    const char *text = jsonx_text(template, key);

    return text && strcmp(text, what) == 0;
}

/* "<user>", or with the number of messages behind it. */
static void add_mark(struct strbuf *b, const json_t *template,
                     const struct chat_request *request, size_t i)
{
    const char *role = request->messages[i].role;

    if (says(template, "history", "rewritten") && strcmp(role, "system") != 0)
        strbuf_addf(b, "<%s-%zu>", role, request->n_messages - 1 - i);
    else
        strbuf_addf(b, "<%s>", role);
}

/* The calls of an assistant's turn, as part of its mark: without blanks, so
 * that they cost no token of their own. */
static void add_calls(struct strbuf *b, const struct turn *t)
{
    for (size_t i = 0; i < t->n_calls; i++) {
        char *call = mem_printf("%s(%s)", t->calls[i].name,
                                t->calls[i].arguments);

        for (const char *at = call; *at; at++)
            if (!strchr(" \t\r\n", *at)) strbuf_addn(b, at, 1);
        free(call);
    }
}

char *replay_prompt(const json_t *template, bool has_tools,
                    const struct chat_request *request)
{
    bool          merges = says(template, "system", "merged");
    bool          drops  = says(template, "system", "dropped");
    const char   *merged = NULL;
    struct strbuf b;
    char         *tools = NULL, *text;

    if (request->tools && has_tools && !says(template, "tools", "dropped"))
        tools = jsonx_dump(request->tools);
    strbuf_init(&b, REPLAY_PROMPT_BYTES);
    if (tools) strbuf_addf(&b, "%s\n", tools);
    for (size_t i = 0; i < request->n_messages; i++) {
        const struct message *m    = &request->messages[i];
        const struct turn    *said = m->turn >= 0 ? &request->turns[m->turn]
                                                  : NULL;

        if ((merges || drops) && strcmp(m->role, "system") == 0) {
            if (merges) merged = m->text;
            continue;
        }
        add_mark(&b, template, request, i);
        if (said) add_calls(&b, said);
        if (merged && strcmp(m->role, "user") == 0) {
            strbuf_addf(&b, " %s\n", merged);
            merged = NULL;
        }
        strbuf_addf(&b, " %s\n", said ? said->content : m->text);
    }
    if (request->template_kwargs && says(template, "options", "shown")) {
        char *options = jsonx_dump(request->template_kwargs);

        strbuf_addf(&b, "%s\n", options);
        free(options);
    }
    strbuf_add(&b, "<assistant>");
    free(tools);
    text = strbuf_take(&b);
    strbuf_done(&b);
    return text;
}

int replay_use_template(const json_t *template,
                        const struct chat_request *request, struct err *err)
{
    const char *error = jsonx_text(template, "error");

    if (error)
        return err_set(err, ERR_FAILED, "the recording's template cannot be "
                       "used: %s", error);
    for (size_t i = 0; i < request->n_messages; i++)
        if (says(template, "system", "refused") &&
            strcmp(request->messages[i].role, "system") == 0)
            return err_set(err, ERR_FAILED, "the recording's template refuses "
                           "a system role");
    return 0;
}
