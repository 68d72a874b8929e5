/* SPDX-License-Identifier: MIT */
/* predict.h - step 2: what this model will do on this board, before it is
 * downloaded. Pure. The parts: memory.h, speed.h, kv.h. */
#ifndef PREDICT_PREDICT_H
#define PREDICT_PREDICT_H

#include "predict/device.h"
#include "predict/memory.h"
#include "predict/speed.h"
#include "types.h"

/* What is asked; a conversation's sizes in tokens. */
struct question {
    int    context;
    double available_bytes;    /* what programs may take now; NAN: the
                                  board's memory less its system's           */
    double reserve_bytes;      /* for speech                                 */
    double prompt_tokens;      /* system prompt, tools and entities          */
    double utterance_tokens;   /* one request (METHOD.md: 20)                */
    double sentence_tokens;    /* first sentence (METHOD.md: 15)             */
    double measured_tok_s;     /* the user's, of this model here; NAN        */
    double decode_scale, prefill_scale;  /* of this board's calibration, 1   */
};
void question_init(struct question *q);  /* what METHOD.md states */

struct forecast {
    struct range gen_tok_s;         /* engine, after 64 tokens (tg128's mean)*/
    struct range served_tok_s;      /* as it arrives                         */
    struct range prompt_tok_s;      /* served, at 512 tokens                 */
    struct range ttft_s;            /* warm prefix                           */
    struct range ttft_cold_s;       /* the whole prompt is read              */
    struct range first_sentence_s;  /* warm prefix                           */
    struct range latency50_s;       /* warm prefix                           */
    struct range cold_start_s;      /* process start to first answer         */
    struct memory_split memory;
    double available_bytes;         /* beside the reserve; < 0: not even that*/
    int    fits;                    /* 1, 0, -1 cannot be said               */
    int    most_context;            /* that would fit, -1: none or unknown   */
    bool   is_calibrated;           /* by measured_tok_s                     */
    char   reason[300];             /* why it does not fit; "" otherwise     */
};

/* What cannot be computed from these facts and this device is missing. */
void predict(const struct speed_constants *c, const struct model_facts *m,
             const struct device *d, const struct question *q,
             struct forecast *out);

#endif
