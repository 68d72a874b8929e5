/* SPDX-License-Identifier: MIT */
/* pretend.c - see pretend.h. Each answer follows from the conversation so
 * far alone, so the same case always goes the same way. */
#include "engine/pretend.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/random.h"

const char *const pretend_name[PRETEND_COUNT] = {
#define X(kind, help) #kind,
    PRETENDERS(X)
#undef X
};

const char *const pretend_help[PRETEND_COUNT] = {
#define X(kind, help) help,
    PRETENDERS(X)
#undef X
};

/* ---- where the conversation stands -------------------------------------- */

struct standing {
    size_t      turn;          /* of the user, from 0                       */
    const char *said;          /* by the user                               */
    bool        has_called;    /* results have just been handed back        */
};

static struct standing standing_of(const struct chat_request *r)
{
    struct standing at = {.said = ""};
    size_t          n = 0;

    for (size_t i = 0; i < r->n_messages; i++) {
        const struct message *m = &r->messages[i];

        if (strcmp(m->role, "user") == 0 && !m->call_id) {
            n++;
            at.said = m->text;
        }
    }
    at.turn = n ? n - 1 : 0;
    at.has_called = r->n_messages > 0 &&
        strcmp(r->messages[r->n_messages - 1].role, "tool") == 0;
    return at;
}

/* ---- saying and calling ------------------------------------------------- */

static void say(struct turn *out, const char *text)
{
    free(out->content);
    out->content = mem_copy(text ? text : "");
}

static void call(struct turn *out, const char *name, const json_t *arguments)
{
    out->calls = mem_grow(out->calls, out->n_calls + 1, sizeof *out->calls);
    out->calls[out->n_calls] = (struct tool_call){
        mem_printf("call-%zu", out->n_calls + 1), mem_copy(name),
        jsonx_dump(arguments)};
    out->n_calls++;
}

static size_t any_of(uint64_t *state, size_t n)
{
    return n ? (size_t)(random_next(state) % n) : 0;
}

/* A value that the schema allows. */
static json_t *any_value(const struct pretend *p, const char *key,
                         const json_t *schema, uint64_t *state)
{
    const char   *type = jsonx_text(schema, "type");
    const json_t *choices = json_object_get(schema, "enum");

    if (json_array_size(choices))
        return json_incref(json_array_get(
            choices, any_of(state, json_array_size(choices))));
    if (type && strcmp(type, "array") == 0) {
        json_t *item = any_value(p, key, json_object_get(schema, "items"),
                                 state);
        return json_pack("[o]", item);
    }
    if (type && (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0))
        return json_integer((json_int_t)any_of(state, 101));
    if (type && strcmp(type, "boolean") == 0)
        return json_boolean(any_of(state, 2) == 1);
    if (strcmp(key, "domain") == 0) return json_string("light");
    return json_string(p->names && p->names->n
                       ? p->names->items[any_of(state, p->names->n)]
                       : "everything");
}

/* Of each argument that is required, and of a name: a tool without one
 * reaches nothing or all. */
static json_t *any_arguments(const struct pretend *p, const json_t *parameters,
                             uint64_t *state)
{
    json_t       *arguments = json_object();
    const json_t *required = json_object_get(parameters, "required"), *key;
    const char   *name;
    json_t       *schema;
    size_t        i;

    json_object_foreach(json_object_get(parameters, "properties"), name,
                        schema) {
        bool wanted = strcmp(name, "name") == 0;

        json_array_foreach(required, i, key)
            wanted = wanted || strcmp(name, json_string_value(key)) == 0;
        if (wanted)
            json_object_set_new(arguments, name,
                                any_value(p, name, schema, state));
    }
    return arguments;
}

static void call_tool(const struct pretend *p, const json_t *tools, size_t i,
                      uint64_t *state, struct turn *out)
{
    const json_t *function = json_object_get(json_array_get(tools, i),
                                             "function");
    const char   *name = jsonx_text(function, "name");
    json_t       *arguments = any_arguments(
        p, json_object_get(function, "parameters"), state);

    if (name) call(out, name, arguments);
    json_decref(arguments);
}

/* ---- the kinds ---------------------------------------------------------- */

static void anything(const struct pretend *p, const struct standing *at,
                     const struct chat_request *r, struct turn *out)
{
    static const char *const sentences[] = {
        "Yes.", "No.", "It is on now.", "I have turned it off.",
        "It is twenty degrees.", "There are three of them.",
        "Which one do you mean?", "In which room?",
        "I am sorry, there is no such device.", "That is not possible.",
        "The light in the kitchen is on.",
        ("Let me tell you a story about a "
         "small house by the sea."),
        "That would be at seven o'clock.",
        "It depends on the weather.", "I would say the blue one.",
    };
    uint64_t state = suite_mix(p->seed + at->turn, p->test->id);
    size_t   n = json_array_size(r->tools);

    state += at->has_called;
    if (n && !at->has_called && any_of(&state, 2))
        call_tool(p, r->tools, any_of(&state, n), &state, out);
    else
        say(out, sentences[any_of(&state,
                                  sizeof sentences / sizeof *sentences)]);
}

static const char *in_language(const struct pretend *p, const char *en,
                               const char *de, const char *es)
{
    return strcmp(p->test->language, "de") == 0   ? de
           : strcmp(p->test->language, "es") == 0 ? es : en;
}

static void reference(const struct pretend *p, const struct standing *at,
                      struct turn *out)
{
    const struct suite_turn *turn = at->turn < p->test->n_turns
        ? &p->test->turns[at->turn] : NULL;
    const json_t *calls = turn ? json_object_get(turn->reference, "calls")
                               : NULL, *one;
    size_t        i;

    if (!turn) return;
    if (json_array_size(calls) && !at->has_called)
        json_array_foreach(calls, i, one)
            call(out, jsonx_text(one, "name"),
                 json_object_get(one, "arguments"));
    else
        say(out, jsonx_text(turn->reference, "answer"));
}

static int pretend_chat(void *self, const struct chat_request *r,
                        struct turn *out, struct err *err)
{
    const struct pretend *p = self;
    struct standing       at = standing_of(r);
    uint64_t              state = 1;

    (void)err;
    out->sent_ns = 0;
    out->end_ns = 1;
    out->http_status = 200;
    out->finish = FINISH_STOP;
    switch (p->kind) {
    case PRETEND_first_tool:
        if (json_array_size(r->tools) && !at.has_called)
            call_tool(p, r->tools, 0, &state, out);
        else
            say(out, "Done.");
        break;
    case PRETEND_never_calls:
        say(out, "Thank you for telling me. I am always here for you.");
        break;
    case PRETEND_echo: say(out, at.said); break;
    case PRETEND_done: say(out, "Done!"); break;
    case PRETEND_asks:
        say(out, in_language(p, "Which one do you mean?",
                             "Welches davon meinst du?",
                             "¿Cuál de ellos quieres decir?"));
        break;
    case PRETEND_declines:
        say(out, in_language(p, "I am sorry, there is no such thing here.",
                             "Tut mir leid, so etwas gibt es hier nicht.",
                             "Lo siento, aquí no hay nada así."));
        break;
    case PRETEND_random: anything(p, &at, r, out); break;
    case PRETEND_oracle: reference(p, &at, out); break;
    case PRETEND_COUNT: break;
    }
    if (out->n_calls) out->finish = FINISH_CALLS;
    return 0;
}

static int pretend_start(void **self, const struct engine_spec *spec,
                         struct engine_facts *facts, struct err *err)
{
    (void)self;
    (void)spec;
    (void)facts;
    return err_set(err, ERR_BUG, "a pretender is not started");
}

static void pretend_stop(void *self) { (void)self; }

const struct engine_ops engine_pretend = {
    .name  = "pretend",
    .help  = "answers without understanding, to find a suite's floor",
    .start = pretend_start,
    .chat  = pretend_chat,
    .stop  = pretend_stop,
};
