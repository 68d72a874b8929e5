/* SPDX-License-Identifier: MIT */
/* nltk_class.c - see nltk_class.h. */
#include "original/nltk_class.h"

#include <unictype.h>

#define REPLACEMENT          0xFFFDu
#define ZERO_WIDTH_NONJOINER 0x200Cu
#define ZERO_WIDTH_JOINER    0x200Du

bool nltk_is_space(uint32_t c)
{
    return py_is_space(c) && !(c >= 0x1C && c <= 0x1F);
}

bool nltk_is_word(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z') || c == '_';
    return uc_is_property_alphabetic(c) ||
           uc_is_general_category_withtable(
               c, UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Nd |
                      UC_CATEGORY_MASK_Pc) ||
           c == ZERO_WIDTH_NONJOINER || c == ZERO_WIDTH_JOINER;
}

uint32_t nltk_before(struct view v, size_t end)
{
    unsigned char last = (unsigned char)v.at[end - 1];

    if (last < 0x80) return last;
    for (size_t back = 2; back <= 4 && back <= end; back++) {
        size_t   i = end - back;
        uint32_t c = py_next((struct view){v.at, end}, &i);
        if (i == end) return c;
    }
    return REPLACEMENT;
}
