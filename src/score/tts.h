/* SPDX-License-Identifier: MIT */
/* tts.h - what a speech synthesiser reads wrong in words and figures; the
 * table is in speakable.h. Pure. */
#ifndef SCORE_TTS_H
#define SCORE_TTS_H

#include <stdbool.h>
#include <stddef.h>

struct tts_flaw {
    const char *kind;        /* static: "a range"                          */
    size_t      at;          /* byte in the text where it stands           */
    bool        is_offence;  /* makes no sense; else a blemish             */
};

/* The first flaw at or behind *from, false when there is none. *from becomes
 * where to look for the next one; start with 0. All calls together are
 * linear in the text; any bytes will do. */
bool tts_next(const char *text, size_t *from, struct tts_flaw *out);

#endif
