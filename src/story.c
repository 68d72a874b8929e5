/* SPDX-License-Identifier: MIT */
/* story.c - what a person who watches sees on stderr: one line a step in a
 * pipe; on a terminal also one line that is redrawn. */
#include "audition.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/term.h"
#include "base/utf8.h"

static bool can_redraw(const struct audition *a)
{
    return !a->opt->quiet && !a->opt->no_progress &&
           term_of(STDERR_FILENO).can_redraw;
}

void story_clear(const struct audition *a)
{
    if (can_redraw(a)) fputs("\r\033[K", stderr);
}

void story_say(const struct audition *a, const char *fmt, ...)
{
    char    text[1400], *safe;
    va_list args;

    if (a->opt->quiet) return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    safe = utf8_printable(text, strlen(text));
    story_clear(a);
    fprintf(stderr, "%s\n", safe);
    free(safe);
}

void story_fail(const struct audition *a, const struct entry *e)
{
    const char *name = e->candidate->name;
    bool        told = strncmp(e->failure.text, name, strlen(name)) == 0;
    char       *line = mem_printf("audition: %s%s%s", told ? "" : name,
                                  told ? "" : ": ", e->failure.text);
    char       *safe = utf8_printable(line, strlen(line));

    story_clear(a);
    fprintf(stderr, "%s\n", safe);
    free(safe);
    free(line);
}

static const char *work_name(const struct work *w)
{
    switch (w->kind) {
    case WORK_DECODE: return "decode speed";
    case WORK_PREFILL: return "prompt speed";
    case WORK_AT_PROMPT: return "your prompt, cold";
    case WORK_LATENCY50: return "50 tokens, warm";
    case WORK_SPEAK: return "a spoken answer";
    case WORK_SPEAK_COLD: return "a spoken answer, cold";
    case WORK_CASE: return w->is_cold    ? "case, cold"
                         : w->by_prompt ? "case, tools by prompt" : "case";
    case WORK_CONVERSATION: return "a conversation of ten turns";
    case WORK_CLIFF: return "longer and longer prompts";
    case WORK_SERVING: return "what serving costs";
    case WORK_SOAK: return "soak";
    case WORK_DONE: break;
    }
    return "";
}

void story_progress(const struct audition *a, const char *fmt, ...)
{
    char    text[400], *safe;
    va_list args;
    int     columns;

    if (!can_redraw(a)) return;
    columns = term_of(STDERR_FILENO).columns;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    safe = utf8_printable(text, strlen(text));
    fprintf(stderr, "\r\033[K%.*s", columns > 1 ? columns - 1 : 79, safe);
    free(safe);
}

void story_work(const struct audition *a, const struct entry *e,
                const struct work *w)
{
    story_progress(a, "%s  block %d of %d  %s %s", e->candidate->name,
                   w->block + 1, a->schedule.blocks, work_name(w),
                   w->test ? w->test->id : "");
}
