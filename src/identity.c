/* SPDX-License-Identifier: MIT */
/* identity.c - what exactly is auditioned: the store is opened, files get
 * their SHA-256, engines their build, and both together with everything that
 * changes an answer or a time become the subject that trials belong to. */
#include "audition.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strbuf.h"
#include "digest.h"
#include "engine/locate.h"
#include "machine_json.h"
#include "version.h"

#define GIB (1024.0 * 1024 * 1024)
#define WORTH_TELLING_BYTES (50 << 20)   /* smaller files take no time */

int audition_open_store(struct audition *a, const json_t *settings,
                        struct err *err)
{
    char   *path = a->opt->store ? mem_copy(a->opt->store)
                                 : mem_printf("%s/audition.db",
                                              a->config.folder);
    json_t *machine = machine_json(&a->machine);
    int     rc;

    /* Said now, not after hours of measuring. */
    if (a->opt->report_folder && access(a->opt->report_folder, W_OK) != 0) {
        free(path);
        json_decref(machine);
        return err_set(err, ERR_INPUT, "--report-folder %s cannot be written "
                       "to: %s", a->opt->report_folder, strerror(errno));
    }
    /* A plan writes nothing: a store is only read, and none is as if empty. */
    rc = a->opt->dry_run && access(path, F_OK) != 0 ? 0
       : store_open(&a->store, path, !a->opt->dry_run, err);
    free(path);
    if (rc == 0 && !a->opt->dry_run) {
        proc_reap_leftovers();
        a->run = (struct store_run){
            .config = mem_copy(a->config.text ? a->config.text : ""),
            .settings = jsonx_dump(settings),
            .machine = jsonx_dump(machine),
            .version = mem_copy(AUDITION_VERSION)};
        clock_utc(a->run.started_utc, sizeof a->run.started_utc);
        rc = store_add_run(a->store, &a->run, err);
    }
    json_decref(machine);
    return rc;
}

/* What a file is, without reading it: changes when its bytes may have. */
static char *file_key(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) return NULL;
    return mem_printf("%s:%llu:%llu:%lld:%lld.%09ld", path,
                      (unsigned long long)st.st_dev,
                      (unsigned long long)st.st_ino, (long long)st.st_size,
                      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* SHA-256 of one file, remembered by its key. */
static int file_sha256(struct audition *a, const char *path, char out[65],
                       struct err *err)
{
    struct store *s = a->store;
    char *key   = file_key(path);
    char *known = key && s ? store_recall(s, "sha256", key) : NULL;
    int   rc    = 0;
    struct stat st;

    if (known && strlen(known) == 64) {
        memcpy(out, known, 65);
    } else {
        if (stat(path, &st) == 0 && st.st_size > WORTH_TELLING_BYTES)
            story_say(a, "%s: computing its SHA-256, once", path);
        rc = digest_file(path, out, err);
        if (rc) err_ctx(err, "%s", path);
        else if (key && !a->opt->dry_run)
            rc = store_remember(s, "sha256", key, out, err);
    }
    free(known);
    free(key);
    return rc;
}

/* Of a split file: the SHA-256 of its parts' SHA-256, in order. */
static int model_sha256(struct audition *a, struct candidate *c,
                        struct err *err)
{
    const char   *path = c->path;
    const char   *name = strrchr(path, '/');
    const char   *mark = strstr(name ? name : path, "-00001-of-");
    struct strbuf all;
    int           parts = mark ? (int)strtol(mark + 10, NULL, 10) : 1;
    int           rc    = 0;

    if (!mark || parts < 2) return file_sha256(a, path, c->sha256, err);
    strbuf_init(&all, 1u << 20);
    for (int i = 1; rc == 0 && i <= parts; i++) {
        char *part = mem_printf("%.*s-%05d-of-%s", (int)(mark - path), path, i,
                                mark + 10);
        rc = file_sha256(a, part, c->sha256, err);
        strbuf_add(&all, c->sha256);
        free(part);
    }
    if (rc == 0) digest_text(all.text, all.len, c->sha256);
    strbuf_done(&all);
    return rc;
}

/* The engine for files, found and probed once, remembered by its own key. */
static int find_llama(struct audition *a, struct err *err)
{
    struct llama_binary found = {0};

    if (a->llama_server) return 0;
    if (locate_server(a->opt->llama_server, &found, err)) return -1;
    a->llama_server = mem_copy(found.path);
    a->llama_build = found.build;
    locate_done(&found);
    /* Two builds of one number, for the CPU and for CUDA, are two engines. */
    return file_sha256(a, a->llama_server, a->llama_sha256, err);
}

/* The engine's arguments, and the contents of the files among them: an edited
 * template or adapter is another subject. New reference, NULL with err. */
static json_t *arguments_of(struct audition *a, const struct candidate *c,
                            struct err *err)
{
    json_t *args = json_array();

    for (size_t i = 0; i < c->server_args.n; i++) {
        const char *text = c->server_args.items[i];
        struct stat st;
        char        sha256[65];

        jsonx_add_text(args, text);
        if (stat(text, &st) != 0 || !S_ISREG(st.st_mode)) continue;
        if (file_sha256(a, text, sha256, err)) {
            json_decref(args);
            return NULL;
        }
        jsonx_add_text(args, sha256);
    }
    return args;
}

/* What else was running, in which mode the board was, and whether nobody
 * watched it: what was not watched bears no marks, and is not to pass for
 * undisturbed. Only what is there. */
static void set_conditions(const struct audition *a, json_t *all)
{
    const struct coload_config *c = &a->config.co_load;

    if (a->power_mode_id)
        jsonx_set_text(all, "power_mode_id", a->power_mode_id);
    if (c->command) jsonx_set_text(all, "co_load", c->command);
    if (c->memory_bytes > 0)
        jsonx_set_number(all, "held_bytes", c->memory_bytes);
    if (c->threads > 0) jsonx_set_integer(all, "held_threads", c->threads);
    if (a->opt->no_sampling) jsonx_set_integer(all, "no_sampling", 1);
}

static int hash_of(struct audition *a, const struct entry *e,
                   const char *model, const char *build, char out[65],
                   struct err *err)
{
    json_t *args = arguments_of(a, e->candidate, err), *all;
    char   *text;

    if (!args) return -1;
    all = json_object();
    jsonx_set_text(all, "model", model);
    jsonx_set_text(all, "board", a->machine.board);
    jsonx_set_text(all, "cpu", a->machine.cpu);
    jsonx_set_number(all, "memory_gib", round(a->machine.memory_bytes / GIB));
    jsonx_set_text(all, "power_mode", a->config.power_mode);
    set_conditions(a, all);
    jsonx_set_text(all, "build", build);
    jsonx_set_integer(all, "context", e->context);
    jsonx_set_integer(all, "threads", a->opt->threads);
    jsonx_set_integer(all, "cache_ram_mib", a->opt->cache_ram_mib);
    json_object_set_new(all, "server_args", args);
    if (e->sampling) json_object_set(all, "sampling", e->sampling);
    if (e->template_kwargs)
        json_object_set(all, "template_kwargs", e->template_kwargs);
    jsonx_set_text(all, "thinking", a->config.thinking);
    jsonx_set_integer(all, "keep_page_cache", a->opt->keep_page_cache);
    jsonx_set_text(all, "prompt", a->prompt.system);
    json_object_set(all, "tools", a->prompt.tools);
    jsonx_set_integer(all, "method", METHOD_VERSION);
    text = jsonx_canonical(all);
    digest_text(text, strlen(text), out);
    free(text);
    json_decref(all);
    return 0;
}

/* A server that is not ours says itself what it is. */
static int ask_server(struct audition *a, struct entry *e, struct err *err)
{
    const struct engine_ops *ops = engine_for(e->candidate->source);
    struct engine_spec spec = {
        .candidate = e->candidate, .api_key = a->opt->api_key,
        .context = e->context, .template_kwargs = e->template_kwargs,
        .only_identify = true,
        .limits = {a->opt->load_timeout_s, a->opt->first_timeout_s,
                   a->opt->silence_timeout_s, a->opt->answer_timeout_s}};
    void *engine = NULL;

    if (ops->start(&engine, &spec, &e->engine, err)) return -1;
    ops->stop(engine);
    e->engine_known = true;
    return 0;
}

static int identify_entry(struct audition *a, struct entry *e, struct err *err)
{
    struct candidate *c = (struct candidate *)(uintptr_t)e->candidate;
    char             *model, build[120];
    int               rc;

    if (c->source == SOURCE_FILE || c->source == SOURCE_HF) {
        if (find_llama(a, err)) return -1;
        if (model_sha256(a, c, err)) return -1;
        model = mem_copy(c->sha256);
        snprintf(build, sizeof build, "b%d %s", a->llama_build,
                 a->llama_sha256);
        rc = hash_of(a, e, model, build, e->subject_hash, err);
    } else {
        if (c->source == SOURCE_REPLAY &&
            file_sha256(a, c->path, c->sha256, err))
            return -1;
        if (ask_server(a, e, err)) return -1;
        model = mem_printf("%s %s %s", c->base_url ? c->base_url : "",
                           e->engine.model, c->sha256);
        rc = hash_of(a, e, model, e->engine.build ? e->engine.build : "?",
                     e->subject_hash, err);
    }
    free(model);
    return rc;
}

static int count_stored(void *ctx, const struct trial *t)
{
    progress_add(ctx, t);
    return 0;
}

/* The subject, and what is stored of it. */
static int find_stored(struct audition *a, struct entry *e, struct err *err)
{
    int rc;

    if (!a->opt->dry_run)
        rc = store_subject(a->store, e->subject_hash, a->opt->fresh,
                           &e->subject_id, err);
    else if (!a->store || a->opt->fresh)
        return 0;
    else
        rc = store_find_subject(a->store, e->subject_hash, &e->subject_id,
                                err);
    if (rc || e->subject_id == 0) return rc;
    return store_each_trial(a->store, e->subject_id, false, count_stored,
                            &e->progress, err);
}

int audition_identify(struct audition *a, struct err *err)
{
    for (size_t i = 0; i < a->list.n; i++) {
        struct entry *e   = &a->entries[i];
        struct err    why = {0};

        if (e->is_out) continue;
        if (identify_entry(a, e, &why)) {
            if (why.kind == ERR_STOPPED) {
                *err = why;
                return -1;
            }
            e->is_out = true;
            e->failure = why;
            continue;
        }
        if (find_stored(a, e, err)) return -1;
        audition_recall_ran_out(a, e);
    }
    return 0;
}
