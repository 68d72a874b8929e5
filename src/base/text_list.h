/* SPDX-License-Identifier: MIT */
/* text_list.h - a growing list of texts that it owns. */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stddef.h>

struct text_list {
    char **items;
    size_t n;
};

void text_list_add(struct text_list *list, const char *text);   /* copies */
void text_list_done(struct text_list *list);   /* safe on a zeroed struct */

#endif
