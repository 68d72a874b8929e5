/* SPDX-License-Identifier: MIT */
/* score.c - every scorer, in one greppable place. */
#include "score/score.h"

#include <string.h>

const struct score_ops *const score_all[] = {
    &score_state,       &score_no_call,  &score_calls,
    &score_instruction, &score_speakable, &score_mentions,
    &score_asks_back,   &score_declines, &score_honest,
    &score_unasked,     &score_given,    &score_willing,
    &score_bfcl,        &score_ifeval,   &score_home_assistant,
    NULL,
};

const struct score_ops *score_find(const char *name)
{
    for (size_t i = 0; score_all[i]; i++)
        if (name && strcmp(score_all[i]->name, name) == 0)
            return score_all[i];
    return NULL;
}
