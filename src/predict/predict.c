/* SPDX-License-Identifier: MIT */
/* predict.c - see predict.h. */
#include "predict/predict.h"

#include <math.h>
#include <stdio.h>

#define MIB (1024.0 * 1024.0)

/* most: the longest context that would fit, in tokens. */
static void say_why_not(struct forecast *out, int context,
                        double reserve_bytes, double most)
{
    char beside[64] = "", *at = out->reason;
    int  used;

    if (reserve_bytes > 0)
        snprintf(beside, sizeof beside, " beside the %.0f MiB reserved for "
                 "speech", reserve_bytes / MIB);
    used = snprintf(at, sizeof out->reason, "it needs at least %.0f MiB at a "
                    "context of %d, and %.0f MiB are available%s; ",
                    out->needed_bytes / MIB, context,
                    fmax(0, out->available_bytes) / MIB, beside);
    if (used < 0 || (size_t)used >= sizeof out->reason) return;
    if (most >= 512)
        snprintf(at + used, sizeof out->reason - (size_t)used, "a context of "
                 "at most %.0f may fit", most);
    else
        snprintf(at + used, sizeof out->reason - (size_t)used, "no context "
                 "makes it fit");
}

void predict_fit(const struct candidate *c, const struct machine *m,
                 int context, double reserve_bytes, struct forecast *out)
{
    double weights = c->facts.tensor_bytes
        ? (double)c->facts.tensor_bytes : (double)c->facts.file_bytes;
    double room, most;

    *out = (struct forecast){
        .weights_bytes = weights > 0 ? weights : NAN,
        .kv_bytes = c->facts.file_bytes
            ? c->facts.kv_bytes_per_token * context : NAN,
        .available_bytes = m->available_bytes - reserve_bytes,
        .fits = -1};
    out->needed_bytes = out->weights_bytes +
                        (isnan(out->kv_bytes) ? 0 : out->kv_bytes);
    if (isnan(out->needed_bytes) || isnan(out->available_bytes)) return;
    out->fits = out->needed_bytes <= out->available_bytes;
    if (out->fits) return;
    room = out->available_bytes - weights;
    most = c->facts.kv_bytes_per_token > 0
        ? floor(room / c->facts.kv_bytes_per_token / 256) * 256 : NAN;
    say_why_not(out, context, reserve_bytes, most);
}
