/* SPDX-License-Identifier: MIT */
/* doctor.c - see doctor.h. */
#include "doctor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audition.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/stop.h"
#include "doctor_around.h"
#include "engine/bench.h"
#include "probe/probe.h"

/* ---- engine and machine ------------------------------------------------ */

static void look_for_engine(struct doctor *d, const char *given)
{
    if (locate_server(given, &d->engine, &d->engine_failure)) return;
    d->llama_bench = bench_path(d->engine.path);
    if (!d->llama_bench)
        finding_add(&d->findings, &d->n_findings, "no_llama_bench",
                    FAULT_ENGINE, "there is no llama-bench beside the "
                    "llama-server: what the engine does without the server "
                    "(engine_tok_s) will not be measured", "put the "
                    "llama-bench of the same build beside it, or `make "
                    "engine`, which builds both");
}

/* A file of its own, for a moment: permissions alone do not tell of a file
 * system that is read-only. -1 with errno. */
static int try_to_write(const char *folder)
{
    char *path = mem_printf("%s/.audition-doctor-XXXXXX", folder);
    int   fd = mkstemp(path), why = errno;

    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    errno = why;
    return fd < 0 ? -1 : 0;
}

static void look_at_folder(struct doctor *d, const char *folder)
{
    char *store = mem_printf("%s/audition.db", folder);
    char  text[400];

    d->folder = mem_copy(folder);
    d->can_write = try_to_write(folder) == 0 &&
                   (access(store, F_OK) != 0 || access(store, W_OK) == 0);
    snprintf(text, sizeof text, "results cannot be stored in %.200s: %s",
             folder, strerror(errno));
    free(store);
    if (d->can_write) return;
    finding_add(&d->findings, &d->n_findings, "store_not_writable",
                FAULT_HARNESS, text, "make the folder and its audition.db "
                "writable, or name another place with `audition run --store`"
                );
}

/* ---- a candidate ------------------------------------------------------- */

/* By a llama-server of ours? */
static bool is_loaded(const struct candidate *c)
{
    return engine_for(c->source) == &engine_llama_server;
}

/* An empty file for the engine's words; NULL: they are lost. */
static char *make_log(void)
{
    const char *folder = getenv("TMPDIR");
    char       *path = mem_printf("%s/audition-doctor-XXXXXX",
                                  folder && *folder ? folder : "/tmp");
    int         fd = mkstemp(path);

    if (fd >= 0) {
        close(fd);
        return path;
    }
    free(path);
    return NULL;
}

static int examine(const struct audition *a, const struct entry *e,
                   const struct engine_spec *spec,
                   struct doctor_candidate *out, struct err *err)
{
    const struct engine_ops *ops = engine_for(e->candidate->source);
    struct engine_facts      facts = {0};
    struct preflight_how     how = {
        .ops = ops, .facts = &facts, .candidate = e->candidate,
        .sampling = e->sampling, .template_kwargs = e->template_kwargs,
        .keep_thinking = strcmp(a->config.thinking, "keep") == 0};
    int rc;

    if (ops->start(&how.engine, spec, &facts, err)) return -1;
    out->server = mem_copy(facts.server);
    out->load_s = facts.load_s;
    out->was_examined = true;
    rc = preflight_run(&how, &out->preflight, err);
    ops->stop(how.engine);
    engine_facts_done(&facts);
    if (rc == 0 && out->preflight.template_error)
        rc = err_set(err, ERR_PREFLIGHT, "its chat template cannot be used: "
                     "%.500s", out->preflight.template_error);
    return rc;
}

/* An engine that reads the template while it loads does not even start. */
static void blame_template(struct doctor_candidate *c)
{
    const char *text = c->failure.text;

    if (c->was_examined || (!strstr(text, "chat template") &&
                            !strstr(text, "chat_template")))
        return;
    finding_add(&c->preflight.findings, &c->preflight.n_findings,
                "template_error", FAULT_TEMPLATE, text, "give a template "
                "that works (server_args: [--chat-template-file, FILE]), or "
                "get a newer conversion of the model");
}

/* A template that never ends is read for ever while the model loads. */
static void suspect_template(struct doctor_candidate *c,
                             const struct candidate *from)
{
    for (size_t i = 0; i < from->server_args.n; i++)
        if (c->failure.kind == ERR_TIMEOUT && !c->was_examined &&
            strncmp(from->server_args.items[i], "--chat-template", 15) == 0) {
            finding_add(&c->preflight.findings, &c->preflight.n_findings,
                        "template_error", FAULT_TEMPLATE, "the engine, which "
                        "reads the template while it loads, did not become "
                        "ready: a template that does not end would do that",
                        "start it once without the --chat-template of "
                        "server_args; if that loads, look for an endless "
                        "loop in the template");
            return;
        }
}

static void examine_entry(const struct doctor *d, const struct audition *a,
                          const struct entry *e, struct doctor_candidate *out)
{
    char              *log = make_log();
    struct engine_spec spec = {
        .candidate = e->candidate, .server_path = d->engine.path,
        .api_key = a->opt->api_key, .log_path = log, .context = e->context,
        .cache_ram_mib = a->opt->cache_ram_mib, .threads = a->opt->threads,
        .port = a->opt->port, .template_kwargs = e->template_kwargs,
        .keep_page_cache = true,
        .limits = {a->opt->load_timeout_s, a->opt->first_timeout_s,
                   a->opt->silence_timeout_s, a->opt->answer_timeout_s}};

    if (is_loaded(e->candidate) && !d->engine.path)
        out->failure = d->engine_failure;
    else
        out->answered = examine(a, e, &spec, out, &out->failure) == 0;
    blame_template(out);
    suspect_template(out, e->candidate);
    if (log) remove(log);
    free(log);
}

static void examine_all(struct doctor *d, const struct audition *a,
                        void (*on_start)(const char *name))
{
    d->candidates = mem_new(a->list.n, sizeof *d->candidates);
    d->n = a->list.n;
    for (size_t i = 0; i < d->n; i++) {
        const struct entry      *e = &a->entries[i];
        struct doctor_candidate *c = &d->candidates[i];

        *c = (struct doctor_candidate){
            .name = mem_copy(e->candidate->name), .failure = e->failure,
            .load_s = NAN};
        if (d->is_stopped)
            err_set(&c->failure, ERR_STOPPED, "not examined: stopped before");
        if (c->failure.kind != ERR_NONE) continue;
        on_start(c->name);
        examine_entry(d, a, e, c);
        d->is_stopped = stop_signal() != 0 || c->failure.kind == ERR_STOPPED;
    }
}

/* ---- the whole --------------------------------------------------------- */

static bool names_candidates(const struct run_options *opt,
                             const char *config_path)
{
    const char *url = getenv("OPENAI_BASE_URL");

    return config_path || opt->models.n || opt->base_url || opt->all_models ||
           (url && *url && http_is_loopback(url));
}

/* Only a file can be too large for this machine. */
static bool loads_files(const struct audition *a)
{
    for (size_t i = 0; i < a->list.n; i++)
        if (is_loaded(&a->list.items[i])) return true;
    return false;
}

/* A server of this machine is asked, not one that we start. */
static bool asks_server(const struct audition *a)
{
    for (size_t i = 0; i < a->list.n; i++)
        if (a->list.items[i].base_url &&
            http_is_loopback(a->list.items[i].base_url))
            return true;
    return false;
}

/* What the prediction says of this machine; a board of the config is another
 * one. */
static struct around around_of(const struct audition *a)
{
    struct around how = {.asks_server = asks_server(a), .uses_gpu = true};

    if (!a->device.is_this_machine) return how;
    how.uses_gpu = a->device.backend != BACKEND_CPU;
    for (size_t i = 0; i < a->list.n; i++) {
        const struct forecast *f = &a->entries[i].forecast;

        if (f->fits == 0)
            how.lacking_bytes = fmax(how.lacking_bytes, f->memory.total -
                                                        f->available_bytes);
    }
    return how;
}

int doctor_examine(const struct run_options *opt, const char *config_path,
                   void (*on_start)(const char *name), struct doctor *out,
                   struct err *err)
{
    struct audition a = {.opt = opt};
    struct around   around;
    int             rc = 0;

    *out = (struct doctor){.engine = {.build = -1}};
    if (names_candidates(opt, config_path)) {
        rc = audition_begin(&a, opt, config_path, err);
        if (rc == 0 && loads_files(&a)) rc = audition_predict(&a, err);
    }
    if (rc == 0) {
        machine_read("", &out->machine);
        look_for_engine(out, opt->llama_server);
        look_at_folder(out, a.config.folder ? a.config.folder : ".");
        proc_reap_leftovers();
        around = around_of(&a);
        doctor_look_around(out, "", &around);
        examine_all(out, &a, on_start);
    }
    audition_end(&a);
    return rc;
}

void doctor_done(struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->candidates[i].name);
        free(d->candidates[i].server);
        preflight_done(&d->candidates[i].preflight);
    }
    free(d->candidates);
    free(d->findings);
    free(d->folder);
    free(d->llama_bench);
    locate_done(&d->engine);
    machine_done(&d->machine);
    text_list_done(&d->unseen);
    *d = (struct doctor){0};
}

int doctor_exit_code(const struct doctor *d)
{
    bool only_input = d->n > 0;

    if (d->is_stopped) return err_exit_code(ERR_STOPPED);
    for (size_t i = 0; i < d->n; i++) {
        if (d->candidates[i].answered) return 0;
        if (d->candidates[i].failure.kind != ERR_INPUT) only_input = false;
    }
    if (d->n == 0) return d->engine.path ? 0 : 3;
    return only_input ? 2 : 3;
}
