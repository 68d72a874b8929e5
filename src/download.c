/* SPDX-License-Identifier: MIT */
/* download.c - step 1, with --download: candidates that are not on this
 * machine are fetched, one after the other. How is remote/'s business. */
#include "audition.h"

#include <math.h>
#include <stdlib.h>

#include "base/stop.h"
#include "base/units.h"
#include "candidates.h"
#include "remote/remote.h"

struct watch {
    const struct audition  *a;
    const struct candidate *candidate;
};

static int show_progress(void *ctx, const struct remote_part *part,
                         double part_bytes, double total_bytes)
{
    const struct watch *w = ctx;

    (void)total_bytes;
    story_progress(w->a, "%s  %s: %s of %s", w->candidate->name, part->path,
                   units_bytes(part_bytes).text,
                   units_bytes(part->size_bytes).text);
    return stop_signal() ? 1 : 0;
}

/* Where this candidate would come from, or NULL. */
static const char *origin(const struct candidate *c)
{
    if (!c->is_absent) return NULL;
    if (c->hf) return c->hf;
    if (c->url) return c->url;
    if (c->path && remote_is_name(c->path)) return c->path;
    return c->known && !c->known->unsupported && !c->known->no_gguf
           ? c->known->hf : NULL;
}

static int fetch(struct audition *a, struct candidate *c, const char *from,
                 struct err *err)
{
    struct remote_model  model;
    struct download_plan plan = {0};
    struct watch         watch = {.a = a, .candidate = c};
    char                *path = NULL;
    int                  rc;

    if (remote_find(from, &model, err)) return -1;
    rc = remote_plan(&model, &plan, err);
    if (rc == 0 && !isnan(plan.total_bytes))   /* unknown: an error follows */
        story_say(a, "%s: downloads %s of %s into %s, where %s are free",
                  c->name, units_bytes(plan.total_bytes -
                                       plan.present_bytes).text,
                  units_bytes(plan.total_bytes).text, plan.folder,
                  units_bytes(plan.free_bytes).text);
    if (rc == 0) rc = remote_download(&model, show_progress, &watch, &path,
                                      err);
    if (rc == 0) candidate_found(c, &a->catalogue, path);
    story_clear(a);
    free(path);
    download_plan_done(&plan);
    remote_model_done(&model);
    return rc;
}

int audition_download(struct audition *a, struct err *err)
{
    for (size_t i = 0; i < a->list.n; i++) {
        struct candidate *c = &a->list.items[i];
        const char       *from = origin(c);
        struct err        why = {0};

        if (!from) continue;
        if (fetch(a, c, from, &why) == 0) continue;
        if (why.kind == ERR_STOPPED) return err_set(err, why.kind, "%s",
                                                    why.text);
        c->failure = why;
    }
    return 0;
}
