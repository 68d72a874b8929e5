/* SPDX-License-Identifier: MIT */
/* score.c - every scorer, in one greppable place. */
#include "score/score.h"

#include <string.h>

const struct score_ops *const score_all[] = {
    &score_state,     &score_no_call,  &score_instruction,
    &score_speakable, &score_mentions, NULL,
};

const struct score_ops *score_find(const char *name)
{
    for (size_t i = 0; score_all[i]; i++)
        if (name && strcmp(score_all[i]->name, name) == 0)
            return score_all[i];
    return NULL;
}
