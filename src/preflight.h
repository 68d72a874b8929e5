/* SPDX-License-Identifier: MIT */
/* preflight.h - is it the model, or the template? Probe conversations through
 * a running engine's template (its render) and a few real turns, before
 * anything is measured. Costs a second and about four short answers.
 *
 * What is asked of the template: a system role; tools; an assistant turn
 * with one call, and with two; tool results; an empty assistant turn;
 * thinking switched on and off; texts beyond ASCII; a conversation that
 * grows turn by turn. Of the model: a plain question, a request that needs a
 * tool, and, when it reasons, the same question with each known switch until
 * one works: template options (enable_thinking, thinking, ...), the engine's
 * own flags (--reasoning off, --reasoning-budget 0), "/no_think" in the
 * system prompt.
 *
 * An engine that cannot render (not llama-server) gets the real turns only.
 * Whatever could not be found out is unknown, never assumed.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "engine/engine.h"
#include "facts.h"
#include "types.h"

enum tools_support {
    TOOLS_UNKNOWN,
    TOOLS_NATIVE,       /* the template shows them, calls come structured    */
    TOOLS_GENERIC,      /* the engine's own generic form shows them          */
    TOOLS_TEXT_ONLY,    /* shown, but calls come as text nobody parses       */
    TOOLS_NONE          /* the template drops them                           */
};
enum system_support { SYSTEM_UNKNOWN, SYSTEM_KEPT, SYSTEM_MERGED,
                      SYSTEM_DROPPED, SYSTEM_REFUSED };
enum history_support { HISTORY_UNKNOWN, HISTORY_STABLE, HISTORY_REWRITTEN };

/* "native", "merged", "stable", ...; NULL for the unknown ones */
const char *tools_support_name(enum tools_support t);
const char *system_support_name(enum system_support s);
const char *history_support_name(enum history_support h);

struct preflight {
    int   has_template;          /* 1, 0: the file has none, -1              */
    char *template_error;        /* the engine's words on a template that
                                    cannot be used at all, or NULL           */
    enum tools_support   tools;
    enum system_support  system;
    enum history_support history;
    int   rewritten_at;          /* first turn whose prompt does not go on
                                    from the one before; -1                  */
    /* 1, 0, -1: does the template show ...                                  */
    int   shows_calls;           /* an assistant turn's call                 */
    int   shows_parallel_calls, shows_results, shows_unicode;
    int   takes_empty_content;   /* without an error or the word "None"      */
    int   doubles_bos;           /* two beginning-of-text tokens in front    */
    int   ends_turn;             /* a real answer ended by itself            */
    char *leaked_token;          /* "<|im_end|>" as text in an answer, NULL  */
    int   called;                /* the tool request: a structured call      */
    char *text_call;             /* ... or the dialect of one written as
                                    text; NULL                               */
    int   thinks;                /* by default                               */
    int   can_disable;           /* -1: it does not think, or not tried      */
    char *disabled_by;           /* in words: "enable_thinking=false"        */
    char *tried;                 /* what did not work, in words, or NULL     */
    json_t *template_kwargs;     /* what switches it off, to be merged into
                                    the candidate's; NULL                    */
    struct text_list more_args;  /* likewise, for the engine's command       */
    char *system_suffix;         /* likewise, a line for the system prompt   */
    struct finding *findings;    /* whose fault, and the remedy              */
    size_t n_findings;
};
void preflight_done(struct preflight *p);   /* safe on a zeroed struct */

struct preflight_how {
    const struct engine_ops   *ops;
    void                      *engine;
    const struct engine_facts *facts;
    const struct candidate    *candidate;
    json_t *sampling, *template_kwargs;      /* of the audition              */
    bool    keep_thinking;      /* do not look for a switch                  */
};

/* What the template and the model do is a result, also when it is an error.
 * Fails only with ERR_STOPPED, or when the engine died. Each call to render
 * ends within 10 s, whatever the template does. */
MUST_USE int preflight_run(const struct preflight_how *how,
                           struct preflight *out, struct err *err);

/* Is the tool list lost on the way to the model? False while unknown, and of
 * a file without a template: it has none that could drop them. */
bool preflight_drops_tools(const struct preflight *p);

/* As one JSON object, as `doctor --json` and the report show it, and back. */
json_t *preflight_json(const struct preflight *p);
/* What is not in it is unknown; never fails. */
void preflight_read(const json_t *object, struct preflight *out);

#endif
