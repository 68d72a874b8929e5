/* SPDX-License-Identifier: MIT */
/* spoken.h - what of an answer a listener should hear. Pure.
 *
 * A server may keep a model's reasoning apart (turn.reasoning), or leave it
 * in the content, where a speech synthesiser reads it aloud. This finds it
 * there, in every spelling that models use:
 *
 *   <think>, <thinking>, <thought>, <reasoning>, <reflection>, ... with
 *       their closing tags, any case, with or without attributes
 *   [THINK]...[/THINK], <seed:think>, <|START_THINKING|>, and the like
 *   a closing tag without an opening one: the template had opened it, all
 *       before it is thought
 *   Harmony: <|channel|>analysis<|message|>...<|end|>; only the channel
 *       "final" is spoken ("commentary" with a recipient is a tool call)
 *   an opening tag that is never closed: all behind it is thought
 *
 *   the headings of models that write none: "Here is my thought process:"
 *       ... "Here is my response:", and Harmony without its marks
 *       ("analysis...assistantfinal...")
 *
 * The tags themselves are part of the thought, and so are those around the
 * answer that some models write behind one (<response>...</response>).
 * Thoughts that touch are one. Text in back quotes and fenced code is no
 * tag, nor is a tag in quotes. A closing tag that ends nothing and has no
 * answer behind it is only itself when an earlier thought was whole.
 * Bounded: linear in the text, at most 1,000 thoughts (further ones belong
 * to the last).
 */
#ifndef SPOKEN_H
#define SPOKEN_H

#include <stdbool.h>
#include <stddef.h>

struct thought { size_t begin, end; };  /* bytes of the content, tags with it */

struct spoken {
    char           *text;        /* the content without its thoughts; owned  */
    size_t          len;
    struct thought *thoughts;    /* in order, disjoint                       */
    size_t          n_thoughts;
    bool            is_unclosed; /* the last thought never ended             */
    size_t          thought_words;  /* in them, without their tags: 0 of
                                    "<think></think>"                        */
    const char     *spelling;    /* static, of the first: "<think>",
                                    "Harmony"; NULL: there is none           */
};

void spoken_split(const char *content, struct spoken *out);
void spoken_done(struct spoken *s);      /* safe on a zeroed struct */

/* Bytes of the content that must have arrived for the first n bytes of the
 * spoken text to be there; n <= len. */
size_t spoken_arrival(const struct spoken *s, size_t n);

#endif
