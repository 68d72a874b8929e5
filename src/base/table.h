/* SPDX-License-Identifier: MIT */
/* table.h - aligned columns of text for a terminal.
 *
 * Widths are those of utf8_width; the bytes do not depend on the locale.
 * Every text is copied and made printable, so a cell cannot break the table.
 * Nothing is cut or left out silently: a shortened cell shows "…" in its
 * middle, a column that was left out has is_hidden set after table_fit, and
 * the caller says so.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "base/term.h"

enum align { ALIGN_LEFT, ALIGN_RIGHT };

struct table_column {
    char      *title;      /* up to two lines, parted by '\n'               */
    enum align align;
    int        drop;       /* > 0: may be left out, the lowest number first */
    int        least;      /* > 0: its cells may be shortened, at first to  */
                           /* this width; at most one column of a table     */
    int        width;
    bool       is_hidden;
};

struct table_cell {
    char      *text;
    enum style style;
};

struct table {
    struct table_column *columns;
    size_t               n_columns;
    struct table_cell   *cells;       /* row by row */
    size_t               n_cells;
};

/* Starts from a zeroed struct. All columns first, then cells row by row. */
void table_add_column(struct table *t, const char *title, enum align align,
                      int drop, int least);
void table_add_cell(struct table *t, enum style style, const char *text);
void table_done(struct table *t);

/* Choose widths for lines of `columns` columns (<= 0: no limit): shorten to
 * `least`, then leave columns out, then shorten further (to 8). A table that
 * is wider even then stays wider. */
void table_fit(struct table *t, int columns);

/* Title lines and rows, each line after `indent` spaces; after table_fit. */
void table_print(const struct table *t, int indent, bool colour,
                 struct strbuf *out);

#endif
