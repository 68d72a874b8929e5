/* SPDX-License-Identifier: MIT */
/* tools_prompt.c - see tools_prompt.h. */
#include "tools_prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define MOST_BYTES        (1024 * 1024)
#define MOST_SYSTEM_BYTES (512 * 1024)
#define MOST_WORDS_BYTES  (8 * 1024)    /* all of it but system and tools */
#define MOST_FORM_BYTES   256

/* ---- the form ----------------------------------------------------------- */

/* A text of a form: `fallback` when there is none; NULL when it is too long
 * or no text. */
static const char *form_text(const json_t *form, const char *key,
                             const char *fallback)
{
    const json_t *value = json_object_get(form, key);

    if (!value) return fallback;
    return json_string_length(value) <= MOST_FORM_BYTES
               ? json_string_value(value) : NULL;
}

/* Everything that a form needs, well-formed. */
static bool is_documented(const json_t *form)
{
    const char *body = form_text(form, "body", NULL);
    const char *key  = form_text(form, "arguments", "arguments");

    if (!body || !key || !form_text(form, "open", NULL) ||
        !form_text(form, "close", NULL) || !form_text(form, "source", NULL))
        return false;
    if (strcmp(body, "named") == 0) {
        const char *separator = form_text(form, "separator", NULL);
        return separator && *separator;
    }
    return (strcmp(body, "object") == 0 || strcmp(body, "array") == 0) &&
           (strcmp(key, "arguments") == 0 || strcmp(key, "parameters") == 0);
}

/* What is before and behind `place` in a text of the form; in `fallback` when
 * the form has none with a place. */
static void split(const json_t *form, const char *key, const char *place,
                  const char *fallback, char **before, char **behind)
{
    const char *text = form_text(form, key, fallback);
    const char *at   = text ? strstr(text, place) : NULL;

    if (!at) {
        text = fallback;
        at   = strstr(text, place);
    }
    *before = mem_copy_n(text, (size_t)(at - text));
    *behind = mem_copy(at + strlen(place));
}

/* The mark that a form begins with, without white space and what follows. */
static char *first_mark(const char *open)
{
    size_t n;

    open += strspn(open, " \n");
    n = strcspn(open, "\n");
    if (*open == '<' && strchr(open, '>')) n = strcspn(open, ">") + 1;
    while (n > 0 && strchr(" :", open[n - 1])) n--;
    return mem_copy_n(open, n);
}

static char *name_of(const struct tools_prompt *p)
{
    char       *mark = first_mark(p->open), *name;
    const char *body = p->separator ? "the name and a JSON object"
                     : p->is_array  ? "a JSON array" : "a JSON object";

    name = *mark ? mem_printf("%s with %s", mark, body)
         : p->separator ? mem_copy(body)
                        : mem_printf("bare JSON %s", p->is_array ? "array"
                                                                 : "object");
    free(mark);
    return name;
}

void tools_prompt_make(const struct catalogue_model *known,
                       struct tools_prompt *out)
{
    const json_t *form = known && is_documented(known->tools) ? known->tools
                                                              : NULL;
    const char   *body = form_text(form, "body", "object");
    bool          is_named = strcmp(body, "named") == 0;

    *out = (struct tools_prompt){
        .source   = mem_copy(form_text(form, "source", NULL)),
        .open     = mem_copy(form_text(form, "open", "<tool_call>\n")),
        .close    = mem_copy(form_text(form, "close", "\n</tool_call>")),
        .is_array = strcmp(body, "array") == 0,
        .separator =
            is_named ? mem_copy(form_text(form, "separator", NULL)) : NULL,
        .arguments_key =
            mem_copy(form_text(form, "arguments", "arguments")),
    };
    split(form, "result", "{result}",
          "<tool_response>\n{result}\n</tool_response>", &out->result_open,
          &out->result_close);
    split(form, "declare", "{tools}", "<tools>\n{tools}\n</tools>",
          &out->list_open, &out->list_close);
    out->name = name_of(out);
}

void tools_prompt_done(struct tools_prompt *p)
{
    free(p->name);
    free(p->source);
    free(p->open);
    free(p->close);
    free(p->separator);
    free(p->arguments_key);
    free(p->result_open);
    free(p->result_close);
    free(p->list_open);
    free(p->list_close);
    *p = (struct tools_prompt){0};
}

/* ---- what the model reads ----------------------------------------------- */

/* At most `most` bytes of text, whole characters. */
static void add_cut(struct strbuf *b, const char *text, size_t most)
{
    size_t n = strlen(text);

    if (n > most) {
        n = most;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    }
    strbuf_addn(b, text, n);
}

static void add_tools(struct strbuf *b, const struct tools_prompt *p,
                      const json_t *tools)
{
    const char   *bracket  = strrchr(p->list_open, '[');
    bool          is_array = bracket && bracket[1 + strspn(bracket + 1,
                                                           " \n")] == '\0';
    bool          is_first = true;
    size_t        i;
    const json_t *tool;

    strbuf_add(b, p->list_open);
    json_array_foreach(tools, i, tool) {
        char *line = jsonx_dump(tool);

        if (b->len + strlen(line) + MOST_WORDS_BYTES < MOST_BYTES) {
            if (!is_first) strbuf_add(b, is_array ? ",\n" : "\n");
            strbuf_add(b, line);
            is_first = false;
        }
        free(line);
    }
    strbuf_add(b, p->list_close);
}

/* A call with words for its parts. */
static void add_example(struct strbuf *b, const struct tools_prompt *p)
{
    static const char arguments[] = "{\"ARGUMENT\": \"VALUE\"}";

    strbuf_add(b, p->open);
    if (p->separator)
        strbuf_addf(b, "NAME%s%s", p->separator, arguments);
    else
        strbuf_addf(b, "%s{\"name\": \"NAME\", \"%s\": %s}%s",
                    p->is_array ? "[" : "", p->arguments_key, arguments,
                    p->is_array ? "]" : "");
    strbuf_add(b, p->close);
}

static char *finish(struct strbuf *b)
{
    char *text = strbuf_take(b);

    strbuf_done(b);
    return text;
}

char *tools_prompt_system(const struct tools_prompt *p, const char *system,
                          const json_t *tools)
{
    struct strbuf b;

    strbuf_init(&b, MOST_BYTES);
    add_cut(&b, system, MOST_SYSTEM_BYTES);
    if (json_array_size(tools) == 0) return finish(&b);
    strbuf_addf(&b, "%s# Tools\n\nThese are the tools that you can call, each "
                "with the JSON Schema of its arguments:\n",
                b.len ? "\n\n" : "");
    add_tools(&b, p, tools);
    strbuf_add(&b, "\n\nTo call one, answer with nothing but this, filled "
               "in:\n");
    add_example(&b, p);
    strbuf_addf(&b, "\n%s Call a tool only when the request needs one; "
                "otherwise answer in plain words. The next turn brings the "
                "results:\n%sRESULT%s\nThen answer in plain words.",
                p->is_array ? "Several calls go into the one array."
                            : "For several calls, write that several times.",
                p->result_open, p->result_close);
    return finish(&b);
}

char *tools_prompt_results(const struct tools_prompt *p,
                           char *const *results, size_t n)
{
    struct strbuf b;
    size_t        around = strlen(p->result_open) + strlen(p->result_close) + 1;
    size_t        share  = n ? MOST_BYTES / n : 0;

    strbuf_init(&b, MOST_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) strbuf_add(&b, "\n");
        strbuf_add(&b, p->result_open);
        add_cut(&b, results[i] ? results[i] : "",
                share > around ? share - around : 0);
        strbuf_add(&b, p->result_close);
    }
    return finish(&b);
}
