/* SPDX-License-Identifier: MIT */
/* fake_model.h - the "model" of fake_server.c: one token per whitespace word,
 * a ChatML template, and answers chosen by a script. Only fake_server.c
 * includes it. No sockets and no clock here.
 */
#ifndef TESTS_FAKE_MODEL_H
#define TESTS_FAKE_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_VOCAB  60000
#define N_HASH   (1u << 17)
#define N_FILLER (sizeof filler / sizeof *filler)
#define MAX_GEN  100000

static const char default_answer[] =
    "The answer is forty two. Anything else?";
static const char *const filler[] = {
    " The", " sky", " over", " the", " harbour", " was", " grey.", " A",
    " ship", " came", " in", " slowly,", " and", " nobody", " spoke."};

/* Words seen so far; a word's id is its index + 1. */
struct vocab {
    char *words[N_VOCAB];
    int   n;
    int   ids[N_HASH];     /* 0: free */
};

struct ids {
    int   *at;
    size_t n;
};

static void *must(void *memory)
{
    if (!memory) abort();
    return memory;
}

static char *copy_n(const char *text, size_t n)
{
    char *copy = must(malloc(n + 1));

    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

static int vocab_id(struct vocab *v, const char *word, size_t n)
{
    uint32_t hash = 2166136261u;         /* FNV-1a */

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)word[i]) * 16777619u;
    for (hash %= N_HASH; v->ids[hash]; hash = (hash + 1) % N_HASH) {
        const char *known = v->words[v->ids[hash] - 1];
        if (strncmp(known, word, n) == 0 && known[n] == '\0')
            return v->ids[hash];
    }
    if (v->n == N_VOCAB) return N_VOCAB;
    v->words[v->n++] = copy_n(word, n);
    return v->ids[hash] = v->n;
}

/* Every id below N_VOCAB is a token, also one that no text has used yet. */
static void vocab_print(const struct vocab *v, int id, FILE *out)
{
    if (id >= 1 && id <= v->n) fputs(v->words[id - 1], out);
    else fprintf(out, "w%d", id);
}

/* Length of the next token of text: white space and a word. */
static size_t next_token(const char *text, size_t *blank)
{
    *blank = strspn(text, " \t\r\n");
    return *blank + strcspn(text + *blank, " \t\r\n");
}

static void ids_add(struct ids *ids, int id)
{
    if ((ids->n & (ids->n - 1)) == 0)
        ids->at = must(realloc(ids->at,
                               (ids->n ? 2 * ids->n : 1) * sizeof *ids->at));
    ids->at[ids->n++] = id;
}

static struct ids tokenize(struct vocab *v, const char *text)
{
    struct ids ids = {NULL, 0};
    size_t     blank, n;

    while ((n = next_token(text, &blank)) > blank) {
        ids_add(&ids, vocab_id(v, text + blank, n - blank));
        text += n;
    }
    return ids;
}

static size_t common_prefix(const struct ids *a, const struct ids *b)
{
    size_t n = 0;

    while (n < a->n && n < b->n && a->at[n] == b->at[n]) n++;
    return n;
}

/* A message's text: a string, or the text parts of an array. */
static void print_content(const json_t *content, FILE *out)
{
    json_t *part;
    size_t  i;

    if (json_is_string(content)) fputs(json_string_value(content), out);
    json_array_foreach(content, i, part) {
        const char *text = json_string_value(json_object_get(part, "text"));
        if (text) fputs(text, out);
    }
}

static void print_json(const json_t *value, FILE *out)
{
    char *text = must(json_dumps(value, JSON_ENCODE_ANY));

    fputs(text, out);
    free(text);
}

/* The prompt of a conversation, ChatML with the tools in front. */
static char *render(const json_t *messages, const json_t *tools)
{
    char   *text = NULL;
    size_t  n = 0, i, k;
    FILE   *out = must(open_memstream(&text, &n));
    json_t *message, *item;

    if (json_array_size(tools) > 0) {
        fputs("<|im_start|>system\n# Tools\n<tools>", out);
        json_array_foreach(tools, i, item) {
            fputs("\n", out);
            print_json(item, out);
        }
        fputs("\n</tools><|im_end|>\n", out);
    }
    json_array_foreach(messages, i, message) {
        const char *role = json_string_value(json_object_get(message, "role"));

        fprintf(out, "<|im_start|>%s\n", role ? role : "user");
        print_content(json_object_get(message, "content"), out);
        json_array_foreach(json_object_get(message, "tool_calls"), k, item) {
            fputs("\n<tool_call>\n", out);
            print_json(json_object_get(item, "function"), out);
            fputs("\n</tool_call>", out);
        }
        fputs("<|im_end|>\n", out);
    }
    fputs("<|im_start|>assistant\n", out);
    fclose(out);
    return text;
}

/* The last thing said to the model, and whether a tool said it. */
static char *last_input(const json_t *messages, bool *by_tool)
{
    char  *text = NULL;
    size_t n = 0;
    FILE  *out = must(open_memstream(&text, &n));

    *by_tool = false;
    for (size_t i = json_array_size(messages); i-- > 0;) {
        const json_t *message = json_array_get(messages, i);
        const char   *role = json_string_value(json_object_get(message,
                                                               "role"));

        if (!role || (strcmp(role, "user") && strcmp(role, "tool"))) continue;
        *by_tool = strcmp(role, "tool") == 0;
        print_content(json_object_get(message, "content"), out);
        break;
    }
    fclose(out);
    return text;
}

/* The script's first rule for a conversation, or NULL. A rule has a "match"
 * (a part of the last input; absent: any) and a "role" (user or tool;
 * absent: both). */
static const json_t *choose_rule(const json_t *rules, const json_t *messages)
{
    bool          by_tool;
    char         *input = last_input(messages, &by_tool);
    const json_t *found = NULL;
    json_t       *rule;
    size_t        i;

    json_array_foreach(rules, i, rule) {
        const char *match = json_string_value(json_object_get(rule, "match"));
        const char *role  = json_string_value(json_object_get(rule, "role"));

        if (found || (match && !strstr(input, match))) continue;
        if (role && strcmp(role, by_tool ? "tool" : "user")) continue;
        found = rule;
    }
    free(input);
    return found;
}

/* One generated token. */
struct piece {
    enum { SAY, THINK, CALL } kind;
    char       *text;
    size_t      call;          /* CALL: which                              */
    const char *opens;         /* CALL: the function's name, in its first  */
};

struct answer {
    struct piece *pieces;
    size_t        n;
    size_t        calls;
    bool          limited;     /* the token limit ended it */
};

static void add_pieces(struct answer *a, const struct piece *like,
                       const char *text)
{
    const char *opens = like->opens;

    while (*text || opens) {
        size_t blank, n = next_token(text, &blank);

        if (text[n] && text[n + strspn(text + n, " \t\r\n")] == '\0')
            n = strlen(text);               /* blanks at the end */
        if ((a->n & (a->n - 1)) == 0)
            a->pieces = must(realloc(a->pieces, (a->n ? 2 * a->n : 1) *
                                                sizeof *a->pieces));
        a->pieces[a->n] = *like;
        a->pieces[a->n].opens = opens;
        a->pieces[a->n++].text = copy_n(text, n);
        opens = NULL;
        text += n;
    }
}

static void add_calls(struct answer *a, const json_t *calls)
{
    json_t *call;
    size_t  i;

    json_array_foreach(calls, i, call) {
        const json_t *args = json_object_get(call, "arguments");
        const char   *name = json_string_value(json_object_get(call, "name"));
        char *text = json_is_string(args)
            ? copy_n(json_string_value(args), json_string_length(args))
            : json_dumps(args, 0);

        add_pieces(a, &(struct piece){.kind = CALL, .call = a->calls++,
                                      .opens = name ? name : ""},
                   text ? text : "{}");
        free(text);
    }
}

static void answer_limit(struct answer *a, size_t limit)
{
    if (a->n >= limit) a->limited = true;
    while (a->n > limit)
        free(a->pieces[--a->n].text);
}

/* Words of no meaning until there are exactly n tokens. */
static void answer_fill(struct answer *a, size_t n)
{
    for (size_t i = 0; a->n < n; i++)
        add_pieces(a, &(struct piece){.kind = SAY}, filler[i % N_FILLER]);
    answer_limit(a, n);
    a->limited = true;
}

static struct answer answer_of_rule(const json_t *rule, bool may_call)
{
    const json_t *content   = json_object_get(rule, "content");
    const json_t *reasoning = json_object_get(rule, "reasoning");
    struct answer a         = {.n = 0};

    if (json_is_string(reasoning))
        add_pieces(&a, &(struct piece){.kind = THINK},
                   json_string_value(reasoning));
    if (json_is_string(content))
        add_pieces(&a, &(struct piece){.kind = SAY},
                   json_string_value(content));
    if (may_call) add_calls(&a, json_object_get(rule, "tool_calls"));
    if (a.n == 0 && !json_is_string(content))
        add_pieces(&a, &(struct piece){.kind = SAY}, default_answer);
    return a;
}

static void answer_done(struct answer *a)
{
    answer_limit(a, 0);
    free(a->pieces);
    *a = (struct answer){.n = 0};
}

/* Texts of one kind joined; caller frees. */
static char *answer_text(const struct answer *a, int kind, size_t call)
{
    char  *text = NULL;
    size_t n = 0;
    FILE  *out = must(open_memstream(&text, &n));

    for (size_t i = 0; i < a->n; i++)
        if ((int)a->pieces[i].kind == kind && a->pieces[i].call == call)
            fputs(a->pieces[i].text, out);
    fclose(out);
    return text;
}

#endif
