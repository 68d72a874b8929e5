/* SPDX-License-Identifier: MIT */
/* preflight_turns.c - a few real questions: does the model end its turn, does
 * it reason, does it write control tokens as text, does it call a tool? */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "dialect.h"
#include "preflight_internal.h"
#include "spoken.h"

#define SHORT_TOKENS 120
#define LONG_TOKENS  400      /* of a model that reasons first */

#define PLAIN_SYSTEM "You are a voice assistant. Answer in one short sentence."
#define PLAIN_USER   "What is the capital of France?"
#define HOME_SYSTEM  "You are the voice assistant of a home. Use the tools " \
                     "to do what the user asks. Answer in one short sentence."
#define HOME_USER    "Turn on the kitchen light."

static json_t *home_tools(void)
{
    return json_pack(
        "[{s:s, s:{s:s, s:s, s:{s:s, s:{s:{s:s, s:s}}, s:[s]}}},"
        " {s:s, s:{s:s, s:s, s:{s:s, s:{}}}}]",
        "type", "function", "function", "name", "HassTurnOn", "description",
        "Turns on or opens a device.", "parameters", "type", "object",
        "properties", "name", "type", "string", "description",
        "Name of the device.", "required", "name",
        "type", "function", "function", "name", "GetLiveContext",
        "description", "Tells the current state of all devices.",
        "parameters", "type", "object", "properties");
}

/* ---- reading an answer ------------------------------------------------- */

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t\r\n")] == '\0';
}

/* Letters that stand outside of tags, which templates write themselves. */
static bool has_words(const char *text, size_t len)
{
    int depth = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '<' || text[i] == '[') depth++;
        else if (text[i] == '>' || text[i] == ']') depth -= depth > 0;
        else if (depth == 0 && !strchr(" \t\r\n", text[i])) return true;
    }
    return false;
}

bool flight_reasons(const struct turn *answer)
{
    struct spoken s;
    bool          does = !is_blank(answer->reasoning);

    spoken_split(answer->content, &s);
    for (size_t i = 0; i < s.n_thoughts && !does; i++)
        does = has_words(answer->content + s.thoughts[i].begin,
                         s.thoughts[i].end - s.thoughts[i].begin);
    spoken_done(&s);
    return does;
}

char *flight_speech(const struct turn *answer)
{
    struct spoken s;
    char         *text;

    spoken_split(answer->content, &s);
    text = mem_copy(s.text);
    spoken_done(&s);
    return text;
}

#define TOKEN_BYTES 48     /* of a control token's spelling, at most */

/* Of answers and of prompts: more than any honest one to our questions has.
 * Each word of the one is looked for in the other. */
#define SEARCH_BYTES (16u << 10)

/* Bytes of the bracketed word that text begins with, 0 when there is none. */
static size_t bracketed(const char *text)
{
    char   close = *text == '<' ? '>' : *text == '[' ? ']' : '\0';
    size_t n = 1;

    if (!close) return 0;
    while (n < TOKEN_BYTES && text[n] && text[n] != close &&
           !strchr(" \t\r\n<[", text[n]))
        n++;
    return n >= 2 && n < TOKEN_BYTES && text[n] == close ? n + 1 : 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Is this bracketed word a control token by its looks, or one that the
 * template itself puts around messages? */
static bool is_control(const char *word, const char *template_text)
{
    static const char *const known[] = {
        "<s>", "</s>", "<eos>", "<bos>", "<pad>", "<unk>", "<end_of_turn>",
        "<start_of_turn>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]"};

    if (begins(word, "<|") || begins(word, "<｜")) return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(word, known[i]) == 0) return true;
    return strstr(template_text, word) != NULL;
}

/* The first control token that is spelled out in a text, or NULL. */
static char *leaked_token(const char *text, const char *template_text)
{
    const char *end = text + strnlen(text, SEARCH_BYTES);

    for (; text < end; text++) {
        size_t n = bracketed(text);
        char  *word;

        if (n == 0) continue;
        word = mem_copy_n(text, n);
        if (is_control(word, template_text)) return word;
        free(word);
    }
    return NULL;
}

void flight_note_end(struct flight *f, const struct turn *answer)
{
    struct preflight *out = f->out;
    char             *speech = flight_speech(answer);

    if (answer->finish == FINISH_STOP || answer->finish == FINISH_CALLS)
        out->ends_turn = 1;
    else if (answer->finish == FINISH_LENGTH && !flight_reasons(answer))
        out->ends_turn = 0;
    if (!out->leaked_token) {
        char *plain = mem_copy_n(f->plain ? f->plain : "",
                                 f->plain ? strnlen(f->plain, SEARCH_BYTES)
                                          : 0);

        out->leaked_token = leaked_token(speech, plain);
        free(plain);
    }
    free(speech);
}

/* ---- the questions ----------------------------------------------------- */

void flight_question(const struct flight *f, struct trial *talk,
                     const char *system, const char *user)
{
    *talk = (struct trial){0};
    if (f->out->system != SYSTEM_REFUSED) {
        char *text = mem_printf("%s%s%s", system, f->suffix ? "\n" : "",
                                f->suffix ? f->suffix : "");
        trial_add_message(talk, "system", text);
        free(text);
    }
    trial_add_message(talk, "user", user);
}

static void note_thinking(struct flight *f, const struct turn *answer)
{
    if (flight_reasons(answer)) f->out->thinks = 1;
    else if (f->out->thinks < 0 &&
             (answer->n_calls || !is_blank(answer->content)))
        f->out->thinks = 0;
}

/* Somebody who switched it on, by config or by option, wants it on. */
static bool may_switch_off(const struct flight *f)
{
    const json_t *set = f->how->template_kwargs;

    return f->out->thinks == 1 && !f->how->keep_thinking &&
           jsonx_truth(set, "enable_thinking") != 1 &&
           jsonx_truth(set, "thinking") != 1;
}

/* Room for a thought, where there still is one. */
static int enough_tokens(const struct flight *f)
{
    return f->out->thinks == 1 && f->out->can_disable != 1 ? LONG_TOKENS
                                                           : SHORT_TOKENS;
}

static void ask_for_end(struct flight *f)
{
    struct trial talk;
    struct turn  answer;
    struct err   ignored;

    flight_question(f, &talk, PLAIN_SYSTEM, PLAIN_USER);
    if (flight_ask(f, &talk, NULL, enough_tokens(f), &answer, &ignored) == 0)
        flight_note_end(f, &answer);
    turn_done(&answer);
    trial_done(&talk);
}

static void ask_plain(struct flight *f)
{
    struct trial talk;
    struct turn  answer;

    flight_question(f, &talk, PLAIN_SYSTEM, PLAIN_USER);
    if (flight_ask(f, &talk, NULL, SHORT_TOKENS, &answer, &f->no_answer) == 0) {
        note_thinking(f, &answer);
        flight_note_end(f, &answer);
    }
    turn_done(&answer);
    if (may_switch_off(f)) flight_stop_thinking(f, &talk, NULL);
    trial_done(&talk);
    /* Cut off in the middle of a thought: how it ends is not yet known. */
    if (f->out->thinks == 1 && f->out->ends_turn < 0) ask_for_end(f);
}

static void note_call(struct flight *f, const struct turn *answer,
                      const json_t *tools)
{
    struct preflight *out = f->out;
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;
    char             *speech = flight_speech(answer);

    if (answer->n_calls) {
        out->called = 1;
    } else if (dialect_find(speech, tools, &calls, &n, &dialect) > 0) {
        out->called = 0;
        out->text_call = mem_copy(dialect);
        if (out->tools != TOOLS_UNKNOWN) out->tools = TOOLS_TEXT_ONLY;
        dialect_free(calls, n);
    } else if (!is_blank(speech)) {
        out->called = 0;
    }
    free(speech);
}

/* Said no, for good: neither busy nor lost on the way. */
static bool is_refusal(const struct turn *answer)
{
    return answer->http_status >= 400 && answer->http_status != 429 &&
           answer->http_status != 503;
}

static void ask_for_tool(struct flight *f)
{
    json_t      *tools = home_tools();
    struct trial talk;
    struct turn  answer;
    struct err   why;
    bool         is_news;

    flight_question(f, &talk, HOME_SYSTEM, HOME_USER);
    if (flight_ask(f, &talk, tools, enough_tokens(f), &answer, &why) == 0) {
        is_news = f->out->thinks != 1;
        note_call(f, &answer, tools);
        note_thinking(f, &answer);
        /* Some reason only where there is something to decide. */
        if (is_news && may_switch_off(f)) flight_stop_thinking(f, &talk, tools);
    } else if (is_refusal(&answer) && f->no_answer.kind == ERR_NONE) {
        f->tools_refused = why;
        if (f->out->tools == TOOLS_UNKNOWN) f->out->tools = TOOLS_NONE;
    }
    turn_done(&answer);
    trial_done(&talk);
    json_decref(tools);
}

void flight_ask_questions(struct flight *f, bool offers_tools)
{
    ask_plain(f);
    if (offers_tools && f->fatal.kind == ERR_NONE) ask_for_tool(f);
}
