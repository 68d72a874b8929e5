/* SPDX-License-Identifier: MIT */
/* dialect_markup.h - calls written as tags, one a parameter. Pure.
 *
 *   <function=NAME><parameter=KEY>value</parameter></function>
 *   <invoke name="NAME"><parameter name="KEY">value</parameter></invoke>
 *   NAME<arg_key>KEY</arg_key><arg_value>value</arg_value></tool_call>
 *
 * with <param> for <parameter>, a namespace ("minimax:", U+FF5C DSML U+FF5C)
 * before or a suffix (":...") behind the name of a tag, and CDATA. A value is
 * text; the tool's JSON Schema says what else it may mean.
 */
#ifndef DIALECT_MARKUP_H
#define DIALECT_MARKUP_H

#include <jansson.h>
#include <stddef.h>

enum tag_kind {
    TAG_NONE,        /* no tag, or one that means nothing here               */
    TAG_FUNCTION,    /* <function...>, with the name of a tool               */
    TAG_INVOKE,      /* <invoke...>                                          */
    TAG_PARAMETER,   /* <parameter...>, <param...>, with its key             */
    TAG_KEY,         /* <arg_key>                                            */
    TAG_VALUE,       /* <arg_value>                                          */
    TAG_END,         /* </function>, </invoke>, </tool_call>                 */
    TAG_VALUE_END    /* </parameter>, </param>, </arg_key>, </arg_value>     */
};

struct tag {
    enum tag_kind kind;
    const char   *key;       /* "=KEY" or "name=KEY", not terminated         */
    size_t        n_key;     /* 0: it has none                               */
    int           is_text;   /* string="true" 1, "false" 0, else -1          */
    const char   *behind;    /* the byte after '>'                           */
};

/* The tag at `at`; of at most 256 bytes. */
struct tag markup_tag(const char *at, const char *end);

/* Parameters from *at to the tag that ends the call, which is read too; a new
 * reference, or NULL when something else comes. `properties`: of the tool's
 * schema, or NULL. Linear. */
json_t *markup_arguments(const char **at, const char *end,
                         const json_t *properties);

/* What a parameter's text means: a number, truth value, null, object or list
 * where the schema allows one and the text is one, else the text. is_text as
 * in struct tag, 0 allows all of them. NULL: not UTF-8. New reference. */
json_t *markup_value(const char *text, size_t n, const json_t *schema,
                     int is_text);

#endif
