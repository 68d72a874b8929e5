/* SPDX-License-Identifier: MIT */
/* table.c - see table.h. */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define GAP 2            /* spaces between two columns */
#define LEAST_WIDTH 8

void table_add_column(struct table *t, const char *title, enum align align,
                      int drop, int least)
{
    const char *second = strchr(title, '\n');
    char       *top    = utf8_printable(
        title, second ? (size_t)(second - title) : strlen(title));
    char       *bottom = utf8_printable(second ? second + 1 : "",
                                        second ? strlen(second + 1) : 0);

    t->columns = mem_grow(t->columns, t->n_columns + 1, sizeof *t->columns);
    t->columns[t->n_columns++] = (struct table_column){
        .title = second ? mem_printf("%s\n%s", top, bottom) : mem_copy(top),
        .align = align, .drop = drop, .least = least,
    };
    free(top);
    free(bottom);
}

void table_add_cell(struct table *t, enum style style, const char *text)
{
    t->cells = mem_grow(t->cells, t->n_cells + 1, sizeof *t->cells);
    t->cells[t->n_cells++] = (struct table_cell){
        .text = utf8_printable(text, strlen(text)), .style = style};
}

void table_done(struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++) free(t->columns[i].title);
    for (size_t i = 0; i < t->n_cells; i++) free(t->cells[i].text);
    free(t->columns);
    free(t->cells);
    *t = (struct table){0};
}

/* Line 0 or 1 of a title; one-line titles stand on line 1. */
static char *title_line(const char *title, int line)
{
    const char *second = strchr(title, '\n');

    if (!second) return mem_copy(line == 1 ? title : "");
    return line == 0 ? mem_copy_n(title, (size_t)(second - title))
                     : mem_copy(second + 1);
}

static int title_width(const char *title)
{
    int widest = 0;

    for (int line = 0; line < 2; line++) {
        char *text  = title_line(title, line);
        int   width = utf8_width(text);
        if (width > widest) widest = width;
        free(text);
    }
    return widest;
}

static int natural_width(const struct table *t, size_t column)
{
    int widest = title_width(t->columns[column].title);

    for (size_t i = column; i < t->n_cells; i += t->n_columns) {
        int width = utf8_width(t->cells[i].text);
        if (width > widest) widest = width;
    }
    return widest;
}

static int least_width(const struct table_column *c)
{
    return c->least && c->least < c->width ? c->least : c->width;
}

/* The columns that are shown, with the shortenable one at its least. */
static int least_total(const struct table *t)
{
    int total = -GAP;

    for (size_t i = 0; i < t->n_columns; i++)
        if (!t->columns[i].is_hidden)
            total += least_width(&t->columns[i]) + GAP;
    return total;
}

static struct table_column *next_to_drop(struct table *t)
{
    struct table_column *found = NULL;

    for (size_t i = 0; i < t->n_columns; i++) {
        struct table_column *c = &t->columns[i];
        if (c->drop > 0 && !c->is_hidden && (!found || c->drop < found->drop))
            found = c;
    }
    return found;
}

void table_fit(struct table *t, int columns)
{
    struct table_column *c;

    for (size_t i = 0; i < t->n_columns; i++) {
        t->columns[i].width = natural_width(t, i);
        t->columns[i].is_hidden = false;
    }
    if (columns <= 0) return;
    while (least_total(t) > columns && (c = next_to_drop(t)))
        c->is_hidden = true;
    for (size_t i = 0; i < t->n_columns; i++) {
        int room, title;

        c = &t->columns[i];
        if (!c->least || c->is_hidden) continue;
        room = columns - least_total(t) + least_width(c);
        title = title_width(c->title);
        if (room < LEAST_WIDTH) room = LEAST_WIDTH;
        if (room < title) room = title;
        if (room < c->width) c->width = room;
    }
}

/* Bytes of the character that begins, or with from_end ends, at `at`. */
static size_t character(const char *text, size_t len, size_t at, bool from_end)
{
    size_t n = 1;

    if (from_end)
        while (n < at && ((unsigned char)text[at - n] & 0xc0) == 0x80) n++;
    else
        while (at + n < len && ((unsigned char)text[at + n] & 0xc0) == 0x80)
            n++;
    return n;
}

/* Bytes of text that take at most `width` columns, counted from its start
 * or from its end. */
static size_t bytes_within(const char *text, int width, bool from_end)
{
    size_t len = strlen(text), used = 0;

    while (used < len) {
        size_t at = from_end ? len - used : used;
        size_t n  = character(text, len, at, from_end);
        char  *c  = mem_copy_n(from_end ? text + at - n : text + at, n);

        width -= utf8_width(c);
        free(c);
        if (width < 0) break;
        used += n;
    }
    return used;
}

/* The end of a model's name tells its quantisation: keep both ends. */
static char *shortened(const char *text, int width)
{
    size_t head, tail;

    if (utf8_width(text) <= width) return mem_copy(text);
    head = bytes_within(text, width / 2, false);
    tail = bytes_within(text, width - 1 - width / 2, true);
    return mem_printf("%.*s…%s", (int)head, text,
                      text + strlen(text) - tail);
}

static void pad(struct strbuf *out, int n)
{
    if (n > 0) strbuf_addf(out, "%*s", n, "");
}

/* One cell after the spaces that are still owed, so that no line ends in
 * spaces. Returns the spaces owed after it. */
static int print_cell(const struct table_column *c, const char *text,
                      enum style style, bool colour, int owed,
                      struct strbuf *out)
{
    char *shown = shortened(text, c->width);
    int   rest  = c->width - utf8_width(shown);

    if (c->align == ALIGN_RIGHT) {
        owed += rest;
        rest = 0;
    }
    if (*shown) {
        pad(out, owed);
        owed = 0;
        term_add(out, colour, style, shown);
    }
    free(shown);
    return owed + rest + GAP;
}

static bool has_two_lines(const struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!t->columns[i].is_hidden && strchr(t->columns[i].title, '\n'))
            return true;
    return false;
}

void table_print(const struct table *t, int indent, bool colour,
                 struct strbuf *out)
{
    for (int line = has_two_lines(t) ? 0 : 1; line < 2; line++) {
        int owed = indent;
        for (size_t i = 0; i < t->n_columns; i++) {
            char *text = title_line(t->columns[i].title, line);
            if (!t->columns[i].is_hidden)
                owed = print_cell(&t->columns[i], text, STYLE_FAINT, colour,
                                  owed, out);
            free(text);
        }
        strbuf_add(out, "\n");
    }
    for (size_t i = 0; i < t->n_cells; i += t->n_columns) {
        int owed = indent;
        for (size_t k = 0; k < t->n_columns && i + k < t->n_cells; k++)
            if (!t->columns[k].is_hidden)
                owed = print_cell(&t->columns[k], t->cells[i + k].text,
                                  t->cells[i + k].style, colour, owed, out);
        strbuf_add(out, "\n");
    }
}
