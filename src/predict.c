/* SPDX-License-Identifier: MIT */
/* predict.c - see predict.h. */
#include "predict.h"

#include <math.h>
#include <stdio.h>

#define MIB (1024.0 * 1024.0)

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
    if (most >= 512)
        snprintf(out->reason, sizeof out->reason, "needs at least %.0f MiB at "
                 "a context of %d, %.0f MiB are available beside the reserve "
                 "of %.0f MiB; fits with a context of at most %.0f",
                 out->needed_bytes / MIB, context, out->available_bytes / MIB,
                 reserve_bytes / MIB, most);
    else
        snprintf(out->reason, sizeof out->reason, "needs at least %.0f MiB, "
                 "%.0f MiB are available beside the reserve of %.0f MiB; no "
                 "context makes it fit", out->needed_bytes / MIB,
                 out->available_bytes / MIB, reserve_bytes / MIB);
}
