/* SPDX-License-Identifier: MIT */
/* term.h - what may be written to a terminal: colour, width, redrawing.
 *
 * Colour, first rule that applies: NO_COLOR set and not empty: none.
 * CLICOLOR_FORCE or FORCE_COLOR set, not empty, not "0": always. Otherwise
 * on a terminal whose TERM is set and is not "dumb".
 */
#ifndef BASE_TERM_H
#define BASE_TERM_H

#include <stdbool.h>

#include "base/strbuf.h"

enum style { STYLE_PLAIN, STYLE_STRONG, STYLE_FAINT, STYLE_GOOD, STYLE_WARN,
             STYLE_BAD };

struct term {
    bool is_terminal;
    bool colour;
    bool can_redraw;   /* cursor movement works: a terminal, not a dumb one */
    int  columns;      /* of the terminal or $COLUMNS, 20..1000; 0: unknown,
                          as wide as it needs to be */
};

/* fd 1 or 2; reads the environment. */
struct term term_of(int fd);

/* text in a style; exactly text when colour is false. */
void term_add(struct strbuf *out, bool colour, enum style style,
              const char *text);

#endif
