/* SPDX-License-Identifier: MIT */
/* prompt_cut.h - did the server read the whole prompt? Ollama drops what is
 * over its context and answers as if nothing were missing: the assistant
 * forgets its instructions and tools, and is judged for it. Pure.
 *
 * The only trace is its count of prompt tokens, taken after the cut. What a
 * cut leaves depends on the version:
 *   the count is the whole context      (the middle goes; until 2025)
 *   about half the context              (the middle goes: num_keep tokens of
 *                                       the front, and half of the rest)
 *   no more than the turn before        (the oldest messages go)
 *
 * How many tokens there should have been is only known from the bytes sent.
 * Tokens per byte differ by a factor of two between texts, so the count is
 * held against a low estimate, the lowest of the session's prompts that were
 * too short to be cut. A prompt of fewer bytes than the context has tokens is
 * never taken for one; of a dense text that is little too long, the second is
 * found out, because half a context is the same number each time.
 */
#ifndef ENGINE_PROMPT_CUT_H
#define ENGINE_PROMPT_CUT_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is a good start. */
struct prompt_cut {
    double density;        /* lowest tokens per byte so far; 0: none yet     */
    char  *last;           /* the last conversation, a JSON array, or NULL   */
    double last_tokens, last_told;
    double half_tokens, half_bytes;   /* of a count of half the context; 0   */
};
void prompt_cut_done(struct prompt_cut *w);

struct prompt_seen {
    const char *messages;  /* as sent, a JSON array; NULL: a raw prompt      */
    size_t      told;      /* bytes of what others than the model said in
                              them: a template may drop what it thought      */
    size_t      bytes;     /* of the prompt with its tools, as sent          */
    double      tokens;    /* the server's count of the prompt, NAN          */
    double      answer;    /* ... and of the answer, NAN                     */
    int         context;   /* tokens of both                                 */
};

/* True: a part of this prompt was not read. Else it is learned from. */
bool prompt_cut_seen(struct prompt_cut *w, const struct prompt_seen *p);

#endif
