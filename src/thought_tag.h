/* SPDX-License-Identifier: MIT */
/* thought_tag.h - the marks that models put around their thoughts. Pure.
 *
 * A tag is a name in <...>, [...] or U+25C1...U+25B7 that says thought
 * ("think", "thinking", "reasoning", "reflection", ...), in any case, with
 *   '/', "end" or "close"    when it closes:  </think>, <|END_THINKING|>
 *   '|', "start", "begin_of" around it:       <|begin_of_thought|>
 *   a maker's prefix or suffix:               <seed:think>, <think:x>
 *   attributes, which hold a '=':             <think mode="deep">
 * or one of a few fixed marks that no rule covers, such as <|channel>.
 * In square brackets only the capitals of "[THINK]" are a tag: anything else
 * there is a stage direction, a place holder or a link.
 *
 * Some models then mark the answer as well (<response>, <answer>); read
 * here too, because only what stands beside a thought tells whether that
 * is a mark or the text.
 *
 * Linear: looks at most 200 bytes ahead.
 */
#ifndef THOUGHT_TAG_H
#define THOUGHT_TAG_H

#include <stdbool.h>
#include <stddef.h>

enum tag_kind {
    TAG_THOUGHT, TAG_THOUGHT_END,
    TAG_NO_THOUGHT,               /* opens and closes: <think/>              */
    TAG_ANSWER, TAG_ANSWER_END
};

#define THOUGHT_TAG_UNPAIRED (-1)     /* a mark that only ends something */

struct thought_tag {
    enum tag_kind kind;
    int           family;         /* what opens is closed by the same: the
                                     family of <think> is that of <thought>,
                                     not that of <reasoning>                 */
    size_t        len;
    bool          is_token;       /* <|...|>                                 */
    const char   *spelling;       /* static: of the opening mark             */
};

/* The tag that starts at `at`; false: there is none. */
bool thought_tag_read(const char *text, size_t len, size_t at,
                      struct thought_tag *out);

#endif
