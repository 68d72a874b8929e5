/* SPDX-License-Identifier: MIT */
/* ollama_request.c - see ollama_request.h. */
#include "engine/ollama_request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"

#define MAX_LINES 64      /* of a Modelfile */

/* ---- messages ----------------------------------------------------------- */

/* Arguments came as an object and went through text; what is none would be
 * refused, with the whole conversation. */
static json_t *arguments_json(const char *text)
{
    struct err ignored = {0};
    json_t    *value   = jsonx_parse(text, strlen(text), &ignored);

    if (json_is_object(value)) return value;
    json_decref(value);
    return json_object();
}

static json_t *assistant_json(const struct turn *turn)
{
    json_t *message = json_object(), *calls;

    jsonx_set_text(message, "role", "assistant");
    jsonx_set_text(message, "content", turn->content);
    if (turn->n_calls == 0) return message;
    calls = json_array();
    for (size_t i = 0; i < turn->n_calls; i++) {
        const struct tool_call *from = &turn->calls[i];
        json_t *call = json_object(), *function = json_object();

        jsonx_set_text(function, "name", from->name);
        json_object_set_new(function, "arguments",
                            arguments_json(from->arguments));
        if (*from->id) jsonx_set_text(call, "id", from->id);
        json_object_set_new(call, "function", function);
        json_array_append_new(calls, call);
    }
    json_object_set_new(message, "tool_calls", calls);
    return message;
}

/* The call that message i, a result, answers: by its id; older versions give
 * none, then by its place among the results. NULL: nobody asked. */
static const struct tool_call *answered(const struct chat_request *r, size_t i)
{
    const struct turn *asked;
    size_t             place = 0, asker = i;

    while (asker > 0 && r->messages[asker].turn < 0) asker--;
    if (r->messages[asker].turn < 0) return NULL;
    asked = &r->turns[r->messages[asker].turn];
    for (size_t k = 0; k < asked->n_calls; k++)
        if (*asked->calls[k].id &&
            strcmp(asked->calls[k].id, r->messages[i].call_id) == 0)
            return &asked->calls[k];
    for (size_t k = asker + 1; k < i; k++)
        if (strcmp(r->messages[k].role, "tool") == 0) place++;
    return place < asked->n_calls ? &asked->calls[place] : NULL;
}

static json_t *result_json(const struct chat_request *r, size_t i)
{
    const struct message   *m    = &r->messages[i];
    const struct tool_call *call = m->call_id ? answered(r, i) : NULL;
    json_t                 *item = json_object();

    jsonx_set_text(item, "role", "tool");
    jsonx_set_text(item, "content", m->text);
    if (call) jsonx_set_text(item, "tool_name", call->name);
    if (call && *call->id) jsonx_set_text(item, "tool_call_id", call->id);
    return item;
}

json_t *ollama_messages(const struct chat_request *r, const char *cold_line)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_messages; i++) {
        const struct message *m = &r->messages[i];
        json_t               *item;

        if (m->turn >= 0) {
            item = assistant_json(&r->turns[m->turn]);
        } else if (strcmp(m->role, "tool") == 0) {
            item = result_json(r, i);
        } else {
            char *text = mem_printf("%s%s", i == 0 && cold_line ? cold_line
                                                                : "", m->text);
            item = json_object();
            jsonx_set_text(item, "role", m->role);
            jsonx_set_text(item, "content", text);
            free(text);
        }
        json_array_append_new(list, item);
    }
    return list;
}

/* ---- how to sample and to think ----------------------------------------- */

json_t *ollama_options(const json_t *sampling, int context, int threads,
                       int num_predict)
{
    /* Of other servers: Ollama would warn of each in its log. */
    static const char *const foreign[] = {
        "samplers", "backend_sampling", "reasoning_effort",
        "reasoning_budget_tokens"};
    json_t *options = sampling ? json_copy((json_t *)(uintptr_t)sampling)
                               : json_object();

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        json_object_del(options, foreign[i]);
    jsonx_set_integer(options, "num_ctx", context);
    if (threads > 0) jsonx_set_integer(options, "num_thread", threads);
    if (num_predict > 0)
        jsonx_set_integer(options, "num_predict", num_predict);
    return options;
}

json_t *ollama_think(const json_t *kwargs)
{
    const char *effort = jsonx_text(kwargs, "reasoning_effort");
    int         on     = jsonx_truth(kwargs, "enable_thinking");

    if (on < 0) on = jsonx_truth(kwargs, "thinking");
    if (on >= 0) return json_boolean(on);
    if (!effort) return NULL;
    return strcmp(effort, "none") == 0 ? json_false() : json_string(effort);
}

/* ---- the command -------------------------------------------------------- */

static bool is_name(const char *model)
{
    if (!isalnum((unsigned char)*model)) return false;
    for (const char *c = model; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-:/@", *c)) return false;
    return strlen(model) < 300;
}

/* "hf.co/user/Qwen3-4B-GGUF:Q4_K_M" -> "Qwen3-4B-GGUF-Q4_K_M-audition". */
static char *new_name(const char *model)
{
    static const char implied[] = ":latest";
    const char *slash = strrchr(model, '/');
    char       *base  = mem_copy(slash ? slash + 1 : model), *name;
    size_t      len   = strlen(base), n = sizeof implied - 1;

    if (len > n && strcmp(base + len - n, implied) == 0) base[len - n] = '\0';
    for (char *c = base; *c; c++)
        if (strchr(":@", *c)) *c = '-';
    name = mem_printf("%s-audition", isalnum((unsigned char)*base) ? base
                                                                   : "model");
    free(base);
    return name;
}

/* "PARAMETER top_k 40", or NULL for what cannot be said in a Modelfile. */
static char *parameter_line(const char *key, const json_t *value)
{
    for (const char *c = key; *c; c++)
        if (!islower((unsigned char)*c) && *c != '_') return NULL;
    if (strcmp(key, "num_predict") == 0 || !json_is_number(value)) return NULL;
    if (json_is_integer(value))
        return mem_printf("PARAMETER %s %lld", key,
                          (long long)json_integer_value(value));
    return mem_printf("PARAMETER %s %.6g", key, json_number_value(value));
}

char *ollama_command(const char *model, const json_t *options,
                     const json_t *think)
{
    char       *lines[MAX_LINES + 3] = {mem_copy("printf"),
                                        mem_copy("%s\\n")};
    char       *name, *file, *text, *create, *all;
    size_t      n = 2;
    const char *key;
    json_t     *value;

    if (!is_name(model)) {
        free(lines[0]);
        free(lines[1]);
        return NULL;
    }
    lines[n++] = mem_printf("FROM %s", model);
    json_object_foreach((json_t *)(uintptr_t)options, key, value) {
        char *line = n < MAX_LINES ? parameter_line(key, value) : NULL;
        if (line) lines[n++] = line;
    }
    if (think) {
        char *how = jsonx_dump(think);
        lines[n++] = mem_printf("# send \"think\": %.40s with each request",
                                how);
        free(how);
    }
    name = new_name(model);
    file = mem_printf("%s.Modelfile", name);
    text = proc_quote(lines);
    create = proc_quote((char *[]){"ollama", "create", name, "-f", file,
                                   NULL});
    all = mem_printf("%s > %s && %s", text, file, create);
    for (size_t i = 0; i < n; i++) free(lines[i]);
    free(name);
    free(file);
    free(text);
    free(create);
    return all;
}
