/* SPDX-License-Identifier: MIT */
/* preflight_findings.c - from facts to sentences: what is wrong, whose fault
 * it is, and what to do. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "preflight_internal.h"

#define GIVE_TEMPLATE "(server_args: [--chat-template-file, FILE])"

void preflight_copy(char *out, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size) : 0;

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) len--;
    }
    if (len > 0) memcpy(out, text, len);
    out[len] = '\0';
}

/* The fact is a format; the remedy is said as it is. */
static void add(struct preflight *p, const char *kind, enum fault fault,
                const char *remedy, const char *fmt, ...) PRINTF_LIKE(5, 6);
static void add(struct preflight *p, const char *kind, enum fault fault,
                const char *remedy, const char *fmt, ...)
{
    struct finding *f;
    char            text[2000];
    va_list         args;

    p->findings = mem_grow(p->findings, p->n_findings + 1,
                           sizeof *p->findings);
    f = &p->findings[p->n_findings++];
    *f = (struct finding){.fault = fault};
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    preflight_copy(f->kind, sizeof f->kind, kind);
    preflight_copy(f->text, sizeof f->text, text);
    preflight_copy(f->remedy, sizeof f->remedy, remedy);
}

/* What the engine says at the end of a template's trace, or all it says. */
static const char *reason(const struct err *why)
{
    static const char mark[] = "Error: ";
    const char       *last = why->text;

    for (const char *at = why->text; (at = strstr(at, mark)) != NULL;)
        last = at += sizeof mark - 1;
    return last;
}

static void find_system(const struct flight *f, struct preflight *p)
{
    if (p->system == SYSTEM_DROPPED)
        add(p, "system_dropped", FAULT_TEMPLATE, "put your instructions into "
            "the user's first message, or give a template that renders the "
            "system role " GIVE_TEMPLATE, "the chat template drops the system "
            "message: the model never sees your prompt");
    if (p->system == SYSTEM_REFUSED)
        add(p, "system_refused", FAULT_TEMPLATE, "put your instructions into "
            "the user's first message, or give a template that renders the "
            "system role " GIVE_TEMPLATE, "the chat template refuses a system "
            "message: %.250s", reason(&f->system_refused));
}

static void find_tools(const struct flight *f, struct preflight *p)
{
    if (f->tools_refused.kind != ERR_NONE)
        add(p, "tools_refused", p->tools == TOOLS_NONE ? FAULT_TEMPLATE
            : FAULT_ENGINE, "give a template that renders "
            "tools " GIVE_TEMPLATE ", or describe the tools in `prompt:`",
            "a request that offers tools fails: %.300s",
            reason(&f->tools_refused));
    else if (p->tools == TOOLS_NONE)
        add(p, "tools_dropped", FAULT_TEMPLATE, "use a template that renders "
            "tools " GIVE_TEMPLATE ", or describe the tools in `prompt:`; for "
            "a home assistant, choose a model trained for tool calls",
            "the chat template in the file drops the tool list: whatever "
            "tools a request offers, the model never sees them");
    if (p->text_call)
        add(p, "calls_as_text", FAULT_TEMPLATE, "give a template whose call "
            "format the server knows " GIVE_TEMPLATE ", parse such calls in "
            "your assistant, or choose the model's general Instruct sibling",
            "asked to switch on a light, the model wrote the call as text "
            "(%.60s), which the server does not parse for this template: the "
            "light stays off", p->text_call);
}

/* Of templates that show tools: the others were told apart already. */
static void find_tool_turns(const struct flight *f, struct preflight *p)
{
    if (f->results_refused.kind != ERR_NONE)
        add(p, "results_dropped", FAULT_TEMPLATE, "give a template that "
            "renders tool results " GIVE_TEMPLATE, "the chat template fails "
            "when a tool's result is handed back: %.250s",
            reason(&f->results_refused));
    else if (p->shows_results == 0)
        add(p, "results_dropped", FAULT_TEMPLATE, "give a template that "
            "renders tool results " GIVE_TEMPLATE, "the chat template drops "
            "what tools answer: the model cannot tell what it found");
    else if (p->shows_calls == 0)
        add(p, "calls_dropped", FAULT_TEMPLATE, "give a template that renders "
            "calls " GIVE_TEMPLATE, "the chat template leaves the model's own "
            "calls out of the history: it does not see what it has done");
    else if (p->shows_parallel_calls == 0)
        add(p, "parallel_calls_dropped", FAULT_TEMPLATE, "let the assistant "
            "carry out one call at a time, or give a template that renders "
            "several " GIVE_TEMPLATE, f->parallel_refused.kind == ERR_NONE
            ? "of two calls in one turn and their results, the chat template "
              "does not show all%s%.250s"
            : "the chat template fails on two calls in one turn%s%.250s",
            f->parallel_refused.kind == ERR_NONE ? "" : ": ",
            reason(&f->parallel_refused));
}

static void find_history(const struct flight *f, struct preflight *p)
{
    if (p->history != HISTORY_REWRITTEN) return;
    if (f->drops_thoughts)
        add(p, "history_rewritten", FAULT_TEMPLATE, "switch the reasoning "
            "off, or choose a model that does not reason; with plain "
            "attention only the last answer is read again",
            "the chat template takes the reasoning out of earlier answers, so "
            "from turn %d on the prompt departs from what is in the cache: a "
            "model with a sliding window or a recurrent state reads all of it "
            "again", p->rewritten_at);
    else
        add(p, "history_rewritten", FAULT_TEMPLATE, "give a template that "
            "leaves earlier turns as they are " GIVE_TEMPLATE ", or keep "
            "conversations short", "the chat template changes earlier turns "
            "as the conversation grows, first in turn %d: what stands behind "
            "the change is read again in every turn", p->rewritten_at);
}

static void find_text_faults(struct preflight *p)
{
    if (p->shows_unicode == 0)
        add(p, "unicode_lost", FAULT_TEMPLATE, "give another template "
            GIVE_TEMPLATE, "the chat template does not pass letters beyond "
            "ASCII on as they are");
    if (p->takes_empty_content == 0)
        add(p, "empty_content", FAULT_TEMPLATE, "send a word instead of an "
            "empty answer, or give another template " GIVE_TEMPLATE, "the "
            "chat template fails on an assistant's turn without words, as "
            "each tool call is, or writes \"None\" in its place");
    if (p->doubles_bos == 1)
        add(p, "doubled_bos", FAULT_TEMPLATE, "take the beginning-of-text "
            "token out of the template " GIVE_TEMPLATE ", or the file's "
            "add_bos_token", "prompts begin with two beginning-of-text "
            "tokens: the template writes one although the tokenizer adds it, "
            "which costs some models quality");
}

static void find_answers(const struct flight *f, struct preflight *p)
{
    if (p->leaked_token)
        add(p, "leaked_token", FAULT_FILE, "get a newer conversion of the "
            "model, or give the template that it was trained with "
            GIVE_TEMPLATE, "an answer holds the control token %.48s as text, "
            "which a speech synthesiser reads aloud", p->leaked_token);
    if (p->ends_turn == 0)
        add(p, "does_not_stop", p->leaked_token ? FAULT_FILE : FAULT_MODEL,
            "check that the template is the one it was trained with, and limit "
            "answers with max_tokens", "asked for one short sentence, the "
            "model did not end its turn within 120 tokens");
    if (f->no_answer.kind != ERR_NONE)
        add(p, "no_answer", FAULT_ENGINE, "look at the engine's log, and try "
            "again", "a plain question got no answer: %.300s",
            f->no_answer.text);
}

static void find_thinking(struct preflight *p)
{
    if (p->can_disable == 1)
        add(p, "thinking_switched_off", FAULT_MODEL, "nothing: it is part of "
            "what is measured and of the launch command; `thinking: keep` "
            "auditions the model as it comes", "the model reasons before it "
            "answers, while the listener waits; that was switched off by "
            "%.100s", p->disabled_by);
    if (p->can_disable == 0)
        add(p, "thinking_cannot_be_disabled", FAULT_MODEL, "compare ttfat_s, "
            "which counts from the question to the answer itself, or choose "
            "an Instruct model that does not reason", "the model reasons "
            "before it answers, while the listener waits, and nothing switches "
            "that off%s%.200s", p->tried ? "; tried: " : ": its template has "
            "no option for it", p->tried ? p->tried : "");
}

void preflight_find(const struct flight *f)
{
    struct preflight *p = f->out;

    if (f->how->facts->context_note)
        add(p, "context_smaller", FAULT_ENGINE, "start the server with the "
            "context that you audition, or set `context:` to what it has",
            "%.390s", f->how->facts->context_note);
    if (p->has_template == 0) {
        add(p, "no_template", FAULT_FILE, "audition the instruct version of "
            "this model (usually named -it or -Instruct), or give its template "
            "with server_args: [--chat-template-file, FILE]",
            "the file has no chat template: it is a base model, or was "
            "converted without one; the server silently serves it as ChatML, "
            "which it never learned");
        return;
    }
    if (p->template_error) {
        add(p, "template_error", FAULT_TEMPLATE, "give a template that works "
            GIVE_TEMPLATE ", or get a newer conversion of the model", "the "
            "chat template cannot be used: %.300s", p->template_error);
        return;
    }
    find_system(f, p);
    find_tools(f, p);
    find_tool_turns(f, p);
    find_history(f, p);
    find_text_faults(p);
    find_answers(f, p);
    find_thinking(p);
}
