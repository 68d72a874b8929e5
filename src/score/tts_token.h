/* SPDX-License-Identifier: MIT */
/* tts_token.h - what the parts of tts.c share. */
#ifndef SCORE_TTS_TOKEN_H
#define SCORE_TTS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* What stands between white space, and the word in it without the marks
 * around it. Borrowed; the text goes on behind it and ends with a NUL. */
struct token {
    const char *raw, *at;
    size_t      raw_len, len;
    bool        has_dot;         /* a dot stands behind the word           */
};

bool token_is(const struct token *t, const char *text);
bool token_is_any(const struct token *t, const char *const *list);

/* Each says the kind of flaw (speakable.h) or NULL. next: the first byte of
 * the next token; moved behind it when the two are one flaw ("5 km"). */
const char *tts_figure_offence(const struct token *t);
const char *tts_figure_blemish(const struct token *t, const char **next);
const char *tts_name_offence(const struct token *t);
const char *tts_name_blemish(const struct token *t);

#endif
