/* SPDX-License-Identifier: MIT */
/* ifeval_translate.h - reading a Python regular expression and writing it for
 * PCRE2: what ifeval_translate.c and ifeval_escape.c share. */
#ifndef ORIGINAL_IFEVAL_TRANSLATE_H
#define ORIGINAL_IFEVAL_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "original/ifeval_regex.h"

#define REGEX_WIDTH_MAX  1000000000u
#define REGEX_GROUPS_MAX 100
#define REGEX_END        UINT32_MAX    /* behind the pattern                 */

struct width { uint32_t least, most; };   /* characters that are matched     */
struct flags { bool any_case, verbose; };

enum item { ITEM_NONE, ITEM_PLACE, ITEM_REPEAT, ITEM_OTHER };

struct group {
    struct view  name;       /* .len 0: none                                 */
    struct width width;
    bool         is_closed;
};

struct reader {
    struct view    src;
    size_t         at;
    struct strbuf *out;
    struct err    *err;
    struct group   groups[REGEX_GROUPS_MAX];   /* from 1                     */
    unsigned       n_groups;             /* the next one's number            */
    unsigned       needed;               /* highest number a condition names */
    unsigned       behind;               /* groups before the lookbehind that
                                            is read; 0: in none              */
    int            depth;
    bool           repeats;
    struct flags   flags;                /* of the whole pattern             */
};

/* ifeval_escape.c */

/* ERR_INPUT with the place. */
int regex_refuse(struct reader *r, const char *why);

/* The next character, REGEX_END when there is none; take: and past it. */
uint32_t regex_peek(const struct reader *r);
uint32_t regex_take(struct reader *r);
bool     regex_take_if(struct reader *r, uint32_t c);
bool     regex_is_digit(uint32_t c);

/* Writes a character that stands for itself. */
void regex_literal(struct reader *r, struct flags f, uint32_t c);

/* Writes a reference to a group, which must be closed. */
int regex_refer(struct reader *r, unsigned group, struct width *w);

/* Behind a backslash; behind '['. */
int regex_escape(struct reader *r, struct flags f, struct width *w,
                 enum item *item);
int regex_class(struct reader *r, struct flags f);

#endif
