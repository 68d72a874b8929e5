/* SPDX-License-Identifier: MIT */
/* doctor_around.h - what stands in the way of an audition on this machine
 * besides the candidates: who holds its GPU and memory, and what an ordinary
 * user may not read. For doctor.c alone. */
#ifndef DOCTOR_AROUND_H
#define DOCTOR_AROUND_H

#include "doctor.h"

/* One more finding, copied. */
void finding_add(struct finding **list, size_t *n, const char *kind,
                 enum fault fault, const char *text, const char *remedy);

struct around {
    double lacking_bytes;   /* the most that a candidate lacks; 0: none does */
    bool   uses_gpu;        /* the engine would, or that is not known        */
    bool   asks_server;     /* one that runs here is to be examined          */
};

/* Fills holders, unseen and rights, and adds findings to d->findings;
 * d->machine is known by then. */
void doctor_look_around(struct doctor *d, const char *root,
                        const struct around *how);

#endif
